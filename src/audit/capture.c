/*
 * capture.c
 *	  Sees the errors of statements that concern us, and notes them.
 *
 * Row security, privileges and constraints are refused by PostgreSQL itself, and
 * a client may catch an error inside of a block, so calls at our own refusals
 * would miss most and a hook of the server's log the rest.  A context callback
 * around every execution of a statement is asked about each error when it is
 * raised, whoever catches it; it costs two assignments when there is none.  What
 * fails before a statement is executed comes by the hook of the server's log.
 */
#include "audit/notes.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "core/compat.h"
#include "core/errors.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "parser/parsetree.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/elog.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#define SCHEMA "orchestration"

/* one execution of a statement, on the stack of its executor */
typedef struct Frame
{
	ErrorContextCallback callback;
	PlannedStmt *statement;
	const char *source;
} Frame;

static ExecutorStart_hook_type previous_start = NULL;
static ExecutorRun_hook_type previous_run = NULL;
static ExecutorFinish_hook_type previous_finish = NULL;
static ProcessUtility_hook_type previous_utility = NULL;
static emit_log_hook_type previous_emit = NULL;

static MemoryContext scratch = NULL;

/* outer frames that will be asked about an error that an inner one has noted */
static int	frames_to_skip = 0;
static bool noting = false;

/* the error that was noted last, which may still come to the server's log */
static int	noted_code = 0;
static char noted_message[320];

/* ---- does it concern us? ---- */

static bool
mentions_us(const char *text)
{
	return text != NULL && strcasestr(text, SCHEMA) != NULL;
}

/*
 * The relation of ours that the statement writes, or InvalidOid.
 */
static Oid
written_relation(PlannedStmt *statement)
{
	Oid			schema;
	ListCell   *cell;

	if (statement == NULL || !IsTransactionState())
		return InvalidOid;
	schema = get_namespace_oid(SCHEMA, true);
	foreach(cell, statement->resultRelations)
	{
		RangeTblEntry *entry = rt_fetch(lfirst_int(cell), statement->rtable);

		if (OidIsValid(schema) && get_rel_namespace(entry->relid) == schema)
			return entry->relid;
	}
	return InvalidOid;
}

static bool
reads_us(PlannedStmt *statement)
{
	Oid			schema;
	ListCell   *cell;

	if (statement == NULL || !IsTransactionState())
		return false;
	schema = get_namespace_oid(SCHEMA, true);
	foreach(cell, statement->rtable)
	{
		RangeTblEntry *entry = lfirst(cell);

		if (entry->rtekind == RTE_RELATION && OidIsValid(schema) && get_rel_namespace(entry->relid) == schema)
			return true;
	}
	return false;
}

static bool
is_class(int code, char first, char second)
{
	return (code & 0xFFF) == ((PGSIXBIT(second) << 6) | PGSIXBIT(first));
}

static bool
is_denial(int code)
{
	return code == ERRCODE_INSUFFICIENT_PRIVILEGE || code == ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION;
}

/* an answer to what was asked, and not a mistake in how */
static bool
is_refusal(int code)
{
	return is_denial(code) || code == ERRCODE_ORCH_POD_SECURITY || code == ERRCODE_ORCH_ILLEGAL_TRANSITION ||
		code == ERRCODE_ORCH_STATUS_IS_OBSERVED || code == ERRCODE_ORCH_ALREADY_DELETED || code == ERRCODE_ORCH_LOG_IS_KEPT;
}

/* ---- the note ---- */

/*
 * Tables are named in the plural, kinds of resources in the singular.
 */
static void
set_resource(OrchNote *note, const char *table)
{
	int			length;

	strlcpy(note->resource_type, table, sizeof(note->resource_type));
	length = strlen(note->resource_type);
	if (length > 3 && strcmp(note->resource_type + length - 3, "ies") == 0)
		strcpy(note->resource_type + length - 3, "y");
	else if (length > 1 && note->resource_type[length - 1] == 's')
		note->resource_type[length - 1] = '\0';
}

