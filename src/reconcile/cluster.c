/*
 * cluster.c
 *	  One cluster's part of the worker's loop.
 */
#include "postgres.h"

#include "audit/audit.h"
#include "catalog/pg_type.h"
#include "core/core.h"
#include "kube/clock.h"
#include "reconcile/call.h"
#include "engine/kubernetes/engine.h"
#include "reconcile/cluster.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* one renewal, those whose answers are slow, and a look */
#define LEASE_IN_FLIGHT 8

/* a server that asks for patience is asked again all the same: there is no other holder */
#define LEASE_PAUSE_MS 1000

/* logs that are fetched at the same time; a log may be large */
#define LOGS_IN_FLIGHT 4

/*
 * Makes the connection's data; no request is sent yet.  NULL and an error text
 * when the credentials cannot be used.
 */
OrchCluster *
orch_cluster_open(OrchKubeTransport *transport, const char *installation, int64 id, const char *name,
				  int64 generation, int max_in_flight, const OrchKubeConfig *config, char *error, size_t error_size)
{
	OrchKubeClientOptions options = {0};
	MemoryContext context;
	MemoryContext caller;
	OrchCluster *cluster;
	OrchKubeClient *client;
	OrchKubeClient *log_client;
	OrchKubeClient *lease_client;

	options.request_timeout_ms = orch_request_timeout_ms;
	options.max_in_flight = 100;
	options.allow_plain = orch_allow_plain_http;
	options.user_agent = "orchestration/" ORCH_VERSION;
	client = orch_kube_client_create(transport, config, &options, error, error_size);
	if (client == NULL)
		return NULL;
	options.max_in_flight = LOGS_IN_FLIGHT;
	log_client = orch_kube_client_create(transport, config, &options, error, error_size);
	if (log_client == NULL)
	{
		orch_kube_client_destroy(client);
		return NULL;
	}
	options.max_in_flight = LEASE_IN_FLIGHT;
	options.max_pause_ms = LEASE_PAUSE_MS;
	lease_client = orch_kube_client_create(transport, config, &options, error, error_size);
	if (lease_client == NULL)
	{
		orch_kube_client_destroy(log_client);
		orch_kube_client_destroy(client);
		return NULL;
	}

	context = AllocSetContextCreate(TopMemoryContext, "orchestration cluster", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(context);
	cluster = palloc0(sizeof(OrchCluster));
	cluster->context = context;
	cluster->id = id;
	cluster->name = pstrdup(name);
	cluster->installation = pstrdup(installation);
	cluster->generation = generation;
	cluster->max_in_flight = max_in_flight;
	cluster->client = client;
	cluster->log_client = log_client;
	cluster->engine = orch_kube_engine_create(context, client, ORCH_REQUEST_ACTION, installation, orch_observe_news, cluster);
	orch_lease_open(&cluster->lease, lease_client, id, name, installation);
	MemoryContextSwitchTo(caller);
	return cluster;
}

void
orch_cluster_close(OrchCluster *cluster)
{
	orch_cluster_end(cluster);
	cluster->engine->class->close(cluster->engine);
	orch_pod_logs_close(cluster);
	orch_lease_close(&cluster->lease);
	orch_kube_client_destroy(cluster->log_client);
	orch_kube_client_destroy(cluster->client);
	MemoryContextDelete(cluster->context);
}

static void
ask_version(OrchCluster *cluster)
{
	OrchKubeRequestSpec spec = {0};

	spec.method = "GET";
	spec.path = "/version";
	spec.tag = ORCH_REQUEST_VERSION;
	if (orch_kube_request_start(cluster->client, &spec))
		orch_cluster_set_text(cluster, &cluster->server_version, "");
}

/*
 * Acts on what happened to the Lease: losing it drops what is under way.
 */
static void
take_lease_event(OrchCluster *cluster, const OrchLeaseEvent *event)
{
	switch (event->kind)
	{
		case ORCH_LEASE_NO_EVENT:
			break;
		case ORCH_LEASE_GAINED:
			ereport(LOG, (errmsg("cluster \"%s\": the lease is held as %s", cluster->name, orch_lease_self(&cluster->lease))));
			orch_audit_event("win_lease", "cluster", cluster->id, cluster->name, NULL);
			orch_cluster_begin(cluster);
			break;
		case ORCH_LEASE_LOST:
			ereport(LOG, (errmsg("cluster \"%s\": the lease is lost, nothing is written: %s", cluster->name, event->text)));
			orch_audit_event("lose_lease", "cluster", cluster->id, cluster->name, event->text);
			orch_cluster_end(cluster);
			if (!cluster->lease.state.mine)
				orch_cluster_report(cluster, "standby", event->text);
			break;
		case ORCH_LEASE_STANDBY:
			orch_cluster_report(cluster, "standby", event->text);
			break;
		case ORCH_LEASE_BROKEN:
			orch_cluster_report(cluster, event->refused ? "refused" : "unreachable", event->text);
			break;
	}
}

/*
 * Takes the answer to a request of the lease's client.
 */
void
orch_cluster_lease_response(OrchCluster *cluster, OrchKubeResponse *response)
{
	OrchLeaseEvent event = orch_lease_response(&cluster->lease, response);

	orch_worker_counters.requests++;
	if (response->error != ORCH_KUBE_ERROR_NONE || (response->http_status >= 400 && response->http_status != 404))
		orch_worker_counters.errors++;
	take_lease_event(cluster, &event);
}

/*
 * One turn of the loop: keep the lease, and if it is held, work.
 */
void
orch_cluster_turn(OrchCluster *cluster, TimestampTz now)
{
	OrchLeaseEvent event = orch_lease_turn(&cluster->lease, now);

	take_lease_event(cluster, &event);
	if (!orch_lease_is_held(&cluster->lease, now))
		return;
	if (cluster->server_version == NULL)
		ask_version(cluster);
	if (cluster->in_doubt || cluster->inventory == NULL)
		orch_cluster_begin(cluster);
	if (orch_cluster_load(cluster, now))
		orch_cluster_work(cluster, now);
	orch_usage_turn(cluster, now);
	if (cluster->loaded && cluster->engine->class->is_synced(cluster->engine))
		orch_cluster_report(cluster, "connected", NULL);
	else if (cluster->status == NULL || strcmp(cluster->status, "standby") == 0)
		orch_cluster_report(cluster, "connecting", "waiting for the first complete lists");
}

/*
 * When the next turn is due even if nothing happens.
 */
TimestampTz
orch_cluster_next_turn(OrchCluster *cluster)
{
	TimestampTz next = cluster->lease.state.next_at;

	if (!cluster->lease.state.held)
		return next;
	if (!cluster->loaded)
		return Min(next, cluster->load_backoff.due_at);
	next = Min(next, orch_cluster_next_work(cluster));
	if (cluster->usage.interval > 0 && cluster->usage.round_at == 0)
		next = Min(next, cluster->usage.next_at);
	return next;
}

static void
read_version(SPITupleTable *table, uint64 rows, void *arg)
{
	OrchCluster *cluster = arg;
	char	   *version = rows == 1 ? orch_column_text(table, 0, 1) : NULL;

	orch_cluster_set_text(cluster, &cluster->server_version, version ? version : "");
}

static void
take_version(OrchCluster *cluster, OrchKubeResponse *response)
{
	static OrchCall version_call = {
		.what = "reading the server's version",
		.sql = "SELECT $1::jsonb ->> 'gitVersion'",
		.nargs = 1,
		.argtypes = {TEXTOID}
	};
	Datum		args[1];

	if (response->http_status != 200 || !response->body_is_json)
		return;
	args[0] = CStringGetTextDatum(response->body);
	(void) orch_call(&version_call, args, NULL, read_version, cluster);
	cluster->next_report_at = 0;
}

/*
 * Takes the answer to any request of this cluster.
 */
void
orch_cluster_response(OrchCluster *cluster, OrchKubeResponse *response)
{
	bool		is_usage = response->tag == ORCH_REQUEST_USAGE_METRICS || response->tag == ORCH_REQUEST_USAGE_NODE;

	orch_worker_counters.requests++;
	/* a node that tells nothing is in usage_message, and is no error of the platform */
	if (!is_usage &&
		(response->error != ORCH_KUBE_ERROR_NONE || (response->http_status >= 400 && response->http_status != 404)))
		orch_worker_counters.errors++;

	switch ((OrchRequestTag) response->tag)
	{
		case ORCH_REQUEST_ACTION:
			orch_kube_engine_response(cluster->engine, response);
			break;
		case ORCH_REQUEST_VERSION:
			take_version(cluster, response);
			break;
		case ORCH_REQUEST_LOG:
			break;				/* pod_logs.c */
		case ORCH_REQUEST_USAGE_METRICS:
		case ORCH_REQUEST_USAGE_NODE:
			orch_usage_response(cluster, response);
			break;
		case ORCH_REQUEST_CLAIM:
			orch_kept_claims_response(cluster, response);
			break;
	}
}
