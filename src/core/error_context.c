/*
 * error_context.c
 *	  What a client is told of an error of ours: message, detail and hint, and
 *	  not the statements and lines of ours that it passed on its way.
 *
 * Those are the server's log's, which has them as log_error_verbosity says.
 * With log_min_messages above error there is no log to be asked, PostgreSQL
 * does not ask the hook, and the client gets the context.
 */
#include "postgres.h"

#include "core/core.h"
#include "core/errors.h"

static emit_log_hook_type previous_emit = NULL;
static bool logging = false;

static bool
begins_in_our_code(const char *context)
{
	const char *name = strstr(context, ORCH_SCHEMA ".");
	const char *internal = strstr(context, ORCH_INTERNAL_SCHEMA ".");
	const char *end = context + strcspn(context, "\n");

	return (name && name < end) || (internal && internal < end);
}

/*
 * Raised in our C, or by RAISE in a function of ours.  What PostgreSQL raises
 * on behalf of a statement of ours is told with its context.
 */
static bool
is_ours(const ErrorData *error)
{
	if (orch_is_raised_by_us(error))
		return true;
	return error->funcname && strcmp(error->funcname, "exec_stmt_raise") == 0 && begins_in_our_code(error->context);
}

/*
 * Has the error logged as it is, by all other hooks as well, and then leaves
 * the rest to be sent.
 */
static void
log_with_context(ErrorData *error)
{
	logging = true;
	error->output_to_client = false;
	PG_TRY();
	{
		EmitErrorReport();
	}
	PG_FINALLY();
	{
		logging = false;
		error->output_to_client = true;
	}
	PG_END_TRY();
	error->output_to_server = false;
	error->context = NULL;
}

static void
emit(ErrorData *error)
{
	if (!logging && error->elevel == ERROR && error->output_to_client && error->context && is_ours(error))
		log_with_context(error);
	else if (previous_emit)
		previous_emit(error);
}

/*
 * After every other hook of ours, or they would be asked twice.
 */
void
orch_error_context_init(void)
{
	previous_emit = emit_log_hook;
	emit_log_hook = emit;
}
