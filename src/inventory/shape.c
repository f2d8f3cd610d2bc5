/*
 * shape.c
 *	  Compares a JSON value with its shape and stops at the first mistake.
 *
 * Values of strings are never repeated in an error: they may be secret.  Names
 * and numbers are.  A null field counts as absent, as in Kubernetes.
 */
#include "inventory/shape.h"

#include "core/errors.h"
#include "kube/quantity.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

/* longest text of the user that is repeated in an error */
#define QUOTED_BYTES 80

static const char *
quoted(const char *text, int length)
{
	int			clipped = pg_mbcliplen(text, length, QUOTED_BYTES);

	return psprintf("\"%.*s%s\"", clipped, text, clipped < length ? "..." : "");
}

/*
 * See shape.h.
 */
void
orch_refuse(const char *place, const char *fact, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_ORCH_INVALID_SPECIFICATION),
			 errmsg("invalid specification at %s", place),
			 errdetail("%s: %s", place, fact),
			 hint ? errhint("%s", hint) : 0));
}

/*
 * See shape.h.
 */
void
orch_place_field(StringInfo place, const char *field, size_t length)
{
	bool		plain = length > 0;

	for (size_t i = 0; i < length; i++)
		plain = plain && (isalnum((unsigned char) field[i]) || field[i] == '_' || field[i] == '-');
	if (plain)
		appendStringInfo(place, ".%.*s", (int) length, field);
	else
		appendStringInfo(place, "[%s]", quoted(field, (int) length));
}

static const char *
type_name(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			return "null";
		case jbvString:
			return "a string";
		case jbvNumeric:
			return "a number";
		case jbvBool:
			return "a boolean";
		case jbvArray:
			return "an array";
		case jbvBinary:
			return JsonContainerIsObject(value->val.binary.data) ? "an object" : "an array";
		default:
			return "an object";
	}
}

static const char *
how_to_write(const char *wanted)
{
	static const char *const hints[][2] = {
		{"A string", "Write text in double quotes."},
		{"A number", "Write digits, without quotes."},
		{"A boolean", "Write true or false, without quotes."},
		{"An object", "Write fields in braces: {\"name\": value}."},
		{"An array", "Write elements in brackets: [value, value]."},
	};

	for (size_t i = 0; i < lengthof(hints); i++)
		if (strcmp(hints[i][0], wanted) == 0)
			return hints[i][1];
	return NULL;
}

static void
expect(const JsonbValue *value, bool fits, const char *wanted, StringInfo place)
{
	bool		quoted_scalar = value->type == jbvString && (strcmp(wanted, "A number") == 0 || strcmp(wanted, "A boolean") == 0);
	bool		bare_scalar = (value->type == jbvNumeric || value->type == jbvBool) && strcmp(wanted, "A string") == 0;

	if (!fits)
		orch_refuse(place->data, psprintf("%s is expected, not %s.", wanted, type_name(value)),
					quoted_scalar ? "Leave the quotes out." : bare_scalar ? "Put the value in quotes." : how_to_write(wanted));
}

static bool
is_container(const JsonbValue *value, bool object)
{
	if (value->type != jbvBinary || JsonContainerIsScalar(value->val.binary.data))
		return false;
	return object ? JsonContainerIsObject(value->val.binary.data) : JsonContainerIsArray(value->val.binary.data);
}

/*
 * See shape.h.
 */
bool
orch_jsonb_is_text(const JsonbValue *value, const char *text)
{
	return value->type == jbvString && value->val.string.len == (int) strlen(text) &&
		memcmp(value->val.string.val, text, value->val.string.len) == 0;
}

static void
check_name(const JsonbValue *value, OrchNameKind kind, StringInfo place)
{
	OrchFault	fault;

	expect(value, value->type == jbvString, "A string", place);
	if (!orch_name_check(kind, value->val.string.val, value->val.string.len, &fault))
		orch_refuse(place->data,
					psprintf("%s is not valid. %s", quoted(value->val.string.val, value->val.string.len), fault.text),
					orch_name_hint(kind));
}

static const char *
join(const char *const *items, const char *separator)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; items[i] != NULL; i++)
		if (items[i][0] != '\0')
			appendStringInfo(&list, "%s%s", list.len > 0 ? separator : "", items[i]);
	return list.data;
}

