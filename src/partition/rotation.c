/*
 * rotation.c
 *	  Takes the steps of partition_plan(), within a process of its own.
 *
 * Each step is a transaction, and the plan is made anew when they are taken.
 * What cannot be executed inside of a transaction or a function (DETACH PARTITION
 * CONCURRENTLY) goes through a portal, as a statement of a client does.
 * A lock that a reader could be held up by is waited for only a moment, again
 * and again.
 */
#include "partition/partition.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/core.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "tcop/dest.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#define LOCK_WAIT_MS 10000
#define PAUSE_MS 250

typedef struct Step
{
	char	   *name;
	char	   *table;
	char	   *partition;
	Oid			relation;
	bool		has_relation;
	TimestampTz month;
	char	   *statement;		/* at top level; NULL: take_partition_step() */
} Step;

/*
 * How long a step waits for a lock, and how often.  detach waits without a lock
 * of its own for those who use the table, and is finished by finalize when they
 * take longer; finalize waits longer than whoever started us, who has a snapshot.
 * What moves an attached month queues for a lock that readers queue behind.
 */
static const struct
{
	const char *name;
	const char *lock_timeout;
	int			attempts;
}			patience[] = {
	{"create", "2s", 5},
	{"finalize", "2s", 15},
	{"detach", "60s", 1},
	{"move", "20ms", 200},
	{"drop", "2s", 5},
};

static MemoryContext run_context;	/* for the whole rotation */
static MemoryContext plan_context;	/* for a plan */
static MemoryContext step_context;	/* for a step of it */
static List *tried = NIL;		/* keys of steps */

/*
 * One rotation at a time in a database; false when another one does not end.
 */
bool
orch_rotation_lock(void)
{
	TimestampTz end = TimestampTzPlusMilliseconds(orch_steady_now(), LOCK_WAIT_MS);
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, 0, 0, ORCH_PARTITION_LOCK_CLASS);
	while (LockAcquire(&tag, ExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
	{
		if (orch_steady_now() > end)
			return false;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, PAUSE_MS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	return true;
}

/* ---- inside of a transaction ---- */

static void
execute(const char *sql, int count, Oid *types, Datum *values, const char *nulls)
{
	if (SPI_execute_with_args(sql, count, types, values, nulls, false, 0) < 0)
		elog(ERROR, "could not execute \"%s\"", sql);
}

static char *
keep_text(uint64 row, int column)
{
	char	   *value = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);

	return value ? MemoryContextStrdup(plan_context, value) : NULL;
}

static Datum
tried_array(void)
{
	Datum	   *keys = palloc(sizeof(Datum) * Max(list_length(tried), 1));
	ListCell   *cell;
	int			count = 0;

	foreach(cell, tried)
		keys[count++] = CStringGetTextDatum(lfirst(cell));
	return PointerGetDatum(construct_array(keys, count, TEXTOID, -1, false, TYPALIGN_INT));
}

static Step *
keep_step(uint64 row)
{
	Step	   *step = MemoryContextAllocZero(plan_context, sizeof(Step));
	bool		isnull;
	Datum		value;

	step->name = keep_text(row, 1);
	step->table = keep_text(row, 2);
	step->partition = keep_text(row, 3);
	value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 4, &isnull);
	step->has_relation = !isnull;
	step->relation = isnull ? InvalidOid : DatumGetObjectId(value);
	value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 5, &isnull);
	step->month = isnull ? 0 : DatumGetTimestampTz(value);
	step->statement = keep_text(row, 6);
	return step;
}

/*
 * What is due and was not tried yet.
 */
