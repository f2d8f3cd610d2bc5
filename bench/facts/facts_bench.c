/*
 * facts_bench.c
 *	  Times parsing and reading of one object, as the worker does it.
 *
 * Built together with the sources of src/engine/kubernetes, see bench/facts.sh.
 */
#include "postgres.h"

#include "core/compat.h"
#include "engine/kubernetes/facts.h"
#include "portability/instr_time.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

PG_MODULE_MAGIC;

ORCH_FUNCTION(facts_bench);

static void
read_once(const char *kind, Jsonb *object)
{
	OrchSeen	seen;
	OrchSeenInstance instance;

	if (strcmp(kind, "Pod") == 0)
		(void) orch_kube_pod_seen(object, "7f1b3f0e-3a52-4a0e-9d83-1b2f1f6f3c11", &instance);
	else
		orch_kube_object_seen(kind, object, "7f1b3f0e-3a52-4a0e-9d83-1b2f1f6f3c11", &seen);
}

/*
 * facts_bench(kind, json, rounds, parse): microseconds a round, of parsing or of
 * reading what is parsed.
 */
Datum
facts_bench(PG_FUNCTION_ARGS)
{
	char	   *kind = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *json = text_to_cstring(PG_GETARG_TEXT_PP(1));
	int			rounds = PG_GETARG_INT32(2);
	bool		parse = PG_GETARG_BOOL(3);
	Jsonb	   *object = orch_jsonb_parse(json);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "bench", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	instr_time	start,
				end;

	INSTR_TIME_SET_CURRENT(start);
	for (int i = 0; i < rounds; i++)
	{
		if (parse)
			(void) orch_jsonb_parse(json);
		else
			read_once(kind, object);
		MemoryContextReset(context);
	}
	INSTR_TIME_SET_CURRENT(end);
	MemoryContextSwitchTo(caller);
	INSTR_TIME_SUBTRACT(end, start);
	PG_RETURN_FLOAT8(INSTR_TIME_GET_DOUBLE(end) * 1000000 / rounds);
}
