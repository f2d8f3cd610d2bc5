/*
 * test_object_state.c
 *	  The table of object_state.c, at least one test a row.
 *
 * A test begins with an object that is new, or applied: made as u1, version 10,
 * fingerprint 1, from manifest 1.  The clock stands at 1000 s and the jitter is
 * such that back-offs are exact.  What is seen carries our labels unless said
 * otherwise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "reconcile/object_state.h"

#define SECOND INT64CONST(1000000)

#define NONE ORCH_VERB_NONE
#define CREATE ORCH_VERB_CREATE
#define APPLY ORCH_VERB_APPLY
#define DELETE ORCH_VERB_DELETE
#define LOOK ORCH_VERB_LOOK

#define DONE ORCH_OUTCOME_DONE
#define FOUND ORCH_OUTCOME_FOUND
#define GONE ORCH_OUTCOME_GONE
#define DELETING ORCH_OUTCOME_DELETING
#define EXISTS ORCH_OUTCOME_EXISTS
#define REFUSED ORCH_OUTCOME_REFUSED_CHANGE
#define FAILED ORCH_OUTCOME_FAILED

/* what is seen: .uid, version and fingerprint, and what else is said of it */
typedef struct It
{
	const char *uid;
	int			version;
	int			fingerprint;
	int			facts;
	bool		terminating;
	bool		foreign;
	bool		orphan;
	bool		ended;
	bool		listed;
} It;

static OrchObjectState object;
static OrchStep step;
static int64 now;

static OrchDigest
digest(int number)
{
	OrchDigest	result = {0, number};

	return result;
}

static void
happens(OrchEvent event)
{
	event.now = now;
	event.jitter = 0.5;
	step = orch_object_step(&object, &event);
}

static void
happens_to(OrchEvent event, It it)
{
	OrchSeen	seen = {0};

	if (it.uid)
	{
		snprintf(seen.uid, sizeof(seen.uid), "%s", it.uid);
		snprintf(seen.version, sizeof(seen.version), "%d", it.version);
		seen.terminating = it.terminating;
		seen.fingerprint_digest = digest(it.fingerprint);
		seen.facts_digest = digest(it.facts);
		event.seen = &seen;
		event.belongs = !it.foreign && !it.orphan;
		event.is_orphan = it.orphan;
		event.ended = it.ended;
		event.listed = it.listed;
	}
	happens(event);
}

#define planned(manifest, ...) happens((OrchEvent) {.type = ORCH_EVENT_PLANNED, .desired = digest(manifest), __VA_ARGS__})
#define sent(what, manifest) happens((OrchEvent) {.type = ORCH_EVENT_SENT, .verb = (what), .desired = digest(manifest)})
#define not_sent() happens((OrchEvent) {.type = ORCH_EVENT_NOT_SENT})
#define answer(what, result, ...) \
	happens_to((OrchEvent) {.type = ORCH_EVENT_ANSWER, .verb = (what), .outcome = (result)}, (It) {__VA_ARGS__})
#define fails(what, why, ...) \
	happens((OrchEvent) {.type = ORCH_EVENT_ANSWER, .verb = (what), .outcome = FAILED, .reason = (why), __VA_ARGS__})
#define seen(...) happens_to((OrchEvent) {.type = ORCH_EVENT_SEEN}, (It) {__VA_ARGS__})
#define deleted(...) happens_to((OrchEvent) {.type = ORCH_EVENT_DELETED}, (It) {__VA_ARGS__})
#define unlisted(at) happens((OrchEvent) {.type = ORCH_EVENT_UNLISTED, .asked_at = (at)})
#define reconnected() happens((OrchEvent) {.type = ORCH_EVENT_RECONNECTED})
#define breaks(why) happens((OrchEvent) {.type = ORCH_EVENT_FAILED, .reason = (why)})

static void
pass(int64 seconds)
{
	now += seconds * SECOND;
}

/* What is to be done, and in how many seconds. */
static void
expect_at(int line, OrchVerb verb, double seconds)
{
	int64		at;
	int64		later = now + (int64) (seconds * SECOND);
	OrchVerb	due = orch_object_due(&object, now, &at);

	if (seconds > 0 && (due != NONE || at != later))
		fail_msg("line %d: verb %d at %.3f s, expected it in %.3f s", line, due, (at - now) / (double) SECOND, seconds);
	due = orch_object_due(&object, later, &at);
	if (due != verb)
		fail_msg("line %d: verb %d at %.3f, expected %d", line, due, (at - now) / (double) SECOND, verb);
}

#define expect(verb) expect_at(__LINE__, verb, 0)
#define expect_in(verb, seconds) expect_at(__LINE__, verb, seconds)

static void
expect_nothing_at(int line)
{
	int64		at;

	if (orch_object_due(&object, PG_INT64_MAX, &at) != NONE || at != 0)
		fail_msg("line %d: something is due", line);
	if (!orch_object_is_settled(&object))
		fail_msg("line %d: not settled", line);
}

#define expect_settled() expect_nothing_at(__LINE__)
#define expect_uid(name) assert_string_equal(object.uid, name)
#define expect_reason(why) assert_int_equal(object.reason, why)

/* sends what is due, and checks that it is that */
#define send(verb, manifest) do { expect(verb); sent(verb, manifest); } while (0)

static int
setup(void **state)
{
	(void) state;
	memset(&object, 0, sizeof(object));
	now = 1000 * SECOND;
	planned(1);
	return 0;
}

static void
is_made(void)
{
	send(CREATE, 1);
	answer(CREATE, DONE, "u1", 10, 1);
	expect_settled();
	pass(3600);
}

static int
setup_applied(void **state)
{
	setup(state);
	is_made();
	return 0;
}

static int
setup_once(void **state)
{
	setup(state);
	object.once = object.workload = true;
	object.replace = ORCH_REPLACE_IMMUTABLE;
	is_made();
	return 0;
}

/* PLANNED */

static void
test_planned_new(void **state)
{
	(void) state;
	assert_true(step.changed && step.told && !step.leaves);
	assert_int_equal(object.due_since, now);
	expect(CREATE);
	/* never sent: gone without a request */
	planned(0);
	assert_true(step.leaves);
}

static void
test_planned_again(void **state)
{
	(void) state;
	planned(1);
	assert_false(step.changed || step.told);
	fails(CREATE, ORCH_REASON_INVALID);
	send(CREATE, 1);
	fails(CREATE, ORCH_REASON_INVALID);
	planned(1);
	expect_reason(ORCH_REASON_INVALID);
	expect_in(CREATE, 60);
}

