/*-------------------------------------------------------------------------
 *
 * clock.c
 *	  See clock.h.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include <time.h>
#include <unistd.h>

#include "kube/clock.h"

/* the same choice as in src/core/clock.c */
#ifdef CLOCK_BOOTTIME
#define STEADY_CLOCK CLOCK_BOOTTIME
#else
#define STEADY_CLOCK CLOCK_MONOTONIC
#endif

int64
orch_kube_now(void)
{
	struct timespec ts;

	clock_gettime(STEADY_CLOCK, &ts);
	return (int64) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

double
orch_kube_random(void)
{
	static unsigned short state[3];
	static pid_t seeded_by = 0;

	/* a child must not repeat its parent's numbers */
	if (seeded_by != getpid())
	{
		struct timespec ts;

		clock_gettime(CLOCK_REALTIME, &ts);
		seeded_by = getpid();
		state[0] = (unsigned short) ts.tv_nsec;
		state[1] = (unsigned short) (ts.tv_nsec >> 16);
		state[2] = (unsigned short) (ts.tv_sec ^ seeded_by);
	}
	return erand48(state);
}
