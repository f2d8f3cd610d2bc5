/*
 * history.c
 *	  AFTER STATEMENT trigger of containers: what happened goes into
 *	  container_status_history, and what deleted containers used is let go.
 *
 * Rows are written many at a time and without SQL (partition/log.c): a status change
 * of 100,000 containers must stay cheap, and that of one too.
 */
#include "lifecycle/lifecycle.h"

#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/core.h"
#include "core/rows.h"
#include "lifecycle/wait.h"
#include "miscadmin.h"
#include "partition/log.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#define BATCH 1000

/* columns of the history that are written here */
enum
{
	NAMESPACE_ID, CONTAINER_ID, NAME, OLD_STATUS, NEW_STATUS, OLD_DESIRED, NEW_DESIRED, REASON, MESSAGE,
	CHANGED_AT, SOURCE, CHANGED_BY, DB_ROLE,
	COLUMN_COUNT
};

static const char *const history_columns[COLUMN_COUNT] = {
	"namespace_id", "container_id", "container_name", "old_status", "new_status", "old_desired_state", "new_desired_state",
	"reason", "message", "changed_at", "source", "changed_by", "db_role"
};

static OrchLogTable history_table = {"container_status_history", history_columns, COLUMN_COUNT};

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
	AttrNumber	generation;
} HistoryColumns;

typedef struct History
{
	const HistoryColumns *columns;
	OrchLog		log;
	Datum		changed_at;
	Datum		source;
	Datum		db_role;
	int64		changed_by;
	int			gone_count;		/* containers that are now deleted */
	Datum		gone[2][BATCH];
} History;

static void *
learn(TriggerData *trigger)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	HistoryColumns *columns = palloc(sizeof(HistoryColumns));

	columns->namespace_id = orch_row_column(desc, "namespace_id");
	columns->id = orch_row_column(desc, "id");
	columns->name = orch_row_column(desc, "name");
	columns->status = orch_row_column(desc, "status");
	columns->desired_state = orch_row_column(desc, "desired_state");
	columns->status_reason = orch_row_column(desc, "status_reason");
	columns->status_message = orch_row_column(desc, "status_message");
	columns->restart_requested_at = orch_row_column(desc, "restart_requested_at");
	columns->replicas = orch_row_column(desc, "replicas");
	columns->generation = orch_row_column(desc, "generation");
	return columns;
}

