/*
 * month.c
 *	  Which month a time is in, when a month begins, what it is called.
 *
 * The months of the log tables are those of UTC, whatever the time zone of the
 * session that writes: a row must not change its partition with its reader.
 * The calendar is PostgreSQL's: Gregorian, also before there was one.
 */
#include "partition/month.h"

#include <stdio.h>

#define USECS_PER_DAY INT64_C(86400000000)

/* what a timestamptz can hold: from 4714-11-24 BC to before 294277-01-01 */
#define FIRST_TIME (-INT64_C(211813488000000000))
#define END_TIME INT64_C(9223371331200000000)

/* from 0001-01-01 to 2000-01-01 */
#define DAYS_TO_2000 730119

#define MAX_YEAR 294276

static int64_t
divide_down(int64_t value, int64_t by)
{
	return value / by - (value % by < 0);
}

static bool
is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
days_in(int64_t year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month] + (month == 1 && is_leap(year));
}

/*
 * Days from 2000-01-01 to the first of January of a year.
 */
static int64_t
days_to_year(int64_t year)
{
	int64_t		before = year - 1;

	return before * 365 + divide_down(before, 4) - divide_down(before, 100) + divide_down(before, 400) - DAYS_TO_2000;
}

/*
 * The month that a time is in; false for infinity and what no timestamptz is.
 */
bool
orch_month_of(int64_t time, OrchMonth *month)
{
	int64_t		day;
	int64_t		year;
	int			m = 0;

	if (time < FIRST_TIME || time >= END_TIME)
		return false;
	day = divide_down(time, USECS_PER_DAY);
	year = 2000 + divide_down(day * 400, 146097);	/* at most one off */
	while (days_to_year(year) > day)
		year--;
	while (days_to_year(year + 1) <= day)
		year++;
	day -= days_to_year(year);
	while (day >= days_in(year, m))
		day -= days_in(year, m++);
	*month = (OrchMonth) (year * 12 + m);
	return true;
}

/*
 * When a month begins; false when that is no timestamptz.
 */
bool
orch_month_start(OrchMonth month, int64_t *time)
{
	int64_t		year = divide_down(month, 12);
	int64_t		day = days_to_year(year);
	int			last = (int) (month - year * 12);

	if (year < -MAX_YEAR || year > MAX_YEAR)
		return false;
	for (int m = 0; m < last; m++)
		day += days_in(year, m);
	if (day * (USECS_PER_DAY / 1000000) < FIRST_TIME / 1000000 || day >= END_TIME / USECS_PER_DAY)
		return false;
	*time = day * USECS_PER_DAY;
	return true;
}

/*
 * The month so many months later, or earlier; false when it cannot be counted.
 */
bool
orch_month_add(OrchMonth month, int32_t count, OrchMonth *sum)
{
	int64_t		result = (int64_t) month + count;
	int64_t		ignored;

	if (result < INT32_MIN || result > INT32_MAX || !orch_month_start((OrchMonth) result, &ignored))
		return false;
	*sum = (OrchMonth) result;
	return true;
}

/*
 * What a partition is called by, after the name of its table.  Within one era
 * of four-digit years names sort like months.
 */
void
orch_month_suffix(OrchMonth month, char *suffix)
{
	int64_t		year = divide_down(month, 12);
	int			number = (int) (month - year * 12) + 1;

	if (year > 0)
		snprintf(suffix, ORCH_MONTH_SUFFIX_SIZE, "%04d%02d", (int) year, number);
	else
		snprintf(suffix, ORCH_MONTH_SUFFIX_SIZE, "bc%04d%02d", (int) (1 - year), number);
}
