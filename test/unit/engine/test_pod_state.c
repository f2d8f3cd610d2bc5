/*
 * test_pod_state.c
 *	  One pod's life, step by step.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/docker/pause.h"
#include "engine/docker/pod_state.h"

#define SECOND ORCH_DOCKER_SECOND
#define START (1000 * SECOND)

#define NOTHING ORCH_DOCKER_POD_NOTHING
#define EXITED(code, restarts, from, to) \
	((OrchDockerContainerSeen) {.step = pod.step, .exists = true, .has_exited = true, .exit_code = code, .restart_count = restarts, .started_at = from, .finished_at = to})
#define RUNNING(restarts, from) \
	((OrchDockerContainerSeen) {.step = pod.step, .exists = true, .is_running = true, .restart_count = restarts, .started_at = from})

static OrchDockerPodContainer containers[3];
static OrchDockerPodSpec spec;
static OrchDockerPod pod;
static OrchDockerPodStep step;
static int64_t now;

static int
begin(void **state __attribute__((unused)))
{
	memset(containers, 0, sizeof(containers));
	memset(&spec, 0, sizeof(spec));
	spec.containers = containers;
	now = START;
	orch_docker_pod_begin(&pod, now);
	return 0;
}

static OrchDockerPodDo
happens(OrchDockerPodEvent event)
{
	step = orch_docker_pod_step(&spec, &pod, &(OrchDockerPodInput) {.event = event, .now = now});
	return step.what;
}

static OrchDockerPodDo
answers(OrchDockerAnswer answer)
{
	step = orch_docker_pod_step(&spec, &pod, &(OrchDockerPodInput) {.event = ORCH_DOCKER_POD_ANSWERED, .now = now, .answer = answer});
	return step.what;
}

static OrchDockerPodDo
sees(OrchDockerContainerSeen seen)
{
	step = orch_docker_pod_step(&spec, &pod, &(OrchDockerPodInput) {.event = ORCH_DOCKER_POD_SEEN, .now = now, .seen = seen});
	return step.what;
}

static OrchDockerPodDo
probes(bool is_started, bool is_ready, bool must_restart)
{
	step = orch_docker_pod_step(&spec, &pod, &(OrchDockerPodInput) {.event = ORCH_DOCKER_POD_PROBED, .now = now,
								.is_started = is_started,.is_ready = is_ready,.must_restart = must_restart});
	return step.what;
}

/* what it fails with, which lasts so long */
static void
nothing_is_made_of_what_nobody_knows(void **state __attribute__((unused)))
{
	spec.containers = NULL;
	assert_int_equal(sees(EXITED(1, 0, START - 60 * SECOND, START - 30 * SECOND)), NOTHING);
	spec.containers = containers;
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_START);
}

static void
fails(OrchDockerAnswer answer, const char *fault, int seconds)
{
	assert_int_equal(answers(answer), NOTHING);
	assert_string_equal(orch_docker_pod_waiting(&spec, &pod), fault);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_FAILED_TO_START);
	assert_int_equal(orch_docker_pod_health(&pod), ORCH_DOCKER_BROKEN);
	assert_int_equal(step.call_at, now + seconds * SECOND);
	now = step.call_at - 1;
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), NOTHING);
	now++;
}

static void
run(void)
{
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_LOOK_FOR_IMAGE);
	assert_int_equal(answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_CREATE);
	assert_int_equal(answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_START);
	assert_int_equal(answers(ORCH_DOCKER_OK), NOTHING);
}

static void
a_pod_is_pulled_made_and_started(void **state __attribute__((unused)))
{
	containers[0].has_files = true;
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_LOOK_FOR_IMAGE);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_PULLING);
	assert_string_equal(orch_docker_pod_waiting(&spec, &pod), "ContainerCreating");
	/* one at a time */
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), NOTHING);
	assert_int_equal(answers(ORCH_DOCKER_ABSENT), ORCH_DOCKER_POD_PULL);
	assert_int_equal(answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_CREATE);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_CREATING);
	assert_int_equal(answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_PUT_FILES);
	assert_int_equal(answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_START);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_STARTING);
	assert_int_equal(answers(ORCH_DOCKER_OK), NOTHING);
	assert_int_equal(step.call_at, ORCH_DOCKER_NEVER);
	assert_null(orch_docker_pod_waiting(&spec, &pod));
	assert_int_equal(orch_docker_pod_health(&pod), ORCH_DOCKER_STARTING);
	assert_int_equal(probes(true, true, false), NOTHING);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_RUNNING);
	assert_int_equal(orch_docker_pod_health(&pod), ORCH_DOCKER_AVAILABLE);
	/* an answer that nobody waits for */
	assert_int_equal(answers(ORCH_DOCKER_ABSENT), NOTHING);
	assert_true(pod.exists);
}

