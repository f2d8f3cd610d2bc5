/*
 * usage.c
 *	  Asks what containers use.
 *
 * A round asks metrics.k8s.io once, page by page, then the kubelet of every node
 * that it was given, a few at a time, through the API server.  Each answer is told
 * as it comes.  A node that does not answer costs its own figures alone; nothing
 * here keeps anything else from being done.
 */
#include "postgres.h"

#include "core/core.h"
#include "engine/kubernetes/facts.h"
#include "engine/kubernetes/internal.h"
#include "kube/json_scan.h"
#include "lib/stringinfo.h"
#include "utils/memutils.h"

#define NODES_IN_FLIGHT 8
#define NODE_TIMEOUT_MS 10000
#define NODE_BYTES (16 * 1024 * 1024)
#define METRICS_BYTES (32 * 1024 * 1024)
#define METRICS_PATH "/apis/metrics.k8s.io/v1beta1/pods?limit=500&labelSelector=orchestration.dev%%2Finstallation%%3D%s"

/* metrics.k8s.io is an add-on: where it is not, it may come */
#define METRICS_ABSENT (600 * INT64CONST(1000000))

static const char *const rights_hint = "apply docs/rbac.yaml, or set usage_interval of the cluster to 0";

/* ---- a round ---- */

/*
 * Drops the round under way; its requests must be gone already.
 */
void
orch_kube_forget_round(OrchKubeEngine *kubernetes)
{
	if (kubernetes->round.context != NULL)
		MemoryContextDelete(kubernetes->round.context);
	memset(&kubernetes->round, 0, sizeof(OrchKubeRound));
}

static char *
describe_problems(const OrchKubeRound *round)
{
	StringInfoData text;

	if (round->metrics_problem == NULL && round->node_problem == NULL)
		return NULL;
	initStringInfo(&text);
	if (round->metrics_problem != NULL)
		appendStringInfo(&text, "metrics.k8s.io: %s", round->metrics_problem);
	if (round->node_problem != NULL)
		appendStringInfo(&text, "%s%d of %d nodes gave no usage, such as %s", text.len > 0 ? "; " : "",
						 round->failed, round->asked, round->node_problem);
	return text.data;
}

static void
end_round(OrchKubeEngine *kubernetes)
{
	MemoryContext caller = MemoryContextSwitchTo(kubernetes->news);
	OrchNews	news = {.type = ORCH_NEWS_USAGE_END};

	news.error = describe_problems(&kubernetes->round);
	orch_kube_forget_round(kubernetes);
	orch_kube_tell(kubernetes, &news);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(kubernetes->news);
}

static const char *
explain(OrchKubeRound *round, const OrchKubeResponse *response)
{
	const char *message = response->message ? response->message : psprintf("HTTP status %ld", response->http_status);

	if (response->http_status == 403)
		message = psprintf("%s (%s)", message, rights_hint);
	return MemoryContextStrdup(round->context, message);
}

/*
 * Tells of an answer; true if there are figures in it.
 */
static bool
tell_figures(OrchKubeEngine *kubernetes, const OrchKubeResponse *response, const char *node)
{
	MemoryContext caller = MemoryContextSwitchTo(kubernetes->news);
	OrchNews	news = {.type = ORCH_NEWS_USAGE, .node = node, .ends_request = true};
	bool		has_figures = response->http_status == 200 && response->body_is_json;

	if (has_figures)
	{
		news.json = response->body;
		news.json_length = response->body_len;
	}
	orch_kube_tell(kubernetes, &news);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(kubernetes->news);
	return has_figures;
}

/* ---- nodes ---- */

static void
note_failure(OrchKubeRound *round, const char *node, const char *why)
{
	round->failed++;
	if (round->node_problem == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(round->context);

		round->node_problem = psprintf("%s: %s", node, why);
		MemoryContextSwitchTo(caller);
	}
}

static bool
ask_node(OrchKubeEngine *kubernetes, char *node)
{
	OrchKubeRequestSpec spec = {0};
	char	   *path = psprintf("/api/v1/nodes/%s/proxy/stats/summary", node);
	bool		sent;

	spec.method = "GET";
	spec.path = path;
	spec.timeout_ms = Min(NODE_TIMEOUT_MS, orch_request_timeout_ms);
	spec.max_response_bytes = NODE_BYTES;
	spec.tag = ORCH_KUBE_TAG_NODE;
	spec.arg = node;
	sent = orch_kube_request_start(kubernetes->client, &spec);
	pfree(path);
	return sent;
}

/*
 * Keeps a few requests under way, and ends the round when none is left.  What was
 * not reached in time is reached in another round, the order is drawn anew.
 */
