/*
 * ask.c
 *	  Requests to the engine, and who takes their answers.
 *
 * Docker and Podman say the same with different statuses: a name that is taken is 409
 * or 500, and only the text tells.
 */
#include "postgres.h"

#include "core/compat.h"
#include "core/core.h"
#include "engine/docker/internal.h"
#include "utils/memutils.h"

#define API_VERSION "/v1.41"

typedef struct Flight
{
	dlist_node	node;
	OrchDockerEngine *docker;	/* NULL: it is closed */
	const OrchKubeClient *client;
	OrchDockerTaker taker;		/* NULL: nobody waits any more */
	void	   *arg;
} Flight;

/* part of an error's text, and what it says */
typedef struct Phrase
{
	const char *part;
	OrchDockerSaid what;
} Phrase;

/* the first that fits: "address already in use" is not a name that is in use */
static const Phrase phrases[] = {
	{"address already in use", ORCH_DOCKER_SAID_PORT_TAKEN},
	{"port is already allocated", ORCH_DOCKER_SAID_PORT_TAKEN},
	{"already in use", ORCH_DOCKER_SAID_TAKEN},
	{"already used", ORCH_DOCKER_SAID_TAKEN},
	{"already exists", ORCH_DOCKER_SAID_TAKEN},
	{"is being used", ORCH_DOCKER_SAID_IN_USE},
	{"is in use", ORCH_DOCKER_SAID_IN_USE},
	{"active endpoints", ORCH_DOCKER_SAID_IN_USE},
	{"has associated containers", ORCH_DOCKER_SAID_IN_USE},
	/* a program that is not in an image is something else */
	{"no such container", ORCH_DOCKER_SAID_ABSENT},
	{"no such image", ORCH_DOCKER_SAID_ABSENT},
	{"no such volume", ORCH_DOCKER_SAID_ABSENT}
};

/*
 * Characters of a URL that mean themselves.
 */
char *
orch_docker_escaped(const char *text)
{
	StringInfoData out;

	initStringInfo(&out);
	for (; *text != '\0'; text++)
	{
		if (isalnum((unsigned char) *text) || strchr("-._~", *text) != NULL)
			appendStringInfoChar(&out, *text);
		else
			appendStringInfo(&out, "%%%02X", (unsigned char) *text);
	}
	return out.data;
}

bool
orch_docker_ask(OrchDockerEngine *docker, const OrchDockerAsk *ask)
{
	OrchKubeRequestSpec spec = {0};
	Flight	   *flight = MemoryContextAllocZero(TopMemoryContext, sizeof(Flight));

	flight->docker = docker;
	flight->client = ask->client ? ask->client : docker->client;
	flight->taker = ask->taker;
	flight->arg = ask->arg;
	spec.method = ask->method;
	spec.path = psprintf("%s%s", ask->is_plain_path ? "" : API_VERSION, ask->path);
	spec.body = ask->body;
	spec.body_len = ask->body == NULL || ask->length > 0 ? ask->length : strlen(ask->body);
	spec.content_type = ask->content_type;
	spec.header = ask->header;
	spec.timeout_ms = ask->timeout_ms != 0 ? ask->timeout_ms : orch_request_timeout_ms;
	spec.by_line = ask->by_line;
	spec.raw = ask->raw;
	spec.arg = flight;
	if (!orch_kube_request_start(ask->client ? ask->client : docker->client, &spec))
	{
		pfree(flight);
		return false;
	}
	dlist_push_tail(&docker->flights, &flight->node);
	return true;
}

void
orch_docker_remove_volume(OrchDockerEngine *docker, const char *name)
{
	OrchDockerAsk ask = {.method = "DELETE"};

	ask.path = psprintf("/volumes/%s", orch_docker_escaped(name));
	(void) orch_docker_ask(docker, &ask);
}

