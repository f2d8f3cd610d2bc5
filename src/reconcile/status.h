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
	bool		frozen;			/* it stands still, and holds what it has */
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

/*
 * All that is known of one container: type, field, and the name by which
 * container_facts() tells it.  Texts may be NULL; an empty one is none.
 */
#define ORCH_CONTAINER_FACTS(F) \
	F(status, desired, "desired")	/* running, paused, stopped, deleted */ \
	F(status, current, "current") \
	F(integer, replicas, "replicas")	/* as the row wants them */ \
	F(boolean, objects_remain, "objectsRemain") /* anything of it in the inventory */ \
	F(boolean, workload_exists, "workloadExists") \
	F(boolean, workload_created, "workloadCreated") /* it existed once */ \
	F(boolean, workload_terminating, "workloadTerminating") \
	F(boolean, namespace_terminating, "namespaceTerminating") \
	F(boolean, is_job, "isJob") \
	F(text, kind, "kind")	/* of the workload, where it has rows of its own */ \
	F(boolean, spec_applied, "specApplied") /* the row's generation is in the cluster */ \
	F(text, error_reason, "errorReason")	/* newest apply error of any of its objects */ \
	F(text, error_message, "errorMessage") \
	F(boolean, error_final, "errorFinal")	/* the cluster refused, as opposed to: did not answer */ \
	F(bigint, generation, "generation") /* of the workload object */ \
	F(bigint, observed_generation, "observedGeneration") \
	F(known_integer, spec_replicas, "specReplicas") /* -1: not observed yet */ \
	F(integer, updated_replicas, "updatedReplicas") \
	F(boolean, suspended, "suspended")	/* no pods are made; not of a Deployment */ \
	F(boolean, complete, "complete")	/* Job */ \
	F(boolean, failed, "failed")	/* Job */ \
	F(text, failed_reason, "failedReason") \
	F(text, failed_message, "failedMessage") \
	F(boolean, replica_failure, "replicaFailure") \
	F(text, replica_failure_message, "replicaFailureMessage") \
	F(boolean, deadline_exceeded, "deadlineExceeded")	/* Progressing=False */ \
	F(text, deadline_message, "progressMessage") \
	F(bigint, waiting_seconds, "waitingSeconds")	/* since it could have become ready */ \
	F(bigint, deadline_seconds, "deadlineSeconds") \
	F(bigint, stopping_seconds, "stoppingSeconds")	/* since the stop was applied */ \
	F(bigint, grace_seconds, "graceSeconds") \
	F(bigint, deleting_seconds, "deletingSeconds")	/* since the deletion was asked for */

#define ORCH_FACT_boolean bool
#define ORCH_FACT_integer int
#define ORCH_FACT_known_integer int
#define ORCH_FACT_bigint int64_t
#define ORCH_FACT_text const char *
#define ORCH_FACT_status OrchStatus

typedef struct OrchContainerFacts
{
#define ORCH_FACT_FIELD(type, field, name) ORCH_FACT_##type field;
	ORCH_CONTAINER_FACTS(ORCH_FACT_FIELD)
#undef ORCH_FACT_FIELD

	const OrchPodFacts *pods;
	int			npods;

	/* what the facts of one kind alone say, by name: numbers, and truths as 0 and 1; 0 is not told */
	int64_t		(*own_fact) (const void *told, const char *name);
	const void *told;
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
