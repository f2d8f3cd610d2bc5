/*
 * status.c
 *	  The rows of the decision table that containers with a schedule have.
 *
 *	4, 5	paused or stopped: so once it is suspended and no run is under way, until
 *			then RunActive; what is in the way is said as of others
 *	10		the last run has failed, and no other is under way
 *	24		no run is under way: running, Scheduled
 *	25		one is: running, or failed since the one before, RunActive
 *
 * Pure, like src/reconcile/status.c.
 */
#include <stdio.h>
#include <string.h>

#include "reconcile/status_pods.h"
#include "reconcile/status_text.h"

static void
derive_waiting(const OrchContainerFacts *facts, const OrchPodSummary *summary, OrchDerivedStatus *result)
{
	if (!facts->own_fact(facts->told, "lastRunFailed"))
	{
		answer(result, 24, ORCH_STATUS_RUNNING, "Scheduled", "%s", "");
		return;
	}
	orch_status_failed_run(facts, summary->pod, result);
	if (result->message[0] == '\0')
		snprintf(result->message, sizeof(result->message), "the last run has failed");
}

static void
derive_active(const OrchContainerFacts *facts, const OrchPodSummary *summary, OrchDerivedStatus *result)
{
	OrchDerivedStatus trouble;
	const OrchPodFacts *pod = summary->pod;

	memset(&trouble, 0, sizeof(trouble));
	if (pod && !pod->ready && !pod->terminating && pod->phase != ORCH_POD_SUCCEEDED)
		orch_status_trouble(facts, summary, &trouble);
	if (trouble.status == ORCH_STATUS_FAILED && trouble.row)
		*result = trouble;
	else
		answer(result, 25, facts->current == ORCH_STATUS_FAILED ? ORCH_STATUS_FAILED : ORCH_STATUS_RUNNING, "RunActive", "%s%s%s",
			   trouble.row ? trouble.reason : "", trouble.message[0] ? ": " : "", trouble.message);
	result->ready_replicas = summary->ready;
}

static bool
derive_rest(const OrchContainerFacts *facts, const OrchPodSummary *summary, bool active, OrchDerivedStatus *result)
{
	if (!facts->suspended)
		return false;
	if (!active && summary->unfinished == 0)
		orch_status_at_rest(facts, "Suspended", result);
	else if (!facts->error_reason)
		answer(result, 5, facts->current, "RunActive", "no other run begins; the one under way goes on to its end");
	else
		return false;
	return true;
}

bool
orch_status_of_schedule(const OrchContainerFacts *facts, const OrchPodSummary *summary, OrchDerivedStatus *result)
{
	bool		active = facts->own_fact(facts->told, "activeRuns") > 0;

	if (facts->desired != ORCH_STATUS_RUNNING)
		return derive_rest(facts, summary, active, result);
	if (facts->error_final)
		return false;
	if (active)
		derive_active(facts, summary, result);
	else
		derive_waiting(facts, summary, result);
	return true;
}
