/*
 * instance.c
 *	  A pod as the engine keeps it, in terms of seen.h.
 *
 * A pod of Docker's belongs to its workload itself, where Kubernetes has a
 * ReplicaSet between them: it is known by the workload's uid alone
 * (is_pod_of() in reconcile/refresh.sql), whatever it is called.
 */
#include "postgres.h"

#include "engine/docker/instance.h"
#include "engine/instance.h"

/* the highest signal of Linux; a shell's exit code for one is 128 more */
#define LAST_SIGNAL 64

/* How a container ended; reason NULL: it did not. */
typedef struct End
{
	const char *reason;
	bool		has_code;
	int			exit_code;
	OrchText	message;
	const char *finished_at;
} End;

/* What is told of a pod beside what it is made of. */
typedef struct Story
{
	const char *phase;
	bool		runs;
	const char *waiting_reason;
	OrchText	waiting_message;
	End			ended;
	End			last;
	const char *created_at;
	int64		created;		/* seconds since 1970 */
	const char *reason;			/* of the pod itself */
	const char *message;
} Story;

static OrchText
text_of(const char *string)
{
	return (OrchText) {string, string != NULL ? strlen(string) : 0};
}

/* ---- ends ---- */

static const char *
reason_of_end(bool oom_killed, int exit_code)
{
	if (oom_killed)
		return "OOMKilled";
	return exit_code == 0 ? "Completed" : "Error";
}

static bool
has_ended(OrchDockerState state)
{
	return state == ORCH_DOCKER_EXITED || state == ORCH_DOCKER_RESTARTING || state == ORCH_DOCKER_DEAD;
}

/*
 * One that could not be started has an exit code and never ended.
 */
static End
end_of(const OrchDockerContainer *container)
{
	End			end = {0};

	if (container == NULL || (!has_ended(container->state) && (container->state != ORCH_DOCKER_CREATED || container->exit_code == 0)))
		return end;
	if (container->finished_at == NULL && container->exit_code != 0)
		end.reason = "ContainerCannotRun";
	else
		end.reason = reason_of_end(container->oom_killed, container->exit_code);
	end.has_code = true;
	end.exit_code = container->exit_code;
	end.message = text_of(container->error);
	end.finished_at = container->finished_at;
	return end;
}

/*
 * Of the run before this one.  Docker forgets how that ended when it starts again,
 * and still says when.
 */
static End
former_end(const OrchDockerShown *pod)
{
	End			end = {0};

	if (pod->last.known)
	{
		end.reason = reason_of_end(pod->last.oom_killed, pod->last.exit_code);
		end.has_code = true;
		end.exit_code = pod->last.exit_code;
		end.finished_at = pod->last.finished_at;
	}
	else if (pod->main != NULL && !has_ended(pod->main->state) && pod->main->finished_at != NULL)
	{
		end.reason = "Unknown";
		end.finished_at = pod->main->finished_at;
	}
	return end;
}

static void
put_end(StringInfo out, const char *key, const End *end)
{
	if (end->reason == NULL)
		return;
	orch_json_put_key(out, key);
	appendStringInfoChar(out, '{');
	orch_json_put_text(out, "reason", text_of(end->reason));
	if (end->has_code)
		orch_json_put_integer(out, "exitCode", end->exit_code);
	if (end->has_code && end->exit_code > 128 && end->exit_code <= 128 + LAST_SIGNAL)
		orch_json_put_integer(out, "signal", end->exit_code - 128);
	orch_json_put_text(out, "message", orch_text_last(end->message, ORCH_DOCKER_MESSAGE_CHARACTERS));
	orch_json_put_text(out, "finishedAt", text_of(end->finished_at));
	appendStringInfoChar(out, '}');
}

/* ---- what it is doing ---- */

static bool
waits_for_init(const OrchDockerShown *pod)
{
	return pod->init != NULL || pod->init_done < pod->init_total;
}

static bool
is_in(const OrchDockerContainer *container, OrchDockerState state)
{
	return container != NULL && container->state == state;
}

/*
 * As a kubelet tells it: what has run once and is started again counts as running.
 */
static const char *
phase_of(const OrchDockerShown *pod, const End *end)
{
	if (pod->over && end->reason != NULL)
		return pod->init == NULL && end->exit_code == 0 ? "Succeeded" : "Failed";
	if (waits_for_init(pod) || pod->main == NULL)
		return "Pending";
	if (is_in(pod->main, ORCH_DOCKER_RUNNING) || is_in(pod->main, ORCH_DOCKER_PAUSED) || end->reason != NULL)
		return "Running";
	return "Pending";
}

/*
 * Why nothing runs; NULL while something does, or has just ended.
 */
static const char *
waiting_reason_of(const OrchDockerShown *pod, const End *end)
{
	const OrchDockerContainer *current = pod->init != NULL ? pod->init : pod->main;

	if (pod->over)
		return NULL;
	if (is_in(current, ORCH_DOCKER_RUNNING) || is_in(current, ORCH_DOCKER_PAUSED))
		return pod->init != NULL ? "PodInitializing" : NULL;
	if (pod->waiting_reason != NULL)
		return pod->waiting_reason;
	if (is_in(current, ORCH_DOCKER_RESTARTING))
		return "CrashLoopBackOff";
	if (end->reason != NULL)
		return NULL;
	return waits_for_init(pod) ? "PodInitializing" : "ContainerCreating";
}

