/*
 * record.c
 *	  Operations that have happened once they were answered, whatever becomes of
 *	  their transaction: logins, reveals, logs that were read.
 *
 * Their row is written ahead: it is on disk before the answer is given, and stays
 * when the transaction is rolled back, prepared and forgotten, or cut off by a
 * crash (orch_log_outlive).  Where that cannot be, the row is as good as its
 * transaction and a note takes its place when that ends badly; where no note is to
 * be had either, the operation is refused.
 */
#include "audit/notes.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "audit/audit.h"
#include "audit/origin.h"
#include "core/compat.h"
#include "core/errors.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

/* rows that depend on one transaction; more are refused */
#define PENDING_MAX 64

typedef struct Pending
{
	int			level;			/* of the subtransaction that would take the row along */
	OrchNote	note;
} Pending;

static Pending *pending = NULL;
static int	pending_count = 0;

static void
refuse_unrecorded(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_ORCH_NO_ROOM_ON_RECORD),
			 errmsg("it cannot be put on record, and is not done"),
			 errdetail("%s", detail),
			 errhint("See audit_queue(); a worker, or the maintenance step audit_notes, makes room.")));
}

static void
put_pending(Pending *kept)
{
	strlcpy(kept->note.message, "the transaction was rolled back", sizeof(kept->note.message));
	if (!orch_notes_put(&kept->note, true))
		(void) orch_notes_put(&kept->note, false);
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	/* whoever ends a prepared transaction knows nothing of our notes */
	if (event == XACT_EVENT_PRE_PREPARE && pending_count > 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot prepare a transaction that has revealed secrets"),
				 errdetail("The partition of operation_logs was made or changed in it, or has triggers or columns of its own.")));
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	for (int i = 0; i < pending_count && event == XACT_EVENT_ABORT; i++)
		put_pending(&pending[i]);
	pending_count = 0;
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();
	int			left = 0;

	if (event != SUBXACT_EVENT_COMMIT_SUB && event != SUBXACT_EVENT_ABORT_SUB)
		return;
	for (int i = 0; i < pending_count; i++)
	{
		if (pending[i].level >= level && event == SUBXACT_EVENT_ABORT_SUB)
		{
			put_pending(&pending[i]);
			continue;
		}
		pending[left] = pending[i];
		if (pending[left].level >= level)
			pending[left].level = level - 1;
		left++;
	}
	pending_count = left;
}

static void
keep(const OrchNote *note)
{
	if (pending == NULL)
	{
		pending = MemoryContextAlloc(TopMemoryContext, PENDING_MAX * sizeof(Pending));
		RegisterXactCallback(at_transaction_end, NULL);
		RegisterSubXactCallback(at_subtransaction_end, NULL);
	}
	pending[pending_count].level = GetCurrentTransactionNestLevel();
	pending[pending_count++].note = *note;
}

static void
begin(OrchNote *note, int64 namespace_id, const char *operation, const char *resource_type, int64 resource_id, const char *resource_name)
{
	orch_note_begin(note, "succeeded", operation, resource_type);
	note->user_id = orch_find_user(true);
	note->namespace_id = namespace_id;
	note->resource_id = resource_id;
	if (resource_name != NULL)
		strlcpy(note->resource_name, resource_name, sizeof(note->resource_name));
}

/*
 * False when the row goes with the transaction.
 */
static bool
write_row(const OrchNote *note, Datum changes, bool has_changes)
{
	bool		outlives;
	OrchAuditOrigin origin;
	OrchLog		log;
	MemoryContext previous;

	orch_audit_origin(&origin);
	orch_log_open(&log, &orch_audit_table, origin.started_at);
	/* to act for somebody has no consequence of its own; a redaction that was undone is none, and a note tells of it */
	outlives = strcmp(note->operation, "redact") != 0 && orch_log_outlive(&log, strcmp(note->operation, "act_as") != 0);
	if (!outlives && pending_count == PENDING_MAX)
		refuse_unrecorded("The transaction has done so too often already.");
	previous = MemoryContextSwitchTo(log.context);
	orch_audit_begin_row(&log, &origin);
	orch_log_set(&log, AUDIT_NAMESPACE_ID, Int64GetDatum(note->namespace_id));
	orch_log_set_text(&log, AUDIT_OPERATION, note->operation);
	orch_log_set_text(&log, AUDIT_RESOURCE_TYPE, note->resource_type);
	if (note->resource_id != 0)
		orch_log_set(&log, AUDIT_RESOURCE_ID, Int64GetDatum(note->resource_id));
	if (note->resource_name[0] != '\0')
		orch_log_set_text(&log, AUDIT_RESOURCE_NAME, note->resource_name);
	if (has_changes)
		orch_log_set(&log, AUDIT_CHANGES, changes);
	orch_log_end_row(&log);
	MemoryContextSwitchTo(previous);
	orch_log_close(&log);
	return outlives;
}

