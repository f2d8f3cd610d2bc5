/*
 * planner.c
 *	  What the planner is told of permits().
 *
 * As a mere filter permits() would cost a scan of the whole table for somebody
 * who sees one namespace of ten thousand, and keep the indexes of those who see
 * everything from being used, since only leakproof conditions may run before
 * it.  So it becomes an index condition for the former and true for the latter.
 * Both are right only for that user at that time: plan_guard.c sees to it.
 */
#include "access/access.h"

#include "access/stratnum.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/core.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

/* ---- the support function ---- */

/*
 * permits(column, constant, constant) of the types that we know; anybody can
 * attach a support function to a function of his own, or call this one.
 */
static bool
get_need(List *args, OrchNeed *need)
{
	Const	   *constants[2];

	if (list_length(args) != 3 || exprType(linitial(args)) != INT8OID)
		return false;
	for (int i = 0; i < 2; i++)
	{
		constants[i] = list_nth(args, i + 1);
		if (!IsA(constants[i], Const) || constants[i]->consttype != TEXTOID || constants[i]->constisnull)
			return false;
	}
	*need = orch_need(DatumGetTextPP(constants[0]->constvalue), DatumGetTextPP(constants[1]->constvalue));
	return true;
}

/*
 * Does the plan read a table for this?  Only then it is run by the executor, where
 * plan_guard.c checks it.  PL/pgSQL evaluates an expression without a table
 * ("simple") by itself, and keeps it when the session becomes somebody else.
 */
static bool
reads_table(PlannerInfo *root, Node *argument)
{
	ListCell   *cell;

	foreach(cell, pull_vars_of_level(argument, 0))
	{
		int			varno = ((Var *) lfirst(cell))->varno;

		if (varno > 0 && varno <= list_length(root->parse->rtable) && rt_fetch(varno, root->parse->rtable)->rtekind == RTE_RELATION)
			return true;
	}
	return false;
}

static Node *
simplify(SupportRequestSimplify *request)
{
	OrchNeed	need;

	if (request->root == NULL || !get_need(request->fcall->args, &need) || !reads_table(request->root, linitial(request->fcall->args)))
		return NULL;
	if (!orch_grants_forever(orch_grants_of(orch_current_user_id()), need))
		return NULL;
	orch_plan_assumes(request->root, need);
	return makeBoolConst(true, false);
}

/*
 * Which part of the rows is in the user's namespaces: those that the statistics
 * know as frequent one by one, the others evenly.
 */
static double
selectivity_of(VariableStatData *column, const OrchGrants *grants, OrchNeed need, double permitted)
{
	AttStatsSlot slot;
	bool		is_default;
	double		distinct = get_variable_numdistinct(column, &is_default);
	double		result = 0;
	double		frequent = 0;

	if (HeapTupleIsValid(column->statsTuple) &&
		get_attstatsslot(&slot, column->statsTuple, STATISTIC_KIND_MCV, InvalidOid, ATTSTATSSLOT_VALUES | ATTSTATSSLOT_NUMBERS))
	{
		for (int i = 0; i < slot.nvalues; i++)
		{
			frequent += slot.numbers[i];
			if (orch_grants_allow(grants, DatumGetInt64(slot.values[i]), need))
			{
				result += slot.numbers[i];
				permitted -= 1;
			}
		}
		distinct -= slot.nvalues;
		free_attstatsslot(&slot);
	}
	if (distinct >= 1 && permitted > 0)
		result += (1 - Min(frequent, 1)) * Min(1, permitted / distinct);
	return Max(0, Min(1, result));
}

static double
count_permitted(const OrchGrants *grants, OrchNeed need)
{
	double		count = 0;

	for (uint32 i = 0; grants->count > 0 && i <= grants->mask; i++)
		if (grants->table[i].used && orch_grants_allow(grants, grants->table[i].namespace_id, need))
			count += 1;
	return count;
}

static Node *
estimate(SupportRequestSelectivity *request)
{
	const OrchGrants *grants;
	VariableStatData column;
	OrchNeed	need;

	if (request->root == NULL || !get_need(request->args, &need))
		return NULL;
	orch_plan_is_for_caller(request->root);
	grants = orch_grants_of(orch_current_user_id());
	if (orch_grants_everywhere(grants, need))
		request->selectivity = 1;
	else
	{
		examine_variable(request->root, linitial(request->args), request->varRelid, &column);
		request->selectivity = column.vartype == INT8OID
			? selectivity_of(&column, grants, need, count_permitted(grants, need)) : 0.1;
		ReleaseVariableStats(column);
	}
	return (Node *) request;
}

static Node *
cost(SupportRequestCost *request)
{
	request->startup = 0;
	request->per_tuple = cpu_operator_cost;
	return (Node *) request;
}

/* ---- the index condition ---- */

