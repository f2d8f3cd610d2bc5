/*
 * test_status.c
 *	  The decision table, one test a row and more where a row has cases.
 *
 * Each test starts from the facts of a healthy container and changes what the
 * row is about.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "engine/kinds.h"
#include "reconcile/status.h"

#define PENDING ORCH_STATUS_PENDING
#define RUNNING ORCH_STATUS_RUNNING
#define PAUSED ORCH_STATUS_PAUSED
#define STOPPED ORCH_STATUS_STOPPED
#define FAILED ORCH_STATUS_FAILED
#define DELETED ORCH_STATUS_DELETED

#define DEADLINE 600

static OrchContainerFacts facts;
static OrchPodFacts pods[4];
static OrchDerivedStatus result;

/* one replica, applied, its only pod runs and is ready */
static int
setup(void **state)
{
	(void) state;
	memset(&facts, 0, sizeof(facts));
	memset(pods, 0, sizeof(pods));
	facts.desired = RUNNING;
	facts.current = PENDING;
	facts.replicas = 1;
	facts.objects_remain = true;
	facts.workload_exists = true;
	facts.workload_created = true;
	facts.spec_applied = true;
	facts.generation = 3;
	facts.observed_generation = 3;
	facts.spec_replicas = 1;
	facts.updated_replicas = 1;
	facts.deadline_seconds = DEADLINE;
	facts.grace_seconds = 30;
	facts.pods = pods;
	facts.npods = 1;
	for (int i = 0; i < 4; i++)
	{
		pods[i].template_hash = "new";
		pods[i].created = 100 + i;
		pods[i].phase = ORCH_POD_RUNNING;
		pods[i].ready = true;
		pods[i].was_ready = true;
		pods[i].started = true;
		pods[i].ready_seconds = 1000;
	}
	return 0;
}

static void
expect_at(int line, int row, OrchStatus status, const char *reason)
{
	orch_status_derive(&facts, &result);
	if (result.row != row || result.status != status || strcmp(result.reason, reason) != 0)
		fail_msg("line %d: row %d %s \"%s\" (%s), expected row %d %s \"%s\"", line, result.row, orch_lifecycle_name(result.status),
				 result.reason, result.message, row, orch_lifecycle_name(status), reason);
}

#define expect(row, status, reason) expect_at(__LINE__, row, status, reason)

static void
pod_waits(const char *reason)
{
	pods[0].phase = ORCH_POD_PENDING;
	pods[0].ready = pods[0].was_ready = pods[0].started = false;
	pods[0].waiting_reason = reason;
}

static void
pod_is_unready(void)
{
	pods[0].ready = pods[0].was_ready = false;
}

static void
be_job(void)
{
	facts.is_job = true;
	facts.spec_replicas = -1;
	facts.updated_replicas = 0;
}

/* ---- 1, 3: deletion ---- */

static void
row_1_deleted_on_proof(void **state)
{
	(void) state;
	facts.desired = DELETED;
	facts.current = RUNNING;
	facts.workload_exists = facts.objects_remain = false;
	facts.npods = 0;
	expect(1, DELETED, "");
}

static void
row_1_not_while_a_pod_or_an_object_remains(void **state)
{
	(void) state;
	facts.desired = DELETED;
	facts.current = RUNNING;
	facts.workload_exists = facts.objects_remain = false;
	expect(3, RUNNING, "Deleting");
	facts.npods = 0;
	facts.objects_remain = true;
	expect(3, RUNNING, "Deleting");
}

static void
row_1_is_final(void **state)
{
	(void) state;
	facts.current = DELETED;
	expect(1, DELETED, "");
}

static void
row_3_blocked_deletion(void **state)
{
	(void) state;
	facts.desired = DELETED;
	facts.current = FAILED;
	facts.deleting_seconds = DEADLINE;
	expect(3, FAILED, "Deleting");
	facts.deleting_seconds = DEADLINE + 1;
	expect(3, FAILED, "FinalizerBlocked");
	facts.error_reason = "Forbidden";
	facts.error_message = "no";
	expect(3, FAILED, "Deleting");
	assert_string_equal(result.message, "Forbidden: no");
}

/* ---- 2: no workload ---- */

