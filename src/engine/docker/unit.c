/*
 * unit.c
 *	  One container of the engine: the body by which it is created.
 */
#include "postgres.h"

#include "engine/docker/environment.h"
#include "engine/docker/image_name.h"
#include "engine/docker/mounts.h"
#include "engine/docker/resources.h"
#include "engine/docker/security.h"
#include "engine/docker/unit.h"

#define MOST_HOSTNAME 63

static void
put(StringInfo out, const char *key, const char *value)
{
	orch_json_put_text(out, key, orch_docker_text(value));
}

static void
name_unit(OrchDockerPlanning *planning, JsonbContainer *container, int nth, OrchDockerUnit *unit)
{
	const char *pod = planning->identity->name;
	char	   *image = orch_text_copy(orch_text_or(orch_json_string(container, "image"), orch_docker_text("")));
	OrchText	policy = orch_json_string(container, "imagePullPolicy");
	size_t		size = orch_docker_image_name(image, NULL, 0) + 1;

	unit->is_init = nth > 0;
	unit->name = nth > 0 ? psprintf("%s-init-%d", pod, nth) : pstrdup(pod);
	unit->container = orch_text_copy(orch_text_or(orch_json_string(container, "name"), orch_docker_text("")));
	unit->image = palloc(size);
	orch_docker_image_name(image, unit->image, size);
	if (policy.data != NULL)
		unit->pull_policy = orch_text_copy(policy);
	else
		unit->pull_policy = pstrdup(orch_docker_image_is_latest(unit->image) ? "Always" : "IfNotPresent");
}

/*
 * Labels of the template first: of two members of a name an engine takes the last.
 */
static void
put_labels(OrchDockerPlanning *planning, int nth, StringInfo body)
{
	const OrchDockerPodIdentity *identity = planning->identity;
	JsonbContainer *labels = orch_json_object(planning->metadata, "labels");
	OrchText   *keys = orch_json_keys(labels);

	orch_json_put_key(body, "Labels");
	appendStringInfoChar(body, '{');
	for (int i = 0; i < orch_json_count(labels); i++)
		orch_json_put_member(body, keys[i], orch_text_or(orch_json_string(labels, orch_text_copy(keys[i])), orch_docker_text("")));
	put(body, "orchestration.dev/pod", identity->name);
	put(body, "orchestration.dev/pod-uid", identity->uid);
	put(body, "orchestration.dev/number", psprintf("%d", identity->number));
	put(body, "orchestration.dev/template", identity->template_hash);
	put(body, "orchestration.dev/workload", identity->workload);
	put(body, "orchestration.dev/workload-uid", identity->workload_uid);
	put(body, "orchestration.dev/place", identity->place);
	put(body, "orchestration.dev/role", nth > 0 ? psprintf("init-%d", nth) : "main");
	appendStringInfoChar(body, '}');
}

static void
put_expanded(StringInfo body, const char *key, List *environment, JsonbContainer *words)
{
	orch_json_put_key(body, key);
	appendStringInfoChar(body, '[');
	for (int i = 0; i < orch_json_count(words); i++)
		orch_json_put_element(body, orch_docker_text(orch_docker_expanded(environment, orch_text_or(orch_json_string_element(words, i), orch_docker_text("")))));
	appendStringInfoChar(body, ']');
}

/*
 * A command replaces both the image's entrypoint and its arguments, arguments alone
 * only these.
 */
static void
put_command(JsonbContainer *container, List *environment, StringInfo body)
{
	JsonbContainer *command = orch_json_array(container, "command");
	JsonbContainer *arguments = orch_json_array(container, "args");

	if (orch_json_count(command) > 0)
		put_expanded(body, "Entrypoint", environment, command);
	if (orch_json_count(command) > 0 || orch_json_count(arguments) > 0)
		put_expanded(body, "Cmd", environment, arguments);
}

static void
put_environment(List *environment, StringInfo body)
{
	ListCell   *cell;

	orch_json_put_key(body, "Env");
	appendStringInfoChar(body, '[');
	foreach(cell, environment)
	{
		const OrchDockerVariable *variable = lfirst(cell);

		orch_json_put_element(body, orch_docker_text(psprintf("%s=%s", variable->name, variable->value)));
	}
	appendStringInfoChar(body, ']');
}

/*
 * As the kernel takes it, and ending as a name of a host does.
 */
static char *
hostname_of(const char *pod)
{
	char	   *name = pnstrdup(pod, MOST_HOSTNAME);
	size_t		length = strlen(name);

	while (length > 0 && (name[length - 1] == '-' || name[length - 1] == '.'))
		name[--length] = '\0';
	return name;
}

/*
 * Only the container that serves has the names of the pod's Services, or another would
 * be sent requests.
 */
