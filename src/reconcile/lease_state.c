/*
 * lease_state.c
 *	  Who may write into a cluster: what to do about the Lease.
 *
 * Pure: what is known (OrchLeaseState), an input and the time give what to do,
 * what happened, and until when the Lease is held.  The caller moves bytes.
 *
 * Whose the Lease becomes when its holder does not renew it (rights[]):
 *
 *	row	the Lease names, or was released by		we take it
 *	1	nobody known, released					when it has not changed for its time
 *	2	nobody known, released; our rows are
 *		another's								never
 *	3	a holder that is none of ours			never
 *	4	another system or database				never
 *	5	a later timeline						never
 *	6	an earlier timeline						when it has run out
 *	7	our timeline, no nonce (an old release)	when it has run out
 *	8	our timeline, another home				never
 *	9	our timeline and home, a start that our
 *		rows do not know						never
 *	10	our timeline, home and place, a start
 *		that our rows know, or this very one	at once: that process is dead
 *	11	the same, another place					when it has run out
 *	12	the same, another cluster of this very
 *		start: registered twice					when it has run out
 *
 * What was released is taken at once where it would be when it has run out
 * (6, 7, 11, 12).  "Never" means until take_over(); that takes it at once in every
 * row, and waits with writing until the former holder has stopped for sure.
 *
 * What there is not (404) is made at once by its holder and by an installation
 * that never had one; by others when it has been missing for its time, so that
 * the holder comes first, and they wait with writing for that long again.  Where
 * our rows are another's, never.
 *
 * Why no two hold it: a holder trusts a write for TRUST from before it was sent.
 * Every other one that takes it has seen it unchanged for DURATION, or knows its
 * holder to have stopped, or holds it only by a write that was sent DURATION after
 * the other's last one.  Every write names the version that was read, so that none
 * passes over another.
 */
#include <string.h>

#include "reconcile/lease_state.h"

typedef enum Right
{
	NEVER,
	WHEN_RUN_OUT,
	AT_ONCE
} Right;

void
orch_lease_state_init(OrchLeaseState *state, const OrchLeaseIdentity *me)
{
	memset(state, 0, sizeof(*state));
	state->me = *me;
}

/*
 * Does only take_over() help?
 */
bool
orch_lease_why_is_final(OrchLeaseWhy why)
{
	return why >= ORCH_LEASE_WHY_LATER;
}

/*
 * Is it a start of the server that our rows know?
 */
static bool
is_start(const OrchLeaseState *state, uint64_t nonce)
{
	uint64_t	start = ORCH_LEASE_START(nonce);

	if (start == ORCH_LEASE_START(state->me.nonce))
		return true;
	for (int i = 0; i < state->start_count; i++)
	{
		if (ORCH_LEASE_START(state->starts[i]) == start)
			return true;
	}
	return false;
}

/* Newest first; the oldest one is forgotten. */
static void
add_start(OrchLeaseState *state, uint64_t nonce)
{
	memmove(state->starts + 1, state->starts, sizeof(state->starts[0]) * (ORCH_LEASE_STARTS - 1));
	state->starts[0] = nonce;
	if (state->start_count < ORCH_LEASE_STARTS)
		state->start_count++;
}

/*
 * The rows of the table that are about one system, database and timeline.
 */
static Right
right_of_start(const OrchLeaseState *state, const OrchLeaseIdentity *holder, OrchLeaseWhy *why)
{
	*why = ORCH_LEASE_WHY_FORMER;
	if (holder->nonce == 0)
		return WHEN_RUN_OUT;
	if (holder->home != state->me.home)
	{
		*why = ORCH_LEASE_WHY_HOME;
		return NEVER;
	}
	if (!is_start(state, holder->nonce))
	{
		*why = ORCH_LEASE_WHY_START;
		return NEVER;
	}
	if (ORCH_LEASE_START(holder->nonce) == ORCH_LEASE_START(state->me.nonce) && holder->nonce != state->me.nonce)
		return WHEN_RUN_OUT;
	return holder->place == state->me.place && !state->contested ? AT_ONCE : WHEN_RUN_OUT;
}

/*
 * The table in the head of this file; why says what we wait for.
 */