static void
test_planned_otherwise(void **state)
{
	(void) state;
	planned(2);
	assert_true(step.changed && step.told);
	assert_int_equal(object.due_since, now);
	send(APPLY, 2);
	/* refused, corrected, accepted at once; it has been waiting since it was asked for */
	fails(APPLY, ORCH_REASON_INVALID);
	expect_in(APPLY, 60);
	pass(1);
	planned(3);
	assert_int_equal(object.due_since, now - SECOND);
	assert_int_equal(object.attempts, 0);
	expect_reason(ORCH_REASON_NONE);
	send(APPLY, 3);
	answer(APPLY, DONE, "u1", 11, 2);
	expect_settled();
	/* and back before it was sent */
	planned(4);
	planned(3);
	expect_settled();
}

static void
test_planned_to_go(void **state)
{
	(void) state;
	planned(0);
	assert_false(step.leaves);
	assert_int_equal(object.due_since, now);
	send(DELETE, 0);
	answer(DELETE, GONE);
	assert_true(step.leaves);
}

static void
test_planned_back(void **state)
{
	(void) state;
	planned(0);
	planned(1);
	/* it may have been changed or deleted already */
	send(APPLY, 1);
	answer(APPLY, DONE, "u1", 10, 1);
	expect_settled();
	/* on its way out: nothing can be done until it is gone */
	planned(0);
	send(DELETE, 0);
	answer(DELETE, DELETING, "u1", 11, 1, .terminating = true);
	planned(2);
	expect_in(LOOK, 10);
	deleted("u1", 12, 1, .terminating = true);
	assert_false(step.leaves);
	expect_in(CREATE, 5);
}

static void
test_planned_for_another_row(void **state)
{
	(void) state;
	planned(0);
	planned(2, .other_owner = true);
	expect(APPLY);

	object.keeps_data = true;
	planned(0);
	planned(3, .other_owner = true);
	send(DELETE, 0);
	answer(DELETE, DELETING, "u1", 11, 1);
	/* a list that missed it for a moment changes nothing */
	object.deletion_started_at = 0;
	unlisted(now + 1);
	send(CREATE, 3);
	answer(CREATE, EXISTS);
	send(LOOK, 0);
	answer(LOOK, FOUND, "u1", 11, 1, .orphan = true);
	send(DELETE, 0);
	answer(DELETE, GONE);
	send(CREATE, 3);
	answer(CREATE, DONE, "u2", 20, 2);
	expect_settled();

	/* a workload likewise, even if it was only lost sight of */
	object.keeps_data = false;
	object.workload = true;
	planned(0);
	unlisted(now + 1);
	expect(LOOK);
	planned(4, .other_owner = true);
	send(CREATE, 4);
	answer(CREATE, EXISTS);
	send(LOOK, 0);
	answer(LOOK, FOUND, "u2", 20, 2, .foreign = true);
	expect(DELETE);
}

/* SENT, NOT_SENT */

static void
test_sent(void **state)
{
	(void) state;
	sent(CREATE, 1);
	assert_true(step.changed && !step.told && object.attempted);
	expect(NONE);
	/* the answer is lost and it is to go: it may exist */
	planned(0);
	assert_false(step.leaves);
	not_sent();
	send(LOOK, 0);
	answer(LOOK, GONE);
	assert_true(step.leaves);
}

static void
test_sent_is_the_plan(void **state)
{
	(void) state;
	/* rendered from the rows as they are now: not applied again and again */
	seen("u1", 11, 2);
	sent(APPLY, 7);
	assert_true(step.changed);
	answer(APPLY, DONE, "u1", 12, 3);
	expect_settled();
	/* of nothing it is none */
	planned(6);
	sent(APPLY, 0);
	assert_true(orch_digest_equal(object.desired, digest(6)));
	not_sent();
	/* another plan meanwhile is due at once */
	planned(8);
	send(APPLY, 8);
	planned(9);
	answer(APPLY, DONE, "u1", 13, 4);
	expect(APPLY);
}

static void
test_not_sent(void **state)
{
	(void) state;
	send(CREATE, 1);
	not_sent();
	expect(CREATE);
}

static void
test_plan_goes_back_meanwhile(void **state)
{
	(void) state;
	planned(2);
	send(APPLY, 2);
	planned(1);
	assert_false(orch_object_is_settled(&object));
	/* it may have been done */
	not_sent();
	send(APPLY, 1);
	answer(APPLY, DONE, "u1", 12, 3);
	expect_settled();
	planned(2);
	send(APPLY, 2);
	planned(1);
	fails(APPLY, ORCH_REASON_SERVER_ERROR);
	expect_in(APPLY, 1);
	/* this was certainly not */
	pass(1);
	send(APPLY, 1);
	answer(APPLY, DONE, "u1", 14, 5);
	planned(2);
	send(APPLY, 2);
	planned(1);
	fails(APPLY, ORCH_REASON_INVALID);
	expect_settled();
}

/* DONE */

static void
test_done(void **state)
{
	(void) state;
	send(CREATE, 1);
	fails(CREATE, ORCH_REASON_SERVER_ERROR);
	pass(1);
	send(CREATE, 1);
	answer(CREATE, DONE, "u1", 10, 1);
	assert_true(step.changed && step.told && !step.drifted);
	assert_int_equal(object.attempts, 0);
	assert_int_equal(object.applied_at, now);
	expect_reason(ORCH_REASON_NONE);
	expect_uid("u1");
	expect_settled();
}

static void
test_done_overtaken_by_events(void **state)
{
	(void) state;
	send(CREATE, 1);
	seen("u1", 10, 1);
	expect_uid("u1");
	seen("u1", 12, 1, .facts = 5);
	answer(CREATE, DONE, "u1", 10, 1);
	expect_settled();
	assert_string_equal(object.version, "12");
	assert_int_equal(object.facts.low, 5);
	/* our own change, seen first, is no drift */
	planned(2);
	send(APPLY, 2);
	seen("u1", 13, 2);
	assert_false(step.drifted);
	answer(APPLY, DONE, "u1", 13, 2);
	assert_int_equal(object.fights, 0);
	expect_settled();
}

static void
test_done_and_edited(void **state)
{
	(void) state;
	planned(2);
	send(APPLY, 2);
	/* an edit that comes in before the answer to our own apply is drift all the same */
	seen("u1", 12, 3);
	answer(APPLY, DONE, "u1", 11, 2);
	assert_true(step.drifted);
	expect_in(APPLY, 5);
}

