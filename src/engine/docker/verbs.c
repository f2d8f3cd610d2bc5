/*
 * verbs.c
 *	  What the reconciler asks for, one object at a time.
 *
 * An object is as soon as its record is written, and gone when that is.  A namespace is
 * a network, too, and a claim a volume with data: these are made before the record, and
 * go before it, so that a record never promises what is not there.  What a workload runs
 * is not waited for: workloads.c sees to it.
 */
#include "postgres.h"

#include "core/core.h"
#include "engine/docker/internal.h"
#include "engine/docker/template.h"
#include "engine/docker/workloads.h"
#include "utils/json.h"
#include "utils/memutils.h"

typedef struct Verb
{
	dlist_node	node;
	MemoryContext context;
	OrchVerb	verb;
	const OrchKind *kind;
	int64		object_id;
	uint32		number;
	char	   *in;
	char	   *name;
	char	   *uid;
	char	   *manifest;
	char	   *owner;
	bool		has_begun;
	int64		began_at;
	OrchDockerRecord *record;
	char	   *volume;			/* that is being written */
	OrchDockerFormer *former;	/* what the record said before; NULL: the same */
} Verb;

static void
end_verb(Verb *verb)
{
	dlist_delete(&verb->node);
	/* it may be a secret's */
	if (verb->manifest != NULL)
		explicit_bzero(verb->manifest, strlen(verb->manifest));
	MemoryContextDelete(verb->context);
}

/*
 * Tells what came of it; the verb is over.
 */
static void
answer(OrchDockerEngine *docker, Verb *verb, OrchOutcome outcome, OrchReason reason, const char *error, int status)
{
	OrchNews	news = {.type = ORCH_NEWS_ANSWER, .kind = verb->kind, .object_id = verb->object_id, .number = verb->number, .verb = verb->verb};

	news.outcome = outcome;
	news.reason = reason;
	news.error = error;
	news.status = status;
	news.retry_after_ms = -1;
	news.ends_request = true;
	news.is_error = outcome == ORCH_OUTCOME_FAILED;
	news.elapsed_ms = (long) ((orch_steady_now() - verb->began_at) / 1000);
	if (outcome == ORCH_OUTCOME_DONE || outcome == ORCH_OUTCOME_FOUND)
	{
		orch_docker_record_seen(docker, verb->record, &news.seen);
		news.json = orch_docker_record_json(docker, verb->record);
		news.json_length = strlen(news.json);
	}
	orch_docker_tell(docker, &news);
	end_verb(verb);
}

static void
answer_failure(OrchDockerEngine *docker, Verb *verb, const OrchDockerReply *from)
{
	OrchReason	reason = from->what == ORCH_DOCKER_SAID_UNREACHABLE ? ORCH_REASON_UNREACHABLE :
		from->what == ORCH_DOCKER_SAID_IN_USE ? ORCH_REASON_CONFLICT :
		from->status == 400 ? ORCH_REASON_INVALID : ORCH_REASON_SERVER_ERROR;

	answer(docker, verb, ORCH_OUTCOME_FAILED, reason, from->error, from->status);
}

static void
ask(OrchDockerEngine *docker, Verb *verb, const char *method, const char *path, const char *body, OrchDockerTaker taker)
{
	OrchDockerAsk what = {.method = method, .path = path, .body = body, .taker = taker, .arg = verb};

	if (!orch_docker_ask(docker, &what))
		answer(docker, verb, ORCH_OUTCOME_FAILED, ORCH_REASON_UNREACHABLE, "the request could not be sent", 0);
}

/* ---- writing a record */

/*
 * What was to be written was not, as far as we know.
 */
static void
restore_manifest(Verb *verb)
{
	if (verb->former != NULL)
		orch_docker_record_restore(verb->record, verb->former);
	verb->former = NULL;
}

static void
old_volume_gone(OrchDockerEngine *docker, void *arg, const OrchDockerReply *from)
{
	/* what is left over is removed when the volumes are listed */
	answer(docker, arg, ORCH_OUTCOME_DONE, ORCH_REASON_NONE, NULL, from->status);
}

static void
record_written(OrchDockerEngine *docker, void *arg, const OrchDockerReply *from)
{
	Verb	   *verb = arg;
	OrchDockerRecord *record = verb->record;
	char	   *old = record->volume;

	record->is_busy = false;
	if (from->what != ORCH_DOCKER_SAID_OK)
	{
		restore_manifest(verb);
		if (verb->verb == ORCH_VERB_CREATE)
			orch_docker_record_free(record);
		answer_failure(docker, verb, from);
		return;
	}
	record->volume = MemoryContextStrdup(record->context, verb->volume);
	record->written_at = orch_steady_now();
	orch_docker_workload_changed(docker, record);
	if (verb->former != NULL)
		orch_docker_former_free(verb->former);
	verb->former = NULL;
	if (old == NULL)
		answer(docker, verb, ORCH_OUTCOME_DONE, ORCH_REASON_NONE, NULL, from->status);
	else
		ask(docker, verb, "DELETE", psprintf("/volumes/%s", old), NULL, old_volume_gone);
}

