/*
 * pod_shown.c
 *	  What one pod's state looks like: to people, and to its workload.
 */
#include "engine/docker/pod_state.h"

#include <stddef.h>

static OrchDockerPodState
state_on_its_way_out(const OrchDockerPod *pod)
{
	if (pod->exists)
		return pod->is_running ? ORCH_DOCKER_POD_STOPPING : ORCH_DOCKER_POD_REMOVING;
	/* what is being made must be removed, too */
	return pod->doing == ORCH_DOCKER_POD_NOTHING ? ORCH_DOCKER_POD_GONE : ORCH_DOCKER_POD_REMOVING;
}

static OrchDockerPodState
state_before_it_runs(const OrchDockerPodSpec *spec, const OrchDockerPod *pod)
{
	if (pod->fault != NULL)
		return ORCH_DOCKER_POD_FAILED_TO_START;
	if (pod->step < spec->inits)
		return ORCH_DOCKER_POD_INIT;
	if (!pod->exists)
		return pod->image == ORCH_DOCKER_IMAGE_THERE ? ORCH_DOCKER_POD_CREATING : ORCH_DOCKER_POD_PULLING;
	return spec->containers[pod->step].has_files && !pod->has_files ? ORCH_DOCKER_POD_CREATING : ORCH_DOCKER_POD_STARTING;
}

OrchDockerPodState
orch_docker_pod_state(const OrchDockerPodSpec *spec, const OrchDockerPod *pod)
{
	if (pod->must_go)
		return state_on_its_way_out(pod);
	if (pod->is_over)
		return pod->is_running ? ORCH_DOCKER_POD_STOPPING : ORCH_DOCKER_POD_ENDED;
	if (pod->is_paused || (pod->must_freeze && !pod->is_running))
		return ORCH_DOCKER_POD_FROZEN;
	if (pod->held_until != 0)
		return ORCH_DOCKER_POD_BACK_OFF;
	if (!pod->is_running)
		return state_before_it_runs(spec, pod);
	if (pod->step < spec->inits)
		return ORCH_DOCKER_POD_INIT;
	return pod->is_started ? ORCH_DOCKER_POD_RUNNING : ORCH_DOCKER_POD_STARTING;
}

/*
 * state.waiting.reason of the container itself; NULL: it does not wait.
 */
const char *
orch_docker_pod_waiting(const OrchDockerPodSpec *spec, const OrchDockerPod *pod)
{
	if (pod->is_over)
		return NULL;
	if (pod->held_until != 0)
		return "CrashLoopBackOff";
	if (pod->fault != NULL && !pod->is_running)
		return pod->fault;
	if (pod->step < spec->inits)
		return "PodInitializing";
	return pod->is_running || pod->has_exited ? NULL : "ContainerCreating";
}

OrchDockerHealth
orch_docker_pod_health(const OrchDockerPod *pod)
{
	if (pod->must_go)
		return ORCH_DOCKER_LEAVING;
	if (pod->is_over || pod->held_until != 0 || (pod->fault != NULL && !pod->is_running))
		return ORCH_DOCKER_BROKEN;
	if (pod->is_running && !pod->is_paused && pod->is_started && pod->is_ready)
		return ORCH_DOCKER_AVAILABLE;
	return pod->was_ready ? ORCH_DOCKER_UNAVAILABLE : ORCH_DOCKER_STARTING;
}
