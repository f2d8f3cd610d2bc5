/*
 * stats.h
 *	  What Docker says of the use of containers, as a kubelet's summary.
 *
 * src/usage/answers.c reads it.  Strings are allocated in the current memory
 * context; what is missing or nonsense is left out, nothing throws.
 */
#pragma once

#include "engine/docker/inspection.h"

extern void orch_docker_summary_begin(StringInfo out, const char *node);

/*
 * Adds the pod of a container by its answer to GET /containers/{id}/stats; false:
 * there are no figures, such as of one that does not run.  Of each pod one
 * container is told at most: init containers and the main one never run together.
 */
extern bool orch_docker_summary_put(StringInfo out, const OrchDockerContainer *container, JsonbContainer *stats);
extern void orch_docker_summary_end(StringInfo out);
