/*
 * engine.c
 *	  A Docker Engine API behind the interface of engine.h: what is open, and what is
 *	  done when the network brings something or time has passed.
 */
#include "postgres.h"

#include "core/core.h"
#include "engine/docker/address.h"
#include "engine/docker/configuration.h"
#include "engine/docker/internal.h"
#include "engine/docker/socket_check.h"
#include "engine/docker/workloads.h"
#include "kube/parting.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* each request has a connection of its own: HTTP/1.1 */
#define MAX_IN_FLIGHT 32

/* an inspection of a container with many labels, a page of volumes with their manifests */
#define MAX_RESPONSE_BYTES (64 * 1024 * 1024)

static OrchKubeTransport *transport = NULL;
static dlist_head engines = DLIST_STATIC_INIT(engines);
static dlist_head partings = DLIST_STATIC_INIT(partings);	/* clients of leases whose engine was closed */

/* ---- the network */

static bool
begin(char *error, size_t error_size)
{
	transport = orch_kube_transport_create(error, error_size);
	return transport != NULL;
}

static int
wait_fd(void)
{
	return orch_kube_transport_fd(transport);
}

/*
 * Also until something is to be done that nobody answers to.
 */
static long
wait_ms(void)
{
	long		soonest = orch_kube_transport_timeout_ms(transport);
	int64		now = orch_steady_now();
	dlist_iter	iter;

	dlist_foreach(iter, &engines)
	{
		int64		due_at = orch_docker_due_at(dlist_container(OrchDockerEngine, node, iter.cur));
		long		wait = due_at <= now ? 0 : (long) Min((due_at - now + 999) / 1000, 60000);

		if (soonest < 0 || wait < soonest)
			soonest = wait;
	}
	return soonest;
}

static void
drive(void)
{
	orch_kube_transport_send(transport);
}

