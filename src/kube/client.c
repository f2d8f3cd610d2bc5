/*-------------------------------------------------------------------------
 *
 * client.c
 *	  Requests to one API server: the queue, the limit in flight, the answers.
 *
 * Nothing is retried here except once after a 401 whose token file has
 * changed: whether a request may be repeated is known only to who made it.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/client_internal.h"
#include "kube/clock.h"
#include "kube/response_internal.h"
#include "kube/status.h"
#include "kube/stream.h"
#include "kube/transfer_error.h"

#define DEFAULT_MAX_IN_FLIGHT 64
#define DEFAULT_CONNECT_TIMEOUT_MS 10000
#define DEFAULT_REQUEST_TIMEOUT_MS 30000
#define DEFAULT_MAX_RESPONSE_BYTES (4 * 1024 * 1024)
#define DEFAULT_TOKEN_REFRESH_MS 60000
#define DEFAULT_PAUSE_MS 1000
#define DEFAULT_CONNECTION_LIFE_MS 600000

/* A whole client stands still: no longer than a person would wait. */
#define DEFAULT_MAX_PAUSE_MS 60000

/* One object waits, and its maker has other reasons to look again. */
#define MAX_RETRY_AFTER_MS 300000

typedef struct OrchKubeRequest
{
	OrchKubeTransfer transfer;	/* first: transfer callbacks cast */
	dlist_node	node;			/* in client->queued or client->flying */
	OrchKubeClient *client;
	OrchKubeRequestSpec spec;	/* strings are ours */
	OrchKubeStream stream;		/* by line */
	bool		retried;
} OrchKubeRequest;

#define DEFAULT(field, value) ((field) = (field) > 0 ? (field) : (value))

static void
set_options(OrchKubeClientOptions *own, const OrchKubeClientOptions *options)
{
	if (options != NULL)
		*own = *options;
	own->user_agent = own->source_address = NULL;
	DEFAULT(own->max_in_flight, DEFAULT_MAX_IN_FLIGHT);
	DEFAULT(own->connect_timeout_ms, DEFAULT_CONNECT_TIMEOUT_MS);
	DEFAULT(own->request_timeout_ms, DEFAULT_REQUEST_TIMEOUT_MS);
	DEFAULT(own->max_response_bytes, DEFAULT_MAX_RESPONSE_BYTES);
	DEFAULT(own->token_refresh_ms, DEFAULT_TOKEN_REFRESH_MS);
	DEFAULT(own->max_pause_ms, DEFAULT_MAX_PAUSE_MS);
	DEFAULT(own->connection_life_ms, DEFAULT_CONNECTION_LIFE_MS);
	DEFAULT(own->max_pause_ms, DEFAULT_MAX_PAUSE_MS);
}

static bool
set_endpoint(OrchKubeClient *client, const OrchKubeConfig *config,
			 const OrchKubeClientOptions *options,
			 char *error, size_t error_size)
{
	const char *agent = options != NULL ? options->user_agent : NULL;

	client->endpoint.connect_timeout_ms = client->options.connect_timeout_ms;
	return orch_kube_endpoint_init(&client->endpoint, config,
								   agent != NULL ? agent : "orchestration",
								   options != NULL ? options->source_address : NULL,
								   client->options.token_refresh_ms,
								   error, error_size);
}

static void drive(OrchKubeDriver *driver, int64 now);
static int64 due(OrchKubeDriver *driver, int64 now);
static void destroy(OrchKubeDriver *driver);

OrchKubeClient *
orch_kube_client_create(OrchKubeTransport *transport,
						const OrchKubeConfig *config,
						const OrchKubeClientOptions *options,
						char *error, size_t error_size)
{
	OrchKubeClient *client = calloc(1, sizeof(*client));

	if (client == NULL)
	{
		orch_kube_fail(error, error_size, "out of memory");
		return NULL;
	}
	if (!(options && options->allow_plain) && orch_kubeconfig_is_plain(config))
	{
		free(client);
		orch_kube_fail(error, error_size, "the server URL is plain http, which would send every secret in clear text: use https");
		return NULL;
	}
	client->transport = transport;
	client->driver = (OrchKubeDriver) {.drive = drive, .due = due, .destroy = destroy};
	dlist_init(&client->queued);
	dlist_init(&client->flying);
	dlist_init(&client->dependents);
	set_options(&client->options, options);
	orch_kube_lane_init(&client->lane, transport, client->options.connection_life_ms);
	dlist_push_tail(&transport->drivers, &client->driver.node);
	if (set_endpoint(client, config, options, error, error_size))
		return client;
	orch_kube_client_destroy(client);
	return NULL;
}

static void
free_request(OrchKubeRequest *request)
{
	orch_kube_transfer_stop(&request->transfer);
	orch_kube_request_free(&request->spec);
	free(request);
}

