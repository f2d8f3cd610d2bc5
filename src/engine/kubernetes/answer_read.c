/*
 * answer_read.c
 *	  Reads an answer of an API server: what it is judged by, and the object in it.
 */
#include "postgres.h"

#include "core/compat.h"
#include "engine/kubernetes/answer.h"
#include "engine/kubernetes/facts.h"
#include "engine/json.h"
#include "engine/kubernetes/slim.h"

static void
read_status(JsonbContainer *body, OrchKubeAnswer *answer)
{
	JsonbContainer *causes = orch_json_array(orch_json_object(body, "details"), "causes");
	char	   *message = orch_text_copy(orch_json_string(body, "message"));

	answer->is_status = true;
	answer->is_success = orch_text_is(orch_json_string(body, "status"), "Success");
	answer->cause = orch_text_copy(orch_json_string(orch_json_element(causes, 0), "reason"));
	if (message != NULL)
		answer->message = message;
}

static char *
message_for_people(const OrchKubeAnswer *answer)
{
	OrchText	whole;

	if (answer->message == NULL)
		return psprintf("HTTP status %d", answer->http_status);
	whole.data = answer->message;
	whole.length = strlen(answer->message);
	return orch_text_copy(orch_text_first(whole, ORCH_KUBE_ERROR_CHARACTERS));
}

void
orch_kube_result_of(OrchVerb verb, const char *kind, bool had_uid, int http_status, const char *error, Jsonb *body,
					const char *installation, OrchKubeResult *result)
{
	OrchKubeAnswer answer = {.http_status = http_status, .message = error};
	OrchKubeVerdict verdict;

	memset(result, 0, sizeof(*result));
	if (body != NULL && orch_text_is(orch_json_string(&body->root, "kind"), "Status"))
		read_status(&body->root, &answer);
	else if (body != NULL)
	{
		orch_kube_object_seen(kind, body, installation, &result->seen);
		answer.has_object = result->has_seen = result->seen.uid[0] != '\0';
	}
	verdict = orch_kube_answer_judge(verb, kind, had_uid, &answer);
	result->outcome = verdict.outcome;
	result->reason = verdict.reason;
	if (verdict.reason != ORCH_REASON_NONE)
		result->message = message_for_people(&answer);
}

void
orch_kube_result(OrchVerb verb, const char *kind, bool had_uid, const OrchKubeResponse *response,
				 const char *installation, OrchKubeResult *result)
{
	char	   *slim = response->body_is_json ? orch_kube_slim(kind, response->body, response->body_len) : NULL;
	Jsonb	   *body = slim != NULL ? orch_jsonb_parse(slim) : NULL;

	orch_kube_result_of(verb, kind, had_uid, response->error == ORCH_KUBE_ERROR_NONE ? (int) response->http_status : 0,
						response->message, body, installation, result);
}
