/*
 * quantity_sql.c
 *	  Kubernetes quantities for SQL: "250m" and "1.5Gi" to integers and back.
 */
#include "postgres.h"

#include "core/compat.h"
#include "core/errors.h"
#include "kube/quantity.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

/* no process of any kind starts in less */
#define LEAST_MEMORY_LIMIT (1024 * 1024)

static const char *const cpu_hint = "Write cores or millicores, as in \"2\", \"0.5\" or \"250m\".";
static const char *const memory_hint = "Write bytes with a suffix, as in \"64Mi\", \"1.5Gi\" or \"500M\"; \"m\" means thousandths.";
static const char *const amount_hint = "Leave it out, or give a positive amount.";

static void
refuse(const char *what, const char *quantity, const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_ORCH_INVALID_QUANTITY),
			 errmsg("invalid %s \"%.*s\"", what, pg_mbcliplen(quantity, strlen(quantity), 64), quantity),
			 errdetail("%s", detail),
			 errhint("%s", hint)));
}

static int64
parse(const char *quantity, OrchQuantityUnit unit, const char *what)
{
	const char *hint = unit == ORCH_QUANTITY_MILLI ? cpu_hint : memory_hint;
	int64		result = 0;

	switch (orch_quantity_parse(quantity, unit, &result))
	{
		case ORCH_QUANTITY_OK:
			break;
		case ORCH_QUANTITY_SYNTAX:
			refuse(what, quantity, "It is not a number with a suffix that Kubernetes knows.", hint);
			break;
		case ORCH_QUANTITY_OUT_OF_RANGE:
			refuse(what, quantity, "It is too large.", hint);
			break;
		case ORCH_QUANTITY_NEGATIVE:
			refuse(what, quantity, "It is negative.", hint);
			break;
	}
	return result;
}

static Datum
format(int64 value, OrchQuantityUnit unit)
{
	char		buffer[ORCH_QUANTITY_TEXT_SIZE];

	return PointerGetDatum(cstring_to_text(orch_quantity_format(value, unit, buffer, sizeof(buffer))));
}

ORCH_FUNCTION(orch_cpu_millicores);

/*
 * cpu_millicores(quantity)
 */
Datum
orch_cpu_millicores(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(parse(text_to_cstring(PG_GETARG_TEXT_PP(0)), ORCH_QUANTITY_MILLI, "CPU quantity"));
}

ORCH_FUNCTION(orch_memory_bytes);

/*
 * memory_bytes(quantity)
 */
Datum
orch_memory_bytes(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(parse(text_to_cstring(PG_GETARG_TEXT_PP(0)), ORCH_QUANTITY_ONE, "memory quantity"));
}

static OrchQuantityUnit
unit_of(const char *name)
{
	return strncmp(name, "cpu", 3) == 0 ? ORCH_QUANTITY_MILLI : ORCH_QUANTITY_ONE;
}

/*
 * What every amount must be, of a column and of the argument of that name; written:
 * how somebody wrote it, NULL for as we do.
 */
static void
check_amount(int64 value, const char *written, const char *name)
{
	const char *hint = amount_hint;
	const char *fault = NULL;
	char		buf[ORCH_QUANTITY_TEXT_SIZE];

	if (value < 0)
		fault = "It is negative.";
	else if (value == 0)
		fault = "It is zero.";
	else if (value < LEAST_MEMORY_LIMIT && strcmp(name, "memory_limit") == 0)
	{
		fault = "It is less than 1Mi, in which no process can start.";
		hint = memory_hint;
	}
	if (fault != NULL)
		refuse(name, written ? written : orch_quantity_format(value, unit_of(name), buf, sizeof(buf)), fault, hint);
}

ORCH_FUNCTION(orch_quantity_argument);

/*
 * quantity_argument(quantity, argument)
 */
Datum
orch_quantity_argument(PG_FUNCTION_ARGS)
{
	char	   *quantity = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *argument = text_to_cstring(PG_GETARG_TEXT_PP(1));
	int64		value = parse(quantity, unit_of(argument), argument);

	check_amount(value, quantity, argument);
	PG_RETURN_INT64(value);
}

ORCH_FUNCTION(orch_valid_amount);

/*
 * valid_amount(amount, column)
 */
Datum
orch_valid_amount(PG_FUNCTION_ARGS)
{
	int64		amount = PG_GETARG_INT64(0);

	/* every UPDATE of the row asks */
	if (amount < LEAST_MEMORY_LIMIT)
		check_amount(amount, NULL, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	PG_RETURN_BOOL(true);
}

ORCH_FUNCTION(orch_valid_request_limit);

/*
 * valid_request_limit(request, amount, what): what is "cpu" or "memory"
 */
Datum
orch_valid_request_limit(PG_FUNCTION_ARGS)
{
	int64		request = PG_GETARG_INT64(0);
	int64		limit = PG_GETARG_INT64(1);
	char	   *what = text_to_cstring(PG_GETARG_TEXT_PP(2));
	OrchQuantityUnit unit = unit_of(what);
	char		asked[ORCH_QUANTITY_TEXT_SIZE];
	char		allowed[ORCH_QUANTITY_TEXT_SIZE];

	if (request > limit)
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_INVALID_QUANTITY),
				 errmsg("%s request %s exceeds the %s limit %s", what,
						orch_quantity_format(request, unit, asked, sizeof(asked)), what,
						orch_quantity_format(limit, unit, allowed, sizeof(allowed))),
				 errdetail("More would be set aside than may ever be used."),
				 errhint("Lower %s_request or raise %s_limit.", what, what)));
	PG_RETURN_BOOL(true);
}

ORCH_FUNCTION(orch_format_cpu);

/*
 * format_cpu(millicores)
 */
Datum
orch_format_cpu(PG_FUNCTION_ARGS)
{
	return format(PG_GETARG_INT64(0), ORCH_QUANTITY_MILLI);
}

ORCH_FUNCTION(orch_format_memory);

/*
 * format_memory(bytes)
 */
Datum
orch_format_memory(PG_FUNCTION_ARGS)
{
	return format(PG_GETARG_INT64(0), ORCH_QUANTITY_ONE);
}
