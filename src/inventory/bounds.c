/*
 * bounds.c
 *	  BEFORE row trigger that keeps values out that are too large for what is made of
 *	  them, and the size of a value as it is, not as it is stored.
 *
 * Every column that can grow has a bound, also one that is added later: what gets into
 * a row is rendered, compared and sent by the worker, for all tenants.  The size of a
 * value is in its header, also when it is compressed or stored apart, so that nothing
 * is read.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "core/compat.h"
#include "core/core.h"
#include "core/errors.h"
#include "core/rows.h"
#include "inventory/shape.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/* for columns that no argument speaks of */
#define DEFAULT_BOUND (64 * 1024)

typedef struct BoundColumn
{
	AttrNumber	column;
	int64		most;			/* bytes */
} BoundColumn;

typedef struct Bounds
{
	int			count;
	BoundColumn columns[FLEXIBLE_ARRAY_MEMBER];
} Bounds;

static int64
raw_bytes(Datum value)
{
	return (int64) toast_raw_datum_size(value) - VARHDRSZ;
}

/*
 * Arguments of the trigger: column, bytes, column, bytes ...
 */
static int64
bound_of(const char *column, char **args, int count)
{
	for (int i = 0; i + 1 < count; i += 2)
	{
		if (strcmp(args[i], column) == 0)
			return strtoll(args[i + 1], NULL, 10);
	}
	return DEFAULT_BOUND;
}

static void *
learn(TriggerData *trigger)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	Bounds	   *bounds = palloc(offsetof(Bounds, columns) + desc->natts * sizeof(BoundColumn));

	bounds->count = 0;
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (attribute->attisdropped || attribute->attgenerated || attribute->attlen != -1)
			continue;
		bounds->columns[bounds->count].column = attribute->attnum;
		bounds->columns[bounds->count].most = bound_of(NameStr(attribute->attname), trigger->tg_trigger->tgargs, trigger->tg_trigger->tgnargs);
		bounds->count++;
	}
	return bounds;
}

static void
refuse(Relation rel, AttrNumber column, int64 bytes, int64 most)
{
	const char *name = NameStr(TupleDescAttr(RelationGetDescr(rel), column - 1)->attname);

	orch_refuse(psprintf("%s.%s", RelationGetRelationName(rel), name),
				psprintf("It has " INT64_FORMAT " bytes; at most " INT64_FORMAT " are allowed.", bytes, most),
				"What is larger belongs into an image or a volume.");
}

ORCH_FUNCTION(orch_bound_columns);

/*
 * bound_columns(column, bytes, ...): refuses a value that is larger than its bound.
 * What was there before and stays is let through, and so is what the worker observes.
 */
Datum
orch_bound_columns(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	const Bounds *bounds;
	OrchRowEdit edit;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) || TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function must be a trigger before insert or update, for each row")));
	bounds = orch_memo(trigger, learn);
	orch_row_edit_begin(&edit, trigger);
	for (int i = 0; i < bounds->count && !orch_is_worker(); i++)
	{
		const BoundColumn *bound = &bounds->columns[i];
		bool		isnull;
		Datum		value = slot_getattr(edit.new, bound->column, &isnull);

		if (!isnull && raw_bytes(value) > bound->most &&
			(edit.old == NULL || orch_row_column_differs(edit.old, edit.new, bound->column)))
			refuse(trigger->tg_relation, bound->column, raw_bytes(value), bound->most);
	}
	return PointerGetDatum(orch_row_edit_end(&edit));
}

ORCH_FUNCTION(orch_raw_size);

/*
 * raw_size("any"): bytes of a value, neither compressed nor read; 0 for NULL
 */
Datum
orch_raw_size(PG_FUNCTION_ARGS)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, 0);

	if (PG_ARGISNULL(0))
		PG_RETURN_INT64(0);
	if (get_typlen(type) != -1)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("raw_size() is for types of variable length")));
	PG_RETURN_INT64(raw_bytes(PG_GETARG_DATUM(0)));
}
