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
#include "storage/procarray.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* a process that has not come up by then never will */
#define START_TIMEOUT_MS 30000

/* others may hold all of the postmaster's workers for as long as a parallel query takes */
#define NO_WORKER_SLOT_RETRY_MS 2000

/* processes that find out whether a database has the extension: not more at once, or many databases would leave no room for workers */
#define MAX_LOOKS 4

/* what does not go away is not said more often */
#define COMPLAINT_INTERVAL_MS 60000

/* the longest back-off of a worker that fails */
#define LONGEST_PAUSE_MS 60000

/* looked up at each scan; workers are told, for they cannot look */
static Oid	worker_role = InvalidOid;

/* a database that has been looked at and has no extension */
typedef struct Absent
{
	Oid			database;
	TimestampTz next_look_at;
} Absent;

static HTAB *absent_databases = NULL;

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
 * Was the extension seen in the slot's database?
 */
static bool
is_needed(const OrchWorkerSlot *slot)
{
	return OidIsValid(slot->database) && slot->last_cycle_at != 0 && slot->state != ORCH_SLOT_ABSENT;
}

/*
 * Is every slot needed for good?  Processes that just look give theirs back.
 */
static bool
no_slot_will_be_free(void)
{
	for (int i = 0; i < orch_shmem()->slot_count; i++)
	{
		if (!is_needed(&orch_shmem()->slots[i]))
			return false;
	}
	return true;
}

/*
 * Is whoever wanted the database empty still there?  It takes its wish back itself,
 * also when it is terminated; this is for what nobody has thought of.
 */
static bool
inhibitor_is_gone(const OrchWorkerSlot *slot)
{
	return slot->inhibited && BackendPidGetProc(slot->inhibitor_pid) != &ProcGlobal->allProcs[slot->inhibitor_proc];
}

/*
 * Gives back the slots of databases that are gone.
 */
static void
forget_dropped_databases(List *databases)
{
	orch_shmem_lock();
	for (int i = 0; i < orch_shmem()->slot_count; i++)
	{
		OrchWorkerSlot *slot = &orch_shmem()->slots[i];

		if (inhibitor_is_gone(slot))
			slot->inhibited = false;
		if (OidIsValid(slot->database) && orch_shmem_slot_is_empty(slot) && !slot->inhibited &&
			!list_member_oid(databases, slot->database))
		{
			slot->database = InvalidOid;
			slot->state = ORCH_SLOT_FREE;
		}
	}
	orch_shmem_unlock();
}

/*
 * Remembers when databases without the extension are to be looked at again: they may
 * have to give up their slots.
 */
static void
remember_absent(void)
{
	orch_shmem_lock();
	for (int i = 0; i < orch_shmem()->slot_count; i++)
	{
		OrchWorkerSlot *slot = &orch_shmem()->slots[i];

		if (OidIsValid(slot->database) && orch_shmem_slot_is_spare(slot))
		{
			Absent	   *absent = hash_search(absent_databases, &slot->database, HASH_ENTER, NULL);

			absent->next_look_at = slot->next_start_at;
		}
	}
	orch_shmem_unlock();
}

/*
 * Forgets those that nobody can connect to any more.
 */
static void
forget_absent(List *databases)
{
	HASH_SEQ_STATUS scan;
	Absent	   *absent;

	hash_seq_init(&scan, absent_databases);
	while ((absent = hash_seq_search(&scan)) != NULL)
	{
		if (!list_member_oid(databases, absent->database))
			(void) hash_search(absent_databases, &absent->database, HASH_REMOVE, NULL);
	}
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

typedef enum Start
{
	START_NOT_DUE,
	START_DUE,					/* and its slot is taken */
	START_NO_ROOM				/* every slot is needed */
} Start;

/*
 * Takes the slot of a database if a worker should be started for it now.
 */
static Start
start_is_due(Oid database, TimestampTz now)
{
	OrchWorkerSlot *slot;
	Absent	   *absent = hash_search(absent_databases, &database, HASH_FIND, NULL);
	Start		start = START_NOT_DUE;

	orch_shmem_lock();
	slot = orch_shmem_find_slot(database);
	if (slot == NULL && (absent == NULL || is_past(absent->next_look_at, now)))
	{
		slot = orch_shmem_claim_slot(database);
		start = slot == NULL && no_slot_will_be_free() ? START_NO_ROOM : START_NOT_DUE;
	}
	if (slot != NULL && slot->state == ORCH_SLOT_STARTING &&
		(slot->started_at > now || TimestampDifferenceExceeds(slot->started_at, now, START_TIMEOUT_MS)))
		slot->state = ORCH_SLOT_FAILED;
	if (slot != NULL && !slot->inhibited && is_past(slot->next_start_at, now) &&
		slot->state != ORCH_SLOT_STARTING && slot->state != ORCH_SLOT_RUNNING)
	{
		slot->state = ORCH_SLOT_STARTING;
		slot->started_at = now;
		start = START_DUE;
	}
	orch_shmem_unlock();
	return start;
}

static void
complain_of_missing_process(Oid database, TimestampTz now)
{
	static TimestampTz said_at = 0;

	if (said_at != 0 && said_at <= now && !TimestampDifferenceExceeds(said_at, now, COMPLAINT_INTERVAL_MS))
		return;
	said_at = now;
	ereport(WARNING,
			(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			 errmsg("no background worker slot is free for database %u", database),
			 errhint("Increase max_worker_processes.")));
}

/*
 * Asks the postmaster for the process; false when it has none to give.
 */
static bool
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
		return true;

	orch_shmem_lock();
	slot = orch_shmem_find_slot(database);
	if (slot != NULL)
	{
		slot->state = ORCH_SLOT_FAILED;
		slot->next_start_at = TimestampTzPlusMilliseconds(now, NO_WORKER_SLOT_RETRY_MS);
	}
	orch_shmem_unlock();
	complain_of_missing_process(database, now);
	return false;
}

