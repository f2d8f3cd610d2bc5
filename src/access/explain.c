/*
 * explain.c
 *	  Refuses EXPLAIN ANALYZE of our tables to whom row security applies.
 *
 * Conditions that tell nothing themselves may be looked up before row security is
 * asked, and "Rows Removed by Filter" then counts the rows of others that fulfil
 * them: twenty lines of PL/pgSQL read every name with that.  EXPLAIN alone counts
 * nothing.  What auto_explain measures goes to the server's log, and is not concerned.
 */
#include "access/access.h"

#include "commands/defrem.h"
#include "core/compat.h"
#include "core/core.h"
#include "executor/executor.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

/* the statement that the executor is to start next is one that EXPLAIN measures */
bool		orch_explaining = false;

static ProcessUtility_hook_type previous_utility = NULL;
static ExecutorStart_hook_type previous_start = NULL;

/* the last one counts, as for EXPLAIN itself */
static bool
is_analyze(Node *statement)
{
	bool		analyze = false;
	ListCell   *cell;

	if (!IsA(statement, ExplainStmt))
		return false;
	foreach(cell, ((ExplainStmt *) statement)->options)
	{
		DefElem    *option = lfirst(cell);

		if (strcmp(option->defname, "analyze") == 0)
			analyze = defGetBoolean(option);
	}
	return analyze;
}

static bool
is_hidden_in_part(Oid relation)
{
	return orch_is_our_relation(relation) && check_enable_rls(relation, InvalidOid, true) == RLS_ENABLED;
}

static void
check_statement(PlannedStmt *statement)
{
	ListCell   *cell;

	foreach(cell, statement->rtable)
	{
		RangeTblEntry *entry = lfirst_node(RangeTblEntry, cell);

		if (entry->rtekind != RTE_RELATION || !is_hidden_in_part(entry->relid))
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to use EXPLAIN ANALYZE on \"%s\"", get_rel_name(entry->relid)),
				 errdetail("It would count rows that row security hides from you."),
				 errhint("Use EXPLAIN without ANALYZE.")));
	}
}

static void
start(QueryDesc *query, int flags)
{
	if (unlikely(orch_explaining) && query->instrument_options != 0)
		check_statement(query->plannedstmt);
	if (previous_start)
		previous_start(query, flags);
	else
		standard_ExecutorStart(query, flags);
}

static void
utility(PlannedStmt *statement, const char *source, bool read_only_tree, ProcessUtilityContext context,
		ParamListInfo params, QueryEnvironment *environment, DestReceiver *destination, QueryCompletion *completion)
{
	ProcessUtility_hook_type next = previous_utility ? previous_utility : standard_ProcessUtility;
	bool		saved = orch_explaining;

	if (!is_analyze(statement->utilityStmt))
	{
		next(statement, source, read_only_tree, context, params, environment, destination, completion);
		return;
	}
	orch_explaining = true;
	PG_TRY();
	{
		next(statement, source, read_only_tree, context, params, environment, destination, completion);
	}
	PG_FINALLY();
	{
		orch_explaining = saved;
	}
	PG_END_TRY();
}

void
orch_explain_init(void)
{
	previous_utility = ProcessUtility_hook;
	ProcessUtility_hook = utility;
	previous_start = ExecutorStart_hook;
	ExecutorStart_hook = start;
}
