/*
 * ensure.c
 *	  Sees to it that the month of a log row is there.
 *
 * Maintenance makes months long before they begin.  When it was absent for so
 * long that one is missing, the writer makes it: no row is refused for want of
 * a place.  A process of its own makes it, in a transaction of its own, so that
 * the lock on the table is gone at once: held to the end of the writer's
 * transaction it would hold up all other writers of that month, and might meet
 * them in a deadlock.  Where no process can be had the writer does it itself.
 */
#include "partition/partition.h"

#include "access/relation.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/core.h"
#include "core/rows.h"
#include "miscadmin.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

/* more log tables than there are */
#define MAX_KNOWN 16

static const char *const month_statement = "SELECT orchestration_internal.ensure_log_partition($1, $2)";

/*
 * Is it partitioned by ranges of one timestamptz?
 */
bool
orch_is_log_table(Relation rel)
{
	PartitionKey key = rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ? RelationGetPartitionKey(rel) : NULL;

	return key != NULL && key->strategy == PARTITION_STRATEGY_RANGE && key->partnatts == 1 && key->parttypid[0] == TIMESTAMPTZOID;
}

/*
 * Opens a relation of the platform; NULL for any other oid, which is not even
 * locked, as anybody can name it.
 */
Relation
orch_open_ours(Oid relation)
{
	if (get_rel_namespace(relation) != get_namespace_oid(ORCH_SCHEMA, true))
		return NULL;
	return try_relation_open(relation, AccessShareLock);
}

/*
 * Is there an attached partition for a month?  From the relcache, which knows
 * more than the snapshot of a transaction.
 */
bool
orch_log_month_exists(Oid parent, OrchMonth month)
{
	Relation	rel = orch_open_ours(parent);
	bool		exists = false;
	TimestampTz start;

	if (rel == NULL)
		return false;
	if (orch_is_log_table(rel) && orch_month_start(month, &start))
	{
		PartitionKey key = RelationGetPartitionKey(rel);
		PartitionDesc desc = RelationGetPartitionDesc(rel, true);
		Datum		value = TimestampTzGetDatum(start);
		bool		is_equal;

		if (desc->nparts > 0)
		{
			int			offset = partition_range_datum_bsearch(key->partsupfunc, key->partcollation, desc->boundinfo,
															   1, &value, &is_equal);

			exists = desc->boundinfo->indexes[offset + 1] >= 0;
		}
	}
	relation_close(rel, AccessShareLock);
	return exists;
}

static Oid
owner_of(Oid relation)
{
	Relation	rel = table_open(relation, AccessShareLock);
	Oid			owner = rel->rd_rel->relowner;

	table_close(rel, AccessShareLock);
	return owner;
}

static void
make_month_here(Oid parent, const char *table, TimestampTz when)
{
	static void *plan = NULL;
	Oid			types[] = {TEXTOID, TIMESTAMPTZOID};
	Datum		values[2];
	OrchOwnerContext owner;
	Relation	rel = table_open(parent, AccessShareLock);

	orch_owner_begin(&owner, rel);
	table_close(rel, NoLock);	/* in use, it could not be altered */
	values[0] = CStringGetTextDatum(table);
	values[1] = TimestampTzGetDatum(when);
	orch_owner_prepare(&plan, month_statement, 2, types);
	orch_owner_execute(plan, values);
	orch_owner_end(&owner);
}

/*
 * One session asks for a month, the others wait for it here: a thousand of them
 * would ask for more processes than there are.
 */
static void
make_month(Oid parent, const char *table, OrchMonth month, TimestampTz when)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, parent, (uint32) month, ORCH_PARTITION_LOCK_CLASS);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
	if (!orch_log_month_exists(parent, month))
	{
		(void) orch_partition_make_month(parent, owner_of(parent), when);
		AcceptInvalidationMessages();
	}
	LockRelease(&tag, ExclusiveLock, false);
	if (!orch_log_month_exists(parent, month))
		make_month_here(parent, table, when);
}

/*
 * Makes the month of a time in a log table of ours, named without its schema,
 * unless it is there.  Any role may call it, before rows are written; a month
 * that is known costs nothing.
 */
void
orch_ensure_month(const char *table, TimestampTz when)
{
	static struct
	{
		Oid			parent;			/* tables that were made anew have the same name */
		OrchMonth	month;
	}			known[MAX_KNOWN];
	static int	count = 0;
	OrchMonth	month;
	Oid			parent;
	int			i = 0;

	if (!orch_month_of(when, &month))
		return;
	parent = get_relname_relid(table, get_namespace_oid("orchestration", false));
	if (!OidIsValid(parent))
		return;					/* the INSERT will say so */
	while (i < count && known[i].parent != parent)
		i++;
	if (i < count && known[i].month == month)
		return;
	if (!orch_log_month_exists(parent, month))
	{
		make_month(parent, table, month, when);
		return;					/* perhaps made by this transaction, which may yet roll back */
	}
	if (i == MAX_KNOWN)
		i = count = 0;
	if (i == count)
		known[count++].parent = parent;
	known[i].month = month;
}

ORCH_FUNCTION(orch_ensure_month_sql);

/*
 * ensure_month(table, at): the same for writers in SQL.
 */
Datum
orch_ensure_month_sql(PG_FUNCTION_ARGS)
{
	orch_ensure_month(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_TIMESTAMPTZ(1));
	PG_RETURN_VOID();
}
