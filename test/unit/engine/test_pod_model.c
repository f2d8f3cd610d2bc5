/*
 * test_pod_model.c
 *	  One pod against a small engine that has one container.
 *
 * Answers get lost, come late or are refusals; images are missing, ports taken; the
 * container crashes, is restarted, killed, removed by somebody; the process that
 * decides dies and begins anew with what it sees.  The pod is asked to freeze, to thaw
 * and to go.  Then it is quiet for a while, and all must be as it should be.
 *
 * SEED=n repeats one life, step by step with TRACE=1.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../chance.h"
#include "engine/docker/pause.h"
#include "engine/docker/pod_state.h"

#define SECOND ORCH_DOCKER_SECOND
#define LIVES 20000
#define TURNS 250

typedef struct World
{
	int64_t		now;

	/* the engine */
	bool		has_image;
	OrchDockerContainerSeen there;
	bool		is_restarted;	/* by the engine, when it ends */
	int			inits_done;
	int			starts;

	/* the process */
	OrchDockerPodContainer containers[3];
	OrchDockerPodSpec spec;
	OrchDockerPod pod;
	OrchDockerPodStep step;
	bool		must_go;
	bool		must_freeze;
	OrchDockerPodDo flying;
	bool		is_done;		/* the engine has carried it out */
	OrchDockerAnswer answer;
} World;

static World w;
static bool trace;
static bool quiet;

static const char *const names[] = {"nothing", "look", "pull", "create", "put", "start", "stop", "remove", "freeze", "thaw"};

static bool
chance(int percent)
{
	return !quiet && any(100) < percent;
}

/* the engine */

static void
end_container(int exit_code)
{
	OrchDockerContainerSeen *there = &w.there;

	if (!there->is_running)
		return;
	there->is_running = there->is_paused = false;
	there->has_exited = true;
	there->exit_code = exit_code;
	there->finished_at = w.now;
	if (there->step == w.spec.inits || exit_code != 0)
		return;
	w.inits_done = there->step + 1;
}

/* as its restart policy says, which is that of the pod for all but init containers */
static void
restart_container(void)
{
	OrchDockerContainerSeen *there = &w.there;

	if (!there->exists || !there->has_exited || !w.is_restarted || there->step < w.spec.inits)
		return;
	if (w.spec.restart == ORCH_DOCKER_RESTART_NEVER || (w.spec.restart == ORCH_DOCKER_RESTART_ON_FAILURE && there->exit_code == 0))
		return;
	there->is_running = true;
	there->has_exited = false;
	there->restart_count++;
	there->started_at = w.now;
	w.starts++;
}

static OrchDockerAnswer
serve_create(void)
{
	if (w.there.exists)
		return w.there.step == w.pod.step ? ORCH_DOCKER_OK : ORCH_DOCKER_NAME_TAKEN;
	if (!w.has_image)
		return ORCH_DOCKER_IMAGE_MISSING;
	if (chance(10))
		return any(2) ? ORCH_DOCKER_REFUSED : ORCH_DOCKER_ABSENT;
	memset(&w.there, 0, sizeof(w.there));
	w.there.exists = true;
	w.there.step = w.pod.step;
	hold(w.pod.step <= w.inits_done);
	return ORCH_DOCKER_OK;
}

static OrchDockerAnswer
serve_start(void)
{
	if (!w.there.is_running && chance(10))
		return ORCH_DOCKER_PORT_TAKEN;
	if (!w.there.is_running)
	{
		w.there = (OrchDockerContainerSeen) {.step = w.there.step, .exists = true, .is_running = true, .started_at = w.now};
		w.starts++;
	}
	w.is_restarted = true;
	return ORCH_DOCKER_OK;
}

static OrchDockerAnswer
serve_stop(void)
{
	hold(!w.there.is_paused);
	w.is_restarted = false;
	end_container(143);
	return ORCH_DOCKER_OK;
}

static OrchDockerAnswer
serve_container(OrchDockerPodDo what)
{
	if (!w.there.exists || w.there.step != w.pod.step)
		return ORCH_DOCKER_ABSENT;
	if (what == ORCH_DOCKER_POD_START)
		return serve_start();
	if (what == ORCH_DOCKER_POD_STOP)
		return serve_stop();
	if (what == ORCH_DOCKER_POD_PUT_FILES)
		return chance(10) ? ORCH_DOCKER_REFUSED : ORCH_DOCKER_OK;
	if (what == ORCH_DOCKER_POD_REMOVE && w.there.is_running)
		return ORCH_DOCKER_REFUSED;
	if (what == ORCH_DOCKER_POD_REMOVE)
		memset(&w.there, 0, sizeof(w.there));
	else if (!w.there.is_running)
		return ORCH_DOCKER_REFUSED;
	else
		w.there.is_paused = what == ORCH_DOCKER_POD_FREEZE;
	return ORCH_DOCKER_OK;
}