static void
read_plan(void *arg)
{
	List	  **plan = arg;
	Oid			types[] = {TEXTARRAYOID};
	Datum		values[1];

	values[0] = tried_array();
	execute("SELECT p.step, p.table_name, p.partition_name, p.relation, p.month, p.statement FROM orchestration_internal.partition_plan() p"
			" WHERE p.step || ' ' || p.partition_name <> ALL ($1)", 1, types, values, NULL);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		Step	   *step = keep_step(row);
		MemoryContext previous = MemoryContextSwitchTo(plan_context);

		*plan = lappend(*plan, step);
		MemoryContextSwitchTo(run_context);
		tried = lappend(tried, psprintf("%s %s", step->name, step->partition));
		MemoryContextSwitchTo(previous);
	}
}

static void
mark_expired(void *arg)
{
	execute("SELECT orchestration_internal.mark_expired_partitions()", 0, NULL, NULL, NULL);
}

/* name, table, partition, relation, and one more */
static void
execute_for_step(const char *sql, const Step *step, Oid type, Datum value, bool isnull)
{
	Oid			types[] = {TEXTOID, TEXTOID, TEXTOID, OIDOID, type};
	Datum		values[5];
	char		nulls[] = "     ";

	values[0] = CStringGetTextDatum(step->name);
	values[1] = CStringGetTextDatum(step->table);
	values[2] = CStringGetTextDatum(step->partition);
	values[3] = ObjectIdGetDatum(step->relation);
	values[4] = value;
	nulls[3] = step->has_relation ? ' ' : 'n';
	nulls[4] = isnull ? 'n' : ' ';
	execute(sql, 5, types, values, nulls);
}

static void
take_step(void *arg)
{
	const Step *step = arg;

	execute_for_step("SELECT orchestration_internal.take_partition_step($1, $2, $3, $4, $5)", step,
					 TIMESTAMPTZOID, TimestampTzGetDatum(step->month), step->month == 0);
}

static void
record_done(void *arg)
{
	execute_for_step("SELECT orchestration_internal.record_partition_step($1, $2, $3, $4, $5)", arg, TEXTOID, (Datum) 0, true);
}

static void
note_begun(void *arg)
{
	const Step *step = arg;
	Oid			types[] = {TEXTOID};
	Datum		values[1];

	values[0] = CStringGetTextDatum(step->partition);
	execute("SELECT orchestration_internal.note_partition_step($1)", 1, types, values, NULL);
}

typedef struct Failure
{
	const Step *step;
	ErrorData  *error;
} Failure;

static void
record_failure(void *arg)
{
	Failure    *failure = arg;

	execute_for_step("SELECT orchestration_internal.record_partition_step($1, $2, $3, $4, $5)", failure->step,
					 TEXTOID, CStringGetTextDatum(failure->error->message), false);
}

static void
record_wait(void *arg)
{
	Failure    *failure = arg;
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[2];

	values[0] = CStringGetTextDatum(failure->step->partition);
	values[1] = CStringGetTextDatum(failure->error->message);
	execute("SELECT orchestration_internal.note_partition_step($1, $2)", 2, types, values, NULL);
}

/* ---- transactions ---- */

typedef void (*Work) (void *arg);

static void
run_spi(Work work, void *arg)
{
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	work(arg);
	SPI_finish();
	PopActiveSnapshot();
}

/*
 * A utility statement as a client would send it: outside of a transaction
 * block, free to commit and to begin anew.
 */
static void
run_at_top_level(void *arg)
{
	const char *sql = ((const Step *) arg)->statement;
	MemoryContext caller = MemoryContextSwitchTo(step_context);
	RawStmt    *parsed = linitial_node(RawStmt, pg_parse_query(sql));
	PlannedStmt *planned = makeNode(PlannedStmt);
	Portal		portal = CreatePortal("", true, true);

	planned->commandType = CMD_UTILITY;
	planned->canSetTag = true;
	planned->utilityStmt = parsed->stmt;
	planned->stmt_location = parsed->stmt_location;
	planned->stmt_len = parsed->stmt_len;
	portal->visible = false;
	PortalDefineQuery(portal, NULL, sql, CreateCommandTag(parsed->stmt), list_make1(planned), NULL);
	PortalStart(portal, NULL, 0, InvalidSnapshot);
	(void) orch_portal_run(portal, None_Receiver);
	PortalDrop(portal, false);
	MemoryContextSwitchTo(caller);
}

