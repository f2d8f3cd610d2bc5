/*
 * test_rollout.c
 *	  What a Deployment does next: single decisions, and random worlds.
 *
 * In the model pods start, serve, fail, break, vanish and leave; replicas, strategy and
 * template change, answers are carried out in part or not at all.  The limits hold at
 * each step.  Then it is quiet, and the rollout must come to its end.
 *
 * SEED=n repeats one world.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../chance.h"
#include "engine/docker/rollout.h"

#define SECOND INT64_C(1000000)
#define MOST_PODS 64
#define WORLDS 4000

#define COUNT(array) ((int) (sizeof(array) / sizeof((array)[0])))

#define OLD(number, health) {number, false, ORCH_DOCKER_##health, 0, false}
#define NEW(number, health) {number, true, ORCH_DOCKER_##health, 0, false}

/* which go, as the digits of their numbers in the order of pods */
static int
those_that_go(const OrchDockerReplica *pods, int npods)
{
	int			digits = 0;

	for (int i = 0; i < npods; i++)
	{
		if (pods[i].goes)
			digits = digits * 10 + pods[i].number;
	}
	return digits;
}

#define check_rollout(wanted, make, go, ...) \
	do { \
		OrchDockerReplica pods_[] = {__VA_ARGS__}; \
		OrchDockerRollout result_; \
		orch_docker_rollout(&(wanted), pods_, COUNT(pods_), &result_); \
		assert_int_equal(result_.to_make, make); \
		assert_int_equal(those_that_go(pods_, COUNT(pods_)), go); \
	} while (0)

static void
shares_are_ints_or_percents(void **state __attribute__((unused)))
{
	assert_int_equal(orch_docker_share("3", 10, true), 3);
	assert_int_equal(orch_docker_share("0", 10, true), 0);
	assert_int_equal(orch_docker_share("25%", 10, true), 3);
	assert_int_equal(orch_docker_share("25%", 10, false), 2);
	assert_int_equal(orch_docker_share("25%", 1, false), 0);
	assert_int_equal(orch_docker_share("100%", 7, true), 7);
	assert_int_equal(orch_docker_share("0%", 7, true), 0);
	assert_int_equal(orch_docker_share("1%", 0, true), 0);
	assert_int_equal(orch_docker_share("99999999999999999999", 1, true), INT32_MAX);
	assert_int_equal(orch_docker_share("99999999999999999999%", INT32_MAX, true), INT32_MAX);
}

static void
what_is_no_share_is_a_quarter(void **state __attribute__((unused)))
{
	static const char *const odd[] = {NULL, "", "%", "-1", "25 %", "2.5", "25%%", "x"};

	for (int i = 0; i < COUNT(odd); i++)
	{
		assert_int_equal(orch_docker_share(odd[i], 6, true), 2);
		assert_int_equal(orch_docker_share(odd[i], 6, false), 1);
	}
}

static void
the_first_pods_are_made_at_once(void **state __attribute__((unused)))
{
	OrchDockerDeployment wanted = {.replicas = 3};
	OrchDockerRollout result;

	orch_docker_rollout(&wanted, NULL, 0, &result);
	assert_int_equal(result.to_make, 3);
	assert_false(result.is_complete);
	assert_int_equal(orch_docker_next_number(NULL, 0, 0), 1);
	assert_int_equal(orch_docker_next_number(NULL, 0, 1), 2);
}

static void
numbers_are_the_lowest_free_ones(void **state __attribute__((unused)))
{
	OrchDockerReplica pods[] = {NEW(4, AVAILABLE), NEW(2, LEAVING), OLD(1, AVAILABLE)};

	assert_int_equal(orch_docker_next_number(pods, COUNT(pods), 0), 3);
	assert_int_equal(orch_docker_next_number(pods, COUNT(pods), 3), 5);
	assert_int_equal(orch_docker_next_number(pods, COUNT(pods), 5), 6);
}

static void
at_rest_nothing_is_done(void **state __attribute__((unused)))
{
	OrchDockerDeployment wanted = {.replicas = 2};
	OrchDockerReplica pods[] = {NEW(1, AVAILABLE), NEW(2, AVAILABLE), OLD(3, LEAVING)};
	OrchDockerRollout result;

	orch_docker_rollout(&wanted, pods, COUNT(pods), &result);
	assert_int_equal(result.to_make, 0);
	assert_int_equal(those_that_go(pods, COUNT(pods)), 0);
	assert_true(result.is_complete);
	assert_int_equal(result.replicas, 2);
	assert_int_equal(result.updated, 2);
	assert_int_equal(result.available, 2);
}

