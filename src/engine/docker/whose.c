/*
 * whose.c
 *	  Which pod a uid is, and which container of the engine a pod's is.
 *
 * Names can be anybody's: when ours was removed, somebody may have made another one of its
 * name.  So what changes a container names its id, and an id is learnt only from the
 * answer to its creation, or of a container that has the labels of this very pod.
 */
#include "postgres.h"

#include "engine/docker/pods.h"
#include "utils/memutils.h"

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

static bool
is_same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/*
 * Are these labels of a pod that the record, or an earlier one of its name, has asked for?
 */
bool
orch_docker_is_pod_of(const OrchDockerLabels *labels, const OrchDockerRecord *record)
{
	return is_same(labels->workload, record->name) && is_same(labels->place, record->place) && is_same(labels->owner, record->owner);
}

/*
 * Is this a container of the pod?
 */
bool
orch_docker_is_of(OrchDockerEngine *docker, const OrchDockerRunner *runner, JsonbContainer *inspection)
{
	OrchDockerContainer container;

	return orch_docker_container_read(inspection, &container) && is_same(container.labels.pod_uid, runner->labels.pod_uid) &&
		is_same(container.labels.installation, docker->installation);
}

/*
 * Of the container at hand; NULL: not known.
 */
const char *
orch_docker_runner_id(const OrchDockerRunner *runner)
{
	const OrchDockerContainer *seen = runner->life.step < runner->spec.inits || runner->main == NULL ? runner->init : runner->main;

	if (runner->made_id != NULL)
		return runner->made_id;
	return seen != NULL ? seen->id : NULL;
}

/*
 * The container at hand has this id.
 */
void
orch_docker_runner_made(OrchDockerRunner *runner, JsonbContainer *json)
{
	OrchText	id = orch_json_string(json, "Id");

	if (runner->made_id != NULL)
		pfree(runner->made_id);
	runner->made_id = id.data != NULL ? MemoryContextStrdup(runner->context, orch_text_copy(id)) : NULL;
}

void
orch_docker_runner_keep_sight(OrchDockerRunner *runner, bool is_main, JsonbContainer *inspection)
{
	MemoryContext *sight = is_main ? &runner->main_sight : &runner->init_sight;
	OrchDockerContainer **container = is_main ? &runner->main : &runner->init;
	MemoryContext caller;

	if (*sight != NULL)
		MemoryContextDelete(*sight);
	*sight = AllocSetContextCreate(runner->context, "orchestration pod, as seen", ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(*sight);
	*container = palloc0(sizeof(OrchDockerContainer));
	(void) orch_docker_container_read(inspection, *container);
	MemoryContextSwitchTo(caller);
}

/*
 * There is no container at hand.
 */
void
orch_docker_runner_lose_sight(OrchDockerRunner *runner)
{
	if (runner->main_sight != NULL)
		MemoryContextDelete(runner->main_sight);
	if (runner->init_sight != NULL)
		MemoryContextDelete(runner->init_sight);
	if (runner->made_id != NULL)
		pfree(runner->made_id);
	runner->main_sight = runner->init_sight = NULL;
	runner->main = runner->init = NULL;
	runner->made_id = NULL;
}