static void
images_that_do_not_come(void **state __attribute__((unused)))
{
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_LOOK_FOR_IMAGE);
	assert_int_equal(answers(ORCH_DOCKER_ABSENT), ORCH_DOCKER_POD_PULL);
	fails(ORCH_DOCKER_IMAGE_MISSING, "ErrImagePull", 10);
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_PULL);
	fails(ORCH_DOCKER_IMAGE_MISSING, "ImagePullBackOff", 20);
	for (int i = 40; i < 1000; i *= 2)
	{
		assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_PULL);
		fails(ORCH_DOCKER_IMAGE_MISSING, "ImagePullBackOff", i < 300 ? i : 300);
	}
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_PULL);
	assert_int_equal(answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_CREATE);
	assert_string_equal(orch_docker_pod_waiting(&spec, &pod), "ContainerCreating");
}

static void
policies_of_pulling(void **state __attribute__((unused)))
{
	containers[0].pull = ORCH_DOCKER_PULL_ALWAYS;
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_PULL);
	fails(ORCH_DOCKER_REFUSED, "InvalidImageName", 10);
	(void) begin(NULL);
	containers[0].pull = ORCH_DOCKER_PULL_NEVER;
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_LOOK_FOR_IMAGE);
	fails(ORCH_DOCKER_ABSENT, "ErrImageNeverPull", 10);
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_LOOK_FOR_IMAGE);
	assert_int_equal(answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_CREATE);
	/* it is there, and not there when it is needed: no reason to hurry */
	fails(ORCH_DOCKER_IMAGE_MISSING, "ErrImagePull", 20);
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_LOOK_FOR_IMAGE);
}

static void
what_cannot_be_made_or_started(void **state __attribute__((unused)))
{
	(void) happens(ORCH_DOCKER_POD_TIME);
	assert_int_equal(answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_CREATE);
	fails(ORCH_DOCKER_ABSENT, "CreateContainerConfigError", 10);
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_CREATE);
	fails(ORCH_DOCKER_NAME_TAKEN, "CreateContainerError", 20);
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_CREATE);
	assert_int_equal(answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_START);
	fails(ORCH_DOCKER_PORT_TAKEN, "RunContainerError", 10);
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_START);
	/* somebody has removed it */
	assert_int_equal(answers(ORCH_DOCKER_ABSENT), NOTHING);
	now = step.call_at;
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_CREATE);
}

static void
no_answer_is_no_verdict(void **state __attribute__((unused)))
{
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_LOOK_FOR_IMAGE);
	assert_int_equal(answers(ORCH_DOCKER_UNREACHABLE), NOTHING);
	assert_string_equal(orch_docker_pod_waiting(&spec, &pod), "ContainerCreating");
	assert_int_equal(step.call_at, now + SECOND);
	now = step.call_at;
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_LOOK_FOR_IMAGE);
	assert_int_equal(answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_CREATE);
	/* it may have been made */
	assert_int_equal(answers(ORCH_DOCKER_UNREACHABLE), NOTHING);
	assert_int_equal(happens(ORCH_DOCKER_POD_ASKED_TO_GO), ORCH_DOCKER_POD_REMOVE);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_REMOVING);
	assert_int_equal(answers(ORCH_DOCKER_ABSENT), NOTHING);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_GONE);
}

static void
init_containers_come_one_after_the_other(void **state __attribute__((unused)))
{
	spec.inits = 2;
	for (int i = 0; i < 2; i++)
	{
		assert_int_equal(i == 0 ? happens(ORCH_DOCKER_POD_TIME) : answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_LOOK_FOR_IMAGE);
		assert_int_equal(pod.step, i);
		assert_int_equal(answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_CREATE);
		assert_int_equal(answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_START);
		assert_int_equal(answers(ORCH_DOCKER_OK), NOTHING);
		assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_INIT);
		assert_string_equal(orch_docker_pod_waiting(&spec, &pod), "PodInitializing");
		assert_int_equal(sees(EXITED(0, 0, now, now + SECOND)), ORCH_DOCKER_POD_REMOVE);
	}
	/* its removal is seen before it is answered */
	assert_int_equal(sees((OrchDockerContainerSeen) {.step = 1}), NOTHING);
	assert_int_equal(answers(ORCH_DOCKER_ABSENT), ORCH_DOCKER_POD_LOOK_FOR_IMAGE);
	assert_int_equal(pod.step, 2);
	/* what is under way belongs to the one at hand */
	(void) begin(NULL);
	spec.inits = 2;
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_LOOK_FOR_IMAGE);
	assert_int_equal(sees((OrchDockerContainerSeen) {.step = 1, .exists = true}), NOTHING);
	assert_int_equal(pod.step, 0);
}

