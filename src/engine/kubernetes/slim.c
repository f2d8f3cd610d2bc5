/*
 * slim.c
 *	  Leaves out of an object's text what nobody reads, before it is parsed.
 *
 * Parsing costs twenty times what reading does, and most of an object is of no
 * interest: other managers' fields, pod templates, images and times.  Skipping
 * needs no more than to find the end of a value.
 */
#include "postgres.h"

#include "engine/kubernetes/facts.h"
#include "engine/kubernetes/slim.h"
#include "lib/stringinfo.h"

typedef struct Rules Rules;

typedef enum Action
{
	KEEP,
	DROP,
	FILTER,						/* by the inner rules; an array: each element */
	OWN							/* of an array the elements that name our field manager */
} Action;

typedef struct Rule
{
	const char *key;
	Action		action;
	const Rules *inner;
} Rule;

struct Rules
{
	Action		others;			/* members that have no rule */
	const Rule *list;			/* up to one without key */
};

#define RULES(name, others_, ...) \
	static const Rule name##_list[] = {__VA_ARGS__, {NULL}}; \
	static const Rules name = {others_, name##_list}

RULES(ended_rules, DROP, {"reason", KEEP}, {"exitCode", KEEP}, {"signal", KEEP}, {"message", KEEP}, {"finishedAt", KEEP});
RULES(state_rules, DROP, {"waiting", KEEP}, {"terminated", FILTER, &ended_rules});
RULES(container_rules, DROP, {"restartCount", KEEP}, {"ready", KEEP}, {"started", KEEP}, {"state", FILTER, &state_rules},
	  {"lastState", FILTER, &state_rules});
RULES(condition_rules, DROP, {"type", KEEP}, {"status", KEEP}, {"reason", KEEP}, {"message", KEEP});
RULES(pod_status_rules, DROP, {"phase", KEEP}, {"reason", KEEP}, {"message", KEEP}, {"podIP", KEEP}, {"startTime", KEEP},
	  {"conditions", FILTER, &condition_rules}, {"containerStatuses", FILTER, &container_rules},
	  {"initContainerStatuses", FILTER, &container_rules});
RULES(pod_spec_rules, DROP, {"nodeName", KEEP});
RULES(pod_metadata_rules, KEEP, {"managedFields", DROP}, {"annotations", DROP});
RULES(pod_rules, DROP, {"metadata", FILTER, &pod_metadata_rules}, {"spec", FILTER, &pod_spec_rules}, {"status", FILTER, &pod_status_rules});

RULES(metadata_rules, KEEP, {"managedFields", OWN});
RULES(status_rules, KEEP, {"conditions", FILTER, &condition_rules});
RULES(object_rules, KEEP, {"metadata", FILTER, &metadata_rules}, {"status", FILTER, &status_rules}, {"data", DROP},
	  {"binaryData", DROP}, {"stringData", DROP});

/* these have a generation, so that no digest is made of their specification */
RULES(workload_spec_rules, KEEP, {"template", DROP});
RULES(workload_rules, KEEP, {"metadata", FILTER, &metadata_rules}, {"spec", FILTER, &workload_spec_rules}, {"status", FILTER, &status_rules});

static const struct
{
	const char *kind;
	const Rules *rules;
}			kinds[] = {{"Pod", &pod_rules}, {"Deployment", &workload_rules}, {"Job", &workload_rules}};

typedef struct Cursor
{
	const char *at;
	const char *end;
	StringInfo	out;
} Cursor;

/* what ends or nests a value; anything else is skipped without a look */
static const bool special[256] = {['"'] = true, ['{'] = true, ['['] = true, ['}'] = true, [']'] = true, [','] = true};

static const char *
skip_string(const char *at, const char *end)
{
	const char *quote = memchr(at + 1, '"', end - at - 1);

	if (quote != NULL && quote[-1] != '\\')
		return quote + 1;
	for (at++; at < end && *at != '"'; at++)
	{
		if (*at == '\\')
			at++;
	}
	return at < end ? at + 1 : end;
}

const char *
orch_json_skip(const char *at, const char *end)
{
	int			depth = 0;

	while (at < end)
	{
		char		c = *at;

		if (!special[(unsigned char) c])
			at++;
		else if (c == '"')
		{
			at = skip_string(at, end);
			if (depth == 0)
				return at;
		}
		else if (c == '{' || c == '[')
		{
			depth++;
			at++;
		}
		else if (c == ',')
		{
			if (depth == 0)
				return at;
			at++;
		}
		else
		{
			if (depth == 0)
				return at;
			at++;
			if (--depth == 0)
				return at;
		}
	}
	return end;
}

static char
next_character(Cursor *cursor)
{
	while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t' || *cursor->at == '\n' || *cursor->at == '\r'))
		cursor->at++;
	return cursor->at < cursor->end ? *cursor->at : '\0';
}

static const Rule *
rule_for(const Rules *rules, const char *key, size_t length)
{
	for (const Rule *rule = rules->list; rule->key != NULL; rule++)
	{
		if (strncmp(rule->key, key, length) == 0 && rule->key[length] == '\0')
			return rule;
	}
	return NULL;
}

static void
put_separator(StringInfo out)
{
	char		last = out->len > 0 ? out->data[out->len - 1] : '[';

	if (last != '{' && last != '[')
		appendStringInfoCharMacro(out, ',');
}

static void
keep(Cursor *cursor)
{
	const char *from = cursor->at;

	cursor->at = orch_json_skip(from, cursor->end);
	appendBinaryStringInfo(cursor->out, from, cursor->at - from);
}

static bool filter(Cursor *cursor, const Rules *rules);

/*
 * A key that stands at the cursor, and what belongs to it.
 */
static bool
filter_member(Cursor *cursor, const Rules *rules)
{
	const char *key = cursor->at;
	size_t		length;
	const Rule *rule;
	Action		action;

	cursor->at = skip_string(key, cursor->end);
	length = cursor->at - key;
	if (length < 2 || next_character(cursor) != ':')
		return false;
	cursor->at++;
	(void) next_character(cursor);
	rule = rule_for(rules, key + 1, length - 2);
	action = rule != NULL ? rule->action : rules->others;
	if (action == DROP)
	{
		cursor->at = orch_json_skip(cursor->at, cursor->end);
		return true;
	}
	put_separator(cursor->out);
	appendBinaryStringInfo(cursor->out, key, length);
	appendStringInfoCharMacro(cursor->out, ':');
	if (action != KEEP)
		return filter(cursor, rule->inner);
	keep(cursor);
	return true;
}

/*
 * Copies an element that may be an entry of ours: what escapes hide is looked at
 * closely later.
 */
static void
keep_own(Cursor *cursor)
{
	static const char manager[] = "\"" ORCH_FIELD_MANAGER "\"";
	const char *from = cursor->at;
	size_t		length;

	cursor->at = orch_json_skip(from, cursor->end);
	length = cursor->at - from;
	if (memmem(from, length, manager, strlen(manager)) == NULL && memchr(from, '\\', length) == NULL)
		return;
	put_separator(cursor->out);
	appendBinaryStringInfo(cursor->out, from, length);
}

/*
 * Without rules, the array is managedFields.
 */
static bool
filter_element(Cursor *cursor, const Rules *rules)
{
	if (rules == NULL)
	{
		keep_own(cursor);
		return true;
	}
	put_separator(cursor->out);
	if (next_character(cursor) != '[')
		return filter(cursor, rules);
	keep(cursor);
	return true;
}

/*
 * Copies the value at the cursor, by the rules if it is an object or an array.
 * False for what is no JSON.  No deeper than the rules are.
 */
static bool
filter(Cursor *cursor, const Rules *rules)
{
	char		open = next_character(cursor);
	char		next;

	if (open != '[' && (open != '{' || rules == NULL))
	{
		keep(cursor);
		return true;
	}
	appendStringInfoCharMacro(cursor->out, open);
	cursor->at++;
	while ((next = next_character(cursor)) != '\0' && next != '}' && next != ']')
	{
		if (next == ',')
			cursor->at++;
		else if (open == '{' ? next != '"' || !filter_member(cursor, rules) : !filter_element(cursor, rules))
			return false;
	}
	appendStringInfoCharMacro(cursor->out, next);
	cursor->at++;
	return next == (open == '{' ? '}' : ']');
}

char *
orch_kube_slim(const char *kind, const char *json, size_t length)
{
	const Rules *rules = &object_rules;
	StringInfoData out;
	Cursor		cursor = {json, json + length, &out};

	for (int i = 0; i < lengthof(kinds); i++)
	{
		if (strcmp(kind, kinds[i].kind) == 0)
			rules = kinds[i].rules;
	}
	initStringInfo(&out);
	enlargeStringInfo(&out, length);
	if (next_character(&cursor) != '{' || !filter(&cursor, rules) || next_character(&cursor) != '\0')
		return NULL;
	return out.data;
}
