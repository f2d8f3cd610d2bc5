/*-------------------------------------------------------------------------
 *
 * watch_output_internal.h
 *	  The queue between the network and the worker, from the inside.
 *
 *	  Private to src/kube.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_WATCH_OUTPUT_INTERNAL_H
#define ORCH_KUBE_WATCH_OUTPUT_INTERNAL_H

#include "kube/text.h"
#include "kube/watch_output.h"
#include "kube/watch_state.h"

extern bool orch_watch_push(OrchKubeWatch *watch, OrchKubeWatchOutputType type);
extern bool orch_watch_push_json(OrchKubeWatch *watch,
								 OrchKubeWatchOutputType type,
								 OrchKubeWatchEvent event,
								 OrchKubeBuffer *json, int object_count);
extern void orch_watch_push_broken(OrchKubeWatch *watch, const char *error,
								   long code);
extern void orch_watch_drop_outputs(OrchKubeWatch *watch);
extern bool orch_watch_queue_full(const OrchKubeWatch *watch, size_t more);

#endif							/* ORCH_KUBE_WATCH_OUTPUT_INTERNAL_H */
