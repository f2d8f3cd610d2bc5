/*
 * touch.c
 *	  AFTER STATEMENT trigger of everything that a container is rendered from:
 *	  raises the generation of the containers that use what changed.
 *
 * Once per statement, however many rows changed, and not for containers that
 * this transaction itself has inserted: nobody has seen those yet.
 */
#include "lifecycle/lifecycle.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/errors.h"
#include "core/resources.h"
#include "core/rows.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#define BATCH 1000

/*
 * $1 and $2 are the namespace_id and key of what changed; K stands for them.  $3 are
 * names: what refers by name has no key, and an old name counts like the new one.
 * In the order of ids, so that two statements that touch the same containers
 * meet at the first one and do not deadlock.
 */
#define K "(SELECT DISTINCT u.namespace_id, u.id FROM unnest($1, $2) AS u (namespace_id, id) ORDER BY 1, 2) k"
#define RAISE "UPDATE orchestration.containers c SET generation = c.generation + 1 FROM "
#define WHERE_OLD " AND c.status <> 'deleted' AND NOT orchestration_internal.is_new_row(c.tableoid, c.ctid, c.xmin)"

/* who refers to something is one definition for all who ask: src/inventory/references.sql */
#define RAISE_REFERRING(what) \
	RAISE "(SELECT DISTINCT f.namespace_id, f.container_id FROM orchestration_internal.possible_referrers('" what "', $1, $2, $3) f ORDER BY 1, 2) u" \
	" WHERE c.namespace_id = u.namespace_id AND c.id = u.container_id" WHERE_OLD \
	" AND ((c.init_containers = '[]' AND c.overrides = '{}') OR orchestration_internal.refers_to(c.namespace_id, c.id, '" what "', $3))"

typedef struct TouchKind
{
	const char *kind;			/* first argument of the trigger */
	const char *key;			/* column that $2 is taken from */
	const char *name;			/* column that $3 is taken from; NULL: none */
	const char *statements[4];
} TouchKind;

/* the kinds that are the container itself, and all that there is in a namespace */
#define CONTAINER 0
#define NAMESPACE (lengthof(kinds) - 1)

static const TouchKind kinds[] = {
	{"container", "container_id", NULL, {
		RAISE K " WHERE c.namespace_id = k.namespace_id AND c.id = k.id" WHERE_OLD
	}},
	{"config_map", "id", "name", {RAISE_REFERRING("config_map")}},
	{"secret", "id", "name", {RAISE_REFERRING("secret")}},
	{"volume", "id", "name", {RAISE_REFERRING("volume")}},
	{"registry", "id", "host", {
		RAISE "orchestration_internal.pulling_containers($1, $3) u WHERE c.namespace_id = u.namespace_id AND c.id = u.container_id" WHERE_OLD
	}},
	{"image", "id", NULL, {
		RAISE K " WHERE c.namespace_id = k.namespace_id AND c.image_id = k.id" WHERE_OLD
	}},
	{"namespace", "id", NULL, {
		RAISE K " WHERE c.namespace_id = k.id" WHERE_OLD
	}},
};

/* what the trigger knows of its table */
typedef struct TouchTable
{
	const TouchKind *kind;
	AttrNumber	namespace_id;
	AttrNumber	key;
	AttrNumber	name;			/* InvalidAttrNumber: none */
	Bitmapset  *columns;
} TouchTable;

typedef struct Touch
{
	Relation	rel;
	const TouchTable *table;
	int			count;
	Datum		namespace_ids[BATCH];
	Datum		keys[BATCH];
	Datum		names[BATCH];	/* of those that have names */
} Touch;

static const TouchKind *
find_kind(const char *name)
{
	for (int i = 0; i < lengthof(kinds); i++)
	{
		if (strcmp(kinds[i].kind, name) == 0)
			return &kinds[i];
	}
	elog(ERROR, "unknown kind \"%s\" of touching trigger", name);
	return NULL;
}

static void *
learn(TriggerData *trigger)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	TouchTable *table = palloc(sizeof(TouchTable));

	if (trigger->tg_trigger->tgnargs < 1)
		elog(ERROR, "touching trigger has no kind");
	table->kind = find_kind(trigger->tg_trigger->tgargs[0]);
	table->key = orch_row_column(desc, table->kind->key);
	table->name = table->kind->name ? orch_row_column(desc, table->kind->name) : InvalidAttrNumber;
	table->namespace_id = orch_row_column_if_any(desc, "namespace_id");
	if (table->namespace_id == InvalidAttrNumber)
		table->namespace_id = table->key;
	table->columns = orch_row_columns(desc, trigger->tg_trigger->tgargs + 1, trigger->tg_trigger->tgnargs - 1);
	return table;
}

/*
 * Of what a namespace holds beside containers, all that becomes an object.
 */
static void
raise_contents(Datum *values)
{
	static void *plans[ORCH_RESOURCE_LINES];
	Oid			types[] = {INT8ARRAYOID, INT8ARRAYOID};

	for (int i = 0; i < ORCH_RESOURCE_LINES; i++)
	{
		const OrchResource *resource = &orch_resources[i];

		if (!resource->owner || strcmp(resource->scope, "namespace_id") != 0 || i == ORCH_RESOURCE_containers)
			continue;
		orch_owner_prepare(&plans[i], psprintf("UPDATE orchestration.%s t SET generation = t.generation + 1 FROM " K
											   " WHERE t.namespace_id = k.id", resource->relation), 2, types);
		orch_owner_execute(plans[i], values);
	}
}

