/*-------------------------------------------------------------------------
 *
 * watch_due.h
 *	  When a watch has to be looked at although nothing comes.
 *
 * Private to src/kube.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_WATCH_DUE_H
#define ORCH_KUBE_WATCH_DUE_H

#include "kube/watch_state.h"

/* A stream without a line has to last so long to be believed. */
#define ORCH_PROOF_MS 1000

/* Was the stream accepted? */
extern bool orch_watch_answered(const OrchKubeWatch *watch);

/* All are monotonic ms, or -1 for never. */
extern int64 orch_watch_idle_due(const OrchKubeWatch *watch);
extern int64 orch_watch_initial_due(const OrchKubeWatch *watch);
extern int64 orch_watch_silence_due(const OrchKubeWatch *watch);
extern int64 orch_watch_stream_due(const OrchKubeWatch *watch);

#endif							/* ORCH_KUBE_WATCH_DUE_H */
