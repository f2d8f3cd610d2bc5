/*
 * usage_poll.c
 *	  Asks a cluster now and then what its containers use.
 *
 * A round goes over the nodes that run pods of ours; how they are asked is the
 * engine's.  Each answer is stored as it comes, in a transaction of its own.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/core.h"
#include "reconcile/call.h"
#include "reconcile/usage_poll.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

static OrchCall begin_call = {
	.what = "beginning to look at usage",
	.sql = "SELECT orchestration_internal.worker_usage_begin($1)",
	.nargs = 1,
	.argtypes = {INT8OID}
};

static OrchCall metrics_call = {
	.what = "recording usage of a cluster",
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

void
orch_usage_set_interval(OrchCluster *cluster, int seconds)
{
	if (cluster->usage.interval == seconds)
		return;
	cluster->usage.interval = seconds;
	cluster->usage.next_at = 0;
}

/*
 * Drops the round under way; the engine has forgotten it already.
 */
void
orch_usage_forget(OrchCluster *cluster)
{
	cluster->usage.round_at = 0;
	cluster->usage.unstored = 0;
}

/* not all clusters, and not all workers, at the same moment */
static int64
jittered_ms(int seconds)
{
	return (int64) (seconds * (900 + 201 * orch_random()));
}

/*
 * Stores what an answer tells, if it tells anything.
 */
void
orch_usage_told(OrchCluster *cluster, const OrchNews *news)
{
	OrchUsage  *usage = &cluster->usage;
	Datum		args[4];
	bool		stored;

	if (news->json == NULL || usage->round_at == 0)
		return;
	args[0] = Int64GetDatum(cluster->id);
	args[1] = TimestampTzGetDatum(usage->round_at);
	if (news->node == NULL)
	{
		args[2] = PointerGetDatum(cstring_to_text_with_len(news->json, news->json_length));
		stored = orch_call(&metrics_call, args, NULL, NULL, NULL);
	}
	else
	{
		args[2] = CStringGetTextDatum(news->node);
		args[3] = PointerGetDatum(cstring_to_text_with_len(news->json, news->json_length));
		stored = orch_call(&summary_call, args, NULL, NULL, NULL);
	}
	usage->unstored += !stored;
}

static const char *
describe_problems(const OrchUsage *usage, const char *problem)
{
	if (usage->unstored == 0)
		return problem;
	return psprintf("%s%s%d answers could not be stored, see the server's log", problem ? problem : "", problem ? "; " : "", usage->unstored);
}

/*
 * The round is over.
 */
void
orch_usage_end(OrchCluster *cluster, const char *problem)
{
	OrchUsage  *usage = &cluster->usage;
	const char *text = describe_problems(usage, problem);
	Datum		args[3];

	if (usage->round_at == 0)
		return;
	args[0] = Int64GetDatum(cluster->id);
	args[1] = TimestampTzGetDatum(usage->round_at);
	args[2] = text ? CStringGetTextDatum(text) : (Datum) 0;
	(void) orch_call(&end_call, args, text ? NULL : "  n", NULL, NULL);
	usage->next_at = TimestampTzPlusMilliseconds(usage->began_at, jittered_ms(usage->interval));
	orch_usage_forget(cluster);
}

/* The nodes, in the context that the list is in. */
typedef struct Nodes
{
	MemoryContext context;
	List	   *list;
} Nodes;

static void
read_nodes(SPITupleTable *table, uint64 rows, void *arg)
{
	Nodes	   *nodes = arg;
	bool		isnull = true;
	Datum		array = rows == 1 ? SPI_getbinval(table->vals[0], table->tupdesc, 1, &isnull) : (Datum) 0;
	MemoryContext caller = MemoryContextSwitchTo(nodes->context);
	Datum	   *names;
	int			count = 0;

	if (!isnull)
		deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &names, NULL, &count);
	for (int i = 0; i < count; i++)
		nodes->list = lappend(nodes->list, TextDatumGetCString(names[i]));
	MemoryContextSwitchTo(caller);
}

/*
 * It does not last for longer than an interval.
 */
static void
begin_round(OrchCluster *cluster, TimestampTz now)
{
	OrchUsage  *usage = &cluster->usage;
	Nodes		nodes = {.context = CurrentMemoryContext};
	Datum		args[1];

	args[0] = Int64GetDatum(cluster->id);
	if (!orch_call(&begin_call, args, NULL, read_nodes, &nodes))
	{
		usage->next_at = TimestampTzPlusMilliseconds(now, jittered_ms(usage->interval));
		return;
	}
	usage->round_at = GetCurrentTimestamp();
	usage->began_at = orch_steady_now();
	cluster->engine->class->measure(cluster->engine, nodes.list, usage->began_at + usage->interval * INT64CONST(1000000));
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
