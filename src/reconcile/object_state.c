/*
 * object_state.c
 *	  One object: what is known of it, and what follows from an event.
 *
 * Level-triggered: an event says what is there now, not what to do; what is to
 * be done follows from the state alone (orch_object_due()), as long as it is
 * not settled.  Any answer may be lost, late or double.
 *
 * States.  ours: its uid is known.  lost: no uid is known, something may be
 * there.  new: lost, and nothing was ever sent.  done: once, ended, and applied
 * as desired; there or not, it stays settled.  "ours" of what is seen: its uid
 * is the known one, or it carries the labels of the row (belongs).
 *
 *	to be done	state							verb, when
 *	wanted		settled							none
 *				settled, insisted, no Job		APPLY by uid, 10 minutes after the last one was done or failed
 *				lost, must_look					LOOK
 *				lost							CREATE
 *				ours, deletion under way		LOOK, 10 s later, then 10 to 60 s
 *				ours, replacing					DELETE by uid
 *				ours							APPLY by uid
 *	to go		lost							LOOK
 *				ours, deletion under way		LOOK, as above
 *				ours							DELETE by uid
 *	any			a request is in flight			none
 *
 *	event		state, what it says				what follows
 *	PLANNED		to go, new						leaves
 *				same manifest					nothing
 *				another one, or to go			due at once (deletion under way: in its time), failures forgotten
 *				wanted, was to go				applied unknown: it may have been changed or deleted already
 *				for another row					claim or workload that is ours, or may be found again: replacing
 *				another one, once and ended		ours: replacing
 *	SENT		CREATE							attempted; what has ended before counts no more
 *				CREATE, APPLY					what was sent is the plan
 *				APPLY, settled					not again for 10 minutes, whatever comes of it
 *	NOT_SENT	any								due as before; an apply of something new: applied unknown
 *	DONE		the gone one					nothing: events said so first; wanted: drift
 *				another uid, older				nothing
 *				not ours, lost					stranger: Conflict, must_look
 *				ours							applied = what was sent; failures forgotten; insisted if it came back otherwise,
 *												or was fought about at least twice, within 10 minutes
 *				ours, seen newer and changed	drift
 *				ours, terminating				deletion under way, applied unknown
 *				ours, replacing					applied unknown: still replacing
 *	FOUND		ours, the gone one, an orphan	adopted: ours, applied unknown, failures forgotten; orphan: replacing
 *				orphan that keeps data, foreign	ours: is gone; to go: leaves; else stranger: Conflict, must_look
 *	GONE		of a creation					as FAILED
 *				to go							leaves
 *				wanted, after EXISTS			CREATE, with back-off when that happens again
 *				wanted							gone: CREATE; of an apply, with back-off when that happens again
 *	DELETING	ours							deletion under way
 *				lost							nothing
 *	EXISTS		lost							must_look
 *	REFUSED		ours, replace says so			replacing
 *				else							as FAILED (Invalid)
 *	FAILED		settled meanwhile				nothing
 *				an apply of something new		unless final: applied unknown
 *				another manifest wanted, final	due at once
 *				else							back-off
 *	any answer	overtaken						about another one: nothing; of an apply or deletion back-off when
 *												that happens again
 *				late (not what is in flight)	lost: an object that belongs, but not the gone one, is ours,
 *												applied unknown; else nothing
 *	SEEN		ours, as new or listed			facts; not as we left it or terminating: drift, applied unknown
 *				ours, older						known to be there
 *				lost, belongs, not the gone one	adopted; an orphan too: replacing
 *				ours, other uid, newer, belongs	adopted, drift
 *				ours, other uid, newer, orphan	adopted: replacing, drift
 *				ours, other uid, newer, foreign	gone, proven
 *				done							facts alone
 *				once, has ended					done, unless another manifest is wanted: that is applied, or refused
 *	DELETED		ours							gone; proven if it was terminating
 *				lost							its uid becomes gone_uid
 *				other uid						nothing
 *	UNLISTED	ours, not known since asked		gone, not proven
 *	orphan		a second one, and so on			back-off
 *	gone		to go, proven or under way		leaves (not while a creation is in flight)
 *				done							settled as before
 *				else							lost; due at once if to go, else as after drift
 *	drift		applied and wanted				applied unknown; due 5 s after the apply, from the third on doubled up to 5 minutes by each
 *												drift within a minute of an apply, until 10 minutes are quiet
 *	FAILED event any						back-off; settled: not again for 10 minutes
 *	RECONNECTED	failed by Unreachable, ServerError, Unauthorized	due at once
 */
#include "reconcile/object_change.h"

/*
 * Nothing tells when somebody insists no more.
 */
