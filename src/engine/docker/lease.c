/*
 * lease.c
 *	  The lease as a volume without data: its labels are the document.
 *
 * An engine has nothing that could be changed only if it is as it was.  But it makes a
 * volume of a name once, and answers with what is there to whoever asks again.  So each
 * version of the document is a volume of its own: who writes makes the next one, and has
 * written if it has these labels and the former one is still there.  Only then is the
 * former one removed, by who wrote; so one that is gone has been followed, and a write
 * that began from it is given up.  The highest version counts.
 *
 * They go through a client that has no others: they wait for nothing.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "engine/docker/internal.h"
#include "utils/json.h"
#include "utils/memutils.h"

#define LEASE ORCH_DOCKER_LABEL("lease")

/* One that is under way. */
typedef struct Attempt
{
	OrchLeaseAsk ask;
	int64		version;		/* that is being made */
	OrchLeaseDocument document;	/* as it was answered */
} Attempt;

static char *
volume_of(OrchDockerEngine *docker, int64 version)
{
	return psprintf("orchestration-lease-%s-" INT64_FORMAT, docker->installation, version);
}

/* ---- the document */

static void
put_label(StringInfo out, const char *name, const char *value)
{
	appendStringInfo(out, ",\"orchestration.dev/lease-%s\":", name);
	escape_json(out, value);
}

static char *
hex(uint64 number)
{
	return psprintf("%016" INT64_MODIFIER "x", number);
}

static char *
body_of(OrchDockerEngine *docker, const Attempt *attempt)
{
	const OrchLeaseDocument *document = &attempt->ask.document;
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, "{\"Name\":\"%s\",\"Labels\":{\"" LEASE "\":\"%s\"", volume_of(docker, attempt->version), docker->installation);
	put_label(&out, "version", psprintf(INT64_FORMAT, attempt->version));
	put_label(&out, "holder", attempt->ask.verb == ORCH_LEASE_VERB_RELEASE ? "" : document->holder);
	put_label(&out, "last-holder", document->holder);
	put_label(&out, "home", hex(document->home));
	put_label(&out, "place", hex(document->place));
	put_label(&out, "write", hex(document->stamp));
	put_label(&out, "waiting", document->waiting ? "true" : "false");
	put_label(&out, "seconds", psprintf(INT64_FORMAT, document->duration_s));
	put_label(&out, "transitions", psprintf(INT64_FORMAT, document->transitions));
	appendStringInfoString(&out, "}}");
	return out.data;
}

static OrchText
label(JsonbContainer *labels, const char *name)
{
	return orch_json_string(labels, psprintf("orchestration.dev/lease-%s", name));
}

static void
copy_label(JsonbContainer *labels, const char *name, char *text, size_t size)
{
	OrchText	value = label(labels, name);

	strlcpy(text, value.data != NULL ? orch_text_copy(value) : "", size);
}

static uint64
hex_label(JsonbContainer *labels, const char *name)
{
	char		text[32];

	copy_label(labels, name, text, sizeof(text));
	return strtoull(text, NULL, 16);
}

/*
 * The version of a volume that is one of the lease; 0: it is none.
 */
static int64
read_volume(OrchDockerEngine *docker, JsonbContainer *volume, OrchLeaseDocument *document)
{
	JsonbContainer *labels = orch_json_object(volume, "Labels");
	int64		version = orch_text_number(label(labels, "version"));

	memset(document, 0, sizeof(*document));
	if (version <= 0 || !orch_text_is(orch_json_string(labels, LEASE), docker->installation) ||
		!orch_text_is(orch_json_string(volume, "Name"), volume_of(docker, version)))
		return 0;
	snprintf(document->version, sizeof(document->version), INT64_FORMAT, version);
	copy_label(labels, "holder", document->holder, sizeof(document->holder));
	copy_label(labels, "last-holder", document->last_holder, sizeof(document->last_holder));
	document->home = hex_label(labels, "home");
	document->place = hex_label(labels, "place");
	document->stamp = hex_label(labels, "write");
	document->waiting = orch_text_is(label(labels, "waiting"), "true");
	document->duration_s = orch_text_number(label(labels, "seconds"));
	document->transitions = orch_text_number(label(labels, "transitions"));
	document->fingerprint = hash_bytes_extended((const unsigned char *) document->version, (int) strlen(document->version), document->stamp);
	return version;
}

