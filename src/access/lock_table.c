/*
 * lock_table.c
 *	  LOCK TABLE on our tables is for their owner.
 *
 * PostgreSQL grants it to whoever may write a row, and whoever takes a lock
 * and keeps it stops the worker and with it everybody else.  What a statement
 * that reads or writes rows takes by itself may be taken (pg_dump does), more
 * may not.  Views are looked through, as PostgreSQL locks what is below them.
 */
#include "postgres.h"

#include "access/access.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "core/compat.h"
#include "core/core.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "rewrite/rewriteHandler.h"
#include "storage/lockdefs.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

static ProcessUtility_hook_type previous_hook = NULL;

static Oid	refused_in(Oid relation);

static bool
is_owner(Oid relation)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	bool		owner;

	if (!HeapTupleIsValid(tuple))
		return true;			/* gone: the statement will say so */
	owner = has_privs_of_role(GetUserId(), ((Form_pg_class) GETSTRUCT(tuple))->relowner);
	ReleaseSysCache(tuple);
	return owner;
}

typedef struct Walk
{
	Oid			view;			/* whose query it is */
	Oid			refused;		/* what was found */
} Walk;

/*
 * Looks for a table that the caller may not lock; true ends the walk.
 */
static bool
find_refused(Node *node, void *context)
{
	Walk	   *walk = context;

	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		RangeTblEntry *entry = (RangeTblEntry *) node;

		/* before PostgreSQL 16 a view's query names the view itself, for its rules */
		if (entry->rtekind == RTE_RELATION && entry->relid != walk->view)
			walk->refused = refused_in(entry->relid);
		return OidIsValid(walk->refused);
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, find_refused, context, QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, find_refused, context);
}

/*
 * A relation that may not be locked, of those that LOCK TABLE would lock with
 * this one; InvalidOid if there is none.
 */
static Oid
refused_in(Oid relation)
{
	Walk		walk = {relation, InvalidOid};

	check_stack_depth();
	if (orch_is_our_relation(relation))
		return is_owner(relation) ? InvalidOid : relation;
	if (get_rel_relkind(relation) == RELKIND_VIEW)
	{
		Relation	view = table_open(relation, AccessShareLock);

		(void) find_refused((Node *) get_view_query(view), &walk);
		table_close(view, AccessShareLock);
	}
	return walk.refused;
}

static void
check_lock(LockStmt *statement)
{
	ListCell   *cell;

	if (statement->mode <= RowExclusiveLock || superuser() || orch_is_worker_process())
		return;
	foreach(cell, statement->relations)
	{
		Oid			relation = RangeVarGetRelid(lfirst_node(RangeVar, cell), NoLock, true);
		Oid			refused = OidIsValid(relation) ? refused_in(relation) : InvalidOid;

		if (OidIsValid(refused))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("permission denied to lock table \"%s\"", get_rel_name(refused)),
					 errdetail("It would stop the worker, which writes for everybody."),
					 errhint("SELECT ... FOR UPDATE locks rows.")));
	}
}

static void
utility_hook(PlannedStmt *pstmt, const char *query, bool read_only_tree, ProcessUtilityContext context,
			 ParamListInfo params, QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *completion)
{
	LockStmt   *lock = IsA(pstmt->utilityStmt, LockStmt) ? (LockStmt *) pstmt->utilityStmt : NULL;

	if (lock)
		check_lock(lock);
	(previous_hook ? previous_hook : standard_ProcessUtility)
		(pstmt, query, read_only_tree, context, params, environment, dest, completion);
	/* what the names mean may have changed before they were locked */
	if (lock)
		check_lock(lock);
}

/*
 * Installs the hook; called from _PG_init while the postmaster preloads.
 */
void
orch_lock_table_init(void)
{
	previous_hook = ProcessUtility_hook;
	ProcessUtility_hook = utility_hook;
}