static void
an_init_container_that_cannot_be_removed_is_stopped(void **state __attribute__((unused)))
{
	spec.inits = 1;
	spec.restart = ORCH_DOCKER_RESTART_NEVER;
	run();
	assert_int_equal(sees(EXITED(0, 0, now, now)), ORCH_DOCKER_POD_REMOVE);
	assert_int_equal(answers(ORCH_DOCKER_REFUSED), NOTHING);
	now = step.call_at;
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_STOP);
	assert_int_equal(answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_REMOVE);
	assert_int_equal(answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_LOOK_FOR_IMAGE);
}

static void
an_init_container_that_fails_is_tried_again(void **state __attribute__((unused)))
{
	static const int pauses[] = {0, 10, 20, 40};

	spec.inits = 1;
	run();
	for (int i = 0; i < 4; i++)
	{
		now += SECOND;
		(void) sees(EXITED(3, 0, pod.started_at, now));
		if (i > 0)
		{
			assert_int_equal(step.what, NOTHING);
			assert_string_equal(orch_docker_pod_waiting(&spec, &pod), "CrashLoopBackOff");
			assert_int_equal(step.call_at, now + pauses[i] * SECOND);
			/* seen once more it has not failed once more */
			(void) sees(EXITED(3, 0, pod.started_at, now));
			assert_int_equal(step.call_at, now + pauses[i] * SECOND);
			now = step.call_at;
			(void) happens(ORCH_DOCKER_POD_TIME);
		}
		assert_int_equal(step.what, ORCH_DOCKER_POD_START);
		(void) answers(ORCH_DOCKER_OK);
	}
	spec.restart = ORCH_DOCKER_RESTART_NEVER;
	assert_int_equal(sees(EXITED(3, 0, now, now)), NOTHING);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_ENDED);
}

static void
crash_loops_are_held(void **state __attribute__((unused)))
{
	int			pause = 10;

	run();
	for (int i = 0; i < 7; i++)
	{
		for (int k = 1; k < 5; k++)
		{
			now += 2 * SECOND;
			assert_int_equal(sees(RUNNING(k, now)), NOTHING);
		}
		now += 2 * SECOND;
		assert_int_equal(sees(EXITED(1, 4, now - 2 * SECOND, now)), ORCH_DOCKER_POD_STOP);
		assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_BACK_OFF);
		assert_int_equal(orch_docker_pod_health(&pod), ORCH_DOCKER_BROKEN);
		assert_int_equal(answers(ORCH_DOCKER_OK), NOTHING);
		assert_string_equal(orch_docker_pod_waiting(&spec, &pod), "CrashLoopBackOff");
		assert_int_equal(step.call_at, now + (pause < 300 ? pause : 300) * SECOND);
		now = step.call_at;
		assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_START);
		assert_int_equal(answers(ORCH_DOCKER_OK), NOTHING);
		pause *= 2;
	}
	assert_int_equal(pod.restarts, 7 * 5);
	/* ten minutes of running forgive all */
	now += 600 * SECOND;
	assert_int_equal(sees(RUNNING(1, now)), NOTHING);
	assert_int_equal(pod.back_offs, 0);
	assert_int_equal(pod.quick_exits, 0);
}

static void
one_longer_run_breaks_a_series(void **state __attribute__((unused)))
{
	run();
	for (int k = 1; k < 50; k++)
	{
		now += (k % 5 == 0 ? 10 : 9) * SECOND;
		assert_int_equal(sees(RUNNING(k, now)), NOTHING);
	}
	/* several at once: the time for each counts */
	now += 50 * SECOND;
	assert_int_equal(sees(RUNNING(54, now)), NOTHING);
	now += 49 * SECOND;
	assert_int_equal(sees(RUNNING(59, now)), ORCH_DOCKER_POD_STOP);
	/* the engine has begun to count anew */
	(void) begin(NULL);
	run();
	assert_int_equal(sees(RUNNING(4, now)), NOTHING);
	assert_int_equal(sees(RUNNING(1, now)), ORCH_DOCKER_POD_STOP);
}

