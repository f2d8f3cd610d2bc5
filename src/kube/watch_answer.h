/*-------------------------------------------------------------------------
 *
 * watch_answer.h
 *	  What the end of a list page or of a stream means for a watch.
 *
 *	  Private to src/kube.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_WATCH_ANSWER_H
#define ORCH_KUBE_WATCH_ANSWER_H

#include "kube/watch_state.h"

/* The end of a request that is no stream, or was not accepted as one. */
extern void orch_watch_judge_answer(OrchKubeWatch *watch, CURLcode code,
									OrchWatchVerdict *verdict);

/* The end of a stream that has been read. */
extern void orch_watch_judge_end(OrchKubeWatch *watch, CURLcode code,
								 OrchWatchVerdict *verdict);

#endif							/* ORCH_KUBE_WATCH_ANSWER_H */
