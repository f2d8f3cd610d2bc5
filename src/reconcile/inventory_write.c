/*
 * inventory_write.c
 *	  Writes what a turn has brought: one statement for objects, pods, statuses
 *	  and the record.
 *
 * What somebody has locked stays in memory and is tried again; what cannot be
 * stored at all is found one by one, warned of, and backs off.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/core.h"
#include "reconcile/call.h"
#include "reconcile/inventory.h"
#include "reconcile/json_text.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* what one statement takes: far below half a second */
#define WRITE_OBJECTS 500
#define WRITE_INSTANCES 500
#define WRITE_STATUSES 100

/* while somebody has locked a row */
#define TAKE_UP_US (INT64CONST(2) * 1000000)

static OrchCall write_call = {
	.what = "recording",
	.sql = "SELECT what, owner_type, namespace_id, id, seconds, note FROM orchestration_internal.worker_write($1, $2::jsonb, $3::jsonb, $4::jsonb, $5::jsonb, $6)",
	.nargs = 6,
	.argtypes = {INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID}
};

static OrchCall write_each_call = {
	.what = "recording one by one",
	.sql = "SELECT what, owner_type, namespace_id, id, seconds, note FROM orchestration_internal.worker_write_each($1, $2::jsonb, $3::jsonb, $4::jsonb, $5::jsonb)",
	.nargs = 5,
	.argtypes = {INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}
};

/* one exception, copied out of the transaction */
typedef struct Exception
{
	char	   *what;
	char	   *owner_type;
	int64		namespace_id;
	int64		id;
	int64		seconds;
	char	   *note;
} Exception;

/* what one statement takes */
typedef struct Batch
{
	MemoryContext context;
	List	   *exceptions;
	OrchObject *objects[WRITE_OBJECTS];
	OrchInstance *instances[WRITE_INSTANCES];
	OrchOwner  *owners[WRITE_STATUSES];
	int			object_count;
	int			instance_count;
	int			owner_count;
	bool		is_busy;		/* statuses of the pods' containers are derived later, at their own pace */
	StringInfoData object_rows; /* these four are arrays without their end, or empty */
	StringInfoData instance_rows;
	StringInfoData owner_rows;
	StringInfoData operations;
} Batch;

static void
add_comma(StringInfo out)
{
	appendStringInfoString(out, out->len == 0 ? "[" : ",");
}

/*
 * A time by the boot clock as one by the wall clock.
 */
static void
add_time(StringInfo out, const char *key, int64 at, int64 now)
{
	if (at != 0)
		appendStringInfo(out, ",\"%s\":\"%s\"", key, timestamptz_to_str(GetCurrentTimestamp() + (at - now)));
}

static void
add_texts(StringInfo out, const OrchObject *object)
{
	const OrchObjectState *state = &object->state;
	const OrchObjectTexts *texts = object->texts;

	if (orch_digest_is_none(state->applied))
		appendStringInfoString(out, ",\"hash\":null");
	else if (texts && texts->applied_hash)
		orch_json_text_member(out, "hash", texts->applied_hash);
	if (orch_digest_is_none(state->applied_fingerprint))
		appendStringInfoString(out, ",\"applied\":null");
	else if (texts && texts->applied_fingerprint)
		orch_json_text_member(out, "applied", texts->applied_fingerprint);
	if (orch_digest_is_none(state->observed_fingerprint))
		appendStringInfoString(out, ",\"observed\":null");
	else if (texts && texts->observed_fingerprint)
		orch_json_text_member(out, "observed", texts->observed_fingerprint);
	if (orch_digest_is_none(state->facts))
		appendStringInfoString(out, ",\"facts\":null");
	else if (texts && texts->facts)
		appendStringInfo(out, ",\"facts\":%s", texts->facts);
	if (texts && texts->failed)
		orch_json_text_member(out, "error", texts->error);
	if (texts && texts->answered)
		orch_json_text_member(out, "warning", texts->warning);
	if (texts && texts->compared)
		appendStringInfo(out, ",\"insisted\":%s", texts->insisted ? texts->insisted : "null");
}

