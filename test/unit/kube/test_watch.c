/*
 * test_watch.c
 *	  List and watch: what the mirror sees, whatever the server does.
 *
 * Outputs are written down as one line of words and compared:
 *
 *	  B begin, On n objects, E end, A abort, S synced, X broken,
 *	  +name added, ~name modified, -name deleted
 */
#include "unit.h"

#include <unistd.h>

#include "harness.h"
#include "kube/json_scan.h"
#include "kube/text.h"

static Stub stub;

typedef struct WatchFixture
{
	Fixture		f;
	OrchKubeWatch *watch;
	OrchKubeWatchSpec spec;
	OrchKubeBuffer words;
	OrchKubeBuffer objects;		/* text of all OBJECTS */
	char	   *last_json;		/* of the last EVENT */
	char	   *last_error;		/* of the last BROKEN */
	long		last_status;
} WatchFixture;

static int
setup(void **state)
{
	static WatchFixture w;

	memset(&w, 0, sizeof(w));
	fixture_init(&w.f, stub.port, "http");
	fixture_client(&w.f, NULL);
	assert_true(orch_kube_buffer_append_text(&w.words, ""));
	assert_true(orch_kube_buffer_append_text(&w.objects, ""));
	w.spec = (OrchKubeWatchSpec) {
		.api_path = CONFIG_MAPS, .label_selector = "app=x", .tag = 9, .arg = &w,
			.backoff_min_ms = 20, .backoff_max_ms = 50, .no_watchlist = true
	};
	*state = &w;
	return 0;
}

static int
teardown(void **state)
{
	WatchFixture *w = *state;

	fixture_free(&w->f);
	orch_kube_buffer_free(&w->words);
	orch_kube_buffer_free(&w->objects);
	free(w->last_json);
	free(w->last_error);
	return 0;
}

static void
watch(WatchFixture *w)
{
	w->watch = orch_kube_watch_create(w->f.client, &w->spec);
	assert_non_null(w->watch);
}

static void
add_word(WatchFixture *w, const char *word)
{
	if (w->words.len > 0)
		assert_true(orch_kube_buffer_append_text(&w->words, " "));
	assert_true(orch_kube_buffer_append_text(&w->words, word));
}

static void
take_event(WatchFixture *w, OrchKubeWatchOutput *out)
{
	OrchJsonField name = {.path = {"metadata", "name"}};
	char		word[80];
	char	   *text;

	assert_true(orch_json_scan(out->json, out->json_len, &name, 1));
	text = orch_json_text(&name);
	snprintf(word, sizeof(word), "%c%s", "+~-"[out->event], text);
	add_word(w, word);
	free(text);
	free(w->last_json);
	w->last_json = strdup(out->json);
}

static void
take(WatchFixture *w, OrchKubeWatchOutput *out)
{
	char		word[32];

	assert_ptr_equal(out->watch, w->watch);
	assert_ptr_equal(out->client, w->f.client);
	assert_int_equal(out->tag, 9);
	assert_ptr_equal(out->arg, w);
	switch (out->type)
	{
		case ORCH_WATCH_OBJECTS:
			assert_true(orch_json_scan(out->json, out->json_len, NULL, 0));
			assert_int_equal(out->json[0], '[');
			snprintf(word, sizeof(word), "O%d", out->object_count);
			add_word(w, word);
			assert_true(orch_kube_buffer_append_text(&w->objects, out->json));
			break;
		case ORCH_WATCH_EVENT:
			take_event(w, out);
			break;
		case ORCH_WATCH_BROKEN:
			free(w->last_error);
			w->last_error = strdup(out->error);
			w->last_status = out->http_status;
			add_word(w, "X");
			break;
		default:
			snprintf(word, sizeof(word), "%c", "B?EA?S?"[out->type]);
			add_word(w, word);
			break;
	}
	orch_kube_watch_output_clear(out);
}

static void
take_all(WatchFixture *w)
{
	OrchKubeWatchOutput out;

	while (orch_kube_watch_next(w->f.transport, &out))
		take(w, &out);
}

/* Waits until the words are exactly these, and then forgets them. */
static void
expect(WatchFixture *w, const char *words)
{
	int64		deadline = 0;

	take_all(w);
	while (strcmp(w->words.data, words) != 0)
	{
		if (strlen(w->words.data) > 4000 || !pump(&w->f, &deadline))
			fail_msg("got \"%s\" and not \"%s\"; last error: %s",
					 w->words.data, words, w->last_error);
		take_all(w);
	}
	w->words.len = 0;
	w->words.data[0] = '\0';
}

