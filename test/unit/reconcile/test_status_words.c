/*
 * test_status_words.c
 *	  What the decision table says, for all kinds of facts: it tells what is known,
 *	  and no sentence has a hole.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "engine/kinds.h"
#include "reconcile/status.h"

#define PODS 4
#define ROWS 23

static OrchContainerFacts facts;
static OrchPodFacts pods[PODS];
static OrchDerivedStatus result;
static int	seen[ROWS + 1];

/* two replicas in the middle of an update: one old pod is ready, one new one is not */
static int
setup(void **state)
{
	(void) state;
	memset(&facts, 0, sizeof(facts));
	memset(pods, 0, sizeof(pods));
	facts.desired = facts.current = ORCH_STATUS_RUNNING;
	facts.replicas = 1;
	facts.objects_remain = facts.workload_exists = facts.workload_created = facts.spec_applied = true;
	facts.generation = facts.observed_generation = 3;
	facts.spec_replicas = facts.updated_replicas = 1;
	facts.deadline_seconds = 600;
	facts.grace_seconds = 30;
	facts.pods = pods;
	facts.npods = 2;
	for (int i = 0; i < PODS; i++)
	{
		pods[i].name = "web-abc-12345";
		pods[i].template_hash = i == 0 ? "old" : "new";
		pods[i].created = i;
		pods[i].phase = ORCH_POD_RUNNING;
		pods[i].ready = pods[i].was_ready = pods[i].started = true;
		pods[i].ready_seconds = 1000;
	}
	pods[1].ready = pods[1].was_ready = false;
	return 0;
}

static void
expect_at(int line, int row, OrchStatus status, const char *reason, const char *message)
{
	orch_status_derive(&facts, &result);
	if (result.row != row || result.status != status || strcmp(result.reason, reason) != 0 || strcmp(result.message, message) != 0)
		fail_msg("line %d: row %d %s \"%s\": %s", line, result.row, orch_lifecycle_name(result.status), result.reason, result.message);
}

#define expect(row, status, reason, message) expect_at(__LINE__, row, status, reason, message)

/* an update that hangs, beside one that goes on */
static void
row_22_stuck_update(void **state)
{
	(void) state;
	pods[1].phase = ORCH_POD_PENDING;
	pods[1].waiting_reason = "ImagePullBackOff";
	pods[1].waiting_message = "Back-off pulling image \"web:2\"";
	expect(18, ORCH_STATUS_RUNNING, "Updating", "1 of 1 ready; ImagePullBackOff: Back-off pulling image \"web:2\"");
	facts.deadline_exceeded = true;
	expect(22, ORCH_STATUS_RUNNING, "ProgressDeadlineExceeded",
		   "1 of 1 ready, 1 of them as before the change; the update has stood still beyond its deadline; ImagePullBackOff: Back-off pulling image \"web:2\"");
	facts.deadline_message = "ReplicaSet \"web-new\" has timed out progressing.";
	expect(22, ORCH_STATUS_RUNNING, "ProgressDeadlineExceeded",
		   "1 of 1 ready, 1 of them as before the change; ReplicaSet \"web-new\" has timed out progressing.; ImagePullBackOff: Back-off pulling image \"web:2\"");
	/* of a change that its controller has not seen, it says nothing */
	facts.generation++;
	expect(18, ORCH_STATUS_RUNNING, "Updating", "1 of 1 ready; ImagePullBackOff: Back-off pulling image \"web:2\"");
	facts.generation--;
	facts.spec_applied = false;
	expect(18, ORCH_STATUS_RUNNING, "Updating", "1 of 1 ready; ImagePullBackOff: Back-off pulling image \"web:2\"");
}

/* it served before, and what is missing of the new one is known */
static void
row_22_fewer_than_wanted(void **state)
{
	(void) state;
	facts.replicas = 3;
	facts.deadline_exceeded = true;
	facts.replica_failure = true;
	facts.replica_failure_message = "exceeded quota";
	expect(22, ORCH_STATUS_RUNNING, "ProgressDeadlineExceeded",
		   "1 of 3 ready, 1 of them as before the change; the update has stood still beyond its deadline; FailedCreate: exceeded quota");
}

static void
row_23_surplus(void **state)
{
	(void) state;
	facts.npods = 3;
	for (int i = 0; i < 3; i++)
	{
		pods[i].template_hash = "new";
		pods[i].ready = true;
	}
	expect(23, ORCH_STATUS_RUNNING, "SurplusPods", "3 of 1 ready; the cluster has not taken the others away");
	facts.spec_replicas = 3;
	expect(23, ORCH_STATUS_RUNNING, "SurplusPods", "3 of 1 ready; somebody has set the replicas of the workload to 3");
	pods[1].stray = true;
	pods[1].name = "copy-abc-12345";
	expect(23, ORCH_STATUS_RUNNING, "SurplusPods", "3 of 1 ready; pod copy-abc-12345 carries the labels of this container and is of another workload");
	/* of another template, it looks like an update */
	pods[1].template_hash = "other";
	expect(18, ORCH_STATUS_RUNNING, "Updating",
		   "3 of 1 ready, 1 of them as before the change; pod copy-abc-12345 carries the labels of this container and is of another workload");
	/* those that are on their way out count no more */
	pods[1].terminating = pods[2].terminating = true;
	facts.npods = 3;
	expect(17, ORCH_STATUS_RUNNING, "", "");
}

