/*
 * template_sql.c
 *	  What a Docker Engine would be told to run, for people and for tests.
 */
#include "postgres.h"

#include "core/compat.h"
#include "engine/docker/plan.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

ORCH_FUNCTION(orch_docker_pod);

/*
 * Objects by kind and name; one that is null is there, and not known yet.
 */
static OrchDockerFound
contents_in(void *arg, const char *kind, const char *name, JsonbContainer **manifest)
{
	JsonbContainer *of_kind = orch_json_object(arg, kind);
	JsonbValue	value;

	*manifest = orch_json_object(of_kind, name);
	if (*manifest != NULL)
		return ORCH_DOCKER_CONTENTS_FOUND;
	if (of_kind != NULL && getKeyJsonValueFromContainer(of_kind, name, strlen(name), &value) != NULL && value.type == jbvNull)
		return ORCH_DOCKER_CONTENTS_UNKNOWN;
	return ORCH_DOCKER_CONTENTS_ABSENT;
}

static char *
text_of(JsonbContainer *object, const char *key)
{
	return orch_text_copy(orch_text_or(orch_json_string(object, key), orch_docker_text("")));
}

static int64
number_of(JsonbContainer *object, const char *key)
{
	int64		number;

	return orch_json_integer(object, key, &number) ? number : 0;
}

static List *
ports_of(JsonbContainer *ports)
{
	List	   *list = NIL;

	for (int i = 0; i < orch_json_count(ports); i++)
	{
		JsonbContainer *entry = orch_json_element(ports, i);
		OrchDockerPublished *port = palloc(sizeof(OrchDockerPublished));

		port->container_port = (int) number_of(entry, "containerPort");
		port->protocol = text_of(entry, "protocol");
		port->host_port = (int) number_of(entry, "hostPort");
		list = lappend(list, port);
	}
	return list;
}

static OrchDockerPodIdentity
identity_of(JsonbContainer *object)
{
	OrchDockerPodIdentity identity = {
		.name = text_of(object, "name"), .number = (int) number_of(object, "number"), .uid = text_of(object, "uid"),
		.place = text_of(object, "place"), .workload = text_of(object, "workload"), .workload_uid = text_of(object, "workloadUid"),
		.template_hash = text_of(object, "template"), .node_name = text_of(object, "node"),
		.open_files = number_of(object, "openFiles"), .processes = number_of(object, "processes"),
		.machine_cpu = number_of(object, "machineCpu"), .machine_memory = number_of(object, "machineMemory")
	};
	JsonbContainer *aliases = orch_json_array(object, "aliases");

	for (int i = 0; i < orch_json_count(aliases); i++)
		identity.aliases = lappend(identity.aliases, orch_text_copy(orch_text_or(orch_json_string_element(aliases, i), orch_docker_text(""))));
	identity.ports = ports_of(orch_json_array(object, "ports"));
	return identity;
}

static void
put(StringInfo out, const char *key, const char *value)
{
	orch_json_put_text(out, key, orch_docker_text(value));
}

static void
put_names(StringInfo out, const char *key, List *names)
{
	ListCell   *cell;

	orch_json_put_key(out, key);
	appendStringInfoChar(out, '[');
	foreach(cell, names)
		orch_json_put_element(out, orch_docker_text(lfirst(cell)));
	appendStringInfoChar(out, ']');
}

/*
 * Data that is no text is told by its size alone.
 */
static void
put_file(StringInfo out, const OrchDockerFile *file)
{
	bool		is_text = file->data != NULL && memchr(file->data, '\0', file->size) == NULL && pg_verify_mbstr(PG_UTF8, file->data, (int) file->size, true);

	orch_json_put_begin(out, '{');
	put(out, "into", file->into);
	put(out, "name", file->name);
	if (is_text)
		put(out, "data", file->data);
	if (file->data != NULL)
		orch_json_put_integer(out, "size", (int64) file->size);
	put(out, "mode", psprintf("%04o", file->mode));
	orch_json_put_integer(out, "uid", file->uid);
	orch_json_put_integer(out, "gid", file->gid);
	appendStringInfoChar(out, '}');
}

static void
put_unit(StringInfo out, const OrchDockerUnit *unit)
{
	ListCell   *cell;

	orch_json_put_begin(out, '{');
	put(out, "name", unit->name);
	put(out, "container", unit->container);
	put(out, "image", unit->image);
	put(out, "pullPolicy", unit->pull_policy);
	orch_json_put_boolean(out, "init", unit->is_init);
	orch_json_put_boolean(out, "notAsRoot", unit->not_as_root);
	orch_json_put_key(out, "body");
	appendStringInfoString(out, unit->body);
	orch_json_put_key(out, "files");
	appendStringInfoChar(out, '[');
	foreach(cell, unit->files)
		put_file(out, lfirst(cell));
	appendStringInfoString(out, "]}");
}

static void
put_plan(StringInfo out, const OrchDockerPodPlan *plan)
{
	ListCell   *cell;

	orch_json_put_key(out, "units");
	appendStringInfoChar(out, '[');
	foreach(cell, plan->units)
		put_unit(out, lfirst(cell));
	appendStringInfoChar(out, ']');
	put_names(out, "scratch", plan->scratch);
	put_names(out, "claims", plan->claims);
	put_names(out, "pullSecrets", plan->pull_secrets);
	orch_json_put_integer(out, "grace", plan->grace_seconds);
	put(out, "restartPolicy", plan->restart_policy);
	put(out, "reason", plan->reason);
	put(out, "message", plan->message);
	orch_json_put_boolean(out, "waiting", plan->is_waiting);
}

/*
 * docker_pod(template, identity, objects)
 */
Datum
orch_docker_pod(PG_FUNCTION_ARGS)
{
	Jsonb	   *template = PG_GETARG_JSONB_P(0);
	Jsonb	   *identity = PG_GETARG_JSONB_P(1);
	Jsonb	   *objects = PG_GETARG_JSONB_P(2);
	OrchDockerPodIdentity pod = identity_of(&identity->root);
	OrchDockerLookup lookup = {contents_in, &objects->root};
	OrchDockerPodPlan plan;
	StringInfoData out;

	orch_docker_plan_pod(&template->root, &pod, &lookup, &plan);
	initStringInfo(&out);
	appendStringInfoChar(&out, '{');
	put_plan(&out, &plan);
	appendStringInfoChar(&out, '}');
	PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(out.data)));
}
