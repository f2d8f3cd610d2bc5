/*-------------------------------------------------------------------------
 *
 * transfer.c
 *	  One HTTP exchange: libcurl's options, its callbacks, and its errors in
 *	  words.
 *
 * Shared by requests and watches, so that trust, credentials and limits are
 * set in one place.  The callbacks store bytes and never throw; a body beyond
 * its limit ends the exchange, or pauses it where it is taken line by line.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "kube/clock.h"
#include "kube/transfer.h"

/* A peer that acknowledges nothing for so long is gone. */
#define TCP_DEAD_AFTER_MS 45000

/* No exchange begins on an older connection. */
#define MAX_LIFE_S 600L

#define MAX_WARNING_BYTES 1024

bool
orch_kube_transfer_has_lines(const OrchKubeTransfer *transfer)
{
	return transfer->by_line && transfer->headers_done && transfer->status < 400;
}

/* CURLOPT_WRITEFUNCTION */
static size_t
store_body(char *data, size_t size, size_t count, void *arg)
{
	OrchKubeTransfer *transfer = arg;
	size_t		length = size * count;

	if (orch_kube_transfer_has_lines(transfer))
	{
		if (transfer->input.len > transfer->max_input)
		{
			transfer->paused = true;
			return CURL_WRITEFUNC_PAUSE;
		}
	}
	else if (transfer->input.len + length > transfer->max_input)
	{
		transfer->too_large = true;
		return 0;
	}
	if (!orch_kube_buffer_append(&transfer->input, data, length))
	{
		transfer->no_memory = true;
		return 0;
	}
	return length;
}

/*
 * CURLOPT_READFUNCTION of a POST.  A body that comes from here cannot be
 * rewound, and that is the point: libcurl by itself repeats a request whose
 * connection broke before an answer came, and would create things twice.
 */
static size_t
give_body(char *data, size_t size, size_t count, void *arg)
{
	OrchKubeTransfer *transfer = arg;
	size_t		length = Min(size * count, transfer->body_left);

	memcpy(data, transfer->body, length);
	transfer->body += length;
	transfer->body_left -= length;
	return length;
}

/* Keeps the text of the first Warning header: 299 - "text" */
static void
store_warning(OrchKubeTransfer *transfer, const char *value, size_t length)
{
	OrchKubeBuffer buffer = {0};
	const char *quote = memchr(value, '"', length);

	if (transfer->warning != NULL)
		return;
	if (quote != NULL)
	{
		length -= quote + 1 - value;
		value = quote + 1;
		while (length > 0 && value[length - 1] != '"')
			length--;
		length -= length > 0 ? 1 : 0;
	}
	length = Min(length, MAX_WARNING_BYTES);
	if (orch_kube_buffer_append(&buffer, value, length) &&
		orch_kube_text_clean(&buffer))
		transfer->warning = buffer.data;
	else
		orch_kube_buffer_free(&buffer);
}

/* CURLOPT_HEADERFUNCTION: called once per line, the last one empty */
static size_t
store_header(char *data, size_t size, size_t count, void *arg)
{
	OrchKubeTransfer *transfer = arg;
	size_t		length = size * count;

	if (length <= 2)
	{
		curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE,
						  &transfer->status);
		/* 1xx announces the real answer */
		transfer->headers_done = transfer->status >= 200;
	}
	else if (length > 8 && pg_strncasecmp(data, "warning:", 8) == 0)
		store_warning(transfer, data + 8, length - 8);
	return length;
}

/* CURLOPT_SOCKOPTFUNCTION */
static int
set_socket_options(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	unsigned int timeout = TCP_DEAD_AFTER_MS;

	(void) arg;
	(void) purpose;
	/* only makes dead peers seen sooner: fine where it is not supported */
	(void) setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
					  &timeout, sizeof(timeout));
	return CURL_SOCKOPT_OK;
}

static bool
add_header(OrchKubeTransfer *transfer, const char *name, const char *value)
{
	OrchKubeBuffer line = {0};
	struct curl_slist *grown = NULL;

	if (orch_kube_buffer_append_text(&line, name) &&
		orch_kube_buffer_append_text(&line, value))
		grown = curl_slist_append(transfer->headers, line.data);
	if (line.data != NULL)
		explicit_bzero(line.data, line.len);
	orch_kube_buffer_free(&line);
	if (grown == NULL)
		return false;
	transfer->headers = grown;
	return true;
}

static bool
add_headers(OrchKubeTransfer *transfer, const OrchKubeTransferSpec *spec)
{
	OrchKubeEndpoint *endpoint = transfer->endpoint;
	bool		ok;

	ok = add_header(transfer, "Accept: ",
					spec->accept ? spec->accept : "application/json");
	/* libcurl's own additions would cost a round trip or mislead */
	ok = ok && add_header(transfer, "Expect:", "");
	if (spec->body != NULL)
		ok = ok && add_header(transfer, "Content-Type: ",
							  spec->content_type ? spec->content_type :
							  "application/json");
	if (endpoint->host_header != NULL)
		ok = ok && add_header(transfer, "Host: ", endpoint->host_header);
	if (spec->header != NULL)
		ok = ok && add_header(transfer, spec->header, "");
	if (endpoint->credentials.token != NULL)
		ok = ok && add_header(transfer, "Authorization: Bearer ",
							  endpoint->credentials.token);
	return ok && curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER,
								  transfer->headers) == CURLE_OK;
}

