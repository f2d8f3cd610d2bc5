/*
 * database_command.c
 *	  Commands that need a database without connections, and whether they will go
 *	  through.
 *
 * Anybody can write DROP DATABASE.  What PostgreSQL is going to refuse must not
 * make a worker leave first, so the questions that it asks after it has counted
 * the connections, or before, are asked here: rights, names, who else is there.
 * A command that is judged wrongly is still PostgreSQL's to refuse.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/twophase.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_database.h"
#include "catalog/pg_subscription.h"
#include "catalog/pg_tablespace.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "commands/tablespace.h"
#include "core/compat.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "postmaster/bgworker.h"
#include "reconcile/database_command.h"
#include "replication/slot.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/acl.h"
#include "utils/syscache.h"

typedef enum CommandKind
{
	COMMAND_NONE = 0,
	COMMAND_DROP,
	COMMAND_RENAME,
	COMMAND_COPY,
	COMMAND_MOVE
} CommandKind;

typedef struct Command
{
	CommandKind kind;
	const char *database;
	const char *new_name;		/* of RENAME and CREATE */
	const char *owner;			/* of CREATE, or NULL */
	const char *tablespace;		/* or NULL */
	bool		force;			/* DROP ... WITH (FORCE) */
} Command;

/* what pg_database says */
typedef struct DatabaseRow
{
	Oid			oid;
	Oid			tablespace;
	bool		is_template;
} DatabaseRow;

static const char *
option_text(List *options, const char *name)
{
	ListCell   *cell;

	foreach(cell, options)
	{
		DefElem    *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, name) == 0 && option->arg != NULL)
			return defGetString(option);
	}
	return NULL;
}

static bool
has_option(List *options, const char *name)
{
	ListCell   *cell;

	foreach(cell, options)
	{
		if (strcmp(lfirst_node(DefElem, cell)->defname, name) == 0)
			return true;
	}
	return false;
}

/*
 * Takes apart what needs an empty database; kind NONE for every other statement.
 */
static Command
read_command(Node *statement)
{
	Command		command = {0};

	if (statement == NULL)
		return command;
	if (IsA(statement, DropdbStmt))
	{
		command.kind = COMMAND_DROP;
		command.database = ((DropdbStmt *) statement)->dbname;
		command.force = has_option(((DropdbStmt *) statement)->options, "force");
	}
	else if (IsA(statement, RenameStmt) && ((RenameStmt *) statement)->renameType == OBJECT_DATABASE)
	{
		command.kind = COMMAND_RENAME;
		command.database = ((RenameStmt *) statement)->subname;
		command.new_name = ((RenameStmt *) statement)->newname;
	}
	else if (IsA(statement, CreatedbStmt))
	{
		List	   *options = ((CreatedbStmt *) statement)->options;

		command.kind = COMMAND_COPY;
		command.database = option_text(options, "template");
		command.new_name = ((CreatedbStmt *) statement)->dbname;
		command.owner = option_text(options, "owner");
		command.tablespace = option_text(options, "tablespace");
		if (command.database == NULL)
			command.database = "template1";
	}
	else if (IsA(statement, AlterDatabaseStmt) && has_option(((AlterDatabaseStmt *) statement)->options, "tablespace"))
	{
		command.kind = COMMAND_MOVE;
		command.database = ((AlterDatabaseStmt *) statement)->dbname;
		command.tablespace = option_text(((AlterDatabaseStmt *) statement)->options, "tablespace");
	}
	return command;
}

/*
 * The database that the statement needs empty, or InvalidOid.
 */
Oid
orch_database_command_needs(const PlannedStmt *pstmt)
{
	Command		command = read_command(pstmt->utilityStmt);

	return command.kind != COMMAND_NONE ? get_database_oid(command.database, true) : InvalidOid;
}

static bool
read_database(Oid oid, DatabaseRow *row)
{
	HeapTuple	tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(oid));
	Form_pg_database form;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_database) GETSTRUCT(tuple);
	row->oid = oid;
	row->tablespace = form->dattablespace;
	row->is_template = form->datistemplate;
	ReleaseSysCache(tuple);
	return true;
}

static bool
may_create_databases(void)
{
	HeapTuple	tuple;
	bool		may;

	if (superuser())
		return true;
	tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(GetUserId()));
	may = HeapTupleIsValid(tuple) && ((Form_pg_authid) GETSTRUCT(tuple))->rolcreatedb;
	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return may;
}

static bool
may_use_tablespace(const char *name)
{
	Oid			tablespace = get_tablespace_oid(name, true);

	return OidIsValid(tablespace) && tablespace != GLOBALTABLESPACE_OID &&
		orch_tablespace_aclcheck(tablespace, GetUserId(), ACL_CREATE) == ACLCHECK_OK;
}

