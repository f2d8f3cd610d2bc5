/*
 * endpoint.h
 *	  Where a Docker daemon listens: unix:///path, or tcp://host:port.
 *
 * Pure C, and without a backend too (-DFRONTEND): used by the unit tests.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/un.h>

#include "engine/address.h"

#define ORCH_DOCKER_PORT 2376
#define ORCH_DOCKER_PLAIN_PORT 2375

/* unix:// or tcp://, path or host and port */
#define ORCH_DOCKER_ENDPOINT_SIZE 300

typedef struct OrchDockerEndpoint
{
	bool		is_socket;
	char		path[sizeof(((struct sockaddr_un *) NULL)->sun_path)];
	char		host[256];		/* as in a URL: an IPv6 address in brackets */
	int			port;
} OrchDockerEndpoint;

/* The port is by default that of TLS, or the other one.  False, and why: it cannot be used. */
extern bool orch_docker_endpoint_parse(const char *text, bool tls, OrchDockerEndpoint *endpoint, OrchAddressProblem *problem);

/* In the one way of writing it that there is for each */
extern void orch_docker_endpoint_write(const OrchDockerEndpoint *endpoint, char *text, size_t size);
