/*
 * listing.c
 *	  What is there: at first everything, later what events tell, and everything again
 *	  when they have broken off, or once in a while.
 *
 * The stream of events is opened before anything is listed, so that nothing happens
 * between them.  An event is only a reason to look: what a container is, its inspection
 * says.
 */
#include "postgres.h"

#include "core/compat.h"
#include "core/core.h"
#include "engine/docker/inspection.h"
#include "engine/docker/internal.h"
#include "engine/docker/pods.h"
#include "engine/docker/workloads.h"
#include "miscadmin.h"
#include "utils/json.h"
#include "utils/memutils.h"

/* nobody else looks after what is changed behind our back, and events may be lost */
#define LIST_AGAIN_US (INT64CONST(60) * 1000000)

#define RETRY_US_LEAST (INT64CONST(500) * 1000)
#define RETRY_US_MOST (INT64CONST(30) * 1000000)

/* a filter of the API, escaped */
static char *
filter_of(OrchDockerEngine *docker, const char *more)
{
	return orch_docker_escaped(psprintf("{\"label\":[\"" ORCH_DOCKER_LABEL("installation") "=%s\"%s]}", docker->installation, more));
}

static void
ask(OrchDockerEngine *docker, OrchKubeClient *client, const char *path, OrchDockerTaker taker, void *arg, bool by_line)
{
	OrchDockerAsk what = {.client = client, .method = "GET", .path = path, .taker = taker, .arg = arg, .by_line = by_line};

	if (by_line)
		what.timeout_ms = -1;
	docker->listing.waiting += !by_line;
	if (!orch_docker_ask(docker, &what))
		orch_docker_break(docker, "the request could not be sent");
}

/*
 * There is no contact: everything is listed again after a while.
 */
void
orch_docker_break(OrchDockerEngine *docker, const char *error)
{
	OrchDockerListing *listing = &docker->listing;
	OrchNews	news = {.type = ORCH_NEWS_BROKEN, .error = error};

	orch_docker_forget(docker, listing);
	orch_kube_client_cancel_all(docker->event_client);
	orch_docker_drop_flights(docker, docker->event_client);
	listing->step = ORCH_DOCKER_LIST_NONE;
	listing->waiting = 0;
	listing->retry_us = Min(Max(listing->retry_us * 2, RETRY_US_LEAST), RETRY_US_MOST);
	listing->due_at = orch_steady_now() + listing->retry_us;
	docker->is_synced = false;
	orch_docker_tell(docker, &news);
}

static void
tell_kind(OrchDockerEngine *docker, const OrchKind *kind)
{
	OrchNews	begin = {.type = ORCH_NEWS_LIST_BEGIN, .kind = kind};
	OrchNews	end = {.type = ORCH_NEWS_LIST_END, .kind = kind, .asked_at = docker->listing.asked_at};
	dlist_iter	iter;

	orch_docker_tell(docker, &begin);
	if (kind->apply_order == ORCH_ORDER_NONE)
		orch_docker_pods_tell(docker);
	dlist_foreach(iter, &docker->records)
	{
		OrchDockerRecord *record = dlist_container(OrchDockerRecord, node, iter.cur);

		if (record->kind == kind && record->volume != NULL)
			orch_docker_record_tell(docker, record, ORCH_NEWS_OBJECT, true);
	}
	orch_docker_tell(docker, &end);
}

static void
finish(OrchDockerEngine *docker)
{
	OrchDockerListing *listing = &docker->listing;

	orch_docker_pods_end_list(docker);
	orch_docker_scratch_end_list(docker);
	for (int i = 0; i < ORCH_KIND_COUNT; i++)
	{
		if (orch_kinds[i].watched != ORCH_WATCHED_NOT)
			tell_kind(docker, &orch_kinds[i]);
	}
	listing->step = ORCH_DOCKER_LIST_DONE;
	listing->retry_us = 0;
	listing->due_at = orch_steady_now() + LIST_AGAIN_US;
	docker->is_synced = true;
	orch_docker_workloads_begin(docker);
}

/* null is an empty list */
static bool
has_member(JsonbContainer *object, const char *key)
{
	JsonbValue	value;

	return JsonContainerIsObject(object) && getKeyJsonValueFromContainer(object, key, strlen(key), &value) != NULL;
}

/*
 * Only what is a list says that something is not there: what is no answer of the engine's,
 * or an error of which the text says that there is no such thing, does not.
 */
static bool
is_list(OrchDockerEngine *docker, const OrchDockerReply *answer, const char *member)
{
	docker->listing.waiting--;
	if (answer->what != ORCH_DOCKER_SAID_OK)
		orch_docker_break(docker, answer->error);
	else if (answer->json == NULL || (member != NULL ? !has_member(answer->json, member) : !JsonContainerIsArray(answer->json)))
		orch_docker_break(docker, "the engine's answer is no list");
	else
		return true;
	return false;
}

static void
take_inspection(OrchDockerEngine *docker, void *arg, const OrchDockerReply *answer)
{
	docker->listing.waiting--;
	/* what has gone meanwhile is not there */
	if (answer->what == ORCH_DOCKER_SAID_OK)
		orch_docker_pods_see(docker, answer->json);
	else if (answer->what != ORCH_DOCKER_SAID_ABSENT)
	{
		orch_docker_break(docker, answer->error);
		return;
	}
	if (docker->listing.waiting == 0)
		finish(docker);
}

