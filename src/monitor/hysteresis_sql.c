/*
 * hysteresis_sql.c
 *	  alert_step(): the hysteresis for SQL.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "core/compat.h"
#include "core/errors.h"
#include "funcapi.h"
#include "monitor/hysteresis.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/timestamp.h"

static const char *const state_names[] = {"none", "pending", "open", "resolved"};
static const char *const reading_names[] = {"gone", "unknown", "value"};

/* Number of an argument among names; for what our own SQL passes. */
static int
argument_of(FunctionCallInfo fcinfo, int n, const char *const *names, int count)
{
	char	   *word = text_to_cstring(PG_GETARG_TEXT_PP(n));

	for (int i = 0; i < count; i++)
	{
		if (strcmp(word, names[i]) == 0)
			return i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_ORCH_INVALID_SPECIFICATION),
			 errmsg("\"%s\" is not known to the alert rules", word)));
	return 0;
}

static int64
microseconds(const Interval *interval)
{
	return interval->time + (interval->day + (int64) interval->month * DAYS_PER_MONTH) * USECS_PER_DAY;
}

static OrchAlertRule
rule_of(FunctionCallInfo fcinfo)
{
	OrchAlertRule rule;
	char	   *comparison = text_to_cstring(PG_GETARG_TEXT_PP(5));

	if (!orch_comparison_parse(comparison, &rule.comparison))
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_INVALID_SPECIFICATION),
				 errmsg("\"%s\" is not known to the alert rules", comparison)));
	rule.threshold = PG_GETARG_FLOAT8(6);
	rule.clear_threshold = PG_GETARG_FLOAT8(7);
	rule.for_duration = microseconds(PG_GETARG_INTERVAL_P(8));
	rule.clear_duration = microseconds(PG_GETARG_INTERVAL_P(9));
	return rule;
}

ORCH_FUNCTION(orch_alert_step);

Datum
orch_alert_step(PG_FUNCTION_ARGS)
{
	OrchAlertRule rule;
	OrchAlertStep before = {ORCH_ALERT_NONE, 0, 0};
	OrchAlertStep after;
	TupleDesc	desc;
	Datum		values[3];
	bool		nulls[3];

	/* the times, and the value, may be NULL */
	for (int i = 0; i < PG_NARGS(); i++)
	{
		if (PG_ARGISNULL(i) && i != 1 && i != 2 && i != 4)
			PG_RETURN_NULL();
	}
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	rule = rule_of(fcinfo);
	before.state = (OrchAlertState) argument_of(fcinfo, 0, state_names, lengthof(state_names));
	before.breached_since = PG_ARGISNULL(1) ? 0 : PG_GETARG_TIMESTAMPTZ(1);
	before.cleared_since = PG_ARGISNULL(2) ? 0 : PG_GETARG_TIMESTAMPTZ(2);
	after = orch_hysteresis_step(&rule, &before,
								 (OrchReading) argument_of(fcinfo, 3, reading_names, lengthof(reading_names)),
								 PG_ARGISNULL(4) ? get_float8_nan() : PG_GETARG_FLOAT8(4),
								 PG_GETARG_TIMESTAMPTZ(10));
	values[0] = CStringGetTextDatum(state_names[after.state]);
	values[1] = TimestampTzGetDatum(after.breached_since);
	values[2] = TimestampTzGetDatum(after.cleared_since);
	nulls[0] = false;
	nulls[1] = after.breached_since == 0;
	nulls[2] = after.cleared_since == 0;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
