/*
 * orchestration.c
 *	  The library's entry point: the magic block and _PG_init, nothing else.
 */
#include "postgres.h"

#include "access/access.h"
#include "audit/audit.h"
#include "core/compat.h"
#include "core/core.h"
#include "fmgr.h"
#include "logs/logs.h"
#include "miscadmin.h"
#include "monitor/monitor.h"
#include "reconcile/reconcile.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	orch_guc_init();
	orch_access_init();
	orch_audit_init();
	orch_error_context_init();

	/* a session that loads the library by itself gets the functions alone */
	if (!process_shared_preload_libraries_in_progress || IsBinaryUpgrade)
		return;

	orch_logs_init();
	orch_lease_init();
	/* what it refuses is put on record by those around it */
	orch_lock_table_init();
	orch_audit_preload();
	orch_slow_init();
	orch_shmem_init();
	orch_launcher_register();
	orch_database_hook_init();
	orch_login_init();
}
