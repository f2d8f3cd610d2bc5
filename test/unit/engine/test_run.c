/*
 * test_run.c
 *	  What a Job does next: row by row, and random runs.
 *
 * SEED=n repeats one run.
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
#include "engine/docker/run.h"

#define SECOND ORCH_DOCKER_SECOND
#define NOW (100000 * SECOND)
#define RUNS 3000

#define JOB(completions, limit, restarts) ((OrchDockerJob) {completions, limit, restarts, false, 0})
#define STEP(job, ...) orch_docker_run(&(job), &(OrchDockerJobPods) {__VA_ARGS__}, NOW)

static void
pauses_double_up_to_a_limit(void **state __attribute__((unused)))
{
	static const int pauses[] = {0, 10, 20, 40, 80, 160, 300, 300};

	for (int i = 0; i < 8; i++)
		assert_int_equal(orch_docker_pause(ORCH_DOCKER_FIRST_PAUSE, ORCH_DOCKER_LONGEST_PAUSE, i), pauses[i] * SECOND);
	assert_int_equal(orch_docker_pause(ORCH_DOCKER_FIRST_PAUSE, ORCH_DOCKER_LONGEST_JOB_PAUSE, 6), 320 * SECOND);
	assert_int_equal(orch_docker_pause(ORCH_DOCKER_FIRST_PAUSE, ORCH_DOCKER_LONGEST_JOB_PAUSE, INT32_MAX), 360 * SECOND);
}

static void
a_job_begins_with_all_its_pods(void **state __attribute__((unused)))
{
	OrchDockerJob job = JOB(3, 6, true);
	OrchDockerJobStep step = STEP(job, .active = 0);

	assert_int_equal(step.what, ORCH_DOCKER_JOB_CREATE);
	assert_int_equal(step.to_make, 3);
	step = STEP(job, .active = 1, .succeeded = 1);
	assert_int_equal(step.what, ORCH_DOCKER_JOB_CREATE);
	assert_int_equal(step.to_make, 1);
	assert_int_equal(STEP(job, .active = 2, .succeeded = 1).what, ORCH_DOCKER_JOB_REST);
}

static void
it_is_complete_when_enough_succeeded(void **state __attribute__((unused)))
{
	OrchDockerJob job = JOB(2, 6, true);

	assert_int_equal(STEP(job, .succeeded = 2).what, ORCH_DOCKER_JOB_COMPLETE);
	assert_int_equal(STEP(job, .succeeded = 2, .active = 1).what, ORCH_DOCKER_JOB_REST);
	job.is_suspended = true;
	assert_int_equal(STEP(job, .succeeded = 2).what, ORCH_DOCKER_JOB_COMPLETE);
	job = JOB(0, 6, true);
	assert_int_equal(STEP(job, .succeeded = 0).what, ORCH_DOCKER_JOB_COMPLETE);
}

static void
what_is_over_stays_over(void **state __attribute__((unused)))
{
	OrchDockerJob job = JOB(1, 6, true);

	assert_int_equal(STEP(job, .is_over = true, .active = 1, .restarts = 7).what, ORCH_DOCKER_JOB_REMOVE_ACTIVE);
	assert_int_equal(STEP(job, .is_over = true).what, ORCH_DOCKER_JOB_REST);
	job.is_suspended = true;
	assert_int_equal(STEP(job, .is_over = true).what, ORCH_DOCKER_JOB_REST);
}

static void
failures_beyond_the_limit_are_final(void **state __attribute__((unused)))
{
	OrchDockerJob job = JOB(1, 2, false);
	OrchDockerJobStep step = STEP(job, .failed = 3, .failed_in_row = 3, .failed_at = NOW);

	assert_int_equal(step.what, ORCH_DOCKER_JOB_FAILED);
	assert_string_equal(step.reason, "BackoffLimitExceeded");
	assert_string_equal(step.message, "Job has reached the specified backoff limit");
	assert_int_equal(STEP(job, .failed = 2, .failed_in_row = 2, .failed_at = NOW).what, ORCH_DOCKER_JOB_WAIT);
	/* others have succeeded, and it is suspended: all the same */
	job.is_suspended = true;
	assert_int_equal(STEP(job, .failed = 3, .active = 1).what, ORCH_DOCKER_JOB_FAILED);
	job = JOB(1, 0, false);
	assert_int_equal(STEP(job, .failed = 1).what, ORCH_DOCKER_JOB_FAILED);
}

