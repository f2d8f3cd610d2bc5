/*
 * names_pod.c
 *	  The grammars of names that stand in whole Kubernetes containers and pods:
 *	  those of its own validation.
 */
#include "inventory/name_grammar.h"

#include <arpa/inet.h>

/*
 * See name_grammar.h.
 */
bool
orch_check_backsteps(const char *text, size_t length, bool absolute, OrchFault *fault)
{
	size_t		start = 0;

	if (!absolute && length > 0 && text[0] == '/')
		return orch_fault(fault, "It begins with \"/\".");
	for (size_t i = 0; i <= length; i++)
	{
		if (i < length && text[i] != '/')
			continue;
		if (i - start == 2 && memcmp(text + start, "..", 2) == 0)
			return orch_fault(fault, "It holds \"..\".");
		start = i + 1;
	}
	return true;
}

static bool
check_variable(const char *text, size_t length, OrchFault *fault)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] == '=' || is_control(text[i]) || (unsigned char) text[i] >= 0x80)
			return orch_fault_character(fault, text, length, i);
	return true;
}

/* Segments between dots and slashes begin and end with a letter or digit. */
static bool
check_sysctl(const char *text, size_t length, OrchFault *fault)
{
	for (size_t i = 0; i < length; i++)
		if ((text[i] == '.' || text[i] == '/') &&
			(i == 0 || i == length - 1 || !is_alnum(text[i - 1]) || !is_alnum(text[i + 1])))
			return orch_fault(fault, "The \"%c\" at character %zu is not between letters or digits.", text[i], i + 1);
	return true;
}

static bool
check_ip_address(const char *text, size_t length, OrchFault *fault)
{
	char		copy[INET6_ADDRSTRLEN + 1];
	unsigned char address[16];

	if (length >= sizeof(copy) || memchr(text, '\0', length) != NULL)
		return orch_fault(fault, "It is no address.");
	memcpy(copy, text, length);
	copy[length] = '\0';
	return inet_pton(AF_INET, copy, address) == 1 || inet_pton(AF_INET6, copy, address) == 1 ||
		orch_fault(fault, "It is no address.");
}

/* "." alone, or a DNS name whose parts may begin with "_", with or without a dot at its end. */
static bool
check_dns_search(const char *text, size_t length, OrchFault *fault)
{
	static const OrchGrammar grammar = {NULL, "-._", 253, false, false, END_ANY, END_ALNUM};

	if (length > 1 && text[length - 1] == '.')
		length--;
	else if (is_text(text, length, "."))
		return true;
	if (!orch_grammar_check(&grammar, text, length, fault))
		return false;
	for (size_t i = 0; i < length; i++)
	{
		bool		first = i == 0 || text[i - 1] == '.';
		bool		last = i == length - 1 || text[i + 1] == '.';

		if (text[i] == '.' ? first || last : (first && text[i] == '-') || (last && !is_alnum(text[i])))
			return orch_fault(fault, "The \"%c\" at character %zu is not between letters or digits.", text[i], i + 1);
	}
	return true;
}

/* NetBIOS or DNS, which Kubernetes tells apart by length alone. */
static bool
check_windows_domain(const char *text, size_t length, OrchFault *fault)
{
	static const OrchGrammar dns = {NULL, "-.", 255, true, false, END_ALNUM, END_ALNUM};
	OrchFault	ignored;

	if (orch_grammar_check(&dns, text, length, &ignored) && orch_dots_check(text, length, &ignored))
		return true;
	if (length == 0 || length > 15 || text[0] == '.')
		return orch_fault(fault, "Its domain is neither a NetBIOS nor a DNS name.");
	for (size_t i = 0; i < length; i++)
		if (strchr("/:*?\"<>|", text[i]) != NULL)
			return orch_fault_character(fault, text, length, i);
	return true;
}

static bool
check_windows_user(const char *text, size_t length, OrchFault *fault)
{
	const char *backslash = memchr(text, '\\', length);
	const char *user = backslash ? backslash + 1 : text;
	size_t		rest = length - (size_t) (user - text);
	bool		only_dots = true;

	for (size_t i = 0; i < length; i++)
		if (is_control(text[i]))
			return orch_fault_character(fault, text, length, i);
	if (backslash != NULL && !check_windows_domain(text, (size_t) (backslash - text), fault))
		return false;
	for (size_t i = 0; i < rest; i++)
	{
		if (strchr("\"/\\:;|=,+*?<>@[]", user[i]) != NULL)
			return orch_fault_character(fault, text, length, (size_t) (user - text) + i);
		only_dots = only_dots && (user[i] == '.' || user[i] == ' ');
	}
	if (rest == 0 || rest > 104)
		return orch_fault(fault, "The name of the user has %zu bytes; 1 to 104 are allowed.", rest);
	return !only_dots || orch_fault(fault, "The name of the user has nothing but dots and spaces.");
}

/*
 * See name_grammar.h.
 */
bool
orch_check_pod_name(OrchNameKind kind, const char *text, size_t length, OrchFault *fault)
{
	switch (kind)
	{
		case ORCH_NAME_ANY_VARIABLE:
		case ORCH_NAME_VARIABLE_PREFIX:
			return check_variable(text, length, fault);
		case ORCH_NAME_SYSCTL:
			return check_sysctl(text, length, fault);
		case ORCH_NAME_WINDOWS_USER:
			return check_windows_user(text, length, fault);
		case ORCH_NAME_IP_ADDRESS:
			return check_ip_address(text, length, fault);
		case ORCH_NAME_DNS_SEARCH:
			return check_dns_search(text, length, fault);
		case ORCH_NAME_FILE_PATH:
			if (starts_with(text, length, ".."))
				return orch_fault(fault, "It begins with \"..\".");
			return orch_check_backsteps(text, length, false, fault);
		case ORCH_NAME_ABSOLUTE_PATH:
			return text[0] == '/' || orch_fault(fault, "It does not begin with \"/\".");
		default:
			return true;
	}
}
