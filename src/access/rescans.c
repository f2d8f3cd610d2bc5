/*
 * rescans.c
 *	  Index scans that are repeated for every row of another table.
 *
 * There the join says which namespace, and the list of those that are permitted
 * (planner.c) would be looked through again every time, to no effect.  The planner
 * uses every condition that an index has, so it is taken out again where that
 * is so, and permits() is asked for the rows that are left.
 */
#include "access/access.h"

#include "core/compat.h"
#include "nodes/pathnodes.h"
#include "optimizer/cost.h"
#include "optimizer/paths.h"

static set_rel_pathlist_hook_type previous_pathlist = NULL;

static bool
is_list(const IndexClause *clause)
{
	return list_length(clause->indexquals) == 1 &&
		orch_is_list_of_permitted((Node *) linitial_node(RestrictInfo, clause->indexquals)->clause);
}

static bool
is_bound(IndexPath *path, int until)
{
	ListCell   *cell;

	foreach(cell, path->indexclauses)
	{
		IndexClause *clause = lfirst(cell);

		if (clause->indexcol <= until && !is_list(clause) && orch_binds(clause->rinfo, path->indexinfo, clause->indexcol))
			return true;
	}
	return false;
}

/* how often the scan is likely to be repeated: as cautious as the planner itself is */
static double
count_scans(PlannerInfo *root, Relids outer)
{
	double		count = 0;
	int			relid = -1;

	while ((relid = bms_next_member(outer, relid)) >= 0)
	{
		RelOptInfo *rel = relid < root->simple_rel_array_size ? root->simple_rel_array[relid] : NULL;

		if (rel && rel->rows > 0 && (count == 0 || rel->rows < count))
			count = rel->rows;
	}
	return Max(count, 1);
}

/* what the list has made it cost is taken back, too */
static void
improve_index_path(PlannerInfo *root, IndexPath *path)
{
	List	   *left = NIL;
	ListCell   *cell;

	foreach(cell, path->indexclauses)
	{
		IndexClause *clause = lfirst(cell);

		if (!is_list(clause) || !is_bound(path, clause->indexcol))
			left = lappend(left, clause);
	}
	if (list_length(left) == list_length(path->indexclauses))
		return;
	/* not in place: other paths share it */
	path->indexclauses = left;
	cost_index(path, root, count_scans(root, PATH_REQ_OUTER(&path->path)), false);
}

static void
improve_path(PlannerInfo *root, Path *path)
{
	List	   *parts = NIL;
	ListCell   *cell;

	if (IsA(path, IndexPath))
		improve_index_path(root, (IndexPath *) path);
	else if (IsA(path, BitmapHeapPath))
		improve_path(root, ((BitmapHeapPath *) path)->bitmapqual);
	else if (IsA(path, BitmapAndPath))
		parts = ((BitmapAndPath *) path)->bitmapquals;
	else if (IsA(path, BitmapOrPath))
		parts = ((BitmapOrPath *) path)->bitmapquals;
	foreach(cell, parts)
		improve_path(root, lfirst(cell));
}

static void
improve_paths(PlannerInfo *root, RelOptInfo *rel, Index relid, RangeTblEntry *entry)
{
	ListCell   *cell;

	if (previous_pathlist)
		previous_pathlist(root, rel, relid, entry);
	foreach(cell, rel->pathlist)
	{
		Path	   *path = lfirst(cell);

		if (path->param_info != NULL)
			improve_path(root, path);
	}
	orch_gate_paths(root, rel);
}

void
orch_rescans_init(void)
{
	previous_pathlist = set_rel_pathlist_hook;
	set_rel_pathlist_hook = improve_paths;
}