static void
one_replica_rolls_by_surge(void **state __attribute__((unused)))
{
	OrchDockerDeployment wanted = {.replicas = 1};

	check_rollout(wanted, 1, 0, OLD(1, AVAILABLE));
	check_rollout(wanted, 0, 0, OLD(1, AVAILABLE), NEW(2, STARTING));
	check_rollout(wanted, 0, 0, OLD(1, AVAILABLE), NEW(2, BROKEN));
	check_rollout(wanted, 0, 1, OLD(1, AVAILABLE), NEW(2, AVAILABLE));
	check_rollout(wanted, 0, 0, OLD(1, LEAVING), NEW(2, AVAILABLE));
}

static void
what_does_not_serve_goes_first(void **state __attribute__((unused)))
{
	OrchDockerDeployment wanted = {.replicas = 4, .max_surge = "0", .max_unavailable = "1"};

	check_rollout(wanted, 0, 2, OLD(1, AVAILABLE), OLD(2, BROKEN), OLD(3, AVAILABLE), OLD(4, AVAILABLE));
	check_rollout(wanted, 0, 4, OLD(1, AVAILABLE), OLD(2, AVAILABLE), OLD(3, AVAILABLE), OLD(4, AVAILABLE));
	/* one of the new ones is missing already */
	check_rollout(wanted, 0, 0, OLD(1, AVAILABLE), OLD(2, AVAILABLE), OLD(3, AVAILABLE), NEW(4, STARTING));
}

static void
both_limits_none_still_moves(void **state __attribute__((unused)))
{
	OrchDockerDeployment wanted = {.replicas = 2, .max_surge = "0", .max_unavailable = "0"};

	check_rollout(wanted, 0, 2, OLD(1, AVAILABLE), OLD(2, AVAILABLE));
	check_rollout(wanted, 1, 0, OLD(1, AVAILABLE), OLD(2, LEAVING));
}

static void
exclusive_pods_wait_for_their_place(void **state __attribute__((unused)))
{
	OrchDockerDeployment wanted = {.replicas = 1, .is_exclusive = true};

	check_rollout(wanted, 0, 1, OLD(1, AVAILABLE));
	check_rollout(wanted, 0, 0, OLD(1, LEAVING));
	/* it has another number and holds the same */
	check_rollout(wanted, 0, 0, OLD(2, LEAVING));
	wanted.replicas = 3;
	check_rollout(wanted, 1, 0, OLD(1, AVAILABLE), OLD(3, AVAILABLE));
	check_rollout(wanted, 0, 0, OLD(1, AVAILABLE), NEW(2, STARTING), OLD(3, AVAILABLE));
}

static void
recreate_waits_until_all_old_ones_are_gone(void **state __attribute__((unused)))
{
	OrchDockerDeployment wanted = {.replicas = 2, .recreates = true};

	check_rollout(wanted, 0, 12, OLD(1, AVAILABLE), OLD(2, STARTING));
	check_rollout(wanted, 0, 0, OLD(1, LEAVING), OLD(2, LEAVING));
	check_rollout(wanted, 0, 0, OLD(2, LEAVING));
	check_rollout(wanted, 1, 0, NEW(2, STARTING), NEW(1, LEAVING));
	wanted.is_exclusive = true;
	check_rollout(wanted, 0, 0, NEW(2, STARTING), NEW(1, LEAVING));
}

static void
scaling_down_spares_what_serves(void **state __attribute__((unused)))
{
	OrchDockerDeployment wanted = {.replicas = 2};

	check_rollout(wanted, 0, 34, NEW(1, AVAILABLE), NEW(2, AVAILABLE), NEW(3, AVAILABLE), NEW(4, AVAILABLE));
	check_rollout(wanted, 0, 14, NEW(1, BROKEN), NEW(2, AVAILABLE), NEW(3, AVAILABLE), NEW(4, AVAILABLE));
	check_rollout(wanted, 0, 1, NEW(1, BROKEN), NEW(2, STARTING), NEW(3, AVAILABLE));
	wanted.replicas = 0;
	check_rollout(wanted, 0, 12, OLD(1, AVAILABLE), NEW(2, AVAILABLE));
}