static void
add_object(StringInfo out, const OrchObject *object, int64 now)
{
	const OrchObjectState *state = &object->state;

	add_comma(out);
	appendStringInfo(out, "{\"id\":" INT64_FORMAT ",\"ns\":" INT64_FORMAT ",\"replacing\":%s,\"attempts\":%d,\"next\":",
					 object->id, object->place->namespace_id, state->replacing ? "true" : "false", state->attempts);
	if (state->next_attempt_at == 0)
		appendStringInfoString(out, "\"-infinity\"");
	else
		appendStringInfo(out, "\"%s\"", timestamptz_to_str(GetCurrentTimestamp() + (state->next_attempt_at - now)));
	if (state->uid[0])
		orch_json_text_member(out, "uid", state->uid);
	if (state->gone_uid[0])
		orch_json_text_member(out, "gone", state->gone_uid);
	if (state->version[0])
		orch_json_text_member(out, "version", state->version);
	if (state->generation != 0)
		appendStringInfo(out, ",\"generation\":" INT64_FORMAT, state->generation);
	if (state->attempted)
		appendStringInfoString(out, ",\"attempted\":true");
	if (state->reason != ORCH_REASON_NONE)
		orch_json_text_member(out, "reason", orch_reason_name(state->reason));
	add_time(out, "deleting", state->deletion_started_at, now);
	add_time(out, "applied_at", state->applied_at, now);
	add_time(out, "due", state->due_since, now);
	add_texts(out, object);
	if (object->leaves)
		appendStringInfoString(out, ",\"leaves\":true");
	appendStringInfoChar(out, '}');
}

static void
add_owner(StringInfo out, const OrchOwner *owner)
{
	add_comma(out);
	appendStringInfo(out, "{\"type\":\"%s\",\"ns\":" INT64_FORMAT ",\"id\":" INT64_FORMAT ",\"generation\":" INT64_FORMAT "}",
					 owner->type, owner->namespace_id, owner->id, owner->generation);
}

static void
read_exceptions(SPITupleTable *table, uint64 rows, void *arg)
{
	Batch	   *batch = arg;
	MemoryContext spi_context = MemoryContextSwitchTo(batch->context);

	for (uint64 row = 0; row < rows; row++)
	{
		Exception  *exception = palloc0(sizeof(Exception));

		exception->what = orch_column_text(table, row, 1);
		exception->owner_type = orch_column_text(table, row, 2);
		exception->namespace_id = orch_column_int8(table, row, 3);
		exception->id = orch_column_int8(table, row, 4);
		exception->seconds = orch_column_int8(table, row, 5);
		exception->note = orch_column_text(table, row, 6);
		batch->exceptions = lappend(batch->exceptions, exception);
	}
	MemoryContextSwitchTo(spi_context);
}

/*
 * What stays in memory because it was not written: by somebody's lock, or
 * because it cannot be stored.
 */
static void
take_exception(OrchInventory *inventory, Exception *exception, int64 now)
{
	OrchObject *object;

	if (strcmp(exception->what, "touched") == 0)
	{
		orch_inventory_touch(inventory, orch_inventory_owner(inventory, exception->owner_type, exception->id, exception->namespace_id));
		return;
	}
	if (strcmp(exception->what, "look") == 0)
	{
		OrchOwner  *owner = orch_inventory_known_owner(inventory, exception->owner_type, exception->id);

		if (owner)
			orch_queue_look_at(inventory, owner, now + exception->seconds * INT64CONST(1000000));
		return;
	}
	if (strcmp(exception->what, "held instance") == 0)
	{
		OrchInstance *instance = orch_inventory_instance(inventory, exception->note);

		if (instance)
			instance->held = true;
		return;
	}
	object = orch_inventory_object(inventory, exception->id);
	if (object == NULL)
		return;
	if (strcmp(exception->what, "held") == 0)
		object->held = true;
	else if (strcmp(exception->what, "missing") == 0)
		object->leaves = true;
	else if (strcmp(exception->what, "kept") == 0)
	{
		/* asked for again: what leaves is in no queue */
		object->leaves = false;
		orch_queue_leave(inventory, object);
		orch_queue_enter(inventory, object);
	}
	else
	{
		OrchEvent	event = {.type = ORCH_EVENT_FAILED, .now = now, .reason = ORCH_REASON_RECORD_FAILED};

		object->leaves = false;
		orch_inventory_step(inventory, object, &event);
	}
}

static OrchObject *
pop_object(dlist_head *list)
{
	return dlist_container(OrchObjectTexts, dirty_node, dlist_pop_head_node(list))->object;
}

