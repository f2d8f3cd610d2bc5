/*
 * pod_state.h
 *	  One pod's life: what is asked of the engine next.
 *
 * Pure: no SPI, no memory management, no clock.  Plays Kubernetes' kubelet for one
 * pod: init containers one after the other, each removed when it has succeeded, then
 * the container itself.  See pod_state.c.  Times are microseconds of one clock, into
 * which the caller translates the engine's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/docker/rollout.h"

typedef enum OrchDockerRestart
{
	ORCH_DOCKER_RESTART_ALWAYS,
	ORCH_DOCKER_RESTART_ON_FAILURE,
	ORCH_DOCKER_RESTART_NEVER
} OrchDockerRestart;

typedef enum OrchDockerPull
{
	ORCH_DOCKER_PULL_IF_NOT_PRESENT,
	ORCH_DOCKER_PULL_ALWAYS,
	ORCH_DOCKER_PULL_NEVER
} OrchDockerPull;

typedef struct OrchDockerPodContainer
{
	OrchDockerPull pull;
	bool		has_files;		/* to be put into it before it starts */
} OrchDockerPodContainer;

typedef struct OrchDockerPodSpec
{
	const OrchDockerPodContainer *containers;	/* inits, and then the container itself */
	int			inits;
	OrchDockerRestart restart;
	int64_t		deadline;		/* activeDeadlineSeconds of the pod; 0: none */
} OrchDockerPodSpec;

typedef enum OrchDockerPodDo
{
	ORCH_DOCKER_POD_NOTHING,
	ORCH_DOCKER_POD_LOOK_FOR_IMAGE,
	ORCH_DOCKER_POD_PULL,
	ORCH_DOCKER_POD_CREATE,		/* with network and volumes, as far as they are missing */
	ORCH_DOCKER_POD_PUT_FILES,
	ORCH_DOCKER_POD_START,
	ORCH_DOCKER_POD_STOP,		/* answered when it has stopped */
	ORCH_DOCKER_POD_REMOVE,
	ORCH_DOCKER_POD_FREEZE,
	ORCH_DOCKER_POD_THAW
} OrchDockerPodDo;

/*
 * What came of it.  What was so already is OK, such as the start of what runs.  A name
 * that is taken by a container of this very pod is told as SEEN, and then as OK.
 */
typedef enum OrchDockerAnswer
{
	ORCH_DOCKER_OK,
	ORCH_DOCKER_ABSENT,			/* no such container or image; CREATE: it refers to what is not there */
	ORCH_DOCKER_NAME_TAKEN,
	ORCH_DOCKER_PORT_TAKEN,
	ORCH_DOCKER_IMAGE_MISSING,	/* not here, not in the registry, or not for us */
	ORCH_DOCKER_REFUSED,		/* of an image: its name is none */
	ORCH_DOCKER_UNREACHABLE		/* no answer: it may have happened */
} OrchDockerAnswer;

/* A container as the engine tells it. */
typedef struct OrchDockerContainerSeen
{
	int			step;			/* which of the pod's */
	bool		exists;
	bool		is_running;		/* or the engine is about to start it again */
	bool		is_paused;
	bool		has_exited;
	int			exit_code;
	int			restart_count;	/* by the engine, since it was last started by request */
	int64_t		started_at;
	int64_t		finished_at;
} OrchDockerContainerSeen;

typedef enum OrchDockerPodEvent
{
	ORCH_DOCKER_POD_TIME,		/* nothing but that it is now */
	ORCH_DOCKER_POD_ANSWERED,	/* the action that was returned last */
	ORCH_DOCKER_POD_SEEN,		/* also after a restart of the process, from which all follows */
	ORCH_DOCKER_POD_PROBED,
	ORCH_DOCKER_POD_ASKED_TO_GO,
	ORCH_DOCKER_POD_ASKED_TO_FREEZE,
	ORCH_DOCKER_POD_ASKED_TO_THAW
} OrchDockerPodEvent;

