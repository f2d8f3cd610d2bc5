/*
 * log.c
 *	  Writes rows of the log tables through the table's own interface.
 *
 * All rows of one statement have one time, so they go into one partition: it is
 * found by the bounds, not by its name.  Several rows are written at once, as COPY does.
 *
 * What the tables' own CHECK constraints demand is so by construction and not
 * evaluated: preparing one costs as much as writing a row.  Where users have put
 * triggers, columns or functions of their own on a partition, every row takes the
 * executor's way, and all of it applies, under our search_path.
 */
#include "partition/log.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/dependency.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "core/compat.h"
#include "core/rows.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "partition/partition.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "rewrite/rewriteHandler.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/partcache.h"
#include "utils/rel.h"

/* as many as a batch of COPY, which has found them enough */
#define BATCH 1000
#define BATCH_BYTES (256 * 1024)

#define TABLES_MAX 8

/* those that were written to in this session */
static OrchLogTable *tables[TABLES_MAX];
static int	table_count = 0;

static void
forget(Datum arg, Oid relation)
{
	for (int i = 0; i < table_count; i++)
	{
		if (!OidIsValid(relation) || relation == tables[i]->parent || relation == tables[i]->leaf)
			tables[i]->known = false;
	}
}

/* ---- where rows go ---- */

/*
 * Bounds of a partition; infinite where the table has none.
 */
static void
set_bounds(OrchLogTable *table, PartitionBoundInfo bounds, int offset)
{
	table->from = offset < 0 || bounds->kind[offset][0] != PARTITION_RANGE_DATUM_VALUE
		? DT_NOBEGIN : DatumGetTimestampTz(bounds->datums[offset][0]);
	table->until = offset + 1 >= bounds->ndatums || bounds->kind[offset + 1][0] != PARTITION_RANGE_DATUM_VALUE
		? DT_NOEND : DatumGetTimestampTz(bounds->datums[offset + 1][0]);
}

/*
 * Finds the partition of a time; false when it is not there.
 */
static bool
find_leaf(OrchLogTable *table, Relation parent, TimestampTz at)
{
	PartitionKey key = RelationGetPartitionKey(parent);
	PartitionDesc desc;
	Datum		value = TimestampTzGetDatum(at);
	bool		is_equal;
	int			offset;
	int			index;

	if (key == NULL)
	{
		table->leaf = RelationGetRelid(parent);
		table->from = DT_NOBEGIN;
		table->until = DT_NOEND;
		return true;
	}
	if (key->strategy != PARTITION_STRATEGY_RANGE || key->partnatts != 1 || key->parttypid[0] != TIMESTAMPTZOID)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("table \"%s\" is not partitioned by ranges of time", RelationGetRelationName(parent)),
				 errhint("Log tables are partitioned as bootstrap() makes them.")));
	desc = RelationGetPartitionDesc(parent, true);
	if (desc->boundinfo == NULL)
		return false;
	offset = partition_range_datum_bsearch(key->partsupfunc, key->partcollation, desc->boundinfo, 1, &value, &is_equal);
	index = desc->boundinfo->indexes[offset + 1];
	if (index < 0 && (index = desc->boundinfo->default_index) < 0)
		return false;
	if (!desc->is_leaf[index] || get_rel_relkind(desc->oids[index]) != RELKIND_RELATION)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("partition \"%s\" is not a plain table", get_rel_name(desc->oids[index])),
				 errhint("Rows are logged into plain partitions by month.")));
	table->leaf = desc->oids[index];
	set_bounds(table, desc->boundinfo, offset);
	return true;
}

static bool
is_function_of_users(Oid function, void *context)
{
	return function >= FirstNormalObjectId;
}

static bool
has_code_of_users(Node *node, void *context)
{
	if (node == NULL)
		return false;
	return IsA(node, CoerceToDomain) || check_functions_in_node(node, is_function_of_users, context) ||
		expression_tree_walker(node, has_code_of_users, context);
}

static bool
has_indexes_of_users(Relation leaf)
{
	List	   *indexes = RelationGetIndexList(leaf);
	bool		found = false;
	ListCell   *cell;

	foreach(cell, indexes)
	{
		Relation	index = index_open(lfirst_oid(cell), RowExclusiveLock);

		found |= has_code_of_users((Node *) RelationGetIndexExpressions(index), NULL) ||
			has_code_of_users((Node *) RelationGetIndexPredicate(index), NULL);
		index_close(index, NoLock);
	}
	list_free(indexes);
	return found;
}

/*
 * Positions of the columns in the partition, and whether users have added
 * anything that plain insertion would pass over, or that runs code of theirs.
 */
