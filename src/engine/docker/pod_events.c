/*
 * pod_events.c
 *	  What is known of one pod after what has happened.
 *
 * Restarts are the engine's own.  A container that ends QUICK_EXITS times in a row
 * after less than QUICK_RUN is stopped and held for a pause that doubles with each time.
 * So is an init container that fails (always), and what fails its liveness probe; these
 * two are started at once the first time, as Kubernetes does.  FORGOTTEN_AFTER of
 * running forgives all.
 *
 * How often it ended is counted in what is seen: the engine's restarts, and one more
 * while it is not running.
 */
#include "engine/docker/pod_events.h"

#include <stddef.h>
#include <string.h>

#include "engine/docker/pause.h"

#define QUICK_RUN (10 * ORCH_DOCKER_SECOND)
#define QUICK_EXITS 5
#define FORGOTTEN_AFTER (600 * ORCH_DOCKER_SECOND)

#define FIRST_UNREACHED_PAUSE ORCH_DOCKER_SECOND
#define LONGEST_UNREACHED_PAUSE (30 * ORCH_DOCKER_SECOND)

/* of what was killed */
#define EXIT_CODE_KILLED 137

void
orch_docker_pod_begin(OrchDockerPod *pod, int64_t began_at)
{
	memset(pod, 0, sizeof(*pod));
	pod->began_at = began_at;
}

static bool
is_init(const OrchDockerPodSpec *spec, const OrchDockerPod *pod)
{
	return pod->step < spec->inits;
}

/* crashes */

/*
 * Not before its pause is over; free: how many times are without one.
 */
static void
hold(OrchDockerPod *pod, int64_t from, int free)
{
	int64_t		pause;

	pod->back_offs++;
	pause = orch_docker_pause(ORCH_DOCKER_FIRST_PAUSE, ORCH_DOCKER_LONGEST_PAUSE, pod->back_offs - free);
	pod->held_until = pause > 0 ? from + pause : 0;
	pod->quick_exits = 0;
}

/*
 * Counts how often it ended since it was last seen.  Of what is seen for the first time
 * only the last run is known; it takes one more to be held, if it runs.
 */
static int
count_exits(OrchDockerPod *pod, const OrchDockerContainerSeen *seen, int64_t now)
{
	int			exits = seen->restart_count + seen->has_exited;
	int			further = exits >= pod->exits ? exits - pod->exits : exits;
	int64_t		since = pod->started_at != 0 ? pod->started_at : seen->started_at;
	int64_t		until = seen->has_exited ? seen->finished_at : pod->started_at != 0 ? seen->started_at : now;
	bool		is_quick;

	pod->exits = exits;
	if (further == 0)
		return 0;
	if (until - since >= further * FORGOTTEN_AFTER)
		pod->back_offs = 0;
	is_quick = until - since < (pod->started_at != 0 ? further : 1) * QUICK_RUN;
	pod->quick_exits = is_quick ? pod->quick_exits + further : 0;
	if (pod->started_at == 0 && !seen->has_exited)
		pod->quick_exits = pod->quick_exits < QUICK_EXITS ? pod->quick_exits : QUICK_EXITS - 1;
	return further;
}

static void
take_init_exit(const OrchDockerPodSpec *spec, OrchDockerPod *pod, int further)
{
	pod->is_done = pod->exit_code == 0;
	if (pod->is_done)
		return;
	if (spec->restart == ORCH_DOCKER_RESTART_NEVER)
		pod->is_over = true;
	else if (further > 0)
		hold(pod, pod->finished_at, 1);
}

static bool
ends_for_good(OrchDockerRestart restart, int exit_code)
{
	return restart == ORCH_DOCKER_RESTART_NEVER || (restart == ORCH_DOCKER_RESTART_ON_FAILURE && exit_code == 0);
}

static void
take_exits(const OrchDockerPodSpec *spec, OrchDockerPod *pod, int further, int64_t now)
{
	if (is_init(spec, pod) && pod->has_exited)
		take_init_exit(spec, pod, further);
	else if (is_init(spec, pod))
		return;
	else if (pod->has_exited && !pod->is_stopped && ends_for_good(spec->restart, pod->exit_code))
		pod->is_over = true;
	else if (pod->quick_exits >= QUICK_EXITS)
	{
		pod->must_restart = true;
		hold(pod, now, 0);
	}
}

/* what is seen */

/* It can be made, or runs. */
static void
succeed(OrchDockerPod *pod)
{
	pod->fault = NULL;
	pod->failures = 0;
}

static void
forget_container(OrchDockerPod *pod)
{
	pod->exists = pod->has_files = pod->is_running = pod->is_paused = pod->may_be_paused = pod->has_exited = pod->is_stopped = false;
	pod->must_restart = pod->is_started = pod->is_ready = false;
	pod->exits = pod->restart_count = 0;
}

static void
begin_run(OrchDockerPod *pod, int64_t started_at)
{
	pod->started_at = started_at;
	pod->is_started = pod->is_ready = false;
}

