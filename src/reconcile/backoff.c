/*
 * backoff.c
 *	  When to try again what failed.
 *
 * A call that fails as a whole (the database is out of memory, a table is locked, a
 * function is broken) fails again a moment later.  Without a pause the worker would
 * do nothing else; with a fixed one it would come late when all is well again.  So
 * the pause doubles from 0.1 s to 30 s and is forgotten with the first success.
 *
 *	  failures in a row   1    2    3    4    5    6    7    8    9    10 and more
 *	  pause at most, s   0.1  0.2  0.4  0.8  1.6  3.2  6.4  12.8 25.6  30
 *
 * Between half of it and all of it is waited, so that those who failed together do
 * not come again together.
 */
#include "reconcile/backoff.h"

static int64_t
longest_pause(uint32_t failures)
{
	int64_t		pause = ORCH_BACKOFF_FIRST_US;

	for (uint32_t i = 1; i < failures && pause < ORCH_BACKOFF_LONGEST_US; i++)
		pause *= 2;
	return pause < ORCH_BACKOFF_LONGEST_US ? pause : ORCH_BACKOFF_LONGEST_US;
}

/*
 * It failed just now; random is from 0 (the shortest pause) to 1.
 */
void
orch_backoff_failed(OrchBackoff *backoff, int64_t now, double random)
{
	int64_t		half;

	if (backoff->failures < UINT32_MAX)
		backoff->failures++;
	/* also what is no number */
	if (!(random >= 0))
		random = 0;
	if (random > 1)
		random = 1;
	half = longest_pause(backoff->failures) / 2;
	backoff->due_at = now + half + (int64_t) (half * random);
}

void
orch_backoff_succeeded(OrchBackoff *backoff)
{
	backoff->failures = 0;
	backoff->due_at = 0;
}

/*
 * Microseconds until it may be tried again; 0 at once.  Never longer than the longest
 * pause, whatever clock the time was of.
 */
int64_t
orch_backoff_wait(const OrchBackoff *backoff, int64_t now)
{
	if (backoff->failures == 0 || backoff->due_at <= now)
		return 0;
	return backoff->due_at - now <= ORCH_BACKOFF_LONGEST_US ? backoff->due_at - now : 0;
}

bool
orch_backoff_is_due(const OrchBackoff *backoff, int64_t now)
{
	return orch_backoff_wait(backoff, now) == 0;
}