static void
find_columns(OrchLogTable *table, Relation leaf)
{
	TupleDesc	desc = RelationGetDescr(leaf);
	TriggerDesc *triggers = leaf->trigdesc;
	int			known = 1;

	if (table->positions == NULL)
		table->positions = MemoryContextAlloc(TopMemoryContext, table->count * sizeof(AttrNumber));
	for (int i = 0; i < table->count; i++)
		table->positions[i] = orch_row_column(desc, table->columns[i]);
	table->id_position = orch_row_column(desc, "id");
	for (int i = 0; i < desc->natts; i++)
		known -= !TupleDescAttr(desc, i)->attisdropped;
	known += table->count;
	table->special = known < 0 || has_indexes_of_users(leaf) ||
		(triggers != NULL && (triggers->trig_insert_before_row || triggers->trig_insert_after_row));
}

static void
locate(OrchLogTable *table, Relation parent, TimestampTz at)
{
	/* set before looking: what is altered meanwhile makes the next one look again */
	table->known = true;
	if (!find_leaf(table, parent, at))
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("table \"%s\" has no partition for the present month", table->name),
				 errhint("Run orchestration_internal.ensure_log_partitions().")));
	table->sequence = orch_identity_sequence(parent, orch_row_column(RelationGetDescr(parent), "id"));
}

/* ---- open and close ---- */

static Oid
parent_oid(OrchLogTable *table)
{
	if (!table->watched)
	{
		if (table_count == 0)
			CacheRegisterRelcacheCallback(forget, (Datum) 0);
		Assert(table_count < TABLES_MAX);
		tables[table_count++] = table;
		table->watched = true;
	}
	if (!table->known)
		table->parent = orch_table(table->name);
	return table->parent;
}

static bool
is_located(const OrchLogTable *table, TimestampTz at)
{
	return table->known && at >= table->from && at < table->until;
}

/*
 * Prepares to write rows of one time, as the owner of the table, until
 * orch_log_close or the end of the (sub)transaction.
 */
