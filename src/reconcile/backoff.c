/*
 * backoff.c
 *	  See backoff.h.
 */
#include "reconcile/backoff.h"

#define FIRST_US INT64CONST(100000)
#define LONGEST_US INT64CONST(30000000)

int64
orch_backoff_next(OrchBackoff *backoff, int64 now, double jitter)
{
	int64		wait = backoff->failures < 16 ? Min(FIRST_US << backoff->failures, LONGEST_US) : LONGEST_US;

	backoff->failures++;
	return now + (int64) (wait * (0.75 + 0.5 * jitter));
}
