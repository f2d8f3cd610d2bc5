/*
 * status_pods.c
 *	  The rows of the decision table that are about pods, and what several rows say.
 *
 * Pure, like status.c, which walks the table.
 */
#include "reconcile/status_pods.h"

#include <stdio.h>
#include <string.h>

#include "reconcile/status_text.h"

static bool
is_one_of(const char *value, const char *const *list)
{
	for (; value && *list; list++)
	{
		if (strcmp(value, *list) == 0)
			return true;
	}
	return false;
}

static bool
ends_with(const char *value, const char *end)
{
	size_t		length = strlen(value);
	size_t		end_length = strlen(end);

	return length >= end_length && strcmp(value + length - end_length, end) == 0;
}

/* Waiting reasons that no waiting will cure. */
static bool
is_hopeless(const char *reason)
{
	static const char *const reasons[] = {"InvalidImageName", "ErrImageNeverPull", NULL};

	return is_one_of(reason, reasons);
}

/* Waiting reasons that name a fault, which may pass. */
static bool
is_fault(const char *reason)
{
	static const char *const reasons[] = {"RegistryUnavailable", "SignatureValidationFailed", NULL};

	if (reason == NULL)
		return false;
	return strncmp(reason, "Err", 3) == 0 || ends_with(reason, "Error") ||
		ends_with(reason, "BackOff") || is_one_of(reason, reasons);
}

static bool
is_crash_loop(const char *reason)
{
	return reason && strcmp(reason, "CrashLoopBackOff") == 0;
}

static bool
is_out_of_memory(const OrchTermination *end)
{
	return end->reason && strcmp(end->reason, "OOMKilled") == 0;
}

/*
 * Names an end as kubectl does: OOMKilled, Signal:9, ExitCode:1.
 */
static void
name_end(const OrchTermination *end, char *buffer, size_t size)
{
	if (is_out_of_memory(end))
		snprintf(buffer, size, "OOMKilled");
	else if (end->signal != 0)
		snprintf(buffer, size, "Signal:%d", end->signal);
	else if (end->reason != NULL && end->exit_code != 0)
		snprintf(buffer, size, "ExitCode:%d", end->exit_code);
	else
		snprintf(buffer, size, "%s", or_empty(end->reason));
}

/*
 * Newest wins; among equals the one that is not ready, for it has something to
 * explain.
 */
static bool
explains_better(const OrchPodFacts *candidate, const OrchPodFacts *best)
{
	bool		candidate_done = candidate->phase == ORCH_POD_FAILED || candidate->phase == ORCH_POD_SUCCEEDED;
	bool		best_done = best->phase == ORCH_POD_FAILED || best->phase == ORCH_POD_SUCCEEDED;

	if (candidate->terminating != best->terminating)
		return best->terminating;
	if (candidate_done != best_done)
		return best_done;
	if (candidate->ready != best->ready)
		return best->ready;
	return candidate->created > best->created;
}

/*
 * The template of the newest pod is taken for the current one: a pod of an older
 * template is made only where one of those is lost in the middle of a rollout.
 */
static const char *
current_template(const OrchContainerFacts *facts)
{
	const OrchPodFacts *newest = NULL;

	for (int i = 0; i < facts->npods; i++)
	{
		if (!facts->pods[i].foreign && (newest == NULL || facts->pods[i].created > newest->created))
			newest = &facts->pods[i];
	}
	return newest ? or_empty(newest->template_hash) : "";
}

void
orch_status_summarize(const OrchContainerFacts *facts, OrchPodSummary *summary)
{
	const char *current = current_template(facts);
	const OrchPodFacts *of_current = NULL;
	const OrchPodFacts *of_any = NULL;

	memset(summary, 0, sizeof(*summary));
	for (int i = 0; i < facts->npods; i++)
	{
		const OrchPodFacts *pod = &facts->pods[i];
		bool		is_current = strcmp(or_empty(pod->template_hash), current) == 0;

		summary->frozen += pod->frozen;
		if (pod->phase != ORCH_POD_SUCCEEDED && pod->phase != ORCH_POD_FAILED && !pod->frozen)
			summary->unfinished++;
		if (pod->foreign)
			continue;
		if (pod->ready && !pod->terminating)
		{
			summary->ready++;
			summary->ready_current += is_current;
			if (pod->stray)
				summary->stray = pod;
		}
		if (facts->is_job && pod->phase == ORCH_POD_SUCCEEDED)
			summary->succeeded++;
		if (is_current && !pod->terminating && (of_current == NULL || explains_better(pod, of_current)))
			of_current = pod;
		if (of_any == NULL || explains_better(pod, of_any))
			of_any = pod;
	}
	summary->pod = of_current ? of_current : of_any;
}

