/*
 * digest.c
 *	  What a seal holds of the rows that it seals, and whether they still are
 *	  what they were.
 *
 * A row is digested by its values in one canonical form and the order below, not
 * by how it is stored: a dump that is restored elsewhere, on another release and
 * with columns in another order, has the same digests.
 */
#include "postgres.h"

#include <openssl/evp.h>

#include "catalog/pg_type.h"
#include "core/compat.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define DIGEST_BYTES 16
#define ENTRY_BYTES ((int) sizeof(uint64) + DIGEST_BYTES)
#define FETCH 1000

/* the order is that of the digests of all rows that are sealed: it stays */
#define COLUMNS "id, started_at, transaction_id, lineage, namespace_id, user_id, db_role, session_role, client_addr, application_name," \
	" request_id, source, operation, resource_type, resource_id, resource_name, changes, status, error_message, sqlstate, duration_ms, gateway_addr"

enum
{
	ID_COLUMN = 1, TIME_COLUMN, TRANSACTION_COLUMN, GATEWAY_COLUMN = 22, COLUMN_COUNT = 22, VERSION_COLUMN
};

/* the transaction that wrote the version is not among what is digested */
#define ROWS_OF "SELECT " COLUMNS ", xmin FROM orchestration.operation_logs" \
	" WHERE started_at >= $1 AND started_at < $2 AND lineage = $3" \
	" AND transaction_id >= $4 AND (transaction_id, id) > ($4, $5)"
#define IN_ORDER " ORDER BY transaction_id, id"

static void
update(EVP_MD_CTX *ctx, const void *data, size_t length)
{
	if (EVP_DigestUpdate(ctx, data, length) != 1)
		elog(ERROR, "could not compute a digest");
}

/*
 * One value: its length, or -1 for NULL, and its bytes.
 */
static void
update_value(EVP_MD_CTX *ctx, Oid type, Datum value, bool isnull)
{
	uint32		length;
	uint64		number;
	const char *bytes;
	char	   *text_form = NULL;

	if (isnull)
	{
		length = pg_hton32(0xFFFFFFFF);
		update(ctx, &length, sizeof(length));
		return;
	}
	switch (type)
	{
		case INT8OID:
		case TIMESTAMPTZOID:
		case FLOAT8OID:
			number = pg_hton64((uint64) value);
			bytes = (const char *) &number;
			length = sizeof(number);
			break;
		case TEXTOID:
			bytes = VARDATA_ANY(DatumGetPointer(value));
			length = VARSIZE_ANY_EXHDR(DatumGetPointer(value));
			break;
		case JSONBOID:
			bytes = text_form = JsonbToCString(NULL, &DatumGetJsonbP(value)->root, 0);
			length = strlen(bytes);
			break;
		default:
			bytes = text_form = DatumGetCString(DirectFunctionCall1(inet_out, value));
			length = strlen(bytes);
			break;
	}
	{
		uint32		prefix = pg_hton32(length);

		update(ctx, &prefix, sizeof(prefix));
	}
	update(ctx, bytes, length);
	if (text_form)
		pfree(text_form);
}

/*
 * Digest of a row in the order above, as an entry of a seal: its id and 128 bits
 * of SHA-256.
 */
static void
digest_row(EVP_MD_CTX *ctx, HeapTuple row, TupleDesc desc, uint8 *entry)
{
	uint8		digest[EVP_MAX_MD_SIZE];
	Datum		values[VERSION_COLUMN];
	bool		nulls[VERSION_COLUMN];
	uint64		id;

	heap_deform_tuple(row, desc, values, nulls);
	if (EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1)
		elog(ERROR, "could not compute a digest");
	for (int i = 0; i < COLUMN_COUNT; i++)
	{
		Oid			type = TupleDescAttr(desc, i)->atttypid;

		/* not there in what was sealed before */
		if (i + 1 == GATEWAY_COLUMN && nulls[i])
			continue;
		if (!nulls[i] && type == TEXTOID)
			values[i] = PointerGetDatum(PG_DETOAST_DATUM_PACKED(values[i]));
		update_value(ctx, type, values[i], nulls[i]);
	}
	if (EVP_DigestFinal_ex(ctx, digest, NULL) != 1)
		elog(ERROR, "could not compute a digest");
	id = pg_hton64((uint64) DatumGetInt64(values[ID_COLUMN - 1]));
	memcpy(entry, &id, sizeof(id));
	memcpy(entry + sizeof(id), digest, DIGEST_BYTES);
}

