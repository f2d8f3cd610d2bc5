/*
 * clock.c
 *	  A clock that nobody sets, and chance.
 *
 * Everything that a process of ours waits for by itself (a lease, a back-off,
 * the next round) is measured by it: a wall clock that ran ahead and is put
 * right would stop all of that until the time comes again.  Its zero is the
 * start of the machine; it says nothing to people and goes into no row.
 */
#include "postgres.h"

#include <time.h>

#include "core/core.h"

/* one that goes on while the machine sleeps, where there is one */
#ifdef CLOCK_BOOTTIME
#define STEADY_CLOCK CLOCK_BOOTTIME
#else
#define STEADY_CLOCK CLOCK_MONOTONIC
#endif

/*
 * Microseconds since the machine was started.
 */
TimestampTz
orch_steady_now(void)
{
	struct timespec now;

	clock_gettime(STEADY_CLOCK, &now);
	return (TimestampTz) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/*
 * A number from 0 to below 1, so that not everybody comes at the same moment.
 */
double
orch_random(void)
{
	return (double) random() / ((double) RAND_MAX + 1);
}