/* Row 4: paused or stopped, and proven to be. */
void
orch_status_at_rest(const OrchContainerFacts *facts, const char *reason, OrchDerivedStatus *result)
{
	bool		pause = facts->desired == ORCH_STATUS_PAUSED;

	/* the state machine has no edge from stopped to paused */
	if (pause && facts->current == ORCH_STATUS_STOPPED)
		answer(result, 4, ORCH_STATUS_PENDING, "Suspending", "%s", "");
	else
		answer(result, 4, pause ? ORCH_STATUS_PAUSED : ORCH_STATUS_STOPPED, reason, "%s", "");
}

/* Row 10 for a Job that gave up. */
void
orch_status_failed_run(const OrchContainerFacts *facts, const OrchPodFacts *pod, OrchDerivedStatus *result)
{
	char		reason[ORCH_REASON_SIZE] = "";
	const char *last_words = pod ? or_empty(pod->ended.message) : "";

	if (pod && pod->phase == ORCH_POD_FAILED)
	{
		if (has_text(pod->reason))
			snprintf(reason, sizeof(reason), "%s", pod->reason);
		else
			name_end(&pod->ended, reason, sizeof(reason));
	}
	answer(result, 10, ORCH_STATUS_FAILED, reason[0] ? reason : text_or(facts->failed_reason, "Failed"), "%s%s%s", or_empty(facts->failed_message),
		   has_text(facts->failed_message) && last_words[0] ? ": " : "", last_words);
}

/* Row 7: nothing came of the workload so far. */
void
orch_status_podless(const OrchContainerFacts *facts, OrchDerivedStatus *result)
{
	OrchStatus	status = facts->waiting_seconds > facts->deadline_seconds ? ORCH_STATUS_FAILED : ORCH_STATUS_PENDING;

	if (facts->replica_failure)
		answer(result, 7, status, "FailedCreate", "%s", or_empty(facts->replica_failure_message));
	else
		answer(result, 7, status, "Creating", "%s",
			   status == ORCH_STATUS_FAILED ? "the cluster made no pod: is its controller manager running?" : "");
}

/* Rows 13 to 16, and 12: the pod waits for something. */
static bool
derive_waiting(const OrchContainerFacts *facts, const OrchPodFacts *pod, OrchDerivedStatus *result)
{
	bool		late = facts->waiting_seconds > facts->deadline_seconds;
	char		end[ORCH_REASON_SIZE];

	if (has_text(pod->unscheduled_reason) && pod->phase == ORCH_POD_PENDING)
		answer(result, 12, ORCH_STATUS_PENDING, pod->unscheduled_reason, "%s", or_empty(pod->unscheduled_message));
	else if (is_hopeless(pod->waiting_reason))
		answer(result, 13, ORCH_STATUS_FAILED, pod->waiting_reason, "%s", or_empty(pod->waiting_message));
	else if (is_crash_loop(pod->waiting_reason))
	{
		name_end(&pod->last, end, sizeof(end));
		answer(result, 15, pod->restarts < ORCH_CRASHES_TO_FAIL ? ORCH_STATUS_PENDING : ORCH_STATUS_FAILED,
			   is_out_of_memory(&pod->last) ? "OOMKilled" : "CrashLoopBackOff",
			   "%d restarts, last end %s%s%s", pod->restarts, end[0] ? end : "unknown",
			   has_text(pod->last.message) ? ": " : "", or_empty(pod->last.message));
	}
	else if (is_fault(pod->waiting_reason))
		answer(result, 14, late ? ORCH_STATUS_FAILED : ORCH_STATUS_PENDING, pod->waiting_reason, "%s", or_empty(pod->waiting_message));
	else if (pod->phase == ORCH_POD_PENDING && pod->init_total > 0 && pod->init_done < pod->init_total)
	{
		snprintf(end, sizeof(end), "Init:%d/%d", pod->init_done, pod->init_total);
		answer(result, 16, ORCH_STATUS_PENDING, end, "%s", or_empty(pod->waiting_message));
	}
	else if (pod->phase == ORCH_POD_PENDING)
		answer(result, 16, ORCH_STATUS_PENDING, text_or(pod->waiting_reason, "Pending"), "%s", or_empty(pod->waiting_message));
	else
		return false;
	return true;
}

