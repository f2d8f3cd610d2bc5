/*
 * counter.c
 *	  What a counter has grown by between two readings.
 *
 * Kubelets count from the start of a pod, and lose count when its sandbox or
 * the machine starts anew.  What cannot be told is unknown, never 0.
 */
#include "usage/counter.h"

/* an answer that is older than the last one is late; by more than this, the clock was set back */
#define LATE_MICROSECONDS INT64_C(300000000)

/*
 * Is this a reading that we have not had yet?
 */
bool
orch_counter_is_new(const OrchCounter *before, const OrchCounter *now)
{
	if (!now->known || !before->known)
		return now->known;
	if (now->at > before->at)
		return true;
	return now->at < before->at && before->at - now->at > LATE_MICROSECONDS;
}

static bool
was_restarted(const OrchCounter *before, const OrchCounter *now)
{
	if (now->value < before->value)
		return true;
	return before->has_start && now->has_start && before->started_at != now->started_at;
}

/*
 * The step from one reading to the next.  gap is the time since others of its
 * kind were read last: a counter that began after that has all of its value
 * to show; what an older one counted before we came is not ours to tell.
 */
OrchCounterStep
orch_counter_step(const OrchCounter *before, const OrchCounter *now, int64_t gap)
{
	OrchCounterStep step = {0};

	if (!orch_counter_is_new(before, now) || now->value < 0)
		return step;
	if (!before->known)
	{
		step.has_delta = now->has_start && now->at - now->started_at <= gap;
		step.delta = step.has_delta ? now->value : 0;
		return step;
	}

	step.has_delta = true;
	if (was_restarted(before, now))
	{
		step.delta = now->value;
		return step;
	}
	step.delta = now->value - before->value;
	step.has_rate = now->at > before->at;
	if (step.has_rate)
		step.per_second = (double) step.delta * 1e6 / (double) (now->at - before->at);
	return step;
}