static void
check_choice(const JsonbValue *value, const char *const *choices, StringInfo place)
{
	expect(value, value->type == jbvString, "A string", place);
	for (int i = 0; choices[i] != NULL; i++)
		if (orch_jsonb_is_text(value, choices[i]))
			return;
	orch_refuse(place->data,
				psprintf("%s is not one of %s.", quoted(value->val.string.val, value->val.string.len), join(choices, ", ")),
				"Write one of them; upper and lower case count.");
}

static void
check_integer(const JsonbValue *value, const OrchShape *shape, StringInfo place)
{
	char	   *digits;
	char	   *end;
	int64		number;

	expect(value, value->type == jbvNumeric, "A number", place);
	digits = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	errno = 0;
	number = strtoll(digits, &end, 10);
	if (*end != '\0')
		orch_refuse(place->data, psprintf("%s is not a whole number.", quoted(digits, (int) strlen(digits))), "Write a whole number.");
	if (errno == ERANGE || number < shape->minimum || number > shape->maximum)
		orch_refuse(place->data,
					shape->minimum == shape->maximum
					? psprintf("%s is not allowed, only " INT64_FORMAT " is.", digits, shape->minimum)
					: psprintf("%.*s is not between " INT64_FORMAT " and " INT64_FORMAT ".", QUOTED_BYTES, digits, shape->minimum, shape->maximum),
					shape->minimum == shape->maximum ? "Leave it out." : "Choose a number within these limits.");
}

/* A number, or the name of a port; a number in quotes would be taken for a name. */
static void
check_port(const JsonbValue *value, StringInfo place)
{
	static const OrchShape number = {.type = ORCH_SHAPE_INTEGER, .minimum = 1, .maximum = 65535};

	if (value->type == jbvNumeric)
		check_integer(value, &number, place);
	else
		check_name(value, ORCH_NAME_PORT, place);
}

static const OrchShapeField *
find_field(const OrchShape *shape, const JsonbValue *key)
{
	for (const OrchShapeField *field = shape->fields; field != NULL && field->name != NULL; field++)
		if (orch_jsonb_is_text(key, field->name))
			return field;
	return NULL;
}

static const char *
known_fields(const OrchShape *shape)
{
	StringInfoData known;

	initStringInfo(&known);
	for (const OrchShapeField *field = shape->fields; field->name != NULL; field++)
		appendStringInfo(&known, "%s%s", field == shape->fields ? "Known fields: " : ", ", field->name);
	appendStringInfoChar(&known, '.');
	return known.data;
}

/* A field that is not listed: refused with its own hint, or as unknown. */
static void
check_unlisted(const OrchShape *shape, const JsonbValue *key, StringInfo place)
{
	const char *name = quoted(key->val.string.val, key->val.string.len);

	for (const char *const *pair = shape->refused; pair != NULL && *pair != NULL; pair += 2)
		if (orch_jsonb_is_text(key, pair[0]))
			orch_refuse(place->data, psprintf("The field %s is not accepted here.", name), pair[1]);
	if (!shape->open)
		orch_refuse(place->data, psprintf("The field %s is not known.", name), known_fields(shape));
}

/*
 * See shape.h.
 */
bool
orch_field_member(const JsonbValue *object, const char *name, JsonbValue *member)
{
	return is_container(object, true) &&
		getKeyJsonValueFromContainer(object->val.binary.data, name, strlen(name), member) != NULL &&
		member->type != jbvNull;
}

static bool
has_field(const JsonbValue *object, const char *name)
{
	JsonbValue	found;

	return orch_field_member(object, name, &found);
}

static void
check_presence(const JsonbValue *object, const OrchShape *shape, StringInfo place, bool patch)
{
	int			present = 0;

	for (const OrchShapeField *field = shape->fields; field != NULL && field->name != NULL; field++)
		if (field->required && !patch && !has_field(object, field->name))
			orch_refuse(place->data, psprintf("The field \"%s\" is missing.", field->name), "Add it.");
	if (shape->exactly_one == NULL)
		return;
	for (int i = 0; shape->exactly_one[i] != NULL; i++)
		present += has_field(object, shape->exactly_one[i]) ? 1 : 0;
	if (present > 1 || (present == 0 && !shape->or_none && !patch))
		orch_refuse(place->data,
					psprintf("%s one of %s is expected, %d are given.", shape->or_none ? "At most" : "Exactly", join(shape->exactly_one, ", "), present),
					present > 1 ? "Leave all but one of them out." : "Add one of them.");
}