static Right
right_to(const OrchLeaseState *state, OrchLeaseWhy *why)
{
	const OrchLeaseIdentity *holder = &state->seen.holder;
	Right		right = NEVER;

	if (holder->system == 0)
	{
		*why = state->seen.held ? ORCH_LEASE_WHY_FOREIGN : state->copied ? ORCH_LEASE_WHY_ROWS : ORCH_LEASE_WHY_UNKNOWN;
		return *why == ORCH_LEASE_WHY_UNKNOWN ? WHEN_RUN_OUT : NEVER;
	}
	if (holder->system != state->me.system || holder->database != state->me.database)
		*why = ORCH_LEASE_WHY_DATABASE;
	else if (holder->timeline > state->me.timeline)
		*why = ORCH_LEASE_WHY_LATER;
	else if (holder->timeline < state->me.timeline)
	{
		*why = ORCH_LEASE_WHY_EARLIER;
		right = WHEN_RUN_OUT;
	}
	else
		right = right_of_start(state, holder, why);
	return right == WHEN_RUN_OUT && !state->seen.held ? AT_ONCE : right;
}

/* For how long a holder may believe in what it wrote, and then some. */
static int64_t
life(const OrchLeaseState *state)
{
	return state->seen.duration > ORCH_LEASE_DURATION ? state->seen.duration : ORCH_LEASE_DURATION;
}

static OrchLeaseRequest *
find_request(OrchLeaseState *state, uint32_t number)
{
	for (int i = 0; i < ORCH_LEASE_REQUESTS; i++)
	{
		if (number != 0 && state->requests[i].number == number)
			return &state->requests[i];
	}
	return NULL;
}

static OrchLeaseRequest *
find_write(OrchLeaseState *state, uint64_t stamp)
{
	for (int i = 0; i < ORCH_LEASE_REQUESTS; i++)
	{
		if (state->requests[i].number != 0 && state->requests[i].what != ORCH_LEASE_GET && state->requests[i].stamp == stamp)
			return &state->requests[i];
	}
	return NULL;
}

static void
send(OrchLeaseState *state, const OrchLeaseInput *input, OrchLeaseStep *step, OrchLeaseDo what, int64_t wait_until)
{
	OrchLeaseRequest *request = &state->requests[++state->last_number % ORCH_LEASE_REQUESTS];

	request->number = state->last_number;
	request->what = what;
	request->stamp = input->random;
	request->sent_at = input->now;
	request->wait_until = wait_until;
	request->is_first = false;
	step->what = what;
	step->request = request->number;
	step->stamp = request->stamp;
	step->acquires = !state->mine;
	step->waiting = wait_until > input->now;
	if (what != ORCH_LEASE_GET)
		state->ever = true;
	state->next_at = input->now + (state->held ? ORCH_LEASE_RENEW : ORCH_LEASE_RETRY);
}

/*
 * Takes what is somebody else's, or nobody's.
 */
static void
take(OrchLeaseState *state, const OrchLeaseInput *input, OrchLeaseStep *step, OrchLeaseDo what, int64_t wait_until)
{
	send(state, input, step, what, wait_until);
	/* nobody need be told that we wait when we do not */
	if (step->event == ORCH_LEASE_STANDBY && !step->waiting)
		step->event = ORCH_LEASE_NO_EVENT;
	else if (step->event == ORCH_LEASE_STANDBY)
		step->why = ORCH_LEASE_WHY_STOPPING;
}

static void
happen(OrchLeaseStep *step, OrchLeaseEventKind event, OrchLeaseWhy why)
{
	step->event = event;
	step->why = why;
}

/*
 * Somebody else has it, or it cannot be known that nobody has.
 */
static void
stand_by(OrchLeaseState *state, OrchLeaseStep *step, OrchLeaseWhy why)
{
	if (state->held)
		happen(step, ORCH_LEASE_LOST, why == ORCH_LEASE_WHY_TWIN ? why : ORCH_LEASE_WHY_TAKEN);
	else
		happen(step, ORCH_LEASE_STANDBY, why);
	state->held = state->mine = false;
	state->held_until = 0;
}

/*
 * Holds it from now on, if it may.
 */
static void
try_to_hold(OrchLeaseState *state, int64_t now, OrchLeaseStep *step)
{
	if (state->held || !state->mine)
		return;
	if (now < state->held_until)
	{
		state->held = true;
		happen(step, ORCH_LEASE_GAINED, ORCH_LEASE_WHY_NONE);
	}
	else if (now < state->wait_until)
		happen(step, ORCH_LEASE_STANDBY, ORCH_LEASE_WHY_STOPPING);
}

