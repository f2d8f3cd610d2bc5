/*
 * engine.c
 *	  Kubernetes behind the interface of engine.h.
 *
 * A creation is a server-side apply that carries a resourceVersion which no
 * object has: the server makes the object (201), or refuses (409) because one
 * of that name exists.  So nobody's object is ever adopted by accident, and it
 * takes one request.  Everything else names the UID.
 */
#include "postgres.h"

#include "core/core.h"
#include "engine/kubernetes/answer.h"
#include "engine/kubernetes/engine.h"
#include "engine/kubernetes/facts.h"
#include "catalog/pg_type.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#define APPLY_CONTENT_TYPE "application/apply-patch+yaml"

/* strict: an override that the server does not know is an error, not silence */
#define APPLY_QUERY "?fieldManager=" ORCH_FIELD_MANAGER "&fieldValidation=Strict"

/* no object has this version: etcd's first revision is taken before anything is stored */
#define VERSION_OF_NOTHING "1"

typedef struct KubernetesEngine
{
	OrchEngine	engine;
	MemoryContext context;
	MemoryContext news;			/* reset after each piece of news */
	OrchKubeClient *client;
	char	   *installation;
	int			tag;
	dlist_head	flights;
	OrchKubeWatch *watches[ORCH_KIND_COUNT];
} KubernetesEngine;

/* one request on its way */
typedef struct Flight
{
	int64		object_id;
	uint32		number;
	OrchVerb	verb;
	const OrchKind *kind;
	bool		had_uid;
	dlist_node	node;
} Flight;

static void
watch(OrchEngine *engine)
{
	KubernetesEngine *kubernetes = (KubernetesEngine *) engine;
	char	   *selector = psprintf(ORCH_LABEL_INSTALLATION "=%s", kubernetes->installation);

	for (int i = 0; i < ORCH_KIND_COUNT; i++)
	{
		OrchKubeWatchSpec spec = {0};
		char		path[ORCH_KIND_PATH_SIZE];

		if (orch_kinds[i].watched == ORCH_WATCHED_NOT || kubernetes->watches[i] != NULL)
			continue;
		orch_kind_list_path(&orch_kinds[i], path, sizeof(path));
		spec.api_path = path;
		spec.label_selector = selector;
		spec.metadata_only = orch_kinds[i].watched == ORCH_WATCHED_METADATA;
		spec.tag = i;
		spec.arg = kubernetes;
		kubernetes->watches[i] = orch_kube_watch_create(kubernetes->client, &spec);
	}
	pfree(selector);
}

static void
unwatch(OrchEngine *engine)
{
	KubernetesEngine *kubernetes = (KubernetesEngine *) engine;

	for (int i = 0; i < ORCH_KIND_COUNT; i++)
	{
		if (kubernetes->watches[i] != NULL)
			orch_kube_watch_destroy(kubernetes->watches[i]);
		kubernetes->watches[i] = NULL;
	}
}

static bool
is_synced(OrchEngine *engine)
{
	KubernetesEngine *kubernetes = (KubernetesEngine *) engine;

	for (int i = 0; i < ORCH_KIND_COUNT; i++)
	{
		if (orch_kinds[i].watched != ORCH_WATCHED_NOT &&
			(kubernetes->watches[i] == NULL || !orch_kube_watch_synced(kubernetes->watches[i])))
			return false;
	}
	return true;
}

/*
 * A manifest with one more member in its metadata.
 */
static char *
with_metadata(const char *manifest, const char *key, const char *value)
{
	Datum		elements[2] = {CStringGetTextDatum("metadata"), CStringGetTextDatum(key)};
	Datum		path = PointerGetDatum(construct_array(elements, 2, TEXTOID, -1, false, TYPALIGN_INT));
	StringInfoData quoted;
	Datum		result;

	initStringInfo(&quoted);
	escape_json(&quoted, value);
	result = DirectFunctionCall4(jsonb_set,
								 DirectFunctionCall1(jsonb_in, CStringGetDatum(manifest)),
								 path,
								 DirectFunctionCall1(jsonb_in, CStringGetDatum(quoted.data)),
								 BoolGetDatum(true));
	return DatumGetCString(DirectFunctionCall1(jsonb_out, result));
}

/*
 * The request for a verb: method, path and body, in the current memory context.
 */