static const char *
created_at_of(const OrchDockerShown *pod)
{
	if (pod->created_at != NULL)
		return pod->created_at;
	if (pod->init != NULL && pod->init->created_at != NULL)
		return pod->init->created_at;
	return pod->main != NULL ? pod->main->created_at : NULL;
}

static void
read_story(const OrchDockerShown *pod, Story *story)
{
	End			end = end_of(pod->init != NULL ? pod->init : pod->main);

	memset(story, 0, sizeof(*story));
	story->phase = phase_of(pod, &end);
	story->runs = !waits_for_init(pod) && !pod->over && is_in(pod->main, ORCH_DOCKER_RUNNING);
	story->created_at = orch_text_seconds(text_of(created_at_of(pod)), &story->created) ? created_at_of(pod) : NULL;
	story->waiting_reason = waiting_reason_of(pod, &end);
	if (story->waiting_reason != NULL && story->waiting_reason == pod->waiting_reason)
		story->waiting_message = orch_text_first(text_of(pod->waiting_message), ORCH_DOCKER_MESSAGE_CHARACTERS);
	/* while it waits to be started again, its end is the last one */
	if (story->waiting_reason == NULL || end.reason == NULL)
	{
		story->ended = end;
		story->last = former_end(pod);
	}
	else
		story->last = end;
	if (is_in(pod->main, ORCH_DOCKER_PAUSED))
	{
		story->reason = "Paused";
		story->message = "its processes are frozen";
	}
}

/* ---- writing ---- */

/*
 * JSON without blanks.
 */
static char *
facts_of(const OrchDockerShown *pod, const Story *story)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoChar(&out, '{');
	if (story->created_at != NULL)
		orch_json_put_integer(&out, "created", story->created);
	if (pod->workload_kind != NULL)
	{
		orch_json_put_text(&out, "ownerKind", text_of(pod->workload_kind));
		orch_json_put_text(&out, "ownerName", text_of(pod->labels.workload));
		orch_json_put_text(&out, "ownerUid", text_of(pod->labels.workload_uid));
	}
	orch_json_put_text(&out, "reason", text_of(story->reason));
	orch_json_put_text(&out, "message", text_of(story->message));
	orch_json_put_boolean(&out, "started", pod->started && story->runs);
	if (is_in(pod->main, ORCH_DOCKER_PAUSED))
		orch_json_put_boolean(&out, "frozen", true);
	orch_json_put_integer(&out, "initDone", pod->init_done);
	orch_json_put_integer(&out, "initTotal", pod->init_total);
	orch_json_put_text(&out, "waitingReason", text_of(story->waiting_reason));
	orch_json_put_text(&out, "waitingMessage", story->waiting_message);
	put_end(&out, "terminated", &story->ended);
	put_end(&out, "lastTerminated", &story->last);
	appendStringInfoChar(&out, '}');
	return out.data;
}

static void
put_reason(const Story *story, OrchSeenInstance *instance)
{
	OrchText	ended = orch_text_last(story->ended.message, ORCH_DOCKER_MESSAGE_CHARACTERS);

	instance->reason = story->waiting_reason != NULL ? story->waiting_reason :
		story->ended.reason != NULL ? story->ended.reason : story->reason;
	instance->message = orch_text_copy(orch_text_or(orch_text_or(story->waiting_message, ended), text_of(story->message)));
}

bool
orch_docker_instance_seen(const OrchDockerShown *pod, const char *installation, OrchSeenInstance *instance)
{
	const OrchDockerLabels *labels = &pod->labels;
	const OrchDockerContainer *current = pod->init != NULL ? pod->init : pod->main;
	Story		story;

	read_story(pod, &story);
	memset(instance, 0, sizeof(*instance));
	if (labels->pod_uid != NULL && strlen(labels->pod_uid) < sizeof(instance->uid))
		strlcpy(instance->uid, labels->pod_uid, sizeof(instance->uid));
	snprintf(instance->version, sizeof(instance->version), INT64_FORMAT, Max(pod->version, 0));
	instance->container_id = installation != NULL && labels->installation != NULL && strcmp(labels->installation, installation) == 0 ? labels->container_id : 0;
	instance->terminating = pod->terminating;
	instance->ready = pod->ready && story.runs;
	instance->restart_count = (int32) Min(Max(pod->restarts, 0) + (pod->main != NULL ? pod->main->restart_count : 0), PG_INT32_MAX);
	instance->place = labels->place != NULL ? labels->place : "";
	instance->name = labels->pod != NULL ? labels->pod : "";
	instance->template_hash = labels->template_hash;
	instance->node_name = pod->node_name;
	instance->ip = current != NULL ? current->ip : NULL;
	instance->phase = story.phase;
	put_reason(&story, instance);
	instance->started_at = story.created_at;
	instance->facts = facts_of(pod, &story);
	instance->digest = orch_instance_digest(instance);
	return instance->uid[0] != '\0' && instance->name[0] != '\0';
}
