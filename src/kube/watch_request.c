/*-------------------------------------------------------------------------
 *
 * watch_request.c
 *	  See watch_request.h.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/clock.h"
#include "kube/watch_path.h"
#include "kube/watch_request.h"

#define ACCEPT_LIST_METADATA \
	"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
#define ACCEPT_WATCH_METADATA \
	"application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

/* Bytes that libcurl may add before the stream is read again. */
#define BURST_BYTES (4 * 1024 * 1024)

static bool
start(OrchKubeWatch *watch, char *path, const char *accept, int64 timeout_ms,
	  size_t max_input, void (*done) (OrchKubeTransfer *, CURLcode))
{
	OrchKubeTransferSpec spec = {
		.method = "GET",
		.path = path,
		.accept = accept,
		.timeout_ms = timeout_ms,
		.max_input = max_input,
		.fresh = watch->fresh
	};
	bool		ok;

	ok = path != NULL &&
		orch_kube_transfer_start(&watch->transfer, watch->endpoint,
								 watch->transport->streams, &spec, done);
	free(path);
	watch->fresh = false;
	return ok;
}

static bool
start_page(OrchKubeWatch *watch, void (*done) (OrchKubeTransfer *, CURLcode))
{
	watch->streaming = false;
	return start(watch, orch_watch_list_path(watch),
				 watch->spec.metadata_only ? ACCEPT_LIST_METADATA : NULL,
				 watch->spec.list_timeout_ms, watch->spec.max_page_bytes, done);
}

static bool
start_stream(OrchKubeWatch *watch, bool initial,
			 void (*done) (OrchKubeTransfer *, CURLcode))
{
	OrchKubeWatchSpec *spec = &watch->spec;
	int			span = spec->timeout_max_s - spec->timeout_min_s + 1;
	int			timeout_s;

	/* many watches must not end at the same moment */
	timeout_s = spec->timeout_min_s + (int) (orch_kube_random() * span);
	watch->streaming = start(watch,
							 orch_watch_stream_path(watch, initial, timeout_s),
							 spec->metadata_only ? ACCEPT_WATCH_METADATA : NULL,
							 (int64) timeout_s * 1000 + spec->idle_grace_ms,
							 spec->max_event_bytes + BURST_BYTES, done);
	watch->initial = watch->streaming && initial;
	watch->searched = 0;
	watch->events = 0;
	watch->last_data_at = orch_kube_now();
	return watch->streaming;
}

static bool
may_use_watchlist(const OrchKubeWatch *watch)
{
	return !watch->spec.no_watchlist && !watch->own_no_watchlist &&
		!watch->endpoint->no_watchlist;
}

bool
orch_watch_request(OrchKubeWatch *watch, void (*done) (OrchKubeTransfer *, CURLcode))
{
	if (watch->step == ORCH_STEP_LIST)
		watch->asked_at = orch_kube_now();
	if (watch->step == ORCH_STEP_WATCH)
		return start_stream(watch, false, done);
	if (watch->step == ORCH_STEP_LIST && may_use_watchlist(watch))
		return start_stream(watch, true, done);
	return start_page(watch, done);
}
