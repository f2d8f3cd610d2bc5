/*
 * diff_value.c
 *	  Values in what changed: as JSON, of maps the keys that differ, and what is
 *	  too long as its digest.
 *
 * A trail that repeats a megabyte for every key that somebody changes is a trail
 * that nobody can keep: it tells which value it was, and {"sha256", "bytes"} of
 * one that is too long to be repeated.
 */
#include "audit/diff.h"

#include <openssl/evp.h>

#include "catalog/pg_type.h"
#include "core/compat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/numeric.h"

/* what a digest takes itself */
#define DIGEST_BYTES_IN_JSON 128

void
orch_diff_set_string(JsonbValue *result, const char *string, int length)
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

	orch_diff_set_string(result, VARDATA_ANY(string), VARSIZE_ANY_EXHDR(string));
}

/*
 * A value within a jsonb, as a tree of its own.
 */
static void
unpack(JsonbValue *result, JsonbContainer *container)
{
	JsonbParseState *state = NULL;
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue *built = NULL;
	JsonbValue	part;

	while ((token = JsonbIteratorNext(&iterator, &part, false)) != WJB_DONE)
		built = pushJsonbValue(&state, token, token < WJB_BEGIN_ARRAY ? &part : NULL);
	*result = *built;
}

static void
set_jsonb(JsonbValue *result, Datum value)
{
	Jsonb	   *json = DatumGetJsonbP(value);

	if (JB_ROOT_IS_SCALAR(json) && JsonbExtractScalar(&json->root, result))
		return;
	unpack(result, &json->root);
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

/*
 * A value as it is.
 */
void
orch_diff_set_value(JsonbValue *result, const OrchDiffColumn *column, Datum value)
{
	const int	utc = 0;
	char	   *string;

	switch (column->form)
	{
		case ORCH_DIFF_SECRET:
			orch_diff_set_string(result, "[redacted]", strlen("[redacted]"));
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
	orch_diff_set_string(result, string, strlen(string));
}

/* ---- maps ---- */

typedef struct Map
{
	JsonbPair  *pairs;			/* in jsonb's order; values are scalars or binary */
	int			count;
} Map;

static void
read_map(Map *map, JsonbContainer *container)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue	part;

	map->pairs = palloc(Max(JsonContainerSize(container), 1) * sizeof(JsonbPair));
	map->count = 0;
	while ((token = JsonbIteratorNext(&iterator, &part, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			map->pairs[map->count].key = part;
		else if (token == WJB_VALUE)
			map->pairs[map->count++].value = part;
	}
}

static int
compare_keys(const JsonbValue *a, const JsonbValue *b)
{
	if (a->val.string.len != b->val.string.len)
		return a->val.string.len < b->val.string.len ? -1 : 1;
	return memcmp(a->val.string.val, b->val.string.val, a->val.string.len);
}

static bool
are_equal(const JsonbValue *a, const JsonbValue *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type)
	{
		case jbvNull:
			return true;
		case jbvBool:
			return a->val.boolean == b->val.boolean;
		case jbvString:
			return compare_keys(a, b) == 0;
		case jbvNumeric:
			return VARSIZE_ANY(a->val.numeric) == VARSIZE_ANY(b->val.numeric) &&
				memcmp(a->val.numeric, b->val.numeric, VARSIZE_ANY(a->val.numeric)) == 0;
		default:
			return a->val.binary.len == b->val.binary.len && memcmp(a->val.binary.data, b->val.binary.data, a->val.binary.len) == 0;
	}
}

static bool
is_map(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data);
}

static void
start_map(JsonbValue *object, int count)
{
	object->type = jbvObject;
	object->val.object.nPairs = 0;
	object->val.object.pairs = palloc(Max(count, 1) * sizeof(JsonbPair));
}

static JsonbValue *
add_key(JsonbValue *object, const JsonbValue *key)
{
	JsonbPair  *pair = &object->val.object.pairs[object->val.object.nPairs];

	pair->key = *key;
	pair->order = object->val.object.nPairs++;
	return &pair->value;
}

static void
add_pair(JsonbValue *object, const JsonbPair *pair)
{
	JsonbValue *value = add_key(object, &pair->key);

	*value = pair->value;
	if (value->type == jbvBinary)
		unpack(value, pair->value.val.binary.data);
}

static void
diff_containers(JsonbContainer *old, JsonbContainer *new, JsonbValue *before, JsonbValue *after)
{
	Map			a;
	Map			b;
	int			i = 0;
	int			j = 0;

	check_stack_depth();
	read_map(&a, old);
	read_map(&b, new);
	start_map(before, a.count);
	start_map(after, b.count);
	while (i < a.count || j < b.count)
	{
		int			order = i == a.count ? 1 : j == b.count ? -1 : compare_keys(&a.pairs[i].key, &b.pairs[j].key);

		if (order < 0)
			add_pair(before, &a.pairs[i++]);
		else if (order > 0)
			add_pair(after, &b.pairs[j++]);
		else
		{
			const JsonbPair *was = &a.pairs[i++];
			const JsonbPair *is = &b.pairs[j++];

			if (are_equal(&was->value, &is->value))
				continue;
			if (is_map(&was->value) && is_map(&is->value))
				diff_containers(was->value.val.binary.data, is->value.val.binary.data, add_key(before, &was->key), add_key(after, &is->key));
			else
			{
				add_pair(before, was);
				add_pair(after, is);
			}
		}
	}
}

/*
 * The keys that differ, at every depth; false when these are not two maps.
 */
bool
orch_diff_maps(Datum old, Datum new, JsonbValue *before, JsonbValue *after)
{
	Jsonb	   *a = DatumGetJsonbP(old);
	Jsonb	   *b = DatumGetJsonbP(new);

	if (!JB_ROOT_IS_OBJECT(a) || !JB_ROOT_IS_OBJECT(b))
		return false;
	diff_containers(&a->root, &b->root, before, after);
	return true;
}

/* ---- limits ---- */

static void
set_digest(JsonbValue *result, const char *bytes, Size length)
{
	uint8		digest[EVP_MAX_MD_SIZE];
	unsigned int digest_length = 0;
	char	   *hex = palloc(2 * EVP_MAX_MD_SIZE + 1);
	JsonbValue	key;

	if (EVP_Digest(bytes, length, digest, &digest_length, EVP_sha256(), NULL) != 1)
		elog(ERROR, "could not compute a digest");
	hex[hex_encode((const char *) digest, digest_length, hex)] = '\0';
	start_map(result, 2);
	/* in jsonb's order */
	orch_diff_set_string(&key, "bytes", strlen("bytes"));
	set_integer(add_key(result, &key), length);
	orch_diff_set_string(&key, "sha256", strlen("sha256"));
	orch_diff_set_string(add_key(result, &key), hex, 2 * digest_length);
}

static Size
size_of(const JsonbValue *value)
{
	Size		size = 8;

	switch (value->type)
	{
		case jbvString:
			return size + value->val.string.len;
		case jbvNumeric:
			return size + VARSIZE_ANY(value->val.numeric);
		case jbvArray:
			for (int i = 0; i < value->val.array.nElems; i++)
				size += size_of(&value->val.array.elems[i]);
			return size;
		case jbvObject:
			for (int i = 0; i < value->val.object.nPairs; i++)
				size += size_of(&value->val.object.pairs[i].key) + size_of(&value->val.object.pairs[i].value);
			return size;
		default:
			return size;
	}
}

/*
 * What is longer than one value may be becomes its digest: a text its own, a list
 * that of its JSON.
 */
static void
shorten(JsonbValue *value)
{
	check_stack_depth();
	if (value->type == jbvString && value->val.string.len > ORCH_DIFF_VALUE_BYTES)
		set_digest(value, value->val.string.val, value->val.string.len);
	else if (value->type == jbvArray && size_of(value) > ORCH_DIFF_VALUE_BYTES)
	{
		char	   *text = JsonbToCString(NULL, &JsonbValueToJsonb(value)->root, 0);

		set_digest(value, text, strlen(text));
	}
	else if (value->type == jbvObject)
	{
		for (int i = 0; i < value->val.object.nPairs; i++)
			shorten(&value->val.object.pairs[i].value);
	}
}

/*
 * Keeps a value within what one value may have, and a column within what is left
 * for the row: beyond it, the digest of the whole column stands there.
 */
void
orch_diff_limit(JsonbValue *value, const OrchDiffColumn *column, Datum whole, Size *left)
{
	Size		size;

	shorten(value);
	size = size_of(value);
	if (size > *left && size > DIGEST_BYTES_IN_JSON)
	{
		JsonbValue	entire;
		char	   *text;

		orch_diff_set_value(&entire, column, whole);
		if (entire.type == jbvString)
			set_digest(value, entire.val.string.val, entire.val.string.len);
		else
		{
			text = JsonbToCString(NULL, &JsonbValueToJsonb(&entire)->root, 0);
			set_digest(value, text, strlen(text));
		}
		size = DIGEST_BYTES_IN_JSON;
	}
	*left -= Min(size, *left);
}
