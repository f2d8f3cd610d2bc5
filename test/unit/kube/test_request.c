/*
 * test_request.c
 *	  Requests: the limit in flight, answers good and bad, tokens, 429.
 */
#include "unit.h"

#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"
#include "kube/clock.h"

static Stub stub;

static int
setup(void **state)
{
	static Fixture f;

	fixture_init(&f, stub.port, "http");
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

static void
carries_everything(void **state)
{
	Fixture    *f = *state;
	OrchKubeResponse *r;
	char	   *log;
	OrchKubeRequestSpec spec = {
		.method = "PATCH", .path = "/api/v1/namespaces/a/configmaps/c?force=true",
		.content_type = "application/apply-patch+yaml", .accept = "application/json;x=y",
		.body = "{\"metadata\":{}}", .body_len = 15, .tag = 7, .arg = *state
	};

	assert_true(orch_kubeconfig_set(&f->config.token, "s3cret"));
	fixture_client(f, &(OrchKubeClientOptions) {.user_agent = "unit/1"});
	assert_true(orch_kube_request_start(f->client, &spec));
	assert_int_equal(orch_kube_client_pending(f->client), 1);
	assert_int_equal(orch_kube_transport_timeout_ms(f->transport), 0);
	r = next_response(f);
	assert_int_equal(r->error, ORCH_KUBE_ERROR_NONE);
	assert_int_equal(r->http_status, 201);
	assert_int_equal(r->tag, 7);
	assert_true(r->body_is_json);
	assert_null(r->message);
	assert_null(r->warning);
	assert_int_equal(r->retry_after_ms, -1);
	assert_int_equal(r->http_version, 11);
	orch_kube_response_free(r);
	assert_int_equal(orch_kube_client_pending(f->client), 0);
	log = get_log(f);
	assert_non_null(strstr(log, "\"path\": \"/api/v1/namespaces/a/configmaps/c\""));
	assert_non_null(strstr(log, "\"Authorization\": \"Bearer s3cret\""));
	assert_non_null(strstr(log, "\"Content-Type\": \"application/apply-patch+yaml\""));
	assert_non_null(strstr(log, "\"Accept\": \"application/json;x=y\""));
	assert_non_null(strstr(log, "\"User-Agent\": \"unit/1\""));
	assert_null(strstr(log, "Expect"));
	assert_null(strstr(log, "Accept-Encoding"));
	free(log);
}

static void
sends_without_taking(void **state)
{
	Fixture    *f = *state;
	struct pollfd answered = {.events = POLLIN};
	OrchKubeResponse *r = NULL;
	int64		end = orch_kube_now() + LIMIT_MS;

	fixture_client(f, NULL);
	orch_kube_response_free(call(f, "GET", "/api/v1/namespaces/a/configmaps", NULL));
	start_request(f, "GET", "/api/v1/namespaces/a/configmaps", NULL, 1);
	orch_kube_transport_send(f->transport);
	answered.fd = orch_kube_transport_fd(f->transport);
	/* a fast server's answer comes with it */
	while ((r = orch_kube_transport_next(f->transport)) == NULL && poll(&answered, 1, 10) == 0)
		assert_true(orch_kube_now() < end);
	orch_kube_response_free(r ? r : next_response(f));
}

static void
logs_in_by_password(void **state)
{
	Fixture    *f = *state;

	assert_true(orch_kubeconfig_set(&f->config.username, "u"));
	assert_true(orch_kubeconfig_set(&f->config.password, "p"));
	fixture_client(f, NULL);
	make_config_map(f, "c", "1");
	assert_int_equal(count_log(f, "\"Authorization\": \"Basic dTpw\"", NULL), 1);
}

static void
refuses_nonsense(void **state)
{
	Fixture    *f = *state;
	char		error[ORCH_KUBE_ERROR_SIZE] = "";

	fixture_client(f, NULL);
	assert_false(orch_kube_request_start(f->client, &(OrchKubeRequestSpec) {0}));
	assert_false(orch_kube_request_start(f->client, &(OrchKubeRequestSpec) {
		.method = "GET", .path = "no slash"
	}));
	assert_true(orch_kubeconfig_set(&f->config.server, "nonsense"));
	assert_null(orch_kube_client_create(f->transport, &f->config, NULL,
										error, sizeof(error)));
	assert_non_null(strstr(error, "server URL"));
}

/* whoever wrote the row, the client has the last word */
static void
sends_nothing_in_clear(void **state)
{
	Fixture    *f = *state;
	OrchKubeClientOptions options = {0};
	OrchKubeClient *client;
	char		error[ORCH_KUBE_ERROR_SIZE] = "";

	assert_true(orch_kubeconfig_set(&f->config.server, "http://127.0.0.1.example:8001"));
	assert_null(orch_kube_client_create(f->transport, &f->config, &options,
										error, sizeof(error)));
	assert_non_null(strstr(error, "plain http"));
	options.allow_plain = true;
	client = orch_kube_client_create(f->transport, &f->config, &options,
									 error, sizeof(error));
	assert_non_null(client);
	orch_kube_client_destroy(client);
}

/* 500 queued, never more than the limit on the wire, each answered once. */
static void
bounds_what_flies(void **state)
{
	Fixture    *f = *state;
	bool		seen[500] = {false};
	int			most = 0;
	int64		deadline = 0;

	fixture_client(f, &(OrchKubeClientOptions) {.max_in_flight = 16});
	for (int i = 0; i < 500; i++)
	{
		char		path[64];

		snprintf(path, sizeof(path), "/api/v1/namespaces/a/configmaps/c%d", i);
		start_request(f, "PATCH", path, "{}", i);
	}
	assert_int_equal(orch_kube_client_pending(f->client), 500);
	for (int done = 0; done < 500;)
	{
		OrchKubeResponse *r = orch_kube_transport_next(f->transport);

		most = Max(most, orch_kube_client_in_flight(f->client));
		if (r == NULL)
		{
			assert_true(pump(f, &deadline));
			continue;
		}
		assert_int_equal(r->http_status, 201);
		assert_false(seen[r->tag]);
		seen[r->tag] = true;
		orch_kube_response_free(r);
		done++;
	}
	assert_in_range(most, 0, 16);
	assert_int_equal(count_log(f, "\"method\": \"PATCH\"", NULL), 500);
}

static void
forgets_what_is_cancelled(void **state)
{
	Fixture    *f = *state;
	OrchKubeResponse *r;

	fixture_client(f, &(OrchKubeClientOptions) {.max_in_flight = 2});
	order_fault(f, "{\"path\": \"slow\", \"action\": \"hang\", \"times\": -1}");
	for (int i = 0; i < 5; i++)
		start_request(f, "GET", "/api/v1/slow", NULL, i);
	orch_kube_transport_perform(f->transport);
	assert_int_equal(orch_kube_client_in_flight(f->client), 2);
	orch_kube_client_cancel_all(f->client);
	assert_int_equal(orch_kube_client_pending(f->client), 0);
	r = call(f, "GET", CONFIG_MAPS, NULL);
	assert_int_equal(r->tag, 42);
	assert_int_equal(r->http_status, 200);
	orch_kube_response_free(r);
}

/* One of several, wherever it is: waiting, on the wire, or answered and not taken. */
static void
forgets_one_of_them(void **state)
{
	Fixture    *f = *state;
	OrchKubeRequestSpec spec = {.method = "GET", .path = "/api/v1/slow"};
	OrchKubeResponse *r;
	int			marks[2];

	fixture_client(f, &(OrchKubeClientOptions) {.max_in_flight = 1});
	order_fault(f, "{\"path\": \"slow\", \"action\": \"hang\", \"times\": -1}");
	for (int i = 0; i < 3; i++)
	{
		spec.path = i == 2 ? CONFIG_MAPS : "/api/v1/slow";
		spec.tag = i;
		spec.arg = i == 2 ? (void *) f : &marks[i];
		assert_true(orch_kube_request_start(f->client, &spec));
	}
	orch_kube_transport_perform(f->transport);
	orch_kube_client_cancel(f->client, &marks[1]);
	assert_int_equal(orch_kube_client_pending(f->client), 2);
	assert_int_equal(orch_kube_client_in_flight(f->client), 1);
	orch_kube_client_cancel(f->client, &marks[0]);
	assert_int_equal(orch_kube_client_in_flight(f->client), 0);
	r = next_response(f);
	assert_int_equal(r->tag, 2);
	orch_kube_response_free(r);
	assert_int_equal(orch_kube_client_pending(f->client), 0);
}

static void
reads_status_objects(void **state)
{
	Fixture    *f = *state;
	OrchKubeResponse *r;

	fixture_client(f, NULL);
	r = call(f, "GET", CONFIG_MAPS "/none", NULL);
	assert_int_equal(r->http_status, 404);
	assert_int_equal(r->error, ORCH_KUBE_ERROR_NONE);
	assert_string_equal(r->reason, "NotFound");
	assert_non_null(strstr(r->message, "not found"));
	orch_kube_response_free(r);
}

static void
describes_error_pages(void **state)
{
	Fixture    *f = *state;
	OrchKubeResponse *r;

	fixture_client(f, NULL);
	order_fault(f, "{\"action\": \"status\", \"status\": 502,"
				" \"headers\": {\"Content-Type\": \"text/html\"},"
				" \"body\": \"<html>Bad gateway</html>\"}");
	r = call(f, "GET", CONFIG_MAPS, NULL);
	assert_int_equal(r->http_status, 502);
	assert_false(r->body_is_json);
	assert_null(r->reason);
	assert_string_equal(r->message,
						"the server answered 502 with text/html instead of JSON");
	orch_kube_response_free(r);
}

/* Wherever they lead, credentials would go along. */
static void
follows_no_redirect(void **state)
{
	Fixture    *f = *state;
	OrchKubeResponse *r;

	fixture_client(f, NULL);
	order_fault(f, "{\"path\": \"moved\", \"action\": \"status\", \"status\": 307, \"headers\": {\"Location\": \"configmaps\"}}");
	r = call(f, "GET", "/api/v1/namespaces/a/moved", NULL);
	assert_int_equal(r->http_status, 307);
	orch_kube_response_free(r);
	assert_int_equal(count_log(f, "configmaps", NULL), 0);
}

static void
mends_the_body(void **state)
{
	Fixture    *f = *state;
	OrchKubeResponse *r;

	fixture_client(f, NULL);
	/* HTTP/1.1 200 OK ... {"a":"\u0000<FF>x"} */
	order_fault(f, "{\"action\": \"raw\", \"raw\": \"SFRUUC8xLjEgMjAwIE9LDQpDb25uZ"
				"WN0aW9uOiBjbG9zZQ0KV2FybmluZzogMjk5IC0gImRlcHJlY2F0ZWQg/yINCg0Ke"
				"yJhIjoiXHUwMDAw/3gifQ==\"}");
	r = call(f, "GET", CONFIG_MAPS, NULL);
	assert_int_equal(r->http_status, 200);
	assert_string_equal(r->body, "{\"a\":\"\\ufffd\xEF\xBF\xBDx\"}");
	assert_true(r->body_is_json);
	assert_string_equal(r->warning, "deprecated \xEF\xBF\xBD");
	orch_kube_response_free(r);
}

/* Backslashes of a log are no escapes, and a log is no JSON, even if it looks like it. */
static void
leaves_text_alone(void **state)
{
	Fixture    *f = *state;
	OrchKubeRequestSpec spec = {.method = "GET", .path = "/log", .plain_text = true, .arg = f};
	OrchKubeResponse *r;

	fixture_client(f, NULL);
	order_fault(f, "{\"action\": \"status\", \"status\": 200, \"body\": \"[\\\"\\\\u0000 \\\\ud800\\\"]\"}");
	assert_true(orch_kube_request_start(f->client, &spec));
	r = next_response(f);
	assert_string_equal(r->body, "[\"\\u0000 \\ud800\"]");
	assert_false(r->body_is_json);
	orch_kube_response_free(r);

	/* an error is what it always is */
	order_fault(f, "{\"action\": \"status\", \"status\": 400, \"message\": \"waiting\"}");
	assert_true(orch_kube_request_start(f->client, &spec));
	r = next_response(f);
	assert_string_equal(r->message, "waiting");
	orch_kube_response_free(r);
}

static void
sees_truncated_json(void **state)
{
	Fixture    *f = *state;
	OrchKubeResponse *r;

	fixture_client(f, NULL);
	order_fault(f, "{\"action\": \"status\", \"status\": 200, \"body\": \"{\\\"a\\\":\"}");
	r = call(f, "GET", CONFIG_MAPS, NULL);
	assert_int_equal(r->http_status, 200);
	assert_false(r->body_is_json);
	orch_kube_response_free(r);
}

static void
caps_the_body(void **state)
{
	Fixture    *f = *state;
	OrchKubeResponse *r;

	fixture_client(f, &(OrchKubeClientOptions) {.max_response_bytes = 64});
	order_fault(f, "{\"path\": \"big\", \"action\": \"status\", \"status\": 200, \"body\": "
				"\"01234567890123456789012345678901234567890123456789012345678901234\"}");
	r = call(f, "GET", "/api/v1/big", NULL);
	assert_int_equal(r->error, ORCH_KUBE_ERROR_TOO_LARGE);
	assert_int_equal(r->http_status, 0);
	assert_non_null(strstr(r->message, "larger than 64 bytes"));
	orch_kube_response_free(r);
}

static void
times_out(void **state)
{
	Fixture    *f = *state;
	OrchKubeResponse *r;

	fixture_client(f, &(OrchKubeClientOptions) {.request_timeout_ms = 300});
	order_fault(f, "{\"path\": \"slow\", \"action\": \"hang\"}");
	r = call(f, "GET", "/api/v1/slow", NULL);
	assert_int_equal(r->error, ORCH_KUBE_ERROR_TIMEOUT);
	assert_non_null(strstr(r->message, "no answer from http://127.0.0.1"));
	orch_kube_response_free(r);
}

/* An address that swallows everything: not even connected. */
static void
times_out_connecting(void **state)
{
	Fixture    *f = *state;
	OrchKubeResponse *r;

	assert_true(orch_kubeconfig_set(&f->config.server, "http://127.0.0.1:1"));
	fixture_client(f, NULL);
	r = call(f, "GET", "/api", NULL);
	assert_int_equal(r->error, ORCH_KUBE_ERROR_CONNECT);
	assert_non_null(strstr(r->message, "cannot reach http://127.0.0.1:1: "));
	assert_int_equal(r->http_status, 0);
	orch_kube_response_free(r);
}

static void
tells_lost_replies(void **state)
{
	Fixture    *f = *state;
	OrchKubeResponse *r;

	fixture_client(f, NULL);
	order_fault(f, "{\"method\": \"POST\", \"action\": \"lose_reply\"}");
	r = call(f, "POST", "/api/v1/namespaces/a/configmaps",
			 "{\"metadata\":{\"name\":\"c\"}}");
	assert_int_equal(r->error, ORCH_KUBE_ERROR_LOST);
	orch_kube_response_free(r);
	/* it was applied, and libcurl did not send it twice */
	r = call(f, "GET", "/api/v1/namespaces/a/configmaps/c", NULL);
	assert_int_equal(r->http_status, 200);
	orch_kube_response_free(r);
	assert_int_equal(count_log(f, "\"method\": \"POST\"", NULL), 1);
}

static void
pauses_after_429(void **state)
{
	Fixture    *f = *state;
	OrchKubeResponse *r;
	long		paused;

	fixture_client(f, NULL);
	order_fault(f, "{\"action\": \"status\", \"status\": 429, \"reason\": "
				"\"TooManyRequests\", \"headers\": {\"Retry-After\": \"2\"}}");
	r = call(f, "GET", CONFIG_MAPS, NULL);
	assert_int_equal(r->http_status, 429);
	assert_int_equal(r->retry_after_ms, 2000);
	assert_string_equal(r->reason, "TooManyRequests");
	orch_kube_response_free(r);
	start_request(f, "GET", CONFIG_MAPS, NULL, 1);
	orch_kube_transport_perform(f->transport);
	paused = orch_kube_client_paused_ms(f->client);
	assert_true(paused > 0 && paused <= 2000);
	assert_int_equal(orch_kube_client_in_flight(f->client), 0);
	assert_true(orch_kube_transport_timeout_ms(f->transport) > 0);
	r = next_response(f);
	assert_int_equal(r->http_status, 200);
	orch_kube_response_free(r);
}

static void
understands_retry_after(void **state)
{
	Fixture    *f = *state;
	OrchKubeResponse *r;
	char		fault[512];
	char		date[64];
	time_t		later = time(NULL) + 100;

	fixture_client(f, NULL);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime(&later));
	snprintf(fault, sizeof(fault), "{\"action\": \"status\", \"status\": 503,"
			 " \"headers\": {\"Retry-After\": \"%s\"}}", date);
	order_fault(f, fault);
	r = call(f, "GET", CONFIG_MAPS, NULL);
	assert_true(r->retry_after_ms > 0 && r->retry_after_ms <= 100000);
	orch_kube_response_free(r);

	order_fault(f, "{\"action\": \"status\", \"status\": 504, \"details\":"
				" {\"retryAfterSeconds\": 3}}");
	r = call(f, "GET", CONFIG_MAPS, NULL);
	assert_int_equal(r->retry_after_ms, 3000);
	orch_kube_response_free(r);

	order_fault(f, "{\"action\": \"status\", \"status\": 503, \"headers\":"
				" {\"Retry-After\": \"soon\"}}");
	r = call(f, "GET", CONFIG_MAPS, NULL);
	assert_int_equal(r->retry_after_ms, -1);
	orch_kube_response_free(r);
}

