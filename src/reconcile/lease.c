/*
 * lease.c
 *	  The lease that lets this database, and no copy of it, write: what is asked
 *	  of the engine, and the few rows that belong to it.
 *
 * What to do is decided by lease_state.c, what the lease is in a cluster by the
 * engine; where it has none, whoever opened it is the holder.  While the lease is
 * held no statement is between two renewals, and its requests wait for nothing.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/core.h"
#include "engine/engines.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "port.h"
#include "reconcile/call.h"
#include "reconcile/lease.h"
#include "storage/pmsignal.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* how often a holder looks whether somebody asked it to take over */
#define LOOK_MS 10000

/* leaving waits for so long until the release has arrived */
#define RELEASE_MS 1500

/* and looks so often at what else may have happened */
#define WAIT_MS 100

static List *open_leases = NIL; /* of OrchLease, in TopMemoryContext */

static OrchCall rows_call = {
	.what = "reading what is known of a lease",
	.sql = "SELECT take_over, of_cluster, holder, home FROM orchestration_internal.worker_lease($1)",
	.nargs = 1,
	.argtypes = {INT8OID}
};

static OrchCall remember_call = {
	.what = "remembering a start",
	.sql = "SELECT orchestration_internal.worker_remember_start($1, $2, $3)",
	.nargs = 3,
	.argtypes = {INT8OID, TEXTOID, TEXTOID}
};

static OrchCall taken_call = {
	.what = "noting that a cluster was taken over",
	.sql = "SELECT orchestration_internal.worker_taken_over($1, $2)",
	.nargs = 2,
	.argtypes = {INT8OID, TEXTOID}
};

/* ---- what the rows know */

static bool
is_ours(const OrchLeaseIdentity *me, const OrchLeaseIdentity *other)
{
	return other->system == me->system && other->database == me->database;
}

/*
 * Were these rows in force as another database or elsewhere, by the newest start
 * that they know?
 */
static bool
is_copy_of(const OrchLeaseIdentity *me, const OrchLeaseIdentity *newest)
{
	if (!is_ours(me, newest) || newest->timeline > me->timeline)
		return true;
	return newest->timeline == me->timeline && newest->home != me->home;
}

/*
 * The rows of this cluster come first, and the newest of them before the others.
 */
static void
read_rows(SPITupleTable *table, uint64 rows, void *arg)
{
	OrchLease  *lease = arg;
	OrchLeaseState *state = &lease->state;

	lease->take_over = rows > 0 && orch_column_bool(table, 0, 1);
	state->start_count = 0;
	for (uint64 i = 0; i < rows; i++)
	{
		char	   *holder = orch_column_text(table, i, 3);
		char	   *home = orch_column_text(table, i, 4);
		OrchLeaseIdentity start;

		if (holder == NULL || home == NULL || !orch_lease_parse(holder, &start))
			continue;
		start.home = strtoull(home, NULL, 16);
		if (is_ours(&state->me, &start) && state->start_count < ORCH_LEASE_STARTS)
			state->starts[state->start_count++] = start.nonce;
		if (i == 0 && orch_column_bool(table, 0, 2))
		{
			state->ever = true;
			state->copied = is_copy_of(&state->me, &start);
		}
	}
	state->take_over = lease->take_over && !state->mine;
	lease->rows_were_read = true;
}

static void
look_at_rows(OrchLease *lease, TimestampTz now)
{
	Datum		args[1];

	args[0] = Int64GetDatum(lease->cluster_id);
	(void) orch_call(&rows_call, args, NULL, read_rows, lease);
	lease->read_at = now;
}

/*
 * The rows must know this start before the Lease does: after a crash it is by
 * them that we know whose it was.
 */
static bool
remember_start(OrchLease *lease)
{
	Datum		args[3];

	if (lease->remembered == lease->state.me.nonce)
		return true;
	args[0] = Int64GetDatum(lease->cluster_id);
	args[1] = CStringGetTextDatum(orch_lease_self(lease));
	args[2] = CStringGetTextDatum(psprintf("%016" INT64_MODIFIER "x", lease->state.me.home));
	if (!orch_call(&remember_call, args, NULL, NULL, NULL))
		return false;
	lease->remembered = lease->state.me.nonce;
	lease->state.copied = false;
	return true;
}

