/*
 * lease_state.h
 *	  Who may write into a cluster: what to do about the Lease, and whether it
 *	  is held.  Pure: no SPI, no sockets, no memory; see lease_state.c.
 *
 * All times are microseconds of one machine's own clock that nobody sets.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* what the Lease promises; nobody else takes it before */
#define ORCH_LEASE_DURATION_S 15
#define ORCH_LEASE_DURATION (ORCH_LEASE_DURATION_S * INT64_C(1000000))

/* for how long its holder trusts a renewal, from before it was sent */
#define ORCH_LEASE_TRUST INT64_C(10000000)

#define ORCH_LEASE_RENEW INT64_C(4000000)
#define ORCH_LEASE_RETRY INT64_C(2000000)

/* an answer that takes longer is not waited for */
#define ORCH_LEASE_TIMEOUT INT64_C(8000000)

/* starts of this database that the rows know */
#define ORCH_LEASE_STARTS 32

/* requests that are remembered; more than can be under way in a minute */
#define ORCH_LEASE_REQUESTS 32

#define ORCH_LEASE_VERSION_SIZE 64

/* a nonce is that of the server's start and, in the lowest bits, the cluster's row */
#define ORCH_LEASE_ROW_BITS 24
#define ORCH_LEASE_START(nonce) ((nonce) >> ORCH_LEASE_ROW_BITS)

/*
 * Who somebody is.  home is the data directory, as far as it can be told from a
 * copy; place is the same for two starts only if they are of one directory on
 * one machine that has not been started anew between them.
 */
typedef struct OrchLeaseIdentity
{
	uint64_t	system;			/* 0: nobody that we know */
	uint32_t	database;
	uint32_t	timeline;
	uint64_t	nonce;			/* of the start; 0: not told */
	uint64_t	home;
	uint64_t	place;
} OrchLeaseIdentity;

/* The Lease as it was read. */
typedef struct OrchLeaseSeen
{
	bool		held;			/* somebody is named */
	bool		waiting;		/* the one named may not write yet */
	OrchLeaseIdentity holder;	/* of the one named, or of the one that released it */
	uint64_t	stamp;			/* of the write */
	uint64_t	fingerprint;	/* differs after every write of a holder */
	int64_t		duration;
	char		version[ORCH_LEASE_VERSION_SIZE];	/* metadata.resourceVersion */
} OrchLeaseSeen;

typedef enum OrchLeaseDo
{
	ORCH_LEASE_NOTHING,
	ORCH_LEASE_GET,
	ORCH_LEASE_CREATE,			/* naming us; fails if there is one */
	ORCH_LEASE_UPDATE,			/* naming us; fails unless it is as seen */
	ORCH_LEASE_RELEASE			/* naming nobody; likewise */
} OrchLeaseDo;

typedef enum OrchLeaseEventKind
{
	ORCH_LEASE_NO_EVENT,
	ORCH_LEASE_GAINED,
	ORCH_LEASE_LOST,
	ORCH_LEASE_STANDBY,			/* somebody else's, or nobody's yet */
	ORCH_LEASE_BROKEN			/* it can be neither read nor written */
} OrchLeaseEventKind;

/* Why it is not held. */
typedef enum OrchLeaseWhy
{
	ORCH_LEASE_WHY_NONE,
	ORCH_LEASE_WHY_NOT_RENEWED,
	ORCH_LEASE_WHY_TAKEN,		/* somebody else is named */
	ORCH_LEASE_WHY_TWIN,		/* another process writes as this very start */
	ORCH_LEASE_WHY_FORMER,		/* our former start's, until it runs out */
	ORCH_LEASE_WHY_EARLIER,		/* an earlier timeline's, until it runs out */
	ORCH_LEASE_WHY_STOPPING,	/* taken over; the other may not have stopped yet */
	ORCH_LEASE_WHY_UNKNOWN,		/* nobody's, for we do not know how long */
	/* these wait for take_over() */
	ORCH_LEASE_WHY_LATER,		/* a later timeline's: we are the old one */
	ORCH_LEASE_WHY_DATABASE,	/* another database's: one is a copy by rows */
	ORCH_LEASE_WHY_HOME,		/* of another data directory: a copy of files */
	ORCH_LEASE_WHY_START,		/* of a start that our rows do not know */
	ORCH_LEASE_WHY_ROWS,		/* nobody's, and our rows are a copy */
	ORCH_LEASE_WHY_FOREIGN		/* a holder that is none of ours */
} OrchLeaseWhy;

