/*
 * test_log_time.c
 *	  Times before lines: all that the kubelet may write, and what is none.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "logs/log_time.h"

/* Of a copy of just the right size, so that reading beyond it is found. */
static size_t
read_time(const char *line, int64_t *time)
{
	size_t		length = strlen(line);
	char	   *copy = malloc(length + (length == 0));
	size_t		prefix;

	memcpy(copy, line, length);
	prefix = orch_log_time(copy, length, time);
	free(copy);
	return prefix;
}

static void
expect(const char *prefix, const char *rest, int64_t seconds, int64_t micros)
{
	char		line[128];
	int64_t		time = -1;

	strcpy(line, prefix);
	strcat(line, rest);
	assert_int_equal(read_time(line, &time), strlen(prefix));
	assert_int_equal(time, seconds * 1000000 + micros);
}

static void
test_forms(void **state)
{
	(void) state;
	expect("1970-01-01T00:00:00Z ", "x", 0, 0);
	expect("2026-11-25T13:35:34.123456789Z ", "hello", 1795613734, 123456);
	expect("2026-11-25T13:35:34.5Z ", "2026-11-25T13:35:34.5Z is what it printed", 1795613734, 500000);
	expect("2026-11-25T13:35:34Z ", "", 1795613734, 0);
	expect("2026-11-25T13:35:34Z", "", 1795613734, 0);
	expect("2026-11-25T13:35:34Z ", "  indented", 1795613734, 0);
	expect("2026-11-25T15:05:34.000000001+01:30 ", "x", 1795613734, 0);
	expect("2026-11-25T08:35:34-05:00 ", "x", 1795613734, 0);
	/* a leap second is the next one's first */
	expect("2016-12-31T23:59:60Z ", "x", 1483228800, 0);
	expect("1969-12-31T23:59:59.999999Z ", "x", -1, 999999);
}

/* the C library knows the calendar, too */
static void
test_calendar(void **state)
{
	struct tm	tm = {.tm_mday = 1, .tm_hour = 12};

	(void) state;
	for (tm.tm_year = -300; tm.tm_year < 600; tm.tm_year++)
	{
		for (int day = 0; day < 366; day += 1)
		{
			struct tm	normal = tm;
			char		line[64];
			time_t		seconds;

			normal.tm_yday = 0;
			normal.tm_mon = 0;
			normal.tm_mday = 1 + day;
			seconds = timegm(&normal);
			strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%SZ ", &normal);
			expect(line, "x", seconds, 0);
		}
	}
}

static void
test_none(void **state)
{
	static const char *const lines[] = {
		"", "2", "2026-11-25", "2026-11-25T13:35:34", "2026-11-25 13:35:34Z x", "26-11-25T13:35:34Z x",
		"2026-11-25T13:35:34Zx", "2026-11-25T13:35:34.Q x", "2026-11-25T13:35:34+0100 x", "2026-11-25T13:35:34+25:00 x",
		"2026-13-25T13:35:34Z x", "2026-00-25T13:35:34Z x", "2026-11-32T13:35:34Z x", "2026-11-25T24:35:34Z x",
		"2026-11-25T13:60:34Z x", "2026-11-25T13:35:61Z x", "0000-11-25T13:35:34Z x", "-026-11-25T13:35:34Z x",
		"unable to retrieve container logs for containerd://0123", "\xff\xff", "2026-11-25T13:35:34+0", "2026-11-25T13:35:34."
	};

	(void) state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
	{
		int64_t		time = 42;

		assert_int_equal(read_time(lines[i], &time), 0);
		assert_int_equal(time, 42);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_calendar),
		cmocka_unit_test(test_none)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
