/*
 * concern.c
 *	  What of ours a statement or an error is about, by the relations and functions
 *	  that it names and not by its text, which search_path may have made short.
 *
 * Asked while an error is being raised or reported, in a transaction that is still
 * good for looking things up.  Does not throw.
 */
#include "audit/concern.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "core/compat.h"
#include "core/core.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/*
 * Raised by our C code, or about one of our tables.
 */
bool
orch_error_is_ours(const ErrorData *error)
{
	return orch_is_raised_by_us(error) || orch_is_our_schema_name(error->schema_name);
}

/*
 * The relation of ours that the statement writes, or InvalidOid.
 */
Oid
orch_written_relation(PlannedStmt *statement)
{
	ListCell   *cell;

	if (statement == NULL || !IsTransactionState())
		return InvalidOid;
	foreach(cell, statement->resultRelations)
	{
		RangeTblEntry *entry = rt_fetch(lfirst_int(cell), statement->rtable);

		if (orch_is_our_relation(entry->relid))
			return entry->relid;
	}
	return InvalidOid;
}

static Oid
our_relation_of(const RangeVar *name)
{
	Oid			relation;

	if (name->schemaname != NULL)
		relation = get_relname_relid(name->relname, get_namespace_oid(name->schemaname, true));
	else
		relation = RelnameGetRelid(name->relname);
	return orch_is_our_relation(relation) ? relation : InvalidOid;
}

static Oid
our_relation_among(List *names)
{
	ListCell   *cell;

	foreach(cell, names)
	{
		Oid			relation = IsA(lfirst(cell), RangeVar) ? our_relation_of(lfirst(cell)) : InvalidOid;

		if (OidIsValid(relation))
			return relation;
	}
	return InvalidOid;
}

/*
 * The same for commands that are not planned, and what they do.
 */
Oid
orch_utility_relation(Node *utility, const char **operation)
{
	if (utility == NULL || !IsTransactionState())
		return InvalidOid;
	switch (nodeTag(utility))
	{
		case T_CopyStmt:
			*operation = ((CopyStmt *) utility)->is_from ? "create" : "read";
			return ((CopyStmt *) utility)->relation ? our_relation_of(((CopyStmt *) utility)->relation) : InvalidOid;
		case T_TruncateStmt:
			*operation = "truncate";
			return our_relation_among(((TruncateStmt *) utility)->relations);
		case T_LockStmt:
			*operation = "lock";
			return our_relation_among(((LockStmt *) utility)->relations);
		default:
			return InvalidOid;
	}
}

/*
 * The first relation of ours that the statement reads, or InvalidOid.
 */
Oid
orch_read_relation(PlannedStmt *statement)
{
	ListCell   *cell;

	if (statement == NULL || !IsTransactionState())
		return InvalidOid;
	foreach(cell, statement->rtable)
	{
		RangeTblEntry *entry = lfirst(cell);

		if (entry->rtekind == RTE_RELATION && orch_is_our_relation(entry->relid))
			return entry->relid;
	}
	return InvalidOid;
}

/* ---- functions ---- */

typedef struct Search
{
	bool		anything;		/* or only what the client asks for by name, which no condition is */
	Oid			found;
} Search;

static bool
find_function(Node *node, void *context)
{
	Search	   *search = context;

	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr))
	{
		Oid			function = ((FuncExpr *) node)->funcid;
		Oid			schema = function >= FirstNormalObjectId ? get_func_namespace(function) : InvalidOid;

		if (search->anything ? orch_is_our_schema(schema) : OidIsValid(schema) && schema == get_namespace_oid(ORCH_SCHEMA, true))
		{
			search->found = function;
			return true;
		}
	}
	if (IsA(node, RangeTblFunction))
		return find_function(((RangeTblFunction *) node)->funcexpr, context);
	return expression_tree_walker(node, find_function, context);
}

static bool find_in_plan(Plan *plan, Search *search);

