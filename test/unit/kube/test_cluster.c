/*
 * test_cluster.c
 *	  The client against a real API server.
 *
 * Runs only where ORCH_UNIT_KUBECONFIG names a kubeconfig that may create
 * namespaces; it works in a namespace of its own and deletes it.  Prints
 * requests per second and processor time, asserts neither.
 */
#include "unit.h"

#include <poll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"
#include "kube/json_scan.h"

static Fixture f;
static char namespace_name[64];
static int	objects = 1000;

static double
processor_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
		(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static long
resident_kib(void)
{
	long		size = 0;
	long		resident = 0;
	FILE	   *file = fopen("/proc/self/statm", "r");

	assert_int_equal(fscanf(file, "%ld %ld", &size, &resident), 2);
	fclose(file);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void
apply(int i, int value)
{
	char		path[256];
	char		body[512];

	snprintf(path, sizeof(path), "/api/v1/namespaces/%s/configmaps/c%d"
			 "?fieldManager=orchestration-unit&force=true", namespace_name, i);
	snprintf(body, sizeof(body), "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\","
			 "\"metadata\":{\"name\":\"c%d\",\"labels\":{\"run\":\"%s\"}},"
			 "\"data\":{\"k\":\"%d\"}}", i, namespace_name, value);
	assert_true(orch_kube_request_start(f.client, &(OrchKubeRequestSpec) {
		.method = "PATCH", .path = path, .body = body, .body_len = strlen(body),
		.content_type = "application/apply-patch+yaml", .tag = i, .arg = &f
	}));
}

static void
apply_all(const char *what, int value, long expected)
{
	double		began = seconds();
	double		processor = processor_seconds();
	int64		deadline = 0;
	long		slowest = 0;

	for (int i = 0; i < objects; i++)
		apply(i, value);
	for (int done = 0; done < objects;)
	{
		OrchKubeResponse *r = orch_kube_transport_next(f.transport);

		if (r == NULL)
		{
			deadline = 0;
			assert_true(pump(&f, &deadline));
			continue;
		}
		if (r->http_status != expected)
			fail_msg("%ld %s", r->http_status, r->message);
		assert_int_equal(r->http_version, 20);
		slowest = Max(slowest, r->elapsed_ms);
		orch_kube_response_free(r);
		done++;
	}
	began = seconds() - began;
	processor = processor_seconds() - processor;
	print_message("%s: %d applies in %.2f s, %.0f/s, slowest %ld ms, "
				  "processor %.2f s (%.3f ms each), resident %ld KiB\n",
				  what, objects, began, objects / began, slowest, processor,
				  processor / objects * 1000, resident_kib());
}

static void
applies_many_at_once(void **state)
{
	(void) state;
	apply_all("create", 1, 201);
	apply_all("no change", 1, 200);
	apply_all("change", 2, 200);
}

typedef struct Seen
{
	int			objects;
	int			events;
	int			replaces;
	int			broken;
	int			synced;
} Seen;

static void
take_outputs(Seen *seen)
{
	OrchKubeWatchOutput out;

	while (orch_kube_watch_next(f.transport, &out))
	{
		if (out.type == ORCH_WATCH_OBJECTS)
			seen->objects += out.object_count;
		seen->events += out.type == ORCH_WATCH_EVENT;
		seen->replaces += out.type == ORCH_WATCH_REPLACE_END;
		if (out.type == ORCH_WATCH_BROKEN)
			print_message("broken: %s\n", out.error);
		seen->broken += out.type == ORCH_WATCH_BROKEN;
		seen->synced += out.type == ORCH_WATCH_SYNCED;
		orch_kube_watch_output_clear(&out);
	}
}

static void
mirrors(bool no_watchlist, int page)
{
	char		selector[80];
	Seen		seen = {0};
	int64		deadline = 0;
	double		began = seconds();
	OrchKubeWatch *watch;

	snprintf(selector, sizeof(selector), "run=%s", namespace_name);
	watch = orch_kube_watch_create(f.client, &(OrchKubeWatchSpec) {
		.api_path = CONFIG_MAPS, .label_selector = selector,
		.no_watchlist = no_watchlist, .page_limit = page
	});
	while (seen.synced == 0)
	{
		assert_true(pump(&f, &deadline));
		take_outputs(&seen);
	}
	print_message("%s: %d objects in %.3f s\n",
				  no_watchlist ? "list by pages" : "WatchList",
				  seen.objects, seconds() - began);
	assert_int_equal(seen.objects, objects);
	assert_int_equal(seen.replaces, 1);
	apply_all("with a watch", no_watchlist ? 3 : 4, 200);
	while (seen.events < objects)
	{
		assert_true(pump(&f, &deadline));
		take_outputs(&seen);
	}
	assert_int_equal(seen.events, objects);
	assert_int_equal(seen.broken, 0);
	orch_kube_watch_destroy(watch);
}

static void
mirrors_by_watchlist(void **state)
{
	(void) state;
	mirrors(false, 0);
}

static void
mirrors_by_pages(void **state)
{
	(void) state;
	mirrors(true, 100);
}

static void
reads_the_answers_of_a_real_server(void **state)
{
	OrchKubeResponse *r;

	(void) state;
	r = call(&f, "GET", "/api/v1/namespaces/default/configmaps/none", NULL);
	assert_int_equal(r->http_status, 404);
	assert_string_equal(r->reason, "NotFound");
	orch_kube_response_free(r);
	r = call(&f, "GET", "/apis/none.example/v1/things", NULL);
	assert_int_equal(r->http_status, 404);
	orch_kube_response_free(r);
	r = call(&f, "POST", "/api/v1/namespaces", "{\"kind\":\"Namespace\",\"apiVersion\":\"v1\"}");
	assert_int_equal(r->http_status, 422);
	assert_string_equal(r->reason, "Invalid");
	orch_kube_response_free(r);
}

/* Nine watches that are idle must cost nothing. */
static void
sleeps_when_nothing_happens(void **state)
{
	double		processor;
	double		began;
	double		until;
	Seen		seen = {0};
	int			wakeups = 0;
	int64		deadline = 0;

	(void) state;
	for (int i = 0; i < 9; i++)
	{
		static const char *const paths[] = {
			"/api/v1/configmaps", "/api/v1/secrets", "/api/v1/services",
			"/api/v1/persistentvolumeclaims", "/api/v1/pods", "/api/v1/namespaces",
			"/apis/apps/v1/deployments", "/apis/batch/v1/jobs", "/api/v1/events"
		};

		assert_non_null(orch_kube_watch_create(f.client, &(OrchKubeWatchSpec) {
			.api_path = paths[i], .label_selector = "run=nobody",
			.metadata_only = i == 1
		}));
	}
	began = seconds();
	while (seen.synced < 9)
	{
		assert_true(pump(&f, &deadline));
		take_outputs(&seen);
	}
	print_message("9 kinds mirrored in %.3f s\n", seconds() - began);
	assert_int_equal(seen.replaces, 9);
	processor = processor_seconds();
	until = seconds() + 10;
	while (seconds() < until)
	{
		struct pollfd fd = {orch_kube_transport_fd(f.transport), POLLIN, 0};
		long		timeout = orch_kube_transport_timeout_ms(f.transport);

		poll(&fd, 1, timeout < 0 || timeout > 1000 ? 1000 : (int) timeout);
		orch_kube_transport_perform(f.transport);
		take_outputs(&seen);
		wakeups++;
	}
	print_message("idle: 9 watches, 10 s, %d wake-ups, processor %.1f ms, resident %ld KiB\n",
				  wakeups, (processor_seconds() - processor) * 1000, resident_kib());
	assert_int_equal(seen.broken, 0);
}

static void
read_kubeconfig(const char *path)
{
	char	   *content = calloc(1, 65536);
	char		error[ORCH_KUBE_ERROR_SIZE];
	FILE	   *file = fopen(path, "r");
	size_t		length;

	assert_non_null(file);
	length = fread(content, 1, 65535, file);
	fclose(file);
	if (!orch_kubeconfig_parse(content, length, NULL, &f.config,
							   error, sizeof(error)))
		fail_msg("%s", error);
	free(content);
}

static int
setup(void **state)
{
	char		error[ORCH_KUBE_ERROR_SIZE];
	char		body[256];
	OrchKubeResponse *r;
	OrchKubeClientOptions options = {.max_in_flight = 100};

	(void) state;
	if (getenv("ORCH_UNIT_OBJECTS") != NULL)
		objects = atoi(getenv("ORCH_UNIT_OBJECTS"));
	if (getenv("ORCH_UNIT_IN_FLIGHT") != NULL)
		options.max_in_flight = atoi(getenv("ORCH_UNIT_IN_FLIGHT"));
	read_kubeconfig(getenv("ORCH_UNIT_KUBECONFIG"));
	f.transport = orch_kube_transport_create(error, sizeof(error));
	fixture_client(&f, &options);
	snprintf(namespace_name, sizeof(namespace_name), "orch-unit-%d", getpid());
	snprintf(body, sizeof(body), "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\","
			 "\"metadata\":{\"name\":\"%s\"}}", namespace_name);
	r = call(&f, "POST", "/api/v1/namespaces", body);
	if (r->http_status != 201)
		fail_msg("%ld %s", r->http_status, r->message);
	orch_kube_response_free(r);
	return 0;
}

static int
teardown(void **state)
{
	char		path[128];

	(void) state;
	orch_kube_client_cancel_all(f.client);
	snprintf(path, sizeof(path), "/api/v1/namespaces/%s", namespace_name);
	orch_kube_response_free(call(&f, "DELETE", path, NULL));
	fixture_free(&f);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_answers_of_a_real_server),
		cmocka_unit_test(applies_many_at_once),
		cmocka_unit_test(mirrors_by_watchlist),
		cmocka_unit_test(mirrors_by_pages),
		cmocka_unit_test(sleeps_when_nothing_happens)
	};

	if (getenv("ORCH_UNIT_KUBECONFIG") == NULL)
	{
		print_message("ORCH_UNIT_KUBECONFIG is not set: no real API server is asked\n");
		return 0;
	}
	return cmocka_run_group_tests_name("a real API server", tests, setup,
									   teardown);
}
