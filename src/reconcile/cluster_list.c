/*
 * cluster_list.c
 *	  The clusters that this worker serves: opened, closed and opened anew as
 *	  their rows say.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "engine/engines.h"
#include "reconcile/call.h"
#include "reconcile/cluster_list.h"
#include "reconcile/cluster_turn.h"
#include "reconcile/usage_poll.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* room for every error text of an engine */
#define ERROR_SIZE 512

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
	char	   *engine;
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
		row->engine = copy_column(table, i, 13, context);
		spi_context = MemoryContextSwitchTo(context);
		*list = lappend(*list, row);
		MemoryContextSwitchTo(spi_context);
	}
}

static OrchCall clusters_call = {
	.what = "reading the clusters",
	.sql = "SELECT id, generation, max_in_flight::bigint, enabled, auth_method = 'in-cluster', insecure_skip_tls_verify,"
	" name, kubeconfig, kubeconfig_context, installation, error, usage_interval::bigint, engine FROM orchestration_internal.worker_clusters()",
	.nargs = 0
};

static OrchCall refused_call = {
	.what = "reporting a cluster",
	.sql = "SELECT orchestration_internal.worker_cluster_report($1, $2, $3, NULL, NULL)",
	.nargs = 3,
	.argtypes = {INT8OID, TEXTOID, TEXTOID}
};

static void
report_unopened(const ClusterRow *row, const char *status, const char *message)
{
	Datum		args[3];

	args[0] = Int64GetDatum(row->id);
	args[1] = CStringGetTextDatum(status);
	args[2] = CStringGetTextDatum(message);
	(void) orch_call(&refused_call, args, NULL, NULL, NULL);
}

static OrchCluster *
make_cluster(const ClusterRow *row, char *error, size_t error_size)
{
	const OrchEngineClass *class = orch_engine_find(row->engine);
	OrchEngineSpec spec = {
		.installation = installation_id,
		.configuration = row->in_cluster ? NULL : row->kubeconfig,
		.context = row->context,
		.insecure = row->insecure
	};

	if (row->error == NULL && class != NULL)
		return orch_cluster_open(class, &spec, row->id, row->name, row->generation, error, error_size);
	if (row->error != NULL)
		strlcpy(error, row->error, error_size);
	else
		snprintf(error, error_size, "there is no engine \"%s\"", row->engine);
	return NULL;
}

static void
open_cluster(const ClusterRow *row)
{
	OrchCluster *cluster;
	MemoryContext caller;
	char		error[ERROR_SIZE];

	cluster = make_cluster(row, error, sizeof(error));
	if (cluster == NULL)
	{
		report_unopened(row, "refused", error);
		return;
	}
	caller = MemoryContextSwitchTo(TopMemoryContext);
	clusters = lappend(clusters, cluster);
	MemoryContextSwitchTo(caller);
	if (cluster->engine->insecure)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("cluster \"%s\" is used without verifying its certificate", row->name)));
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
orch_cluster_list_refresh(void)
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
			open_cluster(row);
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
orch_cluster_list_leave(void)
{
	ListCell   *cell;

	foreach(cell, clusters)
		orch_cluster_leave(lfirst(cell));
	orch_lease_finish();
}
