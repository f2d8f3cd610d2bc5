/*
 * pods.c
 *	  Which pods there are.
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
#include "utils/memutils.h"

/* of one workload, by their numbers */
#define MOST_PODS 1000000000

/* of a template that nobody wants any more, nothing is known */
static const OrchDockerPodContainer unplanned = {ORCH_DOCKER_PULL_IF_NOT_PRESENT, false};

static const char *
kept(MemoryContext context, const char *text)
{
	return text ? MemoryContextStrdup(context, text) : NULL;
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

		if (record->workload != NULL && orch_docker_is_pod_of(labels, record))
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
	for (int i = 0; i < ORCH_DOCKER_PROBES; i++)
		runner->questions[i].fd = -1;
	dlist_push_tail(&docker->pods, &runner->node);
	runner->spec.containers = &unplanned;
	orch_docker_runner_plan(docker, runner);
	runner->life.must_freeze = runner->workload != NULL && orch_docker_workload_is_paused(runner->workload);
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

void
orch_docker_pods_begin_list(OrchDockerEngine *docker)
{
	dlist_iter	iter;

	dlist_foreach(iter, &docker->pods)
		dlist_container(OrchDockerRunner, node, iter.cur)->is_listed = false;
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

	if (!orch_docker_container_read(inspection, container) || container->labels.pod_uid == NULL || container->labels.role == NULL ||
		strlen(container->labels.pod_uid) >= ORCH_UID_SIZE || !is_labelled_by_us(docker, &container->labels))
		return;
	runner = orch_docker_runner_of(docker, container->labels.pod_uid);
	if (runner == NULL)
		runner = orch_docker_runner_new(docker, &container->labels);
	runner->is_listed = true;
	orch_docker_runner_see(docker, runner, inspection);
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
