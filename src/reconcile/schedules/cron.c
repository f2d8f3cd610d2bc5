/*
 * cron.c
 *	  Schedules as Kubernetes understands them: five fields or a macro, and a time zone.
 *
 * The grammar is that of the library that its controller uses: names of months and
 * days, lists, ranges and steps; Sunday is 0 alone.  Where both the day of the month
 * and that of the week are restricted, either will do.
 */
#include "postgres.h"

#include "core/compat.h"
#include "inventory/shape.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

/* every date has come within this: a century that is no leap year lies between at most */
#define DAYS_AHEAD (9 * 366)

typedef struct Field
{
	uint64		bits;
	bool		any;			/* a star that leaves nothing out */
} Field;

typedef enum FieldName
{
	OF_MINUTE, OF_HOUR, OF_DAY, OF_MONTH, OF_WEEKDAY, CRON_FIELDS
} FieldName;

static const struct
{
	const char *name;
	int			least;
	int			most;
	const char *words;			/* three letters each, for the numbers from least on */
}			bounds[CRON_FIELDS] = {
	{"minute", 0, 59, ""},
	{"hour", 0, 23, ""},
	{"day of the month", 1, 31, ""},
	{"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
	{"day of the week", 0, 6, "sunmontuewedthufrisat"}
};

static const struct
{
	const char *macro;
	const char *fields;
}			macros[] = {
	{"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"}, {"@weekly", "0 0 * * 0"},
	{"@daily", "0 0 * * *"}, {"@midnight", "0 0 * * *"}, {"@hourly", "0 * * * *"}
};

static const char *const place = "schedule.schedule";
static const char *const hint = "Write minute, hour, day of the month, month and day of the week (0 to 6, 0 is Sunday), as in \"30 3 * * 1-5\", or @hourly, @daily, @weekly, @monthly, @yearly.";

/*
 * A number or a name at *at; -1 when there is neither.
 */
static int
read_value(const char **at, FieldName field)
{
	const char *words = bounds[field].words;
	int			value = -1;

	for (int i = 0; words[i] != '\0'; i += 3)
	{
		if (pg_strncasecmp(*at, words + i, 3) == 0)
		{
			*at += 3;
			return bounds[field].least + i / 3;
		}
	}
	for (; **at >= '0' && **at <= '9' && value < 1000; (*at)++)
		value = Max(value, 0) * 10 + (**at - '0');
	return value;
}

/*
 * star or value or value-value, and a step behind it.
 */
static bool
read_range(const char **at, FieldName field, Field *result)
{
	bool		star = **at == '*' || **at == '?';
	int			from = bounds[field].least;
	int			to = bounds[field].most;
	int			step = 1;

	if (star)
		(*at)++;
	else
	{
		from = to = read_value(at, field);
		if (**at == '-')
		{
			(*at)++;
			to = read_value(at, field);
		}
		else if (**at == '/')
			to = bounds[field].most;
	}
	if (**at == '/')
	{
		(*at)++;
		step = read_value(at, OF_MINUTE);
	}
	if (from < bounds[field].least || to > bounds[field].most || from > to || step < 1)
		return false;
	for (int value = from; value <= to; value += step)
		result->bits |= UINT64CONST(1) << value;
	result->any |= star && step == 1;
	return true;
}

static bool
read_field(const char **at, FieldName field, Field *result)
{
	*at += strspn(*at, " \t");
	for (;; (*at)++)
	{
		if (!read_range(at, field, result))
			return false;
		if (**at != ',')
			return strchr(" \t", **at) != NULL;	/* or the end */
	}
}

/*
 * Throws OR003 for what is no schedule.
 */
static void
read_cron(const char *text, Field *fields)
{
	memset(fields, 0, sizeof(Field) * CRON_FIELDS);
	for (int i = 0; i < lengthof(macros); i++)
	{
		if (strcmp(text, macros[i].macro) == 0)
		{
			text = macros[i].fields;
			break;
		}
	}
	if (*text == '@')
		orch_refuse(place, "There is no such macro.", hint);
	for (int i = 0; i < CRON_FIELDS; i++)
	{
		if (!read_field(&text, i, &fields[i]))
			orch_refuse(place, psprintf("The %s is not a list of numbers, ranges and steps from %d to %d.", bounds[i].name, bounds[i].least, bounds[i].most), hint);
	}
	if (text[strspn(text, " \t")] != '\0')
		orch_refuse(place, "It has more than five fields.", hint);
}

static bool
has(const Field *field, int value)
{
	return (field->bits >> value & 1) != 0;
}

static bool
is_day(const Field *fields, const struct pg_tm *tm, int julian)
{
	bool		day = has(&fields[OF_DAY], tm->tm_mday);
	bool		weekday = has(&fields[OF_WEEKDAY], j2day(julian));

	if (!has(&fields[OF_MONTH], tm->tm_mon))
		return false;
	return fields[OF_DAY].any || fields[OF_WEEKDAY].any ? day && weekday : day || weekday;
}

/*
 * The first minute of a day from one on; -1: none.
 */
static int
next_minute(const Field *fields, int from)
{
	for (int minute = from; minute < 24 * 60; minute++)
	{
		if (has(&fields[OF_HOUR], minute / 60) && has(&fields[OF_MINUTE], minute % 60))
			return minute;
	}
	return -1;
}

ORCH_FUNCTION(orch_cron_next);

/*
 * cron_next(schedule, after): the next time, as a clock on the wall shows it; NULL
 * when it never comes.  Throws OR003 for what is no schedule.
 */
Datum
orch_cron_next(PG_FUNCTION_ARGS)
{
	Timestamp	after = PG_GETARG_TIMESTAMP(1);
	Field		fields[CRON_FIELDS];
	struct pg_tm tm;
	fsec_t		fsec;
	int			from;
	int			first;

	read_cron(text_to_cstring(PG_GETARG_TEXT_PP(0)), fields);
	if (TIMESTAMP_NOT_FINITE(after) || timestamp2tm(after, NULL, &tm, &fsec, NULL, NULL) != 0)
		PG_RETURN_NULL();
	first = date2j(tm.tm_year, tm.tm_mon, tm.tm_mday);
	from = tm.tm_hour * 60 + tm.tm_min + 1;
	for (int julian = first; julian < first + DAYS_AHEAD; julian++, from = 0)
	{
		int			minute;

		j2date(julian, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
		if (!is_day(fields, &tm, julian) || (minute = next_minute(fields, from)) < 0)
			continue;
		PG_RETURN_TIMESTAMP((int64) (julian - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY + minute * USECS_PER_MINUTE);
	}
	PG_RETURN_NULL();
}

ORCH_FUNCTION(orch_is_time_zone);

/*
 * is_time_zone(name): is it one of the IANA database, spelled as there?  What POSIX
 * would compute from a name with numbers is none.
 */
Datum
orch_is_time_zone(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	pg_tz	   *zone;

	if (name[0] == '\0' || strlen(name) > TZ_STRLEN_MAX ||
		(strpbrk(name, "0123456789,") != NULL && strncmp(name, "Etc/", strlen("Etc/")) != 0))
		PG_RETURN_BOOL(false);
	zone = pg_tzset(name);
	PG_RETURN_BOOL(zone != NULL && strcmp(pg_get_timezone_name(zone), name) == 0);
}
