/*
 * planning.c
 *	  What the rows want: plans, and renders manifests.
 *
 * Manifests are kept until they are applied, so that each is rendered once.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/core.h"
#include "reconcile/call.h"
#include "reconcile/planning.h"
#include "utils/builtins.h"

/*
 * Rows that one planning transaction looks at, and renders at most: fewer where
 * that takes long, so that the lease is looked after however slow the machine is,
 * and requests do not run out meanwhile.
 */
#define PLAN_BATCH_LEAST 10
#define PLAN_BATCH_FIRST 50
#define PLAN_BATCH_MOST 200
#define PLAN_US_LEAST INT64CONST(5000)
#define PLAN_US_MOST INT64CONST(15000)

/*
 * Manifests in memory, and those of them that may be sent before the workloads: more is
 * planned when there are fewer.  While requests are answered there is time to plan.
 */
#define MANIFESTS_AHEAD 1000
#define READY_AHEAD 64

/* with fewer, and more to come, workloads wait */
#define MANIFESTS_HELD 500

/* columns of worker_plan() */
enum
{
	PLAN_OBJECT = 1,
	PLAN_MANIFEST,
	PLAN_HASH,
	PLAN_NEXT_TYPE,
	PLAN_NEXT_ID
};

static OrchCall plan_call = {
	.what = "planning",
	.sql = "SELECT object_id, manifest, hash, next_type::bigint, next_id FROM orchestration_internal.worker_plan($1, $2, $3, $4)",
	.nargs = 4,
	.argtypes = {INT8OID, INT4OID, INT8OID, INT4OID}
};

static OrchCall manifests_call = {
	.what = "rendering",
	.sql = "SELECT object_id, manifest, hash, error FROM orchestration_internal.worker_manifests($1, $2)",
	.nargs = 2,
	.argtypes = {INT8OID, INT8ARRAYOID}
};

static OrchCall want_call = {
	.what = "planning what was rendered",
	.sql = "SELECT orchestration_internal.worker_want($1, $2)",
	.nargs = 2,
	.argtypes = {INT8ARRAYOID, TEXTARRAYOID}
};

/* one row of worker_plan() or worker_manifests(), copied out */
typedef struct Rendered
{
	int64		object_id;
	char	   *manifest;
	char	   *hash;
	char	   *error;
} Rendered;

typedef struct RenderedRows
{
	MemoryContext context;
	Rendered   *rows;
	int			count;
	OrchPlanPosition next;
} RenderedRows;

static RenderedRows *
make_rendered(void)
{
	RenderedRows *rendered = palloc0(sizeof(RenderedRows));

	rendered->context = CurrentMemoryContext;
	return rendered;
}

static void
copy_rendered(Rendered *to, SPITupleTable *table, uint64 row)
{
	to->object_id = orch_column_int8(table, row, PLAN_OBJECT);
	to->manifest = orch_column_text(table, row, PLAN_MANIFEST);
	to->hash = orch_column_text(table, row, PLAN_HASH);
}

static void
read_plan(SPITupleTable *table, uint64 rows, void *arg)
{
	RenderedRows *rendered = arg;
	MemoryContext spi_context = MemoryContextSwitchTo(rendered->context);

	rendered->rows = palloc0(sizeof(Rendered) * rows);
	rendered->count = (int) rows - 1;
	for (int row = 0; row < rendered->count; row++)
		copy_rendered(&rendered->rows[row], table, row);
	rendered->next.type = (int) orch_column_int8(table, rows - 1, PLAN_NEXT_TYPE);
	rendered->next.id = orch_column_int8(table, rows - 1, PLAN_NEXT_ID);
	MemoryContextSwitchTo(spi_context);
}

static void
read_manifests(SPITupleTable *table, uint64 rows, void *arg)
{
	RenderedRows *rendered = arg;
	MemoryContext spi_context = MemoryContextSwitchTo(rendered->context);

	rendered->rows = palloc0(sizeof(Rendered) * (rows + 1));
	rendered->count = (int) rows;
	for (uint64 row = 0; row < rows; row++)
	{
		copy_rendered(&rendered->rows[row], table, row);
		rendered->rows[row].error = orch_column_text(table, row, 4);
	}
	MemoryContextSwitchTo(spi_context);
}

/*
 * Is the row news to us?  What is to go is named at every walk until it is gone.
 */
static bool
is_news(OrchInventory *inventory, const Rendered *row)
{
	OrchObject *object = orch_inventory_object(inventory, row->object_id);

	return row->hash != NULL || object == NULL || !orch_digest_is_none(object->state.desired);
}

static void
take_plan(OrchCluster *cluster, RenderedRows *rendered)
{
	OrchInventory *inventory = cluster->inventory;
	int64	   *ids = palloc(sizeof(int64) * (rendered->count + 1));
	int			count = 0;

	for (int i = 0; i < rendered->count; i++)
	{
		if (is_news(inventory, &rendered->rows[i]))
			ids[count++] = rendered->rows[i].object_id;
	}
	/* without it nothing is known of what was planned: begin anew */
	if (count > 0 && !orch_inventory_refresh(inventory, ids, count))
	{
		cluster->in_doubt = true;
		return;
	}
	for (int i = 0; i < rendered->count; i++)
	{
		OrchObject *object = orch_inventory_object(inventory, rendered->rows[i].object_id);

		if (object == NULL)
			continue;
		/* one that was rendered before is not of this plan, and some come without (secrets) */
		orch_inventory_keep_manifest(inventory, object, rendered->rows[i].manifest, rendered->rows[i].hash);
		orch_inventory_touch_planned(inventory, object->owner);
	}
}

