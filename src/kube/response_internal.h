/*-------------------------------------------------------------------------
 *
 * response_internal.h
 *	  Putting responses into the queue, and out of it again.
 *
 *	  Private to src/kube.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_RESPONSE_INTERNAL_H
#define ORCH_KUBE_RESPONSE_INTERNAL_H

#include "kube/response.h"
#include "kube/transport_internal.h"

/*
 * Puts a copy of *filled where it is taken, with an empty body if it has none.
 * Its strings belong to the queue from now on.  Until it is taken or dropped its
 * size is part of *waiting, unless that is NULL.  False when memory is short: the
 * strings are freed then.
 */
extern bool orch_kube_response_push(OrchKubeTransport *transport,
									OrchKubeResponse *filled,
									size_t *waiting);

/* Drops what a client's requests, or those with one arg, have left untaken. */
extern void orch_kube_response_drop(OrchKubeTransport *transport,
									const struct OrchKubeClient *client,
									bool all, const void *arg);

#endif							/* ORCH_KUBE_RESPONSE_INTERNAL_H */
