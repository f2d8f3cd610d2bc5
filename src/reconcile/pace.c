/*
 * pace.c
 *	  When the worker writes: alone, an event is written at once; under load what
 *	  comes gathers, as a statement costs more than a row in it.
 */
#include "reconcile/pace.h"

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

bool
orch_pace_is_busy(int in_flight, int statuses)
{
	return in_flight > ORCH_PACE_BUSY_IN_FLIGHT || statuses > ORCH_PACE_BUSY_STATUSES;
}

/*
 * The time before which nothing should be written.
 */
int64_t
orch_pace_write_from(const OrchPace *pace, bool is_busy)
{
	if (is_busy)
		return pace->written_at + ORCH_PACE_BUSY_WRITE_US;
	return pace->written_up_to - (ORCH_PACE_WRITES_AT_ONCE - 1) * ORCH_PACE_WRITE_US;
}

void
orch_pace_written(OrchPace *pace, int64_t now)
{
	pace->written_at = now;
	pace->written_up_to = later(pace->written_up_to, now) + ORCH_PACE_WRITE_US;
}

/*
 * The time before which a status should not be derived that was derived then;
 * is_undone: something is about to happen to an object of it.
 */
int64_t
orch_pace_derive_from(const OrchPace *pace, bool is_busy, int64_t derived_at, bool is_undone)
{
	if (!is_busy)
		return 0;
	return later(pace->derived_at + ORCH_PACE_BUSY_STATUSES_US,
				 derived_at + (is_undone ? ORCH_PACE_UNDONE_STATUS_US : ORCH_PACE_BUSY_STATUS_US));
}

void
orch_pace_derived(OrchPace *pace, int64_t now)
{
	pace->derived_at = now;
}

/*
 * How long to rest after a turn; an idle worker's takes no time, so that a single
 * change is not held up.
 */
int64_t
orch_pace_rest_us(int64_t turn_took_us, int in_flight)
{
	int64_t		rest = turn_took_us < ORCH_PACE_MS ? 0 : turn_took_us;

	if (in_flight > ORCH_PACE_BUSY_IN_FLIGHT)
		rest = later(rest, ORCH_PACE_BUSY_REST_US);
	return rest < ORCH_PACE_REST_US_MOST ? rest : ORCH_PACE_REST_US_MOST;
}
