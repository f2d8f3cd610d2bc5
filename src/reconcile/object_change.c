/*
 * object_change.c
 *	  What may become of an object: back-off, drift, loss, adoption.
 */
#include "reconcile/object_change.h"

/* between an apply and the one that takes back what somebody did to it */
/* so many drifts in a row are put right as soon as one is */
#define FIGHTS_OF_A_PERSON 2

#define FIGHT_FLOOR (5 * ORCH_SECOND)
#define FIGHT_CAP (5 * ORCH_MINUTE)
#define FIGHT_WINDOW ORCH_MINUTE
#define FIGHT_FORGOTTEN (10 * ORCH_MINUTE)

bool
orch_reason_is_final(OrchReason reason)
{
	return reason == ORCH_REASON_INVALID || reason == ORCH_REASON_FORBIDDEN || reason == ORCH_REASON_QUOTA_EXCEEDED ||
		reason == ORCH_REASON_CONFLICT || reason == ORCH_REASON_RENDER_FAILED;
}

bool
orch_object_is_settled(const OrchObjectState *object)
{
	return orch_object_is_as_desired(object) && (orch_object_is_known(object) || orch_object_is_done(object));
}

/*
 * Microseconds to wait after a failure: exponential, with jitter, and at least
 * what the server asked for; attempts are those before this one.
 */
int64
orch_retry_delay(OrchReason reason, int32 attempts, int64 retry_after_ms, double jitter)
{
	int64		first = 1;
	int64		most = 300;
	int64		delay;
	int64		asked;

	if (reason == ORCH_REASON_CONFLICT)
	{
		/* what is in the way may be removed by hand at any time */
		first = 5;
		most = 60;
	}
	else if (reason == ORCH_REASON_INVALID)
	{
		first = 60;
		most = 1800;
	}
	else if (orch_reason_is_final(reason))
		first = 15;
	delay = Min(first << Max(Min(attempts, 12), 0), most) * ORCH_SECOND;
	delay = (int64) (delay * (0.75 + 0.5 * jitter));
	/* no server knows what will be in half an hour */
	asked = Max(Min(retry_after_ms, 1800000), 0) * 1000;
	return Max(delay, asked);
}

void
orch_object_forget_failures(OrchObjectState *object)
{
	object->attempts = 0;
	object->reason = ORCH_REASON_NONE;
	object->next_attempt_at = 0;
}

void
orch_object_postpone(OrchObjectState *object, const OrchEvent *event, OrchReason reason)
{
	object->next_attempt_at = event->now + orch_retry_delay(reason, object->attempts, event->retry_after_ms, event->jitter);
	object->attempts = Min(object->attempts, PG_INT32_MAX - 1) + 1;
	object->reason = reason;
}

/*
 * Somebody was faster.  Once that is nothing; who is always faster must not
 * make us spin, so that only an apply that succeeds ends it.
 */
void
orch_object_race(OrchObjectState *object, const OrchEvent *event)
{
	int64		next = object->next_attempt_at;
	bool		again = object->attempts > 0;

	orch_object_postpone(object, event, ORCH_REASON_BUSY);
	object->next_attempt_at = again ? Max(next, object->next_attempt_at) : next;
}

/* Something short of that has succeeded. */
void
orch_object_progress(OrchObjectState *object)
{
	if (object->reason == ORCH_REASON_BUSY)
		object->next_attempt_at = 0;
	else
		orch_object_forget_failures(object);
}

void
orch_object_set_applied(OrchObjectState *object, bool known, OrchDigest manifest)
{
	const OrchDigest none = {0, 0};

	object->applied = known ? manifest : none;
}

/*
 * What was sent may have been done.
 */
void
orch_object_doubt(OrchObjectState *object, OrchVerb verb)
{
	if (verb == ORCH_VERB_APPLY && !orch_digest_equal(object->sent, object->applied))
		orch_object_set_applied(object, false, object->sent);
}

void
orch_object_replace(OrchObjectState *object)
{
	object->replacing = true;
	orch_object_set_applied(object, false, object->desired);
}

/*
 * When what somebody did to it may be taken back.  Two controllers that
 * disagree must not spin; a person who tries this and that is no controller.
 */
int64
orch_object_after_fight(const OrchObjectState *object)
{
	if (object->applied_at == 0)
		return 0;
	return object->applied_at + Min(FIGHT_FLOOR << Max(Min(object->fights, 14) - FIGHTS_OF_A_PERSON, 0), FIGHT_CAP);
}

