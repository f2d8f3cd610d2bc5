/*
 * lease.h
 *	  The document by which installations agree who may write into a cluster: what
 *	  an engine keeps for them.
 *
 * What it means, and what to do about it, is decided by the reconciler; an engine
 * reads and writes it as a whole, and only if nobody has written it meanwhile.
 */
#pragma once

#include "postgres.h"

/* what somebody holds it as */
#define ORCH_LEASE_TEXT_SIZE 64

typedef struct OrchLeaseDocument
{
	char		holder[ORCH_LEASE_TEXT_SIZE];	/* "" nobody */
	char		last_holder[ORCH_LEASE_TEXT_SIZE];	/* who wrote the rest; stays when it is released */
	uint64		home;			/* where that lives, see lease_identity.c */
	uint64		place;
	uint64		stamp;			/* of the write */
	bool		waiting;		/* the holder may not write yet */
	int64		duration_s;		/* 0: it does not say */
	int64		transitions;
	uint64		fingerprint;	/* read only: differs after every write */
	char		version[ORCH_LEASE_TEXT_SIZE];	/* what it must still be for a write */
} OrchLeaseDocument;

typedef enum OrchLeaseVerb
{
	ORCH_LEASE_VERB_READ,
	ORCH_LEASE_VERB_CREATE,		/* fails if there is one */
	ORCH_LEASE_VERB_UPDATE,		/* fails unless it has that version */
	ORCH_LEASE_VERB_RELEASE		/* likewise, and names no holder */
} OrchLeaseVerb;

typedef struct OrchLeaseAsk
{
	OrchLeaseVerb verb;
	uint32		number;			/* comes back with the answer */
	int			timeout_ms;
	bool		acquires;		/* the holder becomes another one */
	OrchLeaseDocument document; /* to be written */
} OrchLeaseAsk;

typedef enum OrchLeaseAnswer
{
	ORCH_LEASE_ANSWER_FAILED,	/* none, or one that tells nothing */
	ORCH_LEASE_ANSWER_READ,
	ORCH_LEASE_ANSWER_WRITTEN,
	ORCH_LEASE_ANSWER_ABSENT,
	ORCH_LEASE_ANSWER_CONFLICT
} OrchLeaseAnswer;
