/*
 * pod_events.h
 *	  What is known of one pod after what has happened; for pod_state.c.
 */
#pragma once

#include "engine/docker/pod_state.h"

extern void orch_docker_pod_take(const OrchDockerPodSpec *spec, OrchDockerPod *pod, const OrchDockerPodInput *input);