static const char *
operation_of(PlannedStmt *statement)
{
	if (statement == NULL)
		return "call";
	switch (statement->commandType)
	{
		case CMD_INSERT:
			return "create";
		case CMD_UPDATE:
			return "update";
		case CMD_DELETE:
			return "delete";
		case CMD_SELECT:
			return reads_us(statement) ? "read" : "call";
		default:
			return "call";
	}
}

/*
 * Messages of ours, and those that hold nothing but names.  Others may repeat
 * what somebody wrote.
 */
static const char *
message_of(const ErrorData *error)
{
	int			code = error->sqlerrcode;

	if (is_class(code, 'O', 'R') || is_denial(code) || is_class(code, '2', '3'))
		return error->message;
	return "the statement failed";
}

static void
put_note(const ErrorData *error, PlannedStmt *statement, Oid relation)
{
	OrchNote	note;
	const char *table = error->table_name;

	orch_note_begin(&note, is_refusal(error->sqlerrcode) ? "refused" : "failed", operation_of(statement), "function");
	note.sqlstate = error->sqlerrcode;
	strlcpy(note.message, message_of(error) ? message_of(error) : "", sizeof(note.message));
	if (table == NULL && OidIsValid(relation))
		table = get_rel_name(relation);
	if (table != NULL)
		set_resource(&note, table);
	note.namespace_id = orch_error_about.namespace_id;
	note.resource_id = orch_error_about.resource_id;
	strlcpy(note.resource_name, orch_error_about.resource_name, sizeof(note.resource_name));
	memset(&orch_error_about, 0, sizeof(orch_error_about));
	orch_notes_put(&note);
	noted_code = error->sqlerrcode;
	strlcpy(noted_message, error->message ? error->message : "", sizeof(noted_message));
	/* nobody takes the notes of a standby before it is promoted */
	if (RecoveryInProgress())
		ereport(LOG,
				(errmsg("orchestration: %s: %s", note.status, note.message), errhidestmt(true), errhidecontext(true)));
}

static bool
in_charge(void)
{
	return orch_notes_available() && IsUnderPostmaster && MyProc != NULL && OidIsValid(MyDatabaseId) && CritSectionCount == 0 &&
		!IsParallelWorker() && !orch_is_worker_process();
}

/* how many frames of ours are outside of this one */
static void note_error(void *arg);

static int
outer_frames(const ErrorContextCallback *inner)
{
	int			count = 0;

	for (inner = inner->previous; inner != NULL; inner = inner->previous)
		count += inner->callback == note_error;
	return count;
}

static void
look_at(Frame *frame, const ErrorData *error)
{
	int			code = error->sqlerrcode;
	Oid			relation = InvalidOid;
	bool		concerns_us = is_class(code, 'O', 'R');
	PlannedStmt *statement = frame->statement;

	if (error->elevel != ERROR)
		return;
	for (const ErrorContextCallback *c = &frame->callback; c != NULL && !OidIsValid(relation); c = c->previous)
	{
		if (c->callback != note_error)
			continue;
		relation = written_relation(((Frame *) c->arg)->statement);
		if (OidIsValid(relation))
			statement = ((Frame *) c->arg)->statement;
		if (is_denial(code) && !concerns_us)
			concerns_us = mentions_us(((Frame *) c->arg)->source) || reads_us(((Frame *) c->arg)->statement);
	}
	if (concerns_us || OidIsValid(relation) || (is_denial(code) && mentions_us(error->message)))
		put_note(error, statement, relation);
}

/*
 * Called for every message that is raised while a frame is open.
 */
