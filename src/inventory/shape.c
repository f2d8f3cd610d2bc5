/*
 * shape.c
 *	  Compares a JSON value with its shape and stops at the first mistake.
 *
 * Values of strings are never repeated in an error: they may be secret.  Names
 * and numbers are.  A null field counts as absent, as in Kubernetes.
 */
#include "inventory/shape.h"

#include "core/errors.h"
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

static void
expect(const JsonbValue *value, bool fits, const char *wanted, StringInfo place)
{
	bool		quoted_scalar = value->type == jbvString && (strcmp(wanted, "A number") == 0 || strcmp(wanted, "A boolean") == 0);
	bool		bare_scalar = (value->type == jbvNumeric || value->type == jbvBool) && strcmp(wanted, "A string") == 0;

	if (!fits)
		orch_refuse(place->data, psprintf("%s is expected, not %s.", wanted, type_name(value)),
					quoted_scalar ? "Leave the quotes out." : bare_scalar ? "Put the value in quotes." : NULL);
}

static bool
is_container(const JsonbValue *value, bool object)
{
	if (value->type != jbvBinary || JsonContainerIsScalar(value->val.binary.data))
		return false;
	return object ? JsonContainerIsObject(value->val.binary.data) : JsonContainerIsArray(value->val.binary.data);
}

static bool
is_string(const JsonbValue *value, const char *text)
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
		appendStringInfo(&list, "%s%s", i > 0 ? separator : "", items[i]);
	return list.data;
}

static void
check_choice(const JsonbValue *value, const char *const *choices, StringInfo place)
{
	expect(value, value->type == jbvString, "A string", place);
	for (int i = 0; choices[i] != NULL; i++)
		if (is_string(value, choices[i]))
			return;
	orch_refuse(place->data,
				psprintf("%s is not one of %s.", quoted(value->val.string.val, value->val.string.len), join(choices, ", ")),
				NULL);
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
		orch_refuse(place->data, psprintf("%s is not a whole number.", quoted(digits, (int) strlen(digits))), NULL);
	if (errno == ERANGE || number < shape->minimum || number > shape->maximum)
		orch_refuse(place->data,
					shape->minimum == shape->maximum
					? psprintf("%s is not allowed, only " INT64_FORMAT " is.", digits, shape->minimum)
					: psprintf("%.*s is not between " INT64_FORMAT " and " INT64_FORMAT ".", QUOTED_BYTES, digits, shape->minimum, shape->maximum),
					NULL);
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
		if (is_string(key, field->name))
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
		if (is_string(key, pair[0]))
			orch_refuse(place->data, psprintf("The field %s is not accepted here.", name), pair[1]);
	if (!shape->open)
		orch_refuse(place->data, psprintf("The field %s is not known.", name), known_fields(shape));
}

static bool
has_field(const JsonbValue *object, const char *name)
{
	JsonbValue	found;

	return getKeyJsonValueFromContainer(object->val.binary.data, name, strlen(name), &found) != NULL &&
		found.type != jbvNull;
}

static void
check_presence(const JsonbValue *object, const OrchShape *shape, StringInfo place)
{
	int			present = 0;

	for (const OrchShapeField *field = shape->fields; field != NULL && field->name != NULL; field++)
		if (field->required && !has_field(object, field->name))
			orch_refuse(place->data, psprintf("The field \"%s\" is missing.", field->name), NULL);
	if (shape->exactly_one == NULL)
		return;
	for (int i = 0; shape->exactly_one[i] != NULL; i++)
		present += has_field(object, shape->exactly_one[i]) ? 1 : 0;
	if (present != 1)
		orch_refuse(place->data,
					psprintf("Exactly one of %s is expected, %d are given.", join(shape->exactly_one, ", "), present),
					NULL);
}

/* Goes through the members of an object or a map. */
static void
check_members(const JsonbValue *value, const OrchShape *shape, StringInfo place)
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
		orch_place_field(place, key.val.string.val, key.val.string.len);
		if (shape->type == ORCH_SHAPE_MAP)
			check_name(&key, shape->name, place);
		if (wanted != NULL)
			orch_shape_check(&member, wanted, place);
		place->len = base;
		place->data[base] = '\0';
	}
}

/* No two elements have the same value in the field that tells them apart. */
static void
check_unique(const JsonbValue *value, int index, const OrchShape *shape, StringInfo place)
{
	JsonbContainer *array = value->val.binary.data;
	JsonbValue *element = getIthJsonbValueFromContainer(array, index);
	JsonbValue	own;
	JsonbValue	other;

	if (getKeyJsonValueFromContainer(element->val.binary.data, shape->unique, strlen(shape->unique), &own) == NULL)
		return;
	for (int i = 0; i < index; i++)
	{
		JsonbValue *earlier = getIthJsonbValueFromContainer(array, i);

		if (getKeyJsonValueFromContainer(earlier->val.binary.data, shape->unique, strlen(shape->unique), &other) == NULL ||
			own.val.string.len != other.val.string.len ||
			memcmp(own.val.string.val, other.val.string.val, own.val.string.len) != 0)
			continue;
		appendStringInfo(place, ".%s", shape->unique);
		orch_refuse(place->data,
					psprintf("%s is already given by element %d.", quoted(own.val.string.val, own.val.string.len), i),
					"Elements are counted from 0.");
	}
}

static void
check_elements(const JsonbValue *value, const OrchShape *shape, StringInfo place)
{
	JsonbContainer *array = value->val.binary.data;
	int			base = place->len;

	for (int i = 0; i < (int) JsonContainerSize(array); i++)
	{
		CHECK_FOR_INTERRUPTS();
		appendStringInfo(place, "[%d]", i);
		orch_shape_check(getIthJsonbValueFromContainer(array, i), shape->element, place);
		if (shape->unique != NULL)
			check_unique(value, i, shape, place);
		place->len = base;
		place->data[base] = '\0';
	}
}

/*
 * See shape.h.
 */
void
orch_shape_check(const JsonbValue *value, const OrchShape *shape, StringInfo place)
{
	check_stack_depth();
	switch (shape->type)
	{
		case ORCH_SHAPE_TEXT:
		case ORCH_SHAPE_STRING:
			expect(value, value->type == jbvString, "A string", place);
			if (shape->type == ORCH_SHAPE_STRING && value->val.string.len == 0)
				orch_refuse(place->data, "It is empty.", NULL);
			break;
		case ORCH_SHAPE_TEXT_OR_OBJECT:
			if (value->type != jbvString)
			{
				expect(value, is_container(value, true), "A string", place);
				orch_shape_check(value, shape->element, place);
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
			check_members(value, shape, place);
			check_presence(value, shape, place);
			break;
		case ORCH_SHAPE_MAP:
			expect(value, is_container(value, true), "An object", place);
			check_members(value, shape, place);
			break;
		case ORCH_SHAPE_ARRAY:
			expect(value, is_container(value, false), "An array", place);
			check_elements(value, shape, place);
			break;
	}
}
