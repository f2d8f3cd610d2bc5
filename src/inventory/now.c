/*
 * now.c
 *	  What stands in the way of a change now, whatever the transaction's snapshot shows.
 *
 * In REPEATABLE READ a query does not see who came after its snapshot, and a row that he
 * only locked shows no trace of him.  Foreign keys look with the latest snapshot for
 * this reason, and so do the rules that take something away.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/rows.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

typedef struct Look
{
	const char *what;
	const char *statement;		/* one text[], NULL for nothing; $1 namespace, $2 id, $3 keys */
	void	   *plan;
} Look;

static Look looks[] = {
	/* $3: which table's, the name, and keys from there on */
	{"users", "SELECT orchestration_internal.users_of(($3)[1], $1, $2, ($3)[2], NULLIF(($3)[3:], '{}'))"},
	{"namers", "SELECT orchestration_internal.naming_containers(($3)[1], $1, $2, ($3)[2], NULL, true)"},
	{"containers that stay", "SELECT array_agg(c.name) FROM orchestration.containers c"
		" WHERE c.namespace_id = $1 AND c.desired_state <> 'deleted' AND ($2 IS NULL OR $3 IS NULL)"},
	{"node ports elsewhere", "SELECT array_agg(p.node_port::text) FROM orchestration.port_mappings p"
		" JOIN orchestration.namespaces n ON n.id = p.namespace_id AND n.cluster_id IS NOT NULL"
		" WHERE p.namespace_id = $1 AND p.node_port IS NOT NULL AND ($2 IS NULL OR $3 IS NULL) AND NOT EXISTS ("
		"SELECT FROM orchestration_internal.node_ports o WHERE o.cluster_id = n.cluster_id AND o.node_port = p.node_port)"},
};

static Look *
find_look(const char *what)
{
	for (int i = 0; i < lengthof(looks); i++)
	{
		if (strcmp(looks[i].what, what) == 0)
			return &looks[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("nothing is known of \"%s\"", what)));
	return NULL;
}

ORCH_FUNCTION(orch_in_the_way_now);

/*
 * in_the_way_now(what, namespace_id, id, keys): id and keys may be NULL
 */
Datum
orch_in_the_way_now(PG_FUNCTION_ARGS)
{
	Oid			types[] = {INT8OID, INT8OID, TEXTARRAYOID};
	Look	   *look;
	Datum		values[3];
	char		nulls[3];
	Datum		answer;
	bool		isnull;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("nothing is asked for")));
	look = find_look(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	for (int i = 0; i < lengthof(values); i++)
	{
		nulls[i] = PG_ARGISNULL(i + 1) ? 'n' : ' ';
		values[i] = PG_ARGISNULL(i + 1) ? (Datum) 0 : PG_GETARG_DATUM(i + 1);
	}
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	orch_owner_prepare(&look->plan, look->statement, lengthof(types), types);
	PushActiveSnapshot(GetLatestSnapshot());
	/* read-only: by the snapshot that is active */
	if (SPI_execute_plan(look->plan, values, nulls, true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not look for \"%s\"", look->what);
	answer = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (!isnull)
		answer = SPI_datumTransfer(answer, false, -1);
	PopActiveSnapshot();
	SPI_finish();
	if (isnull)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(answer);
}