static void
old_ones_go_before_current_ones_that_serve(void **state __attribute__((unused)))
{
	OrchDockerDeployment wanted = {.replicas = 1, .max_surge = "0", .max_unavailable = "1"};

	check_rollout(wanted, 0, 1, OLD(1, AVAILABLE), NEW(2, AVAILABLE));
	check_rollout(wanted, 0, 1, OLD(1, AVAILABLE), NEW(2, STARTING), NEW(3, LEAVING));
}

/* progress */

static void
look(OrchDockerProgress *progress, uint64_t template, int replicas, OrchDockerReplica *pods, int npods, int64_t now)
{
	OrchDockerDeployment wanted = {.replicas = replicas};
	OrchDockerRollout result;

	orch_docker_rollout(&wanted, pods, npods, &result);
	orch_docker_progress(progress, template, &result, replicas, pods, npods, now);
}

static void
standing_still_is_told_after_the_deadline(void **state __attribute__((unused)))
{
	OrchDockerProgress progress = {0};
	OrchDockerReplica pods[] = {NEW(1, STARTING), NEW(2, STARTING)};
	int64_t		now = 5000 * SECOND;

	pods[0].created_at = pods[1].created_at = now;
	look(&progress, 1, 2, pods, 2, now);
	assert_int_equal(orch_docker_progress_due_at(&progress), now + 600 * SECOND + 1);
	now += 300 * SECOND;
	pods[0].health = ORCH_DOCKER_AVAILABLE;
	look(&progress, 1, 2, pods, 2, now);
	look(&progress, 1, 2, pods, 2, now + 600 * SECOND);
	assert_false(progress.is_overdue);
	look(&progress, 1, 2, pods, 2, now + 600 * SECOND + 1);
	assert_true(progress.is_overdue);
	assert_int_equal(orch_docker_progress_due_at(&progress), INT64_MAX);
	/* it is forgiven by progress alone */
	look(&progress, 1, 2, pods, 2, now + 601 * SECOND);
	assert_true(progress.is_overdue);
	pods[1].health = ORCH_DOCKER_AVAILABLE;
	look(&progress, 1, 2, pods, 2, now + 602 * SECOND);
	assert_false(progress.is_overdue);
	assert_true(progress.was_complete);
}

static void
what_was_complete_is_not_overdue(void **state __attribute__((unused)))
{
	OrchDockerProgress progress = {0};
	OrchDockerReplica pods[] = {NEW(1, AVAILABLE)};

	look(&progress, 1, 1, pods, 1, 0);
	pods[0].health = ORCH_DOCKER_UNAVAILABLE;
	look(&progress, 1, 1, pods, 1, 1000 * SECOND);
	assert_false(progress.is_overdue);
	assert_int_equal(orch_docker_progress_due_at(&progress), INT64_MAX);
	/* a new template is another rollout */
	pods[0].is_current = false;
	look(&progress, 2, 1, pods, 1, 2000 * SECOND);
	assert_false(progress.is_overdue);
	look(&progress, 2, 1, pods, 1, 2601 * SECOND);
	assert_true(progress.is_overdue);
}

static void
an_old_pod_less_is_progress(void **state __attribute__((unused)))
{
	OrchDockerProgress progress = {0};
	OrchDockerReplica pods[] = {NEW(1, STARTING), OLD(2, BROKEN), OLD(3, BROKEN)};

	look(&progress, 1, 3, pods, 3, 0);
	look(&progress, 1, 3, pods, 2, 500 * SECOND);
	look(&progress, 1, 3, pods, 2, 1000 * SECOND);
	assert_false(progress.is_overdue);
	/* an available one less is none */
	pods[0].health = ORCH_DOCKER_AVAILABLE;
	look(&progress, 1, 3, pods, 2, 1001 * SECOND);
	pods[0].health = ORCH_DOCKER_UNAVAILABLE;
	look(&progress, 1, 3, pods, 2, 1500 * SECOND);
	look(&progress, 1, 3, pods, 2, 1602 * SECOND);
	assert_true(progress.is_overdue);
}

