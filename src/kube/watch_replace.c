/*-------------------------------------------------------------------------
 *
 * watch_replace.c
 *	  See watch_replace.h.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/watch_output_internal.h"
#include "kube/watch_replace.h"

/* Objects of a WatchList go on in portions of about this size. */
#define BATCH_BYTES (256 * 1024)
#define BATCH_OBJECTS 500

bool
orch_watch_replace_begin(OrchKubeWatch *watch)
{
	if (watch->replacing)
		return true;
	watch->replacing = orch_watch_push(watch, ORCH_WATCH_REPLACE_BEGIN);
	return watch->replacing;
}

/* Hands on the objects gathered so far. */
static bool
flush_batch(OrchKubeWatch *watch)
{
	bool		ok;

	if (watch->batch_count == 0)
		return true;
	ok = orch_watch_replace_begin(watch) &&
		orch_kube_buffer_append_text(&watch->batch, "]") &&
		orch_watch_push_json(watch, ORCH_WATCH_OBJECTS, ORCH_WATCH_ADDED,
							 &watch->batch, watch->batch_count);
	orch_kube_buffer_free(&watch->batch);
	watch->batch_count = 0;
	return ok;
}

bool
orch_watch_replace_add(OrchKubeWatch *watch, const OrchJsonField *object)
{
	if (!orch_kube_buffer_append_text(&watch->batch,
									  watch->batch_count == 0 ? "[" : ",") ||
		!orch_kube_buffer_append(&watch->batch, object->start, object->length))
		return false;
	watch->batch_count++;
	return (watch->batch_count < BATCH_OBJECTS && watch->batch.len < BATCH_BYTES) ||
		flush_batch(watch);
}

bool
orch_watch_replace_add_page(OrchKubeWatch *watch, OrchKubeBuffer *array, int count)
{
	return orch_watch_replace_begin(watch) &&
		(count == 0 ||
		 orch_watch_push_json(watch, ORCH_WATCH_OBJECTS, ORCH_WATCH_ADDED,
							  array, count));
}

bool
orch_watch_replace_end(OrchKubeWatch *watch)
{
	if (!orch_watch_replace_begin(watch) || !flush_batch(watch) ||
		!orch_watch_push(watch, ORCH_WATCH_REPLACE_END))
		return false;
	watch->replacing = watch->rv_refused = false;
	return true;
}

void
orch_watch_replace_abort(OrchKubeWatch *watch)
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
