/*
 * test_lease_state.c
 *	  Whose the Lease is: one test a row of the table, one for each thing that
 *	  can happen to a request, and sequences of chance with several candidates.
 *
 * Each test starts as a fresh start of the database that looked at the Lease
 * of another one (seen) for the first time.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "reconcile/lease_state.h"

#define S INT64_C(1000000)

/* of a start, for the first cluster */
#define NONCE(start) ((UINT64_C(start) << ORCH_LEASE_ROW_BITS) + 1)

static OrchLeaseState state;
static OrchLeaseSeen seen;
static OrchLeaseStep step;
static OrchLeaseIdentity me;
static int64_t now;
static uint64_t chance;

static int
setup(void **unused)
{
	(void) unused;
	me = (OrchLeaseIdentity) {.system = 7, .database = 5, .timeline = 2, .nonce = NONCE(100), .home = 1, .place = 1};
	orch_lease_state_init(&state, &me);
	state.starts[0] = NONCE(90);
	state.start_count = 1;
	state.ever = true;
	memset(&seen, 0, sizeof(seen));
	seen.held = true;
	seen.holder = me;
	seen.holder.nonce = NONCE(90);
	seen.stamp = 900;
	seen.fingerprint = 1;
	seen.duration = ORCH_LEASE_DURATION;
	now = 1000 * S;
	chance = 10000;
	return 0;
}

static void
input(OrchLeaseInputKind kind, uint32_t request)
{
	OrchLeaseInput in = {.kind = kind, .now = now, .random = ++chance, .request = request, .seen = seen};

	step = orch_lease_state_step(&state, &in);
}

static void
look(void)
{
	now = state.next_at > now ? state.next_at : now;
	input(ORCH_LEASE_TIME, 0);
	assert_int_equal(step.what, ORCH_LEASE_GET);
	input(ORCH_LEASE_SEEN, step.request);
}

/* the server does what was sent, and says so */
static void
answer(void)
{
	assert_true(step.what == ORCH_LEASE_UPDATE || step.what == ORCH_LEASE_CREATE);
	seen.held = true;
	seen.holder = state.me;
	seen.waiting = step.waiting;
	seen.stamp = step.stamp;
	seen.fingerprint++;
	input(ORCH_LEASE_WRITTEN, step.request);
}

static bool
holds(void)
{
	return orch_lease_state_is_held(&state, now);
}

/* all goes well from now on; seconds until it is held */
static int64_t
until_held(void)
{
	int64_t		since = now;

	while (!holds() && now < since + 100 * S)
	{
		now = state.next_at > now ? state.next_at : now;
		input(ORCH_LEASE_TIME, 0);
		if (step.what == ORCH_LEASE_UPDATE)
			answer();
	}
	return (now - since) / S;
}

static void
expect_at(int line, OrchLeaseDo what, OrchLeaseEventKind event, OrchLeaseWhy why)
{
	if (step.what != what || step.event != event || step.why != why)
		fail_msg("line %d: does %d, event %d, why %d; expected %d, %d, %d", line, step.what, step.event, step.why, what, event, why);
}

#define expect(what, event, why) expect_at(__LINE__, ORCH_LEASE_##what, ORCH_LEASE_##event, ORCH_LEASE_WHY_##why)

/* Nothing is taken, however long its holder is gone; after take_over() it is, and held later. */
static void
expect_never(OrchLeaseWhy why)
{
	look();
	for (int i = 0; i < 10; i++)
	{
		assert_int_equal(step.what, ORCH_LEASE_NOTHING);
		assert_int_equal(step.event, ORCH_LEASE_STANDBY);
		assert_int_equal(step.why, why);
		assert_true(orch_lease_why_is_final(why));
		now += i < 5 ? 4 * S : 3600 * S;
		look();
	}
	state.take_over = true;
	look();
	assert_int_equal(step.what, ORCH_LEASE_UPDATE);
	answer();
	assert_true(holds());
	assert_false(state.take_over);
}

