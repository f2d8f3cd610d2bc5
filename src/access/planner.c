/*
 * planner.c
 *	  What the planner is told of permits(), and the guard of what it made of it.
 *
 * As a mere filter permits() would cost a scan of the whole table for somebody
 * who sees one namespace of ten thousand, and keep the indexes of those who see
 * everything from being used, since only leakproof conditions may run before
 * it.  So it becomes an index condition for the former and true for the latter.
 *
 * True is right only for that user at that time.  Such a plan carries marks
 * among the objects whose change invalidates it: PLANNED, which a change of
 * identity invalidates, and one that says which permission was found to be held.
 * Whoever runs a marked plan must hold it still, or gets a serialization
 * failure and, at the next attempt, another plan.  The marks are hash values of
 * no function; one that has the same value by chance is planned again too often.
 */
#include "access/access.h"

#include "access/stratnum.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_type.h"
#include "catalog/pg_statistic.h"
#include "core/compat.h"
#include "core/core.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"

#define MARK_PLANNED 0x6F726368
#define MARK_ASSUMED (MARK_PLANNED + 1)
/* a permission as a number: the resource, and any of 255 sets of verbs */
#define ASSUMED_COUNT ((ORCH_RESOURCE_COUNT + 1) * 256)

/* whom the plans of this session were made for, and whether any assumes a permission */
static int64 planned_for = 0;
static bool has_assumed = false;

uint64		orch_run_count = 1;

static ExecutorRun_hook_type previous_run = NULL;

/* ---- marks ---- */

static void
add_mark(PlannerInfo *root, uint32 mark)
{
	PlanInvalItem *item = makeNode(PlanInvalItem);

	item->cacheId = PROCOID;
	item->hashValue = mark;
	root->glob->invalItems = lappend(root->glob->invalItems, item);
}

static bool
has_mark(PlannerInfo *root, uint32 mark)
{
	ListCell   *cell;

	foreach(cell, root->glob->invalItems)
	{
		PlanInvalItem *item = lfirst(cell);

		if (item->cacheId == PROCOID && item->hashValue == mark)
			return true;
	}
	return false;
}

/* the plan is for this user and these grants */
static void
mark_planned(PlannerInfo *root)
{
	if (root == NULL)
		return;
	if (!has_mark(root, MARK_PLANNED))
		add_mark(root, MARK_PLANNED);
	root->glob->relationOids = list_append_unique_oid(root->glob->relationOids, orch_grants_relation());
	planned_for = orch_current_user_id();
}

static void
mark_assumed(PlannerInfo *root, OrchNeed need)
{
	uint32		mark = MARK_ASSUMED + (need.resource + 1) * 256 + need.verbs;

	mark_planned(root);
	if (!has_mark(root, mark))
		add_mark(root, mark);
	has_assumed = true;
}

static void
invalidate_plans(void)
{
	has_assumed = false;
	CallSyscacheCallbacks(PROCOID, MARK_PLANNED);
}

/*
 * Runs whenever orchestration.user_id is assigned, at aborts too: nothing is
 * looked up here.  The time between two transactions, when the session is
 * nobody, does not take the plans of a user away.
 */
static void
session_user_changed(void)
{
	if (orch_session_user_id == planned_for)
		return;
	if (orch_session_user_id != 0 || has_assumed)
		invalidate_plans();
}

/* ---- the guard ---- */

static bool
is_outdated(const PlanInvalItem *item)
{
	uint32		number = item->hashValue - MARK_ASSUMED;
	OrchNeed	need;

	if (item->cacheId != PROCOID || number >= ASSUMED_COUNT)
		return false;
	need.resource = (int) (number / 256) - 1;
	need.verbs = number % 256;
	AcceptInvalidationMessages();
	return !orch_grants_forever(orch_grants_of(orch_current_user_id()), need);
}

static void
check_plan(PlannedStmt *plan)
{
	ListCell   *cell;

	foreach(cell, plan->invalItems)
	{
		if (!is_outdated(lfirst(cell)))
			continue;
		invalidate_plans();
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("permissions changed since this statement was planned"),
				 errhint("Retry the transaction.")));
	}
}

/* at every run, so that a cursor is checked at every FETCH */
static void
guarded_run(ORCH_EXECUTOR_RUN_PARAMETERS)
{
	orch_run_count++;
	if (queryDesc->plannedstmt->invalItems != NIL)
		check_plan(queryDesc->plannedstmt);
	if (previous_run)
		previous_run(ORCH_EXECUTOR_RUN_ARGUMENTS);
	else
		standard_ExecutorRun(ORCH_EXECUTOR_RUN_ARGUMENTS);
}

void
orch_access_init(void)
{
	orch_session_user_changed = session_user_changed;
	orch_find_user = orch_identity_find;
	previous_run = ExecutorRun_hook;
	ExecutorRun_hook = guarded_run;
}

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

static Node *
simplify(SupportRequestSimplify *request)
{
	OrchNeed	need;

	if (request->root == NULL || !get_need(request->fcall->args, &need))
		return NULL;
	if (!orch_grants_forever(orch_grants_of(orch_current_user_id()), need))
		return NULL;
	mark_assumed(request->root, need);
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
	mark_planned(request->root);
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

/*
 * namespace_id = ANY (permitted_to_caller(...)), lossy: permits() stays behind
 * it as a filter.
 */
static Node *
index_condition(SupportRequestIndexCondition *request)
{
	FuncExpr   *call = (FuncExpr *) request->node;
	ScalarArrayOpExpr *condition;
	Oid			argument_types[] = {TEXTOID, TEXTOID};
	Oid			function;
	Oid			operator;
	OrchNeed	need;

	if (!IsA(call, FuncExpr) || request->indexarg != 0 || request->index->relam != BTREE_AM_OID || !get_need(call->args, &need))
		return NULL;
	if (orch_grants_everywhere(orch_grants_of(orch_current_user_id()), need))
		return NULL;
	operator = get_opfamily_member(request->opfamily, INT8OID, INT8OID, BTEqualStrategyNumber);
	function = LookupFuncName(list_make2(makeString("orchestration"), makeString("permitted_to_caller")), 2, argument_types, true);
	if (!OidIsValid(operator) || !OidIsValid(function))
		return NULL;
	mark_planned(request->root);
	condition = makeNode(ScalarArrayOpExpr);
	condition->opno = operator;
	condition->opfuncid = get_opcode(operator);
	condition->useOr = true;
	condition->inputcollid = InvalidOid;
	condition->args = list_make2(linitial(call->args),
								 makeFuncExpr(function, INT8ARRAYOID, list_make2(lsecond(call->args), lthird(call->args)),
											  InvalidOid, DEFAULT_COLLATION_OID, COERCE_EXPLICIT_CALL));
	condition->location = -1;
	request->lossy = true;
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
