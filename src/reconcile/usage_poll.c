/*
 * usage_poll.c
 *	  Asks a cluster now and then what its containers use.
 *
 * A round asks metrics.k8s.io once, then the kubelet of every node that runs
 * pods of ours, a few at a time, through the API server.  Each answer is stored
 * as it comes, in a transaction of its own.  A node that does not answer costs
 * its own figures alone; nothing here keeps anything else from being done.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/core.h"
#include "reconcile/call.h"
#include "reconcile/cluster.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define NODES_IN_FLIGHT 8
#define NODE_TIMEOUT_MS 10000
#define NODE_BYTES (16 * 1024 * 1024)
#define METRICS_BYTES (32 * 1024 * 1024)

/* metrics.k8s.io is an add-on: where it is not, it may come */
#define METRICS_ABSENT_MS 600000

static const char *const rights_hint = "apply docs/rbac.yaml, or set usage_interval of the cluster to 0";

static OrchCall begin_call = {
	.what = "beginning to look at usage",
	.sql = "SELECT metrics_path, nodes FROM orchestration_internal.worker_usage_begin($1)",
	.nargs = 1,
	.argtypes = {INT8OID}
};

static OrchCall metrics_call = {
	.what = "recording usage from metrics.k8s.io",
	.sql = "SELECT orchestration_internal.worker_usage_metrics($1, $2, $3::jsonb)",
	.nargs = 3,
	.argtypes = {INT8OID, TIMESTAMPTZOID, TEXTOID}
};

static OrchCall summary_call = {
	.what = "recording usage from a node",
	.sql = "SELECT orchestration_internal.worker_usage_summary($1, $2, $3, $4::jsonb)",
	.nargs = 4,
	.argtypes = {INT8OID, TIMESTAMPTZOID, TEXTOID, TEXTOID}
};

static OrchCall end_call = {
	.what = "recording usage",
	.sql = "SELECT orchestration_internal.worker_usage_end($1, $2, $3)",
	.nargs = 3,
	.argtypes = {INT8OID, TIMESTAMPTZOID, TEXTOID}
};

/* ---- a round ---- */

void
orch_usage_set_interval(OrchCluster *cluster, int seconds)
{
	if (cluster->usage.interval == seconds)
		return;
	cluster->usage.interval = seconds;
	cluster->usage.next_at = 0;
}

/*
 * Drops the round under way; its requests must be gone already.
 */
void
orch_usage_forget(OrchCluster *cluster)
{
	OrchUsage  *usage = &cluster->usage;

	if (usage->context != NULL)
		MemoryContextDelete(usage->context);
	usage->context = NULL;
	usage->round_at = 0;
	usage->waiting = usage->asked = usage->failed = 0;
	usage->nodes = NIL;
	usage->metrics_path = usage->page_token = NULL;
	usage->metrics_problem = usage->node_problem = NULL;
}

/* not all clusters, and not all workers, at the same moment */
static int64
jittered_ms(int seconds)
{
	return (int64) seconds * (900 + random() % 201);
}

static char *
describe_problems(OrchUsage *usage)
{
	StringInfoData text;

	if (usage->metrics_problem == NULL && usage->node_problem == NULL)
		return NULL;
	initStringInfo(&text);
	if (usage->metrics_problem != NULL)
		appendStringInfo(&text, "metrics.k8s.io: %s", usage->metrics_problem);
	if (usage->node_problem != NULL)
		appendStringInfo(&text, "%s%d of %d nodes gave no usage, such as %s", text.len > 0 ? "; " : "",
						 usage->failed, usage->asked, usage->node_problem);
	return text.data;
}

static void
end_round(OrchCluster *cluster)
{
	OrchUsage  *usage = &cluster->usage;
	char	   *problem = describe_problems(usage);
	Datum		args[3];

	args[0] = Int64GetDatum(cluster->id);
	args[1] = TimestampTzGetDatum(usage->round_at);
	args[2] = problem ? CStringGetTextDatum(problem) : (Datum) 0;
	(void) orch_call(&end_call, args, problem ? NULL : "  n", NULL, NULL);
	usage->next_at = TimestampTzPlusMilliseconds(usage->began_at, jittered_ms(usage->interval));
	orch_usage_forget(cluster);
}

