/*
 * differing.c
 *	  differing_values(): what an API server returned otherwise than it was sent.
 *
 * Only what was sent is looked at: defaults, and what others have beside it, are no
 * difference.  Lists are matched as server-side apply does, quantities are compared
 * by value, and what says nothing (null, "", [], {}) may be dropped.  Runs once for
 * every object that is applied, so it copies nothing until it finds something.
 */
#include "postgres.h"

#include "core/compat.h"
#include "kube/quantity.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "engine/kubernetes/differing.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

/* what is told of one object */
#define MAX_DIFFERENCES 20
#define MAX_VALUE_BYTES 400

/* A field, or an element of a list, and the one it is in. */
typedef struct Step
{
	const struct Step *above;
	const char *name;			/* of a field; NULL: an element */
	int			length;
	int			position;		/* of an element, where nothing names it */
	const struct ListKey *key;	/* what names it, or NULL */
	const JsonbContainer *element;
} Step;

/* The lists of objects in which fields name an element, as the schema of the API has them; in all others its place does. */
typedef struct ListKey
{
	const char *list;
	const char *fields[2];
	const char *otherwise[2];	/* where the field is missing */
} ListKey;

static const ListKey list_keys[] = {
	{"containers", {"name"}, {NULL}},
	{"initContainers", {"name"}, {NULL}},
	{"ephemeralContainers", {"name"}, {NULL}},
	{"env", {"name"}, {NULL}},
	{"volumes", {"name"}, {NULL}},
	{"imagePullSecrets", {"name"}, {NULL}},
	{"resourceClaims", {"name"}, {NULL}},
	{"volumeMounts", {"mountPath"}, {NULL}},
	{"volumeDevices", {"devicePath"}, {NULL}},
	{"hostAliases", {"ip"}, {NULL}},
	{"topologySpreadConstraints", {"topologyKey", "whenUnsatisfiable"}, {NULL}},
	{"ports", {"containerPort", "protocol"}, {NULL, "TCP"}},
	{"ports", {"port", "protocol"}, {NULL, "TCP"}},
	{"ownerReferences", {"uid"}, {NULL}}
};

/* Fields of these hold quantities, or are some. */
static const char *const quantities[] = {"requests", "limits", "hard", "capacity", "overhead", "sizeLimit", "storage", "divisor"};

typedef struct Comparison
{
	JsonbParseState *state;		/* NULL: no difference yet */
	int			found;
	bool		is_secret;
} Comparison;

static void compare(Comparison *comparison, const Step *step, JsonbValue *sent, JsonbValue *returned);

static bool
is_field(const Step *step, const char *name)
{
	return step && step->name && step->length == (int) strlen(name) && memcmp(step->name, name, step->length) == 0;
}

static JsonbContainer *
nested(const JsonbValue *value, bool array)
{
	if (value->type != jbvBinary || JsonContainerIsArray(value->val.binary.data) != array)
		return NULL;
	return value->val.binary.data;
}

static bool
says_nothing(const JsonbValue *value)
{
	return value->type == jbvNull || (value->type == jbvString && value->val.string.len == 0) ||
		(value->type == jbvBinary && JsonContainerSize(value->val.binary.data) == 0);
}

static bool
texts_equal(const JsonbValue *a, const JsonbValue *b)
{
	return a->val.string.len == b->val.string.len && memcmp(a->val.string.val, b->val.string.val, a->val.string.len) == 0;
}

/* ---- telling a difference ---- */

/* The fields by which the schema names an element, as managedFields writes them: {"name":"web"}. */
static void
append_key(StringInfo out, const Step *step)
{
	const char *separator = "{";

	for (int i = 0; i < 2 && step->key->fields[i]; i++)
	{
		JsonbValue	value;
		const char *field = step->key->fields[i];

		appendStringInfoString(out, separator);
		escape_json(out, field);
		appendStringInfoChar(out, ':');
		if (getKeyJsonValueFromContainer((JsonbContainer *) step->element, field, strlen(field), &value) == NULL)
			escape_json(out, step->key->otherwise[i] ? step->key->otherwise[i] : "");
		else if (value.type == jbvString)
			escape_json(out, pnstrdup(value.val.string.val, value.val.string.len));
		else if (value.type == jbvNumeric)
			appendStringInfoString(out, numeric_normalize(value.val.numeric));
		separator = ",";
	}
	appendStringInfoChar(out, '}');
}

