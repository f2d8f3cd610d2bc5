/*
 * wait.c
 *	  wait_for_container(): blocks until a container has a status.
 *
 * Sleeps on the condition variable that the worker and everybody who writes a
 * status broadcast after commit, and looks with a new snapshot each time.  Runs as the caller, who sees what he
 * may see.
 */
#include "lifecycle/wait.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/core.h"
#include "core/errors.h"
#include "core/statement_snapshot.h"
#include "executor/spi.h"
#include "lifecycle/lifecycle.h"
#include "miscadmin.h"
#include "storage/condition_variable.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

/* longest sleep: without shared memory, and with it, should a signal be lost */
#define POLL_MS 200
#define SAFETY_MS 1000

typedef struct Look
{
	bool		found;
	OrchStatus	status;
	bool		outdated;		/* the cluster has not got this generation yet */
	bool		uncommitted;	/* written by this very transaction */
} Look;

static const char *const look_statement =
"SELECT c.status, c.xmin,"
" c.generation OPERATOR(pg_catalog.>) c.observed_generation AND n.cluster_id IS NOT NULL"
" FROM orchestration.containers c"
" JOIN orchestration.namespaces n ON n.id OPERATOR(pg_catalog.=) c.namespace_id"
" WHERE c.id OPERATOR(pg_catalog.=) $1";

static Look
look_at(int64 id)
{
	static SPIPlanPtr plan = NULL;
	Oid			type = INT8OID;
	Datum		value = Int64GetDatum(id);
	Look		look = {false, ORCH_STATUS_DELETED, false, false};

	/* of its own, new each time: the statement may have given up its snapshot */
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	if (plan == NULL)
	{
		plan = SPI_prepare(look_statement, 1, &type);
		if (plan == NULL)
			elog(ERROR, "could not prepare: %s", SPI_result_code_string(SPI_result));
		SPI_keepplan(plan);
	}
	if (SPI_execute_plan(plan, &value, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look at a container");
	if (SPI_processed > 0)
	{
		HeapTuple	row = SPI_tuptable->vals[0];
		bool		isnull;
		Datum		xmin = SPI_getbinval(row, SPI_tuptable->tupdesc, 2, &isnull);

		look.found = true;
		look.status = orch_refuse_unknown_status("status", SPI_getvalue(row, SPI_tuptable->tupdesc, 1));
		look.outdated = DatumGetBool(SPI_getbinval(row, SPI_tuptable->tupdesc, 3, &isnull));
		look.uncommitted = TransactionIdIsCurrentTransactionId(DatumGetTransactionId(xmin));
	}
	SPI_finish();
	PopActiveSnapshot();
	return look;
}

/* ---- refusals ---- */

static void
check_transaction(void)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_STATE),
				 errmsg("wait_for_container() cannot wait in a %s transaction",
						XactIsoLevel == XACT_SERIALIZABLE ? "SERIALIZABLE" : "REPEATABLE READ"),
				 errdetail("Such a transaction never sees what changes after its first statement."),
				 errhint("Call it in READ COMMITTED, best in a transaction of its own.")));
}

static void
check_found(int64 id, Look look, OrchStatus wanted)
{
	if (!look.found && wanted != ORCH_STATUS_DELETED)
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_NOT_FOUND),
				 errmsg("container %lld does not exist", (long long) id)));
}

static void
check_committed(int64 id, Look look)
{
	if (look.uncommitted)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_STATE),
				 errmsg("cannot wait for container %lld: this transaction has changed it", (long long) id),
				 errdetail("Nobody else sees the change before it is committed, so nothing would happen."),
				 errhint("COMMIT first, then wait.")));
}

/*
 * When to give up; DT_NOEND for never.
 */
static TimestampTz
deadline_after(bool isnull, Datum timeout)
{
	TimestampTz now = orch_steady_now();
	TimestampTz deadline;

	if (isnull)
		return DT_NOEND;
	deadline = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
													   TimestampTzGetDatum(now), timeout));
	if (deadline < now)
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_INVALID_SPECIFICATION),
				 errmsg("timeout must not be negative"),
				 errhint("Use an interval such as '60s', or NULL to wait without limit.")));
	return deadline;
}

/* ---- waiting ---- */

/*
 * Is there an end to waiting?  *reached is the answer then.  A container that
 * still runs as it did before the last change has not reached what is waited
 * for; one that failed may never get there.
 */