static void
note_that_it_was_taken(OrchLease *lease)
{
	Datum		args[2];

	args[0] = Int64GetDatum(lease->cluster_id);
	args[1] = CStringGetTextDatum(orch_lease_self(lease));
	if (orch_call(&taken_call, args, NULL, NULL, NULL))
		lease->take_over = false;
}

/* ---- requests */

static bool
has_lease(const OrchLease *lease)
{
	return lease->engine->class->ask_lease != NULL;
}

static void
send_request(OrchLease *lease, const OrchLeaseStep *step)
{
	OrchLeaseAsk ask;

	orch_lease_write(lease, step, &ask);
	lease->under_way += lease->engine->class->ask_lease(lease->engine, &ask);
}

/* ---- steps */

static char *
describe(const OrchLease *lease, OrchLeaseWhy why)
{
	const OrchLeaseSeen *seen = &lease->state.seen;
	char	   *whose = *lease->seen_holder ? psprintf("the lease %s %s", seen->held ? "is held by" : "was released by", lease->seen_holder) : pstrdup("nobody holds the lease");
	char	   *only = psprintf("it is taken over only by SELECT orchestration.take_over(%s)", quote_literal_cstr(lease->cluster_name));

	switch (why)
	{
		case ORCH_LEASE_WHY_NONE:
			return pstrdup("the lease was released");
		case ORCH_LEASE_WHY_NOT_RENEWED:
			return pstrdup("the lease was not renewed in time");
		case ORCH_LEASE_WHY_TAKEN:
			return whose;
		case ORCH_LEASE_WHY_TWIN:
			return pstrdup("a copy of this running server renews the lease, too");
		case ORCH_LEASE_WHY_FORMER:
			return psprintf("%s, a former start of this database; it goes on when that has run out", whose);
		case ORCH_LEASE_WHY_EARLIER:
			return psprintf("%s, which was in force before this database was promoted; it goes on when that has run out", whose);
		case ORCH_LEASE_WHY_STOPPING:
			return pstrdup("the lease was taken over; the former holder is given the time to stop");
		case ORCH_LEASE_WHY_UNKNOWN:
			return pstrdup("nobody holds the lease; it is taken when that has lasted");
		case ORCH_LEASE_WHY_LATER:
			return psprintf("%s, a database that was promoted after this one; %s", whose, only);
		case ORCH_LEASE_WHY_DATABASE:
			return psprintf("%s, another database, of which this one is a copy or the other way round; %s", whose, only);
		case ORCH_LEASE_WHY_HOME:
			return psprintf("%s, another data directory, of which this one is a copy, or it was moved; %s", whose, only);
		case ORCH_LEASE_WHY_START:
			return psprintf("%s, a start that this data directory does not know: it is a copy, or older than it; %s", whose, only);
		case ORCH_LEASE_WHY_ROWS:
			return psprintf("nobody holds the lease, and the rows are a copy of another database's; %s", only);
		case ORCH_LEASE_WHY_FOREIGN:
			return psprintf("%s, who is unknown; %s", whose, only);
	}
	return whose;
}

static OrchLeaseEvent
do_step(OrchLease *lease, OrchLeaseInput *input)
{
	OrchLeaseEvent event = {0};
	OrchLeaseStep step;

	if (!pg_strong_random(&input->random, sizeof(input->random)))
		return event;
	step = orch_lease_state_step(&lease->state, input);
	event.kind = step.event;
	if (step.event == ORCH_LEASE_LOST || step.event == ORCH_LEASE_STANDBY)
		event.text = describe(lease, step.why);
	if (step.what == ORCH_LEASE_GET || step.what == ORCH_LEASE_RELEASE || (step.what != ORCH_LEASE_NOTHING && remember_start(lease)))
		send_request(lease, &step);
	return event;
}

/*
 * Nobody else can have it.
 */
void
orch_lease_hold(OrchLease *lease)
{
	lease->state.held = lease->state.mine = true;
	lease->state.held_until = lease->state.next_at = PG_INT64_MAX;
}

static OrchLeaseEvent
hold_for_ever(OrchLease *lease)
{
	OrchLeaseEvent event = {.kind = lease->state.held ? ORCH_LEASE_NO_EVENT : ORCH_LEASE_GAINED};

	orch_lease_hold(lease);
	return event;
}

/*
 * Called at every turn: renews, retries, and gives up in time.
 */
