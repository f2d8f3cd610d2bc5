/*
 * names.c
 *	  The grammars of names.
 *
 * They are Kubernetes' own, so that what passes here is not refused there
 * minutes later.  Most are "these characters, so long, such ends" and stand in
 * one table; what a table cannot say is a function below.
 */
#include "inventory/image.h"
#include "inventory/name_grammar.h"

#include <stdio.h>
#include <string.h>

#define ANY_TEXT NULL			/* characters are judged by a function */

static const OrchGrammar grammars[] = {
	[ORCH_NAME_LABEL] = {"Use 1 to 63 lower-case letters, digits and \"-\", beginning with a letter and ending with a letter or digit, as in \"web-1\".",
	"-", 63, false, false, END_LETTER, END_ALNUM},
	[ORCH_NAME_SUBDOMAIN] = {"Use 1 to 253 lower-case letters, digits, \"-\" and \".\", beginning and ending with a letter or digit, as in \"app.config-1\".",
	"-.", 253, false, false, END_ALNUM, END_ALNUM},
	[ORCH_NAME_USERNAME] = {"Use 1 to 128 bytes without control characters and without a space at either end.",
	ANY_TEXT, 128, true, false, END_ANY, END_ANY},
	[ORCH_NAME_LABEL_KEY] = {"Write \"name\" or \"prefix/name\": the name has 1 to 63 letters, digits, \"-\", \"_\" and \".\", the prefix is a DNS name, as in \"example.org/team\".",
	ANY_TEXT, 317, true, false, END_ANY, END_ANY},
	[ORCH_NAME_LABEL_VALUE] = {"Use at most 63 letters, digits, \"-\", \"_\" and \".\", beginning and ending with a letter or digit.",
	"-_.", 63, true, true, END_ALNUM, END_ALNUM},
	[ORCH_NAME_CONFIG_KEY] = {"Use 1 to 253 letters, digits, \"-\", \"_\" and \".\", as in \"app.properties\".",
	"-_.", 253, true, false, END_ANY, END_ANY},
	[ORCH_NAME_ENVIRONMENT] = {"Use letters, digits, \"_\", \"-\" and \".\", not beginning with a digit, as in \"LOG_LEVEL\".",
	"-_.", 0, true, false, END_NOT_DIGIT, END_ANY},
	[ORCH_NAME_PORT] = {"Use 1 to 15 lower-case letters, digits and single \"-\", with at least one letter, as in \"http\".",
	"-", 15, false, false, END_ALNUM, END_ALNUM},
	[ORCH_NAME_PATH] = {"Use an absolute path without \"..\" and \":\", as in \"/var/lib/data\".",
	ANY_TEXT, 4096, true, false, END_ANY, END_ANY},
	[ORCH_NAME_SUB_PATH] = {"Use a relative path without \"..\", as in \"uploads/images\".",
	ANY_TEXT, 4096, true, false, END_ANY, END_ANY},
	[ORCH_NAME_FIELD_PATH] = {"Use metadata.name, metadata.namespace, metadata.uid, metadata.labels['key'], metadata.annotations['key'], spec.nodeName, spec.serviceAccountName, status.hostIP, status.hostIPs, status.podIP or status.podIPs.",
	ANY_TEXT, 512, true, false, END_ANY, END_ANY},
	[ORCH_NAME_RESOURCE_FIELD] = {"Use limits or requests with cpu, memory or ephemeral-storage, as in \"limits.memory\".",
	ANY_TEXT, 64, true, false, END_ANY, END_ANY},
	[ORCH_NAME_AMOUNT] = {"Use a whole number or a percentage, as in \"1\" or \"25%\".",
	ANY_TEXT, 6, true, false, END_ANY, END_ANY},
	[ORCH_NAME_REGISTRY] = {"Write host or host:port, as in \"registry.example:5000\"; only a host that has a \".\" or a port, or \"localhost\", is taken for a registry.",
	ANY_TEXT, 261, true, false, END_ANY, END_ANY},
	[ORCH_NAME_REPOSITORY] = {"Use lower-case letters and digits, parted by \".\", \"_\", \"__\" or \"-\", in components parted by \"/\", as in \"team/web-api\".",
	"._-/", 255, false, false, END_ALNUM, END_ALNUM},
	[ORCH_NAME_TAG] = {"Use 1 to 128 letters, digits, \"_\", \".\" and \"-\", not beginning with \".\" or \"-\", as in \"1.2\".",
	"_.-", 128, true, false, END_ANY, END_ANY},
	[ORCH_NAME_DIGEST] = {"Write the algorithm and the hexadecimal digest, as in \"sha256:\" followed by 64 digits.",
	ANY_TEXT, 256, true, false, END_ANY, END_ANY},
	[ORCH_NAME_DNS_LABEL] = {"Use 1 to 63 lower-case letters, digits and \"-\", beginning and ending with a letter or digit, as in \"sidecar-1\".",
	"-", 63, false, false, END_ALNUM, END_ALNUM},
	[ORCH_NAME_IMAGE] = {"Write registry/repository:tag@digest, all but the repository may be left out, as in \"registry.example:5000/team/app:1.2\".",
	ANY_TEXT, 1024, true, false, END_ANY, END_ANY},
	[ORCH_NAME_HEADER] = {"Use letters, digits and \"-\", as in \"X-Forwarded-Host\".",
	"-", 0, true, false, END_ANY, END_ANY},
	[ORCH_NAME_ANY_VARIABLE] = {"Use printable characters of ASCII without \"=\", as in \"LOG_LEVEL\".",
	ANY_TEXT, 0, true, false, END_ANY, END_ANY},
	[ORCH_NAME_VARIABLE_PREFIX] = {"Use printable characters of ASCII without \"=\", as in \"DB_\".",
	ANY_TEXT, 0, true, true, END_ANY, END_ANY},
	[ORCH_NAME_LABEL_KEY_OR_EMPTY] = {"Write \"name\" or \"prefix/name\", or leave it out.",
	ANY_TEXT, 317, true, true, END_ANY, END_ANY},
	[ORCH_NAME_SYSCTL] = {"Use the name that sysctl knows, as in \"net.ipv4.tcp_syncookies\".",
	"-_./", 253, false, false, END_ALNUM, END_ALNUM},
	[ORCH_NAME_WINDOWS_USER] = {"Write \"user\" or \"DOMAIN\\user\", as Windows knows it.",
	ANY_TEXT, 360, true, false, END_ANY, END_ANY},
	[ORCH_NAME_IP_ADDRESS] = {"Write an address of IPv4 or IPv6, as in \"10.0.0.1\".",
	ANY_TEXT, 45, true, false, END_ANY, END_ANY},
	[ORCH_NAME_DNS_SEARCH] = {"Write a DNS name, as in \"svc.cluster.local\".",
	ANY_TEXT, 254, true, false, END_ANY, END_ANY},
	[ORCH_NAME_RELATIVE_PATH] = {"Use a relative path without \"..\", as in \"uploads/images\".",
	ANY_TEXT, 4096, true, true, END_ANY, END_ANY},
	[ORCH_NAME_FILE_PATH] = {"Use a relative path that neither holds nor begins with \"..\", as in \"conf.d/app.conf\".",
	ANY_TEXT, 4096, true, false, END_ANY, END_ANY},
	[ORCH_NAME_HOST_PATH] = {"Use a path without \"..\", as in \"/var/log\".",
	ANY_TEXT, 4096, true, false, END_ANY, END_ANY},
	[ORCH_NAME_ABSOLUTE_PATH] = {"Use an absolute path, as in \"/exports/data\".",
	ANY_TEXT, 4096, true, false, END_ANY, END_ANY},
	[ORCH_NAME_POD_FIELD] = {"Use metadata.name, metadata.namespace, metadata.uid, metadata.labels, metadata.annotations, metadata.labels['key'], metadata.annotations['key'], spec.nodeName, spec.serviceAccountName, status.hostIP, status.hostIPs, status.podIP or status.podIPs.",
	ANY_TEXT, 512, true, false, END_ANY, END_ANY},
};