/* ---- requests */

static bool
ask(OrchDockerEngine *docker, Attempt *attempt, const char *method, const char *path, const char *body, OrchDockerTaker taker)
{
	OrchDockerAsk what = {.client = docker->lease_client, .method = method, .path = path, .body = body, .taker = taker, .arg = attempt};

	what.timeout_ms = attempt->ask.timeout_ms;
	return orch_docker_ask(docker, &what);
}

static bool
ask_list(OrchDockerEngine *docker, Attempt *attempt, OrchDockerTaker taker)
{
	char	   *filter = psprintf("{\"label\":[\"" LEASE "=%s\"]}", docker->installation);

	return ask(docker, attempt, "GET", psprintf("/volumes?filters=%s", orch_docker_escaped(filter)), NULL, taker);
}

static void
tell(OrchDockerEngine *docker, Attempt *attempt, OrchLeaseAnswer what, const OrchDockerReply *reply)
{
	OrchNews	news = {.type = ORCH_NEWS_LEASE, .number = attempt->ask.number, .lease_answer = what, .lease = &attempt->document, .ends_request = true};

	news.is_error = what == ORCH_LEASE_ANSWER_FAILED;
	news.refused = reply->status == 401 || reply->status == 403;
	news.error = reply->error ? reply->error : "the answer says nothing of the lease";
	orch_docker_tell(docker, &news);
	pfree(attempt);
}

/* ---- what is over */

static void remove_over(OrchDockerEngine *docker);

static void
take_removed(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	docker->lease.is_removing = false;
	/* what could not be removed is tried again after the next write */
	if (reply->what != ORCH_DOCKER_SAID_OK && reply->what != ORCH_DOCKER_SAID_ABSENT)
		return;
	docker->lease.over = list_delete_first(docker->lease.over);
	remove_over(docker);
}

/*
 * One after the other, lower versions first: as long as one is there, none above it is gone.
 */
static void
remove_over(OrchDockerEngine *docker)
{
	OrchDockerAsk what = {.client = docker->lease_client, .method = "DELETE", .taker = take_removed};

	if (docker->lease.over == NIL || docker->lease.is_removing)
		return;
	what.path = psprintf("/volumes/%s", volume_of(docker, *(int64 *) linitial(docker->lease.over)));
	docker->lease.is_removing = orch_docker_ask(docker, &what);
}

static void
is_over(OrchDockerEngine *docker, int64 version)
{
	MemoryContext caller = MemoryContextSwitchTo(docker->context);
	int64	   *kept = palloc(sizeof(int64));
	ListCell   *cell;
	int			place = 0;

	*kept = version;
	foreach(cell, docker->lease.over)
	{
		if (*(int64 *) lfirst(cell) == version)
			place = -1;
		if (place >= 0 && *(int64 *) lfirst(cell) < version)
			place++;
	}
	if (place >= 0)
		docker->lease.over = list_insert_nth(docker->lease.over, place, kept);
	MemoryContextSwitchTo(caller);
}

/* ---- answers */

