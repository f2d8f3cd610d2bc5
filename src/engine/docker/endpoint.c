/*
 * endpoint.c
 *	  Where a Docker daemon listens, taken apart.
 *
 * Whatever else Docker's own client takes (ssh://, npipe://, a proxy's http://) is
 * refused by its name, before anything is stored.
 */
#include "kube/kube_prelude.h"

#include <arpa/inet.h>

#include "engine/docker/endpoint.h"

#define UNIX_SCHEME "unix://"
#define TCP_SCHEME "tcp://"
#define HOST_LENGTH 253
#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool
refuse(OrchAddressProblem *problem, const char *detail)
{
	snprintf(problem->hint, sizeof(problem->hint), "Write it as unix:///path of a socket, or as tcp://host:port, an IPv6 address in brackets.");
	snprintf(problem->detail, sizeof(problem->detail), "%s", detail);
	return false;
}

static bool
refuse_scheme(const char *text, OrchAddressProblem *problem)
{
	size_t		length = strspn(text, LETTERS DIGITS "+.-");

	(void) refuse(problem, "It begins with neither unix:// nor tcp://.");
	/* of what is none nothing is shown: who knows what it is */
	if (length > 0 && length < 20 && strncmp(text + length, "://", 3) == 0)
		snprintf(problem->detail, sizeof(problem->detail), "It begins with %.*s://, by which this engine is not reached.", (int) length, text);
	return false;
}

static bool
has_blank(const char *text)
{
	for (; *text != '\0'; text++)
	{
		if ((unsigned char) *text <= ' ' || *text == 0x7F)
			return true;
	}
	return false;
}

static bool
parse_path(const char *path, OrchDockerEndpoint *endpoint, OrchAddressProblem *problem)
{
	size_t		length = strlen(path);

	if (*path != '/')
		return refuse(problem, "The path of the socket does not begin with /.");
	if (path[length - 1] == '/')
		return refuse(problem, "The path of the socket ends with /.");
	if (length >= sizeof(endpoint->path))
	{
		(void) refuse(problem, "");
		snprintf(problem->detail, sizeof(problem->detail), "The path of the socket has more than %zu bytes.", sizeof(endpoint->path) - 1);
		return false;
	}
	endpoint->is_socket = true;
	memcpy(endpoint->path, path, length + 1);
	return true;
}

/* of a host in brackets, which end before rest */
static bool
parse_ipv6(const char *text, const char *rest, OrchDockerEndpoint *endpoint)
{
	char		written[INET6_ADDRSTRLEN] = "";
	struct in6_addr address;
	size_t		length = rest - text - 2;

	if (length >= sizeof(written))
		return false;
	memcpy(written, text + 1, length);
	written[length] = '\0';
	if (inet_pton(AF_INET6, written, &address) != 1 || inet_ntop(AF_INET6, &address, written, sizeof(written)) == NULL)
		return false;
	snprintf(endpoint->host, sizeof(endpoint->host), "[%s]", written);
	return true;
}

static bool
parse_host(const char *text, const char *rest, OrchDockerEndpoint *endpoint, OrchAddressProblem *problem)
{
	size_t		length = rest - text;

	if (length == 0)
		return refuse(problem, "There is no host.");
	if (*text == '[')
		return parse_ipv6(text, rest, endpoint) || refuse(problem, "What stands in brackets is no IPv6 address.");
	if (length > HOST_LENGTH || strspn(text, LETTERS DIGITS ".-_") != length)
		return refuse(problem, "The host is neither a name nor an address.");
	memcpy(endpoint->host, text, length);
	endpoint->host[length] = '\0';
	return true;
}

/* ":port", or nothing */
static bool
parse_port(const char *text, bool tls, OrchDockerEndpoint *endpoint, OrchAddressProblem *problem)
{
	size_t		length;

	endpoint->port = tls ? ORCH_DOCKER_PORT : ORCH_DOCKER_PLAIN_PORT;
	if (*text == '\0')
		return true;
	length = strspn(text + 1, DIGITS);
	endpoint->port = length > 0 && length < 6 ? atoi(text + 1) : 0;
	if (text[1 + length] != '\0' || endpoint->port < 1 || endpoint->port > 65535)
		return refuse(problem, "The port is not a number from 1 to 65535.");
	return true;
}

static bool
parse_tcp(const char *text, bool tls, OrchDockerEndpoint *endpoint, OrchAddressProblem *problem)
{
	const char *rest = *text == '[' ? strchr(text, ']') : strchr(text, ':');

	if (strchr(text, '@') != NULL)
		return refuse(problem, "It holds a user or a password, which this engine does not ask for.");
	if (strpbrk(text, "/?#") != NULL)
		return refuse(problem, "Something follows host and port.");
	if (*text == '[')
	{
		if (rest == NULL || (rest[1] != '\0' && rest[1] != ':'))
			return refuse(problem, "The brackets around an IPv6 address do not end before the port.");
		rest++;
	}
	else if (rest != NULL && strchr(rest + 1, ':') != NULL)
		return refuse(problem, "An IPv6 address stands in brackets.");
	else if (rest == NULL)
		rest = text + strlen(text);
	return parse_host(text, rest, endpoint, problem) && parse_port(rest, tls, endpoint, problem);
}

bool
orch_docker_endpoint_parse(const char *text, bool tls, OrchDockerEndpoint *endpoint, OrchAddressProblem *problem)
{
	memset(endpoint, 0, sizeof(*endpoint));
	if (*text == '\0')
		return refuse(problem, "It is empty.");
	if (has_blank(text))
		return refuse(problem, "There is a blank or a control character in it.");
	if (strncmp(text, UNIX_SCHEME, strlen(UNIX_SCHEME)) == 0)
		return parse_path(text + strlen(UNIX_SCHEME), endpoint, problem);
	if (strncmp(text, TCP_SCHEME, strlen(TCP_SCHEME)) == 0)
		return parse_tcp(text + strlen(TCP_SCHEME), tls, endpoint, problem);
	return refuse_scheme(text, problem);
}

void
orch_docker_endpoint_write(const OrchDockerEndpoint *endpoint, char *text, size_t size)
{
	if (endpoint->is_socket)
		snprintf(text, size, UNIX_SCHEME "%s", endpoint->path);
	else
		snprintf(text, size, TCP_SCHEME "%s:%d", endpoint->host, endpoint->port);
}
