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

/* all records are known, and pods are not yet */
extern void orch_docker_workloads_know(OrchDockerEngine *docker);

static inline bool
orch_docker_workload_is_paused(const OrchDockerWorkload *workload)
{
	const OrchDockerRecord *record = workload->record;
	JsonbContainer *metadata = record->manifest ? orch_json_object(&record->manifest->root, "metadata") : NULL;
	JsonbContainer *annotations = orch_json_object(metadata, "annotations");

	return !workload->is_job && orch_text_is(orch_json_string(annotations, ORCH_DOCKER_LABEL("paused")), "true");
}

/* all is known: every workload is looked at */
extern void orch_docker_workloads_begin(OrchDockerEngine *docker);

/* something has happened to a pod of it */
static inline void
orch_docker_workload_wake(OrchDockerWorkload *workload)
{
	workload->is_due = true;
}

extern void orch_docker_workload_see_to(OrchDockerEngine *docker, OrchDockerWorkload *workload, int64 now);

/* what has no workload is let go after a while: then */
extern int64 orch_docker_pod_goes_at(const struct OrchDockerRunner *runner);
extern void orch_docker_pod_see_to_alone(OrchDockerEngine *docker, struct OrchDockerRunner *runner, int64 now);

/* work.c: does what is due */
extern void orch_docker_work(OrchDockerEngine *docker, int64 now);
extern int64 orch_docker_due_at(OrchDockerEngine *docker);