/* A file name that a mounted config map could not have. */
static bool
check_no_parent(const char *text, size_t length, OrchFault *fault)
{
	if (length == 1 && text[0] == '.')
		return orch_fault(fault, "It is \".\".");
	if (length >= 2 && text[0] == '.' && text[1] == '.')
		return orch_fault(fault, "It begins with \"..\".");
	return true;
}

static bool
check_username(const char *text, size_t length, OrchFault *fault)
{
	for (size_t i = 0; i < length; i++)
		if (is_control(text[i]))
			return orch_fault_character(fault, text, length, i);
	if (text[0] == ' ' || text[length - 1] == ' ')
		return orch_fault(fault, "It begins or ends with a space.");
	return true;
}

static bool
check_label_key(const char *text, size_t length, OrchFault *fault)
{
	static const OrchGrammar name = {NULL, "-_.", 63, true, false, END_ALNUM, END_ALNUM};
	const char *slash = memchr(text, '/', length);
	size_t		prefix;

	if (slash == NULL)
		return orch_grammar_check(&name, text, length, fault);
	prefix = (size_t) (slash - text);
	if (!orch_name_check(ORCH_NAME_SUBDOMAIN, text, prefix, fault) ||
		!orch_grammar_check(&name, slash + 1, length - prefix - 1, fault))
	{
		char		reason[ORCH_FAULT_SIZE];

		snprintf(reason, sizeof(reason), "%s", fault->text);
		return orch_fault(fault, "A part beside \"/\" is wrong: %.*s", 200, reason);
	}
	return true;
}

