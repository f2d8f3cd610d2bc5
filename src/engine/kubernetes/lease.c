/*
 * lease.c
 *	  The lease as a Lease of coordination.k8s.io: its requests and their answers.
 *
 * They go through a client that has no others: they wait for nothing.
 */
#include "postgres.h"

#include "engine/kubernetes/internal.h"
#include "utils/memutils.h"

#define LEASES_PATH "/apis/coordination.k8s.io/v1/namespaces/default/leases"

/*
 * The verb travels in the tag of the request.
 */
bool
orch_kube_ask_lease(OrchEngine *engine, const OrchLeaseAsk *ask)
{
	OrchKubeEngine *kubernetes = (OrchKubeEngine *) engine;
	OrchKubeRequestSpec spec = {0};
	bool		is_create = ask->verb == ORCH_LEASE_VERB_CREATE;
	char	   *path = is_create ? pstrdup(LEASES_PATH) : psprintf(LEASES_PATH "/orchestration-%s", kubernetes->installation);
	char	   *body = ask->verb == ORCH_LEASE_VERB_READ ? NULL : orch_kube_lease_body(ask, kubernetes->installation);
	bool		sent;

	spec.method = body == NULL ? "GET" : is_create ? "POST" : "PATCH";
	spec.path = path;
	spec.content_type = body == NULL || is_create ? NULL : "application/merge-patch+json";
	spec.body = body;
	spec.body_len = body ? strlen(body) : 0;
	spec.timeout_ms = ask->timeout_ms;
	spec.tag = ask->verb;
	spec.arg = (void *) (uintptr_t) ask->number;
	sent = orch_kube_request_start(kubernetes->lease_client, &spec);
	pfree(path);
	if (body)
		pfree(body);
	return sent;
}

static OrchLeaseAnswer
answer_of(const OrchKubeResponse *response, OrchLeaseDocument *document)
{
	OrchLeaseVerb verb = response->tag;

	if (response->error != ORCH_KUBE_ERROR_NONE)
		return ORCH_LEASE_ANSWER_FAILED;
	if (response->http_status >= 200 && response->http_status < 300)
	{
		if (!response->body_is_json || !orch_kube_lease_read(document, response->body, response->body_len))
			return ORCH_LEASE_ANSWER_FAILED;
		return verb == ORCH_LEASE_VERB_READ ? ORCH_LEASE_ANSWER_READ : ORCH_LEASE_ANSWER_WRITTEN;
	}
	if (response->http_status == 404 && verb != ORCH_LEASE_VERB_CREATE)
		return ORCH_LEASE_ANSWER_ABSENT;
	return response->http_status == 409 && verb != ORCH_LEASE_VERB_READ ? ORCH_LEASE_ANSWER_CONFLICT : ORCH_LEASE_ANSWER_FAILED;
}

void
orch_kube_lease_response(OrchKubeEngine *kubernetes, OrchKubeResponse *response)
{
	MemoryContext caller = MemoryContextSwitchTo(kubernetes->news);
	OrchLeaseDocument document = {0};
	OrchNews	news = {.type = ORCH_NEWS_LEASE, .ends_request = true};

	news.number = (uint32) (uintptr_t) response->arg;
	news.is_error = orch_kube_is_error(response);
	news.lease_answer = answer_of(response, &document);
	news.lease = &document;
	news.refused = response->http_status == 401 || response->http_status == 403 || response->error == ORCH_KUBE_ERROR_TLS;
	news.error = response->message ? response->message : psprintf("HTTP status %ld", response->http_status);
	orch_kube_tell(kubernetes, &news);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(kubernetes->news);
}