/* Taken when it has not changed for as long as it promised, and not before. */
static void
expect_when_run_out(OrchLeaseWhy why)
{
	int64_t		since;

	look();
	since = now;
	while (step.what == ORCH_LEASE_NOTHING)
	{
		assert_int_equal(step.event, ORCH_LEASE_STANDBY);
		assert_int_equal(step.why, why);
		assert_false(orch_lease_why_is_final(why));
		/* a change begins it anew */
		if (now - since > 10 * S && seen.fingerprint == 1)
		{
			seen.fingerprint = 2;
			look();
			since = now;
		}
		else
			look();
	}
	assert_in_range(now - since, ORCH_LEASE_DURATION + 1, ORCH_LEASE_DURATION + S);
	assert_int_equal(step.what, ORCH_LEASE_UPDATE);
	assert_int_equal(step.event, ORCH_LEASE_NO_EVENT);
	assert_false(step.waiting);
	answer();
	expect(NOTHING, GAINED, NONE);
	assert_true(holds());
}

static void
expect_at_once(void)
{
	look();
	assert_int_equal(step.what, ORCH_LEASE_UPDATE);
	assert_int_equal(step.event, ORCH_LEASE_NO_EVENT);
	assert_true(step.acquires);
	answer();
	expect(NOTHING, GAINED, NONE);
	assert_true(holds());
}

/* ---- the rows of the table */
static void
row_1(void **unused)
{
	(void) unused;
	memset(&seen.holder, 0, sizeof(seen.holder));
	seen.held = false;
	/* as released: but nobody knows when */
	look();
	expect(NOTHING, STANDBY, UNKNOWN);
	now += ORCH_LEASE_DURATION + 1;
	look();
	assert_int_equal(step.what, ORCH_LEASE_UPDATE);
}

static void
row_2(void **unused)
{
	(void) unused;
	memset(&seen.holder, 0, sizeof(seen.holder));
	seen.held = false;
	state.copied = true;
	expect_never(ORCH_LEASE_WHY_ROWS);
}

static void
row_3(void **unused)
{
	(void) unused;
	memset(&seen.holder, 0, sizeof(seen.holder));
	expect_never(ORCH_LEASE_WHY_FOREIGN);
}

static void
row_4(void **unused)
{
	(void) unused;
	seen.holder.system = 8;
	expect_never(ORCH_LEASE_WHY_DATABASE);
	setup(NULL);
	seen.holder.database = 6;
	expect_never(ORCH_LEASE_WHY_DATABASE);
	/* a later timeline of another one is another one's */
	setup(NULL);
	seen.holder.database = 6;
	seen.holder.timeline = 1;
	expect_never(ORCH_LEASE_WHY_DATABASE);
	setup(NULL);
	seen.holder.system = 8;
	seen.held = false;
	expect_never(ORCH_LEASE_WHY_DATABASE);
}

static void
row_5(void **unused)
{
	(void) unused;
	seen.holder.timeline = 3;
	expect_never(ORCH_LEASE_WHY_LATER);
	setup(NULL);
	seen.holder.timeline = 3;
	seen.held = false;
	expect_never(ORCH_LEASE_WHY_LATER);
}

static void
row_6(void **unused)
{
	(void) unused;
	seen.holder.timeline = 1;
	expect_when_run_out(ORCH_LEASE_WHY_EARLIER);
	/* wherever it lives, and whatever our rows know of it */
	setup(NULL);
	seen.holder.timeline = 1;
	seen.holder.home = 2;
	seen.holder.nonce = NONCE(55);
	expect_when_run_out(ORCH_LEASE_WHY_EARLIER);
	setup(NULL);
	seen.holder.timeline = 1;
	seen.holder.home = 2;
	seen.held = false;
	expect_at_once();
}

static void
row_7(void **unused)
{
	(void) unused;
	seen.holder.nonce = seen.holder.home = seen.holder.place = 0;
	expect_when_run_out(ORCH_LEASE_WHY_FORMER);
}

static void
row_8(void **unused)
{
	(void) unused;
	seen.holder.home = 2;
	expect_never(ORCH_LEASE_WHY_HOME);
	setup(NULL);
	seen.holder.home = 2;
	seen.held = false;
	expect_never(ORCH_LEASE_WHY_HOME);
}