static bool
check_port_name(const char *text, size_t length, OrchFault *fault)
{
	bool		letter = false;

	for (size_t i = 0; i < length; i++)
	{
		letter |= is_letter(text[i]);
		if (i > 0 && text[i] == '-' && text[i - 1] == '-')
			return orch_fault(fault, "It holds \"--\".");
	}
	return letter || orch_fault(fault, "It holds no letter.");
}

static bool
check_path(const char *text, size_t length, bool absolute, OrchFault *fault)
{
	size_t		start = 0;

	if ((text[0] == '/') != absolute)
		return orch_fault(fault, absolute ? "It does not begin with \"/\"." : "It begins with \"/\".");
	for (size_t i = 0; i <= length; i++)
	{
		if (i < length && (is_control(text[i]) || (absolute && text[i] == ':')))
			return orch_fault_character(fault, text, length, i);
		if (i == length || text[i] == '/')
		{
			if (i - start == 2 && memcmp(text + start, "..", 2) == 0)
				return orch_fault(fault, "It holds \"..\".");
			start = i + 1;
		}
	}
	return true;
}

/* metadata.labels['key'] and metadata.annotations['key'] */
static bool
is_keyed_field(const char *text, size_t length)
{
	static const char *const prefixes[] = {"metadata.labels['", "metadata.annotations['"};
	OrchFault	ignored;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
	{
		size_t		prefix = strlen(prefixes[i]);

		if (length > prefix + 2 && starts_with(text, length, prefixes[i]) &&
			memcmp(text + length - 2, "']", 2) == 0)
			return orch_name_check(ORCH_NAME_LABEL_KEY, text + prefix, length - prefix - 2, &ignored);
	}
	return false;
}

static bool
check_field_path(const char *text, size_t length, OrchFault *fault)
{
	static const char *const known[] = {
		"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName",
		"spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP",
		"status.podIPs"
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (is_text(text, length, known[i]))
			return true;
	return is_keyed_field(text, length) ||
		orch_fault(fault, "A container cannot read this field of its pod.");
}

static bool
check_resource_field(const char *text, size_t length, OrchFault *fault)
{
	static const char *const scopes[] = {"limits.", "requests."};

	for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++)
	{
		const char *resource = text + strlen(scopes[i]);
		size_t		rest;

		if (!starts_with(text, length, scopes[i]))
			continue;
		rest = length - strlen(scopes[i]);
		if (is_text(resource, rest, "cpu") || is_text(resource, rest, "memory") ||
			is_text(resource, rest, "ephemeral-storage") ||
			(starts_with(resource, rest, "hugepages-") && rest > strlen("hugepages-")))
			return true;
	}
	return orch_fault(fault, "There is no resource \"%.*s\".", (int) length, text);
}

static bool
check_amount(const char *text, size_t length, OrchFault *fault)
{
	size_t		digits = 0;

	while (digits < length && is_digit(text[digits]))
		digits++;
	if (digits > 0 && (digits == length || (digits == length - 1 && text[digits] == '%')))
		return true;
	return orch_fault(fault, "It is neither a whole number nor a percentage.");
}

/* ---- whole references ---- */

static bool
check_part(OrchTextPart value, const char *name, OrchNameKind name_kind,
		   const char **part, OrchNameKind *kind, OrchFault *fault)
{
	*part = name;
	*kind = name_kind;
	return orch_name_check(name_kind, value.text, value.length, fault);
}

