/*
 * counter.h
 *	  Counters that only grow, until what they count is started anew.
 *
 * Pure C, no server needed (test/unit/usage).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* times are microseconds of one clock, the one of the machine that counts */
typedef struct OrchCounter
{
	bool		known;			/* false: there was no figure, the rest means nothing */
	int64_t		value;
	int64_t		at;				/* when it was read */
	bool		has_start;
	int64_t		started_at;		/* since when it counts */
} OrchCounter;

typedef struct OrchCounterStep
{
	bool		has_delta;
	int64_t		delta;			/* grown by this since the reading before */
	bool		has_rate;
	double		per_second;		/* likewise, only where it was not started anew */
} OrchCounterStep;

extern bool orch_counter_is_new(const OrchCounter *before, const OrchCounter *now);
extern OrchCounterStep orch_counter_step(const OrchCounter *before, const OrchCounter *now, int64_t gap);