/*
 * Where no row can be written.  A standby has nobody who takes notes, so that the
 * server's log is the record.
 */
static void
record_without_row(OrchNote *note)
{
	if (RecoveryInProgress() || !orch_notes_available())
	{
		ereport(LOG,
				(errmsg("orchestration: %s %s \"%s\" (id " INT64_FORMAT ") by user " INT64_FORMAT, note->operation, note->resource_type,
						note->resource_name, note->resource_id, note->user_id),
				 errhidestmt(true), errhidecontext(true)));
		(void) orch_notes_put(note, false);
	}
	else if (!orch_notes_put(note, true))
		refuse_unrecorded("The transaction is read-only, and there is no room for a note.");
}

/*
 * A row now.  Whoever only says who he is, or reads logs, may do so in a read-only
 * transaction: then there is a note.
 */
static void
record(OrchNote *note, Datum changes, bool has_changes)
{
	if (strcmp(note->operation, "login") != 0 && strcmp(note->operation, "act_as") != 0 && strcmp(note->operation, "read") != 0)
		PreventCommandIfReadOnly(note->operation);
	if (XactReadOnly)
		record_without_row(note);
	else if (!write_row(note, changes, has_changes))
		keep(note);
}

ORCH_FUNCTION(orch_record_operation);

/*
 * record_operation(namespace_id, operation, resource_type, resource_id,
 * resource_name, changes)
 */
Datum
orch_record_operation(PG_FUNCTION_ARGS)
{
	OrchNote	note;

	for (int i = 1; i <= 2; i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("an operation and a kind of resource are needed")));
	}
	begin(&note, PG_ARGISNULL(0) ? 0 : PG_GETARG_INT64(0), text_to_cstring(PG_GETARG_TEXT_PP(1)), text_to_cstring(PG_GETARG_TEXT_PP(2)),
		  PG_ARGISNULL(3) ? 0 : PG_GETARG_INT64(3), PG_ARGISNULL(4) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(4)));
	record(&note, PG_ARGISNULL(5) ? (Datum) 0 : PG_GETARG_DATUM(5), !PG_ARGISNULL(5));
	PG_RETURN_VOID();
}

/*
 * The same for rooms that read something outside of the database.
 */
static void
seen(int64 namespace_id, const char *resource_type, int64 resource_id, const char *resource_name)
{
	OrchNote	note;

	begin(&note, namespace_id, "read", resource_type, resource_id, resource_name);
	record(&note, (Datum) 0, false);
}

/*
 * A gateway acts for a user: on record once for each session and user, since it
 * does so in every transaction.
 */
static void
user_assumed(int64 user_id)
{
	static HTAB *users = NULL;
	OrchNote	note;
	bool		known;

	if (users == NULL)
	{
		HASHCTL		control = {0};

		control.keysize = sizeof(int64);
		control.entrysize = sizeof(int64);
		users = hash_create("orchestration users acted for", 64, &control, HASH_ELEM | HASH_BLOBS);
	}
	(void) hash_search(users, &user_id, HASH_FIND, &known);
	if (known)
		return;
	begin(&note, 0, "act_as", "user", user_id, NULL);
	record(&note, (Datum) 0, false);
	(void) hash_search(users, &user_id, HASH_ENTER, NULL);
}

void
orch_record_init(void)
{
	orch_user_assumed = user_assumed;
	orch_seen = seen;
}