static void
restarts_count_where_pods_restart(void **state __attribute__((unused)))
{
	OrchDockerJob job = JOB(1, 6, true);

	assert_int_equal(STEP(job, .active = 1, .restarts = 5).what, ORCH_DOCKER_JOB_REST);
	assert_int_equal(STEP(job, .active = 1, .restarts = 6).what, ORCH_DOCKER_JOB_FAILED);
	job.backoff_limit = 0;
	assert_int_equal(STEP(job, .active = 1, .restarts = 0).what, ORCH_DOCKER_JOB_REST);
	assert_int_equal(STEP(job, .active = 1, .restarts = 1).what, ORCH_DOCKER_JOB_FAILED);
	job.restarts = false;
	assert_int_equal(STEP(job, .active = 1, .restarts = 9).what, ORCH_DOCKER_JOB_REST);
}

static void
a_failed_pod_is_replaced_after_a_pause(void **state __attribute__((unused)))
{
	OrchDockerJob job = JOB(2, 6, false);
	OrchDockerJobStep step = STEP(job, .active = 1, .failed = 3, .failed_in_row = 3, .failed_at = NOW - 15 * SECOND);

	assert_int_equal(step.what, ORCH_DOCKER_JOB_WAIT);
	assert_int_equal(step.until, NOW + 25 * SECOND);
	assert_int_equal(STEP(job, .failed = 3, .failed_in_row = 3, .failed_at = NOW - 40 * SECOND).what, ORCH_DOCKER_JOB_CREATE);
	assert_int_equal(STEP(job, .failed = 3, .failed_in_row = 3, .failed_at = NOW - 40 * SECOND + 1).what, ORCH_DOCKER_JOB_WAIT);
	/* a success forgets */
	assert_int_equal(STEP(job, .succeeded = 1, .failed = 3, .failed_at = NOW).what, ORCH_DOCKER_JOB_CREATE);
}

static void
a_deadline_ends_it(void **state __attribute__((unused)))
{
	OrchDockerJob job = JOB(1, 6, true);
	OrchDockerJobStep step;

	job.deadline = 60 * SECOND;
	step = STEP(job, .active = 1, .started_at = NOW - 59 * SECOND);
	assert_int_equal(step.what, ORCH_DOCKER_JOB_WAIT);
	assert_int_equal(step.until, NOW + SECOND);
	step = STEP(job, .active = 1, .started_at = NOW - 60 * SECOND);
	assert_int_equal(step.what, ORCH_DOCKER_JOB_FAILED);
	assert_string_equal(step.reason, "DeadlineExceeded");
	assert_string_equal(step.message, "Job was active longer than specified deadline");
	/* it had ended before anybody looked */
	assert_int_equal(STEP(job, .succeeded = 1, .started_at = NOW - 90 * SECOND).what, ORCH_DOCKER_JOB_COMPLETE);
	/* the sooner of both */
	step = STEP(job, .failed = 1, .failed_in_row = 1, .failed_at = NOW, .started_at = NOW - 30 * SECOND);
	assert_int_equal(step.until, NOW + 10 * SECOND);
	step = STEP(job, .failed = 1, .failed_in_row = 1, .failed_at = NOW, .started_at = NOW - 55 * SECOND);
	assert_int_equal(step.until, NOW + 5 * SECOND);
	assert_int_equal(STEP(job, .active = 1).what, ORCH_DOCKER_JOB_REST);
	job.is_suspended = true;
	assert_int_equal(STEP(job, .active = 0, .started_at = NOW - 90 * SECOND).what, ORCH_DOCKER_JOB_REST);
}

static void
suspending_removes_what_is_active(void **state __attribute__((unused)))
{
	OrchDockerJob job = JOB(1, 6, true);

	job.is_suspended = true;
	assert_int_equal(STEP(job, .active = 1).what, ORCH_DOCKER_JOB_REMOVE_ACTIVE);
	assert_int_equal(STEP(job, .active = 0).what, ORCH_DOCKER_JOB_REST);
	job.is_suspended = false;
	assert_int_equal(STEP(job, .active = 0).what, ORCH_DOCKER_JOB_CREATE);
}

/* the model: pods run, restart, succeed and fail at random, in a Job that is suspended and resumed */

