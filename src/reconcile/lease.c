/*
 * lease.c
 *	  Holds the Lease that lets this database, and no copy of it, write.
 *
 * A restored or copied database has the same installation and would fight for
 * the same objects.  The Lease names one holder: system identifier, database
 * oid and timeline.  What has all three of another, a copy of its files that
 * was started without recovery, is not told from it.  What to do about the Lease that was seen is decided in
 * SQL (worker_lease); here it is only fetched and written, and we stop writing
 * when our own clock says that it may have run out.
 */
#include "postgres.h"

#include "audit/audit.h"
#include "catalog/pg_type.h"
#include "core/core.h"
#include "reconcile/call.h"
#include "reconcile/cluster.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* the Lease lasts 15 s; we trust it for less, and renew it often enough */
#define LEASE_TRUST_MS 10000
#define LEASE_RENEW_MS 4000
#define LEASE_RETRY_MS 2000

/* a server that is slow to answer a renewal is waited for, as long as it helps */
#define LEASE_WRITE_MS (2 * LEASE_RENEW_MS)

typedef struct LeaseDecision
{
	bool		is_holder;
	char	   *method;
	char	   *path;
	char	   *body;
	char	   *holder;
} LeaseDecision;

static OrchCall lease_call = {
	.what = "deciding about the lease",
	.sql = "SELECT is_holder, method, path, body, current_holder FROM orchestration_internal.worker_lease($1, $2::jsonb, $3 * interval '1 ms', $4)",
	.nargs = 4,
	.argtypes = {INT8OID, TEXTOID, INT8OID, TEXTOID}
};

static void
read_decision(SPITupleTable *table, uint64 rows, void *arg)
{
	LeaseDecision *decision = arg;
	MemoryContext spi_context;
	char	   *texts[4];

	if (rows != 1)
		return;
	decision->is_holder = orch_column_bool(table, 0, 1);
	for (int i = 0; i < 4; i++)
		texts[i] = orch_column_text(table, 0, i + 2);
	spi_context = MemoryContextSwitchTo(GetMemoryChunkContext(decision));
	decision->method = texts[0] ? pstrdup(texts[0]) : NULL;
	decision->path = texts[1] ? pstrdup(texts[1]) : NULL;
	decision->body = texts[2] ? pstrdup(texts[2]) : NULL;
	decision->holder = texts[3] ? pstrdup(texts[3]) : NULL;
	MemoryContextSwitchTo(spi_context);
}

static bool
decide(OrchCluster *cluster, LeaseDecision *decision)
{
	OrchLease  *lease = &cluster->lease;
	Datum		args[4];
	char		nulls[5] = "    ";

	args[0] = Int64GetDatum(cluster->id);
	args[1] = lease->observed ? CStringGetTextDatum(lease->observed) : (Datum) 0;
	nulls[1] = lease->observed ? ' ' : 'n';
	args[2] = Int64GetDatum((orch_steady_now() - lease->changed_at) / 1000);
	args[3] = CStringGetTextDatum(orch_holder_identity());
	return orch_call(&lease_call, args, nulls, read_decision, decision);
}

static void
send(OrchCluster *cluster, OrchRequestTag tag, const char *method, const char *path, const char *body)
{
	OrchKubeRequestSpec spec = {0};

	spec.method = method;
	spec.path = path;
	spec.body = body;
	spec.body_len = body ? strlen(body) : 0;
	spec.timeout_ms = tag == ORCH_REQUEST_LEASE_WRITE ? LEASE_WRITE_MS : LEASE_RENEW_MS;
	spec.tag = tag;
	if (orch_kube_request_start(cluster->client, &spec))
		cluster->lease.sent_at = orch_steady_now();
}

static char *
lease_path(void)
{
	return psprintf("/apis/coordination.k8s.io/v1/namespaces/default/leases/orchestration-%s", orch_installation_id());
}

/*
 * Sets whether we are the holder.  Losing the lease drops what is under way.
 */
