/*
 * find_container.c
 *	  A container by namespace and name, for the functions in C that people call
 *	  either way.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/core.h"
#include "executor/spi.h"
#include "utils/snapmgr.h"

static const char *const statement = "SELECT orchestration_internal.find_container($1, $2)";

/*
 * Its id, as the caller sees it: arguments 0 and 1 of the call.  Throws OR004.
 */
int64
orch_find_container(FunctionCallInfo fcinfo)
{
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[2];
	char		nulls[2];
	bool		isnull;
	int64		id;

	for (int i = 0; i < 2; i++)
	{
		values[i] = PG_ARGISNULL(i) ? (Datum) 0 : PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
	}
	/* of its own: the statement may have given up its snapshot */
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	if (SPI_execute_with_args(statement, 2, types, values, nulls, true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not look for a container");
	id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	PopActiveSnapshot();
	return id;
}
