/*
 * answer.c
 *	  What one answer of an API server means.
 *
 * What API server 1.36.3 answers, each tried:
 *
 *	CREATE	server-side apply with resourceVersion "1", not forced
 *		nothing there			201, the object
 *		there, whoever's		409 Conflict: ... the object has been modified ...
 *		there, fields differ	409 Conflict: Apply failed with 1 conflict: ...
 *		there, terminating		409 Conflict: ... the object has been modified ...
 *		no namespace			404 NotFound: namespaces "x" not found
 *		namespace terminating	403 Forbidden, cause NamespaceTerminating
 *		over quota				403 Forbidden: ... exceeded quota: ...
 *		quota just counted		409 Conflict: ... on resourcequotas "x": the object has been modified
 *								(not tried; by source), which says nothing of the object
 *	APPLY	with metadata.uid, forced
 *		it is there				200, the object, also when nothing changes and when it is terminating
 *		nothing there			409 Conflict: ... uid mismatch: ... no existing object was found
 *		no namespace			the same 409
 *		namespace terminating	the same 409, if the object is gone
 *		another is there		422 Invalid: ... metadata.uid: Invalid value: "x": field is immutable
 *		immutable, by kind:
 *		Job						422 spec.template: Invalid value: {...}: field is immutable
 *		Secret					422 type: ...: field is immutable; data: Forbidden: field is immutable when `immutable` is set
 *		ConfigMap				422 data: Forbidden: field is immutable when `immutable` is set
 *		Deployment				422 spec.selector: Invalid value: {...}: field is immutable
 *		PersistentVolumeClaim	422 spec: Forbidden: spec is immutable after creation except resources.requests ...
 *		Service					422 spec.clusterIPs[0]: Invalid value: ["x"]: may not change once set
 *		StatefulSet				422 spec: Forbidden: updates to statefulset spec for fields other than ...
 *		CronJob, Ingress		none: every field can be changed
 *		somebody's port beside ours, in a Service: 422 spec.ports[1].name: Required value, or Duplicate value
 *	both
 *		unknown field, bad type	500 without reason: failed to create typed patch object (...)
 *		invalid					422 Invalid
 *		too large				413 RequestEntityTooLarge; 422 Invalid from 1 MiB of a config map
 *		not allowed				403 Forbidden
 *		wrong token				401 Unauthorized
 *	DELETE	with preconditions.uid
 *		gone at once			200, Status Success; a Service: 200, the object without deletionTimestamp
 *		has finalizers, or is a claim or a namespace
 *								200, the object with deletionTimestamp; again: the same
 *		nothing there			404 NotFound: x "y" not found
 *		another is there		409 Conflict: ... the UID in the precondition (...) does not match the UID in record (...)
 *								or: ... Precondition failed: UID in precondition: ...
 *	RELABEL	a merge patch with metadata.uid
 *		nothing there			404 NotFound: x "y" not found
 *		another is there		422 Invalid: metadata.uid: Invalid value: "...": field is immutable
 *	LOOK	GET
 *		nothing there			404 NotFound: x "y" not found, also without its namespace
 *		no such API				404 NotFound: the server could not find the requested resource; 404 and a page of text
 */
#include "engine/kubernetes/answer.h"

/* An object's name has no blanks, so that none can pass for one of these. */
static const char *const uid_phrases[] = {"uid mismatch", "UID in precondition", "UID in the precondition", NULL};

static const char *const immutable_phrases[] = {"is immutable", "may not change once set", "updates to statefulset spec for fields other than", NULL};

/* what else is written while an object is admitted */
static const char *const bystander_phrases[] = {"on resourcequotas ", "on serviceipallocations ", "on servicenodeportallocations ", NULL};

static bool
says(const OrchKubeAnswer *answer, const char *phrase)
{
	return answer->message != NULL && strstr(answer->message, phrase) != NULL;
}

static bool
says_one_of(const OrchKubeAnswer *answer, const char *const *phrases)
{
	while (*phrases != NULL && !says(answer, *phrases))
		phrases++;
	return *phrases != NULL;
}

static bool
is_cause(const OrchKubeAnswer *answer, const char *reason)
{
	return answer->cause != NULL && strcmp(answer->cause, reason) == 0;
}

static OrchReason
reason_of_forbidden(const OrchKubeAnswer *answer)
{
	if (is_cause(answer, "NamespaceTerminating"))
		return ORCH_REASON_NAMESPACE_TERMINATING;
	return says(answer, "exceeded quota") ? ORCH_REASON_QUOTA_EXCEEDED : ORCH_REASON_FORBIDDEN;
}

static bool
is_invalid(const OrchKubeAnswer *answer)
{
	static const int statuses[] = {400, 405, 406, 413, 415, 422};

	for (int i = 0; i < lengthof(statuses); i++)
	{
		if (answer->http_status == statuses[i])
			return true;
	}
	return says(answer, "failed to create typed patch object");
}

/*
 * Names a failure.
 */
