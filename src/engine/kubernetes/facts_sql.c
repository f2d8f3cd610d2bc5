/*
 * facts_sql.c
 *	  What the worker reads from objects, for people and for tests.
 */
#include "postgres.h"

#include "core/compat.h"
#include "engine/kubernetes/facts.h"
#include "engine/kubernetes/json.h"
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
