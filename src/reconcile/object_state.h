/*
 * object_state.h
 *	  What the worker knows of one object, and what follows from an event.
 *
 * Pure: no SPI, no sockets, no allocation, no clock.  The table of all
 * transitions is in the head of object_state.c, a unit test for each of its
 * rows in test/unit/reconcile/test_object_state.c.
 *
 * Times are microseconds of a clock that never goes back (orch_steady_now());
 * 0 means never, or at once for next_attempt_at.
 */
#pragma once

#include "engine/seen.h"

/* what a change that the engine refuses as immutable means */
typedef enum OrchReplace
{
	ORCH_REPLACE_NEVER,			/* an error of the row */
	ORCH_REPLACE_IMMUTABLE,		/* deleted by uid and made anew */
	ORCH_REPLACE_DRIFTED		/* likewise, but only if somebody has changed it */
} OrchReplace;

/* There may be a hundred thousand of them: what is small stands together in bits, and there are no gaps. */
typedef struct OrchObjectState
{
	/* what the rows want */
	OrchDigest	desired;		/* of the manifest; none: it is to go */
	OrchReplace replace:2;
	bool		once:1;			/* a Job that has ended is not made again */
	bool		keeps_data:1;	/* a claim: never inherited by another row, never an orphan to delete */
	bool		workload:1;		/* its selector is its row's: never inherited by another row either */

	/* what was done */
	bool		replacing:1;	/* has to be deleted before it can be made as desired */
	bool		attempted:1;	/* a creation was sent at some time: it may exist */
	bool		must_look:1;	/* a creation met an object: is it ours? */
	bool		replanned:1;	/* of this process: another manifest is wanted since it was made */
	bool		insisted:1;		/* somebody insists on something else than was applied last */
	bool		overtaken:1;	/* of this process: it has got another uid since the request in flight was sent */
	bool		ended:1;		/* a Job that is complete or has failed for good; with once and
								 * applied = desired it is done, whether it is still there or not */
	OrchVerb	in_flight:4;	/* of this process: under way */
	OrchReason	reason:8;		/* of the last failure */
	int32		fights;			/* of this process: drifts soon after an apply, each doubles the wait */
	int32		attempts;		/* failed ones since the last success or change */
	uint32		request;		/* of this process: number of the one in flight, or of the last */
	OrchDigest	applied;		/* manifest that it has; none: unknown, or changed by somebody */
	OrchDigest	applied_fingerprint;
	OrchDigest	sent;			/* manifest of the apply or creation under way */
	int64		applied_at;
	int64		last_drift_at;	/* of this process */

	/* what is there */
	char		uid[ORCH_UID_SIZE]; /* "": not known to exist */
	char		gone_uid[ORCH_UID_SIZE];	/* the one that was here last: a late answer must not revive it */
	char		version[ORCH_VERSION_SIZE];
	int64		generation;
	OrchDigest	observed_fingerprint;
	OrchDigest	facts;
	int64		deletion_started_at;

	/* when */
	int64		known_at;		/* last answer or event that said that it is there; of this process */
	int64		next_attempt_at;
	int64		due_since;		/* since when it has not been as desired, however often it was tried */
} OrchObjectState;

typedef enum OrchEventType
{
	ORCH_EVENT_PLANNED,			/* rows want it so: desired (none: to go), other_owner */
	ORCH_EVENT_SENT,			/* verb is under way, with manifest desired, which becomes the plan; what
								 * changes is to be written before anything is sent */
	ORCH_EVENT_NOT_SENT,		/* verb was not sent, or is given up: lease lost, client closed */
	ORCH_EVENT_ANSWER,			/* outcome, and seen or reason */
	ORCH_EVENT_SEEN,			/* by a watch or a list: seen */
	ORCH_EVENT_DELETED,			/* by a watch: seen is the last that there was */
	ORCH_EVENT_UNLISTED,		/* a complete list, asked for at asked_at, did not hold it */
	ORCH_EVENT_FAILED,			/* before anything was sent: reason (RenderFailed, RecordFailed ...) */
	ORCH_EVENT_RECONNECTED		/* the engine answers again: what failed because it did not is due */
} OrchEventType;

typedef struct OrchEvent
{
	OrchEventType type;
	int64		now;
	double		jitter;			/* 0 to 1, for back-offs */
	OrchVerb	verb;
	uint32		request;		/* ANSWER: object->request after SENT; 0: the one in flight, if it is of this verb */
	OrchDigest	desired;		/* PLANNED; SENT: of the manifest that is sent */
	bool		other_owner;	/* PLANNED: for another row than before */
	OrchOutcome outcome;
	OrchReason	reason;
	int64		retry_after_ms;
	const OrchSeen *seen;
	bool		belongs;		/* seen carries the labels of our row */
	bool		is_orphan;		/* made by us for a row that does not exist any more */
	bool		ended;			/* seen is a Job that has ended */
	bool		compared;		/* ANSWER that is DONE: what came back is compared with what was sent */
	bool		differs;		/* and differs */
	bool		listed;			/* SEEN: by a list, which is believed even if its versions are lower */
	int64		asked_at;		/* UNLISTED */
} OrchEvent;

/* so many drifts soon after an apply are worth telling: once is somebody who tried something */
#define ORCH_FIGHTS_TOLD 2

/* What followed. */
typedef struct OrchStep
{
	bool		changed;		/* something that the row keeps: write it; a version alone is not worth it */
	bool		leaves;			/* proven that nothing is left: the row goes */
	bool		told;			/* the status of whoever asked for it may be another */
	bool		drifted;		/* somebody has changed or removed it */
	bool		stranger;		/* what has the name belongs to somebody else */
} OrchStep;

extern OrchStep orch_object_step(OrchObjectState *object, const OrchEvent *event);

/* What is to be done now; if nothing, *at is when it will be (0: not by time alone),
 * otherwise since when it waits for its turn (0: no attempt has failed).
 * Whether others have to come first is for the inventory to say. */
extern OrchVerb orch_object_due(const OrchObjectState *object, int64 now, int64 *at);

extern bool orch_object_is_settled(const OrchObjectState *object);	/* wanted, and as desired */
extern bool orch_reason_is_final(OrchReason reason);
extern int64 orch_retry_delay(OrchReason reason, int32 attempts, int64 retry_after_ms, double jitter);
