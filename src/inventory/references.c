/*
 * references.c
 *	  What a pod template refers to: the one definition of it.
 *
 * Reads a template into which everything was merged.  Whatever asks what a container
 * uses (its generation, the hash that restarts pods, what is in use, what must be
 * there) asks this, so that no two of them disagree.
 */
#include "inventory/shape_json.h"

#include "catalog/pg_type.h"
#include "core/compat.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#define COLUMNS 5

typedef struct Walk
{
	ReturnSetInfo *result;
	StringInfoData place;
} Walk;

typedef void (*Visit) (Walk *walk, const JsonbValue *element);

static Datum
part_datum(OrchTextPart part)
{
	return PointerGetDatum(cstring_to_text_with_len(part.text, part.length));
}

static void
emit(Walk *walk, const char *what, OrchTextPart name, OrchTextPart key, bool optional)
{
	Datum		values[COLUMNS] = {0};
	bool		nulls[COLUMNS] = {false};

	if (name.text == NULL)
		return;
	values[0] = CStringGetTextDatum(what);
	values[1] = part_datum(name);
	nulls[2] = key.text == NULL;
	if (!nulls[2])
		values[2] = part_datum(key);
	values[3] = BoolGetDatum(optional);
	values[4] = CStringGetTextDatum(walk->place.data + 1);
	tuplestore_putvalues(walk->result->setResult, walk->result->setDesc, values, nulls);
}

static void
leave(Walk *walk, int base)
{
	walk->place.len = base;
	walk->place.data[base] = '\0';
}

/* Visits a member of an object; the place names it. */
static void
with_member(Walk *walk, const JsonbValue *object, const char *name, Visit visit)
{
	int			base = walk->place.len;
	JsonbValue	member;

	if (!orch_field_member(object, name, &member) || member.type != jbvBinary)
		return;
	appendStringInfo(&walk->place, ".%s", name);
	visit(walk, &member);
	leave(walk, base);
}

/* Visits the elements of a list, as far as they are objects. */
static void
with_elements(Walk *walk, const JsonbValue *object, const char *list, Visit visit)
{
	int			base = walk->place.len;
	JsonbValue	array;

	if (!orch_field_member(object, list, &array) || array.type != jbvBinary || !JsonContainerIsArray(array.val.binary.data))
		return;
	for (int i = 0; i < (int) JsonContainerSize(array.val.binary.data); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(array.val.binary.data, i);

		if (element->type != jbvBinary)
			continue;
		appendStringInfo(&walk->place, ".%s[%d]", list, i);
		visit(walk, element);
		leave(walk, base);
	}
}

/*
 * What is named as a whole, or by the keys of items.
 */
static void
emit_source(Walk *walk, const char *what, const JsonbValue *source, const char *name_field)
{
	OrchTextPart name = orch_field_text(source, name_field);
	bool		optional = orch_field_is_true(source, "optional");
	JsonbValue	items;

	if (!orch_field_member(source, "items", &items) || items.type != jbvBinary || !JsonContainerIsArray(items.val.binary.data) ||
		JsonContainerSize(items.val.binary.data) == 0)
	{
		emit(walk, what, name, orch_field_text(source, "key"), optional);
		return;
	}
	for (int i = 0; i < (int) JsonContainerSize(items.val.binary.data); i++)
	{
		JsonbValue *item = getIthJsonbValueFromContainer(items.val.binary.data, i);

		if (item->type == jbvBinary)
			emit(walk, what, name, orch_field_text(item, "key"), optional);
	}
}

static void
visit_config_map(Walk *walk, const JsonbValue *source)
{
	emit_source(walk, "config_map", source, "name");
}

static void
visit_secret(Walk *walk, const JsonbValue *source)
{
	emit_source(walk, "secret", source, "name");
}

/* A volume calls the name otherwise than all others do. */
static void
visit_secret_volume(Walk *walk, const JsonbValue *source)
{
	emit_source(walk, "secret", source, "secretName");
}

static void
visit_secret_file(Walk *walk, const JsonbValue *source)
{
	static const OrchTextPart whole = {0};

	emit(walk, "secret", orch_field_text(source, "secretName"), whole, false);
}

static void
visit_claim(Walk *walk, const JsonbValue *source)
{
	static const OrchTextPart whole = {0};

	emit(walk, "claim", orch_field_text(source, "claimName"), whole, false);
}

static void
visit_pull_secret(Walk *walk, const JsonbValue *source)
{
	static const OrchTextPart whole = {0};

	/* Kubernetes pulls without one that is not there */
	emit(walk, "pull_secret", orch_field_text(source, "name"), whole, false);
}