/* Waits until the server was asked count times for something. */
static void
expect_asked(WatchFixture *w, const char *part, int count)
{
	int64		deadline = 0;

	while (count_log(&w->f, part, NULL) < count)
	{
		if (!pump(&w->f, &deadline))
			fail_msg("\"%s\" was not asked %d times: %s", part, count,
					 get_log(&w->f));
		take_all(w);
	}
	assert_int_equal(count_log(&w->f, part, NULL), count);
}

static int
lists(WatchFixture *w)
{
	return count_log(&w->f, "\"method\": \"GET\"", "limit=");
}

/* ---- the ordinary ---- */

static void
follows_changes(void **state)
{
	WatchFixture *w = *state;

	make_config_map(&w->f, "a", "1");
	make_config_map(&w->f, "b", "1");
	watch(w);
	assert_int_equal(orch_kube_transport_timeout_ms(w->f.transport), 0);
	assert_false(orch_kube_watch_synced(w->watch));
	expect(w, "B O2 E S");
	assert_true(orch_kube_watch_synced(w->watch));
	assert_non_null(strstr(w->objects.data, "\"name\": \"a\""));
	make_config_map(&w->f, "c", "1");
	expect(w, "+c");
	assert_non_null(strstr(w->last_json, "\"kind\": \"ConfigMap\""));
	make_config_map(&w->f, "a", "2");
	delete_config_map(&w->f, "b");
	expect(w, "~a -b");
	/* what was asked, and how */
	assert_int_equal(count_log(&w->f, "labelSelector=app%3Dx&limit=500&resourceVersion=0"
							   "&resourceVersionMatch=NotOlderThan", NULL), 1);
	assert_int_equal(count_log(&w->f, "watch=1&allowWatchBookmarks=true&timeoutSeconds=",
							   "&resourceVersion=1002\""), 1);
	assert_int_equal(count_log(&w->f, "Accept-Encoding", NULL), 0);
	assert_int_equal(lists(w), 1);
}

static void
an_empty_list_is_complete(void **state)
{
	WatchFixture *w = *state;

	watch(w);
	expect(w, "B E S");
}

static void
reads_page_by_page(void **state)
{
	WatchFixture *w = *state;

	for (int i = 0; i < 5; i++)
	{
		char		name[8];

		snprintf(name, sizeof(name), "c%d", i);
		make_config_map(&w->f, name, "1");
	}
	w->spec.page_limit = 2;
	watch(w);
	expect(w, "B O2 O2 O1 E S");
	/* the token is escaped, and goes without a version */
	assert_int_equal(count_log(&w->f, "limit=2&continue=t1005-3%2F%2B%3D\"", NULL), 1);
	assert_int_equal(count_log(&w->f, "continue=", "resourceVersion"), 0);
}

/* Memory is bounded because a page is asked for when the last was taken. */
static void
waits_for_the_taker(void **state)
{
	WatchFixture *w = *state;
	int64		deadline = 0;

	for (int i = 0; i < 3; i++)
		make_config_map(&w->f, (const char *[]) {"a", "b", "c"}[i], "1");
	w->spec.page_limit = 1;
	watch(w);
	while (orch_kube_transport_perform(w->f.transport) == false)
		assert_true(pump(&w->f, &deadline));
	for (int i = 0; i < 5; i++)
		assert_int_equal(count_log(&w->f, "limit=1", NULL), 1);
	expect(w, "B O1 O1 O1 E S");
}

static void
asks_for_metadata_only(void **state)
{
	WatchFixture *w = *state;

	w->spec.metadata_only = true;
	watch(w);
	expect(w, "B E S");
	assert_int_equal(count_log(&w->f, "as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", "limit="), 1);
	assert_int_equal(count_log(&w->f, "as=PartialObjectMetadata;g=meta.k8s.io;v=v1", "watch=1"), 1);
}

static void
keeps_large_versions(void **state)
{
	WatchFixture *w = *state;
	Stub		large;

	stub_start(&large, (const char *[]) {"--first-rv", "9007199254740993", NULL});
	fixture_free(&w->f);
	fixture_init(&w->f, large.port, "http");
	fixture_client(&w->f, NULL);
	watch(w);
	expect(w, "B E S");
	assert_string_equal(orch_kube_watch_resource_version(w->watch),
						"9007199254740993");
	assert_int_equal(count_log(&w->f, "resourceVersion=9007199254740993\"", NULL), 1);
	stub_stop(&large);
}

static void
bookmarks_advance(void **state)
{
	WatchFixture *w = *state;
	int64		deadline = 0;

	w->spec.field_selector = "metadata.name!=z";
	watch(w);
	expect(w, "B E S");
	/* an object that is not ours moves the version all the same */
	start_request(&w->f, "POST", "/api/v1/namespaces/a/configmaps",
				  "{\"metadata\":{\"name\":\"other\"}}", 0);
	orch_kube_response_free(next_response(&w->f));
	while (strcmp(orch_kube_watch_resource_version(w->watch), "1001") != 0)
		assert_true(pump(&w->f, &deadline));
	take_all(w);
	assert_string_equal(w->words.data, "");
	assert_true(count_log(&w->f, "fieldSelector=metadata.name%21%3Dz", NULL) > 0);
}