/*
 * Runs work in a transaction; the error, in step_context, if it failed.
 */
static ErrorData *
in_transaction(Work work, void *arg)
{
	ErrorData  *volatile error = NULL;

	PG_TRY();
	{
		SetCurrentStatementStartTimestamp();
		StartTransactionCommand();
		if (work == run_at_top_level)
			work(arg);
		else
			run_spi(work, arg);
		CommitTransactionCommand();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(step_context);
		HOLD_INTERRUPTS();
		error = CopyErrorData();
		AbortOutOfAnyTransaction();
		FlushErrorState();
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(step_context);
	return error;
}

/* ---- steps ---- */

static int
find_patience(const char *name)
{
	for (int i = 0; i < lengthof(patience); i++)
	{
		if (strcmp(patience[i].name, name) == 0)
			return i;
	}
	elog(ERROR, "unknown step \"%s\"", name);
}

static bool
held_up(ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE || error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED;
}

static ErrorData *
attempt(Step *step)
{
	int			which = find_patience(step->name);
	ErrorData  *error = NULL;

	for (int i = 0; i < patience[which].attempts; i++)
	{
		if (i > 0)
			(void) WaitLatch(MyLatch, WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, PAUSE_MS, PG_WAIT_EXTENSION);
		CHECK_FOR_INTERRUPTS();
		SetConfigOption("lock_timeout", patience[which].lock_timeout, PGC_USERSET, PGC_S_OVERRIDE);
		error = in_transaction(step->statement ? run_at_top_level : take_step, step);
		SetConfigOption("lock_timeout", "2s", PGC_USERSET, PGC_S_OVERRIDE);
		if (error == NULL || !held_up(error))
			break;
	}
	return error;
}

static void
report(const Step *step, ErrorData *error)
{
	Failure		failure = {step, error};
	ErrorData  *second;

	ereport(held_up(error) ? LOG : WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("could not %s partition \"%s\": %s", step->name, step->partition, error->message)));
	second = in_transaction(held_up(error) ? record_wait : record_failure, &failure);
	if (second)
		ReThrowError(second);
}

static void
run_step(Step *step)
{
	ErrorData  *error = NULL;

	pgstat_report_activity(STATE_RUNNING, psprintf("%s %s", step->name, step->partition));
	if (step->has_relation)
		error = in_transaction(note_begun, step);
	if (error == NULL)
		error = attempt(step);
	if (error == NULL && step->statement)
		error = in_transaction(record_done, step);
	if (error)
		report(step, error);
	pgstat_report_stat(true);
}

static List *
make_plan(void)
{
	List	   *plan = NIL;
	ErrorData  *error = in_transaction(read_plan, &plan);

	if (error)
		ReThrowError(error);
	return plan;
}

/*
 * Takes each step that is due once, and then those that have become due by it.
 * The caller holds orch_rotation_lock().
 */
void
orch_rotation_run(void)
{
	List	   *plan;
	ErrorData  *error;

	run_context = AllocSetContextCreate(TopMemoryContext, "orchestration rotation", ALLOCSET_DEFAULT_SIZES);
	plan_context = AllocSetContextCreate(run_context, "orchestration rotation plan", ALLOCSET_DEFAULT_SIZES);
	step_context = AllocSetContextCreate(run_context, "orchestration rotation step", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(step_context);
	SetConfigOption("lock_timeout", "2s", PGC_USERSET, PGC_S_OVERRIDE);
	pgstat_report_activity(STATE_RUNNING, "looking for partitions that are due");
	error = in_transaction(mark_expired, NULL);
	if (error)
		ReThrowError(error);
	while ((plan = make_plan()) != NIL)
	{
		ListCell   *cell;

		foreach(cell, plan)
		{
			run_step(lfirst(cell));
			MemoryContextReset(step_context);
		}
		MemoryContextReset(plan_context);
	}
}
