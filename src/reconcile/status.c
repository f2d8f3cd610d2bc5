/*
 * status.c
 *	  The decision table from observed facts to a container's status.
 *
 * Level-triggered: the same facts give the same answer, whatever happened
 * before.  `failed` is never latched, `deleted` needs proof, and a row that
 * says "unchanged" keeps the current status and gives it a reason.  Called by
 * status_sql.c and by the unit tests.
 */
#include "reconcile/status.h"

#include <stdio.h>
#include <string.h>

#include "reconcile/status_text.h"

/* What was counted over the pods before the table is walked. */
typedef struct PodSummary
{
	int			unfinished;		/* neither Succeeded nor Failed, terminating or not */
	int			succeeded;		/* of a Job: as good as ready */
	int			ready;			/* not terminating and ready */
	int			ready_current;	/* of those, from the newest template */
	const OrchPodFacts *stray;	/* one that is ready and of another workload */
	const OrchPodFacts *pod;	/* the one that explains the state; NULL if none */
} PodSummary;

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

static void
summarize(const OrchContainerFacts *facts, PodSummary *summary)
{
	const char *current = current_template(facts);
	const OrchPodFacts *of_current = NULL;
	const OrchPodFacts *of_any = NULL;

	memset(summary, 0, sizeof(*summary));
	for (int i = 0; i < facts->npods; i++)
	{
		const OrchPodFacts *pod = &facts->pods[i];
		bool		is_current = strcmp(or_empty(pod->template_hash), current) == 0;

		if (pod->phase != ORCH_POD_SUCCEEDED && pod->phase != ORCH_POD_FAILED)
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

/* Rows 1 and 3: the row is to go. */
static void
derive_deletion(const OrchContainerFacts *facts, OrchDerivedStatus *result)
{
	if (!facts->objects_remain && facts->npods == 0)
		answer(result, 1, ORCH_STATUS_DELETED, NULL, "%s", "");
	else if (facts->error_reason)
		answer(result, 3, facts->current, "Deleting", "%s%s%s", facts->error_reason, has_text(facts->error_message) ? ": " : "", or_empty(facts->error_message));
	else if (facts->deleting_seconds > facts->deadline_seconds)
		answer(result, 3, facts->current, "FinalizerBlocked",
			   "deletion was asked for %lld seconds ago and objects of it are still in the cluster", (long long) facts->deleting_seconds);
	else
		answer(result, 3, facts->current, "Deleting", "%s", "");
}

/* Row 2: there is no workload, or none that will last. */
static void
derive_absent(const OrchContainerFacts *facts, OrchDerivedStatus *result)
{
	if (facts->error_reason)
		answer(result, 2, ORCH_STATUS_PENDING, facts->error_reason, "%s", or_empty(facts->error_message));
	else if (facts->namespace_terminating)
		answer(result, 2, ORCH_STATUS_PENDING, "NamespaceTerminating", "the namespace is being deleted in the cluster");
	else if (facts->workload_created)
		answer(result, 2, ORCH_STATUS_PENDING, "Recreating", "the workload was deleted in the cluster");
	else
		answer(result, 2, ORCH_STATUS_PENDING, "Creating", "%s", "");
}

/* Row 4: proven to be at rest. */
static bool
is_at_rest(const OrchContainerFacts *facts, const PodSummary *summary)
{
	if (summary->unfinished > 0)
		return false;
	if (facts->is_scheduled)
		return facts->suspended && facts->active_runs == 0;
	/* one that gave up is not suspended any more */
	if (facts->is_job)
		return facts->suspended || facts->failed;
	return facts->spec_replicas == 0 && facts->observed_generation >= facts->generation;
}

static void
derive_rest(const OrchContainerFacts *facts, const PodSummary *summary, OrchDerivedStatus *result)
{
	bool		overdue = facts->stopping_seconds > facts->grace_seconds + ORCH_STOP_SLACK_SECONDS;

	if (is_at_rest(facts, summary))
	{
		bool		pause = facts->desired == ORCH_STATUS_PAUSED;

		/* the state machine has no edge from stopped to paused */
		if (pause && facts->current == ORCH_STATUS_STOPPED)
			answer(result, 4, ORCH_STATUS_PENDING, "Suspending", "%s", "");
		else
			answer(result, 4, pause ? ORCH_STATUS_PAUSED : ORCH_STATUS_STOPPED,
				   pause || facts->is_job || facts->is_scheduled ? "Suspended" : "ScaledToZero", "%s", "");
	}
	else if (facts->error_final)
		answer(result, 6, ORCH_STATUS_FAILED, facts->error_reason, "%s", or_empty(facts->error_message));
	else if (facts->error_reason)
		answer(result, 5, facts->current, facts->error_reason, "%s", or_empty(facts->error_message));
	else if (facts->is_scheduled && facts->suspended)
		answer(result, 5, facts->current, "RunActive", "no other run begins; the one under way goes on to its end");
	else if (overdue)
		answer(result, 5, facts->current, "StopOverdue", "%d pods are still there %lld seconds after the stop",
			   summary->unfinished, (long long) facts->stopping_seconds);
	else
		answer(result, 5, facts->current, "Stopping", "%s", "");
}

/* Row 10 for a Job that gave up. */
static void
derive_job_failure(const OrchContainerFacts *facts, const OrchPodFacts *pod, OrchDerivedStatus *result)
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
static void
derive_podless(const OrchContainerFacts *facts, OrchDerivedStatus *result)
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
static void
derive_unready(const OrchContainerFacts *facts, const OrchPodFacts *pod, OrchDerivedStatus *result)
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
static void
derive_trouble(const OrchContainerFacts *facts, const PodSummary *summary, OrchDerivedStatus *result)
{
	if (summary->pod == NULL || (facts->replica_failure && summary->ready == 0))
		derive_podless(facts, result);
	else if (!derive_ended(facts, summary->pod, result) && !derive_waiting(facts, summary->pod, result))
		derive_unready(facts, summary->pod, result);
}

/*
 * Rows 24 and 25: a container with a schedule.  It runs while it waits for its time;
 * when a run has failed, it has failed until one succeeds.
 */
static void
derive_scheduled(const OrchContainerFacts *facts, const PodSummary *summary, OrchDerivedStatus *result)
{
	OrchDerivedStatus trouble;
	const OrchPodFacts *pod = summary->pod;

	memset(&trouble, 0, sizeof(trouble));
	if (facts->active_runs == 0 && facts->last_run_failed)
	{
		derive_job_failure(facts, pod, result);
		if (result->message[0] == '\0')
			snprintf(result->message, sizeof(result->message), "the last run has failed");
		return;
	}
	if (facts->active_runs == 0)
	{
		answer(result, 24, ORCH_STATUS_RUNNING, "Scheduled", "%s", "");
		return;
	}
	if (pod && !pod->ready && !pod->terminating && pod->phase != ORCH_POD_SUCCEEDED)
		derive_trouble(facts, summary, &trouble);
	if (trouble.status == ORCH_STATUS_FAILED && trouble.row)
		*result = trouble;
	else
		answer(result, 25, facts->current == ORCH_STATUS_FAILED ? ORCH_STATUS_FAILED : ORCH_STATUS_RUNNING, "RunActive", "%s%s%s",
			   trouble.row ? trouble.reason : "", trouble.message[0] ? ": " : "", trouble.message);
	result->ready_replicas = summary->ready;
}

/* It stood still for so long that its controller gave up waiting, and knows what is asked for now. */
static bool
is_stuck(const OrchContainerFacts *facts)
{
	return facts->deadline_exceeded && facts->spec_applied && facts->generation <= facts->observed_generation;
}

/*
 * Counts the ready pods and says what keeps the others from it, or what the surplus is.
 */
static void
describe_partial(const OrchContainerFacts *facts, const PodSummary *summary, const OrchDerivedStatus *trouble, bool updating, OrchDerivedStatus *result)
{
	int			former = summary->ready - summary->ready_current;
	bool		stuck = updating && is_stuck(facts);
	StatusText	text;

	text_begin(&text, result->message, sizeof(result->message));
	text_add(&text, "%d of %d ready", summary->ready, facts->replicas);
	if (former > 0 && (stuck || summary->ready > facts->replicas))
		text_add(&text, ", %d of them as before the change", former);
	if (summary->ready > facts->replicas && summary->stray)
		text_add(&text, "; pod %s carries the labels of this container and is of another workload", text_or(summary->stray->name, "unknown"));
	if (stuck)
		text_add(&text, "; %s", text_or(facts->deadline_message, "the update has stood still beyond its deadline"));
	if (trouble->row)
		text_add(&text, "; %s%s%s", trouble->reason, trouble->message[0] ? ": " : "", trouble->message);
}

/*
 * Rows 17, 18 and 22: pods are ready, of the old template or too few.
 * What serves is running; what has never served completely may still come.
 */
static void
derive_partial(const OrchContainerFacts *facts, const PodSummary *summary, bool updating, OrchDerivedStatus *result)
{
	OrchDerivedStatus trouble;
	bool		enough = summary->ready + summary->succeeded >= facts->replicas;
	bool		late = facts->waiting_seconds > facts->deadline_seconds;

	memset(&trouble, 0, sizeof(trouble));
	if (facts->replica_failure)
		derive_podless(facts, &trouble);
	else if (summary->pod && !summary->pod->ready)
		derive_trouble(facts, summary, &trouble);

	if (updating && is_stuck(facts))
		answer(result, 22, ORCH_STATUS_RUNNING, "ProgressDeadlineExceeded", "%s", "");
	else if (enough || late || facts->current == ORCH_STATUS_RUNNING || trouble.status == ORCH_STATUS_FAILED)
		answer(result, updating ? 18 : 17, ORCH_STATUS_RUNNING, updating ? "Updating" : "PartiallyReady", "%s", "");
	else
		answer(result, trouble.row ? trouble.row : 16, ORCH_STATUS_PENDING, trouble.row ? trouble.reason : "Starting", "%s", "");
	describe_partial(facts, summary, &trouble, updating, result);
}

/* Between two crashes a container without a probe counts as ready. */
static bool
is_between_crashes(const OrchContainerFacts *facts, const OrchPodFacts *pod)
{
	return pod != NULL && pod->ready && facts->current == ORCH_STATUS_FAILED &&
		pod->restarts >= ORCH_CRASHES_TO_FAIL && pod->ready_seconds < ORCH_STABLE_SECONDS;
}

/* Row 23: more than were asked for. */
static void
derive_surplus(const OrchContainerFacts *facts, const PodSummary *summary, OrchDerivedStatus *result)
{
	if (summary->stray)
		answer(result, 23, ORCH_STATUS_RUNNING, "SurplusPods", "%d of %d ready; pod %s carries the labels of this container and is of another workload",
			   summary->ready, facts->replicas, text_or(summary->stray->name, "unknown"));
	else if (facts->spec_replicas > facts->replicas)
		answer(result, 23, ORCH_STATUS_RUNNING, "SurplusPods", "%d of %d ready; somebody has set the replicas of the workload to %d",
			   summary->ready, facts->replicas, facts->spec_replicas);
	else
		answer(result, 23, ORCH_STATUS_RUNNING, "SurplusPods", "%d of %d ready; the cluster has not taken the others away", summary->ready, facts->replicas);
}

/* Row 17: all is as it should be. */
static void
derive_ready(const OrchContainerFacts *facts, const PodSummary *summary, OrchDerivedStatus *result)
{
	if (summary->ready > facts->replicas && !facts->is_job)
		derive_surplus(facts, summary, result);
	else if (facts->replicas == 0)
		answer(result, 17, ORCH_STATUS_RUNNING, "ScaledToZero", "%s", "");
	else
		answer(result, 17, ORCH_STATUS_RUNNING, summary->pod ? summary->pod->resize : NULL, "%s", "");
}

/*
 * The whole table, first match wins.
 */
void
orch_status_derive(const OrchContainerFacts *facts, OrchDerivedStatus *result)
{
	PodSummary	summary;
	bool		updating;
	bool		enough;

	memset(result, 0, sizeof(*result));
	summarize(facts, &summary);
	enough = summary.ready + summary.succeeded >= facts->replicas && (facts->replicas > 0 || facts->spec_replicas == 0);
	result->ready_replicas = summary.ready;
	updating = !facts->is_job &&
		(!facts->spec_applied || facts->generation > facts->observed_generation ||
		 facts->updated_replicas < facts->replicas || summary.ready_current < summary.ready);

	if (facts->current == ORCH_STATUS_DELETED)
		answer(result, 1, ORCH_STATUS_DELETED, NULL, "%s", "");
	else if (facts->desired == ORCH_STATUS_DELETED)
		derive_deletion(facts, result);
	else if (!facts->workload_exists && facts->error_final)
		answer(result, 6, ORCH_STATUS_FAILED, facts->error_reason, "%s", or_empty(facts->error_message));
	else if (!facts->workload_exists || facts->workload_terminating)
		derive_absent(facts, result);
	else if (facts->is_job && facts->complete && (facts->spec_applied || facts->desired != ORCH_STATUS_RUNNING))
		answer(result, 11, ORCH_STATUS_STOPPED, "Completed", "%s", "");
	else if (facts->desired == ORCH_STATUS_PAUSED || facts->desired == ORCH_STATUS_STOPPED)
		derive_rest(facts, &summary, result);
	else if (facts->error_final)
		answer(result, 6, ORCH_STATUS_FAILED, facts->error_reason, "%s", or_empty(facts->error_message));
	else if (facts->is_scheduled)
		derive_scheduled(facts, &summary, result);
	else if (facts->is_job && (facts->complete || facts->failed) && !facts->spec_applied)
		answer(result, 2, ORCH_STATUS_PENDING, "Updating", "a finished Job is replaced by a new one");
	else if (facts->is_job && facts->failed)
		derive_job_failure(facts, summary.pod, result);
	else if (is_between_crashes(facts, summary.pod))
		derive_unready(facts, summary.pod, result);
	else if (enough && !updating)
		derive_ready(facts, &summary, result);
	else if (summary.ready > 0)
		derive_partial(facts, &summary, updating, result);
	else
		derive_trouble(facts, &summary, result);
}