static void
row_9(void **unused)
{
	(void) unused;
	seen.holder.nonce = NONCE(91);
	expect_never(ORCH_LEASE_WHY_START);
	setup(NULL);
	seen.holder.nonce = NONCE(91);
	seen.held = false;
	expect_never(ORCH_LEASE_WHY_START);
}

static void
row_10(void **unused)
{
	(void) unused;
	expect_at_once();
	/* an earlier worker of this start that released it */
	setup(NULL);
	seen.holder.nonce = NONCE(100);
	seen.held = false;
	expect_at_once();
}

static void
row_11(void **unused)
{
	(void) unused;
	seen.holder.place = 2;
	expect_when_run_out(ORCH_LEASE_WHY_FORMER);
	setup(NULL);
	seen.holder.place = 2;
	seen.held = false;
	expect_at_once();
}

static void
row_12(void **unused)
{
	(void) unused;
	seen.holder.nonce = NONCE(100) + 1;
	expect_when_run_out(ORCH_LEASE_WHY_FORMER);
	setup(NULL);
	seen.holder.nonce = NONCE(100) + 1;
	seen.held = false;
	expect_at_once();
	/* of a former start, whichever row it was */
	setup(NULL);
	seen.holder.nonce = NONCE(90) + 1;
	expect_at_once();
}

/* a longer promise is honoured, a shorter one is not believed */
static void
durations(void **unused)
{
	(void) unused;
	seen.holder.place = 2;
	seen.duration = 60 * S;
	look();
	now += 59 * S;
	look();
	expect(NOTHING, STANDBY, FORMER);
	now += 1 * S;
	look();
	assert_int_equal(step.what, ORCH_LEASE_UPDATE);
	setup(NULL);
	seen.holder.place = 2;
	seen.duration = 1 * S;
	look();
	now += 11 * S;
	look();
	expect(NOTHING, STANDBY, FORMER);
}

/* ---- where there is none */
static void
absent_first(void **unused)
{
	(void) unused;
	state.start_count = 0;
	state.ever = false;
	input(ORCH_LEASE_TIME, 0);
	input(ORCH_LEASE_ABSENT, step.request);
	expect(CREATE, NO_EVENT, UNKNOWN);
	answer();
	expect(NOTHING, GAINED, NONE);
}

static void
absent_later(void **unused)
{
	int64_t		since = now;

	(void) unused;
	input(ORCH_LEASE_TIME, 0);
	do
	{
		input(ORCH_LEASE_ABSENT, step.request);
		if (step.what == ORCH_LEASE_CREATE)
			break;
		expect(NOTHING, STANDBY, UNKNOWN);
		now = state.next_at;
		input(ORCH_LEASE_TIME, 0);
	} while (now < since + 60 * S);
	assert_in_range(now - since, ORCH_LEASE_DURATION + 1, ORCH_LEASE_DURATION + S);
	/* it may have been there in between, unseen */
	assert_true(step.waiting);
	answer();
	expect(NOTHING, STANDBY, STOPPING);
	assert_int_equal(until_held(), ORCH_LEASE_DURATION_S);
}

static void
absent_and_a_copy(void **unused)
{
	(void) unused;
	state.copied = true;
	for (int i = 0; i < 10; i++, now += 10 * S)
	{
		input(ORCH_LEASE_TIME, 0);
		input(ORCH_LEASE_ABSENT, step.request);
		expect(NOTHING, STANDBY, ROWS);
	}
	state.take_over = true;
	input(ORCH_LEASE_TIME, 0);
	input(ORCH_LEASE_ABSENT, step.request);
	assert_int_equal(step.what, ORCH_LEASE_CREATE);
	answer();
	expect(NOTHING, STANDBY, STOPPING);
	assert_int_equal(until_held(), ORCH_LEASE_DURATION_S);
}

