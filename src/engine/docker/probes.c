/*
 * probes.c
 *	  Probes are asked by us: not every engine runs health checks, and none asks by HTTP.
 *
 * A command runs in the container, by the engine; HTTP and TCP are asked of the
 * container's address, which is reached from the engine's machine alone.
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/core.h"
#include "engine/docker/probes.h"
#include "utils/json.h"
#include "utils/memutils.h"

static const char *const names[ORCH_DOCKER_PROBES] = {"startupProbe", "livenessProbe", "readinessProbe"};

/* milliseconds of it fit into an int */
#define MOST_SECONDS INT64CONST(2000000)

/* how often a connection is looked at that is being made */
#define CONNECT_LOOK_US INT64CONST(20000)

/*
 * That of the template which the pod was made of; NULL: it is not known.
 */
static JsonbContainer *
container_of(const OrchDockerRunner *runner)
{
	JsonbContainer *spec = runner->template ? orch_json_object(&runner->template->root, "spec") : NULL;

	return orch_json_element(orch_json_array(spec, "containers"), 0);
}

static JsonbContainer *
probe_of(const OrchDockerRunner *runner, OrchDockerProbe probe)
{
	return orch_json_object(container_of(runner), names[probe]);
}

static int64
seconds_of(JsonbContainer *probe, const char *key, int64 otherwise)
{
	int64		number;

	return Min(orch_json_integer(probe, key, &number) ? number : otherwise, MOST_SECONDS) * INT64CONST(1000000);
}

static int
count_of(JsonbContainer *probe, const char *key, int otherwise)
{
	int64		number;

	return orch_json_integer(probe, key, &number) ? (int) number : otherwise;
}

static void
read_spec(JsonbContainer *probe, OrchDockerProbeSpec *spec)
{
	spec->exists = probe != NULL;
	spec->initial_delay = seconds_of(probe, "initialDelaySeconds", 0);
	spec->period = seconds_of(probe, "periodSeconds", 10);
	spec->timeout = seconds_of(probe, "timeoutSeconds", 1);
	spec->success_threshold = count_of(probe, "successThreshold", 1);
	spec->failure_threshold = count_of(probe, "failureThreshold", 3);
}

static void
let_know(OrchDockerEngine *docker, OrchDockerRunner *runner)
{
	OrchDockerPodInput input = {.event = ORCH_DOCKER_POD_PROBED, .now = orch_steady_now()};

	input.is_started = runner->probing.is_started;
	input.is_ready = runner->probing.is_ready;
	input.must_restart = runner->probing.must_restart;
	orch_docker_runner_let(docker, runner, &input);
}

/*
 * What came of one question; the answer to one of an earlier run is none.
 */
static void
answered(OrchDockerEngine *docker, OrchDockerQuestion *question, OrchDockerVerdict verdict)
{
	OrchDockerRunner *runner = question->runner;

	if (question->fd >= 0)
		close(question->fd);
	question->fd = -1;
	question->is_asked = false;
	if (question->run != runner->probed_run)
		return;
	orch_docker_probe_answered(runner->probe_specs, &runner->probing, question->probe, verdict, orch_steady_now());
	let_know(docker, runner);
}

/* ---- commands */

static void
take_exit_code(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	int64		code;

	if (reply->what != ORCH_DOCKER_SAID_OK || !orch_json_integer(reply->json, "ExitCode", &code))
		answered(docker, arg, ORCH_DOCKER_PROBE_UNKNOWN);
	else
		answered(docker, arg, code == 0 ? ORCH_DOCKER_PROBE_SUCCEEDED : ORCH_DOCKER_PROBE_FAILED);
}

static void
ask(OrchDockerEngine *docker, OrchDockerQuestion *question, const char *method, const char *path, const char *body, OrchDockerTaker taker)
{
	OrchDockerAsk what = {.method = method, .path = path, .body = body, .taker = taker, .arg = question};

	what.timeout_ms = (int) (question->runner->probe_specs[question->probe].timeout / 1000);
	if (!orch_docker_ask(docker, &what))
		answered(docker, question, ORCH_DOCKER_PROBE_UNKNOWN);
}

static void
take_end(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	OrchDockerQuestion *question = arg;
	bool		took_too_long = reply->elapsed_ms >= question->runner->probe_specs[question->probe].timeout / 1000;

	/* an engine that is away says nothing of what it runs */
	if (reply->what == ORCH_DOCKER_SAID_UNREACHABLE)
		answered(docker, question, took_too_long ? ORCH_DOCKER_PROBE_FAILED : ORCH_DOCKER_PROBE_UNKNOWN);
	else
		ask(docker, question, "GET", psprintf("/exec/%s/json", question->exec_id), NULL, take_exit_code);
}