/*
 * The Lease names us by a write of ours.  Only one that was sent when the former
 * holder had stopped proves that we hold it: then nobody else has come between.
 */
static void
own_write(OrchLeaseState *state, const OrchLeaseRequest *request, int64_t now)
{
	int64_t		until = request->sent_at + ORCH_LEASE_TRUST;
	bool		goes_on = orch_lease_state_is_held(state, now) || (request->is_first && now < until);

	state->mine = state->wrote = true;
	state->take_over = false;
	state->wait_until = request->wait_until;
	/* it was not there: what others believe about one that was is not known */
	if (request->what == ORCH_LEASE_CREATE && !goes_on)
		state->wait_until = now + life(state);
	if (request->sent_at >= state->wait_until && state->held_until < until)
		state->held_until = until;
	if (state->next_at > state->wait_until && now < state->wait_until)
		state->next_at = state->wait_until;
}

/*
 * Another process writes as this very start, as when a machine was copied while
 * it ran.  One of the two must become somebody else; the one that notices does.
 */
static void
become_another(OrchLeaseState *state, uint64_t nonce, OrchLeaseStep *step)
{
	add_start(state, state->me.nonce);
	state->me.nonce = nonce;
	state->contested = true;
	state->wrote = false;
	stand_by(state, step, ORCH_LEASE_WHY_TWIN);
}

static void
take_note(OrchLeaseState *state, const OrchLeaseInput *input)
{
	if (!state->has_seen || state->seen.fingerprint != input->seen.fingerprint || state->absent_since != 0)
		state->changed_at = input->now;
	state->seen = input->seen;
	state->has_seen = state->current = true;
	state->absent_since = 0;
}

/*
 * Takes the Lease that names somebody else, or nobody, or stands by.
 */
static void
take_or_wait(OrchLeaseState *state, const OrchLeaseInput *input, OrchLeaseStep *step)
{
	int64_t		runs_out = state->changed_at + life(state);
	bool		has_run_out = input->now > runs_out;
	OrchLeaseWhy why;
	Right		right = right_to(state, &why);

	stand_by(state, step, why);
	if (right == AT_ONCE)
		take(state, input, step, ORCH_LEASE_UPDATE, state->seen.waiting ? runs_out : 0);
	else if (has_run_out && (right == WHEN_RUN_OUT || state->take_over))
		take(state, input, step, ORCH_LEASE_UPDATE, 0);
	else if (state->take_over)
		take(state, input, step, ORCH_LEASE_UPDATE, runs_out);
	else if (right == WHEN_RUN_OUT && state->next_at > runs_out + 1)
		state->next_at = runs_out + 1;
}

static void
see(OrchLeaseState *state, const OrchLeaseInput *input, OrchLeaseStep *step)
{
	const OrchLeaseIdentity *holder = &input->seen.holder;
	const OrchLeaseRequest *request = find_write(state, input->seen.stamp);
	bool		names_us = input->seen.held && holder->nonce == state->me.nonce && holder->timeline == state->me.timeline &&
		holder->system == state->me.system && holder->database == state->me.database;

	take_note(state, input);
	if (!names_us)
	{
		if (!state->released)
			take_or_wait(state, input, step);
		return;
	}
	if (request != NULL)
		own_write(state, request, input->now);
	else if (state->wrote)
	{
		become_another(state, input->random, step);
		return;
	}
	else if (!state->mine)
	{
		/* an earlier process of this very start wrote it, and is dead */
		state->mine = true;
		state->wait_until = input->seen.waiting ? state->changed_at + life(state) : 0;
	}
	if (state->released)
		send(state, input, step, ORCH_LEASE_RELEASE, state->wait_until);
	else
	{
		try_to_hold(state, input->now, step);
		if (!state->held || input->now >= state->held_until - ORCH_LEASE_TRUST + ORCH_LEASE_RENEW)
			send(state, input, step, ORCH_LEASE_UPDATE, state->wait_until);
	}
}

static void
written(OrchLeaseState *state, const OrchLeaseInput *input, const OrchLeaseRequest *request, OrchLeaseStep *step)
{
	if (state->released)
		return;
	take_note(state, input);
	state->written_at = input->now;
	own_write(state, request, input->now);
	try_to_hold(state, input->now, step);
	/* after a slow answer at once */
	if (input->now >= state->wait_until)
		state->next_at = request->sent_at + ORCH_LEASE_RENEW;
}

