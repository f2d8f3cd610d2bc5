/*
 * lifecycle_sql.c
 *	  lifecycle_transitions(): the state machine, for people and for functions.
 */
#include "lifecycle/lifecycle.h"

#include "access/htup_details.h"
#include "core/compat.h"
#include "funcapi.h"
#include "utils/builtins.h"

ORCH_FUNCTION(orch_lifecycle_transitions);

/*
 * One row for each legal step.
 */
Datum
orch_lifecycle_transitions(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	const OrchTransition *transition;
	size_t		count;
	Datum		values[4];
	bool		nulls[4] = {false};

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext previous;
		TupleDesc	desc;

		context = SRF_FIRSTCALL_INIT();
		previous = MemoryContextSwitchTo(context->multi_call_memory_ctx);
		if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		context->tuple_desc = BlessTupleDesc(desc);
		MemoryContextSwitchTo(previous);
	}

	context = SRF_PERCALL_SETUP();
	transition = orch_lifecycle_table(&count) + context->call_cntr;
	if (context->call_cntr >= count)
		SRF_RETURN_DONE(context);

	values[0] = CStringGetTextDatum(orch_lifecycle_name(transition->from));
	values[1] = CStringGetTextDatum(orch_lifecycle_name(transition->to));
	nulls[2] = transition->verb == NULL;
	values[2] = nulls[2] ? (Datum) 0 : CStringGetTextDatum(transition->verb);
	values[3] = CStringGetTextDatum(transition->description);
	SRF_RETURN_NEXT(context, HeapTupleGetDatum(heap_form_tuple(context->tuple_desc, values, nulls)));
}