void
orch_kube_client_destroy(OrchKubeClient *client)
{
	if (client == NULL)
		return;
	orch_kube_client_cancel_all(client);
	while (!dlist_is_empty(&client->dependents))
	{
		OrchKubeDependent *dependent = dlist_head_element(OrchKubeDependent, node,
														  &client->dependents);

		dependent->destroy(dependent);
	}
	orch_kube_lane_destroy(&client->lane);
	dlist_delete(&client->driver.node);
	orch_kube_endpoint_free(&client->endpoint);
	free(client);
}

static void
destroy(OrchKubeDriver *driver)
{
	orch_kube_client_destroy((OrchKubeClient *) driver);
}

/* Frees all requests of a list, or those with one arg. */
static void
drop_requests(dlist_head *list, int *count, bool all, const void *arg)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, list)
	{
		OrchKubeRequest *request = dlist_container(OrchKubeRequest, node, iter.cur);

		if (!all && request->spec.arg != arg)
			continue;
		dlist_delete(&request->node);
		free_request(request);
		(*count)--;
	}
}

static void
cancel(OrchKubeClient *client, bool all, const void *arg)
{
	drop_requests(&client->queued, &client->queued_count, all, arg);
	drop_requests(&client->flying, &client->flying_count, all, arg);
	orch_kube_response_drop(client->transport, client, all, arg);
}

void
orch_kube_client_cancel(OrchKubeClient *client, const void *arg)
{
	cancel(client, false, arg);
}

void
orch_kube_client_cancel_all(OrchKubeClient *client)
{
	cancel(client, true, NULL);
}

bool
orch_kube_request_start(OrchKubeClient *client, const OrchKubeRequestSpec *spec)
{
	OrchKubeRequest *request;

	if (!orch_kube_request_valid(spec))
		return false;
	request = calloc(1, sizeof(*request));
	if (request == NULL)
		return false;
	request->client = client;
	if (!orch_kube_request_copy(&request->spec, spec))
	{
		free_request(request);
		return false;
	}
	if (spec->by_line && spec->timeout_ms < 0)
		request->spec.timeout_ms = 0;
	else
		DEFAULT(request->spec.timeout_ms, client->options.request_timeout_ms);
	DEFAULT(request->spec.max_response_bytes, client->options.max_response_bytes);
	dlist_push_tail(&client->queued, &request->node);
	client->queued_count++;
	return true;
}

/*
 * Puts the end of a request where the worker takes it.  Without memory for
 * that the request stays in flight without a transfer, is counted, and so
 * keeps the worker from believing that all is done.
 */
static void
deliver(OrchKubeRequest *request, OrchKubeResponse *filled)
{
	OrchKubeClient *client = request->client;

	filled->client = client;
	filled->tag = request->spec.tag;
	filled->arg = request->spec.arg;
	if (!orch_kube_response_push(client->transport, filled, NULL))
	{
		orch_kube_transfer_stop(&request->transfer);
		return;
	}
	dlist_delete(&request->node);
	client->flying_count--;
	free_request(request);
}

static void
fail_request(OrchKubeRequest *request, OrchKubeError error, const char *message)
{
	OrchKubeResponse response = {.error = error, .retry_after_ms = -1};

	response.message = orch_kube_one_line(message);
	if (request->transfer.started_at > 0)
		response.elapsed_ms = orch_kube_now() - request->transfer.started_at;
	deliver(request, &response);
}

/* After a 429 nothing new is sent for a while, by any request. */
static void
pause_client(OrchKubeClient *client, long retry_after_ms)
{
	long		pause = retry_after_ms > 0 ? retry_after_ms : DEFAULT_PAUSE_MS;

	client->paused_until = Max(client->paused_until,
							   orch_kube_now() + Min(pause, client->options.max_pause_ms));
}

static int
http_version(CURL *easy)
{
	long		version = 0;

	curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
	if (version == CURL_HTTP_VERSION_2_0)
		return 20;
	return version == CURL_HTTP_VERSION_1_1 ? 11 : 0;
}

static void
answer_request(OrchKubeRequest *request)
{
	OrchKubeTransfer *transfer = &request->transfer;
	OrchKubeResponse response = {0};
	OrchKubeStatus status;

	if (!orch_kube_status_read(&status, transfer))
	{
		orch_kube_status_free(&status);
		fail_request(request, ORCH_KUBE_ERROR_INTERNAL, "out of memory");
		return;
	}
	response.http_status = transfer->status;
	response.body_is_json = status.is_json;
	response.message = status.message;
	response.reason = status.reason;
	status.message = status.reason = NULL;
	response.retry_after_ms = orch_kube_retry_after_ms(transfer, &status,
													   MAX_RETRY_AFTER_MS);
	orch_kube_status_free(&status);
	response.http_version = http_version(transfer->easy);
	response.elapsed_ms = orch_kube_now() - transfer->started_at;
	if (transfer->status == 429)
		pause_client(request->client, response.retry_after_ms);
	response.body = transfer->input.data;
	response.body_len = transfer->input.len;
	transfer->input.data = NULL;
	response.warning = transfer->warning;
	transfer->warning = NULL;
	deliver(request, &response);
}

