/*
 * configuration.c
 *	  What it takes to reach a Docker daemon, out of its JSON.
 *
 * TLS goes both ways, or there is none: a daemon that asks for no certificate lets
 * everybody in.
 */
#include "kube/kube_prelude.h"

#include "engine/docker/configuration.h"
#include "kube/json_scan.h"
#include "kube/kubeconfig.h"
#include "kube/text.h"

enum
{
	FIELD_ENDPOINT,
	FIELD_CA,
	FIELD_CERT,
	FIELD_KEY,
	FIELD_COUNT
};

static bool
refuse(OrchAddressProblem *problem, const char *detail)
{
	snprintf(problem->detail, sizeof(problem->detail), "%s", detail);
	snprintf(problem->hint, sizeof(problem->hint), "Give tls as {\"ca\": ..., \"cert\": ..., \"key\": ...}: PEM texts of the authority that signed the daemon's certificate, and of a client certificate and its key.");
	return false;
}

static bool
check_pem(const char *pem, const char *detail, OrchAddressProblem *problem)
{
	return pem == NULL || strstr(pem, "-----BEGIN ") != NULL || refuse(problem, detail);
}

static bool
check_tls(const OrchDockerConfiguration *configuration, OrchAddressProblem *problem)
{
	bool		tls = configuration->ca != NULL || configuration->cert != NULL || configuration->key != NULL;

	if (tls && configuration->endpoint.is_socket)
		return refuse(problem, "There is no TLS on a socket of this machine: leave tls out.");
	if (tls && configuration->cert == NULL)
		return refuse(problem, "There is no client certificate in tls.");
	if (tls && configuration->key == NULL)
		return refuse(problem, "There is no client key in tls.");
	return check_pem(configuration->ca, "The authority (ca) in tls is not a PEM text.", problem) &&
		check_pem(configuration->cert, "The client certificate (cert) in tls is not a PEM text.", problem) &&
		check_pem(configuration->key, "The client key (key) in tls is not a PEM text.", problem);
}

/* what is absent stays NULL; orch_json_text() says NULL of what there is for want of memory alone */
static bool
read_text(const OrchJsonField *field, char **text, OrchAddressProblem *problem)
{
	if (field->kind == ORCH_JSON_ABSENT || field->kind == ORCH_JSON_NULL)
		return true;
	if (field->kind != ORCH_JSON_STRING)
		return refuse(problem, "One of endpoint, ca, cert and key is no text.");
	*text = orch_json_text(field);
	return *text != NULL || refuse(problem, "There is no memory for it.");
}

static bool
read_fields(const char *json, OrchDockerConfiguration *configuration, OrchAddressProblem *problem)
{
	OrchJsonField fields[FIELD_COUNT] = {{{"endpoint"}}, {{"ca"}}, {{"cert"}}, {{"key"}}};
	char	   *endpoint = NULL;
	bool		ok;

	if (!orch_json_scan(json, strlen(json), fields, FIELD_COUNT) || fields[FIELD_ENDPOINT].kind != ORCH_JSON_STRING)
		return refuse(problem, "It is no JSON object with an endpoint.");
	ok = read_text(&fields[FIELD_ENDPOINT], &endpoint, problem) &&
		read_text(&fields[FIELD_CA], &configuration->ca, problem) &&
		read_text(&fields[FIELD_CERT], &configuration->cert, problem) &&
		read_text(&fields[FIELD_KEY], &configuration->key, problem) &&
		orch_docker_endpoint_parse(endpoint, configuration->cert != NULL, &configuration->endpoint, problem);
	free(endpoint);
	return ok && check_tls(configuration, problem);
}

bool
orch_docker_configuration_read(const char *json, OrchDockerConfiguration *configuration, OrchAddressProblem *problem)
{
	memset(configuration, 0, sizeof(*configuration));
	if (read_fields(json, configuration, problem))
		return true;
	orch_docker_configuration_free(configuration);
	return false;
}

bool
orch_docker_configuration_is_plain(const OrchDockerConfiguration *configuration)
{
	return !configuration->endpoint.is_socket && configuration->cert == NULL && !orch_kube_is_loopback(configuration->endpoint.host);
}

void
orch_docker_configuration_free(OrchDockerConfiguration *configuration)
{
	free(configuration->ca);
	free(configuration->cert);
	orch_kube_free_secret(configuration->key);
	memset(configuration, 0, sizeof(*configuration));
}
