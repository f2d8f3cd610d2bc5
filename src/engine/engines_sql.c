/*
 * engines_sql.c
 *	  The lists of engines and of capabilities, for SQL.
 */
#include "postgres.h"

#include "core/compat.h"
#include "engine/engines.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#define CAPABILITY_COLUMNS 4

typedef struct Capability
{
	const char *name;
	const char *words;
} Capability;

static const Capability capabilities[ORCH_CAPABILITY_COUNT] = {
#define ORCH_CAPABILITY(name, words) {#name, words},
	ORCH_CAPABILITIES(ORCH_CAPABILITY)
#define ORCH_NO_ASPECT(...)
#define ORCH_ASPECT(kind, aspect, ...) {#aspect, "run containers with a " #aspect},
	ORCH_KINDS(ORCH_NO_ASPECT, ORCH_ASPECT)
#undef ORCH_NO_ASPECT
#undef ORCH_ASPECT
#undef ORCH_CAPABILITY
};

ORCH_FUNCTION(orch_engines_shown);

Datum
orch_engines_shown(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum		values[CAPABILITY_COLUMNS];
	bool		nulls[CAPABILITY_COLUMNS] = {0};

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < ORCH_ENGINE_COUNT * ORCH_CAPABILITY_COUNT; i++)
	{
		const OrchEngineClass *class = orch_engines[i / ORCH_CAPABILITY_COUNT];
		int			capability = i % ORCH_CAPABILITY_COUNT;

		values[0] = CStringGetTextDatum(class->name);
		values[1] = CStringGetTextDatum(capabilities[capability].name);
		values[2] = CStringGetTextDatum(capabilities[capability].words);
		values[3] = BoolGetDatum(orch_engine_can(class, capability));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
