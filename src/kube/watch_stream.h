/*-------------------------------------------------------------------------
 *
 * watch_stream.h
 *	  Lines of a watch stream into outputs.
 *
 *	  Private to src/kube.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_WATCH_STREAM_H
#define ORCH_KUBE_WATCH_STREAM_H

#include "kube/watch_state.h"

/*
 * Reads every complete line that has come, or those up to one that asks for
 * something: LISTED means that the rest is still to be read.
 */
extern void orch_watch_read_stream(OrchKubeWatch *watch,
								   OrchWatchVerdict *verdict);

#endif							/* ORCH_KUBE_WATCH_STREAM_H */
