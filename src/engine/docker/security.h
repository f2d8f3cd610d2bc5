/*
 * security.h
 *	  As whom a container runs, and what it may.
 */
#pragma once

#include "postgres.h"

#include "engine/docker/plan.h"

/* members of the body and of HostConfig; container is its part of the template */
extern void orch_docker_put_security(OrchDockerPlanning *planning, JsonbContainer *container, OrchDockerUnit *unit, StringInfo body, StringInfo host);