void
orch_kube_engine_request(const OrchEngineRequest *request, OrchKubeRequestSpec *spec)
{
	size_t		size = ORCH_KIND_PATH_SIZE + 128;
	char	   *path = palloc(size);

	orch_kind_object_path(request->kind, request->in, request->name, path, ORCH_KIND_PATH_SIZE);
	spec->path = path;
	if (request->verb == ORCH_VERB_DELETE)
	{
		spec->method = "DELETE";
		spec->body = psprintf("{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"propagationPolicy\":\"Foreground\","
							  "\"preconditions\":{\"uid\":\"%s\"}}", request->uid);
	}
	else if (request->verb == ORCH_VERB_LOOK)
		spec->method = "GET";
	else
	{
		bool		is_apply = request->verb == ORCH_VERB_APPLY;

		spec->method = "PATCH";
		spec->content_type = APPLY_CONTENT_TYPE;
		strlcat(path, APPLY_QUERY, size);
		/* only what is ours already is forced */
		if (is_apply)
			strlcat(path, "&force=true", size);
		spec->body = is_apply ? with_metadata(request->manifest, "uid", request->uid) :
			with_metadata(request->manifest, "resourceVersion", VERSION_OF_NOTHING);
	}
	spec->body_len = spec->body ? strlen(spec->body) : 0;
}

static bool
send(OrchEngine *engine, const OrchEngineRequest *request)
{
	KubernetesEngine *kubernetes = (KubernetesEngine *) engine;
	MemoryContext caller = MemoryContextSwitchTo(kubernetes->news);
	OrchKubeRequestSpec spec = {0};
	Flight	   *flight = MemoryContextAllocZero(kubernetes->context, sizeof(Flight));
	bool		sent;

	flight->object_id = request->object_id;
	flight->number = request->number;
	flight->verb = request->verb;
	flight->kind = request->kind;
	flight->had_uid = request->uid != NULL && request->uid[0] != '\0';
	orch_kube_engine_request(request, &spec);
	spec.timeout_ms = orch_request_timeout_ms;
	spec.tag = kubernetes->tag;
	spec.arg = flight;
	sent = orch_kube_request_start(kubernetes->client, &spec);
	if (sent)
		dlist_push_tail(&kubernetes->flights, &flight->node);
	else
		pfree(flight);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(kubernetes->news);
	return sent;
}

static void
end_flight(Flight *flight)
{
	dlist_delete(&flight->node);
	pfree(flight);
}

static void
cancel(OrchEngine *engine)
{
	KubernetesEngine *kubernetes = (KubernetesEngine *) engine;

	orch_kube_client_cancel_all(kubernetes->client);
	while (!dlist_is_empty(&kubernetes->flights))
		end_flight(dlist_head_element(Flight, node, &kubernetes->flights));
}

static long
paused_ms(OrchEngine *engine)
{
	return orch_kube_client_paused_ms(((KubernetesEngine *) engine)->client);
}

static void
close_engine(OrchEngine *engine)
{
	unwatch(engine);
	MemoryContextDelete(((KubernetesEngine *) engine)->context);
}

static const OrchEngineClass kubernetes_class = {
	.name = "kubernetes",
	.close = close_engine,
	.watch = watch,
	.unwatch = unwatch,
	.is_synced = is_synced,
	.send = send,
	.cancel = cancel,
	.paused_ms = paused_ms
};

OrchEngine *
orch_kube_engine_create(MemoryContext parent, OrchKubeClient *client, int tag, const char *installation,
						OrchNewsReader reader, void *arg)
{
	MemoryContext context = AllocSetContextCreate(parent, "orchestration kubernetes", ALLOCSET_DEFAULT_SIZES);
	KubernetesEngine *kubernetes = MemoryContextAllocZero(context, sizeof(KubernetesEngine));

	kubernetes->engine.class = &kubernetes_class;
	kubernetes->engine.reader = reader;
	kubernetes->engine.arg = arg;
	kubernetes->context = context;
	kubernetes->news = AllocSetContextCreate(context, "orchestration news", ALLOCSET_DEFAULT_SIZES);
	kubernetes->client = client;
	kubernetes->installation = MemoryContextStrdup(context, installation);
	kubernetes->tag = tag;
	dlist_init(&kubernetes->flights);
	return &kubernetes->engine;
}

static void
tell(KubernetesEngine *kubernetes, const OrchNews *news)
{
	kubernetes->engine.reader(kubernetes->engine.arg, news);
}

