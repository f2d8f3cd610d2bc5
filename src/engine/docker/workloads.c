/*
 * workloads.c
 *	  Deployments and Jobs: how many pods of which template, and what their status is.
 *
 * Decided by rollout.c and run.c from what pods.c knows; here it is done, and told.
 */
#include "postgres.h"

#include "core/compat.h"
#include "core/core.h"
#include "engine/docker/pods.h"
#include "engine/docker/run.h"

/* for so long the reconciler may need to make a lost record again */
#define ALONE_US (INT64CONST(60) * 1000000)

static JsonbContainer *
spec_of(const OrchDockerRecord *record)
{
	return record->manifest ? orch_json_object(&record->manifest->root, "spec") : NULL;
}

static void
hash_of(JsonbContainer *template, char *hash)
{
	char	   *text = template ? JsonbToCString(NULL, template, 0) : pstrdup("");

	orch_digest_write(orch_digest(text, strlen(text)), hash);
	pfree(text);
}

/* ---- facts */

static void
keep_facts(OrchDockerEngine *docker, OrchDockerRecord *record, const char *facts)
{
	Jsonb	   *stored = orch_jsonb_parse(facts);
	char	   *as_stored = JsonbToCString(NULL, &stored->root, VARSIZE(stored));

	if (strcmp(record->facts, as_stored) == 0)
		return;
	pfree(record->facts);
	record->facts = MemoryContextStrdup(record->context, as_stored);
	orch_docker_record_touch(docker, record);
	if (docker->is_synced && record->volume != NULL)
		orch_docker_record_tell(docker, record, ORCH_NEWS_OBJECT, false);
}

static void
put_facts_of_claim(StringInfo out, OrchDockerRecord *record)
{
	JsonbContainer *requests = orch_json_object(orch_json_object(spec_of(record), "resources"), "requests");

	appendStringInfoString(out, "{\"phase\":\"Bound\"");
	orch_json_put(out, "capacity", requests, "storage");
	appendStringInfoChar(out, '}');
}

/*
 * What has no status of its own is as it was asked for.
 */
static void
set_plain_facts(OrchDockerEngine *docker, OrchDockerRecord *record)
{
	StringInfoData out;

	initStringInfo(&out);
	if (record->kind == ORCH_DOCKER_KIND(Namespace))
		appendStringInfoString(&out, "{\"phase\":\"Active\"}");
	else if (record->kind == ORCH_DOCKER_KIND(PersistentVolumeClaim))
		put_facts_of_claim(&out, record);
	else if (record->kind == ORCH_DOCKER_KIND(Service))
	{
		appendStringInfoChar(&out, '{');
		orch_json_put(&out, "ports", spec_of(record), "ports");
		appendStringInfoChar(&out, '}');
	}
	else
		appendStringInfoString(&out, "{}");
	keep_facts(docker, record, out.data);
}

/* ---- pods of a workload */

static List *
pods_of(OrchDockerEngine *docker, const OrchDockerWorkload *workload)
{
	List	   *pods = NIL;
	dlist_iter	iter;

	dlist_foreach(iter, &docker->pods)
	{
		OrchDockerRunner *runner = dlist_container(OrchDockerRunner, node, iter.cur);

		if (runner->workload == workload)
			pods = lappend(pods, runner);
	}
	return pods;
}

static void
make_pod(OrchDockerEngine *docker, OrchDockerWorkload *workload, int number)
{
	OrchDockerRecord *record = workload->record;
	JsonbContainer *labels = orch_json_object(orch_json_object(workload->template, "metadata"), "labels");
	OrchDockerLabels of = {0};
	char		uid[ORCH_UID_SIZE];
	OrchDockerRunner *runner;
	OrchDockerPodInput input = {.event = ORCH_DOCKER_POD_TIME, .now = orch_steady_now()};

	orch_docker_uid(uid);
	orch_docker_labels_read(labels, &of);
	of.pod = psprintf("%s-%s-%d", record->place, record->name, number);
	of.pod_uid = uid;
	of.number = number;
	of.template_hash = workload->template_hash;
	of.workload = record->name;
	of.workload_uid = record->uid;
	of.place = record->place;
	of.owner = record->owner != NULL ? record->owner : "";
	of.installation = docker->installation;
	runner = orch_docker_runner_new(docker, &of);
	orch_docker_runner_let(docker, runner, &input);
}

