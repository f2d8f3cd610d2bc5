/*
 * pod_rules.c
 *	  What fields of a pod say together.
 */
#include "kube/kube_prelude.h"

#include "inventory/name_grammar.h"
#include "inventory/pod_rules.h"
#include "kube/quantity.h"

static bool
is(OrchTextPart part, const char *text)
{
	return part.text != NULL && is_text(part.text, part.length, text);
}

static bool
is_empty(OrchTextPart part)
{
	return part.text == NULL || part.length == 0;
}

/*
 * See pod_rules.h.
 */
bool
orch_toleration_check(const OrchToleration *toleration, const char **field, OrchFault *fault)
{
	bool		exists = is(toleration->operator, "Exists");

	*field = "operator";
	if (is_empty(toleration->key) && !exists)
		return orch_fault(fault, "Without \"key\" the operator must be Exists, which tolerates everything.");
	*field = "value";
	if (exists && !is_empty(toleration->value))
		return orch_fault(fault, "The operator Exists has no value.");
	if (!exists && !is_empty(toleration->value) &&
		!orch_name_check(ORCH_NAME_LABEL_VALUE, toleration->value.text, toleration->value.length, fault))
		return false;
	*field = "effect";
	return !toleration->has_seconds || is(toleration->effect, "NoExecute") ||
		orch_fault(fault, "Beside \"tolerationSeconds\" the effect must be NoExecute.");
}

/*
 * See pod_rules.h.
 */
OrchResource
orch_resource_of(const char *name, size_t length)
{
	static const char native[] = "kubernetes.io/";

	if (is_text(name, length, "cpu") || is_text(name, length, "memory"))
		return ORCH_RESOURCE_COMPUTE;
	if (is_text(name, length, "ephemeral-storage"))
		return ORCH_RESOURCE_NATIVE;
	if (starts_with(name, length, "hugepages-"))
		return ORCH_RESOURCE_HUGE_PAGES;
	if (memchr(name, '/', length) == NULL)
		return ORCH_RESOURCE_UNKNOWN;
	for (size_t i = 0; i + strlen(native) <= length; i++)
		if (starts_with(name + i, length - i, native))
			return ORCH_RESOURCE_NATIVE;
	return starts_with(name, length, "requests.") ? ORCH_RESOURCE_UNKNOWN : ORCH_RESOURCE_EXTENDED;
}

static bool
check_apparmor_path(OrchTextPart path, OrchFault *fault)
{
	if (path.length == 0)
		return orch_fault(fault, "It is empty.");
	if (path.length > 4095)
		return orch_fault(fault, "It has %zu bytes; at most 4095 are allowed.", path.length);
	if (strchr(" \t\n\v\f\r", path.text[0]) != NULL || strchr(" \t\n\v\f\r", path.text[path.length - 1]) != NULL)
		return orch_fault(fault, "It begins or ends with white space.");
	return true;
}

/*
 * See pod_rules.h.
 */
bool
orch_profile_check(OrchTextPart type, OrchTextPart path, bool seccomp, OrchFault *fault)
{
	if (!is(type, "Localhost"))
		return path.text == NULL || orch_fault(fault, "Only the type Localhost has one.");
	if (path.text == NULL)
		return orch_fault(fault, "The type Localhost needs one.");
	return seccomp ? orch_check_backsteps(path.text, path.length, false, fault) : check_apparmor_path(path, fault);
}

/*
 * See pod_rules.h.
 */
bool
orch_divisor_check(OrchTextPart resource, OrchTextPart divisor, OrchFault *fault)
{
	if (is_empty(divisor))
		return true;
	if (is(resource, "limits.cpu") || is(resource, "requests.cpu"))
		return is(divisor, "0") || is(divisor, "1") || is(divisor, "1m") ||
			orch_fault(fault, "CPU is divided by 1 or 1m.");
	return is(divisor, "0") || orch_quantity_is_unit(divisor.text, divisor.length) ||
		orch_fault(fault, "Bytes are divided by 1 or by one unit, such as 1Mi.");
}

/*
 * See pod_rules.h.
 */
bool
orch_selector_check(OrchTextPart operator, int values, OrchFault *fault)
{
	bool		compares = is(operator, "Gt") || is(operator, "Lt");

	if (compares && values != 1)
		return orch_fault(fault, "The operator %.*s compares with one value.", (int) operator.length, operator.text);
	if ((is(operator, "In") || is(operator, "NotIn")) && values == 0)
		return orch_fault(fault, "The operator %.*s needs values.", (int) operator.length, operator.text);
	if ((is(operator, "Exists") || is(operator, "DoesNotExist")) && values > 0)
		return orch_fault(fault, "The operator %.*s has no values.", (int) operator.length, operator.text);
	return true;
}