static void
row_2_absent(void **state)
{
	(void) state;
	facts.workload_exists = false;
	facts.current = RUNNING;
	expect(2, PENDING, "Recreating");
	facts.workload_created = false;
	expect(2, PENDING, "Creating");
	facts.namespace_terminating = true;
	expect(2, PENDING, "NamespaceTerminating");
	facts.error_reason = "Unreachable";
	expect(2, PENDING, "Unreachable");
}

static void
row_2_terminating_workload(void **state)
{
	(void) state;
	facts.workload_terminating = true;
	expect(2, PENDING, "Recreating");
}

static void
row_2_finished_job_is_replaced(void **state)
{
	(void) state;
	be_job();
	facts.complete = true;
	facts.spec_applied = false;
	facts.current = STOPPED;
	expect(2, PENDING, "Updating");
}

/* ---- 4, 5: rest ---- */

static void
row_4_stopped_and_paused(void **state)
{
	(void) state;
	facts.current = RUNNING;
	facts.spec_replicas = 0;
	facts.npods = 0;
	facts.desired = STOPPED;
	expect(4, STOPPED, "ScaledToZero");
	facts.desired = PAUSED;
	expect(4, PAUSED, "Suspended");
	facts.current = STOPPED;
	expect(4, PENDING, "Suspending");
}

static void
row_4_frozen_pods_are_at_rest(void **state)
{
	(void) state;
	facts.current = RUNNING;
	facts.spec_replicas = 0;
	facts.desired = PAUSED;
	for (int i = 0; i < facts.npods; i++)
	{
		expect(5, RUNNING, "Stopping");
		pods[i].frozen = true;
		pods[i].ready = false;
	}
	expect(4, PAUSED, "Frozen");
	/* what is stopped has to be gone */
	facts.desired = STOPPED;
	expect(5, RUNNING, "Stopping");
}

static void
row_4_finished_pods_do_not_hold_it_up(void **state)
{
	(void) state;
	facts.desired = STOPPED;
	facts.spec_replicas = 0;
	pods[0].phase = ORCH_POD_FAILED;
	expect(4, STOPPED, "ScaledToZero");
}

static void
row_4_suspended_job(void **state)
{
	(void) state;
	be_job();
	facts.desired = PAUSED;
	facts.npods = 0;
	expect(5, PENDING, "Stopping");
	facts.suspended = true;
	expect(4, PAUSED, "Suspended");
	/* one that gave up is left as it ended: nothing suspends it any more */
	facts.suspended = false;
	facts.failed = true;
	expect(4, PAUSED, "Suspended");
	facts.desired = STOPPED;
	expect(4, STOPPED, "Suspended");
}

static void
row_5_stopping(void **state)
{
	(void) state;
	facts.current = RUNNING;
	facts.desired = STOPPED;
	facts.spec_replicas = 0;
	expect(5, RUNNING, "Stopping");
	pods[0].terminating = true;
	facts.stopping_seconds = 90;
	expect(5, RUNNING, "Stopping");
	facts.stopping_seconds = 91;
	expect(5, RUNNING, "StopOverdue");
	/* the controller has not seen the new number yet */
	facts.npods = 0;
	facts.stopping_seconds = 0;
	facts.observed_generation = 2;
	expect(5, RUNNING, "Stopping");
}

/* ---- 6: refused ---- */

static void
row_6_refused(void **state)
{
	(void) state;
	facts.error_final = true;
	facts.error_reason = "Invalid";
	facts.error_message = "spec.x: no";
	expect(6, FAILED, "Invalid");
	assert_string_equal(result.message, "spec.x: no");
	facts.workload_exists = false;
	expect(6, FAILED, "Invalid");
	facts.workload_exists = true;
	facts.desired = STOPPED;
	expect(6, FAILED, "Invalid");
}

static void
row_6_not_for_what_passes(void **state)
{
	(void) state;
	facts.error_reason = "Unreachable";
	expect(17, RUNNING, "");
}

/* ---- 7: no pod ---- */

