/*-------------------------------------------------------------------------
 *
 * client_internal.h
 *	  What a client is, for those who stand on it.
 *
 *	  Private to src/kube.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_CLIENT_INTERNAL_H
#define ORCH_KUBE_CLIENT_INTERNAL_H

#include "kube/client.h"
#include "kube/endpoint.h"
#include "kube/lane.h"
#include "kube/transport_internal.h"

struct OrchKubeClient
{
	OrchKubeDriver driver;		/* first: driver functions cast */
	OrchKubeTransport *transport;
	OrchKubeClientOptions options;	/* with defaults filled in; no strings */
	OrchKubeEndpoint endpoint;
	OrchKubeLane lane;

	dlist_head	queued;			/* of OrchKubeRequest */
	dlist_head	flying;
	int			queued_count;
	int			flying_count;
	int64		paused_until;
	size_t		waiting;		/* bytes of lines that nobody has taken yet */

	dlist_head	dependents;
};

/* What ends with a client; removes itself from the list when it is destroyed. */
typedef struct OrchKubeDependent OrchKubeDependent;
struct OrchKubeDependent
{
	dlist_node	node;			/* in client->dependents */
	void		(*destroy) (OrchKubeDependent *dependent);
};

#endif							/* ORCH_KUBE_CLIENT_INTERNAL_H */
