/*
 * status_text.c
 *	  How the decision table words its answers.  Pure, like status.c.
 */
#include "reconcile/status_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool
has_text(const char *value)
{
	return value != NULL && value[0] != '\0';
}

const char *
text_or(const char *value, const char *otherwise)
{
	return has_text(value) ? value : otherwise;
}

const char *
or_empty(const char *value)
{
	return value ? value : "";
}

void
text_begin(StatusText *text, char *buffer, size_t size)
{
	text->buffer = buffer;
	text->size = size;
	text->length = 0;
	buffer[0] = '\0';
}

/*
 * What does not fit is cut off.
 */
static void
text_add_list(StatusText *text, const char *format, va_list args)
{
	int			added = vsnprintf(text->buffer + text->length, text->size - text->length, format, args);

	if (added > 0)
		text->length += added;
	if (text->length >= text->size)
		text->length = text->size - 1;
}

void
text_add(StatusText *text, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	text_add_list(text, format, args);
	va_end(args);
}

void
answer(OrchDerivedStatus *result, int row, OrchStatus status, const char *reason, const char *format,...)
{
	StatusText	text;
	va_list		args;

	result->row = row;
	result->status = status;
	snprintf(result->reason, sizeof(result->reason), "%s", or_empty(reason));
	text_begin(&text, result->message, sizeof(result->message));
	va_start(args, format);
	text_add_list(&text, format, args);
	va_end(args);
}
