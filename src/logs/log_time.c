/*
 * log_time.c
 *	  Reads the time before a line of a log.
 */
#include "logs/log_time.h"

/* Reads a number of exactly so many digits. */
static bool
digits(const char **from, const char *end, int count, int64_t *value)
{
	*value = 0;
	for (; count > 0; count--, (*from)++)
	{
		if (*from == end || **from < '0' || **from > '9')
			return false;
		*value = *value * 10 + (**from - '0');
	}
	return true;
}

static bool
character(const char **from, const char *end, char wanted)
{
	return *from < end && *(*from)++ == wanted;
}

/* Days from 1970-01-01 in the Gregorian calendar, for years from 0 on. */
static int64_t
day_number(int64_t year, int64_t month, int64_t day)
{
	/* years that begin in March end with the leap day */
	int64_t		y = month > 2 ? year : year - 1;
	int64_t		m = (month + 9) % 12;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* Digits after the point, cut to microseconds. */
static int64_t
fraction(const char **from, const char *end)
{
	int64_t		value = 0;
	int			count = 0;

	for (; *from < end && **from >= '0' && **from <= '9'; (*from)++)
	{
		if (count++ < 6)
			value = value * 10 + (**from - '0');
	}
	for (; count < 6; count++)
		value *= 10;
	return value;
}

/* "Z" or "+02:00", in seconds east of Greenwich. */
static bool
offset(const char **from, const char *end, int64_t *seconds)
{
	int64_t		hours;
	int64_t		minutes;
	char		sign;

	*seconds = 0;
	if (*from == end)
		return false;
	sign = *(*from)++;
	if (sign == 'Z')
		return true;
	if ((sign != '+' && sign != '-') || !digits(from, end, 2, &hours) ||
		!character(from, end, ':') || !digits(from, end, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*seconds = (hours * 60 + minutes) * (sign == '+' ? 60 : -60);
	return true;
}

/*
 * Reads a time as in RFC 3339, with the space behind it.  Returns how many bytes
 * it takes, 0 when the line does not begin with one.
 */
size_t
orch_log_time(const char *line, size_t length, int64_t *unix_microseconds)
{
	const char *from = line;
	const char *end = line + length;
	int64_t		year;
	int64_t		month;
	int64_t		day;
	int64_t		hour;
	int64_t		minute;
	int64_t		second;
	int64_t		micros = 0;
	int64_t		east;

	if (!digits(&from, end, 4, &year) || !character(&from, end, '-') ||
		!digits(&from, end, 2, &month) || !character(&from, end, '-') ||
		!digits(&from, end, 2, &day) || !character(&from, end, 'T') ||
		!digits(&from, end, 2, &hour) || !character(&from, end, ':') ||
		!digits(&from, end, 2, &minute) || !character(&from, end, ':') ||
		!digits(&from, end, 2, &second))
		return 0;
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
		return 0;
	if (from < end && *from == '.')
	{
		from++;
		micros = fraction(&from, end);
	}
	if (!offset(&from, end, &east) || (from < end && !character(&from, end, ' ')))
		return 0;
	*unix_microseconds = ((day_number(year, month, day) * 24 + hour) * 3600 + minute * 60 + second - east) * 1000000 + micros;
	return from - line;
}
