/*-------------------------------------------------------------------------
 *
 * watch_answer.c
 *	  What the end of a list page or of a stream means for a watch.
 *
 * Nothing is started or stopped here: the verdict says what is to be done.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/clock.h"
#include "kube/json_scan.h"
#include "kube/status.h"
#include "kube/transfer_error.h"
#include "kube/watch_answer.h"
#include "kube/watch_replace.h"

/*
 * A stream that ends sooner, without a line, is an error and not an end; a
 * longer one was cut by a server that restarts, which is not worth a word.
 */
#define SHORT_STREAM_MS 1000

/*
 * Longest wait that a server may ask for: meanwhile nobody sees what happens
 * in the cluster, and one answer is not to decide on that for an hour.
 */
#define MAX_RETRY_AFTER_MS 60000

typedef enum Field
{
	FIELD_ITEMS,
	FIELD_VERSION,
	FIELD_CONTINUE,
	FIELD_COUNT
} Field;

static void
fail(OrchWatchVerdict *verdict, OrchWatchAct act, const char *message, long code)
{
	verdict->act = act;
	verdict->code = code;
	snprintf(verdict->error, sizeof(verdict->error), "%s", message);
}

/* Can less be asked for at once than what was too large? */
static bool
has_smaller_pages(const OrchKubeWatch *watch)
{
	return watch->page_limit > 1 || watch->expired_lists > 1 ||
		(watch->continue_token == NULL && !watch->rv_refused && !watch->real_pages);
}

static void
judge_too_large(OrchKubeWatch *watch, OrchWatchVerdict *verdict)
{
	if (watch->streaming)
		fail(verdict, ORCH_ACT_FAIL, "more came at once than is taken", 0);
	else if (has_smaller_pages(watch))
		verdict->act = ORCH_ACT_SMALLER_PAGE;
	else
	{
		verdict->act = ORCH_ACT_FAIL;
		snprintf(verdict->error, sizeof(verdict->error),
				 "one object of %s is larger than the %zu bytes that are taken",
				 watch->spec.api_path, watch->spec.max_page_bytes);
	}
}

static void
judge_failure(OrchKubeWatch *watch, CURLcode code, OrchWatchVerdict *verdict)
{
	OrchKubeError error = orch_kube_transfer_error(&watch->transfer, code);

	watch->unreached = error == ORCH_KUBE_ERROR_CONNECT ||
		error == ORCH_KUBE_ERROR_TLS;
	watch->fresh = error == ORCH_KUBE_ERROR_TIMEOUT;
	if (error == ORCH_KUBE_ERROR_TOO_LARGE)
	{
		judge_too_large(watch, verdict);
		return;
	}
	fail(verdict, ORCH_ACT_FAIL, "", -(long) code);
	orch_kube_transfer_message(&watch->transfer, code, verdict->error,
							   sizeof(verdict->error));
}

/* Is there another token to try?  Once. */
static bool
has_another_token(OrchKubeWatch *watch)
{
	if (watch->reauthenticated ||
		!orch_kube_credentials_reject(&watch->endpoint->credentials,
									  watch->transfer.token_generation,
									  orch_kube_now()))
		return false;
	watch->reauthenticated = true;
	return true;
}

static void
judge_status(OrchKubeWatch *watch, const OrchKubeStatus *status,
			 OrchWatchVerdict *verdict)
{
	OrchKubeTransfer *transfer = &watch->transfer;
	long		code = transfer->status;

	fail(verdict, ORCH_ACT_FAIL,
		 status->message ? status->message : "the answer is neither 200 nor an error",
		 code);
	if (status->future_version)
		verdict->act = ORCH_ACT_RELIST_FRESH;
	else if (code == 410)
		/* a plain watch goes back to a list not older than what it has seen */
		verdict->act = watch->step == ORCH_STEP_WATCH ? ORCH_ACT_RELIST :
			ORCH_ACT_RELIST_FRESH;
	else if ((code == 400 || code == 422) && watch->initial)
		verdict->act = ORCH_ACT_LIST_BY_PAGES;
	else if (code == 401 && has_another_token(watch))
		verdict->act = ORCH_ACT_AGAIN;
	else
		verdict->retry_after_ms = orch_kube_retry_after_ms(transfer, status,
														   MAX_RETRY_AFTER_MS);
}

/* An answer other than 200. */
static void
judge_refusal(OrchKubeWatch *watch, OrchWatchVerdict *verdict)
{
	OrchKubeStatus status;

	if (orch_kube_status_read(&status, &watch->transfer))
		judge_status(watch, &status, verdict);
	else
		fail(verdict, ORCH_ACT_FAIL, "out of memory", 0);
	orch_kube_status_free(&status);
}

/* Makes the array inside the page an output of its own, without a copy. */
static bool
hand_on_items(OrchKubeWatch *watch, const OrchJsonField *items)
{
	OrchKubeBuffer *input = &watch->transfer.input;
	int			count = items->kind == ORCH_JSON_ARRAY ? items->element_count : 0;

	if (count > 0)
	{
		memmove(input->data, items->start, items->length);
		input->len = items->length;
		input->data[input->len] = '\0';
	}
	return orch_watch_replace_add_page(watch, input, count);
}

/* Frees version and token, or keeps the token. */
static void
take_page(OrchKubeWatch *watch, const OrchJsonField *items, char *version,
		  char *token, OrchWatchVerdict *verdict)
{
	bool		last = token == NULL || *token == '\0';

	free(watch->continue_token);
	watch->continue_token = last ? NULL : token;
	if (last)
		free(token);
	if (!hand_on_items(watch, items) || (last && !orch_watch_replace_end(watch)))
		fail(verdict, ORCH_ACT_LIST_LATER, "out of memory", 0);
	else if (!last)
		verdict->act = ORCH_ACT_NEXT_PAGE;
	else
	{
		/* this is where the watch begins */
		strcpy(watch->rv, version);
		verdict->act = ORCH_ACT_LISTED;
	}
	free(version);
}

static void
read_page(OrchKubeWatch *watch, OrchWatchVerdict *verdict)
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
		fail(verdict, ORCH_ACT_FAIL, "the answer to a list request is not a list", 0);
		return;
	}
	take_page(watch, &fields[FIELD_ITEMS], version,
			  orch_json_text(&fields[FIELD_CONTINUE]), verdict);
}

void
orch_watch_judge_answer(OrchKubeWatch *watch, CURLcode code,
						OrchWatchVerdict *verdict)
{
	if (code != CURLE_OK)
		judge_failure(watch, code, verdict);
	else if (watch->transfer.status != 200)
		judge_refusal(watch, verdict);
	else
		read_page(watch, verdict);
}

void
orch_watch_judge_end(OrchKubeWatch *watch, CURLcode code,
					 OrchWatchVerdict *verdict)
{
	int64		lasted = orch_kube_now() - watch->transfer.started_at;
	bool		done = watch->events > 0 ||
		(code != CURLE_OPERATION_TIMEDOUT && lasted >= SHORT_STREAM_MS);

	watch->reauthenticated = watch->proven = false;
	watch->fresh = code == CURLE_OPERATION_TIMEDOUT;
	if (done && !watch->initial)
		verdict->act = ORCH_ACT_WATCH_ON;
	else if (code != CURLE_OK)
		judge_failure(watch, code, verdict);
	else
		fail(verdict, ORCH_ACT_FAIL, watch->initial ?
			 "the watch ended before its initial events did" :
			 "the server ended the watch at once", 0);
}
