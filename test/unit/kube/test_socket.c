/*
 * test_socket.c
 *	  What a Docker Engine API needs: a Unix socket, one more header, and bytes.
 */
#include "unit.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "played.h"

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
	assert_memory_equal(played_asked, "GET /v1.41/info HTTP/1.1\r\n", 26);
	assert_non_null(strstr(played_asked, "\r\nHost: engine\r\n"));
	say_answer(200, "{}", 2);
	expect_answer(f, 200, "{}");

	/* the connection stays */
	ask(f, (OrchKubeRequestSpec) {.method = "DELETE"});
	assert_memory_equal(played_asked, "DELETE ", 7);
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
	assert_non_null(strstr(r->message, played_path));
	orch_kube_response_free(r);

	expect_unreachable(f, "/nonexistent/socket", "No such file or directory");
	/* nobody listens any more */
	close(played_listener);
	played_listener = -1;
	expect_unreachable(f, played_path, "Connection refused");
	if (geteuid() == 0)
		return;
	assert_int_equal(chmod(played_path, 0), 0);
	expect_unreachable(f, played_path, "Permission denied");
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
	char		path[sizeof(((struct sockaddr_un *) NULL)->sun_path) + 1] = "/";

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
	assert_string_equal(copy.unix_socket, played_path);
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
	assert_non_null(strstr(played_asked, "\r\nX-Registry-Auth: c2VjcmV0\r\n"));
	assert_non_null(strstr(played_asked, "\r\nAccept: application/json\r\n"));
	say_answer(200, "", 0);
	expect_answer(f, 200, "");
	ask(f, (OrchKubeRequestSpec) {0});
	assert_null(strstr(played_asked, "X-Registry-Auth"));
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, played_setup, played_teardown)

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

	return cmocka_run_group_tests_name("sockets", tests, played_make_folder, played_remove_folder);
}