static int64
column_int64(HeapTuple row, TupleDesc desc, int column)
{
	bool		isnull;

	return DatumGetInt64(SPI_getbinval(row, desc, column, &isnull));
}

/*
 * Number of the transaction that wrote this version of the row: a
 * subtransaction's is that of its transaction or a later one.
 */
static int64
written_by(HeapTuple row, TupleDesc desc)
{
	bool		isnull;
	int64		transaction = column_int64(row, desc, TRANSACTION_COLUMN);
	TransactionId version = DatumGetTransactionId(SPI_getbinval(row, desc, VERSION_COLUMN, &isnull));

	return transaction + (int64) (uint32) (version - (uint32) transaction);
}

/*
 * Opens a cursor; arguments of the SQL function are those of the query.
 */
static Portal
open_rows(FunctionCallInfo fcinfo, const char *query, int count, Oid *types)
{
	Datum		values[8];

	for (int i = 0; i < count; i++)
		values[i] = PG_GETARG_DATUM(i);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	return SPI_cursor_open_with_args(NULL, query, count, types, values, NULL, true, 0);
}

static Datum
make_result(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

ORCH_FUNCTION(orch_worker_digest_rows);

/*
 * worker_digest_rows(from, until, lineage, after_transaction, after_id, horizon,
 * limit): entries of the next rows, and the last one's transaction and id.
 */
Datum
orch_worker_digest_rows(PG_FUNCTION_ARGS)
{
	Oid			types[] = {TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID, INT8OID, INT8OID, INT8OID, INT4OID};
	int			limit = PG_GETARG_INT32(6);
	bytea	   *entries = palloc(VARHDRSZ + (Size) limit * ENTRY_BYTES);
	EVP_MD_CTX *ctx;
	Portal		portal;
	int64		last[2] = {0, 0};
	TimestampTz newest = DT_NOBEGIN;
	int64		version = 0;
	int			count = 0;
	Datum		values[6];
	bool		nulls[6] = {false};

	portal = open_rows(fcinfo, ROWS_OF " AND transaction_id < $6" IN_ORDER " LIMIT $7", lengthof(types), types);
	ctx = EVP_MD_CTX_new();
	do
	{
		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(portal, true, FETCH);
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			digest_row(ctx, SPI_tuptable->vals[i], SPI_tuptable->tupdesc, (uint8 *) VARDATA(entries) + (Size) count++ * ENTRY_BYTES);
			last[0] = column_int64(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, TRANSACTION_COLUMN);
			last[1] = column_int64(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, ID_COLUMN);
			newest = Max(newest, column_int64(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, TIME_COLUMN));
			version = Max(version, written_by(SPI_tuptable->vals[i], SPI_tuptable->tupdesc));
		}
		SPI_freetuptable(SPI_tuptable);
	} while (SPI_processed > 0);
	EVP_MD_CTX_free(ctx);
	SPI_finish();
	SET_VARSIZE(entries, VARHDRSZ + (Size) count * ENTRY_BYTES);
	values[0] = Int64GetDatum(count);
	values[1] = Int64GetDatum(last[0]);
	values[2] = Int64GetDatum(last[1]);
	values[3] = TimestampTzGetDatum(newest);
	values[4] = Int64GetDatum(version + 1);
	nulls[3] = nulls[4] = count == 0;
	values[5] = PointerGetDatum(entries);
	return make_result(fcinfo, values, nulls);
}

