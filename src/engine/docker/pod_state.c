/*
 * pod_state.c
 *	  One pod's life: what is asked of the engine next.
 *
 * The state is what is known of the container at hand, and what is wanted of the pod;
 * an event changes either, and the next action follows from both alone.  One action is
 * under way at a time.  Each may be repeated, so that a process that knows nothing
 * begins with what it sees: SEEN for whatever there is of the pod, or TIME.
 *
 *	row	what is known, first match wins			action
 *	1	it must go: paused, running, there		THAW, STOP, REMOVE
 *	2	it is over: paused or running			THAW, STOP (beyond its deadline)
 *	3	it must freeze: runs, is not paused		FREEZE
 *	4	it must freeze							NOTHING: nothing new begins
 *	5	it is paused							THAW
 *	6	it is to be started anew				STOP, also while it does not run
 *	7	it runs, or is held by a back-off		NOTHING
 *	8	an init container has succeeded			REMOVE, and on to the next
 *	9	the engine is about to start it again	NOTHING, for RESTART_WAIT
 *	10	nobody knows what it is made of			NOTHING
 *	11	it is not there							LOOK_FOR_IMAGE or PULL, CREATE
 *	12	it is there								PUT_FILES, START
 */
#include "engine/docker/pod_state.h"

#include "engine/docker/pause.h"
#include "engine/docker/pod_events.h"

/* an engine that has not started it again by then does not */
#define RESTART_WAIT (5 * ORCH_DOCKER_SECOND)

static bool
is_init(const OrchDockerPodSpec *spec, const OrchDockerPod *pod)
{
	return pod->step < spec->inits;
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
deadline_of(const OrchDockerPodSpec *spec, const OrchDockerPod *pod)
{
	if (spec->deadline <= 0 || pod->is_over)
		return ORCH_DOCKER_NEVER;
	return pod->began_at + spec->deadline;
}

/*
 * What follows from time alone, and the way to the next container.
 */
static void
settle(const OrchDockerPodSpec *spec, OrchDockerPod *pod, int64_t now)
{
	if (now >= pod->held_until)
		pod->held_until = 0;
	if (now >= deadline_of(spec, pod))
		pod->is_over = pod->is_overdue = true;
	if (pod->is_done && !pod->exists && pod->doing == ORCH_DOCKER_POD_NOTHING)
	{
		OrchDockerPod next;

		orch_docker_pod_begin(&next, pod->began_at);
		next.step = pod->step + 1;
		next.must_go = pod->must_go;
		next.must_freeze = pod->must_freeze;
		next.is_over = pod->is_over;
		next.is_overdue = pod->is_overdue;
		*pod = next;
	}
}

/* Rows 11 and 12. */
static OrchDockerPodDo
make_and_start(const OrchDockerPodSpec *spec, const OrchDockerPod *pod)
{
	const OrchDockerPodContainer *container = &spec->containers[pod->step];

	if (pod->exists)
		return container->has_files && !pod->has_files ? ORCH_DOCKER_POD_PUT_FILES : ORCH_DOCKER_POD_START;
	if (pod->image == ORCH_DOCKER_IMAGE_THERE)
		return ORCH_DOCKER_POD_CREATE;
	if (container->pull == ORCH_DOCKER_PULL_NEVER)
		return ORCH_DOCKER_POD_LOOK_FOR_IMAGE;
	return container->pull == ORCH_DOCKER_PULL_ALWAYS || pod->image == ORCH_DOCKER_IMAGE_ABSENT ? ORCH_DOCKER_POD_PULL : ORCH_DOCKER_POD_LOOK_FOR_IMAGE;
}

/* When row 9 ends; 0: it is none. */
static int64_t
engine_restarts_until(const OrchDockerPodSpec *spec, const OrchDockerPod *pod)
{
	if (is_init(spec, pod) || !pod->has_exited || pod->is_stopped)
		return 0;
	return pod->finished_at + RESTART_WAIT;
}

static OrchDockerPodDo
stop(const OrchDockerPod *pod)
{
	return pod->is_paused || pod->may_be_paused ? ORCH_DOCKER_POD_THAW : ORCH_DOCKER_POD_STOP;
}

static OrchDockerPodDo
decide(const OrchDockerPodSpec *spec, const OrchDockerPod *pod, int64_t now)
{
	if (pod->must_go)
		return !pod->exists ? ORCH_DOCKER_POD_NOTHING : pod->is_running ? stop(pod) : ORCH_DOCKER_POD_REMOVE;
	if (pod->is_over)
		return pod->is_running ? stop(pod) : ORCH_DOCKER_POD_NOTHING;
	if (pod->must_freeze)
		return pod->is_running && !pod->is_paused ? ORCH_DOCKER_POD_FREEZE : ORCH_DOCKER_POD_NOTHING;
	if (pod->is_paused || pod->may_be_paused)
		return ORCH_DOCKER_POD_THAW;
	if (pod->must_restart || (pod->is_done && pod->is_running))
		return ORCH_DOCKER_POD_STOP;
	if (pod->is_running || now < pod->held_until)
		return ORCH_DOCKER_POD_NOTHING;
	if (pod->is_done)
		return ORCH_DOCKER_POD_REMOVE;
	if (now < engine_restarts_until(spec, pod) || !spec->containers)
		return ORCH_DOCKER_POD_NOTHING;
	return make_and_start(spec, pod);
}

static int64_t
next_call(const OrchDockerPodSpec *spec, const OrchDockerPod *pod, int64_t now)
{
	const int64_t times[] = {pod->retry_at, pod->held_until, engine_restarts_until(spec, pod), deadline_of(spec, pod)};
	int64_t		next = ORCH_DOCKER_NEVER;

	for (int i = 0; i < 4; i++)
	{
		if (times[i] > now)
			next = sooner(next, times[i]);
	}
	return next;
}

OrchDockerPodStep
orch_docker_pod_step(const OrchDockerPodSpec *spec, OrchDockerPod *pod, const OrchDockerPodInput *input)
{
	OrchDockerPodStep step = {ORCH_DOCKER_POD_NOTHING, ORCH_DOCKER_NEVER};

	orch_docker_pod_take(spec, pod, input);
	settle(spec, pod, input->now);
	if (pod->doing == ORCH_DOCKER_POD_NOTHING && input->now >= pod->retry_at)
	{
		step.what = pod->doing = decide(spec, pod, input->now);
		/* what is not wanted any more has not failed */
		if (step.what == ORCH_DOCKER_POD_NOTHING)
			pod->unreached = 0;
	}
	step.call_at = next_call(spec, pod, input->now);
	return step;
}
