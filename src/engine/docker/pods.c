/*
 * pods.c
 *	  Which pods there are, and what is told of them.
 *
 * A pod is known by the labels of its containers; what no workload wants any more is
 * told to go.  Pods of a workload whose record was lost are taken over by the next
 * record of that name, if they are made of the same template.
 */
#include "postgres.h"

#include <time.h>

#include "core/core.h"
#include "engine/docker/pods.h"
#include "engine/docker/probes.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* of one workload, by their numbers */
#define MOST_PODS 1000000000

static const char *
kept(MemoryContext context, const char *text)
{
	return text ? MemoryContextStrdup(context, text) : NULL;
}

/*
 * As RFC 3339 has it; what is written there is a time of the wall clock.
 */
static int64
steady_of(const char *text)
{
	int64		seconds;

	if (text == NULL || !orch_text_seconds((OrchText) {text, (int) strlen(text)}, &seconds))
		return 0;
	return orch_steady_now() - ((int64) time(NULL) - seconds) * INT64CONST(1000000);
}

static char *
now_as_text(void)
{
	char		text[64];
	time_t		now = time(NULL);
	struct tm	parts;

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &parts));
	return pstrdup(text);
}

static OrchDockerWorkload *
workload_of(OrchDockerEngine *docker, const OrchDockerLabels *labels)
{
	dlist_iter	iter;

	dlist_foreach(iter, &docker->records)
	{
		OrchDockerRecord *record = dlist_container(OrchDockerRecord, node, iter.cur);

		if (record->workload != NULL && labels->workload != NULL && labels->place != NULL && labels->owner != NULL && record->owner != NULL &&
			strcmp(record->name, labels->workload) == 0 && strcmp(record->place, labels->place) == 0 && strcmp(record->owner, labels->owner) == 0)
			return record->workload;
	}
	return NULL;
}

OrchDockerRunner *
orch_docker_runner_new(OrchDockerEngine *docker, const OrchDockerLabels *labels)
{
	MemoryContext context = AllocSetContextCreate(docker->context, "orchestration pod", ALLOCSET_SMALL_SIZES);
	OrchDockerRunner *runner = MemoryContextAllocZero(context, sizeof(OrchDockerRunner));

	runner->context = context;
	runner->labels = *labels;
	runner->labels.installation = kept(context, labels->installation);
	runner->labels.owner = kept(context, labels->owner);
	runner->labels.pod = kept(context, labels->pod);
	runner->labels.pod_uid = kept(context, labels->pod_uid);
	runner->labels.template_hash = kept(context, labels->template_hash);
	runner->labels.workload = kept(context, labels->workload);
	runner->labels.workload_uid = kept(context, labels->workload_uid);
	runner->labels.place = kept(context, labels->place);
	runner->labels.role = NULL;
	runner->created_at = orch_steady_now();
	runner->created_text = MemoryContextStrdup(context, now_as_text());
	runner->workload = workload_of(docker, labels);
	orch_docker_pod_begin(&runner->life, runner->created_at);
	runner->scratch_left = -1;
	/* one that cannot be planned has a container all the same */
	runner->containers = MemoryContextAllocZero(context, sizeof(OrchDockerPodContainer));
	runner->spec.containers = runner->containers;
	for (int i = 0; i < ORCH_DOCKER_PROBES; i++)
		runner->questions[i].fd = -1;
	dlist_push_tail(&docker->pods, &runner->node);
	orch_docker_runner_plan(docker, runner);
	return runner;
}

void
orch_docker_runner_free(OrchDockerEngine *docker, OrchDockerRunner *runner)
{
	dlist_delete(&runner->node);
	orch_docker_forget(docker, runner);
	for (int i = 0; i < ORCH_DOCKER_PROBES; i++)
		orch_docker_forget(docker, &runner->questions[i]);
	orch_docker_probes_end(docker, runner);
	orch_docker_plan_forget(runner);
	MemoryContextDelete(runner->context);
}

OrchDockerRunner *
orch_docker_runner_of(OrchDockerEngine *docker, const char *uid)
{
	dlist_iter	iter;

	dlist_foreach(iter, &docker->pods)
	{
		OrchDockerRunner *runner = dlist_container(OrchDockerRunner, node, iter.cur);

		if (strcmp(runner->labels.pod_uid, uid) == 0)
			return runner;
	}
	return NULL;
}

void
orch_docker_pods_begin_list(OrchDockerEngine *docker)
{
	dlist_iter	iter;

	dlist_foreach(iter, &docker->pods)
		dlist_container(OrchDockerRunner, node, iter.cur)->is_listed = false;
}

/*
 * Which container of the pod it is: init containers count from 0, and then comes the
 * one that serves.
 */
static int
step_of(const OrchDockerRunner *runner, const char *role)
{
	return strncmp(role, "init-", 5) == 0 ? atoi(role + 5) - 1 : runner->spec.inits;
}

static void
see(OrchDockerEngine *docker, OrchDockerRunner *runner, const OrchDockerContainer *container)
{
	OrchDockerPodInput input = {.event = ORCH_DOCKER_POD_SEEN, .now = orch_steady_now()};
	OrchDockerContainerSeen *seen = &input.seen;

	seen->step = step_of(runner, container->labels.role);
	seen->exists = true;
	seen->is_running = container->state == ORCH_DOCKER_RUNNING || container->state == ORCH_DOCKER_RESTARTING || container->state == ORCH_DOCKER_PAUSED;
	seen->is_paused = container->state == ORCH_DOCKER_PAUSED;
	seen->has_exited = container->state == ORCH_DOCKER_EXITED || container->state == ORCH_DOCKER_DEAD;
	seen->exit_code = container->exit_code;
	seen->restart_count = container->restart_count;
	seen->started_at = steady_of(container->started_at);
	seen->finished_at = steady_of(container->finished_at);
	orch_docker_runner_let(docker, runner, &input);
}

