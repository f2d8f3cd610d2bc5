/*-------------------------------------------------------------------------
 *
 * kubeconfig_check.c
 *	  The OrchKubeConfig struct: copying, freeing, checking, and the
 *	  configuration of a pod's own service account.
 *
 * One set of rules for configurations from a kubeconfig, from fields and from
 * the service account.  A mistake is named here, before anything is stored,
 * instead of by a TLS library an hour later.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <sys/un.h>

#include "kube/kubeconfig_check.h"
#include "kube/text.h"

#define SERVICE_ACCOUNT_ROOT "/var/run/secrets/kubernetes.io/serviceaccount"

/* Every string of the struct, for copying and freeing. */
static const size_t string_offsets[] = {
	offsetof(OrchKubeConfig, context_name),
	offsetof(OrchKubeConfig, cluster_name),
	offsetof(OrchKubeConfig, user_name),
	offsetof(OrchKubeConfig, namespace_name),
	offsetof(OrchKubeConfig, server),
	offsetof(OrchKubeConfig, unix_socket),
	offsetof(OrchKubeConfig, tls_server_name),
	offsetof(OrchKubeConfig, proxy_url),
	offsetof(OrchKubeConfig, ca_pem),
	offsetof(OrchKubeConfig, client_cert_pem),
	offsetof(OrchKubeConfig, client_key_pem),
	offsetof(OrchKubeConfig, ca_file),
	offsetof(OrchKubeConfig, client_cert_file),
	offsetof(OrchKubeConfig, client_key_file),
	offsetof(OrchKubeConfig, token),
	offsetof(OrchKubeConfig, token_file),
	offsetof(OrchKubeConfig, username),
	offsetof(OrchKubeConfig, password)
};

#define STRING_AT(config, i) \
	(*(char **) ((char *) (config) + string_offsets[i]))

void
orch_kubeconfig_init(OrchKubeConfig *config)
{
	memset(config, 0, sizeof(*config));
}

void
orch_kubeconfig_free(OrchKubeConfig *config)
{
	for (size_t i = 0; i < lengthof(string_offsets); i++)
		orch_kube_free_secret(STRING_AT(config, i));
	orch_kubeconfig_init(config);
}

bool
orch_kubeconfig_set(char **field, const char *value)
{
	char	   *copy = NULL;

	if (value != NULL && *value != '\0')
	{
		copy = strdup(value);
		if (copy == NULL)
			return false;
	}
	orch_kube_free_secret(*field);
	*field = copy;
	return true;
}

bool
orch_kubeconfig_copy(OrchKubeConfig *to, const OrchKubeConfig *from)
{
	orch_kubeconfig_init(to);
	to->insecure_skip_tls_verify = from->insecure_skip_tls_verify;
	for (size_t i = 0; i < lengthof(string_offsets); i++)
	{
		if (!orch_kubeconfig_set(&STRING_AT(to, i), STRING_AT(from, i)))
		{
			orch_kubeconfig_free(to);
			return false;
		}
	}
	return true;
}

bool
orch_kubeconfig_uses_files(const OrchKubeConfig *config)
{
	return (config->ca_file != NULL && config->ca_pem == NULL) ||
		(config->client_cert_file != NULL && config->client_cert_pem == NULL) ||
		(config->client_key_file != NULL && config->client_key_pem == NULL) ||
		config->token_file != NULL;
}

/* Text of one part of a URL, malloc'ed by libcurl, or NULL. */
static char *
url_part(CURLU *url, CURLUPart part)
{
	char	   *value = NULL;

	if (curl_url_get(url, part, &value, 0) != CURLUE_OK)
		return NULL;
	return value;
}

/* By address, not by prefix: 127.0.0.1.example is somebody else. */
bool
orch_kube_is_loopback(const char *host)
{
	struct in_addr address;

	if (inet_pton(AF_INET, host, &address) == 1)
		return ntohl(address.s_addr) >> 24 == 127;
	return strcmp(host, "[::1]") == 0 || strcmp(host, "localhost") == 0;
}

