/*-------------------------------------------------------------------------
 *
 * watch.c
 *	  List and watch of one kind of object: what is done next, and when.
 *
 * A watch always has one step to do: list (by pages, or by WatchList where the
 * server can), the next page, or watch from the last resource version.  Either
 * a transfer runs for it, or it waits for due_at and, before a list or page,
 * for the worker to have taken everything, so that memory is bounded however
 * large the cluster is.
 *
 * This is the only file that starts, stops or changes a step; what is asked for
 * comes as a verdict from the others.  The rules are those of client-go's
 * reflector; see src/kube/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/clock.h"
#include "kube/watch.h"
#include "kube/watch_answer.h"
#include "kube/watch_due.h"
#include "kube/watch_health.h"
#include "kube/watch_output_internal.h"
#include "kube/watch_path.h"
#include "kube/watch_replace.h"
#include "kube/watch_request.h"
#include "kube/watch_state.h"
#include "kube/watch_stream.h"

#define DEFAULT(field, value) ((field) = (field) > 0 ? (field) : (value))

static void
set_defaults(OrchKubeWatchSpec *spec)
{
	DEFAULT(spec->page_limit, 500);
	DEFAULT(spec->timeout_min_s, 300);
	DEFAULT(spec->timeout_max_s, Max(600, spec->timeout_min_s));
	DEFAULT(spec->idle_grace_ms, 5000);
	DEFAULT(spec->list_timeout_ms, 60000);
	DEFAULT(spec->silence_ms, 180000);
	DEFAULT(spec->bookmark_wait_ms, 30000);
	DEFAULT(spec->backoff_min_ms, 800);
	DEFAULT(spec->backoff_max_ms, 30000);
	DEFAULT(spec->healthy_ms, 120000);
	DEFAULT(spec->max_queue_bytes, 32 * 1024 * 1024);
	DEFAULT(spec->max_event_bytes, 8 * 1024 * 1024);
	DEFAULT(spec->max_page_bytes, 64 * 1024 * 1024);
}

static void drive(OrchKubeDriver *driver, int64 now);
static int64 due(OrchKubeDriver *driver, int64 now);
static void destroy(OrchKubeDriver *driver);
static void destroy_with_client(OrchKubeDependent *dependent);

OrchKubeWatch *
orch_kube_watch_create(OrchKubeClient *client, const OrchKubeWatchSpec *spec)
{
	OrchKubeWatch *watch;

	if (spec->api_path == NULL || *spec->api_path != '/')
		return NULL;
	watch = calloc(1, sizeof(*watch));
	if (watch == NULL)
		return NULL;
	watch->driver = (OrchKubeDriver) {.drive = drive, .due = due, .destroy = destroy};
	watch->dependent.destroy = destroy_with_client;
	watch->client = client;
	watch->transport = client->transport;
	watch->endpoint = &client->endpoint;
	watch->spec = *spec;
	set_defaults(&watch->spec);
	watch->spec.label_selector = watch->spec.field_selector = NULL;
	watch->spec.api_path = strdup(spec->api_path);
	watch->selectors = orch_watch_selectors(spec);
	watch->page_limit = watch->spec.page_limit;
	watch->step = ORCH_STEP_LIST;
	dlist_push_tail(&client->dependents, &watch->dependent.node);
	dlist_push_tail(&client->transport->drivers, &watch->driver.node);
	if (watch->spec.api_path != NULL && watch->selectors != NULL)
		return watch;
	orch_kube_watch_destroy(watch);
	return NULL;
}

void
orch_kube_watch_destroy(OrchKubeWatch *watch)
{
	if (watch == NULL)
		return;
	orch_kube_transfer_stop(&watch->transfer);
	orch_watch_drop_outputs(watch);
	dlist_delete(&watch->dependent.node);
	dlist_delete(&watch->driver.node);
	orch_kube_buffer_free(&watch->batch);
	free(unconstify(char *, watch->spec.api_path));
	free(watch->selectors);
	free(watch->continue_token);
	free(watch->last_error);
	free(watch);
}

static OrchKubeWatch *
of_driver(OrchKubeDriver *driver)
{
	return (OrchKubeWatch *) ((char *) driver - offsetof(OrchKubeWatch, driver));
}

static void
destroy(OrchKubeDriver *driver)
{
	orch_kube_watch_destroy(of_driver(driver));
}

static void
destroy_with_client(OrchKubeDependent *dependent)
{
	orch_kube_watch_destroy((OrchKubeWatch *)
							((char *) dependent - offsetof(OrchKubeWatch, dependent)));
}

bool
orch_kube_watch_synced(const OrchKubeWatch *watch)
{
	return watch->synced;
}

const char *
orch_kube_watch_resource_version(const OrchKubeWatch *watch)
{
	return watch->rv;
}

/* Does a step at once, or as soon as the worker has taken everything. */
static void
go_to(OrchKubeWatch *watch, OrchWatchStep next)
{
	orch_kube_transfer_stop(&watch->transfer);
	watch->streaming = watch->initial = false;
	watch->step = next;
	watch->due_at = orch_kube_now();
}