static bool
is_column(Node *node, Index relid, AttrNumber column)
{
	while (node && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node && IsA(node, Var) && ((Var *) node)->varno == (int) relid && ((Var *) node)->varattno == column &&
		((Var *) node)->varlevelsup == 0;
}

/*
 * Is it: column of the index = something, or one of several things?
 */
bool
orch_binds(RestrictInfo *restriction, IndexOptInfo *index, int column)
{
	Node	   *clause = (Node *) restriction->clause;
	Index		relid = index->rel->relid;
	AttrNumber	attribute = index->indexkeys[column];
	Oid			operator;
	List	   *args;

	if (IsA(clause, OpExpr) && list_length(((OpExpr *) clause)->args) == 2)
	{
		operator = ((OpExpr *) clause)->opno;
		args = ((OpExpr *) clause)->args;
	}
	else if (IsA(clause, ScalarArrayOpExpr) && ((ScalarArrayOpExpr *) clause)->useOr)
	{
		operator = ((ScalarArrayOpExpr *) clause)->opno;
		args = ((ScalarArrayOpExpr *) clause)->args;
	}
	else
		return false;
	return get_op_opfamily_strategy(operator, index->opfamily[column]) == BTEqualStrategyNumber &&
		(is_column(linitial(args), relid, attribute) || is_column(lsecond(args), relid, attribute));
}

/*
 * Does the statement itself say which namespaces, or something before them in
 * the index?  Then permits() is cheaper as a filter than a list of all.
 */
static bool
is_better_without(IndexOptInfo *index, int column)
{
	ListCell   *cell;

	foreach(cell, index->rel->baserestrictinfo)
	{
		for (int i = 0; i <= column; i++)
		{
			if (orch_binds(lfirst_node(RestrictInfo, cell), index, i))
				return true;
		}
	}
	return false;
}

static Oid
function_of_list(void)
{
	Oid			types[] = {TEXTOID, TEXTOID};

	return orch_internal_function("permitted_to_caller", 2, types);
}

/*
 * Is this what index_condition made?
 */
bool
orch_is_list_of_permitted(Node *clause)
{
	Node	   *list = IsA(clause, ScalarArrayOpExpr) ? lsecond(((ScalarArrayOpExpr *) clause)->args) : NULL;

	return list && IsA(list, FuncExpr) && ((FuncExpr *) list)->funcresulttype == INT8ARRAYOID &&
		((FuncExpr *) list)->funcid == function_of_list();
}

static Node *
make_condition(Oid opfamily, List *args)
{
	ScalarArrayOpExpr *condition = makeNode(ScalarArrayOpExpr);
	Oid			function = function_of_list();

	condition->opno = get_opfamily_member(opfamily, INT8OID, INT8OID, BTEqualStrategyNumber);
	if (!OidIsValid(condition->opno) || !OidIsValid(function))
		return NULL;
	/* it is evaluated for estimates, before anybody asks whether the caller may read the table */
	if (orch_function_aclcheck(function, GetUserId(), ACL_EXECUTE) != ACLCHECK_OK)
		return NULL;
	condition->opfuncid = get_opcode(condition->opno);
	condition->useOr = true;
	condition->inputcollid = InvalidOid;
	condition->args = list_make2(linitial(args),
								 makeFuncExpr(function, INT8ARRAYOID, list_make2(lsecond(args), lthird(args)),
											  InvalidOid, DEFAULT_COLLATION_OID, COERCE_EXPLICIT_CALL));
	condition->location = -1;
	return (Node *) condition;
}

/*
 * namespace_id = ANY (permitted_to_caller(...)), instead of permits().
 */
static Node *
index_condition(SupportRequestIndexCondition *request)
{
	FuncExpr   *call = (FuncExpr *) request->node;
	OrchNeed	need;
	Node	   *condition;

	if (!IsA(call, FuncExpr) || request->indexarg != 0 || request->index->relam != BTREE_AM_OID || !get_need(call->args, &need))
		return NULL;
	if (orch_grants_everywhere(orch_grants_of(orch_current_user_id()), need) ||
		is_better_without(request->index, request->indexcol))
		return NULL;
	condition = make_condition(request->opfamily, call->args);
	if (condition == NULL)
		return NULL;
	orch_plan_is_for_caller(request->root);
	/* processes that share a scan must have the same list, and permissions may change between them */
	request->index->amcanparallel = false;
	request->lossy = false;
	return (Node *) list_make1(condition);
}

ORCH_FUNCTION(orch_permits_support);

/*
 * permits_support(internal)
 */
Datum
orch_permits_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);
	Node	   *answer = NULL;

	if (IsA(request, SupportRequestSimplify))
		answer = simplify((SupportRequestSimplify *) request);
	else if (IsA(request, SupportRequestSelectivity))
		answer = estimate((SupportRequestSelectivity *) request);
	else if (IsA(request, SupportRequestCost))
		answer = cost((SupportRequestCost *) request);
	else if (IsA(request, SupportRequestIndexCondition))
		answer = index_condition((SupportRequestIndexCondition *) request);
	PG_RETURN_POINTER(answer);
}

ORCH_FUNCTION(orch_identity_support);

/*
 * identity_support(internal): of the functions whose answer the executor may keep
 * for a whole run, because they look at no column.
 */
Datum
orch_identity_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestSimplify))
		orch_plan_asks(((SupportRequestSimplify *) request)->root);
	PG_RETURN_POINTER(NULL);
}
