/*
 * weigh.c
 *	  Most rows break no rule: what can be told from a look into an index is told here,
 *	  without SQL, which would cost as much as writing the row.
 *
 * Reads what is committed now and what this transaction has written, whatever its
 * snapshot, as a foreign key does.  The answers are cautious: a "no" only means that the
 * rule has to be asked.
 */
#include "inventory/weigh.h"

#include "access/detoast.h"
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "core/rows.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* as much as any of our factors, and what an entry takes beside its values */
#define FACTOR 4
#define ENTRY_BYTES 1000
/* a mount has a volume, which may have a path on the node */
#define MOUNT_BYTES (ENTRY_BYTES + 4096)

/* an index without a predicate that begins with the column */
static Oid
find_index(Relation rel, AttrNumber column)
{
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *cell;
	Oid			found = InvalidOid;

	foreach(cell, indexes)
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);

		if (index->rd_index->indisvalid && index->rd_index->indkey.values[0] == column &&
			RelationGetIndexPredicate(index) == NIL && index->rd_rel->relam == BTREE_AM_OID)
			found = lfirst_oid(cell);
		index_close(index, AccessShareLock);
		if (OidIsValid(found))
			break;
	}
	list_free(indexes);
	return found;
}

static int64
weigh_values(TupleDesc desc, Datum *values, bool *nulls)
{
	int64		bytes = 0;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (!attribute->attisdropped && !attribute->attgenerated && attribute->attlen == -1 && !nulls[i])
			bytes += (int64) toast_raw_datum_size(values[i]) - VARHDRSZ;
	}
	return FACTOR * bytes;
}

/* do init containers or overrides say something, such as the names of volumes? */
static bool
is_plain(TupleDesc desc, Datum *values, bool *nulls)
{
	static const char *const columns[] = {"init_containers", "overrides"};

	for (int i = 0; i < lengthof(columns); i++)
	{
		AttrNumber	column = orch_row_column(desc, columns[i]);

		if (!nulls[column - 1] && toast_raw_datum_size(values[column - 1]) > VARHDRSZ + sizeof(uint32))
			return false;
	}
	return true;
}

static SysScanDesc
begin_look(Relation rel, AttrNumber column, int64 value)
{
	ScanKeyData key;
	Oid			index = find_index(rel, column);

	ScanKeyInit(&key, column, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(value));
	return systable_beginscan(rel, index, OidIsValid(index), SnapshotSelf, 1, &key);
}

/*
 * Bytes of the rows that belong to a container, at most; stops above most.
 */
static int64
weigh_rows(const char *table, const char *key, int64 namespace_id, int64 id, int64 entry, int64 most)
{
	Relation	rel = table_open(orch_table(table), AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);
	AttrNumber	of_namespace = orch_row_column(desc, "namespace_id");
	SysScanDesc scan = begin_look(rel, orch_row_column(desc, key), id);
	Datum	   *values = palloc(desc->natts * sizeof(Datum));
	bool	   *nulls = palloc(desc->natts * sizeof(bool));
	HeapTuple	tuple;
	int64		bytes = 0;

	while (bytes <= most && (tuple = systable_getnext(scan)) != NULL)
	{
		heap_deform_tuple(tuple, desc, values, nulls);
		if (DatumGetInt64(values[of_namespace - 1]) != namespace_id)
			continue;
		bytes += entry + weigh_values(desc, values, nulls);
		if (strcmp(key, "id") == 0 && !is_plain(desc, values, nulls))
			bytes = most + 1;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	pfree(values);
	pfree(nulls);
	return bytes;
}

/*
 * Is a container with all its parts far from being too large?
 */
bool
orch_container_is_small(int64 namespace_id, int64 id)
{
	static const struct
	{
		const char *table;
		const char *key;
		int64		entry;
	}			parts[] = {
		{"containers", "id", ENTRY_BYTES},
		{"environment_variables", "container_id", ENTRY_BYTES},
		{"port_mappings", "container_id", ENTRY_BYTES},
		{"container_volumes", "container_id", MOUNT_BYTES},
		{"container_probes", "container_id", ENTRY_BYTES},
	};
	int64		bytes = 0;

	for (int i = 0; i < lengthof(parts) && bytes <= ORCH_SMALL_BYTES; i++)
		bytes += weigh_rows(parts[i].table, parts[i].key, namespace_id, id, parts[i].entry, ORCH_SMALL_BYTES - bytes);
	return bytes <= ORCH_SMALL_BYTES;
}

/*
 * The same of a container that has no parts yet.
 */
bool
orch_new_container_is_small(TupleTableSlot *slot)
{
	slot_getallattrs(slot);
	return is_plain(slot->tts_tupleDescriptor, slot->tts_values, slot->tts_isnull) &&
		ENTRY_BYTES + weigh_values(slot->tts_tupleDescriptor, slot->tts_values, slot->tts_isnull) <= ORCH_SMALL_BYTES;
}

/*
 * Is a namespace there to stay, as far as is known now?  With a key that is locked, as
 * by a foreign key, it stays so until the transaction ends.
 */
bool
orch_namespace_is_open(int64 namespace_id)
{
	Relation	rel = table_open(orch_table("namespaces"), AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);
	AttrNumber	column = orch_row_column(desc, "desired_state");
	SysScanDesc scan = begin_look(rel, orch_row_column(desc, "id"), namespace_id);
	HeapTuple	tuple = systable_getnext(scan);
	bool		is_open = false;

	if (namespace_id != 0 && HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		value = heap_getattr(tuple, column, desc, &isnull);

		is_open = !isnull && VARSIZE_ANY_EXHDR(DatumGetPointer(value)) == strlen("active") &&
			memcmp(VARDATA_ANY(DatumGetPointer(value)), "active", strlen("active")) == 0;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return is_open;
}