static const char *
explain(OrchUsage *usage, OrchKubeResponse *response)
{
	const char *message = response->message ? response->message : psprintf("HTTP status %ld", response->http_status);

	if (response->http_status == 403)
		message = psprintf("%s (%s)", message, rights_hint);
	return MemoryContextStrdup(usage->context, message);
}

/* ---- nodes ---- */

static void
note_failure(OrchUsage *usage, const char *node, const char *why)
{
	usage->failed++;
	if (usage->node_problem == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(usage->context);

		usage->node_problem = psprintf("%s: %s", node, why);
		MemoryContextSwitchTo(caller);
	}
}

static bool
ask_node(OrchCluster *cluster, char *node)
{
	OrchKubeRequestSpec spec = {0};
	char	   *path = psprintf("/api/v1/nodes/%s/proxy/stats/summary", node);
	bool		sent;

	spec.method = "GET";
	spec.path = path;
	spec.timeout_ms = Min(NODE_TIMEOUT_MS, orch_request_timeout_ms);
	spec.max_response_bytes = NODE_BYTES;
	spec.tag = ORCH_REQUEST_USAGE_NODE;
	spec.arg = node;
	sent = orch_kube_request_start(cluster->client, &spec);
	pfree(path);
	return sent;
}

/*
 * Keeps a few requests under way, and ends the round when none is left.  A
 * round does not last for longer than an interval: what was not reached is
 * reached in another one, the order is drawn anew.
 */
static void
go_on(OrchCluster *cluster)
{
	OrchUsage  *usage = &cluster->usage;
	bool		late = TimestampDifferenceExceeds(usage->began_at, orch_steady_now(), usage->interval * 1000);

	while (usage->nodes != NIL && usage->waiting < NODES_IN_FLIGHT)
	{
		char	   *node = llast(usage->nodes);

		usage->nodes = list_delete_last(usage->nodes);
		usage->asked++;
		if (late)
			note_failure(usage, node, "there was no time left to ask it");
		else if (ask_node(cluster, node))
			usage->waiting++;
		else
			note_failure(usage, node, "the request could not be made");
	}
	if (usage->waiting == 0)
		end_round(cluster);
}

static void
take_node(OrchCluster *cluster, OrchKubeResponse *response)
{
	OrchUsage  *usage = &cluster->usage;
	const char *node = response->arg;
	Datum		args[4];

	usage->waiting--;
	if (response->http_status == 200 && response->body_is_json)
	{
		args[0] = Int64GetDatum(cluster->id);
		args[1] = TimestampTzGetDatum(usage->round_at);
		args[2] = CStringGetTextDatum(node);
		args[3] = CStringGetTextDatum(response->body);
		if (!orch_call(&summary_call, args, NULL, NULL, NULL))
			note_failure(usage, node, "its answer could not be stored, see the server's log");
	}
	else
		note_failure(usage, node, response->http_status == 200 ? "its answer is not JSON" : explain(usage, response));

	/* rights are the same for every node: the others need not be bothered */
	if (response->http_status == 403)
	{
		usage->asked += list_length(usage->nodes);
		usage->failed += list_length(usage->nodes);
		usage->nodes = NIL;
	}
	go_on(cluster);
}

/* ---- metrics.k8s.io ---- */

static bool
ask_metrics(OrchCluster *cluster, const char *path)
{
	OrchKubeRequestSpec spec = {0};

	spec.method = "GET";
	spec.path = path;
	spec.timeout_ms = orch_request_timeout_ms;
	spec.max_response_bytes = METRICS_BYTES;
	spec.tag = ORCH_REQUEST_USAGE_METRICS;
	if (!orch_kube_request_start(cluster->client, &spec))
		return false;
	cluster->usage.waiting++;
	return true;
}

