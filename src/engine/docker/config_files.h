/*
 * config_files.h
 *	  Config maps and secrets that are mounted, as files.
 */
#pragma once

#include "postgres.h"

#include "engine/docker/contents.h"

/* A mounted config map or secret. */
typedef struct OrchDockerConfigMount
{
	OrchDockerSource source;
	JsonbContainer *reference;	/* what the volume says of it */
	const char *volume;			/* name in the template */
	const char *container;
	const char *path;			/* absolute */
	OrchText	sub_path;		/* data NULL: the whole */
} OrchDockerConfigMount;

/* files (OrchDockerFile *) and those of the mount */
extern List *orch_docker_config_files(OrchDockerPlanning *planning, const OrchDockerConfigMount *mount, List *files);

/* the group to which files of the pod belong; false: there is none */
extern bool orch_docker_file_group(OrchDockerPlanning *planning, int *group);
