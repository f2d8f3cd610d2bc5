/*
 * test_faults.c
 *	  Nothing that a server, a proxy or a connection does holds up more than it
 *	  concerns, or for longer than somebody would wait.
 *
 * Connections that acknowledge and answer nothing, answers that ask to be left
 * alone for an hour, lists that are larger than what is taken, and clients of
 * the same cluster that are stuck.
 */
#include "unit.h"

#include <unistd.h>

#include "harness.h"

#define SECOND_MS 1000
#define HOUR "\"headers\": {\"Retry-After\": \"3600\"}"

static Stub stub;
static Stub http2;
static bool has_http2;

/* Outputs of all watches, one letter each as in test_watch.c. */
typedef struct Seen
{
	char		words[4096];
	int			objects;
	char	   *last_error;
} Seen;

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

/* From now on by way of another port. */
static void
go_by(Fixture *f, Stub *relay)
{
	bool		tls = strncmp(f->config.server, "https:", 6) == 0;
	char		server[256];

	/* nghttpd has no worlds */
	snprintf(server, sizeof(server), "%s://127.0.0.1:%d/%s", tls ? "https" : "http",
			 relay->port, tls ? "" : f->world);
	assert_true(orch_kubeconfig_set(&f->config.server, server));
}

static void
take_all(Fixture *f, Seen *seen)
{
	OrchKubeWatchOutput out;

	while (orch_kube_watch_next(f->transport, &out))
	{
		size_t		length = strlen(seen->words);

		assert_true(length < sizeof(seen->words) - 2);
		seen->words[length] = "BOEAVSX"[out.type];
		seen->objects += out.type == ORCH_WATCH_OBJECTS ? out.object_count : 0;
		if (out.type == ORCH_WATCH_BROKEN)
		{
			free(seen->last_error);
			seen->last_error = strdup(out.error);
		}
		orch_kube_watch_output_clear(&out);
	}
}

/* Waits until the outputs end like this. */
static void
expect_end(Fixture *f, Seen *seen, const char *end)
{
	int64		deadline = 0;

	for (;;)
	{
		size_t		length = strlen(seen->words);

		if (length >= strlen(end) &&
			strcmp(seen->words + length - strlen(end), end) == 0)
			return;
		if (!pump(f, &deadline))
			fail_msg("got %s, which does not end in %s; last error: %s",
					 seen->words, end, seen->last_error);
		take_all(f, seen);
	}
}

static OrchKubeWatch *
watch(Fixture *f, OrchKubeWatchSpec spec)
{
	OrchKubeWatch *watch;

	spec.api_path = CONFIG_MAPS;
	spec.no_watchlist = true;
	spec.backoff_min_ms = spec.backoff_min_ms ? spec.backoff_min_ms : 20;
	spec.backoff_max_ms = Max(spec.backoff_min_ms, 50);
	watch = orch_kube_watch_create(f->client, &spec);
	assert_non_null(watch);
	return watch;
}

static void
expect_answer(Fixture *f, int timeout_ms, OrchKubeError error)
{
	OrchKubeRequestSpec spec = {
		.method = "GET", .path = "/thing", .timeout_ms = timeout_ms, .arg = f
	};
	OrchKubeResponse *r;

	assert_true(orch_kube_request_start(f->client, &spec));
	r = next_response(f);
	if (r->error != error)
		fail_msg("%d: %s", r->error, r->message);
	orch_kube_response_free(r);
}

/* ---- connections that acknowledge and answer nothing ---- */

/* A client over HTTP/2 by way of a relay; false without nghttpd. */
static bool
begin_http2(Fixture *f, Stub *relay, const OrchKubeClientOptions *options)
{
	if (!has_http2)
	{
		print_message("nghttpd is not installed: HTTP/2 is not tested here\n");
		return false;
	}
	relay_start(relay, http2.port);
	fixture_free(f);
	fixture_init(f, http2.port, "https");
	f->config.ca_pem = pki_text("ca.crt");
	go_by(f, relay);
	fixture_client(f, options);
	return true;
}

static void
requests_leave_a_silent_connection(void **state)
{
	Fixture    *f = *state;
	Stub		relay;

	if (!begin_http2(f, &relay, NULL))
		skip();
	expect_answer(f, 0, ORCH_KUBE_ERROR_NONE);
	expect_answer(f, 0, ORCH_KUBE_ERROR_NONE);
	assert_int_equal(relay_order(&relay, "count"), 1);
	relay_order(&relay, "mute");
	expect_answer(f, SECOND_MS, ORCH_KUBE_ERROR_TIMEOUT);
	expect_answer(f, 0, ORCH_KUBE_ERROR_NONE);
	expect_answer(f, 0, ORCH_KUBE_ERROR_NONE);
	assert_int_equal(relay_order(&relay, "count"), 2);
	stub_stop(&relay);
}

