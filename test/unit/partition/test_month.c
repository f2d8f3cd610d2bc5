/*
 * test_month.c
 *	  Months: against the C library's calendar, and at the ends of time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "partition/month.h"

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)
#define UNIX_TO_2000 INT64_C(946684800)

#define MONTH(year, number) ((OrchMonth) ((year) * 12 + (number) - 1))

/* what PostgreSQL itself says: SELECT extract(epoch FROM timestamptz '...') - 946684800 */
static const struct
{
	OrchMonth	month;
	int64_t		start;			/* seconds */
	const char *suffix;
}			known[] = {
	{MONTH(2000, 1), 0, "200001"},
	{MONTH(1900, 3), -INT64_C(3150576000), "190003"},
	{MONTH(2024, 3), 762566400, "202403"},
	{MONTH(2026, 12), 849398400, "202612"},
	{MONTH(2027, 1), 852076800, "202701"},
	{MONTH(1970, 1), -UNIX_TO_2000, "197001"},
	{MONTH(1, 1), -INT64_C(63082281600), "000101"},
	{MONTH(0, 12), -INT64_C(63084960000), "bc000112"},
	{MONTH(0, 2), -INT64_C(63111225600), "bc000102"},
	{MONTH(-43, 3), -INT64_C(64465718400), "bc004403"},
	{MONTH(9999, 12), INT64_C(252452937600), "999912"},
	{MONTH(10000, 1), INT64_C(252455616000), "1000001"},
};

static int64_t
start_of(OrchMonth month)
{
	int64_t		time;

	assert_true(orch_month_start(month, &time));
	return time;
}

static OrchMonth
month_of(int64_t time)
{
	OrchMonth	month;

	assert_true(orch_month_of(time, &month));
	return month;
}

static void
known_months_are_as_the_server_says(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		char		suffix[ORCH_MONTH_SUFFIX_SIZE];

		assert_int_equal(start_of(known[i].month), known[i].start * SECOND);
		assert_int_equal(month_of(known[i].start * SECOND), known[i].month);
		assert_int_equal(month_of(known[i].start * SECOND - 1), known[i].month - 1);
		orch_month_suffix(known[i].month, suffix);
		assert_string_equal(suffix, known[i].suffix);
	}
}

static void
every_day_of_five_centuries_is_as_the_c_library_says(void **state)
{
	(void) state;
	for (int64_t day = -200 * 366; day < 300 * 366; day++)
	{
		time_t		seconds = (time_t) (day * 86400 + UNIX_TO_2000);
		struct tm	tm;

		assert_non_null(gmtime_r(&seconds, &tm));
		assert_int_equal(month_of(day * DAY), MONTH(tm.tm_year + 1900, tm.tm_mon + 1));
		assert_int_equal(month_of(day * DAY + DAY - 1), MONTH(tm.tm_year + 1900, tm.tm_mon + 1));
	}
}

static void
every_month_that_there_is_begins_in_itself(void **state)
{
	int64_t		previous = start_of(MONTH(-4713, 12));

	(void) state;
	for (OrchMonth month = MONTH(-4713, 12) + 1; month <= MONTH(294276, 12); month++)
	{
		int64_t		start = start_of(month);
		int64_t		length = (start - previous) / DAY;

		assert_true(length >= 28 && length <= 31);
		assert_int_equal(month_of(start), month);
		assert_int_equal(month_of(start - 1), month - 1);
		previous = start;
	}
}

static void
leap_years_have_their_day(void **state)
{
	static const struct
	{
		int			year;
		int			days;
	}			februaries[] = {{2023, 28}, {2024, 29}, {1900, 28}, {2000, 29}, {2100, 28}, {2400, 29}, {0, 29}, {-3, 28}, {-4, 29}, {-100, 28}};

	(void) state;
	for (size_t i = 0; i < sizeof(februaries) / sizeof(februaries[0]); i++)
		assert_int_equal((start_of(MONTH(februaries[i].year, 3)) - start_of(MONTH(februaries[i].year, 2))) / DAY, februaries[i].days);
}

static void
the_zone_is_utc_whatever_the_environment_says(void **state)
{
	static const char *const zones[] = {"UTC", "Pacific/Kiritimati", "Pacific/Niue", "America/New_York", "Asia/Shanghai"};

	(void) state;
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
	{
		setenv("TZ", zones[i], 1);
		tzset();
		assert_int_equal(month_of(849398400 * SECOND), MONTH(2026, 12));
		assert_int_equal(month_of(849398400 * SECOND - 1), MONTH(2026, 11));
	}
}

static void
months_are_added_over_year_ends(void **state)
{
	OrchMonth	sum;

	(void) state;
	assert_true(orch_month_add(MONTH(2026, 11), 3, &sum));
	assert_int_equal(sum, MONTH(2027, 2));
	assert_true(orch_month_add(MONTH(2027, 1), -1, &sum));
	assert_int_equal(sum, MONTH(2026, 12));
	assert_true(orch_month_add(MONTH(1, 1), -1, &sum));
	assert_int_equal(sum, MONTH(0, 12));
	assert_true(orch_month_add(MONTH(0, 1), -25, &sum));
	assert_int_equal(sum, MONTH(-3, 12));
}

static void
nothing_is_outside_of_time(void **state)
{
	OrchMonth	month = 7;
	int64_t		time;

	(void) state;
	assert_false(orch_month_of(INT64_MIN, &month));	/* -infinity */
	assert_false(orch_month_of(INT64_MAX, &month));	/* infinity */
	assert_false(orch_month_of(-INT64_C(211813488000000001), &month));
	assert_false(orch_month_of(INT64_C(9223371331200000000), &month));
	assert_int_equal(month, 7);
	assert_int_equal(month_of(-INT64_C(211813488000000000)), MONTH(-4713, 11));
	assert_int_equal(month_of(INT64_C(9223371331199999999)), MONTH(294276, 12));
	assert_false(orch_month_start(MONTH(-4713, 11), &time));	/* its first is before time */
	assert_false(orch_month_start(MONTH(294277, 1), &time));
	assert_false(orch_month_start(INT32_MIN, &time));
	assert_false(orch_month_start(INT32_MAX, &time));
	assert_false(orch_month_add(MONTH(294276, 12), 1, &month));
	assert_false(orch_month_add(MONTH(2026, 1), INT32_MAX, &month));
	assert_false(orch_month_add(MONTH(-4000, 1), INT32_MIN, &month));
	assert_int_equal(month, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_months_are_as_the_server_says),
		cmocka_unit_test(every_day_of_five_centuries_is_as_the_c_library_says),
		cmocka_unit_test(every_month_that_there_is_begins_in_itself),
		cmocka_unit_test(leap_years_have_their_day),
		cmocka_unit_test(the_zone_is_utc_whatever_the_environment_says),
		cmocka_unit_test(months_are_added_over_year_ends),
		cmocka_unit_test(nothing_is_outside_of_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
