/*
 * plan_guard.c
 *	  Plans that were made for a user: when they are thrown away, and whether they
 *	  may run.
 *
 * What planner.c makes of permits() is right for one user, or for what he holds.
 * Such a plan carries marks among the objects whose change invalidates it:
 * PLANNED, which a change of identity invalidates, and one for each permission
 * that it takes for granted.  Whoever runs a plan must hold these still, or gets
 * a serialization failure and, at the next attempt, another plan.  The marks are
 * hash values of no function; one that has the same value by chance is planned
 * again too often.
 *
 * A plan that runs in several goes, as for a cursor, has found out at the first
 * which namespaces it shows.  So whoever goes on must hold what he held then.  Where
 * it asks who somebody is, or what he may everywhere (ASKS), the answer of the first
 * go is used for all of them: that one must be the same user, too.
 */
#include "access/access.h"

#include "core/compat.h"
#include "executor/executor.h"
#include "nodes/pathnodes.h"
#include "utils/inval.h"
#include "utils/syscache.h"

#define MARK_PLANNED 0x6F726368
#define MARK_ASKS (MARK_PLANNED - 1)
#define MARK_ASSUMED (MARK_PLANNED + 1)
/* a permission as a number: the resource, and any of 255 sets of verbs */
#define ASSUMED_COUNT ((ORCH_RESOURCE_COUNT + 1) * 256)

/* a plan that has begun to run */
typedef struct BegunRun
{
	struct BegunRun *next;
	QueryDesc  *query;
	bool		asks;
	const OrchGrants *grants;	/* what its user held then */
	MemoryContextCallback end;
} BegunRun;

/* whom the plans of this session were made for, and whether any assumes a permission */
static int64 planned_for = 0;
static bool has_assumed = false;

static BegunRun *begun_runs = NULL;
static ExecutorRun_hook_type previous_run = NULL;

/* ---- marks ---- */

static bool
is_mark(const PlanInvalItem *item, uint32 mark)
{
	return item->cacheId == PROCOID && item->hashValue == mark;
}

static bool
has_any_mark(List *items)
{
	ListCell   *cell;

	foreach(cell, items)
	{
		if (is_mark(lfirst(cell), MARK_PLANNED) || is_mark(lfirst(cell), MARK_ASKS))
			return true;
	}
	return false;
}

static bool
has_mark(List *items, uint32 mark)
{
	ListCell   *cell;

	foreach(cell, items)
	{
		if (is_mark(lfirst(cell), mark))
			return true;
	}
	return false;
}

static void
add_mark(PlannerInfo *root, uint32 mark)
{
	PlanInvalItem *item;

	if (has_mark(root->glob->invalItems, mark))
		return;
	item = makeNode(PlanInvalItem);
	item->cacheId = PROCOID;
	item->hashValue = mark;
	root->glob->invalItems = lappend(root->glob->invalItems, item);
}

/*
 * The plan is for this user and these grants.
 */
void
orch_plan_is_for_caller(PlannerInfo *root)
{
	if (root == NULL)
		return;
	add_mark(root, MARK_PLANNED);
	root->glob->relationOids = list_append_unique_oid(root->glob->relationOids, orch_grants_relation());
	planned_for = orch_current_user_id();
}

/*
 * The plan is for everybody, and each of its runs for whoever begins it.
 */
void
orch_plan_asks(PlannerInfo *root)
{
	if (root != NULL)
		add_mark(root, MARK_ASKS);
}

/*
 * The plan is for whoever holds this everywhere and for ever.
 */
void
orch_plan_assumes(PlannerInfo *root, OrchNeed need)
{
	orch_plan_is_for_caller(root);
	add_mark(root, MARK_ASSUMED + (need.resource + 1) * 256 + need.verbs);
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

static void
refuse_run(const char *when)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("permissions changed since this statement was %s", when),
			 errhint("Retry the transaction.")));
}

static bool
is_outdated(const PlanInvalItem *item, const OrchGrants *grants)
{
	uint32		number = item->hashValue - MARK_ASSUMED;
	OrchNeed	need;

	if (item->cacheId != PROCOID || number >= ASSUMED_COUNT)
		return false;
	need.resource = (int) (number / 256) - 1;
	need.verbs = number % 256;
	return !orch_grants_forever(grants, need);
}

static void
check_assumptions(PlannedStmt *plan, const OrchGrants *grants)
{
	ListCell   *cell;

	foreach(cell, plan->invalItems)
	{
		if (!is_outdated(lfirst(cell), grants))
			continue;
		invalidate_plans();
		refuse_run("planned");
	}
}

static void
end_run(void *arg)
{
	BegunRun  **link = &begun_runs;

	while (*link != arg)
		link = &(*link)->next;
	*link = (*link)->next;
	orch_grants_release(((BegunRun *) arg)->grants);
}

static void
begin_run(QueryDesc *query, const OrchGrants *grants)
{
	BegunRun   *run = MemoryContextAlloc(query->estate->es_query_cxt, sizeof(BegunRun));

	run->query = query;
	run->asks = has_mark(query->plannedstmt->invalItems, MARK_ASKS);
	run->grants = orch_grants_hold(grants);
	run->next = begun_runs;
	begun_runs = run;
	run->end.func = end_run;
	run->end.arg = run;
	MemoryContextRegisterResetCallback(query->estate->es_query_cxt, &run->end);
}

static void
check_run(QueryDesc *query)
{
	const OrchGrants *grants;
	BegunRun   *run = begun_runs;

	AcceptInvalidationMessages();
	grants = orch_grants_of(orch_current_user_id());
	while (run != NULL && run->query != query)
		run = run->next;
	if (run == NULL)
	{
		check_assumptions(query->plannedstmt, grants);
		/* what writes is run in one go */
		if (query->operation == CMD_SELECT)
			begin_run(query, grants);
	}
	else if (grants != run->grants &&
			 ((run->asks && grants->user_id != run->grants->user_id) || !orch_grants_include(grants, run->grants)))
		refuse_run("begun");
}

static inline void
next_run(ORCH_EXECUTOR_RUN_PARAMETERS)
{
	if (previous_run)
		previous_run(ORCH_EXECUTOR_RUN_ARGUMENTS);
	else
		standard_ExecutorRun(ORCH_EXECUTOR_RUN_ARGUMENTS);
}

/* what is run within a statement that EXPLAIN measures is not measured itself */
static void
run_within_explain(ORCH_EXECUTOR_RUN_PARAMETERS)
{
	orch_explaining = false;
	PG_TRY();
	{
		next_run(ORCH_EXECUTOR_RUN_ARGUMENTS);
	}
	PG_FINALLY();
	{
		orch_explaining = true;
	}
	PG_END_TRY();
}

/* at every run, so that a cursor is checked at every FETCH */
static void
guarded_run(ORCH_EXECUTOR_RUN_PARAMETERS)
{
	orch_run_count++;
	if (has_any_mark(queryDesc->plannedstmt->invalItems))
		check_run(queryDesc);
	if (unlikely(orch_explaining))
		run_within_explain(ORCH_EXECUTOR_RUN_ARGUMENTS);
	else
		next_run(ORCH_EXECUTOR_RUN_ARGUMENTS);
}

void
orch_plan_guard_init(void)
{
	orch_session_user_changed = session_user_changed;
	previous_run = ExecutorRun_hook;
	ExecutorRun_hook = guarded_run;
}
