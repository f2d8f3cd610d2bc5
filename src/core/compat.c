/*
 * compat.c
 *	  Bodies of what compat.h gives to older servers.
 */
#include "postgres.h"

#include "core/compat.h"
#include "utils/fmgrprotos.h"

#ifdef ORCH_REQUEST_SHMEM_AT_INIT	/* older than 15 */

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/tuplestore.h"

/*
 * Prepares a function that returns its rows in one tuplestore.
 */
void
orch_init_materialized_srf(FunctionCallInfo fcinfo, bits32 flags)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext caller;
	TupleDesc	descriptor;

	if (result == NULL || !IsA(result, ReturnSetInfo) || !(result->allowedModes & SFRM_Materialize))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("set-valued function called in context that cannot accept a set")));

	caller = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	result->returnMode = SFRM_Materialize;
	result->setResult = tuplestore_begin_heap(true, false, work_mem);
	result->setDesc = descriptor;
	MemoryContextSwitchTo(caller);
}

#endif

#ifdef ORCH_INPUT_ALWAYS_THROWS		/* older than 16 */

/*
 * NULL for what jsonb does not take.  Parsing changes nothing but memory, so that
 * its errors may be caught without a subtransaction.
 */
Jsonb *
orch_jsonb_parse(const char *json)
{
	MemoryContext context = CurrentMemoryContext;
	Jsonb	   *volatile value = NULL;

	PG_TRY();
	{
		value = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
	}
	PG_CATCH();
	{
		int			category = ERRCODE_TO_CATEGORY(geterrcode());

		if (category != ERRCODE_DATA_EXCEPTION && category != ERRCODE_PROGRAM_LIMIT_EXCEEDED)
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		FlushErrorState();
	}
	PG_END_TRY();
	return value;
}

#else

#include "nodes/miscnodes.h"

/*
 * NULL for what jsonb does not take.
 */
Jsonb *
orch_jsonb_parse(const char *json)
{
	ErrorSaveContext context = {T_ErrorSaveContext};
	Datum		value;

	if (!DirectInputFunctionCallSafe(jsonb_in, unconstify(char *, json), InvalidOid, -1, (Node *) &context, &value))
		return NULL;
	return DatumGetJsonbP(value);
}

#endif
