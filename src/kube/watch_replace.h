/*-------------------------------------------------------------------------
 *
 * watch_replace.h
 *	  The replace that a watch is making: BEGIN, OBJECTS, and END or ABORT.
 *
 *	  Private to src/kube.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_WATCH_REPLACE_H
#define ORCH_KUBE_WATCH_REPLACE_H

#include "kube/json_scan.h"
#include "kube/watch_state.h"

/* All but abort: false when memory is short. */
extern bool orch_watch_replace_begin(OrchKubeWatch *watch);	/* unless open */
extern bool orch_watch_replace_add(OrchKubeWatch *watch,
								   const OrchJsonField *object);
extern bool orch_watch_replace_add_page(OrchKubeWatch *watch,
										OrchKubeBuffer *array, int count);
extern bool orch_watch_replace_end(OrchKubeWatch *watch);

/* Tells the taker to forget what cannot be completed. */
extern void orch_watch_replace_abort(OrchKubeWatch *watch);

#endif							/* ORCH_KUBE_WATCH_REPLACE_H */