/* There never was one: nobody else can believe anything. */
static void
create_first(OrchLeaseState *state, const OrchLeaseInput *input, OrchLeaseStep *step)
{
	take(state, input, step, ORCH_LEASE_CREATE, 0);
	find_request(state, step->request)->is_first = true;
}

static void
absent(OrchLeaseState *state, const OrchLeaseInput *input, OrchLeaseStep *step)
{
	int64_t		now = input->now;
	int64_t		gone_for_sure;

	state->current = false;
	if (state->released)
		return;
	if (orch_lease_state_is_held(state, now))
	{
		send(state, input, step, ORCH_LEASE_CREATE, state->wait_until);
		return;
	}
	if (state->absent_since == 0)
		state->absent_since = now;
	gone_for_sure = state->absent_since + life(state);
	stand_by(state, step, state->copied ? ORCH_LEASE_WHY_ROWS : ORCH_LEASE_WHY_UNKNOWN);
	if (!state->ever)
		create_first(state, input, step);
	else if (state->take_over || (now > gone_for_sure && !state->copied))
		take(state, input, step, ORCH_LEASE_CREATE, now + life(state));
	else if (!state->copied && state->next_at > gone_for_sure + 1)
		state->next_at = gone_for_sure + 1;
}

static void
time_passes(OrchLeaseState *state, const OrchLeaseInput *input, OrchLeaseStep *step)
{
	if (state->held && input->now >= state->held_until)
	{
		state->held = false;
		happen(step, ORCH_LEASE_LOST, ORCH_LEASE_WHY_NOT_RENEWED);
	}
	if (state->released)
		return;
	try_to_hold(state, input->now, step);
	if (input->now < state->next_at)
		return;
	if (state->mine && state->current)
		send(state, input, step, ORCH_LEASE_UPDATE, state->wait_until);
	else
		send(state, input, step, ORCH_LEASE_GET, 0);
}

static void
stop(OrchLeaseState *state, const OrchLeaseInput *input, OrchLeaseStep *step)
{
	bool		was_mine = state->mine;

	if (state->released)
		return;
	if (state->held)
		happen(step, ORCH_LEASE_LOST, ORCH_LEASE_WHY_NONE);
	state->held = false;
	state->released = true;
	if (was_mine)
		send(state, input, step, state->current ? ORCH_LEASE_RELEASE : ORCH_LEASE_GET, state->wait_until);
}

/* Nothing is known of the request's end but that it is over. */
static void
fail(OrchLeaseState *state, int64_t now, OrchLeaseStep *step)
{
	if (!orch_lease_state_is_held(state, now))
		happen(step, ORCH_LEASE_BROKEN, ORCH_LEASE_WHY_NONE);
	if (state->next_at > now + ORCH_LEASE_RETRY)
		state->next_at = now + ORCH_LEASE_RETRY;
}

/*
 * One input, one step.
 */
OrchLeaseStep
orch_lease_state_step(OrchLeaseState *state, const OrchLeaseInput *input)
{
	OrchLeaseStep step = {0};
	const OrchLeaseRequest *request = find_request(state, input->request);
	bool		is_outdated = request != NULL && request->what == ORCH_LEASE_GET && request->sent_at < state->written_at;

	switch (input->kind)
	{
		case ORCH_LEASE_TIME:
			time_passes(state, input, &step);
			break;
		case ORCH_LEASE_SEEN:
			/* what was read before the last write tells nothing any more */
			if (!is_outdated)
				see(state, input, &step);
			break;
		case ORCH_LEASE_WRITTEN:
			if (request != NULL && request->what != ORCH_LEASE_RELEASE)
				written(state, input, request, &step);
			break;
		case ORCH_LEASE_ABSENT:
			if (!is_outdated)
				absent(state, input, &step);
			break;
		case ORCH_LEASE_CONFLICT:
			/* somebody wrote it: look again at once */
			state->current = false;
			send(state, input, &step, ORCH_LEASE_GET, 0);
			break;
		case ORCH_LEASE_FAILED:
			fail(state, input->now, &step);
			break;
		case ORCH_LEASE_STOP:
			stop(state, input, &step);
			break;
	}
	return step;
}
