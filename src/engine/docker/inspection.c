/*
 * inspection.c
 *	  What Docker says of containers, in its lists, when it is asked for one, and
 *	  in events.
 *
 * A list has other names for much of what an inspection says, and less of it.
 */
#include "postgres.h"

#include "engine/docker/inspection.h"
#include "engine/instance.h"
#include "utils/datetime.h"

#define LABELS "orchestration.dev/"
#define LABEL(labels, name) own_string(labels, LABELS name)

/* what a time that was never set begins with */
#define NEVER "0001-"

/* the last second that has four digits of a year */
#define LAST_SECOND INT64CONST(253402300799)

/* A string that is one, and not empty. */
static OrchText
own_text(JsonbContainer *object, const char *key)
{
	JsonbValue	value;

	if (!orch_json_member(object, key, &value) || value.type != jbvString || value.val.string.len == 0)
		return (OrchText) {NULL, 0};
	return (OrchText) {value.val.string.val, value.val.string.len};
}

static const char *
own_string(JsonbContainer *object, const char *key)
{
	return orch_text_copy(own_text(object, key));
}

static const char *
own_time(JsonbContainer *object, const char *key)
{
	OrchText	text = own_text(object, key);
	int64		seconds;

	if (!orch_text_seconds(text, &seconds) || memcmp(text.data, NEVER, strlen(NEVER)) == 0)
		return NULL;
	return orch_text_copy(text);
}

/* Otherwise, where it is none, too small or too large. */
static int64
own_integer(JsonbContainer *object, const char *key, int64 least, int64 most, int64 otherwise)
{
	int64		number;

	if (!orch_json_integer(object, key, &number) || number < least || number > most)
		return otherwise;
	return number;
}

void
orch_docker_labels_read(JsonbContainer *labels, OrchDockerLabels *ours)
{
	ours->installation = LABEL(labels, "installation");
	ours->owner = LABEL(labels, "owner");
	ours->container_id = orch_text_number(own_text(labels, LABELS "container-id"));
	ours->pod = LABEL(labels, "pod");
	ours->pod_uid = LABEL(labels, "pod-uid");
	ours->number = orch_text_number(own_text(labels, LABELS "number"));
	ours->template_hash = LABEL(labels, "template");
	ours->workload = LABEL(labels, "workload");
	ours->workload_uid = LABEL(labels, "workload-uid");
	ours->role = LABEL(labels, "role");
	ours->place = LABEL(labels, "place");
}

static const char *const state_names[] = {
	[ORCH_DOCKER_CREATED] = "created",
	[ORCH_DOCKER_RUNNING] = "running",
	[ORCH_DOCKER_PAUSED] = "paused",
	[ORCH_DOCKER_RESTARTING] = "restarting",
	[ORCH_DOCKER_EXITED] = "exited",
	[ORCH_DOCKER_DEAD] = "dead"
};

const char *
orch_docker_state_name(OrchDockerState state)
{
	return state_names[state];
}

/* The API's documentation has capitals in lists. */
static bool
is_word(OrchText text, const char *word)
{
	return text.data != NULL && text.length == strlen(word) && pg_strncasecmp(text.data, word, text.length) == 0;
}

/*
 * The words of Docker, and those of Podman that its compatible API lets through.
 */
static OrchDockerState
state_of(OrchText word)
{
	static const struct
	{
		const char *word;
		OrchDockerState state;
	}			others[] = {
		{"configured", ORCH_DOCKER_CREATED},
		{"initialized", ORCH_DOCKER_CREATED},
		{"stopping", ORCH_DOCKER_RUNNING},
		{"stopped", ORCH_DOCKER_EXITED},
		{"removing", ORCH_DOCKER_DEAD}
	};

	for (int state = ORCH_DOCKER_CREATED; state < lengthof(state_names); state++)
	{
		if (is_word(word, state_names[state]))
			return (OrchDockerState) state;
	}
	for (int i = 0; i < lengthof(others); i++)
	{
		if (is_word(word, others[i].word))
			return others[i].state;
	}
	return ORCH_DOCKER_UNKNOWN;
}

