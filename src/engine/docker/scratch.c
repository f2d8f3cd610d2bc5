/*
 * scratch.c
 *	  Volumes of an engine that go with one pod.
 *
 * They are made with the pod's uid among their labels, before its first container, and
 * removed after its last one: by that label alone, for their names may be anybody's.
 */
#include "postgres.h"

#include "core/core.h"
#include "engine/docker/pods.h"
#include "utils/json.h"
#include "utils/memutils.h"

#define POD_UID ORCH_DOCKER_LABEL("pod-uid")
#define INSTALLATION ORCH_DOCKER_LABEL("installation")

typedef struct Scratch
{
	char		pod_uid[ORCH_UID_SIZE];
	char	   *name;
} Scratch;

static const char *
name_at_hand(const OrchDockerRunner *runner)
{
	return list_nth(runner->plan.scratch, runner->scratch_made);
}

static char *
body_of(OrchDockerEngine *docker, const OrchDockerRunner *runner)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"Name\":");
	escape_json(&out, name_at_hand(runner));
	appendStringInfo(&out, ",\"Labels\":{\"" INSTALLATION "\":\"%s\",\"" POD_UID "\":\"%s\"}}", docker->installation, runner->labels.pod_uid);
	return out.data;
}

static void
ask(OrchDockerEngine *docker, OrchDockerRunner *runner, const char *method, const char *path, const char *body, OrchDockerTaker taker)
{
	OrchDockerAsk what = {.method = method, .path = path, .body = body, .taker = taker, .arg = runner};

	if (!orch_docker_ask(docker, &what))
		runner->scratch_done(docker, runner, ORCH_DOCKER_UNREACHABLE, "the request could not be sent");
}

/*
 * One of a former pod of this name is made anew.
 */
static void
take_former(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	OrchDockerRunner *runner = arg;

	if (reply->what == ORCH_DOCKER_SAID_OK || reply->what == ORCH_DOCKER_SAID_ABSENT)
		orch_docker_scratch_make(docker, runner);
	else
		runner->scratch_done(docker, runner, reply->what == ORCH_DOCKER_SAID_UNREACHABLE ? ORCH_DOCKER_UNREACHABLE : ORCH_DOCKER_REFUSED, reply->error);
}

static void
take_made(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	OrchDockerRunner *runner = arg;
	JsonbContainer *labels = orch_json_object(reply->json, "Labels");
	OrchText	uid = orch_json_string(labels, POD_UID);

	if (reply->what != ORCH_DOCKER_SAID_OK)
		runner->scratch_done(docker, runner, reply->what == ORCH_DOCKER_SAID_UNREACHABLE ? ORCH_DOCKER_UNREACHABLE : ORCH_DOCKER_REFUSED, reply->error);
	else if (uid.data == NULL || !orch_text_is(orch_json_string(labels, INSTALLATION), docker->installation))
		runner->scratch_done(docker, runner, ORCH_DOCKER_NAME_TAKEN, psprintf("volume \"%s\" is somebody else's", name_at_hand(runner)));
	else if (!orch_text_is(uid, runner->labels.pod_uid))
		ask(docker, runner, "DELETE", psprintf("/volumes/%s", orch_docker_escaped(name_at_hand(runner))), NULL, take_former);
	else
	{
		runner->scratch_made++;
		orch_docker_scratch_make(docker, runner);
	}
}

/*
 * Makes what is missing, and says so to scratch_done().
 */
void
orch_docker_scratch_make(OrchDockerEngine *docker, OrchDockerRunner *runner)
{
	if (runner->scratch_made >= list_length(runner->plan.scratch))
		runner->scratch_done(docker, runner, ORCH_DOCKER_OK, NULL);
	else
		ask(docker, runner, "POST", "/volumes/create", body_of(docker, runner), take_made);
}

/* ---- the end of a pod */

static void
take_removed(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	OrchDockerRunner *runner = arg;

	/* what is left over is removed when the volumes are listed */
	runner->scratch_left--;
}