/* ---- tokens ---- */

static char token_path[64];

static void
write_token(const char *token)
{
	char		fresh[80];
	FILE	   *file;

	/* swapped as kubelet does */
	snprintf(fresh, sizeof(fresh), "%s.new", token_path);
	file = fopen(fresh, "w");
	assert_non_null(file);
	fputs(token, file);
	fclose(file);
	assert_int_equal(rename(fresh, token_path), 0);
}

/*
 * The server knows the token of its file only, and so does the client, but
 * the client's file is changed behind its back.
 */
static void
rereads_the_token(void **state)
{
	Fixture    *f = *state;
	Stub		guarded;
	char		server_token[64];
	OrchKubeResponse *r;

	snprintf(token_path, sizeof(token_path), "/tmp/orch_unit_token_%d", getpid());
	snprintf(server_token, sizeof(server_token), "%s_server", token_path);
	write_token("first\n");
	assert_int_equal(link(token_path, server_token), 0);
	stub_start(&guarded, (const char *[]) {"--token-file", server_token, NULL});
	fixture_free(f);
	fixture_init(f, guarded.port, "http");
	assert_true(orch_kubeconfig_set(&f->config.token, "ignored"));
	assert_true(orch_kubeconfig_set(&f->config.token_file, token_path));
	fixture_client(f, NULL);
	r = call(f, "GET", CONFIG_MAPS, NULL);
	assert_int_equal(r->http_status, 200);
	orch_kube_response_free(r);

	/* the server takes another one now; the client finds it on the 401 */
	write_token("second");
	unlink(server_token);
	assert_int_equal(link(token_path, server_token), 0);
	r = call(f, "GET", CONFIG_MAPS, NULL);
	assert_int_equal(r->http_status, 200);
	orch_kube_response_free(r);
	assert_int_equal(count_log(f, "Bearer first", NULL), 2);
	assert_int_equal(count_log(f, "Bearer second", NULL), 1);

	/* a file that disappears, or turns to nonsense, keeps the old token */
	unlink(token_path);
	r = call(f, "GET", CONFIG_MAPS, NULL);
	assert_int_equal(r->http_status, 200);
	orch_kube_response_free(r);

	/* no new token: one 401, no second try */
	write_token("two words");
	unlink(server_token);
	assert_int_equal(link(token_path, server_token), 0);
	r = call(f, "GET", "/api/v1/secrets", NULL);
	assert_int_equal(r->http_status, 401);
	orch_kube_response_free(r);
	assert_int_equal(count_log(f, "/api/v1/secrets", NULL), 1);
	unlink(token_path);
	unlink(server_token);
	stub_stop(&guarded);
}