static void
note_error(void *arg)
{
	Frame	   *frame = arg;
	int			code = geterrcode();
	MemoryContext previous;

	if (noting)
		return;
	if (frames_to_skip > 0)
	{
		frames_to_skip--;
		return;
	}
	/* successes, warnings and bugs */
	if (is_class(code, '0', '0') || is_class(code, '0', '1') || is_class(code, '0', '2') || is_class(code, 'X', 'X') || !in_charge())
		return;
	noting = true;
	previous = MemoryContextSwitchTo(scratch);
	look_at(frame, CopyErrorData());
	MemoryContextSwitchTo(previous);
	MemoryContextReset(scratch);
	noting = false;
	frames_to_skip = outer_frames(&frame->callback);
}

/*
 * What was refused before a statement could be executed, at the top level.
 */
static void
emit_log(ErrorData *error)
{
	if (previous_emit)
		previous_emit(error);
	if (error->elevel != ERROR || noting || !in_charge())
		return;
	if (noted_code == error->sqlerrcode && error->message != NULL && strncmp(noted_message, error->message, sizeof(noted_message) - 1) == 0)
		noted_code = 0;
	else if (is_denial(error->sqlerrcode) && (mentions_us(error->message) || mentions_us(debug_query_string)))
	{
		noting = true;
		put_note(error, NULL, InvalidOid);
		noted_code = 0;
		noting = false;
	}
}

/* ---- frames ---- */

static void
enter(Frame *frame, PlannedStmt *statement, const char *source)
{
	frame->statement = statement;
	frame->source = source;
	frame->callback.callback = note_error;
	frame->callback.arg = frame;
	frame->callback.previous = error_context_stack;
	error_context_stack = &frame->callback;
	frames_to_skip = 0;
	noting = false;
}

static void
leave(Frame *frame)
{
	error_context_stack = frame->callback.previous;
}

static void
capture_start(QueryDesc *query, int flags)
{
	Frame		frame;

	/* said of an error that nobody noted */
	memset(&orch_error_about, 0, sizeof(orch_error_about));
	enter(&frame, query->plannedstmt, query->sourceText);
	if (previous_start)
		previous_start(query, flags);
	else
		standard_ExecutorStart(query, flags);
	leave(&frame);
}

static void
capture_run(ORCH_EXECUTOR_RUN_PARAMETERS)
{
	Frame		frame;

	enter(&frame, queryDesc->plannedstmt, queryDesc->sourceText);
	if (previous_run)
		previous_run(ORCH_EXECUTOR_RUN_ARGUMENTS);
	else
		standard_ExecutorRun(ORCH_EXECUTOR_RUN_ARGUMENTS);
	leave(&frame);
}

static void
capture_finish(QueryDesc *query)
{
	Frame		frame;

	enter(&frame, query->plannedstmt, query->sourceText);
	if (previous_finish)
		previous_finish(query);
	else
		standard_ExecutorFinish(query);
	leave(&frame);
}

static void
capture_utility(PlannedStmt *statement, const char *source, bool read_only_tree, ProcessUtilityContext context,
				ParamListInfo params, QueryEnvironment *environment, DestReceiver *destination, QueryCompletion *completion)
{
	Frame		frame;

	enter(&frame, NULL, source);
	if (previous_utility)
		previous_utility(statement, source, read_only_tree, context, params, environment, destination, completion);
	else
		standard_ProcessUtility(statement, source, read_only_tree, context, params, environment, destination, completion);
	leave(&frame);
}

/*
 * Called from _PG_init while the postmaster preloads.
 */
void
orch_capture_init(void)
{
	scratch = AllocSetContextCreate(TopMemoryContext, "orchestration notes", ALLOCSET_DEFAULT_SIZES);
	previous_start = ExecutorStart_hook;
	ExecutorStart_hook = capture_start;
	previous_run = ExecutorRun_hook;
	ExecutorRun_hook = capture_run;
	previous_finish = ExecutorFinish_hook;
	ExecutorFinish_hook = capture_finish;
	previous_utility = ProcessUtility_hook;
	ProcessUtility_hook = capture_utility;
	previous_emit = emit_log_hook;
	emit_log_hook = emit_log;
}
