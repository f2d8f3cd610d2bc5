/*
 * objects.c
 *	  Kubernetes' JSON as what seen.h has of objects and instances.
 */
#include "postgres.h"

#include "core/compat.h"
#include "engine/instance.h"
#include "engine/kubernetes/facts.h"
#include "engine/kubernetes/pod_facts.h"
#include "engine/kubernetes/slim.h"

/*
 * Into a field of fixed size; empty when there is none or it does not fit.
 */
static void
copy_bounded(char *target, size_t size, OrchText text)
{
	if (text.data == NULL || text.length >= size)
		text.length = 0;
	if (text.length > 0)
		memcpy(target, text.data, text.length);
	target[text.length] = '\0';
}

static const char *
copy_or_empty(OrchText text)
{
	return text.data != NULL ? orch_text_copy(text) : "";
}

static bool
is_of(JsonbContainer *labels, const char *installation)
{
	return installation != NULL && orch_text_is(orch_json_string(labels, ORCH_LABEL_INSTALLATION), installation);
}

/*
 * As a row gives it back, so that what was stored is not taken for something new
 * by whoever has read it there.
 */
static char *
as_stored(char *facts)
{
	Jsonb	   *stored = orch_jsonb_parse(facts);

	return stored != NULL ? JsonbToCString(NULL, &stored->root, VARSIZE(stored)) : facts;
}

static void
object_seen(const char *kind, JsonbContainer *object, const char *installation, OrchSeen *seen)
{
	JsonbContainer *metadata = orch_json_object(object, "metadata");
	JsonbContainer *labels = orch_json_object(metadata, "labels");
	JsonbValue	deletion;

	memset(seen, 0, sizeof(*seen));
	copy_bounded(seen->uid, sizeof(seen->uid), orch_json_string(metadata, "uid"));
	copy_bounded(seen->version, sizeof(seen->version), orch_json_string(metadata, "resourceVersion"));
	if (!orch_json_integer(metadata, "generation", &seen->generation))
		seen->generation = 0;
	seen->terminating = orch_json_member(metadata, "deletionTimestamp", &deletion);
	seen->is_labelled = is_of(labels, installation);
	seen->api_version = orch_text_copy(orch_json_string(object, "apiVersion"));
	seen->place = copy_or_empty(orch_json_string(metadata, "namespace"));
	seen->name = copy_or_empty(orch_json_string(metadata, "name"));
	seen->owner = orch_text_copy(orch_json_string(labels, ORCH_LABEL_OWNER));
	seen->fingerprint_digest = orch_kube_fingerprint(object, &seen->is_applied);
	seen->fingerprint = orch_kube_digest_text(seen->fingerprint_digest);
	seen->facts = as_stored(orch_kube_object_facts(kind, object, &seen->ended));
	seen->facts_digest = orch_digest(seen->facts, strlen(seen->facts));
}

static const char *
time_of(OrchText text)
{
	int64		seconds;

	return orch_text_seconds(text, &seconds) ? orch_text_copy(text) : NULL;
}

static bool
pod_seen(JsonbContainer *pod, const char *installation, OrchSeenInstance *instance)
{
	JsonbContainer *status = orch_json_object(pod, "status");
	JsonbContainer *labels;
	OrchPodParts parts;
	JsonbValue	deletion;

	orch_pod_parts_read(pod, &parts);
	labels = orch_json_object(parts.metadata, "labels");
	memset(instance, 0, sizeof(*instance));
	copy_bounded(instance->uid, sizeof(instance->uid), orch_json_string(parts.metadata, "uid"));
	copy_bounded(instance->version, sizeof(instance->version), orch_json_string(parts.metadata, "resourceVersion"));
	instance->container_id = is_of(labels, installation) ? orch_text_number(orch_json_string(labels, ORCH_LABEL_CONTAINER)) : 0;
	instance->terminating = orch_json_member(parts.metadata, "deletionTimestamp", &deletion);
	instance->ready = parts.ready;
	instance->restart_count = (int32) Min(parts.restarts, PG_INT32_MAX);
	instance->place = copy_or_empty(orch_json_string(parts.metadata, "namespace"));
	instance->name = copy_or_empty(orch_json_string(parts.metadata, "name"));
	instance->template_hash = orch_text_copy(orch_text_or(orch_json_string(labels, "pod-template-hash"), orch_json_string(labels, "controller-uid")));
	instance->node_name = orch_text_copy(orch_json_string(orch_json_object(pod, "spec"), "nodeName"));
	instance->ip = orch_instance_address(orch_json_string(status, "podIP"));
	instance->phase = orch_text_copy(orch_text_or(orch_json_string(status, "phase"), (OrchText) {"Unknown", strlen("Unknown")}));
	instance->reason = orch_text_copy(orch_text_or(orch_text_or(parts.waiting_reason, parts.ended_reason),
												   orch_text_or(parts.reason, parts.unscheduled_reason)));
	instance->message = orch_text_copy(orch_text_or(orch_text_or(parts.waiting_message, parts.ended_message),
													orch_text_or(parts.message, parts.unscheduled_message)));
	instance->started_at = time_of(orch_json_string(status, "startTime"));
	instance->facts = orch_pod_parts_facts(&parts);
	instance->digest = orch_instance_digest(instance);
	return instance->uid[0] != '\0' && instance->name[0] != '\0';
}

void
orch_kube_object_seen(const char *kind, Jsonb *object, const char *installation, OrchSeen *seen)
{
	object_seen(kind, &object->root, installation, seen);
}

bool
orch_kube_pod_seen(Jsonb *pod, const char *installation, OrchSeenInstance *instance)
{
	return pod_seen(&pod->root, installation, instance);
}

/*
 * Without what nobody reads; NULL for what jsonb does not take.
 */
static Jsonb *
parse(const char *kind, const char *json, size_t length)
{
	const char *slim = orch_kube_slim(kind, json, length);

	return orch_jsonb_parse(slim != NULL ? slim : pnstrdup(json, length));
}

bool
orch_kube_object_seen_from_text(const char *kind, const char *json, size_t length, const char *installation, OrchSeen *seen)
{
	Jsonb	   *object = parse(kind, json, length);

	memset(seen, 0, sizeof(*seen));
	if (object != NULL)
		object_seen(kind, &object->root, installation, seen);
	return seen->uid[0] != '\0';
}

bool
orch_kube_pod_seen_from_text(const char *json, size_t length, const char *installation, OrchSeenInstance *instance)
{
	Jsonb	   *pod = parse("Pod", json, length);

	memset(instance, 0, sizeof(*instance));
	return pod != NULL && pod_seen(&pod->root, installation, instance);
}

bool
orch_kube_next_object(const char **at, const char *end, const char **json, size_t *length)
{
	/* between objects there are brackets, commas and blanks */
	*json = memchr(*at, '{', end - *at);
	*at = *json != NULL ? orch_json_skip(*json, end) : end;
	*length = *json != NULL ? *at - *json : 0;
	return *json != NULL;
}
