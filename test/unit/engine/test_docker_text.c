/*
 * test_docker_text.c
 *	  What texts of a pod template become: $(NAME), and names of images.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/docker/expand.h"
#include "engine/docker/image_name.h"

static const char *
value_of(void *arg, const char *name, size_t length)
{
	(void) arg;
	if (length == 1 && *name == 'A')
		return "$(B)";
	if (length == 1 && *name == 'B')
		return "b";
	return length == 5 && memcmp(name, "EMPTY", 5) == 0 ? "" : NULL;
}

static void
assert_expanded(const char *text, const char *expected)
{
	char		out[64];

	assert_int_equal(orch_docker_expand(text, strlen(text), value_of, NULL, out, sizeof(out)), strlen(expected));
	assert_string_equal(out, expected);
}

/* the cases of Kubernetes' own test of this, and what stands in them */
static void
variables_are_replaced_as_kubernetes_does(void **state)
{
	(void) state;
	assert_expanded("", "");
	assert_expanded("plain", "plain");
	assert_expanded("$(B)", "b");
	assert_expanded("$(B)$(B)", "bb");
	assert_expanded("x$(B)y", "xby");
	assert_expanded("<$(EMPTY)>", "<>");
	assert_expanded("$(A)", "$(B)");
	assert_expanded("$(C)", "$(C)");
	assert_expanded("$()", "$()");
	assert_expanded("$$(B)", "$(B)");
	assert_expanded("$$$(B)", "$b");
	assert_expanded("$$$$(B)", "$$(B)");
	assert_expanded("$", "$");
	assert_expanded("$$", "$");
	assert_expanded("$$$", "$$");
	assert_expanded("x$", "x$");
	assert_expanded("$B ${B}", "$B ${B}");
	assert_expanded("$(B", "$(B");
	assert_expanded("$($(B)", "$($(B)");
	assert_expanded("$(B))", "b)");
	assert_expanded("$x$(B)", "$xb");
	assert_expanded("\xc3\xa4$(B)\xc3\xa4", "\xc3\xa4" "b\xc3\xa4");
}

static void
what_does_not_fit_is_counted(void **state)
{
	char		out[4] = "###";

	(void) state;
	assert_int_equal(orch_docker_expand("a$(A)a", 6, value_of, NULL, NULL, 0), 6);
	assert_int_equal(orch_docker_expand("a$(A)a", 6, value_of, NULL, out, sizeof(out)), 6);
	assert_string_equal(out, "a$(");
}

static void
assert_image(const char *image, const char *expected)
{
	char		out[160];

	assert_int_equal(orch_docker_image_name(image, out, sizeof(out)), strlen(expected));
	assert_string_equal(out, expected);
}

static void
images_have_registry_folder_and_tag(void **state)
{
	(void) state;
	assert_image("nginx", "docker.io/library/nginx:latest");
	assert_image("nginx:1.27", "docker.io/library/nginx:1.27");
	assert_image("team/app", "docker.io/team/app:latest");
	assert_image("team/sub/app:1", "docker.io/team/sub/app:1");
	assert_image("docker.io/nginx", "docker.io/library/nginx:latest");
	assert_image("docker.io/library/nginx:1", "docker.io/library/nginx:1");
	assert_image("index.docker.io/nginx:1", "docker.io/library/nginx:1");
	assert_image("quay.io/app", "quay.io/app:latest");
	assert_image("localhost/app:1", "localhost/app:1");
	assert_image("registry.example.com:5000/team/app", "registry.example.com:5000/team/app:latest");
	assert_image("registry:5000/app:1", "registry:5000/app:1");
	assert_image("nginx@sha256:aa", "docker.io/library/nginx@sha256:aa");
	assert_image("r.example/app:1@sha256:aa", "r.example/app@sha256:aa");
	assert_image("r.example:3/app@sha256:aa", "r.example:3/app@sha256:aa");
}

static void
latest_is_told_by_the_tag(void **state)
{
	(void) state;
	assert_true(orch_docker_image_is_latest("docker.io/library/nginx:latest"));
	assert_false(orch_docker_image_is_latest("docker.io/library/latest:1"));
	assert_false(orch_docker_image_is_latest("docker.io/library/nginx@sha256:aa"));
	assert_false(orch_docker_image_is_latest("x"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_are_replaced_as_kubernetes_does),
		cmocka_unit_test(what_does_not_fit_is_counted),
		cmocka_unit_test(images_have_registry_folder_and_tag),
		cmocka_unit_test(latest_is_told_by_the_tag),
	};

	return cmocka_run_group_tests_name("docker_text", tests, NULL, NULL);
}
