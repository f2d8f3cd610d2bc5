/*
 * observe.c
 *	  Carries what the watches bring into the rows, in order and in batches.
 *
 * The mirror is in the tables; nothing is kept here but the time at which a
 * list began.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/core.h"
#include "miscadmin.h"
#include "reconcile/call.h"
#include "reconcile/cluster.h"
#include "reconcile/json_text.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* one transaction takes at most this */
#define BATCH_EVENTS 200
#define BATCH_BYTES (4 * 1024 * 1024)

/* then the lease and the answers to requests come first again */
#define DRAIN_MS 500

/* what a wall clock may differ by while a list is taken, without having been set */
#define CLOCK_SLACK_MS 1000

static const char *const event_names[] = {"ADDED", "MODIFIED", "DELETED"};

static OrchCall receive_call = {
	.what = "observing",
	.sql = "SELECT orchestration_internal.worker_receive($1, $2, $3, $4)",
	.nargs = 4,
	.argtypes = {INT8OID, TEXTOID, TEXTOID, BOOLOID}
};

static OrchCall prune_call = {
	.what = "pruning after a list",
	.sql = "SELECT orchestration_internal.worker_prune($1, $2, $3)",
	.nargs = 3,
	.argtypes = {INT8OID, TEXTOID, TIMESTAMPTZOID}
};

/* events of one watch that wait for their transaction */
typedef struct Batch
{
	OrchCluster *cluster;
	OrchKubeWatch *watch;
	int			kind;
	int			count;
	StringInfoData events;		/* the objects without the brackets */
} Batch;

void
orch_observe_start(OrchCluster *cluster, const char *installation)
{
	char	   *selector = psprintf("orchestration.dev/installation=%s", installation);

	for (int i = 0; i < ORCH_KIND_COUNT; i++)
	{
		OrchKubeWatchSpec spec = {0};
		char		path[ORCH_KIND_PATH_SIZE];

		if (orch_kinds[i].watched == ORCH_WATCHED_NOT || cluster->watches[i] != NULL)
			continue;
		(void) orch_kind_list_path(&orch_kinds[i], path, sizeof(path));
		spec.api_path = path;
		spec.label_selector = selector;
		spec.metadata_only = orch_kinds[i].watched == ORCH_WATCHED_METADATA;
		spec.tag = i;
		spec.arg = cluster;
		cluster->watches[i] = orch_kube_watch_create(cluster->client, &spec);
	}
	pfree(selector);
}

void
orch_observe_stop(OrchCluster *cluster)
{
	for (int i = 0; i < ORCH_KIND_COUNT; i++)
	{
		if (cluster->watches[i] != NULL)
			orch_kube_watch_destroy(cluster->watches[i]);
		cluster->watches[i] = NULL;
	}
}

/*
 * Are all mirrors complete?
 */
bool
orch_observe_synced(OrchCluster *cluster)
{
	for (int i = 0; i < ORCH_KIND_COUNT; i++)
	{
		if (orch_kinds[i].watched != ORCH_WATCHED_NOT && (cluster->watches[i] == NULL || !orch_kube_watch_synced(cluster->watches[i])))
			return false;
	}
	return true;
}

/*
 * Stores what came from a watch.  If even that fails (one bad object does not
 * make it fail) the watch lists again, because what it brought is lost.
 */
static void
receive(OrchCluster *cluster, OrchKubeWatch *watch, int kind, const char *json, bool listed)
{
	Datum		args[4];

	args[0] = Int64GetDatum(cluster->id);
	args[1] = CStringGetTextDatum(orch_kinds[kind].kind);
	args[2] = CStringGetTextDatum(json);
	args[3] = BoolGetDatum(listed);
	cluster->work_due = true;
	if (!orch_call(&receive_call, args, NULL, NULL, NULL))
		orch_kube_watch_relist(watch, "what came could not be stored");
}

