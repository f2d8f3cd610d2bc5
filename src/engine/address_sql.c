/*
 * address_sql.c
 *	  How clusters are reached that have an endpoint, for SQL: asked of the class of
 *	  their engine before anything is sealed and stored.
 */
#include "postgres.h"

#include "core/compat.h"
#include "core/errors.h"
#include "engine/address.h"
#include "engine/engines.h"
#include "funcapi.h"
#include "utils/builtins.h"

#define ADDRESS_COLUMNS 5

static void
refuse(const OrchAddressProblem *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_ORCH_INVALID_CLUSTER),
			 errmsg("endpoint cannot be used"),
			 errdetail("%s", problem->detail),
			 errhint("%s", problem->hint)));
}

static Datum
show(FunctionCallInfo fcinfo, const OrchAddressing *addressing, const char *configuration)
{
	OrchAddress address;
	OrchAddressProblem problem;
	TupleDesc	descriptor;
	Datum		values[ADDRESS_COLUMNS];
	bool		nulls[ADDRESS_COLUMNS] = {false};

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (!addressing->read(configuration, &address, &problem))
		refuse(&problem);
	values[0] = CStringGetTextDatum(address.endpoint);
	values[1] = CStringGetTextDatum(address.login);
	nulls[2] = address.socket == NULL;
	values[2] = nulls[2] ? (Datum) 0 : CStringGetTextDatum(address.socket);
	values[3] = BoolGetDatum(address.plain);
	values[4] = CStringGetTextDatum(address.identity);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
}

static void
check_socket(const OrchAddressing *addressing, const char *path)
{
	OrchAddressProblem problem;

	if (!addressing->check_socket(path, &problem))
		refuse(&problem);
}

/* NULL for an engine that has left the list, too: its clusters are as they were */
static const OrchAddressing *
addressing_of(text *engine)
{
	const OrchEngineClass *class = orch_engine_find(text_to_cstring(engine));

	return class != NULL ? class->addressing : NULL;
}

static const OrchAddressing *
needed_addressing(text *engine)
{
	const OrchAddressing *addressing = addressing_of(engine);

	if (addressing == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_INVALID_SPECIFICATION),
				 errmsg("engine \"%s\" is not reached by an endpoint", text_to_cstring(engine)),
				 errhint("Give a kubeconfig instead.")));
	return addressing;
}

ORCH_FUNCTION(orch_takes_endpoint);
ORCH_FUNCTION(orch_inspect_endpoint);
ORCH_FUNCTION(orch_check_socket);

/*
 * takes_endpoint(engine)
 */
Datum
orch_takes_endpoint(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(addressing_of(PG_GETARG_TEXT_PP(0)) != NULL);
}

/*
 * inspect_endpoint(engine, configuration)
 */
Datum
orch_inspect_endpoint(PG_FUNCTION_ARGS)
{
	return show(fcinfo, needed_addressing(PG_GETARG_TEXT_PP(0)), text_to_cstring(PG_GETARG_TEXT_PP(1)));
}

/*
 * check_socket(engine, path)
 */
Datum
orch_check_socket(PG_FUNCTION_ARGS)
{
	check_socket(needed_addressing(PG_GETARG_TEXT_PP(0)), text_to_cstring(PG_GETARG_TEXT_PP(1)));
	PG_RETURN_VOID();
}
