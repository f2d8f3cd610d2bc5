/*
 * server_log.c
 *	  A line of the server's log that says what it is told and nothing else.
 *
 * RAISE LOG would add the statement, and with it a secret that stands there.
 * For the functions that put reveals and refusals on a record which no rollback
 * takes away.
 */
#include "postgres.h"

#include "core/compat.h"
#include "utils/builtins.h"

ORCH_FUNCTION(orch_server_log);

/*
 * server_log(line)
 */
Datum
orch_server_log(PG_FUNCTION_ARGS)
{
	ereport(LOG,
			(errmsg_internal("orchestration: %s", text_to_cstring(PG_GETARG_TEXT_PP(0))),
			 errhidestmt(true),
			 errhidecontext(true)));
	PG_RETURN_VOID();
}
