/*
 * run.h
 *	  What a Job does next.
 *
 * Pure: no SPI, no memory management, no clock.  Follows Kubernetes' controller of
 * Jobs (pkg/controller/job) for what manifests have.  Times are microseconds of one
 * clock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct OrchDockerJob
{
	int			completions;	/* and parallelism: manifests have both the same */
	int			backoff_limit;
	bool		restarts;		/* restartPolicy OnFailure, as opposed to Never */
	bool		is_suspended;
	int64_t		deadline;		/* activeDeadlineSeconds of the Job; 0: none */
} OrchDockerJob;

/* What is there of it. */
typedef struct OrchDockerJobPods
{
	bool		is_over;		/* COMPLETE or FAILED was answered, and is written down */
	int			active;			/* neither ended nor told to go */
	int			succeeded;
	int			failed;
	int			failed_in_row;	/* since the last success */
	int			restarts;		/* of the active ones together */
	int64_t		failed_at;		/* the last one */
	int64_t		started_at;		/* or thawed, resumed: the deadline counts from here; 0: not yet */
} OrchDockerJobPods;

typedef enum OrchDockerJobDo
{
	ORCH_DOCKER_JOB_REST,		/* until something happens */
	ORCH_DOCKER_JOB_WAIT,		/* the same, and until a time */
	ORCH_DOCKER_JOB_CREATE,
	ORCH_DOCKER_JOB_REMOVE_ACTIVE,
	ORCH_DOCKER_JOB_COMPLETE,	/* write down that it is over; then ask again */
	ORCH_DOCKER_JOB_FAILED
} OrchDockerJobDo;

typedef struct OrchDockerJobStep
{
	OrchDockerJobDo what;
	int			to_make;		/* CREATE */
	int64_t		until;			/* WAIT */
	const char *reason;			/* FAILED; Kubernetes' words */
	const char *message;
} OrchDockerJobStep;

extern OrchDockerJobStep orch_docker_run(const OrchDockerJob *job, const OrchDockerJobPods *pods, int64_t now);
