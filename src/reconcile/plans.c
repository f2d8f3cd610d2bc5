/*
 * plans.c
 *	  How the worker's statements are planned: always in the same way.
 *
 * They look up few rows among many by an index that is there for them.  What
 * statistics say is a matter of luck: a table was empty when they were taken,
 * or each namespace had one row when the next one gets 20,000; then an index
 * that knows the namespace alone looks as good as the one that knows the row,
 * and each look-up reads the whole namespace.  The worker plans for a big
 * table with many rows of each value, whatever there is.
 */
#include "postgres.h"

#include "access/transam.h"
#include "optimizer/plancat.h"
#include "reconcile/plans.h"
#include "utils/guc.h"
#include "utils/selfuncs.h"

#define ASSUMED_ROWS 1000000.0
#define ASSUMED_PAGES 100000
#define ASSUMED_INDEX_PAGES 10000
#define ASSUMED_INDEX_HEIGHT 2

static get_relation_info_hook_type previous_relation_info = NULL;
static get_relation_stats_hook_type previous_relation_stats = NULL;

static bool
is_catalog(Oid relation)
{
	return relation < FirstNormalObjectId;
}

static void
assume_size(PlannerInfo *root, Oid relation, bool inhparent, RelOptInfo *rel)
{
	ListCell   *cell;

	if (previous_relation_info)
		previous_relation_info(root, relation, inhparent, rel);
	if (is_catalog(relation) || inhparent)
		return;
	rel->tuples = ASSUMED_ROWS;
	rel->pages = ASSUMED_PAGES;
	rel->allvisfrac = 0;
	foreach(cell, rel->indexlist)
	{
		IndexOptInfo *index = lfirst_node(IndexOptInfo, cell);

		index->tuples = ASSUMED_ROWS;
		index->pages = ASSUMED_INDEX_PAGES;
		index->tree_height = ASSUMED_INDEX_HEIGHT;
	}
}

/*
 * Nothing is known of the values of a column: the planner then assumes 200
 * different ones, or as many as rows where they are unique.
 */
static bool
assume_values(PlannerInfo *root, RangeTblEntry *rte, AttrNumber column, VariableStatData *vardata)
{
	if (rte->rtekind == RTE_RELATION && !is_catalog(rte->relid))
	{
		vardata->statsTuple = NULL;
		return true;
	}
	return previous_relation_stats && previous_relation_stats(root, rte, column, vardata);
}

/*
 * From now on, in this process.  Whatever reads or joins a whole table is out of
 * the question, too.
 */
void
orch_pin_plans(void)
{
	static const char *const off[] = {"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_hashagg", "jit"};

	for (int i = 0; i < lengthof(off); i++)
		SetConfigOption(off[i], "off", PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("plan_cache_mode", "force_generic_plan", PGC_USERSET, PGC_S_OVERRIDE);
	/* what is assumed to be big is read by more than one process otherwise */
	SetConfigOption("max_parallel_workers_per_gather", "0", PGC_USERSET, PGC_S_OVERRIDE);

	previous_relation_info = get_relation_info_hook;
	get_relation_info_hook = assume_size;
	previous_relation_stats = get_relation_stats_hook;
	get_relation_stats_hook = assume_values;
}