/* ---- containers ---- */

/* By its name in the pod, which it keeps when the row is gone. */
static void
visit_mount(Walk *walk, const JsonbValue *mount)
{
	static const OrchTextPart whole = {0};

	emit(walk, "volume", orch_field_text(mount, "name"), whole, false);
}

static void
visit_value_from(Walk *walk, const JsonbValue *source)
{
	with_member(walk, source, "configMapKeyRef", visit_config_map);
	with_member(walk, source, "secretKeyRef", visit_secret);
}

static void
visit_variable(Walk *walk, const JsonbValue *variable)
{
	with_member(walk, variable, "valueFrom", visit_value_from);
}

static void
visit_variables(Walk *walk, const JsonbValue *source)
{
	with_member(walk, source, "configMapRef", visit_config_map);
	with_member(walk, source, "secretRef", visit_secret);
}

static void
visit_container(Walk *walk, const JsonbValue *container)
{
	with_elements(walk, container, "env", visit_variable);
	with_elements(walk, container, "envFrom", visit_variables);
	with_elements(walk, container, "volumeMounts", visit_mount);
	with_elements(walk, container, "volumeDevices", visit_mount);
}

/* ---- volumes ---- */

static void
visit_driver(Walk *walk, const JsonbValue *driver)
{
	with_member(walk, driver, "secretRef", visit_secret);
	with_member(walk, driver, "nodePublishSecretRef", visit_secret);
}

static void
visit_projection(Walk *walk, const JsonbValue *projection)
{
	with_member(walk, projection, "configMap", visit_config_map);
	with_member(walk, projection, "secret", visit_secret);
}

static void
visit_projected(Walk *walk, const JsonbValue *projected)
{
	with_elements(walk, projected, "sources", visit_projection);
}

static void
visit_volume(Walk *walk, const JsonbValue *volume)
{
	static const char *const drivers[] = {"cephfs", "cinder", "csi", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos"};
	static const OrchTextPart whole = {0};

	emit(walk, "volume", orch_field_text(volume, "name"), whole, false);
	with_member(walk, volume, "configMap", visit_config_map);
	with_member(walk, volume, "secret", visit_secret_volume);
	with_member(walk, volume, "persistentVolumeClaim", visit_claim);
	with_member(walk, volume, "projected", visit_projected);
	with_member(walk, volume, "azureFile", visit_secret_file);
	for (int i = 0; i < (int) lengthof(drivers); i++)
		with_member(walk, volume, drivers[i], visit_driver);
}

static void
visit_spec(Walk *walk, const JsonbValue *spec)
{
	with_elements(walk, spec, "initContainers", visit_container);
	with_elements(walk, spec, "containers", visit_container);
	with_elements(walk, spec, "volumes", visit_volume);
	with_elements(walk, spec, "imagePullSecrets", visit_pull_secret);
}

ORCH_FUNCTION(orch_template_references);

/*
 * template_references(template)
 */
Datum
orch_template_references(PG_FUNCTION_ARGS)
{
	Jsonb	   *template = PG_GETARG_JSONB_P(0);
	JsonbValue	value;
	Walk		walk;

	InitMaterializedSRF(fcinfo, 0);
	if (!JB_ROOT_IS_OBJECT(template))
		PG_RETURN_NULL();
	walk.result = (ReturnSetInfo *) fcinfo->resultinfo;
	initStringInfo(&walk.place);
	value.type = jbvBinary;
	value.val.binary.data = &template->root;
	value.val.binary.len = VARSIZE(template) - VARHDRSZ;
	with_member(&walk, &value, "spec", visit_spec);
	PG_RETURN_NULL();
}

ORCH_FUNCTION(orch_mentions);

/*
 * mentions(document, names): is one of the names a string in it, wherever it stands?
 */
Datum
orch_mentions(PG_FUNCTION_ARGS)
{
	JsonbIterator *iterator = JsonbIteratorInit(&PG_GETARG_JSONB_P(0)->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	Datum	   *names;
	bool	   *nulls;
	int			count;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &count);
	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		if ((token != WJB_VALUE && token != WJB_ELEM) || value.type != jbvString)
			continue;
		for (int i = 0; i < count; i++)
		{
			text	   *name = nulls[i] ? NULL : DatumGetTextPP(names[i]);

			if (name && (int) VARSIZE_ANY_EXHDR(name) == value.val.string.len &&
				memcmp(VARDATA_ANY(name), value.val.string.val, value.val.string.len) == 0)
				PG_RETURN_BOOL(true);
		}
	}
	PG_RETURN_BOOL(false);
}