/* an active pod ends, restarts, or goes on */
static void
happen(const OrchDockerJob *job, OrchDockerJobPods *pods, int64_t now)
{
	int			what = any(6);

	if (pods->active == 0)
		return;
	if (what == 0)
	{
		pods->active--;
		pods->succeeded++;
		pods->failed_in_row = 0;
	}
	else if (what <= 2 && job->restarts)
		pods->restarts++;
	else if (what <= 2)
	{
		pods->active--;
		pods->failed++;
		pods->failed_in_row++;
		pods->failed_at = now;
	}
	if (pods->active == 0)
		pods->restarts = 0;
}

static void
check_step(const OrchDockerJob *job, const OrchDockerJobPods *pods, const OrchDockerJobStep *step, int64_t now)
{
	hold(step->to_make == 0 || step->what == ORCH_DOCKER_JOB_CREATE);
	hold((step->reason != NULL) == (step->what == ORCH_DOCKER_JOB_FAILED));
	hold(!pods->is_over || step->what == ORCH_DOCKER_JOB_REST || step->what == ORCH_DOCKER_JOB_REMOVE_ACTIVE);
	if (step->what == ORCH_DOCKER_JOB_CREATE)
	{
		hold(step->to_make > 0 && !job->is_suspended && pods->failed <= job->backoff_limit);
		hold(pods->active + pods->succeeded + step->to_make == job->completions);
		hold(pods->failed_in_row == 0 || now >= pods->failed_at + 10 * SECOND);
	}
	if (step->what == ORCH_DOCKER_JOB_WAIT)
		hold(step->until > now);
	if (step->what == ORCH_DOCKER_JOB_COMPLETE)
		hold(pods->succeeded >= job->completions && pods->failed <= job->backoff_limit);
	if (step->what == ORCH_DOCKER_JOB_REST && !pods->is_over)
		hold(pods->active > 0 || job->is_suspended);
}

static int64_t
take(const OrchDockerJob *job, OrchDockerJobPods *pods, const OrchDockerJobStep *step, int64_t now)
{
	if (step->what == ORCH_DOCKER_JOB_CREATE)
	{
		pods->active += step->to_make;
		if (pods->started_at == 0)
			pods->started_at = now;
	}
	else if (step->what == ORCH_DOCKER_JOB_REMOVE_ACTIVE)
		pods->active = pods->restarts = 0;
	else if (step->what == ORCH_DOCKER_JOB_COMPLETE || step->what == ORCH_DOCKER_JOB_FAILED)
		pods->is_over = true;
	else if (step->what == ORCH_DOCKER_JOB_WAIT && (pods->active == 0 || any(4) == 0))
		return step->until;
	if (job->is_suspended)
		pods->started_at = 0;
	return now + SECOND;
}

static void
random_runs_come_to_an_end(void **state __attribute__((unused)))
{
	const char *only = getenv("SEED");
	uint64_t	first = only ? strtoull(only, NULL, 10) : 1;

	for (seed = first; seed < first + (only ? 1 : RUNS); seed++)
	{
		OrchDockerJob job = {0};
		OrchDockerJobPods pods = {0};
		int64_t		now = NOW;
		int			turns = 0;

		begin_chance(seed);
		job.completions = any(5);
		job.restarts = any(2);
		job.backoff_limit = any(2) ? 6 : any(3);
		job.deadline = any(3) ? 0 : (1 + any(900)) * SECOND;
		while (!pods.is_over || pods.active > 0)
		{
			OrchDockerJobStep step;

			hold(++turns < 10000);
			job.is_suspended = turns < 300 && (any(30) ? job.is_suspended : any(2));
			happen(&job, &pods, now);
			step = orch_docker_run(&job, &pods, now);
			check_step(&job, &pods, &step, now);
			now = take(&job, &pods, &step, now);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pauses_double_up_to_a_limit),
		cmocka_unit_test(a_job_begins_with_all_its_pods),
		cmocka_unit_test(it_is_complete_when_enough_succeeded),
		cmocka_unit_test(what_is_over_stays_over),
		cmocka_unit_test(failures_beyond_the_limit_are_final),
		cmocka_unit_test(restarts_count_where_pods_restart),
		cmocka_unit_test(a_failed_pod_is_replaced_after_a_pause),
		cmocka_unit_test(a_deadline_ends_it),
		cmocka_unit_test(suspending_removes_what_is_active),
		cmocka_unit_test(random_runs_come_to_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