static void
take_read(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	Attempt    *attempt = arg;
	JsonbContainer *volumes = orch_json_array(reply->json, "Volumes");
	int64		highest = 0;

	if (reply->what != ORCH_DOCKER_SAID_OK)
	{
		tell(docker, attempt, ORCH_LEASE_ANSWER_FAILED, reply);
		return;
	}
	for (int i = 0; i < orch_json_count(volumes); i++)
	{
		OrchLeaseDocument document;
		int64		version = read_volume(docker, orch_json_element(volumes, i), &document);

		if (version != 0 && Min(version, highest) != 0)
			is_over(docker, Min(version, highest));
		if (version > highest)
			attempt->document = document;
		highest = Max(highest, version);
	}
	tell(docker, attempt, highest != 0 ? ORCH_LEASE_ANSWER_READ : ORCH_LEASE_ANSWER_ABSENT, reply);
}

/*
 * It was made, but not from what counts: it is nobody's.
 */
static void
give_up(OrchDockerEngine *docker, Attempt *attempt, const OrchDockerReply *reply)
{
	OrchDockerAsk what = {.client = docker->lease_client, .method = "DELETE"};

	what.path = psprintf("/volumes/%s", volume_of(docker, attempt->version));
	(void) orch_docker_ask(docker, &what);
	tell(docker, attempt, ORCH_LEASE_ANSWER_CONFLICT, reply);
}

static void
take_former(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	Attempt    *attempt = arg;

	if (reply->what == ORCH_DOCKER_SAID_ABSENT)
		give_up(docker, attempt, reply);
	else if (reply->what != ORCH_DOCKER_SAID_OK)
		tell(docker, attempt, ORCH_LEASE_ANSWER_FAILED, reply);
	else
	{
		is_over(docker, attempt->version - 1);
		tell(docker, attempt, ORCH_LEASE_ANSWER_WRITTEN, reply);
		remove_over(docker);
	}
}

/*
 * The first one: it must be the only one.
 */
static void
take_others(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	Attempt    *attempt = arg;

	if (reply->what != ORCH_DOCKER_SAID_OK)
		tell(docker, attempt, ORCH_LEASE_ANSWER_FAILED, reply);
	else if (orch_json_count(orch_json_array(reply->json, "Volumes")) > 1)
		give_up(docker, attempt, reply);
	else
		tell(docker, attempt, ORCH_LEASE_ANSWER_WRITTEN, reply);
}

static void
take_made(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	Attempt    *attempt = arg;
	const OrchLeaseDocument *wanted = &attempt->ask.document;
	bool		asked;

	if (reply->what != ORCH_DOCKER_SAID_OK)
	{
		tell(docker, attempt, ORCH_LEASE_ANSWER_FAILED, reply);
		return;
	}
	if (read_volume(docker, reply->json, &attempt->document) != attempt->version || attempt->document.stamp != wanted->stamp ||
		strcmp(attempt->document.last_holder, wanted->holder) != 0)
	{
		tell(docker, attempt, ORCH_LEASE_ANSWER_CONFLICT, reply);
		return;
	}
	if (attempt->version == 1)
		asked = ask_list(docker, attempt, take_others);
	else
		asked = ask(docker, attempt, "GET", psprintf("/volumes/%s", volume_of(docker, attempt->version - 1)), NULL, take_former);
	if (!asked)
		tell(docker, attempt, ORCH_LEASE_ANSWER_FAILED, reply);
}

bool
orch_docker_ask_lease(OrchEngine *engine, const OrchLeaseAsk *what)
{
	OrchDockerEngine *docker = (OrchDockerEngine *) engine;
	MemoryContext caller = MemoryContextSwitchTo(docker->news);
	Attempt    *attempt = MemoryContextAllocZero(docker->context, sizeof(Attempt));
	bool		sent;

	attempt->ask = *what;
	attempt->version = what->verb == ORCH_LEASE_VERB_CREATE ? 1 : strtoll(what->document.version, NULL, 10) + 1;
	if (what->verb == ORCH_LEASE_VERB_READ)
		sent = ask_list(docker, attempt, take_read);
	else
		sent = ask(docker, attempt, "POST", "/volumes/create", body_of(docker, attempt), take_made);
	if (!sent)
		pfree(attempt);
	MemoryContextSwitchTo(caller);
	return sent;
}