/* ---- positions that are too old ---- */

static void
lists_again_after_410(void **state)
{
	WatchFixture *w = *state;

	order_fault(&w->f, "{\"query\": \"watch=1\", \"action\": \"status\","
				" \"status\": 410, \"reason\": \"Expired\"}");
	make_config_map(&w->f, "a", "1");
	watch(w);
	/* no alarm for what happens to everybody */
	expect(w, "B O1 E B O1 E S");
	assert_int_equal(count_log(&w->f, "resourceVersion=1001&resourceVersionMatch=NotOlderThan", NULL), 1);
}

static void
lists_again_after_410_in_stream(void **state)
{
	WatchFixture *w = *state;

	order_fault(&w->f, "{\"query\": \"watch=1\", \"action\": \"stream\", \"end\": \"hang\","
				" \"lines\": [\"{\\\"type\\\":\\\"ERROR\\\",\\\"object\\\":{\\\"kind\\\":\\\"Status\\\","
				"\\\"code\\\":410,\\\"reason\\\":\\\"Gone\\\",\\\"message\\\":\\\"old\\\"}}\\n\"]}");
	watch(w);
	expect(w, "B E S B E");
	assert_int_equal(lists(w), 2);
}

/* A server that always says 410 is not asked as fast as it can answer. */
static void
slows_down_when_410_repeats(void **state)
{
	WatchFixture *w = *state;

	order_fault(&w->f, "{\"query\": \"watch=1\", \"action\": \"status\", \"times\": 3,"
				" \"status\": 410, \"reason\": \"Expired\"}");
	watch(w);
	expect(w, "B E B E X B E B E S");
	assert_int_equal(w->last_status, 410);
}

static void
starts_over_when_a_page_expires(void **state)
{
	WatchFixture *w = *state;

	for (int i = 0; i < 3; i++)
		make_config_map(&w->f, (const char *[]) {"a", "b", "c"}[i], "1");
	order_fault(&w->f, "{\"query\": \"continue=\", \"action\": \"status\","
				" \"status\": 410, \"reason\": \"Expired\"}");
	w->spec.page_limit = 2;
	watch(w);
	expect(w, "B O2 A B O2 O1 E S");
	/* the second list is of the freshest state */
	assert_int_equal(count_log(&w->f, "app%3Dx&limit=2\"", NULL), 1);
}

static void
takes_all_in_one_when_pages_keep_expiring(void **state)
{
	WatchFixture *w = *state;

	for (int i = 0; i < 3; i++)
		make_config_map(&w->f, (const char *[]) {"a", "b", "c"}[i], "1");
	order_fault(&w->f, "{\"query\": \"continue=\", \"action\": \"status\", \"times\": 2,"
				" \"status\": 410, \"reason\": \"Expired\"}");
	w->spec.page_limit = 2;
	watch(w);
	expect(w, "B O2 A B O2 A X B O3 E S");
}

/* etcd came back from a backup: the cluster has never seen our version. */
static void
survives_a_version_of_the_future(void **state)
{
	WatchFixture *w = *state;

	order_fault(&w->f, "{\"query\": \"watch=1\", \"action\": \"status\", \"status\": 504,"
				" \"reason\": \"Timeout\", \"message\": \"Too large resource version: 5, current: 4\"}");
	watch(w);
	expect(w, "B E B E S");
	assert_int_equal(count_log(&w->f, "app%3Dx&limit=500\"", NULL), 1);
}

static void
relists_when_told(void **state)
{
	WatchFixture *w = *state;

	make_config_map(&w->f, "a", "1");
	watch(w);
	expect(w, "B O1 E S");
	make_config_map(&w->f, "b", "1");
	orch_kube_watch_relist(w->watch, "lost");
	assert_false(orch_kube_watch_synced(w->watch));
	expect(w, "B O2 E S");
	assert_int_equal(count_log(&w->f, "app%3Dx&limit=500\"", NULL), 1);
}

/* Who can never store what is listed must not make the server list all day. */
static void
slows_down_when_told_again(void **state)
{
	WatchFixture *w = *state;

	watch(w);
	expect(w, "B E S");
	orch_kube_watch_relist(w->watch, "lost");
	expect(w, "B E S");
	orch_kube_watch_relist(w->watch, "lost");
	expect(w, "X B E S");
	assert_string_equal(w->last_error, "lost");
}