void
orch_kube_engine_response(OrchEngine *engine, OrchKubeResponse *response)
{
	KubernetesEngine *kubernetes = (KubernetesEngine *) engine;
	MemoryContext caller = MemoryContextSwitchTo(kubernetes->news);
	Flight	   *flight = response->arg;
	OrchNews	news = {.type = ORCH_NEWS_ANSWER};
	OrchKubeResult result;

	news.kind = flight->kind;
	news.object_id = flight->object_id;
	news.number = flight->number;
	news.verb = flight->verb;
	news.status = (int) response->http_status;
	news.elapsed_ms = response->elapsed_ms;
	news.retry_after_ms = response->retry_after_ms;
	news.warning = response->warning;
	orch_kube_result(flight->verb, flight->kind->kind, flight->had_uid, response, kubernetes->installation, &result);
	news.outcome = result.outcome;
	news.reason = result.reason;
	news.error = result.message;
	news.seen = result.seen;
	if ((result.outcome == ORCH_OUTCOME_DONE || result.outcome == ORCH_OUTCOME_FOUND) && response->body_is_json)
	{
		news.json = response->body;
		news.json_length = response->body_len;
	}
	end_flight(flight);
	tell(kubernetes, &news);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(kubernetes->news);
}

/*
 * One object of a watch or a list.
 */
static void
tell_object(KubernetesEngine *kubernetes, const OrchKubeWatchOutput *output, const char *json, size_t length, bool listed)
{
	const OrchKind *kind = &orch_kinds[output->tag];
	OrchNews	news = {.kind = kind, .listed = listed, .json = json, .json_length = length};
	bool		deleted = !listed && output->event == ORCH_WATCH_DELETED;

	if (kind->apply_order == ORCH_ORDER_NONE)
	{
		news.type = deleted ? ORCH_NEWS_INSTANCE_DELETED : ORCH_NEWS_INSTANCE;
		if (orch_kube_pod_seen_from_text(json, length, kubernetes->installation, &news.instance))
			tell(kubernetes, &news);
	}
	else
	{
		news.type = deleted ? ORCH_NEWS_OBJECT_DELETED : ORCH_NEWS_OBJECT;
		if (orch_kube_object_seen_from_text(kind->kind, json, length, kubernetes->installation, &news.seen) && news.seen.uid[0] != '\0')
			tell(kubernetes, &news);
	}
	MemoryContextReset(kubernetes->news);
}

static void
tell_page(KubernetesEngine *kubernetes, const OrchKubeWatchOutput *output)
{
	const char *at = output->json;
	const char *json;
	size_t		length;

	while (orch_kube_next_object(&at, output->json + output->json_len, &json, &length))
	{
		CHECK_FOR_INTERRUPTS();
		tell_object(kubernetes, output, json, length, true);
	}
}

static void
tell_contact(KubernetesEngine *kubernetes, const OrchKubeWatchOutput *output)
{
	OrchNews	news = {.kind = &orch_kinds[output->tag]};

	switch (output->type)
	{
		case ORCH_WATCH_REPLACE_BEGIN:
			news.type = ORCH_NEWS_LIST_BEGIN;
			break;
		case ORCH_WATCH_REPLACE_END:
			news.type = ORCH_NEWS_LIST_END;
			break;
		case ORCH_WATCH_BROKEN:
			news.type = ORCH_NEWS_BROKEN;
			news.refused = output->http_status == 401 || output->http_status == 403;
			news.error = psprintf("watching %s: %s", news.kind->kind, output->error);
			break;
		default:
			return;
	}
	news.asked_at = output->asked_at_ms * INT64CONST(1000);
	tell(kubernetes, &news);
	MemoryContextReset(kubernetes->news);
}

bool
orch_kube_engines_drain(OrchKubeTransport *transport, int limit_ms)
{
	OrchKubeWatchOutput output;
	int64		started_at = orch_steady_now();
	bool		more = false;

	while (!more && orch_kube_watch_next(transport, &output))
	{
		KubernetesEngine *kubernetes = output.arg;
		MemoryContext caller = MemoryContextSwitchTo(kubernetes->news);

		CHECK_FOR_INTERRUPTS();
		if (output.type == ORCH_WATCH_EVENT)
			tell_object(kubernetes, &output, output.json, output.json_len, false);
		else if (output.type == ORCH_WATCH_OBJECTS)
			tell_page(kubernetes, &output);
		else
			tell_contact(kubernetes, &output);
		MemoryContextSwitchTo(caller);
		orch_kube_watch_output_clear(&output);
		more = orch_steady_now() - started_at > limit_ms * INT64CONST(1000);
	}
	return more;
}