static void
write_record(OrchDockerEngine *docker, Verb *verb)
{
	OrchDockerRecord *record = verb->record;

	record->is_busy = true;
	orch_docker_record_touch(docker, record);
	verb->volume = MemoryContextStrdup(verb->context, psprintf("orchestration-%s-" INT64_FORMAT, record->uid, record->version));
	ask(docker, verb, "POST", "/volumes/create", orch_docker_record_body(docker, record, verb->volume), record_written);
}

/* ---- networks of namespaces, and volumes of claims */

/*
 * Labelled with what it is: claim c of namespace a-b and claim b-c of namespace a have
 * volumes of one name.
 */
static char *
labelled(OrchDockerEngine *docker, const Verb *verb, const char *name, const char *more)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"Name\":");
	escape_json(&out, name);
	appendStringInfo(&out, "%s,\"Labels\":{\"" ORCH_DOCKER_LABEL("installation") "\":\"%s\",\"" ORCH_DOCKER_LABEL("place") "\":", more, docker->installation);
	escape_json(&out, verb->in);
	appendStringInfoString(&out, ",\"" ORCH_DOCKER_LABEL("name") "\":");
	escape_json(&out, verb->name);
	appendStringInfoString(&out, "}}");
	return out.data;
}

/*
 * Is this what the verb speaks of?
 */
static bool
is_ours(OrchDockerEngine *docker, const Verb *verb, JsonbContainer *of)
{
	JsonbContainer *labels = orch_json_object(of, "Labels");

	return orch_text_is(orch_json_string(labels, ORCH_DOCKER_LABEL("installation")), docker->installation) &&
		orch_text_is(orch_json_string(labels, ORCH_DOCKER_LABEL("place")), verb->in) &&
		orch_text_is(orch_json_string(labels, ORCH_DOCKER_LABEL("name")), verb->name);
}

static char *
claim_volume(const Verb *verb)
{
	return orch_docker_claim_volume(verb->in, verb->name);
}

static void
give_up_creation(OrchDockerEngine *docker, Verb *verb)
{
	orch_docker_record_free(verb->record);
	verb->record = NULL;
	answer(docker, verb, ORCH_OUTCOME_EXISTS, ORCH_REASON_NONE, NULL, 409);
}

/*
 * Somebody's, or left by us before a record was written.
 */
static void
place_looked_at(OrchDockerEngine *docker, void *arg, const OrchDockerReply *from)
{
	Verb	   *verb = arg;

	if (from->what == ORCH_DOCKER_SAID_OK && is_ours(docker, verb, from->json))
		write_record(docker, verb);
	else if (from->what == ORCH_DOCKER_SAID_OK)
		give_up_creation(docker, verb);
	else
	{
		orch_docker_record_free(verb->record);
		answer_failure(docker, verb, from);
	}
}

static void
network_made(OrchDockerEngine *docker, void *arg, const OrchDockerReply *from)
{
	Verb	   *verb = arg;

	if (from->what == ORCH_DOCKER_SAID_OK)
		write_record(docker, verb);
	else if (from->what == ORCH_DOCKER_SAID_TAKEN)
		ask(docker, verb, "GET", psprintf("/networks/%s", verb->name), NULL, place_looked_at);
	else
	{
		orch_docker_record_free(verb->record);
		answer_failure(docker, verb, from);
	}
}

static void
create(OrchDockerEngine *docker, Verb *verb)
{
	if (orch_docker_record_find(docker, verb->kind, verb->in, verb->name) != NULL)
	{
		answer(docker, verb, ORCH_OUTCOME_EXISTS, ORCH_REASON_NONE, NULL, 409);
		return;
	}
	verb->record = orch_docker_record_new(docker, verb->kind, verb->in, verb->name);
	verb->record->is_busy = true;
	orch_docker_former_free(orch_docker_record_set_manifest(verb->record, verb->manifest));
	if (verb->kind == ORCH_DOCKER_KIND(Namespace))
		ask(docker, verb, "POST", "/networks/create", labelled(docker, verb, verb->name, ",\"CheckDuplicate\":true,\"Driver\":\"bridge\""), network_made);
	else if (verb->kind == ORCH_DOCKER_KIND(PersistentVolumeClaim))
		ask(docker, verb, "POST", "/volumes/create", labelled(docker, verb, claim_volume(verb), ""), place_looked_at);
	else
		write_record(docker, verb);
}

