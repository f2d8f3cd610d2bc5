/*
 * test_answer.c
 *	  What answers of an API server mean.  The messages are those of 1.36.3; see
 *	  the table in answer.c.
 */
#include "engine/kubernetes/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define CREATE ORCH_VERB_CREATE
#define APPLY ORCH_VERB_APPLY
#define DELETE ORCH_VERB_DELETE
#define LOOK ORCH_VERB_LOOK
#define RELABEL ORCH_VERB_RELABEL

/* what the body is */
#define NONE 0
#define OBJECT 1
#define FAILURE 2
#define SUCCESS 3
#define PAGE 4

typedef struct Case
{
	OrchVerb	verb;
	const char *kind;
	int			status;
	int			body;
	const char *message;
	OrchOutcome outcome;
	OrchReason	reason;
	const char *cause;
	bool		no_uid;
} Case;

#define MODIFIED(on) "Operation cannot be fulfilled on " on ": the object has been modified; please apply your changes to the latest version and try again"
#define APPLY_FAILED "Apply failed with 1 conflict: conflict with \"kubectl\" using v1: .data.a"
#define NO_OBJECT "Operation cannot be fulfilled on configmaps \"a\": uid mismatch: the provided object specified uid 1-2, and no existing object was found"
#define OTHER_UID "ConfigMap \"a\" is invalid: metadata.uid: Invalid value: \"1-2\": field is immutable"
#define NO_SUCH_API "the server could not find the requested resource"
#define TERMINATING "configmaps \"a\" is forbidden: unable to create new content in namespace f1 because it is being terminated"
#define QUOTA "configmaps \"a\" is forbidden: exceeded quota: q, requested: count/configmaps=1, used: count/configmaps=3, limited: count/configmaps=2"
#define RBAC "configmaps \"a\" is forbidden: User \"alice\" cannot patch resource \"configmaps\" in API group \"\" in the namespace \"default\""
#define UNKNOWN_FIELD "failed to create typed patch object (f1/a; /v1, Kind=ConfigMap): .nope: field not declared in schema"
#define DELETE_OTHER "Operation cannot be fulfilled on ConfigMap \"a\": the UID in the precondition (1-2) does not match the UID in record (3-4). The object might have been deleted and then recreated"
#define DELETE_OTHER_STORED "Operation cannot be fulfilled on namespaces \"a\": Precondition failed: UID in precondition: 1-2, UID in object meta: 3-4"
#define NOT_FOUND(what) what " not found"

