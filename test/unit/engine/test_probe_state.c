/*
 * test_probe_state.c
 *	  Probes and their thresholds, without a clock, and random verdicts.
 *
 * SEED=n repeats one of the random ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../chance.h"
#include "engine/docker/pause.h"
#include "engine/docker/probe_state.h"

#define SECOND ORCH_DOCKER_SECOND
#define BEGIN (1000 * SECOND)

#define STARTUP ORCH_DOCKER_PROBE_STARTUP
#define LIVENESS ORCH_DOCKER_PROBE_LIVENESS
#define READINESS ORCH_DOCKER_PROBE_READINESS
#define SUCCEEDED ORCH_DOCKER_PROBE_SUCCEEDED
#define FAILED ORCH_DOCKER_PROBE_FAILED
#define UNKNOWN ORCH_DOCKER_PROBE_UNKNOWN

static OrchDockerProbeSpec specs[ORCH_DOCKER_PROBES];
static OrchDockerProbing probing;
static int64_t now;

static int
forget(void **state __attribute__((unused)))
{
	memset(specs, 0, sizeof(specs));
	now = BEGIN;
	return 0;
}

/* Kubernetes' defaults */
static void
have(OrchDockerProbe probe)
{
	specs[probe] = (OrchDockerProbeSpec) {.exists = true, .period = 10 * SECOND, .timeout = SECOND, .success_threshold = 1, .failure_threshold = 3};
}

static void
begin(void)
{
	orch_docker_probing_begin(specs, &probing, now);
}

/* it is due in so many seconds, asked then and answered a little later */
static void
turn(OrchDockerProbe probe, int seconds, OrchDockerVerdict verdict)
{
	assert_int_equal(orch_docker_probe_due_at(specs, &probing, probe), now + seconds * SECOND);
	if (seconds > 0)
	{
		now += seconds * SECOND - 1;
		assert_false(orch_docker_probe_is_to_ask(specs, &probing, probe, now));
		now++;
	}
	assert_true(orch_docker_probe_is_to_ask(specs, &probing, probe, now));
	assert_false(orch_docker_probe_is_to_ask(specs, &probing, probe, now));
	orch_docker_probe_answered(specs, &probing, probe, verdict, now + SECOND / 2);
}

static void
without_probes_what_runs_is_ready(void **state __attribute__((unused)))
{
	begin();
	assert_true(probing.is_started);
	assert_true(probing.is_ready);
	for (int i = 0; i < ORCH_DOCKER_PROBES; i++)
	{
		assert_int_equal(orch_docker_probe_due_at(specs, &probing, i), ORCH_DOCKER_NEVER);
		assert_false(orch_docker_probe_is_to_ask(specs, &probing, i, INT64_MAX - 1));
	}
}

static void
readiness_comes_and_goes_by_its_thresholds(void **state __attribute__((unused)))
{
	have(READINESS);
	specs[READINESS].initial_delay = 7 * SECOND;
	specs[READINESS].success_threshold = 2;
	begin();
	assert_true(probing.is_started);
	assert_false(probing.is_ready);
	turn(READINESS, 7, SUCCEEDED);
	assert_false(probing.is_ready);
	turn(READINESS, 10, FAILED);
	turn(READINESS, 10, SUCCEEDED);
	assert_false(probing.is_ready);
	turn(READINESS, 10, SUCCEEDED);
	assert_true(probing.is_ready);
	turn(READINESS, 10, FAILED);
	turn(READINESS, 10, FAILED);
	turn(READINESS, 10, UNKNOWN);
	assert_true(probing.is_ready);
	turn(READINESS, 10, FAILED);
	assert_false(probing.is_ready);
	assert_false(probing.must_restart);
}