static void
let_go(OrchDockerEngine *docker, OrchDockerRunner *runner)
{
	OrchDockerPodInput input = {.event = ORCH_DOCKER_POD_ASKED_TO_GO, .now = orch_steady_now()};

	if (!runner->life.must_go)
		orch_docker_runner_let(docker, runner, &input);
}

static void
freeze(OrchDockerEngine *docker, OrchDockerRunner *runner, bool must_freeze)
{
	OrchDockerPodInput input = {.event = must_freeze ? ORCH_DOCKER_POD_ASKED_TO_FREEZE : ORCH_DOCKER_POD_ASKED_TO_THAW, .now = orch_steady_now()};

	if (runner->life.must_freeze != must_freeze)
		orch_docker_runner_let(docker, runner, &input);
}

/*
 * A record that was lost comes back, and takes its pods over; what no record wants by
 * then goes.
 */
int64
orch_docker_pod_goes_at(const OrchDockerRunner *runner)
{
	return runner->workload == NULL && !runner->life.must_go && runner->alone_since != 0 ? runner->alone_since + ALONE_US : PG_INT64_MAX;
}

void
orch_docker_pod_see_to_alone(OrchDockerEngine *docker, OrchDockerRunner *runner, int64 now)
{
	if (runner->workload != NULL)
		runner->alone_since = 0;
	else if (runner->alone_since == 0)
		runner->alone_since = now;
	if (now >= orch_docker_pod_goes_at(runner))
		let_go(docker, runner);
}

/* ---- Deployments */

static int64
integer_of(JsonbContainer *object, const char *key, int64 otherwise)
{
	int64		number;

	return orch_json_integer(object, key, &number) ? number : otherwise;
}

static char *
text_of(JsonbContainer *object, const char *key)
{
	OrchText	text = orch_json_string(object, key);

	return text.data ? orch_text_copy(text) : NULL;
}

static void
tell_deployment(OrchDockerEngine *docker, OrchDockerWorkload *workload, int replicas, const OrchDockerRollout *rollout)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, "{\"specReplicas\":%d,\"observedGeneration\":" INT64_FORMAT ",\"updatedReplicas\":%d,\"deadlineExceeded\":%s}",
					 replicas, workload->record->generation, rollout->updated, workload->progress.is_overdue ? "true" : "false");
	keep_facts(docker, workload->record, out.data);
}

static void
see_to_deployment(OrchDockerEngine *docker, OrchDockerWorkload *workload, int64 now)
{
	OrchDockerRecord *record = workload->record;
	JsonbContainer *spec = spec_of(record);
	JsonbContainer *strategy = orch_json_object(spec, "strategy");
	JsonbContainer *rolling = orch_json_object(strategy, "rollingUpdate");
	List	   *pods = pods_of(docker, workload);
	int			count = list_length(pods);
	OrchDockerReplica *replicas = palloc0(sizeof(OrchDockerReplica) * (count + 1));
	OrchDockerDeployment wanted = {0};
	OrchDockerRollout rollout;
	int			number = 0;
	bool		must_freeze = !record->terminating && orch_docker_workload_is_paused(workload);

	wanted.replicas = record->terminating ? 0 : (int) integer_of(spec, "replicas", 1);
	wanted.recreates = orch_text_is(orch_json_string(strategy, "type"), "Recreate");
	wanted.max_surge = text_of(rolling, "maxSurge");
	wanted.max_unavailable = text_of(rolling, "maxUnavailable");
	for (int i = 0; i < count; i++)
	{
		OrchDockerRunner *runner = list_nth(pods, i);

		replicas[i].number = (int) runner->labels.number;
		replicas[i].is_current = strcmp(runner->labels.template_hash, workload->template_hash) == 0;
		replicas[i].health = runner->life.must_go ? ORCH_DOCKER_LEAVING : orch_docker_pod_health(&runner->life);
		replicas[i].created_at = runner->created_at;
		freeze(docker, runner, must_freeze);
	}
	/* what is frozen stays as it is, however many there are */
	if (must_freeze)
		wanted.replicas = count;
	orch_docker_rollout(&wanted, replicas, count, &rollout);
	for (int i = 0; i < count && !must_freeze; i++)
		if (replicas[i].goes || record->terminating)
			let_go(docker, list_nth(pods, i));
	for (int i = 0; i < rollout.to_make && !must_freeze; i++)
	{
		number = orch_docker_next_number(replicas, count, number);
		make_pod(docker, workload, number);
	}
	orch_docker_progress(&workload->progress, orch_digest(workload->template_hash, 32).low, &rollout, wanted.replicas, replicas, count, now);
	workload->due_at = orch_docker_progress_due_at(&workload->progress);
	tell_deployment(docker, workload, (int) integer_of(spec, "replicas", 1), &rollout);
}