static bool
take_responses(int limit_ms)
{
	OrchKubeResponse *response;
	int64		started_at = orch_steady_now();

	while ((response = orch_kube_transport_next(transport)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		orch_docker_take(response);
		orch_kube_response_free(response);
		if (orch_steady_now() - started_at > limit_ms * INT64CONST(1000))
			return true;
	}
	return false;
}

static bool
take(int limit_ms)
{
	bool		more;
	dlist_iter	iter;

	/* a worker whose clusters are all of another kind has nothing to do here at each turn */
	if (dlist_is_empty(&engines) && dlist_is_empty(&partings))
		return false;
	more = orch_kube_transport_perform(transport) && take_responses(limit_ms);
	dlist_foreach(iter, &engines)
		orch_docker_work(dlist_container(OrchDockerEngine, node, iter.cur), orch_steady_now());
	orch_kube_end_partings(&partings);
	return more;
}

/* ---- one engine */

static void
take_version(OrchDockerEngine *docker, void *arg, const OrchDockerReply *answer)
{
	OrchNews	news = {.type = ORCH_NEWS_VERSION, .ends_request = true, .is_error = answer->what != ORCH_DOCKER_SAID_OK};
	OrchText	version = orch_json_string(answer->json, "Version");

	if (version.data != NULL)
		news.text = orch_text_copy(version);
	orch_docker_tell(docker, &news);
}

/*
 * What the reconciler has asked for; pods go on as they are.
 */
static void
cancel(OrchEngine *engine)
{
	orch_docker_drop_verbs((OrchDockerEngine *) engine);
	orch_docker_drop_round((OrchDockerEngine *) engine);
	orch_docker_forget_taker((OrchDockerEngine *) engine, take_version);
}

static long
paused_ms(OrchEngine *engine)
{
	return 0;
}

static bool
ask_version(OrchEngine *engine)
{
	OrchDockerAsk ask = {.method = "GET", .path = "/version", .taker = take_version};

	return orch_docker_ask((OrchDockerEngine *) engine, &ask);
}

static void
destroy_clients(OrchDockerEngine *docker)
{
	OrchKubeClient *clients[] = {docker->client, docker->event_client, docker->pull_client, docker->log_client, docker->lease_client};

	for (int i = 0; i < lengthof(clients); i++)
		if (clients[i] != NULL)
			orch_kube_client_destroy(clients[i]);
}

static void
close_engine(OrchEngine *engine)
{
	OrchDockerEngine *docker = (OrchDockerEngine *) engine;

	orch_docker_unwatch(engine);
	dlist_delete(&docker->node);
	orch_docker_leave_flights(docker, docker->lease_client);
	/* its release may still be under way */
	orch_kube_part(&partings, docker->lease_client);
	docker->lease_client = NULL;
	destroy_clients(docker);
	orch_docker_drop_flights(docker, NULL);
	MemoryContextDelete(docker->context);
}

static bool
make_clients(OrchDockerEngine *docker, const OrchKubeConfig *config, char *error, size_t error_size)
{
	OrchKubeClientOptions options = {0};
	OrchKubeClient **clients[] = {&docker->client, &docker->event_client, &docker->pull_client, &docker->log_client, &docker->lease_client};

	options.request_timeout_ms = orch_request_timeout_ms;
	options.allow_plain = orch_allow_plain_http;
	options.user_agent = "orchestration/" ORCH_VERSION;
	options.max_response_bytes = MAX_RESPONSE_BYTES;
	options.max_in_flight = MAX_IN_FLIGHT;
	for (int i = 0; i < lengthof(clients); i++)
	{
		*clients[i] = orch_kube_client_create(transport, config, &options, error, error_size);
		if (*clients[i] == NULL)
			return false;
	}
	return true;
}

static char *
kept(const char *text)
{
	return text ? strdup(text) : NULL;
}

/*
 * The configuration in the client's terms.
 */
static void
translate(const OrchDockerConfiguration *configuration, OrchKubeConfig *config)
{
	const OrchDockerEndpoint *endpoint = &configuration->endpoint;
	bool		is_tls = configuration->ca != NULL || configuration->cert != NULL;
	char		server[ORCH_DOCKER_ENDPOINT_SIZE];

	if (endpoint->is_socket)
		strlcpy(server, "http://docker", sizeof(server));
	else
		snprintf(server, sizeof(server), "%s://%s:%d", is_tls ? "https" : "http", endpoint->host, endpoint->port);
	config->server = kept(server);
	config->unix_socket = endpoint->is_socket ? kept(endpoint->path) : NULL;
	config->ca_pem = kept(configuration->ca);
	config->client_cert_pem = kept(configuration->cert);
	config->client_key_pem = kept(configuration->key);
}

/*
 * A socket is looked at again each time: who may reach it is not ours to keep.
 */
static bool
read_configuration(const OrchEngineSpec *spec, OrchKubeConfig *config, char *error, size_t error_size)
{
	OrchDockerConfiguration configuration;
	OrchAddressProblem problem = {.detail = "It has no endpoint."};
	bool		ok;

	if (spec->configuration == NULL || !orch_docker_configuration_read(spec->configuration, &configuration, &problem))
	{
		strlcpy(error, problem.detail, error_size);
		return false;
	}
	ok = !configuration.endpoint.is_socket || orch_docker_socket_check(configuration.endpoint.path, &problem);
	if (ok)
		translate(&configuration, config);
	else
		strlcpy(error, problem.detail, error_size);
	orch_docker_configuration_free(&configuration);
	return ok;
}

static OrchEngine *
open_engine(const OrchEngineSpec *spec, char *error, size_t error_size)
{
	MemoryContext context = AllocSetContextCreate(spec->parent, "orchestration docker", ALLOCSET_DEFAULT_SIZES);
	OrchDockerEngine *docker = MemoryContextAllocZero(context, sizeof(OrchDockerEngine));
	OrchKubeConfig config;
	bool		ok;

	orch_kubeconfig_init(&config);
	ok = read_configuration(spec, &config, error, error_size) && make_clients(docker, &config, error, error_size);
	orch_kubeconfig_free(&config);
	if (!ok)
	{
		destroy_clients(docker);
		MemoryContextDelete(context);
		return NULL;
	}
	docker->engine.class = &orch_engine_docker;
	docker->engine.reader = spec->reader;
	docker->engine.arg = spec->arg;
	docker->transport = transport;
	docker->context = context;
	docker->news = AllocSetContextCreate(context, "orchestration news", ALLOCSET_DEFAULT_SIZES);
	docker->installation = MemoryContextStrdup(context, spec->installation);
	dlist_init(&docker->flights);
	dlist_init(&docker->verbs);
	dlist_init(&docker->records);
	dlist_init(&docker->pods);
	dlist_init(&docker->logs);
	dlist_push_tail(&engines, &docker->node);
	return &docker->engine;
}

/*
 * Manifests are Kubernetes' for every engine, and nobody but us writes our objects: there
 * is nothing to compare.
 */
static bool
compare(const char *sent, const char *returned, size_t returned_length, char **differing)
{
	return false;
}

static char *
last_writer(const char *json, size_t length)
{
	return NULL;
}

static const OrchEngineFormat format = {
	.compare = compare,
	.last_writer = last_writer
};

const OrchEngineClass orch_engine_docker = {
	.name = "docker",
	.can = ORCH_CAN(ORCH_CAPABILITY_freezing),
	.format = &format,
	.addressing = &orch_docker_addressing,
	.begin = begin,
	.wait_fd = wait_fd,
	.wait_ms = wait_ms,
	.drive = drive,
	.take = take,
	.open = open_engine,
	.close = close_engine,
	.watch = orch_docker_watch,
	.unwatch = orch_docker_unwatch,
	.is_synced = orch_docker_is_synced,
	.send = orch_docker_send,
	.cancel = cancel,
	.paused_ms = paused_ms,
	.ask_version = ask_version,
	.ask_lease = orch_docker_ask_lease,
	.read_log = orch_docker_read_log,
	.cancel_log = orch_docker_cancel_log,
	.measure = orch_docker_measure
};
