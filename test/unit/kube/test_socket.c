/*
 * test_socket.c
 *	  What a Docker Engine API needs: a Unix socket, one more header, bytes, and
 *	  answers that come line by line.
 *
 * The server is played by the test itself: it takes the request off the socket
 * and says what it wants, when it wants.
 */
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness.h"
#include "kube/clock.h"

static char folder[] = "/tmp/orch_unit_socket_XXXXXX";
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static int	listener = -1;
static int	peer = -1;			/* the connection that was taken last */
static char asked[65536];		/* the request that was taken last */

static int
setup(void **state)
{
	static Fixture f;

	fixture_init(&f, 0, "http");
	assert_true(orch_kubeconfig_set(&f.config.server, "http://engine/"));
	assert_true(orch_kubeconfig_set(&f.config.unix_socket, address.sun_path));
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(listener, (struct sockaddr *) &address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 8), 0);
	*state = &f;
	return 0;
}

static void
hang_up(void)
{
	if (peer >= 0)
		close(peer);
	peer = -1;
}

static int
teardown(void **state)
{
	hang_up();
	close(listener);
	unlink(address.sun_path);
	fixture_free(*state);
	return 0;
}

/* ---- the server ---- */

/* Waits until there is something to read, for a request to come or to go on. */
static void
pump_until_readable(Fixture *f, int fd)
{
	struct pollfd readable = {fd, POLLIN, 0};
	int64		deadline = orch_kube_now() + LIMIT_MS;

	while (poll(&readable, 1, 1) == 0)
	{
		orch_kube_transport_perform(f->transport);
		assert_true(orch_kube_now() < deadline);
	}
}

/* Takes a request without a body, over a connection that is there or a new one. */
static void
take_request(Fixture *f)
{
	size_t		length = 0;

	if (peer < 0)
	{
		pump_until_readable(f, listener);
		peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		assert_true(peer >= 0);
	}
	memset(asked, 0, sizeof(asked));
	while (strstr(asked, "\r\n\r\n") == NULL)
	{
		ssize_t		got;

		pump_until_readable(f, peer);
		got = read(peer, asked + length, sizeof(asked) - 1 - length);
		assert_true(got > 0);
		length += got;
	}
}

static void
say_bytes(const char *bytes, size_t length)
{
	assert_int_equal(write(peer, bytes, length), length);
}

static void
say(const char *text)
{
	say_bytes(text, strlen(text));
}

static void
say_answer(int status, const char *body, size_t length)
{
	char		head[128];

	snprintf(head, sizeof(head), "HTTP/1.1 %d Whatever\r\nContent-Type: application/json\r\n"
			 "Content-Length: %zu\r\n\r\n", status, length);
	say(head);
	say_bytes(body, length);
}

/* ---- the client ---- */

static void
ask(Fixture *f, OrchKubeRequestSpec spec)
{
	spec.method = spec.method ? spec.method : "GET";
	spec.path = spec.path ? spec.path : "/v1.41/info";
	spec.arg = f;
	assert_true(orch_kube_request_start(f->client, &spec));
	take_request(f);
}

/* Like next_response(), of bytes, too. */
static OrchKubeResponse *
next(Fixture *f)
{
	OrchKubeResponse *response;
	int64		deadline = 0;

	while ((response = orch_kube_transport_next(f->transport)) == NULL)
		assert_true(pump(f, &deadline));
	assert_ptr_equal(response->client, f->client);
	assert_ptr_equal(response->arg, f);
	return response;
}

static void
expect_answer(Fixture *f, long status, const char *body)
{
	OrchKubeResponse *r = next(f);

	if (r->error != ORCH_KUBE_ERROR_NONE)
		fail_msg("%s", r->message);
	assert_int_equal(r->http_status, status);
	assert_string_equal(r->body, body);
	assert_int_equal(r->body_len, strlen(body));
	orch_kube_response_free(r);
}

/* ---- over a socket ---- */