bool
orch_kubeconfig_is_plain(const OrchKubeConfig *config)
{
	CURLU	   *url;
	char	   *scheme = NULL;
	char	   *host = NULL;
	bool		plain = true;

	if (config->unix_socket != NULL)
		return false;
	url = curl_url();
	if (url != NULL && curl_url_set(url, CURLUPART_URL, config->server, 0) == CURLUE_OK)
	{
		scheme = url_part(url, CURLUPART_SCHEME);
		host = url_part(url, CURLUPART_HOST);
		if (scheme != NULL && host != NULL)
			plain = strcmp(scheme, "https") != 0 &&
				(config->proxy_url != NULL || !orch_kube_is_loopback(host));
	}
	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(url);
	return plain;
}

char *
orch_kubeconfig_identity(const OrchKubeConfig *config)
{
	const char *parts[] = {config->server, config->tls_server_name, config->proxy_url, config->ca_pem,
	config->ca_pem ? NULL : config->ca_file, config->insecure_skip_tls_verify ? "insecure" : NULL, config->unix_socket};
	size_t		size = 1;
	char	   *identity;
	char	   *end;

	for (size_t i = 0; i < lengthof(parts); i++)
		size += (parts[i] ? strlen(parts[i]) : 0) + 32;
	end = identity = malloc(size);
	if (identity == NULL)
		return NULL;
	*end = '\0';
	/* with its length, so that no part can look like two */
	for (size_t i = 0; i < lengthof(parts); i++)
		end += snprintf(end, size - (end - identity), "%zu:%s;", parts[i] ? strlen(parts[i]) : 0, parts[i] ? parts[i] : "");
	return identity;
}

static const char *
url_problem(CURLU *url)
{
	char	   *scheme = url_part(url, CURLUPART_SCHEME);
	char	   *host = url_part(url, CURLUPART_HOST);
	char	   *user = url_part(url, CURLUPART_USER);
	char	   *query = url_part(url, CURLUPART_QUERY);
	char	   *fragment = url_part(url, CURLUPART_FRAGMENT);
	const char *problem = NULL;

	if (scheme == NULL || host == NULL)
		problem = "is not a URL";
	else if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
		problem = "is neither https:// nor http://";
	else if (user != NULL)
		problem = "must not contain a user name or password";
	else if (query != NULL || fragment != NULL)
		problem = "must not contain a query or a fragment";
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_free(query);
	curl_free(fragment);
	return problem;
}