/*
 * Removes a volume that says it is the pod's; an engine may read two filters as one or
 * the other, and a name may be anybody's.
 */
static void
remove_own(OrchDockerEngine *docker, OrchDockerRunner *runner, JsonbContainer *volume)
{
	OrchDockerAsk what = {.method = "DELETE", .taker = take_removed, .arg = runner};
	OrchText	name = orch_json_string(volume, "Name");

	if (name.data == NULL || !orch_text_is(orch_json_string(orch_json_object(volume, "Labels"), POD_UID), runner->labels.pod_uid))
		return;
	what.path = psprintf("/volumes/%s", orch_docker_escaped(orch_text_copy(name)));
	runner->scratch_left += orch_docker_ask(docker, &what);
}

static void
take_list(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	OrchDockerRunner *runner = arg;
	JsonbContainer *volumes = orch_json_array(reply->json, "Volumes");

	runner->scratch_left--;
	for (int i = 0; i < orch_json_count(volumes); i++)
		remove_own(docker, runner, orch_json_element(volumes, i));
}

static void
take_known(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	OrchDockerRunner *runner = arg;

	runner->scratch_left--;
	if (reply->what == ORCH_DOCKER_SAID_OK)
		remove_own(docker, runner, reply->json);
}

/*
 * A list of volumes takes an engine the longer the more there are: it is asked for only
 * where it is not known what a pod has.
 */
static void
begin_removal(OrchDockerEngine *docker, OrchDockerRunner *runner)
{
	char	   *filter = psprintf("{\"label\":[\"" POD_UID "=%s\"]}", runner->labels.pod_uid);
	OrchDockerAsk what = {.method = "GET", .taker = take_known, .arg = runner};
	ListCell   *cell;

	runner->scratch_left = 0;
	if (runner->plan.units == NIL)
	{
		what.taker = take_list;
		what.path = psprintf("/volumes?filters=%s", orch_docker_escaped(filter));
		runner->scratch_left = orch_docker_ask(docker, &what);
		return;
	}
	foreach(cell, runner->plan.scratch)
	{
		what.path = psprintf("/volumes/%s", orch_docker_escaped(lfirst(cell)));
		runner->scratch_left += orch_docker_ask(docker, &what);
	}
}

/*
 * Has everything of it gone that goes with it?  Begins to remove it at the first call.
 */
bool
orch_docker_scratch_is_gone(OrchDockerEngine *docker, OrchDockerRunner *runner)
{
	if (runner->scratch_left < 0)
		begin_removal(docker, runner);
	return runner->scratch_left == 0;
}

/* ---- what is left over */

void
orch_docker_scratch_listed(OrchDockerEngine *docker, JsonbContainer *labels, OrchText name)
{
	OrchText	uid = orch_json_string(labels, POD_UID);
	MemoryContext caller;
	Scratch    *scratch;

	if (uid.data == NULL || uid.length >= ORCH_UID_SIZE)
		return;
	caller = MemoryContextSwitchTo(docker->context);
	scratch = palloc0(sizeof(Scratch));
	memcpy(scratch->pod_uid, uid.data, uid.length);
	scratch->name = orch_text_copy(name);
	docker->listing.scratch = lappend(docker->listing.scratch, scratch);
	MemoryContextSwitchTo(caller);
}

/*
 * All pods are known: a volume of one that is not there is left over.
 */
void
orch_docker_scratch_end_list(OrchDockerEngine *docker)
{
	ListCell   *cell;

	foreach(cell, docker->listing.scratch)
	{
		Scratch    *scratch = lfirst(cell);

		if (orch_docker_runner_of(docker, scratch->pod_uid) == NULL)
			orch_docker_remove_volume(docker, scratch->name);
		pfree(scratch->name);
	}
	list_free_deep(docker->listing.scratch);
	docker->listing.scratch = NIL;
}