static void
relist_aborts_an_open_replace(void **state)
{
	WatchFixture *w = *state;
	OrchKubeWatchOutput out;
	int64		deadline = 0;

	make_config_map(&w->f, "a", "1");
	watch(w);
	while (!orch_kube_watch_next(w->f.transport, &out))
		assert_true(pump(&w->f, &deadline));
	take(w, &out);
	orch_kube_watch_relist(w->watch, "lost");
	expect(w, "B A B O1 E S");
}

/* ---- ends of streams ---- */

static void
goes_on_after_the_end(void **state)
{
	WatchFixture *w = *state;

	w->spec.timeout_min_s = w->spec.timeout_max_s = 1;
	watch(w);
	expect(w, "B E S");
	expect_asked(w, "watch=1", 3);
	make_config_map(&w->f, "a", "1");
	expect(w, "+a");
	assert_int_equal(lists(w), 1);
}

/* Ends at once without a word: slow down, keep the position, say so. */
static void
does_not_spin_on_empty_streams(void **state)
{
	WatchFixture *w = *state;

	order_fault(&w->f, "{\"query\": \"watch=1\", \"action\": \"stream\", \"times\": 3}");
	watch(w);
	expect(w, "B E S X S");
	assert_string_equal(w->last_error, "the server ended the watch at once");
	assert_int_equal(lists(w), 1);
	assert_int_equal(count_log(&w->f, "watch=1", NULL), 4);
}

/* Each failure doubles the pause, once. */
static void
doubles_the_pause(void **state)
{
	WatchFixture *w = *state;
	long		pause;

	order_fault(&w->f, "{\"query\": \"watch=1\", \"action\": \"status\", \"status\": 500}");
	order_fault(&w->f, "{\"query\": \"watch=1\", \"action\": \"status\", \"status\": 503}");
	w->spec.backoff_min_ms = 200;
	w->spec.backoff_max_ms = 10 * LIMIT_MS;
	watch(w);
	expect(w, "B E X X");
	do
		orch_kube_transport_perform(w->f.transport);
	while ((pause = orch_kube_transport_timeout_ms(w->f.transport)) == 0);
	/* 400 ms, and as much again by chance */
	assert_in_range(pause, 1, 800);
}

static void
keeps_the_watch_when_refused(void **state)
{
	WatchFixture *w = *state;
	char		other[80];
	int64		deadline = 0;

	watch(w);
	expect(w, "B E S");
	/* the server goes away for a while, as in a restart */
	snprintf(other, sizeof(other), "%d", stub.port);
	stub_stop(&stub);
	while (orch_kube_watch_synced(w->watch))
		assert_true(pump(&w->f, &deadline));
	for (int i = 0; i < 20; i++)
		assert_true(pump(&w->f, &deadline));
	take_all(w);
	assert_int_equal(strspn(w->words.data, "X "), w->words.len);
	stub_start(&stub, (const char *[]) {"--port", other, NULL});
	while (!orch_kube_watch_synced(w->watch))
		assert_true(pump(&w->f, &deadline));
	take_all(w);
	assert_int_equal(strspn(w->words.data, "XS "), w->words.len);
	assert_int_equal(lists(w), 0);
}

/* Who waits long hears at once from others that the server is back. */
static void
is_woken_by_any_answer(void **state)
{
	WatchFixture *w = *state;
	char		other[80];
	int64		deadline = 0;

	w->spec.backoff_min_ms = w->spec.backoff_max_ms = 10 * LIMIT_MS;
	watch(w);
	expect(w, "B E S");
	snprintf(other, sizeof(other), "%d", stub.port);
	stub_stop(&stub);
	while (orch_kube_watch_synced(w->watch))
		assert_true(pump(&w->f, &deadline));
	stub_start(&stub, (const char *[]) {"--port", other, NULL});
	make_config_map(&w->f, "a", "1");
	expect(w, "X +a S");
}

/* Servers accept an old position first, and refuse it then. */
static void
believes_nothing_too_early(void **state)
{
	WatchFixture *w = *state;

	order_fault(&w->f, "{\"query\": \"watch=1\", \"action\": \"status\", \"status\": 503}");
	order_fault(&w->f, "{\"query\": \"watch=1\", \"action\": \"stream\", \"end\": \"hang\","
				" \"lines\": [\"{\\\"type\\\":\\\"ERROR\\\",\\\"object\\\":{\\\"code\\\":410}}\\n\"]}");
	watch(w);
	expect(w, "B E X B E S");
}

static void
obeys_429(void **state)
{
	WatchFixture *w = *state;

	order_fault(&w->f, "{\"query\": \"watch=1\", \"action\": \"status\", \"status\": 429,"
				" \"times\": 8, \"message\": \"slow down\"}");
	watch(w);
	expect(w, "B E X S");
	assert_string_equal(w->last_error, "slow down");
	assert_int_equal(w->last_status, 429);
	assert_int_equal(lists(w), 1);
}

