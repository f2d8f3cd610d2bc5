/*
 * planning.c
 *	  What the engine is told to run for a pod, by what is known now.
 *
 * A pod whose template cannot be run, or whose secrets are not known to this process yet,
 * has a plan without containers.
 */
#include "postgres.h"

#include "core/compat.h"
#include "engine/docker/pods.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

typedef struct Lookup
{
	OrchDockerEngine *docker;
	const char *place;
} Lookup;

/*
 * The contents of a config map or secret.  What was written by an earlier process is
 * asked for again: by telling that it is not as it was applied.
 */
static OrchDockerFound
contents(void *arg, const char *kind, const char *name, JsonbContainer **manifest)
{
	Lookup	   *lookup = arg;
	OrchDockerRecord *record = orch_docker_record_find(lookup->docker, orch_kind_find(kind), lookup->place, name);

	if (record == NULL)
		return ORCH_DOCKER_CONTENTS_ABSENT;
	if (record->manifest != NULL)
	{
		*manifest = &record->manifest->root;
		return ORCH_DOCKER_CONTENTS_FOUND;
	}
	if (!record->is_asked_for && record->volume != NULL)
	{
		char		uid[ORCH_UID_SIZE];

		/* like none that was ever applied */
		orch_docker_uid(uid);
		orch_digest_write(orch_digest(uid, strlen(uid)), record->fingerprint);
		record->is_asked_for = true;
		orch_docker_record_touch(lookup->docker, record);
		orch_docker_record_tell(lookup->docker, record, ORCH_NEWS_OBJECT, false);
	}
	return ORCH_DOCKER_CONTENTS_UNKNOWN;
}

static OrchDockerRestart
restart_of(const char *policy)
{
	if (policy != NULL && strcmp(policy, "OnFailure") == 0)
		return ORCH_DOCKER_RESTART_ON_FAILURE;
	return policy != NULL && strcmp(policy, "Never") == 0 ? ORCH_DOCKER_RESTART_NEVER : ORCH_DOCKER_RESTART_ALWAYS;
}

static OrchDockerPull
pull_of(const char *policy)
{
	if (policy != NULL && strcmp(policy, "Always") == 0)
		return ORCH_DOCKER_PULL_ALWAYS;
	return policy != NULL && strcmp(policy, "Never") == 0 ? ORCH_DOCKER_PULL_NEVER : ORCH_DOCKER_PULL_IF_NOT_PRESENT;
}

static void
take_plan(OrchDockerRunner *runner)
{
	JsonbContainer *spec = orch_json_object(runner->workload->template, "spec");
	int			inits = orch_json_count(orch_json_array(spec, "initContainers"));
	ListCell   *cell;
	int			i = 0;

	runner->containers = palloc0(sizeof(OrchDockerPodContainer) * (inits + 1));
	foreach(cell, runner->plan.units)
	{
		OrchDockerUnit *unit = lfirst(cell);

		runner->containers[i].pull = pull_of(unit->pull_policy);
		runner->containers[i++].has_files = unit->files != NIL;
	}
	runner->spec.containers = runner->containers;
	/* one that nobody had planned yet was at its last container */
	if (runner->spec.inits == 0 && runner->main != NULL)
		runner->life.step = inits;
	runner->spec.inits = inits;
	runner->spec.restart = restart_of(runner->plan.restart_policy);
}

static List *
aliases_of(OrchDockerEngine *docker, const OrchDockerRunner *runner)
{
	List	   *aliases = list_make1(pstrdup(runner->labels.workload));
	dlist_iter	iter;

	dlist_foreach(iter, &docker->records)
	{
		OrchDockerRecord *record = dlist_container(OrchDockerRecord, node, iter.cur);

		if (record->kind == ORCH_DOCKER_KIND(Service) && record->owner != NULL && strcmp(record->owner, runner->labels.owner) == 0 &&
			strcmp(record->name, runner->labels.workload) != 0)
			aliases = lappend(aliases, pstrdup(record->name));
	}
	return aliases;
}