ORCH_FUNCTION(orch_worker_digest_row);

/*
 * worker_digest_row(row): the digest that a seal would hold of a row of
 * operation_logs, or of one that is to be.
 */
Datum
orch_worker_digest_row(PG_FUNCTION_ARGS)
{
	static const char query[] = "SELECT " COLUMNS " FROM (SELECT ($1).*) r";
	HeapTupleHeader row = PG_GETARG_HEAPTUPLEHEADER(0);
	Oid			types[] = {HeapTupleHeaderGetTypeId(row)};
	Datum		values[] = {HeapTupleHeaderGetDatum(row)};
	bytea	   *result = palloc(VARHDRSZ + DIGEST_BYTES);
	EVP_MD_CTX *ctx;
	uint8		entry[ENTRY_BYTES];

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(query, 1, types, values, NULL, true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not read a row of the log");
	ctx = EVP_MD_CTX_new();
	digest_row(ctx, SPI_tuptable->vals[0], SPI_tuptable->tupdesc, entry);
	EVP_MD_CTX_free(ctx);
	SPI_finish();
	memcpy(VARDATA(result), entry + sizeof(uint64), DIGEST_BYTES);
	SET_VARSIZE(result, VARHDRSZ + DIGEST_BYTES);
	PG_RETURN_BYTEA_P(result);
}

/* ---- verification ---- */

typedef struct Sealed
{
	uint64		id;				/* key, as stored */
	const uint8 *digest;
	bool		seen;
} Sealed;

static HTAB *
read_entries(bytea *entries, int *count)
{
	HASHCTL		control = {0};
	HTAB	   *sealed;
	bool		found;

	*count = VARSIZE_ANY_EXHDR(entries) / ENTRY_BYTES;
	control.keysize = sizeof(uint64);
	control.entrysize = sizeof(Sealed);
	control.hcxt = CurrentMemoryContext;
	sealed = hash_create("orchestration sealed rows", Max(*count, 16), &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	for (int i = 0; i < *count; i++)
	{
		const uint8 *entry = (const uint8 *) VARDATA_ANY(entries) + (Size) i * ENTRY_BYTES;
		Sealed	   *row = hash_search(sealed, entry, HASH_ENTER, &found);

		row->digest = entry + sizeof(uint64);
		row->seen = false;
	}
	return sealed;
}

static bytea *
digest_of(const uint8 *bytes)
{
	bytea	   *digest = palloc(VARHDRSZ + DIGEST_BYTES);

	memcpy(VARDATA(digest), bytes, DIGEST_BYTES);
	SET_VARSIZE(digest, VARHDRSZ + DIGEST_BYTES);
	return digest;
}

/*
 * Whether the record says how the row that was sealed became what it is.
 */
static bool
is_redacted(int64 id, const uint8 *sealed, const uint8 *present)
{
	Oid			types[] = {INT8OID, BYTEAOID, BYTEAOID};
	Datum		values[] = {Int64GetDatum(id), PointerGetDatum(digest_of(sealed)), PointerGetDatum(digest_of(present))};
	SPITupleTable *table;
	bool		isnull;
	bool		redacted;

	if (SPI_execute_with_args("SELECT orchestration_internal.is_redacted_form($1, $2, $3)", lengthof(types), types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look for redactions");
	table = SPI_tuptable;
	redacted = DatumGetBool(SPI_getbinval(table->vals[0], table->tupdesc, 1, &isnull));
	SPI_freetuptable(table);
	return redacted && !isnull;
}

static const char *
judge(HTAB *sealed, const uint8 *entry, int64 id, int64 *redacted)
{
	Sealed	   *row = hash_search(sealed, entry, HASH_FIND, NULL);

	if (row == NULL || row->seen)
		return "added";
	row->seen = true;
	if (memcmp(row->digest, entry + sizeof(uint64), DIGEST_BYTES) == 0)
		return NULL;
	if (!is_redacted(id, row->digest, entry + sizeof(uint64)))
		return "changed";
	(*redacted)++;
	return NULL;
}

static bool
find_missing(HTAB *sealed, bytea *entries, int count, int64 *id)
{
	for (int i = 0; i < count; i++)
	{
		const uint8 *entry = (const uint8 *) VARDATA_ANY(entries) + (Size) i * ENTRY_BYTES;
		uint64		stored;

		if (((Sealed *) hash_search(sealed, entry, HASH_FIND, NULL))->seen)
			continue;
		memcpy(&stored, entry, sizeof(stored));
		*id = (int64) pg_ntoh64(stored);
		return true;
	}
	return false;
}

typedef struct Comparison
{
	HTAB	   *sealed;
	EVP_MD_CTX *ctx;
	TimestampTz since;
	const char *problem;
	int64		id;				/* of the row that was looked at last */
	TimestampTz at;
	int64		redacted;
	int64		recent;			/* rows not before since */
} Comparison;

static void
compare_batch(Comparison *comparison, SPITupleTable *rows, uint64 count)
{
	uint8		entry[ENTRY_BYTES];

	for (uint64 i = 0; i < count && comparison->problem == NULL; i++)
	{
		comparison->id = column_int64(rows->vals[i], rows->tupdesc, ID_COLUMN);
		comparison->at = column_int64(rows->vals[i], rows->tupdesc, TIME_COLUMN);
		comparison->recent += comparison->at >= comparison->since;
		digest_row(comparison->ctx, rows->vals[i], rows->tupdesc, entry);
		comparison->problem = judge(comparison->sealed, entry, comparison->id, &comparison->redacted);
	}
}

ORCH_FUNCTION(orch_worker_compare_rows);

/*
 * worker_compare_rows(from, until, lineage, after_transaction, after_id,
 * to_transaction, to_id, entries, since): the first row that is not as it was
 * sealed.
 */
Datum
orch_worker_compare_rows(PG_FUNCTION_ARGS)
{
	Oid			types[] = {TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID};
	bytea	   *entries = PG_GETARG_BYTEA_PP(7);
	int			count;
	Comparison	comparison = {0};
	Portal		portal;
	uint64		fetched;
	Datum		values[5];
	bool		nulls[5] = {false};

	comparison.sealed = read_entries(entries, &count);
	comparison.since = PG_GETARG_TIMESTAMPTZ(8);
	portal = open_rows(fcinfo, ROWS_OF " AND transaction_id <= $6 AND (transaction_id, id) <= ($6, $7)" IN_ORDER, lengthof(types), types);
	comparison.ctx = EVP_MD_CTX_new();
	do
	{
		SPITupleTable *rows;

		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(portal, true, FETCH);
		rows = SPI_tuptable;
		fetched = SPI_processed;
		compare_batch(&comparison, rows, fetched);
		SPI_freetuptable(rows);
	} while (fetched > 0 && comparison.problem == NULL);
	EVP_MD_CTX_free(comparison.ctx);
	SPI_finish();
	nulls[2] = comparison.problem == NULL;
	if (comparison.problem == NULL && find_missing(comparison.sealed, entries, count, &comparison.id))
		comparison.problem = "missing";
	hash_destroy(comparison.sealed);
	nulls[0] = nulls[1] = comparison.problem == NULL;
	values[0] = comparison.problem ? CStringGetTextDatum(comparison.problem) : (Datum) 0;
	values[1] = Int64GetDatum(comparison.id);
	values[2] = TimestampTzGetDatum(comparison.at);
	values[3] = Int64GetDatum(comparison.redacted);
	values[4] = Int64GetDatum(comparison.recent);
	return make_result(fcinfo, values, nulls);
}