static void
take_exec(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	OrchDockerQuestion *question = arg;
	OrchText	id = orch_json_string(reply->json, "Id");

	if (reply->what != ORCH_DOCKER_SAID_OK || id.data == NULL || id.length >= (int) sizeof(question->exec_id))
	{
		answered(docker, question, ORCH_DOCKER_PROBE_UNKNOWN);
		return;
	}
	strlcpy(question->exec_id, orch_text_copy(id), sizeof(question->exec_id));
	ask(docker, question, "POST", psprintf("/exec/%s/start", question->exec_id), "{\"Detach\":false,\"Tty\":false}", take_end);
}

static void
ask_command(OrchDockerEngine *docker, OrchDockerQuestion *question, JsonbContainer *exec)
{
	const char *id = orch_docker_runner_id(question->runner);
	StringInfoData body;

	initStringInfo(&body);
	appendStringInfoString(&body, "{\"AttachStdout\":true,\"AttachStderr\":true");
	orch_json_put(&body, "Cmd", exec, "command");
	appendStringInfoChar(&body, '}');
	ask(docker, question, "POST", psprintf("/containers/%s/exec", orch_docker_escaped(id ? id : "")), body.data, take_exec);
}

/* ---- HTTP and TCP */

/*
 * A port by its number, or by its name among the container's; 0: there is none.
 */
static int
port_of(const OrchDockerRunner *runner, JsonbContainer *handler)
{
	JsonbContainer *ports = orch_json_array(container_of(runner), "ports");
	OrchText	name = orch_json_string(handler, "port");
	int64		number;

	if (orch_json_integer(handler, "port", &number))
		return (int) number;
	for (int i = 0; i < orch_json_count(ports); i++)
	{
		JsonbContainer *port = orch_json_element(ports, i);

		if (name.data != NULL && orch_text_equal(orch_json_string(port, "name"), name) && orch_json_integer(port, "containerPort", &number))
			return (int) number;
	}
	return 0;
}

static void
take_page(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	answered(docker, arg, reply->status >= 200 && reply->status < 400 ? ORCH_DOCKER_PROBE_SUCCEEDED : ORCH_DOCKER_PROBE_FAILED);
}

/*
 * For a probe by HTTP: one client for each, as long as the address is the same.
 */
static OrchKubeClient *
page_client(OrchDockerEngine *docker, const char *server, OrchDockerQuestion *question)
{
	OrchKubeClientOptions options = {0};
	OrchKubeConfig config;
	char		error[256];

	if (question->client != NULL && strcmp(question->address, server) == 0)
		return question->client;
	if (question->client != NULL)
	{
		orch_docker_drop_flights(docker, question->client);
		orch_kube_client_destroy(question->client);
	}
	options.allow_plain = true;
	options.user_agent = "orchestration-probe";
	orch_kubeconfig_init(&config);
	config.server = strdup(server);
	/* nobody knows the certificate of what is probed, as with a kubelet */
	config.insecure_skip_tls_verify = true;
	question->client = orch_kube_client_create(docker->transport, &config, &options, error, sizeof(error));
	orch_kubeconfig_free(&config);
	if (question->address != NULL)
		pfree(question->address);
	question->address = MemoryContextStrdup(question->runner->context, server);
	return question->client;
}

static void
ask_page(OrchDockerEngine *docker, OrchDockerQuestion *question, JsonbContainer *get, const char *ip, int port)
{
	OrchDockerAsk what = {.method = "GET", .taker = take_page, .arg = question, .is_plain_path = true};
	OrchText	scheme = orch_json_string(get, "scheme");
	OrchText	path = orch_json_string(get, "path");
	bool		is_tls = orch_text_is(scheme, "HTTPS");

	what.client = page_client(docker, psprintf("%s://%s:%d", is_tls ? "https" : "http", ip, port), question);
	what.path = path.data && path.length > 0 ? orch_text_copy(path) : "/";
	what.timeout_ms = (int) (question->runner->probe_specs[question->probe].timeout / 1000);
	if (what.client == NULL || !orch_docker_ask(docker, &what))
		answered(docker, question, ORCH_DOCKER_PROBE_UNKNOWN);
}

/*
 * Begins to connect; orch_docker_probes_due() sees what comes of it.
 */
static void
ask_port(OrchDockerEngine *docker, OrchDockerQuestion *question, const char *ip, int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

	question->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (question->fd < 0 || inet_pton(AF_INET, ip, &address.sin_addr) != 1)
		answered(docker, question, ORCH_DOCKER_PROBE_UNKNOWN);
	else if (connect(question->fd, (struct sockaddr *) &address, sizeof(address)) == 0)
		answered(docker, question, ORCH_DOCKER_PROBE_SUCCEEDED);
	else if (errno != EINPROGRESS)
		answered(docker, question, ORCH_DOCKER_PROBE_FAILED);
}