/* Neither another machine's name nor a proxy stands in the way, and nobody has to allow it. */
static void
asks_over_a_socket(void **state)
{
	Fixture    *f = *state;

	assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
	fixture_client(f, &(OrchKubeClientOptions) {.source_address = "127.0.0.1"});
	ask(f, (OrchKubeRequestSpec) {0});
	assert_memory_equal(asked, "GET /v1.41/info HTTP/1.1\r\n", 26);
	assert_non_null(strstr(asked, "\r\nHost: engine\r\n"));
	say_answer(200, "{}", 2);
	expect_answer(f, 200, "{}");

	/* the connection stays */
	ask(f, (OrchKubeRequestSpec) {.method = "DELETE"});
	assert_memory_equal(asked, "DELETE ", 7);
	say_answer(204, "", 0);
	expect_answer(f, 204, "");
	assert_int_equal(unsetenv("http_proxy"), 0);
}

static void
expect_unreachable(Fixture *f, const char *path, const char *why)
{
	OrchKubeResponse *r;
	char		message[256];

	assert_true(orch_kubeconfig_set(&f->config.unix_socket, path));
	fixture_client(f, NULL);
	r = call(f, "GET", "/", NULL);
	assert_int_equal(r->error, ORCH_KUBE_ERROR_CONNECT);
	snprintf(message, sizeof(message), "cannot reach %s: %s", path, why);
	assert_string_equal(r->message, message);
	orch_kube_response_free(r);
}

static void
names_the_socket(void **state)
{
	Fixture    *f = *state;
	OrchKubeResponse *r;

	fixture_client(f, NULL);
	ask(f, (OrchKubeRequestSpec) {0});
	hang_up();
	r = next(f);
	assert_int_equal(r->error, ORCH_KUBE_ERROR_LOST);
	assert_non_null(strstr(r->message, address.sun_path));
	orch_kube_response_free(r);

	expect_unreachable(f, "/nonexistent/socket", "No such file or directory");
	/* nobody listens any more */
	close(listener);
	listener = -1;
	expect_unreachable(f, address.sun_path, "Connection refused");
	if (geteuid() == 0)
		return;
	assert_int_equal(chmod(address.sun_path, 0), 0);
	expect_unreachable(f, address.sun_path, "Permission denied");
}

/* Changes one field of a configuration that is fine, and reads what is said of it. */
static void
expect_refusal(size_t field, const char *value, const char *why)
{
	OrchKubeConfig config;
	char		error[ORCH_KUBE_ERROR_SIZE] = "";

	orch_kubeconfig_init(&config);
	assert_true(orch_kubeconfig_set(&config.server, "http://engine"));
	assert_true(orch_kubeconfig_set(&config.unix_socket, "/run/engine.sock"));
	assert_true(orch_kubeconfig_check(&config, error, sizeof(error)));
	assert_true(orch_kubeconfig_set((char **) ((char *) &config + field), value));
	assert_false(orch_kubeconfig_check(&config, error, sizeof(error)));
	if (strstr(error, why) == NULL)
		fail_msg("%s", error);
	orch_kubeconfig_free(&config);
}

static void
checks_the_socket(void **state)
{
	char		path[sizeof(address.sun_path) + 1] = "/";

	(void) state;
	memset(path + 1, 'a', sizeof(path) - 2);
	expect_refusal(offsetof(OrchKubeConfig, unix_socket), "engine.sock", "absolute path");
	expect_refusal(offsetof(OrchKubeConfig, unix_socket), path, "at most 107 bytes");
	expect_refusal(offsetof(OrchKubeConfig, server), NULL, "no server URL");
	expect_refusal(offsetof(OrchKubeConfig, server), "https://engine", "http://");
	expect_refusal(offsetof(OrchKubeConfig, proxy_url), "http://proxy", "neither a proxy nor TLS");
	expect_refusal(offsetof(OrchKubeConfig, tls_server_name), "engine", "neither a proxy nor TLS");
	expect_refusal(offsetof(OrchKubeConfig, ca_file), "/ca.crt", "neither a proxy nor TLS");
}

static void
copies_the_socket(void **state)
{
	OrchKubeConfig *config = &((Fixture *) *state)->config;
	OrchKubeConfig copy;
	char	   *before = orch_kubeconfig_identity(config);
	char	   *after;

	assert_true(orch_kubeconfig_copy(&copy, config));
	assert_string_equal(copy.unix_socket, address.sun_path);
	assert_false(orch_kubeconfig_is_plain(&copy));
	assert_true(orch_kubeconfig_set(&copy.unix_socket, "/another"));
	after = orch_kubeconfig_identity(&copy);
	assert_string_not_equal(before, after);
	assert_true(orch_kubeconfig_set(&copy.unix_socket, NULL));
	assert_true(orch_kubeconfig_is_plain(&copy));
	orch_kubeconfig_free(&copy);
	free(before);
	free(after);
}

