/*
 * database_hook.c
 *	  Makes a worker leave before its database is dropped, renamed or copied.
 *
 * PostgreSQL refuses all three while somebody is connected, and does not count
 * background workers as nobody.  The worker comes back when the command is
 * over, if the database is still there.
 */
#include "postgres.h"

#include <signal.h>

#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "core/compat.h"
#include "core/core.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "pgstat.h"
#include "reconcile/reconcile.h"
#include "storage/latch.h"
#include "tcop/utility.h"
#include "utils/timestamp.h"

/* longer than a worker needs to leave: it holds no long transaction */
#define LEAVE_TIMEOUT_MS 10000

static ProcessUtility_hook_type previous_hook = NULL;

/*
 * Finds the database that the statement needs empty, or InvalidOid.
 */
static Oid
database_to_leave(Node *statement)
{
	const char *name = NULL;

	if (IsA(statement, DropdbStmt))
		name = ((DropdbStmt *) statement)->dbname;
	else if (IsA(statement, RenameStmt) && ((RenameStmt *) statement)->renameType == OBJECT_DATABASE)
		name = ((RenameStmt *) statement)->subname;
	else if (IsA(statement, CreatedbStmt))
	{
		ListCell   *cell;

		foreach(cell, ((CreatedbStmt *) statement)->options)
		{
			DefElem    *option = lfirst_node(DefElem, cell);

			if (strcmp(option->defname, "template") == 0 && option->arg != NULL)
				name = defGetString(option);
		}
	}
	return name ? get_database_oid(name, true) : InvalidOid;
}

/*
 * Keeps processes out of the database, or no longer; false while one is there.
 * The worker sees that it is not wanted; a maintenance step or a rotation may be
 * long and is ended.
 */
static bool
inhibit(Oid database, bool inhibited)
{
	OrchWorkerSlot *slot;
	bool		empty = true;

	orch_shmem_lock();
	slot = inhibited ? orch_shmem_claim_slot(database) : orch_shmem_find_slot(database);
	if (slot != NULL)
	{
		slot->inhibited = inhibited;
		empty = slot->pid == 0 && slot->maintenance_pid == 0 && slot->rotation_pid == 0;
		if (inhibited && slot->maintenance_pid != 0)
			(void) kill(slot->maintenance_pid, SIGTERM);
		if (inhibited && slot->rotation_pid != 0)
			(void) kill(slot->rotation_pid, SIGTERM);
	}
	orch_shmem_unlock();
	return empty;
}

/*
 * Waits until no process of ours is connected to the database, or for the timeout: then
 * PostgreSQL's own error says who is there.
 */
static void
wait_until_left(Oid database)
{
	TimestampTz end = TimestampTzPlusMilliseconds(orch_steady_now(), LEAVE_TIMEOUT_MS);

	while (!inhibit(database, true) && orch_steady_now() < end)
	{
		orch_shmem_wake_worker(database);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 20L, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

/* what is hooked in does not change any more once it can be called */
static ProcessUtility_hook_type
next_hook(void)
{
	return previous_hook ? previous_hook : standard_ProcessUtility;
}

static void
utility_hook(PlannedStmt *pstmt, const char *query, bool read_only_tree, ProcessUtilityContext context,
			 ParamListInfo params, QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *completion)
{
	Oid			database = orch_shmem_available() ? database_to_leave(pstmt->utilityStmt) : InvalidOid;

	if (!OidIsValid(database))
	{
		next_hook() (pstmt, query, read_only_tree, context, params, environment, dest, completion);
		return;
	}

	PG_TRY();
	{
		wait_until_left(database);
		next_hook() (pstmt, query, read_only_tree, context, params, environment, dest, completion);
	}
	PG_FINALLY();
	{
		(void) inhibit(database, false);
		orch_shmem_wake_launcher();
	}
	PG_END_TRY();
}

/*
 * Installs the hook; called from _PG_init while the postmaster preloads.
 */
void
orch_database_hook_init(void)
{
	previous_hook = ProcessUtility_hook;
	ProcessUtility_hook = utility_hook;
}
