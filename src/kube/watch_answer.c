/*-------------------------------------------------------------------------
 *
 * watch_answer.c
 *	  What the end of a list page or of a stream means for a watch.
 *
 * Called from perform() when libcurl is done with the transfer.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/json_scan.h"
#include "kube/watch_internal.h"

/*
 * A stream that ends sooner, without a line, is an error and not an end; a
 * longer one was cut by a server that restarts, which is not worth a word.
 */
#define SHORT_STREAM_MS 1000

typedef enum Field
{
	FIELD_ITEMS,
	FIELD_VERSION,
	FIELD_CONTINUE,
	FIELD_COUNT
} Field;

/* The failure of whatever the watch was doing. */
static void
fail(OrchKubeWatch *watch, const char *message, long code, long retry_after_ms)
{
	if (watch->streaming)
		orch_watch_fail_stream(watch, message, code, retry_after_ms);
	else
		orch_watch_fail(watch, watch->step, message, code, retry_after_ms);
}

static void
fail_transfer(OrchKubeWatch *watch, CURLcode code)
{
	char		message[ORCH_KUBE_ERROR_SIZE];
	OrchKubeError error = orch_kube_transfer_error(&watch->transfer, code);

	watch->unreached = error == ORCH_KUBE_ERROR_CONNECT ||
		error == ORCH_KUBE_ERROR_TLS;
	orch_kube_transfer_message(&watch->transfer, code, message, sizeof(message));
	fail(watch, message, -(long) code, -1);
}

static void
expired(OrchKubeWatch *watch, const char *message)
{
	/* a plain watch goes back to a list not older than what it has seen */
	bool		fresh = watch->step != ORCH_STEP_WATCH;

	if (watch->step == ORCH_STEP_PAGE)
		watch->expired_lists++;
	orch_watch_relist(watch, fresh, message);
}

/* Tries again with another token, once. */
static bool
reauthenticate(OrchKubeWatch *watch)
{
	if (watch->reauthenticated ||
		!orch_kube_credentials_reject(&watch->client->credentials,
									  watch->transfer.token_generation,
									  orch_kube_now()))
		return false;
	watch->reauthenticated = true;
	orch_watch_goto(watch, watch->step);
	return true;
}

/* An answer other than 200. */
static void
refused(OrchKubeWatch *watch)
{
	OrchKubeTransfer *transfer = &watch->transfer;
	OrchKubeStatus status;
	long		code = transfer->status;

	if (!orch_kube_status_read(&status, transfer))
		fail(watch, "out of memory", 0, -1);
	else if (status.future_version)
		orch_watch_relist(watch, true, status.message);
	else if (code == 410)
		expired(watch, status.message);
	else if ((code == 400 || code == 422) && watch->initial)
	{
		watch->client->no_watchlist = true;
		orch_watch_goto(watch, ORCH_STEP_LIST);
	}
	else if (code != 401 || !reauthenticate(watch))
		fail(watch,
			 status.message ? status.message : "the answer is neither 200 nor an error",
			 code, orch_kube_retry_after_ms(transfer, &status));
	orch_kube_status_free(&status);
}

/* Makes the array inside the page an output of its own, without a copy. */
static bool
push_items(OrchKubeWatch *watch, const OrchJsonField *items)
{
	OrchKubeBuffer *input = &watch->transfer.input;

	if (items->kind != ORCH_JSON_ARRAY || items->element_count == 0)
		return true;
	memmove(input->data, items->start, items->length);
	input->len = items->length;
	input->data[input->len] = '\0';
	return orch_watch_push_json(watch, ORCH_WATCH_OBJECTS, ORCH_WATCH_ADDED,
								input, items->element_count);
}

/* The last page: its version is where the watch begins. */
static void
end_list(OrchKubeWatch *watch, const char *version)
{
	strcpy(watch->rv, version);
	free(watch->continue_token);
	watch->continue_token = NULL;
	if (!orch_watch_push(watch, ORCH_WATCH_REPLACE_END))
	{
		orch_watch_abort_replace(watch);
		fail(watch, "out of memory", 0, -1);
		return;
	}
	watch->replacing = watch->rv_refused = false;
	watch->proven = true;
	watch->expired_lists = watch->failed_watches = 0;
	orch_watch_goto(watch, ORCH_STEP_WATCH);
}

