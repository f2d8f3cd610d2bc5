/*
 * counter_sql.c
 *	  counter_step(): counter.c for SQL.
 */
#include "postgres.h"

#include "core/compat.h"
#include "funcapi.h"
#include "usage/counter.h"
#include "utils/timestamp.h"

/*
 * Three arguments from first on: value, when it was read, since when it counts.
 */
static OrchCounter
counter_argument(FunctionCallInfo fcinfo, int first)
{
	OrchCounter counter = {0};

	if (PG_ARGISNULL(first) || PG_ARGISNULL(first + 1))
		return counter;
	counter.known = true;
	counter.value = PG_GETARG_INT64(first);
	counter.at = PG_GETARG_TIMESTAMPTZ(first + 1);
	counter.has_start = !PG_ARGISNULL(first + 2);
	if (counter.has_start)
		counter.started_at = PG_GETARG_TIMESTAMPTZ(first + 2);
	return counter;
}

static int64
microseconds(FunctionCallInfo fcinfo, int argument)
{
	Interval   *interval;

	if (PG_ARGISNULL(argument))
		return 0;
	interval = PG_GETARG_INTERVAL_P(argument);
	return interval->time + ((int64) interval->month * DAYS_PER_MONTH + interval->day) * USECS_PER_DAY;
}

ORCH_FUNCTION(orch_counter_step_sql);

/*
 * counter_step(value, at, started_at, before, before_at, before_started_at, gap)
 */
Datum
orch_counter_step_sql(PG_FUNCTION_ARGS)
{
	OrchCounter now = counter_argument(fcinfo, 0);
	OrchCounter before = counter_argument(fcinfo, 3);
	OrchCounterStep step = orch_counter_step(&before, &now, microseconds(fcinfo, 6));
	TupleDesc	desc;
	Datum		values[3];
	bool		nulls[3] = {false, !step.has_delta, !step.has_rate};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts != lengthof(values))
		elog(ERROR, "counter_step() is not declared as its C code expects");
	values[0] = BoolGetDatum(orch_counter_is_new(&before, &now));
	values[1] = Int64GetDatum(step.delta);
	values[2] = Float8GetDatum(step.per_second);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