/* Does a step when some time has passed. */
static void
go_to_later(OrchKubeWatch *watch, OrchWatchStep next, const OrchWatchVerdict *verdict)
{
	int64		due_at = orch_watch_note_failure(watch, verdict);

	go_to(watch, next);
	watch->due_at = due_at;
}

static void
fail(OrchKubeWatch *watch, const OrchWatchVerdict *verdict)
{
	if (watch->streaming && watch->initial)
		orch_watch_replace_abort(watch);
	go_to_later(watch, orch_watch_step_after(watch, verdict), verdict);
}

/* The same, for a reason of our own: code is minus a CURLcode, or 0. */
static void
fail_with(OrchKubeWatch *watch, const char *message, long code)
{
	OrchWatchVerdict verdict = {.act = ORCH_ACT_FAIL, .code = code, .retry_after_ms = -1};

	snprintf(verdict.error, sizeof(verdict.error), "%s", message);
	fail(watch, &verdict);
}

/*
 * The position is of no use any more.  The first time lists at once and says
 * nothing, because that happens to everybody (after every restart of an API
 * server, for one); again and again waits longer.
 */
static void
relist(OrchKubeWatch *watch, bool fresh, OrchWatchVerdict *verdict)
{
	if (watch->step == ORCH_STEP_PAGE && verdict->code == 410)
		watch->expired_lists++;
	orch_watch_replace_abort(watch);
	watch->rv_refused |= fresh;
	verdict->code = 410;
	if (orch_watch_note_relist(watch))
		go_to(watch, ORCH_STEP_LIST);
	else
		go_to_later(watch, ORCH_STEP_LIST, verdict);
}

static void
overflow(OrchKubeWatch *watch, OrchWatchVerdict *verdict)
{
	watch->own_no_watchlist |= watch->initial;
	orch_watch_drop_outputs(watch);
	watch->replacing = watch->taken_replacing;
	orch_watch_replace_abort(watch);
	snprintf(verdict->error, sizeof(verdict->error),
			 "changes came faster than they were taken");
	go_to_later(watch, ORCH_STEP_LIST, verdict);
}

/*
 * A page did not fit.  A server gives a list that names a version out of its
 * memory, whole, whatever limit it was asked for; without one it is read from
 * its database, in pages.
 */
static void
ask_for_less(OrchKubeWatch *watch)
{
	if (watch->expired_lists > 1)
		watch->expired_lists = 0;
	else if (watch->continue_token == NULL && !watch->rv_refused && !watch->real_pages)
		watch->real_pages = true;
	else
		watch->page_limit = Max(watch->page_limit / 4, 1);
	go_to(watch, watch->step);
}

/* What is known of the server: it has no WatchList, or never ends one. */
static void
list_by_pages(OrchKubeWatch *watch)
{
	watch->endpoint->no_watchlist = true;
	orch_watch_replace_abort(watch);
	go_to(watch, ORCH_STEP_LIST);
}

/* A list by pages is complete. */
static void
listed(OrchKubeWatch *watch)
{
	watch->proven = true;
	watch->expired_lists = watch->failed_watches = 0;
	go_to(watch, ORCH_STEP_WATCH);
}

static void
act(OrchKubeWatch *watch, OrchWatchVerdict *verdict)
{
	switch (verdict->act)
	{
		case ORCH_ACT_GO_ON:
			break;
		case ORCH_ACT_LISTED:
			listed(watch);
			break;
		case ORCH_ACT_NEXT_PAGE:
			go_to(watch, ORCH_STEP_PAGE);
			break;
		case ORCH_ACT_SMALLER_PAGE:
			ask_for_less(watch);
			break;
		case ORCH_ACT_AGAIN:
			go_to(watch, watch->step);
			break;
		case ORCH_ACT_WATCH_ON:
			watch->failed_watches = 0;
			go_to(watch, ORCH_STEP_WATCH);
			break;
		case ORCH_ACT_LIST_BY_PAGES:
			list_by_pages(watch);
			break;
		case ORCH_ACT_RELIST:
			/* a WatchList whose position is refused asks for the freshest state */
			relist(watch, watch->initial, verdict);
			break;
		case ORCH_ACT_RELIST_FRESH:
			relist(watch, true, verdict);
			break;
		case ORCH_ACT_OVERFLOW:
			overflow(watch, verdict);
			break;
		case ORCH_ACT_LIST_LATER:
			orch_watch_replace_abort(watch);
			go_to_later(watch, ORCH_STEP_LIST, verdict);
			break;
		case ORCH_ACT_FAIL:
			fail(watch, verdict);
			break;
	}
}

