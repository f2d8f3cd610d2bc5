/*
 * seen.h
 *	  What an engine tells of the objects and instances that it runs, in terms
 *	  that belong to no engine.
 *
 * Kubernetes fills them from JSON (kubernetes/facts.c).  The reconciler compares
 * and stores them and never looks into an engine's own format.
 */
#pragma once

#ifdef FRONTEND
#include "postgres_fe.h"
#else
#include "postgres.h"
#endif

/* longer ones are malformed; Kubernetes' are UUIDs of 36 characters.  Each object holds two. */
#define ORCH_UID_SIZE 37

/* a decimal number of at most 64 bits, with its end; compared by orch_version_compare() */
#define ORCH_VERSION_SIZE 21

/* What two texts are compared by; both zero: there is none. */
typedef struct OrchDigest
{
	uint64		high;
	uint64		low;
} OrchDigest;

static inline bool
orch_digest_is_none(OrchDigest digest)
{
	return digest.high == 0 && digest.low == 0;
}

static inline bool
orch_digest_equal(OrchDigest a, OrchDigest b)
{
	return a.high == b.high && a.low == b.low;
}

extern OrchDigest orch_digest(const void *data, size_t length);

/* in hexadecimal, with its end */
#define ORCH_DIGEST_TEXT_SIZE 33

extern void orch_digest_write(OrchDigest digest, char *text);
extern bool orch_digest_read(const char *text, OrchDigest *digest);	/* false: it is none */

/* An object that we may own: everything but instances. */
typedef struct OrchSeen
{
	char		uid[ORCH_UID_SIZE];
	char		version[ORCH_VERSION_SIZE];
	int64		generation;		/* 0: the engine tells none */
	bool		terminating;
	bool		is_labelled;	/* carries the label of this installation */
	bool		is_applied;		/* was made or changed by our own apply, not copied */
	bool		ended;			/* a Job that is complete or has failed for good */
	const char *api_version;
	const char *place;			/* namespace in the cluster; "" for what has none */
	const char *name;
	const char *owner;			/* owner label as it is, such as container-12; NULL none */
	const char *fingerprint;	/* digest in hexadecimal of what we own in it */
	OrchDigest	fingerprint_digest;
	const char *facts;			/* JSON that status is derived from */
	OrchDigest	facts_digest;
} OrchSeen;

/* A pod, or whatever runs a container. */
typedef struct OrchSeenInstance
{
	char		uid[ORCH_UID_SIZE];
	char		version[ORCH_VERSION_SIZE];
	int64		container_id;	/* by its label; 0 none */
	bool		terminating;
	bool		ready;
	int32		restart_count;
	const char *place;
	const char *name;
	const char *template_hash;	/* these may be NULL */
	const char *node_name;
	const char *ip;
	const char *phase;
	const char *reason;
	const char *message;
	const char *started_at;		/* as the engine writes it, RFC 3339 */
	const char *facts;
	OrchDigest	digest;			/* of everything above but version */
} OrchSeenInstance;

/* What is asked of an engine for one object. */
typedef enum OrchVerb
{
	ORCH_VERB_NONE,
	ORCH_VERB_CREATE,			/* only if nothing has the name */
	ORCH_VERB_APPLY,			/* by uid */
	ORCH_VERB_DELETE,			/* by uid */
	ORCH_VERB_LOOK,
	ORCH_VERB_RELABEL			/* names another owner in its label, by uid */
} OrchVerb;

/* What came of it. */
typedef enum OrchOutcome
{
	ORCH_OUTCOME_FAILED,		/* for a reason; tried again */
	ORCH_OUTCOME_DONE,			/* created or changed: seen is what there is now */
	ORCH_OUTCOME_FOUND,			/* a look found it: seen */
	ORCH_OUTCOME_GONE,			/* proven: nothing, or another object, is there */
	ORCH_OUTCOME_DELETING,		/* the deletion is accepted and under way */
	ORCH_OUTCOME_EXISTS,		/* a creation met an object of this name: look */
	ORCH_OUTCOME_REFUSED_CHANGE /* a field that cannot be changed */
} OrchOutcome;

/* Why something failed; the names are those of managed_objects.last_error_reason. */
typedef enum OrchReason
{
	ORCH_REASON_NONE = 0,
	ORCH_REASON_UNREACHABLE,
	ORCH_REASON_UNAUTHORIZED,
	ORCH_REASON_FORBIDDEN,
	ORCH_REASON_QUOTA_EXCEEDED,
	ORCH_REASON_NAMESPACE_TERMINATING,
	ORCH_REASON_NOT_FOUND,
	ORCH_REASON_CONFLICT,
	ORCH_REASON_BUSY,
	ORCH_REASON_TOO_MANY_REQUESTS,
	ORCH_REASON_INVALID,
	ORCH_REASON_SERVER_ERROR,
	ORCH_REASON_RENDER_FAILED,
	ORCH_REASON_LOCKED,
	ORCH_REASON_RECORD_FAILED,
	ORCH_REASON_UNEXPECTED,
	ORCH_REASON_LAST = ORCH_REASON_UNEXPECTED
} OrchReason;

extern const char *orch_verb_name(OrchVerb verb);

/* NONE for what is no verb */
extern OrchVerb orch_verb_by_name(const char *name);
extern const char *orch_reason_name(OrchReason reason);	/* NULL for none */
extern OrchReason orch_reason_by_name(const char *name);	/* NULL: none; unknown: Unexpected */

/* less than, equal to or greater than 0, by number; what is no number is 0 */
extern int	orch_version_compare(const char *a, const char *b);
