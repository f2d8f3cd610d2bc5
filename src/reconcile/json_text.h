/*
 * json_text.h
 *	  A C string as a JSON value, for the jsonb arguments of the worker's calls.
 */
#pragma once

#include "lib/stringinfo.h"
#include "utils/json.h"

static inline void
orch_json_text(StringInfo out, const char *text)
{
	if (text == NULL)
		appendStringInfoString(out, "null");
	else
		escape_json(out, text);
}
