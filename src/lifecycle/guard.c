/*
 * guard.c
 *	  The BEFORE row triggers: what a row may become, and its generation.
 *
 * guard_container() stands before containers, bump_generation() before the other
 * tables that the worker renders.  Both take the specification's columns as
 * trigger arguments: a change of one of them raises generation.
 */
#include "lifecycle/lifecycle.h"

#include "access/sysattr.h"
#include "access/xact.h"
#include "core/compat.h"
#include "core/core.h"
#include "core/rows.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

/* the columns are of the table, managed of the statement; in flinfo->fn_extra */
typedef struct Guard
{
	Bitmapset  *specification;
	AttrNumber	namespace_id;
	AttrNumber	id;
	AttrNumber	generation;
	AttrNumber	observed_generation;
	AttrNumber	observed_at;
	AttrNumber	updated_at;

	/* of containers alone */
	AttrNumber	name;
	AttrNumber	desired_state;
	AttrNumber	status;
	AttrNumber	status_reason;
	AttrNumber	status_message;
	AttrNumber	status_changed_at;
	AttrNumber	ready_replicas;
	AttrNumber	restart_policy;
	AttrNumber	restart_requested_at;
	OrchManagedCache managed;
} Guard;

static void *
learn_guard(TriggerData *trigger)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	Guard	   *guard = palloc0(sizeof(Guard));

	guard->specification = orch_row_columns(desc, trigger->tg_trigger->tgargs, trigger->tg_trigger->tgnargs);
	guard->namespace_id = orch_row_column_if_any(desc, "namespace_id");
	guard->id = orch_row_column(desc, "id");
	guard->generation = orch_row_column(desc, "generation");
	guard->observed_generation = orch_row_column_if_any(desc, "observed_generation");
	guard->observed_at = orch_row_column_if_any(desc, "observed_at");
	guard->updated_at = orch_row_column(desc, "updated_at");
	return guard;
}

static void *
learn_container_guard(TriggerData *trigger)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	Guard	   *guard = learn_guard(trigger);

	guard->name = orch_row_column(desc, "name");
	guard->desired_state = orch_row_column(desc, "desired_state");
	guard->status = orch_row_column(desc, "status");
	guard->status_reason = orch_row_column(desc, "status_reason");
	guard->status_message = orch_row_column(desc, "status_message");
	guard->status_changed_at = orch_row_column(desc, "status_changed_at");
	guard->ready_replicas = orch_row_column(desc, "ready_replicas");
	guard->restart_policy = orch_row_column(desc, "restart_policy");
	guard->restart_requested_at = orch_row_column(desc, "restart_requested_at");
	return guard;
}

/*
 * The guard of the statement that the row belongs to.
 */
static Guard *
guard_of(FmgrInfo *flinfo, TriggerData *trigger, OrchLearn learner)
{
	Guard	   *guard = flinfo->fn_extra;

	if (guard == NULL)
	{
		flinfo->fn_extra = guard = MemoryContextAlloc(flinfo->fn_mcxt, sizeof(Guard));
		*guard = *(const Guard *) orch_memo(trigger, learner);
		guard->managed.context = flinfo->fn_mcxt;
	}
	return guard;
}

static TriggerData *
check_trigger(FunctionCallInfo fcinfo)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) || TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function must be a trigger before insert or update, for each row")));
	return trigger;
}

/* ---- every guarded table ---- */

/*
 * For the audit trail, where a refusal has the namespace that it happened in.
 */
static void
tell_whose(Guard *guard, OrchRowEdit *edit)
{
	AttrNumber	namespace_id = guard->namespace_id == InvalidAttrNumber ? guard->id : guard->namespace_id;

	orch_error_about.resource_id = orch_row_int64(edit->old, guard->id);
	orch_error_about.namespace_id = orch_row_int64(edit->old, namespace_id);
	if (guard->desired_state != InvalidAttrNumber && orch_row_column_differs(edit->old, edit->new, guard->desired_state))
		strlcpy(orch_error_about.operation,
				orch_verb_to_state(orch_row_text(edit->old, guard->desired_state), orch_row_text(edit->new, guard->desired_state)),
				sizeof(orch_error_about.operation));
	if (guard->name != InvalidAttrNumber)
		strlcpy(orch_error_about.resource_name, orch_row_text(edit->old, guard->name), NAMEDATALEN);
}

static void
refuse_move(Guard *guard, OrchRowEdit *edit, Relation rel)
{
	const char *moved = NULL;

	if (guard->namespace_id != InvalidAttrNumber &&
		orch_row_column_differs(edit->old, edit->new, guard->namespace_id))
		moved = "namespace_id";
	else if (orch_row_column_differs(edit->old, edit->new, guard->id))
		moved = "id";
	if (moved == NULL)
		return;
	tell_whose(guard, edit);
	orch_refuse_move(RelationGetRelationName(rel), moved);
}

/*
 * A new row has been seen by nobody, whatever an ORM filled in.
 */