static void
test_done_and_gone(void **state)
{
	(void) state;
	/* made, deleted by somebody, and both events are here before the answer */
	send(CREATE, 1);
	seen("u1", 10, 1);
	deleted("u1", 11, 1, .terminating = true);
	answer(CREATE, DONE, "u1", 10, 1);
	expect_uid("");
	expect_in(CREATE, 5);
	pass(5);
	send(CREATE, 1);
	deleted("u2", 21, 1);
	answer(CREATE, DONE, "u2", 20, 1);
	expect_uid("");
	assert_true(step.drifted);
	expect_in(CREATE, 5);
}

static void
test_done_for_another(void **state)
{
	(void) state;
	/* the one of the answer has been replaced already */
	planned(2);
	send(APPLY, 2);
	seen("u2", 20, 2);
	answer(APPLY, DONE, "u1", 11, 2);
	expect_uid("u2");
	expect_reason(ORCH_REASON_BUSY);
	/* once that is nothing, again and again it is slowed down */
	for (int i = 3; i < 6; i++)
	{
		char		uid[8];

		send(APPLY, 2);
		snprintf(uid, sizeof(uid), "u%d", i);
		seen(uid, 10 * i, 2);
		answer(APPLY, GONE);
		expect_uid(uid);
		expect_in(APPLY, 1 << (i - 2));
		pass(1 << (i - 2));
	}
	send(APPLY, 2);
	answer(APPLY, DONE, "u5", 51, 2);
	expect_reason(ORCH_REASON_NONE);
	expect_settled();
}

static void
test_done_is_not_ours(void **state)
{
	(void) state;
	send(CREATE, 1);
	answer(CREATE, DONE, "f1", 10, 1, .foreign = true);
	assert_true(step.stranger);
	expect_uid("");
	expect_reason(ORCH_REASON_CONFLICT);
	expect_in(LOOK, 5);
	/* to go: a look proves it */
	planned(0);
	send(LOOK, 0);
	answer(LOOK, FOUND, "f1", 10, 1, .foreign = true);
	assert_true(step.leaves && step.told && step.changed);
}

static void
test_done_to_go(void **state)
{
	(void) state;
	send(CREATE, 1);
	planned(0);
	answer(CREATE, DONE, "f1", 10, 1, .foreign = true);
	assert_false(step.leaves || step.stranger);
	expect(LOOK);
	sent(LOOK, 0);
	answer(LOOK, FOUND, "u1", 10, 1);
	expect(DELETE);
	planned(1);
	planned(0);
	expect(DELETE);
}

static void
test_done_terminating(void **state)
{
	(void) state;
	planned(2);
	send(APPLY, 2);
	answer(APPLY, DONE, "u1", 11, 2, .terminating = true);
	expect_in(LOOK, 10);
	/* so an event says, that overtook the answer */
	pass(10);
	send(LOOK, 0);
	answer(LOOK, GONE);
	expect_reason(ORCH_REASON_NONE);
	send(CREATE, 2);
	seen("u2", 21, 2, .terminating = true);
	answer(CREATE, DONE, "u2", 20, 2);
	expect_in(LOOK, 10);
}

/* FOUND */

static void
test_found_ours(void **state)
{
	(void) state;
	/* the answer to a creation is lost: it exists, is known by its labels, adopted, applied */
	send(CREATE, 1);
	not_sent();
	send(CREATE, 1);
	answer(CREATE, EXISTS);
	assert_false(step.changed);
	send(LOOK, 0);
	answer(LOOK, FOUND, "u1", 10, 1);
	expect_uid("u1");
	send(APPLY, 1);
	answer(APPLY, DONE, "u1", 10, 1);
	expect_settled();
}

static void
test_found_by_uid(void **state)
{
	(void) state;
	/* our label taken off: it looks deleted, and is found to be the same */
	deleted("u1", 11, 1);
	expect_uid("");
	send(CREATE, 1);
	answer(CREATE, EXISTS);
	send(LOOK, 0);
	answer(LOOK, FOUND, "u1", 11, 2, .foreign = true);
	expect_uid("u1");
	expect(APPLY);
	/* the same while it is to go: not taken for proof */
	planned(0);
	deleted("u1", 12, 2);
	assert_false(step.leaves);
	send(LOOK, 0);
	answer(LOOK, FOUND, "u1", 12, 2, .foreign = true);
	expect(DELETE);
}

static void
test_found_orphan(void **state)
{
	(void) state;
	send(CREATE, 1);
	answer(CREATE, EXISTS);
	send(LOOK, 0);
	answer(LOOK, FOUND, "o1", 10, 1, .orphan = true);
	send(DELETE, 0);
	answer(DELETE, DELETING);
	pass(10);
	send(LOOK, 0);
	answer(LOOK, FOUND, "o1", 11, 1, .orphan = true, .terminating = true);
	assert_int_equal(object.attempts, 1);
	pass(10);
	send(LOOK, 0);
	answer(LOOK, GONE);
	/* one after the other */
	send(CREATE, 1);
	answer(CREATE, EXISTS);
	send(LOOK, 0);
	answer(LOOK, FOUND, "o2", 20, 2, .orphan = true);
	expect_in(DELETE, 2);
	pass(2);
	send(DELETE, 0);
	answer(DELETE, GONE);
	send(CREATE, 1);
	answer(CREATE, DONE, "u1", 30, 3);
	expect_settled();
}

static void
test_found_after_failures(void **state)
{
	(void) state;
	send(CREATE, 1);
	answer(CREATE, EXISTS);
	send(LOOK, 0);
	fails(LOOK, ORCH_REASON_UNREACHABLE);
	pass(1);
	send(LOOK, 0);
	/* asked for before */
	pass(1);
	answer(LOOK, FOUND, "u1", 10, 1);
	assert_int_equal(object.attempts, 0);
	unlisted(now - 1);
	expect_uid("u1");
	expect(APPLY);
}

static void
test_found_older(void **state)
{
	(void) state;
	planned(0);
	send(DELETE, 0);
	answer(DELETE, DELETING);
	pass(10);
	send(LOOK, 0);
	seen("u1", 13, 1, .terminating = true);
	answer(LOOK, FOUND, "u1", 12, 1);
	expect_in(LOOK, 10);
}

static void
test_found_orphan_with_data(void **state)
{
	(void) state;
	object.keeps_data = true;
	send(CREATE, 1);
	answer(CREATE, EXISTS);
	send(LOOK, 0);
	answer(LOOK, FOUND, "o1", 10, 1, .orphan = true);
	assert_true(step.stranger);
	expect_uid("");
}

