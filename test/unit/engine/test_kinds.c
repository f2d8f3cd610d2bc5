/*
 * test_kinds.c
 *	  What has to be true of every line in the list of kinds, and what paths are made of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/kinds.h"

static void
every_kind_is_found_by_its_name(void **state)
{
	(void) state;
	for (int i = 0; i < ORCH_KIND_COUNT; i++)
		assert_ptr_equal(orch_kind_find(orch_kinds[i].kind), &orch_kinds[i]);
	assert_null(orch_kind_find("deployment"));
	assert_null(orch_kind_find(""));
}

/* plurals are lower-case and begin as the kind does; what is applied is watched, or nobody would know that it is gone */
static void
every_line_is_whole(void **state)
{
	(void) state;
	for (int i = 0; i < ORCH_KIND_COUNT; i++)
	{
		const OrchKind *kind = &orch_kinds[i];

		assert_true(kind->plural[0] == kind->kind[0] + ('a' - 'A'));
		assert_int_equal(strspn(kind->plural, "abcdefghijklmnopqrstuvwxyz"), strlen(kind->plural));
		assert_true(kind->version[0] == 'v');
		assert_true(kind->apply_order >= ORCH_ORDER_NONE && kind->apply_order < 100 && kind->apply_order % 10 == 0);
		if (kind->apply_order != ORCH_ORDER_NONE)
			assert_true(kind->watched != ORCH_WATCHED_NOT);
		if (kind->watched == ORCH_WATCHED_METADATA)
			assert_string_equal(kind->facts, "");
		for (int j = 0; j < i; j++)
			assert_string_not_equal(kind->plural, orch_kinds[j].plural);
	}
	assert_false(orch_kinds[ORCH_KIND_Namespace].namespaced);
	assert_int_equal(orch_kinds[ORCH_KIND_Pod].apply_order, ORCH_ORDER_NONE);
}

static void
assert_paths(const OrchKind *kind, const char *list, const char *object)
{
	char		path[ORCH_KIND_PATH_SIZE];

	assert_int_equal(orch_kind_list_path(kind, path, sizeof(path)), strlen(list));
	assert_string_equal(path, list);
	assert_int_equal(orch_kind_object_path(kind, "x", "y", path, sizeof(path)), strlen(object));
	assert_string_equal(path, object);
}

static void
paths_are_those_of_the_api_server(void **state)
{
	/* not in the list: its plural is not its name with an s */
	static const OrchKind ingress = {.kind = "Ingress", .group = "networking.k8s.io", .version = "v1", .plural = "ingresses", .namespaced = true};

	(void) state;
	assert_paths(&orch_kinds[ORCH_KIND_Namespace], "/api/v1/namespaces", "/api/v1/namespaces/y");
	assert_paths(&orch_kinds[ORCH_KIND_PersistentVolumeClaim], "/api/v1/persistentvolumeclaims", "/api/v1/namespaces/x/persistentvolumeclaims/y");
	assert_paths(&orch_kinds[ORCH_KIND_Deployment], "/apis/apps/v1/deployments", "/apis/apps/v1/namespaces/x/deployments/y");
	assert_paths(&orch_kinds[ORCH_KIND_Job], "/apis/batch/v1/jobs", "/apis/batch/v1/namespaces/x/jobs/y");
	assert_paths(&ingress, "/apis/networking.k8s.io/v1/ingresses", "/apis/networking.k8s.io/v1/namespaces/x/ingresses/y");
}

/* a path that is cut says how long it would be */
static void
a_path_without_room_is_cut(void **state)
{
	char		path[8];

	(void) state;
	assert_int_equal(orch_kind_object_path(&orch_kinds[ORCH_KIND_Secret], "x", "y", path, sizeof(path)), strlen("/api/v1/namespaces/x/secrets/y"));
	assert_string_equal(path, "/api/v1");
	assert_int_equal(orch_kind_list_path(&orch_kinds[ORCH_KIND_Secret], NULL, 0), strlen("/api/v1/secrets"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_found_by_its_name),
		cmocka_unit_test(every_line_is_whole),
		cmocka_unit_test(paths_are_those_of_the_api_server),
		cmocka_unit_test(a_path_without_room_is_cut),
	};

	return cmocka_run_group_tests_name("kinds", tests, NULL, NULL);
}
