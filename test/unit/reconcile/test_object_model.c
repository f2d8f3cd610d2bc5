/*
 * test_object_model.c
 *	  An object's state against a small cluster that knows one name.
 *
 * The cluster has objects of ours and of others under the name, which appear,
 * vanish, are edited and terminate.  Requests and answers arrive late, twice,
 * out of order, or not at all; watches break, lists are stale, the cluster is
 * restored from a backup, the worker crashes with what it has not written.
 * The plan changes.  Then it is quiet for a while, and all must be well.
 *
 * SEED=n repeats one run of SEED, SEED + 1 ...; STEPS=n says how many steps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../chance.h"
#include "reconcile/object_state.h"

#define SECOND INT64CONST(1000000)
#define EPISODE_STEPS 150
#define MAX_LOG 2048
#define MAX_REQUESTS 64
#define NO_MANIFEST 0

typedef struct Thing
{
	bool		exists;
	int			uid;
	int			version;
	int			manifest;
	int			edits;			/* to what we own in it */
	int			fingerprint;
	int			status;
	int			owner;			/* in its label; 0: none */
	bool		unlabelled;		/* somebody took our label off */
	bool		foreign;		/* never to be touched */
	bool		by_apply;		/* ours, not copied */
	bool		terminating;
	bool		ended;
} Thing;

typedef struct Entry
{
	OrchEventType type;			/* SEEN, DELETED, or RECONNECTED for what no watch tells */
	Thing		event;
	Thing		state;			/* what is there after it */
} Entry;

typedef struct Request
{
	OrchVerb	verb;
	int			uid;
	int			manifest;
	int			owner;			/* in the label of that manifest */
	uint32		number;
	bool		forgotten;		/* whoever sent it is gone */
	bool		served;
	OrchOutcome outcome;
	OrchReason	reason;
	bool		has_thing;
	Thing		thing;
} Request;

typedef struct World
{
	bool		trace;
	int64		now;

	/* the cluster */
	Thing		thing;
	int			last_version;
	int			last_uid;
	int			last_fingerprint;
	bool		restored;		/* from a backup: what was gone may be back */
	Entry		log[MAX_LOG];
	int			log_end;
	Request		requests[MAX_REQUESTS];
	int			nrequests;

	/* the worker */
	bool		has_row;
	bool		row_written;
	OrchObjectState object;
	OrchObjectState row;
	int			current;		/* index of the request in flight; -1: none */
	int			watched;		/* next entry of the log to be told */
	int			listing;		/* -1: none; else last entry that the list knows */
	bool		list_due;
	int64		listed_at;

	/* the rows */
	int			owner;
	bool		owner_lives;
	int			plan;			/* serial number of what is wanted */
	int			done_plan;		/* the last one known to be done */
	int			sent;			/* requests */
} World;

static World w;

static bool
chance(int percent)
{
	return any(100) < percent;
}

static OrchDigest
digest_of(int manifest)
{
	OrchDigest	digest = {manifest == NO_MANIFEST ? 0 : 1 + w.owner, manifest};

	return digest;
}

static void broken(const char *what) __attribute__((noreturn));

static void
broken(const char *what)
{
	fail_msg("SEED=" UINT64_FORMAT ": %s (trace it with SEED and STEPS=1)", seed, what);
	abort();
}

static const char *
verb_name(OrchVerb verb)
{
	static const char *const names[] = {"nothing", "create", "apply", "delete", "look"};

	return names[verb];
}

static const char *
outcome_name(OrchOutcome outcome)
{
	static const char *const names[] = {"failed", "done", "found", "gone", "deleting", "exists", "refused"};

	return names[outcome];
}

#define trace(...) do { if (w.trace) { printf("%8.1f ", w.now / 1e6); printf(__VA_ARGS__); printf("\n"); } } while (0)