static OrchInstance *
pop_instance(dlist_head *list)
{
	return dlist_container(OrchInstanceRow, dirty_node, dlist_pop_head_node(list))->instance;
}

static void
finish_objects(OrchInventory *inventory, OrchObject **objects, int count)
{
	for (int i = 0; i < count; i++)
	{
		OrchObject *object = objects[i];

		if (object->held)
			dlist_push_tail(&inventory->held, &object->texts->dirty_node);
		else
		{
			orch_object_written(inventory, object);
			if (object->leaves)
				orch_inventory_remove(inventory, object);
		}
	}
}

static void
finish_instances(OrchInventory *inventory, OrchInstance **instances, int count)
{
	for (int i = 0; i < count; i++)
	{
		OrchInstance *instance = instances[i];

		if (instance->held)
			dlist_push_tail(&inventory->held_instances, &instance->row->dirty_node);
		else
		{
			orch_instance_written(instance);
			if (instance->ended)
				orch_inventory_forget_instance(inventory, instance);
		}
	}
}

/*
 * What was held is dirty again when its time has come.
 */
static void
take_up(OrchInventory *inventory, int64 now)
{
	if (now < inventory->take_up_at)
		return;
	inventory->take_up_at = now + TAKE_UP_US;
	while (!dlist_is_empty(&inventory->held))
	{
		OrchObject *object = pop_object(&inventory->held);

		object->held = false;
		dlist_push_tail(&inventory->dirty, &object->texts->dirty_node);
		orch_inventory_touch(inventory, object->owner);
	}
	while (!dlist_is_empty(&inventory->held_instances))
	{
		OrchInstance *instance = pop_instance(&inventory->held_instances);

		instance->held = false;
		dlist_push_tail(&inventory->dirty_instances, &instance->row->dirty_node);
	}
}

/*
 * With so many pods to be written, whose containers' statuses follow.
 */
static bool
is_busy(const OrchInventory *inventory, int instances)
{
	return !inventory->is_played && orch_pace_is_busy(inventory->in_flight, inventory->touched_count + instances);
}

/*
 * Takes the owners whose status is to be derived now.
 */
static void
take_touched(OrchInventory *inventory, Batch *batch, int64 now)
{
	int64		next_at = PG_INT64_MAX;
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &inventory->touched)
	{
		OrchOwner  *owner = dlist_container(OrchOwner, touched_node, iter.cur);
		int64		from = orch_pace_derive_from(&inventory->pace, batch->is_busy, owner->derived_at, owner->undone > 0);

		if (from > now)
		{
			next_at = Min(next_at, from);
			continue;
		}
		if (batch->owner_count == WRITE_STATUSES)
		{
			next_at = 0;
			break;
		}
		dlist_delete(&owner->touched_node);
		owner->touched = false;
		owner->derived_at = now;
		batch->owners[batch->owner_count++] = owner;
		add_owner(&batch->owner_rows, owner);
	}
	inventory->touched_count -= batch->owner_count;
	inventory->touched_at = next_at == PG_INT64_MAX ? 0 : next_at;
	if (batch->owner_count > 0 && next_at != 0)
		orch_pace_derived(&inventory->pace, now);
}

/*
 * Takes what is to be written off the lists.
 */
static Batch *
take_batch(OrchInventory *inventory, int64 now)
{
	Batch	   *batch = palloc0(sizeof(Batch));

	batch->context = CurrentMemoryContext;
	initStringInfo(&batch->object_rows);
	initStringInfo(&batch->instance_rows);
	initStringInfo(&batch->owner_rows);
	initStringInfo(&batch->operations);
	while (batch->object_count < WRITE_OBJECTS && !dlist_is_empty(&inventory->dirty))
	{
		OrchObject *object = pop_object(&inventory->dirty);

		batch->objects[batch->object_count++] = object;
		add_object(&batch->object_rows, object, now);
	}
	while (batch->instance_count < WRITE_INSTANCES && !dlist_is_empty(&inventory->dirty_instances))
	{
		OrchInstance *instance = pop_instance(&inventory->dirty_instances);

		batch->instances[batch->instance_count++] = instance;
		add_comma(&batch->instance_rows);
		appendStringInfoString(&batch->instance_rows, instance->row->json);
	}
	batch->is_busy = is_busy(inventory, batch->instance_count);
	/* a status is derived from the rows: from all of them */
	if (dlist_is_empty(&inventory->dirty))
		take_touched(inventory, batch, now);
	appendBinaryStringInfo(&batch->operations, inventory->log.data, inventory->log.len);
	resetStringInfo(&inventory->log);
	return batch;
}

