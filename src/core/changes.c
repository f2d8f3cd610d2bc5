/*
 * changes.c
 *	  Reads the OLD and NEW transition tables of a statement in lock step.
 *
 * The executor writes the two rows of an UPDATE pairwise, so that the n-th of
 * one belongs to the n-th of the other.  A join in SQL would need a plan that
 * is good for one row and for 100,000, and a cached one is only ever the former.
 */
#include "core/rows.h"

#include "executor/executor.h"
#include "utils/rel.h"

/*
 * Throws unless called as an AFTER STATEMENT trigger with transition tables.
 */
void
orch_changes_check_trigger(FunctionCallInfo fcinfo)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event) ||
		(trigger->tg_oldtable == NULL && !TRIGGER_FIRED_BY_INSERT(trigger->tg_event)) ||
		(trigger->tg_newtable == NULL && !TRIGGER_FIRED_BY_DELETE(trigger->tg_event)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function must be a trigger after a statement, with its transition tables")));
}

static TupleTableSlot *
open_store(Tuplestorestate *store, TupleDesc desc, int *pointer)
{
	if (store == NULL)
		return NULL;
	*pointer = tuplestore_alloc_read_pointer(store, EXEC_FLAG_REWIND);
	tuplestore_select_read_pointer(store, *pointer);
	tuplestore_rescan(store);
	return MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
}

static bool
next_row(Tuplestorestate *store, int pointer, TupleTableSlot *slot)
{
	if (store == NULL)
		return false;
	/* other triggers of the statement move their own pointers */
	tuplestore_select_read_pointer(store, pointer);
	return tuplestore_gettupleslot(store, true, false, slot);
}

/*
 * Starts to read; for AFTER STATEMENT triggers with transition tables.
 */
void
orch_changes_begin(OrchChanges *changes, TriggerData *trigger)
{
	changes->desc = RelationGetDescr(trigger->tg_relation);
	changes->old_store = trigger->tg_oldtable;
	changes->new_store = trigger->tg_newtable;
	changes->old = open_store(changes->old_store, changes->desc, &changes->old_pointer);
	changes->new = open_store(changes->new_store, changes->desc, &changes->new_pointer);
}

/*
 * Moves to the next pair; false at the end.
 */
bool
orch_changes_next(OrchChanges *changes)
{
	bool		has_old = next_row(changes->old_store, changes->old_pointer, changes->old);
	bool		has_new = next_row(changes->new_store, changes->new_pointer, changes->new);

	if (changes->old && changes->new && has_old != has_new)
		elog(ERROR, "transition tables have different numbers of rows");
	return has_old || has_new;
}

void
orch_changes_end(OrchChanges *changes)
{
	if (changes->old)
		ExecDropSingleTupleTableSlot(changes->old);
	if (changes->new)
		ExecDropSingleTupleTableSlot(changes->new);
}
