/*
 * test_hysteresis.c
 *	  When alerts open and end, without a clock.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "monitor/hysteresis.h"

/* more than 80 for 10 opens it; 70 or less for 5 ends it */
static const OrchAlertRule above = {ORCH_ABOVE, 80, 70, 10, 5};
/* less than 1, at once */
static const OrchAlertRule below = {ORCH_BELOW, 1, 1, 0, 0};
static const OrchAlertStep nothing = {ORCH_ALERT_NONE, 0, 0};

static OrchAlertStep
at(const OrchAlertRule *rule, OrchAlertStep before, int64_t now, double value)
{
	return orch_hysteresis_step(rule, &before, ORCH_READING_VALUE, value, now);
}

static OrchAlertStep
opened(void)
{
	OrchAlertStep step = at(&above, at(&above, nothing, 100, 90), 110, 90);

	assert_int_equal(step.state, ORCH_ALERT_OPEN);
	return step;
}

static void
it_opens_after_the_whole_duration(void **state __attribute__((unused)))
{
	OrchAlertStep step = at(&above, nothing, 100, 80.1);

	assert_int_equal(step.state, ORCH_ALERT_PENDING);
	assert_int_equal(step.breached_since, 100);
	step = at(&above, step, 109, 99);
	assert_int_equal(step.state, ORCH_ALERT_PENDING);
	step = at(&above, step, 110, 81);
	assert_int_equal(step.state, ORCH_ALERT_OPEN);
	assert_int_equal(step.breached_since, 100);
}

static void
the_threshold_itself_is_no_trouble_for_above(void **state __attribute__((unused)))
{
	OrchAlertRule at_least = above;

	assert_int_equal(at(&above, nothing, 100, 80).state, ORCH_ALERT_NONE);
	at_least.comparison = ORCH_AT_LEAST;
	assert_int_equal(at(&at_least, nothing, 100, 80).state, ORCH_ALERT_PENDING);
}

static void
one_good_value_starts_the_wait_anew(void **state __attribute__((unused)))
{
	OrchAlertStep step = at(&above, nothing, 100, 90);

	step = at(&above, step, 105, 75);
	assert_int_equal(step.state, ORCH_ALERT_NONE);
	step = at(&above, step, 106, 90);
	assert_int_equal(step.breached_since, 106);
	assert_int_equal(at(&above, step, 111, 90).state, ORCH_ALERT_PENDING);
}

static void
it_ends_after_the_whole_duration_below_the_lower_threshold(void **state __attribute__((unused)))
{
	OrchAlertStep step = at(&above, opened(), 120, 70);

	assert_int_equal(step.state, ORCH_ALERT_OPEN);
	assert_int_equal(step.cleared_since, 120);
	step = at(&above, step, 124, 10);
	assert_int_equal(step.state, ORCH_ALERT_OPEN);
	step = at(&above, step, 125, 10);
	assert_int_equal(step.state, ORCH_ALERT_RESOLVED);
	assert_int_equal(step.breached_since, 100);
}

static void
between_the_thresholds_it_stays_open(void **state __attribute__((unused)))
{
	OrchAlertStep step = at(&above, opened(), 120, 60);

	step = at(&above, step, 123, 75);
	assert_int_equal(step.state, ORCH_ALERT_OPEN);
	assert_int_equal(step.cleared_since, 0);
	step = at(&above, step, 126, 60);
	assert_int_equal(step.cleared_since, 126);
	assert_int_equal(at(&above, step, 130, 60).state, ORCH_ALERT_OPEN);
	assert_int_equal(at(&above, step, 131, 60).state, ORCH_ALERT_RESOLVED);
}

static void
a_flapping_value_is_one_alert(void **state __attribute__((unused)))
{
	OrchAlertStep step = opened();

	for (int now = 111; now < 200; now++)
	{
		step = at(&above, step, now, now % 4 ? 60 : 90);
		assert_int_equal(step.state, ORCH_ALERT_OPEN);
	}
}

