/*
 * diff.c
 *	  What a statement changed in a row: {"before": {...}, "after": {...}} with
 *	  the columns that differ.
 *
 * The objects are built sorted, since the columns are in jsonb's order already.
 */
#include "audit/diff.h"

#include "catalog/pg_type.h"
#include "core/compat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/json.h"
#include "utils/numeric.h"

static void
set_string(JsonbValue *result, const char *string, int length)
{
	result->type = jbvString;
	result->val.string.val = unconstify(char *, string);
	result->val.string.len = length;
}

static void
set_integer(JsonbValue *result, int64 value)
{
	result->type = jbvNumeric;
	result->val.numeric = int64_to_numeric(value);
}

static void
set_varlena(JsonbValue *result, Datum value)
{
	text	   *string = DatumGetTextPP(value);

	set_string(result, VARDATA_ANY(string), VARSIZE_ANY_EXHDR(string));
}

static void
set_jsonb(JsonbValue *result, Datum value)
{
	Jsonb	   *json = DatumGetJsonbP(value);
	JsonbParseState *state = NULL;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue *built = NULL;
	JsonbValue	part;

	if (JB_ROOT_IS_SCALAR(json) && JsonbExtractScalar(&json->root, result))
		return;
	iterator = JsonbIteratorInit(&json->root);
	while ((token = JsonbIteratorNext(&iterator, &part, false)) != WJB_DONE)
		built = pushJsonbValue(&state, token, token < WJB_BEGIN_ARRAY ? &part : NULL);
	*result = *built;
}

static void
set_text_array(JsonbValue *result, Datum value)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	result->type = jbvArray;
	result->val.array.nElems = count;
	result->val.array.rawScalar = false;
	result->val.array.elems = palloc(Max(count, 1) * sizeof(JsonbValue));
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			result->val.array.elems[i].type = jbvNull;
		else
			set_varlena(&result->val.array.elems[i], elements[i]);
	}
}

static void
set_value(JsonbValue *result, const OrchDiffColumn *column, Datum value)
{
	const int	utc = 0;
	char	   *string;

	switch (column->form)
	{
		case ORCH_DIFF_SECRET:
			set_string(result, "[redacted]", strlen("[redacted]"));
			return;
		case ORCH_DIFF_BOOL:
			result->type = jbvBool;
			result->val.boolean = DatumGetBool(value);
			return;
		case ORCH_DIFF_INT2:
			set_integer(result, DatumGetInt16(value));
			return;
		case ORCH_DIFF_INT4:
			set_integer(result, DatumGetInt32(value));
			return;
		case ORCH_DIFF_INT8:
			set_integer(result, DatumGetInt64(value));
			return;
		case ORCH_DIFF_TEXT:
			set_varlena(result, value);
			return;
		case ORCH_DIFF_JSONB:
			set_jsonb(result, value);
			return;
		case ORCH_DIFF_TEXT_ARRAY:
			set_text_array(result, value);
			return;
		case ORCH_DIFF_TIME:
			string = JsonEncodeDateTime(NULL, value, TIMESTAMPTZOID, &utc);
			break;
		default:
			string = OidOutputFunctionCall(column->output, value);
			break;
	}
	set_string(result, string, strlen(string));
}

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

static void
add(JsonbValue *object, const OrchDiffColumn *column, TupleTableSlot *slot, bool keep_null)
{
	JsonbPair  *pair = &object->val.object.pairs[object->val.object.nPairs];

	if (slot == NULL || (slot->tts_isnull[column->index] && !keep_null))
		return;
	pair->key = column->key;
	pair->order = object->val.object.nPairs++;
	if (slot->tts_isnull[column->index])
		pair->value.type = jbvNull;
	else
		set_value(&pair->value, column, slot->tts_values[column->index]);
}

/* what stands on one side of the change; pairs are for as many as may differ */
static void
start_side(JsonbPair *side, const char *name, JsonbPair *pairs)
{
	set_string(&side->key, name, strlen(name));
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

		add(&sides[0].value, column, new, old != NULL);
		add(&sides[1].value, column, old, new != NULL);
	}
	result.type = jbvObject;
	result.val.object.nPairs = old && new ? 2 : 1;
	result.val.object.pairs = new ? sides : sides + 1;
	return JsonbValueToJsonb(&result);
}
