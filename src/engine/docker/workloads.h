/*
 * workloads.h
 *	  What Deployments and Jobs have running, and what is done about it.
 */
#pragma once

#include "engine/docker/internal.h"
#include "engine/docker/rollout.h"

struct OrchDockerRunner;

/* A Deployment or a Job. */
typedef struct OrchDockerWorkload
{
	OrchDockerRecord *record;
	bool		is_job;
	char		template_hash[ORCH_DIGEST_TEXT_SIZE];
	JsonbContainer *template;
	OrchDockerProgress progress;
	bool		is_due;			/* something has happened to it */
	int64		due_at;			/* with the time; PG_INT64_MAX: never */

	/* of a Job */
	int64		started_at;
	bool		is_complete;
	const char *failed_reason;	/* NULL: it has not failed */
	const char *failed_message;
} OrchDockerWorkload;

/* the record was written, or is to go */
extern void orch_docker_workload_changed(OrchDockerEngine *docker, OrchDockerRecord *record);

/* is another pod asked for than the record has? */
extern bool orch_docker_workload_differs(const OrchDockerRecord *record, const char *manifest);

/* all is known: every workload is looked at */
extern void orch_docker_workloads_begin(OrchDockerEngine *docker);
/* its pods are nobody's, until the next record of its name takes them over */
extern void orch_docker_workload_free(OrchDockerEngine *docker, OrchDockerRecord *record);

/* something has happened to a pod of it */
extern void orch_docker_workload_wake(OrchDockerWorkload *workload);

/* does what is due */
extern void orch_docker_work(OrchDockerEngine *docker, int64 now);
extern int64 orch_docker_due_at(OrchDockerEngine *docker);