static void
what_the_engine_does_not_start_again_we_do(void **state __attribute__((unused)))
{
	run();
	now += 60 * SECOND;
	assert_int_equal(sees(EXITED(0, 0, START, now)), NOTHING);
	assert_int_equal(step.call_at, now + 5 * SECOND);
	now = step.call_at;
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_START);
	assert_int_equal(answers(ORCH_DOCKER_OK), NOTHING);
	assert_int_equal(pod.restarts, 1);
}

static void
runs_end_by_their_policy(void **state __attribute__((unused)))
{
	spec.restart = ORCH_DOCKER_RESTART_ON_FAILURE;
	run();
	(void) sees(EXITED(2, 0, START, START));
	assert_int_not_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_ENDED);
	assert_int_equal(sees(EXITED(0, 1, START, START)), NOTHING);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_ENDED);
	assert_int_equal(step.call_at > now, true);
	now += 100 * SECOND;
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), NOTHING);
	(void) begin(NULL);
	spec.restart = ORCH_DOCKER_RESTART_NEVER;
	assert_int_equal(sees(EXITED(2, 0, START, START)), NOTHING);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_ENDED);
	assert_int_equal(happens(ORCH_DOCKER_POD_ASKED_TO_GO), ORCH_DOCKER_POD_REMOVE);
}

static void
a_deadline_stops_it(void **state __attribute__((unused)))
{
	spec.restart = ORCH_DOCKER_RESTART_NEVER;
	spec.deadline = 30 * SECOND;
	run();
	assert_int_equal(step.call_at, START + 30 * SECOND);
	now = step.call_at;
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_STOP);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_STOPPING);
	assert_int_equal(answers(ORCH_DOCKER_OK), NOTHING);
	assert_true(pod.is_overdue);
	assert_int_equal(pod.exit_code, 137);
	assert_int_equal(pod.finished_at, now);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_ENDED);
}

static void
a_failed_liveness_probe_restarts(void **state __attribute__((unused)))
{
	run();
	(void) probes(true, true, false);
	now += 60 * SECOND;
	assert_int_equal(probes(true, false, true), ORCH_DOCKER_POD_STOP);
	assert_int_equal(orch_docker_pod_health(&pod), ORCH_DOCKER_UNAVAILABLE);
	assert_int_equal(answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_START);
	assert_int_equal(answers(ORCH_DOCKER_OK), NOTHING);
	assert_false(pod.is_started);
	now += 60 * SECOND;
	/* the second time it waits */
	assert_int_equal(probes(true, false, true), ORCH_DOCKER_POD_STOP);
	assert_int_equal(answers(ORCH_DOCKER_OK), NOTHING);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_BACK_OFF);
	now = step.call_at;
	assert_int_equal(now, START + 130 * SECOND);
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_START);
	(void) answers(ORCH_DOCKER_OK);
	spec.restart = ORCH_DOCKER_RESTART_NEVER;
	assert_int_equal(probes(true, false, true), ORCH_DOCKER_POD_STOP);
	assert_int_equal(answers(ORCH_DOCKER_OK), NOTHING);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_ENDED);
}

static void
a_stop_of_ours_is_no_end(void **state __attribute__((unused)))
{
	spec.restart = ORCH_DOCKER_RESTART_ON_FAILURE;
	run();
	pod.back_offs = 1;
	now += SECOND;
	assert_int_equal(probes(false, false, true), ORCH_DOCKER_POD_STOP);
	assert_int_equal(answers(ORCH_DOCKER_OK), NOTHING);
	/* it obeyed in good order, and has not crashed */
	assert_int_equal(sees(EXITED(0, 0, START, now)), NOTHING);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_BACK_OFF);
	assert_int_equal(pod.quick_exits, 0);
	/* somebody starts it, and it comes to its end */
	now = step.call_at - 1;
	assert_int_equal(sees(RUNNING(0, now)), NOTHING);
	assert_int_equal(sees(EXITED(0, 0, now, now)), NOTHING);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_ENDED);
	/* and is left as it ended, whoever starts it then */
	assert_int_equal(sees(RUNNING(0, now)), ORCH_DOCKER_POD_STOP);
}