static bool
may_give_to(const char *owner)
{
	Oid			role = get_role_oid(owner, true);

	return OidIsValid(role) && is_member_of_role(GetUserId(), role);
}

/*
 * Has the user every right that the command asks for, and are the names as it needs
 * them?
 */
static bool
is_allowed(const Command *command, const DatabaseRow *row)
{
	bool		owns = orch_database_ownercheck(row->oid, GetUserId());

	switch (command->kind)
	{
		case COMMAND_DROP:
			return owns && !row->is_template && row->oid != MyDatabaseId;
		case COMMAND_RENAME:
			return owns && row->oid != MyDatabaseId && may_create_databases() &&
				!OidIsValid(get_database_oid(command->new_name, true));
		case COMMAND_MOVE:
			return owns && row->oid != MyDatabaseId && command->tablespace != NULL &&
				may_use_tablespace(command->tablespace) && get_tablespace_oid(command->tablespace, true) != row->tablespace;
		case COMMAND_COPY:
			return (owns || row->is_template) && may_create_databases() &&
				!OidIsValid(get_database_oid(command->new_name, true)) &&
				(command->owner == NULL || may_give_to(command->owner)) &&
				(command->tablespace == NULL || may_use_tablespace(command->tablespace));
		case COMMAND_NONE:
			break;
	}
	return false;
}

/*
 * Would DROP DATABASE ... WITH (FORCE) end the process?
 */
static bool
may_terminate(const PGPROC *proc)
{
	if (superuser())
		return true;
	return OidIsValid(proc->roleId) && !superuser_arg(proc->roleId) &&
		(has_privs_of_role(GetUserId(), proc->roleId) || has_privs_of_role(GetUserId(), ROLE_PG_SIGNAL_BACKEND));
}

/*
 * Is it a process of ours?  One that has just logged in is in no slot yet.
 */
static bool
is_ours(int pid)
{
	const char *type = GetBackgroundWorkerTypeByPid(pid);

	return type != NULL && strncmp(type, "orchestration ", strlen("orchestration ")) == 0;
}

/*
 * Is anybody in the database who will not go?  PostgreSQL ends autovacuum itself.
 * What is read without a lock may be outdated: then it is PostgreSQL that refuses.
 */
static bool
others_stay(Oid database, bool force)
{
	for (uint32 i = 0; i < ProcGlobal->allProcCount; i++)
	{
		const PGPROC *proc = &ProcGlobal->allProcs[i];
		int			pid = proc->pid;

		if (pid == 0 || proc->databaseId != database || proc == MyProc || (proc->statusFlags & PROC_IS_AUTOVACUUM) != 0)
			continue;
		/* parallel workers go with their leader; what has ended may have left its number behind */
		if (proc->lockGroupLeader != NULL && proc->lockGroupLeader != proc)
			continue;
		if (!is_ours(pid) && !(force && may_terminate(proc)) && BackendPidGetProc(pid) == proc)
			return true;
	}
	return false;
}

/*
 * Is there a prepared transaction?  They are in no process.
 */
static bool
has_prepared_transactions(Oid database)
{
	Oid			types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(database)};
	bool		found;

	if (max_prepared_xacts == 0)
		return false;
	SPI_connect();
	if (SPI_execute_with_args("SELECT FROM pg_catalog.pg_prepared_xact() p WHERE p.dbid OPERATOR(pg_catalog.=) $1",
							  1, types, values, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look for prepared transactions");
	found = SPI_processed > 0;
	SPI_finish();
	return found;
}

/*
 * Does something keep the database besides connections?
 */
static bool
is_in_use(const Command *command, Oid database)
{
	int			slots;
	int			active_slots;

	if (others_stay(database, command->force) || has_prepared_transactions(database))
		return true;
	if (command->kind != COMMAND_DROP)
		return false;
	(void) ReplicationSlotsCountDBSlots(database, &slots, &active_slots);
	return active_slots > 0 || CountDBSubscriptions(database) > 0;
}

/*
 * As far as can be told: will the statement succeed once we are out of the way?
 */
bool
orch_database_command_goes_through(const PlannedStmt *pstmt, ProcessUtilityContext context)
{
	Command		command = read_command(pstmt->utilityStmt);
	DatabaseRow row;

	if (command.kind == COMMAND_NONE || XactReadOnly || RecoveryInProgress())
		return false;
	/* RENAME alone can be part of a transaction */
	if (command.kind != COMMAND_RENAME && (context != PROCESS_UTILITY_TOPLEVEL || IsTransactionBlock() || IsSubTransaction()))
		return false;
	return read_database(get_database_oid(command.database, true), &row) &&
		is_allowed(&command, &row) && !is_in_use(&command, row.oid);
}
