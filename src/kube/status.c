/*-------------------------------------------------------------------------
 *
 * status.c
 *	  What the body of an answer says went wrong.
 *
 * The API server answers errors with a Status object; a proxy in front of it
 * answers with a web page.  Both become one short message.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/json_scan.h"
#include "kube/status.h"

/* Where the body is not a Status object. */
static char *
describe_page(OrchKubeTransfer *transfer, bool is_json)
{
	char		line[256];
	char	   *type = NULL;

	curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &type);
	if (is_json)
		snprintf(line, sizeof(line), "the server answered %ld", transfer->status);
	else
		snprintf(line, sizeof(line),
				 "the server answered %ld with %.100s instead of JSON",
				 transfer->status, type != NULL ? type : "no content type");
	for (char *p = line; *p != '\0'; p++)
	{
		if ((unsigned char) *p < ' ' || (unsigned char) *p >= 0x7F)
			*p = '?';
	}
	return strdup(line);
}

/*
 * Was a resource version asked for that the server has not reached?  That
 * happens after etcd was restored from a backup.
 */
static bool
says_future_version(const OrchKubeStatus *status, const OrchJsonField *causes)
{
	char	   *text = orch_json_text(causes);
	bool		found = text != NULL && strstr(text, "ResourceVersionTooLarge");

	free(text);
	return found || (status->message != NULL &&
					 strstr(status->message, "oo large resource version"));
}

bool
orch_kube_body_clean(const OrchKubeTransfer *transfer, OrchKubeBuffer *body,
					 bool *is_json)
{
	bool		refused = transfer->status >= 400;

	*is_json = false;
	if (transfer->raw && !refused)
		return true;
	if (transfer->plain_text && !refused)
		return orch_kube_text_clean_bytes(body);
	if (!orch_kube_text_clean(body))
		return false;
	*is_json = body->len > 0 && orch_json_scan(body->data, body->len, NULL, 0);
	return true;
}

bool
orch_kube_status_read(OrchKubeStatus *status, OrchKubeTransfer *transfer)
{
	OrchJsonField fields[] = {
		{.path = {"reason"}},
		{.path = {"message"}},
		{.path = {"details", "retryAfterSeconds"}},
		{.path = {"details", "causes"}}
	};

	memset(status, 0, sizeof(*status));
	status->retry_after_s = -1;
	if (!orch_kube_body_clean(transfer, &transfer->input, &status->is_json))
		return false;
	if (transfer->status < 400)
		return true;
	if (status->is_json)
	{
		(void) orch_json_scan(transfer->input.data, transfer->input.len,
							  fields, lengthof(fields));
		if (fields[0].kind == ORCH_JSON_STRING)
			status->reason = orch_json_text(&fields[0]);
		if (fields[1].kind == ORCH_JSON_STRING)
			status->message = orch_json_text(&fields[1]);
		status->retry_after_s = orch_json_long(&fields[2], -1);
		status->future_version = says_future_version(status, &fields[3]);
	}
	if (status->message == NULL)
		status->message = describe_page(transfer, status->is_json);
	return status->message != NULL;
}

void
orch_kube_status_free(OrchKubeStatus *status)
{
	free(status->reason);
	free(status->message);
	memset(status, 0, sizeof(*status));
}

long
orch_kube_retry_after_ms(OrchKubeTransfer *transfer,
						 const OrchKubeStatus *status, long cap_ms)
{
	curl_off_t	seconds = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &seconds);
	if (seconds <= 0)
		seconds = status->retry_after_s;
	if (seconds < 0)
		return -1;
	return seconds >= cap_ms / 1000 ? cap_ms : (long) seconds * 1000;
}
