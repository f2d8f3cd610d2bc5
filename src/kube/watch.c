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
 * The rules are those of client-go's reflector; see src/kube/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/watch_internal.h"

#define ACCEPT_LIST_METADATA \
	"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
#define ACCEPT_WATCH_METADATA \
	"application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

/* A stream without a line has to last so long to be believed. */
#define PROOF_MS 1000

/* Bytes that libcurl may add before the stream is read again. */
#define BURST_BYTES (4 * 1024 * 1024)

#define DEFAULT(field, value) ((field) = (field) > 0 ? (field) : (value))

static void
set_defaults(OrchKubeWatchSpec *spec)
{
	DEFAULT(spec->page_limit, 500);
	DEFAULT(spec->timeout_min_s, 300);
	DEFAULT(spec->timeout_max_s, Max(600, spec->timeout_min_s));
	DEFAULT(spec->idle_grace_ms, 5000);
	DEFAULT(spec->list_timeout_ms, 60000);
	DEFAULT(spec->bookmark_wait_ms, 30000);
	DEFAULT(spec->backoff_min_ms, 800);
	DEFAULT(spec->backoff_max_ms, 30000);
	DEFAULT(spec->healthy_ms, 120000);
	DEFAULT(spec->max_queue_bytes, 32 * 1024 * 1024);
	DEFAULT(spec->max_event_bytes, 8 * 1024 * 1024);
	DEFAULT(spec->max_page_bytes, 256 * 1024 * 1024);
}

OrchKubeWatch *
orch_kube_watch_create(OrchKubeClient *client, const OrchKubeWatchSpec *spec)
{
	OrchKubeWatch *watch;

	if (spec->api_path == NULL || *spec->api_path != '/')
		return NULL;
	watch = calloc(1, sizeof(*watch));
	if (watch == NULL)
		return NULL;
	watch->client = client;
	watch->spec = *spec;
	set_defaults(&watch->spec);
	watch->spec.label_selector = watch->spec.field_selector = NULL;
	watch->spec.api_path = strdup(spec->api_path);
	watch->selectors = orch_watch_selectors(spec);
	watch->step = ORCH_STEP_LIST;
	dlist_push_tail(&client->watches, &watch->node);
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
	dlist_delete(&watch->node);
	orch_kube_buffer_free(&watch->batch);
	free(unconstify(char *, watch->spec.api_path));
	free(watch->selectors);
	free(watch->continue_token);
	free(watch->last_error);
	free(watch);
}