/* Errors other than "come back later" lead to a list in the end. */
static void
relists_after_many_errors(void **state)
{
	WatchFixture *w = *state;

	order_fault(&w->f, "{\"query\": \"watch=1\", \"action\": \"status\", \"status\": 500,"
				" \"times\": 5}");
	watch(w);
	expect(w, "B E X B E S");
	assert_int_equal(lists(w), 2);
}

static void
survives_an_error_in_stream(void **state)
{
	WatchFixture *w = *state;

	order_fault(&w->f, "{\"query\": \"watch=1\", \"action\": \"stream\","
				" \"lines\": [\"{\\\"type\\\":\\\"ERROR\\\",\\\"object\\\":{\\\"code\\\":500,"
				"\\\"reason\\\":\\\"InternalError\\\",\\\"message\\\":\\\"etcd\\\\nleader\\\"}}\\n\"]}");
	watch(w);
	expect(w, "B E S X S");
	assert_string_equal(w->last_error, "the server ended the watch: etcd leader");
	assert_int_equal(lists(w), 1);
}

static void
survives_a_web_page(void **state)
{
	WatchFixture *w = *state;

	order_fault(&w->f, "{\"path\": \"configmaps\", \"action\": \"status\", \"status\": 502,"
				" \"times\": 2, \"headers\": {\"Content-Type\": \"text/html\"}, \"body\": \"<html>\"}");
	order_fault(&w->f, "{\"path\": \"configmaps\", \"action\": \"status\", \"status\": 200,"
				" \"headers\": {\"Content-Type\": \"text/html\"}, \"body\": \"<html>\"}");
	order_fault(&w->f, "{\"path\": \"configmaps\", \"action\": \"status\", \"status\": 200,"
				" \"body\": \"{\\\"items\\\":[{}\"}");
	watch(w);
	expect(w, "X X B E S");
	assert_string_equal(w->last_error, "the answer to a list request is not a list");
}

static void
retries_a_page(void **state)
{
	WatchFixture *w = *state;

	for (int i = 0; i < 3; i++)
		make_config_map(&w->f, (const char *[]) {"a", "b", "c"}[i], "1");
	order_fault(&w->f, "{\"query\": \"continue=\", \"action\": \"close\", \"times\": 7}");
	w->spec.page_limit = 2;
	watch(w);
	expect(w, "B O2 X O1 E S");
}

/* The deadline, not the peer, ends a watch that is silent. */
static void
hangs_up_on_silence(void **state)
{
	WatchFixture *w = *state;

	w->spec.timeout_min_s = w->spec.timeout_max_s = 1;
	w->spec.idle_grace_ms = 100;
	order_fault(&w->f, "{\"query\": \"watch=1\", \"action\": \"stream\", \"end\": \"hang\"}");
	order_fault(&w->f, "{\"query\": \"watch=1\", \"action\": \"hang\"}");
	watch(w);
	expect(w, "B E S X S");
	make_config_map(&w->f, "a", "1");
	expect(w, "+a");
	assert_int_equal(lists(w), 1);
}

static void
finds_a_new_token(void **state)
{
	WatchFixture *w = *state;

	/* without a token file there is nothing to try: one request, then wait */
	order_fault(&w->f, "{\"path\": \"configmaps\", \"action\": \"status\", \"status\": 401}");
	watch(w);
	expect(w, "X B E S");
	assert_int_equal(w->last_status, 401);
}

static void
reconnects_with_new_certificates(void **state)
{
	WatchFixture *w = *state;
	char		path[64];
	char	   *pem = pki_text("ca.crt");
	FILE	   *file;

	snprintf(path, sizeof(path), "/tmp/orch_unit_watch_ca_%d", getpid());
	file = fopen(path, "w");
	fputs(pem, file);
	fclose(file);
	assert_true(orch_kubeconfig_set(&w->f.config.ca_file, path));
	orch_kube_client_destroy(w->f.client);
	fixture_client(&w->f, &(OrchKubeClientOptions) {.token_refresh_ms = 50});
	watch(w);
	expect(w, "B E S");
	file = fopen(path, "a");
	fputs("\n", file);
	fclose(file);
	expect_asked(w, "watch=1", 2);
	assert_int_equal(lists(w), 1);
	take_all(w);
	assert_string_equal(w->words.data, "");
	unlink(path);
	free(pem);
}

/* ---- what comes over the wire ---- */

#define EVENT(type, name, rv) \
	"{\\\"type\\\":\\\"" type "\\\",\\\"object\\\":{\\\"kind\\\":\\\"ConfigMap\\\"," \
	"\\\"metadata\\\":{\\\"name\\\":\\\"" name "\\\",\\\"resourceVersion\\\":\\\"" rv "\\\"}," \
	"\\\"data\\\":{\\\"k\\\":\\\"gr\xC3\xBC\xC3\x9F\\\"}}}\\n"

