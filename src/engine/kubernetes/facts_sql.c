/*
 * facts_sql.c
 *	  What the worker reads from objects, for people and for tests.
 */
#include "postgres.h"

#include "core/compat.h"
#include "engine/instance.h"
#include "engine/json.h"
#include "engine/kubernetes/facts.h"
#include "utils/builtins.h"

static Datum
as_jsonb(char *json)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
}

ORCH_FUNCTION(orch_object_fingerprint);
ORCH_FUNCTION(orch_object_facts);
ORCH_FUNCTION(orch_pod_facts);

/*
 * object_fingerprint(object): NULL for what has nothing to be told by.
 */
Datum
orch_object_fingerprint(PG_FUNCTION_ARGS)
{
	Jsonb	   *object = PG_GETARG_JSONB_P(0);
	bool		is_applied;
	char	   *text = orch_kube_digest_text(orch_kube_fingerprint(&object->root, &is_applied));

	if (text == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(text));
}

/*
 * object_facts(object): by the kind that stands in it.
 */
Datum
orch_object_facts(PG_FUNCTION_ARGS)
{
	Jsonb	   *object = PG_GETARG_JSONB_P(0);
	char	   *kind = orch_text_copy(orch_json_string(&object->root, "kind"));
	bool		ended;

	PG_RETURN_DATUM(as_jsonb(orch_kube_object_facts(kind != NULL ? kind : "", &object->root, &ended)));
}

/*
 * pod_facts(pod)
 */
Datum
orch_pod_facts(PG_FUNCTION_ARGS)
{
	Jsonb	   *pod = PG_GETARG_JSONB_P(0);

	PG_RETURN_DATUM(as_jsonb(orch_kube_pod_facts(&pod->root)));
}

static void
put(StringInfo out, const char *key, const char *value)
{
	orch_json_put_text(out, key, (OrchText) {value, value != NULL ? strlen(value) : 0});
}

static void
put_facts(StringInfo out, const char *facts)
{
	orch_json_put_key(out, "facts");
	appendStringInfoString(out, facts);
}

static void
put_object(StringInfo out, const OrchSeen *seen)
{
	put(out, "uid", seen->uid);
	put(out, "version", seen->version);
	orch_json_put_integer(out, "generation", seen->generation);
	orch_json_put_boolean(out, "terminating", seen->terminating);
	orch_json_put_boolean(out, "labelled", seen->is_labelled);
	orch_json_put_boolean(out, "applied", seen->is_applied);
	orch_json_put_boolean(out, "ended", seen->ended);
	put(out, "apiVersion", seen->api_version);
	put(out, "place", seen->place);
	put(out, "name", seen->name);
	put(out, "owner", seen->owner);
	put(out, "fingerprint", seen->fingerprint);
	put_facts(out, seen->facts);
}

ORCH_FUNCTION(orch_what_is_seen);

/*
 * what_is_seen(kind, object, installation): by way of text, as the worker does it.
 */
Datum
orch_what_is_seen(PG_FUNCTION_ARGS)
{
	char	   *kind = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *json = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *installation = text_to_cstring(PG_GETARG_TEXT_PP(2));
	OrchSeenInstance instance;
	OrchSeen	seen;
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoChar(&out, '{');
	if (strcmp(kind, "Pod") == 0 && orch_kube_pod_seen_from_text(json, strlen(json), installation, &instance))
		orch_instance_put(&out, &instance);
	else if (strcmp(kind, "Pod") != 0 && orch_kube_object_seen_from_text(kind, json, strlen(json), installation, &seen))
		put_object(&out, &seen);
	else
		PG_RETURN_NULL();
	appendStringInfoChar(&out, '}');
	PG_RETURN_DATUM(as_jsonb(out.data));
}
