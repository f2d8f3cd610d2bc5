/*
 * diff.c
 *	  What a statement changed in a row: {"before": {...}, "after": {...}} with
 *	  the columns that differ, and of maps the keys that differ.
 *
 * The objects are built sorted, since the columns are in jsonb's order already.
 */
#include "audit/diff.h"

#include "utils/datum.h"

static bool
differs(const OrchDiffColumn *column, TupleTableSlot *old, TupleTableSlot *new)
{
	bool		old_null = old == NULL || old->tts_isnull[column->index];
	bool		new_null = new == NULL || new->tts_isnull[column->index];

	if (old_null || new_null)
		return old_null != new_null;
	if (column->byval)
		return old->tts_values[column->index] != new->tts_values[column->index];
	return !datum_image_eq(old->tts_values[column->index], new->tts_values[column->index], false, column->length);
}

static JsonbValue *
add(JsonbValue *object, const OrchDiffColumn *column)
{
	JsonbPair  *pair = &object->val.object.pairs[object->val.object.nPairs];

	pair->key = column->key;
	pair->order = object->val.object.nPairs++;
	pair->value.type = jbvNull;
	return &pair->value;
}

/*
 * A column on one side.  A row that is new or gone has no column that is NULL.
 */
static void
add_column(JsonbValue *object, const OrchDiffColumn *column, TupleTableSlot *slot, bool keep_null, Size *left)
{
	bool		isnull = slot == NULL || slot->tts_isnull[column->index];
	JsonbValue *value;

	if (slot == NULL || (isnull && !keep_null))
		return;
	value = add(object, column);
	if (isnull)
		return;
	orch_diff_set_value(value, column, slot->tts_values[column->index]);
	orch_diff_limit(value, column, slot->tts_values[column->index], left);
}

/*
 * A map on both sides: the keys that differ.
 */
static bool
add_map(JsonbPair *sides, const OrchDiffColumn *column, TupleTableSlot *old, TupleTableSlot *new, Size *left)
{
	Datum		before;
	Datum		after;
	JsonbValue	values[2];

	if (column->form != ORCH_DIFF_JSONB || old == NULL || new == NULL || old->tts_isnull[column->index] || new->tts_isnull[column->index])
		return false;
	before = old->tts_values[column->index];
	after = new->tts_values[column->index];
	if (!orch_diff_maps(before, after, &values[1], &values[0]))
		return false;
	*add(&sides[0].value, column) = values[0];
	*add(&sides[1].value, column) = values[1];
	for (int i = 0; i < 2; i++)
	{
		JsonbValue *object = &sides[i].value;

		orch_diff_limit(&object->val.object.pairs[object->val.object.nPairs - 1].value, column, i == 0 ? after : before, left);
	}
	return true;
}

/* what stands on one side of the change; pairs are for as many as may differ */
static void
start_side(JsonbPair *side, const char *name, JsonbPair *pairs)
{
	orch_diff_set_string(&side->key, name, strlen(name));
	side->value.type = jbvObject;
	side->value.val.object.nPairs = 0;
	side->value.val.object.pairs = pairs;
}

/*
 * The difference of two rows, in the current context; NULL when there is none.
 * old is NULL for a row that is new, new for one that is gone.
 */
Jsonb *
orch_diff(const OrchDiffTable *table, TupleTableSlot *old, TupleTableSlot *new)
{
	JsonbPair  *pairs;
	JsonbPair	sides[2];
	JsonbValue	result;
	int		   *changed = palloc(table->count * sizeof(int));
	int			count = 0;
	Size		left = ORCH_DIFF_ROW_BYTES;

	if (old)
		slot_getallattrs(old);
	if (new)
		slot_getallattrs(new);
	for (int i = 0; i < table->count; i++)
		if (differs(&table->columns[i], old, new))
			changed[count++] = i;
	if (count == 0)
		return NULL;

	pairs = palloc(2 * count * sizeof(JsonbPair));
	start_side(&sides[0], "after", pairs);
	start_side(&sides[1], "before", pairs + count);
	for (int i = 0; i < count; i++)
	{
		const OrchDiffColumn *column = &table->columns[changed[i]];

		if (add_map(sides, column, old, new, &left))
			continue;
		add_column(&sides[0].value, column, new, old != NULL, &left);
		add_column(&sides[1].value, column, old, new != NULL, &left);
	}
	result.type = jbvObject;
	result.val.object.nPairs = old && new ? 2 : 1;
	result.val.object.pairs = new ? sides : sides + 1;
	return JsonbValueToJsonb(&result);
}
