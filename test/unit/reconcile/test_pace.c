/*
 * test_pace.c
 *	  When the worker writes, without a clock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reconcile/pace.h"

#define START (INT64_C(1000) * 1000 * 1000)

/* writes whenever it may until the end, with something to write at every millisecond; returns how often */
static int
writes_of_a_stream(OrchPace *pace, int64_t begin, int64_t end, bool is_busy)
{
	int			count = 0;

	for (int64_t now = begin; now < end; now += ORCH_PACE_MS)
	{
		if (now < orch_pace_write_from(pace, is_busy))
			continue;
		orch_pace_written(pace, now);
		count++;
	}
	return count;
}

static void
writes_at_once_when_alone(void **state __attribute__((unused)))
{
	OrchPace	pace = {0};

	assert_true(orch_pace_write_from(&pace, false) <= START);
	for (int i = 0; i < 1000; i++)
	{
		int64_t		now = START + i * ORCH_PACE_WRITE_US;

		assert_true(orch_pace_write_from(&pace, false) <= now);
		orch_pace_written(&pace, now);
	}
}

static void
a_few_follow_each_other_at_once(void **state __attribute__((unused)))
{
	OrchPace	pace = {0};

	for (int i = 0; i < ORCH_PACE_WRITES_AT_ONCE; i++)
	{
		assert_true(orch_pace_write_from(&pace, false) <= START);
		orch_pace_written(&pace, START);
	}
	assert_true(orch_pace_write_from(&pace, false) > START);
	assert_true(orch_pace_write_from(&pace, false) <= START + ORCH_PACE_WRITE_US);
}

static void
a_stream_gathers(void **state __attribute__((unused)))
{
	OrchPace	pace = {0};
	OrchPace	busy = {0};
	int64_t		second = 1000 * ORCH_PACE_MS;

	int			calm_writes = 60 * second / ORCH_PACE_WRITE_US;
	int			busy_writes = 60 * second / ORCH_PACE_BUSY_WRITE_US;

	assert_in_range(writes_of_a_stream(&pace, START, START + 60 * second, false), calm_writes, calm_writes + ORCH_PACE_WRITES_AT_ONCE);
	assert_in_range(writes_of_a_stream(&busy, START, START + 60 * second, true), busy_writes, busy_writes + 1);
}

static void
nothing_waits_longer_than_one_pause(void **state __attribute__((unused)))
{
	OrchPace	pace = {0};

	(void) writes_of_a_stream(&pace, START, START + 1000 * ORCH_PACE_MS, false);
	assert_true(orch_pace_write_from(&pace, false) - pace.written_at <= ORCH_PACE_WRITE_US);
	/* load that ends, or begins, does not hold up either */
	assert_true(orch_pace_write_from(&pace, true) - pace.written_at <= ORCH_PACE_BUSY_WRITE_US);
	(void) writes_of_a_stream(&pace, START + 1000 * ORCH_PACE_MS, START + 9000 * ORCH_PACE_MS, true);
	assert_true(orch_pace_write_from(&pace, false) <= pace.written_at);
}

static void
statuses_are_derived_at_once_when_alone(void **state __attribute__((unused)))
{
	OrchPace	pace = {0};

	orch_pace_derived(&pace, START);
	assert_true(orch_pace_derive_from(&pace, false, START, true) <= START);
}

static void
statuses_wait_under_load(void **state __attribute__((unused)))
{
	OrchPace	pace = {0};

	assert_false(orch_pace_is_busy(ORCH_PACE_BUSY_IN_FLIGHT, ORCH_PACE_BUSY_STATUSES));
	assert_true(orch_pace_is_busy(ORCH_PACE_BUSY_IN_FLIGHT + 1, 0));
	assert_true(orch_pace_is_busy(0, ORCH_PACE_BUSY_STATUSES + 1));
	orch_pace_derived(&pace, START);
	assert_int_equal(orch_pace_derive_from(&pace, true, 0, false), START + ORCH_PACE_BUSY_STATUSES_US);
	assert_int_equal(orch_pace_derive_from(&pace, true, START, false), START + ORCH_PACE_BUSY_STATUS_US);
	assert_int_equal(orch_pace_derive_from(&pace, true, START, true), START + ORCH_PACE_UNDONE_STATUS_US);
}

static void
rests_as_long_as_a_turn_took(void **state __attribute__((unused)))
{
	assert_int_equal(orch_pace_rest_us(0, 0), 0);
	assert_int_equal(orch_pace_rest_us(ORCH_PACE_MS - 1, ORCH_PACE_BUSY_IN_FLIGHT), 0);
	assert_int_equal(orch_pace_rest_us(3 * ORCH_PACE_MS, 0), 3 * ORCH_PACE_MS);
	assert_int_equal(orch_pace_rest_us(1000 * ORCH_PACE_MS, 0), ORCH_PACE_REST_US_MOST);
	assert_int_equal(orch_pace_rest_us(0, ORCH_PACE_BUSY_IN_FLIGHT + 1), ORCH_PACE_BUSY_REST_US);
	assert_int_equal(orch_pace_rest_us(1000 * ORCH_PACE_MS, ORCH_PACE_BUSY_IN_FLIGHT + 1), ORCH_PACE_REST_US_MOST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_at_once_when_alone),
		cmocka_unit_test(a_few_follow_each_other_at_once),
		cmocka_unit_test(a_stream_gathers),
		cmocka_unit_test(nothing_waits_longer_than_one_pause),
		cmocka_unit_test(statuses_are_derived_at_once_when_alone),
		cmocka_unit_test(statuses_wait_under_load),
		cmocka_unit_test(rests_as_long_as_a_turn_took),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