static void
order_stream(WatchFixture *w, const char *lines, const char *rest)
{
	char		fault[8192];

	snprintf(fault, sizeof(fault), "{\"query\": \"watch=1\", \"action\": \"stream\","
			 " \"lines\": [\"%s\"], \"end\": \"hang\"%s}", lines, rest);
	order_fault(&w->f, fault);
}

static void
joins_what_was_cut(void **state)
{
	WatchFixture *w = *state;

	order_stream(w, EVENT("ADDED", "a", "1003") EVENT("MODIFIED", "a", "1004")
				 EVENT("DELETED", "a", "1005"), ", \"chunk\": 1");
	watch(w);
	expect(w, "B E S +a ~a -a");
	assert_non_null(strstr(w->last_json, "gr\xC3\xBC\xC3\x9F"));
	assert_string_equal(orch_kube_watch_resource_version(w->watch), "1005");
}

static void
skips_what_it_does_not_know(void **state)
{
	WatchFixture *w = *state;

	order_stream(w, "\\n  \\r\\n" EVENT("ADDED", "a", "1003") "\\n"
				 EVENT("SHINY", "b", "1004")
				 "{\\\"type\\\":\\\"ADDED\\\",\\\"object\\\":{\\\"kind\\\":\\\"Status\\\","
				 "\\\"metadata\\\":{\\\"resourceVersion\\\":\\\"5\\\"}}}\\n"
				 "{\\\"type\\\":\\\"ADDED\\\",\\\"object\\\":{\\\"kind\\\":\\\"X\\\"}}\\n"
				 "{\\\"type\\\":\\\"ADDED\\\",\\\"object\\\":[]}\\n"
				 "{\\\"type\\\":\\\"ADDED\\\"}\\n[]\\n7\\n"
				 EVENT("ADDED", "c", "1006"), "");
	watch(w);
	expect(w, "B E S +a +c");
}

static void
mends_events(void **state)
{
	WatchFixture *w = *state;

	/* {"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"7"},
	 * "d":"\u0000<FF><0>x\ud800"}} */
	order_stream(w, "", ", \"raw\": \"eyJ0eXBlIjoiQURERUQiLCJvYmplY3QiOnsibWV0YWRhdGEi"
				 "OnsibmFtZSI6ImEiLCJyZXNvdXJjZVZlcnNpb24iOiI3In0sImQiOiJcdTAwMDD/eFx1ZDgwMCJ9fQo=\"");
	watch(w);
	expect(w, "B E S +a");
	assert_non_null(strstr(w->last_json, "\"d\":\"\\ufffd\xEF\xBF\xBDx\\ufffd\""));
}

static void
drops_a_stream_of_rubbish(void **state)
{
	WatchFixture *w = *state;

	order_stream(w, EVENT("ADDED", "a", "1003") "{\\\"type\\\":\\n", "");
	watch(w);
	expect(w, "B E S +a X S");
	assert_non_null(strstr(w->last_error, "not JSON"));
	/* it went on behind the last good event */
	assert_int_equal(count_log(&w->f, "resourceVersion=1003\"", NULL), 1);
}

static void
takes_a_large_event(void **state)
{
	WatchFixture *w = *state;
	size_t		size = 1500000;
	char	   *body = malloc(size + 200);
	OrchKubeResponse *r;

	watch(w);
	expect(w, "B E S");
	strcpy(body, "{\"metadata\":{\"name\":\"big\",\"labels\":{\"app\":\"x\"}},\"data\":{\"k\":\"");
	memset(body + strlen(body), 'x', size - strlen(body));
	strcpy(body + size, "\"}}");
	r = call(&w->f, "POST", "/api/v1/namespaces/a/configmaps", body);
	assert_int_equal(r->http_status, 201);
	orch_kube_response_free(r);
	expect(w, "+big");
	assert_true(strlen(w->last_json) > size);
	free(body);
}

static void
refuses_a_giant_event(void **state)
{
	WatchFixture *w = *state;

	w->spec.max_event_bytes = 100;
	order_stream(w, EVENT("ADDED", "a-name-that-makes-it-longer-than-one-hundred-bytes-in-all", "1003"),
				 ", \"chunk\": 30, \"pause\": 0.01");
	watch(w);
	expect(w, "B E S X S");
	assert_non_null(strstr(w->last_error, "larger than 100 bytes"));
}

