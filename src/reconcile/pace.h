/*
 * pace.h
 *	  When the worker writes.  Pure: times are microseconds of one clock that
 *	  nobody sets.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ORCH_PACE_MS INT64_C(1000)

/* under load: so many requests in flight, or statuses that wait */
#define ORCH_PACE_BUSY_IN_FLIGHT 8
#define ORCH_PACE_BUSY_STATUSES 20

/* between two statements under load */
#define ORCH_PACE_BUSY_WRITE_US (150 * ORCH_PACE_MS)

/* otherwise there is one in so long, and before a few that follow each other at once */
#define ORCH_PACE_WRITE_US (60 * ORCH_PACE_MS)
#define ORCH_PACE_WRITES_AT_ONCE 16

/*
 * Under load statuses are derived together, each of them less often still, and
 * least often where more is about to happen.
 */
#define ORCH_PACE_BUSY_STATUSES_US (300 * ORCH_PACE_MS)
#define ORCH_PACE_BUSY_STATUS_US (1000 * ORCH_PACE_MS)
#define ORCH_PACE_UNDONE_STATUS_US (3000 * ORCH_PACE_MS)

/*
 * Between two turns: as long as the turn took, and under load at least so long that
 * answers and events that come one by one are taken together; far below what keeps a
 * server busy.
 */
#define ORCH_PACE_BUSY_REST_US (4 * ORCH_PACE_MS)
#define ORCH_PACE_REST_US_MOST (10 * ORCH_PACE_MS)

/* all zero: nothing has been written yet */
typedef struct OrchPace
{
	int64_t		written_at;
	int64_t		written_up_to;	/* what was written is as much as is due until then */
	int64_t		derived_at;		/* statuses, all that might be */
} OrchPace;

extern bool orch_pace_is_busy(int in_flight, int statuses);
extern int64_t orch_pace_write_from(const OrchPace *pace, bool is_busy);
extern void orch_pace_written(OrchPace *pace, int64_t now);
extern int64_t orch_pace_derive_from(const OrchPace *pace, bool is_busy, int64_t derived_at, bool is_undone);
extern void orch_pace_derived(OrchPace *pace, int64_t now);
extern int64_t orch_pace_rest_us(int64_t turn_took_us, int in_flight);
