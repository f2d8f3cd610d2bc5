/*
 * cluster_work.c
 *	  What a cluster's turn does while its lease is held: load, plan, send, write,
 *	  and what has to be done every now and then.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/core.h"
#include "reconcile/actions.h"
#include "reconcile/call.h"
#include "reconcile/cluster_work.h"
#include "reconcile/kept_claims.h"
#include "reconcile/planning.h"
#include "reconcile/usage_poll.h"
#include "utils/timestamp.h"

/* rows that one portion of a resync compares */
#define RESYNC_BATCH 1000
#define RESYNC_MS 600000

/* while something is left out because somebody has locked it, and while nothing is known to be */
#define TAKE_UP_MS 2000
#define REST_MS 5000

static OrchCall resync_call = {
	.what = "comparing rows and inventory",
	.sql = "SELECT next_type::bigint, next_namespace, next_id, out_of_step::bigint FROM orchestration_internal.worker_resync($1, $2, $3, $4, $5)",
	.nargs = 5,
	.argtypes = {INT8OID, INT4OID, INT8OID, INT8OID, INT4OID}
};

static OrchCall take_up_call = {
	.what = "taking up what was locked",
	.sql = "SELECT orchestration_internal.worker_take_up($1)",
	.nargs = 1,
	.argtypes = {INT8OID}
};

/*
 * Writes what was left out; returns whether something still is.
 */
static bool
take_up(OrchCluster *cluster)
{
	Datum		args[1];
	int64		left = 1;

	args[0] = Int64GetDatum(cluster->id);
	(void) orch_call(&take_up_call, args, NULL, orch_read_int8, &left);
	return left > 0;
}

/*
 * Begins with nothing: the lease is won, or something is in doubt.  The rows
 * tell the rest.
 */
void
orch_cluster_begin(OrchCluster *cluster)
{
	orch_cluster_end(cluster);
	cluster->inventory = orch_inventory_create(cluster->context, cluster->id, cluster->installation);
}

/*
 * Forgets everything that is under way and all that was seen.
 */
void
orch_cluster_end(OrchCluster *cluster)
{
	cluster->engine->class->unwatch(cluster->engine);
	cluster->engine->class->cancel(cluster->engine);
	orch_usage_forget(cluster);
	orch_kept_claims_forget(cluster);
	if (cluster->inventory != NULL)
		orch_inventory_destroy(cluster->inventory);
	cluster->inventory = NULL;
	cluster->loaded = cluster->in_doubt = false;
	memset(&cluster->plan_next, 0, sizeof(OrchPlanPosition));
	memset(&cluster->resync_next, 0, sizeof(OrchPlanPosition));
}

/*
 * Reads the next portion of the inventory; true when it is complete.
 */
bool
orch_cluster_load(OrchCluster *cluster, TimestampTz now)
{
	bool		failed = false;

	if (cluster->loaded)
		return true;
	if (!orch_backoff_is_due(&cluster->load_backoff, now))
		return false;
	cluster->loaded = orch_inventory_load_more(cluster->inventory, &failed);
	if (failed)
	{
		orch_backoff_failed(&cluster->load_backoff, now, orch_random());
		orch_cluster_begin(cluster);
	}
	if (!cluster->loaded)
		return false;
	orch_backoff_succeeded(&cluster->load_backoff);
	cluster->plan_due = true;
	cluster->next_resync_at = 0;
	orch_inventory_touch_unsettled(cluster->inventory);
	orch_kept_claims_look(cluster);
	cluster->engine->class->watch(cluster->engine);
	return true;
}

static void
read_position(SPITupleTable *table, uint64 rows, void *arg)
{
	OrchPlanPosition *position = arg;

	if (rows != 1)
		return;
	position->type = (int) orch_column_int8(table, 0, 1);
	position->namespace_id = orch_column_int8(table, 0, 2);
	position->id = orch_column_int8(table, 0, 3);
}

/*
 * Compares the next portion of rows and inventory; what is out of step is
 * planned again.
 */
