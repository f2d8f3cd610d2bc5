/*
 * launcher.c
 *	  Starts one worker for each database that may have the extension.
 *
 * It is connected to no database and reads pg_database alone; whether a
 * database has a bootstrapped extension is for its worker to find out, who
 * leaves at once and says so in shared memory when it has not.  Runs on a
 * primary only: a standby has no worker, and one that is promoted starts it.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "core/compat.h"
#include "core/core.h"
#include "core/process.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "reconcile/reconcile.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* a process that has not come up by then never will */
#define START_TIMEOUT_MS 30000

/* where the postmaster is out of workers there is no use in asking often */
#define NO_WORKER_SLOT_RETRY_MS 10000

/* the longest back-off of a worker that fails */
#define LONGEST_PAUSE_MS 60000

/* looked up at each scan; workers are told, for they cannot look */
static Oid	worker_role = InvalidOid;

/*
 * Registers the launcher with the postmaster; called from _PG_init.
 */
void
orch_launcher_register(void)
{
	BackgroundWorker worker = {0};

	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = 5;
	strlcpy(worker.bgw_library_name, "orchestration", BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, "orch_launcher_main", BGW_MAXLEN);
	strlcpy(worker.bgw_name, "orchestration launcher", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "orchestration launcher", BGW_MAXLEN);
	RegisterBackgroundWorker(&worker);
}

static void
forget_launcher(int code, Datum arg)
{
	orch_shmem()->launcher_proc_number = -1;
	orch_shmem()->launcher_pid = 0;
}

/*
 * Lists the databases that the worker's role may connect to, in the caller's
 * context.
 */
static List *
connectable_databases(void)
{
	MemoryContext caller = CurrentMemoryContext;
	List	   *databases = NIL;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	worker_role = get_role_oid(ORCH_WORKER_ROLE, true);
	if (OidIsValid(worker_role))	/* else nothing was ever bootstrapped here */
	{
		Relation	relation = table_open(DatabaseRelationId, AccessShareLock);
		TableScanDesc scan = table_beginscan_catalog(relation, 0, NULL);
		HeapTuple	tuple;

		while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
		{
			Form_pg_database database = (Form_pg_database) GETSTRUCT(tuple);
			MemoryContext scan_context;

			if (!database->datallowconn || database->datistemplate || database->datconnlimit == -2 ||
				orch_database_aclcheck(database->oid, worker_role, ACL_CONNECT) != ACLCHECK_OK)
				continue;
			scan_context = MemoryContextSwitchTo(caller);
			databases = lappend_oid(databases, database->oid);
			MemoryContextSwitchTo(scan_context);
		}
		table_endscan(scan);
		table_close(relation, AccessShareLock);
	}
	CommitTransactionCommand();
	MemoryContextSwitchTo(caller);
	return databases;
}

/*
 * Gives back the slots of databases that are gone.
 */
static void
forget_dropped_databases(List *databases)
{
	orch_shmem_lock();
	for (int i = 0; i < ORCH_MAX_WORKERS; i++)
	{
		OrchWorkerSlot *slot = &orch_shmem()->slots[i];

		if (OidIsValid(slot->database) && slot->pid == 0 && slot->maintenance_pid == 0 && !slot->inhibited &&
			!list_member_oid(databases, slot->database))
		{
			slot->database = InvalidOid;
			slot->state = ORCH_SLOT_FREE;
		}
	}
	orch_shmem_unlock();
}

/*
 * Has the time come?  One that is further ahead than any back-off was written
 * before the clock was put right.
 */
static bool
is_past(TimestampTz next_start_at, TimestampTz now)
{
	return next_start_at <= now ||
		next_start_at > TimestampTzPlusMilliseconds(now, Max(LONGEST_PAUSE_MS, orch_database_scan_interval_ms));
}

/*
 * Takes the slot of a database if a worker should be started for it now.
 */
static bool
start_is_due(Oid database, TimestampTz now)
{
	OrchWorkerSlot *slot;
	bool		due = false;

	orch_shmem_lock();
	slot = orch_shmem_claim_slot(database);
	if (slot != NULL && slot->state == ORCH_SLOT_STARTING &&
		(slot->started_at > now || TimestampDifferenceExceeds(slot->started_at, now, START_TIMEOUT_MS)))
		slot->state = ORCH_SLOT_FAILED;
	if (slot != NULL && !slot->inhibited && is_past(slot->next_start_at, now) &&
		slot->state != ORCH_SLOT_STARTING && slot->state != ORCH_SLOT_RUNNING)
	{
		slot->state = ORCH_SLOT_STARTING;
		slot->started_at = now;
		due = true;
	}
	orch_shmem_unlock();
	return due;
}

static void
start_worker(Oid database, TimestampTz now)
{
	BackgroundWorker worker = {0};
	OrchWorkerSlot *slot;

	/* started again by us, with a back-off */
	orch_process_describe(&worker, database, worker_role);
	strlcpy(worker.bgw_function_name, "orch_worker_main", BGW_MAXLEN);
	snprintf(worker.bgw_name, BGW_MAXLEN, "orchestration worker for database %u", database);
	strlcpy(worker.bgw_type, "orchestration worker", BGW_MAXLEN);
	if (RegisterDynamicBackgroundWorker(&worker, NULL))
		return;

	orch_shmem_lock();
	slot = orch_shmem_claim_slot(database);
	slot->state = ORCH_SLOT_FAILED;
	slot->next_start_at = TimestampTzPlusMilliseconds(now, NO_WORKER_SLOT_RETRY_MS);
	orch_shmem_unlock();
	ereport(WARNING,
			(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			 errmsg("no background worker slot is free for database %u", database),
			 errhint("Increase max_worker_processes.")));
}

static void
start_due_workers(void)
{
	TimestampTz now = GetCurrentTimestamp();
	List	   *databases = connectable_databases();
	ListCell   *cell;

	forget_dropped_databases(databases);
	foreach(cell, databases)
	{
		if (start_is_due(lfirst_oid(cell), now))
			start_worker(lfirst_oid(cell), now);
	}
}

/*
 * Milliseconds until some failed worker may be tried again.
 */
static long
next_start_in(void)
{
	TimestampTz now = GetCurrentTimestamp();
	long		wait = orch_database_scan_interval_ms;

	orch_shmem_lock();
	for (int i = 0; i < ORCH_MAX_WORKERS; i++)
	{
		OrchWorkerSlot *slot = &orch_shmem()->slots[i];

		if (OidIsValid(slot->database) && slot->state == ORCH_SLOT_FAILED)
			wait = Min(wait, TimestampDifferenceMilliseconds(now, slot->next_start_at) + 1);
	}
	orch_shmem_unlock();
	return wait;
}

void
orch_launcher_main(Datum arg)
{
	MemoryContext cycle;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);

	before_shmem_exit(forget_launcher, 0);
	orch_shmem()->launcher_pid = MyProcPid;
	orch_shmem()->launcher_proc_number = orch_my_proc_number();

	cycle = AllocSetContextCreate(TopMemoryContext, "orchestration launcher", ALLOCSET_DEFAULT_SIZES);
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		MemoryContextSwitchTo(cycle);
		MemoryContextReset(cycle);
		if (orch_worker_enabled)
			start_due_workers();
		pgstat_report_activity(STATE_IDLE, NULL);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 next_start_in(), PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
}