/* ---- Jobs */

static void
tell_job(OrchDockerEngine *docker, OrchDockerWorkload *workload, bool is_suspended)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, "{\"suspended\":%s", is_suspended ? "true" : "false");
	if (workload->is_complete)
		appendStringInfoString(&out, ",\"complete\":true");
	if (workload->failed_reason != NULL)
	{
		appendStringInfoString(&out, ",\"failed\":true");
		orch_json_put_text(&out, "failedReason", (OrchText) {workload->failed_reason, (int) strlen(workload->failed_reason)});
		orch_json_put_text(&out, "failedMessage", (OrchText) {workload->failed_message, (int) strlen(workload->failed_message)});
	}
	appendStringInfoChar(&out, '}');
	workload->record->ended = workload->is_complete || workload->failed_reason != NULL;
	keep_facts(docker, workload->record, out.data);
}

static void
count_pod(const OrchDockerRunner *runner, OrchDockerJobPods *counts)
{
	if (runner->life.must_go)
		return;
	if (!runner->life.is_over)
	{
		counts->active++;
		counts->restarts += runner->life.restarts;
	}
	else if (runner->life.exit_code == 0 && !runner->life.is_overdue)
		counts->succeeded++;
	else
	{
		counts->failed++;
		counts->failed_at = Max(counts->failed_at, runner->life.finished_at);
	}
}

static void
see_to_job(OrchDockerEngine *docker, OrchDockerWorkload *workload, int64 now)
{
	JsonbContainer *spec = spec_of(workload->record);
	List	   *pods = pods_of(docker, workload);
	OrchDockerJob job = {0};
	OrchDockerJobPods counts = {0};
	OrchDockerJobStep step;
	int			highest = 0;
	ListCell   *cell;

	job.completions = (int) integer_of(spec, "completions", 1);
	job.backoff_limit = (int) integer_of(spec, "backoffLimit", 6);
	job.deadline = integer_of(spec, "activeDeadlineSeconds", 0) * INT64CONST(1000000);
	job.is_suspended = orch_json_true(spec, "suspend");
	job.restarts = orch_text_is(orch_json_string(orch_json_object(workload->template, "spec"), "restartPolicy"), "OnFailure");
	foreach(cell, pods)
	{
		OrchDockerRunner *runner = lfirst(cell);

		count_pod(runner, &counts);
		highest = Max(highest, (int) runner->labels.number);
	}
	counts.failed_in_row = counts.failed;
	counts.is_over = workload->is_complete || workload->failed_reason != NULL;
	if (job.is_suspended)
		workload->started_at = 0;
	else if (workload->started_at == 0)
		workload->started_at = now;
	counts.started_at = workload->started_at;
	step = orch_docker_run(&job, &counts, now);
	workload->due_at = step.what == ORCH_DOCKER_JOB_WAIT ? step.until : PG_INT64_MAX;
	if (step.what == ORCH_DOCKER_JOB_CREATE && !workload->record->terminating)
		for (int i = 0; i < step.to_make; i++)
			make_pod(docker, workload, highest + 1 + i);
	else if (step.what == ORCH_DOCKER_JOB_COMPLETE)
		workload->is_complete = workload->is_due = true;
	else if (step.what == ORCH_DOCKER_JOB_FAILED)
	{
		workload->failed_reason = MemoryContextStrdup(workload->record->context, step.reason);
		workload->failed_message = MemoryContextStrdup(workload->record->context, step.message);
		workload->is_due = true;
	}
	foreach(cell, pods)
	{
		OrchDockerRunner *runner = lfirst(cell);

		if (workload->record->terminating || (step.what == ORCH_DOCKER_JOB_REMOVE_ACTIVE && !runner->life.is_over))
			let_go(docker, runner);
	}
	tell_job(docker, workload, job.is_suspended);
}

