/*
 * search.c
 *	  The text that full-text search looks into.
 *
 * In C because it is a generated column: it runs at every update of a row that
 * has a BEFORE trigger, the worker's status updates too.
 */
#include "postgres.h"

#include "core/compat.h"
#include "mb/pg_wchar.h"
#include "tsearch/ts_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

/* pg_catalog.simple, fixed in pg_ts_config.dat: names have no language */
#define SIMPLE_CONFIGURATION 3748

/* a tsvector holds 1 MB; what stands behind this is not found */
#define MAX_SEARCHED_BYTES (128 * 1024)

/* One weighted part, appended to what was made so far. */
static Datum
append(Datum document, const char *words, int length, char weight)
{
	Datum		part;

	length = pg_mbcliplen(words, length, MAX_SEARCHED_BYTES);
	part = DirectFunctionCall2(to_tsvector_byid, ObjectIdGetDatum(SIMPLE_CONFIGURATION),
							   PointerGetDatum(cstring_to_text_with_len(words, length)));
	part = DirectFunctionCall2(tsvector_setweight, part, CharGetDatum(weight));
	return document ? DirectFunctionCall2(tsvector_concat, document, part) : part;
}

/* Keys and string values of a map, parted by spaces. */
static Datum
append_map(Datum document, Jsonb *map, char weight)
{
	JsonbIterator *iterator = JsonbIteratorInit(&map->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	StringInfoData words;

	if (JB_ROOT_COUNT(map) == 0)
		return document;
	initStringInfo(&words);
	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
		if ((token == WJB_KEY || token == WJB_VALUE || token == WJB_ELEM) && value.type == jbvString)
		{
			appendBinaryStringInfo(&words, value.val.string.val, value.val.string.len);
			appendStringInfoChar(&words, ' ');
		}
	return append(document, words.data, words.len, weight);
}

ORCH_FUNCTION(orch_search_document);

/*
 * search_document(name, description, labels, annotations): not strict
 */
Datum
orch_search_document(PG_FUNCTION_ARGS)
{
	Datum		document = (Datum) 0;

	for (int i = 0; i < 2; i++)
		if (!PG_ARGISNULL(i))
		{
			text	   *words = PG_GETARG_TEXT_PP(i);

			document = append(document, VARDATA_ANY(words), VARSIZE_ANY_EXHDR(words), "AB"[i]);
		}
	for (int i = 2; i < 4; i++)
		if (!PG_ARGISNULL(i))
			document = append_map(document, PG_GETARG_JSONB_P(i), "CD"[i - 2]);
	if (document == (Datum) 0)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(document);
}