static const Case cases[] = {
	/* creations: resourceVersion 1 */
	{CREATE, "ConfigMap", 201, OBJECT, NULL, ORCH_OUTCOME_DONE, 0},
	{CREATE, "ConfigMap", 202, OBJECT, NULL, ORCH_OUTCOME_DONE, 0},
	{CREATE, "ConfigMap", 200, OBJECT, NULL, ORCH_OUTCOME_EXISTS, 0},
	{CREATE, "ConfigMap", 409, FAILURE, MODIFIED("configmaps \"a\""), ORCH_OUTCOME_EXISTS, 0},
	{CREATE, "ConfigMap", 409, FAILURE, APPLY_FAILED, ORCH_OUTCOME_EXISTS, 0},
	{CREATE, "ConfigMap", 409, FAILURE, "configmaps \"a\" already exists", ORCH_OUTCOME_EXISTS, 0},
	{CREATE, "ConfigMap", 409, FAILURE, MODIFIED("resourcequotas \"q\""), ORCH_OUTCOME_FAILED, ORCH_REASON_BUSY},
	{CREATE, "ConfigMap", 404, FAILURE, NOT_FOUND("namespaces \"f1\""), ORCH_OUTCOME_FAILED, ORCH_REASON_NOT_FOUND},
	{CREATE, "ConfigMap", 403, FAILURE, TERMINATING, ORCH_OUTCOME_FAILED, ORCH_REASON_NAMESPACE_TERMINATING, "NamespaceTerminating"},
	{CREATE, "ConfigMap", 403, FAILURE, QUOTA, ORCH_OUTCOME_FAILED, ORCH_REASON_QUOTA_EXCEEDED},
	{CREATE, "ConfigMap", 403, FAILURE, RBAC, ORCH_OUTCOME_FAILED, ORCH_REASON_FORBIDDEN},
	{CREATE, "Service", 422, FAILURE, "Service \"a\" is invalid: spec.ports[0].nodePort: Invalid value: 32111: provided port is already allocated", ORCH_OUTCOME_FAILED, ORCH_REASON_INVALID},
	{CREATE, "Secret", 422, FAILURE, "Secret \"a\" is invalid: type: Invalid value: \"x\": field is immutable", ORCH_OUTCOME_FAILED, ORCH_REASON_INVALID},
	{CREATE, "ConfigMap", 201, NONE, NULL, ORCH_OUTCOME_FAILED, ORCH_REASON_UNEXPECTED},

	/* applies: by uid, forced */
	{APPLY, "ConfigMap", 200, OBJECT, NULL, ORCH_OUTCOME_DONE, 0},
	{APPLY, "ConfigMap", 201, OBJECT, NULL, ORCH_OUTCOME_DONE, 0},
	{APPLY, "ConfigMap", 200, NONE, NULL, ORCH_OUTCOME_FAILED, ORCH_REASON_UNEXPECTED},
	{APPLY, "ConfigMap", 200, PAGE, NULL, ORCH_OUTCOME_FAILED, ORCH_REASON_UNEXPECTED},
	{APPLY, "ConfigMap", 409, FAILURE, NO_OBJECT, ORCH_OUTCOME_GONE, 0},
	{APPLY, "ConfigMap", 422, FAILURE, OTHER_UID, ORCH_OUTCOME_GONE, 0},
	{APPLY, "Service", 422, FAILURE, "Service \"a\" is invalid: metadata.uid: Invalid value: \"1-2\": field is immutable", ORCH_OUTCOME_GONE, 0},
	{APPLY, "Job", 422, FAILURE, "Job.batch \"a\" is invalid: metadata.uid: Invalid value: \"1-2\": field is immutable", ORCH_OUTCOME_GONE, 0},
	{APPLY, "ConfigMap", 409, FAILURE, MODIFIED("configmaps \"my-uid\""), ORCH_OUTCOME_FAILED, ORCH_REASON_BUSY},
	{APPLY, "ConfigMap", 409, FAILURE, APPLY_FAILED, ORCH_OUTCOME_FAILED, ORCH_REASON_CONFLICT},
	{APPLY, "ConfigMap", 404, FAILURE, NOT_FOUND("namespaces \"f1\""), ORCH_OUTCOME_FAILED, ORCH_REASON_NOT_FOUND},
	{APPLY, "Job", 422, FAILURE, "Job.batch \"a\" is invalid: spec.template: Invalid value: {\"labels\":{}}: field is immutable", ORCH_OUTCOME_REFUSED_CHANGE, ORCH_REASON_INVALID},
	{APPLY, "Secret", 422, FAILURE, "Secret \"a\" is invalid: [type: Invalid value: \"x\": field is immutable, data[username]: Required value]", ORCH_OUTCOME_REFUSED_CHANGE, ORCH_REASON_INVALID},
	{APPLY, "Secret", 422, FAILURE, "Secret \"a\" is invalid: data: Forbidden: field is immutable when `immutable` is set", ORCH_OUTCOME_REFUSED_CHANGE, ORCH_REASON_INVALID},
	{APPLY, "PersistentVolumeClaim", 422, FAILURE, "PersistentVolumeClaim \"a\" is invalid: spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims", ORCH_OUTCOME_REFUSED_CHANGE, ORCH_REASON_INVALID},
	{APPLY, "Deployment", 422, FAILURE, "Deployment.apps \"a\" is invalid: spec.selector: Invalid value: {\"matchLabels\":{\"a\":\"c\"}}: field is immutable", ORCH_OUTCOME_REFUSED_CHANGE, ORCH_REASON_INVALID},
	{APPLY, "StatefulSet", 422, FAILURE, "StatefulSet.apps \"a\" is invalid: spec: Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden", ORCH_OUTCOME_REFUSED_CHANGE, ORCH_REASON_INVALID},
	{APPLY, "Service", 422, FAILURE, "Service \"a\" is invalid: spec.clusterIPs[0]: Invalid value: [\"None\"]: may not change once set", ORCH_OUTCOME_REFUSED_CHANGE, ORCH_REASON_INVALID},
	{APPLY, "Service", 422, FAILURE, "Service \"a\" is invalid: spec.ports[1].name: Required value", ORCH_OUTCOME_REFUSED_CHANGE, ORCH_REASON_INVALID},
	{APPLY, "Job", 422, FAILURE, "Job.batch \"a\" is invalid: spec.template: field is immutable", ORCH_OUTCOME_FAILED, ORCH_REASON_INVALID, NULL, true},
	{APPLY, "Secret", 422, FAILURE, "Secret \"immutable\" is invalid: data[a]: Too long", ORCH_OUTCOME_FAILED, ORCH_REASON_INVALID},
	{APPLY, "Ingress", 422, FAILURE, "Ingress.networking.k8s.io \"a\" is invalid: spec.rules[0].http.paths[0].path: Invalid value: \"nope\": must be an absolute path", ORCH_OUTCOME_FAILED, ORCH_REASON_INVALID},
	{APPLY, "ConfigMap", 500, FAILURE, UNKNOWN_FIELD, ORCH_OUTCOME_FAILED, ORCH_REASON_INVALID},
	{APPLY, "ConfigMap", 500, FAILURE, "etcdserver: request timed out", ORCH_OUTCOME_FAILED, ORCH_REASON_SERVER_ERROR},
	{APPLY, "ConfigMap", 503, PAGE, NULL, ORCH_OUTCOME_FAILED, ORCH_REASON_SERVER_ERROR},
	{APPLY, "ConfigMap", 408, PAGE, NULL, ORCH_OUTCOME_FAILED, ORCH_REASON_SERVER_ERROR},
	{APPLY, "ConfigMap", 400, FAILURE, "the name of the object (t) does not match the name on the URL (s)", ORCH_OUTCOME_FAILED, ORCH_REASON_INVALID},
	{APPLY, "ConfigMap", 413, FAILURE, "Request entity too large: limit is 3145728", ORCH_OUTCOME_FAILED, ORCH_REASON_INVALID},
	{APPLY, "ConfigMap", 415, FAILURE, "415: Unsupported Media Type", ORCH_OUTCOME_FAILED, ORCH_REASON_INVALID},
	{APPLY, "ConfigMap", 401, FAILURE, "Unauthorized", ORCH_OUTCOME_FAILED, ORCH_REASON_UNAUTHORIZED},
	{APPLY, "ConfigMap", 429, FAILURE, "Too many requests, please try again later.", ORCH_OUTCOME_FAILED, ORCH_REASON_TOO_MANY_REQUESTS},
	{APPLY, "ConfigMap", 302, PAGE, NULL, ORCH_OUTCOME_FAILED, ORCH_REASON_UNEXPECTED},
	{APPLY, "ConfigMap", 0, NONE, "cannot reach 10.0.0.1", ORCH_OUTCOME_FAILED, ORCH_REASON_UNREACHABLE},
	{APPLY, "ConfigMap", 0, NONE, NULL, ORCH_OUTCOME_FAILED, ORCH_REASON_UNREACHABLE},

	/* deletions: by uid */
	{DELETE, "ConfigMap", 200, SUCCESS, NULL, ORCH_OUTCOME_GONE, 0},
	{DELETE, "Deployment", 200, OBJECT, NULL, ORCH_OUTCOME_DELETING, 0},
	{DELETE, "Job", 202, OBJECT, NULL, ORCH_OUTCOME_DELETING, 0},
	{DELETE, "Job", 202, SUCCESS, NULL, ORCH_OUTCOME_DELETING, 0},
	{DELETE, "ConfigMap", 200, OBJECT, NULL, ORCH_OUTCOME_GONE, 0, NULL, true},
	{DELETE, "ConfigMap", 200, PAGE, NULL, ORCH_OUTCOME_FAILED, ORCH_REASON_UNEXPECTED},
	{DELETE, "ConfigMap", 404, FAILURE, NOT_FOUND("configmaps \"a\""), ORCH_OUTCOME_GONE, 0},
	{DELETE, "ConfigMap", 404, FAILURE, NO_SUCH_API, ORCH_OUTCOME_FAILED, ORCH_REASON_NOT_FOUND},
	{DELETE, "ConfigMap", 404, PAGE, NULL, ORCH_OUTCOME_FAILED, ORCH_REASON_NOT_FOUND},
	{DELETE, "ConfigMap", 409, FAILURE, DELETE_OTHER, ORCH_OUTCOME_GONE, 0},
	{DELETE, "Namespace", 409, FAILURE, DELETE_OTHER_STORED, ORCH_OUTCOME_GONE, 0},
	{DELETE, "Namespace", 409, FAILURE, "Operation cannot be fulfilled on namespaces \"a\": The system is ensuring all content is removed from this namespace.", ORCH_OUTCOME_DELETING, 0},
	{DELETE, "ConfigMap", 409, FAILURE, MODIFIED("configmaps \"a\""), ORCH_OUTCOME_FAILED, ORCH_REASON_BUSY},
	{DELETE, "Secret", 403, FAILURE, "secrets \"a\" is forbidden: User \"alice\" cannot delete resource", ORCH_OUTCOME_FAILED, ORCH_REASON_FORBIDDEN},
	{DELETE, "Secret", 0, NONE, NULL, ORCH_OUTCOME_FAILED, ORCH_REASON_UNREACHABLE},

	/* looks */
	{LOOK, "ConfigMap", 200, OBJECT, NULL, ORCH_OUTCOME_FOUND, 0},
	{LOOK, "ConfigMap", 200, PAGE, NULL, ORCH_OUTCOME_FAILED, ORCH_REASON_UNEXPECTED},
	{LOOK, "ConfigMap", 404, FAILURE, NOT_FOUND("configmaps \"a\""), ORCH_OUTCOME_GONE, 0},
	{LOOK, "Ingress", 404, FAILURE, NO_SUCH_API, ORCH_OUTCOME_FAILED, ORCH_REASON_NOT_FOUND},
	{LOOK, "ConfigMap", 404, PAGE, NULL, ORCH_OUTCOME_FAILED, ORCH_REASON_NOT_FOUND},
	{LOOK, "ConfigMap", 403, FAILURE, RBAC, ORCH_OUTCOME_FAILED, ORCH_REASON_FORBIDDEN},
	{LOOK, "ConfigMap", 0, NONE, "no answer", ORCH_OUTCOME_FAILED, ORCH_REASON_UNREACHABLE},

	/* another owner in the label: by uid */
	{RELABEL, "PersistentVolumeClaim", 200, OBJECT, NULL, ORCH_OUTCOME_DONE, 0},
	{RELABEL, "PersistentVolumeClaim", 200, PAGE, NULL, ORCH_OUTCOME_FAILED, ORCH_REASON_UNEXPECTED},
	{RELABEL, "PersistentVolumeClaim", 404, FAILURE, NOT_FOUND("persistentvolumeclaims \"a\""), ORCH_OUTCOME_GONE, 0},
	{RELABEL, "PersistentVolumeClaim", 404, PAGE, NULL, ORCH_OUTCOME_FAILED, ORCH_REASON_NOT_FOUND},
	{RELABEL, "PersistentVolumeClaim", 409, FAILURE, DELETE_OTHER_STORED, ORCH_OUTCOME_GONE, 0},
	{RELABEL, "PersistentVolumeClaim", 422, FAILURE, OTHER_UID, ORCH_OUTCOME_GONE, 0},
	{RELABEL, "PersistentVolumeClaim", 409, FAILURE, MODIFIED("persistentvolumeclaims \"a\""), ORCH_OUTCOME_FAILED, ORCH_REASON_BUSY},
	{RELABEL, "PersistentVolumeClaim", 403, FAILURE, RBAC, ORCH_OUTCOME_FAILED, ORCH_REASON_FORBIDDEN},
};