static void
read_token(SPITupleTable *table, uint64 rows, void *arg)
{
	OrchUsage  *usage = arg;
	char	   *token = rows == 1 ? orch_column_text(table, 0, 1) : NULL;

	usage->page_token = token ? MemoryContextStrdup(usage->context, token) : NULL;
}

/*
 * Stores a page; true if there is another one and it is on its way.
 */
static bool
take_page(OrchCluster *cluster, OrchKubeResponse *response)
{
	OrchUsage  *usage = &cluster->usage;
	StringInfoData path;
	Datum		args[3];

	args[0] = Int64GetDatum(cluster->id);
	args[1] = TimestampTzGetDatum(usage->round_at);
	args[2] = CStringGetTextDatum(response->body);
	usage->page_token = NULL;
	if (!orch_call(&metrics_call, args, NULL, read_token, usage))
		usage->metrics_problem = "the answer could not be stored, see the server's log";
	if (usage->page_token == NULL)
		return false;

	initStringInfo(&path);
	appendStringInfo(&path, "%s&continue=", usage->metrics_path);
	for (const char *c = usage->page_token; *c != '\0'; c++)
		appendStringInfoString(&path, *c == '=' ? "%3D" : (char[]) {*c, '\0'});
	return ask_metrics(cluster, path.data);
}

static void
take_metrics(OrchCluster *cluster, OrchKubeResponse *response)
{
	OrchUsage  *usage = &cluster->usage;

	usage->waiting--;
	if (response->http_status == 200 && response->body_is_json)
	{
		if (take_page(cluster, response))
			return;
	}
	else if (response->http_status == 404)
		usage->metrics_at = TimestampTzPlusMilliseconds(usage->began_at, METRICS_ABSENT_MS);
	else
		usage->metrics_problem = explain(usage, response);
	go_on(cluster);
}

/* ---- what the cluster's turn calls ---- */

static void
read_begin(SPITupleTable *table, uint64 rows, void *arg)
{
	OrchUsage  *usage = arg;
	bool		isnull = true;
	Datum		array = rows == 1 ? SPI_getbinval(table->vals[0], table->tupdesc, 2, &isnull) : (Datum) 0;
	Datum	   *nodes;
	int			count = 0;
	MemoryContext caller = MemoryContextSwitchTo(usage->context);

	if (!isnull)
	{
		deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &nodes, NULL, &count);
		for (int i = 0; i < count; i++)
			usage->nodes = lappend(usage->nodes, TextDatumGetCString(nodes[i]));
		usage->metrics_path = orch_column_text(table, 0, 1);
	}
	MemoryContextSwitchTo(caller);
}

static void
begin_round(OrchCluster *cluster, TimestampTz now)
{
	OrchUsage  *usage = &cluster->usage;
	Datum		args[1];

	usage->context = AllocSetContextCreate(cluster->context, "orchestration usage", ALLOCSET_SMALL_SIZES);
	args[0] = Int64GetDatum(cluster->id);
	if (!orch_call(&begin_call, args, NULL, read_begin, usage))
	{
		orch_usage_forget(cluster);
		usage->next_at = TimestampTzPlusMilliseconds(now, jittered_ms(usage->interval));
		return;
	}
	usage->round_at = GetCurrentTimestamp();
	usage->began_at = orch_steady_now();
	if (usage->nodes == NIL || now < usage->metrics_at || !ask_metrics(cluster, usage->metrics_path))
		go_on(cluster);
}

/*
 * Begins a round when it is time.  The caller holds the lease.
 */
void
orch_usage_turn(OrchCluster *cluster, TimestampTz now)
{
	OrchUsage  *usage = &cluster->usage;

	if (usage->round_at == 0 && usage->interval > 0 && now >= usage->next_at)
		begin_round(cluster, now);
}

void
orch_usage_response(OrchCluster *cluster, OrchKubeResponse *response)
{
	if (response->tag == ORCH_REQUEST_USAGE_METRICS)
		take_metrics(cluster, response);
	else
		take_node(cluster, response);
}
