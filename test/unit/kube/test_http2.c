/*
 * test_http2.c
 *	  Many requests over one connection, where the server offers HTTP/2.
 *
 * Needs nghttpd (Debian: nghttp2-server), because Python's library has no
 * HTTP/2; without it the test says so and is skipped.  The real API server's
 * HTTP/2 is met in test/kube.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

#define REQUESTS 500

static pid_t server = -1;
static int	port;
static char docroot[] = "/tmp/orch_unit_http2_XXXXXX";

static bool
in_path(const char *program)
{
	char		command[128];

	snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", program);
	return system(command) == 0;
}

static int
free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t	length = sizeof(address);
	int			fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *) &address, length), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *) &address, &length), 0);
	close(fd);
	return ntohs(address.sin_port);
}

/* Sockets of this process that are connected to the server. */
static int
connections(void)
{
	int			count = 0;

	for (int fd = 3; fd < 1024; fd++)
	{
		struct sockaddr_in peer;
		socklen_t	length = sizeof(peer);

		if (getpeername(fd, (struct sockaddr *) &peer, &length) == 0 &&
			peer.sin_family == AF_INET && ntohs(peer.sin_port) == port)
			count++;
	}
	return count;
}

static int
start_server(void **state)
{
	char		path[MAXPGPATH];
	char		port_text[16];
	char		key[MAXPGPATH];
	int			null = open("/dev/null", O_RDWR);
	FILE	   *file;

	(void) state;
	if (!in_path("nghttpd"))
		return 0;
	assert_non_null(mkdtemp(docroot));
	snprintf(path, sizeof(path), "%s/thing", docroot);
	file = fopen(path, "w");
	fputs("{\"kind\":\"Thing\"}", file);
	fclose(file);
	port = free_port();
	snprintf(port_text, sizeof(port_text), "%d", port);
	strcpy(key, pki_path("server.key"));
	server = fork();
	if (server == 0)
	{
		dup2(null, 1);
		dup2(null, 2);
		execlp("nghttpd", "nghttpd", "-a", "127.0.0.1", "-d", docroot, "-m", "100",
			   port_text, key, pki_path("server.crt"), NULL);
		_exit(127);
	}
	close(null);
	return 0;
}

static int
stop_server(void **state)
{
	char		path[MAXPGPATH];

	(void) state;
	if (server < 0)
		return 0;
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	snprintf(path, sizeof(path), "%s/thing", docroot);
	unlink(path);
	rmdir(docroot);
	return 0;
}

static void
shares_one_connection(void **state)
{
	Fixture		f;
	OrchKubeResponse *r;
	int			most = 0;
	int64		deadline = 0;

	(void) state;
	if (server < 0)
	{
		print_message("nghttpd is not installed: HTTP/2 is not tested here\n");
		skip();
	}
	fixture_init(&f, port, "https");
	f.config.ca_pem = pki_text("ca.crt");
	snprintf(f.config.server, strlen(f.config.server), "https://127.0.0.1:%d", port);
	fixture_client(&f, NULL);
	do
	{
		r = call(&f, "GET", "/thing", NULL);
		if (r->error == ORCH_KUBE_ERROR_CONNECT)
			usleep(20000);
		most = r->error;
		orch_kube_response_free(r);
	} while (most == ORCH_KUBE_ERROR_CONNECT);

	most = 0;
	for (int i = 0; i < REQUESTS; i++)
		start_request(&f, "GET", "/thing", NULL, i);
	for (int done = 0; done < REQUESTS;)
	{
		r = orch_kube_transport_next(f.transport);
		most = Max(most, orch_kube_client_in_flight(f.client));
		if (r == NULL)
		{
			assert_true(pump(&f, &deadline));
			continue;
		}
		assert_int_equal(r->http_status, 200);
		assert_int_equal(r->http_version, 20);
		assert_string_equal(r->body, "{\"kind\":\"Thing\"}");
		orch_kube_response_free(r);
		done++;
	}
	assert_in_range(most, 0, 64);
	assert_int_equal(connections(), 1);
	fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_one_connection)
	};

	return cmocka_run_group_tests_name("HTTP/2", tests, start_server,
									   stop_server);
}
