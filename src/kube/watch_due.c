/*-------------------------------------------------------------------------
 *
 * watch_due.c
 *	  See watch_due.h.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/watch_due.h"

/* When an idle watch has to do something, or -1. */
int64
orch_watch_idle_due(const OrchKubeWatch *watch)
{
	if (watch->step != ORCH_STEP_WATCH && watch->queued_count > 0)
		return -1;
	/* somebody else has found the server back */
	if (watch->away && watch->endpoint->contact_at > watch->failed_at)
		return Min(watch->due_at, watch->endpoint->contact_at);
	return watch->due_at;
}

bool
orch_watch_answered(const OrchKubeWatch *watch)
{
	return watch->transfer.headers_done && watch->transfer.status == 200;
}

/* When a WatchList has been silent for too long. */
int64
orch_watch_initial_due(const OrchKubeWatch *watch)
{
	return watch->last_data_at + (orch_watch_answered(watch) ?
								  watch->spec.bookmark_wait_ms :
								  watch->spec.list_timeout_ms);
}

/*
 * When a stream has been silent for too long, or -1: where bookmarks come every
 * minute, their absence means that the connection is of no use any more, even
 * if the other side goes on acknowledging.
 */
int64
orch_watch_silence_due(const OrchKubeWatch *watch)
{
	if (!orch_watch_answered(watch))
		return watch->last_data_at + watch->spec.list_timeout_ms;
	return watch->bookmarked ? watch->last_data_at + watch->spec.silence_ms : -1;
}

/* When a stream has to be looked at although nothing comes, or -1. */
int64
orch_watch_stream_due(const OrchKubeWatch *watch)
{
	if (watch->initial)
		return orch_watch_initial_due(watch);
	if (orch_watch_answered(watch) && !watch->synced)
		return watch->last_data_at + ORCH_PROOF_MS;
	return orch_watch_silence_due(watch);
}
