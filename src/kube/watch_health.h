/*-------------------------------------------------------------------------
 *
 * watch_health.h
 *	  How a watch fares: failures, waiting, BROKEN and SYNCED.
 *
 *	  Private to src/kube.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_WATCH_HEALTH_H
#define ORCH_KUBE_WATCH_HEALTH_H

#include "kube/watch_state.h"

/* Notes and reports a failure; returns when to try again. */
extern int64 orch_watch_note_failure(OrchKubeWatch *watch,
									 const OrchWatchVerdict *verdict);

/* The step after a failure: the same, or a list after many of them. */
extern OrchWatchStep orch_watch_step_after(OrchKubeWatch *watch,
										   const OrchWatchVerdict *verdict);

/* True when it has not happened for a while that a position was too old. */
extern bool orch_watch_note_relist(OrchKubeWatch *watch);

/* The server has answered. */
extern void orch_watch_note_answer(OrchKubeWatch *watch);

/* The mirror is complete and changes will come. */
extern void orch_watch_prove(OrchKubeWatch *watch);

#endif							/* ORCH_KUBE_WATCH_HEALTH_H */