static void
no_connection_lives_for_ever(void **state)
{
	Fixture    *f = *state;
	OrchKubeClientOptions options = {.connection_life_ms = 1};
	Stub		relay;

	if (!begin_http2(f, &relay, &options))
		skip();
	for (int i = 0; i < 20; i++)
	{
		usleep(2000);
		expect_answer(f, 0, ORCH_KUBE_ERROR_NONE);
	}
	assert_int_equal(relay_order(&relay, "count"), 20);
	stub_stop(&relay);
}

/* ... which those that are under way do not notice. */
static void
a_change_of_connections_loses_nothing(void **state)
{
	Fixture    *f = *state;
	OrchKubeClientOptions options = {.connection_life_ms = 1, .max_in_flight = 10};
	OrchKubeResponse *r;
	int64		deadline = 0;
	int			done = 0;
	Stub		relay;

	if (!begin_http2(f, &relay, &options))
		skip();
	for (int i = 0; i < 100; i++)
		start_request(f, "GET", "/thing", NULL, i);
	while (done < 100)
	{
		if ((r = orch_kube_transport_next(f->transport)) == NULL)
		{
			assert_true(pump(f, &deadline));
			continue;
		}
		assert_int_equal(r->http_status, 200);
		orch_kube_response_free(r);
		done++;
	}
	assert_true(relay_order(&relay, "count") > 1);
	stub_stop(&relay);
}

/* Where bookmarks come every moment, silence is a sign. */
static void
watches_leave_a_silent_connection(void **state)
{
	Fixture    *f = *state;
	Fixture		other;
	Seen		seen = {0};
	OrchKubeWatch *one;
	int64		deadline = 0;
	Stub		relay;

	relay_start(&relay, stub.port);
	fixture_init(&other, stub.port, "http");
	strcpy(other.world, f->world);
	go_by(&other, &stub);
	fixture_client(&other, NULL);
	go_by(f, &relay);
	fixture_client(f, NULL);
	one = watch(f, (OrchKubeWatchSpec) {.silence_ms = SECOND_MS});
	expect_end(f, &seen, "BES");
	/* an object of another kind moves the version, as a bookmark tells */
	order(&other, "edit", "{\"path\": \"/api/v1/namespaces/a/secrets/s\"}");
	while (strcmp(orch_kube_watch_resource_version(one), "1001") != 0)
		assert_true(pump(f, &deadline));
	relay_order(&relay, "mute");
	make_config_map(&other, "a", "1");
	expect_end(f, &seen, "SV");
	fixture_free(&other);
	stub_stop(&relay);
	free(seen.last_error);
}

static void
a_watch_that_is_not_answered_is_left(void **state)
{
	Fixture    *f = *state;
	Seen		seen = {0};

	fixture_client(f, NULL);
	order_fault(f, "{\"query\": \"watch=1\", \"action\": \"hang\"}");
	watch(f, (OrchKubeWatchSpec) {.list_timeout_ms = SECOND_MS});
	expect_end(f, &seen, "BEXS");
	assert_string_equal(seen.last_error, "the server does not answer");
	free(seen.last_error);
}

/* ---- "come back in an hour" ---- */

/* Whatever is asked, and however it is refused. */
static void
nobody_waits_for_an_hour(void **state)
{
	static const int statuses[] = {429, 503, 500, 403};
	static const char *const queries[] = {"limit=", "watch=1"};
	Fixture    *f = *state;
	char		fault[256];

	for (int i = 0; i < (int) lengthof(statuses) * (int) lengthof(queries); i++)
	{
		Seen		seen = {0};
		OrchKubeWatch *one;
		long		wait;

		fixture_client(f, NULL);
		order(f, "forgive", "{}");
		snprintf(fault, sizeof(fault), "{\"query\": \"%s\", \"action\": \"status\","
				 " \"status\": %d, \"times\": 1000, " HOUR "}", queries[i % 2],
				 statuses[i / 2]);
		order_fault(f, fault);
		one = watch(f, (OrchKubeWatchSpec) {0});
		expect_end(f, &seen, "X");
		do
			orch_kube_transport_perform(f->transport);
		while ((wait = orch_kube_transport_timeout_ms(f->transport)) == 0);
		assert_in_range(wait, 1, 60 * SECOND_MS);
		orch_kube_watch_destroy(one);
		free(seen.last_error);
		orch_kube_client_destroy(f->client);
	}
}

