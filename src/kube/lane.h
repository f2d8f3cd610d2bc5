/*-------------------------------------------------------------------------
 *
 * lane.h
 *	  The connections that the requests of one client take.
 *
 *	  Private to src/kube.  HTTP/2 puts all of them on one connection, and libcurl
 *	  goes on using one that acknowledges everything and answers nothing.  So
 *	  after a time-out, and after a life of some minutes, new requests begin on a
 *	  fresh one; those that are under way end where they began.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_LANE_H
#define ORCH_KUBE_LANE_H

#include "kube/transport_internal.h"

typedef struct OrchKubeLane
{
	OrchKubeTransport *transport;
	int			life_ms;
	OrchKubeSet *current;		/* NULL: none is needed yet */
	int64		leave_at;		/* when current is too old */
	dlist_head	left;			/* of OrchKubeSet, until their exchanges end */
} OrchKubeLane;

extern void orch_kube_lane_init(OrchKubeLane *lane,
								OrchKubeTransport *transport, int life_ms);

/* Where the next request begins; NULL: libcurl or memory refuses. */
extern OrchKubeSet *orch_kube_lane_take(OrchKubeLane *lane, int64 now);

/* An exchange of this set was not answered in time. */
extern void orch_kube_lane_leave(OrchKubeLane *lane, OrchKubeSet *set);

/* Closes what was left and is not used any more.  Not from done(). */
extern void orch_kube_lane_sweep(OrchKubeLane *lane);

/* No exchange may be running. */
extern void orch_kube_lane_destroy(OrchKubeLane *lane);

#endif							/* ORCH_KUBE_LANE_H */
