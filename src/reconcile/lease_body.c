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
#include "kube/json_scan.h"
#include "lib/stringinfo.h"
#include "reconcile/lease.h"
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

/*
 * Who holds it, or held it last; what is known of where that lives belongs to
 * the one that wrote it, whatever somebody else made of holderIdentity.
 */
static void
read_holder(OrchLease *lease, const OrchJsonField *fields, OrchLeaseSeen *seen)
{
	char		holder[ORCH_LEASE_HOLDER_SIZE];
	char		last_holder[ORCH_LEASE_HOLDER_SIZE];

	copy_text(&fields[FIELD_HOLDER], holder, sizeof(holder));
	copy_text(&fields[FIELD_LAST_HOLDER], last_holder, sizeof(last_holder));
	seen->held = *holder != '\0';
	if (!seen->held)
		strlcpy(holder, last_holder, sizeof(holder));
	if (orch_lease_parse(holder, &seen->holder) && strcmp(holder, last_holder) == 0)
	{
		seen->holder.home = read_hex(&fields[FIELD_HOME]);
		seen->holder.place = read_hex(&fields[FIELD_PLACE]);
	}
	strlcpy(lease->seen_holder, holder, sizeof(lease->seen_holder));
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
orch_lease_read(OrchLease *lease, const char *text, size_t length, OrchLeaseSeen *seen)
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

	memset(seen, 0, sizeof(*seen));
	if (!orch_json_scan(text, length, fields, FIELD_COUNT) || fields[FIELD_VERSION].kind != ORCH_JSON_STRING ||
		fields[FIELD_VERSION].length >= sizeof(seen->version))
		return false;
	copy_text(&fields[FIELD_VERSION], seen->version, sizeof(seen->version));
	read_holder(lease, fields, seen);
	seen->duration = orch_json_long(&fields[FIELD_DURATION], ORCH_LEASE_DURATION_S) * INT64CONST(1000000);
	seen->waiting = orch_json_is(&fields[FIELD_WAITING], "true");
	seen->stamp = read_hex(&fields[FIELD_WRITE]);
	seen->fingerprint = mix(mix(mix(0, &fields[FIELD_HOLDER]), &fields[FIELD_RENEWED]), &fields[FIELD_WRITE]);
	lease->seen_transitions = orch_json_long(&fields[FIELD_TRANSITIONS], 0);
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
append_metadata(StringInfo out, const OrchLease *lease, const OrchLeaseStep *step, const char *holder)
{
	appendStringInfo(out, "{\"name\":\"orchestration-%s\",\"namespace\":\"default\",", lease->installation);
	if (step->what != ORCH_LEASE_CREATE)
	{
		appendStringInfoString(out, "\"resourceVersion\":");
		escape_json(out, lease->state.seen.version);
		appendStringInfoChar(out, ',');
	}
	appendStringInfo(out, "\"labels\":{\"app.kubernetes.io/managed-by\":\"orchestration\",\"orchestration.dev/installation\":\"%s\"},",
					 lease->installation);
	appendStringInfo(out, "\"annotations\":{\"" LAST_HOLDER "\":\"%s\",\"" WAITING "\":\"%s\",", holder, step->waiting ? "true" : "false");
	appendStringInfo(out, "\"" HOME "\":\"%016" INT64_MODIFIER "x\",\"" PLACE "\":\"%016" INT64_MODIFIER "x\",\"" WRITE "\":\"%016" INT64_MODIFIER "x\"}}",
					 lease->state.me.home, lease->state.me.place, step->stamp);
}

/*
 * What is to be sent for a step.
 */
char *
orch_lease_body(const OrchLease *lease, const OrchLeaseStep *step)
{
	StringInfoData out;
	const char *holder = orch_lease_self(lease);

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":");
	append_metadata(&out, lease, step, holder);
	if (step->what == ORCH_LEASE_RELEASE)
		appendStringInfoString(&out, ",\"spec\":{\"holderIdentity\":null,\"renewTime\":");
	else
		appendStringInfo(&out, ",\"spec\":{\"holderIdentity\":\"%s\",\"leaseDurationSeconds\":%d,\"renewTime\":", holder, ORCH_LEASE_DURATION_S);
	append_now(&out);
	if (step->acquires && step->what != ORCH_LEASE_RELEASE)
	{
		appendStringInfoString(&out, ",\"acquireTime\":");
		append_now(&out);
		appendStringInfo(&out, ",\"leaseTransitions\":" INT64_FORMAT, step->what == ORCH_LEASE_CREATE ? 0 : lease->seen_transitions + 1);
	}
	appendStringInfoString(&out, "}}");
	return out.data;
}