static void
append_path(StringInfo path, const Step *step)
{
	if (step == NULL)
		return;
	append_path(path, step->above);
	if (step->name && memchr(step->name, '.', step->length) == NULL && memchr(step->name, '/', step->length) == NULL)
		appendStringInfo(path, "%s%.*s", path->len ? "." : "", step->length, step->name);
	else if (step->name)
		appendStringInfo(path, "[%.*s]", step->length, step->name);
	else if (step->key)
	{
		JsonbValue	value;
		const char *field = step->key->fields[0];

		if (getKeyJsonValueFromContainer((JsonbContainer *) step->element, field, strlen(field), &value) && value.type == jbvString)
			appendStringInfo(path, "[%.*s]", value.val.string.len, value.val.string.val);
		else if (value.type == jbvNumeric)
			appendStringInfo(path, "[%s]", numeric_normalize(value.val.numeric));
	}
	else
		appendStringInfo(path, "[%d]", step->position);
}

static void
push_text(JsonbParseState **state, JsonbIteratorToken token, char *text, int length)
{
	JsonbValue	value;

	value.type = jbvString;
	value.val.string.val = text;
	value.val.string.len = length;
	(void) pushJsonbValue(state, token, &value);
}

/*
 * The way to the field in managedFields; false below an element that only its place
 * names: such a list has one owner as a whole.
 */
static bool
push_fields(JsonbParseState **state, const Step *step)
{
	StringInfoData text;

	if (step == NULL)
		return true;
	if (!push_fields(state, step->above) || (step->name == NULL && step->key == NULL))
		return false;
	initStringInfo(&text);
	if (step->name)
		appendStringInfo(&text, "f:%.*s", step->length, step->name);
	else
	{
		appendStringInfoString(&text, "k:");
		append_key(&text, step);
	}
	push_text(state, WJB_ELEM, text.data, text.len);
	return true;
}

static void
push_value(JsonbParseState **state, char *name, const JsonbValue *value, bool hidden)
{
	JsonbValue	copy;

	push_text(state, WJB_KEY, name, strlen(name));
	if (hidden)
		push_text(state, WJB_VALUE, "(redacted)", strlen("(redacted)"));
	else if ((value->type == jbvBinary && value->val.binary.len > MAX_VALUE_BYTES) || (value->type == jbvString && value->val.string.len > MAX_VALUE_BYTES))
		push_text(state, WJB_VALUE, "(long)", strlen("(long)"));
	else
	{
		copy = *value;
		(void) pushJsonbValue(state, WJB_VALUE, &copy);
	}
}

