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
	size_t	   *waiting;		/* of which it is a part, or NULL */
} OrchKubeResponseNode;

/* What a node takes up, its body included. */
static size_t
node_size(const OrchKubeResponseNode *node)
{
	return sizeof(*node) + node->response.body_len;
}

static void
unlink_node(OrchKubeResponseNode *node)
{
	dlist_delete(&node->node);
	if (node->waiting != NULL)
		*node->waiting -= node_size(node);
}

static void
free_strings(OrchKubeResponse *response)
{
	free(response->body);
	free(response->message);
	free(response->reason);
	free(response->warning);
}

bool
orch_kube_response_push(OrchKubeTransport *transport, OrchKubeResponse *filled,
						size_t *waiting)
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
	node->waiting = waiting;
	if (waiting != NULL)
		*waiting += node_size(node);
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
		unlink_node(node);
		orch_kube_response_free(&node->response);
	}
}

OrchKubeResponse *
orch_kube_transport_next(OrchKubeTransport *transport)
{
	OrchKubeResponseNode *node;

	if (dlist_is_empty(&transport->responses))
		return NULL;
	node = dlist_head_element(OrchKubeResponseNode, node, &transport->responses);
	unlink_node(node);
	return &node->response;
}

void
orch_kube_response_free(OrchKubeResponse *response)
{
	if (response == NULL)
		return;
	free_strings(response);
	free(response);
}
