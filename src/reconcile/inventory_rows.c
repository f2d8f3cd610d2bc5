/*
 * inventory_rows.c
 *	  From rows to the inventory: when a lease is won, after a plan, in doubt.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/core.h"
#include "miscadmin.h"
#include "reconcile/call.h"
#include "reconcile/inventory.h"
#include "utils/builtins.h"

/* further ahead than any wait after a failure: the clock ran ahead when that was written */
#define LONGEST_WAIT (INT64CONST(3600) * 1000000)

/* rows that one statement reads: far below half a second */
#define LOAD_ROWS 2000

/* columns of worker_objects() */
enum
{
	COLUMN_ID = 1,
	COLUMN_NAMESPACE_ID,
	COLUMN_KIND,
	COLUMN_IN,
	COLUMN_NAME,
	COLUMN_OWNER_TYPE,
	COLUMN_OWNER_ID,
	COLUMN_OWNER_GENERATION,
	COLUMN_DESIRED,
	COLUMN_APPLIED,
	COLUMN_REPLACING,
	COLUMN_UID,
	COLUMN_GONE_UID,
	COLUMN_VERSION,
	COLUMN_GENERATION,
	COLUMN_APPLIED_FINGERPRINT,
	COLUMN_OBSERVED_FINGERPRINT,
	COLUMN_OBSERVED,
	COLUMN_ATTEMPTS,
	COLUMN_ATTEMPTED,
	COLUMN_REASON,
	COLUMN_DELETING_FOR,
	COLUMN_APPLIED_AGO,
	COLUMN_DUE_AGO,
	COLUMN_WAITS_FOR,
	COLUMN_ENDED,
	COLUMN_GIVEN_UP,
	COLUMN_INSISTED
};

static OrchCall load_objects = {
	.what = "loading objects",
	.sql = "SELECT * FROM orchestration_internal.worker_objects($1, $2, $3, $4)",
	.nargs = 4,
	.argtypes = {INT8OID, INT8ARRAYOID, INT8OID, INT4OID}
};

static OrchCall load_instances = {
	.what = "loading pods",
	.sql = "SELECT * FROM orchestration_internal.worker_instances($1, $2, $3)",
	.nargs = 3,
	.argtypes = {INT8OID, INT8OID, INT4OID}
};

typedef struct Reading
{
	OrchInventory *inventory;
	int64		now;
	int64		last_id;
	uint64		rows;
} Reading;

static OrchDigest
digest_column(SPITupleTable *table, uint64 row, int column)
{
	char	   *text = orch_column_text(table, row, column);
	OrchDigest	none = {0, 0};

	return text ? orch_digest(text, strlen(text)) : none;
}

/*
 * A digest that is stored as such, in hexadecimal.
 */
static OrchDigest
hexadecimal_column(SPITupleTable *table, uint64 row, int column)
{
	char	   *text = orch_column_text(table, row, column);
	OrchDigest	digest = {0, 0};

	/* written by another version: it differs from everything */
	if (text != NULL && !orch_digest_read(text, &digest))
		return orch_digest(text, strlen(text));
	return digest;
}

static void
text_column(SPITupleTable *table, uint64 row, int column, char *to, size_t size)
{
	char	   *text = orch_column_text(table, row, column);

	strlcpy(to, text ? text : "", size);
}

/*
 * A time that lies so many microseconds back; 0 for none.
 */
static int64
ago_column(SPITupleTable *table, uint64 row, int column, int64 now)
{
	bool		isnull;
	Datum		value = SPI_getbinval(table->vals[row], table->tupdesc, column, &isnull);

	return isnull ? 0 : now - DatumGetInt64(value);
}

static void
read_state(OrchObjectState *state, SPITupleTable *table, uint64 row, int64 now)
{
	int64		wait = orch_column_int8(table, row, COLUMN_WAITS_FOR);

	state->desired = digest_column(table, row, COLUMN_DESIRED);
	state->applied = digest_column(table, row, COLUMN_APPLIED);
	state->replacing = orch_column_bool(table, row, COLUMN_REPLACING);
	state->attempted = orch_column_bool(table, row, COLUMN_ATTEMPTED);
	text_column(table, row, COLUMN_UID, state->uid, sizeof(state->uid));
	text_column(table, row, COLUMN_GONE_UID, state->gone_uid, sizeof(state->gone_uid));
	text_column(table, row, COLUMN_VERSION, state->version, sizeof(state->version));
	state->generation = orch_column_int8(table, row, COLUMN_GENERATION);
	state->applied_fingerprint = hexadecimal_column(table, row, COLUMN_APPLIED_FINGERPRINT);
	state->observed_fingerprint = hexadecimal_column(table, row, COLUMN_OBSERVED_FINGERPRINT);
	state->facts = digest_column(table, row, COLUMN_OBSERVED);
	state->insisted = orch_column_bool(table, row, COLUMN_INSISTED);
	state->ended = orch_column_bool(table, row, COLUMN_ENDED);
	state->attempts = (int32) orch_column_int8(table, row, COLUMN_ATTEMPTS);
	state->reason = orch_reason_by_name(orch_column_text(table, row, COLUMN_REASON));
	state->deletion_started_at = ago_column(table, row, COLUMN_DELETING_FOR, now);
	state->applied_at = ago_column(table, row, COLUMN_APPLIED_AGO, now);
	state->due_since = ago_column(table, row, COLUMN_DUE_AGO, now);
	state->next_attempt_at = wait > 0 && wait < LONGEST_WAIT ? now + wait : 0;
}

