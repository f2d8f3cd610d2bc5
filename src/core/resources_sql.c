/*
 * resources_sql.c
 *	  The list of resources (resources.h), for SQL.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/resources.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

/* in the order of OUT parameters */
enum
{
	COLUMN_NTH, COLUMN_RELATION, COLUMN_SINGULAR, COLUMN_CALLED, COLUMN_PERMISSION, COLUMN_SCOPE, COLUMN_PART_OF, COLUMN_TITLE,
	COLUMN_SECRET, COLUMN_UNLOGGED, COLUMN_APART, COLUMN_BOUNDS, COLUMN_OWNER, COLUMN_ASKS_WHEN, COLUMN_COUNT
};

typedef struct Row
{
	Datum		values[COLUMN_COUNT];
	bool		nulls[COLUMN_COUNT];
} Row;

static void
put_text(Row *row, int column, const char *text)
{
	row->nulls[column] = text == NULL;
	if (text != NULL)
		row->values[column] = CStringGetTextDatum(text);
}

/* names with a blank between them; none is an empty array */
static void
put_names(Row *row, int column, const char *names)
{
	row->values[column] = DirectFunctionCall2Coll(text_to_array, C_COLLATION_OID, CStringGetTextDatum(names ? names : ""), CStringGetTextDatum(" "));
}

/* config_map as people say it */
static char *
in_words(const char *singular)
{
	char	   *words = pstrdup(singular);

	for (char *c = words; *c != '\0'; c++)
		if (*c == '_')
			*c = ' ';
	return words;
}

static void
put_resource(ReturnSetInfo *result, int nth, const OrchResource *resource)
{
	Row			row = {0};

	row.values[COLUMN_NTH] = Int32GetDatum(nth);
	put_text(&row, COLUMN_RELATION, resource->relation);
	put_text(&row, COLUMN_SINGULAR, resource->singular);
	put_text(&row, COLUMN_CALLED, resource->called ? resource->called : in_words(resource->singular));
	put_text(&row, COLUMN_PERMISSION, resource->permission);
	put_text(&row, COLUMN_SCOPE, resource->scope);
	put_text(&row, COLUMN_PART_OF, resource->part_of);
	put_text(&row, COLUMN_TITLE, resource->title);
	put_names(&row, COLUMN_SECRET, resource->secret);
	put_names(&row, COLUMN_UNLOGGED, resource->unlogged);
	put_names(&row, COLUMN_APART, resource->apart ? psprintf("%s %s", ORCH_APART, resource->apart) : ORCH_APART);
	put_names(&row, COLUMN_BOUNDS, resource->bounds);
	row.values[COLUMN_OWNER] = BoolGetDatum(resource->owner);
	put_text(&row, COLUMN_ASKS_WHEN, resource->asks_when);
	tuplestore_putvalues(result->setResult, result->setDesc, row.values, row.nulls);
}

ORCH_FUNCTION(orch_resources_shown);

Datum
orch_resources_shown(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < ORCH_RESOURCE_LINES; i++)
		put_resource((ReturnSetInfo *) fcinfo->resultinfo, i + 1, &orch_resources[i]);
	return (Datum) 0;
}

/* ---- types of owners ---- */

static const OrchResource *
owner_called(text *name)
{
	return orch_resource_owner(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
}

ORCH_FUNCTION(orch_is_owner_type);

Datum
orch_is_owner_type(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(owner_called(PG_GETARG_TEXT_PP(0)) != NULL);
}

ORCH_FUNCTION(orch_owner_table);

Datum
orch_owner_table(PG_FUNCTION_ARGS)
{
	const OrchResource *resource = owner_called(PG_GETARG_TEXT_PP(0));

	if (resource == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(resource->relation));
}

/* digits of any bigint, and not so many that they are none */
#define MOST_DIGITS 18

/*
 * {container,7} of the label container-7; NULL of any other text.
 */
ORCH_FUNCTION(orch_owner_of_label);

Datum
orch_owner_of_label(PG_FUNCTION_ARGS)
{
	char	   *label = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *dash = strrchr(label, '-');
	size_t		digits = dash ? strspn(dash + 1, "0123456789") : 0;
	Datum		parts[2];

	if (digits == 0 || digits > MOST_DIGITS || dash[1 + digits] != '\0' || orch_resource_owner(label, dash - label) == NULL)
		PG_RETURN_NULL();
	parts[0] = PointerGetDatum(cstring_to_text_with_len(label, dash - label));
	parts[1] = CStringGetTextDatum(dash + 1);
	PG_RETURN_ARRAYTYPE_P(construct_array(parts, 2, TEXTOID, -1, false, TYPALIGN_INT));
}