static OrchDockerAnswer
serve(OrchDockerPodDo what)
{
	switch (what)
	{
		case ORCH_DOCKER_POD_LOOK_FOR_IMAGE:
			return w.has_image ? ORCH_DOCKER_OK : ORCH_DOCKER_ABSENT;
		case ORCH_DOCKER_POD_PULL:
			w.has_image |= quiet || any(3) > 0;
			return w.has_image ? ORCH_DOCKER_OK : ORCH_DOCKER_IMAGE_MISSING;
		case ORCH_DOCKER_POD_CREATE:
			return serve_create();
		default:
			return serve_container(what);
	}
}

/* the process */

static void
check_step(OrchDockerPodDo before)
{
	OrchDockerPodDo what = w.step.what;
	OrchDockerPodState state = orch_docker_pod_state(&w.spec, &w.pod);

	hold(what == ORCH_DOCKER_POD_NOTHING || before == ORCH_DOCKER_POD_NOTHING || w.must_go);
	hold(!w.must_go || what == ORCH_DOCKER_POD_NOTHING || what == ORCH_DOCKER_POD_STOP || what == ORCH_DOCKER_POD_REMOVE || what == ORCH_DOCKER_POD_THAW);
	hold(!w.must_freeze || what == ORCH_DOCKER_POD_NOTHING || what >= ORCH_DOCKER_POD_STOP);
	hold(what != ORCH_DOCKER_POD_FREEZE || (w.must_freeze && !w.must_go));
	hold(w.step.call_at > w.now);
	/* nobody is left waiting for nothing */
	if (w.pod.doing == ORCH_DOCKER_POD_NOTHING && w.step.call_at == ORCH_DOCKER_NEVER)
		hold(state == ORCH_DOCKER_POD_GONE || state == ORCH_DOCKER_POD_ENDED || state == ORCH_DOCKER_POD_FROZEN || w.pod.is_running);
	/* one that runs is no news to be explained */
	hold(!w.pod.is_running || w.pod.is_over || w.pod.held_until != 0 || w.pod.step < w.spec.inits || orch_docker_pod_waiting(&w.spec, &w.pod) == NULL);
}

static void
tell(const OrchDockerPodInput *input)
{
	OrchDockerPodInput told = *input;
	OrchDockerPodDo before = w.pod.doing;

	told.now = w.now;
	if (told.event == ORCH_DOCKER_POD_ANSWERED)
		before = ORCH_DOCKER_POD_NOTHING;
	w.step = orch_docker_pod_step(&w.spec, &w.pod, &told);
	if (trace)
		printf("%9.1f event %d answer %d -> %s, state %d step %d call in %.1f; there %d.%d running %d exited %d code %d restarts %d\n", w.now / 1e6, told.event, told.answer,
			   names[w.step.what], orch_docker_pod_state(&w.spec, &w.pod), w.pod.step, w.step.call_at == ORCH_DOCKER_NEVER ? -1 : (w.step.call_at - w.now) / 1e6,
			   w.there.exists, w.there.step, w.there.is_running, w.there.has_exited, w.there.exit_code, w.there.restart_count);
	check_step(before);
	if (w.step.what != ORCH_DOCKER_POD_NOTHING || w.pod.doing == ORCH_DOCKER_POD_NOTHING)
	{
		w.flying = w.step.what;
		w.is_done = false;
	}
}

static void
look(void)
{
	OrchDockerContainerSeen seen = w.there;

	if (!seen.exists)
		seen.step = w.pod.step;
	tell(&(OrchDockerPodInput) {.event = ORCH_DOCKER_POD_SEEN, .seen = seen});
}

static void
begin_process(void)
{
	orch_docker_pod_begin(&w.pod, SECOND);
	w.flying = ORCH_DOCKER_POD_NOTHING;
	if (w.must_go)
		tell(&(OrchDockerPodInput) {.event = ORCH_DOCKER_POD_ASKED_TO_GO});
	if (w.must_freeze)
		tell(&(OrchDockerPodInput) {.event = ORCH_DOCKER_POD_ASKED_TO_FREEZE});
	/* what has been removed is begun again */
	w.inits_done = w.there.exists ? w.there.step + (w.there.step < w.spec.inits && w.there.has_exited && w.there.exit_code == 0) : 0;
	look();
}

static void
fly(void)
{
	if (!w.is_done)
	{
		if (chance(10))
		{
			if (any(2))
				(void) serve(w.flying);
			w.answer = ORCH_DOCKER_UNREACHABLE;
		}
		else
			w.answer = serve(w.flying);
		w.is_done = true;
	}
	else if (quiet || any(2))
		tell(&(OrchDockerPodInput) {.event = ORCH_DOCKER_POD_ANSWERED, .answer = w.answer});
}

static void
ask(void)
{
	int			what = any(20);

	if (what == 0)
		w.must_go = true;
	else if (what < 8)
		w.must_freeze = any(2);
	tell(&(OrchDockerPodInput) {.event = w.must_go ? ORCH_DOCKER_POD_ASKED_TO_GO : w.must_freeze ? ORCH_DOCKER_POD_ASKED_TO_FREEZE : ORCH_DOCKER_POD_ASKED_TO_THAW});
}

