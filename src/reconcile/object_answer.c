/*
 * object_answer.c
 *	  What an answer to a request for an object says.
 *
 * Events may overtake answers: an answer about an object that another has
 * replaced since it was asked for (overtaken), or that nobody waits for any
 * more, proves little.  The rows of the table are in object_state.c.
 */
#include "reconcile/object_change.h"

/*
 * What has the name belongs to somebody else, so nothing of ours is there.
 */
static void
meet_stranger(OrchObjectState *object, const OrchEvent *event, OrchStep *step)
{
	if (orch_object_is_known(object))
		orch_object_lose(object, event, true, step);
	if (!orch_object_is_wanted(object))
		step->leaves = true;
	else
	{
		if (object->reason != ORCH_REASON_CONFLICT)
			object->attempts = 0;
		orch_object_postpone(object, event, ORCH_REASON_CONFLICT);
		object->must_look = true;
		step->stranger = true;
	}
}

static void
answer_done(OrchObjectState *object, const OrchEvent *event, OrchStep *step)
{
	const OrchSeen *seen = event->seen;
	bool		same = orch_object_has_uid(object->uid, seen);
	bool		newer = orch_object_is_newer(object, seen);
	bool		as_made;

	/* it was made and is gone again, or another has taken its place, and events said so first */
	if (orch_object_has_uid(object->gone_uid, seen) && orch_object_is_wanted(object))
	{
		object->applied_at = event->now;
		orch_object_drift(object, event->now, step);
		object->next_attempt_at = Max(object->next_attempt_at, orch_object_after_fight(object));
	}
	if (orch_object_has_uid(object->gone_uid, seen) || (!same && !newer))
		return;
	if (!same && !event->belongs)
	{
		/* to go: the look that is due proves it */
		if (!orch_object_is_known(object) && orch_object_is_wanted(object))
			meet_stranger(object, event, step);
		return;
	}
	if (!same)
		orch_object_become(object, seen);
	if (newer)
		orch_object_observe(object, event);
	object->applied_fingerprint = seen->fingerprint_digest;
	object->applied_at = object->known_at = event->now;
	object->replanned = !orch_digest_equal(object->sent, object->desired);
	orch_object_forget_failures(object);
	orch_object_forget_fights(object, event->now);
	if (event->compared)
		object->insisted = event->differs || object->fights >= ORCH_FIGHTS_TOLD;

	/* events may have overtaken the answer */
	as_made = object->deletion_started_at == 0 && orch_digest_equal(object->observed_fingerprint, seen->fingerprint_digest);
	orch_object_set_applied(object, !object->replacing, object->sent);
	if (object->deletion_started_at != 0)
		object->next_attempt_at = event->now + ORCH_DELETION_LOOK_FIRST;
	if (as_made || orch_object_is_done(object))
		return;
	if (orch_object_may_drift(object))
	{
		orch_object_drift(object, event->now, step);
		object->next_attempt_at = Max(object->next_attempt_at, orch_object_after_fight(object));
	}
	orch_object_set_applied(object, false, object->sent);
}

static void
answer_found(OrchObjectState *object, const OrchEvent *event, OrchStep *step)
{
	const OrchSeen *seen = event->seen;
	bool		same = orch_object_has_uid(object->uid, seen);
	bool		orphan = orch_object_is_orphan(object, event);
	int64		started = object->deletion_started_at;

	if (!same && !orch_object_has_uid(object->gone_uid, seen) && !event->belongs && !orphan)
	{
		meet_stranger(object, event, step);
		return;
	}
	if (!same)
	{
		orch_object_become(object, seen);
		started = 0;
	}
	if (!same || orch_object_is_newer(object, seen))
		orch_object_observe(object, event);
	object->known_at = event->now;
	if (orphan)
		orch_object_replace(object);
	orch_object_settle_ended(object);
	orch_object_progress(object);
	if (orphan && !same)
		orch_object_race(object, event);
	/* less and less often at what takes long to go */
	if (object->deletion_started_at != 0)
		object->next_attempt_at = event->now +
			Min(Max(started != 0 ? event->now - started : 0, ORCH_DELETION_LOOK_FIRST), ORCH_DELETION_LOOK_MOST);
}

