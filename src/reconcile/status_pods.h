/*
 * status_pods.h
 *	  What is said of a container's pods, whatever made them.  For the files of the
 *	  decision table alone.
 */
#pragma once

#include "engine/kinds.h"
#include "reconcile/status.h"

/* What was counted over the pods before the table is walked. */
typedef struct OrchPodSummary
{
	int			unfinished;		/* neither Succeeded nor Failed nor frozen, terminating or not */
	int			frozen;
	int			succeeded;		/* of a Job: as good as ready */
	int			ready;			/* not terminating and ready */
	int			ready_current;	/* of those, from the newest template */
	const OrchPodFacts *stray;	/* one that is ready and of another workload */
	const OrchPodFacts *pod;	/* the one that explains the state; NULL if none */
} OrchPodSummary;

extern void orch_status_summarize(const OrchContainerFacts *facts, OrchPodSummary *summary);
extern void orch_status_podless(const OrchContainerFacts *facts, OrchDerivedStatus *result);
extern void orch_status_unready(const OrchContainerFacts *facts, const OrchPodFacts *pod, OrchDerivedStatus *result);
extern void orch_status_trouble(const OrchContainerFacts *facts, const OrchPodSummary *summary, OrchDerivedStatus *result);
extern void orch_status_failed_run(const OrchContainerFacts *facts, const OrchPodFacts *pod, OrchDerivedStatus *result);
extern void orch_status_at_rest(const OrchContainerFacts *facts, const char *reason, OrchDerivedStatus *result);

/*
 * Rows that a kind with a module has of its own, in status.c of its folder; false where
 * they say nothing and the others decide.  They are asked when the workload is known to
 * be there and to stay.
 */
typedef bool (*OrchOwnRows) (const OrchContainerFacts *facts, const OrchPodSummary *summary, OrchDerivedStatus *result);

#define ORCH_NO_ROWS(...)
#define ORCH_OWN_ROWS(kind, aspect, ...) \
	extern bool orch_status_of_##aspect(const OrchContainerFacts *facts, const OrchPodSummary *summary, OrchDerivedStatus *result);
ORCH_KINDS(ORCH_NO_ROWS, ORCH_OWN_ROWS)
#undef ORCH_NO_ROWS
#undef ORCH_OWN_ROWS
