/*
 * request.c
 *	  What a verb is on the wire.
 *
 * A creation is a server-side apply that carries a resourceVersion which no
 * object has: the server makes the object (201), or refuses (409) because one
 * of that name exists.  So nobody's object is ever adopted by accident, and it
 * takes one request.  Everything else names the UID.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "engine/kubernetes/facts.h"
#include "engine/kubernetes/internal.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"

#define APPLY_CONTENT_TYPE "application/apply-patch+yaml"

/* strict: an override that the server does not know is an error, not silence */
#define APPLY_QUERY "?fieldManager=" ORCH_FIELD_MANAGER "&fieldValidation=Strict"
#define UPDATE_QUERY "?fieldManager=" ORCH_FIELD_MANAGER

/* no object has this version: etcd's first revision is taken before anything is stored */
#define VERSION_OF_NOTHING "1"

/*
 * A manifest with one more member in its metadata.
 */
static char *
with_metadata(const char *manifest, const char *key, const char *value)
{
	Datum		elements[2] = {CStringGetTextDatum("metadata"), CStringGetTextDatum(key)};
	Datum		path = PointerGetDatum(construct_array(elements, 2, TEXTOID, -1, false, TYPALIGN_INT));
	StringInfoData quoted;
	Datum		result;

	initStringInfo(&quoted);
	escape_json(&quoted, value);
	result = DirectFunctionCall4(jsonb_set,
								 DirectFunctionCall1(jsonb_in, CStringGetDatum(manifest)),
								 path,
								 DirectFunctionCall1(jsonb_in, CStringGetDatum(quoted.data)),
								 BoolGetDatum(true));
	return DatumGetCString(DirectFunctionCall1(jsonb_out, result));
}

/*
 * An update and no apply, so that the label is no field of ours to lose.
 */
static void
relabel(const OrchEngineRequest *request, OrchKubeRequestSpec *spec, char *path, size_t size)
{
	spec->method = "PATCH";
	spec->content_type = "application/merge-patch+json";
	strlcat(path, UPDATE_QUERY, size);
	spec->body = psprintf("{\"metadata\":{\"uid\":\"%s\",\"labels\":{\"" ORCH_LABEL_OWNER "\":\"%s\"}}}", request->uid, request->owner);
}

/*
 * The request for a verb: method, path and body, in the current memory context.
 */
void
orch_kube_verb_request(const OrchEngineRequest *request, OrchKubeRequestSpec *spec)
{
	size_t		size = ORCH_KIND_PATH_SIZE + 128;
	char	   *path = palloc(size);

	orch_kind_object_path(request->kind, request->in, request->name, path, ORCH_KIND_PATH_SIZE);
	spec->path = path;
	if (request->verb == ORCH_VERB_DELETE)
	{
		spec->method = "DELETE";
		spec->body = psprintf("{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"propagationPolicy\":\"Foreground\","
							  "\"preconditions\":{\"uid\":\"%s\"}}", request->uid);
	}
	else if (request->verb == ORCH_VERB_LOOK)
		spec->method = "GET";
	else if (request->verb == ORCH_VERB_RELABEL)
		relabel(request, spec, path, size);
	else
	{
		bool		is_apply = request->verb == ORCH_VERB_APPLY;

		spec->method = "PATCH";
		spec->content_type = APPLY_CONTENT_TYPE;
		strlcat(path, APPLY_QUERY, size);
		/* only what is ours already is forced */
		if (is_apply)
			strlcat(path, "&force=true", size);
		spec->body = is_apply ? with_metadata(request->manifest, "uid", request->uid) :
			with_metadata(request->manifest, "resourceVersion", VERSION_OF_NOTHING);
	}
	spec->body_len = spec->body ? strlen(spec->body) : 0;
}