static void
answer_gone(OrchObjectState *object, const OrchEvent *event, OrchStep *step)
{
	/* a creation met it, the look did not */
	bool		met = event->verb == ORCH_VERB_LOOK && object->must_look;

	orch_object_lose(object, event, true, step);
	object->must_look = false;
	if (met && object->reason == ORCH_REASON_CONFLICT)
		orch_object_forget_failures(object);
	else if (orch_object_is_wanted(object) && (met || event->verb == ORCH_VERB_APPLY))
		orch_object_race(object, event);
}

static void
answer_deleting(OrchObjectState *object, const OrchEvent *event)
{
	if (!orch_object_is_known(object))
		return;
	if (object->deletion_started_at == 0)
		object->deletion_started_at = event->now;
	if (event->seen && orch_object_is_newer(object, event->seen))
		memcpy(object->version, event->seen->version, ORCH_VERSION_SIZE);
	orch_object_progress(object);
	object->next_attempt_at = event->now + ORCH_DELETION_LOOK_FIRST;
}

static void
answer_failed(OrchObjectState *object, const OrchEvent *event, OrchReason reason)
{
	bool		other = (event->verb == ORCH_VERB_CREATE || event->verb == ORCH_VERB_APPLY) &&
		!orch_digest_equal(object->sent, object->desired);

	if (!orch_reason_is_final(reason))
		orch_object_doubt(object, event->verb);
	if (orch_object_is_settled(object) || (other && orch_reason_is_final(reason)))
		return;
	orch_object_postpone(object, event, reason);
}

static void
answer_refused(OrchObjectState *object, const OrchEvent *event)
{
	bool		changed = !orch_digest_is_none(object->applied_fingerprint) &&
		!orch_digest_equal(object->applied_fingerprint, object->observed_fingerprint);

	if (orch_object_is_known(object) && !object->keeps_data && !orch_object_is_settled(object) &&
		orch_digest_equal(object->sent, object->desired) &&
		(object->replace == ORCH_REPLACE_IMMUTABLE || (object->replace == ORCH_REPLACE_DRIFTED && changed)))
	{
		orch_object_replace(object);
		orch_object_forget_failures(object);
	}
	else
		answer_failed(object, event, event->reason == ORCH_REASON_NONE ? ORCH_REASON_INVALID : event->reason);
}

/*
 * An answer that nobody waits for any more proves no more than that there is
 * an object of ours.
 */
static void
answer_late(OrchObjectState *object, const OrchEvent *event)
{
	if (event->seen == NULL || event->seen->uid[0] == '\0' || orch_object_is_known(object) || !event->belongs ||
		orch_object_has_uid(object->gone_uid, event->seen) ||
		(event->outcome != ORCH_OUTCOME_DONE && event->outcome != ORCH_OUTCOME_FOUND))
		return;
	orch_object_become(object, event->seen);
	orch_object_observe(object, event);
	object->known_at = event->now;
	orch_object_settle_ended(object);
	if (event->seen->terminating)
		object->next_attempt_at = event->now + ORCH_DELETION_LOOK_FIRST;
}

void
orch_object_answer(OrchObjectState *object, const OrchEvent *event, OrchStep *step)
{
	bool		overtaken = object->overtaken;
	bool		tells = event->seen != NULL && event->seen->uid[0] != '\0';

	if (object->in_flight != event->verb || (event->request != 0 && event->request != object->request))
	{
		answer_late(object, event);
		return;
	}
	object->in_flight = ORCH_VERB_NONE;
	object->overtaken = false;

	/* another has taken the place of the one that it is about */
	if (overtaken && event->verb != ORCH_VERB_CREATE && !(tells && orch_object_has_uid(object->uid, event->seen)))
	{
		if (event->verb != ORCH_VERB_LOOK)
			orch_object_race(object, event);
		return;
	}

	if (event->outcome == ORCH_OUTCOME_DONE && tells)
		answer_done(object, event, step);
	else if (event->outcome == ORCH_OUTCOME_FOUND && tells)
		answer_found(object, event, step);
	else if (event->outcome == ORCH_OUTCOME_GONE && event->verb != ORCH_VERB_CREATE)
		answer_gone(object, event, step);
	else if (event->outcome == ORCH_OUTCOME_DELETING)
		answer_deleting(object, event);
	else if (event->outcome == ORCH_OUTCOME_EXISTS)
		object->must_look = !orch_object_is_known(object);
	else if (event->outcome == ORCH_OUTCOME_REFUSED_CHANGE)
		answer_refused(object, event);
	else
		answer_failed(object, event, event->reason == ORCH_REASON_NONE ? ORCH_REASON_UNEXPECTED : event->reason);
}
