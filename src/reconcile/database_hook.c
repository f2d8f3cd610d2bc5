/*
 * database_hook.c
 *	  Makes a worker leave before its database is dropped, renamed, moved or copied.
 *
 * PostgreSQL refuses all four while somebody is connected, and does not count
 * background workers as nobody.  The worker comes back when the command is
 * over, if the database is still there.  It leaves only for a command that will go
 * through (database_command.c), and whoever it left for is known, so that it
 * comes back however that session ends.
 */
#include "postgres.h"

#include <signal.h>

#include "core/compat.h"
#include "core/core.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "reconcile/database_command.h"
#include "reconcile/reconcile.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "tcop/utility.h"
#include "utils/timestamp.h"

/* longer than a worker needs to leave: it holds no long transaction */
#define LEAVE_TIMEOUT_MS 10000

static ProcessUtility_hook_type previous_hook = NULL;

/* what this session keeps empty now; a session runs one such command at a time */
static Oid	kept_empty = InvalidOid;

/*
 * Keeps our processes out of the database; false while one is there, or while another
 * session wants the same.  The worker sees that it is not wanted; a maintenance step
 * or a rotation may be long and is ended.
 */
static bool
keep_out(Oid database)
{
	OrchWorkerSlot *slot;
	bool		empty = true;

	orch_shmem_lock();
	slot = orch_shmem_claim_slot(database);
	if (slot != NULL)
	{
		if (!slot->inhibited)
		{
			slot->inhibited = true;
			slot->inhibitor_pid = MyProcPid;
			slot->inhibitor_proc = orch_my_proc_number();
			kept_empty = database;
		}
		empty = slot->inhibitor_pid == MyProcPid && orch_shmem_slot_is_empty(slot);
		if (slot->maintenance_pid != 0)
			(void) kill(slot->maintenance_pid, SIGTERM);
		if (slot->rotation_pid != 0)
			(void) kill(slot->rotation_pid, SIGTERM);
	}
	orch_shmem_unlock();
	return empty;
}

/*
 * Lets them in again.  Does not throw.
 */
static void
let_in(void)
{
	OrchWorkerSlot *slot;

	if (!OidIsValid(kept_empty))
		return;
	orch_shmem_lock();
	slot = orch_shmem_find_slot(kept_empty);
	if (slot != NULL && slot->inhibited && slot->inhibitor_pid == MyProcPid)
	{
		slot->inhibited = false;
		/* one that came meanwhile has gone again without a word */
		if (slot->state == ORCH_SLOT_STARTING && slot->pid == 0)
		{
			slot->state = ORCH_SLOT_FAILED;
			slot->next_start_at = 0;
		}
	}
	kept_empty = InvalidOid;
	orch_shmem_unlock();
	orch_shmem_wake_launcher();
}

/* a session that is terminated runs no PG_FINALLY */
static void
let_in_at_exit(int code, Datum arg)
{
	let_in();
}

static void
register_exit(void)
{
	static bool registered = false;

	if (!registered)
		before_shmem_exit(let_in_at_exit, 0);
	registered = true;
}

/*
 * Waits until no process of ours is connected to the database, or for the timeout: then
 * PostgreSQL's own error says who is there.
 */
static void
wait_until_left(Oid database)
{
	TimestampTz end = TimestampTzPlusMilliseconds(orch_steady_now(), LEAVE_TIMEOUT_MS);

	while (!keep_out(database) && orch_steady_now() < end)
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

/*
 * The database that our processes have to leave for the statement, or InvalidOid.
 */
static Oid
database_to_leave(PlannedStmt *pstmt, ProcessUtilityContext context)
{
	Oid			database = orch_shmem_available() ? orch_database_command_needs(pstmt) : InvalidOid;

	return OidIsValid(database) && orch_database_command_goes_through(pstmt, context) ? database : InvalidOid;
}

static void
utility_hook(PlannedStmt *pstmt, const char *query, bool read_only_tree, ProcessUtilityContext context,
			 ParamListInfo params, QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *completion)
{
	Oid			database = database_to_leave(pstmt, context);

	if (!OidIsValid(database))
	{
		next_hook() (pstmt, query, read_only_tree, context, params, environment, dest, completion);
		return;
	}

	register_exit();
	PG_TRY();
	{
		wait_until_left(database);
		next_hook() (pstmt, query, read_only_tree, context, params, environment, dest, completion);
	}
	PG_FINALLY();
	{
		let_in();
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