/* All the options below return CURLE_OK, or something that is not 0. */
#define SETOPT(option, value) \
	(curl_easy_setopt(transfer->easy, option, value) == CURLE_OK)

static bool
set_blob(OrchKubeTransfer *transfer, CURLoption option, char *pem)
{
	struct curl_blob blob;

	if (pem == NULL)
		return true;
	blob.data = pem;
	blob.len = strlen(pem);
	blob.flags = CURL_BLOB_COPY;
	return curl_easy_setopt(transfer->easy, option, &blob) == CURLE_OK;
}

static bool
set_trust(OrchKubeTransfer *transfer)
{
	OrchKubeEndpoint *endpoint = transfer->endpoint;
	OrchKubeCredentials *credentials = &endpoint->credentials;
	bool		verify = !endpoint->config.insecure_skip_tls_verify;
	bool		ok;

	ok = SETOPT(CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L) &&
		SETOPT(CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L) &&
		SETOPT(CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
	if (credentials->ca_pem != NULL)
		/* else the system's authorities would be trusted beside ours */
		ok = ok && SETOPT(CURLOPT_CAPATH, NULL) && SETOPT(CURLOPT_CAINFO, NULL);
	return ok &&
		set_blob(transfer, CURLOPT_CAINFO_BLOB, credentials->ca_pem) &&
		set_blob(transfer, CURLOPT_SSLCERT_BLOB, credentials->client_cert_pem) &&
		set_blob(transfer, CURLOPT_SSLKEY_BLOB, credentials->client_key_pem);
}

static bool
set_login(OrchKubeTransfer *transfer)
{
	OrchKubeConfig *config = &transfer->endpoint->config;

	if (transfer->endpoint->credentials.token != NULL || config->username == NULL)
		return true;
	return SETOPT(CURLOPT_HTTPAUTH, (long) CURLAUTH_BASIC) &&
		SETOPT(CURLOPT_USERNAME, config->username) &&
		SETOPT(CURLOPT_PASSWORD, config->password ? config->password : "");
}

static bool
set_route(OrchKubeTransfer *transfer)
{
	OrchKubeEndpoint *endpoint = transfer->endpoint;
	bool		ok = true;

	if (endpoint->config.unix_socket != NULL)
		ok = SETOPT(CURLOPT_UNIX_SOCKET_PATH, endpoint->config.unix_socket) &&
			SETOPT(CURLOPT_PROXY, "");
	else if (endpoint->config.proxy_url != NULL)
		ok = SETOPT(CURLOPT_PROXY, endpoint->config.proxy_url) &&
			SETOPT(CURLOPT_NOPROXY, "");
	else if (endpoint->loopback)
		ok = SETOPT(CURLOPT_PROXY, "");
	if (endpoint->interface != NULL)
		ok = ok && SETOPT(CURLOPT_INTERFACE, endpoint->interface);
	if (endpoint->connect_to != NULL)
	{
		transfer->connect_to = curl_slist_append(NULL, endpoint->connect_to);
		ok = ok && transfer->connect_to != NULL &&
			SETOPT(CURLOPT_CONNECT_TO, transfer->connect_to);
	}
	return ok &&
		SETOPT(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) &&
		SETOPT(CURLOPT_PROTOCOLS_STR, "http,https") &&
		SETOPT(CURLOPT_FOLLOWLOCATION, 0L);
}

static bool
set_liveness(OrchKubeTransfer *transfer, const OrchKubeTransferSpec *spec)
{
	return SETOPT(CURLOPT_NOSIGNAL, 1L) &&
		SETOPT(CURLOPT_QUICK_EXIT, 1L) &&
		SETOPT(CURLOPT_CONNECTTIMEOUT_MS, (long) transfer->endpoint->connect_timeout_ms) &&
		SETOPT(CURLOPT_TIMEOUT_MS, (long) spec->timeout_ms) &&
		SETOPT(CURLOPT_FRESH_CONNECT, spec->fresh ? 1L : 0L) &&
		SETOPT(CURLOPT_MAXLIFETIME_CONN, MAX_LIFE_S) &&
		SETOPT(CURLOPT_TCP_KEEPALIVE, 1L) &&
		SETOPT(CURLOPT_TCP_KEEPIDLE, 30L) &&
		SETOPT(CURLOPT_TCP_KEEPINTVL, 15L) &&
		SETOPT(CURLOPT_SOCKOPTFUNCTION, set_socket_options);
}

static bool
set_version(OrchKubeTransfer *transfer)
{
	bool		multiplex = transfer->set->multiplex;
	bool		is_tls = strncmp(transfer->url, "https:", 6) == 0;

	/* waiting for a connection that may turn out to be HTTP/2 keeps a burst
	 * of requests from opening a connection each; without TLS it cannot, and
	 * all would wait for the first answer */
	return SETOPT(CURLOPT_HTTP_VERSION, (long) (multiplex ?
												CURL_HTTP_VERSION_2TLS :
												CURL_HTTP_VERSION_1_1)) &&
		SETOPT(CURLOPT_PIPEWAIT, multiplex && is_tls ? 1L : 0L);
}

static bool
set_body(OrchKubeTransfer *transfer, const OrchKubeTransferSpec *spec)
{
	if (spec->body == NULL)
		return true;
	if (!SETOPT(CURLOPT_POST, 1L) ||
		!SETOPT(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) spec->body_len))
		return false;
	if (strcmp(spec->method, "POST") != 0)
		return SETOPT(CURLOPT_POSTFIELDS, spec->body);
	transfer->body = spec->body;
	transfer->body_left = spec->body_len;
	return SETOPT(CURLOPT_READFUNCTION, give_body) &&
		SETOPT(CURLOPT_READDATA, transfer);
}