/*
 * See image.h.  Here, because each part is a name of its kind.
 */
bool
orch_image_check(const OrchImage *image, const char **part,
				 OrchNameKind *kind, OrchFault *fault)
{
	return (image->registry.text == NULL ||
			check_part(image->registry, "registry", ORCH_NAME_REGISTRY, part, kind, fault)) &&
		check_part(image->repository, "repository", ORCH_NAME_REPOSITORY, part, kind, fault) &&
		(image->tag.text == NULL ||
		 check_part(image->tag, "tag", ORCH_NAME_TAG, part, kind, fault)) &&
		(image->digest.text == NULL ||
		 check_part(image->digest, "digest", ORCH_NAME_DIGEST, part, kind, fault));
}

/* A whole reference: the fault of its first wrong part. */
static bool
check_image(const char *text, size_t length, OrchFault *fault)
{
	OrchImage	image;
	OrchNameKind kind;
	OrchFault	inner;
	const char *part;

	orch_image_split(text, length, &image);
	return orch_image_check(&image, &part, &kind, &inner) ||
		orch_fault(fault, "Its %s is wrong: %.200s", part, inner.text);
}

bool
orch_name_check(OrchNameKind kind, const char *text, size_t length, OrchFault *fault)
{
	if (!orch_grammar_check(&grammars[kind], text, length, fault))
		return false;
	switch (kind)
	{
		case ORCH_NAME_SUBDOMAIN:
			return orch_dots_check(text, length, fault);
		case ORCH_NAME_USERNAME:
			return check_username(text, length, fault);
		case ORCH_NAME_LABEL_KEY:
			return check_label_key(text, length, fault);
		case ORCH_NAME_CONFIG_KEY:
		case ORCH_NAME_ENVIRONMENT:
			return check_no_parent(text, length, fault);
		case ORCH_NAME_PORT:
			return check_port_name(text, length, fault);
		case ORCH_NAME_PATH:
			return check_path(text, length, true, fault);
		case ORCH_NAME_SUB_PATH:
			return check_path(text, length, false, fault);
		case ORCH_NAME_FIELD_PATH:
			return check_field_path(text, length, fault);
		case ORCH_NAME_RESOURCE_FIELD:
			return check_resource_field(text, length, fault);
		case ORCH_NAME_AMOUNT:
			return check_amount(text, length, fault);
		case ORCH_NAME_REGISTRY:
			return orch_check_registry(text, length, fault);
		case ORCH_NAME_REPOSITORY:
			return orch_check_repository(text, length, fault);
		case ORCH_NAME_TAG:
			return orch_check_tag(text, length, fault);
		case ORCH_NAME_DIGEST:
			return orch_check_digest(text, length, fault);
		case ORCH_NAME_IMAGE:
			return check_image(text, length, fault);
		case ORCH_NAME_LABEL_KEY_OR_EMPTY:
			return length == 0 || check_label_key(text, length, fault);
		case ORCH_NAME_RELATIVE_PATH:
			return length == 0 || orch_check_backsteps(text, length, false, fault);
		case ORCH_NAME_HOST_PATH:
			return orch_check_backsteps(text, length, true, fault);
		case ORCH_NAME_POD_FIELD:
			return is_text(text, length, "metadata.labels") || is_text(text, length, "metadata.annotations") ||
				check_field_path(text, length, fault);
		case ORCH_NAME_LABEL:
		case ORCH_NAME_DNS_LABEL:
		case ORCH_NAME_LABEL_VALUE:
		case ORCH_NAME_HEADER:
			break;
		default:
			return orch_check_pod_name(kind, text, length, fault);
	}
	return true;
}

const char *
orch_name_hint(OrchNameKind kind)
{
	return grammars[kind].hint;
}

bool
orch_label_key_is_reserved(const char *key, size_t length)
{
	return orch_annotation_key_is_reserved(key, length) ||
		is_text(key, length, "app.kubernetes.io/managed-by") ||
		is_text(key, length, "app.kubernetes.io/name") ||
		/* of the pods of Jobs; the API server refuses them there */
		is_text(key, length, "controller-uid") || is_text(key, length, "job-name") ||
		is_text(key, length, "batch.kubernetes.io/controller-uid") || is_text(key, length, "batch.kubernetes.io/job-name");
}

bool
orch_annotation_key_is_reserved(const char *key, size_t length)
{
	return starts_with(key, length, "orchestration.dev/");
}