void
orch_kube_watch_relist(OrchKubeWatch *watch, const char *reason)
{
	OrchWatchVerdict verdict = {.act = ORCH_ACT_RELIST_FRESH, .retry_after_ms = -1};

	snprintf(verdict.error, sizeof(verdict.error), "%s", reason);
	orch_watch_drop_outputs(watch);
	watch->replacing = watch->taken_replacing;
	act(watch, &verdict);
	watch->synced = watch->proven = false;
}

/* Reads what a stream has brought; the end of its initial events is no end. */
static void
read_stream(OrchKubeWatch *watch, OrchWatchVerdict *verdict)
{
	do
	{
		orch_watch_read_stream(watch, verdict);
		if (verdict->act == ORCH_ACT_LISTED)
		{
			watch->initial = false;
			orch_watch_prove(watch);
		}
	} while (verdict->act == ORCH_ACT_LISTED);
}

/* The end of any transfer of a watch. */
static void
done(OrchKubeTransfer *transfer, CURLcode code)
{
	OrchKubeWatch *watch = (OrchKubeWatch *) transfer;
	OrchWatchVerdict verdict = {.retry_after_ms = -1};

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &transfer->status);
	if (code == CURLE_OK)
		orch_watch_note_answer(watch);
	if (watch->streaming && transfer->headers_done && transfer->status == 200)
	{
		if (!watch->initial && !watch->synced && watch->proven)
			orch_watch_prove(watch);
		read_stream(watch, &verdict);
		if (verdict.act == ORCH_ACT_GO_ON)
			orch_watch_judge_end(watch, code, &verdict);
	}
	else
		orch_watch_judge_answer(watch, code, &verdict);
	act(watch, &verdict);
}

static void
start_step(OrchKubeWatch *watch)
{
	if (!orch_watch_request(watch, done))
		fail_with(watch, "libcurl refused the request, or memory is short", 0);
}

/* Goes on from the same position, on another connection. */
static void
leave_connection(OrchKubeWatch *watch)
{
	bool		known = orch_watch_answered(watch);

	watch->fresh = true;
	watch->proven = false;
	if (known)
		go_to(watch, ORCH_STEP_WATCH);
	else
		fail_with(watch, "the server does not answer", -CURLE_OPERATION_TIMEDOUT);
}

/*
 * A stream that goes on behind a list is good as soon as it is accepted. One
 * that takes up an old position is only when it has brought something, or has
 * lasted: servers accept first and say "too old" then.
 */
static void
believe(OrchKubeWatch *watch, int64 now)
{
	if (watch->initial || watch->synced || !orch_watch_answered(watch))
		return;
	orch_watch_note_answer(watch);
	if (watch->proven || watch->events > 0 ||
		now >= watch->last_data_at + ORCH_PROOF_MS)
		orch_watch_prove(watch);
}

/* A stream that need not be read any more, or must not. */
static void
leave_stream(OrchKubeWatch *watch, int64 now)
{
	int64		silent_at = orch_watch_silence_due(watch);

	if (watch->transfer.tls_generation !=
		watch->endpoint->credentials.tls_generation)
	{
		/* a connection made with withdrawn credentials must not live on */
		orch_watch_replace_abort(watch);
		go_to(watch, watch->step);
	}
	else if (watch->initial && orch_watch_answered(watch))
	{
		/* it sent what it has and will never say that this was all */
		if (now >= orch_watch_initial_due(watch))
			list_by_pages(watch);
	}
	else if (silent_at >= 0 && now >= silent_at)
		leave_connection(watch);
}

static void
drive_stream(OrchKubeWatch *watch, int64 now)
{
	OrchWatchVerdict verdict = {.retry_after_ms = -1};

	believe(watch, now);
	if (orch_watch_answered(watch))
	{
		read_stream(watch, &verdict);
		act(watch, &verdict);
	}
	if (watch->transfer.set == NULL)
		return;
	believe(watch, now);
	leave_stream(watch, now);
}

static void
drive(OrchKubeDriver *driver, int64 now)
{
	OrchKubeWatch *watch = of_driver(driver);
	int64		idle_until = orch_watch_idle_due(watch);

	if (watch->transfer.set != NULL && watch->streaming)
		drive_stream(watch, now);
	else if (watch->transfer.set == NULL && idle_until >= 0 && idle_until <= now)
		start_step(watch);
}

/* When drive() has something to do, or -1. */
static int64
due(OrchKubeDriver *driver, int64 now)
{
	OrchKubeWatch *watch = of_driver(driver);

	(void) now;
	if (watch->transfer.set == NULL)
		return orch_watch_idle_due(watch);
	return watch->streaming ? orch_watch_stream_due(watch) : -1;
}