static bool
find_in_plans(List *plans, Search *search)
{
	ListCell   *cell;

	foreach(cell, plans)
	{
		if (find_in_plan(lfirst(cell), search))
			return true;
	}
	return false;
}

static bool
find_in_conditions(Plan *plan, Search *search)
{
	Node	   *more = NULL;

	if (IsA(plan, Result))
		more = ((Result *) plan)->resconstantqual;
	else if (IsA(plan, IndexScan))
		more = (Node *) ((IndexScan *) plan)->indexqualorig;
	else if (IsA(plan, NestLoop) || IsA(plan, MergeJoin) || IsA(plan, HashJoin))
		more = (Node *) ((Join *) plan)->joinqual;
	return search->anything && (find_function((Node *) plan->qual, search) || find_function(more, search));
}

static bool
find_in_node(Plan *plan, Search *search)
{
	switch (nodeTag(plan))
	{
		case T_FunctionScan:
			return find_function((Node *) ((FunctionScan *) plan)->functions, search);
		case T_ValuesScan:
			return find_function((Node *) ((ValuesScan *) plan)->values_lists, search);
		case T_SubqueryScan:
			return find_in_plan(((SubqueryScan *) plan)->subplan, search);
		case T_Append:
			return find_in_plans(((Append *) plan)->appendplans, search);
		case T_MergeAppend:
			return find_in_plans(((MergeAppend *) plan)->mergeplans, search);
		default:
			return false;
	}
}

static bool
find_in_plan(Plan *plan, Search *search)
{
	return plan != NULL &&
		(find_function((Node *) plan->targetlist, search) || find_in_node(plan, search) || find_in_conditions(plan, search) ||
		 find_in_plan(plan->lefttree, search) || find_in_plan(plan->righttree, search));
}

static Oid
search_statement(PlannedStmt *statement, bool anything)
{
	Search		search = {anything, InvalidOid};

	if (statement != NULL && IsTransactionState() && !find_in_plan(statement->planTree, &search))
		(void) find_in_plans(statement->subplans, &search);
	return search.found;
}

/*
 * Does the statement call anything of ours?
 */
bool
orch_calls_ours(PlannedStmt *statement)
{
	return OidIsValid(search_statement(statement, true));
}

/*
 * The first function of the interface that the statement calls.
 */
Oid
orch_called_function(PlannedStmt *statement)
{
	return search_statement(statement, false);
}

/* ---- messages ---- */

static bool
is_our_function(const char *name)
{
	CatCList   *list = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name));
	bool		ours = false;

	for (int i = 0; i < list->n_members && !ours; i++)
	{
		Oid			schema = ((Form_pg_proc) GETSTRUCT(&list->members[i]->tuple))->pronamespace;

		/* as it would have been found without a schema */
		ours = orch_is_our_schema(schema) && list_member_oid(fetch_search_path(false), schema);
	}
	ReleaseSysCacheList(list);
	return ours;
}

static bool
is_delimiter(char c)
{
	return c == ' ' || c == '"' || c == '\'' || c == '.' || c == ',' || c == '\0';
}

/*
 * Is one of the words, in whatever language, a relation or a function of ours
 * that search_path leads to?  "permission denied for table containers"
 */
bool
orch_names_ours(const char *message, Oid *relation)
{
	const char *begin = message;

	if (message == NULL || !IsTransactionState())
		return false;
	for (const char *end = message;; end++)
	{
		char		word[NAMEDATALEN];

		if (!is_delimiter(*end))
			continue;
		if (end > begin && end - begin < NAMEDATALEN)
		{
			memcpy(word, begin, end - begin);
			word[end - begin] = '\0';
			*relation = RelnameGetRelid(word);
			if (orch_is_our_relation(*relation))
				return true;
			*relation = InvalidOid;
			if (is_our_function(word))
				return true;
		}
		if (*end == '\0')
			return false;
		begin = end + 1;
	}
}
