/*
 * reading_sql.c
 *	  What the worker reads of Docker's answers, for the owner and for tests.
 */
#include "postgres.h"

#include "core/compat.h"
#include "engine/docker/instance.h"
#include "engine/docker/stats.h"
#include "engine/instance.h"
#include "utils/builtins.h"

static Datum
as_jsonb(char *json)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
}

static void
put(StringInfo out, const char *key, const char *value)
{
	orch_json_put_text(out, key, (OrchText) {value, value != NULL ? strlen(value) : 0});
}

static void
put_labels(StringInfo out, const OrchDockerLabels *labels)
{
	orch_json_put_key(out, "labels");
	appendStringInfoChar(out, '{');
	put(out, "installation", labels->installation);
	put(out, "owner", labels->owner);
	if (labels->container_id != 0)
		orch_json_put_integer(out, "container", labels->container_id);
	put(out, "pod", labels->pod);
	put(out, "podUid", labels->pod_uid);
	if (labels->number != 0)
		orch_json_put_integer(out, "number", labels->number);
	put(out, "template", labels->template_hash);
	put(out, "workload", labels->workload);
	put(out, "workloadUid", labels->workload_uid);
	put(out, "role", labels->role);
	put(out, "place", labels->place);
	appendStringInfoChar(out, '}');
}

static void
put_ports(StringInfo out, const OrchDockerContainer *container)
{
	orch_json_put_key(out, "ports");
	appendStringInfoChar(out, '[');
	for (int i = 0; i < container->port_count; i++)
	{
		appendStringInfoString(out, i > 0 ? ",{" : "{");
		orch_json_put_integer(out, "host", container->ports[i].host_port);
		orch_json_put_integer(out, "container", container->ports[i].container_port);
		put(out, "protocol", container->ports[i].protocol);
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, ']');
}

ORCH_FUNCTION(orch_docker_container_told);

/*
 * docker_container(answer)
 */
Datum
orch_docker_container_told(PG_FUNCTION_ARGS)
{
	OrchDockerContainer container;
	StringInfoData out;

	if (!orch_docker_container_read(&PG_GETARG_JSONB_P(0)->root, &container))
		PG_RETURN_NULL();
	initStringInfo(&out);
	appendStringInfoChar(&out, '{');
	put(&out, "id", container.id);
	put(&out, "name", container.name);
	put(&out, "image", container.image);
	put(&out, "imageId", container.image_id);
	put_labels(&out, &container.labels);
	put(&out, "state", orch_docker_state_name(container.state));
	put(&out, "createdAt", container.created_at);
	put(&out, "ip", container.ip);
	put_ports(&out, &container);
	orch_json_put_integer(&out, "files", container.files_bytes);
	orch_json_put_integer(&out, "exitCode", container.exit_code);
	orch_json_put_boolean(&out, "oomKilled", container.oom_killed);
	put(&out, "error", container.error);
	put(&out, "startedAt", container.started_at);
	put(&out, "finishedAt", container.finished_at);
	orch_json_put_integer(&out, "restarts", container.restart_count);
	appendStringInfoChar(&out, '}');
	PG_RETURN_DATUM(as_jsonb(out.data));
}

ORCH_FUNCTION(orch_docker_event_told);

/*
 * docker_event(line)
 */
Datum
orch_docker_event_told(PG_FUNCTION_ARGS)
{
	static const char *const types[] = {"other", "container", "volume", "network"};
	OrchDockerEvent event;
	StringInfoData out;

	if (!orch_docker_event_read(&PG_GETARG_JSONB_P(0)->root, &event))
		PG_RETURN_NULL();
	initStringInfo(&out);
	appendStringInfoChar(&out, '{');
	put(&out, "type", types[event.type]);
	put(&out, "action", event.action);
	put(&out, "id", event.id);
	put(&out, "name", event.name);
	if (event.has_exit_code)
		orch_json_put_integer(&out, "exitCode", event.exit_code);
	orch_json_put_integer(&out, "time", event.time);
	put_labels(&out, &event.labels);
	appendStringInfoChar(&out, '}');
	PG_RETURN_DATUM(as_jsonb(out.data));
}

