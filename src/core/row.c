/*
 * row.c
 *	  Our tables and the columns of their rows by name, and edits of a row before
 *	  it is written.
 *
 * Tables are ordinary and may have been given columns by their users, or be
 * restored with another column order, so nothing here knows a position.
 */
#include "core/rows.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "core/errors.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/*
 * A table of ours; throws OR030 when it is not there.
 */
Oid
orch_table(const char *name)
{
	Oid			relation = get_relname_relid(name, get_namespace_oid("orchestration", false));

	if (!OidIsValid(relation))
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_NOT_BOOTSTRAPPED),
				 errmsg("table \"%s\" is missing", name),
				 errhint("Run orchestration.bootstrap().")));
	return relation;
}

/*
 * Position of a column, or InvalidAttrNumber.
 */
AttrNumber
orch_row_column_if_any(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (!attribute->attisdropped && strcmp(NameStr(attribute->attname), name) == 0)
			return attribute->attnum;
	}
	return InvalidAttrNumber;
}

/*
 * Position of a column that must be there; throws when somebody dropped it.
 */
AttrNumber
orch_row_column(TupleDesc desc, const char *name)
{
	AttrNumber	column = orch_row_column_if_any(desc, name);

	if (column == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("required column \"%s\" is missing", name),
				 errhint("Restore the column; the extension works with the columns that bootstrap() makes.")));
	return column;
}

/*
 * Positions of several columns, in the current memory context.
 */
Bitmapset *
orch_row_columns(TupleDesc desc, char **names, int count)
{
	Bitmapset  *columns = NULL;

	for (int i = 0; i < count; i++)
		columns = bms_add_member(columns, orch_row_column(desc, names[i]));
	return columns;
}

/*
 * Do two rows differ in a column?  Compares the stored images, so that a value
 * that is written differently but equal (1.0 for 1) counts as a change: it is
 * rendered differently too.
 */
bool
orch_row_column_differs(TupleTableSlot *a, TupleTableSlot *b, AttrNumber column)
{
	Form_pg_attribute attribute = TupleDescAttr(a->tts_tupleDescriptor, column - 1);
	bool		a_null;
	bool		b_null;
	Datum		a_value = slot_getattr(a, column, &a_null);
	Datum		b_value = slot_getattr(b, column, &b_null);

	if (a_null || b_null)
		return a_null != b_null;
	return !datum_image_eq(a_value, b_value, attribute->attbyval, attribute->attlen);
}

bool
orch_row_columns_differ(TupleTableSlot *a, TupleTableSlot *b, const Bitmapset *columns)
{
	int			column = -1;

	while ((column = bms_next_member(columns, column)) >= 0)
	{
		if (orch_row_column_differs(a, b, (AttrNumber) column))
			return true;
	}
	return false;
}

/*
 * A bigint column; 0 when it is NULL.
 */
int64
orch_row_int64(TupleTableSlot *slot, AttrNumber column)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

int32
orch_row_int32(TupleTableSlot *slot, AttrNumber column)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

/*
 * Is a text column exactly this?
 */
bool
orch_row_text_is(TupleTableSlot *slot, AttrNumber column, const char *text)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, column, &isnull);
	size_t		length = strlen(text);
	struct varlena *image;

	if (isnull)
		return false;
	image = PG_DETOAST_DATUM_PACKED(value);
	return VARSIZE_ANY_EXHDR(image) == length && memcmp(VARDATA_ANY(image), text, length) == 0;
}

/*
 * A text column in the current memory context; NULL when it is NULL.
 */
char *
orch_row_text(TupleTableSlot *slot, AttrNumber column)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/*
 * Starts to edit the row of a BEFORE row trigger for INSERT or UPDATE.
 */
void
orch_row_edit_begin(OrchRowEdit *edit, TriggerData *trigger)
{
	bool		is_update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);

	edit->old = is_update ? trigger->tg_trigslot : NULL;
	edit->new = is_update ? trigger->tg_newslot : trigger->tg_trigslot;
	edit->tuple = is_update ? trigger->tg_newtuple : trigger->tg_trigtuple;
	edit->values = NULL;
	if (edit->old)
		slot_getallattrs(edit->old);
	slot_getallattrs(edit->new);
}

static void
replace(OrchRowEdit *edit, AttrNumber column, Datum value, bool isnull)
{
	int			natts = edit->new->tts_tupleDescriptor->natts;

	if (column == InvalidAttrNumber)
		return;
	if (edit->values == NULL)
	{
		edit->values = memcpy(palloc(natts * sizeof(Datum)), edit->new->tts_values, natts * sizeof(Datum));
		edit->nulls = memcpy(palloc(natts * sizeof(bool)), edit->new->tts_isnull, natts * sizeof(bool));
	}
	edit->values[column - 1] = value;
	edit->nulls[column - 1] = isnull;
}

/*
 * Sets a column; a column that the table does not have is ignored.
 */
void
orch_row_edit_set(OrchRowEdit *edit, AttrNumber column, Datum value)
{
	replace(edit, column, value, false);
}

void
orch_row_edit_clear(OrchRowEdit *edit, AttrNumber column)
{
	replace(edit, column, (Datum) 0, true);
}

/*
 * Keeps what the row had before the UPDATE.
 */
void
orch_row_edit_keep(OrchRowEdit *edit, AttrNumber column)
{
	bool		isnull;
	Datum		value;

	if (column == InvalidAttrNumber || !orch_row_column_differs(edit->old, edit->new, column))
		return;
	value = slot_getattr(edit->old, column, &isnull);
	replace(edit, column, value, isnull);
}

/*
 * The row to return from the trigger.
 */
HeapTuple
orch_row_edit_end(OrchRowEdit *edit)
{
	if (edit->values == NULL)
		return edit->tuple;
	return heap_form_tuple(edit->new->tts_tupleDescriptor, edit->values, edit->nulls);
}