static void
no_client_stands_still_for_an_hour(void **state)
{
	static const char *const methods[] = {"GET", "POST", "PATCH", "DELETE"};
	static const int statuses[] = {429, 503};
	Fixture    *f = *state;

	for (int i = 0; i < (int) lengthof(statuses) * (int) lengthof(methods); i++)
	{
		char		fault[256];
		OrchKubeResponse *r;
		OrchKubeClientOptions options = {.max_pause_ms = i % 2 ? 0 : SECOND_MS};

		fixture_client(f, &options);
		snprintf(fault, sizeof(fault), "{\"path\": \"/c$\", \"action\": \"status\","
				 " \"status\": %d, " HOUR "}", statuses[i / 4]);
		order_fault(f, fault);
		r = call(f, methods[i % 4], "/api/v1/namespaces/a/configmaps/c", NULL);
		assert_int_equal(r->http_status, statuses[i / 4]);
		assert_in_range(r->retry_after_ms, SECOND_MS, 300 * SECOND_MS);
		assert_in_range(orch_kube_client_paused_ms(f->client), 0,
						i % 2 ? 60 * SECOND_MS : SECOND_MS);
		orch_kube_response_free(r);
		orch_kube_client_destroy(f->client);
	}
}

/* ---- two clients of one cluster ---- */

/* The second one of them; its answers come beside those of the first. */
static void
expect_other_answers(Fixture *f)
{
	Fixture		other = *f;
	OrchKubeResponse *r = NULL;
	int64		deadline = 0;

	fixture_client(&other, NULL);
	start_request(&other, "GET", CONFIG_MAPS, NULL, 7);
	while (r == NULL || r->client != other.client)
	{
		orch_kube_response_free(r);
		while ((r = orch_kube_transport_next(f->transport)) == NULL)
			assert_true(pump(f, &deadline));
	}
	assert_int_equal(r->tag, 7);
	assert_int_equal(r->error, ORCH_KUBE_ERROR_NONE);
	orch_kube_response_free(r);
	assert_int_equal(orch_kube_client_pending(other.client), 0);
	orch_kube_client_destroy(other.client);
}

static void
a_full_client_holds_up_no_other(void **state)
{
	Fixture    *f = *state;

	fixture_client(f, &(OrchKubeClientOptions) {.max_in_flight = 8});
	order_fault(f, "{\"path\": \"/hangs\", \"action\": \"hang\", \"times\": 1000}");
	for (int i = 0; i < 500; i++)
		start_request(f, "PATCH", "/api/v1/namespaces/a/configmaps/hangs", "{}", 1);
	expect_other_answers(f);
	assert_int_equal(orch_kube_client_pending(f->client), 500);
}

static void
a_paused_client_holds_up_no_other(void **state)
{
	Fixture    *f = *state;

	fixture_client(f, NULL);
	order_fault(f, "{\"path\": \"/c$\", \"action\": \"status\", \"status\": 429, " HOUR "}");
	orch_kube_response_free(call(f, "GET", "/api/v1/namespaces/a/configmaps/c", NULL));
	assert_in_range(orch_kube_client_paused_ms(f->client), SECOND_MS, 60 * SECOND_MS);
	start_request(f, "GET", CONFIG_MAPS, NULL, 1);
	expect_other_answers(f);
	assert_int_equal(orch_kube_client_pending(f->client), 1);
}

/* Nor does one whose connection, over HTTP/2, is as good as dead. */
static void
a_dead_connection_holds_up_no_other(void **state)
{
	Fixture    *f = *state;
	Fixture		other;
	Stub		relay;

	if (!begin_http2(f, &relay, NULL))
		skip();
	expect_answer(f, 0, ORCH_KUBE_ERROR_NONE);
	relay_order(&relay, "mute");
	for (int i = 0; i < 500; i++)
		start_request(f, "GET", "/thing", NULL, 1);
	other = *f;
	fixture_client(&other, NULL);
	{
		OrchKubeRequestSpec spec = {.method = "GET", .path = "/thing", .arg = f};
		OrchKubeResponse *r;
		int64		deadline = 0;

		assert_true(orch_kube_request_start(other.client, &spec));
		while ((r = orch_kube_transport_next(f->transport)) == NULL)
			assert_true(pump(f, &deadline));
		assert_ptr_equal(r->client, other.client);
		assert_int_equal(r->http_status, 200);
		assert_int_equal(r->http_version, 20);
		orch_kube_response_free(r);
	}
	assert_int_equal(relay_order(&relay, "count"), 2);
	stub_stop(&relay);
}

/* ---- lists that are larger than what is taken ---- */

#define LARGE_OBJECTS 40
#define LARGE_BYTES 1000