/* ---- pods ---- */

static const OrchDockerContainer *
container_of(JsonbContainer *pod, const char *key)
{
	OrchDockerContainer *container = palloc(sizeof(OrchDockerContainer));

	return orch_docker_container_read(orch_json_object(pod, key), container) ? container : NULL;
}

static int64
number_of(JsonbContainer *pod, const char *key)
{
	int64		number;

	return orch_json_integer(pod, key, &number) ? number : 0;
}

static char *
string_of(JsonbContainer *pod, const char *key)
{
	return orch_text_copy(orch_json_string(pod, key));
}

static void
read_end(JsonbContainer *object, OrchDockerEnd *end)
{
	end->known = object != NULL;
	end->oom_killed = orch_json_true(object, "oomKilled");
	end->exit_code = (int) number_of(object, "exitCode");
	end->finished_at = string_of(object, "finishedAt");
}

static void
read_pod(JsonbContainer *object, OrchDockerShown *pod)
{
	pod->main = container_of(object, "main");
	pod->init = container_of(object, "init");
	orch_docker_labels_read(orch_json_object(object, "labels"), &pod->labels);
	if (pod->labels.pod_uid == NULL && pod->main != NULL)
		pod->labels = pod->main->labels;
	pod->workload_kind = string_of(object, "kind");
	pod->version = number_of(object, "version");
	pod->created_at = string_of(object, "createdAt");
	pod->node_name = string_of(object, "node");
	pod->init_done = (int) number_of(object, "initDone");
	pod->init_total = (int) number_of(object, "initTotal");
	pod->waiting_reason = string_of(object, "waitingReason");
	pod->waiting_message = string_of(object, "waitingMessage");
	pod->ready = orch_json_true(object, "ready");
	pod->started = orch_json_true(object, "started");
	pod->over = orch_json_true(object, "over");
	pod->terminating = orch_json_true(object, "terminating");
	pod->restarts = number_of(object, "restarts");
	read_end(orch_json_object(object, "last"), &pod->last);
}

ORCH_FUNCTION(orch_docker_instance_told);

/*
 * docker_instance(pod, installation)
 */
Datum
orch_docker_instance_told(PG_FUNCTION_ARGS)
{
	OrchDockerShown pod = {0};
	OrchSeenInstance instance;
	StringInfoData out;

	read_pod(&PG_GETARG_JSONB_P(0)->root, &pod);
	if (!orch_docker_instance_seen(&pod, text_to_cstring(PG_GETARG_TEXT_PP(1)), &instance))
		PG_RETURN_NULL();
	initStringInfo(&out);
	appendStringInfoChar(&out, '{');
	orch_instance_put(&out, &instance);
	appendStringInfoChar(&out, '}');
	PG_RETURN_DATUM(as_jsonb(out.data));
}

/* ---- usage ---- */

ORCH_FUNCTION(orch_docker_summary_told);

/*
 * docker_summary(node, answers)
 */
Datum
orch_docker_summary_told(PG_FUNCTION_ARGS)
{
	char	   *node = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Jsonb	   *answers = PG_GETARG_JSONB_P(1);
	StringInfoData out;

	initStringInfo(&out);
	orch_docker_summary_begin(&out, node);
	for (int i = 0; JB_ROOT_IS_ARRAY(answers) && i < orch_json_count(&answers->root); i++)
	{
		JsonbContainer *answer = orch_json_element(&answers->root, i);
		OrchDockerContainer container;

		if (orch_docker_container_read(orch_json_object(answer, "container"), &container))
			orch_docker_summary_put(&out, &container, orch_json_object(answer, "stats"));
	}
	orch_docker_summary_end(&out);
	PG_RETURN_DATUM(as_jsonb(out.data));
}