OrchLeaseEvent
orch_lease_turn(OrchLease *lease, TimestampTz now)
{
	OrchLeaseInput input = {.kind = ORCH_LEASE_TIME,.now = now};
	OrchLeaseEvent event = has_lease(lease) ? do_step(lease, &input) : hold_for_ever(lease);

	if (lease->state.mine && now >= TimestampTzPlusMilliseconds(lease->read_at, LOOK_MS))
		look_at_rows(lease, now);
	if (lease->state.mine && lease->take_over)
		note_that_it_was_taken(lease);
	return event;
}

static OrchLeaseInputKind
kind_of(OrchLeaseAnswer answer)
{
	switch (answer)
	{
		case ORCH_LEASE_ANSWER_READ:
			return ORCH_LEASE_SEEN;
		case ORCH_LEASE_ANSWER_WRITTEN:
			return ORCH_LEASE_WRITTEN;
		case ORCH_LEASE_ANSWER_ABSENT:
			return ORCH_LEASE_ABSENT;
		case ORCH_LEASE_ANSWER_CONFLICT:
			return ORCH_LEASE_CONFLICT;
		case ORCH_LEASE_ANSWER_FAILED:
			break;
	}
	return ORCH_LEASE_FAILED;
}

/*
 * Takes the answer to a request about the lease.
 */
OrchLeaseEvent
orch_lease_answer(OrchLease *lease, const OrchNews *news)
{
	OrchLeaseInput input = {.kind = kind_of(news->lease_answer),.now = orch_steady_now(),.request = news->number};
	OrchLeaseEvent event = {0};

	lease->under_way--;
	if (input.kind == ORCH_LEASE_SEEN || input.kind == ORCH_LEASE_WRITTEN)
		orch_lease_read(lease, news->lease, &input.seen);
	if (!lease->state.mine && !lease->state.released && (input.kind == ORCH_LEASE_SEEN || input.kind == ORCH_LEASE_ABSENT))
		look_at_rows(lease, input.now);
	/* without them nothing can be decided; it is looked again soon */
	if (!lease->rows_were_read && (input.kind == ORCH_LEASE_SEEN || input.kind == ORCH_LEASE_ABSENT))
		return event;
	event = do_step(lease, &input);
	if (event.kind == ORCH_LEASE_BROKEN)
	{
		event.refused = news->refused;
		event.text = pstrdup(news->error);
	}
	return event;
}

/* ---- beginning and end */

void
orch_lease_open(OrchLease *lease, OrchEngine *engine, int64 cluster_id, const char *cluster_name)
{
	OrchLeaseIdentity me = orch_lease_identity(cluster_id);
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

	memset(lease, 0, sizeof(*lease));
	orch_lease_state_init(&lease->state, &me);
	lease->engine = engine;
	lease->cluster_id = cluster_id;
	strlcpy(lease->cluster_name, cluster_name, sizeof(lease->cluster_name));
	open_leases = lappend(open_leases, lease);
	MemoryContextSwitchTo(caller);
}

static void
stop(OrchLease *lease)
{
	OrchLeaseInput input = {.kind = ORCH_LEASE_STOP,.now = orch_steady_now()};

	if (has_lease(lease))
		(void) do_step(lease, &input);
}

/*
 * Releases it, without waiting for the answer; nothing may be sent any more.
 */
void
orch_lease_close(OrchLease *lease)
{
	stop(lease);
	open_leases = list_delete_ptr(open_leases, lease);
}

static bool
is_pending(void)
{
	ListCell   *cell;

	foreach(cell, open_leases)
	{
		if (((OrchLease *) lfirst(cell))->under_way > 0)
			return true;
	}
	return false;
}

/*
 * Releases all that are held, as the process is about to end, and waits a moment
 * for the answers; what was under way may make it a conflict, and a second
 * request.  Reads and writes no row.
 */
void
orch_lease_finish(void)
{
	TimestampTz until = TimestampTzPlusMilliseconds(orch_steady_now(), RELEASE_MS);
	ListCell   *cell;

	MemoryContextSwitchTo(TopMemoryContext);
	foreach(cell, open_leases)
		stop(lfirst(cell));
	while (is_pending() && orch_steady_now() < until && PostmasterIsAlive())
	{
		orch_engines_wait(WAIT_MS);
		(void) orch_engines_take(WAIT_MS);
	}
}
