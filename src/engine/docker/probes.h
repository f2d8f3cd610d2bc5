/*
 * probes.h
 *	  Asks the probes of a pod, and hears what they say.
 */
#pragma once

#include "engine/docker/pods.h"

/* begins anew with each run of the container, asks what is due, and lets the pod know */
extern void orch_docker_probes_due(OrchDockerEngine *docker, OrchDockerRunner *runner, int64 now);

/* when there is something to ask; PG_INT64_MAX: never */
extern int64 orch_docker_probes_due_at(const OrchDockerRunner *runner);
extern void orch_docker_probes_end(OrchDockerEngine *docker, OrchDockerRunner *runner);