static void
resync(OrchCluster *cluster, TimestampTz now)
{
	Datum		args[5];

	if (now < cluster->next_resync_at && cluster->resync_next.type == 0)
		return;
	if (cluster->resync_next.type == 0)
	{
		cluster->next_resync_at = TimestampTzPlusMilliseconds(now, RESYNC_MS);
		cluster->resync_next.type = 1;
	}
	args[0] = Int64GetDatum(cluster->id);
	args[1] = Int32GetDatum(cluster->resync_next.type);
	args[2] = Int64GetDatum(cluster->resync_next.namespace_id);
	args[3] = Int64GetDatum(cluster->resync_next.id);
	args[4] = Int32GetDatum(RESYNC_BATCH);
	memset(&cluster->resync_next, 0, sizeof(OrchPlanPosition));
	(void) orch_call(&resync_call, args, NULL, read_position, &cluster->resync_next);
	if (cluster->resync_next.type == 0)
	{
		cluster->plan_due = true;
		orch_kept_claims_look(cluster);
	}
}

static void
do_timed_work(OrchCluster *cluster, TimestampTz now)
{
	resync(cluster, now);
	orch_queue_take_looks(cluster->inventory, now);
	if (now >= cluster->next_poll_at)
	{
		cluster->plan_due = true;
		cluster->next_poll_at = TimestampTzPlusMilliseconds(now, orch_poll_interval_ms);
	}
	if (now >= cluster->next_take_up_at)
	{
		bool		is_left = take_up(cluster);

		/* what has no objects is done with planning, which waits for the same locks */
		cluster->plan_due |= is_left;
		cluster->next_take_up_at = TimestampTzPlusMilliseconds(now, is_left ? TAKE_UP_MS : REST_MS);
	}
}

/*
 * Writes what has changed, one statement's worth.
 */
static void
record(OrchCluster *cluster, TimestampTz now)
{
	if (!orch_backoff_is_due(&cluster->write_backoff, now) || now < orch_inventory_write_at(cluster->inventory))
		return;
	if (orch_inventory_write(cluster->inventory))
		orch_backoff_succeeded(&cluster->write_backoff);
	else
		orch_backoff_failed(&cluster->write_backoff, now, orch_random());
}

/*
 * The part of a turn that takes a loaded inventory.  What answers have freed is
 * sent first, so that the cluster works while we write.
 */
void
orch_cluster_work(OrchCluster *cluster, TimestampTz now)
{
	do_timed_work(cluster, now);
	orch_actions_send(cluster, now);
	record(cluster, now);
	if (orch_plan_is_due(cluster, now))
		orch_plan_next(cluster);
	cluster->inventory->more_to_come = orch_plan_has_more(cluster);
	orch_actions_send(cluster, now);
	orch_kept_claims_turn(cluster);
}

/*
 * Until then the engine asks to be left alone; 0: it does not.
 */
static int64
paused_until(const OrchCluster *cluster)
{
	long		paused_ms = cluster->engine->class->paused_ms(cluster->engine);

	return paused_ms > 0 ? orch_steady_now() + paused_ms * INT64CONST(1000) : 0;
}

/*
 * When orch_cluster_work() has something to do even if nothing happens.
 */
TimestampTz
orch_cluster_next_work(OrchCluster *cluster)
{
	OrchInventory *inventory = cluster->inventory;
	TimestampTz next = Min(cluster->next_poll_at, Min(cluster->next_take_up_at, cluster->next_resync_at));

	if (cluster->resync_next.type != 0 || orch_kept_claims_are_due(cluster))
		return 0;
	next = Min(next, Max(cluster->write_backoff.due_at, orch_inventory_write_at(inventory)));
	if (orch_plan_is_due(cluster, PG_INT64_MAX))
		next = Min(next, cluster->plan_backoff.due_at);
	if (inventory->in_flight < cluster->max_in_flight)
		next = Min(next, Max(orch_queue_next_at(inventory), paused_until(cluster)));
	return next;
}