static void
trace_object(void)
{
	OrchObjectState *o = &w.object;

	if (w.trace && w.has_row)
		printf("         row: want %d has %d uid '%s' gone '%s' v%s%s%s%s%s%s%s%s flying %s attempts %d reason %s next %.1f%s\n",
			   (int) o->desired.low, (int) o->applied.low, o->uid, o->gone_uid, o->version,
			   o->replacing ? " replacing" : "", o->must_look ? " must_look" : "", o->deletion_started_at ? " deleting" : "",
			   o->ended ? " ended" : "", o->replanned ? " replanned" : "", o->attempted ? "" : " new", o->overtaken ? " overtaken" : "",
			   verb_name(o->in_flight), o->attempts, orch_reason_name(o->reason) ? orch_reason_name(o->reason) : "-",
			   o->next_attempt_at / 1e6, orch_object_is_settled(o) ? " settled" : "");
	if (w.trace)
		printf("         thing: %s uid %d v%d manifest %d edits %d fp %d owner %d%s%s%s%s\n", w.thing.exists ? "there" : "none",
			   w.thing.uid, w.thing.version, w.thing.manifest, w.thing.edits, w.thing.fingerprint, w.thing.owner,
			   w.thing.unlabelled ? " unlabelled" : "", w.thing.foreign ? " foreign" : "", w.thing.terminating ? " terminating" : "",
			   w.thing.ended ? " ended" : "");
}

/* the cluster */

static bool
is_visible(const Thing *thing)
{
	return thing->exists && thing->owner != 0 && !thing->unlabelled;
}

static void
tell(OrchEventType type, const Thing *event)
{
	Entry	   *entry = &w.log[w.log_end];

	if (w.log_end == MAX_LOG)
		broken("the log is full");
	w.log_end++;
	entry->type = type;
	entry->event = *event;
	entry->state = w.thing;
}

/* After every change: what a watch of our label tells. */
static void
changed(const Thing *before)
{
	w.thing.version = ++w.last_version;
	if (is_visible(before) && (!is_visible(&w.thing) || before->uid != w.thing.uid))
	{
		Thing		last = *before;

		last.version = w.thing.version;
		tell(ORCH_EVENT_DELETED, &last);
	}
	if (is_visible(&w.thing))
		tell(ORCH_EVENT_SEEN, &w.thing);
	else
		tell(ORCH_EVENT_RECONNECTED, &w.thing);
}

static void
make(int owner, int manifest, bool by_apply)
{
	Thing		before = w.thing;

	memset(&w.thing, 0, sizeof(w.thing));
	w.thing.exists = true;
	w.thing.uid = ++w.last_uid;
	w.thing.manifest = manifest;
	w.thing.owner = owner;
	w.thing.by_apply = by_apply;
	w.thing.foreign = owner == 0;
	w.thing.fingerprint = ++w.last_fingerprint;
	changed(&before);
}

static void
unmake(void)
{
	Thing		before = w.thing;

	w.thing.exists = false;
	w.thing.uid = 0;
	changed(&before);
}

static bool
is_refused(const Request *request)
{
	if (w.object.replace == ORCH_REPLACE_DRIFTED)
		return w.thing.edits % 3 == 2;
	return w.object.replace == ORCH_REPLACE_IMMUTABLE && w.thing.manifest % 2 != request->manifest % 2;
}

static void
serve_apply(Request *request)
{
	Thing		before = w.thing;

	if (!w.thing.exists || w.thing.uid != request->uid)
		request->outcome = ORCH_OUTCOME_GONE;
	else if (w.thing.foreign)
		broken("a foreign object was applied");
	else if (is_refused(request))
		request->outcome = ORCH_OUTCOME_REFUSED_CHANGE;
	else
	{
		/* an apply that changes nothing makes no new version */
		if (w.thing.manifest != request->manifest || w.thing.edits > 0 || w.thing.unlabelled || w.thing.owner != request->owner || !w.thing.by_apply)
		{
			w.thing.manifest = request->manifest;
			w.thing.edits = 0;
			w.thing.unlabelled = false;
			w.thing.owner = request->owner;
			w.thing.by_apply = true;
			w.thing.fingerprint = ++w.last_fingerprint;
			changed(&before);
		}
		request->outcome = ORCH_OUTCOME_DONE;
	}
}