static void
test_found_foreign(void **state)
{
	static const int waits[] = {5, 10, 20, 40, 60, 60};

	(void) state;
	send(CREATE, 1);
	answer(CREATE, EXISTS);
	for (int i = 0; i < 6; i++)
	{
		send(LOOK, 0);
		answer(LOOK, FOUND, "f1", 10, 1, .foreign = true);
		assert_true(step.stranger && step.changed && step.told);
		expect_uid("");
		expect_reason(ORCH_REASON_CONFLICT);
		assert_int_equal(object.due_since, 1000 * SECOND);
		expect_in(LOOK, waits[i]);
		pass(waits[i]);
	}
	/* out of the way */
	send(LOOK, 0);
	answer(LOOK, GONE);
	expect_reason(ORCH_REASON_NONE);
	send(CREATE, 1);
	answer(CREATE, DONE, "u1", 20, 1);
	expect_settled();
}

static void
test_found_foreign_to_go(void **state)
{
	(void) state;
	/* deleted and made anew by somebody under our feet */
	planned(0);
	send(DELETE, 0);
	answer(DELETE, DELETING);
	pass(10);
	send(LOOK, 0);
	answer(LOOK, FOUND, "f1", 20, 2, .foreign = true);
	assert_true(step.leaves);
}

static void
test_found_foreign_instead(void **state)
{
	(void) state;
	planned(2);
	send(APPLY, 2);
	answer(APPLY, GONE);
	expect_uid("");
	send(CREATE, 2);
	answer(CREATE, EXISTS);
	send(LOOK, 0);
	answer(LOOK, FOUND, "f1", 20, 2, .foreign = true);
	expect_in(LOOK, 5);
	/* or what was ours shows up after all */
	seen("u3", 30, 3);
	expect_uid("u3");
	expect_reason(ORCH_REASON_NONE);
	expect(APPLY);
}

static void
test_found_still_going(void **state)
{
	(void) state;
	planned(0);
	send(DELETE, 0);
	answer(DELETE, DELETING);
	expect_in(LOOK, 10);
	pass(10);
	send(LOOK, 0);
	answer(LOOK, FOUND, "u1", 11, 1, .terminating = true);
	expect_in(LOOK, 10);
	pass(25);
	send(LOOK, 0);
	answer(LOOK, FOUND, "u1", 11, 1, .terminating = true);
	expect_in(LOOK, 35);
	pass(600);
	send(LOOK, 0);
	answer(LOOK, FOUND, "u1", 11, 1, .terminating = true);
	expect_in(LOOK, 60);
	/* it was accepted and nothing came of it */
	pass(60);
	send(LOOK, 0);
	answer(LOOK, FOUND, "u1", 12, 1);
	expect(DELETE);
}

static void
test_found_overtaken(void **state)
{
	(void) state;
	send(CREATE, 1);
	answer(CREATE, EXISTS);
	send(LOOK, 0);
	seen("u1", 20, 1);
	answer(LOOK, FOUND, "f1", 10, 1, .foreign = true);
	expect_uid("u1");
	assert_false(step.stranger);
	expect(APPLY);
}

/* GONE */

static void
test_gone_overtaken(void **state)
{
	(void) state;
	planned(0);
	send(DELETE, 0);
	/* of another uid, and ours: the answer is about the one before */
	seen("u2", 20, 2);
	answer(DELETE, GONE);
	assert_false(step.leaves);
	expect_uid("u2");
	expect(DELETE);
}

static void
test_gone_of_a_creation(void **state)
{
	(void) state;
	send(CREATE, 1);
	answer(CREATE, GONE);
	expect_reason(ORCH_REASON_UNEXPECTED);
	expect_in(CREATE, 1);
}

static void
test_gone_after_exists(void **state)
{
	static const int waits[] = {0, 2, 4, 8};

	(void) state;
	/* something that creations meet and looks do not find */
	for (int i = 0; i < 4; i++)
	{
		send(CREATE, 1);
		answer(CREATE, EXISTS);
		send(LOOK, 0);
		answer(LOOK, GONE);
		expect_in(CREATE, waits[i]);
		pass(waits[i]);
	}
}

static void
test_gone_while_a_creation_is_in_flight(void **state)
{
	(void) state;
	send(CREATE, 1);
	planned(0);
	seen("u1", 10, 1);
	deleted("u1", 11, 1, .terminating = true);
	assert_false(step.leaves);
	not_sent();
	expect(LOOK);
}

/* DELETING, REFUSED, FAILED */

static void
test_deleting(void **state)
{
	(void) state;
	planned(0);
	send(DELETE, 0);
	fails(DELETE, ORCH_REASON_UNREACHABLE);
	pass(1);
	send(DELETE, 0);
	answer(DELETE, DELETING, "u1", 15, 1, .terminating = true);
	assert_true(step.told);
	assert_int_equal(object.attempts, 0);
	expect_in(LOOK, 10);
	/* from before */
	seen("u1", 14, 1);
	expect_in(LOOK, 10);
	deleted("u1", 16, 1, .terminating = true);
	assert_true(step.leaves);
}

static void
test_deleting_of_what_lost_its_label(void **state)
{
	(void) state;
	planned(0);
	send(DELETE, 0);
	deleted("u1", 11, 1);
	answer(DELETE, DELETING, "u1", 12, 1, .terminating = true);
	assert_false(step.leaves);
	send(LOOK, 0);
	answer(LOOK, FOUND, "u1", 12, 1, .terminating = true, .foreign = true);
	expect_in(LOOK, 10);
}

static void
test_refused(void **state)
{
	(void) state;
	object.replace = ORCH_REPLACE_IMMUTABLE;
	planned(2);
	send(APPLY, 2);
	answer(APPLY, REFUSED);
	assert_true(object.replacing);
	send(DELETE, 0);
	answer(DELETE, DELETING);
	deleted("u1", 11, 1, .terminating = true);
	assert_false(step.leaves);
	send(CREATE, 2);
	answer(CREATE, DONE, "u2", 20, 2);
	assert_false(object.replacing);
	expect_settled();
}

static void
test_refused_for_good(void **state)
{
	(void) state;
	planned(2);
	send(APPLY, 2);
	answer(APPLY, REFUSED);
	expect_reason(ORCH_REASON_INVALID);
	expect_in(APPLY, 60);
	/* data is never deleted because of a change */
	object.replace = ORCH_REPLACE_IMMUTABLE;
	object.keeps_data = true;
	pass(60);
	send(APPLY, 2);
	answer(APPLY, REFUSED);
	assert_false(object.replacing);
	/* not what is wanted any more */
	object.keeps_data = false;
	planned(3);
	send(APPLY, 3);
	planned(1);
	answer(APPLY, REFUSED);
	assert_false(object.replacing);
	expect_settled();
}

