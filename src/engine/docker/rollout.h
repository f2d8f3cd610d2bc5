/*
 * rollout.h
 *	  What a Deployment does next: which of its pods go, and how many are made.
 *
 * Pure: no SPI, no memory management, no clock.  Follows Kubernetes' controller of
 * Deployments (pkg/controller/deployment: rolling.go, recreate.go, progress.go); see
 * rollout.c for where it does not.  Times are microseconds of one clock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* progressDeadlineSeconds of every manifest */
#define ORCH_DOCKER_PROGRESS_DEADLINE INT64_C(600000000)

/* How one pod is, as far as its workload cares. */
typedef enum OrchDockerHealth
{
	ORCH_DOCKER_BROKEN,			/* cannot start, or crashes again and again */
	ORCH_DOCKER_UNAVAILABLE,	/* was available once, and is not now */
	ORCH_DOCKER_STARTING,
	ORCH_DOCKER_AVAILABLE,
	ORCH_DOCKER_LEAVING			/* on its way out: its number is taken until nothing of it is left */
} OrchDockerHealth;

typedef struct OrchDockerReplica
{
	int			number;			/* from 1 on; no two have the same */
	bool		is_current;		/* made of the template that is wanted */
	OrchDockerHealth health;
	int64_t		created_at;

	bool		goes;			/* the answer */
} OrchDockerReplica;

typedef struct OrchDockerDeployment
{
	int			replicas;
	bool		recreates;		/* strategy Recreate, as opposed to RollingUpdate */
	const char *max_surge;		/* int or percent as Kubernetes writes it; NULL: 25% */
	const char *max_unavailable;
	bool		is_exclusive;	/* a pod holds what no two can have at a time, such as a port of the host */
} OrchDockerDeployment;

typedef struct OrchDockerRollout
{
	int			to_make;		/* with the numbers that orch_docker_next_number() tells */

	/* status; those that leave do not count */
	int			replicas;
	int			updated;
	int			available;		/* and ready: nobody can ask for minReadySeconds */
	bool		is_complete;
} OrchDockerRollout;

/* What is kept between two looks; all zero before the first. */
typedef struct OrchDockerProgress
{
	bool		is_known;
	uint64_t	template;
	int			replicas;		/* figures of the last look */
	int			updated;
	int			available;
	int64_t		progressed_at;
	bool		was_complete;	/* with this template */
	bool		is_overdue;		/* Progressing is False, ProgressDeadlineExceeded */
} OrchDockerProgress;

extern int	orch_docker_share(const char *text, int replicas, bool round_up);
extern void orch_docker_rollout(const OrchDockerDeployment *wanted, OrchDockerReplica *pods, int npods, OrchDockerRollout *result);
extern int	orch_docker_next_number(const OrchDockerReplica *pods, int npods, int after);
extern void orch_docker_progress(OrchDockerProgress *progress, uint64_t template, const OrchDockerRollout *rollout,
								 int replicas, const OrchDockerReplica *pods, int npods, int64_t now);
extern int64_t orch_docker_progress_due_at(const OrchDockerProgress *progress);
