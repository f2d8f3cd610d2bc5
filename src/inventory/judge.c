/*
 * judge.c
 *	  AFTER STATEMENT trigger that has updated containers judged by the pod security
 *	  of their namespaces, where a column changed that it speaks of.
 *
 * A row trigger's WHEN clause would say the same, but PostgreSQL reads its text anew
 * in every statement, which costs more than the UPDATE.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/rows.h"
#include "executor/spi.h"
#include "utils/rel.h"

static const char *const check_statement = "SELECT orchestration_internal.check_pod_security($1, $2)";

typedef struct Judged
{
	AttrNumber	namespace_id;
	AttrNumber	id;
	Bitmapset  *columns;
} Judged;

static void *
learn(TriggerData *trigger)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	Judged	   *judged = palloc(sizeof(Judged));

	judged->namespace_id = orch_row_column(desc, "namespace_id");
	judged->id = orch_row_column(desc, "id");
	judged->columns = orch_row_columns(desc, trigger->tg_trigger->tgargs, trigger->tg_trigger->tgnargs);
	return judged;
}

static void
judge(const Judged *judged, TupleTableSlot *slot)
{
	static void *plan = NULL;
	Oid			types[] = {INT8OID, INT8OID};
	Datum		values[2];

	values[0] = Int64GetDatum(orch_row_int64(slot, judged->namespace_id));
	values[1] = Int64GetDatum(orch_row_int64(slot, judged->id));
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	orch_owner_prepare(&plan, check_statement, lengthof(types), types);
	(void) orch_owner_execute(plan, values);
	SPI_finish();
}

ORCH_FUNCTION(orch_judge_changed_containers);

/*
 * judge_changed_containers(columns): after UPDATE, with transition tables.
 */
Datum
orch_judge_changed_containers(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	const Judged *judged;
	OrchChanges changes;

	orch_changes_check_trigger(fcinfo);
	judged = orch_memo(trigger, learn);
	orch_changes_begin(&changes, trigger);
	while (orch_changes_next(&changes))
	{
		if (changes.old && changes.new && orch_row_columns_differ(changes.old, changes.new, judged->columns))
			judge(judged, changes.new);
	}
	orch_changes_end(&changes);
	return PointerGetDatum(NULL);
}
