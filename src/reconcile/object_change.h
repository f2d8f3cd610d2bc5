/*
 * object_change.h
 *	  What may become of an object: the steps that events and answers share.
 *
 * For object_state.c, object_answer.c and object_change.c alone.
 */
#pragma once

#include "reconcile/object_state.h"

#define ORCH_SECOND INT64CONST(1000000)
#define ORCH_MINUTE (60 * ORCH_SECOND)

/* until the first look at what is being deleted, and between later ones at most */
#define ORCH_DELETION_LOOK_FIRST (10 * ORCH_SECOND)
#define ORCH_DELETION_LOOK_MOST ORCH_MINUTE

/* what somebody insists on is applied again after this: they may have changed their mind */
#define ORCH_INSISTED_AGAIN (10 * ORCH_MINUTE)

static inline bool
orch_object_is_wanted(const OrchObjectState *object)
{
	return !orch_digest_is_none(object->desired);
}

static inline bool
orch_object_is_known(const OrchObjectState *object)
{
	return object->uid[0] != '\0';
}

static inline bool
orch_object_is_as_desired(const OrchObjectState *object)
{
	/* an apply of another manifest is under way when the plan has gone back */
	if (object->in_flight == ORCH_VERB_APPLY && !orch_digest_equal(object->sent, object->desired))
		return false;
	return orch_object_is_wanted(object) && orch_digest_equal(object->applied, object->desired);
}

static inline bool
orch_object_is_done(const OrchObjectState *object)
{
	return object->once && object->ended && orch_object_is_as_desired(object);
}

static inline bool
orch_object_has_uid(const char *uid, const OrchSeen *seen)
{
	return uid[0] != '\0' && strcmp(uid, seen->uid) == 0;
}

static inline bool
orch_object_is_newer(const OrchObjectState *object, const OrchSeen *seen)
{
	return !orch_object_is_known(object) || orch_version_compare(seen->version, object->version) >= 0;
}

/*
 * Left behind by a row that is gone from this database: ours to clear away
 * when its name is needed, but never data.
 */
static inline bool
orch_object_is_orphan(const OrchObjectState *object, const OrchEvent *event)
{
	return event->is_orphan && !event->belongs && !object->keeps_data && !orch_object_is_done(object);
}

extern void orch_object_forget_failures(OrchObjectState *object);
extern void orch_object_progress(OrchObjectState *object);
extern void orch_object_postpone(OrchObjectState *object, const OrchEvent *event, OrchReason reason);
extern void orch_object_race(OrchObjectState *object, const OrchEvent *event);

extern void orch_object_set_applied(OrchObjectState *object, bool known, OrchDigest manifest);
extern void orch_object_doubt(OrchObjectState *object, OrchVerb verb);
extern void orch_object_replace(OrchObjectState *object);
extern void orch_object_settle_ended(OrchObjectState *object);

extern bool orch_object_may_drift(const OrchObjectState *object);
extern void orch_object_forget_fights(OrchObjectState *object, int64 now);
extern void orch_object_drift(OrchObjectState *object, int64 now, OrchStep *step);
extern int64 orch_object_after_fight(const OrchObjectState *object);

extern void orch_object_lose(OrchObjectState *object, const OrchEvent *event, bool proven, OrchStep *step);
extern void orch_object_become(OrchObjectState *object, const OrchSeen *seen);
extern void orch_object_observe(OrchObjectState *object, const OrchEvent *event);

/* object_answer.c */
extern void orch_object_answer(OrchObjectState *object, const OrchEvent *event, OrchStep *step);
