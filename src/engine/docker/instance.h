/*
 * instance.h
 *	  A pod as the engine keeps it, in terms of seen.h.
 *
 * The facts are those of a Pod of Kubernetes (kubernetes/pod_facts.c), since status
 * is derived from both by the same table.
 */
#pragma once

#include "engine/docker/inspection.h"
#include "engine/seen.h"

/* An end that Docker does not tell any more, as an event told it. */
typedef struct OrchDockerEnd
{
	bool		known;
	bool		oom_killed;
	int			exit_code;
	const char *finished_at;	/* RFC 3339; may be NULL */
} OrchDockerEnd;

/* One replica.  Containers are as they were inspected; texts may be NULL. */
typedef struct OrchDockerShown
{
	OrchDockerLabels labels;	/* who it is, also while nothing of it is there */
	const char *workload_kind;	/* of labels.workload_uid; NULL: it is nobody's */
	int64		version;
	const char *created_at;		/* RFC 3339; NULL: with the first of its containers */
	const char *node_name;

	const OrchDockerContainer *main;	/* NULL: not made yet */
	const OrchDockerContainer *init;	/* the one under way, or that failed; NULL: none */
	int			init_done;
	int			init_total;

	const char *waiting_reason; /* why nothing runs that should, such as ErrImagePull */
	const char *waiting_message;
	bool		ready;			/* by its probes, of which there may be none */
	bool		started;
	bool		over;			/* nobody starts it again */
	bool		terminating;
	int64		restarts;		/* beside those that Docker counts for main */
	OrchDockerEnd last;			/* the end before this run of main */
} OrchDockerShown;

/* False when it has no usable uid or name.  container_id is 0 when it is of another installation. */
extern bool orch_docker_instance_seen(const OrchDockerShown *pod, const char *installation, OrchSeenInstance *instance);
