/*
 * slow.c
 *	  Counts statements that took long, by database: whoever looks once a minute
 *	  sees those that run then, and not the many that have ended in between.
 *
 * A statement is told by when it began, so that one with many inner ones counts
 * once.  It is seen when an executor ends, and, as utilities have none and what
 * is cancelled does not get there, when its transaction ends.
 */
#include "postgres.h"

#include "access/xact.h"
#include "core/compat.h"
#include "core/core.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "monitor/monitor.h"
#include "utils/backend_status.h"
#include "utils/timestamp.h"

/* as the indicator slow_queries says */
#define SLOW_MS 5000

typedef struct SlowCount
{
	Oid			database;
	int64		statements;
} SlowCount;

typedef struct Slow
{
	SlowCount	counts[ORCH_MAX_WORKERS];
} Slow;

static Slow *slow = NULL;
static ExecutorEnd_hook_type previous_end = NULL;

/* the statement that was counted last */
static TimestampTz counted = 0;

/*
 * The count of a database, lock held; NULL when it has none and there is no room
 * for one more.
 */
static SlowCount *
count_of(Oid database, bool make)
{
	for (int i = 0; i < ORCH_MAX_WORKERS; i++)
	{
		SlowCount  *count = &slow->counts[i];

		if (count->database == database)
			return count;
		if (OidIsValid(count->database))
			continue;
		if (make)
			count->database = database;
		return make ? count : NULL;
	}
	return NULL;
}

/*
 * A session that waits for a container was asked to wait.
 */
static bool
is_at_work(void)
{
	return MyBEEntry != NULL && MyBEEntry->st_backendType == B_BACKEND && MyBEEntry->st_state == STATE_RUNNING &&
		strstr(MyBEEntry->st_activity_raw, "wait_for_container(") == NULL;
}

static void
look(void)
{
	TimestampTz began = GetCurrentStatementStartTimestamp();
	SlowCount  *count;

	if (slow == NULL || began == counted || !OidIsValid(MyDatabaseId) ||
		!TimestampDifferenceExceeds(began, GetCurrentTimestamp(), SLOW_MS) || !is_at_work())
		return;
	counted = began;
	orch_shmem_lock();
	count = count_of(MyDatabaseId, true);
	if (count != NULL)
		count->statements++;
	orch_shmem_unlock();
}

static void
end_executor(QueryDesc *query)
{
	if (previous_end)
		previous_end(query);
	else
		standard_ExecutorEnd(query);
	look();
}

static void
end_transaction(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT)
		look();
}

void
orch_slow_init(void)
{
	static const OrchShmemPiece piece = {"orchestration slow statements", sizeof(Slow), (void **) &slow, NULL, NULL};

	orch_shmem_add(&piece);
	previous_end = ExecutorEnd_hook;
	ExecutorEnd_hook = end_executor;
	RegisterXactCallback(end_transaction, NULL);
}

ORCH_FUNCTION(orch_slow_statements);

/*
 * slow_statements(): how many have ended in this database since the server
 * started; NULL when nobody counts.
 */
Datum
orch_slow_statements(PG_FUNCTION_ARGS)
{
	SlowCount  *count;
	int64		statements;

	if (slow == NULL)
		PG_RETURN_NULL();
	orch_shmem_lock();
	count = count_of(MyDatabaseId, false);
	statements = count ? count->statements : 0;
	orch_shmem_unlock();
	PG_RETURN_INT64(statements);
}