static bool
set_exchange(OrchKubeTransfer *transfer, const OrchKubeTransferSpec *spec)
{
	bool		ok;

	ok = SETOPT(CURLOPT_URL, transfer->url) &&
		SETOPT(CURLOPT_PATH_AS_IS, 1L) &&
		SETOPT(CURLOPT_PRIVATE, transfer) &&
		SETOPT(CURLOPT_ERRORBUFFER, transfer->error_text) &&
		SETOPT(CURLOPT_USERAGENT, transfer->endpoint->user_agent) &&
		SETOPT(CURLOPT_WRITEFUNCTION, store_body) &&
		SETOPT(CURLOPT_WRITEDATA, transfer) &&
		SETOPT(CURLOPT_HEADERFUNCTION, store_header) &&
		SETOPT(CURLOPT_HEADERDATA, transfer);
	return ok && set_body(transfer, spec) &&
		SETOPT(CURLOPT_CUSTOMREQUEST, spec->method);
}

static char *
make_url(OrchKubeEndpoint *endpoint, const char *path)
{
	OrchKubeBuffer url = {0};

	if (orch_kube_buffer_append_text(&url, endpoint->base_url) &&
		orch_kube_buffer_append_text(&url, path))
		return url.data;
	orch_kube_buffer_free(&url);
	return NULL;
}

/* What the transport calls. */
static void
finished(OrchKubeExchange *exchange, CURLcode code)
{
	OrchKubeTransfer *transfer = (OrchKubeTransfer *) exchange;

	transfer->done(transfer, code);
}

bool
orch_kube_transfer_start(OrchKubeTransfer *transfer, OrchKubeEndpoint *endpoint,
						 OrchKubeSet *set, const OrchKubeTransferSpec *spec,
						 void (*done) (OrchKubeTransfer *, CURLcode))
{
	bool		ok;

	memset(transfer, 0, sizeof(*transfer));
	transfer->exchange.done = finished;
	transfer->endpoint = endpoint;
	transfer->set = set;
	set->users++;
	transfer->done = done;
	transfer->max_input = spec->max_input;
	transfer->plain_text = spec->plain_text;
	transfer->raw = spec->raw;
	transfer->by_line = spec->by_line;
	transfer->token_generation = endpoint->credentials.token_generation;
	transfer->tls_generation = endpoint->credentials.tls_generation;
	transfer->started_at = orch_kube_now();
	transfer->url = make_url(endpoint, spec->path);
	transfer->easy = curl_easy_init();
	ok = transfer->url != NULL && transfer->easy != NULL &&
		set_exchange(transfer, spec) && add_headers(transfer, spec) &&
		set_trust(transfer) && set_login(transfer) && set_route(transfer) &&
		set_liveness(transfer, spec) && set_version(transfer) &&
		curl_multi_add_handle(transfer->set->multi, transfer->easy) == CURLM_OK;
	if (!ok)
		orch_kube_transfer_stop(transfer);
	return ok;
}

void
orch_kube_transfer_resume(OrchKubeTransfer *transfer)
{
	if (!transfer->paused)
		return;
	transfer->paused = false;
	/* what libcurl has kept comes at once; if it cannot, it is lost */
	if (curl_easy_pause(transfer->easy, CURLPAUSE_CONT) != CURLE_OK)
		transfer->no_memory = true;
}

void
orch_kube_transfer_stop(OrchKubeTransfer *transfer)
{
	if (transfer->easy != NULL)
	{
		/* harmless for a handle that was never added */
		curl_multi_remove_handle(transfer->set->multi, transfer->easy);
		curl_easy_cleanup(transfer->easy);
	}
	if (transfer->set != NULL)
		transfer->set->users--;
	for (struct curl_slist *header = transfer->headers; header != NULL; header = header->next)
		explicit_bzero(header->data, strlen(header->data));
	curl_slist_free_all(transfer->headers);
	curl_slist_free_all(transfer->connect_to);
	free(transfer->url);
	free(transfer->warning);
	orch_kube_buffer_free(&transfer->input);
	memset(transfer, 0, sizeof(*transfer));
}
