/*
 * cluster_list.c
 *	  The clusters that this worker serves: opened, closed and opened anew as
 *	  their rows say.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "kube/kubeconfig.h"
#include "reconcile/call.h"
#include "reconcile/cluster.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

static List *clusters = NIL;	/* of OrchCluster, in TopMemoryContext */
static char *installation_id = NULL;

/*
 * The open clusters; the list changes only in orch_cluster_list_refresh().
 */
List *
orch_cluster_list(void)
{
	return clusters;
}

static OrchCluster *
find_cluster(int64 id)
{
	ListCell   *cell;

	foreach(cell, clusters)
	{
		OrchCluster *cluster = lfirst(cell);

		if (cluster->id == id)
			return cluster;
	}
	return NULL;
}

/* one row of worker_clusters(), copied out of its transaction */
typedef struct ClusterRow
{
	int64		id;
	int64		generation;
	int64		max_in_flight;
	int64		usage_interval;
	bool		enabled;
	bool		in_cluster;
	bool		insecure;
	char	   *name;
	char	   *kubeconfig;
	char	   *context;
	char	   *installation;
	char	   *error;
} ClusterRow;

static char *
copy_column(SPITupleTable *table, uint64 row, int column, MemoryContext context)
{
	char	   *text = orch_column_text(table, row, column);

	return text ? MemoryContextStrdup(context, text) : NULL;
}

static void
read_clusters(SPITupleTable *table, uint64 rows, void *arg)
{
	List	  **list = arg;
	MemoryContext context = GetMemoryChunkContext(list);

	for (uint64 i = 0; i < rows; i++)
	{
		ClusterRow *row = MemoryContextAllocZero(context, sizeof(ClusterRow));
		MemoryContext spi_context;

		row->id = orch_column_int8(table, i, 1);
		row->generation = orch_column_int8(table, i, 2);
		row->max_in_flight = orch_column_int8(table, i, 3);
		row->enabled = orch_column_bool(table, i, 4);
		row->in_cluster = orch_column_bool(table, i, 5);
		row->insecure = orch_column_bool(table, i, 6);
		row->name = copy_column(table, i, 7, context);
		row->kubeconfig = copy_column(table, i, 8, context);
		row->context = copy_column(table, i, 9, context);
		row->installation = copy_column(table, i, 10, context);
		row->error = copy_column(table, i, 11, context);
		row->usage_interval = orch_column_int8(table, i, 12);
		spi_context = MemoryContextSwitchTo(context);
		*list = lappend(*list, row);
		MemoryContextSwitchTo(spi_context);
	}
}

static OrchCall clusters_call = {
	.what = "reading the clusters",
	.sql = "SELECT id, generation, max_in_flight::bigint, enabled, auth_method = 'in-cluster', insecure_skip_tls_verify,"
	" name, kubeconfig, kubeconfig_context, installation, error, usage_interval::bigint FROM orchestration_internal.worker_clusters()",
	.nargs = 0
};

static OrchCall refused_call = {
	.what = "reporting a cluster",
	.sql = "SELECT orchestration_internal.worker_cluster_report($1, $2, $3, NULL, NULL)",
	.nargs = 3,
	.argtypes = {INT8OID, TEXTOID, TEXTOID}
};

static void
report_unopened(ClusterRow *row, const char *status, const char *message)
{
	Datum		args[3];

	args[0] = Int64GetDatum(row->id);
	args[1] = CStringGetTextDatum(status);
	args[2] = CStringGetTextDatum(message);
	(void) orch_call(&refused_call, args, NULL, NULL, NULL);
}

static bool
configure(ClusterRow *row, OrchKubeConfig *config, char *error, size_t error_size)
{
	bool		ok;

	if (row->error != NULL)
	{
		strlcpy(error, row->error, error_size);
		return false;
	}
	if (row->in_cluster)
		ok = orch_kubeconfig_in_cluster(config, NULL, error, error_size);
	else
		ok = orch_kubeconfig_parse(row->kubeconfig, strlen(row->kubeconfig), row->context, config, error, error_size);
	if (ok && row->insecure)
		config->insecure_skip_tls_verify = true;
	return ok;
}

static void
open_cluster(OrchKubeTransport *transport, ClusterRow *row)
{
	OrchKubeConfig config;
	OrchCluster *cluster = NULL;
	bool		insecure;
	char		error[ORCH_KUBE_ERROR_SIZE];

	orch_kubeconfig_init(&config);
	if (configure(row, &config, error, sizeof(error)))
		cluster = orch_cluster_open(transport, installation_id, row->id, row->name, row->generation, row->max_in_flight,
									&config, error, sizeof(error));
	insecure = config.insecure_skip_tls_verify;
	orch_kubeconfig_free(&config);

	if (cluster == NULL)
		report_unopened(row, "refused", error);
	else
	{
		MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

		clusters = lappend(clusters, cluster);
		MemoryContextSwitchTo(caller);
		if (insecure)
			ereport(WARNING,
					(errcode(ERRCODE_WARNING),
					 errmsg("cluster \"%s\" is used without verifying its certificate", row->name)));
	}
}

/*
 * Closes the clusters whose row is gone, disabled or changed.
 */
static void
close_stale_clusters(List *rows)
{
	List	   *kept = NIL;
	ListCell   *cell;
	MemoryContext caller;

	foreach(cell, rows)
	{
		ClusterRow *row = lfirst(cell);
		OrchCluster *cluster = find_cluster(row->id);

		if (cluster != NULL && row->enabled && cluster->generation == row->generation)
			cluster->seen = true;
	}

	caller = MemoryContextSwitchTo(TopMemoryContext);
	foreach(cell, clusters)
	{
		OrchCluster *cluster = lfirst(cell);

		if (cluster->seen)
			kept = lappend(kept, cluster);
		else
			orch_cluster_close(cluster);
		cluster->seen = false;
	}
	list_free(clusters);
	clusters = kept;
	MemoryContextSwitchTo(caller);
}

/*
 * Makes the open clusters agree with the rows of clusters.
 */
void
orch_cluster_list_refresh(OrchKubeTransport *transport)
{
	List	  **rows = palloc0(sizeof(List *));
	ListCell   *cell;

	if (!orch_call(&clusters_call, NULL, NULL, read_clusters, rows))
		return;
	close_stale_clusters(*rows);
	foreach(cell, *rows)
	{
		ClusterRow *row = lfirst(cell);
		OrchCluster *cluster;

		if (installation_id == NULL && row->installation != NULL)
			installation_id = MemoryContextStrdup(TopMemoryContext, row->installation);
		if (!row->enabled)
			report_unopened(row, "disabled", "the cluster is disabled");
		else if (find_cluster(row->id) == NULL)
			open_cluster(transport, row);
		cluster = find_cluster(row->id);
		if (cluster != NULL)
		{
			cluster->max_in_flight = (int) row->max_in_flight;
			orch_usage_set_interval(cluster, (int) row->usage_interval);
		}
		if (row->kubeconfig)
			explicit_bzero(row->kubeconfig, strlen(row->kubeconfig));
	}
}

/*
 * Sends nothing any more and releases the leases, as the process is about to end
 * in good order.
 */
void
orch_cluster_list_leave(OrchKubeTransport *transport)
{
	ListCell   *cell;

	foreach(cell, clusters)
		orch_kube_client_cancel_all(((OrchCluster *) lfirst(cell))->client);
	orch_lease_finish(transport);
}