static void
freezing_and_thawing(void **state __attribute__((unused)))
{
	assert_int_equal(happens(ORCH_DOCKER_POD_ASKED_TO_FREEZE), NOTHING);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_FROZEN);
	assert_int_equal(happens(ORCH_DOCKER_POD_ASKED_TO_THAW), ORCH_DOCKER_POD_LOOK_FOR_IMAGE);
	(void) answers(ORCH_DOCKER_OK);
	(void) answers(ORCH_DOCKER_OK);
	(void) answers(ORCH_DOCKER_OK);
	(void) probes(true, true, false);
	assert_int_equal(happens(ORCH_DOCKER_POD_ASKED_TO_FREEZE), ORCH_DOCKER_POD_FREEZE);
	assert_int_equal(answers(ORCH_DOCKER_OK), NOTHING);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_FROZEN);
	assert_int_equal(orch_docker_pod_health(&pod), ORCH_DOCKER_UNAVAILABLE);
	/* it cannot answer a probe */
	assert_int_equal(probes(true, false, true), NOTHING);
	assert_int_equal(happens(ORCH_DOCKER_POD_ASKED_TO_THAW), ORCH_DOCKER_POD_THAW);
	assert_int_equal(answers(ORCH_DOCKER_OK), NOTHING);
	assert_int_equal(happens(ORCH_DOCKER_POD_ASKED_TO_FREEZE), ORCH_DOCKER_POD_FREEZE);
	(void) answers(ORCH_DOCKER_OK);
	/* what is frozen does not hear that it is to stop */
	assert_int_equal(happens(ORCH_DOCKER_POD_ASKED_TO_GO), ORCH_DOCKER_POD_THAW);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_STOPPING);
	assert_int_equal(answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_STOP);
	assert_int_equal(answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_REMOVE);
	/* it runs all the same */
	assert_int_equal(answers(ORCH_DOCKER_REFUSED), NOTHING);
	now = step.call_at;
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_STOP);
	assert_int_equal(answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_REMOVE);
	assert_int_equal(answers(ORCH_DOCKER_OK), NOTHING);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_GONE);
	assert_int_equal(orch_docker_pod_health(&pod), ORCH_DOCKER_LEAVING);
}

static void
what_may_be_frozen_is_thawed_before_it_stops(void **state __attribute__((unused)))
{
	run();
	assert_int_equal(happens(ORCH_DOCKER_POD_ASKED_TO_FREEZE), ORCH_DOCKER_POD_FREEZE);
	assert_int_equal(answers(ORCH_DOCKER_UNREACHABLE), NOTHING);
	now = step.call_at;
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_FREEZE);
	assert_int_equal(answers(ORCH_DOCKER_UNREACHABLE), NOTHING);
	assert_int_equal(happens(ORCH_DOCKER_POD_ASKED_TO_THAW), ORCH_DOCKER_POD_THAW);
	assert_int_equal(answers(ORCH_DOCKER_UNREACHABLE), NOTHING);
	assert_int_equal(happens(ORCH_DOCKER_POD_ASKED_TO_GO), ORCH_DOCKER_POD_THAW);
	assert_int_equal(answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_STOP);
}

static void
what_is_wanted_otherwise_does_not_wait(void **state __attribute__((unused)))
{
	(void) happens(ORCH_DOCKER_POD_TIME);
	assert_int_equal(answers(ORCH_DOCKER_UNREACHABLE), NOTHING);
	assert_int_equal(happens(ORCH_DOCKER_POD_ASKED_TO_THAW), NOTHING);
	assert_int_equal(happens(ORCH_DOCKER_POD_ASKED_TO_FREEZE), NOTHING);
	assert_int_equal(happens(ORCH_DOCKER_POD_ASKED_TO_THAW), ORCH_DOCKER_POD_LOOK_FOR_IMAGE);
}

static void
going_waits_for_what_is_being_made_alone(void **state __attribute__((unused)))
{
	containers[0].pull = ORCH_DOCKER_PULL_ALWAYS;
	assert_int_equal(happens(ORCH_DOCKER_POD_TIME), ORCH_DOCKER_POD_PULL);
	assert_int_equal(happens(ORCH_DOCKER_POD_ASKED_TO_GO), NOTHING);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_GONE);
	(void) begin(NULL);
	(void) happens(ORCH_DOCKER_POD_TIME);
	assert_int_equal(answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_CREATE);
	assert_int_equal(happens(ORCH_DOCKER_POD_ASKED_TO_GO), NOTHING);
	assert_int_equal(orch_docker_pod_state(&spec, &pod), ORCH_DOCKER_POD_REMOVING);
	assert_int_equal(answers(ORCH_DOCKER_OK), ORCH_DOCKER_POD_REMOVE);
}