static void
go_on(OrchKubeEngine *kubernetes)
{
	OrchKubeRound *round = &kubernetes->round;
	bool		late = orch_steady_now() >= round->until;

	while (round->nodes != NIL && round->waiting < NODES_IN_FLIGHT)
	{
		char	   *node = llast(round->nodes);

		round->nodes = list_delete_last(round->nodes);
		round->asked++;
		if (late)
			note_failure(round, node, "there was no time left to ask it");
		else if (ask_node(kubernetes, node))
			round->waiting++;
		else
			note_failure(round, node, "the request could not be made");
	}
	if (round->waiting == 0)
		end_round(kubernetes);
}

void
orch_kube_node_response(OrchKubeEngine *kubernetes, OrchKubeResponse *response)
{
	OrchKubeRound *round = &kubernetes->round;
	const char *node = response->arg;

	round->waiting--;
	if (!tell_figures(kubernetes, response, node))
		note_failure(round, node, response->http_status == 200 ? "its answer is not JSON" : explain(round, response));

	/* rights are the same for every node: the others need not be bothered */
	if (response->http_status == 403)
	{
		round->asked += list_length(round->nodes);
		round->failed += list_length(round->nodes);
		round->nodes = NIL;
	}
	go_on(kubernetes);
}

/* ---- metrics.k8s.io ---- */

static bool
ask_metrics(OrchKubeEngine *kubernetes, const char *path)
{
	OrchKubeRequestSpec spec = {0};

	spec.method = "GET";
	spec.path = path;
	spec.timeout_ms = orch_request_timeout_ms;
	spec.max_response_bytes = METRICS_BYTES;
	spec.tag = ORCH_KUBE_TAG_METRICS;
	if (!orch_kube_request_start(kubernetes->client, &spec))
		return false;
	kubernetes->round.waiting++;
	return true;
}

/* A token in base64, as an API server makes it; what is none never gets into a path. */
static bool
is_token(const char *token)
{
	size_t		length = strspn(token, "-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.");

	return length > 0 && strspn(token + length, "=") == strlen(token + length);
}

/*
 * Asks for the page that follows; false if there is none.
 */
static bool
ask_next_page(OrchKubeEngine *kubernetes, const OrchKubeResponse *response)
{
	OrchJsonField field = {.path = {"metadata", "continue"}};
	char	   *token = orch_json_scan(response->body, response->body_len, &field, 1) && field.kind == ORCH_JSON_STRING ? orch_json_text(&field) : NULL;
	StringInfoData path;

	/* a server that always names one more page ends no round */
	if (token == NULL || !is_token(token) || orch_steady_now() >= kubernetes->round.until)
	{
		free(token);
		return false;
	}
	initStringInfo(&path);
	appendStringInfo(&path, "%s&continue=", kubernetes->round.metrics_path);
	for (const char *c = token; *c != '\0'; c++)
		appendStringInfoString(&path, *c == '=' ? "%3D" : (char[]) {*c, '\0'});
	free(token);
	return ask_metrics(kubernetes, path.data);
}

void
orch_kube_metrics_response(OrchKubeEngine *kubernetes, OrchKubeResponse *response)
{
	OrchKubeRound *round = &kubernetes->round;

	round->waiting--;
	if (tell_figures(kubernetes, response, NULL))
	{
		if (ask_next_page(kubernetes, response))
			return;
	}
	else if (response->http_status == 404)
		kubernetes->metrics_at = round->began_at + METRICS_ABSENT;
	else
		round->metrics_problem = explain(round, response);
	go_on(kubernetes);
}

/*
 * Begins a round.
 */
void
orch_kube_measure(OrchEngine *engine, List *nodes, int64 until)
{
	OrchKubeEngine *kubernetes = (OrchKubeEngine *) engine;
	OrchKubeRound *round = &kubernetes->round;
	MemoryContext caller;
	ListCell   *cell;

	round->context = AllocSetContextCreate(kubernetes->context, "orchestration usage", ALLOCSET_SMALL_SIZES);
	round->began_at = orch_steady_now();
	round->until = until;
	caller = MemoryContextSwitchTo(round->context);
	round->metrics_path = psprintf(METRICS_PATH, kubernetes->installation);
	foreach(cell, nodes)
		round->nodes = lappend(round->nodes, pstrdup(lfirst(cell)));
	MemoryContextSwitchTo(caller);
	if (round->nodes == NIL || round->began_at < kubernetes->metrics_at || !ask_metrics(kubernetes, round->metrics_path))
		go_on(kubernetes);
}
