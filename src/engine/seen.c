/*
 * seen.c
 *	  Digests, versions, and the names of verbs and reasons.
 *
 * Pure, and without a backend too (-DFRONTEND): used by the unit tests.
 */
#include "engine/seen.h"

#include "common/hashfn.h"

static const char *const reason_names[] = {
	[ORCH_REASON_NONE] = NULL,
	[ORCH_REASON_UNREACHABLE] = "Unreachable",
	[ORCH_REASON_UNAUTHORIZED] = "Unauthorized",
	[ORCH_REASON_FORBIDDEN] = "Forbidden",
	[ORCH_REASON_QUOTA_EXCEEDED] = "QuotaExceeded",
	[ORCH_REASON_NAMESPACE_TERMINATING] = "NamespaceTerminating",
	[ORCH_REASON_NOT_FOUND] = "NotFound",
	[ORCH_REASON_CONFLICT] = "Conflict",
	[ORCH_REASON_BUSY] = "Busy",
	[ORCH_REASON_TOO_MANY_REQUESTS] = "TooManyRequests",
	[ORCH_REASON_INVALID] = "Invalid",
	[ORCH_REASON_SERVER_ERROR] = "ServerError",
	[ORCH_REASON_RENDER_FAILED] = "RenderFailed",
	[ORCH_REASON_LOCKED] = "Locked",
	[ORCH_REASON_RECORD_FAILED] = "RecordFailed",
	[ORCH_REASON_UNEXPECTED] = "Unexpected"
};

static const char *const verb_names[] = {
	[ORCH_VERB_NONE] = "none",
	[ORCH_VERB_CREATE] = "create",
	[ORCH_VERB_APPLY] = "apply",
	[ORCH_VERB_DELETE] = "delete",
	[ORCH_VERB_LOOK] = "look",
	[ORCH_VERB_RELABEL] = "relabel"
};

/* 128 bits, so that no two manifests are ever taken for one; never none */
OrchDigest
orch_digest(const void *data, size_t length)
{
	OrchDigest	digest;

	digest.high = hash_bytes_extended(data, (int) length, 0);
	digest.low = hash_bytes_extended(data, (int) length, UINT64CONST(0x9e3779b97f4a7c15));
	if (orch_digest_is_none(digest))
		digest.low = 1;
	return digest;
}

void
orch_digest_write(OrchDigest digest, char *text)
{
	static const char hex[] = "0123456789abcdef";

	for (int i = 0; i < 16; i++)
	{
		text[i] = hex[(digest.high >> (60 - 4 * i)) & 15];
		text[16 + i] = hex[(digest.low >> (60 - 4 * i)) & 15];
	}
	text[32] = '\0';
}

bool
orch_digest_read(const char *text, OrchDigest *digest)
{
	unsigned long long high;
	unsigned long long low;

	if (strspn(text, "0123456789abcdef") != 32 || text[32] != '\0' || sscanf(text, "%16llx%16llx", &high, &low) != 2)
		return false;
	digest->high = high;
	digest->low = low;
	return true;
}

const char *
orch_verb_name(OrchVerb verb)
{
	return verb_names[verb];
}

OrchVerb
orch_verb_by_name(const char *name)
{
	for (int verb = ORCH_VERB_NONE + 1; name != NULL && verb <= ORCH_VERB_RELABEL; verb++)
	{
		if (strcmp(name, verb_names[verb]) == 0)
			return (OrchVerb) verb;
	}
	return ORCH_VERB_NONE;
}

const char *
orch_reason_name(OrchReason reason)
{
	return (int) reason >= 0 && reason <= ORCH_REASON_LAST ? reason_names[reason] : "Unexpected";
}

OrchReason
orch_reason_by_name(const char *name)
{
	if (name == NULL)
		return ORCH_REASON_NONE;
	for (int reason = ORCH_REASON_NONE + 1; reason <= ORCH_REASON_LAST; reason++)
	{
		if (strcmp(name, reason_names[reason]) == 0)
			return (OrchReason) reason;
	}
	return ORCH_REASON_UNEXPECTED;
}

/* where the number begins that counts, and how long it is; 0: none */
static size_t
significant(const char **version)
{
	size_t		length = strspn(*version, "0123456789");

	if ((*version)[length] != '\0')
		return 0;
	while (**version == '0')
	{
		(*version)++;
		length--;
	}
	return length;
}

int
orch_version_compare(const char *a, const char *b)
{
	size_t		a_length = significant(&a);
	size_t		b_length = significant(&b);

	if (a_length != b_length)
		return a_length < b_length ? -1 : 1;
	return memcmp(a, b, a_length);
}