static void
row_7_no_pod(void **state)
{
	(void) state;
	facts.npods = 0;
	facts.waiting_seconds = DEADLINE;
	expect(7, PENDING, "Creating");
	facts.waiting_seconds = DEADLINE + 1;
	expect(7, FAILED, "Creating");
	facts.replica_failure = true;
	facts.replica_failure_message = "exceeded quota";
	facts.waiting_seconds = 0;
	expect(7, PENDING, "FailedCreate");
	assert_string_equal(result.message, "exceeded quota");
	facts.waiting_seconds = DEADLINE + 1;
	expect(7, FAILED, "FailedCreate");
}

/* ---- 8 to 11: ended ---- */

static void
row_8_only_terminating(void **state)
{
	(void) state;
	facts.current = RUNNING;
	pods[0].terminating = true;
	expect(8, PENDING, "Terminating");
	pods[0].node_lost = true;
	expect(8, PENDING, "NodeLost");
}

static void
row_9_failed_pod_of_a_deployment(void **state)
{
	(void) state;
	facts.current = RUNNING;
	pods[0].ready = false;
	pods[0].phase = ORCH_POD_FAILED;
	pods[0].reason = "Evicted";
	expect(9, PENDING, "Evicted");
	pods[0].reason = NULL;
	expect(9, PENDING, "PodFailed");
}

static void
row_9_gives_way_to_the_replacement(void **state)
{
	(void) state;
	facts.npods = 2;
	pods[0].ready = false;
	pods[0].phase = ORCH_POD_FAILED;
	expect(17, RUNNING, "");
	assert_int_equal(result.ready_replicas, 1);
}

static void
row_10_failed_job(void **state)
{
	(void) state;
	be_job();
	pods[0].ready = false;
	pods[0].phase = ORCH_POD_FAILED;
	pods[0].ended.reason = "Error";
	pods[0].ended.exit_code = 3;
	pods[0].ended.message = "boom";
	expect(10, PENDING, "ExitCode:3");
	facts.failed = true;
	facts.failed_reason = "BackoffLimitExceeded";
	facts.failed_message = "Job has reached the specified backoff limit";
	expect(10, FAILED, "ExitCode:3");
	assert_string_equal(result.message, "Job has reached the specified backoff limit: boom");
	pods[0].ended.reason = "OOMKilled";
	expect(10, FAILED, "OOMKilled");
	pods[0].ended.reason = "Error";
	pods[0].ended.signal = 9;
	expect(10, FAILED, "Signal:9");
	pods[0].reason = "Evicted";
	expect(10, FAILED, "Evicted");
	facts.npods = 0;
	expect(10, FAILED, "BackoffLimitExceeded");
}

static void
row_11_completed_job(void **state)
{
	(void) state;
	be_job();
	facts.current = RUNNING;
	pods[0].ready = false;
	pods[0].phase = ORCH_POD_SUCCEEDED;
	facts.npods = 1;
	facts.complete = true;
	expect(11, STOPPED, "Completed");
	facts.desired = PAUSED;
	expect(11, STOPPED, "Completed");
}

static void
row_11_job_counts_finished_pods(void **state)
{
	(void) state;
	be_job();
	facts.replicas = 2;
	facts.npods = 2;
	pods[0].ready = false;
	pods[0].phase = ORCH_POD_SUCCEEDED;
	expect(17, RUNNING, "");
	/* the pod of a Job that was replaced does not count */
	pods[0].foreign = true;
	facts.replicas = 1;
	expect(17, RUNNING, "");
	assert_int_equal(result.ready_replicas, 1);
}

/* ---- 12 to 16: waiting ---- */

static void
row_12_unschedulable(void **state)
{
	(void) state;
	pod_waits(NULL);
	pods[0].unscheduled_reason = "Unschedulable";
	pods[0].unscheduled_message = "0/1 nodes are available";
	facts.waiting_seconds = 100 * DEADLINE;
	expect(12, PENDING, "Unschedulable");
	assert_string_equal(result.message, "0/1 nodes are available");
}

static void
row_13_hopeless(void **state)
{
	(void) state;
	pod_waits("InvalidImageName");
	expect(13, FAILED, "InvalidImageName");
	pod_waits("ErrImageNeverPull");
	expect(13, FAILED, "ErrImageNeverPull");
}