static OrchVerb
due_again(const OrchObjectState *object, int64 now, int64 *at)
{
	if (!object->insisted || object->once || object->deletion_started_at != 0)
		return ORCH_VERB_NONE;
	*at = Max(object->next_attempt_at, object->applied_at + ORCH_INSISTED_AGAIN);
	return *at <= now ? ORCH_VERB_APPLY : ORCH_VERB_NONE;
}

OrchVerb
orch_object_due(const OrchObjectState *object, int64 now, int64 *at)
{
	OrchVerb	verb;

	*at = 0;
	if (object->in_flight != ORCH_VERB_NONE)
		return ORCH_VERB_NONE;
	if (orch_object_is_settled(object))
		return due_again(object, now, at);

	if (!orch_object_is_known(object))
		verb = orch_object_is_wanted(object) && !object->must_look ? ORCH_VERB_CREATE : ORCH_VERB_LOOK;
	else if (object->deletion_started_at != 0)
		verb = ORCH_VERB_LOOK;
	else if (object->replacing || !orch_object_is_wanted(object))
		verb = ORCH_VERB_DELETE;
	else
		verb = ORCH_VERB_APPLY;

	*at = object->next_attempt_at;
	return object->next_attempt_at <= now ? verb : ORCH_VERB_NONE;
}

static void
plan(OrchObjectState *object, const OrchEvent *event, OrchStep *step)
{
	bool		was_wanted = orch_object_is_wanted(object);

	if (!orch_digest_equal(object->desired, event->desired))
	{
		int64		next = object->deletion_started_at != 0 ? object->next_attempt_at : 0;

		object->desired = event->desired;
		object->replanned = object->attempted;
		orch_object_forget_failures(object);
		object->next_attempt_at = next;
		if (orch_object_is_wanted(object) && !was_wanted)
			orch_object_set_applied(object, false, object->desired);
		if (orch_object_is_wanted(object) && orch_object_is_known(object) && object->once && object->ended && !orch_object_is_as_desired(object))
			orch_object_replace(object);
	}
	/* another row's data or selector must not be inherited under the same name */
	if (orch_object_is_wanted(object) && event->other_owner && (object->keeps_data || object->workload))
	{
		if (orch_object_is_known(object) || object->gone_uid[0] != '\0')
			orch_object_replace(object);
	}
	if (!orch_object_is_wanted(object) && !orch_object_is_known(object) && !object->attempted)
		step->leaves = true;
}

static void
send(OrchObjectState *object, const OrchEvent *event)
{
	bool		again = orch_object_is_settled(object);

	object->in_flight = event->verb;
	object->request = object->request == PG_UINT32_MAX ? 1 : object->request + 1;
	object->overtaken = false;
	if (event->verb != ORCH_VERB_CREATE && event->verb != ORCH_VERB_APPLY)
		return;
	object->sent = event->desired;
	if (again)
		object->next_attempt_at = event->now + ORCH_INSISTED_AGAIN;
	/* rendered from the rows as they are now, which the plan may not know yet */
	if (orch_object_is_wanted(object) && !orch_digest_is_none(event->desired))
		object->desired = event->desired;
	if (event->verb == ORCH_VERB_CREATE)
	{
		object->attempted = true;
		/* what was done before counts no more */
		object->ended = false;
	}
}

/*
 * Is it as we left it, as far as that matters?
 */
static bool
is_untouched(const OrchObjectState *object, const OrchEvent *event)
{
	const OrchSeen *seen = event->seen;

	if (orch_object_is_done(object))
		return true;
	if (!orch_object_has_uid(object->uid, seen))
		return false;
	if (object->once && event->ended && orch_object_is_as_desired(object))
		return true;
	return !seen->terminating && (orch_digest_is_none(object->applied_fingerprint) ||
								  orch_digest_equal(object->applied_fingerprint, seen->fingerprint_digest));
}

/* Of another uid: whatever is seen of the gone one is late. */
static bool
is_believed(const OrchObjectState *object, const OrchEvent *event)
{
	if (orch_object_is_known(object))
		return event->listed || orch_object_is_newer(object, event->seen);
	return (event->belongs || orch_object_is_orphan(object, event)) && !orch_object_has_uid(object->gone_uid, event->seen);
}

