/*
 * pod_facts.c
 *	  What status is derived from, taken out of a pod.
 *
 * The names of the facts are those of container_instances.observed.
 */
#include "postgres.h"

#include "engine/kubernetes/conditions.h"
#include "engine/kubernetes/facts.h"
#include "engine/kubernetes/pod_facts.h"

/* Ranks: lower ones explain more. */
enum
{
	TELLS_CAUSE,
	TELLS_LITTLE,
	TELLS_NOTHING,
	TELLS_NONE
};

static OrchText
message_of(JsonbContainer *object)
{
	return orch_text_first(orch_json_string(object, "message"), ORCH_KUBE_MESSAGE_CHARACTERS);
}

/*
 * One that only waits for its turn explains nothing.
 */
static int
waiting_rank(JsonbContainer *waiting)
{
	OrchText	reason = orch_json_string(waiting, "reason");

	if (waiting == NULL)
		return TELLS_NONE;
	if (reason.data == NULL)
		return TELLS_NOTHING;
	return orch_text_is(reason, "PodInitializing") || orch_text_is(reason, "ContainerCreating") ? TELLS_LITTLE : TELLS_CAUSE;
}

static int
ended_rank(JsonbContainer *ended)
{
	OrchText	code = orch_json_string(ended, "exitCode");

	if (ended == NULL)
		return TELLS_NONE;
	if (code.data == NULL)
		return TELLS_NOTHING;
	return orch_text_is(code, "0") ? TELLS_LITTLE : TELLS_CAUSE;
}

/*
 * Takes one entry of containerStatuses or initContainerStatuses into account.
 */
static void
read_status(OrchPodParts *parts, JsonbContainer *status)
{
	JsonbContainer *state = orch_json_object(status, "state");
	JsonbContainer *waiting = orch_json_object(state, "waiting");
	JsonbContainer *ended = orch_json_object(state, "terminated");
	JsonbContainer *last = orch_json_object(orch_json_object(status, "lastState"), "terminated");
	int64		restarts = 0;

	if (orch_json_integer(status, "restartCount", &restarts))
		restarts = Max(Min(restarts, PG_INT32_MAX), 0);
	parts->restarts += restarts;
	if (waiting_rank(waiting) < parts->waiting_rank)
	{
		parts->waiting_rank = waiting_rank(waiting);
		parts->waiting = waiting;
	}
	if (ended_rank(ended) < parts->ended_rank)
	{
		parts->ended_rank = ended_rank(ended);
		parts->ended = ended;
	}
	if (last != NULL && (parts->last == NULL || restarts > parts->last_restarts))
	{
		parts->last = last;
		parts->last_restarts = restarts;
	}
}

static void
read_statuses(OrchPodParts *parts, JsonbContainer *status)
{
	JsonbContainer *inits = orch_json_array(status, "initContainerStatuses");
	JsonbContainer *containers = orch_json_array(status, "containerStatuses");
	bool		waits_for_start = false;
	bool		has_started = false;
	JsonbValue	started;

	parts->waiting_rank = parts->ended_rank = TELLS_NONE;
	parts->init_total = orch_json_count(inits);
	for (int i = 0; i < parts->init_total; i++)
	{
		JsonbContainer *init = orch_json_element(inits, i);
		JsonbContainer *end = orch_json_object(orch_json_object(init, "state"), "terminated");

		read_status(parts, init);
		/* a sidecar is never over */
		if (orch_text_is(orch_json_string(end, "exitCode"), "0") || orch_json_true(init, "ready"))
			parts->init_done++;
	}
	for (int i = 0; i < orch_json_count(containers); i++)
	{
		JsonbContainer *container = orch_json_element(containers, i);

		read_status(parts, container);
		if (orch_json_member(container, "started", &started))
		{
			has_started = true;
			waits_for_start |= !orch_json_true(container, "started");
		}
	}
	parts->started = has_started && !waits_for_start;
}

