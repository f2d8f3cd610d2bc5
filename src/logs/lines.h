/*
 * lines.h
 *	  The lines of several logs, in the order of their times.
 */
#pragma once

#include "postgres.h"

#include "nodes/execnodes.h"

typedef struct OrchLogLine
{
	const char *pod;
	const char *text;
	int			length;
	bool		timed;			/* time is its own, not that of the line before */
	int64		time;			/* as TimestampTz */
	int			number;			/* of all lines as they came */
} OrchLogLine;

/* All zero at first; lives in the memory context of the first addition. */
typedef struct OrchLogLines
{
	OrchLogLine *lines;
	int			count;
	int			size;
	Size		bytes;
} OrchLogLines;

/* pod and text must outlive the lines */
extern void orch_log_lines_add(OrchLogLines *lines, const char *pod, const char *text, Size length);
extern void orch_log_lines_return(OrchLogLines *lines, ReturnSetInfo *result);
