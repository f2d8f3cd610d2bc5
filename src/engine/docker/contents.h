/*
 * contents.h
 *	  Config maps and secrets that a template refers to.
 */
#pragma once

#include "postgres.h"

#include "engine/docker/plan.h"

typedef enum OrchDockerSource
{
	ORCH_DOCKER_CONFIG_MAP,
	ORCH_DOCKER_SECRET
} OrchDockerSource;

typedef struct OrchDockerContents
{
	OrchDockerSource source;
	const char *name;
	JsonbContainer *data;		/* may be NULL: it is empty */
} OrchDockerContents;

/*
 * False: there is nothing to be read, which the plan says unless it is optional; its
 * message begins with context.
 */
extern bool orch_docker_contents(OrchDockerPlanning *planning, OrchDockerSource source, OrchText name, bool optional, const char *context, OrchDockerContents *contents);

/*
 * The value of a key, with a NUL behind it; NULL: there is none.  What cannot be read
 * is refused, and is empty.
 */
extern char *orch_docker_value(OrchDockerPlanning *planning, const OrchDockerContents *contents, OrchText key, size_t *size);

/* as messages have it: ConfigMap or Secret */
extern const char *orch_docker_source_kind(OrchDockerSource source);