static void
raise_generations(Touch *touch)
{
	static void *plans[lengthof(kinds)][lengthof(kinds[0].statements)];
	const TouchKind *kind = touch->table->kind;
	void	  **kept = plans[kind - kinds];
	Oid			types[] = {INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID};
	Datum		values[3];
	OrchOwnerContext owner;

	if (touch->count == 0)
		return;
	orch_owner_begin(&owner, touch->rel);
	values[0] = PointerGetDatum(construct_array(touch->namespace_ids, touch->count, INT8OID, 8,
												FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	values[1] = PointerGetDatum(construct_array(touch->keys, touch->count, INT8OID, 8,
												FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	values[2] = PointerGetDatum(construct_array(touch->names, kind->name ? touch->count : 0, TEXTOID, -1,
												false, TYPALIGN_INT));
	for (int i = 0; i < lengthof(kind->statements) && kind->statements[i]; i++)
	{
		orch_owner_prepare(&kept[i], kind->statements[i], lengthof(types), types);
		orch_owner_execute(kept[i], values);
	}
	if (kind == &kinds[NAMESPACE])
		raise_contents(values);
	orch_owner_end(&owner);
	touch->count = 0;
}

/*
 * Notes a row; a run of rows of the same container is noted once.
 */
static void
note_row(Touch *touch, TupleTableSlot *slot)
{
	Datum		namespace_id;
	Datum		key;
	int			last = touch->count - 1;

	if (slot == NULL)
		return;
	namespace_id = Int64GetDatum(orch_row_int64(slot, touch->table->namespace_id));
	key = Int64GetDatum(orch_row_int64(slot, touch->table->key));
	if (touch->table->kind == &kinds[CONTAINER] && orch_raised_is_noted(DatumGetInt64(key)))
		return;
	if (last >= 0 && touch->table->name == InvalidAttrNumber && DatumGetInt64(touch->keys[last]) == DatumGetInt64(key) &&
		DatumGetInt64(touch->namespace_ids[last]) == DatumGetInt64(namespace_id))
		return;
	if (touch->count == BATCH)
		raise_generations(touch);
	touch->namespace_ids[touch->count] = namespace_id;
	touch->keys[touch->count] = key;
	if (touch->table->name != InvalidAttrNumber)
		touch->names[touch->count] = CStringGetTextDatum(orch_row_text(slot, touch->table->name));
	touch->count++;
}

ORCH_FUNCTION(orch_touch_containers);

/*
 * touch_containers(kind, columns): statement trigger with transition tables.
 * Inserted and deleted rows always count, updated ones when one of the columns
 * changed.
 */
Datum
orch_touch_containers(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	OrchChanges changes;
	Touch	   *touch;

	orch_changes_check_trigger(fcinfo);
	touch = palloc(sizeof(Touch));
	touch->rel = trigger->tg_relation;
	touch->table = orch_memo(trigger, learn);
	touch->count = 0;
	orch_changes_begin(&changes, trigger);
	while (orch_changes_next(&changes))
	{
		if (changes.old && changes.new && !orch_row_columns_differ(changes.old, changes.new, touch->table->columns))
			continue;
		note_row(touch, changes.old);
		note_row(touch, changes.new);
	}
	raise_generations(touch);
	orch_changes_end(&changes);
	return PointerGetDatum(NULL);
}

/*
 * Whoever is granted the function may name anything.
 */
static bool
may_hold_row(Relation rel, ItemPointer tid)
{
	return rel->rd_rel->relkind == RELKIND_RELATION && rel->rd_tableam == GetHeapamTableAmRoutine() &&
		ItemPointerIsValid(tid) && ItemPointerGetBlockNumber(tid) < RelationGetNumberOfBlocks(rel);
}

ORCH_FUNCTION(orch_is_new_row);

/*
 * is_new_row(table, ctid, xmin): was this row version made by an INSERT of the
 * current transaction?  A version that an UPDATE made is not new, even if the
 * transaction inserted the row before: one generation too many does no harm,
 * one too few would lose a change.
 */
Datum
orch_is_new_row(PG_FUNCTION_ARGS)
{
	ItemPointer tid = (ItemPointer) PG_GETARG_POINTER(1);
	TransactionId xmin = DatumGetTransactionId(PG_GETARG_DATUM(2));
	Relation	rel;
	TupleTableSlot *slot;
	bool		is_new = false;

	if (!TransactionIdIsCurrentTransactionId(xmin))
		PG_RETURN_BOOL(false);

	rel = table_open(PG_GETARG_OID(0), AccessShareLock);
	if (may_hold_row(rel, tid))
	{
		slot = table_slot_create(rel, NULL);
		if (table_tuple_fetch_row_version(rel, tid, SnapshotAny, slot))
			is_new = (ExecFetchSlotHeapTuple(slot, false, NULL)->t_data->t_infomask & HEAP_UPDATED) == 0;
		ExecDropSingleTupleTableSlot(slot);
	}
	table_close(rel, AccessShareLock);
	PG_RETURN_BOOL(is_new);
}
