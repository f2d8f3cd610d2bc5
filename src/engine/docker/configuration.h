/*
 * configuration.h
 *	  What it takes to reach a Docker daemon: the text that clusters.encrypted_kubeconfig
 *	  seals.
 *
 * Pure C, and without a backend too (-DFRONTEND): used by the unit tests.
 */
#pragma once

#include "engine/docker/endpoint.h"

/* PEM texts, malloc'ed: cert and key, or neither; without a ca the system's authorities count. */
typedef struct OrchDockerConfiguration
{
	OrchDockerEndpoint endpoint;
	char	   *ca;
	char	   *cert;
	char	   *key;
} OrchDockerConfiguration;

/* False, and why: it cannot be used, and nothing is to be freed. */
extern bool orch_docker_configuration_read(const char *json, OrchDockerConfiguration *configuration, OrchAddressProblem *problem);

/* Would anybody on the way read what is sent? */
extern bool orch_docker_configuration_is_plain(const OrchDockerConfiguration *configuration);

/* Overwrites the key. */
extern void orch_docker_configuration_free(OrchDockerConfiguration *configuration);