static void
take_containers(OrchDockerEngine *docker, void *arg, const OrchDockerReply *answer)
{
	if (!is_list(docker, answer, NULL))
		return;
	docker->listing.step = ORCH_DOCKER_LIST_INSPECTIONS;
	orch_docker_pods_begin_list(docker);
	for (int i = 0; docker->listing.step == ORCH_DOCKER_LIST_INSPECTIONS && i < orch_json_count(answer->json); i++)
	{
		OrchText	id = orch_json_string(orch_json_element(answer->json, i), "Id");

		if (id.data != NULL)
			ask(docker, NULL, psprintf("/containers/%s/json", orch_docker_escaped(orch_text_copy(id))), take_inspection, arg, false);
	}
	if (docker->listing.step == ORCH_DOCKER_LIST_INSPECTIONS && docker->listing.waiting == 0)
		finish(docker);
}

static void
take_networks(OrchDockerEngine *docker, void *arg, const OrchDockerReply *answer)
{
	List	   *lost;
	ListCell   *cell;

	if (!is_list(docker, answer, NULL))
		return;
	for (int i = 0; i < orch_json_count(answer->json); i++)
		orch_docker_place_listed(docker, ORCH_DOCKER_KIND(Namespace), orch_json_string(orch_json_element(answer->json, i), "Name"));
	lost = orch_docker_records_without_place(docker);
	foreach(cell, lost)
	{
		OrchDockerRecord *record = lfirst(cell);

		orch_docker_remove_volume(docker, record->volume);
		orch_docker_record_free(record);
	}
	orch_docker_workloads_know(docker);
	docker->listing.step = ORCH_DOCKER_LIST_CONTAINERS;
	ask(docker, NULL, psprintf("/containers/json?all=true&filters=%s", filter_of(docker, "")), take_containers, arg, false);
}

static bool
is_record(JsonbContainer *volume)
{
	return orch_text_is(orch_json_string(orch_json_object(volume, "Labels"), ORCH_DOCKER_LABEL("record")), "1");
}

static void
take_record(OrchDockerEngine *docker, JsonbContainer *volume)
{
	OrchText	name = orch_json_string(volume, "Name");

	if (is_record(volume) && name.data != NULL && !orch_docker_record_read(docker, volume))
		orch_docker_remove_volume(docker, orch_text_copy(name));
}

/*
 * A volume of a claim, or one that goes with a pod.
 */
static void
take_place(OrchDockerEngine *docker, JsonbContainer *volume)
{
	OrchText	name = orch_json_string(volume, "Name");

	if (is_record(volume) || name.data == NULL)
		return;
	orch_docker_place_listed(docker, ORCH_DOCKER_KIND(PersistentVolumeClaim), name);
	orch_docker_scratch_listed(docker, orch_json_object(volume, "Labels"), name);
}

static void
take_volumes(OrchDockerEngine *docker, void *arg, const OrchDockerReply *answer)
{
	JsonbContainer *volumes = orch_json_array(answer->json, "Volumes");

	if (!is_list(docker, answer, "Volumes"))
		return;
	orch_docker_records_begin_list(docker);
	for (int i = 0; i < orch_json_count(volumes); i++)
	{
		CHECK_FOR_INTERRUPTS();
		take_record(docker, orch_json_element(volumes, i));
	}
	for (int i = 0; i < orch_json_count(volumes); i++)
		take_place(docker, orch_json_element(volumes, i));
	orch_docker_records_end_list(docker);
	docker->listing.step = ORCH_DOCKER_LIST_NETWORKS;
	ask(docker, NULL, psprintf("/networks?filters=%s", filter_of(docker, "")), take_networks, arg, false);
}

static void
take_event(OrchDockerEngine *docker, void *arg, const OrchDockerReply *answer)
{
	OrchDockerEvent event;

	if (!answer->more)
		orch_docker_break(docker, answer->error ? answer->error : "the stream of events has ended");
	else if (answer->json != NULL && orch_docker_event_read(answer->json, &event))
		orch_docker_pods_event(docker, &event);
}

static void
begin_list(OrchDockerEngine *docker)
{
	OrchDockerListing *listing = &docker->listing;

	if (listing->step == ORCH_DOCKER_LIST_NONE)
		ask(docker, docker->event_client, psprintf("/events?filters=%s", filter_of(docker, "")), take_event, listing, true);
	listing->step = ORCH_DOCKER_LIST_VOLUMES;
	listing->asked_at = orch_steady_now();
	listing->waiting = 0;
	ask(docker, NULL, psprintf("/volumes?filters=%s", filter_of(docker, "")), take_volumes, listing, false);
}

/*
 * Lists when it is time to.
 */
void
orch_docker_list_due(OrchDockerEngine *docker, int64 now)
{
	OrchDockerListing *listing = &docker->listing;

	if (!docker->is_watching || now < listing->due_at ||
		(listing->step != ORCH_DOCKER_LIST_NONE && listing->step != ORCH_DOCKER_LIST_DONE))
		return;
	begin_list(docker);
}

void
orch_docker_watch(OrchEngine *engine)
{
	OrchDockerEngine *docker = (OrchDockerEngine *) engine;

	docker->is_watching = true;
	docker->listing.due_at = 0;
}

void
orch_docker_unwatch(OrchEngine *engine)
{
	OrchDockerEngine *docker = (OrchDockerEngine *) engine;
	OrchKubeClient *clients[] = {docker->event_client, docker->client, docker->pull_client};

	docker->is_watching = docker->is_synced = false;
	for (int i = 0; i < lengthof(clients); i++)
	{
		orch_kube_client_cancel_all(clients[i]);
		orch_docker_drop_flights(docker, clients[i]);
	}
	orch_docker_drop_verbs(docker);
	orch_docker_drop_round(docker);
	orch_docker_drop_pods(docker);
	orch_docker_drop_records(docker);
	memset(&docker->listing, 0, sizeof(OrchDockerListing));
}

bool
orch_docker_is_synced(OrchEngine *engine)
{
	return ((OrchDockerEngine *) engine)->is_synced;
}
