/*
 * diff_table.c
 *	  How the rows of a table are logged.
 */
#include "audit/diff.h"

#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/rows.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/* what changes with every write, or tells nothing that another column does not */
static const char *const bookkeeping[] = {
	"created_at", "created_by", "generation", "last_login_at", "last_seen_at", "observed_at", "observed_generation",
	"sealed_fingerprint", "sealed_version", "search", "status_changed_at", "updated_at"
};

static bool
is_bookkeeping(const char *name)
{
	for (int i = 0; i < lengthof(bookkeeping); i++)
	{
		if (strcmp(name, bookkeeping[i]) == 0)
			return true;
	}
	return false;
}

/* columns among the arguments: -name is bookkeeping, name a secret */
static bool
is_argument(Trigger *trigger, const char *prefix, const char *name)
{
	for (int i = 2; i < trigger->tgnargs; i++)
	{
		if (strncmp(trigger->tgargs[i], prefix, strlen(prefix)) == 0 &&
			strcmp(trigger->tgargs[i] + strlen(prefix), name) == 0)
			return true;
	}
	return false;
}

static OrchDiffForm
form_of(Oid type)
{
	switch (type)
	{
		case BOOLOID:
			return ORCH_DIFF_BOOL;
		case INT2OID:
			return ORCH_DIFF_INT2;
		case INT4OID:
			return ORCH_DIFF_INT4;
		case INT8OID:
			return ORCH_DIFF_INT8;
		case TEXTOID:
		case VARCHAROID:
			return ORCH_DIFF_TEXT;
		case TIMESTAMPTZOID:
			return ORCH_DIFF_TIME;
		case JSONBOID:
			return ORCH_DIFF_JSONB;
		case TEXTARRAYOID:
			return ORCH_DIFF_TEXT_ARRAY;
		default:
			return ORCH_DIFF_OTHER;
	}
}

/* as jsonb sorts keys: by length, then by bytes */
static int
compare_columns(const void *a, const void *b)
{
	const JsonbValue *x = &((const OrchDiffColumn *) a)->key;
	const JsonbValue *y = &((const OrchDiffColumn *) b)->key;

	if (x->val.string.len != y->val.string.len)
		return x->val.string.len < y->val.string.len ? -1 : 1;
	return memcmp(x->val.string.val, y->val.string.val, x->val.string.len);
}

static void
add_column(OrchDiffTable *table, Form_pg_attribute attribute, Trigger *trigger)
{
	OrchDiffColumn *column = &table->columns[table->count];
	const char *name = NameStr(attribute->attname);
	bool		is_varlena;

	if (attribute->attisdropped || is_bookkeeping(name) || is_argument(trigger, "-", name))
		return;
	column->index = attribute->attnum - 1;
	column->form = form_of(attribute->atttypid);
	if (is_argument(trigger, "", name))
		column->form = ORCH_DIFF_SECRET;
	column->byval = attribute->attbyval;
	column->length = attribute->attlen;
	getTypeOutputInfo(attribute->atttypid, &column->output, &is_varlena);
	column->key.type = jbvString;
	column->key.val.string.val = pstrdup(name);
	column->key.val.string.len = strlen(name);
	table->count++;
}

static void *
learn(TriggerData *trigger)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	Trigger    *definition = trigger->tg_trigger;
	OrchDiffTable *table = palloc(sizeof(OrchDiffTable));

	if (definition->tgnargs < 2)
		elog(ERROR, "auditing trigger needs the kind of resource and the column that names it");
	table->resource_type = pstrdup(definition->tgargs[0]);
	table->id = orch_row_column_if_any(desc, "id");
	table->name = orch_row_column_if_any(desc, definition->tgargs[1]);
	table->namespace_id = orch_row_column_if_any(desc, "namespace_id");
	if (strcmp(table->resource_type, "namespace") == 0)
		table->namespace_id = table->id;
	table->columns = palloc(desc->natts * sizeof(OrchDiffColumn));
	table->count = 0;
	for (int i = 0; i < desc->natts; i++)
		add_column(table, TupleDescAttr(desc, i), definition);
	qsort(table->columns, table->count, sizeof(OrchDiffColumn), compare_columns);
	return table;
}

/*
 * The table of a trigger audit_changes(kind of resource, column that names it,
 * columns that hold secrets, and after a "-" those that are bookkeeping).
 */
const OrchDiffTable *
orch_diff_table(TriggerData *trigger)
{
	return orch_memo(trigger, learn);
}