static void
row_14_faults(void **state)
{
	static const char *const reasons[] = {"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ImageInspectError", "CreateContainerConfigError",
	"CreateContainerError", "CreatePodSandboxError", "PostStartHookError", "RunContainerError", "StartError"};

	(void) state;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
	{
		pod_waits(reasons[i]);
		facts.waiting_seconds = DEADLINE;
		expect(14, PENDING, reasons[i]);
		facts.waiting_seconds = DEADLINE + 1;
		expect(14, FAILED, reasons[i]);
	}
}

static void
row_15_crash_loop(void **state)
{
	(void) state;
	pod_is_unready();
	pods[0].waiting_reason = "CrashLoopBackOff";
	pods[0].last.reason = "Error";
	pods[0].last.exit_code = 1;
	pods[0].restarts = 2;
	expect(15, PENDING, "CrashLoopBackOff");
	pods[0].restarts = 3;
	expect(15, FAILED, "CrashLoopBackOff");
	assert_string_equal(result.message, "3 restarts, last end ExitCode:1");
	pods[0].last.reason = "OOMKilled";
	pods[0].last.message = "too much";
	expect(15, FAILED, "OOMKilled");
	assert_string_equal(result.message, "3 restarts, last end OOMKilled: too much");
}

static void
row_15_does_not_flap_between_crashes(void **state)
{
	(void) state;
	facts.current = FAILED;
	pods[0].restarts = 5;
	pods[0].ready_seconds = ORCH_STABLE_SECONDS - 1;
	expect(15, FAILED, "CrashLoopBackOff");
	facts.updated_replicas = 0;
	expect(15, FAILED, "CrashLoopBackOff");
	facts.updated_replicas = 1;
	pods[0].ready_seconds = ORCH_STABLE_SECONDS;
	expect(17, RUNNING, "");
	pods[0].ready = false;
	expect(15, FAILED, "CrashLoopBackOff");
}

static void
row_16_starting(void **state)
{
	(void) state;
	pod_waits("ContainerCreating");
	expect(16, PENDING, "ContainerCreating");
	pod_waits(NULL);
	expect(16, PENDING, "Pending");
	pod_waits("PodInitializing");
	pods[0].init_done = 1;
	pods[0].init_total = 2;
	expect(16, PENDING, "Init:1/2");
}

/* ---- 17, 18: ready ---- */

static void
row_17_running(void **state)
{
	(void) state;
	expect(17, RUNNING, "");
	assert_int_equal(result.ready_replicas, 1);
	facts.current = FAILED;
	expect(17, RUNNING, "");
	pods[0].resize = "PodResizeInProgress";
	expect(17, RUNNING, "PodResizeInProgress");
}

static void
row_17_scaled_to_zero(void **state)
{
	(void) state;
	facts.replicas = 0;
	facts.npods = 0;
	facts.spec_replicas = facts.updated_replicas = 0;
	expect(17, RUNNING, "ScaledToZero");
}

static void
row_17_partially_ready(void **state)
{
	(void) state;
	facts.replicas = facts.npods = facts.updated_replicas = 3;
	pods[0].ready = pods[0].was_ready = false;
	/* not yet */
	expect(19, PENDING, "Starting");
	assert_string_equal(result.message, "2 of 3 ready; Starting: the readiness probe has not succeeded");
	assert_int_equal(result.ready_replicas, 2);
	/* it was complete once */
	facts.current = RUNNING;
	expect(17, RUNNING, "PartiallyReady");
	/* what serves is not failed because one pod is */
	facts.current = PENDING;
	pods[0].waiting_reason = "CrashLoopBackOff";
	pods[0].restarts = 9;
	expect(17, RUNNING, "PartiallyReady");
	/* nor does it start for ever */
	pods[0].waiting_reason = NULL;
	pods[0].restarts = 0;
	facts.waiting_seconds = DEADLINE + 1;
	expect(17, RUNNING, "PartiallyReady");
}

static void
row_7_behind_ready_pods(void **state)
{
	(void) state;
	facts.replicas = 2;
	facts.replica_failure = true;
	facts.replica_failure_message = "exceeded quota";
	expect(7, PENDING, "FailedCreate");
	assert_string_equal(result.message, "1 of 2 ready; FailedCreate: exceeded quota");
	/* it served before the rollout that cannot go on */
	facts.current = RUNNING;
	expect(18, RUNNING, "Updating");
	assert_string_equal(result.message, "1 of 2 ready; FailedCreate: exceeded quota");
}