void
orch_object_forget_fights(OrchObjectState *object, int64 now)
{
	if (object->last_drift_at != 0 && now - object->last_drift_at > FIGHT_FORGOTTEN)
		object->fights = 0;
}

void
orch_object_drift(OrchObjectState *object, int64 now, OrchStep *step)
{
	orch_object_forget_fights(object, now);
	if (object->applied_at != 0 && now - object->applied_at <= FIGHT_WINDOW)
		object->fights = Min(object->fights, PG_INT32_MAX - 1) + 1;
	object->insisted = object->insisted || object->fights >= ORCH_FIGHTS_TOLD;
	object->last_drift_at = now;
	step->drifted = true;
}

/* Can what becomes of it be somebody's doing? */
bool
orch_object_may_drift(const OrchObjectState *object)
{
	return orch_object_is_wanted(object) && !orch_digest_is_none(object->applied) && !object->replacing &&
		!orch_object_is_done(object);
}

/*
 * It is not there any more, or not known to be.
 */
void
orch_object_lose(OrchObjectState *object, const OrchEvent *event, bool proven, OrchStep *step)
{
	const OrchDigest none = {0, 0};
	bool		at_once = !orch_object_is_wanted(object) || object->replacing;
	bool		was_going = object->deletion_started_at != 0;

	proven = proven || was_going;
	/* what a creation under way makes is still to come */
	if (!orch_object_is_wanted(object) && proven && object->in_flight != ORCH_VERB_CREATE)
		step->leaves = true;
	if (orch_object_may_drift(object))
		orch_object_drift(object, event->now, step);
	if (orch_object_is_known(object))
		memcpy(object->gone_uid, object->uid, ORCH_UID_SIZE);
	object->uid[0] = '\0';
	object->version[0] = '\0';
	object->deletion_started_at = 0;
	/* it may be found again, and is still not to be inherited */
	object->replacing = object->replacing && !proven;
	object->replanned = object->replanned && !proven;
	object->attempted = true;
	if (object->reason != ORCH_REASON_BUSY)
		object->attempts = 0;
	if (object->reason != ORCH_REASON_BUSY || was_going || !orch_object_is_wanted(object))
		object->next_attempt_at = 0;
	if (!at_once)
		object->next_attempt_at = Max(object->next_attempt_at, orch_object_after_fight(object));
	if (orch_object_is_done(object))
		return;
	object->applied = none;
	object->observed_fingerprint = none;
	object->facts = none;
	object->generation = 0;
	object->ended = false;
}

/*
 * The object of this uid is the one from here on.
 */
void
orch_object_become(OrchObjectState *object, const OrchSeen *seen)
{
	const OrchDigest none = {0, 0};
	bool		is_back = orch_object_has_uid(object->gone_uid, seen);

	object->replacing = object->replacing && is_back;
	if (orch_object_is_known(object))
		memcpy(object->gone_uid, object->uid, ORCH_UID_SIZE);
	else if (is_back)
		object->gone_uid[0] = '\0';
	memcpy(object->uid, seen->uid, ORCH_UID_SIZE);
	if (!orch_object_is_done(object))
	{
		object->applied = none;
		object->ended = false;
	}
	if (!is_back)
		object->applied_fingerprint = none;
	if (object->reason == ORCH_REASON_CONFLICT)
		orch_object_forget_failures(object);
	if (object->deletion_started_at != 0)
		object->next_attempt_at = 0;
	object->deletion_started_at = 0;
	object->attempted = true;
	object->must_look = false;
	object->overtaken = object->in_flight != ORCH_VERB_NONE;
}

/* What it is like now. */
void
orch_object_observe(OrchObjectState *object, const OrchEvent *event)
{
	const OrchSeen *seen = event->seen;

	memcpy(object->version, seen->version, ORCH_VERSION_SIZE);
	object->generation = seen->generation;
	object->observed_fingerprint = seen->fingerprint_digest;
	object->facts = seen->facts_digest;
	object->ended = object->ended || event->ended;
	if (!seen->terminating)
		object->deletion_started_at = 0;
	else if (object->deletion_started_at == 0)
		object->deletion_started_at = event->now;
}

/*
 * What is to run once and has ended is done, whatever somebody has done to it,
 * unless it may have been made for another plan.
 */
void
orch_object_settle_ended(OrchObjectState *object)
{
	if (object->once && object->ended && orch_object_is_wanted(object) && !object->replacing &&
		orch_digest_is_none(object->applied) && !object->replanned)
		object->applied = object->desired;
}