static void
test_refused_because_of_drift(void **state)
{
	(void) state;
	object.replace = ORCH_REPLACE_DRIFTED;
	planned(2);
	send(APPLY, 2);
	answer(APPLY, REFUSED);
	expect_reason(ORCH_REASON_INVALID);
	/* somebody's own port beside ours */
	seen("u1", 11, 2);
	pass(60);
	send(APPLY, 2);
	answer(APPLY, REFUSED);
	expect(DELETE);
}

static void
test_failed(void **state)
{
	static const struct
	{
		OrchReason	reason;
		int64		retry_after_ms;
		double		wait;
		bool		final;
	}			cases[] = {
		{ORCH_REASON_UNREACHABLE, -1, 1, false}, {ORCH_REASON_SERVER_ERROR, -1, 1, false},
		{ORCH_REASON_TOO_MANY_REQUESTS, 7000, 7, false}, {ORCH_REASON_UNAUTHORIZED, -1, 1, false},
		{ORCH_REASON_FORBIDDEN, -1, 15, true}, {ORCH_REASON_QUOTA_EXCEEDED, -1, 15, true},
		{ORCH_REASON_NAMESPACE_TERMINATING, -1, 1, false}, {ORCH_REASON_INVALID, -1, 60, true},
		{ORCH_REASON_NOT_FOUND, -1, 1, false}, {ORCH_REASON_CONFLICT, -1, 5, true},
		{ORCH_REASON_RENDER_FAILED, -1, 15, true}, {ORCH_REASON_BUSY, -1, 1, false},
		{ORCH_REASON_LOCKED, -1, 1, false}, {ORCH_REASON_RECORD_FAILED, -1, 1, false},
		{ORCH_REASON_UNEXPECTED, -1, 1, false}, {ORCH_REASON_UNREACHABLE, 36000000, 1800, false}
	};

	(void) state;
	for (size_t i = 0; i < lengthof(cases); i++)
	{
		planned(2 + i);
		send(APPLY, 2 + i);
		fails(APPLY, cases[i].reason, .retry_after_ms = cases[i].retry_after_ms);
		assert_true(step.changed && step.told);
		assert_int_equal(object.attempts, 1);
		expect_reason(cases[i].reason);
		assert_int_equal(orch_reason_is_final(cases[i].reason), cases[i].final);
		expect_in(APPLY, cases[i].wait);
	}
}

static void
test_failed_for_an_older_plan(void **state)
{
	(void) state;
	planned(2);
	send(APPLY, 2);
	planned(3);
	fails(APPLY, ORCH_REASON_INVALID);
	expect(APPLY);
	sent(APPLY, 3);
	planned(4);
	fails(APPLY, ORCH_REASON_UNREACHABLE);
	expect_in(APPLY, 1);
}

static void
test_failed_before_it_was_sent(void **state)
{
	(void) state;
	breaks(ORCH_REASON_RENDER_FAILED);
	expect_reason(ORCH_REASON_RENDER_FAILED);
	expect_in(CREATE, 15);
	/* nothing was ever sent */
	planned(0);
	assert_true(step.leaves);
	/* or nobody knows */
	planned(1);
	send(CREATE, 1);
	breaks(ORCH_REASON_RECORD_FAILED);
	expect_in(CREATE, 1);
	seen("u1", 10, 1);
	sent(APPLY, 1);
	answer(APPLY, DONE, "u1", 10, 1);
	planned(2);
	send(APPLY, 2);
	planned(1);
	breaks(ORCH_REASON_RECORD_FAILED);
	expect_in(APPLY, 1);
}

static void
test_failed_when_settled(void **state)
{
	(void) state;
	breaks(ORCH_REASON_RECORD_FAILED);
	expect_settled();
	expect_reason(ORCH_REASON_NONE);
}

static void
test_delays(void **state)
{
	(void) state;
	for (int attempts = 0; attempts < 100; attempts++)
	{
		for (int reason = 0; reason <= ORCH_REASON_LAST; reason++)
		{
			int64		least = orch_retry_delay(reason, attempts, 0, 0);
			int64		most = orch_retry_delay(reason, attempts, 0, 1);

			assert_true(least >= SECOND * 3 / 4 && most <= 1800 * SECOND * 5 / 4 && least < most);
			assert_true(orch_retry_delay(reason, attempts + 1, 0, 0) >= least);
		}
	}
	assert_int_equal(orch_retry_delay(ORCH_REASON_SERVER_ERROR, 3, 0, 0.5), 8 * SECOND);
	assert_int_equal(orch_retry_delay(ORCH_REASON_SERVER_ERROR, 8, 0, 0.5), 256 * SECOND);
	assert_int_equal(orch_retry_delay(ORCH_REASON_SERVER_ERROR, 9, 0, 0.5), 300 * SECOND);
	assert_int_equal(orch_retry_delay(ORCH_REASON_SERVER_ERROR, PG_INT32_MAX, 0, 0.5), 300 * SECOND);
	assert_int_equal(orch_retry_delay(ORCH_REASON_CONFLICT, 4, 0, 0.5), 60 * SECOND);
	assert_int_equal(orch_retry_delay(ORCH_REASON_INVALID, 20, 0, 0.5), 1800 * SECOND);
	assert_int_equal(orch_retry_delay(ORCH_REASON_FORBIDDEN, 20, 0, 0.5), 300 * SECOND);
}

/* late answers */

static void
test_late(void **state)
{
	(void) state;
	send(CREATE, 1);
	not_sent();
	answer(CREATE, DONE, "u1", 10, 1);
	/* it exists, and whether it is as desired an apply will say */
	expect_uid("u1");
	send(APPLY, 1);
	answer(APPLY, DONE, "u1", 10, 1);
	expect_settled();
	/* twice */
	answer(APPLY, DONE, "u1", 10, 1);
	assert_false(step.changed);
	answer(LOOK, GONE);
	answer(DELETE, DELETING, "u1", 11, 1, .terminating = true);
	fails(APPLY, ORCH_REASON_INVALID);
	answer(CREATE, EXISTS);
	assert_false(step.changed);
	expect_settled();
}

static void
test_late_and_gone(void **state)
{
	(void) state;
	deleted("u1", 11, 1, .terminating = true);
	answer(APPLY, DONE, "u1", 10, 1);
	answer(LOOK, FOUND, "u1", 10, 1);
	answer(CREATE, DONE, "f1", 20, 1, .foreign = true);
	expect_uid("");
}

