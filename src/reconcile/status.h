/*
 * status.h
 *	  Derives a container's status from what was observed in the cluster.
 *
 * Pure: no SPI, no memory management, no clock.  The caller says how long
 * things have lasted.  The table is explained in README.md.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lifecycle/state_machine.h"

/* failed at once is too harsh for a single crash */
#define ORCH_CRASHES_TO_FAIL 3

/* a container that crashed so often must stay ready this long to count as healed */
#define ORCH_STABLE_SECONDS 10

/* Kubernetes may take this much longer than the grace period to stop a pod */
#define ORCH_STOP_SLACK_SECONDS 60

typedef enum OrchPodPhase
{
	ORCH_POD_PENDING,
	ORCH_POD_RUNNING,
	ORCH_POD_SUCCEEDED,
	ORCH_POD_FAILED,
	ORCH_POD_UNKNOWN
} OrchPodPhase;

/* How a container of a pod ended; reason NULL: it did not. */
typedef struct OrchTermination
{
	const char *reason;
	const char *message;
	int			exit_code;
	int			signal;
} OrchTermination;

/* One pod.  Texts may be NULL; an empty one is none. */
typedef struct OrchPodFacts
{
	const char *name;
	const char *template_hash;
	int64_t		created;		/* orders pods by age; any unit */
	OrchPodPhase phase;
	bool		terminating;
	bool		foreign;		/* of a workload that was there before this one */
	bool		stray;			/* of one that only carries our labels */
	bool		ready;
	bool		was_ready;
	bool		started;		/* no container waits for its startup probe */
	bool		node_lost;		/* the node does not report any more */
	int64_t		ready_seconds;	/* since it became ready */
	const char *reason;			/* status.reason: Evicted, ... */
	const char *message;
	const char *unscheduled_reason; /* condition PodScheduled=False */
	const char *unscheduled_message;
	const char *waiting_reason; /* worst of its containers */
	const char *waiting_message;
	OrchTermination ended;		/* state.terminated */
	OrchTermination last;		/* lastState.terminated */
	int			restarts;
	int			init_done;
	int			init_total;
	const char *resize;			/* PodResizePending, PodResizeInProgress */
} OrchPodFacts;

/* All that is known of one container.  Texts may be NULL; an empty one is none. */
typedef struct OrchContainerFacts
{
	OrchStatus	desired;		/* running, paused, stopped, deleted */
	OrchStatus	current;
	int			replicas;		/* as the row wants them */
	bool		objects_remain; /* anything of it in the inventory */
	bool		workload_exists;
	bool		workload_created;	/* it existed once */
	bool		workload_terminating;
	bool		namespace_terminating;
	bool		is_job;
	bool		spec_applied;	/* the row's generation is in the cluster */
	const char *error_reason;	/* newest apply error of any of its objects */
	const char *error_message;
	bool		error_final;	/* the cluster refused, as opposed to: did not answer */

	int64_t		generation;		/* of the workload object */
	int64_t		observed_generation;
	int			spec_replicas;	/* -1: not observed yet */
	int			updated_replicas;
	bool		suspended;		/* Job */
	bool		complete;		/* Job */
	bool		failed;			/* Job */
	const char *failed_reason;
	const char *failed_message;
	bool		replica_failure;
	const char *replica_failure_message;
	bool		deadline_exceeded;	/* Progressing=False */
	const char *deadline_message;

	int64_t		waiting_seconds;	/* since it could have become ready */
	int64_t		deadline_seconds;
	int64_t		stopping_seconds;	/* since the stop was applied */
	int64_t		grace_seconds;
	int64_t		deleting_seconds;	/* since the deletion was asked for */

	const OrchPodFacts *pods;
	int			npods;
} OrchContainerFacts;

#define ORCH_REASON_SIZE 128
#define ORCH_MESSAGE_SIZE 1024

typedef struct OrchDerivedStatus
{
	OrchStatus	status;
	char		reason[ORCH_REASON_SIZE];	/* empty: none */
	char		message[ORCH_MESSAGE_SIZE];
	int			ready_replicas;
	int			row;			/* of the decision table */
} OrchDerivedStatus;

extern void orch_status_derive(const OrchContainerFacts *facts, OrchDerivedStatus *result);
