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

/* one more member of an object */
static inline void
orch_json_text_member(StringInfo out, const char *key, const char *text)
{
	appendStringInfo(out, ",\"%s\":", key);
	orch_json_text(out, text);
}