static void
liveness_restarts(void **state __attribute__((unused)))
{
	have(LIVENESS);
	have(READINESS);
	specs[READINESS].timeout = 1000 * SECOND;
	begin();
	assert_true(orch_docker_probe_is_to_ask(specs, &probing, READINESS, now));
	turn(LIVENESS, 0, FAILED);
	turn(LIVENESS, 10, FAILED);
	turn(LIVENESS, 10, SUCCEEDED);
	turn(LIVENESS, 10, FAILED);
	turn(LIVENESS, 10, FAILED);
	assert_false(probing.must_restart);
	turn(LIVENESS, 10, FAILED);
	assert_true(probing.must_restart);
	assert_false(probing.is_ready);
	assert_int_equal(probing.because, LIVENESS);
	assert_int_equal(orch_docker_probe_due_at(specs, &probing, LIVENESS), ORCH_DOCKER_NEVER);
	/* what was under way counts no more */
	orch_docker_probe_answered(specs, &probing, READINESS, SUCCEEDED, now);
	assert_false(probing.is_ready);
	/* the next run knows nothing of it */
	begin();
	assert_false(probing.must_restart);
	turn(LIVENESS, 0, FAILED);
	assert_false(probing.must_restart);
}

static void
startup_comes_first(void **state __attribute__((unused)))
{
	for (int i = 0; i < ORCH_DOCKER_PROBES; i++)
		have(i);
	specs[LIVENESS].initial_delay = 60 * SECOND;
	begin();
	assert_false(probing.is_started);
	assert_int_equal(orch_docker_probe_due_at(specs, &probing, LIVENESS), ORCH_DOCKER_NEVER);
	assert_int_equal(orch_docker_probe_due_at(specs, &probing, READINESS), ORCH_DOCKER_NEVER);
	turn(STARTUP, 0, FAILED);
	turn(STARTUP, 10, FAILED);
	turn(STARTUP, 10, SUCCEEDED);
	assert_true(probing.is_started);
	assert_false(probing.is_ready);
	assert_int_equal(orch_docker_probe_due_at(specs, &probing, STARTUP), ORCH_DOCKER_NEVER);
	/* the delay counts from the start of the container */
	assert_int_equal(orch_docker_probe_due_at(specs, &probing, LIVENESS), BEGIN + 60 * SECOND);
	assert_int_equal(orch_docker_probe_due_at(specs, &probing, READINESS), now + SECOND / 2);
}

static void
what_does_not_start_is_restarted(void **state __attribute__((unused)))
{
	have(STARTUP);
	specs[STARTUP].failure_threshold = 2;
	begin();
	assert_false(probing.is_ready);
	turn(STARTUP, 0, FAILED);
	turn(STARTUP, 10, FAILED);
	assert_true(probing.must_restart);
	assert_int_equal(probing.because, STARTUP);
	begin();
	turn(STARTUP, 0, SUCCEEDED);
	/* without a readiness probe it is ready then */
	assert_true(probing.is_ready);
}

static void
no_answer_in_time_is_a_failure(void **state __attribute__((unused)))
{
	have(LIVENESS);
	specs[LIVENESS].failure_threshold = 1;
	specs[LIVENESS].timeout = 3 * SECOND;
	begin();
	assert_true(orch_docker_probe_is_to_ask(specs, &probing, LIVENESS, now));
	assert_int_equal(orch_docker_probe_due_at(specs, &probing, LIVENESS), now + 3 * SECOND);
	assert_false(orch_docker_probe_is_to_ask(specs, &probing, LIVENESS, now + 3 * SECOND - 1));
	assert_false(probing.must_restart);
	assert_false(orch_docker_probe_is_to_ask(specs, &probing, LIVENESS, now + 3 * SECOND));
	assert_true(probing.must_restart);
}

static void
a_timeout_longer_than_the_period_asks_again_at_once(void **state __attribute__((unused)))
{
	have(READINESS);
	specs[READINESS].timeout = 25 * SECOND;
	specs[READINESS].failure_threshold = 1;
	begin();
	assert_true(orch_docker_probe_is_to_ask(specs, &probing, READINESS, now));
	assert_false(orch_docker_probe_is_to_ask(specs, &probing, READINESS, now + 10 * SECOND));
	assert_true(orch_docker_probe_is_to_ask(specs, &probing, READINESS, now + 25 * SECOND));
	assert_int_equal(probing.probes[READINESS].in_row, 1);
	/* nobody waits for these */
	orch_docker_probe_answered(specs, &probing, LIVENESS, FAILED, now);
	orch_docker_probe_answered(specs, &probing, READINESS, SUCCEEDED, now + 26 * SECOND);
	orch_docker_probe_answered(specs, &probing, READINESS, FAILED, now + 26 * SECOND);
	assert_true(probing.is_ready);
	assert_int_equal(probing.probes[READINESS].in_row, 1);
}

