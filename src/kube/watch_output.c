/*-------------------------------------------------------------------------
 *
 * watch_output.c
 *	  The queue between the network and the worker.
 *
 * The socket is never made to wait for SQL: the API server cuts slow readers
 * off.  Instead the queue has a limit per watch, and what does not fit makes
 * the watch list anew later.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/watch_output_internal.h"

typedef struct OrchKubeOutputNode
{
	OrchKubeWatchOutput output;
	dlist_node	node;			/* in transport->outputs */
	size_t		bytes;
} OrchKubeOutputNode;

static bool
is_of_replace(OrchKubeWatchOutputType type)
{
	return type == ORCH_WATCH_REPLACE_BEGIN || type == ORCH_WATCH_OBJECTS ||
		type == ORCH_WATCH_REPLACE_END || type == ORCH_WATCH_REPLACE_ABORT;
}

static OrchKubeOutputNode *
make_node(OrchKubeWatch *watch, OrchKubeWatchOutputType type)
{
	OrchKubeOutputNode *node = calloc(1, sizeof(*node));

	if (node == NULL)
		return NULL;
	node->output.watch = watch;
	node->output.client = watch->client;
	node->output.tag = watch->spec.tag;
	node->output.arg = watch->spec.arg;
	node->output.type = type;
	if (is_of_replace(type))
		node->output.asked_at_ms = watch->asked_at;
	return node;
}

static void
push_node(OrchKubeWatch *watch, OrchKubeOutputNode *node)
{
	node->bytes = sizeof(*node) + node->output.json_len;
	watch->queued_bytes += node->bytes;
	watch->queued_count++;
	dlist_push_tail(&watch->transport->outputs, &node->node);
}

static void
unlink_node(OrchKubeOutputNode *node)
{
	node->output.watch->queued_bytes -= node->bytes;
	node->output.watch->queued_count--;
	dlist_delete(&node->node);
}

/* Would so many bytes more be too many?  One output always fits. */
bool
orch_watch_queue_full(const OrchKubeWatch *watch, size_t more)
{
	return watch->queued_count > 0 &&
		watch->queued_bytes + more > watch->spec.max_queue_bytes;
}

/* Queues an output without content.  False: out of memory. */
bool
orch_watch_push(OrchKubeWatch *watch, OrchKubeWatchOutputType type)
{
	OrchKubeOutputNode *node = make_node(watch, type);

	if (node == NULL)
		return false;
	push_node(watch, node);
	return true;
}

/*
 * Queues an output, cleans its text and takes it out of *json.  False: out of
 * memory; *json is then the caller's still.
 */
bool
orch_watch_push_json(OrchKubeWatch *watch, OrchKubeWatchOutputType type,
					 OrchKubeWatchEvent event, OrchKubeBuffer *json,
					 int object_count)
{
	OrchKubeOutputNode *node = make_node(watch, type);

	if (node == NULL || !orch_kube_text_clean(json))
	{
		free(node);
		return false;
	}
	node->output.event = event;
	node->output.json = json->data;
	node->output.json_len = json->len;
	node->output.object_count = object_count;
	memset(json, 0, sizeof(*json));
	push_node(watch, node);
	return true;
}

/* Queues an error; one that is lost for lack of memory is not missed. */
void
orch_watch_push_broken(OrchKubeWatch *watch, const char *error, long code)
{
	OrchKubeOutputNode *node = make_node(watch, ORCH_WATCH_BROKEN);

	if (node == NULL)
		return;
	node->output.error = orch_kube_one_line(error);
	node->output.http_status = Max(code, 0);
	push_node(watch, node);
}

/* Forgets what was not taken yet. */
void
orch_watch_drop_outputs(OrchKubeWatch *watch)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &watch->transport->outputs)
	{
		OrchKubeOutputNode *node;

		node = dlist_container(OrchKubeOutputNode, node, iter.cur);
		if (node->output.watch != watch)
			continue;
		unlink_node(node);
		orch_kube_watch_output_clear(&node->output);
		free(node);
	}
}

bool
orch_kube_watch_next(OrchKubeTransport *transport, OrchKubeWatchOutput *out)
{
	OrchKubeOutputNode *node;

	if (dlist_is_empty(&transport->outputs))
		return false;
	node = dlist_head_element(OrchKubeOutputNode, node, &transport->outputs);
	unlink_node(node);
	*out = node->output;
	if (out->type == ORCH_WATCH_REPLACE_BEGIN)
		out->watch->taken_replacing = true;
	else if (out->type == ORCH_WATCH_REPLACE_END ||
			 out->type == ORCH_WATCH_REPLACE_ABORT)
		out->watch->taken_replacing = false;
	free(node);
	return true;
}

void
orch_kube_watch_output_clear(OrchKubeWatchOutput *out)
{
	free(out->json);
	free(out->error);
	out->json = out->error = NULL;
	out->json_len = 0;
}