static void
a_new_process_goes_on_from_what_it_sees(void **state __attribute__((unused)))
{
	containers[0].has_files = true;
	assert_int_equal(sees((OrchDockerContainerSeen) {.exists = true}), ORCH_DOCKER_POD_PUT_FILES);
	(void) begin(NULL);
	assert_int_equal(sees(RUNNING(3, now - 100 * SECOND)), NOTHING);
	assert_int_equal(pod.restarts, 3);
	assert_int_equal(pod.quick_exits, 0);
	(void) begin(NULL);
	/* it has just crashed again and again, as it seems: one more is enough */
	assert_int_equal(sees(RUNNING(30, now - SECOND)), NOTHING);
	now += SECOND;
	assert_int_equal(sees(RUNNING(31, now)), ORCH_DOCKER_POD_STOP);
	(void) begin(NULL);
	assert_int_equal(sees(EXITED(1, 7, now - SECOND, now)), ORCH_DOCKER_POD_STOP);
	(void) begin(NULL);
	spec.inits = 2;
	assert_int_equal(sees((OrchDockerContainerSeen) {.step = 1, .exists = true, .is_running = true, .started_at = now}), NOTHING);
	assert_int_equal(pod.step, 1);
	(void) begin(NULL);
	assert_int_equal(happens(ORCH_DOCKER_POD_ASKED_TO_FREEZE), NOTHING);
	assert_int_equal(sees((OrchDockerContainerSeen) {.exists = true, .is_running = true, .is_paused = true, .started_at = now}), NOTHING);
}

static void
a_start_that_was_a_guess_is_no_other_run(void **state __attribute__((unused)))
{
	run();
	(void) probes(true, true, false);
	assert_int_equal(sees(RUNNING(0, now - SECOND)), NOTHING);
	assert_true(pod.is_ready);
	/* an answer that is older than what was seen */
	pod.doing = ORCH_DOCKER_POD_START;
	assert_int_equal(answers(ORCH_DOCKER_OK), NOTHING);
	assert_true(pod.is_ready);
	/* somebody else has restarted it */
	assert_int_equal(sees(RUNNING(0, now)), NOTHING);
	assert_false(pod.is_ready);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_pod_is_pulled_made_and_started, begin),
		cmocka_unit_test_setup(images_that_do_not_come, begin),
		cmocka_unit_test_setup(policies_of_pulling, begin),
		cmocka_unit_test_setup(what_cannot_be_made_or_started, begin),
		cmocka_unit_test_setup(no_answer_is_no_verdict, begin),
		cmocka_unit_test_setup(init_containers_come_one_after_the_other, begin),
		cmocka_unit_test_setup(an_init_container_that_cannot_be_removed_is_stopped, begin),
		cmocka_unit_test_setup(an_init_container_that_fails_is_tried_again, begin),
		cmocka_unit_test_setup(nothing_is_made_of_what_nobody_knows, begin),
		cmocka_unit_test_setup(crash_loops_are_held, begin),
		cmocka_unit_test_setup(one_longer_run_breaks_a_series, begin),
		cmocka_unit_test_setup(what_the_engine_does_not_start_again_we_do, begin),
		cmocka_unit_test_setup(runs_end_by_their_policy, begin),
		cmocka_unit_test_setup(a_deadline_stops_it, begin),
		cmocka_unit_test_setup(a_failed_liveness_probe_restarts, begin),
		cmocka_unit_test_setup(freezing_and_thawing, begin),
		cmocka_unit_test_setup(what_may_be_frozen_is_thawed_before_it_stops, begin),
		cmocka_unit_test_setup(what_is_wanted_otherwise_does_not_wait, begin),
		cmocka_unit_test_setup(a_stop_of_ours_is_no_end, begin),
		cmocka_unit_test_setup(going_waits_for_what_is_being_made_alone, begin),
		cmocka_unit_test_setup(a_new_process_goes_on_from_what_it_sees, begin),
		cmocka_unit_test_setup(a_start_that_was_a_guess_is_no_other_run, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