/* random verdicts against the last ones of each probe, written down */

#define RUNS 3000
#define TURNS 200

static int verdicts[ORCH_DOCKER_PROBES][TURNS * 3];
static int given[ORCH_DOCKER_PROBES];

/* are the last ones all like this? */
static bool
ends_with(OrchDockerProbe probe, OrchDockerVerdict verdict, int count)
{
	if (given[probe] < count)
		return false;
	for (int i = 1; i <= count; i++)
	{
		if (verdicts[probe][given[probe] - i] != verdict)
			return false;
	}
	return true;
}

static void
check_verdict(OrchDockerProbe probe, const OrchDockerProbing *before)
{
	bool		passes = ends_with(probe, SUCCEEDED, specs[probe].success_threshold);
	bool		fails = ends_with(probe, FAILED, specs[probe].failure_threshold);

	if (probe == READINESS)
		hold(probing.is_ready == (passes || (before->is_ready && !fails)));
	else
		hold(probing.must_restart == fails);
	if (probe == STARTUP)
		hold(probing.is_started == passes);
	hold(probing.is_started || !probing.is_ready);
	hold(!probing.must_restart || !probing.is_ready);
}

static void
random_turn(void)
{
	for (int probe = 0; probe < ORCH_DOCKER_PROBES; probe++)
	{
		OrchDockerProbing before = probing;
		OrchDockerVerdict verdict = any(3);

		if (!orch_docker_probe_is_to_ask(specs, &probing, probe, now))
			continue;
		hold(specs[probe].exists && !before.must_restart);
		hold(before.is_started == (probe != STARTUP));
		hold(now >= BEGIN + specs[probe].initial_delay);
		hold(!before.probes[probe].was_asked || now >= before.probes[probe].asked_at + specs[probe].period);
		orch_docker_probe_answered(specs, &probing, probe, verdict, now);
		if (verdict != UNKNOWN)
			verdicts[probe][given[probe]++] = verdict;
		check_verdict(probe, &before);
	}
}

static void
random_verdicts_count_by_their_thresholds(void **state __attribute__((unused)))
{
	const char *only = getenv("SEED");
	uint64_t	first = only ? strtoull(only, NULL, 10) : 1;

	for (seed = first; seed < first + (only ? 1 : RUNS); seed++)
	{
		begin_chance(seed);
		memset(given, 0, sizeof(given));
		(void) forget(NULL);
		for (int probe = 0; probe < ORCH_DOCKER_PROBES; probe++)
		{
			if (any(3) == 0)
				continue;
			have(probe);
			specs[probe].initial_delay = any(20) * SECOND;
			specs[probe].period = (1 + any(10)) * SECOND;
			specs[probe].failure_threshold = 1 + any(5);
			specs[probe].success_threshold = probe == READINESS ? 1 + any(3) : 1;
		}
		begin();
		for (int i = 0; i < TURNS; i++)
		{
			random_turn();
			now += any(4000) * 1000;
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(without_probes_what_runs_is_ready, forget),
		cmocka_unit_test_setup(readiness_comes_and_goes_by_its_thresholds, forget),
		cmocka_unit_test_setup(liveness_restarts, forget),
		cmocka_unit_test_setup(startup_comes_first, forget),
		cmocka_unit_test_setup(what_does_not_start_is_restarted, forget),
		cmocka_unit_test_setup(no_answer_in_time_is_a_failure, forget),
		cmocka_unit_test_setup(a_timeout_longer_than_the_period_asks_again_at_once, forget),
		cmocka_unit_test_setup(random_verdicts_count_by_their_thresholds, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
