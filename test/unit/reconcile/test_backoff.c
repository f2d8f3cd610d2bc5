/*
 * test_backoff.c
 *	  Pauses after failures, without a clock.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reconcile/backoff.h"

#define MS INT64_C(1000)

static void
what_never_failed_is_due(void **state __attribute__((unused)))
{
	OrchBackoff backoff = {0};

	assert_true(orch_backoff_is_due(&backoff, 0));
	assert_true(orch_backoff_is_due(&backoff, INT64_MAX));
	assert_int_equal(orch_backoff_wait(&backoff, 5), 0);
}

static void
pauses_double_up_to_a_limit(void **state __attribute__((unused)))
{
	static const int64_t pauses[] = {100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000, 30000};
	OrchBackoff backoff = {0};
	int64_t		now = 1000 * MS;

	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++)
	{
		orch_backoff_failed(&backoff, now, 1);
		assert_int_equal(orch_backoff_wait(&backoff, now), pauses[i] * MS);
		assert_false(orch_backoff_is_due(&backoff, now + pauses[i] * MS - 1));
		now += pauses[i] * MS;
		assert_true(orch_backoff_is_due(&backoff, now));
	}
}

static void
a_pause_is_at_least_half(void **state __attribute__((unused)))
{
	for (int i = 0; i <= 10; i++)
	{
		OrchBackoff backoff = {.failures = 3};

		orch_backoff_failed(&backoff, 0, i / 10.0);
		assert_int_equal(orch_backoff_wait(&backoff, 0), 400 * MS + i * 40 * MS);
	}
}

static void
odd_randomness_harms_nobody(void **state __attribute__((unused)))
{
	static const double odd[] = {-1, 2, 1e300, -1e300, NAN, INFINITY, -INFINITY};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
	{
		OrchBackoff backoff = {0};

		orch_backoff_failed(&backoff, 0, odd[i]);
		assert_in_range(orch_backoff_wait(&backoff, 0), 50 * MS, 100 * MS);
	}
}

static void
success_forgets(void **state __attribute__((unused)))
{
	OrchBackoff backoff = {0};

	for (int i = 0; i < 20; i++)
		orch_backoff_failed(&backoff, 0, 1);
	orch_backoff_succeeded(&backoff);
	assert_true(orch_backoff_is_due(&backoff, 0));
	orch_backoff_failed(&backoff, 0, 1);
	assert_int_equal(orch_backoff_wait(&backoff, 0), 100 * MS);
}

static void
failures_do_not_overflow(void **state __attribute__((unused)))
{
	OrchBackoff backoff = {.failures = UINT32_MAX};

	orch_backoff_failed(&backoff, 0, 1);
	assert_int_equal(backoff.failures, UINT32_MAX);
	assert_int_equal(orch_backoff_wait(&backoff, 0), ORCH_BACKOFF_LONGEST_US);
}

/* the machine was started anew, and with it the clock */
static void
a_time_of_another_clock_is_due(void **state __attribute__((unused)))
{
	OrchBackoff backoff = {0};

	orch_backoff_failed(&backoff, INT64_C(1) << 50, 1);
	assert_true(orch_backoff_is_due(&backoff, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_never_failed_is_due),
		cmocka_unit_test(pauses_double_up_to_a_limit),
		cmocka_unit_test(a_pause_is_at_least_half),
		cmocka_unit_test(odd_randomness_harms_nobody),
		cmocka_unit_test(success_forgets),
		cmocka_unit_test(failures_do_not_overflow),
		cmocka_unit_test(a_time_of_another_clock_is_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
