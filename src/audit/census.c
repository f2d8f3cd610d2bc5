/*
 * census.c
 *	  The cheap look at a month of operation_logs: are there as many rows as its
 *	  seals say, and was any of them written later than its seal?
 *
 * A row that was changed, or put in place of another, is a row version of a
 * transaction that came after the seal: the version tells, whoever wrote it, and
 * with whatever triggers.  So one pass over the heap, which reads no value but
 * three numbers, finds what has happened; where it did, digests decide (a table
 * that was rewritten has new versions of the same rows).
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "audit/origin.h"
#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/rows.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

typedef struct Seal
{
	int64		lineage;
	int64		to_transaction;
	int64		to_id;
	int64		number;
	int64		row_count;
	int64		next_transaction;	/* 0: not known */
	int64		found;
	bool		late;
} Seal;

typedef struct Census
{
	Seal	   *seals;			/* by lineage, transaction, id */
	int			count;
	int64		rows;
	int			late;
} Census;

static int64
number_of(HeapTuple row, TupleDesc desc, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(row, desc, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

/*
 * The seals of a month, in the caller's context.
 */
static void
read_seals(Census *census, TimestampTz month)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid			types[] = {TIMESTAMPTZOID};
	Datum		values[] = {TimestampTzGetDatum(month)};

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args("SELECT lineage, to_transaction, to_id, number, row_count, next_transaction"
							  " FROM orchestration.audit_seals WHERE from_time = $1 ORDER BY lineage, to_transaction, to_id",
							  1, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the seals");
	census->count = SPI_processed;
	census->seals = MemoryContextAllocZero(caller, Max(census->count, 1) * sizeof(Seal));
	for (int i = 0; i < census->count; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		Seal	   *seal = &census->seals[i];

		seal->lineage = number_of(row, desc, 1);
		seal->to_transaction = number_of(row, desc, 2);
		seal->to_id = number_of(row, desc, 3);
		seal->number = number_of(row, desc, 4);
		seal->row_count = number_of(row, desc, 5);
		/* what came from another database was written here by other transactions */
		seal->next_transaction = seal->lineage == orch_audit_lineage() ? number_of(row, desc, 6) : 0;
	}
	SPI_finish();
}

/*
 * Does the seal end before the row?
 */
static bool
ends_before(const Seal *seal, int64 lineage, int64 transaction, int64 id)
{
	if (seal->lineage != lineage)
		return seal->lineage < lineage;
	if (seal->to_transaction != transaction)
		return seal->to_transaction < transaction;
	return seal->to_id < id;
}

/*
 * The seal that covers a row; NULL for one that is not sealed yet.
 */
static Seal *
seal_of(Census *census, int64 lineage, int64 transaction, int64 id)
{
	int			low = 0;
	int			high = census->count;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (ends_before(&census->seals[middle], lineage, transaction, id))
			low = middle + 1;
		else
			high = middle;
	}
	return low < census->count && census->seals[low].lineage == lineage ? &census->seals[low] : NULL;
}

/*
 * Was this version of the row written after the seal was made?  Subtransactions
 * have numbers between that of their transaction and the seal's.  VACUUM leaves
 * the number as it is; what has lost it counts as later.
 */
static bool
is_later(const Seal *seal, int64 transaction, TransactionId written_by)
{
	if (seal->next_transaction == 0)
		return false;
	if (!TransactionIdIsNormal(written_by))
		return true;
	return transaction + (int64) (uint32) (written_by - (uint32) transaction) >= seal->next_transaction;
}

static void
count_row(Census *census, TupleTableSlot *slot, const AttrNumber *positions)
{
	int64		lineage = DatumGetInt64(slot->tts_values[positions[0] - 1]);
	int64		transaction = DatumGetInt64(slot->tts_values[positions[1] - 1]);
	Seal	   *seal = seal_of(census, lineage, transaction, DatumGetInt64(slot->tts_values[positions[2] - 1]));
	bool		isnull;

	census->rows++;
	if (seal == NULL)
		return;
	seal->found++;
	if (!seal->late && is_later(seal, transaction, DatumGetTransactionId(slot_getsysattr(slot, MinTransactionIdAttributeNumber, &isnull))))
	{
		seal->late = true;
		census->late++;
	}
}

static void
count_rows(Census *census, Oid partition)
{
	Relation	relation = table_open(partition, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(relation);
	AttrNumber	positions[] = {orch_row_column(desc, "lineage"), orch_row_column(desc, "transaction_id"), orch_row_column(desc, "id")};
	int			last = Max(positions[0], Max(positions[1], positions[2]));
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	TableScanDesc scan = table_beginscan(relation, GetActiveSnapshot(), 0, NULL);

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		slot_getsomeattrs(slot, last);
		count_row(census, slot, positions);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	table_close(relation, AccessShareLock);
}

static const Seal *
first_wrong(const Census *census)
{
	for (int i = 0; i < census->count; i++)
		if (census->seals[i].found != census->seals[i].row_count)
			return &census->seals[i];
	return NULL;
}

static Datum
late_seals(const Census *census)
{
	Datum	   *numbers = palloc(Max(census->late, 1) * sizeof(Datum));
	int			count = 0;

	for (int i = 0; i < census->count; i++)
		if (census->seals[i].late)
			numbers[count++] = Int64GetDatum(census->seals[i].number);
	return PointerGetDatum(construct_array(numbers, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

ORCH_FUNCTION(orch_worker_count_rows);

/*
 * worker_count_rows(partition, month): how many rows there are, the first seal
 * that covers more or fewer than there are, and those with rows that were
 * written later.
 */
Datum
orch_worker_count_rows(PG_FUNCTION_ARGS)
{
	Census		census = {0};
	const Seal *wrong;
	TupleDesc	desc;
	Datum		values[4] = {0};
	bool		nulls[4] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	read_seals(&census, PG_GETARG_TIMESTAMPTZ(1));
	count_rows(&census, PG_GETARG_OID(0));
	wrong = first_wrong(&census);
	values[0] = Int64GetDatum(census.rows);
	nulls[1] = nulls[2] = wrong == NULL;
	if (wrong != NULL)
	{
		values[1] = Int64GetDatum(wrong->number);
		values[2] = CStringGetTextDatum(wrong->found < wrong->row_count ? "missing" : "added");
	}
	values[3] = late_seals(&census);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}
