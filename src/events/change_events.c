/*
 * change_events.c
 *	  Tells caches which rows have changed, by NOTIFY.
 *
 * A trigger after statements, which enable_change_events() makes.  A payload
 * names a row and says nothing of what is in it, because anybody may LISTEN.
 * Equal notifications of a transaction are one (PostgreSQL sees to that), so a
 * row is told once, however often it was changed.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/async.h"
#include "core/compat.h"
#include "core/rows.h"
#include "miscadmin.h"
#include "utils/rel.h"

#define CHANNEL "orchestration_changes"

/*
 * Rows that a transaction tells of one by one, and then namespaces; beyond it
 * says only that much has changed, lest a bulk load fills the queue of all.
 */
#define MANY 100

/* columns that say when a row was looked at, and nothing else */
static const char *const ignored[] = {"updated_at", "observed_at", "resource_version"};

typedef struct Row
{
	int64		namespace_id;
	int64		id;
} Row;

/* what a statement has changed; one row more than are told, so that many is known */
typedef struct Changed
{
	AttrNumber	namespace_column;
	AttrNumber	id_column;
	Bitmapset  *columns;		/* of which one must differ */
	Row			rows[MANY + 1];
	int			row_count;
	int64		namespaces[MANY + 1];
	int			namespace_count;
} Changed;

/* of this transaction, over all its statements */
static int	told_rows = 0;
static int	told_namespaces = 0;
static struct
{
	Oid			table;
	int64		id;
}			told[MANY];

static void
forget_told(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		told_rows = told_namespaces = 0;
}

static void
tell(Relation rel, const char *format, ...) pg_attribute_printf(2, 3);

/*
 * The table's name is one of ours: it needs no escaping.
 */
static void
tell(Relation rel, const char *format, ...)
{
	char		rest[96];
	char		payload[NAMEDATALEN + sizeof(rest) + 16];
	va_list		arguments;

	va_start(arguments, format);
	vsnprintf(rest, sizeof(rest), format, arguments);
	va_end(arguments);
	snprintf(payload, sizeof(payload), "{\"table\":\"%s\",%s}", RelationGetRelationName(rel), rest);
	Async_Notify(CHANNEL, payload);
}

static Bitmapset *
telling_columns(TupleDesc desc)
{
	Bitmapset  *columns = NULL;

	for (int i = 0; i < desc->natts; i++)
	{
		if (!TupleDescAttr(desc, i)->attisdropped && !TupleDescAttr(desc, i)->attgenerated)
			columns = bms_add_member(columns, i + 1);
	}
	for (int i = 0; i < lengthof(ignored); i++)
		columns = bms_del_member(columns, orch_row_column_if_any(desc, ignored[i]));
	return columns;
}

/*
 * Namespaces have their own id for one.
 */
static void
find_columns(Changed *changed, TupleDesc desc)
{
	changed->id_column = orch_row_column(desc, "id");
	changed->namespace_column = orch_row_column_if_any(desc, "namespace_id");
	if (changed->namespace_column == InvalidAttrNumber)
		changed->namespace_column = changed->id_column;
	changed->columns = telling_columns(desc);
}

static void
note(Changed *changed, TupleTableSlot *slot)
{
	Row			row = {orch_row_int64(slot, changed->namespace_column), orch_row_int64(slot, changed->id_column)};

	if (changed->row_count <= MANY)
		changed->rows[changed->row_count++] = row;
	/* rows mostly come namespace by namespace: look at the latest first */
	for (int i = changed->namespace_count - 1; i >= 0; i--)
	{
		if (changed->namespaces[i] == row.namespace_id)
			return;
	}
	if (changed->namespace_count <= MANY)
		changed->namespaces[changed->namespace_count++] = row.namespace_id;
}

static void
read_changes(Changed *changed, TriggerData *trigger)
{
	OrchChanges changes;

	orch_changes_begin(&changes, trigger);
	find_columns(changed, changes.desc);
	while (changed->namespace_count <= MANY && orch_changes_next(&changes))
	{
		CHECK_FOR_INTERRUPTS();
		if (changes.old == NULL || changes.new == NULL)
			note(changed, changes.new ? changes.new : changes.old);
		else if (orch_row_columns_differ(changes.old, changes.new, changed->columns))
			note(changed, changes.new);
	}
	orch_changes_end(&changes);
}

static bool
is_told(Relation rel, int64 namespace_id)
{
	for (int i = 0; i < told_namespaces; i++)
	{
		if (told[i].table == RelationGetRelid(rel) && told[i].id == namespace_id)
			return true;
	}
	return false;
}

static void
tell_namespaces(Relation rel, const Changed *changed)
{
	int			untold = 0;

	for (int i = 0; i < changed->namespace_count; i++)
		untold += is_told(rel, changed->namespaces[i]) ? 0 : 1;
	if (told_namespaces + untold > MANY)
	{
		tell(rel, "\"many\":true");
		return;
	}
	for (int i = 0; i < changed->namespace_count; i++)
	{
		if (is_told(rel, changed->namespaces[i]))
			continue;
		told[told_namespaces].table = RelationGetRelid(rel);
		told[told_namespaces++].id = changed->namespaces[i];
		tell(rel, "\"namespace_id\":" INT64_FORMAT ",\"many\":true", changed->namespaces[i]);
	}
}

static void
tell_changes(Relation rel, const Changed *changed)
{
	if (told_rows + changed->row_count > MANY)
	{
		tell_namespaces(rel, changed);
		return;
	}
	for (int i = 0; i < changed->row_count; i++)
		tell(rel, "\"namespace_id\":" INT64_FORMAT ",\"id\":" INT64_FORMAT, changed->rows[i].namespace_id, changed->rows[i].id);
	told_rows += changed->row_count;
}

ORCH_FUNCTION(orch_notify_changes);

/*
 * notify_changes(): trigger after statements, TRUNCATE included.
 */
Datum
orch_notify_changes(PG_FUNCTION_ARGS)
{
	static bool registered = false;
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!registered)
	{
		RegisterXactCallback(forget_told, NULL);
		registered = true;
	}
	if (CALLED_AS_TRIGGER(fcinfo) && TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		tell(trigger->tg_relation, "\"many\":true");
	else
	{
		Changed    *changed = palloc0(sizeof(Changed));

		orch_changes_check_trigger(fcinfo);
		read_changes(changed, trigger);
		tell_changes(trigger->tg_relation, changed);
	}
	return PointerGetDatum(NULL);
}