static bool
is_known(Oid database)
{
	OrchWorkerSlot *slot;
	bool		known;

	orch_shmem_lock();
	slot = orch_shmem_find_slot(database);
	known = slot != NULL && is_needed(slot);
	orch_shmem_unlock();
	return known;
}

/*
 * Counts the processes that are finding out whether there is an extension.  One that
 * takes long holds up no other.
 */
static int
count_looks(TimestampTz now)
{
	int			looks = 0;

	orch_shmem_lock();
	for (int i = 0; i < orch_shmem()->slot_count; i++)
	{
		OrchWorkerSlot *slot = &orch_shmem()->slots[i];

		if (OidIsValid(slot->database) && slot->last_cycle_at == 0 &&
			(slot->state == ORCH_SLOT_STARTING || slot->state == ORCH_SLOT_RUNNING) &&
			!TimestampDifferenceExceeds(slot->started_at, now, START_TIMEOUT_MS))
			looks++;
	}
	orch_shmem_unlock();
	return looks;
}

/*
 * Shows which databases had to be left out, and says so once for each.
 */
static void
tell_waiting(List *waiting)
{
	static HTAB *told = NULL;
	HASHCTL		settings = {.keysize = sizeof(Oid), .entrysize = sizeof(Oid)};
	ListCell   *cell;
	int			named = 0;

	if (told == NULL)
		told = hash_create("databases without a worker", 16, &settings, HASH_ELEM | HASH_BLOBS);

	orch_shmem_lock();
	memset(orch_shmem()->waiting, 0, sizeof(orch_shmem()->waiting));
	foreach(cell, waiting)
	{
		if (named < ORCH_NAMED_WAITING)
			orch_shmem()->waiting[named++] = lfirst_oid(cell);
	}
	orch_shmem_unlock();
	foreach(cell, waiting)
	{
		bool		found;

		(void) hash_search(told, &lfirst_oid(cell), HASH_ENTER, &found);
		if (!found)
			ereport(WARNING,
					(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
					 errmsg("database %u has no worker: %d other databases have one", lfirst_oid(cell), orch_max_databases),
					 errhint("Increase orchestration.max_databases.")));
	}
}

/*
 * Starts what is due.  Databases that are known to have the extension come first;
 * of the others only so many are looked at together, for every process counts.
 */
static void
start_due_workers(void)
{
	TimestampTz now = GetCurrentTimestamp();
	List	   *databases = connectable_databases();
	List	   *unknown = NIL;
	List	   *waiting = NIL;
	ListCell   *cell;
	int			looks;

	remember_absent();
	forget_absent(databases);
	forget_dropped_databases(databases);
	foreach(cell, databases)
	{
		if (!is_known(lfirst_oid(cell)))
			unknown = lappend_oid(unknown, lfirst_oid(cell));
		else if (start_is_due(lfirst_oid(cell), now) == START_DUE)
			(void) start_worker(lfirst_oid(cell), now);
	}
	looks = count_looks(now);
	foreach(cell, unknown)
	{
		Start		start = looks < MAX_LOOKS ? start_is_due(lfirst_oid(cell), now) : START_NOT_DUE;

		if (start == START_NO_ROOM)
			waiting = lappend_oid(waiting, lfirst_oid(cell));
		if (start == START_DUE && start_worker(lfirst_oid(cell), now))
			looks++;
	}
	if (looks < MAX_LOOKS)		/* else not all were asked */
		tell_waiting(waiting);
}

/*
 * Milliseconds until some failed worker may be tried again, or one that was asked for
 * is given up.
 */
static long
next_start_in(void)
{
	TimestampTz now = GetCurrentTimestamp();
	long		wait = orch_database_scan_interval_ms;

	orch_shmem_lock();
	for (int i = 0; i < orch_shmem()->slot_count; i++)
	{
		OrchWorkerSlot *slot = &orch_shmem()->slots[i];

		if (OidIsValid(slot->database) && slot->state == ORCH_SLOT_FAILED)
			wait = Min(wait, TimestampDifferenceMilliseconds(now, slot->next_start_at) + 1);
		if (OidIsValid(slot->database) && slot->state == ORCH_SLOT_STARTING)
			wait = Min(wait, TimestampDifferenceMilliseconds(now, TimestampTzPlusMilliseconds(slot->started_at, START_TIMEOUT_MS)) + 1);
	}
	orch_shmem_unlock();
	return wait;
}

static HTAB *
make_absent_databases(void)
{
	HASHCTL		settings = {.keysize = sizeof(Oid), .entrysize = sizeof(Absent)};

	return hash_create("databases without the extension", 64, &settings, HASH_ELEM | HASH_BLOBS);
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

	absent_databases = make_absent_databases();
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