static OrchKubeAnswer
answer_of(const Case *c)
{
	OrchKubeAnswer answer = {.http_status = c->status, .message = c->message, .cause = c->cause};

	answer.is_status = c->body == FAILURE || c->body == SUCCESS;
	answer.is_success = c->body == SUCCESS;
	answer.has_object = c->body == OBJECT;
	return answer;
}

static void
every_case(void **state)
{
	(void) state;
	for (size_t i = 0; i < lengthof(cases); i++)
	{
		OrchKubeAnswer answer = answer_of(&cases[i]);
		OrchKubeVerdict verdict = orch_kube_answer_judge(cases[i].verb, cases[i].kind, !cases[i].no_uid, &answer);

		if (verdict.outcome != cases[i].outcome || verdict.reason != cases[i].reason)
			fail_msg("case %zu (verb %d, status %d, %s): outcome %d, reason %d", i, cases[i].verb, cases[i].status,
					 cases[i].message ? cases[i].message : "", verdict.outcome, verdict.reason);
	}
}

/*
 * What holds for every status, body and message: what proves nothing changes
 * nothing, and a failure has a reason.
 */
static void
every_combination(void **state)
{
	(void) state;
	for (size_t i = 0; i < lengthof(cases); i++)
	{
		for (int status = 0; status < 600; status++)
		{
			for (int body = NONE; body <= PAGE; body++)
			{
				for (OrchVerb verb = CREATE; verb <= RELABEL; verb++)
				{
					Case		c = cases[i];
					OrchKubeAnswer answer;
					OrchKubeVerdict verdict;

					c.status = status;
					c.body = body;
					answer = answer_of(&c);
					verdict = orch_kube_answer_judge(verb, c.kind, true, &answer);

					assert_true((verdict.reason != ORCH_REASON_NONE) ==
								(verdict.outcome == ORCH_OUTCOME_FAILED || verdict.outcome == ORCH_OUTCOME_REFUSED_CHANGE));
					/* an object is taken for ours only if one came */
					if (verdict.outcome == ORCH_OUTCOME_DONE || verdict.outcome == ORCH_OUTCOME_FOUND)
						assert_true(answer.has_object && status >= 200 && status < 300);
					/* nothing is gone because a proxy, a broken connection or a server in trouble said something */
					if (verdict.outcome == ORCH_OUTCOME_GONE)
						assert_true(status == 200 || status == 404 || status == 409 || status == 422);
					if (verdict.outcome == ORCH_OUTCOME_GONE && (status == 200 || status == 404))
						assert_true(answer.is_status);
					/* what is to be made is never proven to be gone, what is looked at never changed */
					if (verb == CREATE)
						assert_true(verdict.outcome == ORCH_OUTCOME_DONE || verdict.outcome == ORCH_OUTCOME_EXISTS ||
									verdict.outcome == ORCH_OUTCOME_FAILED);
					if (verdict.outcome == ORCH_OUTCOME_REFUSED_CHANGE)
						assert_true(verb == APPLY && status == 422);
				}
			}
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case),
		cmocka_unit_test(every_combination),
	};

	return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