/* Sends a request once more, before all others. */
static void
requeue(OrchKubeRequest *request)
{
	OrchKubeClient *client = request->client;

	orch_kube_transfer_stop(&request->transfer);
	request->retried = true;
	dlist_delete(&request->node);
	client->flying_count--;
	dlist_push_head(&client->queued, &request->node);
	client->queued_count++;
}

static void
end_request(OrchKubeRequest *request, CURLcode code)
{
	OrchKubeTransfer *transfer = &request->transfer;
	OrchKubeClient *client = request->client;
	char		message[ORCH_KUBE_ERROR_SIZE];
	OrchKubeError error = orch_kube_transfer_error(transfer, code);

	if (error != ORCH_KUBE_ERROR_NONE)
	{
		orch_kube_transfer_message(transfer, code, message, sizeof(message));
		/* the next ones need not find out the same about this connection */
		if (error == ORCH_KUBE_ERROR_TIMEOUT)
			orch_kube_lane_leave(&client->lane, transfer->set);
		fail_request(request, error, message);
		return;
	}
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &transfer->status);
	orch_kube_endpoint_note_contact(&client->endpoint, transfer->status);
	if (transfer->status == 401 && !request->retried &&
		orch_kube_credentials_reject(&client->endpoint.credentials,
									 transfer->token_generation,
									 orch_kube_now()))
		requeue(request);
	else
		answer_request(request);
}

/* The last lines of a stream come before its end. */
static void
request_done(OrchKubeTransfer *transfer, CURLcode code)
{
	OrchKubeRequest *request = (OrchKubeRequest *) transfer;

	request->stream.ended = true;
	request->stream.code = code;
	if (!orch_kube_transfer_has_lines(transfer) ||
		orch_kube_stream_read(&request->stream))
		end_request(request, code);
}

static void
launch(OrchKubeClient *client, OrchKubeRequest *request, int64 now)
{
	OrchKubeSet *set = orch_kube_lane_take(&client->lane, now);
	OrchKubeTransferSpec spec = {
		.method = request->spec.method,
		.path = request->spec.path,
		.accept = request->spec.accept,
		.content_type = request->spec.content_type,
		.header = request->spec.header,
		.body = request->spec.body,
		.body_len = request->spec.body_len,
		.timeout_ms = request->spec.timeout_ms,
		.max_input = request->spec.max_response_bytes,
		.plain_text = request->spec.plain_text,
		.raw = request->spec.raw,
		.by_line = request->spec.by_line
	};

	dlist_delete(&request->node);
	client->queued_count--;
	dlist_push_tail(&client->flying, &request->node);
	client->flying_count++;
	request->stream = (OrchKubeStream) {
		.transfer = &request->transfer,
		.line = {.client = client, .tag = request->spec.tag, .arg = request->spec.arg},
		.waiting = &client->waiting
	};
	if (set == NULL ||
		!orch_kube_transfer_start(&request->transfer, &client->endpoint, set,
								  &spec, request_done))
		fail_request(request, ORCH_KUBE_ERROR_INTERNAL,
					 "libcurl refused the request, or memory is short");
}

static void
read_streams(OrchKubeClient *client)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &client->flying)
	{
		OrchKubeRequest *request = dlist_container(OrchKubeRequest, node, iter.cur);

		if (orch_kube_stream_read(&request->stream))
			end_request(request, request->stream.code);
	}
}

static bool
streams_due(OrchKubeClient *client)
{
	dlist_iter	iter;

	dlist_foreach(iter, &client->flying)
	{
		OrchKubeRequest *request = dlist_container(OrchKubeRequest, node, iter.cur);

		if (orch_kube_stream_due(&request->stream))
			return true;
	}
	return false;
}

/* Hands out what came of streams, and starts what may be started. */
static void
drive(OrchKubeDriver *driver, int64 now)
{
	OrchKubeClient *client = (OrchKubeClient *) driver;

	orch_kube_credentials_refresh(&client->endpoint.credentials, now);
	orch_kube_lane_sweep(&client->lane);
	read_streams(client);
	while (!dlist_is_empty(&client->queued) && now >= client->paused_until &&
		   client->flying_count < client->options.max_in_flight)
		launch(client, dlist_head_element(OrchKubeRequest, node,
										  &client->queued), now);
}

/* When drive() has something to do, or -1. */
static int64
due(OrchKubeDriver *driver, int64 now)
{
	OrchKubeClient *client = (OrchKubeClient *) driver;
	int64		at = orch_kube_credentials_due(&client->endpoint.credentials);
	int64		start = Max(client->paused_until, now);

	if (client->queued_count > 0 &&
		client->flying_count < client->options.max_in_flight)
		at = at < 0 ? start : Min(at, start);
	return streams_due(client) ? now : at;
}

int
orch_kube_client_pending(const OrchKubeClient *client)
{
	return client->queued_count + client->flying_count;
}

int
orch_kube_client_in_flight(const OrchKubeClient *client)
{
	return client->flying_count;
}

long
orch_kube_client_paused_ms(const OrchKubeClient *client)
{
	return (long) Max(client->paused_until - orch_kube_now(), 0);
}

OrchKubeTransport *
orch_kube_client_transport(const OrchKubeClient *client)
{
	return client->transport;
}
