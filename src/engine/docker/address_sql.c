/*
 * address_sql.c
 *	  How a cluster of Docker is reached, for people and for tests.
 */
#include "postgres.h"

#include "core/compat.h"
#include "engine/address_sql.h"
#include "engine/docker/address.h"
#include "utils/builtins.h"

ORCH_FUNCTION(orch_docker_inspect_endpoint);
ORCH_FUNCTION(orch_docker_check_socket);

/*
 * docker_inspect_endpoint(configuration)
 */
Datum
orch_docker_inspect_endpoint(PG_FUNCTION_ARGS)
{
	return orch_address_shown(fcinfo, &orch_docker_addressing, text_to_cstring(PG_GETARG_TEXT_PP(0)));
}

/*
 * docker_check_socket(path)
 */
Datum
orch_docker_check_socket(PG_FUNCTION_ARGS)
{
	orch_address_check_socket(&orch_docker_addressing, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	PG_RETURN_VOID();
}
