/*
 * environment.c
 *	  The environment of a container, as a kubelet makes it.
 *
 * What a pod knows of itself only when it runs, such as its address, cannot be in it:
 * the engine is told everything before.
 */
#include "postgres.h"

#include "engine/docker/contents.h"
#include "engine/docker/environment.h"
#include "engine/docker/expand.h"
#include "engine/docker/resources.h"
#include "mb/pg_wchar.h"

static OrchDockerVariable *
find(List *environment, const char *name, size_t length)
{
	ListCell   *cell;

	foreach(cell, environment)
	{
		OrchDockerVariable *variable = lfirst(cell);

		if (strlen(variable->name) == length && memcmp(variable->name, name, length) == 0)
			return variable;
	}
	return NULL;
}

static const char *
value_of(void *arg, const char *name, size_t length)
{
	OrchDockerVariable *variable = find(arg, name, length);

	return variable != NULL ? variable->value : NULL;
}

/*
 * See environment.h.
 */
char *
orch_docker_expanded(List *environment, OrchText text)
{
	size_t		size = orch_docker_expand(text.data, text.length, value_of, environment, NULL, 0) + 1;
	char	   *expanded = palloc(size);

	orch_docker_expand(text.data, text.length, value_of, environment, expanded, size);
	return expanded;
}

/*
 * What comes later counts.
 */
static List *
set(List *environment, char *name, char *value)
{
	OrchDockerVariable *variable = find(environment, name, strlen(name));

	if (variable != NULL)
	{
		variable->value = value;
		return environment;
	}
	variable = palloc(sizeof(OrchDockerVariable));
	variable->name = name;
	variable->value = value;
	return lappend(environment, variable);
}

/*
 * A value that can be in an environment, and in JSON; else NULL, refused.
 */
static char *
text_value(OrchDockerPlanning *planning, const OrchDockerContents *contents, OrchText key)
{
	size_t		size;
	char	   *value = orch_docker_value(planning, contents, key, &size);

	if (value == NULL || (memchr(value, '\0', size) == NULL && pg_verify_mbstr(PG_UTF8, value, (int) size, true)))
		return value;
	orch_docker_refuse(planning, "key %.*s in %s %s/%s is not text, which a variable has to be",
					   key.length, key.data, orch_docker_source_kind(contents->source), planning->identity->place, contents->name);
	return NULL;
}

/*
 * NULL: the variable is left out, or refused.
 */
static char *
key_value(OrchDockerPlanning *planning, OrchDockerSource source, JsonbContainer *reference)
{
	bool		optional = orch_json_true(reference, "optional");
	OrchText	key = orch_json_string(reference, "key");
	OrchDockerContents contents;
	char	   *value;

	if (!orch_docker_contents(planning, source, orch_json_string(reference, "name"), optional, "", &contents))
		return NULL;
	value = text_value(planning, &contents, key);
	if (value == NULL && !optional)
		orch_docker_refuse(planning, "couldn't find key %.*s in %s %s/%s",
						   key.length, key.data, orch_docker_source_kind(source), planning->identity->place, contents.name);
	return value;
}

/*
 * Of metadata.labels['x'] or metadata.annotations['x'] the value of x, which is empty
 * where there is none; NULL for what has another form.
 */
static char *
metadata_value(OrchDockerPlanning *planning, const char *map, const char *path)
{
	size_t		prefix = strlen("metadata.") + strlen(map);
	size_t		length = strlen(path);
	OrchText	value;

	if (length < prefix + 4 || strncmp(path + strlen("metadata."), map, strlen(map)) != 0 ||
		strncmp(path + prefix, "['", 2) != 0 || strcmp(path + length - 2, "']") != 0)
		return NULL;
	value = orch_json_string(orch_json_object(planning->metadata, map), pnstrdup(path + prefix + 2, length - prefix - 4));
	return value.data != NULL ? orch_text_copy(value) : pstrdup("");
}