static void
serve_delete(Request *request)
{
	Thing		before = w.thing;

	if (!w.thing.exists || w.thing.uid != request->uid)
		request->outcome = ORCH_OUTCOME_GONE;
	else if (w.thing.foreign)
		broken("a foreign object was deleted");
	else if (chance(50))
	{
		unmake();
		request->outcome = ORCH_OUTCOME_GONE;
	}
	else
	{
		if (!w.thing.terminating)
		{
			w.thing.terminating = true;
			changed(&before);
		}
		request->outcome = ORCH_OUTCOME_DELETING;
	}
}

static void
serve(Request *request, bool faults)
{
	bool		fails = faults && chance(10);
	bool		takes_effect = !fails || chance(30);

	request->served = true;
	if (takes_effect)
	{
		if (request->verb == ORCH_VERB_CREATE && w.thing.exists)
			request->outcome = ORCH_OUTCOME_EXISTS;
		else if (request->verb == ORCH_VERB_CREATE)
		{
			/* or somebody's admission takes our labels off, and then it is nobody's */
			make(faults && chance(2) ? 0 : request->owner, request->manifest, true);
			request->outcome = ORCH_OUTCOME_DONE;
		}
		else if (request->verb == ORCH_VERB_APPLY)
			serve_apply(request);
		else if (request->verb == ORCH_VERB_DELETE)
			serve_delete(request);
		else
			request->outcome = w.thing.exists ? ORCH_OUTCOME_FOUND : ORCH_OUTCOME_GONE;
	}
	request->thing = w.thing;
	request->has_thing = w.thing.exists &&
		(request->outcome == ORCH_OUTCOME_DONE || request->outcome == ORCH_OUTCOME_FOUND ||
		 (request->outcome == ORCH_OUTCOME_DELETING && chance(50)));
	if (fails)
	{
		request->outcome = ORCH_OUTCOME_FAILED;
		request->has_thing = false;
		request->reason = takes_effect ? ORCH_REASON_SERVER_ERROR : 1 + any(ORCH_REASON_LAST);
	}
}

/* the worker */

static void
check(const OrchStep *step)
{
	int64		at;
	OrchVerb	verb = orch_object_due(&w.object, w.now, &at);

	if (w.object.uid[0] && strcmp(w.object.uid, w.object.gone_uid) == 0)
		broken("what is gone was revived");
	if (verb == ORCH_VERB_NONE && at == 0 && w.object.in_flight == ORCH_VERB_NONE && !orch_object_is_settled(&w.object))
		broken("something is undone and nothing is due");
	if (verb == ORCH_VERB_NONE && at > w.now + 1900 * SECOND * 5 / 4)
		broken("it waits longer than any back-off");
	if (w.object.due_since == 0 && !orch_object_is_settled(&w.object))
		broken("nobody knows since when it is due");
	if (step->stranger && w.object.uid[0])
		broken("a stranger is known as ours");
}

static void
forget_requests(void)
{
	w.current = -1;
	for (int i = 0; i < w.nrequests; i++)
		w.requests[i].forgotten = true;
}

/* What the row keeps, or what statuses are made of alone. */
static OrchObjectState
essence(const OrchObjectState *object, bool told)
{
	OrchObjectState result;

	memset(&result, 0, sizeof(result));
	result.desired = object->desired;
	result.applied = object->applied;
	result.replacing = object->replacing;
	strcpy(result.uid, object->uid);
	result.generation = object->generation;
	result.facts = object->facts;
	result.deletion_started_at = object->deletion_started_at;
	result.ended = object->ended;
	result.attempts = object->attempts;
	result.reason = object->reason;
	result.insisted = object->insisted;
	if (told)
		return result;
	result.applied_fingerprint = object->applied_fingerprint;
	result.applied_at = object->applied_at;
	result.attempted = object->attempted;
	strcpy(result.gone_uid, object->gone_uid);
	result.observed_fingerprint = object->observed_fingerprint;
	result.next_attempt_at = object->next_attempt_at;
	result.due_since = object->due_since;
	return result;
}