static void
see(const OrchDockerPodSpec *spec, OrchDockerPod *pod, const OrchDockerContainerSeen *seen, int64_t now)
{
	int			further;

	/* an init container is only there as long as those before it are done */
	if (seen->step > pod->step && seen->step <= spec->inits && seen->exists && !pod->exists && pod->doing == ORCH_DOCKER_POD_NOTHING)
		pod->step = seen->step;
	if (seen->step != pod->step)
		return;
	if (!seen->exists)
	{
		forget_container(pod);
		return;
	}
	further = count_exits(pod, seen, now);
	pod->restarts += seen->restart_count > pod->restart_count ? seen->restart_count - pod->restart_count : 0;
	pod->restart_count = seen->restart_count;
	pod->exists = true;
	pod->is_running = seen->is_running;
	pod->is_paused = seen->is_paused;
	pod->may_be_paused = false;
	pod->has_exited = seen->has_exited;
	pod->is_stopped &= !seen->is_running;
	pod->exit_code = seen->exit_code;
	pod->finished_at = seen->finished_at;
	/* our own notion of when it started was but a guess */
	if (further > 0 || (seen->started_at != pod->started_at && pod->is_start_told))
		begin_run(pod, seen->started_at);
	pod->started_at = seen->started_at;
	pod->is_start_told = seen->started_at != 0;
	if (seen->is_running)
		succeed(pod);
	take_exits(spec, pod, further, now);
}

/* answers */

/* For this it does not start. */
static void
fail(OrchDockerPod *pod, const char *fault, int64_t now)
{
	pod->failures++;
	pod->fault = fault;
	pod->retry_at = now + orch_docker_pause(ORCH_DOCKER_FIRST_PAUSE, ORCH_DOCKER_LONGEST_PAUSE, pod->failures);
}

static void
try_again_soon(OrchDockerPod *pod, int64_t now)
{
	pod->unreached++;
	pod->retry_at = now + orch_docker_pause(FIRST_UNREACHED_PAUSE, LONGEST_UNREACHED_PAUSE, pod->unreached);
}

static void
take_image_answer(const OrchDockerPodSpec *spec, OrchDockerPod *pod, OrchDockerPodDo what, OrchDockerAnswer answer, int64_t now)
{
	if (answer == ORCH_DOCKER_OK)
	{
		/* failures are not over: whoever makes the container may not find it all the same */
		pod->image = ORCH_DOCKER_IMAGE_THERE;
		pod->fault = NULL;
	}
	else if (answer == ORCH_DOCKER_REFUSED)
		fail(pod, "InvalidImageName", now);
	else if (spec->containers[pod->step].pull == ORCH_DOCKER_PULL_NEVER)
		fail(pod, "ErrImageNeverPull", now);
	else if (what == ORCH_DOCKER_POD_PULL)
		fail(pod, pod->failures == 0 ? "ErrImagePull" : "ImagePullBackOff", now);
	else
		pod->image = ORCH_DOCKER_IMAGE_ABSENT;
}

static void
take_create_answer(OrchDockerPod *pod, OrchDockerAnswer answer, int64_t now)
{
	if (answer == ORCH_DOCKER_OK)
	{
		pod->exists = true;
		succeed(pod);
	}
	else if (answer == ORCH_DOCKER_IMAGE_MISSING)
	{
		pod->image = ORCH_DOCKER_IMAGE_ABSENT;
		fail(pod, "ErrImagePull", now);
	}
	else
		fail(pod, answer == ORCH_DOCKER_ABSENT ? "CreateContainerConfigError" : "CreateContainerError", now);
}

static void
take_start_answer(OrchDockerPod *pod, OrchDockerAnswer answer, int64_t now)
{
	if (answer != ORCH_DOCKER_OK)
	{
		fail(pod, "RunContainerError", now);
		return;
	}
	succeed(pod);
	/* what was seen meanwhile is newer */
	if (pod->is_running)
		return;
	pod->restarts += pod->has_exited;
	pod->is_running = true;
	pod->has_exited = pod->is_stopped = false;
	pod->exits = pod->restart_count = 0;
	begin_run(pod, now);
	pod->is_start_told = false;
}

static void
take_stop_answer(const OrchDockerPodSpec *spec, OrchDockerPod *pod, OrchDockerAnswer answer, int64_t now)
{
	if (answer != ORCH_DOCKER_OK)
	{
		try_again_soon(pod, now);
		return;
	}
	if (pod->is_running)
	{
		pod->exits++;
		pod->exit_code = EXIT_CODE_KILLED;
		pod->finished_at = now;
	}
	pod->is_running = pod->is_paused = pod->must_restart = false;
	pod->has_exited = pod->is_stopped = true;
	pod->is_over |= spec->restart == ORCH_DOCKER_RESTART_NEVER && !pod->is_done;
}

/*
 * Of what changes a container; not having it is an answer to any of these.
 */
