/*
 * pod_logs.c
 *	  The worker's side of container_logs(): fetches logs for sessions.
 *
 * It never waits: a session that reads slowly, or not at all, keeps its own answer
 * waiting.  Reading needs no lease, as it changes nothing.
 */
#include "postgres.h"

#include "core/core.h"
#include "core/compat.h"
#include "lib/ilist.h"
#include "logs/logs.h"
#include "reconcile/pod_logs.h"
#include "utils/memutils.h"

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
		log->cluster->engine->class->cancel_log(log->cluster->engine, log);
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

/*
 * Takes what came of a request of ours.
 */
static void
take(void *arg, const OrchEngineLog *got)
{
	PodLog	   *log = arg;

	orch_count_request(!got->good);
	answer(log, got->answered ? ORCH_LOG_ANSWERED : ORCH_LOG_UNREACHABLE, got->status, got->text, got->length);
}

static bool
send_request(PodLog *log, const OrchLogRequest *request)
{
	OrchEngineLogSpec spec = {.sink = take, .arg = log};
	OrchEngine *engine = log->cluster->engine;

	spec.in = request->cluster_namespace;
	spec.instance = request->pod;
	spec.container = request->container;
	spec.since_seconds = request->since_seconds;
	spec.tail = request->tail;
	spec.limit_bytes = request->limit_bytes;
	spec.previous = request->previous;
	return engine->class->read_log(engine, &spec);
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
		cluster->engine->class->cancel_log(cluster->engine, log);
		answer_without(log, ORCH_LOG_NO_CLUSTER, "The cluster was changed or removed meanwhile.");
	}
}