/* ---- a header, and bytes ---- */

static void
carries_a_header(void **state)
{
	Fixture    *f = *state;
	char		header[] = "X-Registry-Auth: c2VjcmV0";

	fixture_client(f, NULL);
	/* the caller's may be overwritten as soon as the request is made */
	assert_true(orch_kube_request_start(f->client, &(OrchKubeRequestSpec) {
		.method = "POST", .path = "/images/create", .header = header, .arg = f
	}));
	explicit_bzero(header, sizeof(header));
	take_request(f);
	assert_non_null(strstr(asked, "\r\nX-Registry-Auth: c2VjcmV0\r\n"));
	assert_non_null(strstr(asked, "\r\nAccept: application/json\r\n"));
	say_answer(200, "", 0);
	expect_answer(f, 200, "");
	ask(f, (OrchKubeRequestSpec) {0});
	assert_null(strstr(asked, "X-Registry-Auth"));
	say_answer(200, "", 0);
	expect_answer(f, 200, "");
}

static void
refuses_two_headers(void **state)
{
	Fixture    *f = *state;
	const char *const headers[] = {"A: b\r\nC: d", "A: b\n", "A: b\r"};

	fixture_client(f, NULL);
	for (size_t i = 0; i < lengthof(headers); i++)
		assert_false(orch_kube_request_start(f->client, &(OrchKubeRequestSpec) {
			.method = "GET", .path = "/", .header = headers[i]
		}));
	assert_int_equal(orch_kube_client_pending(f->client), 0);
}

static void
leaves_bytes_alone(void **state)
{
	static const char bytes[] = "\1\0\0\0\377\\u0000\n\0";
	static const char json[] = "{\"a\": \"\\u0000\"}";
	Fixture    *f = *state;
	OrchKubeResponse *r;

	fixture_client(f, NULL);
	ask(f, (OrchKubeRequestSpec) {.raw = true});
	say_answer(200, bytes, sizeof(bytes) - 1);
	r = next(f);
	assert_int_equal(r->http_status, 200);
	assert_int_equal(r->body_len, sizeof(bytes) - 1);
	/* with the NUL behind them */
	assert_memory_equal(r->body, bytes, sizeof(bytes));
	assert_false(r->body_is_json);
	assert_null(r->message);
	orch_kube_response_free(r);

	ask(f, (OrchKubeRequestSpec) {.raw = true});
	say_answer(200, json, sizeof(json) - 1);
	r = next(f);
	assert_string_equal(r->body, json);
	assert_false(r->body_is_json);
	orch_kube_response_free(r);

	ask(f, (OrchKubeRequestSpec) {.raw = true});
	say_answer(200, "", 0);
	expect_answer(f, 200, "");
}

static void
an_error_is_no_bytes(void **state)
{
	Fixture    *f = *state;
	const char *said = "{\"message\": \"no such \377\"}";
	OrchKubeResponse *r;

	fixture_client(f, NULL);
	ask(f, (OrchKubeRequestSpec) {.raw = true});
	say_answer(404, said, strlen(said));
	r = next(f);
	assert_int_equal(r->http_status, 404);
	assert_true(r->body_is_json);
	assert_string_equal(r->message, "no such \xEF\xBF\xBD");
	orch_kube_response_free(r);
}

static int
make_folder(void **state)
{
	(void) state;
	assert_non_null(mkdtemp(folder));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/sock", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void) state;
	return rmdir(folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(asks_over_a_socket),
		TEST(names_the_socket),
		TEST(checks_the_socket),
		TEST(copies_the_socket),
		TEST(carries_a_header),
		TEST(refuses_two_headers),
		TEST(leaves_bytes_alone),
		TEST(an_error_is_no_bytes)
	};

	return cmocka_run_group_tests_name("sockets", tests, make_folder, remove_folder);
}
