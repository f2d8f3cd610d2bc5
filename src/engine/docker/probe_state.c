/*
 * probe_state.c
 *	  Which probe of a container is due, and what its verdicts mean together.
 *
 * Until the startup probe has passed the others wait; without one a container has
 * started when it runs.  A probe is asked first after its initial delay, which counts
 * from the start of the container, and then once a period, from one question to the
 * next; readiness is asked as soon as the container has started, without waiting for
 * the next period.  A verdict counts when there were as many like it in a row as its
 * threshold says.
 *
 * Readiness is false until it passes, and comes and goes from then on; without a probe
 * it is whether the container has started.  Where startup or liveness fails, the
 * container must be restarted, and all probes rest until it is.  No answer within the
 * timeout is a failure; what could not be asked at all is no verdict.
 */
#include "engine/docker/probe_state.h"

#include <string.h>

#include "engine/docker/pause.h"

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void
start(const OrchDockerProbeSpec *specs, OrchDockerProbing *probing, int64_t now)
{
	probing->is_started = true;
	probing->is_ready = !specs[ORCH_DOCKER_PROBE_READINESS].exists;
	probing->started_at = now;
}

/*
 * The container has just started, or is seen to have started then.
 */
void
orch_docker_probing_begin(const OrchDockerProbeSpec *specs, OrchDockerProbing *probing, int64_t now)
{
	memset(probing, 0, sizeof(*probing));
	probing->begun_at = now;
	if (!specs[ORCH_DOCKER_PROBE_STARTUP].exists)
		start(specs, probing, now);
}

static bool
takes_part(const OrchDockerProbeSpec *specs, const OrchDockerProbing *probing, OrchDockerProbe probe)
{
	return specs[probe].exists && !probing->must_restart && probing->is_started == (probe != ORCH_DOCKER_PROBE_STARTUP);
}

/*
 * When it is to be asked, or its answer is overdue; NEVER: not before something
 * happens.
 */
int64_t
orch_docker_probe_due_at(const OrchDockerProbeSpec *specs, const OrchDockerProbing *probing, OrchDockerProbe probe)
{
	const OrchDockerProbeState *state = &probing->probes[probe];

	if (!takes_part(specs, probing, probe))
		return ORCH_DOCKER_NEVER;
	if (state->is_asked)
		return state->asked_at + specs[probe].timeout;
	if (state->was_asked)
		return state->asked_at + specs[probe].period;
	return later(probing->begun_at + specs[probe].initial_delay, probing->started_at);
}

/* It passes, or fails, for as many verdicts as are wanted. */
static void
conclude(const OrchDockerProbeSpec *specs, OrchDockerProbing *probing, OrchDockerProbe probe, bool succeeded, int64_t now)
{
	if (probe == ORCH_DOCKER_PROBE_READINESS)
		probing->is_ready = succeeded;
	else if (!succeeded)
	{
		probing->must_restart = true;
		probing->because = probe;
		probing->is_ready = false;
	}
	else if (probe == ORCH_DOCKER_PROBE_STARTUP)
		start(specs, probing, now);
}

/*
 * What nobody waits for any more is left alone; the caller drops the question when its
 * answer is overdue, so that it is not taken for one to the next.
 */
void
orch_docker_probe_answered(const OrchDockerProbeSpec *specs, OrchDockerProbing *probing, OrchDockerProbe probe, OrchDockerVerdict verdict, int64_t now)
{
	OrchDockerProbeState *state = &probing->probes[probe];
	bool		succeeded = verdict == ORCH_DOCKER_PROBE_SUCCEEDED;

	if (!state->is_asked)
		return;
	state->is_asked = false;
	if (verdict == ORCH_DOCKER_PROBE_UNKNOWN || !takes_part(specs, probing, probe))
		return;
	state->in_row = state->last_succeeded == succeeded ? state->in_row + 1 : 1;
	state->last_succeeded = succeeded;
	if (state->in_row >= (succeeded ? specs[probe].success_threshold : specs[probe].failure_threshold))
		conclude(specs, probing, probe, succeeded, now);
}

/*
 * Is it to be asked now?  Then it counts as asked.  What is overdue has
 * failed, and whoever still waits for it drops it.
 */
bool
orch_docker_probe_is_to_ask(const OrchDockerProbeSpec *specs, OrchDockerProbing *probing, OrchDockerProbe probe, int64_t now)
{
	OrchDockerProbeState *state = &probing->probes[probe];

	if (state->is_asked && now >= orch_docker_probe_due_at(specs, probing, probe))
		orch_docker_probe_answered(specs, probing, probe, ORCH_DOCKER_PROBE_FAILED, now);
	if (state->is_asked || now < orch_docker_probe_due_at(specs, probing, probe))
		return false;
	state->was_asked = state->is_asked = true;
	state->asked_at = now;
	return true;
}