static void
row_18_updating(void **state)
{
	(void) state;
	facts.generation = 4;
	expect(18, RUNNING, "Updating");
	facts.generation = 3;
	facts.spec_applied = false;
	expect(18, RUNNING, "Updating");
	facts.spec_applied = true;
	facts.updated_replicas = 0;
	expect(18, RUNNING, "Updating");
}

static void
row_18_bad_update_leaves_the_old_one_running(void **state)
{
	(void) state;
	facts.current = RUNNING;
	facts.npods = 2;
	pods[0].template_hash = "old";
	pods[1].ready = pods[1].was_ready = false;
	pods[1].waiting_reason = "ImagePullBackOff";
	pods[1].waiting_message = "no such tag";
	pods[1].phase = ORCH_POD_PENDING;
	expect(18, RUNNING, "Updating");
	assert_string_equal(result.message, "1 of 1 ready; ImagePullBackOff: no such tag");
}

/* ---- 19 to 21: not ready ---- */

static void
row_19_never_ready(void **state)
{
	(void) state;
	pod_is_unready();
	expect(19, PENDING, "Starting");
	assert_string_equal(result.message, "the readiness probe has not succeeded");
	pods[0].started = false;
	expect(19, PENDING, "Starting");
	assert_string_equal(result.message, "the startup probe has not succeeded");
	facts.deadline_exceeded = true;
	expect(19, FAILED, "ProgressDeadlineExceeded");
	facts.deadline_exceeded = false;
	facts.waiting_seconds = DEADLINE + 1;
	expect(19, FAILED, "ProgressDeadlineExceeded");
}

static void
row_20_was_ready(void **state)
{
	(void) state;
	facts.current = RUNNING;
	pods[0].ready = false;
	expect(20, RUNNING, "NotReady");
	pods[0].started = false;
	pods[0].ended.reason = "Error";
	expect(20, RUNNING, "Restarting");
	pods[0].ended.reason = "OOMKilled";
	expect(20, RUNNING, "OOMKilled");
}

static void
row_21_node_lost(void **state)
{
	(void) state;
	facts.current = RUNNING;
	pods[0].ready = false;
	pods[0].node_lost = true;
	expect(21, RUNNING, "NodeLost");
	facts.current = PENDING;
	expect(21, PENDING, "NodeLost");
}

/* ---- all of it ---- */

static void
newest_pod_explains(void **state)
{
	(void) state;
	facts.npods = 3;
	for (int i = 0; i < 3; i++)
		pods[i].ready = pods[i].was_ready = false;
	pods[0].waiting_reason = "ErrImagePull";
	pods[2].waiting_reason = "CreateContainerConfigError";
	pods[1].terminating = true;
	pods[1].created = 500;
	pods[1].waiting_reason = "CrashLoopBackOff";
	pods[1].template_hash = "new";
	expect(14, PENDING, "CreateContainerConfigError");
}

static const char *
any(const char *value)
{
	return rand() % 3 == 0 ? value : NULL;
}