/* deleted by hand: its holder makes it anew and goes on */
static void
absent_on_renewal(void **unused)
{
	(void) unused;
	expect_at_once();
	now += ORCH_LEASE_RENEW;
	input(ORCH_LEASE_TIME, 0);
	input(ORCH_LEASE_ABSENT, step.request);
	expect(CREATE, NO_EVENT, NONE);
	assert_true(holds());
	answer();
	expect(NOTHING, NO_EVENT, NONE);
	assert_int_equal(state.held_until, now + ORCH_LEASE_TRUST);
}

/* ---- renewals */
static void
renews(void **unused)
{
	(void) unused;
	expect_at_once();
	for (int i = 0; i < 10; i++)
	{
		assert_int_equal(state.next_at, now + ORCH_LEASE_RENEW);
		now = state.next_at - 1;
		input(ORCH_LEASE_TIME, 0);
		expect(NOTHING, NO_EVENT, NONE);
		now++;
		input(ORCH_LEASE_TIME, 0);
		expect(UPDATE, NO_EVENT, NONE);
		assert_false(step.acquires);
		answer();
		assert_true(holds());
	}
}

/* it is given up by our own clock, which nobody sets, and from before the request */
static void
gives_up(void **unused)
{
	int64_t		sent_at;

	(void) unused;
	look();
	sent_at = now;
	now += 3 * S;
	answer();
	assert_int_equal(state.held_until, sent_at + ORCH_LEASE_TRUST);
	now = state.held_until - 1;
	assert_true(holds());
	now++;
	assert_false(holds());
	input(ORCH_LEASE_TIME, 0);
	expect(UPDATE, LOST, NOT_RENEWED);
	answer();
	expect(NOTHING, GAINED, NONE);
}

/* every answer takes 4.9 s: still held all the time */
static void
slow_answers(void **unused)
{
	(void) unused;
	expect_at_once();
	now += ORCH_LEASE_RENEW;
	for (int i = 0; i < 20; i++)
	{
		input(ORCH_LEASE_TIME, 0);
		assert_int_equal(step.what, ORCH_LEASE_UPDATE);
		now += 4900000;
		assert_true(holds());
		answer();
		assert_true(holds());
	}
}

/* a lost answer is found by what it wrote */
static void
lost_answer(void **unused)
{
	int64_t		sent_at;

	(void) unused;
	expect_at_once();
	now += ORCH_LEASE_RENEW;
	input(ORCH_LEASE_TIME, 0);
	sent_at = now;
	seen.stamp = step.stamp;
	seen.fingerprint++;
	now = state.next_at;
	input(ORCH_LEASE_TIME, 0);
	expect(UPDATE, NO_EVENT, NONE);
	input(ORCH_LEASE_CONFLICT, step.request);
	expect(GET, NO_EVENT, NONE);
	input(ORCH_LEASE_SEEN, step.request);
	assert_int_equal(state.held_until, sent_at + ORCH_LEASE_TRUST);
	expect(UPDATE, NO_EVENT, NONE);
	answer();
	assert_true(holds());
	assert_int_equal(state.held_until, now + ORCH_LEASE_TRUST);
}

static void
failures(void **unused)
{
	(void) unused;
	input(ORCH_LEASE_TIME, 0);
	input(ORCH_LEASE_FAILED, step.request);
	expect(NOTHING, BROKEN, NONE);
	assert_true(state.next_at <= now + ORCH_LEASE_RETRY);
	expect_at_once();
	now += ORCH_LEASE_RENEW;
	input(ORCH_LEASE_TIME, 0);
	input(ORCH_LEASE_FAILED, step.request);
	expect(NOTHING, NO_EVENT, NONE);
	assert_true(holds());
	assert_int_equal(state.next_at, now + ORCH_LEASE_RETRY);
}

/* what was read before the last write is not believed */
static void
late_look(void **unused)
{
	OrchLeaseSeen old = seen;
	uint32_t	late;

	(void) unused;
	input(ORCH_LEASE_TIME, 0);
	late = step.request;
	now += S;
	expect_at_once();
	seen = old;
	input(ORCH_LEASE_SEEN, late);
	expect(NOTHING, NO_EVENT, NONE);
	assert_true(holds());
}