static bool
is_other(const OrchObjectState *a, const OrchObjectState *b, bool told)
{
	OrchObjectState one = essence(a, told);
	OrchObjectState two = essence(b, told);

	return memcmp(&one, &two, sizeof(one)) != 0;
}

/* A list may be stale, and what is terminating may go unlabelled; everything else is proof. */
static void
check_leaving(const OrchObjectState *before, const OrchEvent *event)
{
	if (w.thing.exists && !w.thing.foreign && !w.thing.terminating && before->uid[0] && atoi(before->uid + 1) == w.thing.uid && !w.restored &&
		event->type != ORCH_EVENT_UNLISTED)
		broken("the row of what is there has left");
}

static OrchStep
happens(OrchEvent event)
{
	OrchObjectState before = w.object;
	OrchStep	step;

	event.now = w.now;
	event.jitter = any(1000) / 1000.0;
	step = orch_object_step(&w.object, &event);
	if (w.trace)
		printf("         ->%s%s%s%s%s\n", step.changed ? " changed" : "", step.leaves ? " leaves" : "", step.told ? " told" : "",
			   step.drifted ? " drifted" : "", step.stranger ? " stranger" : "");
	if (step.leaves)
	{
		check_leaving(&before, &event);
		w.has_row = false;
		forget_requests();
	}
	else
		check(&step);
	if (step.changed != (step.leaves || is_other(&before, &w.object, false)) ||
		step.told != (step.leaves || is_other(&before, &w.object, true)))
		broken("it was not told what changed");
	if (step.changed)
		w.row_written = false;
	trace_object();
	return step;
}

static OrchEvent
about(OrchEventType type, const Thing *thing, OrchSeen *seen)
{
	OrchEvent	event = {.type = type};

	memset(seen, 0, sizeof(*seen));
	if (thing == NULL)
		return event;
	snprintf(seen->uid, sizeof(seen->uid), "u%d", thing->uid);
	snprintf(seen->version, sizeof(seen->version), "%d", thing->version);
	seen->generation = thing->edits;
	seen->terminating = thing->terminating;
	seen->fingerprint_digest = (OrchDigest) {2, thing->fingerprint};
	seen->facts_digest = (OrchDigest) {3, thing->status};
	event.seen = seen;
	event.belongs = is_visible(thing) && thing->owner == w.owner;
	event.is_orphan = is_visible(thing) && thing->by_apply && !(thing->owner == w.owner && w.owner_lives);
	event.ended = thing->ended;
	return event;
}

static void
write_row(void)
{
	if (w.row_written || !w.has_row)
		return;
	w.row = w.object;
	w.row_written = true;
	if (w.object.once && w.object.ended && orch_object_is_settled(&w.object))
		w.done_plan = w.plan;
}

static void
plan(int manifest, bool other_owner)
{
	OrchEvent	event = {.type = ORCH_EVENT_PLANNED};

	if (!w.has_row)
	{
		OrchObjectState fresh = w.object;

		if (manifest == NO_MANIFEST)
			return;
		memset(&w.object, 0, sizeof(w.object));
		w.object.replace = fresh.replace;
		w.object.once = fresh.once;
		w.object.keeps_data = fresh.keeps_data;
		w.object.workload = fresh.workload;
		w.has_row = true;
		w.owner++;
	}
	else if (other_owner && manifest != NO_MANIFEST)
	{
		event.other_owner = true;
		w.owner++;
	}
	w.owner_lives = manifest != NO_MANIFEST || chance(30);
	event.desired = digest_of(manifest);
	if (!orch_digest_equal(w.object.desired, event.desired))
		w.plan++;
	trace("planned: %d%s", manifest, event.other_owner ? " for another row" : "");
	happens(event);
	write_row();
}

