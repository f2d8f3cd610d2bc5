/*
 * name_grammar.h
 *	  What names.c, names_image.c and names_pod.c share; for nobody else.
 */
#pragma once

#include "inventory/names.h"

#include <string.h>

typedef enum OrchEnd
{
	END_ANY,
	END_ALNUM,
	END_LETTER,
	END_NOT_DIGIT
} OrchEnd;

typedef struct OrchGrammar
{
	const char *hint;
	const char *extra;			/* allowed beside letters and digits; NULL: judged by a function */
	size_t		max;			/* bytes; 0: any number */
	bool		upper;			/* upper-case letters too */
	bool		may_be_empty;
	OrchEnd		first;
	OrchEnd		last;
} OrchGrammar;

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static inline bool
is_letter(char c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static inline bool
is_alnum(char c)
{
	return is_letter(c) || is_digit(c);
}

static inline bool
is_control(char c)
{
	return (unsigned char) c < 0x20 || c == 0x7f;
}

static inline bool
is_text(const char *text, size_t length, const char *wanted)
{
	return strlen(wanted) == length && memcmp(text, wanted, length) == 0;
}

static inline bool
starts_with(const char *text, size_t length, const char *prefix)
{
	return strlen(prefix) <= length && memcmp(text, prefix, strlen(prefix)) == 0;
}

/* Writes the fault and returns false. */
extern bool orch_fault(OrchFault *fault, const char *format,...) __attribute__((format(printf, 2, 3)));

extern bool orch_fault_character(OrchFault *fault, const char *text, size_t length, size_t at);

/* Length, characters and ends, as the grammar says. */
extern bool orch_grammar_check(const OrchGrammar *grammar, const char *text, size_t length, OrchFault *fault);

extern bool orch_dots_check(const char *text, size_t length, OrchFault *fault);

/* ---- names_image.c ---- */
extern bool orch_check_registry(const char *text, size_t length, OrchFault *fault);
extern bool orch_check_repository(const char *text, size_t length, OrchFault *fault);
extern bool orch_check_tag(const char *text, size_t length, OrchFault *fault);
extern bool orch_check_digest(const char *text, size_t length, OrchFault *fault);

/* ---- names_pod.c ---- */
extern bool orch_check_pod_name(OrchNameKind kind, const char *text, size_t length, OrchFault *fault);

/* No ".." between slashes; absolute: it may begin with a slash. */
extern bool orch_check_backsteps(const char *text, size_t length, bool absolute, OrchFault *fault);