static void
release_deleted(History *history, Relation rel)
{
	static void *plan = NULL;
	Oid			types[] = {INT8ARRAYOID, INT8ARRAYOID};
	Datum		values[2];
	OrchOwnerContext owner;

	if (history->gone_count == 0)
		return;
	orch_owner_begin(&owner, rel);
	for (int i = 0; i < 2; i++)
		values[i] = PointerGetDatum(construct_array(history->gone[i], history->gone_count, INT8OID, 8,
													FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	orch_owner_prepare(&plan, release_statement, 2, types);
	orch_owner_execute(plan, values);
	orch_owner_end(&owner);
	history->gone_count = 0;
}

/* ---- one row ---- */

/* the slot keeps the value for as long as the row waits no longer than the batch */
static void
set_column(History *history, int which, TupleTableSlot *slot, AttrNumber column)
{
	bool		isnull = true;
	Datum		value = slot ? slot_getattr(slot, column, &isnull) : (Datum) 0;

	if (!isnull)
		orch_log_set(&history->log, which, PointerGetDatum(PG_DETOAST_DATUM_COPY(value)));
}

/*
 * Why the row changed: what somebody asked for, else what the worker saw.
 */
static void
set_reason(History *history, TupleTableSlot *old, TupleTableSlot *new)
{
	const HistoryColumns *columns = history->columns;
	OrchLog    *log = &history->log;

	if (old == NULL)
		orch_log_set_text(log, REASON, "Created");
	else if (new == NULL)
		orch_log_set_text(log, REASON, "RowDeleted");
	else if (orch_row_column_differs(old, new, columns->desired_state))
	{
		OrchStatus	from = orch_refuse_unknown_status("desired_state", orch_row_text(old, columns->desired_state));
		OrchStatus	to = orch_refuse_unknown_status("desired_state", orch_row_text(new, columns->desired_state));

		orch_log_set_text(log, REASON, orch_lifecycle_request_reason(from, to));
	}
	else if (orch_row_column_differs(old, new, columns->status))
	{
		set_column(history, REASON, new, columns->status_reason);
		set_column(history, MESSAGE, new, columns->status_message);
	}
	else if (orch_row_column_differs(old, new, columns->restart_requested_at))
		orch_log_set_text(log, REASON, "RestartRequested");
	else
	{
		orch_log_set_text(log, REASON, "Scaled");
		orch_log_set_text(log, MESSAGE, psprintf("replicas %d -> %d",
										  orch_row_int32(old, columns->replicas),
										  orch_row_int32(new, columns->replicas)));
	}
}

static void
add_row(History *history, TupleTableSlot *old, TupleTableSlot *new)
{
	const HistoryColumns *columns = history->columns;
	OrchLog    *log = &history->log;
	TupleTableSlot *either = new ? new : old;
	MemoryContext previous = MemoryContextSwitchTo(log->context);

	orch_log_begin_row(log);
	orch_log_set(log, NAMESPACE_ID, Int64GetDatum(orch_row_int64(either, columns->namespace_id)));
	orch_log_set(log, CONTAINER_ID, Int64GetDatum(orch_row_int64(either, columns->id)));
	set_column(history, NAME, either, columns->name);
	set_column(history, OLD_STATUS, old, columns->status);
	set_column(history, OLD_DESIRED, old, columns->desired_state);
	set_column(history, NEW_STATUS, new, columns->status);
	set_column(history, NEW_DESIRED, new, columns->desired_state);
	if (new == NULL)
	{
		orch_log_set_text(log, NEW_STATUS, "deleted");
		orch_log_set_text(log, NEW_DESIRED, "deleted");
	}
	set_reason(history, old, new);
	orch_log_set(log, CHANGED_AT, history->changed_at);
	orch_log_set(log, SOURCE, history->source);
	orch_log_set(log, DB_ROLE, history->db_role);
	if (history->changed_by != 0)
		orch_log_set(log, CHANGED_BY, Int64GetDatum(history->changed_by));
	MemoryContextSwitchTo(previous);
	orch_log_end_row(log);
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
note_deletion(History *history, Relation rel, TupleTableSlot *old, TupleTableSlot *new)
{
	if (old == NULL || new == NULL || is_deleted(history->columns, old) || !is_deleted(history->columns, new))
		return;
	history->gone[0][history->gone_count] = Int64GetDatum(orch_row_int64(new, history->columns->namespace_id));
	history->gone[1][history->gone_count] = Int64GetDatum(orch_row_int64(new, history->columns->id));
	if (++history->gone_count == BATCH)
		release_deleted(history, rel);
}

/*
 * Not in the worker, who may observe what he has raised in the same transaction.
 */
static void
note_generation(const HistoryColumns *columns, TupleTableSlot *old, TupleTableSlot *new)
{
	if (!orch_is_worker() && old && new && orch_row_int64(new, columns->generation) > orch_row_int64(old, columns->generation))
		orch_raised_note(orch_row_int64(new, columns->id));
}

static History *
start_history(const HistoryColumns *columns)
{
	History    *history = palloc(sizeof(History));
	TimestampTz now = GetCurrentTimestamp();

	history->columns = columns;
	history->changed_at = TimestampTzGetDatum(now);
	history->source = CStringGetTextDatum(orch_is_worker() ? "worker" : "user");
	history->db_role = CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false));
	history->changed_by = orch_find_user(true);
	history->gone_count = 0;
	orch_log_open(&history->log, &history_table, now);
	return history;
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
	const HistoryColumns *columns;
	History    *history = NULL;
	OrchChanges changes;

	orch_changes_check_trigger(fcinfo);
	columns = orch_memo(trigger, learn);
	orch_changes_begin(&changes, trigger);
	while (orch_changes_next(&changes))
	{
		note_generation(columns, changes.old, changes.new);
		if (!is_worth_recording(columns, changes.old, changes.new))
			continue;
		if (history == NULL)
			history = start_history(columns);
		note_deletion(history, trigger->tg_relation, changes.old, changes.new);
		add_row(history, changes.old, changes.new);
	}
	if (history != NULL)
	{
		orch_log_close(&history->log);
		release_deleted(history, trigger->tg_relation);
		if (!orch_is_worker())
			orch_wake_waiters_at_commit();
	}
	orch_changes_end(&changes);
	return PointerGetDatum(NULL);
}
