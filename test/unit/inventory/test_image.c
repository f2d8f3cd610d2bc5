/*
 * test_image.c
 *	  Image references: where they are cut, and which part is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "inventory/image.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

typedef struct Case
{
	const char *text;
	const char *registry;
	const char *repository;
	const char *tag;
	const char *digest;
	const char *wrong_part;		/* NULL: well formed */
} Case;

static const Case cases[] = {
	{"nginx", NULL, "nginx", NULL, NULL, NULL},
	{"nginx:1.25", NULL, "nginx", "1.25", NULL, NULL},
	{"library/nginx", NULL, "library/nginx", NULL, NULL, NULL},
	{"docker.io/library/nginx:1", "docker.io", "library/nginx", "1", NULL, NULL},
	{"localhost/app", "localhost", "app", NULL, NULL, NULL},
	{"localhost:5000/app", "localhost:5000", "app", NULL, NULL, NULL},
	{"registry.example:5000/team/app:1.2@" DIGEST, "registry.example:5000", "team/app", "1.2", DIGEST, NULL},
	{"app@" DIGEST, NULL, "app", NULL, DIGEST, NULL},
	/* without "/" there is no registry: what follows ":" is a tag */
	{"registry.example:5000", NULL, "registry.example", "5000", NULL, NULL},
	{"", NULL, "", NULL, NULL, "repository"},
	{"nginx:", NULL, "nginx", "", NULL, "tag"},
	{"nginx@", NULL, "nginx", NULL, "", "digest"},
	{"nginx:a b", NULL, "nginx", "a b", NULL, "tag"},
	{"Nginx", NULL, "Nginx", NULL, NULL, "repository"},
	{"registry.example/", "registry.example", "", NULL, NULL, "repository"},
	{"registry.example:x/app", "registry.example:x", "app", NULL, NULL, "registry"},
	{"app@" DIGEST "@" DIGEST, NULL, "app", NULL, DIGEST "@" DIGEST, "digest"},
	{"https://registry.example/app", "https:", "/registry.example/app", NULL, NULL, "registry"},
};

static void
assert_part(OrchTextPart part, const char *wanted)
{
	if (wanted == NULL)
	{
		assert_null(part.text);
		return;
	}
	assert_non_null(part.text);
	assert_int_equal(part.length, strlen(wanted));
	assert_memory_equal(part.text, wanted, part.length);
}

static void
every_case(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const Case *c = &cases[i];
		OrchImage	image;
		OrchFault	fault;
		OrchNameKind kind;
		const char *part = NULL;

		orch_image_split(c->text, strlen(c->text), &image);
		assert_part(image.registry, c->registry);
		assert_part(image.repository, c->repository);
		assert_part(image.tag, c->tag);
		assert_part(image.digest, c->digest);
		if (orch_image_check(&image, &part, &kind, &fault))
			assert_null(c->wrong_part);
		else
			assert_string_equal(part, c->wrong_part);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case),
	};

	return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
