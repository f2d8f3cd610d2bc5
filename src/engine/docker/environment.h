/*
 * environment.h
 *	  The environment of a container, and texts in which its variables stand.
 */
#pragma once

#include "postgres.h"

#include "engine/docker/plan.h"

typedef struct OrchDockerVariable
{
	char	   *name;
	char	   *value;
} OrchDockerVariable;

/* the variables of a container, each name once; OrchDockerVariable * */
extern List *orch_docker_environment(OrchDockerPlanning *planning, JsonbContainer *container);

/* text with the variables in it replaced */
extern char *orch_docker_expanded(List *environment, OrchText text);
