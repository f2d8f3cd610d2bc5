/*
 * trigger.c
 *	  AFTER STATEMENT trigger of every table that users write: what they changed
 *	  goes into operation_logs, a row for each.
 *
 * The worker's observations are not here: what it saw is in the histories, what
 * it did it logs itself.
 */
#include "audit/diff.h"
#include "audit/notes.h"
#include "audit/origin.h"
#include "audit/verb.h"
#include "core/compat.h"
#include "core/core.h"
#include "core/rows.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

typedef struct Audit
{
	const OrchDiffTable *table;
	OrchAuditVerbs verbs;
	OrchAuditOrigin origin;
	OrchLog		log;
} Audit;

static Audit *
start_audit(const OrchDiffTable *table, TriggerData *trigger)
{
	Audit	   *audit = palloc(sizeof(Audit));
	const char *operation = TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ? "create" :
		TRIGGER_FIRED_BY_DELETE(trigger->tg_event) ? "delete" : "update";

	audit->table = table;
	orch_audit_verbs_learn(&audit->verbs, table, RelationGetDescr(trigger->tg_relation));
	orch_capture_wrote();
	orch_audit_origin(&audit->origin);
	audit->origin.values[AUDIT_OPERATION] = CStringGetTextDatum(operation);
	audit->origin.nulls[AUDIT_OPERATION] = false;
	audit->origin.values[AUDIT_RESOURCE_TYPE] = CStringGetTextDatum(table->resource_type);
	audit->origin.nulls[AUDIT_RESOURCE_TYPE] = false;
	orch_log_open(&audit->log, &orch_audit_table, audit->origin.started_at);
	return audit;
}

static void
set_bigint(OrchLog *log, int which, TupleTableSlot *slot, AttrNumber column)
{
	if (column != InvalidAttrNumber && !slot->tts_isnull[column - 1])
		orch_log_set(log, which, slot->tts_values[column - 1]);
}

static void
add_row(Audit *audit, const OrchChanges *changes, Jsonb *difference)
{
	const OrchDiffTable *table = audit->table;
	TupleTableSlot *slot = changes->new ? changes->new : changes->old;
	const char *verb = orch_audit_verb(&audit->verbs, table, changes);
	OrchLog    *log = &audit->log;

	orch_audit_begin_row(log, &audit->origin);
	if (verb != NULL)
		orch_log_set_text(log, AUDIT_OPERATION, verb);
	set_bigint(log, AUDIT_NAMESPACE_ID, slot, table->namespace_id);
	set_bigint(log, AUDIT_RESOURCE_ID, slot, table->id);
	if (table->name != InvalidAttrNumber && !slot->tts_isnull[table->name - 1])
		orch_log_set(log, AUDIT_RESOURCE_NAME, PointerGetDatum(PG_DETOAST_DATUM_COPY(slot->tts_values[table->name - 1])));
	orch_log_set(log, AUDIT_CHANGES, JsonbPGetDatum(difference));
	orch_log_end_row(log);
}

ORCH_FUNCTION(orch_audit_changes);

/*
 * audit_changes(kind of resource, column that names it, other columns as in
 * diff_table.c): for INSERT, UPDATE and DELETE each, with transition tables.
 */
Datum
orch_audit_changes(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	const OrchDiffTable *table;
	Audit	   *audit = NULL;
	OrchChanges changes;
	MemoryContext context;

	orch_changes_check_trigger(fcinfo);
	if (orch_is_worker_process())
		return PointerGetDatum(NULL);
	table = orch_diff_table(trigger);
	context = AllocSetContextCreate(CurrentMemoryContext, "orchestration audit", ALLOCSET_DEFAULT_SIZES);
	orch_changes_begin(&changes, trigger);
	while (orch_changes_next(&changes))
	{
		MemoryContext previous = MemoryContextSwitchTo(audit ? audit->log.context : context);
		Jsonb	   *difference = orch_diff(table, changes.old, changes.new);

		MemoryContextSwitchTo(context);
		if (difference != NULL && audit == NULL)
			audit = start_audit(table, trigger);
		if (difference != NULL)
		{
			MemoryContextSwitchTo(audit->log.context);
			add_row(audit, &changes, difference);
		}
		MemoryContextSwitchTo(previous);
		if (audit == NULL)
			MemoryContextReset(context);
	}
	if (audit != NULL)
		orch_log_close(&audit->log);
	orch_changes_end(&changes);
	MemoryContextDelete(context);
	return PointerGetDatum(NULL);
}
