/*-------------------------------------------------------------------------
 *
 * watch_output.h
 *	  The outputs of all watches of a transport, to be taken.
 *
 *	  Included by way of watch.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_WATCH_OUTPUT_H
#define ORCH_KUBE_WATCH_OUTPUT_H

#include "kube/transport.h"
#include "kube/watch_types.h"

/*
 * Takes the next output of any watch of the transport, in order per watch and
 * fairly between watches.  False: nothing there (*out is untouched).  Pages
 * of a list are asked for one by one as they are taken: call it often.
 */
extern bool orch_kube_watch_next(OrchKubeTransport *transport,
								 OrchKubeWatchOutput *out);
extern void orch_kube_watch_output_clear(OrchKubeWatchOutput *out);

#endif							/* ORCH_KUBE_WATCH_OUTPUT_H */
