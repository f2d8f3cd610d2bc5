/*
 * wake.c
 *	  Tells the worker's process from others, and wakes it once per committed
 *	  transaction that gave it work.
 *
 * A lost wake-up costs one poll interval, never work: what is to be done is in
 * the rows (generation against observed generation).
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "core/compat.h"
#include "core/core.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

static bool is_worker = false;
static bool callback_registered = false;
static bool wake_wanted = false;
static bool doubt_wanted = false;

/*
 * Called once, by the worker when it starts.
 */
void
orch_set_is_worker(void)
{
	is_worker = true;
}

/*
 * True in the process whose writes are observations.  A superuser may say the
 * same of a session, which is how the worker's SQL is tested.
 */
bool
orch_is_worker(void)
{
	return is_worker || orch_simulate_worker;
}

/*
 * True in the worker's process alone, whatever a superuser says.
 */
bool
orch_is_worker_process(void)
{
	return is_worker;
}

static void
wake_at_commit(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT && doubt_wanted)
		orch_shmem_doubt(MyDatabaseId);
	if (event == XACT_EVENT_COMMIT && wake_wanted)
		orch_shmem_wake_worker(MyDatabaseId);
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE)
		wake_wanted = doubt_wanted = false;
}

/*
 * Notes that this transaction, if it commits, leaves work for the worker.
 */
void
orch_wake_worker_at_commit(void)
{
	if (!callback_registered)
	{
		RegisterXactCallback(wake_at_commit, NULL);
		callback_registered = true;
	}
	wake_wanted = true;
}

/*
 * Notes that this transaction, if it commits, has written what the worker keeps
 * in memory.
 */
void
orch_doubt_at_commit(void)
{
	orch_wake_worker_at_commit();
	doubt_wanted = true;
}

ORCH_FUNCTION(orch_doubt_trigger);

/*
 * Statement trigger of the worker's own tables: a hand that writes them is
 * noticed.  What our triggers do to them for a row that goes is planned.
 */
Datum
orch_doubt_trigger(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "not called as a trigger");
	if (!orch_is_worker() && DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0)) <= 1)
		orch_doubt_at_commit();
	return PointerGetDatum(NULL);
}

ORCH_FUNCTION(orch_wake_worker_trigger);

/*
 * Statement trigger of every table that the worker renders.
 */
Datum
orch_wake_worker_trigger(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "not called as a trigger");
	if (!orch_is_worker())
		orch_wake_worker_at_commit();
	return PointerGetDatum(NULL);
}

ORCH_FUNCTION(orch_wake_worker_sql);

/*
 * wake_worker(): the same from SQL, for bootstrap() and operators.
 */
Datum
orch_wake_worker_sql(PG_FUNCTION_ARGS)
{
	orch_wake_worker_at_commit();
	PG_RETURN_VOID();
}

ORCH_FUNCTION(orch_doubt_sql);

/*
 * doubt(): the same as the trigger, for functions that take rows away.
 */
Datum
orch_doubt_sql(PG_FUNCTION_ARGS)
{
	orch_doubt_at_commit();
	PG_RETURN_VOID();
}
