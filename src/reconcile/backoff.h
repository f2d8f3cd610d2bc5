/*
 * backoff.h
 *	  How long to leave something alone that fails as a whole.
 */
#pragma once

#include "postgres.h"

typedef struct OrchBackoff
{
	int			failures;		/* in a row */
} OrchBackoff;

/* When to try again after one more failure: 0.1 s, doubling to 30 s, with jitter. */
extern int64 orch_backoff_next(OrchBackoff *backoff, int64 now, double jitter);

static inline void
orch_backoff_reset(OrchBackoff *backoff)
{
	backoff->failures = 0;
}