void
orch_kube_watches_destroy(OrchKubeClient *client)
{
	while (!dlist_is_empty(&client->watches))
		orch_kube_watch_destroy(dlist_head_element(OrchKubeWatch, node,
												   &client->watches));
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
void
orch_watch_goto(OrchKubeWatch *watch, OrchWatchStep next)
{
	orch_kube_transfer_stop(&watch->transfer);
	watch->streaming = watch->initial = false;
	watch->step = next;
	watch->due_at = orch_kube_now();
}

/* Tells the taker to forget the replace that cannot be completed. */
void
orch_watch_abort_replace(OrchKubeWatch *watch)
{
	orch_kube_buffer_free(&watch->batch);
	watch->batch_count = 0;
	free(watch->continue_token);
	watch->continue_token = NULL;
	/* if memory is too short for this, the next BEGIN says the same */
	if (watch->replacing)
		(void) orch_watch_push(watch, ORCH_WATCH_REPLACE_ABORT);
	watch->replacing = false;
}

static void
overflow(OrchKubeWatch *watch)
{
	bool		abort = watch->taken_replacing;

	watch->own_no_watchlist |= watch->initial;
	orch_watch_drop_outputs(watch);
	watch->replacing = abort;
	orch_watch_abort_replace(watch);
	orch_watch_fail(watch, ORCH_STEP_LIST,
					"changes came faster than they were taken", 0, -1);
}

/* Does what reading the stream has asked for. */
void
orch_watch_apply(OrchKubeWatch *watch, OrchWatchVerdict verdict,
				 const char *error)
{
	/* a WatchList whose position is refused asks for the freshest state */
	bool		fresh = watch->initial || verdict == ORCH_VERDICT_RELIST_FRESH;

	switch (verdict)
	{
		case ORCH_VERDICT_GO_ON:
			break;
		case ORCH_VERDICT_RELIST:
		case ORCH_VERDICT_RELIST_FRESH:
			orch_watch_relist(watch, fresh, error);
			break;
		case ORCH_VERDICT_OVERFLOW:
			overflow(watch);
			break;
		case ORCH_VERDICT_FAIL:
			orch_watch_fail_stream(watch, error, 0, -1);
			break;
	}
}

void
orch_kube_watch_relist(OrchKubeWatch *watch, const char *reason)
{
	orch_watch_drop_outputs(watch);
	watch->replacing = watch->taken_replacing;
	orch_watch_relist(watch, true, reason);
	watch->synced = watch->proven = false;
}

static bool
start(OrchKubeWatch *watch, char *path, const char *accept, int64 timeout_ms,
	  size_t max_input)
{
	OrchKubeTransferSpec spec = {
		.method = "GET",
		.path = path,
		.accept = accept,
		.timeout_ms = timeout_ms,
		.max_input = max_input
	};
	bool		ok;

	ok = path != NULL &&
		orch_kube_transfer_start(&watch->transfer, watch->client,
								 ORCH_SET_WATCHES, &spec, orch_watch_done);
	free(path);
	if (!ok)
		orch_watch_fail(watch, watch->step,
						"libcurl refused the request, or memory is short", 0, -1);
	return ok;
}

static void
start_page(OrchKubeWatch *watch)
{
	watch->streaming = false;
	start(watch, orch_watch_list_path(watch),
		  watch->spec.metadata_only ? ACCEPT_LIST_METADATA : NULL,
		  watch->spec.list_timeout_ms, watch->spec.max_page_bytes);
}

static void
start_stream(OrchKubeWatch *watch, bool initial)
{
	OrchKubeWatchSpec *spec = &watch->spec;
	int			span = spec->timeout_max_s - spec->timeout_min_s + 1;
	int			timeout_s;

	/* many watches must not end at the same moment */
	timeout_s = spec->timeout_min_s +
		(int) (orch_kube_random() * span);
	watch->streaming = start(watch,
							 orch_watch_stream_path(watch, initial, timeout_s),
							 spec->metadata_only ? ACCEPT_WATCH_METADATA : NULL,
							 (int64) timeout_s * 1000 + spec->idle_grace_ms,
							 spec->max_event_bytes + BURST_BYTES);
	watch->initial = watch->streaming && initial;
	watch->searched = 0;
	watch->events = 0;
	watch->last_data_at = orch_kube_now();
}

static bool
may_use_watchlist(const OrchKubeWatch *watch)
{
	return !watch->spec.no_watchlist && !watch->own_no_watchlist &&
		!watch->client->no_watchlist;
}

static void
start_step(OrchKubeWatch *watch)
{
	if (watch->step == ORCH_STEP_LIST)
		watch->asked_at = orch_kube_now();
	if (watch->step == ORCH_STEP_WATCH)
		start_stream(watch, false);
	else if (watch->step == ORCH_STEP_LIST && may_use_watchlist(watch))
		start_stream(watch, true);
	else
		start_page(watch);
}

/* When an idle watch has to do something, or -1. */
static int64
idle_due(const OrchKubeWatch *watch)
{
	if (watch->step != ORCH_STEP_WATCH && watch->queued_count > 0)
		return -1;
	/* somebody else has found the server back */
	if (watch->away && watch->client->contact_at > watch->failed_at)
		return Min(watch->due_at, watch->client->contact_at);
	return watch->due_at;
}

static bool
answered(const OrchKubeWatch *watch)
{
	return watch->transfer.headers_done && watch->transfer.status == 200;
}

/* When a WatchList has been silent for too long. */
static int64
initial_due(const OrchKubeWatch *watch)
{
	return watch->last_data_at + (answered(watch) ?
								  watch->spec.bookmark_wait_ms :
								  watch->spec.list_timeout_ms);
}

/* When a stream has to be looked at although nothing comes, or -1. */
static int64
stream_due(const OrchKubeWatch *watch)
{
	if (watch->initial)
		return initial_due(watch);
	if (answered(watch) && !watch->synced)
		return watch->last_data_at + PROOF_MS;
	return -1;
}

static void
give_up_watchlist(OrchKubeWatch *watch)
{
	if (!answered(watch))
	{
		orch_watch_fail_stream(watch, "the server does not answer",
							   -CURLE_OPERATION_TIMEDOUT, -1);
		return;
	}
	/* it sent what it has and will never say that this was all */
	watch->client->no_watchlist = true;
	orch_watch_abort_replace(watch);
	orch_watch_goto(watch, ORCH_STEP_LIST);
}

/*
 * A stream that goes on behind a list is good as soon as it is accepted. One
 * that takes up an old position is only when it has brought something, or has
 * lasted: servers accept first and say "too old" then.
 */
static void
believe(OrchKubeWatch *watch, int64 now)
{
	if (watch->initial || watch->synced || !answered(watch))
		return;
	orch_watch_reached(watch);
	if (watch->proven || watch->events > 0 ||
		now >= watch->last_data_at + PROOF_MS)
		orch_watch_prove(watch);
}

static void
drive_stream(OrchKubeWatch *watch, int64 now)
{
	char		error[ORCH_KUBE_ERROR_SIZE] = "";

	believe(watch, now);
	if (answered(watch))
		orch_watch_apply(watch,
						 orch_watch_read_stream(watch, error, sizeof(error)),
						 error);
	if (watch->transfer.set == NULL)
		return;
	believe(watch, now);
	if (watch->transfer.tls_generation !=
		watch->client->credentials.tls_generation)
	{
		/* a connection made with withdrawn credentials must not live on */
		orch_watch_abort_replace(watch);
		orch_watch_goto(watch, watch->step);
	}
	else if (watch->initial && now >= initial_due(watch))
		give_up_watchlist(watch);
}

/* Moves every watch of a client forward. */
void
orch_kube_watches_drive(OrchKubeClient *client, int64 now)
{
	dlist_iter	iter;

	dlist_foreach(iter, &client->watches)
	{
		OrchKubeWatch *watch = dlist_container(OrchKubeWatch, node, iter.cur);
		int64		due = idle_due(watch);

		if (watch->transfer.set != NULL && watch->streaming)
			drive_stream(watch, now);
		else if (watch->transfer.set == NULL && due >= 0 && due <= now)
			start_step(watch);
	}
}

/* When orch_kube_watches_drive() has something to do, or -1. */
int64
orch_kube_watches_due(OrchKubeClient *client, int64 now)
{
	int64		due = -1;
	dlist_iter	iter;

	(void) now;
	dlist_foreach(iter, &client->watches)
	{
		OrchKubeWatch *watch = dlist_container(OrchKubeWatch, node, iter.cur);
		int64		own = -1;

		if (watch->transfer.set == NULL)
			own = idle_due(watch);
		else if (watch->streaming)
			own = stream_due(watch);
		if (own >= 0)
			due = due < 0 ? own : Min(due, own);
	}
	return due;
}
