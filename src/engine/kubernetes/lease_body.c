/*
 * lease_body.c
 *	  The Lease in JSON: what is read of it, and what is written.
 *
 * Beside the fields of its kind it has annotations of ours, which stay when
 * it is released: who held it last, where that lives, and which write it was.
 * A write is a merge patch, so that what others add stays, too.
 */
#include "postgres.h"

#include <sys/time.h>
#include <time.h>

#include "common/hashfn.h"
#include "engine/kubernetes/internal.h"
#include "kube/json_scan.h"
#include "lib/stringinfo.h"
#include "utils/json.h"

#define LAST_HOLDER "orchestration.dev/last-holder"
#define HOME "orchestration.dev/home"
#define PLACE "orchestration.dev/place"
#define WRITE "orchestration.dev/write"
#define WAITING "orchestration.dev/waiting"

typedef enum Field
{
	FIELD_VERSION,
	FIELD_HOLDER,
	FIELD_DURATION,
	FIELD_TRANSITIONS,
	FIELD_RENEWED,
	FIELD_LAST_HOLDER,
	FIELD_HOME,
	FIELD_PLACE,
	FIELD_WRITE,
	FIELD_WAITING,
	FIELD_COUNT
} Field;

static void
copy_text(const OrchJsonField *field, char *text, size_t size)
{
	char	   *copy = orch_json_text(field);

	strlcpy(text, copy ? copy : "", size);
	free(copy);
}

static uint64
read_hex(const OrchJsonField *field)
{
	char		text[32];

	copy_text(field, text, sizeof(text));
	return strtoull(text, NULL, 16);
}

static uint64
mix(uint64 hash, const OrchJsonField *field)
{
	return field->kind == ORCH_JSON_ABSENT ? hash : hash_bytes_extended((const unsigned char *) field->start, (int) field->length, hash);
}

/*
 * Reads a Lease; false if it is none.
 */
bool
orch_kube_lease_read(OrchLeaseDocument *document, const char *text, size_t length)
{
	OrchJsonField fields[FIELD_COUNT] = {
		[FIELD_VERSION] = {.path = {"metadata", "resourceVersion"}},
		[FIELD_HOLDER] = {.path = {"spec", "holderIdentity"}},
		[FIELD_DURATION] = {.path = {"spec", "leaseDurationSeconds"}},
		[FIELD_TRANSITIONS] = {.path = {"spec", "leaseTransitions"}},
		[FIELD_RENEWED] = {.path = {"spec", "renewTime"}},
		[FIELD_LAST_HOLDER] = {.path = {"metadata", "annotations", LAST_HOLDER}},
		[FIELD_HOME] = {.path = {"metadata", "annotations", HOME}},
		[FIELD_PLACE] = {.path = {"metadata", "annotations", PLACE}},
		[FIELD_WRITE] = {.path = {"metadata", "annotations", WRITE}},
		[FIELD_WAITING] = {.path = {"metadata", "annotations", WAITING}}
	};

	memset(document, 0, sizeof(*document));
	if (!orch_json_scan(text, length, fields, FIELD_COUNT) || fields[FIELD_VERSION].kind != ORCH_JSON_STRING ||
		fields[FIELD_VERSION].length >= sizeof(document->version))
		return false;
	copy_text(&fields[FIELD_VERSION], document->version, sizeof(document->version));
	copy_text(&fields[FIELD_HOLDER], document->holder, sizeof(document->holder));
	copy_text(&fields[FIELD_LAST_HOLDER], document->last_holder, sizeof(document->last_holder));
	document->home = read_hex(&fields[FIELD_HOME]);
	document->place = read_hex(&fields[FIELD_PLACE]);
	document->stamp = read_hex(&fields[FIELD_WRITE]);
	document->waiting = orch_json_is(&fields[FIELD_WAITING], "true");
	document->duration_s = orch_json_long(&fields[FIELD_DURATION], 0);
	document->transitions = orch_json_long(&fields[FIELD_TRANSITIONS], 0);
	document->fingerprint = mix(mix(mix(0, &fields[FIELD_HOLDER]), &fields[FIELD_RENEWED]), &fields[FIELD_WRITE]);
	return true;
}

/* For people: nothing is decided by it. */
static void
append_now(StringInfo out)
{
	struct timeval now;
	struct tm	utc;
	char		text[32];

	gettimeofday(&now, NULL);
	gmtime_r(&now.tv_sec, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	appendStringInfo(out, "\"%s.%06dZ\"", text, (int) now.tv_usec);
}

static void
append_metadata(StringInfo out, const OrchLeaseAsk *ask, const char *installation)
{
	const OrchLeaseDocument *document = &ask->document;

	appendStringInfo(out, "{\"name\":\"orchestration-%s\",\"namespace\":\"default\",", installation);
	if (ask->verb != ORCH_LEASE_VERB_CREATE)
	{
		appendStringInfoString(out, "\"resourceVersion\":");
		escape_json(out, document->version);
		appendStringInfoChar(out, ',');
	}
	appendStringInfo(out, "\"labels\":{\"app.kubernetes.io/managed-by\":\"orchestration\",\"orchestration.dev/installation\":\"%s\"},",
					 installation);
	appendStringInfo(out, "\"annotations\":{\"" LAST_HOLDER "\":\"%s\",\"" WAITING "\":\"%s\",", document->holder, document->waiting ? "true" : "false");
	appendStringInfo(out, "\"" HOME "\":\"%016" INT64_MODIFIER "x\",\"" PLACE "\":\"%016" INT64_MODIFIER "x\",\"" WRITE "\":\"%016" INT64_MODIFIER "x\"}}",
					 document->home, document->place, document->stamp);
}

/*
 * What is to be sent for a write.
 */
char *
orch_kube_lease_body(const OrchLeaseAsk *ask, const char *installation)
{
	const OrchLeaseDocument *document = &ask->document;
	bool		is_release = ask->verb == ORCH_LEASE_VERB_RELEASE;
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":");
	append_metadata(&out, ask, installation);
	if (is_release)
		appendStringInfoString(&out, ",\"spec\":{\"holderIdentity\":null,\"renewTime\":");
	else
		appendStringInfo(&out, ",\"spec\":{\"holderIdentity\":\"%s\",\"leaseDurationSeconds\":" INT64_FORMAT ",\"renewTime\":",
						 document->holder, document->duration_s);
	append_now(&out);
	if (ask->acquires && !is_release)
	{
		appendStringInfoString(&out, ",\"acquireTime\":");
		append_now(&out);
		appendStringInfo(&out, ",\"leaseTransitions\":" INT64_FORMAT, document->transitions);
	}
	appendStringInfoString(&out, "}}");
	return out.data;
}
