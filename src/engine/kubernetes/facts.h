/*
 * facts.h
 *	  Kubernetes' JSON as what seen.h has of objects and instances.
 *
 * Strings are allocated in the current memory context.  Nothing here throws for
 * what a server may answer, only for want of memory: what is malformed is absent.
 */
#pragma once

#include "engine/seen.h"
#include "utils/jsonb.h"

/* the field manager of our applies, which is what makes an object ours */
#define ORCH_FIELD_MANAGER "orchestration"

#define ORCH_LABEL_INSTALLATION "orchestration.dev/installation"
#define ORCH_LABEL_OWNER "orchestration.dev/owner"
#define ORCH_LABEL_CONTAINER "orchestration.dev/container-id"

/* characters of a message that are kept */
#define ORCH_KUBE_MESSAGE_CHARACTERS 1000

/*
 * What is told of an object of this kind; lists leave the kind out of their
 * objects.  An object without a usable uid gets an empty one.  installation NULL:
 * none is ours.
 */
extern void orch_kube_object_seen(const char *kind, Jsonb *object, const char *installation, OrchSeen *seen);

/*
 * False when it has no usable uid or name.  container_id is 0 when it lacks the
 * label of the installation.
 */
extern bool orch_kube_pod_seen(Jsonb *pod, const char *installation, OrchSeenInstance *instance);

/*
 * The same for text, several times faster than by way of jsonb, since what nobody
 * reads is not parsed.  False also for what jsonb does not take, and for an object
 * without a usable uid.
 */
extern bool orch_kube_object_seen_from_text(const char *kind, const char *json, size_t length, const char *installation, OrchSeen *seen);
extern bool orch_kube_pod_seen_from_text(const char *json, size_t length, const char *installation, OrchSeenInstance *instance);

/*
 * The objects of an array, one after the other, so that a page of a list need not
 * become one value.  *at starts as the text, whose grammar has been checked; false
 * at its end.
 */
extern bool orch_kube_next_object(const char **at, const char *end, const char **json, size_t *length);

/* parts of the above */
extern OrchDigest orch_kube_fingerprint(JsonbContainer *object, bool *is_applied);
extern char *orch_kube_digest_text(OrchDigest digest);	/* NULL for none */
extern char *orch_kube_object_facts(const char *kind, JsonbContainer *object, bool *ended);
extern char *orch_kube_pod_facts(JsonbContainer *pod);
