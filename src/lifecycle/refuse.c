/*
 * refuse.c
 *	  The errors of the lifecycle, so that triggers and functions say the same.
 */
#include "lifecycle/lifecycle.h"

#include "core/errors.h"

/*
 * Parses a status or throws OR003.
 */
OrchStatus
orch_refuse_unknown_status(const char *column, const char *text)
{
	OrchStatus	status;
	char		known[ORCH_STATUS_LIST_SIZE];

	if (text != NULL && orch_lifecycle_parse(text, &status))
		return status;

	orch_lifecycle_list((1u << ORCH_STATUS_COUNT) - 1, known, sizeof(known));
	ereport(ERROR,
			(errcode(ERRCODE_ORCH_INVALID_SPECIFICATION),
			 text ? errmsg("unknown %s \"%s\"", column, text) : errmsg("%s must not be null", column),
			 errhint("Use one of: %s.", known)));
	pg_unreachable();
}

/*
 * Throws OR003 for a status that nobody can ask for.
 */
void
orch_refuse_undesirable(const char *text)
{
	char		known[ORCH_STATUS_LIST_SIZE];

	orch_lifecycle_list(orch_lifecycle_desirable(), known, sizeof(known));
	ereport(ERROR,
			(errcode(ERRCODE_ORCH_INVALID_SPECIFICATION),
			 errmsg("desired_state cannot be \"%s\"", text),
			 errhint("Use one of: %s.", known)));
}

/*
 * Throws OR010 for a step that the table does not have.
 */
void
orch_refuse_transition(const char *container, const char *column, OrchStatus from, OrchStatus to)
{
	bool		is_status = strcmp(column, "status") == 0;
	unsigned	allowed = orch_lifecycle_allowed(from);
	char		list[ORCH_STATUS_LIST_SIZE];

	if (!is_status)
		allowed &= orch_lifecycle_desirable() & ~(1u << from);
	orch_lifecycle_list(allowed, list, sizeof(list));
	ereport(ERROR,
			(errcode(ERRCODE_ORCH_ILLEGAL_TRANSITION),
			 errmsg("illegal transition of container \"%s\" from %s to %s", container,
					orch_lifecycle_name(from), orch_lifecycle_name(to)),
			 errdetail("%s %s may become: %s.", is_status ? "Status" : "Desired state",
					   orch_lifecycle_name(from), list),
			 errhint("SELECT * FROM orchestration.lifecycle_transitions() shows every legal step.")));
}

/*
 * What to call instead of writing a status by hand.
 */
static const char *
verb_for(OrchStatus from, OrchStatus to)
{
	const char *verb = orch_lifecycle_verb(from, to);

	if (verb != NULL)
		return verb;
	switch (to)
	{
		case ORCH_STATUS_PAUSED:
			return "pause_container";
		case ORCH_STATUS_STOPPED:
			return "stop_container";
		case ORCH_STATUS_RUNNING:
			return from == ORCH_STATUS_PENDING ? NULL : "start_container";
		default:
			return NULL;
	}
}

/*
 * Throws OR011: the status of a container in a cluster is the worker's.
 */
void
orch_refuse_observed(const char *container, OrchStatus from, OrchStatus to)
{
	const char *verb = verb_for(from, to);

	ereport(ERROR,
			(errcode(ERRCODE_ORCH_STATUS_IS_OBSERVED),
			 errmsg("status of container \"%s\" cannot be set: it is observed in the cluster", container),
			 errdetail("Its namespace has a cluster, where the container is %s; the statement would have it %s.",
					   orch_lifecycle_name(from), orch_lifecycle_name(to)),
			 verb ? errhint("Call orchestration.%s(id), or set desired_state.", verb)
			 : errhint("Leave status alone, or wait for it with orchestration.wait_for_container(id, '%s').",
					   orch_lifecycle_name(to))));
}

/*
 * Throws OR012: the row is a record of what once was.
 */
void
orch_refuse_deleted(const char *container)
{
	ereport(ERROR,
			(errcode(ERRCODE_ORCH_ALREADY_DELETED),
			 errmsg("container \"%s\" is deleted", container),
			 errdetail("A deleted container is final; its row is kept for the record."),
			 errhint("Create a new container; the name is free again.")));
}

/*
 * Throws OR003: ids and namespaces tie a row to its objects in a cluster.
 */
void
orch_refuse_move(const char *relation, const char *column)
{
	ereport(ERROR,
			(errcode(ERRCODE_ORCH_INVALID_SPECIFICATION),
			 errmsg("%s of a row in \"%s\" cannot be changed", column, relation),
			 errdetail("Objects in the cluster belong to the row by it."),
			 errhint("Make a new row and delete this one.")));
}