static void
happen_to_container(void)
{
	int			what = any(10);

	if (what < 4 && !w.there.is_paused)
		end_container(any(2));
	else if (what < 7)
		restart_container();
	else if (what == 7 && !w.there.is_running && w.flying == ORCH_DOCKER_POD_NOTHING && chance(20))
	{
		memset(&w.there, 0, sizeof(w.there));
		w.has_image = any(2);
	}
	/* the process hears of it, or not */
	if (any(3))
		look();
}

static void
happen(void)
{
	int			what = any(100);

	if (what < 40 && w.flying != ORCH_DOCKER_POD_NOTHING)
		fly();
	else if (what < 60)
		happen_to_container();
	else if (what < 63)
		ask();
	else if (what < 65)
		begin_process();
	else if (what < 75)
		tell(&(OrchDockerPodInput) {.event = ORCH_DOCKER_POD_PROBED, .is_started = true, .is_ready = any(2), .must_restart = any(10) == 0});
	else if (w.flying == ORCH_DOCKER_POD_NOTHING && w.step.call_at != ORCH_DOCKER_NEVER && any(2))
	{
		w.now = w.step.call_at > w.now ? w.step.call_at : w.now;
		tell(&(OrchDockerPodInput) {.event = ORCH_DOCKER_POD_TIME});
	}
	else
		w.now += any(4000) * 1000;
}

/* init containers succeed, nothing else ends, and all is seen */
static void
calm_down(void)
{
	quiet = true;
	for (int i = 0; i < 200; i++)
	{
		restart_container();
		if (w.flying != ORCH_DOCKER_POD_NOTHING)
			fly();
		else if (w.there.is_running && w.there.step < w.spec.inits && !w.there.is_paused)
		{
			end_container(0);
			look();
		}
		else if (any(2) && w.step.call_at != ORCH_DOCKER_NEVER)
		{
			w.now = w.step.call_at > w.now ? w.step.call_at : w.now;
			tell(&(OrchDockerPodInput) {.event = ORCH_DOCKER_POD_TIME});
		}
		else
			look();
	}
}

static void
check_rest(void)
{
	OrchDockerPodState state = orch_docker_pod_state(&w.spec, &w.pod);

	hold(w.pod.doing == ORCH_DOCKER_POD_NOTHING);
	if (w.must_go)
		hold(state == ORCH_DOCKER_POD_GONE && !w.there.exists);
	else if (w.pod.is_over)
		hold(state == ORCH_DOCKER_POD_ENDED && !w.there.is_running && w.spec.restart != ORCH_DOCKER_RESTART_ALWAYS);
	else if (w.must_freeze)
		hold(state == ORCH_DOCKER_POD_FROZEN && (!w.there.is_running || w.there.is_paused));
	else
	{
		hold(w.there.is_running && !w.there.is_paused && w.there.step == w.spec.inits);
		hold(state == ORCH_DOCKER_POD_STARTING || state == ORCH_DOCKER_POD_RUNNING);
		hold(w.pod.fault == NULL && w.pod.failures == 0 && w.pod.unreached == 0);
	}
}

static void
begin_life(void)
{
	memset(&w, 0, sizeof(w));
	quiet = false;
	begin_chance(seed);
	w.now = 100000 * SECOND;
	w.spec.containers = w.containers;
	w.spec.inits = any(3);
	w.spec.restart = any(3);
	for (int i = 0; i < 3; i++)
	{
		w.containers[i].has_files = any(2);
		w.containers[i].pull = any(2);
	}
	begin_process();
}

static void
random_lives_come_to_rest(void **state __attribute__((unused)))
{
	const char *only = getenv("SEED");
	uint64_t	first = only ? strtoull(only, NULL, 10) : 1;

	trace = getenv("TRACE") != NULL;
	for (seed = first; seed < first + (only ? 1 : LIVES); seed++)
	{
		begin_life();
		for (int i = 0; i < TURNS; i++)
			happen();
		calm_down();
		check_rest();
	}
}

/* whatever it is that crashes, an engine is not kept busy with it */
static void
a_container_that_always_crashes_is_started_seldom(void **state __attribute__((unused)))
{
	for (seed = 1; seed < 20; seed++)
	{
		begin_life();
		quiet = true;
		w.spec.restart = ORCH_DOCKER_RESTART_ALWAYS;
		w.spec.inits = seed % 2;
		begin_process();
		while (w.now < (100000 + 7200) * SECOND)
		{
			if (w.flying != ORCH_DOCKER_POD_NOTHING)
				fly();
			else if (w.there.is_running)
			{
				end_container(1);
				look();
				restart_container();
				look();
			}
			w.now += SECOND / 2;
			if (w.now >= w.step.call_at)
				tell(&(OrchDockerPodInput) {.event = ORCH_DOCKER_POD_TIME});
		}
		hold(w.starts <= 7200 / 300 * 6 + 60);
		hold(w.starts >= 20);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_lives_come_to_rest),
		cmocka_unit_test(a_container_that_always_crashes_is_started_seldom),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
