/*
 * validate_json.c
 *	  The checks of JSON columns and arguments, over the shapes of shapes.c.
 *
 * As in validate.c: true, or an error of ours that names the place.
 */
#include "inventory/pod_rules.h"
#include "inventory/shape_json.h"

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

/* A label or annotation: a key that is ours, or one that Kubernetes itself reads. */
static void
check_entry(const JsonbValue *key, const JsonbValue *value, ReservedKey reserved, StringInfo place)
{
	OrchTextPart name = {key->val.string.val, key->val.string.len};
	OrchTextPart text = {value->val.string.val, value->val.string.len};
	OrchFault	fault;

	if (!reserved(name.text, name.length) && orch_well_known_check(name, text, &fault))
		return;
	orch_place_field(place, name.text, name.length);
	if (reserved(name.text, name.length))
		orch_refuse(place->data, "This key belongs to the platform, which sets it itself.", "Choose another key.");
	orch_refuse(place->data, fault.text, "Kubernetes reads this key itself: give it a value that it takes, or leave it out.");
}

/* Old and new name of the same, which Services may have with one value. */
static void
check_topology(const JsonbValue *map, const char *what)
{
	OrchTextPart hints = orch_field_text(map, "service.kubernetes.io/topology-aware-hints");
	OrchTextPart mode = orch_field_text(map, "service.kubernetes.io/topology-mode");

	if (hints.text != NULL && mode.text != NULL &&
		(hints.length != mode.length || memcmp(hints.text, mode.text, mode.length) != 0))
		orch_refuse(psprintf("%s[\"service.kubernetes.io/topology-mode\"]", what), "It differs from \"service.kubernetes.io/topology-aware-hints\", its former name.",
					"Leave the latter out.");
}

/*
 * Checks a map of keys to strings: its shape, keys that are ours, total size.
 */
static void
check_map(const JsonbValue *map, const char *shape, const char *what, ReservedKey reserved, size_t max_bytes)
{
	StringInfoData place;
	JsonbIterator *iterator;
	JsonbValue	key;
	JsonbValue	value;
	size_t		bytes = 0;

	start_place(&place, what);
	orch_shape_check(map, find_shape(shape), &place);
	iterator = JsonbIteratorInit(map->val.binary.data);
	(void) JsonbIteratorNext(&iterator, &key, false);
	while (JsonbIteratorNext(&iterator, &key, false) == WJB_KEY)
	{
		(void) JsonbIteratorNext(&iterator, &value, false);
		bytes += key.val.string.len + value.val.string.len;
		if (reserved)
			check_entry(&key, &value, reserved, &place);
	}
	if (reserved == orch_annotation_key_is_reserved)
		check_topology(map, what);
	if (max_bytes > 0 && bytes > max_bytes)
		orch_refuse(what, psprintf("Keys and values have %zu bytes; at most %zu are allowed.", bytes, max_bytes), "Make them shorter, or leave some out.");
}

/* place, fact and hint stand in three arguments from the given one on */
pg_noreturn static void
refuse_as_told(FunctionCallInfo fcinfo, int first)
{
	const char *said[3];

	for (int i = 0; i < 3; i++)
		said[i] = PG_ARGISNULL(first + i) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(first + i));
	orch_refuse(said[0] ? said[0] : "?", said[1] ? said[1] : "It is not allowed.", said[2]);
}

ORCH_FUNCTION(orch_refuse_sql);

/*
 * refuse(place, fact, hint): hint may be NULL
 */
Datum
orch_refuse_sql(PG_FUNCTION_ARGS)
{
	refuse_as_told(fcinfo, 0);
}

ORCH_FUNCTION(orch_valid_rule);

/*
 * valid_rule(holds, place, fact, hint): not strict, NULL holds
 */
Datum
orch_valid_rule(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) || PG_GETARG_BOOL(0))
		PG_RETURN_BOOL(true);
	refuse_as_told(fcinfo, 1);
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
		resetStringInfo(&place);
		appendStringInfo(&place, "init_containers[%d]", i);
		orch_rule_init_container(element, &place);
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

/* Labels or annotations of a patch: null removes one. */
static void
check_patch_map(const JsonbValue *map, const char *what, ReservedKey reserved)
{
	JsonbIterator *iterator = JsonbIteratorInit(map->val.binary.data);
	StringInfoData place;
	JsonbValue	key;
	JsonbValue	value;

	(void) JsonbIteratorNext(&iterator, &key, false);
	while (JsonbIteratorNext(&iterator, &key, false) == WJB_KEY)
	{
		start_place(&place, what);
		(void) JsonbIteratorNext(&iterator, &value, false);
		if (value.type == jbvNull)
			value = (JsonbValue) {.type = jbvString, .val.string = {0, ""}};
		check_entry(&key, &value, reserved, &place);
	}
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
	orch_shape_check_patch(&value, find_shape("overrides"), &place);
	if (find_member(&value, "spec", "overrides", &member))
	{
		(void) find_member(&member, "containers", "overrides.spec", &metadata);
		if (getKeyJsonValueFromContainer(member.val.binary.data, "restartPolicy", strlen("restartPolicy"), &metadata) != NULL)
			orch_refuse("overrides.spec", "The field \"restartPolicy\" is not accepted here.",
						"Set the column restart_policy: it also decides between Deployment and Job.");
	}
	if (!find_member(&value, "metadata", "overrides", &metadata))
		PG_RETURN_BOOL(true);
	if (find_member(&metadata, "labels", "overrides.metadata", &member))
		check_patch_map(&member, "overrides.metadata.labels", orch_label_key_is_reserved);
	if (find_member(&metadata, "annotations", "overrides.metadata", &member))
		check_patch_map(&member, "overrides.metadata.annotations", orch_annotation_key_is_reserved);
	PG_RETURN_BOOL(true);
}

ORCH_FUNCTION(orch_valid_template);

/*
 * valid_template(template, place): a pod template into which everything was merged
 */
Datum
orch_valid_template(PG_FUNCTION_ARGS)
{
	JsonbValue	value = whole(PG_GETARG_JSONB_P(0));
	StringInfoData place;

	start_place(&place, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	orch_shape_check(&value, find_shape("overrides"), &place);
	orch_rule_template(&value, &place);
	PG_RETURN_BOOL(true);
}
