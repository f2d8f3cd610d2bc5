/*
 * telling.c
 *	  What is told of a pod.
 */
#include "postgres.h"

#include "engine/docker/pods.h"

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
	shown->terminating = life->must_go;
	shown->restarts = life->restarts - (runner->main ? runner->main->restart_count : 0);
	shown->last = runner->last;
}

/*
 * Tells how the pod is, if that is news.
 */
void
orch_docker_runner_tell(OrchDockerEngine *docker, OrchDockerRunner *runner, bool listed)
{
	OrchNews	news = {.type = ORCH_NEWS_INSTANCE, .kind = ORCH_DOCKER_KIND(Pod), .listed = listed};
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