static void
look_at_connection(OrchDockerEngine *docker, OrchDockerQuestion *question, int64 now)
{
	const OrchDockerRunner *runner = question->runner;
	struct sockaddr_in peer;
	socklen_t	length = sizeof(peer);
	int			error = 0;
	socklen_t	error_length = sizeof(error);

	(void) getsockopt(question->fd, SOL_SOCKET, SO_ERROR, &error, &error_length);
	if (error != 0)
		answered(docker, question, ORCH_DOCKER_PROBE_FAILED);
	else if (getpeername(question->fd, (struct sockaddr *) &peer, &length) == 0)
		answered(docker, question, ORCH_DOCKER_PROBE_SUCCEEDED);
	else if (now > question->asked_at + runner->probe_specs[question->probe].timeout)
		answered(docker, question, ORCH_DOCKER_PROBE_FAILED);
}

/* ---- all of them */

static void
ask_probe(OrchDockerEngine *docker, OrchDockerRunner *runner, OrchDockerProbe probe, int64 now)
{
	OrchDockerQuestion *question = &runner->questions[probe];
	JsonbContainer *of = probe_of(runner, probe);
	JsonbContainer *get = orch_json_object(of, "httpGet");
	JsonbContainer *tcp = orch_json_object(of, "tcpSocket");
	const char *ip = runner->main ? runner->main->ip : NULL;
	int			port = port_of(runner, get ? get : tcp);

	question->runner = runner;
	question->probe = probe;
	question->run = runner->probed_run;
	question->asked_at = now;
	question->is_asked = true;
	question->fd = -1;
	if (orch_json_object(of, "exec") != NULL)
		ask_command(docker, question, orch_json_object(of, "exec"));
	else if (ip == NULL || port == 0)
		answered(docker, question, ORCH_DOCKER_PROBE_UNKNOWN);
	else if (get != NULL)
		ask_page(docker, question, get, ip, port);
	else
		ask_port(docker, question, ip, port);
}

static void
begin_run(OrchDockerEngine *docker, OrchDockerRunner *runner, int64 now)
{
	for (int i = 0; i < ORCH_DOCKER_PROBES; i++)
		read_spec(probe_of(runner, i), &runner->probe_specs[i]);
	runner->probed_run = runner->life.started_at;
	orch_docker_probing_begin(runner->probe_specs, &runner->probing, now);
	let_know(docker, runner);
}

/*
 * What is asked stands in the template, which a pod whose record was lost has none of.
 */
static bool
may_be_probed(const OrchDockerRunner *runner)
{
	const OrchDockerPod *life = &runner->life;

	return runner->workload != NULL && life->is_running && !life->is_paused && life->step >= runner->spec.inits && life->started_at != 0;
}

void
orch_docker_probes_due(OrchDockerEngine *docker, OrchDockerRunner *runner, int64 now)
{
	if (!may_be_probed(runner))
		return;
	if (runner->probed_run != runner->life.started_at)
		begin_run(docker, runner, now);
	for (int i = 0; i < ORCH_DOCKER_PROBES; i++)
	{
		OrchDockerQuestion *question = &runner->questions[i];

		if (question->is_asked && question->fd >= 0)
			look_at_connection(docker, question, now);
		else if (!question->is_asked && orch_docker_probe_is_to_ask(runner->probe_specs, &runner->probing, i, now))
			ask_probe(docker, runner, i, now);
	}
}

int64
orch_docker_probes_due_at(const OrchDockerRunner *runner)
{
	int64		due_at = PG_INT64_MAX;

	if (!may_be_probed(runner))
		return due_at;
	if (runner->probed_run != runner->life.started_at)
		return 0;
	for (int i = 0; i < ORCH_DOCKER_PROBES; i++)
	{
		const OrchDockerQuestion *question = &runner->questions[i];

		if (question->is_asked)
			due_at = Min(due_at, question->fd >= 0 ? orch_steady_now() + CONNECT_LOOK_US : PG_INT64_MAX);
		else
			due_at = Min(due_at, orch_docker_probe_due_at(runner->probe_specs, &runner->probing, i));
	}
	return due_at;
}

void
orch_docker_probes_end(OrchDockerEngine *docker, OrchDockerRunner *runner)
{
	for (int i = 0; i < ORCH_DOCKER_PROBES; i++)
	{
		if (runner->questions[i].is_asked && runner->questions[i].fd >= 0)
			close(runner->questions[i].fd);
		if (runner->questions[i].client != NULL)
		{
			orch_docker_drop_flights(docker, runner->questions[i].client);
			orch_kube_client_destroy(runner->questions[i].client);
		}
	}
}