OrchReason
orch_kube_answer_reason(const OrchKubeAnswer *answer)
{
	switch (answer->http_status)
	{
		case 0:
			return ORCH_REASON_UNREACHABLE;
		case 401:
			return ORCH_REASON_UNAUTHORIZED;
		case 403:
			return reason_of_forbidden(answer);
		case 404:
			return ORCH_REASON_NOT_FOUND;
		case 409:
			return says(answer, "Apply failed") ? ORCH_REASON_CONFLICT : ORCH_REASON_BUSY;
		case 429:
			return ORCH_REASON_TOO_MANY_REQUESTS;
	}
	if (is_invalid(answer))
		return ORCH_REASON_INVALID;
	if (answer->http_status >= 500 || answer->http_status == 408)
		return ORCH_REASON_SERVER_ERROR;
	return ORCH_REASON_UNEXPECTED;
}

/*
 * Nothing is gone because somebody in between does not know the way, or because
 * the server does not know the kind (yet).
 */
static bool
proves_absence(const OrchKubeAnswer *answer)
{
	return answer->http_status == 404 && answer->is_status && !says(answer, "could not find the requested resource");
}

/*
 * 200: a server that heeds no resourceVersion has changed what was there.  Whose
 * it is has to be looked at before anything else is done with it.
 */
static OrchOutcome
outcome_of_create(const OrchKubeAnswer *answer)
{
	if ((answer->http_status == 201 || answer->http_status == 202) && answer->has_object)
		return ORCH_OUTCOME_DONE;
	if (answer->http_status == 200 && answer->has_object)
		return ORCH_OUTCOME_EXISTS;
	if (answer->http_status == 409 && !says_one_of(answer, bystander_phrases))
		return ORCH_OUTCOME_EXISTS;
	return ORCH_OUTCOME_FAILED;
}

static OrchOutcome
outcome_of_apply(const char *kind, bool had_uid, const OrchKubeAnswer *answer)
{
	if (answer->http_status >= 200 && answer->http_status <= 202 && answer->has_object)
		return ORCH_OUTCOME_DONE;
	if (answer->http_status == 409 && says_one_of(answer, uid_phrases))
		return ORCH_OUTCOME_GONE;
	if (answer->http_status != 422 || !had_uid)
		return ORCH_OUTCOME_FAILED;
	if (says(answer, "metadata.uid: Invalid value"))
		return ORCH_OUTCOME_GONE;

	/* of a Service anything may be somebody's port beside ours, which no apply can take away */
	if (strcmp(kind, "Service") == 0 || says_one_of(answer, immutable_phrases))
		return ORCH_OUTCOME_REFUSED_CHANGE;
	return ORCH_OUTCOME_FAILED;
}

static OrchOutcome
outcome_of_delete(const char *kind, bool had_uid, const OrchKubeAnswer *answer)
{
	bool		accepted = (answer->http_status == 200 || answer->http_status == 202) && (answer->is_status || answer->has_object);

	if (proves_absence(answer) || (answer->http_status == 409 && says_one_of(answer, uid_phrases)))
		return ORCH_OUTCOME_GONE;
	if (answer->http_status == 200 && answer->is_status && answer->is_success)
		return ORCH_OUTCOME_GONE;
	/* an event was faster: what was there is gone */
	if (accepted)
		return had_uid ? ORCH_OUTCOME_DELETING : ORCH_OUTCOME_GONE;
	/* older servers say so of one that is going already */
	if (answer->http_status == 409 && strcmp(kind, "Namespace") == 0)
		return ORCH_OUTCOME_DELETING;
	return ORCH_OUTCOME_FAILED;
}

static OrchOutcome
outcome_of_look(const OrchKubeAnswer *answer)
{
	if (answer->http_status == 200 && answer->has_object)
		return ORCH_OUTCOME_FOUND;
	return proves_absence(answer) ? ORCH_OUTCOME_GONE : ORCH_OUTCOME_FAILED;
}

static bool
names_other_uid(const OrchKubeAnswer *answer)
{
	return (answer->http_status == 409 && says_one_of(answer, uid_phrases)) ||
		(answer->http_status == 422 && says(answer, "metadata.uid: Invalid value"));
}

static OrchOutcome
outcome_of_relabel(const OrchKubeAnswer *answer)
{
	if (answer->http_status == 200 && answer->has_object)
		return ORCH_OUTCOME_DONE;
	if (proves_absence(answer) || names_other_uid(answer))
		return ORCH_OUTCOME_GONE;
	return ORCH_OUTCOME_FAILED;
}

OrchKubeVerdict
orch_kube_answer_judge(OrchVerb verb, const char *kind, bool had_uid, const OrchKubeAnswer *answer)
{
	OrchKubeVerdict verdict = {ORCH_OUTCOME_FAILED, ORCH_REASON_NONE};

	if (verb == ORCH_VERB_CREATE)
		verdict.outcome = outcome_of_create(answer);
	else if (verb == ORCH_VERB_APPLY)
		verdict.outcome = outcome_of_apply(kind, had_uid, answer);
	else if (verb == ORCH_VERB_DELETE)
		verdict.outcome = outcome_of_delete(kind, had_uid, answer);
	else if (verb == ORCH_VERB_LOOK)
		verdict.outcome = outcome_of_look(answer);
	else if (verb == ORCH_VERB_RELABEL)
		verdict.outcome = outcome_of_relabel(answer);
	if (verdict.outcome == ORCH_OUTCOME_FAILED || verdict.outcome == ORCH_OUTCOME_REFUSED_CHANGE)
		verdict.reason = orch_kube_answer_reason(answer);
	return verdict;
}