static void
see(OrchObjectState *object, const OrchEvent *event, OrchStep *step)
{
	const OrchSeen *seen = event->seen;
	bool		same = orch_object_has_uid(object->uid, seen);
	bool		newer = orch_object_is_newer(object, seen);
	bool		was_going = same && object->deletion_started_at != 0;
	bool		untouched = is_untouched(object, event);

	if (same && !newer && !event->listed)
	{
		object->known_at = event->now;
		return;
	}
	if (!same && !is_believed(object, event))
		return;
	if (!same && !event->belongs && !orch_object_is_orphan(object, event))
	{
		orch_object_lose(object, event, newer, step);
		return;
	}

	/* what an apply under way may itself have done is judged by its answer */
	if (!untouched && orch_object_may_drift(object) && (object->in_flight != ORCH_VERB_APPLY || !same || seen->terminating))
		orch_object_drift(object, event->now, step);
	if (!same)
		orch_object_become(object, seen);
	orch_object_observe(object, event);
	object->known_at = event->now;
	if (!untouched)
		orch_object_set_applied(object, false, object->desired);
	if (!same && !event->belongs)
	{
		orch_object_replace(object);
		orch_object_race(object, event);
	}
	orch_object_settle_ended(object);
	if (seen->terminating && !was_going)
		object->next_attempt_at = event->now + ORCH_DELETION_LOOK_FIRST;
	else if (step->drifted)
		object->next_attempt_at = Max(object->next_attempt_at, orch_object_after_fight(object));
}

static void
see_deleted(OrchObjectState *object, const OrchEvent *event, OrchStep *step)
{
	if (orch_object_has_uid(object->uid, event->seen))
		orch_object_lose(object, event, event->seen->terminating, step);
	else if (!orch_object_is_known(object))
		memcpy(object->gone_uid, event->seen->uid, ORCH_UID_SIZE);
}

static void
reconnect(OrchObjectState *object)
{
	if (object->reason == ORCH_REASON_UNREACHABLE || object->reason == ORCH_REASON_SERVER_ERROR ||
		object->reason == ORCH_REASON_UNAUTHORIZED)
	{
		object->attempts = 0;
		object->next_attempt_at = 0;
	}
}

static void
dispatch(OrchObjectState *object, const OrchEvent *event, OrchStep *step)
{
	bool		tells = event->seen != NULL && event->seen->uid[0] != '\0';

	switch (event->type)
	{
		case ORCH_EVENT_PLANNED:
			plan(object, event, step);
			break;
		case ORCH_EVENT_SENT:
			send(object, event);
			break;
		case ORCH_EVENT_NOT_SENT:
			orch_object_doubt(object, object->in_flight);
			object->in_flight = ORCH_VERB_NONE;
			break;
		case ORCH_EVENT_ANSWER:
			orch_object_answer(object, event, step);
			break;
		case ORCH_EVENT_SEEN:
			if (tells)
				see(object, event, step);
			break;
		case ORCH_EVENT_DELETED:
			if (tells)
				see_deleted(object, event, step);
			break;
		case ORCH_EVENT_UNLISTED:
			if (orch_object_is_known(object) && object->known_at < event->asked_at)
				orch_object_lose(object, event, false, step);
			break;
		case ORCH_EVENT_FAILED:
			orch_object_doubt(object, object->in_flight);
			object->in_flight = ORCH_VERB_NONE;
			if (!orch_object_is_settled(object))
				orch_object_postpone(object, event, event->reason == ORCH_REASON_NONE ? ORCH_REASON_UNEXPECTED : event->reason);
			else if (object->insisted)
				object->next_attempt_at = event->now + ORCH_INSISTED_AGAIN;
			break;
		case ORCH_EVENT_RECONNECTED:
			reconnect(object);
			break;
	}
}

/* Is there something new that the status of whoever asked for it is made of? */
static bool
tells_more(const OrchObjectState *a, const OrchObjectState *b)
{
	return !orch_digest_equal(a->desired, b->desired) || !orch_digest_equal(a->applied, b->applied) ||
		!orch_digest_equal(a->facts, b->facts) || strcmp(a->uid, b->uid) != 0 || a->generation != b->generation ||
		a->replacing != b->replacing || a->deletion_started_at != b->deletion_started_at || a->ended != b->ended ||
		a->attempts != b->attempts || a->reason != b->reason || a->insisted != b->insisted;
}

/* Is there something new that the row keeps? */
static bool
is_to_be_written(const OrchObjectState *a, const OrchObjectState *b)
{
	return tells_more(a, b) || !orch_digest_equal(a->applied_fingerprint, b->applied_fingerprint) ||
		!orch_digest_equal(a->observed_fingerprint, b->observed_fingerprint) || strcmp(a->gone_uid, b->gone_uid) != 0 ||
		a->attempted != b->attempted || a->applied_at != b->applied_at || a->next_attempt_at != b->next_attempt_at ||
		a->due_since != b->due_since;
}

OrchStep
orch_object_step(OrchObjectState *object, const OrchEvent *event)
{
	const OrchObjectState before = *object;
	OrchStep	step = {0};
	bool		settled;

	dispatch(object, event, &step);
	settled = orch_object_is_settled(object);
	if (!settled && (object->due_since == 0 || orch_object_is_settled(&before)))
		object->due_since = event->now;
	step.told = step.leaves || tells_more(&before, object);
	step.changed = step.leaves || is_to_be_written(&before, object);
	return step;
}