/* ---- the other verbs */

/*
 * A Job runs what it was made of: another template is another Job.
 */
static bool
is_refused_change(const Verb *verb)
{
	return verb->kind == ORCH_DOCKER_KIND(Job) && orch_docker_workload_differs(verb->record, verb->manifest);
}

/*
 * The record to be changed; NULL, and it is answered: it cannot be, or not now.
 */
static OrchDockerRecord *
record_to_change(OrchDockerEngine *docker, Verb *verb)
{
	OrchDockerRecord *record = orch_docker_record_by_uid(docker, verb->uid);

	if (record != NULL && !record->is_busy)
		return verb->record = record;
	/* who is at it may free it */
	if (record != NULL)
		answer(docker, verb, ORCH_OUTCOME_FAILED, ORCH_REASON_CONFLICT, "it is being changed or removed", 409);
	else
		answer(docker, verb, ORCH_OUTCOME_GONE, ORCH_REASON_NONE, NULL, 404);
	return NULL;
}

static void
apply(OrchDockerEngine *docker, Verb *verb)
{
	if (record_to_change(docker, verb) == NULL)
		return;
	if (is_refused_change(verb))
		answer(docker, verb, ORCH_OUTCOME_REFUSED_CHANGE, ORCH_REASON_INVALID, "what a Job runs cannot be changed", 422);
	else
	{
		verb->former = orch_docker_record_set_manifest(verb->record, verb->manifest);
		write_record(docker, verb);
	}
}

static void
relabel(OrchDockerEngine *docker, Verb *verb)
{
	if (record_to_change(docker, verb) == NULL)
		return;
	verb->record->owner = MemoryContextStrdup(verb->record->context, verb->owner);
	write_record(docker, verb);
}

static void
record_removed(OrchDockerEngine *docker, void *arg, const OrchDockerReply *from)
{
	Verb	   *verb = arg;

	verb->record->is_busy = false;
	if (from->what != ORCH_DOCKER_SAID_OK && from->what != ORCH_DOCKER_SAID_ABSENT)
	{
		answer_failure(docker, verb, from);
		return;
	}
	orch_docker_record_free(verb->record);
	answer(docker, verb, ORCH_OUTCOME_GONE, ORCH_REASON_NONE, NULL, from->status);
}

static void
remove_record(OrchDockerEngine *docker, Verb *verb)
{
	verb->record->is_busy = true;
	ask(docker, verb, "DELETE", psprintf("/volumes/%s", verb->record->volume), NULL, record_removed);
}

static void
place_removed(OrchDockerEngine *docker, void *arg, const OrchDockerReply *from)
{
	Verb	   *verb = arg;

	if (from->what == ORCH_DOCKER_SAID_OK || from->what == ORCH_DOCKER_SAID_ABSENT)
		remove_record(docker, verb);
	else
	{
		verb->record->is_busy = false;
		answer_failure(docker, verb, from);
	}
}

/*
 * A network or volume, and then the record.
 */
static void
remove_place(OrchDockerEngine *docker, Verb *verb, const char *path)
{
	verb->record->is_busy = true;
	ask(docker, verb, "DELETE", path, NULL, place_removed);
}

static void
delete(OrchDockerEngine *docker, Verb *verb)
{
	OrchDockerRecord *record = record_to_change(docker, verb);

	if (record == NULL)
		return;
	if (verb->kind == ORCH_DOCKER_KIND(Namespace))
		remove_place(docker, verb, psprintf("/networks/%s", verb->name));
	else if (verb->kind == ORCH_DOCKER_KIND(PersistentVolumeClaim))
		remove_place(docker, verb, psprintf("/volumes/%s", claim_volume(verb)));
	else if (verb->kind->apply_order == ORCH_ORDER_WORKLOAD)
	{
		record->terminating = true;
		orch_docker_record_touch(docker, record);
		orch_docker_workload_changed(docker, record);
		answer(docker, verb, ORCH_OUTCOME_DELETING, ORCH_REASON_NONE, NULL, 200);
	}
	else
		remove_record(docker, verb);
}

/*
 * A network or volume of that name that is not of ours.
 */
