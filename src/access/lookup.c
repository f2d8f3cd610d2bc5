/*
 * lookup.c
 *	  Statements that read users and grants whatever the caller may see.
 *
 * They run as the superuser that initdb made, as deciding what somebody may see
 * cannot depend on what he may see, and under a fresh catalog snapshot: with
 * the snapshot of a REPEATABLE READ transaction the cache would be filled with
 * what was true when that began, and keep it after its end; GetLatestSnapshot()
 * does not work in parallel workers.  Every name and operator in them is
 * qualified, as they are analyzed under the caller's search_path.
 */
#include "access/access.h"

#include "access/genam.h"
#include "catalog/pg_authid.h"
#include "core/compat.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/snapmgr.h"

/*
 * Until orch_lookup_end or the end of the (sub)transaction.
 */
void
orch_lookup_begin(OrchLookup *saved)
{
	GetUserIdAndSecContext(&saved->user, &saved->security);
	SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID, saved->security | SECURITY_LOCAL_USERID_CHANGE);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

void
orch_lookup_end(OrchLookup *saved)
{
	SPI_finish();
	SetUserIdAndSecContext(saved->user, saved->security);
}

/*
 * Runs a SELECT that is prepared once for the life of the session; no parameter
 * is NULL.  Returns the number of rows, which are in SPI_tuptable.
 */
uint64
orch_lookup(void **plan, const char *statement, int count, Oid *types, Datum *values)
{
	int			result;

	if (*plan == NULL)
	{
		SPIPlanPtr	prepared = SPI_prepare(statement, count, types);

		if (prepared == NULL)
			elog(ERROR, "could not prepare \"%s\": %s", statement, SPI_result_code_string(SPI_result));
		SPI_keepplan(prepared);
		*plan = prepared;
	}
	InvalidateCatalogSnapshot();
	PushActiveSnapshot(GetCatalogSnapshot(InvalidOid));
	result = SPI_execute_plan(*plan, values, NULL, true, 0);
	PopActiveSnapshot();
	if (result < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
	return SPI_processed;
}