static void
test_late_of_the_same_verb(void **state)
{
	uint32		first;

	(void) state;
	planned(2);
	send(APPLY, 2);
	first = object.request;
	not_sent();
	planned(3);
	send(APPLY, 3);
	happens_to((OrchEvent) {.type = ORCH_EVENT_ANSWER, .verb = APPLY, .outcome = DONE, .request = first}, (It) {"u1", 11, 2});
	assert_int_equal(object.in_flight, APPLY);
	happens_to((OrchEvent) {.type = ORCH_EVENT_ANSWER, .verb = APPLY, .outcome = DONE, .request = object.request}, (It) {"u1", 12, 3});
	expect_settled();
}

/* SEEN */

static void
test_seen(void **state)
{
	(void) state;
	seen("u1", 11, 1, .facts = 5);
	assert_true(step.changed && step.told && !step.drifted);
	assert_int_equal(object.known_at, now);
	/* a version alone is not worth a statement */
	seen("u1", 12, 1, .facts = 5);
	assert_false(step.changed || step.told);
	/* older: known to be there; 9 comes before 12 */
	pass(1);
	seen("u1", 9, 2, .facts = 6);
	assert_false(step.changed);
	assert_int_equal(object.known_at, now);
	expect_settled();
	/* a list is believed even then: the cluster was restored from a backup */
	seen("u1", 9, 2, .facts = 6, .listed = true);
	assert_true(step.drifted);
	assert_string_equal(object.version, "9");
	expect(APPLY);
}

static void
test_seen_edited(void **state)
{
	(void) state;
	seen("u1", 11, 2);
	assert_true(step.drifted && step.changed && step.told);
	assert_int_equal(object.due_since, now);
	expect(APPLY);
	/* not at once when it was applied only just now */
	sent(APPLY, 1);
	answer(APPLY, DONE, "u1", 12, 3);
	pass(1);
	seen("u1", 13, 4);
	expect_in(APPLY, 4);
	/* a new plan does not wait for that */
	planned(2);
	expect(APPLY);
}

static void
test_seen_terminating(void **state)
{
	(void) state;
	seen("u1", 11, 1, .terminating = true);
	assert_true(step.drifted && step.told);
	expect_in(LOOK, 10);
	pass(5);
	seen("u1", 12, 1, .terminating = true);
	assert_false(step.drifted);
	expect_in(LOOK, 5);
	deleted("u1", 13, 1, .terminating = true);
	expect(CREATE);
}

static void
test_seen_terminating_while_it_is_applied(void **state)
{
	(void) state;
	planned(2);
	send(APPLY, 2);
	seen("u1", 11, 1, .terminating = true);
	assert_true(step.drifted);
	fails(APPLY, ORCH_REASON_BUSY);
	expect_in(LOOK, 1);
}

static void
test_seen_before_the_answer(void **state)
{
	(void) state;
	send(CREATE, 1);
	seen("f1", 10, 1, .foreign = true);
	assert_false(step.changed);
	seen("u1", 11, 1);
	expect_uid("u1");
	/* and it never comes */
	not_sent();
	send(APPLY, 1);
	fails(APPLY, ORCH_REASON_INVALID);
	expect_reason(ORCH_REASON_INVALID);
}

static void
test_seen_of_another_uid(void **state)
{
	(void) state;
	/* older */
	seen("u0", 9, 1);
	expect_uid("u1");
	/* ours */
	seen("u2", 20, 2);
	assert_true(step.drifted);
	expect_uid("u2");
	assert_string_equal(object.gone_uid, "u1");
	expect(APPLY);
	/* of the gone one nothing is believed */
	seen("u1", 30, 1);
	expect_uid("u1");
}

static void
test_seen_foreign(void **state)
{
	(void) state;
	seen("f1", 20, 2, .foreign = true);
	assert_true(step.drifted);
	expect_uid("");
	expect(CREATE);
	planned(0);
	expect(LOOK);
}

static void
test_seen_foreign_to_go(void **state)
{
	(void) state;
	planned(0);
	seen("f1", 20, 2, .foreign = true);
	assert_true(step.leaves);
}

static void
test_seen_orphan(void **state)
{
	(void) state;
	seen("o1", 20, 2, .orphan = true);
	expect_uid("o1");
	send(DELETE, 0);
	answer(DELETE, GONE);
	send(CREATE, 1);
	answer(CREATE, DONE, "u3", 30, 3);
	/* not if it has data */
	object.keeps_data = true;
	seen("o2", 40, 2, .orphan = true);
	expect_uid("");
	seen("o2", 41, 2, .orphan = true);
	expect_uid("");
}

static void
test_seen_gone(void **state)
{
	(void) state;
	deleted("u1", 11, 1, .terminating = true);
	seen("u1", 10, 1);
	expect_uid("");
}

/* DELETED, UNLISTED, RECONNECTED */

static void
test_deleted(void **state)
{
	(void) state;
	deleted("u9", 11, 1);
	assert_false(step.changed);
	deleted("u1", 11, 1, .terminating = true);
	assert_true(step.drifted && step.told);
	assert_int_equal(object.due_since, now);
	/* an hour after the apply: at once */
	send(CREATE, 1);
	answer(CREATE, DONE, "u2", 20, 1);
	pass(1);
	deleted("u2", 21, 1, .terminating = true);
	expect_in(CREATE, 4);
}

static void
test_unlisted(void **state)
{
	(void) state;
	/* asked for before it was made or seen */
	unlisted(1000 * SECOND);
	assert_false(step.changed);
	seen("u1", 11, 1);
	unlisted(now);
	expect_uid("u1");
	unlisted(now + 1);
	expect_uid("");
	expect(CREATE);
}

static void
test_unlisted_to_go(void **state)
{
	(void) state;
	planned(0);
	unlisted(now + 1);
	/* it may have lost its label */
	assert_false(step.leaves);
	expect(LOOK);
	sent(LOOK, 0);
	answer(LOOK, FOUND, "u1", 10, 1, .foreign = true);
	send(DELETE, 0);
	answer(DELETE, DELETING);
	unlisted(now + 1);
	assert_true(step.leaves);
}

static void
test_reconnected(void **state)
{
	static const OrchReason reasons[] = {ORCH_REASON_UNREACHABLE, ORCH_REASON_SERVER_ERROR, ORCH_REASON_UNAUTHORIZED};

	(void) state;
	for (int i = 0; i < 3; i++)
	{
		breaks(reasons[i]);
		breaks(reasons[i]);
		expect_in(CREATE, 2);
		reconnected();
		assert_int_equal(object.attempts, 0);
		assert_true(step.changed);
		expect(CREATE);
	}
	breaks(ORCH_REASON_INVALID);
	reconnected();
	assert_false(step.changed);
	expect_in(CREATE, 60);
}

/* fights */