static void
set_held(OrchCluster *cluster, bool held, const char *holder)
{
	if (cluster->lease.held && !held)
	{
		ereport(LOG, (errmsg("cluster \"%s\": the lease is lost, nothing is written", cluster->name)));
		orch_audit_event("lose_lease", "cluster", cluster->id, cluster->name, holder ? psprintf("the lease is held by %s", holder) : "the lease was not renewed in time");
		orch_cluster_end(cluster);
	}
	else if (!cluster->lease.held && held)
	{
		ereport(LOG, (errmsg("cluster \"%s\": the lease is held as %s", cluster->name, orch_holder_identity())));
		orch_audit_event("win_lease", "cluster", cluster->id, cluster->name, NULL);
		orch_cluster_begin(cluster);
	}
	cluster->lease.held = held;
	if (!held && holder != NULL)
		orch_cluster_report(cluster, "standby", psprintf("the lease is held by %s", holder));
}

static void
remember(OrchCluster *cluster, const char *observed)
{
	OrchLease  *lease = &cluster->lease;

	if (lease->observed == NULL || observed == NULL || strcmp(lease->observed, observed) != 0)
		lease->changed_at = orch_steady_now();
	orch_cluster_set_text(cluster, &lease->observed, observed);
}

/*
 * Acts on what is known of the Lease: writes it, or waits for its holder.
 */
static void
act(OrchCluster *cluster)
{
	LeaseDecision *decision = palloc0(sizeof(LeaseDecision));

	if (!decide(cluster, decision))
		return;
	if (decision->method != NULL)
		send(cluster, ORCH_REQUEST_LEASE_WRITE, decision->method, decision->path, decision->body);
	else if (!decision->is_holder)
		set_held(cluster, false, decision->holder);
}

/*
 * Called at every turn: renews, retries, and gives up in time.
 */
void
orch_lease_turn(OrchCluster *cluster, TimestampTz now)
{
	OrchLease  *lease = &cluster->lease;

	if (lease->held && now >= lease->held_until)
		set_held(cluster, false, NULL);
	if (now < lease->next_at ||
		(lease->sent_at != 0 && !TimestampDifferenceExceeds(lease->sent_at, now, LEASE_WRITE_MS)))
		return;
	lease->next_at = TimestampTzPlusMilliseconds(now, lease->held ? LEASE_RENEW_MS : LEASE_RETRY_MS);
	if (lease->held && lease->observed != NULL)
		act(cluster);
	else
		send(cluster, ORCH_REQUEST_LEASE_GET, "GET", lease_path(), NULL);
}

static void
report_failure(OrchCluster *cluster, OrchKubeResponse *response)
{
	bool		refused = response->http_status == 401 || response->http_status == 403 || response->error == ORCH_KUBE_ERROR_TLS;

	if (!cluster->lease.held)
		orch_cluster_report(cluster, refused ? "refused" : "unreachable",
							response->message ? response->message : psprintf("HTTP status %ld", response->http_status));
}

/*
 * Takes the answer to a request about the Lease.
 */
void
orch_lease_response(OrchCluster *cluster, OrchKubeResponse *response)
{
	OrchLease  *lease = &cluster->lease;
	TimestampTz sent_at = lease->sent_at;
	bool		success = response->http_status >= 200 && response->http_status < 300 && response->body_is_json;

	lease->sent_at = 0;
	if (response->tag == ORCH_REQUEST_LEASE_WRITE && success)
	{
		remember(cluster, response->body);
		lease->held_until = TimestampTzPlusMilliseconds(sent_at, LEASE_TRUST_MS);
		set_held(cluster, true, NULL);
	}
	else if (response->tag == ORCH_REQUEST_LEASE_WRITE && response->http_status == 409)
	{
		/* somebody else wrote it: look again at once */
		orch_cluster_set_text(cluster, &lease->observed, NULL);
		lease->next_at = 0;
	}
	else if (response->tag == ORCH_REQUEST_LEASE_GET && (success || response->http_status == 404))
	{
		remember(cluster, success ? response->body : NULL);
		act(cluster);
	}
	else
		report_failure(cluster, response);
}