static bool
is_settled(Look look, OrchStatus wanted, bool *reached)
{
	bool		settles = wanted == ORCH_STATUS_RUNNING || wanted == ORCH_STATUS_PAUSED || wanted == ORCH_STATUS_STOPPED;

	*reached = look.status == wanted && !(settles && look.outdated);	/* a row that is gone counts as deleted */
	return *reached || look.status == ORCH_STATUS_DELETED;
}

static uint32
wait_event(void)
{
	static uint32 event = 0;

	if (event == 0)
		event = orch_wait_event("OrchestrationContainerStatus");
	return event;
}

/*
 * Sleeps until something may have changed; false when the time is over.
 */
static bool
sleep_until_change(ConditionVariable *cv, TimestampTz deadline)
{
	long		left = deadline == DT_NOEND ? SAFETY_MS
		: TimestampDifferenceMilliseconds(orch_steady_now(), deadline);
	long		longest = cv && !RecoveryInProgress() ? SAFETY_MS : POLL_MS;
	long		duration = Min(left, longest);

	if (left <= 0)
		return false;
	InvalidateCatalogSnapshot();
	if (cv)
		(void) ConditionVariableTimedSleep(cv, duration, wait_event());
	else
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, duration, wait_event());
		ResetLatch(MyLatch);
	}
	CHECK_FOR_INTERRUPTS();
	return true;
}

static bool
wait_for(int64 id, OrchStatus wanted, TimestampTz deadline)
{
	ConditionVariable *cv = orch_shmem_status_cv();
	bool		reached;

	if (cv)
		ConditionVariablePrepareToSleep(cv);
	while (!is_settled(look_at(id), wanted, &reached))
	{
		if (!sleep_until_change(cv, deadline))
			break;
	}
	if (cv)
		ConditionVariableCancelSleep();
	return reached;
}

/* ---- waking those who wait ---- */

static bool wake_wanted = false;

static void
wake_at_commit(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT && wake_wanted && orch_shmem_status_cv())
		ConditionVariableBroadcast(orch_shmem_status_cv());
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		wake_wanted = false;
}

/*
 * Notes that this transaction, if it commits, may be what somebody waits for.
 * The worker needs no note: it broadcasts by itself.
 */
void
orch_wake_waiters_at_commit(void)
{
	static bool registered = false;

	if (!registered)
	{
		RegisterXactCallback(wake_at_commit, NULL);
		registered = true;
	}
	wake_wanted = true;
}

static bool
wait_until(int64 id, OrchStatus wanted, TimestampTz deadline)
{
	Look		look = look_at(id);
	Portal		portal;
	bool		reached;

	check_found(id, look, wanted);
	if (is_settled(look, wanted, &reached))
		return reached;
	check_committed(id, look);

	portal = orch_snapshot_release();
	reached = wait_for(id, wanted, deadline);
	orch_snapshot_renew(portal);
	return reached;
}

/*
 * The status to wait for and how long, which begin with this argument.
 */
static OrchStatus
what_to_wait_for(FunctionCallInfo fcinfo, int first, TimestampTz *deadline)
{
	OrchStatus	wanted = orch_refuse_unknown_status("status", PG_ARGISNULL(first) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(first)));

	*deadline = deadline_after(PG_ARGISNULL(first + 1), PG_GETARG_DATUM(first + 1));
	check_transaction();
	return wanted;
}

ORCH_FUNCTION(orch_wait_for_container);

/*
 * wait_for_container(id, status, timeout): true when the status is reached,
 * false when the time is over or the container was deleted meanwhile.
 */
Datum
orch_wait_for_container(PG_FUNCTION_ARGS)
{
	TimestampTz deadline;
	OrchStatus	wanted = what_to_wait_for(fcinfo, 1, &deadline);

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_NOT_FOUND),
				 errmsg("container id must not be null")));
	PG_RETURN_BOOL(wait_until(PG_GETARG_INT64(0), wanted, deadline));
}

ORCH_FUNCTION(orch_wait_for_named_container);

/*
 * wait_for_container(namespace, name, status, timeout)
 */
Datum
orch_wait_for_named_container(PG_FUNCTION_ARGS)
{
	TimestampTz deadline;
	OrchStatus	wanted = what_to_wait_for(fcinfo, 2, &deadline);

	PG_RETURN_BOOL(wait_until(orch_find_container(fcinfo), wanted, deadline));
}
