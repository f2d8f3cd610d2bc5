/*
 * work.c
 *	  What is due of an engine, and when.
 *
 * Called after all that the network has brought; lists, verbs, pods, probes and
 * workloads have their turn here, and nowhere else with the time.
 */
#include "postgres.h"

#include "core/core.h"
#include "engine/docker/pods.h"
#include "engine/docker/probes.h"
#include "miscadmin.h"
#include "utils/memutils.h"

static void
forget_gone(OrchDockerEngine *docker)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &docker->pods)
	{
		OrchDockerRunner *runner = dlist_container(OrchDockerRunner, node, iter.cur);
		OrchNews	news = {.type = ORCH_NEWS_INSTANCE_DELETED, .kind = ORCH_DOCKER_KIND(Pod)};

		if (orch_docker_pod_state(&runner->spec, &runner->life) != ORCH_DOCKER_POD_GONE || runner->doing != ORCH_DOCKER_POD_NOTHING || runner->is_looking ||
			!orch_docker_scratch_is_gone(docker, runner))
			continue;
		strlcpy(news.instance.uid, runner->labels.pod_uid, sizeof(news.instance.uid));
		orch_docker_tell(docker, &news);
		if (runner->workload != NULL)
			orch_docker_workload_wake(runner->workload);
		orch_docker_runner_free(docker, runner);
	}
}

/*
 * Everything that is due of an engine.
 */
void
orch_docker_work(OrchDockerEngine *docker, int64 now)
{
	MemoryContext caller = MemoryContextSwitchTo(docker->news);
	dlist_iter	iter;

	orch_docker_list_due(docker, now);
	if (docker->is_synced)
	{
		orch_docker_begin_verbs(docker);
		dlist_foreach(iter, &docker->pods)
		{
			OrchDockerRunner *runner = dlist_container(OrchDockerRunner, node, iter.cur);
			OrchDockerPodInput input = {.event = ORCH_DOCKER_POD_TIME, .now = now};

			CHECK_FOR_INTERRUPTS();
			orch_docker_pod_see_to_alone(docker, runner, now);
			if (runner->call_at <= now && runner->doing == ORCH_DOCKER_POD_NOTHING)
				orch_docker_runner_let(docker, runner, &input);
			orch_docker_probes_due(docker, runner, now);
		}
		forget_gone(docker);
		dlist_foreach(iter, &docker->records)
		{
			OrchDockerWorkload *workload = dlist_container(OrchDockerRecord, node, iter.cur)->workload;

			CHECK_FOR_INTERRUPTS();
			if (workload != NULL && (workload->is_due || workload->due_at <= now))
				orch_docker_workload_see_to(docker, workload, now);
		}
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(docker->news);
}

/*
 * When orch_docker_work() has something to do.
 */
int64
orch_docker_due_at(OrchDockerEngine *docker)
{
	int64		due_at = PG_INT64_MAX;
	dlist_iter	iter;

	if (!docker->is_watching)
		return due_at;
	if (docker->listing.step == ORCH_DOCKER_LIST_NONE || docker->listing.step == ORCH_DOCKER_LIST_DONE)
		due_at = docker->listing.due_at;
	if (!docker->is_synced)
		return due_at;
	if (orch_docker_verbs_wait(docker))
		return 0;
	dlist_foreach(iter, &docker->pods)
	{
		OrchDockerRunner *runner = dlist_container(OrchDockerRunner, node, iter.cur);

		if (runner->doing == ORCH_DOCKER_POD_NOTHING)
			due_at = Min(due_at, runner->call_at);
		due_at = Min(due_at, orch_docker_pod_goes_at(runner));
		due_at = Min(due_at, orch_docker_probes_due_at(runner));
	}
	dlist_foreach(iter, &docker->records)
	{
		OrchDockerWorkload *workload = dlist_container(OrchDockerRecord, node, iter.cur)->workload;

		if (workload != NULL)
			due_at = Min(due_at, workload->is_due ? 0 : workload->due_at);
	}
	return due_at;
}