static void
begin_generation(Guard *guard, OrchRowEdit *edit)
{
	if (orch_row_int64(edit->new, guard->generation) < 1)
		orch_row_edit_set(edit, guard->generation, Int64GetDatum(1));
	orch_row_edit_set(edit, guard->observed_generation, Int64GetDatum(0));
	orch_row_edit_clear(edit, guard->observed_at);
}

static void
advance_generation(Guard *guard, OrchRowEdit *edit, bool changed)
{
	int64		least = orch_row_int64(edit->old, guard->generation) + (changed ? 1 : 0);

	if (orch_row_int64(edit->new, guard->generation) < least)
		orch_row_edit_set(edit, guard->generation, Int64GetDatum(least));
	if (orch_is_worker())
		return;

	orch_row_edit_keep(edit, guard->observed_generation);
	orch_row_edit_keep(edit, guard->observed_at);
	orch_row_edit_set(edit, guard->updated_at, TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()));
}

ORCH_FUNCTION(orch_bump_generation);

/*
 * bump_generation(specification columns): keeps identity, generation and observed
 * columns of what the worker renders.  Throws OR003 when a row is moved.
 */
Datum
orch_bump_generation(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = check_trigger(fcinfo);
	Guard	   *guard = guard_of(fcinfo->flinfo, trigger, learn_guard);
	OrchRowEdit edit;

	orch_row_edit_begin(&edit, trigger);
	if (edit.old == NULL)
		begin_generation(guard, &edit);
	else
	{
		refuse_move(guard, &edit, trigger->tg_relation);
		advance_generation(guard, &edit, orch_row_columns_differ(edit.old, edit.new, guard->specification));
	}
	return PointerGetDatum(orch_row_edit_end(&edit));
}

/* ---- containers ---- */

static bool
is_managed(Guard *guard, OrchRowEdit *edit)
{
	return orch_namespace_is_managed(&guard->managed, orch_row_int64(edit->new, guard->namespace_id));
}

static void
set_now(OrchRowEdit *edit, AttrNumber column)
{
	orch_row_edit_set(edit, column, TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()));
}

static void
set_text(OrchRowEdit *edit, AttrNumber column, const char *value)
{
	orch_row_edit_set(edit, column, CStringGetTextDatum(value));
}

static void
parse_columns(Guard *guard, OrchRowEdit *edit)
{
	char	   *desired_state = orch_row_text(edit->new, guard->desired_state);

	orch_refuse_unknown_status("status", orch_row_text(edit->new, guard->status));
	if (!orch_lifecycle_is_desirable(orch_refuse_unknown_status("desired_state", desired_state)))
		orch_refuse_undesirable(desired_state);
}

/*
 * Keeps status and desired_state together at the end: what is deleted is meant
 * to be, and where no worker is in charge nothing is left to be removed.
 */
static void
settle_deletion(Guard *guard, OrchRowEdit *edit)
{
	if (orch_row_text_is(edit->new, guard->status, "deleted"))
	{
		if (!orch_row_text_is(edit->new, guard->desired_state, "deleted"))
			set_text(edit, guard->desired_state, "deleted");
	}
	else if (orch_row_text_is(edit->new, guard->desired_state, "deleted") && !orch_is_worker() &&
			 !is_managed(guard, edit))
	{
		set_text(edit, guard->status, "deleted");
		orch_row_edit_clear(edit, guard->status_reason);
		orch_row_edit_clear(edit, guard->status_message);
		orch_row_edit_set(edit, guard->ready_replicas, Int32GetDatum(0));
		set_now(edit, guard->status_changed_at);
	}
}

static void
guard_insert(Guard *guard, OrchRowEdit *edit)
{
	begin_generation(guard, edit);
	set_now(edit, guard->status_changed_at);
	if (is_managed(guard, edit))
	{
		set_text(edit, guard->status, "pending");
		orch_row_edit_clear(edit, guard->status_reason);
		orch_row_edit_clear(edit, guard->status_message);
		orch_row_edit_set(edit, guard->ready_replicas, Int32GetDatum(0));
	}
	parse_columns(guard, edit);
	settle_deletion(guard, edit);
}

/*
 * A status written by hand does not keep the reason of the one before it,
 * unless the statement names a reason.
 */
static void
forget_reason(Guard *guard, OrchRowEdit *edit, TriggerData *trigger)
{
	const AttrNumber columns[] = {guard->status_reason, guard->status_message};

	for (int i = 0; i < lengthof(columns); i++)
	{
		if (!bms_is_member(columns[i] - FirstLowInvalidHeapAttributeNumber, trigger->tg_updatedcols) &&
			!orch_row_column_differs(edit->old, edit->new, columns[i]))
			orch_row_edit_clear(edit, columns[i]);
	}
}