static void walk(const JsonbValue *value, const OrchShape *shape, StringInfo place, bool patch);

/* Goes through the members of an object or a map. */
static void
check_members(const JsonbValue *value, const OrchShape *shape, StringInfo place, bool patch)
{
	JsonbIterator *iterator = JsonbIteratorInit(value->val.binary.data);
	JsonbIteratorToken token = JsonbIteratorNext(&iterator, &(JsonbValue) {0}, true);
	int			base = place->len;
	JsonbValue	key;
	JsonbValue	member;

	while ((token = JsonbIteratorNext(&iterator, &key, true)) == WJB_KEY)
	{
		const OrchShape *wanted = shape->element;

		JsonbIteratorNext(&iterator, &member, true);
		if (shape->type == ORCH_SHAPE_OBJECT)
		{
			const OrchShapeField *field = find_field(shape, &key);

			if (field == NULL)
				check_unlisted(shape, &key, place);
			wanted = field && member.type != jbvNull ? field->shape : NULL;
		}
		else if (patch && member.type == jbvNull)
			wanted = NULL;
		orch_place_field(place, key.val.string.val, key.val.string.len);
		if (shape->type == ORCH_SHAPE_MAP)
			check_name(&key, shape->name, place);
		if (wanted != NULL)
			walk(&member, wanted, place, patch);
		place->len = base;
		place->data[base] = '\0';
	}
}

/* What tells an element from the others, as text; NULL when it has nothing of it. */
static char *
element_key(const JsonbValue *element, const char *const *names)
{
	StringInfoData key;
	bool		any = false;

	initStringInfo(&key);
	for (int i = 0; names[i] != NULL; i++)
	{
		JsonbValue	part;

		if (!orch_field_member(element, names[i], &part))
			/* the one default among the keys of Kubernetes' lists */
			appendStringInfoString(&key, strcmp(names[i], "protocol") == 0 ? "TCP" : "");
		else if (part.type == jbvString)
			appendBinaryStringInfo(&key, part.val.string.val, part.val.string.len);
		else if (part.type == jbvNumeric)
			appendStringInfoString(&key, DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(part.val.numeric))));
		any = any || has_field(element, names[i]);
		if (names[i + 1] != NULL)
			appendStringInfoChar(&key, '/');
	}
	return any ? key.data : NULL;
}

typedef struct Keyed
{
	const char *key;
	int			index;
} Keyed;

static int
compare_keyed(const void *a, const void *b)
{
	const Keyed *x = a;
	const Keyed *y = b;
	int			order = strcmp(x->key, y->key);

	return order != 0 ? order : x->index - y->index;
}

/* No two elements have the same in the fields that tell them apart. */
static void
check_unique(JsonbContainer *array, const OrchShape *shape, StringInfo place)
{
	int			size = (int) JsonContainerSize(array);
	Keyed	   *keyed = palloc(sizeof(Keyed) * (size + 1));
	int			count = 0;
	int			first = -1;

	for (int i = 0; i < size; i++)
	{
		keyed[count].key = element_key(getIthJsonbValueFromContainer(array, i), shape->unique);
		keyed[count].index = i;
		count += keyed[count].key != NULL ? 1 : 0;
	}
	qsort(keyed, count, sizeof(Keyed), compare_keyed);
	for (int i = 1; i < count; i++)
		if (strcmp(keyed[i].key, keyed[i - 1].key) == 0 && (first < 0 || keyed[i].index < keyed[first].index))
			first = i;
	if (first < 0)
		return;
	appendStringInfo(place, "[%d].%s", keyed[first].index, shape->unique[0]);
	orch_refuse(place->data,
				psprintf("%s is already given by element %d.", quoted(keyed[first].key, (int) strlen(keyed[first].key)), keyed[first - 1].index),
				"Elements are counted from 0.");
}