void
orch_log_open(OrchLog *log, OrchLogTable *table, TimestampTz at)
{
	MemoryContext previous;

	log->table = table;
	/* before the table is in use */
	if (!is_located(table, at))
		orch_ensure_month(table->name, at);
	log->parent = table_open(parent_oid(table), RowExclusiveLock);
	if (!is_located(table, at))
	{
		locate(table, log->parent, at);
		log->leaf = table_open(table->leaf, RowExclusiveLock);
		find_columns(table, log->leaf);
	}
	else
		log->leaf = table_open(table->leaf, RowExclusiveLock);

	GetUserIdAndSecContext(&log->user, &log->security);
	SetUserIdAndSecContext(RelationGetForm(log->parent)->relowner,
						   log->security | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	log->special = table->special;
	log->outlives = false;
	if (log->special)
		log->nest_level = orch_path_begin();
	log->estate = CreateExecutorState();
	previous = MemoryContextSwitchTo(log->estate->es_query_cxt);
	log->result = makeNode(ResultRelInfo);
	InitResultRelInfo(log->result, log->leaf, 0, NULL, 0);
	ExecOpenIndices(log->result, false);
	/* where triggers of users look for it */
	log->estate->es_opened_result_relations = list_make1(log->result);
	log->context = AllocSetContextCreate(log->estate->es_query_cxt, "orchestration log", ALLOCSET_DEFAULT_SIZES);
	log->values = palloc(table->count * sizeof(Datum));
	log->nulls = palloc(table->count * sizeof(bool));
	log->slots = NULL;
	log->count = log->slots_made = 0;
	if (log->special)
		AfterTriggerBeginQuery();
	MemoryContextSwitchTo(previous);
}

/*
 * May what holds the rows be another one when the transaction is rolled back?  Then
 * a row that stays would be missing in an index, or have columns that are unknown.
 * Whoever alters a table or rebuilds its indexes has it locked until the end; an
 * index alone can be moved without that.
 */
static bool
is_altered_here(const OrchLog *log)
{
	if (CheckRelationLockedByMe(log->leaf, ShareLock, true) || orch_storage_is_new(log->leaf))
		return true;
	for (int i = 0; i < log->result->ri_NumIndices; i++)
	{
		if (orch_storage_is_new(log->result->ri_IndexRelationDescs[i]))
			return true;
	}
	return false;
}

/*
 * From here on rows stay whatever becomes of the transaction, as those of
 * sequences do: they are inserted as frozen, so that nobody asks who wrote them.
 * at_once: they are on disk when orch_log_close() returns.  False where that cannot
 * be: code of users runs for each row, or this transaction has altered the table.
 */
bool
orch_log_outlive(OrchLog *log, bool at_once)
{
	log->outlives = !log->special && log->leaf->rd_rel->relam == HEAP_TABLE_AM_OID && !is_altered_here(log);
	log->at_once = at_once;
	return log->outlives;
}

/* ---- rows ---- */

/*
 * Sets what the writer does not know: columns of users.
 */
static void
set_defaults(OrchLog *log, TupleTableSlot *slot)
{
	TupleDesc	desc = RelationGetDescr(log->leaf);
	ExprContext *context = GetPerTupleExprContext(log->estate);

	for (int i = 0; i < desc->natts; i++)
	{
		Expr	   *expression;
		bool		known = i + 1 == log->table->id_position || TupleDescAttr(desc, i)->attisdropped;

		for (int column = 0; column < log->table->count && !known; column++)
			known = log->table->positions[column] == i + 1;
		if (known || TupleDescAttr(desc, i)->attgenerated)
			continue;
		expression = (Expr *) build_column_default(log->leaf, i + 1);
		if (expression != NULL)
			slot->tts_values[i] = ExecEvalExpr(ExecPrepareExpr(expression, log->estate), context, &slot->tts_isnull[i]);
	}
}

static void
write_special(OrchLog *log)
{
	for (int i = 0; i < log->count; i++)
		ExecSimpleRelationInsert(log->result, log->estate, log->slots[i]);
}

static void
write_plain(OrchLog *log)
{
	int			options = log->outlives ? TABLE_INSERT_FROZEN : 0;

	/* a row that stays is not left without its index entries */
	HOLD_INTERRUPTS();
	if (log->count == 1)
		table_tuple_insert(log->leaf, log->slots[0], GetCurrentCommandId(true), options, NULL);
	else
		table_multi_insert(log->leaf, log->slots, log->count, GetCurrentCommandId(true), options, NULL);
	for (int i = 0; i < log->count; i++)
		orch_insert_index_tuples(log->result, log->slots[i], log->estate);
	RESUME_INTERRUPTS();
}

static void
write_rows(OrchLog *log)
{
	MemoryContext previous;

	if (log->count == 0)
		return;
	previous = MemoryContextSwitchTo(GetPerTupleMemoryContext(log->estate));
	if (log->special)
		write_special(log);
	else
		write_plain(log);
	MemoryContextSwitchTo(previous);
	for (int i = 0; i < log->count; i++)
		ExecClearTuple(log->slots[i]);
	ResetPerTupleExprContext(log->estate);
	MemoryContextReset(log->context);
	log->count = 0;
}

/*
 * Starts a row, all NULL.  Values are to be made in log->context.
 */
void
orch_log_begin_row(OrchLog *log)
{
	memset(log->nulls, true, log->table->count * sizeof(bool));
}

void
orch_log_set(OrchLog *log, int column, Datum value)
{
	log->values[column] = value;
	log->nulls[column] = false;
}

/*
 * NULL stays NULL.
 */
void
orch_log_set_text(OrchLog *log, int column, const char *value)
{
	if (value != NULL)
		orch_log_set(log, column, PointerGetDatum(cstring_to_text(value)));
}

static TupleTableSlot *
next_slot(OrchLog *log)
{
	MemoryContext previous = MemoryContextSwitchTo(log->estate->es_query_cxt);

	if (log->slots == NULL)
		log->slots = palloc(sizeof(TupleTableSlot *));
	else if (log->slots_made == 1)
		log->slots = repalloc(log->slots, BATCH * sizeof(TupleTableSlot *));
	if (log->slots_made == log->count)
		log->slots[log->slots_made++] = table_slot_create(log->leaf, NULL);
	MemoryContextSwitchTo(previous);
	return log->slots[log->count];
}

void
orch_log_end_row(OrchLog *log)
{
	OrchLogTable *table = log->table;
	TupleTableSlot *slot = next_slot(log);

	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	for (int i = 0; i < table->count; i++)
	{
		int			position = table->positions[i] - 1;

		slot->tts_values[position] = log->values[i];
		slot->tts_isnull[position] = log->nulls[i];
	}
	slot->tts_values[table->id_position - 1] = Int64GetDatum(nextval_internal(table->sequence, false));
	slot->tts_isnull[table->id_position - 1] = false;
	if (log->special)
		set_defaults(log, slot);
	ExecStoreVirtualTuple(slot);
	slot->tts_tableOid = RelationGetRelid(log->leaf);
	if (++log->count == BATCH || MemoryContextMemAllocated(log->context, false) > BATCH_BYTES)
		write_rows(log);
}

/*
 * Writes what waits.
 */
void
orch_log_close(OrchLog *log)
{
	write_rows(log);
	if (log->outlives && log->at_once)
		XLogFlush(XactLastRecEnd);
	if (log->special)
		AfterTriggerEndQuery(log->estate);
	for (int i = 0; i < log->slots_made; i++)
		ExecDropSingleTupleTableSlot(log->slots[i]);
	ExecResetTupleTable(log->estate->es_tupleTable, false);
	ExecCloseResultRelations(log->estate);
	FreeExecutorState(log->estate);
	if (log->special)
		orch_path_end(log->nest_level);
	SetUserIdAndSecContext(log->user, log->security);
	table_close(log->leaf, NoLock);
	table_close(log->parent, NoLock);
}