static void
the_first_look_takes_the_age_of_pods(void **state __attribute__((unused)))
{
	OrchDockerProgress overdue = {0};
	OrchDockerProgress served = {0};
	OrchDockerProgress empty = {0};
	OrchDockerReplica pods[] = {NEW(1, AVAILABLE), NEW(2, STARTING)};

	pods[0].created_at = 100 * SECOND;
	pods[1].created_at = 200 * SECOND;
	look(&overdue, 1, 2, pods, 2, 801 * SECOND);
	assert_true(overdue.is_overdue);
	pods[1].health = ORCH_DOCKER_UNAVAILABLE;
	look(&served, 1, 2, pods, 2, 801 * SECOND);
	assert_false(served.is_overdue);
	look(&empty, 1, 2, pods, 0, 801 * SECOND);
	assert_false(empty.is_overdue);
	assert_int_equal(empty.progressed_at, 801 * SECOND);
}

/* the model */

typedef struct World
{
	OrchDockerDeployment wanted;
	int			surge;			/* what the texts mean, reckoned otherwise */
	int			unavailable;
	char		texts[2][16];
	OrchDockerReplica pods[MOST_PODS];
	int			npods;
	OrchDockerRollout result;
} World;

static World w;

static int
any_share(char *text, size_t size, bool up)
{
	int			number = any(4);
	double		part = number * 25 / 100.0 * w.wanted.replicas;

	snprintf(text, size, any(2) ? "%d%%" : "%d", number * 25);
	if (text[strlen(text) - 1] == '%')
		return (int) (up ? ceil(part) : floor(part));
	snprintf(text, size, "%d", number);
	return number;
}

static void
change_specification(void)
{
	w.wanted.replicas = any(8);
	w.wanted.recreates = any(4) == 0;
	w.wanted.is_exclusive = any(4) == 0;
	w.surge = any_share(w.texts[0], sizeof(w.texts[0]), true);
	w.unavailable = any_share(w.texts[1], sizeof(w.texts[1]), false);
	w.wanted.max_surge = w.texts[0];
	w.wanted.max_unavailable = w.texts[1];
	if (w.wanted.is_exclusive || w.wanted.recreates)
		w.surge = 0;
	if (w.surge == 0 && w.unavailable == 0)
		w.unavailable = 1;
}

static void
change_template(void)
{
	for (int i = 0; i < w.npods; i++)
		w.pods[i].is_current = false;
}

static void
drop(int i)
{
	w.pods[i] = w.pods[--w.npods];
}

static void
make(void)
{
	OrchDockerReplica *pod = &w.pods[w.npods];
	int			number = orch_docker_next_number(w.pods, w.npods, 0);

	hold(w.npods < MOST_PODS);
	for (int i = 0; i < w.npods; i++)
		hold(w.pods[i].number != number);
	hold(number >= 1 && number <= w.npods + 1);
	hold(!w.wanted.is_exclusive || number <= w.wanted.replicas);
	*pod = (OrchDockerReplica) {.number = number, .is_current = true, .health = ORCH_DOCKER_STARTING};
	w.npods++;
}

static void
happen_to(int i)
{
	OrchDockerReplica *pod = &w.pods[i];

	if (pod->health == ORCH_DOCKER_LEAVING || any(20) == 0)
		drop(i);
	else if (any(20) == 0)
		pod->health = ORCH_DOCKER_LEAVING;
	else if (pod->health == ORCH_DOCKER_AVAILABLE || pod->health == ORCH_DOCKER_UNAVAILABLE)
		pod->health = any(2) ? ORCH_DOCKER_AVAILABLE : any(2) ? ORCH_DOCKER_UNAVAILABLE : ORCH_DOCKER_BROKEN;
	else
		pod->health = any(3) ? ORCH_DOCKER_AVAILABLE : ORCH_DOCKER_BROKEN;
}

static void
happen(void)
{
	int			what = any(40);

	if (what == 0)
		change_specification();
	else if (what == 1)
		change_template();
	else if (what < 30 && w.npods > 0)
		happen_to(any(w.npods));
}

/* none that serves goes but where enough of them stay, or where there is a Recreate */
static void
check_those_that_go(void)
{
	int			serve = 0;
	int			serving_go = 0;
	int			idle_stay[2] = {0, 0};
	bool		goes[2] = {false, false};

	for (int i = 0; i < w.npods; i++)
	{
		const OrchDockerReplica *pod = &w.pods[i];
		bool		serves = pod->health == ORCH_DOCKER_AVAILABLE;

		hold(!pod->goes || pod->health != ORCH_DOCKER_LEAVING);
		serve += serves && !pod->goes;
		serving_go += serves && pod->goes;
		goes[pod->is_current] |= serves && pod->goes;
		idle_stay[pod->is_current] += !serves && !pod->goes && pod->health != ORCH_DOCKER_LEAVING;
	}
	hold(w.wanted.recreates || serving_go == 0 || serve >= w.wanted.replicas - w.unavailable);
	hold(!goes[0] || idle_stay[0] == 0);
	hold(!goes[1] || idle_stay[1] == 0);
}

