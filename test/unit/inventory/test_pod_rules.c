/*
 * test_pod_rules.c
 *	  What fields of a pod say together: every rule, both ways.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "inventory/pod_rules.h"

/* A copy without a NUL behind it, so that reading too far is seen; NULL stays absent. */
static OrchTextPart
part(const char *text)
{
	OrchTextPart made = {NULL, 0};
	char	   *copy;

	if (text == NULL)
		return made;
	made.length = strlen(text);
	copy = malloc(made.length ? made.length : 1);
	memcpy(copy, text, made.length);
	made.text = copy;
	return made;
}

static void
forget(OrchTextPart made)
{
	free((char *) made.text);
}

static void
assert_fault(bool fine, const OrchFault *fault, const char *wanted, const char *what)
{
	if (fine != (wanted == NULL))
		fail_msg("%s: %s", what, fine ? "accepted" : fault->text);
	if (!fine && strstr(fault->text, wanted) == NULL)
		fail_msg("%s: reason is: %s", what, fault->text);
}

static void
tolerations(void **state)
{
	static const struct
	{
		const char *key;
		const char *operator;
		const char *value;
		const char *effect;
		bool		has_seconds;
		const char *field;
		const char *fault;
	}			cases[] = {
		{NULL, "Exists", NULL, NULL, false, NULL, NULL},
		{"", "Exists", "", "", false, NULL, NULL},
		{"a", NULL, NULL, NULL, false, NULL, NULL},
		{"a", "Equal", "b", "NoSchedule", false, NULL, NULL},
		{"a", "Exists", NULL, "NoExecute", true, NULL, NULL},
		{NULL, NULL, NULL, NULL, false, "operator", "Without \"key\""},
		{"", "Equal", "x", NULL, false, "operator", "Without \"key\""},
		{"a", "Exists", "x", NULL, false, "value", "has no value"},
		{"a", "Equal", "x y", NULL, false, "value", "Character 2"},
		{"a", "Exists", NULL, NULL, true, "effect", "NoExecute"},
		{"a", "Exists", NULL, "NoSchedule", true, "effect", "NoExecute"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		OrchToleration toleration = {part(cases[i].key), part(cases[i].operator), part(cases[i].value), part(cases[i].effect), cases[i].has_seconds};
		OrchFault	fault = {""};
		const char *field = NULL;
		bool		fine = orch_toleration_check(&toleration, &field, &fault);

		assert_fault(fine, &fault, cases[i].fault, cases[i].key ? cases[i].key : "(no key)");
		if (!fine)
			assert_string_equal(field, cases[i].field);
		forget(toleration.key);
		forget(toleration.operator);
		forget(toleration.value);
		forget(toleration.effect);
	}
}

static void
resources(void **state)
{
	static const struct
	{
		const char *name;
		OrchResource resource;
	}			cases[] = {
		{"cpu", ORCH_RESOURCE_COMPUTE}, {"memory", ORCH_RESOURCE_COMPUTE},
		{"ephemeral-storage", ORCH_RESOURCE_NATIVE}, {"x.kubernetes.io/y", ORCH_RESOURCE_NATIVE},
		{"hugepages-2Mi", ORCH_RESOURCE_HUGE_PAGES}, {"example.org/gpu", ORCH_RESOURCE_EXTENDED},
		{"storage", ORCH_RESOURCE_UNKNOWN}, {"gpu", ORCH_RESOURCE_UNKNOWN}, {"", ORCH_RESOURCE_UNKNOWN},
		{"requests.example.org/gpu", ORCH_RESOURCE_UNKNOWN}, {"kubernetes.io", ORCH_RESOURCE_UNKNOWN},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		OrchTextPart name = part(cases[i].name);

		assert_int_equal(orch_resource_of(name.text, name.length), cases[i].resource);
		forget(name);
	}
}

typedef struct Case
{
	const char *first;
	const char *second;
	const char *fault;			/* NULL: it is fine */
} Case;

static void
profiles(void **state)
{
	static const Case seccomp[] = {
		{"RuntimeDefault", NULL, NULL}, {"Localhost", "a/b.json", NULL}, {NULL, NULL, NULL},
		{"Localhost", NULL, "needs one"}, {"Localhost", "/a", "begins with"}, {"Localhost", "a/../b", "holds"},
		{"RuntimeDefault", "a", "Only the type Localhost"}, {NULL, "a", "Only the type Localhost"},
	};
	static const Case apparmor[] = {
		{"Localhost", "any thing", NULL}, {"Localhost", "/a", NULL}, {"Unconfined", NULL, NULL},
		{"Localhost", "", "It is empty."}, {"Localhost", " a", "white space"}, {"Localhost", "a\n", "white space"},
		{"Unconfined", "a", "Only the type Localhost"},
	};

	(void) state;
	for (int kind = 0; kind < 2; kind++)
	{
		const Case *cases = kind ? seccomp : apparmor;
		size_t		count = kind ? sizeof(seccomp) / sizeof(Case) : sizeof(apparmor) / sizeof(Case);

		for (size_t i = 0; i < count; i++)
		{
			OrchTextPart type = part(cases[i].first);
			OrchTextPart path = part(cases[i].second);
			OrchFault	fault = {""};

			assert_fault(orch_profile_check(type, path, kind == 1, &fault), &fault, cases[i].fault, cases[i].second ? cases[i].second : "(no path)");
			forget(type);
			forget(path);
		}
	}
}

static void
divisors(void **state)
{
	static const Case cases[] = {
		{"limits.cpu", "1m", NULL}, {"requests.cpu", "1", NULL}, {"limits.memory", "1Mi", NULL}, {"limits.memory", NULL, NULL},
		{"requests.hugepages-2Mi", "1k", NULL}, {"limits.cpu", "", NULL},
		{"limits.memory", "0", NULL}, {"limits.memory", "1E", NULL}, {"limits.memory", "1Ei", NULL},
		{"limits.cpu", "1k", "1 or 1m"}, {"limits.memory", "1m", "one unit"}, {"limits.memory", "1K", "one unit"}, {"limits.ephemeral-storage", "2Mi", "one unit"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		OrchTextPart resource = part(cases[i].first);
		OrchTextPart divisor = part(cases[i].second);
		OrchFault	fault = {""};

		assert_fault(orch_divisor_check(resource, divisor, &fault), &fault, cases[i].fault, cases[i].second ? cases[i].second : "(none)");
		forget(resource);
		forget(divisor);
	}
}

static void
selectors(void **state)
{
	static const struct
	{
		const char *operator;
		int			values;
		const char *fault;
	}			cases[] = {
		{"In", 1, NULL}, {"NotIn", 3, NULL}, {"Exists", 0, NULL}, {"DoesNotExist", 0, NULL}, {"Gt", 1, NULL}, {"Lt", 1, NULL},
		{"In", 0, "needs values"}, {"NotIn", 0, "needs values"}, {"Exists", 1, "has no values"}, {"DoesNotExist", 2, "has no values"},
		{"Gt", 0, "with one value"}, {"Lt", 2, "with one value"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		OrchTextPart operator = part(cases[i].operator);
		OrchFault	fault = {""};

		assert_fault(orch_selector_check(operator, cases[i].values, &fault), &fault, cases[i].fault, cases[i].operator);
		forget(operator);
	}
}

static void
well_known(void **state)
{
	static const Case cases[] = {
		{"example.org/a", "anything\n", NULL},
		{"controller.kubernetes.io/pod-deletion-cost", "0", NULL},
		{"controller.kubernetes.io/pod-deletion-cost", "-2147483648", NULL},
		{"controller.kubernetes.io/pod-deletion-cost", "2147483647", NULL},
		{"controller.kubernetes.io/pod-deletion-cost", "2147483648", "32 bits"},
		{"controller.kubernetes.io/pod-deletion-cost", "-2147483649", "32 bits"},
		{"controller.kubernetes.io/pod-deletion-cost", "99999999999999999999", "32 bits"},
		{"controller.kubernetes.io/pod-deletion-cost", "+5", "32 bits"},
		{"controller.kubernetes.io/pod-deletion-cost", "05", "32 bits"},
		{"controller.kubernetes.io/pod-deletion-cost", "-", "32 bits"},
		{"controller.kubernetes.io/pod-deletion-cost", "", "32 bits"},
		{"pod-security.kubernetes.io/warn", "baseline", NULL},
		{"pod-security.kubernetes.io/audit", "strict", "none of privileged"},
		{"pod-security.kubernetes.io/warn-version", "latest", NULL},
		{"pod-security.kubernetes.io/warn-version", "v1.30", NULL},
		{"pod-security.kubernetes.io/warn-version", "v1.", "neither"},
		{"pod-security.kubernetes.io/warn-version", "v1.0x", "neither"},
		{"pod-security.kubernetes.io/warn-version", "1.30", "neither"},
		{"pod-security.kubernetes.io/other", "x", NULL},
		{"seccomp.security.alpha.kubernetes.io/pod", "runtime/default", "pod_security_context.seccompProfile"},
		{"container.seccomp.security.alpha.kubernetes.io/a", "x", "security_context.seccompProfile"},
		{"container.apparmor.security.beta.kubernetes.io/a", "localhost/x", NULL},
		{"container.apparmor.security.beta.kubernetes.io/a", "x", "none of runtime/default"},
		{"service.beta.kubernetes.io/load-balancer-source-ranges", "10.0.0.0/8, fe80::/10", NULL},
		{"service.beta.kubernetes.io/load-balancer-source-ranges", "", NULL},
		{"service.beta.kubernetes.io/load-balancer-source-ranges", "10.0.0.0", "no list of networks"},
		{"service.beta.kubernetes.io/load-balancer-source-ranges", "10.0.0.0/33", "no list of networks"},
		{"service.beta.kubernetes.io/load-balancer-source-ranges", "10.0.0.0/", "no list of networks"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		OrchTextPart key = part(cases[i].first);
		OrchTextPart value = part(cases[i].second);
		OrchFault	fault = {""};

		assert_fault(orch_well_known_check(key, value, &fault), &fault, cases[i].fault, cases[i].second);
		forget(key);
		forget(value);
	}
}

/* Bytes of all kinds into every grammar and rule: an answer, and no fault of memory. */
static void
noise(void **state)
{
	static const char alphabet[] = "aZ09-_./:@%=,\\ \t\n~\"'[]{}*?<>|\303\251\377";
	unsigned int seed = 20261129;
	char		text[40];

	(void) state;
	for (int run = 0; run < 200000; run++)
	{
		size_t		length;
		OrchTextPart copy;
		OrchFault	fault = {""};

		seed = seed * 1103515245u + 12345u;
		length = (seed >> 16) % sizeof(text);
		for (size_t i = 0; i < length; i++)
		{
			seed = seed * 1103515245u + 12345u;
			text[i] = alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
		}
		copy.text = memcpy(malloc(length ? length : 1), text, length);
		copy.length = length;
		if (!orch_name_check((OrchNameKind) (run % ORCH_NAME_KINDS), copy.text, length, &fault))
			assert_true(fault.text[0] != '\0');
		(void) orch_resource_of(copy.text, length);
		(void) orch_profile_check((OrchTextPart) {"Localhost", 9}, copy, run % 2 == 0, &fault);
		(void) orch_divisor_check((OrchTextPart) {"limits.cpu", 10}, copy, &fault);
		(void) orch_divisor_check((OrchTextPart) {"limits.memory", 13}, copy, &fault);
		(void) orch_well_known_check(copy, copy, &fault);
		(void) orch_well_known_check((OrchTextPart) {"service.beta.kubernetes.io/load-balancer-source-ranges", 54}, copy, &fault);
		(void) orch_well_known_check((OrchTextPart) {"pod-security.kubernetes.io/warn-version", 39}, copy, &fault);
		forget(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tolerations),
		cmocka_unit_test(resources),
		cmocka_unit_test(profiles),
		cmocka_unit_test(divisors),
		cmocka_unit_test(selectors),
		cmocka_unit_test(well_known),
		cmocka_unit_test(noise),
	};

	return cmocka_run_group_tests_name("pod_rules", tests, NULL, NULL);
}
