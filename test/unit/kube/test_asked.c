/*
 * test_asked.c
 *	  Every output of a replace says when its list was asked for.
 *
 * An object that is made while a slow list is under way is not in it, and must
 * not count as gone: so the time is that of the list's first request, however
 * late its answer comes, in however many pages, and however often one of these
 * is asked for again.
 */
#include "unit.h"

#include "harness.h"
#include "kube/clock.h"

static Stub stub;

typedef struct AskedFixture
{
	Fixture		f;
	OrchKubeWatch *watch;
	int			replaces;		/* that were completed */
	int64		asked_at;		/* of the replace that is open, 0 none */
	int64		last_asked_at;	/* of the last one that was begun */
} AskedFixture;

static int
setup(void **state)
{
	static AskedFixture a;

	memset(&a, 0, sizeof(a));
	fixture_init(&a.f, stub.port, "http");
	fixture_client(&a.f, NULL);
	for (int i = 0; i < 3; i++)
		make_config_map(&a.f, (const char *[]) {"a", "b", "c"}[i], "1");
	*state = &a;
	return 0;
}

static int
teardown(void **state)
{
	fixture_free(&((AskedFixture *) *state)->f);
	return 0;
}

static void
watch(AskedFixture *a, bool no_watchlist)
{
	OrchKubeWatchSpec spec = {
		.api_path = CONFIG_MAPS, .page_limit = 1, .backoff_min_ms = 20,
		.backoff_max_ms = 50, .no_watchlist = no_watchlist
	};

	a->watch = orch_kube_watch_create(a->f.client, &spec);
	assert_non_null(a->watch);
}

static void
check(AskedFixture *a, const OrchKubeWatchOutput *out)
{
	switch (out->type)
	{
		case ORCH_WATCH_REPLACE_BEGIN:
			assert_int_equal(a->asked_at, 0);
			assert_true(out->asked_at_ms >= a->last_asked_at);
			a->asked_at = a->last_asked_at = out->asked_at_ms;
			break;
		case ORCH_WATCH_OBJECTS:
		case ORCH_WATCH_REPLACE_END:
		case ORCH_WATCH_REPLACE_ABORT:
			assert_int_equal(out->asked_at_ms, a->asked_at);
			if (out->type == ORCH_WATCH_REPLACE_END)
				a->replaces++;
			if (out->type != ORCH_WATCH_OBJECTS)
				a->asked_at = 0;
			break;
		default:
			assert_int_equal(out->asked_at_ms, 0);
			break;
	}
}

static void
until_replaced(AskedFixture *a, int replaces)
{
	OrchKubeWatchOutput out;
	int64		deadline = 0;

	while (a->replaces < replaces || !orch_kube_watch_synced(a->watch))
	{
		if (!orch_kube_watch_next(a->f.transport, &out))
		{
			if (!pump(&a->f, &deadline))
				fail_msg("%d replaces, not %d", a->replaces, replaces);
			continue;
		}
		check(a, &out);
		orch_kube_watch_output_clear(&out);
	}
}

/* The answer to the first request is held back until it has been seen. */
static void
asks_before_it_answers(AskedFixture *a, bool no_watchlist, const char *query)
{
	char		fault[256];
	int64		deadline = 0;
	int64		before;
	int64		after;

	snprintf(fault, sizeof(fault), "{\"method\": \"GET\", \"query\": \"%s\","
			 " \"action\": \"delay\", \"seconds\": 1}", query);
	order_fault(&a->f, fault);
	before = orch_kube_now();
	watch(a, no_watchlist);
	while (count_log(&a->f, query, NULL) == 0)
		assert_true(pump(&a->f, &deadline));
	after = orch_kube_now();
	until_replaced(a, 1);
	assert_in_range(a->last_asked_at, before, after);
}

static void
pages_are_asked_for_by_the_first(void **state)
{
	asks_before_it_answers(*state, true, "limit=");
}

static void
watchlists_are_asked_for_by_the_request(void **state)
{
	asks_before_it_answers(*state, false, "sendInitialEvents");
}

/* ... which the second list must not take over from the first. */
static void
another_list_was_asked_for_later(void **state)
{
	AskedFixture *a = *state;

	watch(a, true);
	until_replaced(a, 1);
	orch_kube_watch_relist(a->watch, "told");
	until_replaced(a, 2);
	orch_kube_watch_relist(a->watch, "told again");
	until_replaced(a, 3);
}

static void
so_was_one_after_an_expired_page(void **state)
{
	AskedFixture *a = *state;

	order_fault(&a->f, "{\"query\": \"continue=\", \"action\": \"status\","
				" \"status\": 410, \"reason\": \"Expired\"}");
	watch(a, true);
	until_replaced(a, 1);
}

/* A page asked for again belongs to the list that it belonged to. */
static void
a_page_again_is_the_same_list(void **state)
{
	AskedFixture *a = *state;

	order_fault(&a->f, "{\"query\": \"continue=\", \"action\": \"status\","
				" \"status\": 500}");
	order_fault(&a->f, "{\"query\": \"continue=\", \"action\": \"close\"}");
	watch(a, true);
	until_replaced(a, 1);
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
		TEST(pages_are_asked_for_by_the_first),
		TEST(watchlists_are_asked_for_by_the_request),
		TEST(another_list_was_asked_for_later),
		TEST(so_was_one_after_an_expired_page),
		TEST(a_page_again_is_the_same_list)
	};

	return cmocka_run_group_tests_name("asked", tests, start_server,
									   stop_server);
}
