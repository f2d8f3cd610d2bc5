/*
 * quantity_sql.c
 *	  Kubernetes quantities for SQL: "250m" and "1.5Gi" to integers and back.
 */
#include "postgres.h"

#include "core/compat.h"
#include "core/errors.h"
#include "kube/quantity.h"
#include "utils/builtins.h"

static int64
parse(text *value, OrchQuantityUnit unit, const char *what, const char *hint)
{
	char	   *quantity = text_to_cstring(value);
	int64		result = 0;
	const char *detail = NULL;

	switch (orch_quantity_parse(quantity, unit, &result))
	{
		case ORCH_QUANTITY_OK:
			return result;
		case ORCH_QUANTITY_SYNTAX:
			detail = "It is not a number with a suffix that Kubernetes knows.";
			break;
		case ORCH_QUANTITY_OUT_OF_RANGE:
			detail = "It is too large.";
			break;
		case ORCH_QUANTITY_NEGATIVE:
			detail = "It is negative.";
			break;
	}
	ereport(ERROR,
			(errcode(ERRCODE_ORCH_INVALID_QUANTITY),
			 errmsg("invalid %s quantity \"%.*s\"", what, 64, quantity),
			 errdetail("%s", detail),
			 errhint("%s", hint)));
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
	PG_RETURN_INT64(parse(PG_GETARG_TEXT_PP(0), ORCH_QUANTITY_MILLI, "CPU",
						  "Write cores or millicores, as in \"2\", \"0.5\" or \"250m\"."));
}

ORCH_FUNCTION(orch_memory_bytes);

/*
 * memory_bytes(quantity)
 */
Datum
orch_memory_bytes(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(parse(PG_GETARG_TEXT_PP(0), ORCH_QUANTITY_ONE, "memory",
						  "Write bytes with a suffix, as in \"64Mi\", \"1.5Gi\" or \"500M\"."));
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
