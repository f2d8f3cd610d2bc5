/*
 * statement_snapshot.c
 *	  Gives up the snapshot of the running statement while it only waits.
 *
 * A function is called with the snapshot of its statement registered, and as
 * long as it is, vacuum keeps every row version that died since: a waiter of
 * ten minutes would bloat the whole database.  Where the statement reads no
 * table ("SELECT wait_for_container(...)", which is how it is called) nothing
 * depends on the old snapshot, so it is exchanged for a new one afterwards.
 * Anything else keeps its snapshot.  Only for READ COMMITTED: the caller checks.
 */
#include "postgres.h"

#include "core/statement_snapshot.h"
#include "executor/execdesc.h"
#include "nodes/execnodes.h"
#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"
#include "tcop/pquery.h"
#include "utils/snapmgr.h"

static bool
reads_no_table(PlannedStmt *statement)
{
	ListCell   *lc;

	if (statement->commandType != CMD_SELECT || statement->hasModifyingCTE || statement->rowMarks != NIL)
		return false;
	foreach(lc, statement->rtable)
	{
		RangeTblEntry *entry = lfirst_node(RangeTblEntry, lc);

		if (entry->rtekind != RTE_RESULT && entry->rtekind != RTE_FUNCTION)
			return false;
	}
	return true;
}

/*
 * Gives up the statement's snapshot if that is safe.  Returns what
 * orch_snapshot_renew wants, NULL if the snapshot was kept.  An error in
 * between needs no renewal: the statement ends with it.
 */
Portal
orch_snapshot_release(void)
{
	Portal		portal = ActivePortal;
	QueryDesc  *query;

	if (portal == NULL || portal->strategy != PORTAL_ONE_SELECT || portal->queryDesc == NULL)
		return NULL;
	query = portal->queryDesc;
	/* called by the statement itself, not by a function with a snapshot of its own */
	if (!ActiveSnapshotSet() || GetActiveSnapshot() != query->snapshot ||
		query->estate == NULL || query->estate->es_snapshot != query->snapshot ||
		!reads_no_table(query->plannedstmt))
		return NULL;

	PopActiveSnapshot();
	UnregisterSnapshotFromOwner(query->estate->es_snapshot, portal->resowner);
	query->estate->es_snapshot = InvalidSnapshot;
	UnregisterSnapshotFromOwner(query->snapshot, portal->resowner);
	query->snapshot = InvalidSnapshot;
	return portal;
}

/*
 * Gives the statement a new snapshot.
 */
void
orch_snapshot_renew(Portal portal)
{
	QueryDesc  *query;

	if (portal == NULL)
		return;
	query = portal->queryDesc;
	query->snapshot = RegisterSnapshotOnOwner(GetTransactionSnapshot(), portal->resowner);
	query->estate->es_snapshot = RegisterSnapshotOnOwner(query->snapshot, portal->resowner);
	PushActiveSnapshot(query->snapshot);
}