/* What no row knows is taken in, as the worker does it. */
static void
take_orphan(const Thing *thing)
{
	OrchSeen	seen;
	OrchEvent	event = about(ORCH_EVENT_SEEN, thing, &seen);

	if (!is_visible(thing) || !thing->by_apply || w.object.keeps_data)
		return;
	trace("orphan taken in");
	plan(1, true);
	memset(&event, 0, sizeof(event));
	w.object.attempted = true;
	memcpy(w.object.uid, seen.uid, ORCH_UID_SIZE);
	memcpy(w.object.version, seen.version, ORCH_VERSION_SIZE);
	w.owner = thing->owner;
	w.owner_lives = false;
	w.plan++;
	event.type = ORCH_EVENT_PLANNED;
	happens(event);
	write_row();
}

static void
see(const Entry *entry, bool listed)
{
	OrchSeen	seen;
	OrchEvent	event = about(listed ? ORCH_EVENT_SEEN : entry->type, listed ? &entry->state : &entry->event, &seen);

	if (!listed && entry->type == ORCH_EVENT_RECONNECTED)
		return;
	if (listed && !is_visible(&entry->state))
	{
		event.type = ORCH_EVENT_UNLISTED;
		event.asked_at = w.listed_at;
		event.seen = NULL;
	}
	event.listed = listed;
	trace("%s %s u%d v%s", listed ? "listed" : "watched", event.type == ORCH_EVENT_SEEN ? "seen" : "gone", listed ? entry->state.uid : entry->event.uid, seen.version);
	if (w.has_row)
		happens(event);
	else if (event.type == ORCH_EVENT_SEEN)
		take_orphan(listed ? &entry->state : &entry->event);
}

static void
ask_for_list(bool stale)
{
	w.list_due = false;
	w.listing = w.log_end - 1;
	if (stale)
		w.listing = Max(w.listing - any(4), 0);
	w.listed_at = w.now;
	trace("list asked for, entry %d of %d", w.listing, w.log_end);
}

static void
get_list(void)
{
	int			listing = w.listing;

	w.listing = -1;
	w.watched = listing + 1;
	see(&w.log[listing], true);
}

static void
send(void)
{
	int64		at;
	OrchVerb	verb;
	OrchEvent	event = {.type = ORCH_EVENT_SENT};
	Request    *request = &w.requests[w.nrequests];

	if (!w.has_row || w.nrequests == MAX_REQUESTS)
		return;
	verb = orch_object_due(&w.object, w.now, &at);
	if (verb == ORCH_VERB_NONE)
		return;
	if ((verb == ORCH_VERB_APPLY || verb == ORCH_VERB_DELETE) != (w.object.uid[0] != '\0') && verb != ORCH_VERB_LOOK)
		broken("an apply or deletion without a uid, or a creation with one");
	if (verb == ORCH_VERB_CREATE && w.object.once && w.done_plan == w.plan)
		broken("what is done is made again");
	memset(request, 0, sizeof(*request));
	request->verb = event.verb = verb;
	request->owner = w.owner;
	request->uid = w.object.uid[0] ? atoi(w.object.uid + 1) : 0;
	if (verb == ORCH_VERB_CREATE || verb == ORCH_VERB_APPLY)
	{
		if (w.object.desired.low == NO_MANIFEST)
			broken("what is to go is made");
		request->manifest = (int) w.object.desired.low;
		/* rendered from rows that the plan does not know yet */
		if (chance(5))
		{
			request->manifest = 1 + any(4);
			w.plan++;
		}
	}
	event.desired = digest_of(request->manifest);
	trace("sent: %s u%d %d", verb_name(verb), request->uid, request->manifest);
	happens(event);
	write_row();
	if (!w.object.attempted && verb == ORCH_VERB_CREATE)
		broken("a creation is not on record");
	request->number = w.object.request;
	w.current = w.nrequests++;
	w.sent++;
}

static void
drop_request(int index)
{
	w.requests[index] = w.requests[--w.nrequests];
	if (w.current == index)
		w.current = -1;
	else if (w.current == w.nrequests)
		w.current = index;
}

