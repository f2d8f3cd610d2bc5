/*
 * names_image.c
 *	  The grammars of the parts of image references: those of the container
 *	  runtimes, which the API server does not check.
 */
#include "inventory/name_grammar.h"

#include <string.h>

static size_t
strspn_hex(const char *text, size_t length)
{
	size_t		i = 0;

	while (i < length && (is_digit(text[i]) || (text[i] >= 'a' && text[i] <= 'f')))
		i++;
	return i;
}

bool
orch_check_registry(const char *text, size_t length, OrchFault *fault)
{
	static const OrchGrammar host = {NULL, "-.", 253, true, false, END_ALNUM, END_ALNUM};
	const char *colon = memchr(text, ':', length);
	size_t		host_length = colon ? (size_t) (colon - text) : length;
	long long	port;

	if (!orch_grammar_check(&host, text, host_length, fault) ||
		!orch_dots_check(text, host_length, fault))
		return false;
	if (colon == NULL && memchr(text, '.', length) == NULL && !is_text(text, length, "localhost"))
		return orch_fault(fault, "It holds neither \".\" nor a port.");
	if (colon != NULL &&
		(!orch_port_parse(colon + 1, length - host_length - 1, &port) || !orch_port_is_valid(port)))
		return orch_fault(fault, "What follows \":\" is not a port number.");
	return true;
}

/* Separators stand alone, but for "__" and any number of "-". */
bool
orch_check_repository(const char *text, size_t length, OrchFault *fault)
{
	for (size_t i = 1; i < length; i++)
	{
		char		before = text[i - 1];

		if (is_alnum(text[i]) || is_alnum(before))
			continue;
		if (text[i] == '-' && before == '-')
			continue;
		if (text[i] == '_' && before == '_' && (i < 2 || text[i - 2] != '_'))
			continue;
		return orch_fault(fault, "\"%c%c\" at character %zu is not allowed.", before, text[i], i);
	}
	if (length == 64 && strspn_hex(text, length) == length)
		return orch_fault(fault, "64 hexadecimal digits would be taken for the id of an image.");
	return true;
}

bool
orch_check_tag(const char *text, size_t length, OrchFault *fault)
{
	if (text[0] == '.' || text[0] == '-')
		return orch_fault(fault, "It begins with \"%c\".", text[0]);
	return length > 0;
}

bool
orch_check_digest(const char *text, size_t length, OrchFault *fault)
{
	static const OrchGrammar algorithm = {NULL, "+._-", 64, true, false, END_LETTER, END_ALNUM};
	static const struct
	{
		const char *name;
		size_t		digits;
	}			algorithms[] = {{"sha256", 64}, {"sha384", 96}, {"sha512", 128}};
	const char *colon = memchr(text, ':', length);
	const char *hex = colon + 1;
	size_t		name = colon ? (size_t) (colon - text) : 0;
	size_t		digits = length - name - 1;

	if (colon == NULL)
		return orch_fault(fault, "It holds no \":\".");
	if (!orch_grammar_check(&algorithm, text, name, fault))
		return false;
	for (size_t i = 0; i < digits; i++)
		if (!is_digit(hex[i]) && !(hex[i] >= 'a' && hex[i] <= 'f'))
			return orch_fault_character(fault, text, length, name + 1 + i);
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (is_text(text, name, algorithms[i].name))
			return digits == algorithms[i].digits ||
				orch_fault(fault, "Its digest has %zu hexadecimal digits, not %zu.", digits, algorithms[i].digits);
	return orch_fault(fault, "The algorithm is none of sha256, sha384 and sha512.");
}
