/*
 * status_text.h
 *	  How the decision table words its answers.
 *
 * A text that is NULL or empty is none: no sentence keeps a hole where it would
 * have stood.
 */
#pragma once

#include "reconcile/status.h"

/* A message under way. */
typedef struct StatusText
{
	char	   *buffer;
	size_t		size;
	size_t		length;
} StatusText;

extern bool has_text(const char *value);
extern const char *text_or(const char *value, const char *otherwise);
extern const char *or_empty(const char *value);

extern void text_begin(StatusText *text, char *buffer, size_t size);
extern void text_add(StatusText *text, const char *format,...) __attribute__((format(printf, 2, 3)));

extern void answer(OrchDerivedStatus *result, int row, OrchStatus status, const char *reason,
				   const char *format,...) __attribute__((format(printf, 5, 6)));
