/*
 * pod_logs.c
 *	  The worker's side of container_logs(): fetches logs for sessions.
 *
 * It has a client of its own, so that logs take no place from applies, and never
 * waits: a session that reads slowly, or not at all, keeps its own answer
 * waiting.  Reading needs no lease, as it changes nothing.
 */
#include "postgres.h"

#include "core/core.h"
#include "core/compat.h"
#include "lib/ilist.h"
#include "logs/logs.h"
#include "reconcile/cluster.h"
#include "utils/memutils.h"

/* beyond the log itself: bytes that were no characters grow when they are mended */
#define SPARE_BYTES (64 * 1024)

typedef struct PodLog
{
	dlist_node	node;
	MemoryContext context;
	dsm_handle	handle;
	dsm_segment *segment;
	shm_mq_handle *queue;
	OrchCluster *cluster;		/* that is asked; NULL when there is an answer */
	OrchLogAnswer answer;
	char	   *text;			/* malloc'ed */
	size_t		length;
} PodLog;

static dlist_head logs = DLIST_STATIC_INIT(logs);

static void
forget(PodLog *log)
{
	if (log->cluster)
		orch_kube_client_cancel(log->cluster->log_client, log);
	dlist_delete(&log->node);
	dsm_detach(log->segment);
	free(log->text);
	MemoryContextDelete(log->context);
}

/*
 * Sends as much as the queue takes; the session's latch tells us when it has
 * room again.
 */
static void
push(PodLog *log)
{
	shm_mq_iovec parts[2] = {{(const char *) &log->answer, sizeof(log->answer)}, {log->text, log->length}};

	if (orch_shm_mq_sendv(log->queue, parts, 2) != SHM_MQ_WOULD_BLOCK)
		forget(log);
}

/*
 * The text becomes ours.
 */
static void
answer(PodLog *log, OrchLogOutcome outcome, int http_status, char *text, size_t length)
{
	log->cluster = NULL;
	log->answer.outcome = outcome;
	log->answer.http_status = http_status;
	log->text = text;
	log->length = text ? length : 0;
	push(log);
}

static void
answer_without(PodLog *log, OrchLogOutcome outcome, const char *text)
{
	answer(log, outcome, 0, strdup(text), strlen(text));
}

/* Names are Kubernetes' own; what is none never gets into a path. */
static bool
is_name(const char *text)
{
	return *text != '\0' && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(text);
}

static bool
send_request(PodLog *log, const OrchLogRequest *request)
{
	OrchKubeRequestSpec spec = {0};
	StringInfoData path;
	bool		sent;

	if (!is_name(request->cluster_namespace) || !is_name(request->pod) || !is_name(request->container))
		return false;
	initStringInfo(&path);
	appendStringInfo(&path, "/api/v1/namespaces/%s/pods/%s/log?container=%s&timestamps=true&limitBytes=%d",
					 request->cluster_namespace, request->pod, request->container, request->limit_bytes);
	if (request->tail >= 0)
		appendStringInfo(&path, "&tailLines=" INT64_FORMAT, request->tail);
	if (request->since_seconds > 0)
		appendStringInfo(&path, "&sinceSeconds=" INT64_FORMAT, request->since_seconds);
	if (request->previous)
		appendStringInfoString(&path, "&previous=true");

	spec.method = "GET";
	spec.path = path.data;
	spec.accept = "application/json, */*";
	spec.plain_text = true;
	spec.max_response_bytes = request->limit_bytes + SPARE_BYTES;
	spec.timeout_ms = orch_request_timeout_ms;
	spec.tag = ORCH_REQUEST_LOG;
	spec.arg = log;
	sent = orch_kube_request_start(log->cluster->log_client, &spec);
	pfree(path.data);
	return sent;
}

static OrchCluster *
find_cluster(List *clusters, int64 id)
{
	ListCell   *cell;

	foreach(cell, clusters)
	{
		if (((OrchCluster *) lfirst(cell))->id == id)
			return lfirst(cell);
	}
	return NULL;
}

/*
 * NULL when the session is gone already.  The segment is kept until forget().
 */
static PodLog *
attach(dsm_handle handle)
{
	MemoryContext context;
	MemoryContext caller;
	dsm_segment *segment = dsm_attach(handle);
	shm_mq	   *queue;
	PodLog	   *log;

	if (segment == NULL)
		return NULL;
	dsm_pin_mapping(segment);
	context = AllocSetContextCreate(TopMemoryContext, "orchestration pod log", ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(context);
	log = palloc0(sizeof(PodLog));
	log->context = context;
	log->handle = handle;
	log->segment = segment;
	queue = orch_log_queue(segment);
	shm_mq_set_sender(queue, MyProc);
	log->queue = shm_mq_attach(queue, segment, NULL);
	dlist_push_tail(&logs, &log->node);
	MemoryContextSwitchTo(caller);
	return log;
}

static void
begin(List *clusters, dsm_handle handle)
{
	PodLog	   *log = attach(handle);
	OrchLogRequest *request;

	if (log == NULL)
		return;
	request = orch_log_request(log->segment);
	log->cluster = find_cluster(clusters, request->cluster_id);
	if (log->cluster == NULL)
		answer_without(log, ORCH_LOG_NO_CLUSTER, "The worker has not opened the cluster: it is disabled, or its credentials were refused.");
	else if (!send_request(log, request))
		answer_without(log, ORCH_LOG_UNREACHABLE, "The request could not be made.");
}

/*
 * Takes new requests, goes on with answers that did not fit, and gives up what
 * nobody waits for any more.
 */
void
orch_pod_logs_turn(List *clusters)
{
	dlist_mutable_iter iter;
	dsm_handle	handle;

	dlist_foreach_modify(iter, &logs)
	{
		PodLog	   *log = dlist_container(PodLog, node, iter.cur);

		if (!orch_log_is_awaited(log->handle))
			forget(log);
		else if (log->cluster == NULL)
			push(log);
	}
	while (orch_log_take_request(&handle))
		begin(clusters, handle);
}

/*
 * Takes the answer to a request of ours.
 */
void
orch_pod_logs_response(OrchKubeResponse *response)
{
	PodLog	   *log = response->arg;
	bool		good = response->error == ORCH_KUBE_ERROR_NONE && response->http_status < 400;
	char	  **text = good ? &response->body : &response->message;
	char	   *taken = *text;

	orch_worker_counters.requests++;
	if (!good)
		orch_worker_counters.errors++;
	*text = NULL;
	answer(log, response->error == ORCH_KUBE_ERROR_NONE ? ORCH_LOG_ANSWERED : ORCH_LOG_UNREACHABLE,
		   (int) response->http_status, taken, good ? response->body_len : (taken ? strlen(taken) : 0));
}

/*
 * Answers whoever waits for a cluster that is being closed.
 */
void
orch_pod_logs_close(OrchCluster *cluster)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &logs)
	{
		PodLog	   *log = dlist_container(PodLog, node, iter.cur);

		if (log->cluster != cluster)
			continue;
		orch_kube_client_cancel(cluster->log_client, log);
		answer_without(log, ORCH_LOG_NO_CLUSTER, "The cluster was changed or removed meanwhile.");
	}
}