static void
scramble_pod(OrchPodFacts *pod)
{
	static const char *const waiting[] = {NULL, NULL, "CrashLoopBackOff", "ErrImagePull", "InvalidImageName", "ContainerCreating"};

	pod->template_hash = any("old");
	pod->created = rand() % 5;
	pod->phase = (OrchPodPhase) (rand() % 5);
	pod->terminating = rand() % 4 == 0;
	pod->foreign = rand() % 8 == 0;
	pod->ready = rand() % 2;
	pod->was_ready = rand() % 2;
	pod->started = rand() % 2;
	pod->node_lost = rand() % 8 == 0;
	pod->ready_seconds = rand() % 20;
	pod->reason = any("Evicted");
	pod->message = any("m");
	pod->unscheduled_reason = any("Unschedulable");
	pod->waiting_reason = waiting[rand() % 6];
	pod->ended.reason = any("Error");
	pod->ended.exit_code = rand() % 3;
	pod->last.reason = any("OOMKilled");
	pod->restarts = rand() % 6;
	pod->init_total = rand() % 3;
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
	static const OrchStatus desired[] = {RUNNING, PAUSED, STOPPED, DELETED};
	bool	   *const flags[] = {&facts.objects_remain, &facts.workload_exists, &facts.workload_created, &facts.workload_terminating,
		&facts.namespace_terminating, &facts.is_job, &facts.spec_applied, &facts.error_final, &facts.suspended, &facts.complete, &facts.failed,
	&facts.replica_failure, &facts.deadline_exceeded};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		*flags[i] = rand() % 2;
	facts.desired = desired[rand() % 4];
	facts.current = (OrchStatus) (rand() % ORCH_STATUS_COUNT);
	facts.replicas = rand() % 4;
	facts.error_reason = facts.error_final ? "Invalid" : any("Unreachable");
	facts.generation = rand() % 3;
	facts.observed_generation = rand() % 3;
	facts.spec_replicas = rand() % 4 - 1;
	facts.updated_replicas = rand() % 4;
	facts.waiting_seconds = rand() % 1200;
	facts.stopping_seconds = rand() % 200;
	facts.deleting_seconds = rand() % 1200;
	facts.npods = rand() % 5;
	for (int i = 0; i < 4; i++)
		scramble_pod(&pods[i]);
	facts.kind = rand() % 4 ? NULL : orch_kinds[rand() % ORCH_KIND_COUNT].kind;
	facts.own_fact = any_own_fact;
}

/* whatever is observed, the answer is a row, a legal step, and safe */
static void
always_legal(void **state)
{
	(void) state;
	srand(1);
	for (int i = 0; i < 300000; i++)
	{
		scramble();
		orch_status_derive(&facts, &result);
		/* those beyond are of one kind each */
		assert_in_range(result.row, 1, facts.kind ? 1000 : 23);
		if (result.status != facts.current && !orch_lifecycle_is_legal(facts.current, result.status))
			fail_msg("round %d: row %d leads from %s to %s", i, result.row, orch_lifecycle_name(facts.current), orch_lifecycle_name(result.status));
		if (result.status == DELETED && facts.current != DELETED)
			assert_true(facts.desired == DELETED && !facts.objects_remain && facts.npods == 0);
		if (result.status == PAUSED && facts.current != PAUSED)
			assert_true(facts.desired == PAUSED);
		if (result.status == STOPPED && facts.current != STOPPED)
			assert_true(facts.desired == STOPPED || facts.complete);
		if (result.status == RUNNING && facts.current != RUNNING)
			assert_true(result.ready_replicas > 0 || facts.replicas == 0 || facts.is_job || result.row == 20 || result.row > 23);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(row_1_deleted_on_proof), TEST(row_1_not_while_a_pod_or_an_object_remains), TEST(row_1_is_final),
		TEST(row_2_absent), TEST(row_2_terminating_workload), TEST(row_2_finished_job_is_replaced),
		TEST(row_3_blocked_deletion), TEST(row_4_stopped_and_paused), TEST(row_4_frozen_pods_are_at_rest), TEST(row_4_finished_pods_do_not_hold_it_up),
		TEST(row_4_suspended_job), TEST(row_5_stopping), TEST(row_6_refused), TEST(row_6_not_for_what_passes),
		TEST(row_7_no_pod), TEST(row_8_only_terminating), TEST(row_9_failed_pod_of_a_deployment),
		TEST(row_9_gives_way_to_the_replacement), TEST(row_10_failed_job), TEST(row_11_completed_job),
		TEST(row_11_job_counts_finished_pods), TEST(row_12_unschedulable), TEST(row_13_hopeless), TEST(row_14_faults),
		TEST(row_15_crash_loop), TEST(row_15_does_not_flap_between_crashes), TEST(row_16_starting), TEST(row_17_running),
		TEST(row_17_scaled_to_zero), TEST(row_17_partially_ready), TEST(row_7_behind_ready_pods), TEST(row_18_updating),
		TEST(row_18_bad_update_leaves_the_old_one_running), TEST(row_19_never_ready), TEST(row_20_was_ready),
		TEST(row_21_node_lost), TEST(newest_pod_explains), TEST(always_legal),
	};

	return cmocka_run_group_tests_name("status table", tests, NULL, NULL);
}
