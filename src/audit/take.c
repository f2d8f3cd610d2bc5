/*
 * take.c
 *	  Writes notes into operation_logs: by the worker at every turn, and by a step
 *	  of maintenance where there is none.
 *
 * They are claimed, written, and freed when the transaction has committed: none
 * is lost, none is written twice, whoever else takes some at the same time.
 */
#include "postgres.h"

#include "access/xact.h"
#include "audit/audit.h"
#include "audit/notes.h"
#include "audit/origin.h"
#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/core.h"
#include "core/rows.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* subtransaction that has claimed notes; 0: none has */
static int	claimed_level = 0;

/* the batch that is being written, and whose roles were looked up last */
typedef struct Batch
{
	OrchAuditOrigin origin;
	OrchLog		log;
	bool		is_open;
	Oid			role;
	Oid			session_role;
	int64		user_id;
} Batch;

/* ---- claims end with the transaction ---- */

static void
at_transaction_end(XactEvent event, void *arg)
{
	if (claimed_level == 0)
		return;
	if (event == XACT_EVENT_PRE_PREPARE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot prepare a transaction that records refused and failed operations")));
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT)
		return;
	claimed_level = 0;
	orch_notes_settle(event == XACT_EVENT_COMMIT);
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *arg)
{
	if (claimed_level == 0 || claimed_level < GetCurrentTransactionNestLevel())
		return;
	if (event == SUBXACT_EVENT_COMMIT_SUB)
		claimed_level--;
	else if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		claimed_level = 0;
		orch_notes_settle(false);
	}
}

/* before anything is claimed */
static void
watch_transaction(void)
{
	static bool registered = false;

	if (!registered)
	{
		RegisterXactCallback(at_transaction_end, NULL);
		RegisterSubXactCallback(at_subtransaction_end, NULL);
		registered = true;
	}
	claimed_level = GetCurrentTransactionNestLevel();
	/* what is freed in memory is on disk, whatever the worker is content with otherwise */
	ForceSyncCommit();
}

/* ---- rows ---- */

static char *
role_name(Oid role)
{
	char	   *name = GetUserNameFromId(role, true);

	return name ? name : psprintf("%u", role);
}

static int64
user_of(Batch *batch, int64 user_id, Oid role, Oid session_role)
{
	if (user_id != 0 || !OidIsValid(role))
		return user_id;
	if (batch->role != role || batch->session_role != session_role)
	{
		batch->user_id = orch_find_user_of_roles(role, session_role);
		batch->role = role;
		batch->session_role = session_role;
	}
	return batch->user_id;
}

static void
set_if_any(OrchLog *log, int column, const char *value)
{
	if (value[0] != '\0')
		orch_log_set_text(log, column, value);
}

static void
set_address_if_any(OrchLog *log, int column, const char *value)
{
	if (value[0] != '\0')
		orch_log_set(log, column, DirectFunctionCall1(inet_in, CStringGetDatum(value)));
}

static void
close_batch(Batch *batch)
{
	if (batch->is_open)
		orch_log_close(&batch->log);
	batch->is_open = false;
}

/*
 * Starts a row in the month of its time, and with it the batch of that month.
 */
static OrchLog *
begin_row(Batch *batch, TimestampTz started_at, int64 user_id, Oid role, Oid session_role)
{
	OrchLog    *log = &batch->log;

	/* looks at tables itself, and must not while a log is open */
	user_id = user_of(batch, user_id, role, session_role);
	if (batch->is_open && (started_at < orch_audit_table.from || started_at >= orch_audit_table.until))
		close_batch(batch);
	if (!batch->is_open)
		orch_log_open(log, &orch_audit_table, started_at);
	batch->is_open = true;
	MemoryContextSwitchTo(log->context);
	orch_log_begin_row(log);
	orch_log_set(log, AUDIT_LINEAGE, batch->origin.values[AUDIT_LINEAGE]);
	orch_log_set(log, AUDIT_TRANSACTION_ID, batch->origin.values[AUDIT_TRANSACTION_ID]);
	orch_log_set(log, AUDIT_NAMESPACE_ID, Int64GetDatum(0));
	orch_log_set(log, AUDIT_STARTED_AT, TimestampTzGetDatum(started_at));
	if (user_id != 0)
		orch_log_set(log, AUDIT_USER_ID, Int64GetDatum(user_id));
	orch_log_set_text(log, AUDIT_DB_ROLE, OidIsValid(role) ? role_name(role) : "various");
	if (role != session_role)
		orch_log_set_text(log, AUDIT_SESSION_ROLE, role_name(session_role));
	return log;
}

/* of an event: why it came about */
static Datum
reason_of(const OrchNote *note)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoString(&text, "{\"reason\": ");
	escape_json(&text, note->message);
	appendStringInfoChar(&text, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data));
}