static void
read_conditions(OrchPodParts *parts, JsonbContainer *status)
{
	OrchConditions conditions = orch_conditions_read(status);
	OrchCondition ready = orch_condition(&conditions, "Ready");
	OrchCondition scheduled = orch_condition(&conditions, "PodScheduled");

	parts->ready = orch_text_is(ready.status, "True");
	parts->ready_status = ready.status;
	parts->message = orch_text_or(orch_json_string(status, "message"), orch_json_string(ready.object, "message"));
	parts->message = orch_text_first(parts->message, ORCH_KUBE_MESSAGE_CHARACTERS);
	if (orch_text_is(scheduled.status, "False"))
	{
		parts->unscheduled_reason = orch_text_or(orch_json_string(scheduled.object, "reason"), (OrchText) {"Unschedulable", strlen("Unschedulable")});
		parts->unscheduled_message = message_of(scheduled.object);
	}
	for (int i = 0; i < conditions.count; i++)
	{
		OrchCondition *condition = &conditions.list[i];

		if (orch_text_is(condition->status, "True") && parts->resize.data == NULL &&
			(orch_text_is(condition->type, "PodResizePending") || orch_text_is(condition->type, "PodResizeInProgress")))
			parts->resize = condition->type;
	}
}

void
orch_pod_parts_read(JsonbContainer *pod, OrchPodParts *parts)
{
	JsonbContainer *status = orch_json_object(pod, "status");

	memset(parts, 0, sizeof(*parts));
	parts->metadata = orch_json_object(pod, "metadata");
	parts->owner = orch_json_element(orch_json_array(parts->metadata, "ownerReferences"), 0);
	parts->reason = orch_json_string(status, "reason");
	read_conditions(parts, status);
	read_statuses(parts, status);
	parts->waiting_reason = orch_json_string(parts->waiting, "reason");
	parts->waiting_message = message_of(parts->waiting);
	parts->ended_reason = orch_json_string(parts->ended, "reason");
	parts->ended_message = orch_text_last(orch_json_string(parts->ended, "message"), ORCH_KUBE_MESSAGE_CHARACTERS);
}

/*
 * How a container of a pod ended; the end of its message, where a log has the
 * cause.
 */
static void
put_termination(StringInfo out, const char *key, JsonbContainer *ended)
{
	if (ended == NULL)
		return;
	orch_json_put_key(out, key);
	appendStringInfoChar(out, '{');
	orch_json_put(out, "reason", ended, "reason");
	orch_json_put(out, "exitCode", ended, "exitCode");
	orch_json_put(out, "signal", ended, "signal");
	orch_json_put_text(out, "message", orch_text_last(orch_json_string(ended, "message"), ORCH_KUBE_MESSAGE_CHARACTERS));
	orch_json_put(out, "finishedAt", ended, "finishedAt");
	appendStringInfoChar(out, '}');
}

static void
put_node_lost(StringInfo out, const OrchPodParts *parts)
{
	bool		lost = orch_text_is(parts->ready_status, "Unknown") || orch_text_is(parts->reason, "NodeLost");

	if (lost || (parts->ready_status.data != NULL && parts->reason.data != NULL))
		orch_json_put_boolean(out, "nodeLost", lost);
}

/*
 * JSON without blanks.
 */
char *
orch_pod_parts_facts(const OrchPodParts *parts)
{
	StringInfoData out;
	int64		created;

	initStringInfo(&out);
	appendStringInfoChar(&out, '{');
	if (orch_text_seconds(orch_json_string(parts->metadata, "creationTimestamp"), &created))
		orch_json_put_integer(&out, "created", created);
	orch_json_put(&out, "ownerKind", parts->owner, "kind");
	orch_json_put(&out, "ownerName", parts->owner, "name");
	orch_json_put(&out, "ownerUid", parts->owner, "uid");
	orch_json_put_text(&out, "reason", parts->reason);
	orch_json_put_text(&out, "message", parts->message);
	put_node_lost(&out, parts);
	orch_json_put_text(&out, "unscheduledReason", parts->unscheduled_reason);
	orch_json_put_text(&out, "unscheduledMessage", parts->unscheduled_message);
	orch_json_put_text(&out, "resize", parts->resize);
	orch_json_put_boolean(&out, "started", parts->started);
	orch_json_put_integer(&out, "initDone", parts->init_done);
	orch_json_put_integer(&out, "initTotal", parts->init_total);
	orch_json_put_text(&out, "waitingReason", parts->waiting_reason);
	orch_json_put_text(&out, "waitingMessage", parts->waiting_message);
	put_termination(&out, "terminated", parts->ended);
	put_termination(&out, "lastTerminated", parts->last);
	appendStringInfoChar(&out, '}');
	return out.data;
}

char *
orch_kube_pod_facts(JsonbContainer *pod)
{
	OrchPodParts parts;

	orch_pod_parts_read(pod, &parts);
	return orch_pod_parts_facts(&parts);
}