static void
take_container_answer(const OrchDockerPodSpec *spec, OrchDockerPod *pod, OrchDockerPodDo what, OrchDockerAnswer answer, int64_t now)
{
	pod->may_be_paused &= what != ORCH_DOCKER_POD_FREEZE && what != ORCH_DOCKER_POD_THAW;
	if (what == ORCH_DOCKER_POD_REMOVE && answer == ORCH_DOCKER_OK)
		forget_container(pod);
	else if (answer == ORCH_DOCKER_ABSENT)
	{
		forget_container(pod);
		/* somebody who removes each one that is made does not keep us busy */
		pod->retry_at = pod->must_go || pod->is_done ? 0 : now + FIRST_UNREACHED_PAUSE;
	}
	else if (what == ORCH_DOCKER_POD_START)
		take_start_answer(pod, answer, now);
	else if (what == ORCH_DOCKER_POD_STOP)
		take_stop_answer(spec, pod, answer, now);
	else if (answer != ORCH_DOCKER_OK && what == ORCH_DOCKER_POD_PUT_FILES)
		fail(pod, "CreateContainerConfigError", now);
	else if (answer != ORCH_DOCKER_OK)
	{
		try_again_soon(pod, now);
		/* what runs is not removed */
		pod->is_running |= what == ORCH_DOCKER_POD_REMOVE;
	}
	else if (what == ORCH_DOCKER_POD_PUT_FILES)
		pod->has_files = true;
	else
		pod->is_paused = what == ORCH_DOCKER_POD_FREEZE;
}

static void
take_answer(const OrchDockerPodSpec *spec, OrchDockerPod *pod, OrchDockerAnswer answer, int64_t now)
{
	OrchDockerPodDo what = pod->doing;

	pod->doing = ORCH_DOCKER_POD_NOTHING;
	if (what == ORCH_DOCKER_POD_NOTHING)
		return;
	if (answer == ORCH_DOCKER_UNREACHABLE)
	{
		try_again_soon(pod, now);
		/* it may be so: what is asked next tells */
		pod->exists |= what == ORCH_DOCKER_POD_CREATE;
		pod->may_be_paused |= what == ORCH_DOCKER_POD_FREEZE;
		return;
	}
	if (answer == ORCH_DOCKER_OK)
		pod->unreached = 0;
	if (what == ORCH_DOCKER_POD_LOOK_FOR_IMAGE || what == ORCH_DOCKER_POD_PULL)
		take_image_answer(spec, pod, what, answer, now);
	else if (what == ORCH_DOCKER_POD_CREATE)
		take_create_answer(pod, answer, now);
	else
		take_container_answer(spec, pod, what, answer, now);
}

/* everything else that happens */

static void
take_probes(const OrchDockerPodSpec *spec, OrchDockerPod *pod, const OrchDockerPodInput *input)
{
	if (is_init(spec, pod) || !pod->is_running)
		return;
	pod->is_started = input->is_started;
	pod->is_ready = input->is_ready;
	pod->was_ready |= input->is_ready;
	/* what is frozen answers nothing */
	if (!input->must_restart || pod->must_restart || pod->must_freeze || pod->is_paused)
		return;
	if (input->now - pod->started_at >= FORGOTTEN_AFTER)
		pod->back_offs = 0;
	pod->must_restart = true;
	if (spec->restart != ORCH_DOCKER_RESTART_NEVER)
		hold(pod, input->now, 1);
}

static void
ask_to_go(OrchDockerPod *pod)
{
	if (pod->must_go)
		return;
	pod->must_go = true;
	pod->retry_at = pod->held_until = 0;
	/* of these nothing is left behind, and they may take long */
	if (pod->doing == ORCH_DOCKER_POD_LOOK_FOR_IMAGE || pod->doing == ORCH_DOCKER_POD_PULL)
		pod->doing = ORCH_DOCKER_POD_NOTHING;
}

static void
ask_to_freeze(OrchDockerPod *pod, bool must_freeze)
{
	if (pod->must_freeze != must_freeze)
		pod->retry_at = 0;
	pod->must_freeze = must_freeze;
}

void
orch_docker_pod_take(const OrchDockerPodSpec *spec, OrchDockerPod *pod, const OrchDockerPodInput *input)
{
	switch (input->event)
	{
		case ORCH_DOCKER_POD_TIME:
			break;
		case ORCH_DOCKER_POD_ANSWERED:
			take_answer(spec, pod, input->answer, input->now);
			break;
		case ORCH_DOCKER_POD_SEEN:
			see(spec, pod, &input->seen, input->now);
			break;
		case ORCH_DOCKER_POD_PROBED:
			take_probes(spec, pod, input);
			break;
		case ORCH_DOCKER_POD_ASKED_TO_GO:
			ask_to_go(pod);
			break;
		case ORCH_DOCKER_POD_ASKED_TO_FREEZE:
		case ORCH_DOCKER_POD_ASKED_TO_THAW:
			ask_to_freeze(pod, input->event == ORCH_DOCKER_POD_ASKED_TO_FREEZE);
			break;
	}
}
