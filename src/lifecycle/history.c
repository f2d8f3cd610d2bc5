/*
 * history.c
 *	  AFTER STATEMENT trigger of containers: what happened goes into
 *	  container_status_history, and what deleted containers used is let go.
 *
 * One INSERT for up to a thousand rows, not one a row: a status change of
 * 100,000 containers must stay cheap.
 */
#include "lifecycle/lifecycle.h"

#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/core.h"
#include "core/rows.h"
#include "lifecycle/wait.h"
#include "partition/partition.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#define BATCH 1000

/* the arrays that go to the INSERT, and the scalars after them */
enum
{
	NAMESPACE_ID, CONTAINER_ID, NAME, OLD_STATUS, NEW_STATUS, OLD_DESIRED, NEW_DESIRED, REASON, MESSAGE,
	ARRAY_COUNT,
	CHANGED_AT = ARRAY_COUNT, SOURCE,
	PARAMETER_COUNT
};

static const char *const history_statement =
"INSERT INTO orchestration.container_status_history (namespace_id, container_id, container_name, old_status, new_status,"
" old_desired_state, new_desired_state, reason, message, changed_at, source, changed_by)"
" SELECT h.*, $10, $11, (SELECT orchestration.current_user_id())"
" FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) AS h";

/* their rows would keep config maps, secrets and volumes from being deleted */
static const char *const release_statement =
"WITH gone AS (SELECT * FROM unnest($1, $2) AS g (namespace_id, container_id)),"
" mounts AS (DELETE FROM orchestration.container_volumes c USING gone g WHERE c.namespace_id = g.namespace_id AND c.container_id = g.container_id),"
" variables AS (DELETE FROM orchestration.environment_variables c USING gone g WHERE c.namespace_id = g.namespace_id AND c.container_id = g.container_id),"
" probes AS (DELETE FROM orchestration.container_probes c USING gone g WHERE c.namespace_id = g.namespace_id AND c.container_id = g.container_id)"
" DELETE FROM orchestration.port_mappings c USING gone g WHERE c.namespace_id = g.namespace_id AND c.container_id = g.container_id";

typedef struct HistoryColumns
{
	AttrNumber	namespace_id;
	AttrNumber	id;
	AttrNumber	name;
	AttrNumber	status;
	AttrNumber	desired_state;
	AttrNumber	status_reason;
	AttrNumber	status_message;
	AttrNumber	restart_requested_at;
	AttrNumber	replicas;
} HistoryColumns;

typedef struct HistoryBatch
{
	HistoryColumns columns;
	MemoryContext context;		/* reset when a batch is written */
	TimestampTz changed_at;
	int			count;
	Datum		values[ARRAY_COUNT][BATCH];
	bool		nulls[ARRAY_COUNT][BATCH];
	int			gone_count;		/* of this batch, now deleted */
	Datum		gone[2][BATCH];
} HistoryBatch;

static void
find_columns(HistoryColumns *columns, TupleDesc desc)
{
	columns->namespace_id = orch_row_column(desc, "namespace_id");
	columns->id = orch_row_column(desc, "id");
	columns->name = orch_row_column(desc, "name");
	columns->status = orch_row_column(desc, "status");
	columns->desired_state = orch_row_column(desc, "desired_state");
	columns->status_reason = orch_row_column(desc, "status_reason");
	columns->status_message = orch_row_column(desc, "status_message");
	columns->restart_requested_at = orch_row_column(desc, "restart_requested_at");
	columns->replicas = orch_row_column(desc, "replicas");
}

