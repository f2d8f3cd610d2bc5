/*
 * owner.c
 *	  Statements of triggers that run as the owner of the tables.
 *
 * Whoever may write a container need not be allowed to write its history, nor
 * may row security hide from a trigger what it has to update.  As for foreign
 * keys, the owner of the table is used, not the owner of the function: that is
 * a superuser, and triggers that users add to our tables must not run as one.
 */
#include "core/rows.h"

#include "core/core.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/rel.h"

/*
 * What users have put on our tables resolves its names as our own functions do,
 * not as the session says, until orch_path_end or the end of the (sub)transaction.
 */
int
orch_path_begin(void)
{
	int			nest_level = NewGUCNestLevel();

	set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return nest_level;
}

void
orch_path_end(int nest_level)
{
	AtEOXact_GUC(true, nest_level);
}

/*
 * Becomes the owner of a table and connects to SPI, until orch_owner_end or
 * the end of the (sub)transaction.  Indexes are used even where a plan is made
 * while the tables are empty: it is kept, and would read all of them for every
 * row of a transaction that fills them.
 */
void
orch_owner_begin(OrchOwnerContext *saved, Relation rel)
{
	GetUserIdAndSecContext(&saved->user, &saved->security);
	SetUserIdAndSecContext(RelationGetForm(rel)->relowner,
						   saved->security | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	saved->nest_level = orch_path_begin();
	set_config_option("enable_seqscan", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

void
orch_owner_end(OrchOwnerContext *saved)
{
	SPI_finish();
	orch_path_end(saved->nest_level);
	SetUserIdAndSecContext(saved->user, saved->security);
}

/*
 * Prepares a statement once for the life of the session.
 */
void
orch_owner_prepare(void **plan, const char *statement, int count, Oid *types)
{
	SPIPlanPtr	prepared;

	if (*plan != NULL)
		return;
	prepared = SPI_prepare(statement, count, types);
	if (prepared == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", statement, SPI_result_code_string(SPI_result));
	SPI_keepplan(prepared);
	*plan = prepared;
}

/*
 * Executes a prepared statement, no parameter NULL; returns the number of rows.
 */
int
orch_owner_execute(void *plan, Datum *values)
{
	int			result = SPI_execute_plan(plan, values, NULL, false, 0);

	if (result < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
	return (int) SPI_processed;
}

/*
 * Likewise for a query that returns one boolean; false for NULL or no row.
 */
bool
orch_owner_execute_bool(void *plan, Datum *values)
{
	bool		isnull = true;
	Datum		value = (Datum) 0;

	if (orch_owner_execute(plan, values) == 1)
		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	return !isnull && DatumGetBool(value);
}