typedef struct OrchLeaseRequest
{
	uint32_t	number;			/* 0: free */
	OrchLeaseDo what;
	uint64_t	stamp;
	int64_t		sent_at;
	int64_t		wait_until;		/* if it is taken by this one */
	bool		is_first;		/* of an installation that never had one */
} OrchLeaseRequest;

typedef struct OrchLeaseState
{
	/* set by the caller */
	OrchLeaseIdentity me;
	uint64_t	starts[ORCH_LEASE_STARTS];	/* nonces of former ones, newest first */
	int			start_count;
	bool		ever;			/* the rows know of a Lease there */
	bool		copied;			/* and were last in force elsewhere */
	bool		take_over;		/* somebody asked for it */

	/* for the caller to read */
	bool		held;			/* ask orch_lease_state_is_held() */
	int64_t		held_until;
	int64_t		next_at;		/* when the time is worth telling */

	OrchLeaseSeen seen;
	bool		has_seen;
	bool		current;		/* seen.version serves for a write */
	int64_t		changed_at;		/* since when seen is as it is */
	int64_t		absent_since;	/* 0: there is one, or we do not know */
	bool		mine;			/* the Lease names us */
	bool		wrote;			/* and by a write of this process */
	bool		contested;		/* somebody else lives where we do */
	bool		released;
	int64_t		wait_until;		/* the former holder may write until then */
	int64_t		written_at;		/* when the last success was heard of */
	uint32_t	last_number;
	OrchLeaseRequest requests[ORCH_LEASE_REQUESTS];
} OrchLeaseState;

typedef enum OrchLeaseInputKind
{
	ORCH_LEASE_TIME,			/* nothing but that it is now */
	ORCH_LEASE_SEEN,			/* answer to GET */
	ORCH_LEASE_WRITTEN,			/* success of a write, with what is there now */
	ORCH_LEASE_ABSENT,			/* 404 to anything */
	ORCH_LEASE_CONFLICT,		/* 409 to a write */
	ORCH_LEASE_FAILED,			/* no answer, or one that tells nothing */
	ORCH_LEASE_STOP				/* we are about to leave in good order */
} OrchLeaseInputKind;

typedef struct OrchLeaseInput
{
	OrchLeaseInputKind kind;
	int64_t		now;
	uint64_t	random;			/* never the same twice */
	uint32_t	request;		/* which one is answered */
	OrchLeaseSeen seen;			/* of SEEN and WRITTEN */
} OrchLeaseInput;

typedef struct OrchLeaseStep
{
	OrchLeaseDo what;
	uint32_t	request;		/* to be handed back with the answer */
	uint64_t	stamp;			/* to be written */
	bool		acquires;		/* the holder becomes another one */
	bool		waiting;		/* to be written: we may not write yet */
	OrchLeaseEventKind event;
	OrchLeaseWhy why;
} OrchLeaseStep;

extern void orch_lease_state_init(OrchLeaseState *state, const OrchLeaseIdentity *me);
extern OrchLeaseStep orch_lease_state_step(OrchLeaseState *state, const OrchLeaseInput *input);
extern bool orch_lease_why_is_final(OrchLeaseWhy why);

/*
 * May something be sent now?
 */
static inline bool
orch_lease_state_is_held(const OrchLeaseState *state, int64_t now)
{
	return state->held && now < state->held_until;
}