/* ---- all of them */

bool
orch_docker_workload_differs(const OrchDockerRecord *record, const char *manifest)
{
	Jsonb	   *other = orch_jsonb_parse(manifest);
	char		hash[ORCH_DIGEST_TEXT_SIZE];

	if (other == NULL || record->workload == NULL)
		return false;
	hash_of(orch_json_object(orch_json_object(&other->root, "spec"), "template"), hash);
	return strcmp(hash, record->workload->template_hash) != 0;
}

/*
 * The pods that were of an earlier record of this name, or whose contents have come.
 */
static void
adopt(OrchDockerEngine *docker, OrchDockerWorkload *workload)
{
	dlist_iter	iter;

	dlist_foreach(iter, &docker->pods)
	{
		OrchDockerRunner *runner = dlist_container(OrchDockerRunner, node, iter.cur);

		if (runner->workload == NULL && orch_docker_is_pod_of(&runner->labels, workload->record))
			runner->workload = workload;
	}
}

/*
 * Those that wait for a config map, a secret or a Service look again.
 */
static void
wake_place(OrchDockerEngine *docker, const char *place)
{
	dlist_iter	iter;

	dlist_foreach(iter, &docker->pods)
	{
		OrchDockerRunner *runner = dlist_container(OrchDockerRunner, node, iter.cur);

		if (strcmp(runner->labels.place, place) == 0 && runner->plan.units == NIL)
			runner->call_at = 0;
	}
}

void
orch_docker_workload_changed(OrchDockerEngine *docker, OrchDockerRecord *record)
{
	bool		is_job = record->kind == ORCH_DOCKER_KIND(Job);

	record->is_asked_for = false;
	if (!is_job && record->kind != ORCH_DOCKER_KIND(Deployment))
	{
		set_plain_facts(docker, record);
		wake_place(docker, record->place);
		return;
	}
	if (record->workload == NULL)
	{
		record->workload = MemoryContextAllocZero(record->context, sizeof(OrchDockerWorkload));
		record->workload->record = record;
		record->workload->is_job = is_job;
		record->workload->due_at = PG_INT64_MAX;
	}
	record->workload->template = orch_json_object(spec_of(record), "template");
	hash_of(record->workload->template, record->workload->template_hash);
	record->workload->is_due = true;
	adopt(docker, record->workload);
}

/*
 * What a pod is to be is known before it is seen: one that is frozen stays so.
 */
void
orch_docker_workloads_know(OrchDockerEngine *docker)
{
	dlist_iter	iter;

	dlist_foreach(iter, &docker->records)
		orch_docker_workload_changed(docker, dlist_container(OrchDockerRecord, node, iter.cur));
}

void
orch_docker_workloads_begin(OrchDockerEngine *docker)
{
	dlist_iter	iter;

	/* also what secrets they need, which are asked for before they are wanted */
	dlist_foreach(iter, &docker->pods)
	{
		OrchDockerRunner *runner = dlist_container(OrchDockerRunner, node, iter.cur);

		if (runner->workload != NULL)
			orch_docker_runner_plan(docker, runner);
	}
}

static void
record_gone(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	OrchDockerRecord *record = arg;

	record->is_busy = false;
	if (reply->what != ORCH_DOCKER_SAID_OK && reply->what != ORCH_DOCKER_SAID_ABSENT)
		return;
	orch_docker_record_tell(docker, record, ORCH_NEWS_OBJECT_DELETED, false);
	orch_docker_record_free(record);
}

/*
 * It is to go, and nothing of it is left.
 */
static void
finish_deletion(OrchDockerEngine *docker, OrchDockerRecord *record)
{
	OrchDockerAsk ask = {.method = "DELETE", .taker = record_gone, .arg = record};

	ask.path = psprintf("/volumes/%s", record->volume);
	record->is_busy = orch_docker_ask(docker, &ask);
}

/*
 * It is due.
 */
void
orch_docker_workload_see_to(OrchDockerEngine *docker, OrchDockerWorkload *workload, int64 now)
{
	workload->is_due = false;
	if (workload->is_job)
		see_to_job(docker, workload, now);
	else
		see_to_deployment(docker, workload, now);
	if (workload->record->terminating && !workload->record->is_busy && pods_of(docker, workload) == NIL)
		finish_deletion(docker, workload->record);
}
