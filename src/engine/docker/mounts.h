/*
 * mounts.h
 *	  The volumes that a container mounts.
 */
#pragma once

#include "postgres.h"

#include "engine/docker/plan.h"

/* members of HostConfig; files of what is mounted are added to the unit's */
extern void orch_docker_put_mounts(OrchDockerPlanning *planning, JsonbContainer *container, OrchDockerUnit *unit, StringInfo host);
