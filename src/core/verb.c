/*
 * verb.c
 *	  What somebody does who changes a desired state, by whatever statement.
 */
#include "postgres.h"

#include "core/core.h"

/*
 * The verb that leads to a state; "update" for what is none.
 */
const char *
orch_verb_to_state(const char *from, const char *to)
{
	if (strcmp(to, "deleted") == 0)
		return "delete";
	if (strcmp(to, "paused") == 0)
		return "pause";
	if (strcmp(to, "stopped") == 0)
		return "stop";
	if (strcmp(to, "running") == 0)
		return strcmp(from, "stopped") == 0 ? "start" : strcmp(from, "running") == 0 ? "restart" : "resume";
	return "update";
}
