/*-------------------------------------------------------------------------
 *
 * watch_path.h
 *	  Request paths of a watch.
 *
 *	  Private to src/kube.  All are malloc'ed, NULL when memory is short.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_WATCH_PATH_H
#define ORCH_KUBE_WATCH_PATH_H

#include "kube/watch_state.h"

extern char *orch_watch_selectors(const OrchKubeWatchSpec *spec);
extern char *orch_watch_list_path(const OrchKubeWatch *watch);
extern char *orch_watch_stream_path(const OrchKubeWatch *watch, bool initial,
									int timeout_s);

#endif							/* ORCH_KUBE_WATCH_PATH_H */