/*
 * Nothing of it was written: it is to be written later.
 */
static void
put_back(OrchInventory *inventory, Batch *batch)
{
	for (int i = 0; i < batch->object_count; i++)
		dlist_push_tail(&inventory->dirty, &batch->objects[i]->texts->dirty_node);
	for (int i = 0; i < batch->instance_count; i++)
		dlist_push_tail(&inventory->dirty_instances, &batch->instances[i]->row->dirty_node);
	for (int i = 0; i < batch->owner_count; i++)
		orch_inventory_touch(inventory, batch->owners[i]);
	/* nothing has been logged since */
	appendBinaryStringInfo(&inventory->log, batch->operations.data, batch->operations.len);
}

static bool
execute(OrchInventory *inventory, OrchCall *call, Batch *batch)
{
	StringInfo	rows[] = {&batch->object_rows, &batch->instance_rows, &batch->owner_rows, &batch->operations};
	Datum		args[6];
	char		nulls[7] = "      ";

	batch->exceptions = NIL;
	args[0] = Int64GetDatum(inventory->cluster_id);
	args[5] = BoolGetDatum(!batch->is_busy);
	for (int i = 0; i < lengthof(rows); i++)
	{
		nulls[i + 1] = rows[i]->len == 0 ? 'n' : ' ';
		args[i + 1] = rows[i]->len == 0 ? (Datum) 0 : CStringGetTextDatum(psprintf("%s]", rows[i]->data));
	}
	return orch_call(call, args, nulls, read_exceptions, batch);
}

/*
 * What was written is clean; what is held stays in memory.
 */
static void
finish(OrchInventory *inventory, Batch *batch, int64 now)
{
	ListCell   *cell;

	foreach(cell, batch->exceptions)
		take_exception(inventory, lfirst(cell), now);
	finish_objects(inventory, batch->objects, batch->object_count);
	finish_instances(inventory, batch->instances, batch->instance_count);
	for (int i = 0; i < batch->owner_count; i++)
		orch_inventory_forget_owner(inventory, batch->owners[i]);
}

/*
 * When something is to be written; PG_INT64_MAX: nothing.  What somebody has
 * locked is tried again then.
 */
int64
orch_inventory_write_at(OrchInventory *inventory)
{
	int64		at = PG_INT64_MAX;

	if (!dlist_is_empty(&inventory->dirty) || !dlist_is_empty(&inventory->dirty_instances) || inventory->log.len > 0)
		at = 0;
	else if (!dlist_is_empty(&inventory->touched))
		at = inventory->touched_at;
	if (!dlist_is_empty(&inventory->held) || !dlist_is_empty(&inventory->held_instances))
		at = Min(at, inventory->take_up_at);
	return Max(at, orch_pace_write_from(&inventory->pace, is_busy(inventory, 0)));
}

/*
 * Is there nothing to be written now?
 */
bool
orch_inventory_is_clean(OrchInventory *inventory)
{
	return dlist_is_empty(&inventory->dirty) && dlist_is_empty(&inventory->dirty_instances) &&
		dlist_is_empty(&inventory->touched) && inventory->log.len == 0;
}

/*
 * Writes as much as one statement may take; false if nothing could be written,
 * which is logged.  Call again while the inventory is not clean.
 */
bool
orch_inventory_write(OrchInventory *inventory)
{
	int64		now = orch_steady_now();
	Batch	   *batch;

	take_up(inventory, now);
	if (orch_inventory_is_clean(inventory))
		return true;
	batch = take_batch(inventory, now);
	if (batch->object_rows.len + batch->instance_rows.len + batch->owner_rows.len + batch->operations.len == 0)
		return true;
	/* nothing more would go into the next one by waiting, where this one is full */
	if (batch->object_count < WRITE_OBJECTS && batch->instance_count < WRITE_INSTANCES && batch->owner_count < WRITE_STATUSES)
		orch_pace_written(&inventory->pace, now);
	if (!execute(inventory, &write_call, batch) && !execute(inventory, &write_each_call, batch))
	{
		put_back(inventory, batch);
		return false;
	}
	finish(inventory, batch, now);
	return true;
}
