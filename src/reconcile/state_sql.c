/*
 * state_sql.c
 *	  worker_state(): what shared memory knows of the workers.
 */
#include "postgres.h"

#include "commands/dbcommands.h"
#include "core/compat.h"
#include "core/core.h"
#include "core/errors.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#define STATE_COLUMNS 16

static const char *const state_names[] = {"free", "starting", "running", "absent", "failed"};

static void
put_time(Datum *values, bool *nulls, int column, TimestampTz time)
{
	values[column] = TimestampTzGetDatum(time);
	nulls[column] = time == 0;
}

static void
put_slot(ReturnSetInfo *result, const OrchWorkerSlot *slot)
{
	Datum		values[STATE_COLUMNS] = {0};
	bool		nulls[STATE_COLUMNS] = {0};
	char	   *database = get_database_name(slot->database);

	nulls[0] = database == NULL;
	if (database != NULL)
		values[0] = CStringGetTextDatum(database);
	values[1] = Int32GetDatum(slot->pid);
	nulls[1] = slot->pid == 0;
	values[2] = CStringGetTextDatum(state_names[slot->state]);
	put_time(values, nulls, 3, slot->started_at);
	put_time(values, nulls, 4, slot->pid == 0 ? slot->next_start_at : 0);
	values[5] = Int32GetDatum(slot->failures);
	put_time(values, nulls, 6, slot->last_cycle_at);
	values[7] = Int64GetDatum(slot->cycles);
	values[8] = Int32GetDatum(slot->pid == 0 ? 0 : slot->clusters);
	values[9] = Int32GetDatum(slot->pid == 0 ? 0 : slot->in_flight);
	values[10] = Int64GetDatum(slot->requests);
	values[11] = Int64GetDatum(slot->applies);
	values[12] = Int64GetDatum(slot->deletes);
	values[13] = Int64GetDatum(slot->errors);
	values[14] = Int64GetDatum(slot->watch_events);
	values[15] = Int64GetDatum(slot->held_up);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* one for which there is no slot */
static void
put_waiting(ReturnSetInfo *result, Oid database)
{
	Datum		values[STATE_COLUMNS] = {0};
	bool		nulls[STATE_COLUMNS];
	char	   *name = get_database_name(database);

	if (name == NULL)
		return;
	memset(nulls, true, sizeof(nulls));
	nulls[0] = nulls[2] = false;
	values[0] = CStringGetTextDatum(name);
	values[2] = CStringGetTextDatum("waiting");
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

ORCH_FUNCTION(orch_worker_state);

Datum
orch_worker_state(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	OrchWorkerSlot *slots;
	Oid			waiting[ORCH_NAMED_WAITING];
	int			count;

	if (!orch_shmem_available())
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_WORKER_UNAVAILABLE),
				 errmsg("orchestration is not preloaded"),
				 errhint("Add orchestration to shared_preload_libraries and restart the server.")));

	InitMaterializedSRF(fcinfo, 0);
	count = orch_shmem()->slot_count;
	slots = palloc(sizeof(OrchWorkerSlot) * count);
	orch_shmem_lock();
	memcpy(slots, orch_shmem()->slots, sizeof(OrchWorkerSlot) * count);
	memcpy(waiting, orch_shmem()->waiting, sizeof(waiting));
	orch_shmem_unlock();
	for (int i = 0; i < ORCH_NAMED_WAITING && OidIsValid(waiting[i]); i++)
		put_waiting(result, waiting[i]);
	for (int i = 0; i < count; i++)
	{
		/* free: taken by another process of ours, no worker was ever there */
		if (OidIsValid(slots[i].database) && slots[i].state != ORCH_SLOT_FREE)
			put_slot(result, &slots[i]);
	}
	return (Datum) 0;
}
