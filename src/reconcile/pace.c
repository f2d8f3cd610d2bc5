/*
 * pace.c
 *	  When the worker writes: alone, an event is written at once; under load what
 *	  comes gathers, as a statement costs more than a row in it.
 */
#include "postgres.h"

#include "core/core.h"
#include "reconcile/inventory.h"

#define MS INT64CONST(1000)

/* under load: so many requests in flight, or statuses that wait */
#define BUSY_IN_FLIGHT 8
#define BUSY_STATUSES 20

/* between two statements under load */
#define BUSY_WRITE_US (150 * MS)

/* otherwise there is one in so long, and before a few that follow each other at once */
#define WRITE_US (60 * MS)
#define WRITES_AT_ONCE 4

/*
 * Under load statuses are derived together, each of them less often still, and
 * least often where more is about to happen.
 */
#define BUSY_STATUSES_US (300 * MS)
#define BUSY_STATUS_US (1000 * MS)
#define UNDONE_STATUS_US (3000 * MS)

static bool
is_busy(const OrchInventory *inventory)
{
	return !inventory->pace.at_once &&
		(inventory->in_flight > BUSY_IN_FLIGHT || inventory->touched_count > BUSY_STATUSES);
}

/*
 * The time before which nothing should be written.
 */
int64
orch_pace_write_from(const OrchInventory *inventory)
{
	const OrchPace *pace = &inventory->pace;

	if (is_busy(inventory))
		return pace->written_at + BUSY_WRITE_US;
	return pace->written_up_to - (WRITES_AT_ONCE - 1) * WRITE_US;
}

void
orch_pace_written(OrchInventory *inventory, int64 now)
{
	OrchPace   *pace = &inventory->pace;

	pace->written_at = now;
	pace->written_up_to = Max(pace->written_up_to, now) + WRITE_US;
}

/*
 * The time before which the status of an owner should not be derived.
 */
int64
orch_pace_derive_from(const OrchInventory *inventory, const OrchOwner *owner)
{
	if (!is_busy(inventory))
		return 0;
	return Max(inventory->pace.derived_at + BUSY_STATUSES_US,
			   owner->derived_at + (owner->undone > 0 ? UNDONE_STATUS_US : BUSY_STATUS_US));
}

/*
 * Statuses have been derived, all that might be.
 */
void
orch_pace_derived(OrchInventory *inventory, int64 now)
{
	inventory->pace.derived_at = now;
}
