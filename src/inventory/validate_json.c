/*
 * validate_json.c
 *	  The checks of JSON columns and arguments, over the shapes of shapes.c.
 *
 * As in validate.c: true, or an error of ours that names the place.
 */
#include "inventory/shape.h"

#include "core/compat.h"
#include "core/errors.h"
#include "utils/builtins.h"

/* as Kubernetes limits them */
#define MAX_ANNOTATION_BYTES (256 * 1024)
#define MAX_DATA_BYTES (1024 * 1024)

typedef bool (*ReservedKey) (const char *key, size_t length);

static const OrchShape *
find_shape(const char *name)
{
	const OrchShape *shape = orch_shape_find(name, strlen(name));

	if (shape == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no shape \"%s\"", name)));
	return shape;
}

static JsonbValue
whole(Jsonb *json)
{
	JsonbValue	value;

	if (JB_ROOT_IS_SCALAR(json))
		(void) JsonbExtractScalar(&json->root, &value);
	else
	{
		value.type = jbvBinary;
		value.val.binary.data = &json->root;
		value.val.binary.len = VARSIZE_ANY_EXHDR(json);
	}
	return value;
}

static void
start_place(StringInfo place, const char *what)
{
	initStringInfo(place);
	appendStringInfoString(place, what);
}

/*
 * Checks a map of keys to strings: its shape, keys that are ours, total size.
 */
static void
check_map(const JsonbValue *map, const char *shape, const char *what, ReservedKey reserved, size_t max_bytes)
{
	StringInfoData place;
	JsonbIterator *iterator;
	JsonbValue	part;
	JsonbIteratorToken token;
	size_t		bytes = 0;

	start_place(&place, what);
	orch_shape_check(map, find_shape(shape), &place);
	iterator = JsonbIteratorInit(map->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &part, false)) != WJB_DONE)
	{
		if (token != WJB_KEY && token != WJB_VALUE)
			continue;
		bytes += part.val.string.len;
		if (token == WJB_KEY && reserved && reserved(part.val.string.val, part.val.string.len))
		{
			orch_place_field(&place, part.val.string.val, part.val.string.len);
			orch_refuse(place.data, "This key belongs to the platform, which sets it itself.", "Choose another key.");
		}
	}
	if (max_bytes > 0 && bytes > max_bytes)
		orch_refuse(what, psprintf("Keys and values have %zu bytes; at most %zu are allowed.", bytes, max_bytes), NULL);
}

ORCH_FUNCTION(orch_refuse_sql);

/*
 * refuse(place, fact, hint): hint may be NULL
 */
Datum
orch_refuse_sql(PG_FUNCTION_ARGS)
{
	const char *said[3];

	for (int i = 0; i < 3; i++)
		said[i] = PG_ARGISNULL(i) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(i));
	orch_refuse(said[0] ? said[0] : "?", said[1] ? said[1] : "It is not allowed.", said[2]);
}

ORCH_FUNCTION(orch_valid_shape);

/*
 * valid_shape(value, shape, place)
 */
Datum
orch_valid_shape(PG_FUNCTION_ARGS)
{
	JsonbValue	value = whole(PG_GETARG_JSONB_P(0));
	StringInfoData place;

	start_place(&place, text_to_cstring(PG_GETARG_TEXT_PP(2)));
	orch_shape_check(&value, find_shape(text_to_cstring(PG_GETARG_TEXT_PP(1))), &place);
	PG_RETURN_BOOL(true);
}

ORCH_FUNCTION(orch_valid_labels);

/*
 * valid_labels(labels, what)
 */
Datum
orch_valid_labels(PG_FUNCTION_ARGS)
{
	JsonbValue	map = whole(PG_GETARG_JSONB_P(0));

	check_map(&map, "labels", text_to_cstring(PG_GETARG_TEXT_PP(1)), orch_label_key_is_reserved, 0);
	PG_RETURN_BOOL(true);
}

ORCH_FUNCTION(orch_valid_annotations);

/*
 * valid_annotations(annotations, what)
 */
Datum
orch_valid_annotations(PG_FUNCTION_ARGS)
{
	JsonbValue	map = whole(PG_GETARG_JSONB_P(0));

	check_map(&map, "annotations", text_to_cstring(PG_GETARG_TEXT_PP(1)), orch_annotation_key_is_reserved, MAX_ANNOTATION_BYTES);
	PG_RETURN_BOOL(true);
}

ORCH_FUNCTION(orch_valid_config_data);

/*
 * valid_config_data(data, what)
 */
Datum
orch_valid_config_data(PG_FUNCTION_ARGS)
{
	JsonbValue	map = whole(PG_GETARG_JSONB_P(0));

	check_map(&map, "config_data", text_to_cstring(PG_GETARG_TEXT_PP(1)), NULL, MAX_DATA_BYTES);
	PG_RETURN_BOOL(true);
}

ORCH_FUNCTION(orch_valid_init_containers);

/*
 * valid_init_containers(init_containers, container)
 */
Datum
orch_valid_init_containers(PG_FUNCTION_ARGS)
{
	JsonbValue	array = whole(PG_GETARG_JSONB_P(0));
	char	   *container = text_to_cstring(PG_GETARG_TEXT_PP(1));
	StringInfoData place;

	start_place(&place, "init_containers");
	orch_shape_check(&array, find_shape("init_containers"), &place);
	for (int i = 0; i < (int) JsonContainerSize(array.val.binary.data); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(array.val.binary.data, i);
		JsonbValue	name;

		getKeyJsonValueFromContainer(element->val.binary.data, "name", 4, &name);
		if (name.val.string.len == (int) strlen(container) &&
			memcmp(name.val.string.val, container, name.val.string.len) == 0)
			orch_refuse(psprintf("init_containers[%d].name", i), "It is the name of the container itself.", "Choose another name.");
	}
	PG_RETURN_BOOL(true);
}

/*
 * Finds a member of an object; a null is refused, since a merge would take it
 * as an order to remove what is ours.
 */
static bool
find_member(const JsonbValue *object, const char *name, const char *place, JsonbValue *member)
{
	if (getKeyJsonValueFromContainer(object->val.binary.data, name, strlen(name), member) == NULL)
		return false;
	if (member->type == jbvNull)
		orch_refuse(psprintf("%s.%s", place, name), "It is null, which would remove what the platform needs.", "Leave the field out.");
	return true;
}

ORCH_FUNCTION(orch_valid_overrides);

/*
 * valid_overrides(overrides)
 */
Datum
orch_valid_overrides(PG_FUNCTION_ARGS)
{
	JsonbValue	value = whole(PG_GETARG_JSONB_P(0));
	JsonbValue	metadata;
	JsonbValue	member;
	StringInfoData place;

	start_place(&place, "overrides");
	orch_shape_check(&value, find_shape("overrides"), &place);
	if (find_member(&value, "spec", "overrides", &member))
		(void) find_member(&member, "containers", "overrides.spec", &metadata);
	if (!find_member(&value, "metadata", "overrides", &metadata))
		PG_RETURN_BOOL(true);
	if (find_member(&metadata, "labels", "overrides.metadata", &member))
		check_map(&member, "labels", "overrides.metadata.labels", orch_label_key_is_reserved, 0);
	if (find_member(&metadata, "annotations", "overrides.metadata", &member))
		check_map(&member, "annotations", "overrides.metadata.annotations", orch_annotation_key_is_reserved, MAX_ANNOTATION_BYTES);
	PG_RETURN_BOOL(true);
}