/* Frees version and token, or keeps the token. */
static void
take_page(OrchKubeWatch *watch, const OrchJsonField *items,
		  char *version, char *token)
{
	if (!orch_watch_begin_replace(watch) || !push_items(watch, items))
	{
		free(token);
		orch_watch_abort_replace(watch);
		orch_watch_fail(watch, ORCH_STEP_LIST, "out of memory", 0, -1);
	}
	else if (token != NULL && *token != '\0')
	{
		free(watch->continue_token);
		watch->continue_token = token;
		orch_watch_goto(watch, ORCH_STEP_PAGE);
	}
	else
	{
		free(token);
		end_list(watch, version);
	}
	free(version);
}

static void
read_page(OrchKubeWatch *watch)
{
	OrchKubeTransfer *transfer = &watch->transfer;
	OrchJsonField fields[FIELD_COUNT] = {
		[FIELD_ITEMS] = {.path = {"items"}},
		[FIELD_VERSION] = {.path = {"metadata", "resourceVersion"}},
		[FIELD_CONTINUE] = {.path = {"metadata", "continue"}}
	};
	char	   *version = NULL;
	bool		ok;

	watch->reauthenticated = false;
	ok = transfer->input.len > 0 &&
		orch_json_scan(transfer->input.data, transfer->input.len,
					   fields, FIELD_COUNT) &&
		(fields[FIELD_ITEMS].kind == ORCH_JSON_ARRAY ||
		 fields[FIELD_ITEMS].kind == ORCH_JSON_NULL);
	if (ok)
		version = orch_json_text(&fields[FIELD_VERSION]);
	if (version == NULL || *version == '\0' || strlen(version) >= ORCH_RV_SIZE)
	{
		free(version);
		fail(watch, "the answer to a list request is not a list", 0, -1);
		return;
	}
	take_page(watch, &fields[FIELD_ITEMS], version,
			  orch_json_text(&fields[FIELD_CONTINUE]));
}

/* A stream that the server had accepted has ended. */
static void
stream_ended(OrchKubeWatch *watch, CURLcode code)
{
	int64		lasted = orch_kube_now() - watch->transfer.started_at;

	watch->reauthenticated = watch->proven = false;
	if (watch->initial)
	{
		if (code != CURLE_OK)
			fail_transfer(watch, code);
		else
			fail(watch, "the watch ended before its initial events did", 0, -1);
	}
	else if (watch->events > 0 ||
			 (code != CURLE_OPERATION_TIMEDOUT && lasted >= SHORT_STREAM_MS))
	{
		watch->failed_watches = 0;
		orch_watch_goto(watch, ORCH_STEP_WATCH);
	}
	else if (code != CURLE_OK)
		fail_transfer(watch, code);
	else
		fail(watch, "the server ended the watch at once", 0, -1);
}

static void
stream_done(OrchKubeWatch *watch, CURLcode code)
{
	char		error[ORCH_KUBE_ERROR_SIZE] = "";
	OrchWatchVerdict verdict;

	if (!watch->initial && !watch->synced && watch->proven)
		orch_watch_prove(watch);
	verdict = orch_watch_read_stream(watch, error, sizeof(error));
	if (verdict == ORCH_VERDICT_GO_ON)
		stream_ended(watch, code);
	else
		orch_watch_apply(watch, verdict, error);
}

/* The end of any transfer of a watch. */
void
orch_watch_done(OrchKubeTransfer *transfer, CURLcode code)
{
	OrchKubeWatch *watch = (OrchKubeWatch *) transfer;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &transfer->status);
	if (code == CURLE_OK)
		orch_watch_reached(watch);
	if (watch->streaming && transfer->headers_done && transfer->status == 200)
		stream_done(watch, code);
	else if (code != CURLE_OK)
		fail_transfer(watch, code);
	else if (transfer->status != 200)
		refused(watch);
	else
		read_page(watch);
}
