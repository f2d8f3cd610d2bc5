/*
 * verb.c
 *	  What a change of a row is called: whoever sets desired_state pauses, stops,
 *	  resumes, starts or deletes, be it by a function of ours or an UPDATE of an ORM.
 */
#include "audit/verb.h"

#include "core/core.h"

void
orch_audit_verbs_learn(OrchAuditVerbs *verbs, const OrchDiffTable *table, TupleDesc desc)
{
	bool		is_container = strcmp(table->resource_type, "container") == 0;
	bool		is_alert = strcmp(table->resource_type, "alert") == 0;

	verbs->desired_state = orch_row_column_if_any(desc, "desired_state");
	verbs->status = is_container ? orch_row_column(desc, "status") : InvalidAttrNumber;
	verbs->restart = is_container ? orch_row_column(desc, "restart_requested_at") : InvalidAttrNumber;
	verbs->replicas = is_container ? orch_row_column(desc, "replicas") : InvalidAttrNumber;
	verbs->state = is_alert ? orch_row_column(desc, "state") : InvalidAttrNumber;
	verbs->acknowledged = is_alert ? orch_row_column(desc, "acknowledged_at") : InvalidAttrNumber;
}

static bool
became(AttrNumber column, const OrchChanges *changes, const char *text)
{
	return column != InvalidAttrNumber && orch_row_text_is(changes->new, column, text) &&
		(changes->old == NULL || !orch_row_text_is(changes->old, column, text));
}

static bool
differs(AttrNumber column, const OrchChanges *changes)
{
	return column != InvalidAttrNumber && orch_row_column_differs(changes->old, changes->new, column);
}

/* nothing else that is on record */
static bool
only_differs(AttrNumber column, const OrchDiffTable *table, const OrchChanges *changes)
{
	if (!differs(column, changes))
		return false;
	for (int i = 0; i < table->count; i++)
	{
		if (table->columns[i].index + 1 != column && differs(table->columns[i].index + 1, changes))
			return false;
	}
	return true;
}

static const char *
verb_of_update(const OrchAuditVerbs *verbs, const OrchDiffTable *table, const OrchChanges *changes)
{
	if (differs(verbs->desired_state, changes))
		return orch_verb_to_state(orch_row_text(changes->old, verbs->desired_state), orch_row_text(changes->new, verbs->desired_state));
	if (only_differs(verbs->restart, table, changes))
		return orch_row_text_is(changes->old, verbs->status, "failed") || orch_row_text_is(changes->old, verbs->status, "stopped") ? "start" : "restart";
	if (only_differs(verbs->replicas, table, changes))
		return "scale";
	if (differs(verbs->acknowledged, changes))
		return "acknowledge";
	return NULL;
}

/*
 * The verb of a change, or NULL: that of the statement.
 */
const char *
orch_audit_verb(const OrchAuditVerbs *verbs, const OrchDiffTable *table, const OrchChanges *changes)
{
	if (changes->new == NULL)
		return NULL;
	if (became(verbs->state, changes, "open"))
		return "open";
	if (became(verbs->state, changes, "resolved"))
		return "resolve";
	return changes->old ? verb_of_update(verbs, table, changes) : NULL;
}
