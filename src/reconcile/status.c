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

#include "reconcile/status_pods.h"
#include "reconcile/status_text.h"

static OrchOwnRows
own_rows(const OrchContainerFacts *facts)
{
	static const OrchOwnRows rows[ORCH_KIND_COUNT] = {
#define NO_ROWS(...) NULL,
#define OWN_ROWS(kind, aspect, ...) orch_status_of_##aspect,
		ORCH_KINDS(NO_ROWS, OWN_ROWS)
#undef NO_ROWS
#undef OWN_ROWS
	};
	const OrchKind *kind = facts->kind ? orch_kind_find(facts->kind) : NULL;

	return kind ? rows[kind - orch_kinds] : NULL;
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

/* Row 4: proven to be at rest: what is paused may be frozen, what is stopped may not. */
static bool
is_at_rest(const OrchContainerFacts *facts, const OrchPodSummary *summary)
{
	if (summary->unfinished > 0 || (summary->frozen > 0 && facts->desired != ORCH_STATUS_PAUSED))
		return false;
	/* one that gave up is not suspended any more */
	if (facts->is_job)
		return facts->suspended || facts->failed;
	return facts->spec_replicas == 0 && facts->observed_generation >= facts->generation;
}

static void
derive_rest(const OrchContainerFacts *facts, const OrchPodSummary *summary, OrchDerivedStatus *result)
{
	bool		overdue = facts->stopping_seconds > facts->grace_seconds + ORCH_STOP_SLACK_SECONDS;

	if (is_at_rest(facts, summary))
		orch_status_at_rest(facts, summary->frozen > 0 ? "Frozen" : facts->is_job || facts->desired == ORCH_STATUS_PAUSED ? "Suspended" : "ScaledToZero", result);
	else if (facts->error_final)
		answer(result, 6, ORCH_STATUS_FAILED, facts->error_reason, "%s", or_empty(facts->error_message));
	else if (facts->error_reason)
		answer(result, 5, facts->current, facts->error_reason, "%s", or_empty(facts->error_message));
	else if (overdue)
		answer(result, 5, facts->current, "StopOverdue", "%d pods are still there %lld seconds after the stop",
			   summary->unfinished, (long long) facts->stopping_seconds);
	else
		answer(result, 5, facts->current, "Stopping", "%s", "");
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
describe_partial(const OrchContainerFacts *facts, const OrchPodSummary *summary, const OrchDerivedStatus *trouble, bool updating, OrchDerivedStatus *result)
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
derive_partial(const OrchContainerFacts *facts, const OrchPodSummary *summary, bool updating, OrchDerivedStatus *result)
{
	OrchDerivedStatus trouble;
	bool		enough = summary->ready + summary->succeeded >= facts->replicas;
	bool		late = facts->waiting_seconds > facts->deadline_seconds;

	memset(&trouble, 0, sizeof(trouble));
	if (facts->replica_failure)
		orch_status_podless(facts, &trouble);
	else if (summary->pod && !summary->pod->ready)
		orch_status_trouble(facts, summary, &trouble);

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
derive_surplus(const OrchContainerFacts *facts, const OrchPodSummary *summary, OrchDerivedStatus *result)
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
derive_ready(const OrchContainerFacts *facts, const OrchPodSummary *summary, OrchDerivedStatus *result)
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
	OrchPodSummary summary;
	OrchOwnRows		own = own_rows(facts);
	bool		updating;
	bool		enough;

	memset(result, 0, sizeof(*result));
	orch_status_summarize(facts, &summary);
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
	else if (own != NULL && own(facts, &summary, result))
		return;
	else if (facts->desired == ORCH_STATUS_PAUSED || facts->desired == ORCH_STATUS_STOPPED)
		derive_rest(facts, &summary, result);
	else if (facts->error_final)
		answer(result, 6, ORCH_STATUS_FAILED, facts->error_reason, "%s", or_empty(facts->error_message));
	else if (facts->is_job && (facts->complete || facts->failed) && !facts->spec_applied)
		answer(result, 2, ORCH_STATUS_PENDING, "Updating", "a finished Job is replaced by a new one");
	else if (facts->is_job && facts->failed)
		orch_status_failed_run(facts, summary.pod, result);
	else if (is_between_crashes(facts, summary.pod))
		orch_status_unready(facts, summary.pod, result);
	else if (enough && !updating)
		derive_ready(facts, &summary, result);
	else if (summary.ready > 0)
		derive_partial(facts, &summary, updating, result);
	else
		orch_status_trouble(facts, &summary, result);
}
