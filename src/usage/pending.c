/*
 * pending.c
 *	  AFTER INSERT trigger of container_resource_usage: notes which hours have
 *	  new entries, so that the rollups are made of these alone.
 *
 * One row for each namespace and hour of a statement, and no look at what is
 * there: two writers of the same hour must not wait for each other.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/rows.h"
#include "utils/array.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

static const char *const note_statement =
"INSERT INTO orchestration_internal.container_usage_pending (namespace_id, bucket_start) SELECT * FROM unnest($1, $2)";

typedef struct Hour
{
	int64		namespace_id;
	TimestampTz start;
} Hour;

static TimestampTz
hour_of(TimestampTz time)
{
	TimestampTz rest = time % USECS_PER_HOUR;

	return time - rest - (rest < 0 ? USECS_PER_HOUR : 0);
}

static HTAB *
make_set(void)
{
	HASHCTL		control = {0};

	control.keysize = sizeof(Hour);
	control.entrysize = sizeof(Hour);
	control.hcxt = CurrentMemoryContext;
	return hash_create("orchestration usage hours", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static HTAB *
collect_hours(TriggerData *trigger)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	AttrNumber	namespace_id = orch_row_column(desc, "namespace_id");
	AttrNumber	recorded_at = orch_row_column(desc, "recorded_at");
	HTAB	   *hours = make_set();
	Hour		last = {0};
	bool		any = false;
	OrchChanges changes;

	orch_changes_begin(&changes, trigger);
	while (orch_changes_next(&changes))
	{
		Hour		hour = {0};

		hour.namespace_id = orch_row_int64(changes.new, namespace_id);
		hour.start = hour_of((TimestampTz) orch_row_int64(changes.new, recorded_at));
		/* neighbours are mostly of one hour */
		if (any && hour.namespace_id == last.namespace_id && hour.start == last.start)
			continue;
		(void) hash_search(hours, &hour, HASH_ENTER, NULL);
		last = hour;
		any = true;
	}
	orch_changes_end(&changes);
	return hours;
}

static void
note(HTAB *hours, Relation rel)
{
	static void *plan = NULL;
	Oid			types[] = {INT8ARRAYOID, TIMESTAMPTZARRAYOID};
	long		count = hash_get_num_entries(hours);
	Datum	   *namespaces = palloc(sizeof(Datum) * count);
	Datum	   *starts = palloc(sizeof(Datum) * count);
	Datum		values[2];
	HASH_SEQ_STATUS scan;
	OrchOwnerContext owner;
	Hour	   *hour;
	int			n = 0;

	hash_seq_init(&scan, hours);
	while ((hour = hash_seq_search(&scan)) != NULL)
	{
		namespaces[n] = Int64GetDatum(hour->namespace_id);
		starts[n++] = TimestampTzGetDatum(hour->start);
	}
	values[0] = PointerGetDatum(construct_array(namespaces, n, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	values[1] = PointerGetDatum(construct_array(starts, n, TIMESTAMPTZOID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	orch_owner_begin(&owner, rel);
	orch_owner_prepare(&plan, note_statement, 2, types);
	(void) orch_owner_execute(plan, values);
	orch_owner_end(&owner);
}

ORCH_FUNCTION(orch_note_usage);

/*
 * note_usage()
 */
Datum
orch_note_usage(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	HTAB	   *hours;

	orch_changes_check_trigger(fcinfo);
	hours = collect_hours(trigger);
	if (hash_get_num_entries(hours) > 0)
		note(hours, trigger->tg_relation);
	hash_destroy(hours);
	return PointerGetDatum(NULL);
}
