/*
 * flights.c
 *	  Requests for verbs that are on their way, and what is told of their answers.
 */
#include "postgres.h"

#include "core/core.h"
#include "engine/kubernetes/answer.h"
#include "engine/kubernetes/internal.h"
#include "utils/memutils.h"

/* one request on its way */
typedef struct Flight
{
	int64		object_id;
	uint32		number;
	OrchVerb	verb;
	const OrchKind *kind;
	bool		had_uid;
	dlist_node	node;
} Flight;

bool
orch_kube_send(OrchEngine *engine, const OrchEngineRequest *request)
{
	OrchKubeEngine *kubernetes = (OrchKubeEngine *) engine;
	MemoryContext caller = MemoryContextSwitchTo(kubernetes->news);
	OrchKubeRequestSpec spec = {0};
	Flight	   *flight = MemoryContextAllocZero(kubernetes->context, sizeof(Flight));
	bool		sent;

	flight->object_id = request->object_id;
	flight->number = request->number;
	flight->verb = request->verb;
	flight->kind = request->kind;
	flight->had_uid = request->uid != NULL && request->uid[0] != '\0';
	orch_kube_verb_request(request, &spec);
	spec.timeout_ms = orch_request_timeout_ms;
	spec.tag = ORCH_KUBE_TAG_VERB;
	spec.arg = flight;
	sent = orch_kube_request_start(kubernetes->client, &spec);
	if (sent)
		dlist_push_tail(&kubernetes->flights, &flight->node);
	else
		pfree(flight);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(kubernetes->news);
	return sent;
}

static void
end_flight(Flight *flight)
{
	dlist_delete(&flight->node);
	pfree(flight);
}

void
orch_kube_forget_flights(OrchKubeEngine *kubernetes)
{
	while (!dlist_is_empty(&kubernetes->flights))
		end_flight(dlist_head_element(Flight, node, &kubernetes->flights));
}

void
orch_kube_verb_response(OrchKubeEngine *kubernetes, OrchKubeResponse *response)
{
	MemoryContext caller = MemoryContextSwitchTo(kubernetes->news);
	Flight	   *flight = response->arg;
	OrchNews	news = {.type = ORCH_NEWS_ANSWER};
	OrchKubeResult result;

	news.ends_request = true;
	news.is_error = orch_kube_is_error(response);
	news.kind = flight->kind;
	news.object_id = flight->object_id;
	news.number = flight->number;
	news.verb = flight->verb;
	news.status = (int) response->http_status;
	news.elapsed_ms = response->elapsed_ms;
	news.retry_after_ms = response->retry_after_ms;
	news.warning = response->warning;
	orch_kube_result(flight->verb, flight->kind->kind, flight->had_uid, response, kubernetes->installation, &result);
	news.outcome = result.outcome;
	news.reason = result.reason;
	news.error = result.message;
	news.seen = result.seen;
	if ((result.outcome == ORCH_OUTCOME_DONE || result.outcome == ORCH_OUTCOME_FOUND) && response->body_is_json)
	{
		news.json = response->body;
		news.json_length = response->body_len;
	}
	end_flight(flight);
	orch_kube_tell(kubernetes, &news);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(kubernetes->news);
}