/* ---- ports ---- */

/*
 * Once for each, though Docker tells of those for IPv4 and for IPv6.
 */
static void
add_port(OrchDockerContainer *container, int64 inner, int64 outer, OrchText protocol)
{
	OrchDockerPort *port;

	if (inner < 1 || inner > PG_UINT16_MAX || outer < 1 || outer > PG_UINT16_MAX || protocol.data == NULL)
		return;
	for (int i = 0; i < container->port_count; i++)
	{
		port = &container->ports[i];
		if (port->container_port == inner && port->host_port == outer && orch_text_is(protocol, port->protocol))
			return;
	}
	container->ports = container->ports != NULL ? repalloc(container->ports, sizeof(OrchDockerPort) * (container->port_count + 1)) : palloc(sizeof(OrchDockerPort));
	port = &container->ports[container->port_count++];
	port->container_port = (int) inner;
	port->host_port = (int) outer;
	port->protocol = orch_text_copy(protocol);
}

/*
 * "8080/tcp": [{"HostIp": "0.0.0.0", "HostPort": "80"}]
 */
static void
add_bindings(OrchDockerContainer *container, OrchText key, JsonbContainer *ports)
{
	char	   *name = orch_text_copy(key);
	char	   *slash = strchr(name, '/');
	JsonbContainer *bindings = orch_json_array(ports, name);

	for (int i = 0; slash != NULL && i < orch_json_count(bindings); i++)
	{
		JsonbContainer *binding = orch_json_element(bindings, i);

		add_port(container, orch_text_number((OrchText) {name, slash - name}),
				 orch_text_number(own_text(binding, "HostPort")), (OrchText) {slash + 1, strlen(slash + 1)});
	}
}

static void
read_inspected_ports(OrchDockerContainer *container, JsonbContainer *ports)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (ports == NULL)
		return;
	iterator = JsonbIteratorInit(ports);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			add_bindings(container, (OrchText) {value.val.string.val, value.val.string.len}, ports);
	}
}

static void
read_listed_ports(OrchDockerContainer *container, JsonbContainer *ports)
{
	for (int i = 0; i < orch_json_count(ports); i++)
	{
		JsonbContainer *port = orch_json_element(ports, i);

		add_port(container, own_integer(port, "PrivatePort", 1, PG_UINT16_MAX, 0), own_integer(port, "PublicPort", 1, PG_UINT16_MAX, 0), own_text(port, "Type"));
	}
}

/* ---- containers ---- */

static const char *
without_slash(OrchText name)
{
	if (name.data != NULL && name.data[0] == '/')
		return name.length > 1 ? pnstrdup(name.data + 1, name.length - 1) : NULL;
	return orch_text_copy(name);
}

/*
 * The first of an array of names: others are those of links to it.
 */
static OrchText
first_name(JsonbContainer *names)
{
	JsonbValue *value = orch_json_count(names) > 0 ? getIthJsonbValueFromContainer(names, 0) : NULL;

	if (value == NULL || value->type != jbvString)
		return (OrchText) {NULL, 0};
	return (OrchText) {value->val.string.val, value->val.string.len};
}

/*
 * Seconds since 1970 as RFC 3339.
 */
