/*
 * maintenance.c
 *	  The process that runs the maintenance steps which are due, and leaves.
 *
 * A step may take minutes or wait for a lock; the worker has leases to renew
 * and must not.  So the worker starts this process every now and then.  It logs
 * in as the worker's role and shares its slot, so that there is one at a time
 * and whoever drops the database finds it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/core.h"
#include "core/process.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "reconcile/call.h"
#include "reconcile/reconcile.h"
#include "storage/ipc.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

static OrchCall claim_call = {
	.what = "looking for maintenance that is due",
	.sql = "SELECT orchestration_internal.worker_claim_maintenance()"
};

static OrchCall step_call = {
	.what = "running a maintenance step",
	.sql = "SELECT orchestration_internal.run_maintenance_step($1)",
	.nargs = 1,
	.argtypes = {TEXTOID}
};

/* ---- the worker's side ---- */

static bool
is_running(void)
{
	OrchWorkerSlot *slot;
	bool		running;

	orch_shmem_lock();
	slot = orch_shmem_find_slot(MyDatabaseId);
	running = slot == NULL || slot->maintenance_pid != 0;
	orch_shmem_unlock();
	return running;
}

static void
start_process(void)
{
	BackgroundWorker process = {0};

	orch_process_describe(&process, MyDatabaseId, GetUserId());
	strlcpy(process.bgw_function_name, "orch_maintenance_main", BGW_MAXLEN);
	snprintf(process.bgw_name, BGW_MAXLEN, "orchestration maintenance for database %u", MyDatabaseId);
	strlcpy(process.bgw_type, "orchestration maintenance", BGW_MAXLEN);
	if (!RegisterDynamicBackgroundWorker(&process, NULL))
		ereport(WARNING,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("no background worker slot is free for the maintenance of database %u", MyDatabaseId),
				 errhint("Increase max_worker_processes.")));
}

/*
 * Starts the process when its time has come; returns when that is next.  For
 * the worker.
 */
TimestampTz
orch_maintenance_turn(TimestampTz now)
{
	static TimestampTz next_at = 0;

	if (now >= next_at)
	{
		if (!is_running())
			start_process();
		next_at = TimestampTzPlusMilliseconds(now, orch_maintenance_interval_ms);
	}
	return next_at;
}

/* ---- the process ---- */

static void
leave(int code, Datum arg)
{
	OrchWorkerSlot *slot;

	orch_shmem_lock();
	slot = orch_shmem_find_slot(MyDatabaseId);
	if (slot != NULL && slot->maintenance_pid == MyProcPid)
		slot->maintenance_pid = 0;
	orch_shmem_unlock();
}

/*
 * Takes the place in the slot; false if it is taken, or the database is to be
 * left alone.
 */
static bool
enter(void)
{
	OrchWorkerSlot *slot;
	bool		taken = false;

	before_shmem_exit(leave, 0);
	orch_shmem_lock();
	slot = orch_shmem_find_slot(MyDatabaseId);
	if (slot != NULL && slot->maintenance_pid == 0 && !slot->inhibited)
	{
		slot->maintenance_pid = MyProcPid;
		taken = true;
	}
	orch_shmem_unlock();
	return taken;
}

static void
read_step(SPITupleTable *table, uint64 rows, void *arg)
{
	char	   *step = orch_column_text(table, 0, 1);

	if (step)
		strlcpy(arg, step, NAMEDATALEN);
}

/*
 * Marks the next step as begun and copies its name; false when none is due.
 */
static bool
claim_step(char *name)
{
	name[0] = '\0';
	return orch_call(&claim_call, NULL, NULL, read_step, name) && name[0] != '\0';
}

void
orch_maintenance_main(Datum arg)
{
	char		step[NAMEDATALEN];

	orch_process_connect(DatumGetObjectId(arg), "orchestration maintenance");
	/* a step that somebody holds up fails, and the others have their turn */
	SetConfigOption("lock_timeout", "5s", PGC_USERSET, PGC_S_OVERRIDE);
	if (!enter())
		proc_exit(0);
	MemoryContextSwitchTo(AllocSetContextCreate(TopMemoryContext, "orchestration maintenance", ALLOCSET_DEFAULT_SIZES));
	while (orch_worker_enabled && claim_step(step))
	{
		Datum		args[1];

		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		args[0] = CStringGetTextDatum(step);
		(void) orch_call(&step_call, args, NULL, NULL, NULL);
		MemoryContextReset(CurrentMemoryContext);
	}
	proc_exit(0);
}