static void
check_elements(const JsonbValue *value, const OrchShape *shape, StringInfo place, bool patch)
{
	JsonbContainer *array = value->val.binary.data;
	int			size = (int) JsonContainerSize(array);
	int			base = place->len;

	for (int i = 0; i < size; i++)
	{
		CHECK_FOR_INTERRUPTS();
		appendStringInfo(place, "[%d]", i);
		walk(getIthJsonbValueFromContainer(array, i), shape->element, place, patch && shape->merged);
		if (patch && shape->merged && !has_field(getIthJsonbValueFromContainer(array, i), shape->unique[0]))
			orch_refuse(place->data, psprintf("The field \"%s\" is missing.", shape->unique[0]), "Add it: it says what is merged with what.");
		place->len = base;
		place->data[base] = '\0';
	}
	if (size < shape->minimum)
		orch_refuse(place->data, psprintf("It has %d elements, fewer than " INT64_FORMAT ".", size, shape->minimum), "Add what is missing.");
	if (shape->maximum > 0 && size > shape->maximum)
		orch_refuse(place->data, psprintf("It has %d elements, more than " INT64_FORMAT ".", size, shape->maximum), "Leave some out.");
	if (shape->unique != NULL)
		check_unique(array, shape, place);
}

/* "250m" or 0.25, not negative. */
static void
check_quantity(const JsonbValue *value, StringInfo place)
{
	static const char *const hint = "Write a number with a suffix that Kubernetes knows, as in \"250m\", \"64Mi\" or \"2\".";
	int64		ignored;
	char	   *text;

	expect(value, value->type == jbvString || value->type == jbvNumeric, "A string", place);
	text = value->type == jbvString ? pnstrdup(value->val.string.val, value->val.string.len)
		: DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	switch (orch_quantity_parse(text, ORCH_QUANTITY_ONE, &ignored))
	{
		case ORCH_QUANTITY_OK:
			break;
		case ORCH_QUANTITY_SYNTAX:
			orch_refuse(place->data, psprintf("%s is no quantity.", quoted(text, (int) strlen(text))), hint);
		case ORCH_QUANTITY_OUT_OF_RANGE:
			orch_refuse(place->data, psprintf("%s is too large.", quoted(text, (int) strlen(text))), hint);
		case ORCH_QUANTITY_NEGATIVE:
			orch_refuse(place->data, psprintf("%s is negative.", quoted(text, (int) strlen(text))), hint);
	}
}

static void
walk(const JsonbValue *value, const OrchShape *shape, StringInfo place, bool patch)
{
	check_stack_depth();
	switch (shape->type)
	{
		case ORCH_SHAPE_TEXT:
		case ORCH_SHAPE_STRING:
			expect(value, value->type == jbvString, "A string", place);
			if (shape->type == ORCH_SHAPE_STRING && value->val.string.len == 0)
				orch_refuse(place->data, "It is empty.", "Write at least one character.");
			break;
		case ORCH_SHAPE_TEXT_OR_OBJECT:
			if (value->type != jbvString)
			{
				expect(value, is_container(value, true), "A string", place);
				walk(value, shape->element, place, patch);
			}
			break;
		case ORCH_SHAPE_NAME:
			check_name(value, shape->name, place);
			break;
		case ORCH_SHAPE_CHOICE:
			check_choice(value, shape->choices, place);
			break;
		case ORCH_SHAPE_BOOLEAN:
			expect(value, value->type == jbvBool, "A boolean", place);
			break;
		case ORCH_SHAPE_INTEGER:
			check_integer(value, shape, place);
			break;
		case ORCH_SHAPE_PORT:
			check_port(value, place);
			break;
		case ORCH_SHAPE_OBJECT:
			expect(value, is_container(value, true), "An object", place);
			check_members(value, shape, place, patch);
			check_presence(value, shape, place, patch);
			if (shape->rule != NULL && !patch)
				shape->rule(value, place);
			break;
		case ORCH_SHAPE_MAP:
			expect(value, is_container(value, true), "An object", place);
			check_members(value, shape, place, patch);
			break;
		case ORCH_SHAPE_ARRAY:
			expect(value, is_container(value, false), "An array", place);
			check_elements(value, shape, place, patch);
			break;
		case ORCH_SHAPE_QUANTITY:
			check_quantity(value, place);
			break;
	}
}

/*
 * See shape.h.
 */
void
orch_shape_check(const JsonbValue *value, const OrchShape *shape, StringInfo place)
{
	walk(value, shape, place, false);
}

/*
 * See shape.h.
 */
void
orch_shape_check_patch(const JsonbValue *value, const OrchShape *shape, StringInfo place)
{
	walk(value, shape, place, true);
}
