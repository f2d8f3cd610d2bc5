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
#include <sys/socket.h>

#include "harness.h"

#define REQUESTS 500

static Stub server;
static bool installed;

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
			peer.sin_family == AF_INET && ntohs(peer.sin_port) == server.port)
			count++;
	}
	return count;
}

static int
start_server(void **state)
{
	(void) state;
	installed = http2_start(&server);
	return 0;
}

static int
stop_server(void **state)
{
	(void) state;
	if (installed)
		http2_stop(&server);
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
	if (!installed)
	{
		print_message("nghttpd is not installed: HTTP/2 is not tested here\n");
		skip();
	}
	fixture_init(&f, server.port, "https");
	f.config.ca_pem = pki_text("ca.crt");
	snprintf(f.config.server, strlen(f.config.server), "https://127.0.0.1:%d",
			 server.port);
	fixture_client(&f, NULL);
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