static void
get_answer(int index, bool twice)
{
	Request		request = w.requests[index];
	OrchSeen	seen;
	OrchEvent	event = about(ORCH_EVENT_ANSWER, request.has_thing ? &request.thing : NULL, &seen);

	event.verb = request.verb;
	event.request = request.number;
	event.outcome = request.outcome;
	event.reason = request.reason;
	event.retry_after_ms = chance(10) ? any(10000) : 0;
	trace("answer to %s: %s %s u%d v%s%s", verb_name(request.verb), outcome_name(request.outcome), orch_reason_name(request.reason) ? orch_reason_name(request.reason) : "",
		  request.has_thing ? request.thing.uid : 0, seen.version, index == w.current ? "" : ", late");
	if (!twice)
		drop_request(index);
	else if (index == w.current)
		w.current = -1;
	if (w.has_row && !request.forgotten)
		happens(event);
}

static void
give_up(void)
{
	OrchEvent	event = {.type = ORCH_EVENT_NOT_SENT};

	if (w.current < 0)
		return;
	event.verb = w.requests[w.current].verb;
	event.request = w.requests[w.current].number;
	w.current = -1;
	if (chance(50))
	{
		event.type = ORCH_EVENT_ANSWER;
		event.outcome = ORCH_OUTCOME_FAILED;
		event.reason = ORCH_REASON_UNREACHABLE;
	}
	trace("request given up%s", event.type == ORCH_EVENT_ANSWER ? ", unreachable" : "");
	happens(event);
}

static void
crash(void)
{
	OrchObjectState *o = &w.object;

	trace("the worker crashes");
	forget_requests();
	w.list_due = true;
	w.listing = -1;
	if (!w.has_row)
		return;
	*o = w.row;
	o->must_look = o->replanned = o->overtaken = false;
	o->in_flight = ORCH_VERB_NONE;
	o->known_at = o->last_drift_at = 0;
	o->fights = 0;
	w.row_written = true;
	trace_object();
}

/* What others do. */
static void
meddle(void)
{
	Thing		before = w.thing;
	int			act = any(12);

	trace("somebody acts: %d", act);
	if (!w.thing.exists)
	{
		if (act < 2)
			make(0, any(5), false);
		else if (act < 3)
			make(w.owner, 1 + any(4), chance(50));
		else if (act < 4 && w.owner > 1)
			make(w.owner - 1, 1 + any(4), true);
		return;
	}
	if (act < 3)
		w.thing.edits++, w.thing.fingerprint = ++w.last_fingerprint;
	else if (act < 5)
		w.thing.status++;
	else if (act < 6)
		w.thing.unlabelled = !w.thing.unlabelled, w.thing.fingerprint = ++w.last_fingerprint;
	else if (act < 8)
		w.thing.terminating = true;
	else if (act < 10)
		w.thing.ended = w.object.once;
	else if (w.thing.terminating || chance(50))
	{
		unmake();
		return;
	}
	changed(&before);
}

static void
restore_backup(void)
{
	int			entry = any(w.log_end);

	trace("the cluster is restored, entry %d", entry);
	w.restored = true;
	w.thing = w.log[entry].state;
	w.last_version = w.log[entry].event.version;
	for (int i = 0; i < w.nrequests; i++)
	{
		if (!w.requests[i].served)
			w.requests[i].served = true, w.requests[i].outcome = ORCH_OUTCOME_FAILED, w.requests[i].reason = ORCH_REASON_UNREACHABLE;
	}
	tell(ORCH_EVENT_RECONNECTED, &w.thing);
	w.listing = -1;
	w.list_due = true;
}

