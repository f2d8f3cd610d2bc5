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
#include "audit/concern.h"
#include "audit/notes.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "core/compat.h"
#include "core/errors.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/elog.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* one execution of a statement, on the stack of its executor */
typedef struct Frame
{
	ErrorContextCallback callback;
	PlannedStmt *statement;		/* NULL: it is not planned */
	Node	   *utility;		/* then */
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

/* the error that was looked at last, which may still come to the server's log */
static int	seen_code = 0;
static TimestampTz seen_at = 0;
static char seen_message[320];

/* of this transaction: it has written what is ours, and it is about to commit */
static bool wrote_ours = false;
static bool committing = false;

/* ---- does it concern us? ---- */

/* for what has no plan; a plan says more than its text */
static bool
mentions_us(const char *text)
{
	return text != NULL && strcasestr(text, "orchestration") != NULL;
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

/*
 * Bugs, and a machine that has failed: raised also while pages of the catalog are
 * locked, where to look something up would be to wait for oneself.
 */
static bool
is_unsafe(int code)
{
	return is_class(code, 'X', 'X') || is_class(code, '5', '3') || is_class(code, '5', '8');
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
			return OidIsValid(orch_read_relation(statement)) ? "read" : "call";
		default:
			return "call";
	}
}

/*
 * Names an operation after the function that was called: pause_container() is
 * "pause".  What has no verb of that kind keeps its name.
 */
static void
name_after_function(OrchNote *note, const char *function)
{
	static const char *const verbs[] = {"create", "update", "delete", "pause", "resume", "stop", "start", "restart", "scale", "reveal", "set", "revoke", "acknowledge"};
	const char *rest = strchr(function, '_');

	strlcpy(note->operation, strcmp(function, "authenticate") == 0 ? "login" : function, sizeof(note->operation));
	for (int i = 0; rest != NULL && i < lengthof(verbs); i++)
	{
		if (strlen(verbs[i]) == rest - function && strncmp(function, verbs[i], rest - function) == 0)
			strlcpy(note->operation, verbs[i], sizeof(note->operation));
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

	if (is_class(code, 'O', 'R') || is_denial(code) || is_class(code, '2', '3') || is_class(code, '4', '0'))
		return error->message;
	return "the statement failed";
}

static void
remember(const ErrorData *error)
{
	seen_code = error->sqlerrcode;
	seen_at = GetCurrentStatementStartTimestamp();
	strlcpy(seen_message, error->message ? error->message : "", sizeof(seen_message));
}

static bool
was_seen(const ErrorData *error)
{
	return seen_code == error->sqlerrcode && seen_at == GetCurrentStatementStartTimestamp() &&
		strncmp(seen_message, error->message ? error->message : "", sizeof(seen_message) - 1) == 0;
}

/* what look_at() found out about an error */
typedef struct Concern
{
	bool		is_ours;
	Oid			relation;		/* written */
	Oid			read;
	Oid			function;		/* of the interface, called by the client's own statement */
	PlannedStmt *statement;
	const char *operation;		/* where it follows from none of these */
} Concern;

static void
set_operation(OrchNote *note, const Concern *concern)
{
	char	   *function = OidIsValid(concern->function) ? get_func_name(concern->function) : NULL;

	if (orch_error_about.operation[0] != '\0')
		strlcpy(note->operation, orch_error_about.operation, sizeof(note->operation));
	else if (function != NULL)
		name_after_function(note, function);
	if (function != NULL && strcmp(note->resource_type, "function") == 0)
		strlcpy(note->resource_name, function, sizeof(note->resource_name));
}

static void
put_note(const ErrorData *error, const Concern *concern)
{
	OrchNote	note;
	const char *table = error->table_name;
	int			code = error->sqlerrcode;

	orch_note_begin(&note, is_refusal(code) ? "refused" : "failed", concern->operation ? concern->operation : operation_of(concern->statement),
					concern->operation && strcmp(concern->operation, "commit") == 0 ? "transaction" : "function");
	note.sqlstate = code;
	strlcpy(note.message, message_of(error) ? message_of(error) : "", sizeof(note.message));
	if (table == NULL && OidIsValid(concern->relation))
		table = get_rel_name(concern->relation);
	if (table == NULL && OidIsValid(concern->read) && !OidIsValid(concern->function))
		table = get_rel_name(concern->read);
	if (table != NULL)
		set_resource(&note, table);
	set_operation(&note, concern);
	note.namespace_id = orch_error_about.namespace_id;
	note.resource_id = orch_error_about.resource_id;
	if (orch_error_about.resource_name[0] != '\0')
		strlcpy(note.resource_name, orch_error_about.resource_name, sizeof(note.resource_name));
	memset(&orch_error_about, 0, sizeof(orch_error_about));
	(void) orch_notes_put(&note, false);
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

/*
 * One of the statements that are under way when the error is raised, from the
 * inside out.
 */
static void
look_at_frame(const Frame *frame, int code, Concern *concern)
{
	if (!OidIsValid(concern->relation))
	{
		concern->relation = frame->statement ? orch_written_relation(frame->statement) : orch_utility_relation(frame->utility, &concern->operation);
		if (OidIsValid(concern->relation))
			concern->statement = frame->statement;
		else
			concern->operation = NULL;
	}
	if (is_denial(code))
	{
		if (!OidIsValid(concern->read))
			concern->read = orch_read_relation(frame->statement);
		concern->is_ours |= frame->statement == NULL ? mentions_us(frame->source) : OidIsValid(concern->read) || orch_calls_ours(frame->statement);
	}
}

/*
 * The function of the interface that the outermost statement calls that calls any.
 */
static Oid
function_called(const Frame *frame)
{
	Oid			function = InvalidOid;

	for (const ErrorContextCallback *c = &frame->callback; c != NULL; c = c->previous)
	{
		PlannedStmt *statement = c->callback == note_error ? ((Frame *) c->arg)->statement : NULL;
		Oid			called = statement && statement->commandType == CMD_SELECT ? orch_called_function(statement) : InvalidOid;

		if (OidIsValid(called))
			function = called;
	}
	return function;
}

static bool
is_named(const char *message, Concern *concern)
{
	return orch_names_ours(message, &concern->read) || mentions_us(message);
}

/*
 * Is it the transaction that fails, with what it has written?
 */
static bool
fails_transaction(int code)
{
	return wrote_ours && (committing || is_class(code, '4', '0'));
}

static void
look_at(Frame *frame, const ErrorData *error)
{
	int			code = error->sqlerrcode;
	Concern		concern = {0};

	if (error->elevel != ERROR)
		return;
	remember(error);
	concern.is_ours = is_class(code, 'O', 'R') || orch_error_is_ours(error);
	concern.statement = frame->statement;
	for (const ErrorContextCallback *c = &frame->callback; c != NULL; c = c->previous)
	{
		if (c->callback == note_error)
			look_at_frame(c->arg, code, &concern);
	}
	if (concern.is_ours || OidIsValid(concern.relation) || fails_transaction(code) ||
		(is_denial(code) && is_named(error->message, &concern)))
	{
		concern.function = function_called(frame);
		put_note(error, &concern);
	}
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
	if (is_unsafe(code) || is_class(code, '0', '0') || is_class(code, '0', '1') || is_class(code, '0', '2') || !in_charge())
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
	Concern		concern = {0};

	if (previous_emit)
		previous_emit(error);
	if (error->elevel != ERROR || noting || !in_charge() || was_seen(error))
		return;
	if (fails_transaction(error->sqlerrcode) || orch_error_is_ours(error) ||
		(is_denial(error->sqlerrcode) && (is_named(error->message, &concern) || mentions_us(debug_query_string))))
	{
		concern.operation = fails_transaction(error->sqlerrcode) || error->schema_name != NULL ? "commit" : NULL;
		noting = true;
		put_note(error, &concern);
		noting = false;
	}
}

/* ---- transactions ---- */

/*
 * Whoever puts a change on record says so: if the transaction fails, so did that.
 */
void
orch_capture_wrote(void)
{
	wrote_ours = true;
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	committing = event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE;
	if (!committing)
		wrote_ours = false;
}

/* ---- frames ---- */

static void
enter(Frame *frame, PlannedStmt *statement, Node *utility, const char *source)
{
	frame->statement = statement;
	frame->utility = utility;
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
	enter(&frame, query->plannedstmt, NULL, query->sourceText);
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

	enter(&frame, queryDesc->plannedstmt, NULL, queryDesc->sourceText);
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

	enter(&frame, query->plannedstmt, NULL, query->sourceText);
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

	enter(&frame, NULL, statement->utilityStmt, source);
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
	RegisterXactCallback(at_transaction_end, NULL);
	previous_emit = emit_log_hook;
	emit_log_hook = emit_log;
}
