/*-------------------------------------------------------------------------
 *
 * transfer_error.c
 *	  See transfer_error.h.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/transfer_error.h"

/* Was the request handed to the network, so that the server may have acted? */
static bool
was_sent(OrchKubeTransfer *transfer)
{
	curl_off_t	pretransfer = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &pretransfer);
	return pretransfer > 0;
}

OrchKubeError
orch_kube_transfer_error(OrchKubeTransfer *transfer, CURLcode code)
{
	if (transfer->no_memory)
		return ORCH_KUBE_ERROR_INTERNAL;
	if (transfer->too_large)
		return ORCH_KUBE_ERROR_TOO_LARGE;
	switch (code)
	{
		case CURLE_OK:
			return ORCH_KUBE_ERROR_NONE;
		case CURLE_COULDNT_RESOLVE_PROXY:
		case CURLE_COULDNT_RESOLVE_HOST:
		case CURLE_COULDNT_CONNECT:
		case CURLE_PROXY:
		case CURLE_INTERFACE_FAILED:
			/* also a reset in the handshake, as from a server that restarts */
		case CURLE_SSL_CONNECT_ERROR:
			return ORCH_KUBE_ERROR_CONNECT;
		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_CACERT_BADFILE:
		case CURLE_SSL_CERTPROBLEM:
		case CURLE_SSL_CIPHER:
		case CURLE_SSL_ISSUER_ERROR:
			return ORCH_KUBE_ERROR_TLS;
		case CURLE_OPERATION_TIMEDOUT:
			return was_sent(transfer) ? ORCH_KUBE_ERROR_TIMEOUT :
				ORCH_KUBE_ERROR_CONNECT;
		case CURLE_SEND_FAIL_REWIND:
			return ORCH_KUBE_ERROR_LOST;
		case CURLE_OUT_OF_MEMORY:
		case CURLE_FAILED_INIT:
		case CURLE_BAD_FUNCTION_ARGUMENT:
		case CURLE_URL_MALFORMAT:
		case CURLE_UNSUPPORTED_PROTOCOL:
			return ORCH_KUBE_ERROR_INTERNAL;
		default:
			return was_sent(transfer) ? ORCH_KUBE_ERROR_LOST :
				ORCH_KUBE_ERROR_CONNECT;
	}
}

/* Whom the client talks to. */
static const char *
peer_name(const OrchKubeConfig *config)
{
	return config->unix_socket != NULL ? config->unix_socket : config->server;
}

/* Why a socket cannot be connected to: libcurl speaks of a port that there is none of. */
static const char *
socket_problem(OrchKubeTransfer *transfer)
{
	long		number = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
	return number != 0 ? strerror((int) number) : "it does not answer";
}

void
orch_kube_transfer_message(OrchKubeTransfer *transfer, CURLcode code,
						   char *message, size_t size)
{
	const OrchKubeConfig *config = &transfer->endpoint->config;
	const char *server = peer_name(config);
	const char *text = transfer->error_text;

	if (code == CURLE_SEND_FAIL_REWIND)
		text = "the connection broke while the answer was awaited";
	else if (code == CURLE_OPERATION_TIMEDOUT)
		text = "timed out";		/* libcurl's text differs by milliseconds */
	else if (code == CURLE_COULDNT_CONNECT && config->unix_socket != NULL)
		text = socket_problem(transfer);
	else if (*text == '\0')
		text = curl_easy_strerror(code);
	switch (orch_kube_transfer_error(transfer, code))
	{
		case ORCH_KUBE_ERROR_TOO_LARGE:
			snprintf(message, size, "%s of %s is larger than %zu bytes",
					 orch_kube_transfer_has_lines(transfer) ? "a line" : "answer",
					 server, transfer->max_input);
			break;
		case ORCH_KUBE_ERROR_INTERNAL:
			snprintf(message, size, "%s",
					 transfer->no_memory ? "out of memory" : text);
			break;
		case ORCH_KUBE_ERROR_CONNECT:
			snprintf(message, size, "cannot reach %s: %s", server, text);
			break;
		case ORCH_KUBE_ERROR_TLS:
			snprintf(message, size, "TLS with %s failed: %s", server, text);
			break;
		default:
			snprintf(message, size, "no answer from %s: %s", server, text);
			break;
	}
}