/*
 * What the Services of type NodePort publish on the host.
 */
static List *
published_of(OrchDockerEngine *docker, const OrchDockerRunner *runner)
{
	List	   *published = NIL;
	dlist_iter	iter;

	dlist_foreach(iter, &docker->records)
	{
		OrchDockerRecord *record = dlist_container(OrchDockerRecord, node, iter.cur);
		JsonbContainer *spec = record->manifest ? orch_json_object(&record->manifest->root, "spec") : NULL;
		JsonbContainer *ports = orch_json_array(spec, "ports");

		if (record->kind != ORCH_DOCKER_KIND(Service) || record->owner == NULL || strcmp(record->owner, runner->labels.owner) != 0 ||
			!orch_text_is(orch_json_string(spec, "type"), "NodePort"))
			continue;
		for (int i = 0; i < orch_json_count(ports); i++)
		{
			JsonbContainer *port = orch_json_element(ports, i);
			OrchDockerPublished *one = palloc0(sizeof(OrchDockerPublished));
			int64		number;

			if (!orch_json_integer(port, "targetPort", &number))
				continue;
			one->container_port = (int) number;
			one->host_port = orch_json_integer(port, "nodePort", &number) ? (int) number : 0;
			one->protocol = orch_json_string(port, "protocol").data ? orch_text_copy(orch_json_string(port, "protocol")) : "TCP";
			published = lappend(published, one);
		}
	}
	return published;
}

/*
 * Bodies and files may hold what is in secrets.
 */
void
orch_docker_plan_forget(OrchDockerRunner *runner)
{
	ListCell   *cell;
	ListCell   *of;

	foreach(cell, runner->plan.units)
	{
		OrchDockerUnit *unit = lfirst(cell);

		explicit_bzero(unit->body, strlen(unit->body));
		foreach(of, unit->files)
		{
			OrchDockerFile *file = lfirst(of);

			if (file->data != NULL)
				explicit_bzero(file->data, file->size);
		}
	}
	if (runner->planned != NULL)
		MemoryContextDelete(runner->planned);
	runner->planned = NULL;
	runner->template = NULL;
	memset(&runner->plan, 0, sizeof(OrchDockerPodPlan));
}

/*
 * Plans the pod anew.  One of a template that nobody wants any more is left as it is.
 */
void
orch_docker_runner_plan(OrchDockerEngine *docker, OrchDockerRunner *runner)
{
	OrchDockerWorkload *workload = runner->workload;
	OrchDockerPodIdentity identity = {0};
	Lookup		lookup = {docker, runner->labels.place};
	OrchDockerLookup look = {contents, &lookup};
	MemoryContext caller;

	if (workload == NULL || workload->template == NULL || strcmp(workload->template_hash, runner->labels.template_hash) != 0)
		return;
	/* what is under way still reads the plan that it is by */
	if (runner->planned != NULL && runner->doing != ORCH_DOCKER_POD_NOTHING)
		return;
	orch_docker_plan_forget(runner);
	runner->planned = AllocSetContextCreate(runner->context, "orchestration pod, as planned", ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(runner->planned);
	identity.name = runner->labels.pod;
	identity.number = (int) runner->labels.number;
	identity.uid = runner->labels.pod_uid;
	identity.place = runner->labels.place;
	identity.workload = runner->labels.workload;
	identity.workload_uid = workload->record->uid;
	identity.template_hash = runner->labels.template_hash;
	identity.node_name = ORCH_DOCKER_NODE;
	identity.open_files = ORCH_DOCKER_OPEN_FILES;
	identity.processes = ORCH_DOCKER_PROCESSES;
	identity.aliases = aliases_of(docker, runner);
	identity.ports = published_of(docker, runner);
	/* that of the workload may be another one by the time this is probed */
	runner->template = orch_jsonb_parse(JsonbToCString(NULL, workload->template, 0));
	orch_docker_plan_pod(workload->template, &identity, &look, &runner->plan);
	take_plan(runner);
	MemoryContextSwitchTo(caller);
}