static const char *
time_of_seconds(int64 seconds)
{
	int			year,
				month,
				day;
	int			rest = (int) (seconds % SECS_PER_DAY);

	if (seconds == 0)
		return NULL;
	j2date((int) (seconds / SECS_PER_DAY) + UNIX_EPOCH_JDATE, &year, &month, &day);
	return psprintf("%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day, rest / SECS_PER_HOUR, rest / SECS_PER_MINUTE % 60, rest % 60);
}

static void
read_inspection(JsonbContainer *answer, JsonbContainer *state, OrchDockerContainer *container)
{
	JsonbContainer *config = orch_json_object(answer, "Config");

	container->name = without_slash(own_text(answer, "Name"));
	container->image = own_string(config, "Image");
	container->image_id = own_string(answer, "Image");
	container->created_at = own_time(answer, "Created");
	container->state = state_of(own_text(state, "Status"));
	container->exit_code = (int) own_integer(state, "ExitCode", PG_INT32_MIN, PG_INT32_MAX, 0);
	container->oom_killed = orch_json_true(state, "OOMKilled");
	container->error = orch_text_copy(orch_text_last(own_text(state, "Error"), ORCH_DOCKER_MESSAGE_CHARACTERS));
	container->started_at = own_time(state, "StartedAt");
	container->finished_at = own_time(state, "FinishedAt");
	container->restart_count = (int) own_integer(answer, "RestartCount", 0, PG_INT32_MAX, 0);
	orch_docker_labels_read(orch_json_object(config, "Labels"), &container->labels);
	read_inspected_ports(container, orch_json_object(orch_json_object(answer, "NetworkSettings"), "Ports"));
}

static void
read_listed(JsonbContainer *answer, OrchDockerContainer *container)
{
	container->name = without_slash(first_name(orch_json_array(answer, "Names")));
	container->image = own_string(answer, "Image");
	container->image_id = own_string(answer, "ImageID");
	container->created_at = time_of_seconds(own_integer(answer, "Created", 0, LAST_SECOND, 0));
	container->state = state_of(own_text(answer, "State"));
	orch_docker_labels_read(orch_json_object(answer, "Labels"), &container->labels);
	read_listed_ports(container, orch_json_array(answer, "Ports"));
}

bool
orch_docker_container_read(JsonbContainer *answer, OrchDockerContainer *container)
{
	JsonbContainer *state = orch_json_object(answer, "State");
	JsonbContainer *networks = orch_json_object(orch_json_object(answer, "NetworkSettings"), "Networks");

	memset(container, 0, sizeof(*container));
	container->id = own_string(answer, "Id");
	if (state != NULL)
		read_inspection(answer, state, container);
	else
		read_listed(answer, container);
	container->files_bytes = own_integer(answer, "SizeRw", 0, PG_INT64_MAX, -1);
	if (container->labels.place != NULL)
		container->ip = orch_instance_address(own_text(orch_json_object(networks, container->labels.place), "IPAddress"));
	return container->id != NULL;
}

/* ---- events ---- */

static OrchDockerThing
thing_of(OrchText type)
{
	if (orch_text_is(type, "container"))
		return ORCH_DOCKER_CONTAINER;
	if (orch_text_is(type, "volume"))
		return ORCH_DOCKER_VOLUME;
	return orch_text_is(type, "network") ? ORCH_DOCKER_NETWORK : ORCH_DOCKER_OTHER;
}

bool
orch_docker_event_read(JsonbContainer *line, OrchDockerEvent *event)
{
	JsonbContainer *actor = orch_json_object(line, "Actor");
	JsonbContainer *attributes = orch_json_object(actor, "Attributes");
	int64		exit_code;

	memset(event, 0, sizeof(*event));
	event->type = thing_of(own_text(line, "Type"));
	event->action = own_string(line, "Action");
	event->id = own_string(actor, "ID");
	event->name = own_string(attributes, "name");
	event->time = own_integer(line, "timeNano", 0, PG_INT64_MAX, 0);
	if (event->time == 0)
		event->time = own_integer(line, "time", 0, PG_INT64_MAX / INT64CONST(1000000000), 0) * INT64CONST(1000000000);
	event->has_exit_code = orch_json_integer(attributes, "exitCode", &exit_code) && exit_code >= PG_INT32_MIN && exit_code <= PG_INT32_MAX;
	if (event->has_exit_code)
		event->exit_code = (int) exit_code;
	orch_docker_labels_read(attributes, &event->labels);
	return event->action != NULL && event->id != NULL;
}
