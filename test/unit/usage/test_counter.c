/*
 * test_counter.c
 *	  Every way in which a counter goes on, stops or begins anew.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "usage/counter.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)

static const OrchCounter unknown = {0};

/* a counter that began at second 100 */
static OrchCounter
reading(int64_t second, int64_t value)
{
	return (OrchCounter) {.known = true, .value = value, .at = second * SECOND, .has_start = true, .started_at = 100 * SECOND};
}

static OrchCounterStep
step(OrchCounter before, OrchCounter now)
{
	return orch_counter_step(&before, &now, MINUTE);
}

static void
assert_delta(OrchCounterStep got, int64_t delta)
{
	assert_true(got.has_delta);
	assert_int_equal(got.delta, delta);
}

static void
assert_unknown(OrchCounterStep got)
{
	assert_false(got.has_delta);
	assert_false(got.has_rate);
}

static void
test_grows(void **state)
{
	OrchCounterStep got = step(reading(1000, 500), reading(1060, 6500));

	(void) state;
	assert_delta(got, 6000);
	assert_true(got.has_rate);
	assert_true(got.per_second == 100.0);
	assert_delta(step(reading(1000, 500), reading(1060, 500)), 0);
}

static void
test_large_values(void **state)
{
	(void) state;
	assert_delta(step(reading(1000, 1), reading(1060, INT64_MAX)), INT64_MAX - 1);
	assert_delta(step(reading(1000, INT64_MAX), reading(1060, 3)), 3);
}

static void
test_missing_is_unknown(void **state)
{
	(void) state;
	assert_unknown(step(reading(1000, 500), unknown));
	assert_unknown(step(unknown, unknown));
	assert_false(orch_counter_is_new(&unknown, &unknown));
	assert_unknown(step(reading(1000, 500), reading(1060, -1)));
}

static void
test_runs_backwards(void **state)
{
	OrchCounterStep got = step(reading(1000, 500), reading(1060, 40));

	(void) state;
	assert_delta(got, 40);
	assert_false(got.has_rate);
}

static void
test_started_anew_and_overtook(void **state)
{
	OrchCounter now = reading(1060, 9000);
	OrchCounterStep got;

	(void) state;
	now.started_at = 1030 * SECOND;
	got = step(reading(1000, 500), now);
	assert_delta(got, 9000);
	assert_false(got.has_rate);
}

static void
test_unknown_start_is_no_restart(void **state)
{
	OrchCounter now = reading(1060, 9000);

	(void) state;
	now.has_start = false;
	assert_delta(step(reading(1000, 500), now), 8500);
}

static void
test_first_reading(void **state)
{
	OrchCounter without_start = reading(130, 700);

	(void) state;
	without_start.has_start = false;
	assert_delta(step(unknown, reading(130, 700)), 700);
	assert_delta(step(unknown, reading(160, 700)), 700);
	assert_unknown(step(unknown, reading(161, 700)));
	assert_unknown(step(unknown, without_start));
}

static void
test_same_reading_twice(void **state)
{
	OrchCounter before = reading(1000, 500);
	OrchCounter now = reading(1000, 500);

	(void) state;
	assert_false(orch_counter_is_new(&before, &now));
	assert_unknown(step(before, now));
	assert_unknown(step(before, reading(1000, 900)));
}

static void
test_clock_set_back(void **state)
{
	OrchCounter before = reading(1000, 500);
	OrchCounter late = reading(990, 400);
	OrchCounter set_back = reading(500, 800);
	OrchCounterStep got = step(before, set_back);

	(void) state;
	assert_false(orch_counter_is_new(&before, &late));
	assert_unknown(step(before, late));
	assert_delta(got, 300);
	assert_false(got.has_rate);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_large_values),
		cmocka_unit_test(test_missing_is_unknown),
		cmocka_unit_test(test_runs_backwards),
		cmocka_unit_test(test_started_anew_and_overtook),
		cmocka_unit_test(test_unknown_start_is_no_restart),
		cmocka_unit_test(test_first_reading),
		cmocka_unit_test(test_same_reading_twice),
		cmocka_unit_test(test_clock_set_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
