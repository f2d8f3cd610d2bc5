/*
 * contents.c
 *	  Config maps and secrets that a template refers to.
 *
 * Messages are a kubelet's, and name what is missing: never what is in it.
 */
#include "postgres.h"

#include "common/base64.h"
#include "engine/docker/contents.h"

const char *
orch_docker_source_kind(OrchDockerSource source)
{
	return source == ORCH_DOCKER_SECRET ? "Secret" : "ConfigMap";
}

/*
 * See contents.h.
 */
bool
orch_docker_contents(OrchDockerPlanning *planning, OrchDockerSource source, OrchText name, bool optional, const char *context, OrchDockerContents *contents)
{
	JsonbContainer *manifest = NULL;
	const char *noun = source == ORCH_DOCKER_SECRET ? "secret" : "configmap";

	contents->source = source;
	contents->name = name.data != NULL ? orch_text_copy(name) : "";
	switch (planning->lookup->contents(planning->lookup->arg, orch_docker_source_kind(source), contents->name, &manifest))
	{
		case ORCH_DOCKER_CONTENTS_FOUND:
			contents->data = orch_json_object(manifest, "data");
			return true;
		case ORCH_DOCKER_CONTENTS_UNKNOWN:
			orch_docker_wait(planning, "%s%s \"%s\" has not been sent yet", context, noun, contents->name);
			return false;
		case ORCH_DOCKER_CONTENTS_ABSENT:
			break;
	}
	if (!optional)
		orch_docker_refuse(planning, "%s%s \"%s\" not found", context, noun, contents->name);
	return false;
}

static char *
decode(OrchDockerPlanning *planning, const OrchDockerContents *contents, OrchText key, OrchText value, size_t *size)
{
	int			room = pg_b64_dec_len(value.length);
	char	   *bytes = palloc(room + 1);
	int			length = value.length > 0 ? pg_b64_decode(value.data, value.length, (void *) bytes, room) : 0;

	if (length < 0)
	{
		orch_docker_refuse(planning, "key %.*s in Secret %s/%s is not base64", key.length, key.data, planning->identity->place, contents->name);
		length = 0;
	}
	bytes[length] = '\0';
	*size = length;
	return bytes;
}

/*
 * See contents.h.
 */
char *
orch_docker_value(OrchDockerPlanning *planning, const OrchDockerContents *contents, OrchText key, size_t *size)
{
	OrchText	value = key.data != NULL ? orch_json_string(contents->data, orch_text_copy(key)) : (OrchText) {NULL, 0};

	if (value.data == NULL)
		return NULL;
	if (contents->source == ORCH_DOCKER_SECRET)
		return decode(planning, contents, key, value, size);
	*size = value.length;
	return orch_text_copy(value);
}
