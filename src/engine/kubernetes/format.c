/*
 * format.c
 *	  What Kubernetes' texts say, for whoever has some without a connection.
 */
#include "postgres.h"

#include "core/compat.h"
#include "engine/kubernetes/answer.h"
#include "engine/kubernetes/differing.h"
#include "engine/kubernetes/internal.h"
#include "engine/json.h"
#include "engine/kubernetes/managers.h"
#include "utils/jsonb.h"

static void
show(const OrchEngineRequest *request, char **where, char **what)
{
	OrchKubeRequestSpec spec = {0};

	orch_kube_verb_request(request, &spec);
	*where = pnstrdup(spec.path, strcspn(spec.path, "?"));
	*what = spec.body ? pstrdup(spec.body) : NULL;
}

static void
read_answer(OrchNews *news, bool had_uid, const char *installation)
{
	Jsonb	   *body = news->json != NULL ? orch_jsonb_parse(pnstrdup(news->json, news->json_length)) : NULL;
	OrchKubeResult result;

	orch_kube_result_of(news->verb, news->kind->kind, had_uid, news->status, news->error, body, installation, &result);
	news->outcome = result.outcome;
	news->reason = result.reason;
	news->error = result.message;
	news->seen = result.seen;
}

static char *
json_of(JsonbContainer *container)
{
	return container ? JsonbToCString(NULL, container, container->header & JB_CMASK) : NULL;
}

static bool
compare(const char *sent, const char *returned, size_t returned_length, char **differing)
{
	Jsonb	   *ours = orch_jsonb_parse(pstrdup(sent));
	Jsonb	   *theirs = orch_jsonb_parse(pnstrdup(returned, returned_length));
	Jsonb	   *found;
	char	   *fields;

	*differing = NULL;
	if (ours == NULL || theirs == NULL)
		return false;
	found = orch_differing(ours, theirs);
	if (found == NULL)
		return true;
	fields = json_of(orch_json_array(orch_json_object(&theirs->root, "metadata"), "managedFields"));
	*differing = psprintf("{\"differing\":%s,\"fields\":%s", json_of(&found->root), fields ? fields : "[]");
	return true;
}

const OrchEngineFormat orch_kube_format = {
	.show = show,
	.read_answer = read_answer,
	.read_object = orch_kube_read_object,
	.compare = compare,
	.last_writer = orch_kube_last_manager
};
