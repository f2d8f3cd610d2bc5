/*
 * address.c
 *	  How a cluster of Docker is reached, as SQL asks it.
 */
#include "postgres.h"

#include "engine/docker/address.h"
#include "engine/docker/configuration.h"
#include "engine/docker/socket_check.h"

static bool
read_address(const char *text, OrchAddress *address, OrchAddressProblem *problem)
{
	OrchDockerConfiguration configuration;
	char		endpoint[ORCH_DOCKER_ENDPOINT_SIZE];

	if (!orch_docker_configuration_read(text, &configuration, problem))
		return false;
	orch_docker_endpoint_write(&configuration.endpoint, endpoint, sizeof(endpoint));
	/* want of memory would leak what was read */
	PG_TRY();
	{
		address->endpoint = pstrdup(endpoint);
		address->login = configuration.endpoint.is_socket ? "socket" : configuration.cert != NULL ? "certificate" : "none";
		address->socket = configuration.endpoint.is_socket ? pstrdup(configuration.endpoint.path) : NULL;
		address->identity = psprintf("%s %s %s", endpoint, address->login, configuration.ca != NULL ? configuration.ca : "");
		address->plain = orch_docker_configuration_is_plain(&configuration);
	}
	PG_FINALLY();
	{
		orch_docker_configuration_free(&configuration);
	}
	PG_END_TRY();
	return true;
}

const OrchAddressing orch_docker_addressing = {
	.read = read_address,
	.check_socket = orch_docker_socket_check
};