static void
differ(Comparison *comparison, const Step *step, const JsonbValue *sent, const JsonbValue *returned)
{
	StringInfoData path;
	JsonbParseState **state = &comparison->state;
	const Step *top = step;
	bool		hidden;

	if (comparison->found++ >= MAX_DIFFERENCES)
		return;
	while (top->above)
		top = top->above;
	hidden = comparison->is_secret && (is_field(top, "data") || is_field(top, "stringData"));
	if (*state == NULL)
		(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	initStringInfo(&path);
	append_path(&path, step);
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	push_text(state, WJB_KEY, "path", 4);
	push_text(state, WJB_VALUE, path.data, path.len);
	push_text(state, WJB_KEY, "fields", 6);
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	(void) push_fields(state, step);
	(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
	push_value(state, "sent", sent, hidden);
	if (returned)
		push_value(state, "returned", returned, hidden);
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/* ---- comparing ---- */

/* Is this a place where "500m" and 0.5 mean the same? */
static bool
is_quantity(const Step *step)
{
	for (int i = 0; i < lengthof(quantities); i++)
	{
		if (is_field(step, quantities[i]) || (step && is_field(step->above, quantities[i])))
			return true;
	}
	return false;
}

static bool
parse_quantity(const JsonbValue *value, OrchQuantityUnit unit, int64 *result)
{
	char	   *text;

	if (value->type == jbvString)
		text = pnstrdup(value->val.string.val, value->val.string.len);
	else if (value->type == jbvNumeric)
		text = numeric_normalize(value->val.numeric);
	else
		return false;
	return orch_quantity_parse(text, unit, result) == ORCH_QUANTITY_OK;
}

static bool
quantities_equal(const JsonbValue *sent, const JsonbValue *returned)
{
	int64		a;
	int64		b;

	/* thousandths tell all that Kubernetes keeps, unless it is too much of them */
	if (parse_quantity(sent, ORCH_QUANTITY_MILLI, &a) && parse_quantity(returned, ORCH_QUANTITY_MILLI, &b))
		return a == b;
	return parse_quantity(sent, ORCH_QUANTITY_ONE, &a) && parse_quantity(returned, ORCH_QUANTITY_ONE, &b) && a == b;
}

static bool
scalars_equal(const JsonbValue *sent, const JsonbValue *returned)
{
	if (sent->type != returned->type)
		return false;
	switch (sent->type)
	{
		case jbvString:
			return texts_equal(sent, returned);
		case jbvNumeric:
			return DatumGetBool(DirectFunctionCall2(numeric_eq, NumericGetDatum(sent->val.numeric), NumericGetDatum(returned->val.numeric)));
		case jbvBool:
			return sent->val.boolean == returned->val.boolean;
		case jbvNull:
			return true;
		default:
			/* an object and a list */
			return false;
	}
}

static bool
same_key(const ListKey *key, JsonbContainer *sent, JsonbContainer *returned)
{
	for (int i = 0; i < 2 && key->fields[i]; i++)
	{
		JsonbValue	values[2];
		JsonbContainer *const elements[2] = {sent, returned};

		for (int j = 0; j < 2; j++)
		{
			if (getKeyJsonValueFromContainer(elements[j], key->fields[i], strlen(key->fields[i]), &values[j]) != NULL)
				continue;
			if (key->otherwise[i] == NULL)
				return false;
			values[j].type = jbvString;
			values[j].val.string.val = unconstify(char *, key->otherwise[i]);
			values[j].val.string.len = strlen(key->otherwise[i]);
		}
		if (!scalars_equal(&values[0], &values[1]))
			return false;
	}
	return true;
}

/* What names the elements of a list; NULL: their places. */
static const ListKey *
key_of(const Step *step, JsonbContainer *list)
{
	JsonbValue *first = JsonContainerSize(list) > 0 ? getIthJsonbValueFromContainer(list, 0) : NULL;
	JsonbContainer *object = first ? nested(first, false) : NULL;
	JsonbValue	value;

	for (int i = 0; object && i < lengthof(list_keys); i++)
	{
		if (is_field(step, list_keys[i].list) &&
			getKeyJsonValueFromContainer(object, list_keys[i].fields[0], strlen(list_keys[i].fields[0]), &value) != NULL)
			return &list_keys[i];
	}
	return NULL;
}

static JsonbValue *
find_element(const ListKey *key, JsonbContainer *wanted, JsonbContainer *list, int guess)
{
	int			size = JsonContainerSize(list);

	/* mostly at the same place */
	for (int i = 0; i < size; i++)
	{
		JsonbValue *candidate = getIthJsonbValueFromContainer(list, (guess + i) % size);
		JsonbContainer *object = nested(candidate, false);

		if (object && same_key(key, wanted, object))
			return candidate;
	}
	return NULL;
}

static void
compare_lists(Comparison *comparison, const Step *step, JsonbValue *sent, JsonbValue *returned)
{
	JsonbContainer *from = sent->val.binary.data;
	JsonbContainer *to = returned->val.binary.data;
	const ListKey *key = key_of(step, from);
	int			size = JsonContainerSize(from);

	if (key == NULL && size != (int) JsonContainerSize(to))
	{
		differ(comparison, step, sent, returned);
		return;
	}
	for (int i = 0; i < size; i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(from, i);
		Step		below = {.above = step, .position = i};
		JsonbValue *match;

		if (key && nested(element, false))
		{
			below.key = key;
			below.element = element->val.binary.data;
			match = find_element(key, element->val.binary.data, to, i);
		}
		else
			match = i < (int) JsonContainerSize(to) ? getIthJsonbValueFromContainer(to, i) : NULL;
		if (match)
			compare(comparison, &below, element, match);
		else
			differ(comparison, &below, element, NULL);
	}
}

static void
compare_objects(Comparison *comparison, const Step *step, JsonbContainer *sent, JsonbContainer *returned)
{
	JsonbIterator *iterator = JsonbIteratorInit(sent);
	JsonbIteratorToken token;
	JsonbValue	field;
	JsonbValue	value;
	JsonbValue	other;

	while ((token = JsonbIteratorNext(&iterator, &field, true)) != WJB_DONE)
	{
		Step		below = {.above = step};

		if (token != WJB_KEY)
			continue;
		below.name = field.val.string.val;
		below.length = field.val.string.len;
		(void) JsonbIteratorNext(&iterator, &value, true);
		/* what the request was about, and not what it asked for */
		if (step == NULL && (is_field(&below, "apiVersion") || is_field(&below, "kind") || is_field(&below, "status")))
			continue;
		if (getKeyJsonValueFromContainer(returned, below.name, below.length, &other) != NULL)
			compare(comparison, &below, &value, &other);
		else if (!says_nothing(&value))
			differ(comparison, &below, &value, NULL);
	}
}

static void
compare(Comparison *comparison, const Step *step, JsonbValue *sent, JsonbValue *returned)
{
	check_stack_depth();
	if (sent->type == jbvBinary && returned->type == jbvBinary && JsonContainerIsArray(sent->val.binary.data) == JsonContainerIsArray(returned->val.binary.data))
	{
		if (JsonContainerSize(sent->val.binary.data) == 0)
			return;
		if (JsonContainerIsArray(sent->val.binary.data))
			compare_lists(comparison, step, sent, returned);
		else
			compare_objects(comparison, step, sent->val.binary.data, returned->val.binary.data);
	}
	else if (sent->type == jbvNull || (says_nothing(sent) && says_nothing(returned)))
		return;
	else if (!scalars_equal(sent, returned) && !(is_quantity(step) && quantities_equal(sent, returned)))
		differ(comparison, step, sent, returned);
}

Jsonb *
orch_differing(Jsonb *sent, Jsonb *returned)
{
	Comparison	comparison = {0};
	JsonbValue	kind;

	if (!JB_ROOT_IS_OBJECT(sent) || !JB_ROOT_IS_OBJECT(returned))
		return NULL;
	comparison.is_secret = getKeyJsonValueFromContainer(&sent->root, "kind", 4, &kind) && kind.type == jbvString &&
		kind.val.string.len == 6 && memcmp(kind.val.string.val, "Secret", 6) == 0;
	compare_objects(&comparison, NULL, &sent->root, &returned->root);
	if (comparison.found == 0)
		return NULL;
	return JsonbValueToJsonb(pushJsonbValue(&comparison.state, WJB_END_ARRAY, NULL));
}

ORCH_FUNCTION(orch_differing_values);

/*
 * differing_values(sent, returned)
 */
Datum
orch_differing_values(PG_FUNCTION_ARGS)
{
	Jsonb	   *differing = orch_differing(PG_GETARG_JSONB_P(0), PG_GETARG_JSONB_P(1));

	if (differing == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(differing);
}
