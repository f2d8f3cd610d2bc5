/*
 * seal_bind.c
 *	  The trigger that ties a sealed value to its row and its version.
 *
 * seal() cannot know which version its value will be, so a new value comes as
 * version 0 and gets its number when it is written.  What comes with a number
 * must be what the row has already: that is how a re-wrapped value passes, and
 * an older one, or another row's, does not.
 */
#include "core/seal.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "core/errors.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/rel.h"

#define VERSION_COLUMN "sealed_version"

static int
column(TupleDesc desc, const char *name)
{
	int			number = SPI_fnumber(desc, name);

	if (number <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" does not exist", name)));
	return number;
}

/*
 * prefix/value/value...
 */
static text *
context_of(HeapTuple row, TupleDesc desc, char **arguments, int count)
{
	StringInfoData context;

	initStringInfo(&context);
	appendStringInfoString(&context, arguments[0]);
	for (int i = 1; i < count; i++)
	{
		char	   *value = SPI_getvalue(row, desc, column(desc, arguments[i]));

		appendStringInfo(&context, "/%s", value == NULL ? "" : value);
	}
	return cstring_to_text_with_len(context.data, context.len);
}

static bool
same_bytes(Datum a, Datum b)
{
	bytea	   *left;
	bytea	   *right;

	/* a column that nobody touched is the same pointer to the same TOAST value */
	if (datumIsEqual(a, b, false, -1))
		return true;
	left = DatumGetByteaPP(a);
	right = DatumGetByteaPP(b);
	return VARSIZE_ANY_EXHDR(left) == VARSIZE_ANY_EXHDR(right) &&
		memcmp(VARDATA_ANY(left), VARDATA_ANY(right), VARSIZE_ANY_EXHDR(left)) == 0;
}

static bool
same_value(bytea *a, const OrchSealed *a_parts, bytea *b, const OrchSealed *b_parts)
{
	uint8		prints[2][ORCH_FINGERPRINT_BYTES];

	orch_sealed_fingerprint(a, a_parts, prints[0]);
	orch_sealed_fingerprint(b, b_parts, prints[1]);
	return memcmp(prints[0], prints[1], ORCH_FINGERPRINT_BYTES) == 0;
}

/*
 * The version that the value is to have in this row, after the checks.
 */
static int64
judge(bytea *value, bytea *old, int64 old_version, const text *context)
{
	OrchSealed	parts;
	OrchSealed	old_parts;
	bool		same = false;

	orch_sealed_parse(value, &parts);
	if (old != NULL)
	{
		orch_sealed_parse(old, &old_parts);
		same = same_value(old, &old_parts, value, &parts);
	}
	if (parts.version != 0 && !(parts.version == old_version && (old == NULL || same)))
		orch_sealed_refuse(context, psprintf("It is version " INT64_FORMAT " of a value; the row takes new values, made by seal(), alone.", parts.version));
	/* a new value must be of today's format; a dump may bring back an older one */
	if (parts.format != ORCH_SEAL_FORMAT && old != NULL && !same)
		orch_sealed_refuse(context, "It was not made by seal().");
	orch_sealed_check(value, context);
	return old == NULL || same ? old_version : old_version + 1;
}

/*
 * The row with value and version as they are to be stored.
 */
static HeapTuple
store(HeapTuple row, TupleDesc desc, int value_column, bytea *value, int64 version, const text *context)
{
	int			columns[2] = {value_column, column(desc, VERSION_COLUMN)};
	Datum		values[2];
	bool		nulls[2] = {false, false};
	OrchSealed	parts;

	orch_sealed_parse(value, &parts);
	if (parts.format == ORCH_SEAL_FORMAT && parts.version != version)
		value = orch_sealed_rewrap(value, context, version);
	values[0] = PointerGetDatum(value);
	values[1] = Int64GetDatum(version);
	return heap_modify_tuple_by_cols(row, desc, 2, columns, values, nulls);
}

static void
refuse_rename(HeapTuple old, HeapTuple row, TupleDesc desc, char **arguments, int count)
{
	text	   *before = context_of(old, desc, arguments, count);

	if (same_bytes(PointerGetDatum(before), PointerGetDatum(context_of(row, desc, arguments, count))))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_ORCH_INVALID_SPECIFICATION),
			 errmsg("sealed value of \"%s\" cannot be renamed", text_to_cstring(before)),
			 errdetail("It is bound to the name that its row has."),
			 errhint("Set the value together with the name, in one statement.")));
}

/*
 * The value stays, and so does its version.
 */
static HeapTuple
keep(HeapTuple row, TupleDesc desc, int64 version)
{
	int			version_column = column(desc, VERSION_COLUMN);
	bool		no_version;
	Datum		given = heap_getattr(row, version_column, desc, &no_version);
	Datum		kept = Int64GetDatum(version);

	if (!no_version && DatumGetInt64(given) == version)
		return row;
	no_version = false;
	return heap_modify_tuple_by_cols(row, desc, 1, &version_column, &kept, &no_version);
}

ORCH_FUNCTION(orch_bind_sealed);

/*
 * bind_sealed(column, prefix, columns...): BEFORE INSERT OR UPDATE, for each
 * row.  Throws OR040, OR041.
 */
Datum
orch_bind_sealed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	bool		update = CALLED_AS_TRIGGER(fcinfo) && TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	HeapTuple	row = update ? trigger->tg_newtuple : trigger->tg_trigtuple;
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	char	  **arguments = trigger->tg_trigger->tgargs;
	int			count = trigger->tg_trigger->tgnargs;
	int			value_column = column(desc, arguments[0]);
	Datum		old = (Datum) 0;
	Datum		new;
	bool		no_old = true;
	bool		no_new;
	bool		no_version;
	int64		version;
	text	   *context;

	new = heap_getattr(row, value_column, desc, &no_new);
	version = DatumGetInt64(heap_getattr(update ? trigger->tg_trigtuple : row, column(desc, VERSION_COLUMN), desc, &no_version));
	if (update)
		old = heap_getattr(trigger->tg_trigtuple, value_column, desc, &no_old);
	if (no_version || version < 1)
		version = 1;
	if (no_new)
		PG_RETURN_POINTER(keep(row, desc, version));
	if (!no_old && same_bytes(old, new))
	{
		refuse_rename(trigger->tg_trigtuple, row, desc, arguments + 1, count - 1);
		PG_RETURN_POINTER(keep(row, desc, version));
	}
	context = context_of(row, desc, arguments + 1, count - 1);
	if (update && no_old)
		version++;
	version = judge(DatumGetByteaPP(new), no_old ? NULL : DatumGetByteaPP(old), version, context);
	PG_RETURN_POINTER(store(row, desc, value_column, DatumGetByteaPP(new), version, context));
}