/*
 * Takes one row of worker_objects() in.  Of an object that is known already
 * only what the rows want is taken over: of what is there, memory knows more.
 * Nothing of a kind that this version does not know.
 */
static void
read_object(OrchInventory *inventory, SPITupleTable *table, uint64 row, int64 now)
{
	int64		id = orch_column_int8(table, row, COLUMN_ID);
	const OrchKind *kind = orch_kind_find(orch_column_text(table, row, COLUMN_KIND));
	char	   *owner_type = orch_column_text(table, row, COLUMN_OWNER_TYPE);
	int64		owner_id = orch_column_int8(table, row, COLUMN_OWNER_ID);
	OrchObject *object = orch_inventory_object(inventory, id);
	OrchObjectState state = {0};
	OrchEvent	event = {.type = ORCH_EVENT_PLANNED, .now = now};

	if (kind == NULL)
		return;
	if (object == NULL)
	{
		object = orch_inventory_add(inventory, id, kind, orch_column_text(table, row, COLUMN_IN), orch_column_text(table, row, COLUMN_NAME),
									orch_column_int8(table, row, COLUMN_NAMESPACE_ID), owner_type, owner_id);
		read_state(&state, table, row, now);
		orch_inventory_load(inventory, object, &state);
	}
	event.desired = digest_column(table, row, COLUMN_DESIRED);
	event.other_owner = strcmp(object->owner->type, owner_type) != 0 || object->owner->id != owner_id;
	if (event.other_owner)
		orch_inventory_give(inventory, object, owner_type, owner_id);
	object->given_up = orch_column_bool(table, row, COLUMN_GIVEN_UP);
	object->owner->generation = orch_column_int8(table, row, COLUMN_OWNER_GENERATION);
	orch_inventory_step(inventory, object, &event);
}

static void
read_objects(SPITupleTable *table, uint64 rows, void *arg)
{
	Reading    *reading = arg;

	reading->rows = rows;
	for (uint64 row = 0; row < rows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		read_object(reading->inventory, table, row, reading->now);
		reading->last_id = orch_column_int8(table, row, COLUMN_ID);
	}
}

static void
read_instances(SPITupleTable *table, uint64 rows, void *arg)
{
	Reading    *reading = arg;

	reading->rows = rows;
	for (uint64 row = 0; row < rows; row++)
	{
		char	   *uid = orch_column_text(table, row, 2);
		OrchInstance *instance;

		CHECK_FOR_INTERRUPTS();
		reading->last_id = orch_column_int8(table, row, 1);
		if (strlen(uid) >= ORCH_UID_SIZE || orch_inventory_instance(reading->inventory, uid) != NULL)
			continue;
		instance = orch_inventory_add_instance(reading->inventory, uid);
		text_column(table, row, 3, instance->version, sizeof(instance->version));
		instance->digest = hexadecimal_column(table, row, 4);
	}
}

/*
 * Reads the next portion of the rows; true when all are there.  False with
 * *failed when a statement failed: then begin anew.
 */
bool
orch_inventory_load_more(OrchInventory *inventory, bool *failed)
{
	Reading    *reading = palloc0(sizeof(Reading));
	Datum		args[4];
	bool		of_instances = inventory->objects_loaded;

	reading->inventory = inventory;
	reading->now = orch_steady_now();
	reading->last_id = inventory->loaded_to;
	args[0] = Int64GetDatum(inventory->cluster_id);
	if (of_instances)
	{
		args[1] = Int64GetDatum(inventory->loaded_to);
		args[2] = Int32GetDatum(LOAD_ROWS);
		*failed = !orch_call(&load_instances, args, NULL, read_instances, reading);
	}
	else
	{
		args[2] = Int64GetDatum(inventory->loaded_to);
		args[3] = Int32GetDatum(LOAD_ROWS);
		*failed = !orch_call(&load_objects, args, " n  ", read_objects, reading);
	}
	inventory->loaded_to = reading->last_id;
	if (*failed || reading->rows == LOAD_ROWS)
		return false;
	inventory->loaded_to = 0;
	inventory->objects_loaded = true;
	return of_instances;
}

/*
 * Reads certain objects, because a plan or somebody else has changed what is
 * wanted of them.
 */
bool
orch_inventory_refresh(OrchInventory *inventory, const int64 *ids, int count)
{
	Reading    *reading = palloc0(sizeof(Reading));
	Datum	   *datums = palloc(sizeof(Datum) * (count + 1));
	Datum		args[4];

	for (int i = 0; i < count; i++)
		datums[i] = Int64GetDatum(ids[i]);
	reading->inventory = inventory;
	reading->now = orch_steady_now();
	args[0] = Int64GetDatum(inventory->cluster_id);
	args[1] = orch_array_argument(datums, count, INT8OID);
	args[2] = Int64GetDatum(0);
	args[3] = Int32GetDatum(count);
	return orch_call(&load_objects, args, NULL, read_objects, reading);
}
