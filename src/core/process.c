/*
 * process.c
 *	  How a background process of a database begins: signals, login, settings.
 */
#include "postgres.h"

#include "core/compat.h"
#include "core/process.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"
#include "utils/memutils.h"

/* a setting as the server has it, before anybody's ALTER DATABASE or ALTER ROLE */
typedef struct PlainSetting
{
	struct config_generic *setting;
	char	   *value;
} PlainSetting;

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
 * Notes what is set for the whole server, of all that a database or a role can have
 * of its own.
 */
static PlainSetting *
plain_settings(int *count)
{
	struct config_generic **settings = orch_settings(count);
	PlainSetting *plain = palloc0(sizeof(PlainSetting) * *count);

	for (int i = 0; i < *count; i++)
	{
		const char *value;

		if (settings[i]->context != PGC_USERSET && settings[i]->context != PGC_SUSET)
			continue;
		value = GetConfigOption(settings[i]->name, true, false);
		plain[i].setting = settings[i];
		plain[i].value = value ? pstrdup(value) : NULL;
	}
	return plain;
}

/*
 * Takes back what login took from ALTER DATABASE and ALTER ROLE.  A database's owner
 * needs no right over us to say there how every session begins: in a read-only
 * transaction, with another search path, blind to views, as another role.
 */
static void
restore_settings(const PlainSetting *plain, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (plain[i].value != NULL && plain[i].setting->source >= PGC_S_GLOBAL && plain[i].setting->source <= PGC_S_DATABASE_USER)
			(void) set_config_option(plain[i].setting->name, plain[i].value, PGC_SUSET, PGC_S_OVERRIDE,
									 GUC_ACTION_SET, true, WARNING, false);
	}
}

static void
log_in(Oid database)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "settings", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	int			count;
	PlainSetting *plain = plain_settings(&count);

	BackgroundWorkerInitializeConnectionByOid(database, role_to_log_in_as(), 0);
	restore_settings(plain, count);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
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
	log_in(database);

	/* as bootstrap() sets it for the database: months are of UTC */
	SetConfigOption("timezone", "UTC", PGC_USERSET, PGC_S_OVERRIDE);
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