/*
 * Whoever may use the engine may write any label: what has not all of ours is not of ours.
 */
static bool
is_labelled_by_us(OrchDockerEngine *docker, const OrchDockerLabels *labels)
{
	return labels->installation != NULL && strcmp(labels->installation, docker->installation) == 0 &&
		labels->pod != NULL && labels->place != NULL && labels->workload != NULL && labels->owner != NULL && labels->template_hash != NULL &&
		labels->number > 0 && labels->number <= MOST_PODS;
}

/*
 * What an inspection says: of a pod that we know, or of one from before.
 */
void
orch_docker_pods_see(OrchDockerEngine *docker, JsonbContainer *inspection)
{
	OrchDockerContainer *container = palloc0(sizeof(OrchDockerContainer));
	OrchDockerRunner *runner;
	bool		is_main;

	if (!orch_docker_container_read(inspection, container) || container->labels.pod_uid == NULL || container->labels.role == NULL ||
		strlen(container->labels.pod_uid) >= ORCH_UID_SIZE || !is_labelled_by_us(docker, &container->labels))
		return;
	runner = orch_docker_runner_of(docker, container->labels.pod_uid);
	if (runner == NULL)
		runner = orch_docker_runner_new(docker, &container->labels);
	runner->is_listed = true;
	is_main = strcmp(container->labels.role, "main") == 0;
	orch_docker_runner_keep_sight(runner, is_main, inspection);
	see(docker, runner, container);
}

void
orch_docker_pods_end_list(OrchDockerEngine *docker)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &docker->pods)
	{
		OrchDockerRunner *runner = dlist_container(OrchDockerRunner, node, iter.cur);

		CHECK_FOR_INTERRUPTS();
		/* it may have been made since */
		if (!runner->is_listed && runner->doing == ORCH_DOCKER_POD_NOTHING && runner->life.exists)
			orch_docker_runner_look(docker, runner);
	}
}

/*
 * An event is a reason to look; how something ended is in no inspection any more once
 * it has been started again.
 */
void
orch_docker_pods_event(OrchDockerEngine *docker, const OrchDockerEvent *event)
{
	OrchDockerRunner *runner;

	if (event->type != ORCH_DOCKER_CONTAINER || event->labels.pod_uid == NULL)
		return;
	runner = orch_docker_runner_of(docker, event->labels.pod_uid);
	if (runner == NULL)
		return;
	if (event->has_exit_code && strcmp(event->action, "die") == 0)
	{
		runner->last.known = true;
		runner->last.exit_code = event->exit_code;
		runner->last.finished_at = MemoryContextStrdup(runner->context, now_as_text());
	}
	orch_docker_runner_look(docker, runner);
}

/* ---- telling */

static void
show(const OrchDockerRunner *runner, OrchDockerShown *shown)
{
	const OrchDockerPod *life = &runner->life;

	memset(shown, 0, sizeof(*shown));
	shown->labels = runner->labels;
	if (runner->workload != NULL)
	{
		shown->workload_kind = runner->workload->record->kind->kind;
		/* also of one that was taken over */
		shown->labels.workload_uid = runner->workload->record->uid;
	}
	shown->version = runner->version;
	shown->created_at = runner->created_text;
	shown->main = runner->main;
	shown->init = life->step < runner->spec.inits ? runner->init : NULL;
	shown->init_total = runner->spec.inits;
	shown->init_done = Min(life->step, runner->spec.inits);
	shown->waiting_reason = orch_docker_pod_waiting(&runner->spec, life);
	shown->waiting_message = runner->fault;
	if (runner->plan.reason != NULL)
	{
		shown->waiting_reason = runner->plan.reason;
		shown->waiting_message = runner->plan.message;
	}
	shown->ready = life->is_ready && !life->is_paused;
	shown->started = life->is_started;
	shown->over = life->is_over;
	shown->terminating = runner->must_go;
	shown->restarts = life->restarts - (runner->main ? runner->main->restart_count : 0);
	shown->last = runner->last;
}

/*
 * Tells how the pod is, if that is news.
 */
void
orch_docker_runner_tell(OrchDockerEngine *docker, OrchDockerRunner *runner, bool listed)
{
	OrchNews	news = {.type = ORCH_NEWS_INSTANCE, .kind = orch_kind_find("Pod"), .listed = listed};
	OrchDockerShown shown;

	if (!docker->is_watching)
		return;
	show(runner, &shown);
	if (!orch_docker_instance_seen(&shown, docker->installation, &news.instance))
		return;
	if (!listed && orch_digest_equal(news.instance.digest, runner->told))
		return;
	if (!orch_digest_equal(news.instance.digest, runner->told))
		runner->version = ++docker->version;
	snprintf(news.instance.version, sizeof(news.instance.version), INT64_FORMAT, runner->version);
	runner->told = news.instance.digest;
	orch_docker_tell(docker, &news);
}

void
orch_docker_pods_tell(OrchDockerEngine *docker)
{
	dlist_iter	iter;

	dlist_foreach(iter, &docker->pods)
		orch_docker_runner_tell(docker, dlist_container(OrchDockerRunner, node, iter.cur), true);
}

void
orch_docker_drop_pods(OrchDockerEngine *docker)
{
	while (!dlist_is_empty(&docker->pods))
		orch_docker_runner_free(docker, dlist_head_element(OrchDockerRunner, node, &docker->pods));
}
