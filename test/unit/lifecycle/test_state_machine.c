/*
 * test_state_machine.c
 *	  The lifecycle table, over every pair of statuses.
 *
 * The expected matrix is written out here a second time on purpose: a changed
 * edge must be changed in both places.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lifecycle/state_machine.h"

/* rows: from; columns: pending running paused stopped failed deleted */
static const char *const expected_matrix[ORCH_STATUS_COUNT] = {
	"011111",					/* pending */
	"111111",					/* running */
	"110111",					/* paused */
	"110011",					/* stopped */
	"111101",					/* failed */
	"000000",					/* deleted */
};

/* the edges that the specification draws */
static const char *const specified[][2] = {
	{"pending", "running"}, {"running", "paused"}, {"paused", "stopped"},
	{"pending", "failed"}, {"running", "running"}, {"paused", "running"},
	{"stopped", "deleted"}
};

static OrchStatus
status_of(const char *name)
{
	OrchStatus	status;

	assert_true(orch_lifecycle_parse(name, &status));
	return status;
}

static void
every_pair_is_judged_as_the_matrix_says(void **state)
{
	(void) state;
	for (int from = 0; from < ORCH_STATUS_COUNT; from++)
		for (int to = 0; to < ORCH_STATUS_COUNT; to++)
			assert_int_equal(orch_lifecycle_is_legal((OrchStatus) from, (OrchStatus) to),
							 expected_matrix[from][to] == '1');
}

static void
the_specification_is_covered(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(specified) / sizeof(specified[0]); i++)
		assert_true(orch_lifecycle_is_legal(status_of(specified[i][0]), status_of(specified[i][1])));
}

static void
table_and_matrix_have_the_same_edges(void **state)
{
	size_t		count;
	const OrchTransition *table = orch_lifecycle_table(&count);
	bool		seen[ORCH_STATUS_COUNT][ORCH_STATUS_COUNT] = {{false}};

	(void) state;
	assert_int_equal(count, 25);
	for (size_t i = 0; i < count; i++)
	{
		assert_false(seen[table[i].from][table[i].to]);
		seen[table[i].from][table[i].to] = true;
		assert_int_equal(expected_matrix[table[i].from][table[i].to], '1');
		assert_true(strlen(table[i].description) > 0);
	}
}

static void
allowed_is_the_row_of_the_matrix(void **state)
{
	(void) state;
	for (int from = 0; from < ORCH_STATUS_COUNT; from++)
		for (int to = 0; to < ORCH_STATUS_COUNT; to++)
			assert_int_equal((orch_lifecycle_allowed((OrchStatus) from) >> to) & 1,
							 expected_matrix[from][to] == '1');
}

static void
an_observer_may_skip_steps_but_not_revive(void **state)
{
	(void) state;
	for (int from = 0; from < ORCH_STATUS_COUNT; from++)
		for (int to = 0; to < ORCH_STATUS_COUNT; to++)
			assert_int_equal(orch_lifecycle_is_reachable((OrchStatus) from, (OrchStatus) to),
							 from != ORCH_STATUS_DELETED);
}

static void
names_are_parsed_exactly(void **state)
{
	static const char *const wrong[] = {"", "Pending", "pending ", "run", "runningx", "active"};
	OrchStatus	status = ORCH_STATUS_FAILED;

	(void) state;
	for (int i = 0; i < ORCH_STATUS_COUNT; i++)
		assert_int_equal(status_of(orch_lifecycle_name((OrchStatus) i)), i);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(orch_lifecycle_parse(wrong[i], &status));
	assert_int_equal(status, ORCH_STATUS_FAILED);
}

static void
four_states_can_be_asked_for(void **state)
{
	(void) state;
	assert_false(orch_lifecycle_is_desirable(ORCH_STATUS_PENDING));
	assert_true(orch_lifecycle_is_desirable(ORCH_STATUS_RUNNING));
	assert_true(orch_lifecycle_is_desirable(ORCH_STATUS_PAUSED));
	assert_true(orch_lifecycle_is_desirable(ORCH_STATUS_STOPPED));
	assert_false(orch_lifecycle_is_desirable(ORCH_STATUS_FAILED));
	assert_true(orch_lifecycle_is_desirable(ORCH_STATUS_DELETED));
}

static void
lists_are_readable_and_bounded(void **state)
{
	char		text[ORCH_STATUS_LIST_SIZE];
	char		small[12];

	(void) state;
	orch_lifecycle_list(orch_lifecycle_allowed(ORCH_STATUS_STOPPED), text, sizeof(text));
	assert_string_equal(text, "pending, running, failed, deleted");
	orch_lifecycle_list(orch_lifecycle_allowed(ORCH_STATUS_DELETED), text, sizeof(text));
	assert_string_equal(text, "nothing");
	orch_lifecycle_list((1u << ORCH_STATUS_COUNT) - 1, text, sizeof(text));
	assert_string_equal(text, "pending, running, paused, stopped, failed, deleted");
	orch_lifecycle_list((1u << ORCH_STATUS_COUNT) - 1, small, sizeof(small));
	assert_string_equal(small, "pending, ru");
}

static void
verbs_belong_to_their_steps(void **state)
{
	(void) state;
	assert_string_equal(orch_lifecycle_verb(status_of("stopped"), status_of("running")), "start_container");
	assert_string_equal(orch_lifecycle_verb(status_of("failed"), status_of("pending")), "start_container");
	assert_string_equal(orch_lifecycle_verb(status_of("running"), status_of("running")), "restart_container");
	assert_null(orch_lifecycle_verb(status_of("pending"), status_of("running")));
	assert_null(orch_lifecycle_verb(status_of("stopped"), status_of("paused")));
	for (int from = 0; from < ORCH_STATUS_DELETED; from++)
		assert_string_equal(orch_lifecycle_verb((OrchStatus) from, ORCH_STATUS_DELETED), "delete_container");
}

static void
requests_have_reasons(void **state)
{
	(void) state;
	assert_string_equal(orch_lifecycle_request_reason(status_of("paused"), status_of("running")), "ResumeRequested");
	assert_string_equal(orch_lifecycle_request_reason(status_of("stopped"), status_of("running")), "StartRequested");
	assert_string_equal(orch_lifecycle_request_reason(status_of("running"), status_of("paused")), "PauseRequested");
	assert_string_equal(orch_lifecycle_request_reason(status_of("paused"), status_of("stopped")), "StopRequested");
	assert_string_equal(orch_lifecycle_request_reason(status_of("stopped"), status_of("deleted")), "DeleteRequested");
	assert_null(orch_lifecycle_request_reason(status_of("running"), status_of("pending")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair_is_judged_as_the_matrix_says),
		cmocka_unit_test(the_specification_is_covered),
		cmocka_unit_test(table_and_matrix_have_the_same_edges),
		cmocka_unit_test(allowed_is_the_row_of_the_matrix),
		cmocka_unit_test(an_observer_may_skip_steps_but_not_revive),
		cmocka_unit_test(names_are_parsed_exactly),
		cmocka_unit_test(four_states_can_be_asked_for),
		cmocka_unit_test(lists_are_readable_and_bounded),
		cmocka_unit_test(verbs_belong_to_their_steps),
		cmocka_unit_test(requests_have_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