static char *
field_value(OrchDockerPlanning *planning, JsonbContainer *reference)
{
	const OrchDockerPodIdentity *identity = planning->identity;
	const struct
	{
		const char *path;
		const char *value;
	}			known[] = {
		{"metadata.name", identity->name},
		{"metadata.namespace", identity->place},
		{"metadata.uid", identity->uid},
		{"spec.nodeName", identity->node_name},
		/* nobody has an account here but the one that everybody has */
		{"spec.serviceAccountName", "default"},
	};
	OrchText	text = orch_json_string(reference, "fieldPath");
	char	   *path = text.data != NULL ? orch_text_copy(text) : pstrdup("");
	char	   *value = NULL;

	for (int i = 0; i < lengthof(known); i++)
	{
		if (strcmp(path, known[i].path) == 0)
			return pstrdup(known[i].value != NULL ? known[i].value : "");
	}
	if (strncmp(path, "metadata.", strlen("metadata.")) == 0)
	{
		value = metadata_value(planning, "labels", path);
		if (value == NULL)
			value = metadata_value(planning, "annotations", path);
	}
	if (value == NULL)
		orch_docker_refuse(planning, "fieldPath %s is not known before the pod runs, and this engine is told the environment before", path);
	return value;
}

static char *
foreign_value(OrchDockerPlanning *planning, JsonbContainer *container, JsonbContainer *from)
{
	JsonbContainer *reference;

	if ((reference = orch_json_object(from, "configMapKeyRef")) != NULL)
		return key_value(planning, ORCH_DOCKER_CONFIG_MAP, reference);
	if ((reference = orch_json_object(from, "secretKeyRef")) != NULL)
		return key_value(planning, ORCH_DOCKER_SECRET, reference);
	if ((reference = orch_json_object(from, "fieldRef")) != NULL)
		return field_value(planning, reference);
	if ((reference = orch_json_object(from, "resourceFieldRef")) != NULL)
		return orch_docker_resource_field(planning, container, reference);
	return pstrdup("");
}

/*
 * All keys of a config map or secret.
 */
static List *
add_all(OrchDockerPlanning *planning, List *environment, JsonbContainer *source)
{
	JsonbContainer *reference = orch_json_object(source, "configMapRef");
	OrchDockerSource kind = reference != NULL ? ORCH_DOCKER_CONFIG_MAP : ORCH_DOCKER_SECRET;
	OrchText	prefix = orch_json_string(source, "prefix");
	OrchDockerContents contents;
	OrchText   *keys;

	if (reference == NULL)
		reference = orch_json_object(source, "secretRef");
	if (!orch_docker_contents(planning, kind, orch_json_string(reference, "name"), orch_json_true(reference, "optional"), "", &contents))
		return environment;
	keys = orch_json_keys(contents.data);
	for (int i = 0; i < orch_json_count(contents.data); i++)
	{
		char	   *value = text_value(planning, &contents, keys[i]);

		if (value != NULL)
			environment = set(environment, psprintf("%.*s%.*s", prefix.length, prefix.data != NULL ? prefix.data : "", keys[i].length, keys[i].data), value);
	}
	return environment;
}

/*
 * See environment.h.
 */
List *
orch_docker_environment(OrchDockerPlanning *planning, JsonbContainer *container)
{
	JsonbContainer *sources = orch_json_array(container, "envFrom");
	JsonbContainer *variables = orch_json_array(container, "env");
	List	   *environment = NIL;

	for (int i = 0; i < orch_json_count(sources); i++)
		environment = add_all(planning, environment, orch_json_element(sources, i));
	for (int i = 0; i < orch_json_count(variables); i++)
	{
		JsonbContainer *variable = orch_json_element(variables, i);
		OrchText	name = orch_json_string(variable, "name");
		OrchText	literal = orch_json_string(variable, "value");
		char	   *value;

		if (name.data == NULL)
			continue;
		if (literal.data != NULL && literal.length > 0)
			value = orch_docker_expanded(environment, literal);
		else
			value = foreign_value(planning, container, orch_json_object(variable, "valueFrom"));
		if (value != NULL)
			environment = set(environment, orch_text_copy(name), value);
	}
	return environment;
}
