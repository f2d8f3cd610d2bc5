/*
 * backoff.h
 *	  When to try again what failed.  Pure: times are microseconds of one clock that
 *	  nobody sets, randomness is the caller's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ORCH_BACKOFF_FIRST_US INT64_C(100000)
#define ORCH_BACKOFF_LONGEST_US INT64_C(30000000)

/* of one thing that is tried; all zero: it never failed */
typedef struct OrchBackoff
{
	uint32_t	failures;		/* in a row */
	int64_t		due_at;
} OrchBackoff;

extern void orch_backoff_failed(OrchBackoff *backoff, int64_t now, double random);
extern void orch_backoff_succeeded(OrchBackoff *backoff);
extern bool orch_backoff_is_due(const OrchBackoff *backoff, int64_t now);
extern int64_t orch_backoff_wait(const OrchBackoff *backoff, int64_t now);
