/*
 * usage.c
 *	  Rounds of measuring: what the containers use, told as a kubelet's summary.
 */
#include "postgres.h"

#include "core/core.h"
#include "engine/docker/pods.h"
#include "engine/docker/stats.h"
#include "utils/memutils.h"

static void
end_round(OrchDockerEngine *docker)
{
	OrchDockerRound *round = &docker->round;
	OrchNews	usage = {.type = ORCH_NEWS_USAGE, .node = ORCH_DOCKER_NODE};
	OrchNews	end = {.type = ORCH_NEWS_USAGE_END};

	orch_docker_summary_end(&round->summary);
	usage.json = round->summary.data;
	usage.json_length = round->summary.len;
	orch_docker_tell(docker, &usage);
	orch_docker_drop_round(docker);
	orch_docker_tell(docker, &end);
}

/*
 * Of the pod with this uid, which may have gone meanwhile.
 */
static void
take_stats(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	OrchDockerRunner *runner = orch_docker_runner_of(docker, arg);

	docker->round.waiting--;
	if (runner != NULL && runner->main != NULL && reply->what == ORCH_DOCKER_SAID_OK)
		(void) orch_docker_summary_put(&docker->round.summary, runner->main, reply->json);
	if (docker->round.waiting == 0)
		end_round(docker);
}

void
orch_docker_measure(OrchEngine *engine, List *nodes, int64 until)
{
	OrchDockerEngine *docker = (OrchDockerEngine *) engine;
	OrchDockerRound *round = &docker->round;
	MemoryContext caller;
	dlist_iter	iter;

	orch_docker_drop_round(docker);
	round->context = AllocSetContextCreate(docker->context, "orchestration usage", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(round->context);
	initStringInfo(&round->summary);
	orch_docker_summary_begin(&round->summary, ORCH_DOCKER_NODE);
	dlist_foreach(iter, &docker->pods)
	{
		OrchDockerRunner *runner = dlist_container(OrchDockerRunner, node, iter.cur);
		OrchDockerAsk ask = {.method = "GET", .taker = take_stats};

		if (!runner->life.is_running)
			continue;
		ask.path = psprintf("/containers/%s/stats?stream=false&one-shot=true", orch_docker_escaped(runner->labels.pod));
		/* the pod forgets its requests when it goes, and this one is the round's */
		ask.arg = pstrdup(runner->labels.pod_uid);
		ask.timeout_ms = (int) Max(Min((until - orch_steady_now()) / 1000, orch_request_timeout_ms), 1);
		round->waiting += orch_docker_ask(docker, &ask);
	}
	MemoryContextSwitchTo(caller);
	if (round->waiting == 0)
		end_round(docker);
}

void
orch_docker_drop_round(OrchDockerEngine *docker)
{
	orch_docker_forget_taker(docker, take_stats);
	if (docker->round.context != NULL)
		MemoryContextDelete(docker->round.context);
	memset(&docker->round, 0, sizeof(OrchDockerRound));
}
