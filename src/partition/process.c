/*
 * process.c
 *	  The process "orchestration partitions": one missing month, or a rotation.
 *
 * It is started for one task and leaves.  It logs in as the owner of the log
 * tables, which the worker is not.  Whoever starts it hands over no statement:
 * a month that is made is one of a log table, and what a rotation does is what
 * the policies say and the catalogs show when it looks.
 */
#include "partition/partition.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/core.h"
#include "core/process.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* behind the role in bgw_extra */
typedef struct Task
{
	Oid			role;			/* where orch_process_connect() looks */
	Oid			parent;			/* its month is to be made; invalid: a rotation */
	TimestampTz when;
} Task;

StaticAssertDecl(sizeof(Task) <= BGW_EXTRALEN, "a task fits a background worker");

/* whoever waits has a transaction open */
#define MAKE_MONTH_TIMEOUT_MS 5000

/* ---- whoever starts it ---- */

static OrchPartitionProcess
wait_for_end(BackgroundWorkerHandle *handle, long timeout_ms)
{
	TimestampTz end = TimestampTzPlusMilliseconds(orch_steady_now(), timeout_ms);
	pid_t		pid;

	while (GetBackgroundWorkerPid(handle, &pid) != BGWH_STOPPED)
	{
		long		left = TimestampDifferenceMilliseconds(orch_steady_now(), end);

		if (left <= 0)
			return ORCH_PARTITION_UNDER_WAY;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, Min(left, 1000), PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	return ORCH_PARTITION_ENDED;
}

static OrchPartitionProcess
start(const Task *task, long timeout_ms)
{
	BackgroundWorker process = {0};
	BackgroundWorkerHandle *handle;

	orch_process_describe(&process, MyDatabaseId, task->role);
	memcpy(process.bgw_extra, task, sizeof(*task));
	process.bgw_notify_pid = MyProcPid;
	strlcpy(process.bgw_function_name, "orch_partition_main", BGW_MAXLEN);
	snprintf(process.bgw_name, BGW_MAXLEN, "orchestration partitions of database %u", MyDatabaseId);
	strlcpy(process.bgw_type, "orchestration partitions", BGW_MAXLEN);
	if (!RegisterDynamicBackgroundWorker(&process, &handle))
		return ORCH_PARTITION_NOT_STARTED;
	return wait_for_end(handle, timeout_ms);
}

/*
 * Has a month of a log table made in a transaction of its own.
 */
OrchPartitionProcess
orch_partition_make_month(Oid parent, Oid owner, TimestampTz when)
{
	Task		task = {.role = owner, .parent = parent, .when = when};

	return start(&task, MAKE_MONTH_TIMEOUT_MS);
}

/*
 * Has the policies carried out, and waits for that for a time.  The owner is
 * that of the log tables.
 */
OrchPartitionProcess
orch_partition_rotate(Oid owner, long timeout_ms)
{
	Task		task = {.role = owner};

	return start(&task, timeout_ms);
}

/* ---- the process ---- */

static void
leave(int code, Datum arg)
{
	OrchWorkerSlot *slot;

	orch_shmem_lock();
	slot = orch_shmem_find_slot(MyDatabaseId);
	if (slot != NULL && slot->rotation_pid == MyProcPid)
		slot->rotation_pid = 0;
	orch_shmem_unlock();
}

/*
 * Tells whoever drops the database whom to end; false if the database is to be
 * left alone.
 */
static bool
enter(void)
{
	OrchWorkerSlot *slot;
	bool		wanted;

	if (!orch_shmem_available())
		return true;
	before_shmem_exit(leave, 0);
	orch_shmem_lock();
	slot = orch_shmem_claim_slot(MyDatabaseId);
	wanted = slot == NULL || !slot->inhibited;
	if (slot != NULL && wanted)
		slot->rotation_pid = MyProcPid;
	orch_shmem_unlock();
	return wanted;
}

static void
make_month(const Task *task)
{
	Oid			types[] = {TEXTOID, TIMESTAMPTZOID};
	Datum		values[2];
	char	   *table;

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	table = get_rel_name(task->parent);
	if (table != NULL)			/* else it is not committed yet, or gone */
	{
		values[0] = CStringGetTextDatum(table);
		values[1] = TimestampTzGetDatum(task->when);
		if (SPI_execute_with_args("SELECT orchestration_internal.ensure_log_partition($1, $2)", 2, types, values, NULL, false, 0) < 0)
			elog(ERROR, "could not make a month");
	}
	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();
}

void
orch_partition_main(Datum arg)
{
	Task		task;

	memcpy(&task, MyBgworkerEntry->bgw_extra, sizeof(task));
	orch_process_connect(DatumGetObjectId(arg), "orchestration partitions");
	/* months and their rows must not part in a crash */
	SetConfigOption("synchronous_commit", "on", PGC_USERSET, PGC_S_OVERRIDE);
	if (OidIsValid(task.parent))
	{
		/* shorter than anybody waits for it */
		SetConfigOption("lock_timeout", "2s", PGC_USERSET, PGC_S_OVERRIDE);
		pgstat_report_activity(STATE_RUNNING, "making a missing month");
		make_month(&task);
	}
	else if (orch_rotation_lock() && enter())
		orch_rotation_run();
	proc_exit(0);
}
