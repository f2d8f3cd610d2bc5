/*
 * resources.h
 *	  What a container may use, and what it is told of that.
 */
#pragma once

#include "postgres.h"

#include "engine/docker/plan.h"

/* members of HostConfig */
extern void orch_docker_put_resources(OrchDockerPlanning *planning, JsonbContainer *container, StringInfo host);

/* what a resourceFieldRef in the environment of container says; NULL: refused */
extern char *orch_docker_resource_field(OrchDockerPlanning *planning, JsonbContainer *container, JsonbContainer *reference);
