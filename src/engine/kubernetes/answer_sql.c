/*
 * answer_sql.c
 *	  judge_answer(): what an API server's answer means, for people and for tests.
 */
#include "postgres.h"

#include "core/compat.h"
#include "engine/kubernetes/answer.h"
#include "funcapi.h"
#include "utils/builtins.h"

static const char *const outcome_names[] = {
	[ORCH_OUTCOME_FAILED] = "failed",
	[ORCH_OUTCOME_DONE] = "done",
	[ORCH_OUTCOME_FOUND] = "found",
	[ORCH_OUTCOME_GONE] = "gone",
	[ORCH_OUTCOME_DELETING] = "deleting",
	[ORCH_OUTCOME_EXISTS] = "exists",
	[ORCH_OUTCOME_REFUSED_CHANGE] = "refused change"
};

static OrchVerb
verb_by_name(const char *name)
{
	OrchVerb	verb = orch_verb_by_name(name);

	if (verb != ORCH_VERB_NONE)
		return verb;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" is no verb", name),
			 errhint("Use create, apply, delete, look or relabel.")));
	return ORCH_VERB_NONE;		/* not reached */
}

static Datum
text_or_null(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text != NULL ? CStringGetTextDatum(text) : (Datum) 0;
}

ORCH_FUNCTION(orch_judge_answer);

Datum
orch_judge_answer(PG_FUNCTION_ARGS)
{
	OrchKubeResult result;
	TupleDesc	descriptor;
	Datum		values[3];
	bool		nulls[3];

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("verb and kind must not be null")));

	orch_kube_result_of(verb_by_name(text_to_cstring(PG_GETARG_TEXT_PP(0))), text_to_cstring(PG_GETARG_TEXT_PP(1)),
						!PG_ARGISNULL(2) && PG_GETARG_BOOL(2), PG_ARGISNULL(3) ? 0 : PG_GETARG_INT32(3),
						PG_ARGISNULL(4) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(4)), PG_ARGISNULL(5) ? NULL : PG_GETARG_JSONB_P(5),
						NULL, &result);
	values[0] = text_or_null(outcome_names[result.outcome], &nulls[0]);
	values[1] = text_or_null(orch_reason_name(result.reason), &nulls[1]);
	values[2] = text_or_null(result.message, &nulls[2]);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
