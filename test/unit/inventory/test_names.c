/*
 * test_names.c
 *	  Every grammar of names.c: what passes, what fails, and why.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "inventory/names.h"

typedef struct Case
{
	OrchNameKind kind;
	const char *text;
	const char *fault;			/* part of the reason; NULL: it is fine */
} Case;

static const Case cases[] = {
	{ORCH_NAME_LABEL, "web", NULL},
	{ORCH_NAME_LABEL, "web-1", NULL},
	{ORCH_NAME_LABEL, "a", NULL},
	{ORCH_NAME_LABEL, "", "It is empty."},
	{ORCH_NAME_LABEL, "1web", "It begins with \"1\"."},
	{ORCH_NAME_LABEL, "-web", "It begins with \"-\"."},
	{ORCH_NAME_LABEL, "web-", "It ends with \"-\"."},
	{ORCH_NAME_LABEL, "Web", "Character 1 is \"W\""},
	{ORCH_NAME_LABEL, "we b", "Character 3 is \" \""},
	{ORCH_NAME_LABEL, "web.a", "Character 4 is \".\""},
	{ORCH_NAME_LABEL, "caf\303\251", "Character 4 is \"\303\251\""},
	{ORCH_NAME_LABEL, "a\nb", "Character 2 is a control character."},
	{ORCH_NAME_LABEL, "a\303", "Character 2 is \"\303\""},

	{ORCH_NAME_SUBDOMAIN, "app.config-1", NULL},
	{ORCH_NAME_SUBDOMAIN, "1.2", NULL},
	{ORCH_NAME_SUBDOMAIN, "a..b", "\".\" at character 2"},
	{ORCH_NAME_SUBDOMAIN, "a.-b", "\".\" at character 2"},
	{ORCH_NAME_SUBDOMAIN, "a-.b", "\".\" at character 3"},
	{ORCH_NAME_SUBDOMAIN, ".a", "It begins with \".\"."},
	{ORCH_NAME_SUBDOMAIN, "a_b", "Character 2 is \"_\""},

	{ORCH_NAME_USERNAME, "Zo\303\253 Smith <zoe@example.org>", NULL},
	{ORCH_NAME_USERNAME, "", "It is empty."},
	{ORCH_NAME_USERNAME, " zoe", "It begins or ends with a space."},
	{ORCH_NAME_USERNAME, "zoe\t", "Character 4 is a control character."},

	{ORCH_NAME_LABEL_KEY, "team", NULL},
	{ORCH_NAME_LABEL_KEY, "example.org/Team_1.x", NULL},
	{ORCH_NAME_LABEL_KEY, "", "It is empty."},
	{ORCH_NAME_LABEL_KEY, "/team", "A part beside \"/\" is wrong: It is empty."},
	{ORCH_NAME_LABEL_KEY, "example.org/", "A part beside \"/\" is wrong: It is empty."},
	{ORCH_NAME_LABEL_KEY, "Example.org/team", "Character 1 is \"E\""},
	{ORCH_NAME_LABEL_KEY, "a/b/c", "Character 2 is \"/\""},
	{ORCH_NAME_LABEL_KEY, "-team", "It begins with \"-\"."},

	{ORCH_NAME_LABEL_VALUE, "", NULL},
	{ORCH_NAME_LABEL_VALUE, "Shop_1.2-x", NULL},
	{ORCH_NAME_LABEL_VALUE, "a b", "Character 2 is \" \""},
	{ORCH_NAME_LABEL_VALUE, "a.", "It ends with \".\"."},

	{ORCH_NAME_CONFIG_KEY, "app.properties", NULL},
	{ORCH_NAME_CONFIG_KEY, ".dockerconfigjson", NULL},
	{ORCH_NAME_CONFIG_KEY, ".", "It is \".\"."},
	{ORCH_NAME_CONFIG_KEY, "..data", "It begins with \"..\"."},
	{ORCH_NAME_CONFIG_KEY, "a/b", "Character 2 is \"/\""},

	{ORCH_NAME_ENVIRONMENT, "LOG_LEVEL", NULL},
	{ORCH_NAME_ENVIRONMENT, "_x.y-z", NULL},
	{ORCH_NAME_ENVIRONMENT, "1A", "It begins with \"1\"."},
	{ORCH_NAME_ENVIRONMENT, "A=B", "Character 2 is \"=\""},
	{ORCH_NAME_ENVIRONMENT, "..A", "It begins with \"..\"."},

	{ORCH_NAME_PORT, "http", NULL},
	{ORCH_NAME_PORT, "h2", NULL},
	{ORCH_NAME_PORT, "80", "It holds no letter."},
	{ORCH_NAME_PORT, "a--b", "It holds \"--\"."},
	{ORCH_NAME_PORT, "a-", "It ends with \"-\"."},
	{ORCH_NAME_PORT, "abcdefghijklmnop", "It has 16 bytes; at most 15"},

	{ORCH_NAME_PATH, "/", NULL},
	{ORCH_NAME_PATH, "/var/lib/..data", NULL},
	{ORCH_NAME_PATH, "var", "It does not begin with \"/\"."},
	{ORCH_NAME_PATH, "", "It is empty."},
	{ORCH_NAME_PATH, "/a/..", "It holds \"..\"."},
	{ORCH_NAME_PATH, "/../a", "It holds \"..\"."},
	{ORCH_NAME_PATH, "/a:b", "Character 3 is \":\""},
	{ORCH_NAME_PATH, "/a\nb", "Character 3 is a control character."},

	{ORCH_NAME_SUB_PATH, "a/b", NULL},
	{ORCH_NAME_SUB_PATH, "/a", "It begins with \"/\"."},
	{ORCH_NAME_SUB_PATH, "a/../../b", "It holds \"..\"."},

	{ORCH_NAME_FIELD_PATH, "status.podIP", NULL},
	{ORCH_NAME_FIELD_PATH, "metadata.labels['example.org/team']", NULL},
	{ORCH_NAME_FIELD_PATH, "metadata.annotations['x']", NULL},
	{ORCH_NAME_FIELD_PATH, "metadata.labels['']", "cannot read this field"},
	{ORCH_NAME_FIELD_PATH, "metadata.labels['a", "cannot read this field"},
	{ORCH_NAME_FIELD_PATH, "spec.containers", "cannot read this field"},

	{ORCH_NAME_RESOURCE_FIELD, "limits.cpu", NULL},
	{ORCH_NAME_RESOURCE_FIELD, "requests.hugepages-2Mi", NULL},
	{ORCH_NAME_RESOURCE_FIELD, "requests.hugepages-", "There is no resource"},
	{ORCH_NAME_RESOURCE_FIELD, "limits.gpu", "There is no resource \"limits.gpu\"."},
	{ORCH_NAME_RESOURCE_FIELD, "cpu", "There is no resource \"cpu\"."},

	{ORCH_NAME_AMOUNT, "0", NULL},
	{ORCH_NAME_AMOUNT, "25%", NULL},
	{ORCH_NAME_AMOUNT, "%", "neither a whole number"},
	{ORCH_NAME_AMOUNT, "-1", "neither a whole number"},
	{ORCH_NAME_AMOUNT, "1.5", "neither a whole number"},

	{ORCH_NAME_REGISTRY, "registry.example:5000", NULL},
	{ORCH_NAME_REGISTRY, "localhost", NULL},
	{ORCH_NAME_REGISTRY, "127.0.0.1:5000", NULL},
	{ORCH_NAME_REGISTRY, "registry", "It holds neither"},
	{ORCH_NAME_REGISTRY, "https://registry.example", "What follows \":\""},
	{ORCH_NAME_REGISTRY, "registry.example:70000", "What follows \":\""},
	{ORCH_NAME_REGISTRY, "registry.example:", "What follows \":\""},
	{ORCH_NAME_REGISTRY, "a..b", "\".\" at character 2"},

	{ORCH_NAME_REPOSITORY, "busybox", NULL},
	{ORCH_NAME_REPOSITORY, "team/web__a--b.c/d_e", NULL},
	{ORCH_NAME_REPOSITORY, "Team/web", "Character 1 is \"T\""},
	{ORCH_NAME_REPOSITORY, "a//b", "\"//\" at character 2"},
	{ORCH_NAME_REPOSITORY, "a___b", "\"__\" at character 3"},
	{ORCH_NAME_REPOSITORY, "a/-b", "\"/-\" at character 2"},
	{ORCH_NAME_REPOSITORY, "a/", "It ends with \"/\"."},
	{ORCH_NAME_REPOSITORY, "", "It is empty."},

	{ORCH_NAME_TAG, "1.2_x-Y", NULL},
	{ORCH_NAME_TAG, "_1", NULL},
	{ORCH_NAME_TAG, "-1", "It begins with \"-\"."},
	{ORCH_NAME_TAG, "a:b", "Character 2 is \":\""},

	{ORCH_NAME_DIGEST, "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", NULL},
	{ORCH_NAME_DIGEST, "sha256:0123", "Its digest has 4 hexadecimal digits, not 64."},
	{ORCH_NAME_DIGEST, "sha256:", "Its digest has 0 hexadecimal digits, not 64."},
	{ORCH_NAME_DIGEST, "sha256", "It holds no \":\"."},
	{ORCH_NAME_DIGEST, ":0123", "It is empty."},
	{ORCH_NAME_DIGEST, "sha256:0123X", "Character 12 is \"X\""},
	{ORCH_NAME_DIGEST, "md5:0123456789abcdef0123456789abcdef", "none of sha256, sha384 and sha512"},
	{ORCH_NAME_DIGEST, "sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "has 64 hexadecimal digits, not 128"},

	{ORCH_NAME_REPOSITORY, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "64 hexadecimal digits"},
	{ORCH_NAME_REPOSITORY, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg", NULL},

	{ORCH_NAME_DNS_LABEL, "0-sidecar", NULL},
	{ORCH_NAME_DNS_LABEL, "a.b", "Character 2 is \".\""},
	{ORCH_NAME_DNS_LABEL, "a-", "It ends with \"-\"."},

	{ORCH_NAME_IMAGE, "registry.example:5000/team/app:1.2", NULL},
	{ORCH_NAME_IMAGE, "Team/Web", "Its repository is wrong: Character 1 is \"T\""},
	{ORCH_NAME_IMAGE, "x@sha256:1", "Its digest is wrong"},
	{ORCH_NAME_IMAGE, "x:", "Its tag is wrong: It is empty."},

	{ORCH_NAME_HEADER, "X-Forwarded-For", NULL},
	{ORCH_NAME_HEADER, "-", NULL},
	{ORCH_NAME_HEADER, "X_a", "Character 2 is \"_\""},
	{ORCH_NAME_HEADER, "X a", "Character 2 is \" \""},
	{ORCH_NAME_HEADER, "X:", "Character 2 is \":\""},
	{ORCH_NAME_HEADER, "", "It is empty."},

	{ORCH_NAME_ANY_VARIABLE, "1 a/b", NULL},
	{ORCH_NAME_ANY_VARIABLE, "A=B", "Character 2 is \"=\""},
	{ORCH_NAME_ANY_VARIABLE, "\303\251", "Character 1 is"},
	{ORCH_NAME_ANY_VARIABLE, "a\t", "Character 2 is a control character."},
	{ORCH_NAME_VARIABLE_PREFIX, "", NULL},
	{ORCH_NAME_VARIABLE_PREFIX, "=", "Character 1 is \"=\""},

	{ORCH_NAME_LABEL_KEY_OR_EMPTY, "", NULL},
	{ORCH_NAME_LABEL_KEY_OR_EMPTY, "a b", "Character 2 is \" \""},

	{ORCH_NAME_SYSCTL, "net.ipv4.tcp_syncookies", NULL},
	{ORCH_NAME_SYSCTL, "kernel/shm_rmid_forced", NULL},
	{ORCH_NAME_SYSCTL, "a..b", "\".\" at character 2"},
	{ORCH_NAME_SYSCTL, "a_.b", "\".\" at character 3"},
	{ORCH_NAME_SYSCTL, "Net.x", "Character 1 is \"N\""},

	{ORCH_NAME_WINDOWS_USER, "user name", NULL},
	{ORCH_NAME_WINDOWS_USER, "DOMAIN\\user", NULL},
	{ORCH_NAME_WINDOWS_USER, "dom.example\\user", NULL},
	{ORCH_NAME_WINDOWS_USER, "my_domain\\user", NULL},
	{ORCH_NAME_WINDOWS_USER, ".x\\user", "neither a NetBIOS nor a DNS name"},
	{ORCH_NAME_WINDOWS_USER, "a\\b\\c", "Character 4 is"},
	{ORCH_NAME_WINDOWS_USER, "a/b", "Character 2 is \"/\""},
	{ORCH_NAME_WINDOWS_USER, "a\\", "has 0 bytes"},
	{ORCH_NAME_WINDOWS_USER, ". .", "nothing but dots and spaces"},

	{ORCH_NAME_IP_ADDRESS, "10.0.0.1", NULL},
	{ORCH_NAME_IP_ADDRESS, "fe80::1", NULL},
	{ORCH_NAME_IP_ADDRESS, "10.0.0", "It is no address."},
	{ORCH_NAME_IP_ADDRESS, "10.0.0.256", "It is no address."},
	{ORCH_NAME_IP_ADDRESS, "host", "It is no address."},

	{ORCH_NAME_DNS_SEARCH, "svc.cluster.local.", NULL},
	{ORCH_NAME_DNS_SEARCH, "_tcp.example", NULL},
	{ORCH_NAME_DNS_SEARCH, ".", NULL},
	{ORCH_NAME_DNS_SEARCH, "a..b", "is not between letters or digits"},
	{ORCH_NAME_DNS_SEARCH, "a.-b", "is not between letters or digits"},
	{ORCH_NAME_DNS_SEARCH, "A", "Character 1 is \"A\""},

	{ORCH_NAME_RELATIVE_PATH, "", NULL},
	{ORCH_NAME_RELATIVE_PATH, "a/..b", NULL},
	{ORCH_NAME_RELATIVE_PATH, "/a", "It begins with \"/\"."},
	{ORCH_NAME_RELATIVE_PATH, "a/..", "It holds \"..\"."},
	{ORCH_NAME_FILE_PATH, "a/b", NULL},
	{ORCH_NAME_FILE_PATH, "..a", "It begins with \"..\"."},
	{ORCH_NAME_FILE_PATH, "", "It is empty."},
	{ORCH_NAME_HOST_PATH, "relative:ok", NULL},
	{ORCH_NAME_HOST_PATH, "/a/../b", "It holds \"..\"."},
	{ORCH_NAME_ABSOLUTE_PATH, "/a/..", NULL},
	{ORCH_NAME_ABSOLUTE_PATH, "a", "It does not begin with \"/\"."},
	{ORCH_NAME_POD_FIELD, "metadata.labels", NULL},
	{ORCH_NAME_POD_FIELD, "metadata.labels['a']", NULL},
	{ORCH_NAME_POD_FIELD, "spec.nosuch", "cannot read this field"},
};

/* A copy without a NUL behind it, so that reading too far is seen. */
static bool
check(OrchNameKind kind, const char *text, size_t length, OrchFault *fault)
{
	char	   *copy = malloc(length ? length : 1);
	bool		fine;

	memcpy(copy, text, length);
	fine = orch_name_check(kind, copy, length, fault);
	free(copy);
	return fine;
}

static void
every_case(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const Case *c = &cases[i];
		OrchFault	fault = {""};
		bool		fine = check(c->kind, c->text, strlen(c->text), &fault);

		if (fine != (c->fault == NULL))
			fail_msg("kind %d, \"%s\": %s", c->kind, c->text, fine ? "accepted" : fault.text);
		if (!fine && strstr(fault.text, c->fault) == NULL)
			fail_msg("kind %d, \"%s\": reason is: %s", c->kind, c->text, fault.text);
	}
}

typedef struct Limit
{
	OrchNameKind kind;
	size_t		max;
} Limit;

static void
lengths_are_limited(void **state)
{
	static const Limit limits[] = {
		{ORCH_NAME_LABEL, 63}, {ORCH_NAME_SUBDOMAIN, 253}, {ORCH_NAME_USERNAME, 128},
		{ORCH_NAME_LABEL_KEY, 63}, {ORCH_NAME_LABEL_VALUE, 63}, {ORCH_NAME_CONFIG_KEY, 253},
		{ORCH_NAME_PORT, 15}, {ORCH_NAME_REPOSITORY, 255}, {ORCH_NAME_TAG, 128}
	};
	char		text[300];

	(void) state;
	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
	{
		OrchFault	fault;

		assert_true(check(limits[i].kind, text, limits[i].max, &fault));
		assert_false(check(limits[i].kind, text, limits[i].max + 1, &fault));
	}
}

static void
every_kind_has_a_hint(void **state)
{
	(void) state;
	for (int kind = 0; kind < ORCH_NAME_KINDS; kind++)
	{
		const char *hint = orch_name_hint((OrchNameKind) kind);

		assert_non_null(hint);
		assert_int_equal(hint[strlen(hint) - 1], '.');
	}
}

static void
reserved_keys(void **state)
{
	static const char ours[] = "orchestration.dev/owner";
	static const char name[] = "app.kubernetes.io/name";
	static const char other[] = "app.kubernetes.io/names";

	(void) state;
	assert_true(orch_label_key_is_reserved(ours, strlen(ours)));
	assert_true(orch_label_key_is_reserved(name, strlen(name)));
	assert_false(orch_label_key_is_reserved(other, strlen(other)));
	assert_true(orch_annotation_key_is_reserved(ours, strlen(ours)));
	assert_false(orch_annotation_key_is_reserved(name, strlen(name)));
}

static void
ports(void **state)
{
	long long	port;

	(void) state;
	assert_true(orch_port_is_valid(1));
	assert_true(orch_port_is_valid(65535));
	assert_false(orch_port_is_valid(0));
	assert_false(orch_port_is_valid(65536));
	assert_true(orch_port_parse("8080", 4, &port));
	assert_int_equal(port, 8080);
	assert_false(orch_port_parse("", 0, &port));
	assert_false(orch_port_parse("+80", 3, &port));
	assert_false(orch_port_parse("80a", 3, &port));
	assert_false(orch_port_parse("99999999999999999999", 20, &port));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case),
		cmocka_unit_test(lengths_are_limited),
		cmocka_unit_test(every_kind_has_a_hint),
		cmocka_unit_test(reserved_keys),
		cmocka_unit_test(ports),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