/* Rows 8 to 11: the pod has ended or is about to. */
static bool
derive_ended(const OrchContainerFacts *facts, const OrchPodFacts *pod, OrchDerivedStatus *result)
{
	char		reason[ORCH_REASON_SIZE];

	if (pod->terminating)
	{
		answer(result, 8, ORCH_STATUS_PENDING, pod->node_lost ? "NodeLost" : "Terminating", "%s", or_empty(pod->message));
		return true;
	}
	if (pod->phase == ORCH_POD_SUCCEEDED && facts->is_job)
	{
		answer(result, 11, facts->current == ORCH_STATUS_RUNNING ? ORCH_STATUS_RUNNING : ORCH_STATUS_PENDING, "Completing", "%s", "");
		return true;
	}
	if (pod->phase != ORCH_POD_FAILED && pod->phase != ORCH_POD_SUCCEEDED)
		return false;

	name_end(&pod->ended, reason, sizeof(reason));
	answer(result, facts->is_job ? 10 : 9, ORCH_STATUS_PENDING, text_or(pod->reason, reason[0] ? reason : "PodFailed"),
		   "%s", or_empty(text_or(pod->message, pod->ended.message)));
	return true;
}

/* Rows 19 to 21: the pod runs and is not ready. */
void
orch_status_unready(const OrchContainerFacts *facts, const OrchPodFacts *pod, OrchDerivedStatus *result)
{
	bool		crashing = pod->restarts >= ORCH_CRASHES_TO_FAIL;
	bool		late = facts->deadline_exceeded || facts->waiting_seconds > facts->deadline_seconds;
	const char *cause = pod->started ? "the readiness probe has not succeeded" : "the startup probe has not succeeded";

	if (pod->node_lost)
		answer(result, 21, facts->current, "NodeLost", "%s", or_empty(pod->message));
	else if (crashing && facts->current == ORCH_STATUS_FAILED)
		answer(result, 15, ORCH_STATUS_FAILED, is_out_of_memory(&pod->last) ? "OOMKilled" : "CrashLoopBackOff", "%d restarts", pod->restarts);
	else if (pod->was_ready && (pod->ended.reason || pod->last.reason) && !pod->started)
		answer(result, 20, ORCH_STATUS_RUNNING, is_out_of_memory(&pod->ended) || is_out_of_memory(&pod->last) ? "OOMKilled" : "Restarting",
			   "%d restarts", pod->restarts);
	else if (pod->was_ready)
		answer(result, 20, ORCH_STATUS_RUNNING, "NotReady", "%s", text_or(pod->message, "the readiness probe fails"));
	else if (late)
		answer(result, 19, ORCH_STATUS_FAILED, "ProgressDeadlineExceeded", "%s for %lld seconds", cause, (long long) facts->waiting_seconds);
	else
		answer(result, 19, ORCH_STATUS_PENDING, "Starting", "%s", cause);
}

/* Rows 7 to 21 where no pod is ready. */
void
orch_status_trouble(const OrchContainerFacts *facts, const OrchPodSummary *summary, OrchDerivedStatus *result)
{
	if (summary->pod == NULL || (facts->replica_failure && summary->ready == 0))
		orch_status_podless(facts, result);
	else if (!derive_ended(facts, summary->pod, result) && !derive_waiting(facts, summary->pod, result))
		orch_status_unready(facts, summary->pod, result);
}
