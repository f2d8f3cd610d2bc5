/*
 * db_roles.c
 *	  Follows ALTER ROLE RENAME and DROP ROLE into users.db_role.
 *
 * Who somebody is does not hang on it, as users are tied to oids (identity.c): but
 * people read the name, and a dump takes it to other servers.  What happens in
 * another database of the server is followed by maintenance.
 */
#include "access/access.h"

#include "access/xact.h"
#include "core/compat.h"
#include "core/core.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"

static ProcessUtility_hook_type previous_utility = NULL;

static bool
changes_roles(Node *statement)
{
	return IsA(statement, DropRoleStmt) ||
		(IsA(statement, RenameStmt) && ((RenameStmt *) statement)->renameType == OBJECT_ROLE);
}

static bool
can_follow(void)
{
	return OidIsValid(orch_grants_relation()) &&
		OidIsValid(orch_internal_function("follow_db_roles", 0, NULL));
}

static void
follow(void)
{
	static void *plan = NULL;
	OrchLookup	lookup;
	int			result;

	CommandCounterIncrement();
	orch_lookup_begin(&lookup);
	if (plan == NULL)
	{
		SPIPlanPtr	prepared = SPI_prepare("SELECT orchestration_internal.follow_db_roles()", 0, NULL);

		if (prepared == NULL)
			elog(ERROR, "could not prepare the look at roles: %s", SPI_result_code_string(SPI_result));
		SPI_keepplan(prepared);
		plan = prepared;
	}
	result = SPI_execute_plan(plan, NULL, NULL, false, 0);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not look at roles: %s", SPI_result_code_string(result));
	orch_lookup_end(&lookup);
}

static void
utility(PlannedStmt *statement, const char *source, bool read_only_tree, ProcessUtilityContext context,
		ParamListInfo params, QueryEnvironment *environment, DestReceiver *destination, QueryCompletion *completion)
{
	bool		follows = changes_roles(statement->utilityStmt);

	if (previous_utility)
		previous_utility(statement, source, read_only_tree, context, params, environment, destination, completion);
	else
		standard_ProcessUtility(statement, source, read_only_tree, context, params, environment, destination, completion);
	if (follows && !IsBinaryUpgrade && can_follow())
		follow();
}

void
orch_db_roles_init(void)
{
	previous_utility = ProcessUtility_hook;
	ProcessUtility_hook = utility;
}
