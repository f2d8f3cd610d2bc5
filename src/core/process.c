/*
 * process.c
 *	  How a background process of a database begins: signals, login, settings.
 */
#include "postgres.h"

#include "core/process.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"

/*
 * The role was looked up by whoever started the process: here no catalog can
 * be read before the connection is made.
 */
static Oid
role_to_log_in_as(void)
{
	Oid			role;

	memcpy(&role, MyBgworkerEntry->bgw_extra, sizeof(role));
	return role;
}

/*
 * Fills in what is the same for all processes of a database.  The caller sets
 * names and function.
 */
void
orch_process_describe(BackgroundWorker *process, Oid database, Oid role)
{
	process->bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	process->bgw_start_time = BgWorkerStart_RecoveryFinished;
	process->bgw_restart_time = BGW_NEVER_RESTART;
	process->bgw_main_arg = ObjectIdGetDatum(database);
	memcpy(process->bgw_extra, &role, sizeof(role));
	strlcpy(process->bgw_library_name, "orchestration", BGW_MAXLEN);
}

/*
 * Logs in and fits the session to short statements in the background.
 */
void
orch_process_connect(Oid database, const char *name)
{
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(database, role_to_log_in_as(), 0);

	SetConfigOption("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("application_name", name, PGC_USERSET, PGC_S_OVERRIDE);
	/* an observation that a crash forgets is made again */
	SetConfigOption("synchronous_commit", "off", PGC_USERSET, PGC_S_OVERRIDE);
	/* many small plans: compiling one costs more than running it */
	SetConfigOption("jit", "off", PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("default_transaction_isolation", "read committed", PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("statement_timeout", "0", PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("idle_in_transaction_session_timeout", "0", PGC_USERSET, PGC_S_OVERRIDE);
}
