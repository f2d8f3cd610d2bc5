/*
 * unit.h
 *	  One container of the engine: the body by which it is created.
 */
#pragma once

#include "postgres.h"

#include "engine/docker/plan.h"

/* of the entry container of the template; nth is 0 for the one that serves, and counts init containers from 1 */
extern OrchDockerUnit *orch_docker_unit(OrchDockerPlanning *planning, JsonbContainer *container, int nth);
