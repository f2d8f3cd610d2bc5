/*-------------------------------------------------------------------------
 *
 * watch_request.h
 *	  The request for the step that a watch has to do.
 *
 * Private to src/kube.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_WATCH_REQUEST_H
#define ORCH_KUBE_WATCH_REQUEST_H

#include "kube/watch_state.h"

/* False: libcurl refuses, or memory is short; done will not be called. */
extern bool orch_watch_request(OrchKubeWatch *watch,
							   void (*done) (OrchKubeTransfer *, CURLcode));

#endif							/* ORCH_KUBE_WATCH_REQUEST_H */