static void
test_fight(void **state)
{
	static const int waits[] = {5, 5, 10, 20, 40, 80, 160, 300, 300, 300};
	int			version = 20;

	(void) state;
	now = object.applied_at;
	for (int i = 0; i < 10; i++)
	{
		pass(1);
		seen("u1", version++, 2 * version);
		assert_true(step.drifted);
		assert_int_equal(object.fights, i + 1);
		/* while it waits, what else is done to it counts no more */
		seen("u1", version++, 2 * version);
		assert_false(step.drifted);
		expect_in(APPLY, waits[i] - 1);
		pass(waits[i] - 1);
		send(APPLY, 1);
		answer(APPLY, DONE, "u1", version++, 1);
	}
	/* removing it is no way around that */
	pass(1);
	deleted("u1", version++, 1, .terminating = true);
	expect_in(CREATE, 299);
	pass(299);
	send(CREATE, 1);
	answer(CREATE, DONE, "u2", version++, 1);
	/* ten quiet minutes */
	pass(601);
	seen("u2", version++, 2);
	assert_int_equal(object.fights, 0);
	expect(APPLY);
}

/* somebody insists */

static void
test_insisted(void **state)
{
	(void) state;
	planned(2);
	send(APPLY, 2);
	happens_to((OrchEvent) {.type = ORCH_EVENT_ANSWER, .verb = APPLY, .outcome = DONE, .compared = true, .differs = true}, (It) {"u1", 11, 2});
	assert_true(object.insisted && step.told && step.changed);
	/* as desired for all that, and tried again by and by */
	assert_true(orch_object_is_settled(&object));
	expect_in(APPLY, 600);
	pass(600);
	/* whatever comes of that, it is not tried at once, not even by a process that knows no more than the row */
	object.sent = digest(0);
	send(APPLY, 2);
	fails(APPLY, ORCH_REASON_UNREACHABLE);
	assert_true(orch_object_is_settled(&object));
	expect_reason(ORCH_REASON_NONE);
	expect_in(APPLY, 600);
	pass(600);
	sent(APPLY, 2);
	not_sent();
	expect_in(APPLY, 600);
	pass(600);
	breaks(ORCH_REASON_BUSY);
	expect_in(APPLY, 600);
	/* unless it is wanted otherwise */
	planned(3);
	send(APPLY, 3);
	/* what was sent is not known any more: nothing is known */
	answer(APPLY, DONE, "u1", 12, 3);
	assert_true(object.insisted);
	expect_in(APPLY, 600);
	pass(600);
	send(APPLY, 3);
	happens_to((OrchEvent) {.type = ORCH_EVENT_ANSWER, .verb = APPLY, .outcome = DONE, .compared = true}, (It) {"u1", 13, 3});
	assert_true(!object.insisted && step.told);
	expect_settled();
}

static void
test_insisted_by_fighting(void **state)
{
	(void) state;
	now = object.applied_at;
	for (int i = 0; i < ORCH_FIGHTS_TOLD; i++)
	{
		assert_false(object.insisted);
		pass(1);
		seen("u1", 20 + 10 * i, 2);
		pass(10);
		send(APPLY, 1);
		happens_to((OrchEvent) {.type = ORCH_EVENT_ANSWER, .verb = APPLY, .outcome = DONE, .compared = true}, (It) {"u1", 21 + 10 * i, 1});
	}
	assert_true(object.insisted);
	/* ten minutes later it is quiet, and they have given in */
	expect_in(APPLY, 600);
	pass(600);
	send(APPLY, 1);
	happens_to((OrchEvent) {.type = ORCH_EVENT_ANSWER, .verb = APPLY, .outcome = DONE, .compared = true}, (It) {"u1", 90, 1});
	assert_int_equal(object.fights, 0);
	assert_false(object.insisted);
	expect_settled();
}

static void
test_insisted_once(void **state)
{
	(void) state;
	object.insisted = true;
	/* a Job cannot be changed: it is told, and that is all */
	expect_settled();
}

/* once */

static void
test_once(void **state)
{
	(void) state;
	seen("u1", 11, 1, .ended = true, .facts = 5);
	assert_true(step.told);
	expect_settled();
	/* somebody edits it, and a controller clears it away */
	seen("u1", 12, 2, .ended = true, .facts = 5);
	assert_false(step.drifted);
	seen("u1", 13, 2, .ended = true, .facts = 5, .terminating = true);
	expect_settled();
	deleted("u1", 14, 2, .terminating = true);
	assert_true(step.changed && !step.leaves && !step.drifted);
	expect_uid("");
	expect_settled();
	assert_int_equal(object.facts.low, 5);
	planned(1);
	expect_settled();
	/* a plan of its own runs it again */
	planned(2);
	send(CREATE, 2);
	assert_false(object.ended);
	/* and back, meanwhile: what was done before counts no more */
	planned(1);
	expect(NONE);
	answer(CREATE, DONE, "u2", 20, 3);
	expect_uid("u2");
	expect(APPLY);
}

static void
test_once_planned_again(void **state)
{
	(void) state;
	seen("u1", 11, 1, .ended = true);
	planned(2);
	send(DELETE, 0);
	answer(DELETE, GONE);
	send(CREATE, 2);
	answer(CREATE, DONE, "u2", 20, 2);
	expect_settled();
	/* gone before it has ended: again */
	unlisted(now + 1);
	expect_in(CREATE, 5);
}

static void
test_once_to_go(void **state)
{
	(void) state;
	seen("u1", 11, 1, .ended = true);
	unlisted(now + 1);
	expect_settled();
	planned(0);
	send(LOOK, 0);
	/* it had lost its label */
	answer(LOOK, FOUND, "u1", 12, 1, .foreign = true, .ended = true);
	send(DELETE, 0);
	answer(DELETE, GONE);
	assert_true(step.leaves);
}

static void
test_once_drifted_and_ended(void **state)
{
	(void) state;
	seen("u1", 11, 2);
	expect(APPLY);
	seen("u1", 12, 2, .ended = true);
	expect_settled();
}

static void
test_once_and_the_plan_goes_back(void **state)
{
	(void) state;
	/* it runs, so it is changed, not run again */
	planned(2);
	expect(APPLY);
	planned(1);
	seen("u1", 11, 2, .ended = true);
	assert_false(step.drifted);
	expect_settled();
	seen("u1", 12, 3);
	expect_settled();
}