static void
one_step(void)
{
	int			act = any(100);
	int			index = w.nrequests > 0 ? any(w.nrequests) : 0;

	w.now += any(3) == 0 ? (int64) any(20000000) : (int64) any(200000);
	if (act < 25)
		send();
	else if (act < 40)
	{
		if (w.nrequests > 0 && !w.requests[index].served)
			serve(&w.requests[index], true);
	}
	else if (act < 55)
	{
		if (w.nrequests > 0 && w.requests[index].served)
			get_answer(index, chance(5));
	}
	else if (act < 58)
		give_up();
	else if (act < 72)
	{
		if (w.listing < 0 && !w.list_due && w.watched < w.log_end)
			see(&w.log[w.watched++], false);
		else if (w.listing >= 0)
			get_list();
		else if (w.list_due)
			ask_for_list(chance(20));
	}
	else if (act < 74)
		w.list_due = true;
	else if (act < 86)
		meddle();
	else if (act < 92)
		plan(chance(25) ? NO_MANIFEST : 1 + any(4), w.object.desired.low == NO_MANIFEST && chance(50));
	else if (act < 94)
	{
		OrchEvent	event = {.type = ORCH_EVENT_RECONNECTED};

		trace("reconnected");
		if (w.has_row)
			happens(event);
	}
	else if (act < 95)
	{
		OrchEvent	event = {.type = ORCH_EVENT_FAILED, .reason = 1 + any(ORCH_REASON_LAST)};

		trace("failed before it was sent");
		if (w.has_row && w.current < 0)
			happens(event);
	}
	else if (act < 99)
		write_row();
	else if (chance(60))
		crash();
	else if (chance(50))
		restore_backup();
}

/* All that is under way arrives, nobody meddles, time passes. */
static void
settle_down(void)
{
	int			before = w.sent;

	trace("quiet from here on");
	for (int i = 0; i < w.nrequests; i++)
	{
		if (!w.requests[i].served)
			serve(&w.requests[i], false);
	}
	while (w.nrequests > 0)
		get_answer(w.nrequests - 1, false);
	w.now += SECOND;
	ask_for_list(false);
	get_list();
	for (int minute = 0; minute < 200; minute++)
	{
		for (int second = 0; second < 60; second += 4)
		{
			w.now += 4 * SECOND;
			send();
			if (w.nrequests > 0)
			{
				serve(&w.requests[0], false);
				get_answer(0, false);
			}
			if (w.thing.terminating && w.thing.exists && chance(20))
				unmake();
			while (w.watched < w.log_end)
				see(&w.log[w.watched++], false);
		}
		write_row();
		if (!w.has_row ? !(is_visible(&w.thing) && w.thing.terminating) : orch_object_is_settled(&w.object) && !w.thing.terminating)
			break;
	}
	if (w.sent - before > 500)
		broken("requests do not end");
}

static void
check_end(void)
{
	const Thing *thing = &w.thing;
	bool		in_the_way = thing->exists && (thing->foreign || !is_visible(thing) || thing->owner != w.owner);

	if (!w.has_row)
	{
		if (is_visible(thing) && thing->by_apply && !w.object.keeps_data)
			broken("an object of ours is left behind");
		return;
	}
	if (w.object.desired.low == NO_MANIFEST)
		broken("the row of what is to go does not go");
	if (orch_object_is_settled(&w.object))
	{
		if (w.object.once && w.object.ended)
			return;
		if (!thing->exists || thing->foreign || atoi(w.object.uid + 1) != thing->uid)
			broken("settled, and it is not there");
		if (thing->terminating || thing->edits > 0 || thing->manifest != (int) w.object.desired.low || thing->owner != w.owner)
			broken("settled, and it is not as desired");
		return;
	}
	if (in_the_way && w.object.reason == ORCH_REASON_CONFLICT && !w.object.uid[0])
		return;
	/* nobody knows whether somebody has changed it */
	if (w.object.replace == ORCH_REPLACE_DRIFTED && w.object.reason == ORCH_REASON_INVALID && w.thing.edits % 3 == 2)
		return;
	broken("neither settled nor in conflict");
}

static void
begin(uint64 from)
{
	memset(&w, 0, offsetof(World, log));
	memset(&w.log_end, 0, sizeof(w) - offsetof(World, log_end));
	begin_chance(from);
	for (int i = 0; i < 5; i++)
		(void) any(2);
	w.now = 1000 * SECOND;
	w.current = w.listing = -1;
	w.done_plan = -1;
	w.watched = 1;
	tell(ORCH_EVENT_RECONNECTED, &w.thing);
	switch (any(4))
	{
		case 0:
			w.object.replace = ORCH_REPLACE_IMMUTABLE;
			w.object.once = w.object.workload = true;
			break;
		case 1:
			w.object.keeps_data = true;
			break;
		case 2:
			w.object.replace = ORCH_REPLACE_DRIFTED;
			break;
		default:
			w.object.replace = ORCH_REPLACE_IMMUTABLE;
			break;
	}
}