static void
adapt_batch(OrchCluster *cluster, int64 took)
{
	if (took > PLAN_US_MOST)
		cluster->plan_batch = Max(cluster->plan_batch / 2, PLAN_BATCH_LEAST);
	else if (took < PLAN_US_LEAST)
		cluster->plan_batch = Min(cluster->plan_batch * 2, PLAN_BATCH_MOST);
}

/*
 * Compares the next rows with the inventory.  Rows change by others' commits,
 * which wake us; a wake begins the walk over what waits anew.  To be called when
 * orch_plan_is_due().
 */
void
orch_plan_next(OrchCluster *cluster)
{
	RenderedRows *rendered;
	int64		began_at = orch_steady_now();
	Datum		args[4];

	if (cluster->plan_next.type == 0)
	{
		cluster->plan_due = false;
		cluster->plan_next.type = 1;
	}
	if (cluster->plan_batch == 0)
		cluster->plan_batch = PLAN_BATCH_FIRST;
	rendered = make_rendered();
	args[0] = Int64GetDatum(cluster->id);
	args[1] = Int32GetDatum(cluster->plan_next.type);
	args[2] = Int64GetDatum(cluster->plan_next.id);
	args[3] = Int32GetDatum(cluster->plan_batch);
	if (!orch_call(&plan_call, args, NULL, read_plan, rendered))
	{
		memset(&cluster->plan_next, 0, sizeof(OrchPlanPosition));
		cluster->plan_due = true;
		orch_backoff_failed(&cluster->plan_backoff, orch_steady_now(), orch_random());
		return;
	}
	orch_backoff_succeeded(&cluster->plan_backoff);
	cluster->plan_next = rendered->next;
	take_plan(cluster, rendered);
	adapt_batch(cluster, orch_steady_now() - began_at);
}

/*
 * A session that plays the worker sends once, all that it was asked for.
 */
static bool
has_enough_to_send(const OrchInventory *inventory)
{
	return inventory->manifests >= MANIFESTS_AHEAD || (inventory->ready_manifests >= READY_AHEAD && !inventory->is_played);
}

/*
 * Is there something to plan now?
 */
bool
orch_plan_is_due(const OrchCluster *cluster, int64 now)
{
	return (cluster->plan_due || cluster->plan_next.type != 0) && orch_backoff_is_due(&cluster->plan_backoff, now) &&
		!has_enough_to_send(cluster->inventory);
}

/*
 * Is something planned soon that may come before the workloads that are planned?
 * While nothing is under way there is no use in waiting for it.
 */
bool
orch_plan_has_more(const OrchCluster *cluster)
{
	const OrchInventory *inventory = cluster->inventory;

	return cluster->plan_next.type != 0 && inventory->in_flight > 0 && inventory->manifests < MANIFESTS_HELD;
}

/*
 * What is sent becomes the plan.  Otherwise an object whose manifest has changed
 * by itself, as after an update of the extension, would never be as desired.
 */
static bool
want(OrchInventory *inventory, RenderedRows *rendered)
{
	Datum	   *ids = palloc(sizeof(Datum) * (rendered->count + 1));
	Datum	   *hashes = palloc(sizeof(Datum) * (rendered->count + 1));
	Datum		args[2];
	int			count = 0;

	for (int i = 0; i < rendered->count; i++)
	{
		Rendered   *row = &rendered->rows[i];
		OrchObject *object = orch_inventory_object(inventory, row->object_id);
		OrchEvent	event = {.type = ORCH_EVENT_PLANNED, .now = orch_steady_now()};
		bool		is_queued;

		if (object == NULL || row->hash == NULL)
			continue;
		event.desired = orch_digest(row->hash, strlen(row->hash));
		if (orch_digest_equal(object->state.desired, event.desired) || orch_digest_is_none(object->state.desired))
			continue;
		is_queued = object->queue != ORCH_QUEUE_NONE;
		orch_inventory_step(inventory, object, &event);
		/* the caller has taken it, and is about to send it */
		if (!is_queued)
			orch_queue_leave(inventory, object);
		ids[count] = Int64GetDatum(row->object_id);
		hashes[count++] = CStringGetTextDatum(row->hash);
	}
	if (count == 0)
		return true;
	args[0] = orch_array_argument(ids, count, INT8OID);
	args[1] = orch_array_argument(hashes, count, TEXTOID);
	return orch_call(&want_call, args, NULL, NULL, NULL);
}

/*
 * Renders the manifests of objects that have none in memory, after a start or
 * when somebody has changed them.  What cannot be rendered is told of those that
 * are in no queue.
 */
void
orch_plan_render(OrchCluster *cluster, OrchObject **objects, int count)
{
	OrchInventory *inventory = cluster->inventory;
	RenderedRows *rendered = make_rendered();
	Datum	   *ids = palloc(sizeof(Datum) * count);
	Datum		args[2];

	for (int i = 0; i < count; i++)
		ids[i] = Int64GetDatum(objects[i]->id);
	args[0] = Int64GetDatum(cluster->id);
	args[1] = orch_array_argument(ids, count, INT8OID);
	if (!orch_call(&manifests_call, args, NULL, read_manifests, rendered) || !want(inventory, rendered))
		return;
	for (int i = 0; i < rendered->count; i++)
	{
		Rendered   *row = &rendered->rows[i];
		OrchObject *object = orch_inventory_object(inventory, row->object_id);

		if (row->manifest != NULL)
			orch_inventory_keep_manifest(inventory, object, row->manifest, row->hash);
		else if (object->queue == ORCH_QUEUE_NONE)
			orch_inventory_set_error(inventory, object, row->error);
	}
}