static void
taken_by_another(void **unused)
{
	(void) unused;
	expect_at_once();
	now += ORCH_LEASE_RENEW;
	input(ORCH_LEASE_TIME, 0);
	input(ORCH_LEASE_CONFLICT, step.request);
	seen.holder.database = 6;
	seen.stamp = 1;
	seen.fingerprint++;
	input(ORCH_LEASE_SEEN, step.request);
	expect(NOTHING, LOST, TAKEN);
	assert_false(holds());
}

/* whoever takes over waits for as long as the other may believe */
static void
takes_over(void **unused)
{
	int64_t		since;

	(void) unused;
	seen.holder.database = 6;
	look();
	since = now;
	now += 3 * S;
	state.take_over = true;
	look();
	expect(UPDATE, STANDBY, STOPPING);
	assert_true(step.waiting);
	answer();
	expect(NOTHING, STANDBY, STOPPING);
	until_held();
	assert_in_range(now - since, ORCH_LEASE_DURATION, ORCH_LEASE_DURATION + 2 * S);
}

/* and so does who goes on after one that died while it waited */
static void
takes_over_and_dies(void **unused)
{
	int64_t		since = now;

	(void) unused;
	seen.waiting = true;
	look();
	expect(UPDATE, STANDBY, STOPPING);
	answer();
	until_held();
	assert_true(now - since >= ORCH_LEASE_DURATION);
}

/* an earlier process of this start held it: it is ours, when it is renewed */
static void
same_start(void **unused)
{
	(void) unused;
	seen.holder.nonce = NONCE(100);
	look();
	assert_int_equal(step.what, ORCH_LEASE_UPDATE);
	assert_false(step.acquires);
	assert_false(holds());
	answer();
	expect(NOTHING, GAINED, NONE);
}

/* a machine that was copied while it ran: one of the two becomes somebody else */
static void
twin(void **unused)
{
	(void) unused;
	expect_at_once();
	now += ORCH_LEASE_RENEW;
	input(ORCH_LEASE_TIME, 0);
	input(ORCH_LEASE_CONFLICT, step.request);
	seen.stamp = 4711;
	seen.fingerprint++;
	input(ORCH_LEASE_SEEN, step.request);
	expect(NOTHING, LOST, TWIN);
	assert_int_not_equal(state.me.nonce, NONCE(100));
	seen.fingerprint++;
	look();
	expect(NOTHING, STANDBY, FORMER);
	now += ORCH_LEASE_DURATION + 1;
	look();
	assert_int_equal(step.what, ORCH_LEASE_UPDATE);
}

static void
releases(void **unused)
{
	(void) unused;
	expect_at_once();
	input(ORCH_LEASE_STOP, 0);
	expect(RELEASE, LOST, NONE);
	assert_false(holds());
	/* a renewal that was under way made it a conflict: look, and once more */
	input(ORCH_LEASE_CONFLICT, step.request);
	expect(GET, NO_EVENT, NONE);
	input(ORCH_LEASE_SEEN, step.request);
	expect(RELEASE, NO_EVENT, NONE);
	seen.held = false;
	input(ORCH_LEASE_WRITTEN, step.request);
	expect(NOTHING, NO_EVENT, NONE);
	now += 3600 * S;
	input(ORCH_LEASE_TIME, 0);
	expect(NOTHING, NO_EVENT, NONE);
	/* what is not ours is not released */
	setup(NULL);
	seen.holder.database = 6;
	look();
	input(ORCH_LEASE_STOP, 0);
	expect(NOTHING, NO_EVENT, NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define row(name) cmocka_unit_test_setup(name, setup)
		row(row_1), row(row_2), row(row_3), row(row_4), row(row_5), row(row_6), row(row_7), row(row_8), row(row_9), row(row_10), row(row_11), row(row_12),
		row(durations), row(absent_first), row(absent_later), row(absent_and_a_copy), row(absent_on_renewal), row(renews), row(gives_up),
		row(slow_answers), row(lost_answer), row(failures), row(late_look), row(taken_by_another), row(takes_over), row(takes_over_and_dies),
		row(same_start), row(twin), row(releases)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