/* More than may be queued: everything is forgotten, then listed. */
static void
lists_again_after_overflow(void **state)
{
	WatchFixture *w = *state;
	char		lines[6000] = "";
	int64		deadline = 0;

	w->spec.max_queue_bytes = 1000;
	for (int i = 0; i < 20; i++)
		strcat(lines, EVENT("ADDED", "a", "1001"));
	make_config_map(&w->f, "real", "1");
	order_stream(w, lines, "");
	watch(w);
	/* what was taken before depends on the moment; what follows does not */
	while (strstr(w->words.data, "X B O1 E S") == NULL)
	{
		assert_true(pump(&w->f, &deadline));
		take_all(w);
	}
	assert_non_null(strstr(w->last_error, "faster"));
}

/* ---- WatchList ---- */

static void
lists_by_watching(void **state)
{
	WatchFixture *w = *state;

	w->spec.no_watchlist = false;
	make_config_map(&w->f, "a", "1");
	make_config_map(&w->f, "b", "1");
	watch(w);
	expect(w, "B O2 E S");
	make_config_map(&w->f, "c", "1");
	expect(w, "+c");
	assert_int_equal(lists(w), 0);
	/* one stream brought both */
	assert_int_equal(count_log(&w->f, "watch=1", NULL), 1);
	assert_int_equal(count_log(&w->f, "sendInitialEvents=true&resourceVersionMatch=NotOlderThan\"", NULL), 1);
	assert_non_null(strstr(w->objects.data, "\"kind\": \"ConfigMap\""));
}

static void
goes_on_from_the_end_bookmark(void **state)
{
	WatchFixture *w = *state;

	w->spec.no_watchlist = false;
	w->spec.timeout_min_s = w->spec.timeout_max_s = 1;
	make_config_map(&w->f, "a", "1");
	watch(w);
	expect(w, "B O1 E S");
	expect_asked(w, "watch=1", 2);
	assert_int_equal(count_log(&w->f, "sendInitialEvents", NULL), 1);
	assert_int_equal(count_log(&w->f, "resourceVersion=1001\"", NULL), 1);
}

static void
remembers_that_watchlist_is_unknown(void **state)
{
	WatchFixture *w = *state;

	w->spec.no_watchlist = false;
	order(&w->f, "options", "{\"watchlist\": false}");
	make_config_map(&w->f, "a", "1");
	watch(w);
	expect(w, "B O1 E S");
	orch_kube_watch_relist(w->watch, "lost");
	expect(w, "B O1 E S");
	assert_int_equal(count_log(&w->f, "sendInitialEvents", NULL), 1);
	/* for every kind of this server */
	orch_kube_watch_destroy(w->watch);
	watch(w);
	expect(w, "B O1 E S");
	assert_int_equal(count_log(&w->f, "sendInitialEvents", NULL), 1);
}

static void
does_without_the_end_bookmark(void **state)
{
	WatchFixture *w = *state;

	w->spec.no_watchlist = false;
	w->spec.bookmark_wait_ms = 100;
	order(&w->f, "options", "{\"initial_end\": false, \"bookmarks\": false}");
	make_config_map(&w->f, "a", "1");
	watch(w);
	expect(w, "B O1 E S");
	assert_int_equal(count_log(&w->f, "sendInitialEvents", NULL), 1);
	assert_int_equal(lists(w), 1);
}

static void
repeats_a_watchlist_cut_short(void **state)
{
	WatchFixture *w = *state;

	w->spec.no_watchlist = false;
	order_fault(&w->f, "{\"query\": \"watch=1\", \"action\": \"stream\","
				" \"lines\": [\"" EVENT("ADDED", "a", "1") EVENT("ADDED", "b", "2") "\"]}");
	watch(w);
	expect(w, "X B E S");
	assert_int_equal(count_log(&w->f, "sendInitialEvents", NULL), 2);
	/* the versions of the two were no position to go on from */
	assert_int_equal(count_log(&w->f, "resourceVersion=2", NULL), 0);
}

/* Portions that were handed out are taken back. */
static void
aborts_a_watchlist_cut_short(void **state)
{
	WatchFixture *w = *state;
	OrchKubeBuffer fault = {0};

	w->spec.no_watchlist = false;
	assert_true(orch_kube_buffer_append_text(&fault,
											 "{\"query\": \"watch=1\", \"action\": \"stream\","
											 " \"end\": \"reset\", \"lines\": [\""));
	for (int i = 0; i < 600; i++)
		assert_true(orch_kube_buffer_append_text(&fault, EVENT("ADDED", "a", "1")));
	assert_true(orch_kube_buffer_append_text(&fault, "\"]}"));
	order_fault(&w->f, fault.data);
	orch_kube_buffer_free(&fault);
	watch(w);
	expect(w, "B O500 A X B E S");
}