static void
judge_status(Guard *guard, OrchRowEdit *edit, TriggerData *trigger)
{
	OrchStatus	from = orch_refuse_unknown_status("status", orch_row_text(edit->old, guard->status));
	OrchStatus	to = orch_refuse_unknown_status("status", orch_row_text(edit->new, guard->status));
	bool		legal = orch_lifecycle_is_legal(from, to);

	if (orch_is_worker())
		legal = orch_lifecycle_is_reachable(from, to);
	else if (is_managed(guard, edit))
	{
		tell_whose(guard, edit);
		orch_refuse_observed(orch_row_text(edit->new, guard->name), from, to);
	}
	else
		forget_reason(guard, edit, trigger);

	if (!legal)
	{
		tell_whose(guard, edit);
		orch_refuse_transition(orch_row_text(edit->new, guard->name), "status", from, to);
	}
	set_now(edit, guard->status_changed_at);
}

static void
judge_desired_state(Guard *guard, OrchRowEdit *edit)
{
	char	   *text = orch_row_text(edit->new, guard->desired_state);
	OrchStatus	from = orch_refuse_unknown_status("desired_state", orch_row_text(edit->old, guard->desired_state));
	OrchStatus	to = orch_refuse_unknown_status("desired_state", text);

	if (!orch_lifecycle_is_desirable(to))
		orch_refuse_undesirable(text);
	if (!orch_lifecycle_is_legal(from, to))
	{
		tell_whose(guard, edit);
		orch_refuse_transition(orch_row_text(edit->new, guard->name), "desired_state", from, to);
	}
}

/*
 * A run of a Job ends when it is stopped: to start it again is to ask for another
 * one.  Where there are pods for ever there is nothing to ask for.
 */
static void
ask_for_run(Guard *guard, OrchRowEdit *edit)
{
	if (orch_row_text_is(edit->old, guard->desired_state, "stopped") &&
		orch_row_text_is(edit->new, guard->desired_state, "running") &&
		!orch_row_text_is(edit->new, guard->restart_policy, "Always") &&
		!orch_row_column_differs(edit->old, edit->new, guard->restart_requested_at))
		orch_row_edit_set(edit, guard->restart_requested_at, TimestampTzGetDatum(GetCurrentTimestamp()));
}

/*
 * What an ORM writes back unchanged or stale must neither hurt nor win.
 */
static void
keep_observed(Guard *guard, OrchRowEdit *edit)
{
	const AttrNumber columns[] = {guard->status_reason, guard->status_message, guard->ready_replicas};

	for (int i = 0; i < lengthof(columns); i++)
	{
		if (orch_row_column_differs(edit->old, edit->new, columns[i]) && is_managed(guard, edit))
			orch_row_edit_keep(edit, columns[i]);
	}
}

static void
guard_update(Guard *guard, OrchRowEdit *edit, TriggerData *trigger)
{
	bool		status_changed = orch_row_column_differs(edit->old, edit->new, guard->status);
	bool		specification_changed = orch_row_columns_differ(edit->old, edit->new, guard->specification);

	refuse_move(guard, edit, trigger->tg_relation);
	if ((status_changed || specification_changed) && orch_row_text_is(edit->old, guard->status, "deleted"))
	{
		tell_whose(guard, edit);
		orch_refuse_deleted(orch_row_text(edit->old, guard->name));
	}

	orch_row_edit_keep(edit, guard->status_changed_at);
	if (!orch_is_worker())
		keep_observed(guard, edit);
	if (status_changed)
		judge_status(guard, edit, trigger);
	if (orch_row_column_differs(edit->old, edit->new, guard->desired_state))
	{
		judge_desired_state(guard, edit);
		ask_for_run(guard, edit);
	}
	settle_deletion(guard, edit);
	advance_generation(guard, edit, specification_changed);
}

ORCH_FUNCTION(orch_guard_container);

/*
 * guard_container(specification columns): the state machine.  Throws OR003 for
 * unknown states and moved rows, OR010 for illegal steps, OR011 when somebody
 * other than the worker writes a status that is observed, OR012 for rows that
 * are deleted.
 */
Datum
orch_guard_container(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = check_trigger(fcinfo);
	Guard	   *guard = guard_of(fcinfo->flinfo, trigger, learn_container_guard);
	OrchRowEdit edit;

	orch_row_edit_begin(&edit, trigger);
	if (edit.old == NULL)
		guard_insert(guard, &edit);
	else
		guard_update(guard, &edit, trigger);
	return PointerGetDatum(orch_row_edit_end(&edit));
}

static void *
learn_updated_at(TriggerData *trigger)
{
	AttrNumber *column = palloc(sizeof(AttrNumber));

	*column = orch_row_column(RelationGetDescr(trigger->tg_relation), "updated_at");
	return column;
}

ORCH_FUNCTION(orch_set_updated_at);

/*
 * set_updated_at(): for tables that have the column and no generation.
 */
Datum
orch_set_updated_at(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = check_trigger(fcinfo);
	const AttrNumber *column = orch_memo(trigger, learn_updated_at);
	OrchRowEdit edit;

	orch_row_edit_begin(&edit, trigger);
	orch_row_edit_set(&edit, *column, TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()));
	return PointerGetDatum(orch_row_edit_end(&edit));
}