typedef struct OrchDockerPodInput
{
	OrchDockerPodEvent event;
	int64_t		now;
	OrchDockerAnswer answer;
	OrchDockerContainerSeen seen;

	/* PROBED, as probe_state.h has them */
	bool		is_started;
	bool		is_ready;
	bool		must_restart;
} OrchDockerPodInput;

typedef enum OrchDockerImage
{
	ORCH_DOCKER_IMAGE_UNKNOWN,
	ORCH_DOCKER_IMAGE_ABSENT,
	ORCH_DOCKER_IMAGE_THERE
} OrchDockerImage;

/* Begun by orch_docker_pod_begin(). */
typedef struct OrchDockerPod
{
	int64_t		began_at;		/* the deadline counts from here */
	bool		must_go;
	bool		must_freeze;

	/* the container at hand */
	int			step;
	OrchDockerImage image;
	bool		exists;
	bool		has_files;
	bool		is_running;
	bool		is_paused;
	bool		may_be_paused;	/* we asked for it, and no answer came */
	bool		has_exited;
	bool		is_stopped;		/* by us: the engine does not start it again */
	bool		is_done;		/* an init container that has succeeded */
	int			exit_code;
	int64_t		started_at;		/* 0: never */
	int64_t		finished_at;
	bool		is_start_told;	/* by the engine; else it is when START was answered */
	bool		is_started;		/* what probes say of this run */
	bool		is_ready;
	bool		was_ready;		/* of any run */

	/* its crashes */
	int			restart_count;	/* as the engine told it last */
	int			exits;			/* since it was last started by request */
	int			quick_exits;	/* in a row */
	int			back_offs;		/* in a row */
	int64_t		held_until;		/* 0: not */
	bool		must_restart;	/* it is stopped for this, by hand of ours */
	int			restarts;		/* to be shown */

	bool		is_over;		/* it has ended for good, or is about to be stopped for its deadline */
	bool		is_overdue;		/* for that: DeadlineExceeded */

	/* requests */
	OrchDockerPodDo doing;
	const char *fault;			/* why it does not start, as Kubernetes words it; NULL: nothing known */
	int			failures;		/* in a row */
	int			unreached;		/* likewise */
	int64_t		retry_at;
} OrchDockerPod;

typedef struct OrchDockerPodStep
{
	OrchDockerPodDo what;		/* of the container pod->step */
	int64_t		call_at;		/* with the time, if nothing happens before; ORCH_DOCKER_NEVER */
} OrchDockerPodStep;

typedef enum OrchDockerPodState
{
	ORCH_DOCKER_POD_INIT,		/* container step of inits */
	ORCH_DOCKER_POD_PULLING,
	ORCH_DOCKER_POD_CREATING,
	ORCH_DOCKER_POD_STARTING,
	ORCH_DOCKER_POD_RUNNING,
	ORCH_DOCKER_POD_BACK_OFF,
	ORCH_DOCKER_POD_FAILED_TO_START,	/* so far; tried again */
	ORCH_DOCKER_POD_FROZEN,
	ORCH_DOCKER_POD_ENDED,
	ORCH_DOCKER_POD_STOPPING,
	ORCH_DOCKER_POD_REMOVING,
	ORCH_DOCKER_POD_GONE
} OrchDockerPodState;

/*
 * Of a pod that there is, whether it must go or freeze is told before what is SEEN of it:
 * what is paused for nobody is thawed.
 */
extern void orch_docker_pod_begin(OrchDockerPod *pod, int64_t began_at);
extern OrchDockerPodStep orch_docker_pod_step(const OrchDockerPodSpec *spec, OrchDockerPod *pod, const OrchDockerPodInput *input);

/* what it looks like: pod_shown.c */
extern OrchDockerPodState orch_docker_pod_state(const OrchDockerPodSpec *spec, const OrchDockerPod *pod);
extern const char *orch_docker_pod_waiting(const OrchDockerPodSpec *spec, const OrchDockerPod *pod);
extern OrchDockerHealth orch_docker_pod_health(const OrchDockerPod *pod);
