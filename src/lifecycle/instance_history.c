/*
 * instance_history.c
 *	  AFTER STATEMENT trigger of container_instances: every change of a pod goes
 *	  into container_instance_history.
 *
 * container_instances has what was seen last, and forgets a pod some time after
 * its end.
 */
#include "lifecycle/lifecycle.h"

#include "core/compat.h"
#include "core/core.h"
#include "core/rows.h"
#include "partition/log.h"
#include "utils/builtins.h"
#include "utils/rel.h"

/* columns of the history; those from POD_NAME to MESSAGE are copied */
enum
{
	NAMESPACE_ID, CONTAINER_ID, INSTANCE_ID, POD_NAME, NEW_PHASE, READY, RESTART_COUNT, NODE_NAME, REASON, MESSAGE,
	OLD_PHASE, EVENT, CHANGED_AT, SOURCE,
	COLUMN_COUNT
};

static const char *const history_columns[COLUMN_COUNT] = {
	"namespace_id", "container_id", "instance_id", "pod_name", "new_phase", "ready", "restart_count", "node_name", "reason", "message",
	"old_phase", "event", "changed_at", "source"
};

static OrchLogTable history_table = {"container_instance_history", history_columns, COLUMN_COUNT};

/* the same of container_instances */
static const char *const instance_columns[OLD_PHASE] = {
	"namespace_id", "container_id", "id", "pod_name", "phase", "ready", "restart_count", "node_name", "reason", "message"
};

typedef struct InstanceColumns
{
	AttrNumber	columns[OLD_PHASE];
	AttrNumber	terminating_at;
	AttrNumber	ended_at;
} InstanceColumns;

typedef struct InstanceHistory
{
	const InstanceColumns *of;
	TimestampTz changed_at;
	bool		is_open;
	OrchLog		log;
} InstanceHistory;

static void *
learn(TriggerData *trigger)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	InstanceColumns *of = palloc(sizeof(InstanceColumns));

	for (int i = 0; i < OLD_PHASE; i++)
		of->columns[i] = orch_row_column(desc, instance_columns[i]);
	of->terminating_at = orch_row_column(desc, "terminating_at");
	of->ended_at = orch_row_column(desc, "ended_at");
	return of;
}

static bool
is_null(TupleTableSlot *slot, AttrNumber column)
{
	return slot_attisnull(slot, column);
}

/*
 * What happened to the pod; NULL for what is not worth recording, such as that
 * it was seen again.
 */
static const char *
event_of(InstanceHistory *history, TupleTableSlot *old, TupleTableSlot *new)
{
	if (old == NULL)
		return "created";
	if (new == NULL)
		return is_null(old, history->of->ended_at) ? "forgotten" : NULL;
	if (is_null(old, history->of->ended_at) && !is_null(new, history->of->ended_at))
		return "ended";
	if (is_null(old, history->of->terminating_at) && !is_null(new, history->of->terminating_at))
		return "terminating";
	for (int i = NEW_PHASE; i < MESSAGE; i++)
	{
		if (orch_row_column_differs(old, new, history->of->columns[i]))
			return "changed";
	}
	return NULL;
}

static void
copy_column(InstanceHistory *history, int which, TupleTableSlot *slot, AttrNumber column)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, column, &isnull);

	if (isnull)
		return;
	if (!TupleDescAttr(slot->tts_tupleDescriptor, column - 1)->attbyval)
		value = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
	orch_log_set(&history->log, which, value);
}

static void
add_row(InstanceHistory *history, const char *event, TupleTableSlot *old, TupleTableSlot *new)
{
	OrchLog    *log = &history->log;
	MemoryContext previous;

	if (!history->is_open)
	{
		history->changed_at = GetCurrentTimestamp();
		orch_log_open(log, &history_table, history->changed_at);
		history->is_open = true;
	}
	previous = MemoryContextSwitchTo(log->context);
	orch_log_begin_row(log);
	for (int i = 0; i < OLD_PHASE; i++)
	{
		if (new != NULL || i != NEW_PHASE)
			copy_column(history, i, new ? new : old, history->of->columns[i]);
	}
	if (old != NULL)
		copy_column(history, OLD_PHASE, old, history->of->columns[NEW_PHASE]);
	orch_log_set_text(log, EVENT, event);
	orch_log_set(log, CHANGED_AT, TimestampTzGetDatum(history->changed_at));
	orch_log_set_text(log, SOURCE, orch_is_worker() ? "worker" : "user");
	MemoryContextSwitchTo(previous);
	orch_log_end_row(log);
}

ORCH_FUNCTION(orch_record_instance_history);

/*
 * record_instance_history(): AFTER STATEMENT trigger of container_instances, with
 * transition tables, for INSERT, UPDATE and DELETE each.
 */
Datum
orch_record_instance_history(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	InstanceHistory history;
	OrchChanges changes;

	orch_changes_check_trigger(fcinfo);
	history.of = orch_memo(trigger, learn);
	history.is_open = false;
	orch_changes_begin(&changes, trigger);
	while (orch_changes_next(&changes))
	{
		const char *event = event_of(&history, changes.old, changes.new);

		if (event != NULL)
			add_row(&history, event, changes.old, changes.new);
	}
	if (history.is_open)
		orch_log_close(&history.log);
	orch_changes_end(&changes);
	return PointerGetDatum(NULL);
}
