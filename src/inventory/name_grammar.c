/*
 * name_grammar.c
 *	  What the grammars of names are made of: faults, tables and dots.
 *
 * A leaf, so that names.c can ask names_image.c and names_pod.c and these need
 * not ask it.
 */
#include "inventory/name_grammar.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool
orch_fault(OrchFault *fault, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	vsnprintf(fault->text, sizeof(fault->text), format, args);
	va_end(args);
	return false;
}

/* Bytes of the UTF-8 character that starts at text, for quoting it whole. */
static int
character_bytes(const char *text, size_t length)
{
	unsigned char c = (unsigned char) text[0];
	size_t		bytes = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	return (int) (bytes <= length ? bytes : length);
}

bool
orch_fault_character(OrchFault *fault, const char *text, size_t length, size_t at)
{
	if (is_control(text[at]))
		return orch_fault(fault, "Character %zu is a control character.", at + 1);
	return orch_fault(fault, "Character %zu is \"%.*s\", which is not allowed.", at + 1,
				  character_bytes(text + at, length - at), text + at);
}

static bool
end_is(OrchEnd end, char c)
{
	switch (end)
	{
		case END_ALNUM:
			return is_alnum(c);
		case END_LETTER:
			return is_letter(c);
		case END_NOT_DIGIT:
			return !is_digit(c);
		case END_ANY:
			break;
	}
	return true;
}

/* Length, characters and ends, as the table says. */
bool
orch_grammar_check(const OrchGrammar *grammar, const char *text, size_t length, OrchFault *fault)
{
	if (length == 0)
		return grammar->may_be_empty || orch_fault(fault, "It is empty.");
	if (grammar->extra != NULL)
		for (size_t i = 0; i < length; i++)
			if (!is_digit(text[i]) && !is_lower(text[i]) &&
				!(grammar->upper && is_letter(text[i])) &&
				(text[i] == '\0' || strchr(grammar->extra, text[i]) == NULL))
				return orch_fault_character(fault, text, length, i);
	if (grammar->max > 0 && length > grammar->max)
		return orch_fault(fault, "It has %zu bytes; at most %zu are allowed.", length, grammar->max);
	if (!end_is(grammar->first, text[0]))
		return orch_fault(fault, "It begins with \"%c\".", text[0]);
	if (!end_is(grammar->last, text[length - 1]))
		return orch_fault(fault, "It ends with \"%c\".", text[length - 1]);
	return true;
}

/* Between two dots there is a name that begins and ends with a letter or digit. */
bool
orch_dots_check(const char *text, size_t length, OrchFault *fault)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] == '.' &&
			(i == 0 || i == length - 1 || !is_alnum(text[i - 1]) || !is_alnum(text[i + 1])))
			return orch_fault(fault, "The \".\" at character %zu is not between letters or digits.", i + 1);
	return true;
}

bool
orch_port_is_valid(long long port)
{
	return port >= 1 && port <= 65535;
}

bool
orch_port_parse(const char *text, size_t length, long long *port)
{
	long long	value = 0;

	if (length == 0 || length > 9)
		return false;
	for (size_t i = 0; i < length; i++)
	{
		if (!is_digit(text[i]))
			return false;
		value = value * 10 + (text[i] - '0');
	}
	*port = value;
	return true;
}
