/*
 * guc.c
 *	  All settings of the extension, in alphabetical order.
 */
#include "postgres.h"

#include <limits.h>

#include "core/compat.h"
#include "core/core.h"
#include "utils/guc.h"

int			orch_database_scan_interval_ms = 60000;
char	   *orch_encryption_key_file = NULL;
int			orch_poll_interval_ms = 10000;
int			orch_request_timeout_ms = 30000;
bool		orch_simulate_worker = false;
bool		orch_worker_enabled = true;

/*
 * Defines the settings; called once, from _PG_init.
 */
void
orch_guc_init(void)
{
	DefineCustomIntVariable("orchestration.database_scan_interval",
							"How often the launcher looks for databases that it was not told about.",
							"A database is announced at CREATE EXTENSION and bootstrap(); the scan finds restored and copied ones.",
							&orch_database_scan_interval_ms,
							60000, 1000, INT_MAX, PGC_SIGHUP, GUC_UNIT_MS,
							NULL, NULL, NULL);

	DefineCustomStringVariable("orchestration.encryption_key_file",
							   "File that holds the key for secrets and credentials.",
							   "A relative path is below the data directory. bootstrap() makes the file when it is absent; keep a copy apart from the backups.",
							   &orch_encryption_key_file,
							   "orchestration.key", PGC_SIGHUP, GUC_SUPERUSER_ONLY,
							   NULL, NULL, NULL);

	DefineCustomIntVariable("orchestration.poll_interval",
							"How often a worker looks for work that nobody woke it for.",
							NULL,
							&orch_poll_interval_ms,
							10000, 100, INT_MAX, PGC_SIGHUP, GUC_UNIT_MS,
							NULL, NULL, NULL);

	DefineCustomIntVariable("orchestration.request_timeout",
							"Longest time that one request to a cluster may take.",
							NULL,
							&orch_request_timeout_ms,
							30000, 1000, 600000, PGC_SIGHUP, GUC_UNIT_MS,
							NULL, NULL, NULL);

	DefineCustomBoolVariable("orchestration.simulate_worker",
							 "Makes this session's writes count as the worker's observations.",
							 "For tests and repairs by a superuser.",
							 &orch_simulate_worker,
							 false, PGC_SUSET, GUC_NOT_IN_SAMPLE,
							 NULL, NULL, NULL);

	DefineCustomBoolVariable("orchestration.worker_enabled",
							 "Lets workers run.",
							 "Off stops them all: rows are accepted and nothing reaches a cluster until it is on again.",
							 &orch_worker_enabled,
							 true, PGC_SIGHUP, 0,
							 NULL, NULL, NULL);

	MarkGUCPrefixReserved("orchestration");
}
