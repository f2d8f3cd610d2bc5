/*
 * watches.c
 *	  What lists and watches bring, as news.
 */
#include "postgres.h"

#include "engine/kubernetes/facts.h"
#include "engine/kubernetes/internal.h"
#include "miscadmin.h"
#include "utils/memutils.h"

void
orch_kube_watch(OrchEngine *engine)
{
	OrchKubeEngine *kubernetes = (OrchKubeEngine *) engine;
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

void
orch_kube_unwatch(OrchEngine *engine)
{
	OrchKubeEngine *kubernetes = (OrchKubeEngine *) engine;

	for (int i = 0; i < ORCH_KIND_COUNT; i++)
	{
		if (kubernetes->watches[i] != NULL)
			orch_kube_watch_destroy(kubernetes->watches[i]);
		kubernetes->watches[i] = NULL;
	}
}

bool
orch_kube_is_synced(OrchEngine *engine)
{
	OrchKubeEngine *kubernetes = (OrchKubeEngine *) engine;

	for (int i = 0; i < ORCH_KIND_COUNT; i++)
	{
		if (orch_kinds[i].watched != ORCH_WATCHED_NOT &&
			(kubernetes->watches[i] == NULL || !orch_kube_watch_synced(kubernetes->watches[i])))
			return false;
	}
	return true;
}

/*
 * What the object of some news says; false: nothing usable.
 */
bool
orch_kube_read_object(OrchNews *news, const char *installation)
{
	if (news->kind->apply_order == ORCH_ORDER_NONE)
		return orch_kube_pod_seen_from_text(news->json, news->json_length, installation, &news->instance);
	return orch_kube_object_seen_from_text(news->kind->kind, news->json, news->json_length, installation, &news->seen) &&
		news->seen.uid[0] != '\0';
}

/*
 * One object of a watch or a list.
 */
static void
tell_object(OrchKubeEngine *kubernetes, const OrchKubeWatchOutput *output, const char *json, size_t length, bool listed)
{
	const OrchKind *kind = &orch_kinds[output->tag];
	OrchNews	news = {.kind = kind, .listed = listed, .json = json, .json_length = length};
	bool		deleted = !listed && output->event == ORCH_WATCH_DELETED;

	if (kind->apply_order == ORCH_ORDER_NONE)
		news.type = deleted ? ORCH_NEWS_INSTANCE_DELETED : ORCH_NEWS_INSTANCE;
	else
		news.type = deleted ? ORCH_NEWS_OBJECT_DELETED : ORCH_NEWS_OBJECT;
	if (orch_kube_read_object(&news, kubernetes->installation))
		orch_kube_tell(kubernetes, &news);
	MemoryContextReset(kubernetes->news);
}

static void
tell_page(OrchKubeEngine *kubernetes, const OrchKubeWatchOutput *output)
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
tell_contact(OrchKubeEngine *kubernetes, const OrchKubeWatchOutput *output)
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
	orch_kube_tell(kubernetes, &news);
	MemoryContextReset(kubernetes->news);
}

/*
 * What a watch has brought.
 */
void
orch_kube_watch_output(OrchKubeEngine *kubernetes, const OrchKubeWatchOutput *output)
{
	MemoryContext caller = MemoryContextSwitchTo(kubernetes->news);

	if (output->type == ORCH_WATCH_EVENT)
		tell_object(kubernetes, output, output->json, output->json_len, false);
	else if (output->type == ORCH_WATCH_OBJECTS)
		tell_page(kubernetes, output);
	else
		tell_contact(kubernetes, output);
	MemoryContextSwitchTo(caller);
}