static void
make_large(Fixture *f, int objects, int bytes)
{
	char	   *text = calloc(1, bytes + 1);
	char		body[32768];

	memset(text, 'x', bytes);
	for (int i = 0; i < objects; i++)
	{
		snprintf(body, sizeof(body), "{\"path\": \"/api/v1/namespaces/a/configmaps/m%d-%d\","
				 " \"merge\": {\"data\": {\"k\": \"%s\"}}}", bytes, i, text);
		order(f, "edit", body);
	}
	free(text);
}

/* A server may give the list whole as often as a version is named. */
static void
a_large_list_comes_in_parts(void **state)
{
	Fixture    *f = *state;
	Seen		seen = {0};
	OrchKubeWatch *one;

	fixture_client(f, NULL);
	order(f, "options", "{\"cache\": true}");
	make_large(f, LARGE_OBJECTS, LARGE_BYTES);
	one = watch(f, (OrchKubeWatchSpec) {.page_limit = 20, .max_page_bytes = 8 * LARGE_BYTES});
	expect_end(f, &seen, "S");
	assert_string_equal(seen.words, "BOOOOOOOOES");
	assert_int_equal(seen.objects, LARGE_OBJECTS);
	/* and the next time it is known how */
	assert_int_equal(count_log(f, "limit=5", "resourceVersion"), 0);
	memset(seen.words, 0, sizeof(seen.words));
	seen.objects = 0;
	orch_kube_watch_relist(one, "told");
	expect_end(f, &seen, "BOOOOOOOOES");
	assert_int_equal(seen.objects, LARGE_OBJECTS);
	assert_int_equal(count_log(f, "limit=20", NULL), 2);
	free(seen.last_error);
}

/* What does not fit alone is named, and nobody asks for it all day. */
static void
what_never_fits_is_named(void **state)
{
	Fixture    *f = *state;
	Seen		seen = {0};
	long		wait;

	fixture_client(f, NULL);
	make_large(f, 4, LARGE_BYTES);
	make_large(f, 1, 16 * LARGE_BYTES);
	watch(f, (OrchKubeWatchSpec) {.page_limit = 20, .max_page_bytes = 8 * LARGE_BYTES,
		.backoff_min_ms = 10 * LIMIT_MS});
	expect_end(f, &seen, "X");
	assert_string_equal(seen.last_error,
						"one object of " CONFIG_MAPS " is larger than the 8000 bytes that are taken");
	/* an answer to somebody else is no reason to ask again */
	orch_kube_response_free(call(f, "GET", CONFIG_MAPS, NULL));
	do
		orch_kube_transport_perform(f->transport);
	while ((wait = orch_kube_transport_timeout_ms(f->transport)) == 0);
	assert_true(wait > LIMIT_MS);
	free(seen.last_error);
}

static void
and_is_taken_when_it_fits(void **state)
{
	Fixture    *f = *state;
	Seen		seen = {0};
	int64		deadline = 0;

	fixture_client(f, NULL);
	make_large(f, 4, LARGE_BYTES);
	make_large(f, 1, 16 * LARGE_BYTES);
	watch(f, (OrchKubeWatchSpec) {.page_limit = 20, .max_page_bytes = 8 * LARGE_BYTES});
	expect_end(f, &seen, "X");
	order(f, "remove", "{\"path\": \"/api/v1/namespaces/a/configmaps/m16000-0\"}");
	while (strstr(seen.words, "ES") == NULL)
	{
		assert_true(pump(f, &deadline));
		take_all(f, &seen);
	}
	free(seen.last_error);
}

static int
start_servers(void **state)
{
	(void) state;
	stub_start(&stub, (const char *[]) {NULL});
	has_http2 = http2_start(&http2);
	return 0;
}

static int
stop_servers(void **state)
{
	(void) state;
	stub_stop(&stub);
	if (has_http2)
		http2_stop(&http2);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(requests_leave_a_silent_connection),
		TEST(no_connection_lives_for_ever),
		TEST(a_change_of_connections_loses_nothing),
		TEST(watches_leave_a_silent_connection),
		TEST(a_watch_that_is_not_answered_is_left),
		TEST(nobody_waits_for_an_hour),
		TEST(no_client_stands_still_for_an_hour),
		TEST(a_full_client_holds_up_no_other),
		TEST(a_paused_client_holds_up_no_other),
		TEST(a_dead_connection_holds_up_no_other),
		TEST(a_large_list_comes_in_parts),
		TEST(what_never_fits_is_named),
		TEST(and_is_taken_when_it_fits)
	};

	return cmocka_run_group_tests_name("faults", tests, start_servers,
									   stop_servers);
}