static void
what_cannot_be_measured_changes_nothing(void **state __attribute__((unused)))
{
	OrchAlertStep pending = at(&above, nothing, 100, 90);
	OrchAlertStep healing = at(&above, opened(), 120, 60);
	OrchAlertStep step = orch_hysteresis_step(&above, &pending, ORCH_READING_UNKNOWN, 0, 500);

	assert_int_equal(step.state, ORCH_ALERT_PENDING);
	assert_int_equal(step.breached_since, 100);
	step = orch_hysteresis_step(&above, &healing, ORCH_READING_UNKNOWN, 0, 500);
	assert_int_equal(step.state, ORCH_ALERT_OPEN);
	step = at(&above, nothing, 500, NAN);
	assert_int_equal(step.state, ORCH_ALERT_NONE);
	assert_int_equal(at(&below, nothing, 500, NAN).state, ORCH_ALERT_NONE);
}

static void
what_is_gone_is_well(void **state __attribute__((unused)))
{
	OrchAlertStep pending = at(&above, nothing, 100, 90);
	OrchAlertStep open = opened();
	OrchAlertStep step = orch_hysteresis_step(&above, &pending, ORCH_READING_GONE, 0, 101);

	assert_int_equal(step.state, ORCH_ALERT_NONE);
	step = orch_hysteresis_step(&above, &open, ORCH_READING_GONE, 0, 120);
	assert_int_equal(step.state, ORCH_ALERT_OPEN);
	step = orch_hysteresis_step(&above, &step, ORCH_READING_GONE, 0, 125);
	assert_int_equal(step.state, ORCH_ALERT_RESOLVED);
	/* a comparison that would hold for 0 must not */
	step = at(&below, nothing, 1, 0);
	assert_int_equal(orch_hysteresis_step(&below, &step, ORCH_READING_GONE, 0, 2).state, ORCH_ALERT_RESOLVED);
}

static void
without_durations_it_opens_and_ends_at_once(void **state __attribute__((unused)))
{
	OrchAlertStep step = at(&below, nothing, 7, 0);

	assert_int_equal(step.state, ORCH_ALERT_OPEN);
	assert_int_equal(at(&below, step, 8, 1).state, ORCH_ALERT_RESOLVED);
}

static void
a_clock_that_is_set_back_delays_and_breaks_nothing(void **state __attribute__((unused)))
{
	OrchAlertStep step = at(&above, nothing, 1000, 90);

	step = at(&above, step, 100, 90);
	assert_int_equal(step.state, ORCH_ALERT_PENDING);
	assert_int_equal(step.breached_since, 100);
	assert_int_equal(at(&above, step, 110, 90).state, ORCH_ALERT_OPEN);
	step = at(&above, opened(), 1000, 60);
	step = at(&above, step, 200, 60);
	assert_int_equal(step.state, ORCH_ALERT_OPEN);
	assert_int_equal(at(&above, step, 205, 60).state, ORCH_ALERT_RESOLVED);
}

static void
comparisons_are_parsed_exactly(void **state __attribute__((unused)))
{
	OrchComparison comparison;

	assert_true(orch_comparison_parse(">=", &comparison));
	assert_int_equal(comparison, ORCH_AT_LEAST);
	assert_true(orch_comparison_parse("<", &comparison));
	assert_int_equal(comparison, ORCH_BELOW);
	assert_false(orch_comparison_parse("=", &comparison));
	assert_false(orch_comparison_parse("> ", &comparison));
	assert_true(orch_comparison_holds(ORCH_AT_MOST, 1, 1));
	assert_false(orch_comparison_holds(ORCH_BELOW, 1, 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_opens_after_the_whole_duration),
		cmocka_unit_test(the_threshold_itself_is_no_trouble_for_above),
		cmocka_unit_test(one_good_value_starts_the_wait_anew),
		cmocka_unit_test(it_ends_after_the_whole_duration_below_the_lower_threshold),
		cmocka_unit_test(between_the_thresholds_it_stays_open),
		cmocka_unit_test(a_flapping_value_is_one_alert),
		cmocka_unit_test(what_cannot_be_measured_changes_nothing),
		cmocka_unit_test(what_is_gone_is_well),
		cmocka_unit_test(without_durations_it_opens_and_ends_at_once),
		cmocka_unit_test(a_clock_that_is_set_back_delays_and_breaks_nothing),
		cmocka_unit_test(comparisons_are_parsed_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
