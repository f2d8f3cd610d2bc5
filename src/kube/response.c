/*-------------------------------------------------------------------------
 *
 * response.c
 *	  The queue of responses.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/response_internal.h"

typedef struct OrchKubeResponseNode
{
	OrchKubeResponse response;	/* first: what the caller holds */
	dlist_node	node;			/* in transport->responses */
} OrchKubeResponseNode;

static void
free_strings(OrchKubeResponse *response)
{
	free(response->body);
	free(response->message);
	free(response->reason);
	free(response->warning);
}

bool
orch_kube_response_push(OrchKubeTransport *transport, OrchKubeResponse *filled)
{
	OrchKubeResponseNode *node = malloc(sizeof(*node));

	if (filled->body == NULL)
		filled->body = strdup("");
	if (node == NULL || filled->body == NULL)
	{
		free(node);
		free_strings(filled);
		return false;
	}
	node->response = *filled;
	dlist_push_tail(&transport->responses, &node->node);
	return true;
}

void
orch_kube_response_drop(OrchKubeTransport *transport,
						const struct OrchKubeClient *client,
						bool all, const void *arg)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &transport->responses)
	{
		OrchKubeResponseNode *node;

		node = dlist_container(OrchKubeResponseNode, node, iter.cur);
		if (node->response.client != client || (!all && node->response.arg != arg))
			continue;
		dlist_delete(&node->node);
		orch_kube_response_free(&node->response);
	}
}

OrchKubeResponse *
orch_kube_transport_next(OrchKubeTransport *transport)
{
	dlist_node *node;

	if (dlist_is_empty(&transport->responses))
		return NULL;
	node = dlist_pop_head_node(&transport->responses);
	return &dlist_container(OrchKubeResponseNode, node, node)->response;
}

void
orch_kube_response_free(OrchKubeResponse *response)
{
	if (response == NULL)
		return;
	free_strings(response);
	free(response);
}
