/*
 * logs.c
 *	  Logs of pods, by a client of their own.
 */
#include "postgres.h"

#include "core/core.h"
#include "engine/kubernetes/internal.h"
#include "lib/stringinfo.h"

/* beyond the log itself: bytes that were no characters grow when they are mended */
#define SPARE_BYTES (64 * 1024)

typedef struct LogFlight
{
	void		(*sink) (void *arg, const OrchEngineLog *log);
	void	   *arg;
	dlist_node	node;
} LogFlight;

/* Names are Kubernetes' own; what is none never gets into a path. */
static bool
is_name(const char *text)
{
	return *text != '\0' && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(text);
}

static char *
path_of(const OrchEngineLogSpec *log)
{
	StringInfoData path;

	initStringInfo(&path);
	appendStringInfo(&path, "/api/v1/namespaces/%s/pods/%s/log?container=%s&timestamps=true&limitBytes=%d",
					 log->in, log->instance, log->container, log->limit_bytes);
	if (log->tail >= 0)
		appendStringInfo(&path, "&tailLines=" INT64_FORMAT, log->tail);
	if (log->since_seconds > 0)
		appendStringInfo(&path, "&sinceSeconds=" INT64_FORMAT, log->since_seconds);
	if (log->previous)
		appendStringInfoString(&path, "&previous=true");
	return path.data;
}

static void
end_flight(LogFlight *flight)
{
	dlist_delete(&flight->node);
	pfree(flight);
}

bool
orch_kube_read_log(OrchEngine *engine, const OrchEngineLogSpec *log)
{
	OrchKubeEngine *kubernetes = (OrchKubeEngine *) engine;
	OrchKubeRequestSpec spec = {0};
	LogFlight  *flight;
	char	   *path;

	if (!is_name(log->in) || !is_name(log->instance) || !is_name(log->container))
		return false;
	path = path_of(log);
	flight = MemoryContextAllocZero(kubernetes->context, sizeof(LogFlight));
	flight->sink = log->sink;
	flight->arg = log->arg;
	dlist_push_tail(&kubernetes->logs, &flight->node);
	spec.method = "GET";
	spec.path = path;
	spec.accept = "application/json, */*";
	spec.plain_text = true;
	spec.max_response_bytes = log->limit_bytes + SPARE_BYTES;
	spec.timeout_ms = orch_request_timeout_ms;
	spec.arg = flight;
	if (!orch_kube_request_start(kubernetes->log_client, &spec))
	{
		end_flight(flight);
		flight = NULL;
	}
	pfree(path);
	return flight != NULL;
}

void
orch_kube_cancel_log(OrchEngine *engine, const void *arg)
{
	OrchKubeEngine *kubernetes = (OrchKubeEngine *) engine;
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &kubernetes->logs)
	{
		LogFlight  *flight = dlist_container(LogFlight, node, iter.cur);

		if (flight->arg != arg)
			continue;
		orch_kube_client_cancel(kubernetes->log_client, flight);
		end_flight(flight);
	}
}

void
orch_kube_log_response(OrchKubeEngine *kubernetes, OrchKubeResponse *response)
{
	LogFlight  *flight = response->arg;
	LogFlight	ended = *flight;
	OrchEngineLog log = {.answered = response->error == ORCH_KUBE_ERROR_NONE, .status = (int) response->http_status};
	char	  **text;

	log.good = log.answered && response->http_status < 400;
	text = log.good ? &response->body : &response->message;
	log.text = *text;
	log.length = log.good ? response->body_len : (log.text ? strlen(log.text) : 0);
	*text = NULL;
	end_flight(flight);
	ended.sink(ended.arg, &log);
}