static void
survives_410_in_a_watchlist(void **state)
{
	WatchFixture *w = *state;

	w->spec.no_watchlist = false;
	order_fault(&w->f, "{\"query\": \"watch=1\", \"action\": \"stream\", \"times\": 1,"
				" \"lines\": [\"" EVENT("ADDED", "a", "1") "{\\\"type\\\":\\\"ERROR\\\","
				"\\\"object\\\":{\\\"code\\\":410}}\\n\"]}");
	order_fault(&w->f, "{\"query\": \"watch=1\", \"action\": \"status\", \"status\": 410}");
	watch(w);
	expect(w, "X B E S");
	assert_int_equal(count_log(&w->f, "sendInitialEvents", NULL), 3);
}

/* A cluster too large for the queue is read by pages from then on. */
static void
reads_pages_after_overflow(void **state)
{
	WatchFixture *w = *state;
	OrchKubeBuffer fault = {0};

	w->spec.no_watchlist = false;
	w->spec.max_queue_bytes = 1000;
	assert_true(orch_kube_buffer_append_text(&fault,
											 "{\"query\": \"watch=1\", \"action\": \"stream\","
											 " \"end\": \"hang\", \"lines\": [\""));
	for (int i = 0; i < 1500; i++)
		assert_true(orch_kube_buffer_append_text(&fault, EVENT("ADDED", "a", "1")));
	assert_true(orch_kube_buffer_append_text(&fault, "\"]}"));
	order_fault(&w->f, fault.data);
	orch_kube_buffer_free(&fault);
	watch(w);
	expect(w, "X B E S");
	assert_int_equal(count_log(&w->f, "sendInitialEvents", NULL), 1);
	assert_int_equal(lists(w), 1);
}

/* ---- the whole ---- */

static void
watches_many_kinds(void **state)
{
	WatchFixture *w = *state;
	int			complete = 0;
	int64		deadline = 0;

	for (int i = 0; i < 40; i++)
	{
		char		path[64];

		snprintf(path, sizeof(path), "/apis/group%d/v1/things", i);
		w->spec.api_path = path;
		w->spec.no_watchlist = i % 2;
		watch(w);
	}
	while (complete < 40)
	{
		OrchKubeWatchOutput out;

		if (!orch_kube_watch_next(w->f.transport, &out))
		{
			assert_true(pump(&w->f, &deadline));
			continue;
		}
		assert_int_not_equal(out.type, ORCH_WATCH_BROKEN);
		complete += out.type == ORCH_WATCH_SYNCED;
		orch_kube_watch_output_clear(&out);
	}
	orch_kube_client_destroy(w->f.client);
	assert_false(orch_kube_transport_perform(w->f.transport));
	assert_int_equal(orch_kube_transport_timeout_ms(w->f.transport), -1);
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
		TEST(follows_changes),
		TEST(an_empty_list_is_complete),
		TEST(reads_page_by_page),
		TEST(waits_for_the_taker),
		TEST(asks_for_metadata_only),
		TEST(keeps_large_versions),
		TEST(bookmarks_advance),
		TEST(lists_again_after_410),
		TEST(lists_again_after_410_in_stream),
		TEST(slows_down_when_410_repeats),
		TEST(starts_over_when_a_page_expires),
		TEST(takes_all_in_one_when_pages_keep_expiring),
		TEST(survives_a_version_of_the_future),
		TEST(relists_when_told),
		TEST(slows_down_when_told_again),
		TEST(relist_aborts_an_open_replace),
		TEST(goes_on_after_the_end),
		TEST(does_not_spin_on_empty_streams),
		TEST(doubles_the_pause),
		TEST(keeps_the_watch_when_refused),
		TEST(is_woken_by_any_answer),
		TEST(believes_nothing_too_early),
		TEST(obeys_429),
		TEST(relists_after_many_errors),
		TEST(survives_an_error_in_stream),
		TEST(survives_a_web_page),
		TEST(retries_a_page),
		TEST(hangs_up_on_silence),
		TEST(finds_a_new_token),
		TEST(reconnects_with_new_certificates),
		TEST(joins_what_was_cut),
		TEST(skips_what_it_does_not_know),
		TEST(mends_events),
		TEST(drops_a_stream_of_rubbish),
		TEST(takes_a_large_event),
		TEST(refuses_a_giant_event),
		TEST(lists_again_after_overflow),
		TEST(lists_by_watching),
		TEST(goes_on_from_the_end_bookmark),
		TEST(remembers_that_watchlist_is_unknown),
		TEST(does_without_the_end_bookmark),
		TEST(repeats_a_watchlist_cut_short),
		TEST(aborts_a_watchlist_cut_short),
		TEST(survives_410_in_a_watchlist),
		TEST(reads_pages_after_overflow),
		TEST(watches_many_kinds)
	};

	return cmocka_run_group_tests_name("watches", tests, start_server,
									   stop_server);
}
