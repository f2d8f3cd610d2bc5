/*-------------------------------------------------------------------------
 *
 * endpoint.c
 *	  From the server URL of a cluster to what libcurl has to be told.
 *
 * libcurl verifies, and sends as SNI, the host of the URL and has no option
 * for another name.  So with tls-server-name the URL carries that name, and
 * CURLOPT_CONNECT_TO sends it to the real host and port.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include <curl/curl.h>

#include "kube/clock.h"
#include "kube/endpoint.h"
#include "kube/text.h"

static char *
format_text(const char *format,...) pg_attribute_printf(1, 2);

static char *
format_text(const char *format,...)
{
	char		line[2048];
	va_list		args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	return strdup(line);
}

/* The URL with the name to verify as host, without a slash at the end. */
static bool
rename_host(OrchKubeEndpoint *endpoint, CURLU *url, const char *host,
			const char *port)
{
	const char *name = endpoint->config.tls_server_name;
	char	   *renamed = NULL;

	if (curl_url_set(url, CURLUPART_HOST, name, 0) != CURLUE_OK ||
		curl_url_get(url, CURLUPART_URL, &renamed, 0) != CURLUE_OK)
		return false;
	endpoint->base_url = strdup(renamed);
	endpoint->connect_to = format_text("%s:%s:%s:%s", name, port, host, port);
	endpoint->host_header = format_text("%s:%s", host, port);
	curl_free(renamed);
	return endpoint->base_url && endpoint->connect_to && endpoint->host_header;
}

static bool
use_url(OrchKubeEndpoint *endpoint, CURLU *url)
{
	char	   *host = NULL;
	char	   *port = NULL;
	bool		ok;

	ok = curl_url_set(url, CURLUPART_URL, endpoint->config.server, 0) == CURLUE_OK &&
		curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK;
	if (ok)
	{
		endpoint->loopback = orch_kube_is_loopback(host);
		if (endpoint->config.tls_server_name != NULL)
			ok = rename_host(endpoint, url, host, port);
		else
			ok = (endpoint->base_url = strdup(endpoint->config.server)) != NULL;
	}
	curl_free(host);
	curl_free(port);
	return ok;
}

/* Fills the parts that only depend on the configuration. */
static bool
find_target(OrchKubeEndpoint *endpoint, const char *source_address,
			char *error, size_t error_size)
{
	CURLU	   *url = curl_url();
	bool		ok = url != NULL && use_url(endpoint, url);

	curl_url_cleanup(url);
	if (ok && source_address != NULL && endpoint->config.unix_socket == NULL)
	{
		endpoint->interface = format_text("host!%s", source_address);
		ok = endpoint->interface != NULL;
	}
	if (!ok)
		return orch_kube_fail(error, error_size,
							  "the server URL or the TLS server name cannot be used");
	for (size_t length = strlen(endpoint->base_url);
		 length > 0 && endpoint->base_url[length - 1] == '/'; length--)
		endpoint->base_url[length - 1] = '\0';
	return true;
}

bool
orch_kube_endpoint_init(OrchKubeEndpoint *endpoint, const OrchKubeConfig *config,
						const char *user_agent, const char *source_address,
						int token_refresh_ms, char *error, size_t error_size)
{
	endpoint->user_agent = strdup(user_agent);
	if (endpoint->user_agent == NULL ||
		!orch_kubeconfig_copy(&endpoint->config, config))
		return orch_kube_fail(error, error_size, "out of memory");
	return orch_kubeconfig_check(&endpoint->config, error, error_size) &&
		find_target(endpoint, source_address, error, error_size) &&
		orch_kube_credentials_init(&endpoint->credentials, &endpoint->config,
								   token_refresh_ms, orch_kube_now(),
								   error, error_size);
}

void
orch_kube_endpoint_free(OrchKubeEndpoint *endpoint)
{
	orch_kube_credentials_free(&endpoint->credentials);
	orch_kubeconfig_free(&endpoint->config);
	free(endpoint->user_agent);
	free(endpoint->base_url);
	free(endpoint->connect_to);
	free(endpoint->host_header);
	free(endpoint->interface);
	memset(endpoint, 0, sizeof(*endpoint));
}

void
orch_kube_endpoint_note_contact(OrchKubeEndpoint *endpoint, long status)
{
	if (status < 500)
		endpoint->contact_at = orch_kube_now();
}
