/*
 * cluster_report.c
 *	  Tells how it stands with a cluster: its row, the record, the server's log.
 */
#include "postgres.h"

#include "audit/audit.h"
#include "catalog/pg_type.h"
#include "core/core.h"
#include "reconcile/call.h"
#include "reconcile/cluster_report.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define REPORT_MS 30000

static OrchCall report_call = {
	.what = "reporting a cluster",
	.sql = "SELECT orchestration_internal.worker_cluster_report($1, $2, $3, $4, $5)",
	.nargs = 5,
	.argtypes = {INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}
};

/*
 * Replaces a string of the cluster by a copy of value, which may be NULL.
 */
void
orch_cluster_set_text(OrchCluster *cluster, char **field, const char *value)
{
	char	   *copy = value ? MemoryContextStrdup(cluster->context, value) : NULL;

	if (*field)
		pfree(*field);
	*field = copy;
}

/*
 * Puts on record that the cluster is there, or is not any more.
 */
static void
tell_connection(OrchCluster *cluster, const char *status, const char *message)
{
	bool		was_connected = cluster->status != NULL && strcmp(cluster->status, "connected") == 0;
	bool		was_lost = cluster->status != NULL && (strcmp(cluster->status, "unreachable") == 0 || strcmp(cluster->status, "refused") == 0);
	bool		is_lost = strcmp(status, "unreachable") == 0 || strcmp(status, "refused") == 0;

	if (strcmp(status, "connected") == 0 && !was_connected)
		orch_audit_event("connect", "cluster", cluster->id, cluster->name, NULL);
	else if (is_lost && !was_lost)
		orch_audit_event("disconnect", "cluster", cluster->id, cluster->name, message ? message : status);
}

/*
 * Writes what is known of the cluster into its row, when it changed; again at
 * the next turn if somebody has locked it.
 */
void
orch_cluster_report(OrchCluster *cluster, const char *status, const char *message)
{
	bool		same = cluster->status != NULL && strcmp(cluster->status, status) == 0 &&
		(cluster->message == message ||
		 (cluster->message != NULL && message != NULL && strcmp(cluster->message, message) == 0));
	TimestampTz now = orch_steady_now();
	bool		is_held = orch_lease_is_held(&cluster->lease, now);
	bool		written = false;
	Datum		args[5];
	char		nulls[6] = "     ";

	if (same && now < cluster->next_report_at)
		return;
	if (!same)
		ereport(LOG, (errmsg("cluster \"%s\" is %s%s%s", cluster->name, status, message ? ": " : "", message ? message : "")));
	if (!same)
		tell_connection(cluster, status, message);

	args[0] = Int64GetDatum(cluster->id);
	args[1] = CStringGetTextDatum(status);
	args[2] = message ? CStringGetTextDatum(message) : (Datum) 0;
	args[3] = cluster->server_version ? CStringGetTextDatum(cluster->server_version) : (Datum) 0;
	args[4] = is_held ? CStringGetTextDatum(orch_lease_self(&cluster->lease)) : (Datum) 0;
	nulls[2] = message ? ' ' : 'n';
	nulls[3] = cluster->server_version ? ' ' : 'n';
	nulls[4] = is_held ? ' ' : 'n';
	if (!orch_call(&report_call, args, nulls, orch_read_bool, &written) || !written)
		return;
	/* it is back: what failed because it was away need not wait out its turn */
	if (!same && cluster->inventory != NULL && strcmp(status, "connected") == 0)
		orch_inventory_reconnected(cluster->inventory);
	orch_cluster_set_text(cluster, &cluster->status, status);
	orch_cluster_set_text(cluster, &cluster->message, message);
	cluster->next_report_at = TimestampTzPlusMilliseconds(now, REPORT_MS);
}
