/*-------------------------------------------------------------------------
 *
 * target.c
 *	  From the server URL of a cluster to what libcurl has to be told.
 *
 * libcurl verifies, and sends as SNI, the host of the URL and has no option
 * for another name.  So with tls-server-name the URL carries that name, and
 * CURLOPT_CONNECT_TO sends it to the real host and port.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/kube_internal.h"

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
rename_host(OrchKubeClient *client, CURLU *url, const char *host,
			const char *port)
{
	const char *name = client->config.tls_server_name;
	char	   *renamed = NULL;

	if (curl_url_set(url, CURLUPART_HOST, name, 0) != CURLUE_OK ||
		curl_url_get(url, CURLUPART_URL, &renamed, 0) != CURLUE_OK)
		return false;
	client->base_url = strdup(renamed);
	client->connect_to = format_text("%s:%s:%s:%s", name, port, host, port);
	client->host_header = format_text("%s:%s", host, port);
	curl_free(renamed);
	return client->base_url && client->connect_to && client->host_header;
}

static bool
use_url(OrchKubeClient *client, CURLU *url)
{
	char	   *host = NULL;
	char	   *port = NULL;
	bool		ok;

	ok = curl_url_set(url, CURLUPART_URL, client->config.server, 0) == CURLUE_OK &&
		curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK;
	if (ok)
	{
		client->loopback = orch_kube_is_loopback(host);
		if (client->config.tls_server_name != NULL)
			ok = rename_host(client, url, host, port);
		else
			ok = (client->base_url = strdup(client->config.server)) != NULL;
	}
	curl_free(host);
	curl_free(port);
	return ok;
}

/* Fills the parts of client that only depend on its configuration. */
bool
orch_kube_target_init(OrchKubeClient *client, char *error, size_t error_size)
{
	CURLU	   *url = curl_url();
	bool		ok = url != NULL && use_url(client, url);
	size_t		length;

	curl_url_cleanup(url);
	if (ok && client->options.source_address != NULL)
	{
		client->interface = format_text("host!%s", client->options.source_address);
		ok = client->interface != NULL;
	}
	if (!ok)
		return orch_kube_fail(error, error_size,
							  "the server URL or the TLS server name cannot be used");
	for (length = strlen(client->base_url);
		 length > 0 && client->base_url[length - 1] == '/'; length--)
		client->base_url[length - 1] = '\0';
	return true;
}
