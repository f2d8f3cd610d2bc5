/*
 * call.c
 *	  Runs one SQL function in a transaction of its own.
 *
 * No transaction is open before or after, so that nothing is held while the
 * worker waits for the network.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "core/compat.h"
#include "pgstat.h"
#include "reconcile/call.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

/* calls that gave up waiting for a lock, since the process began */
int64		orch_calls_held_up = 0;

static void
name_call(void *arg)
{
	errcontext("orchestration worker: %s", (const char *) arg);
}

static void
execute(OrchCall *call, Datum *args, const char *nulls, OrchCallReader reader, void *arg)
{
	if (call->plan == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare(call->sql, call->nargs, call->argtypes);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare \"%s\": %s", call->sql, SPI_result_code_string(SPI_result));
		call->plan = plan;
	}
	if (SPI_execute_plan(call->plan, args, nulls, false, 0) < 0)
		elog(ERROR, "could not execute \"%s\"", call->sql);
	if (reader)
		reader(SPI_tuptable, SPI_processed, arg);
}

/*
 * Inside of a transaction, as when the worker is simulated, the call is a
 * subtransaction of it: it may fail by itself, as it may in the worker.
 */
static bool
call_inside(OrchCall *call, Datum *args, const char *nulls, OrchCallReader reader, void *arg)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool done = false;

	BeginInternalSubTransaction(NULL);
	PG_TRY();
	{
		MemoryContextSwitchTo(caller);
		SPI_connect();
		PushActiveSnapshot(GetTransactionSnapshot());
		execute(call, args, nulls, reader, arg);
		PopActiveSnapshot();
		SPI_finish();
		ReleaseCurrentSubTransaction();
		done = true;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		if (geterrcode() == ERRCODE_QUERY_CANCELED)
			PG_RE_THROW();
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		ereport(WARNING, (errcode(error->sqlerrcode), errmsg("%s failed: %s", call->what, error->message)));
		FreeErrorData(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	CommandCounterIncrement();
	return done;
}

/*
 * Runs the call; false if it failed, which is logged and rolled back.  The
 * caller's memory context is current again afterwards, which
 * CommitTransactionCommand() would not see to.  Cancel and terminate are not
 * swallowed.
 */
bool
orch_call(OrchCall *call, Datum *args, const char *nulls, OrchCallReader reader, void *arg)
{
	MemoryContext caller = CurrentMemoryContext;
	ErrorContextCallback context = {error_context_stack, name_call, unconstify(char *, call->what)};
	volatile bool done = false;

	if (IsTransactionState())
		return call_inside(call, args, nulls, reader, arg);
	error_context_stack = &context;
	PG_TRY();
	{
		SetCurrentStatementStartTimestamp();
		StartTransactionCommand();
		SPI_connect();
		PushActiveSnapshot(GetTransactionSnapshot());
		pgstat_report_activity(STATE_RUNNING, call->what);
		execute(call, args, nulls, reader, arg);
		SPI_finish();
		PopActiveSnapshot();
		CommitTransactionCommand();
		done = true;
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		HOLD_INTERRUPTS();
		if (geterrcode() == ERRCODE_LOCK_NOT_AVAILABLE)
			orch_calls_held_up++;
		EmitErrorReport();
		AbortOutOfAnyTransaction();
		FlushErrorState();
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	error_context_stack = context.previous;

	MemoryContextSwitchTo(caller);
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
	return done;
}

char *
orch_column_text(SPITupleTable *table, uint64 row, int column)
{
	return SPI_getvalue(table->vals[row], table->tupdesc, column);
}

int64
orch_column_int8(SPITupleTable *table, uint64 row, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(table->vals[row], table->tupdesc, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

bool
orch_column_bool(SPITupleTable *table, uint64 row, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(table->vals[row], table->tupdesc, column, &isnull);

	return !isnull && DatumGetBool(value);
}

void
orch_read_bool(SPITupleTable *table, uint64 rows, void *arg)
{
	*(bool *) arg = rows == 1 && orch_column_bool(table, 0, 1);
}

void
orch_read_int8(SPITupleTable *table, uint64 rows, void *arg)
{
	*(int64 *) arg = rows == 1 ? orch_column_int8(table, 0, 1) : 0;
}

Datum
orch_array_argument(Datum *elements, int count, Oid type)
{
	if (type == TEXTOID)
		return PointerGetDatum(construct_array(elements, count, TEXTOID, -1, false, TYPALIGN_INT));
	return PointerGetDatum(construct_array(elements, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
