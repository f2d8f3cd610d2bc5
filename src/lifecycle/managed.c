/*
 * managed.c
 *	  Is the worker in charge of a namespace?
 *
 * It is where the namespace has a cluster, and still is after the cluster was
 * taken away for as long as objects of the namespace are left in one.
 *
 * Asked for every container that is written, so read by the index and not by SQL,
 * which would cost more than the UPDATE; and whatever the caller may see, as by a
 * foreign key.
 */
#include "lifecycle/lifecycle.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "core/rows.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

typedef struct ManagedAnswer
{
	int64		namespace_id;	/* key */
	bool		is_managed;
} ManagedAnswer;

/* the rows of a table that have one value in a column that its key begins with */
typedef struct Lookup
{
	Relation	rel;
	SysScanDesc scan;
} Lookup;

static void
begin_lookup(Lookup *lookup, Snapshot snapshot, const char *table, const char *column, int64 value)
{
	Relation	rel = table_open(orch_table(table), AccessShareLock);
	ScanKeyData key;

	ScanKeyInit(&key, orch_row_column(RelationGetDescr(rel), column), BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(value));
	list_free(RelationGetIndexList(rel));	/* fills in rd_pkindex */
	lookup->rel = rel;
	lookup->scan = systable_beginscan(rel, rel->rd_pkindex, OidIsValid(rel->rd_pkindex), snapshot, 1, &key);
}

static void
end_lookup(Lookup *lookup)
{
	systable_endscan(lookup->scan);
	table_close(lookup->rel, NoLock);
}

/*
 * A namespace that does not exist counts as one with a cluster.
 */
static bool
has_cluster(int64 namespace_id, Snapshot snapshot)
{
	Lookup		lookup;
	HeapTuple	tuple;
	bool		result;

	begin_lookup(&lookup, snapshot, "namespaces", "id", namespace_id);
	tuple = systable_getnext(lookup.scan);
	result = !HeapTupleIsValid(tuple) ||
		!heap_attisnull(tuple, orch_row_column(RelationGetDescr(lookup.rel), "cluster_id"), RelationGetDescr(lookup.rel));
	end_lookup(&lookup);
	return result;
}

static bool
has_objects(int64 namespace_id, Snapshot snapshot)
{
	Lookup		lookup;
	bool		result;

	begin_lookup(&lookup, snapshot, "managed_objects", "namespace_id", namespace_id);
	result = HeapTupleIsValid(systable_getnext(lookup.scan));
	end_lookup(&lookup);
	return result;
}

/*
 * Sees what SQL of a trigger would: also what this statement has written so far.
 */
static bool
look(int64 namespace_id)
{
	Snapshot	snapshot;
	bool		is_managed;

	CommandCounterIncrement();
	snapshot = RegisterSnapshot(GetTransactionSnapshot());
	is_managed = has_cluster(namespace_id, snapshot) || has_objects(namespace_id, snapshot);
	UnregisterSnapshot(snapshot);
	return is_managed;
}

/*
 * Answers from the cache of the statement, or looks.  A namespace that does not
 * exist counts as managed; its foreign key refuses the row later.
 */
bool
orch_namespace_is_managed(OrchManagedCache *cache, int64 namespace_id)
{
	ManagedAnswer *answer;
	bool		found;

	if (cache->answers == NULL)
	{
		HASHCTL		control = {0};

		control.keysize = sizeof(int64);
		control.entrysize = sizeof(ManagedAnswer);
		control.hcxt = cache->context;
		cache->answers = hash_create("orchestration managed namespaces", 16, &control,
									 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}

	answer = hash_search(cache->answers, &namespace_id, HASH_FIND, NULL);
	if (answer == NULL)
	{
		bool		is_managed = look(namespace_id);

		/* entered last: an error while looking must not leave half an entry */
		answer = hash_search(cache->answers, &namespace_id, HASH_ENTER, &found);
		answer->is_managed = is_managed;
	}
	return answer->is_managed;
}