/* As strconv.Atoi and a comparison with what it would write: no sign "+", no leading zero. */
static bool
check_int32(OrchTextPart value, OrchFault *fault)
{
	size_t		sign = value.length > 0 && value.text[0] == '-' ? 1 : 0;
	size_t		digits = value.length - sign;
	long long	number = 0;

	for (size_t i = sign; i < value.length; i++)
	{
		if (!is_digit(value.text[i]) || digits > 10)
			return orch_fault(fault, "It is no whole number of 32 bits.");
		number = number * 10 + (value.text[i] - '0');
	}
	if (digits == 0 || number > 2147483647LL + (long long) sign || (digits > 1 && value.text[sign] == '0'))
		return orch_fault(fault, "It is no whole number of 32 bits.");
	return true;
}

static bool
check_level(OrchTextPart value, OrchFault *fault)
{
	return is(value, "privileged") || is(value, "baseline") || is(value, "restricted") ||
		orch_fault(fault, "It is none of privileged, baseline and restricted.");
}

/* "latest", or v1. and the minor version */
static bool
check_level_version(OrchTextPart value, OrchFault *fault)
{
	size_t		digits = 3;

	if (is(value, "latest"))
		return true;
	if (value.length < 4 || !starts_with(value.text, value.length, "v1.") || (value.length > 4 && value.text[3] == '0'))
		return orch_fault(fault, "It is neither \"latest\" nor a version such as \"v1.30\".");
	while (digits < value.length && is_digit(value.text[digits]))
		digits++;
	return digits == value.length || orch_fault(fault, "It is neither \"latest\" nor a version such as \"v1.30\".");
}

/* Addresses with the length of a prefix, parted by commas. */
static bool
check_networks(OrchTextPart value, OrchFault *fault)
{
	const char *text = value.text;
	const char *end = value.text + value.length;

	while (text < end)
	{
		const char *comma = memchr(text, ',', (size_t) (end - text));
		const char *last = comma ? comma : end;
		const char *slash;
		int			bits = 0;
		OrchFault	ignored;

		while (text < last && *text == ' ')
			text++;
		while (last > text && last[-1] == ' ')
			last--;
		slash = memchr(text, '/', (size_t) (last - text));
		for (const char *c = slash ? slash + 1 : last; slash && c < last; c++)
			bits = is_digit(*c) && bits <= 128 ? bits * 10 + (*c - '0') : 1000;
		if (slash == NULL || slash + 1 == last || !orch_name_check(ORCH_NAME_IP_ADDRESS, text, (size_t) (slash - text), &ignored) ||
			bits > (memchr(text, ':', (size_t) (slash - text)) ? 128 : 32))
			return orch_fault(fault, "It is no list of networks such as \"10.0.0.0/8\".");
		text = comma ? comma + 1 : end;
	}
	return true;
}

/* The annotation that was AppArmor's before it had a field. */
static bool
check_apparmor(OrchTextPart value, OrchFault *fault)
{
	return value.length == 0 || is(value, "runtime/default") || is(value, "unconfined") ||
		starts_with(value.text, value.length, "localhost/") ||
		orch_fault(fault, "It is none of runtime/default, unconfined and localhost/<profile>.");
}

/* Deprecated, or for the kubelet alone: what they say is said by a field. */
static const char *
replaced_by(OrchTextPart key)
{
	static const char *const keys[][2] = {
		{"seccomp.security.alpha.kubernetes.io/pod", "pod_security_context.seccompProfile"},
		{"scheduler.alpha.kubernetes.io/tolerations", "tolerations"},
		{"kubernetes.io/config.mirror", "nothing: the kubelet sets it"},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (is(key, keys[i][0]))
			return keys[i][1];
	if (starts_with(key.text, key.length, "container.seccomp.security.alpha.kubernetes.io/"))
		return "security_context.seccompProfile";
	return NULL;
}

/*
 * See pod_rules.h.
 */
bool
orch_well_known_check(OrchTextPart key, OrchTextPart value, OrchFault *fault)
{
	static const char prefix[] = "pod-security.kubernetes.io/";
	const char *instead = replaced_by(key);

	if (instead != NULL)
		return orch_fault(fault, "Kubernetes reads this annotation no more; its place is %s.", instead);
	if (is(key, "controller.kubernetes.io/pod-deletion-cost"))
		return check_int32(value, fault);
	if (is(key, "service.beta.kubernetes.io/load-balancer-source-ranges"))
		return check_networks(value, fault);
	if (starts_with(key.text, key.length, ORCH_APPARMOR_KEY))
		return check_apparmor(value, fault);
	if (!starts_with(key.text, key.length, prefix))
		return true;
	key.text += strlen(prefix);
	key.length -= strlen(prefix);
	if (is(key, "enforce") || is(key, "audit") || is(key, "warn"))
		return check_level(value, fault);
	if (is(key, "enforce-version") || is(key, "audit-version") || is(key, "warn-version"))
		return check_level_version(value, fault);
	return true;
}
