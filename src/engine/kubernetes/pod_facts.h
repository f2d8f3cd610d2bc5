/*
 * pod_facts.h
 *	  A pod, read once: for its facts and for what seen.h has of it.
 */
#pragma once

#include "engine/json.h"

typedef struct OrchPodParts
{
	JsonbContainer *metadata;
	JsonbContainer *owner;		/* the first of its ownerReferences */
	OrchText	reason;
	OrchText	message;
	bool		ready;
	OrchText	ready_status;
	OrchText	unscheduled_reason;
	OrchText	unscheduled_message;
	OrchText	resize;

	/* of its containers, init containers included, those that tell most */
	JsonbContainer *waiting;
	JsonbContainer *ended;
	JsonbContainer *last;		/* the last end of the one that restarted most */
	int			waiting_rank;
	int			ended_rank;
	int64		last_restarts;
	OrchText	waiting_reason;
	OrchText	waiting_message;
	OrchText	ended_reason;
	OrchText	ended_message;

	int64		restarts;		/* of all together */
	bool		started;
	int			init_done;
	int			init_total;
} OrchPodParts;

extern void orch_pod_parts_read(JsonbContainer *pod, OrchPodParts *parts);
extern char *orch_pod_parts_facts(const OrchPodParts *parts);