static void
flush(Batch *batch)
{
	if (batch->count == 0)
		return;
	receive(batch->cluster, batch->watch, batch->kind, psprintf("[%s]", batch->events.data), false);
	batch->count = 0;
	resetStringInfo(&batch->events);
}

static void
add_event(Batch *batch, OrchKubeWatchOutput *output)
{
	if (batch->count > 0 &&
		(batch->cluster != output->arg || batch->kind != output->tag ||
		 batch->count == BATCH_EVENTS || batch->events.len > BATCH_BYTES))
		flush(batch);
	batch->cluster = output->arg;
	batch->watch = output->watch;
	batch->kind = output->tag;
	if (batch->count++ > 0)
		appendStringInfoChar(&batch->events, ',');
	appendStringInfo(&batch->events, "{\"type\":\"%s\",\"object\":", event_names[output->event]);
	appendBinaryStringInfo(&batch->events, output->json, output->json_len);
	appendStringInfoChar(&batch->events, '}');
}

/*
 * Has somebody set the wall clock since the list began?  Then the times of what
 * was seen say nothing.
 */
static bool
clock_was_set(OrchCluster *cluster, int kind)
{
	int64		by_wall = GetCurrentTimestamp() - cluster->replace_started[kind];
	int64		by_steady = orch_steady_now() - cluster->replace_steady[kind];

	return Abs(by_wall - by_steady) > CLOCK_SLACK_MS * INT64CONST(1000);
}

/*
 * Ends a list.  Only here may an object count as gone because it was not seen.
 */
static void
prune(OrchCluster *cluster, OrchKubeWatch *watch, int kind)
{
	Datum		args[3];

	if (clock_was_set(cluster, kind))
	{
		orch_kube_watch_relist(watch, "the clock was set meanwhile");
		return;
	}
	args[0] = Int64GetDatum(cluster->id);
	args[1] = CStringGetTextDatum(orch_kinds[kind].kind);
	args[2] = TimestampTzGetDatum(cluster->replace_started[kind]);
	(void) orch_call(&prune_call, args, NULL, NULL, NULL);
	cluster->work_due = true;
}

static void
take_output(Batch *batch, OrchKubeWatchOutput *output)
{
	OrchCluster *cluster = output->arg;

	orch_worker_counters.watch_events += output->object_count;
	if (output->type == ORCH_WATCH_EVENT)
	{
		add_event(batch, output);
		return;
	}

	flush(batch);
	switch (output->type)
	{
		case ORCH_WATCH_REPLACE_BEGIN:
			cluster->replace_started[output->tag] = GetCurrentTimestamp();
			cluster->replace_steady[output->tag] = orch_steady_now();
			break;
		case ORCH_WATCH_OBJECTS:
			receive(cluster, output->watch, output->tag, output->json, true);
			break;
		case ORCH_WATCH_REPLACE_END:
			prune(cluster, output->watch, output->tag);
			break;
		case ORCH_WATCH_BROKEN:
			orch_cluster_report(cluster, output->http_status == 401 || output->http_status == 403 ? "refused" : "unreachable",
								psprintf("watching %s: %s", orch_kinds[output->tag].kind, output->error));
			break;
		default:
			break;
	}
}

/*
 * Takes what the watches have brought, for a while; true if there is more.
 */
bool
orch_observe_drain(OrchKubeTransport *transport)
{
	Batch	   *batch = palloc0(sizeof(Batch));
	OrchKubeWatchOutput output;
	TimestampTz started_at = orch_steady_now();
	bool		more = false;

	initStringInfo(&batch->events);
	while (!more && orch_kube_watch_next(transport, &output))
	{
		CHECK_FOR_INTERRUPTS();
		take_output(batch, &output);
		orch_kube_watch_output_clear(&output);
		more = TimestampDifferenceExceeds(started_at, orch_steady_now(), DRAIN_MS);
	}
	flush(batch);
	return more;
}
