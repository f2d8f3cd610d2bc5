/*
 * lines.c
 *	  Merges the logs of several pods by time.
 *
 * Within one log the order is that of the log, even where a clock was set back.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "logs/lines.h"
#include "logs/log_time.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

static const int64 postgres_epoch = (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;

static OrchLogLine *
next_line(OrchLogLines *lines)
{
	if (lines->count == lines->size)
	{
		lines->size = Max(lines->size * 2, 128);
		lines->lines = lines->lines == NULL
			? MemoryContextAllocHuge(CurrentMemoryContext, lines->size * sizeof(OrchLogLine))
			: repalloc_huge(lines->lines, lines->size * sizeof(OrchLogLine));
	}
	lines->lines[lines->count].number = lines->count;
	return &lines->lines[lines->count++];
}

/*
 * Adds a log whose lines begin with their times.
 */
void
orch_log_lines_add(OrchLogLines *lines, const char *pod, const char *text, Size length)
{
	const char *end = text + length;
	int64		latest = DT_NOBEGIN;

	lines->bytes += length;
	while (text < end)
	{
		OrchLogLine *line = next_line(lines);
		const char *newline = memchr(text, '\n', end - text);
		const char *stop = newline ? newline : end;
		int64		time;
		size_t		prefix = orch_log_time(text, stop - text, &time);

		line->pod = pod;
		line->text = text + prefix;
		line->length = stop - line->text;
		line->timed = prefix > 0;
		if (prefix > 0)
			latest = Max(latest, time - postgres_epoch);
		line->time = latest;
		text = stop + 1;
	}
}

static int
compare_lines(const void *a, const void *b)
{
	const OrchLogLine *x = a;
	const OrchLogLine *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/*
 * Puts all lines into the result: pod, time, line.
 */
void
orch_log_lines_return(OrchLogLines *lines, ReturnSetInfo *result)
{
	if (lines->count > 1)
		qsort(lines->lines, lines->count, sizeof(OrchLogLine), compare_lines);
	for (int i = 0; i < lines->count; i++)
	{
		OrchLogLine *line = &lines->lines[i];
		text	   *pod = cstring_to_text(line->pod);
		text	   *words = cstring_to_text_with_len(line->text, line->length);
		Datum		values[3];
		bool		nulls[3] = {false, !line->timed, false};

		CHECK_FOR_INTERRUPTS();
		values[0] = PointerGetDatum(pod);
		values[1] = TimestampTzGetDatum(line->time);
		values[2] = PointerGetDatum(words);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		pfree(pod);
		pfree(words);
	}
}