static void
put_network(const OrchDockerPodIdentity *identity, int nth, StringInfo body, StringInfo host)
{
	ListCell   *cell;

	put(host, "NetworkMode", identity->place);
	orch_json_put_key(body, "NetworkingConfig");
	appendStringInfoString(body, "{\"EndpointsConfig\":{");
	orch_json_put_element(body, orch_docker_text(identity->place));
	appendStringInfoString(body, ":{\"Aliases\":[");
	if (nth == 0)
	{
		foreach(cell, identity->aliases)
			orch_json_put_element(body, orch_docker_text(lfirst(cell)));
	}
	appendStringInfoString(body, "]}}}");
}

static char *
port_key(const OrchDockerPublished *port)
{
	char	   *protocol = pstrdup(port->protocol);

	for (char *c = protocol; *c != '\0'; c++)
		*c = pg_ascii_tolower((unsigned char) *c);
	return psprintf("%d/%s", port->container_port, protocol);
}

/*
 * All host ports of one container port are in one list.
 */
static void
put_bindings(List *ports, const char *key, StringInfo host)
{
	ListCell   *cell;

	orch_json_put_key(host, key);
	appendStringInfoChar(host, '[');
	foreach(cell, ports)
	{
		const OrchDockerPublished *port = lfirst(cell);

		if (strcmp(port_key(port), key) != 0)
			continue;
		orch_json_put_begin(host, '{');
		put(host, "HostPort", port->host_port > 0 ? psprintf("%d", port->host_port) : "");
		appendStringInfoChar(host, '}');
	}
	appendStringInfoChar(host, ']');
}

static void
put_ports(List *ports, StringInfo body, StringInfo host)
{
	List	   *keys = NIL;
	ListCell   *cell;

	foreach(cell, ports)
		keys = orch_docker_once(keys, port_key(lfirst(cell)));
	if (keys == NIL)
		return;
	orch_json_put_key(body, "ExposedPorts");
	appendStringInfoChar(body, '{');
	orch_json_put_key(host, "PortBindings");
	appendStringInfoChar(host, '{');
	foreach(cell, keys)
	{
		orch_json_put_key(body, lfirst(cell));
		appendStringInfoString(body, "{}");
		put_bindings(ports, lfirst(cell), host);
	}
	appendStringInfoChar(body, '}');
	appendStringInfoChar(host, '}');
}

/*
 * An init container is repeated by whoever runs them one after the other, as what comes
 * next depends on how it ended.
 */
static void
put_restart(const char *policy, int nth, StringInfo host)
{
	const char *name = "no";

	if (nth == 0 && strcmp(policy, "Always") == 0)
		name = "always";
	else if (nth == 0 && strcmp(policy, "OnFailure") == 0)
		name = "on-failure";
	orch_json_put_key(host, "RestartPolicy");
	appendStringInfo(host, "{\"Name\":\"%s\"}", name);
}

static void
refuse_beyond(OrchDockerPlanning *planning, JsonbContainer *container, OrchDockerUnit *unit)
{
	static const OrchDockerBeyond beyond[] = {
		{"lifecycle", NULL}, {"restartPolicy", NULL}, {"restartPolicyRules", NULL}, {"volumeDevices", NULL},
		{"stdin", "false"}, {"stdinOnce", "false"}, {"tty", "false"}
	};

	orch_docker_refuse_beyond(planning, container, beyond, lengthof(beyond), psprintf("container \"%s\"", unit->container));
}

/*
 * See unit.h.
 */
OrchDockerUnit *
orch_docker_unit(OrchDockerPlanning *planning, JsonbContainer *container, int nth)
{
	OrchDockerUnit *unit = palloc0(sizeof(OrchDockerUnit));
	List	   *environment = orch_docker_environment(planning, container);
	OrchText	folder = orch_json_string(container, "workingDir");
	StringInfoData body;
	StringInfoData host;

	initStringInfo(&body);
	initStringInfo(&host);
	appendStringInfoChar(&body, '{');
	name_unit(planning, container, nth, unit);
	refuse_beyond(planning, container, unit);
	put(&body, "Image", unit->image);
	put(&body, "Hostname", hostname_of(planning->identity->name));
	put_command(container, environment, &body);
	if (folder.length > 0)
		orch_json_put_text(&body, "WorkingDir", folder);
	put_environment(environment, &body);
	put_labels(planning, nth, &body);
	orch_json_put_integer(&body, "StopTimeout", planning->plan->grace_seconds);
	put_restart(planning->plan->restart_policy, nth, &host);
	orch_docker_put_security(planning, container, unit, &body, &host);
	orch_docker_put_resources(planning, container, &host);
	orch_docker_put_mounts(planning, container, unit, &host);
	put_network(planning->identity, nth, &body, &host);
	if (nth == 0)
		put_ports(planning->identity->ports, &body, &host);
	orch_json_put_key(&body, "HostConfig");
	appendStringInfo(&body, "{%s}}", host.data);
	unit->body = body.data;
	return unit;
}