static bool
has_hole(const char *text)
{
	static const char *const holes[] = {": .", ": :", ": ;", ": ,", "; ;", ", ,", "()", "\"\"", "  ", "now ago", "(null)", "NULL", NULL};
	size_t		length = strlen(text);

	for (int i = 0; holes[i]; i++)
	{
		if (strstr(text, holes[i]))
			return true;
	}
	return length > 0 && (strchr(" :;,", text[0]) || strchr(" :;,", text[length - 1]));
}

/* not known, known to be nothing, known */
static const char *
any(const char *value)
{
	return rand() % 3 == 0 ? NULL : rand() % 2 ? "" : value;
}

static void
scramble_pod(OrchPodFacts *pod)
{
	static const char *const waiting[] = {NULL, "", "CrashLoopBackOff", "ErrImagePull", "InvalidImageName", "ContainerCreating"};

	pod->name = any("web-abc-12345");
	pod->template_hash = rand() % 2 ? "old" : "new";
	pod->created = rand() % 5;
	pod->phase = (OrchPodPhase) (rand() % 5);
	pod->terminating = rand() % 4 == 0;
	pod->foreign = rand() % 8 == 0;
	pod->stray = rand() % 4 == 0;
	pod->ready = rand() % 2;
	pod->was_ready = rand() % 2;
	pod->started = rand() % 2;
	pod->node_lost = rand() % 8 == 0;
	pod->ready_seconds = rand() % 20;
	pod->reason = any("Evicted");
	pod->message = any("low on memory");
	pod->unscheduled_reason = any("Unschedulable");
	pod->unscheduled_message = any("no node");
	pod->waiting_reason = waiting[rand() % 6];
	pod->waiting_message = any("back-off");
	pod->ended.reason = any("Error");
	pod->ended.message = any("last words");
	pod->ended.exit_code = rand() % 3;
	pod->last.reason = any("OOMKilled");
	pod->last.message = any("last words");
	pod->restarts = rand() % 6;
	pod->init_total = rand() % 3;
	pod->resize = any("PodResizePending");
}

/* whatever a kind's own facts say */
static int64_t
any_own_fact(const void *told, const char *name)
{
	(void) told;
	(void) name;
	return rand() % 2;
}

static void
scramble(void)
{
	static const OrchStatus desired[] = {ORCH_STATUS_RUNNING, ORCH_STATUS_PAUSED, ORCH_STATUS_STOPPED, ORCH_STATUS_DELETED};
	bool	   *const flags[] = {&facts.objects_remain, &facts.workload_exists, &facts.workload_created, &facts.workload_terminating,
		&facts.namespace_terminating, &facts.is_job, &facts.spec_applied, &facts.error_final, &facts.suspended, &facts.complete, &facts.failed,
	&facts.replica_failure, &facts.deadline_exceeded};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		*flags[i] = rand() % 3 == 0;
	facts.workload_exists = rand() % 8 != 0;
	facts.desired = rand() % 2 ? ORCH_STATUS_RUNNING : desired[rand() % 4];
	facts.current = (OrchStatus) (rand() % ORCH_STATUS_COUNT);
	facts.replicas = rand() % 4;
	facts.error_reason = facts.error_final ? "Invalid" : rand() % 4 ? NULL : "Unreachable";
	facts.error_message = any("the field is wrong");
	facts.failed_reason = any("BackoffLimitExceeded");
	facts.failed_message = any("too often");
	facts.replica_failure_message = any("exceeded quota");
	facts.deadline_message = any("timed out progressing");
	facts.generation = rand() % 3;
	facts.observed_generation = rand() % 3;
	facts.spec_replicas = rand() % 4 - 1;
	facts.updated_replicas = rand() % 4;
	facts.waiting_seconds = rand() % 1200;
	facts.stopping_seconds = rand() % 200;
	facts.deleting_seconds = rand() % 1200;
	facts.npods = rand() % (PODS + 1);
	for (int i = 0; i < PODS; i++)
		scramble_pod(&pods[i]);
	facts.kind = rand() % 4 ? NULL : orch_kinds[rand() % ORCH_KIND_COUNT].kind;
	facts.own_fact = any_own_fact;
}

static void
no_holes(void **state)
{
	(void) state;
	srand(1);
	for (int i = 0; i < 300000; i++)
	{
		scramble();
		orch_status_derive(&facts, &result);
		/* those beyond are of one kind each */
		assert_in_range(result.row, 1, facts.kind ? 1000 : ROWS);
		if (result.row <= ROWS)
			seen[result.row]++;
		if (has_hole(result.message) || has_hole(result.reason) || strchr(result.reason, ' '))
			fail_msg("round %d: row %d says \"%s\" and \"%s\"", i, result.row, result.reason, result.message);
		/* a state that is not what was asked for has a reason */
		if (result.reason[0] == '\0' && facts.current != ORCH_STATUS_DELETED && result.status != facts.desired)
			fail_msg("round %d: row %d is %s where %s is wanted, without a reason", i, result.row, orch_lifecycle_name(result.status), orch_lifecycle_name(facts.desired));
		/* and what does not have as many pods as it should */
		if (result.reason[0] == '\0' && result.status == ORCH_STATUS_RUNNING && !facts.is_job && result.ready_replicas != facts.replicas)
			fail_msg("round %d: row %d: %d of %d ready, without a reason", i, result.row, result.ready_replicas, facts.replicas);
	}
	for (int row = 1; row <= ROWS; row++)
	{
		if (seen[row] == 0)
			fail_msg("no facts led to row %d", row);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(row_22_stuck_update), TEST(row_22_fewer_than_wanted), TEST(row_23_surplus), TEST(no_holes),
	};

	return cmocka_run_group_tests_name("words of the status table", tests, NULL, NULL);
}
