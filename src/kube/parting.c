/*-------------------------------------------------------------------------
 *
 * parting.c
 *	  Lets a client finish what it has begun when its owner is gone, such as the
 *	  release of a lease.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/clock.h"
#include "kube/parting.h"

/* It is not waited for longer. */
#define PATIENCE_MS 8000

typedef struct Parting
{
	dlist_node	node;
	OrchKubeClient *client;
	int64		until;
} Parting;

void
orch_kube_part(dlist_head *partings, OrchKubeClient *client)
{
	Parting    *parting = malloc(sizeof(Parting));

	if (parting == NULL)
	{
		orch_kube_client_destroy(client);
		return;
	}
	parting->client = client;
	parting->until = orch_kube_now() + PATIENCE_MS;
	dlist_push_tail(partings, &parting->node);
}

void
orch_kube_end_partings(dlist_head *partings)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, partings)
	{
		Parting    *parting = dlist_container(Parting, node, iter.cur);

		if (orch_kube_client_pending(parting->client) > 0 && orch_kube_now() < parting->until)
			continue;
		orch_kube_client_destroy(parting->client);
		dlist_delete(&parting->node);
		free(parting);
	}
}
