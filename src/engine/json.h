/*
 * json.h
 *	  Reading jsonb without asking whether it is well formed, and writing facts.
 *
 * What is missing, null or of another type than expected is absent; nothing
 * here throws but for want of memory.  Containers that are NULL have no members.
 */
#pragma once

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

/* A text inside a jsonb value: no NUL at its end.  data NULL: there is none. */
typedef struct OrchText
{
	const char *data;
	int			length;
} OrchText;

static inline bool
orch_text_is(OrchText text, const char *value)
{
	return text.data != NULL && text.length == strlen(value) && memcmp(text.data, value, text.length) == 0;
}

static inline bool
orch_text_equal(OrchText a, OrchText b)
{
	return a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
}

static inline OrchText
orch_text_or(OrchText text, OrchText otherwise)
{
	return text.data != NULL ? text : otherwise;
}

extern bool orch_json_member(JsonbContainer *object, const char *key, JsonbValue *value);
extern JsonbContainer *orch_json_object(JsonbContainer *object, const char *key);
extern JsonbContainer *orch_json_array(JsonbContainer *object, const char *key);
extern int	orch_json_count(JsonbContainer *array);
extern JsonbContainer *orch_json_element(JsonbContainer *array, int i);

/* like ->>: what is no string as it is written */
extern OrchText orch_json_string(JsonbContainer *object, const char *key);
extern OrchText orch_json_string_element(JsonbContainer *array, int i);

/* keys of an object, whose number is orch_json_count(); NULL: it has none */
extern OrchText *orch_json_keys(JsonbContainer *object);

/* false: no integer, or one that does not fit */
extern bool orch_json_integer(JsonbContainer *object, const char *key, int64 *number);
extern bool orch_json_true(JsonbContainer *object, const char *key);

/* by characters of the database's encoding */
extern OrchText orch_text_first(OrchText text, int characters);
extern OrchText orch_text_last(OrchText text, int characters);
extern char *orch_text_copy(OrchText text);
extern int64 orch_text_number(OrchText text);	/* 0: none */
extern bool orch_text_seconds(OrchText time, int64 *seconds);	/* RFC 3339, since 1970 */

/* In an array that is being written: a string, or the beginning of what follows. */
extern void orch_json_put_element(StringInfo out, OrchText text);
extern void orch_json_put_begin(StringInfo out, char bracket);

/* One member of an object that is being written; nothing for what is absent. */
extern void orch_json_put(StringInfo out, const char *key, JsonbContainer *object, const char *member);
extern void orch_json_put_text(StringInfo out, const char *key, OrchText text);
extern void orch_json_put_integer(StringInfo out, const char *key, int64 number);
extern void orch_json_put_boolean(StringInfo out, const char *key, bool value);
extern void orch_json_put_key(StringInfo out, const char *key);

/* a member whose key may hold anything */
extern void orch_json_put_member(StringInfo out, OrchText key, OrchText text);