static ArrayType *
array_of(HistoryBatch *batch, int which)
{
	int			dims = batch->count;
	int			lower = 1;

	if (which <= CONTAINER_ID)
		return construct_array(batch->values[which], batch->count, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
	return construct_md_array(batch->values[which], batch->nulls[which], 1, &dims, &lower,
							  TEXTOID, -1, false, TYPALIGN_INT);
}

static void
release_deleted(HistoryBatch *batch)
{
	static void *plan = NULL;
	Oid			types[] = {INT8ARRAYOID, INT8ARRAYOID};
	Datum		values[2];

	if (batch->gone_count == 0)
		return;
	for (int i = 0; i < 2; i++)
		values[i] = PointerGetDatum(construct_array(batch->gone[i], batch->gone_count, INT8OID, 8,
													FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	orch_owner_prepare(&plan, release_statement, 2, types);
	orch_owner_execute(plan, values);
	batch->gone_count = 0;
}

static void
write_batch(HistoryBatch *batch, Relation rel)
{
	static void *plan = NULL;
	OrchOwnerContext owner;
	Oid			types[PARAMETER_COUNT];
	Datum		values[PARAMETER_COUNT];
	MemoryContext previous;

	if (batch == NULL || batch->count == 0)
		return;
	orch_owner_begin(&owner, rel);
	previous = MemoryContextSwitchTo(batch->context);
	for (int i = 0; i < ARRAY_COUNT; i++)
	{
		types[i] = i <= CONTAINER_ID ? INT8ARRAYOID : TEXTARRAYOID;
		values[i] = PointerGetDatum(array_of(batch, i));
	}
	types[CHANGED_AT] = TIMESTAMPTZOID;
	values[CHANGED_AT] = TimestampTzGetDatum(batch->changed_at);
	types[SOURCE] = TEXTOID;
	values[SOURCE] = CStringGetTextDatum(orch_is_worker() ? "worker" : "user");

	orch_ensure_month("container_status_history", batch->changed_at);
	orch_owner_prepare(&plan, history_statement, PARAMETER_COUNT, types);
	orch_owner_execute(plan, values);
	release_deleted(batch);
	if (!orch_is_worker())
		orch_wake_waiters_at_commit();
	batch->count = 0;
	MemoryContextSwitchTo(previous);
	MemoryContextReset(batch->context);
	orch_owner_end(&owner);
}

/* ---- one row ---- */

static void
put(HistoryBatch *batch, int which, Datum value, bool isnull)
{
	batch->values[which][batch->count] = value;
	batch->nulls[which][batch->count] = isnull;
}

static void
put_text(HistoryBatch *batch, int which, const char *value)
{
	put(batch, which, value ? CStringGetTextDatum(value) : (Datum) 0, value == NULL);
}

static void
put_column(HistoryBatch *batch, int which, TupleTableSlot *slot, AttrNumber column)
{
	bool		isnull = true;
	Datum		value = slot ? slot_getattr(slot, column, &isnull) : (Datum) 0;

	put(batch, which, isnull ? (Datum) 0 : PointerGetDatum(PG_DETOAST_DATUM_COPY(value)), isnull);
}

/*
 * Why the row changed: what somebody asked for, else what the worker saw.
 */
static void
put_reason(HistoryBatch *batch, TupleTableSlot *old, TupleTableSlot *new)
{
	HistoryColumns *columns = &batch->columns;

	put_text(batch, MESSAGE, NULL);
	if (old == NULL)
		put_text(batch, REASON, "Created");
	else if (new == NULL)
		put_text(batch, REASON, "RowDeleted");
	else if (orch_row_column_differs(old, new, columns->desired_state))
	{
		OrchStatus	from = orch_refuse_unknown_status("desired_state", orch_row_text(old, columns->desired_state));
		OrchStatus	to = orch_refuse_unknown_status("desired_state", orch_row_text(new, columns->desired_state));

		put_text(batch, REASON, orch_lifecycle_request_reason(from, to));
	}
	else if (orch_row_column_differs(old, new, columns->status))
	{
		put_column(batch, REASON, new, columns->status_reason);
		put_column(batch, MESSAGE, new, columns->status_message);
	}
	else if (orch_row_column_differs(old, new, columns->restart_requested_at))
		put_text(batch, REASON, "RestartRequested");
	else
	{
		put_text(batch, REASON, "Scaled");
		put_text(batch, MESSAGE, psprintf("replicas %d -> %d",
										  orch_row_int32(old, columns->replicas),
										  orch_row_int32(new, columns->replicas)));
	}
}

static void
add_row(HistoryBatch *batch, TupleTableSlot *old, TupleTableSlot *new)
{
	HistoryColumns *columns = &batch->columns;
	TupleTableSlot *either = new ? new : old;
	MemoryContext previous = MemoryContextSwitchTo(batch->context);

	put(batch, NAMESPACE_ID, Int64GetDatum(orch_row_int64(either, columns->namespace_id)), false);
	put(batch, CONTAINER_ID, Int64GetDatum(orch_row_int64(either, columns->id)), false);
	put_column(batch, NAME, either, columns->name);
	put_column(batch, OLD_STATUS, old, columns->status);
	put_column(batch, OLD_DESIRED, old, columns->desired_state);
	put_column(batch, NEW_STATUS, new, columns->status);
	put_column(batch, NEW_DESIRED, new, columns->desired_state);
	if (new == NULL)
	{
		put_text(batch, NEW_STATUS, "deleted");
		put_text(batch, NEW_DESIRED, "deleted");
	}
	put_reason(batch, old, new);
	MemoryContextSwitchTo(previous);
	batch->count++;
}

static bool
is_deleted(const HistoryColumns *columns, TupleTableSlot *slot)
{
	return orch_row_text_is(slot, columns->status, "deleted");
}

static bool
is_worth_recording(const HistoryColumns *columns, TupleTableSlot *old, TupleTableSlot *new)
{
	if (old == NULL)
		return true;
	if (new == NULL)
		return !is_deleted(columns, old);
	return orch_row_column_differs(old, new, columns->status) ||
		orch_row_column_differs(old, new, columns->desired_state) ||
		orch_row_column_differs(old, new, columns->restart_requested_at) ||
		orch_row_column_differs(old, new, columns->replicas);
}

static void
note_deletion(HistoryBatch *batch, TupleTableSlot *old, TupleTableSlot *new)
{
	if (old == NULL || new == NULL || is_deleted(&batch->columns, old) || !is_deleted(&batch->columns, new))
		return;
	batch->gone[0][batch->gone_count] = Int64GetDatum(orch_row_int64(new, batch->columns.namespace_id));
	batch->gone[1][batch->gone_count] = Int64GetDatum(orch_row_int64(new, batch->columns.id));
	batch->gone_count++;
}

static HistoryBatch *
make_batch(const HistoryColumns *columns)
{
	HistoryBatch *batch = palloc(sizeof(HistoryBatch));

	batch->columns = *columns;
	batch->context = AllocSetContextCreate(CurrentMemoryContext, "orchestration history", ALLOCSET_DEFAULT_SIZES);
	batch->changed_at = GetCurrentTimestamp();
	batch->count = 0;
	batch->gone_count = 0;
	return batch;
}

ORCH_FUNCTION(orch_record_history);

/*
 * record_history(): AFTER STATEMENT trigger of containers, with transition
 * tables, for INSERT, UPDATE and DELETE each.
 */
Datum
orch_record_history(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	HistoryColumns columns;
	HistoryBatch *batch = NULL;
	OrchChanges changes;

	orch_changes_check_trigger(fcinfo);
	find_columns(&columns, RelationGetDescr(trigger->tg_relation));
	orch_changes_begin(&changes, trigger);
	while (orch_changes_next(&changes))
	{
		if (!is_worth_recording(&columns, changes.old, changes.new))
			continue;
		if (batch == NULL)
			batch = make_batch(&columns);
		note_deletion(batch, changes.old, changes.new);
		add_row(batch, changes.old, changes.new);
		if (batch->count == BATCH)
			write_batch(batch, trigger->tg_relation);
	}
	write_batch(batch, trigger->tg_relation);
	orch_changes_end(&changes);
	return PointerGetDatum(NULL);
}
