/*
 * take.c
 *	  The worker's side of the notes: writes them into operation_logs.
 *
 * They are freed after the commit, so that none is lost; a crash of the server
 * between the two loses the notes with the rest of shared memory.
 */
#include "postgres.h"

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
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define TAKE_MAX 256

/* what was written by the transaction that is under way, or just committed */
static uint64 taken[TAKE_MAX];
static int	taken_count = 0;
static int64 taken_dropped = 0;

static char *
role_name(Oid role)
{
	char	   *name = GetUserNameFromId(role, true);

	return name ? name : psprintf("%u", role);
}

static void
set_if_any(OrchLog *log, int column, const char *value)
{
	if (value[0] != '\0')
		orch_log_set_text(log, column, value);
}

static void
write_note(const OrchNote *note)
{
	int64		user_id = note->user_id != 0 ? note->user_id : orch_find_user_of_roles(note->role, note->session_role);
	OrchAuditOrigin origin;
	OrchLog		log;
	MemoryContext previous;

	orch_audit_origin(&origin);
	orch_log_open(&log, &orch_audit_table, note->started_at);
	previous = MemoryContextSwitchTo(log.context);
	orch_log_begin_row(&log);
	orch_log_set(&log, AUDIT_LINEAGE, origin.values[AUDIT_LINEAGE]);
	orch_log_set(&log, AUDIT_TRANSACTION_ID, origin.values[AUDIT_TRANSACTION_ID]);
	orch_log_set(&log, AUDIT_NAMESPACE_ID, Int64GetDatum(note->namespace_id));
	orch_log_set(&log, AUDIT_STARTED_AT, TimestampTzGetDatum(note->started_at));
	orch_log_set(&log, AUDIT_DURATION_MS, Float8GetDatum(note->duration_ms));
	if (user_id != 0)
		orch_log_set(&log, AUDIT_USER_ID, Int64GetDatum(user_id));
	orch_log_set_text(&log, AUDIT_DB_ROLE, role_name(note->role));
	if (note->role != note->session_role)
		orch_log_set_text(&log, AUDIT_SESSION_ROLE, role_name(note->session_role));
	if (note->client_addr[0] != '\0')
		orch_log_set(&log, AUDIT_CLIENT_ADDR, DirectFunctionCall1(inet_in, CStringGetDatum(note->client_addr)));
	set_if_any(&log, AUDIT_APPLICATION_NAME, note->application_name);
	set_if_any(&log, AUDIT_REQUEST_ID, note->request_id);
	orch_log_set_text(&log, AUDIT_SOURCE, "user");
	orch_log_set_text(&log, AUDIT_OPERATION, note->operation);
	orch_log_set_text(&log, AUDIT_RESOURCE_TYPE, note->resource_type);
	if (note->resource_id != 0)
		orch_log_set(&log, AUDIT_RESOURCE_ID, Int64GetDatum(note->resource_id));
	set_if_any(&log, AUDIT_RESOURCE_NAME, note->resource_name);
	orch_log_set_text(&log, AUDIT_STATUS, note->status);
	set_if_any(&log, AUDIT_ERROR_MESSAGE, note->message);
	if (note->sqlstate != 0)
		orch_log_set_text(&log, AUDIT_SQLSTATE, unpack_sql_state(note->sqlstate));
	orch_log_end_row(&log);
	MemoryContextSwitchTo(previous);
	orch_log_close(&log);
}

/*
 * What found no room is a gap in the record, and that is on record.
 */
static void
write_gap(int64 dropped)
{
	OrchNote	note;

	orch_note_begin(&note, "failed", "gap", "operation_log");
	snprintf(note.message, sizeof(note.message), INT64_FORMAT " refused or failed operations found no room and are not on record", dropped);
	write_note(&note);
}

/*
 * Cuts a text that was cut at a number of bytes at the end of a character.
 */
static void
mend(char *text)
{
	text[pg_mbcliplen(text, strlen(text), strlen(text))] = '\0';
}

ORCH_FUNCTION(orch_worker_take_notes);

/*
 * worker_take_notes(): writes what waits; orch_audit_taken() is to be called
 * when that is committed.
 */
Datum
orch_worker_take_notes(PG_FUNCTION_ARGS)
{
	OrchNote   *notes;
	int64		waiting;

	taken_count = 0;
	orch_notes_count(&waiting, &taken_dropped);
	if (!orch_notes_available())
		PG_RETURN_INT32(0);
	notes = MemoryContextAlloc(CurrentMemoryContext, TAKE_MAX * sizeof(OrchNote));
	taken_count = orch_notes_peek(notes, TAKE_MAX);
	for (int i = 0; i < taken_count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		mend(notes[i].message);
		mend(notes[i].resource_name);
		mend(notes[i].request_id);
		mend(notes[i].application_name);
		write_note(&notes[i]);
		taken[i] = notes[i].number;
	}
	if (taken_dropped > 0)
		write_gap(taken_dropped);
	pfree(notes);
	PG_RETURN_INT32(taken_count);
}

/*
 * Is there anything to take?
 */
bool
orch_audit_waiting(void)
{
	int64		waiting;
	int64		dropped;

	orch_notes_count(&waiting, &dropped);
	return waiting > 0 || dropped > 0;
}

/*
 * Frees what the last worker_take_notes() has written.
 */
void
orch_audit_taken(void)
{
	for (int i = 0; i < taken_count; i++)
		orch_notes_remove(taken[i]);
	if (taken_dropped > 0)
		orch_notes_forget_dropped(taken_dropped);
	taken_count = 0;
	taken_dropped = 0;
}

ORCH_FUNCTION(orch_audit_queue);

/*
 * audit_queue(): how many notes of this database wait, how many found no room
 */
Datum
orch_audit_queue(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false, false};
	int64		waiting;
	int64		dropped;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	orch_notes_count(&waiting, &dropped);
	values[0] = Int64GetDatum(waiting);
	values[1] = Int64GetDatum(dropped);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