static OrchDockerSaid
meaning_of(const OrchKubeResponse *response, const char *error)
{
	if (response->error != ORCH_KUBE_ERROR_NONE)
		return ORCH_DOCKER_SAID_UNREACHABLE;
	/* 304: as it was already */
	if (response->http_status < 300 || response->http_status == 304)
		return ORCH_DOCKER_SAID_OK;
	for (int i = 0; error != NULL && i < lengthof(phrases); i++)
	{
		if (strstr(error, phrases[i].part) != NULL)
			return phrases[i].what;
	}
	if (response->http_status == 404)
		return ORCH_DOCKER_SAID_ABSENT;
	return ORCH_DOCKER_SAID_REFUSED;
}

/*
 * The engine's own words, without its frame.
 */
static char *
words_of(const OrchKubeResponse *response, JsonbContainer *json)
{
	OrchText	message = orch_json_string(json, "message");

	if (response->error == ORCH_KUBE_ERROR_NONE && message.data != NULL)
		return orch_text_copy(message);
	if (response->message != NULL)
		return pstrdup(response->message);
	return psprintf("HTTP status %ld", response->http_status);
}

/*
 * Hands an answer to who asked.
 */
static void
hand_over(OrchDockerEngine *docker, OrchKubeResponse *response)
{
	Flight	   *flight = response->arg;
	MemoryContext caller = MemoryContextSwitchTo(docker->news);
	Flight		taken = *flight;
	OrchDockerReply answer = {0};
	Jsonb	   *json = response->body_is_json ? orch_jsonb_parse(response->body) : NULL;

	if (!response->more)
	{
		dlist_delete(&flight->node);
		pfree(flight);
	}
	answer.json = json != NULL ? &json->root : NULL;
	answer.body = response->body;
	answer.length = response->body_len;
	answer.status = (int) response->http_status;
	answer.elapsed_ms = response->elapsed_ms;
	answer.more = response->more;
	if (!response->more && (response->error != ORCH_KUBE_ERROR_NONE || response->http_status >= 300))
		answer.error = words_of(response, answer.json);
	answer.what = response->more ? ORCH_DOCKER_SAID_OK : meaning_of(response, answer.error);
	if (answer.what == ORCH_DOCKER_SAID_OK)
		answer.error = NULL;
	if (taken.taker != NULL)
		taken.taker(docker, taken.arg, &answer);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(docker->news);
}

void
orch_docker_take(OrchKubeResponse *response)
{
	Flight	   *flight = response->arg;

	if (flight->docker != NULL)
		hand_over(flight->docker, response);
	else if (!response->more)
		pfree(flight);
}

/*
 * The engine is closed, and this client goes on without it.
 */
void
orch_docker_leave_flights(OrchDockerEngine *docker, const OrchKubeClient *client)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &docker->flights)
	{
		Flight	   *flight = dlist_container(Flight, node, iter.cur);

		if (flight->client != client)
			continue;
		dlist_delete(&flight->node);
		flight->docker = NULL;
	}
}

void
orch_docker_forget(OrchDockerEngine *docker, const void *arg)
{
	dlist_iter	iter;

	dlist_foreach(iter, &docker->flights)
	{
		Flight	   *flight = dlist_container(Flight, node, iter.cur);

		if (flight->arg == arg)
			flight->taker = NULL;
	}
}

void
orch_docker_forget_taker(OrchDockerEngine *docker, OrchDockerTaker taker)
{
	dlist_iter	iter;

	dlist_foreach(iter, &docker->flights)
	{
		Flight	   *flight = dlist_container(Flight, node, iter.cur);

		if (flight->taker == taker)
			flight->taker = NULL;
	}
}

void
orch_docker_drop_flights(OrchDockerEngine *docker, const OrchKubeClient *client)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &docker->flights)
	{
		Flight	   *flight = dlist_container(Flight, node, iter.cur);

		if (client != NULL && flight->client != client)
			continue;
		dlist_delete(&flight->node);
		pfree(flight);
	}
}