static bool
check_server(OrchKubeConfig *config, char *error, size_t error_size)
{
	CURLU	   *url;
	const char *problem = "is not a URL";
	size_t		length;

	if (config->server == NULL)
		return orch_kube_fail(error, error_size, "the cluster has no server URL");
	url = curl_url();
	if (url == NULL)
		return orch_kube_fail(error, error_size, "out of memory");
	if (strstr(config->server, "://") == NULL)
		problem = "must begin with https:// or http://";
	else if (curl_url_set(url, CURLUPART_URL, config->server,
						  CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK)
		problem = url_problem(url);
	curl_url_cleanup(url);
	if (problem != NULL)
		return orch_kube_fail(error, error_size,
							  "the server URL of the cluster %s", problem);
	for (length = strlen(config->server);
		 length > 0 && config->server[length - 1] == '/'; length--)
		config->server[length - 1] = '\0';
	return true;
}

/* Who is connected to is told by the path alone: nothing is encrypted or passed on. */
static bool
check_socket(const OrchKubeConfig *config, char *error, size_t error_size)
{
	const char *path = config->unix_socket;
	struct sockaddr_un address;

	if (path == NULL)
		return true;
	if (*path != '/' || strlen(path) >= sizeof(address.sun_path))
		return orch_kube_fail(error, error_size,
							  "the Unix socket must be an absolute path of at most %zu bytes",
							  sizeof(address.sun_path) - 1);
	if (strncmp(config->server, "http://", 7) != 0)
		return orch_kube_fail(error, error_size,
							  "the server URL for a Unix socket must begin with http://");
	if (config->proxy_url || config->tls_server_name ||
		config->ca_pem || config->ca_file ||
		config->client_cert_pem || config->client_cert_file ||
		config->insecure_skip_tls_verify)
		return orch_kube_fail(error, error_size,
							  "there is neither a proxy nor TLS on a Unix socket");
	return true;
}

static bool
check_pem(const char *pem, const char *what, char *error, size_t error_size)
{
	if (pem == NULL || strstr(pem, "-----BEGIN ") != NULL)
		return true;
	return orch_kube_fail(error, error_size, "%s is not a PEM text", what);
}

/* A path counts only where no embedded text beats it. */
static bool
check_path(const char *path, const char *pem, const char *what,
		   char *error, size_t error_size)
{
	if (path == NULL || *path == '/' || pem != NULL)
		return true;
	return orch_kube_fail(error, error_size,
						  "%s must be an absolute path, or be embedded as data",
						  what);
}

static bool
check_header_text(const char *value, const char *what,
				  char *error, size_t error_size)
{
	for (; value != NULL && *value != '\0'; value++)
	{
		if ((unsigned char) *value <= ' ' || (unsigned char) *value == 0x7F)
			return orch_kube_fail(error, error_size,
								  "%s contains a space or a control character",
								  what);
	}
	return true;
}

static bool
check_pairs(OrchKubeConfig *config, char *error, size_t error_size)
{
	bool		cert = config->client_cert_pem || config->client_cert_file;
	bool		key = config->client_key_pem || config->client_key_file;

	if (cert && !key)
		return orch_kube_fail(error, error_size,
							  "there is a client certificate but no client key");
	if (key && !cert)
		return orch_kube_fail(error, error_size,
							  "there is a client key but no client certificate");
	if (config->insecure_skip_tls_verify && (config->ca_pem || config->ca_file))
		return orch_kube_fail(error, error_size,
							  "a certificate authority and insecure-skip-tls-verify exclude each other");
	if (config->password != NULL && config->username == NULL)
		return orch_kube_fail(error, error_size,
							  "there is a password but no user name");
	return true;
}

bool
orch_kubeconfig_check(OrchKubeConfig *config, char *error, size_t error_size)
{
	return check_server(config, error, error_size) &&
		check_socket(config, error, error_size) &&
		check_pairs(config, error, error_size) &&
		check_pem(config->ca_pem, "the certificate authority", error, error_size) &&
		check_pem(config->client_cert_pem, "the client certificate", error, error_size) &&
		check_pem(config->client_key_pem, "the client key", error, error_size) &&
		check_path(config->ca_file, config->ca_pem,
				   "certificate-authority", error, error_size) &&
		check_path(config->client_cert_file, config->client_cert_pem,
				   "client-certificate", error, error_size) &&
		check_path(config->client_key_file, config->client_key_pem,
				   "client-key", error, error_size) &&
		check_path(config->token_file, NULL,
				   "tokenFile", error, error_size) &&
		check_header_text(config->token, "the token", error, error_size) &&
		check_header_text(config->tls_server_name, "tls-server-name", error, error_size);
}

/* root/name as a string of the struct. */
static bool
set_path(char **field, const char *root, const char *name)
{
	char		path[MAXPGPATH];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return orch_kubeconfig_set(field, path);
}

/* The namespace file is a courtesy: without it the default stays unset. */
static void
read_namespace(OrchKubeConfig *config, const char *root)
{
	char		path[MAXPGPATH];
	char		name[256] = {0};
	FILE	   *file;

	snprintf(path, sizeof(path), "%s/namespace", root);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	if (fgets(name, sizeof(name), file) != NULL)
	{
		name[strcspn(name, " \r\n")] = '\0';
		(void) orch_kubeconfig_set(&config->namespace_name, name);
	}
	fclose(file);
}

bool
orch_kubeconfig_in_cluster(OrchKubeConfig *config, const char *root,
						   char *error, size_t error_size)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");
	char		server[512];
	bool		ipv6;

	orch_kubeconfig_init(config);
	root = root != NULL ? root : SERVICE_ACCOUNT_ROOT;
	if (host == NULL || *host == '\0' || port == NULL || *port == '\0')
		return orch_kube_fail(error, error_size,
							  "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: the server does not run inside a cluster");
	ipv6 = strchr(host, ':') != NULL;
	snprintf(server, sizeof(server), "https://%s%s%s:%s",
			 ipv6 ? "[" : "", host, ipv6 ? "]" : "", port);
	if (!orch_kubeconfig_set(&config->server, server) ||
		!set_path(&config->token_file, root, "token") ||
		!set_path(&config->ca_file, root, "ca.crt"))
	{
		orch_kubeconfig_free(config);
		return orch_kube_fail(error, error_size, "out of memory");
	}
	read_namespace(config, root);
	if (orch_kubeconfig_check(config, error, error_size))
		return true;
	orch_kubeconfig_free(config);
	return false;
}