static void
write_note(Batch *batch, const OrchNote *note)
{
	MemoryContext previous = CurrentMemoryContext;
	OrchLog    *log = begin_row(batch, note->started_at, note->user_id, note->role, note->session_role);
	bool		is_event = strcmp(note->source, "worker") == 0;

	orch_log_set(log, AUDIT_NAMESPACE_ID, Int64GetDatum(note->namespace_id));
	if (is_event && note->message[0] != '\0')
		orch_log_set(log, AUDIT_CHANGES, reason_of(note));
	else
		set_if_any(log, AUDIT_ERROR_MESSAGE, note->message);
	if (!is_event)
		orch_log_set(log, AUDIT_DURATION_MS, Float8GetDatum(note->duration_ms));
	set_address_if_any(log, AUDIT_CLIENT_ADDR, note->client_addr);
	set_address_if_any(log, AUDIT_GATEWAY_ADDR, note->gateway_addr);
	set_if_any(log, AUDIT_APPLICATION_NAME, note->application_name);
	set_if_any(log, AUDIT_REQUEST_ID, note->request_id);
	orch_log_set_text(log, AUDIT_SOURCE, note->source);
	orch_log_set_text(log, AUDIT_OPERATION, note->operation);
	orch_log_set_text(log, AUDIT_RESOURCE_TYPE, note->resource_type);
	if (note->resource_id != 0)
		orch_log_set(log, AUDIT_RESOURCE_ID, Int64GetDatum(note->resource_id));
	set_if_any(log, AUDIT_RESOURCE_NAME, note->resource_name);
	orch_log_set_text(log, AUDIT_STATUS, note->status);
	if (note->sqlstate != 0)
		orch_log_set_text(log, AUDIT_SQLSTATE, unpack_sql_state(note->sqlstate));
	orch_log_end_row(log);
	MemoryContextSwitchTo(previous);
}

/*
 * How many, and until when: {"count": 7, "last": "..."}.
 */
static Datum
changes_of(const OrchNoteSum *sum)
{
	char	   *text = psprintf("{\"count\": " INT64_FORMAT ", \"last\": \"%s\"}", sum->count, timestamptz_to_str(sum->last_at));

	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
}

static void
write_sum(Batch *batch, const OrchNoteSum *sum)
{
	MemoryContext previous = CurrentMemoryContext;
	OrchLog    *log = begin_row(batch, sum->first_at, sum->user_id, sum->role, sum->session_role);

	orch_log_set(log, AUDIT_DURATION_MS, Float8GetDatum((sum->last_at - sum->first_at) / 1000.0));
	orch_log_set_text(log, AUDIT_SOURCE, "user");
	orch_log_set_text(log, AUDIT_OPERATION, sum->operation);
	orch_log_set_text(log, AUDIT_RESOURCE_TYPE, "operation_log");
	orch_log_set(log, AUDIT_CHANGES, changes_of(sum));
	orch_log_set_text(log, AUDIT_STATUS, sum->status);
	orch_log_set_text(log, AUDIT_ERROR_MESSAGE, psprintf(INT64_FORMAT " operations of this kind found no room of their own", sum->count));
	if (sum->sqlstate != 0)
		orch_log_set_text(log, AUDIT_SQLSTATE, unpack_sql_state(sum->sqlstate));
	orch_log_end_row(log);
	MemoryContextSwitchTo(previous);
}

/*
 * Cuts a text that was cut at a number of bytes at the end of a character.
 */
static void
mend(char *text)
{
	text[pg_mbcliplen(text, strlen(text), strlen(text))] = '\0';
}

/*
 * Takes a batch; how many rows it became.
 */
static int
take_batch(void)
{
	OrchNote   *notes = palloc(ORCH_NOTES_TAKEN_MAX * sizeof(OrchNote));
	OrchNoteSum *sums = palloc(ORCH_NOTE_SUMS_MAX * sizeof(OrchNoteSum));
	Batch		batch = {0};
	int			count;
	int			sum_count;

	watch_transaction();
	count = orch_notes_claim(notes, ORCH_NOTES_TAKEN_MAX, sums, &sum_count);
	orch_audit_origin(&batch.origin);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		mend(notes[i].message);
		mend(notes[i].resource_name);
		mend(notes[i].request_id);
		mend(notes[i].application_name);
		write_note(&batch, &notes[i]);
	}
	for (int i = 0; i < sum_count; i++)
		write_sum(&batch, &sums[i]);
	close_batch(&batch);
	pfree(notes);
	pfree(sums);
	return count + sum_count;
}

ORCH_FUNCTION(orch_worker_take_notes);

/*
 * worker_take_notes(): writes a batch of what waits, and frees it at the commit.
 */
Datum
orch_worker_take_notes(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(orch_notes_due_ms() >= 0 ? take_batch() : 0);
}

/*
 * Milliseconds until the worker is to take what waits; -1 when nothing does.
 */
long
orch_audit_due_ms(void)
{
	return orch_notes_due_ms();
}

ORCH_FUNCTION(orch_audit_queue);

/*
 * audit_queue(): how many notes of this database wait, how many were only counted
 */
Datum
orch_audit_queue(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false, false};
	int64		waiting;
	int64		summed;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	orch_notes_count(&waiting, &summed);
	values[0] = Int64GetDatum(waiting);
	values[1] = Int64GetDatum(summed);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
