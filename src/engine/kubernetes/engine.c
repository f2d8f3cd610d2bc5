/*
 * engine.c
 *	  Kubernetes behind the interface of engine.h: what is open, and who takes what
 *	  the network brings.
 */
#include "postgres.h"

#include "core/core.h"
#include "engine/kubernetes/internal.h"
#include "kube/json_scan.h"
#include "kube/kubeconfig.h"
#include "kube/parting.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* the caller bounds what is under way below that */
#define MAX_IN_FLIGHT 100

/* one renewal, those whose answers are slow, and a look */
#define LEASE_IN_FLIGHT 8

/* a server that asks for patience is asked again all the same: there is no other holder */
#define LEASE_PAUSE_MS 1000

/* logs that are fetched at the same time; a log may be large */
#define LOGS_IN_FLIGHT 4

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

static long
wait_ms(void)
{
	return orch_kube_transport_timeout_ms(transport);
}

static void
take_version(OrchKubeEngine *kubernetes, OrchKubeResponse *response)
{
	OrchJsonField field = {.path = {"gitVersion"}};
	OrchNews	news = {.type = ORCH_NEWS_VERSION, .ends_request = true, .is_error = orch_kube_is_error(response)};
	char	   *text = NULL;

	if (response->http_status == 200 && response->body_is_json && orch_json_scan(response->body, response->body_len, &field, 1))
		text = orch_json_text(&field);
	news.text = text;
	orch_kube_tell(kubernetes, &news);
	free(text);
}

static void
take_response(OrchKubeEngine *kubernetes, OrchKubeResponse *response)
{
	if (response->client == kubernetes->lease_client)
		orch_kube_lease_response(kubernetes, response);
	else if (response->client == kubernetes->log_client)
		orch_kube_log_response(kubernetes, response);
	else if (response->tag == ORCH_KUBE_TAG_VERB)
		orch_kube_verb_response(kubernetes, response);
	else if (response->tag == ORCH_KUBE_TAG_VERSION)
		take_version(kubernetes, response);
	else if (response->tag == ORCH_KUBE_TAG_METRICS)
		orch_kube_metrics_response(kubernetes, response);
	else
		orch_kube_node_response(kubernetes, response);
}

/*
 * NULL for what an engine left behind that is closed.
 */
static OrchKubeEngine *
engine_of(const OrchKubeClient *client)
{
	dlist_iter	iter;

	dlist_foreach(iter, &engines)
	{
		OrchKubeEngine *kubernetes = dlist_container(OrchKubeEngine, node, iter.cur);

		if (client == kubernetes->client || client == kubernetes->lease_client || client == kubernetes->log_client)
			return kubernetes;
	}
	return NULL;
}

static void
take_responses(void)
{
	OrchKubeResponse *response;

	while ((response = orch_kube_transport_next(transport)) != NULL)
	{
		OrchKubeEngine *kubernetes = engine_of(response->client);

		CHECK_FOR_INTERRUPTS();
		if (kubernetes != NULL)
			take_response(kubernetes, response);
		orch_kube_response_free(response);
	}
}

/*
 * What the watches have brought, for some milliseconds; true if there is more.
 */
static bool
take_outputs(int limit_ms)
{
	OrchKubeWatchOutput output;
	int64		started_at = orch_steady_now();
	bool		more = false;

	while (!more && orch_kube_watch_next(transport, &output))
	{
		CHECK_FOR_INTERRUPTS();
		orch_kube_watch_output(output.arg, &output);
		orch_kube_watch_output_clear(&output);
		more = orch_steady_now() - started_at > limit_ms * INT64CONST(1000);
	}
	return more;
}

static void
drive(void)
{
	orch_kube_transport_send(transport);
}

static bool
take(int limit_ms)
{
	bool		has_news = orch_kube_transport_perform(transport);

	orch_kube_end_partings(&partings);
	if (!has_news)
		return false;
	take_responses();
	return take_outputs(limit_ms);
}

/* ---- one engine */

static void
cancel(OrchEngine *engine)
{
	OrchKubeEngine *kubernetes = (OrchKubeEngine *) engine;

	orch_kube_client_cancel_all(kubernetes->client);
	orch_kube_forget_flights(kubernetes);
	orch_kube_forget_round(kubernetes);
}

static long
paused_ms(OrchEngine *engine)
{
	return orch_kube_client_paused_ms(((OrchKubeEngine *) engine)->client);
}

static bool
ask_version(OrchEngine *engine)
{
	OrchKubeRequestSpec spec = {.method = "GET", .path = "/version", .tag = ORCH_KUBE_TAG_VERSION};

	return orch_kube_request_start(((OrchKubeEngine *) engine)->client, &spec);
}