static void
needs_its_files(void **state)
{
	Fixture    *f = *state;
	char		error[ORCH_KUBE_ERROR_SIZE] = "";

	assert_true(orch_kubeconfig_set(&f->config.token_file, "/nonexistent/token"));
	assert_null(orch_kube_client_create(f->transport, &f->config, NULL,
										error, sizeof(error)));
	assert_non_null(strstr(error, "/nonexistent/token"));
	/* neither may a device or a pipe stop us */
	assert_true(orch_kubeconfig_set(&f->config.token_file, "/dev/zero"));
	assert_null(orch_kube_client_create(f->transport, &f->config, NULL,
										error, sizeof(error)));
}

static int
start_server(void **state)
{
	(void) state;
	stub_start(&stub, (const char *[]) {NULL});
	return 0;
}

static int
stop_server(void **state)
{
	(void) state;
	stub_stop(&stub);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(carries_everything),
		TEST(sends_without_taking),
		TEST(logs_in_by_password),
		TEST(refuses_nonsense),
		TEST(bounds_what_flies),
		TEST(forgets_what_is_cancelled),
		TEST(forgets_one_of_them),
		TEST(reads_status_objects),
		TEST(describes_error_pages),
		TEST(follows_no_redirect),
		TEST(mends_the_body),
		TEST(leaves_text_alone),
		TEST(sees_truncated_json),
		TEST(caps_the_body),
		TEST(times_out),
		TEST(times_out_connecting),
		TEST(tells_lost_replies),
		TEST(pauses_after_429),
		TEST(understands_retry_after),
		TEST(rereads_the_token),
		TEST(needs_its_files),
		TEST(sends_nothing_in_clear)
	};

	return cmocka_run_group_tests_name("requests", tests, start_server,
									   stop_server);
}