static void
stranger_looked_at(OrchDockerEngine *docker, void *arg, const OrchDockerReply *from)
{
	Verb	   *verb = arg;
	OrchNews	news = {.type = ORCH_NEWS_ANSWER, .kind = verb->kind, .object_id = verb->object_id, .number = verb->number, .verb = verb->verb};

	if (from->what == ORCH_DOCKER_SAID_ABSENT || (from->what == ORCH_DOCKER_SAID_OK && is_ours(docker, verb, from->json)))
	{
		answer(docker, verb, ORCH_OUTCOME_GONE, ORCH_REASON_NONE, NULL, 404);
		return;
	}
	if (from->what != ORCH_DOCKER_SAID_OK)
	{
		answer_failure(docker, verb, from);
		return;
	}
	news.outcome = ORCH_OUTCOME_FOUND;
	news.status = from->status;
	news.retry_after_ms = -1;
	news.ends_request = true;
	strlcpy(news.seen.uid, "foreign", sizeof(news.seen.uid));
	strlcpy(news.seen.version, "1", sizeof(news.seen.version));
	news.seen.place = verb->in;
	news.seen.name = verb->name;
	news.seen.facts = "{}";
	news.seen.facts_digest = orch_digest("{}", 2);
	orch_docker_tell(docker, &news);
	end_verb(verb);
}

static void
look(OrchDockerEngine *docker, Verb *verb)
{
	verb->record = orch_docker_record_find(docker, verb->kind, verb->in, verb->name);
	if (verb->record != NULL)
		answer(docker, verb, ORCH_OUTCOME_FOUND, ORCH_REASON_NONE, NULL, 200);
	else if (verb->kind == ORCH_DOCKER_KIND(Namespace))
		ask(docker, verb, "GET", psprintf("/networks/%s", verb->name), NULL, stranger_looked_at);
	else if (verb->kind == ORCH_DOCKER_KIND(PersistentVolumeClaim))
		ask(docker, verb, "GET", psprintf("/volumes/%s", claim_volume(verb)), NULL, stranger_looked_at);
	else
		answer(docker, verb, ORCH_OUTCOME_GONE, ORCH_REASON_NONE, NULL, 404);
}

static void
begin_verb(OrchDockerEngine *docker, Verb *verb)
{
	verb->has_begun = true;
	switch (verb->verb)
	{
		case ORCH_VERB_CREATE:
			create(docker, verb);
			break;
		case ORCH_VERB_APPLY:
			apply(docker, verb);
			break;
		case ORCH_VERB_DELETE:
			delete(docker, verb);
			break;
		case ORCH_VERB_RELABEL:
			relabel(docker, verb);
			break;
		default:
			look(docker, verb);
			break;
	}
}

static char *
copied(Verb *verb, const char *text)
{
	return text ? MemoryContextStrdup(verb->context, text) : NULL;
}

/*
 * Begins as soon as all records are known: before that nothing is said to be there, or
 * not to be.  The answer comes later in any case.
 */
bool
orch_docker_send(OrchEngine *engine, const OrchEngineRequest *request)
{
	OrchDockerEngine *docker = (OrchDockerEngine *) engine;
	MemoryContext context = AllocSetContextCreate(docker->context, "orchestration verb", ALLOCSET_SMALL_SIZES);
	Verb	   *verb = MemoryContextAllocZero(context, sizeof(Verb));

	verb->context = context;
	verb->verb = request->verb;
	verb->kind = request->kind;
	verb->object_id = request->object_id;
	verb->number = request->number;
	verb->in = copied(verb, request->in);
	verb->name = copied(verb, request->name);
	verb->uid = copied(verb, request->uid);
	verb->manifest = copied(verb, request->manifest);
	verb->owner = copied(verb, request->owner);
	verb->began_at = orch_steady_now();
	dlist_push_tail(&docker->verbs, &verb->node);
	return true;
}

/*
 * Begins what waits.
 */
void
orch_docker_begin_verbs(OrchDockerEngine *docker)
{
	MemoryContext caller = MemoryContextSwitchTo(docker->news);
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &docker->verbs)
	{
		Verb	   *verb = dlist_container(Verb, node, iter.cur);

		if (!verb->has_begun)
			begin_verb(docker, verb);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(docker->news);
}

/*
 * Is there one that has not begun?
 */
bool
orch_docker_verbs_wait(const OrchDockerEngine *docker)
{
	dlist_head *verbs = &unconstify(OrchDockerEngine *, docker)->verbs;

	return !dlist_is_empty(verbs) && !dlist_tail_element(Verb, node, verbs)->has_begun;
}

/*
 * What was half made is nobody's yet.
 */
static void
drop_verb(OrchDockerEngine *docker, Verb *verb)
{
	if (verb->has_begun && verb->record != NULL)
	{
		verb->record->is_busy = false;
		restore_manifest(verb);
		if (verb->record->volume == NULL)
			orch_docker_record_free(verb->record);
	}
	end_verb(verb);
}

void
orch_docker_drop_verbs(OrchDockerEngine *docker)
{
	while (!dlist_is_empty(&docker->verbs))
	{
		Verb	   *verb = dlist_head_element(Verb, node, &docker->verbs);

		orch_docker_forget(docker, verb);
		drop_verb(docker, verb);
	}
}