static void
close_engine(OrchEngine *engine)
{
	OrchKubeEngine *kubernetes = (OrchKubeEngine *) engine;

	dlist_delete(&kubernetes->node);
	orch_kube_unwatch(engine);
	/* its release may still be under way */
	orch_kube_part(&partings, kubernetes->lease_client);
	orch_kube_client_destroy(kubernetes->log_client);
	orch_kube_client_destroy(kubernetes->client);
	MemoryContextDelete(kubernetes->context);
}

static bool
read_configuration(const OrchEngineSpec *spec, OrchKubeConfig *config, char *error, size_t error_size)
{
	bool		ok;

	if (spec->configuration == NULL)
		ok = orch_kubeconfig_in_cluster(config, NULL, error, error_size);
	else
		ok = orch_kubeconfig_parse(spec->configuration, strlen(spec->configuration), spec->context, config, error, error_size);
	if (ok && spec->insecure)
		config->insecure_skip_tls_verify = true;
	return ok;
}

/*
 * Makes the three clients; false, and none of them, when the credentials cannot be used.
 */
static bool
make_clients(OrchKubeEngine *kubernetes, const OrchKubeConfig *config, char *error, size_t error_size)
{
	OrchKubeClientOptions options = {0};

	options.request_timeout_ms = orch_request_timeout_ms;
	options.allow_plain = orch_allow_plain_http;
	options.user_agent = "orchestration/" ORCH_VERSION;
	options.max_in_flight = MAX_IN_FLIGHT;
	kubernetes->client = orch_kube_client_create(transport, config, &options, error, error_size);
	if (kubernetes->client == NULL)
		return false;
	options.max_in_flight = LOGS_IN_FLIGHT;
	kubernetes->log_client = orch_kube_client_create(transport, config, &options, error, error_size);
	options.max_in_flight = LEASE_IN_FLIGHT;
	options.max_pause_ms = LEASE_PAUSE_MS;
	if (kubernetes->log_client != NULL)
		kubernetes->lease_client = orch_kube_client_create(transport, config, &options, error, error_size);
	if (kubernetes->lease_client != NULL)
		return true;
	if (kubernetes->log_client != NULL)
		orch_kube_client_destroy(kubernetes->log_client);
	orch_kube_client_destroy(kubernetes->client);
	return false;
}

static OrchEngine *
open_engine(const OrchEngineSpec *spec, char *error, size_t error_size)
{
	MemoryContext context = AllocSetContextCreate(spec->parent, "orchestration kubernetes", ALLOCSET_DEFAULT_SIZES);
	OrchKubeEngine *kubernetes = MemoryContextAllocZero(context, sizeof(OrchKubeEngine));
	OrchKubeConfig config;
	bool		ok;

	orch_kubeconfig_init(&config);
	ok = read_configuration(spec, &config, error, error_size) && make_clients(kubernetes, &config, error, error_size);
	kubernetes->engine.insecure = config.insecure_skip_tls_verify;
	orch_kubeconfig_free(&config);
	if (!ok)
	{
		MemoryContextDelete(context);
		return NULL;
	}
	kubernetes->engine.class = &orch_engine_kubernetes;
	kubernetes->engine.reader = spec->reader;
	kubernetes->engine.arg = spec->arg;
	kubernetes->context = context;
	kubernetes->news = AllocSetContextCreate(context, "orchestration news", ALLOCSET_DEFAULT_SIZES);
	kubernetes->installation = MemoryContextStrdup(context, spec->installation);
	dlist_init(&kubernetes->flights);
	dlist_init(&kubernetes->logs);
	dlist_push_tail(&engines, &kubernetes->node);
	return &kubernetes->engine;
}

/* what is paused has no pods: there is no freezer */
const OrchEngineClass orch_engine_kubernetes = {
	.name = "kubernetes",
	.can = ORCH_CAN_ALL & ~ORCH_CAN(ORCH_CAPABILITY_freezing),
	.format = &orch_kube_format,
	.begin = begin,
	.wait_fd = wait_fd,
	.wait_ms = wait_ms,
	.drive = drive,
	.take = take,
	.open = open_engine,
	.close = close_engine,
	.watch = orch_kube_watch,
	.unwatch = orch_kube_unwatch,
	.is_synced = orch_kube_is_synced,
	.send = orch_kube_send,
	.cancel = cancel,
	.paused_ms = paused_ms,
	.ask_version = ask_version,
	.ask_lease = orch_kube_ask_lease,
	.read_log = orch_kube_read_log,
	.cancel_log = orch_kube_cancel_log,
	.measure = orch_kube_measure
};