static void
check_limits(void)
{
	int			old = 0;
	int			present = 0;
	int			current = 0;
	int			stay = 0;

	for (int i = 0; i < w.npods; i++)
	{
		bool		is_present = w.pods[i].health != ORCH_DOCKER_LEAVING;

		old += !w.pods[i].is_current;
		present += is_present;
		current += is_present && w.pods[i].is_current;
		stay += is_present && !w.pods[i].goes;
	}
	hold(stay <= w.wanted.replicas + w.surge);
	hold(w.result.to_make >= 0);
	if (w.result.to_make == 0)
		return;
	hold(present + w.result.to_make <= w.wanted.replicas + w.surge);
	hold(current + w.result.to_make <= w.wanted.replicas);
	hold(!w.wanted.recreates || old == 0);
	hold(!w.wanted.is_exclusive || w.npods + w.result.to_make <= w.wanted.replicas);
}

/* asks, and does what is answered, or some of it */
static bool
turn(bool whole)
{
	bool		acts = false;

	orch_docker_rollout(&w.wanted, w.pods, w.npods, &w.result);
	check_those_that_go();
	check_limits();
	for (int i = 0; i < w.npods; i++)
	{
		acts |= w.pods[i].goes;
		if (w.pods[i].goes && (whole || any(3)))
			w.pods[i].health = ORCH_DOCKER_LEAVING;
	}
	acts |= w.result.to_make > 0;
	for (int i = 0; i < w.result.to_make && (whole || any(3)); i++)
		make();
	return acts;
}

static void
come_to_rest(void)
{
	for (int i = 0; i < 200; i++)
	{
		bool		acts = turn(true);

		for (int p = w.npods - 1; p >= 0; p--)
		{
			if (w.pods[p].health == ORCH_DOCKER_LEAVING)
				drop(p);
			else
				w.pods[p].health = ORCH_DOCKER_AVAILABLE;
		}
		if (!acts && w.result.is_complete)
			break;
	}
	hold(!turn(true));
	hold(w.result.is_complete);
	hold(w.npods == w.wanted.replicas);
}

/* what nothing more happens to comes to rest as well, if maybe not where it should be */
static void
stand_still(void)
{
	int			turns = 0;

	while (turn(true))
	{
		hold(++turns < 200);
		for (int p = w.npods - 1; p >= 0; p--)
		{
			if (w.pods[p].health == ORCH_DOCKER_LEAVING)
				drop(p);
		}
	}
}

static void
random_worlds_come_to_rest(void **state __attribute__((unused)))
{
	const char *only = getenv("SEED");
	uint64_t	first = only ? strtoull(only, NULL, 10) : 1;

	for (seed = first; seed < first + (only ? 1 : WORLDS); seed++)
	{
		memset(&w, 0, sizeof(w));
		begin_chance(seed);
		change_specification();
		for (int i = 0; i < 150; i++)
		{
			happen();
			(void) turn(false);
		}
		stand_still();
		come_to_rest();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_are_ints_or_percents),
		cmocka_unit_test(what_is_no_share_is_a_quarter),
		cmocka_unit_test(the_first_pods_are_made_at_once),
		cmocka_unit_test(numbers_are_the_lowest_free_ones),
		cmocka_unit_test(at_rest_nothing_is_done),
		cmocka_unit_test(one_replica_rolls_by_surge),
		cmocka_unit_test(what_does_not_serve_goes_first),
		cmocka_unit_test(both_limits_none_still_moves),
		cmocka_unit_test(exclusive_pods_wait_for_their_place),
		cmocka_unit_test(recreate_waits_until_all_old_ones_are_gone),
		cmocka_unit_test(scaling_down_spares_what_serves),
		cmocka_unit_test(old_ones_go_before_current_ones_that_serve),
		cmocka_unit_test(standing_still_is_told_after_the_deadline),
		cmocka_unit_test(what_was_complete_is_not_overdue),
		cmocka_unit_test(an_old_pod_less_is_progress),
		cmocka_unit_test(the_first_look_takes_the_age_of_pods),
		cmocka_unit_test(random_worlds_come_to_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