static void
episode(uint64 from, bool with_trace)
{
	begin(from);
	w.trace = with_trace;
	plan(1, false);
	for (int i = 0; i < EPISODE_STEPS; i++)
		one_step();
	settle_down();
	check_end();
}

/* What a fighter does every second. */
typedef enum Fight
{
	FIGHT_EDIT,
	FIGHT_EDIT_AND_MISS,		/* the events, until the answers are there */
	FIGHT_UNLABEL,
	FIGHT_REMOVE,
	FIGHT_TERMINATE,
	FIGHT_PUT_A_COPY,
	FIGHT_PUT_AN_ORPHAN,
	FIGHT_PUT_ITS_OWN,
	FIGHT_LAST = FIGHT_PUT_ITS_OWN
} Fight;

static void
fight(Fight how)
{
	Thing		before = w.thing;

	if (how >= FIGHT_REMOVE && w.thing.exists && how != FIGHT_TERMINATE)
		unmake();
	if (how == FIGHT_TERMINATE && w.thing.exists && w.thing.terminating)
		unmake();
	else if (how == FIGHT_TERMINATE && w.thing.exists)
	{
		w.thing.terminating = true;
		changed(&before);
	}
	else if (how == FIGHT_PUT_A_COPY)
		make(w.owner, 1, false);
	else if (how == FIGHT_PUT_AN_ORPHAN)
		make(w.owner - 1, 1, true);
	else if (how == FIGHT_PUT_ITS_OWN)
		make(0, 1, false);
	else if (w.thing.exists && how <= FIGHT_UNLABEL)
	{
		w.thing.edits++;
		w.thing.fingerprint = ++w.last_fingerprint;
		w.thing.unlabelled = how == FIGHT_UNLABEL;
		changed(&before);
	}
}

/* Two that disagree slow down to minutes, however long answers take. */
static void
fight_for_ten_minutes(Fight how, int latency)
{
	int			writes = 0;
	int			waits = 0;

	begin(1);
	w.object.replace = ORCH_REPLACE_IMMUTABLE;
	w.object.once = w.object.keeps_data = false;
	w.owner = 1;
	plan(1, false);
	for (int tenth = 0; tenth < 6000; tenth++)
	{
		w.now += SECOND / 10;
		if (tenth % 10 == 0)
			fight(how);
		send();
		if (w.nrequests > 0 && !w.requests[0].served)
		{
			writes += w.requests[0].verb != ORCH_VERB_LOOK;
			serve(&w.requests[0], false);
			waits = latency;
			if (how == FIGHT_EDIT_AND_MISS)
				fight(FIGHT_EDIT);
		}
		if (w.nrequests > 0 && waits-- <= 0)
			get_answer(0, false);
		while (w.watched < w.log_end && (how != FIGHT_EDIT_AND_MISS || w.nrequests == 0))
			see(&w.log[w.watched++], false);
		if (w.watched == w.log_end)
			w.watched = w.log_end = 0;
	}
	if (writes >= 60 || w.sent >= 200)
		fail_msg("fight %d, latency %d: %d writes, %d requests", how, latency, writes, w.sent);
}

static void
test_fights(void **state)
{
	(void) state;
	for (Fight how = 0; how <= FIGHT_LAST; how++)
	{
		for (int latency = 0; latency <= 30; latency += 3)
			fight_for_ten_minutes(how, latency);
	}
}

static void
test_chaos(void **state)
{
	const char *from = getenv("SEED");
	const char *steps = getenv("STEPS");
	uint64		first = from ? strtoull(from, NULL, 10) : 1;
	int64		count = (steps ? atoll(steps) : 600000) / EPISODE_STEPS;

	(void) state;
	for (int64 i = 0; i < Max(count, 1); i++)
		episode(first + i, steps != NULL && count == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fights), cmocka_unit_test(test_chaos)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