static void
test_once_and_the_answer_was_lost(void **state)
{
	(void) state;
	/* a short one had ended when it was found */
	memset(&object, 0, sizeof(object));
	object.once = true;
	object.replace = ORCH_REPLACE_IMMUTABLE;
	planned(1);
	send(CREATE, 1);
	not_sent();
	seen("u1", 10, 1, .ended = true);
	expect_settled();
	/* or when it was looked at */
	planned(5);
	send(DELETE, 0);
	answer(DELETE, GONE);
	send(CREATE, 5);
	not_sent();
	send(CREATE, 5);
	answer(CREATE, EXISTS);
	send(LOOK, 0);
	answer(LOOK, FOUND, "u5", 15, 5, .ended = true);
	expect_settled();
	/* or ended before the answer came */
	planned(2);
	send(DELETE, 0);
	answer(DELETE, GONE);
	send(CREATE, 2);
	seen("u2", 21, 2, .ended = true);
	answer(CREATE, DONE, "u2", 20, 2);
	expect_settled();
	/* made for another plan: that one is to run */
	planned(3);
	send(DELETE, 0);
	answer(DELETE, GONE);
	send(CREATE, 3);
	not_sent();
	planned(4);
	send(CREATE, 4);
	answer(CREATE, EXISTS);
	send(LOOK, 0);
	answer(LOOK, FOUND, "u3", 30, 3, .ended = true);
	send(APPLY, 4);
	answer(APPLY, REFUSED);
	expect(DELETE);
	send(DELETE, 0);
	answer(DELETE, GONE);
	send(CREATE, 4);
	answer(CREATE, DONE, "u4", 40, 4);
	assert_false(object.replanned);
}

static void
test_once_and_the_cluster_is_restored(void **state)
{
	(void) state;
	seen("u1", 11, 1, .ended = true);
	seen("o1", 5, 1, .orphan = true, .listed = true);
	expect_uid("");
	expect_settled();
	seen("u2", 6, 1, .listed = true);
	expect_uid("u2");
	expect_settled();
}

/* what is loaded */

static void
test_loaded(void **state)
{
	OrchObjectState row = object;

	(void) state;
	/* settled and of nothing: a hand-edited row */
	object.uid[0] = '\0';
	expect(CREATE);
	/* taken in and not planned yet: no fingerprint to compare with */
	object = row;
	object.applied_fingerprint = digest(0);
	seen("u1", 11, 3);
	expect_settled();
	/* to go, and nobody knows whether it was sent */
	object = row;
	object.desired = object.applied = digest(0);
	object.uid[0] = '\0';
	object.attempted = false;
	expect(LOOK);
	assert_true(sizeof(OrchObjectState) <= 352);
}

/* engine/seen.c */

static void
test_versions(void **state)
{
	(void) state;
	assert_true(orch_version_compare("9", "10") < 0);
	assert_true(orch_version_compare("10", "9") > 0);
	assert_true(orch_version_compare("99999999999999999999999999", "100000000000000000000000000") < 0);
	assert_true(orch_version_compare("0010", "10") == 0);
	assert_true(orch_version_compare("123", "124") < 0);
	assert_true(orch_version_compare("x", "1") < 0);
	assert_true(orch_version_compare("12x", "") == 0);
	assert_true(orch_version_compare("000", "") == 0);
}

static void
test_reasons(void **state)
{
	(void) state;
	assert_null(orch_reason_name(ORCH_REASON_NONE));
	for (int reason = 0; reason <= ORCH_REASON_LAST; reason++)
		assert_int_equal(orch_reason_by_name(orch_reason_name(reason)), reason);
	assert_int_equal(orch_reason_by_name("of a later release"), ORCH_REASON_UNEXPECTED);
	assert_string_equal(orch_reason_name(ORCH_REASON_TOO_MANY_REQUESTS), "TooManyRequests");
}

static void
test_digests(void **state)
{
	OrchDigest	a = orch_digest("{}", 2);

	(void) state;
	assert_true(orch_digest_equal(a, orch_digest("{}x", 2)));
	assert_false(orch_digest_equal(a, orch_digest("{ }", 3)));
	assert_false(orch_digest_is_none(a) || orch_digest_is_none(orch_digest("", 0)));
	assert_true(a.high != a.low);
}

#define fresh(test) cmocka_unit_test_setup(test, setup)
#define applied(test) cmocka_unit_test_setup(test, setup_applied)
#define once(test) cmocka_unit_test_setup(test, setup_once)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		fresh(test_planned_new), fresh(test_planned_again), applied(test_planned_otherwise), applied(test_planned_to_go),
		applied(test_planned_back), applied(test_planned_for_another_row),
		fresh(test_sent), applied(test_sent_is_the_plan), fresh(test_not_sent), applied(test_plan_goes_back_meanwhile),
		fresh(test_done), fresh(test_done_overtaken_by_events), applied(test_done_and_edited), fresh(test_done_and_gone),
		applied(test_done_for_another), fresh(test_done_is_not_ours), fresh(test_done_to_go), applied(test_done_terminating),
		fresh(test_found_ours), applied(test_found_by_uid), fresh(test_found_orphan), fresh(test_found_orphan_with_data),
		fresh(test_found_foreign), applied(test_found_foreign_to_go), applied(test_found_foreign_instead),
		applied(test_found_still_going), fresh(test_found_after_failures), applied(test_found_older), fresh(test_found_overtaken),
		applied(test_gone_overtaken), fresh(test_gone_of_a_creation), fresh(test_gone_after_exists),
		fresh(test_gone_while_a_creation_is_in_flight),
		applied(test_deleting), applied(test_deleting_of_what_lost_its_label), applied(test_refused), applied(test_refused_for_good),
		applied(test_refused_because_of_drift), applied(test_insisted), applied(test_insisted_by_fighting), applied(test_failed), applied(test_failed_for_an_older_plan),
		fresh(test_failed_before_it_was_sent), applied(test_failed_when_settled), fresh(test_delays),
		fresh(test_late), applied(test_late_and_gone), applied(test_late_of_the_same_verb),
		applied(test_seen), applied(test_seen_edited), applied(test_seen_terminating),
		applied(test_seen_terminating_while_it_is_applied), fresh(test_seen_before_the_answer),
		applied(test_seen_of_another_uid), applied(test_seen_foreign), applied(test_seen_foreign_to_go), applied(test_seen_orphan),
		applied(test_seen_gone),
		applied(test_deleted), applied(test_unlisted), applied(test_unlisted_to_go), fresh(test_reconnected),
		applied(test_fight),
		once(test_insisted_once), once(test_once), once(test_once_planned_again), once(test_once_to_go), once(test_once_drifted_and_ended),
		once(test_once_and_the_plan_goes_back),
		once(test_once_and_the_answer_was_lost), once(test_once_and_the_cluster_is_restored),
		applied(test_loaded), fresh(test_versions), fresh(test_reasons), fresh(test_digests)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
