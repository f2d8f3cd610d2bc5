/*
 * logs.c
 *	  Logs of pods, by a client of their own.
 */
#include "postgres.h"

#include <time.h>

#include "core/core.h"
#include "engine/docker/frames.h"
#include "engine/docker/internal.h"

typedef struct Log
{
	dlist_node	node;
	void		(*sink) (void *arg, const OrchEngineLog *log);
	void	   *arg;
	int			limit;
} Log;

static void
end_log(OrchDockerEngine *docker, Log *log)
{
	dlist_delete(&log->node);
	pfree(log);
}

/*
 * It is the taker's, beyond our memory contexts.
 */
static void
take_text(OrchEngineLog *taken, const char *text, size_t length)
{
	taken->text = malloc(length + 1);
	if (taken->text == NULL)
		return;
	memcpy(taken->text, text, length);
	taken->text[length] = '\0';
	taken->length = length;
}

static void
take_log(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	Log			log = *(Log *) arg;
	OrchEngineLog taken = {.answered = reply->status != 0, .good = reply->what == ORCH_DOCKER_SAID_OK, .status = reply->status};

	if (taken.good)
	{
		OrchDockerFrames frames = {0};
		char	   *data = palloc(reply->length + 1);

		memcpy(data, reply->body, reply->length);
		orch_docker_frames_read(&frames, data, reply->length);
		take_text(&taken, data, Min(frames.text, (size_t) log.limit));
	}
	else
		take_text(&taken, reply->error, strlen(reply->error));
	end_log(docker, arg);
	log.sink(log.arg, &taken);
}

bool
orch_docker_read_log(OrchEngine *engine, const OrchEngineLogSpec *spec)
{
	OrchDockerEngine *docker = (OrchDockerEngine *) engine;
	OrchDockerAsk ask = {.method = "GET", .raw = true, .taker = take_log};
	Log		   *log = MemoryContextAllocZero(docker->context, sizeof(Log));
	StringInfoData path;

	log->sink = spec->sink;
	log->arg = spec->arg;
	log->limit = spec->limit_bytes;
	dlist_push_tail(&docker->logs, &log->node);
	initStringInfo(&path);
	appendStringInfo(&path, "/containers/%s/logs?stdout=true&stderr=true&timestamps=true", orch_docker_escaped(spec->instance));
	if (spec->tail >= 0)
		appendStringInfo(&path, "&tail=" INT64_FORMAT, spec->tail);
	if (spec->since_seconds > 0)
		appendStringInfo(&path, "&since=" INT64_FORMAT, (int64) time(NULL) - spec->since_seconds);
	ask.client = docker->log_client;
	ask.path = path.data;
	ask.arg = log;
	if (orch_docker_ask(docker, &ask))
		return true;
	end_log(docker, log);
	return false;
}

void
orch_docker_cancel_log(OrchEngine *engine, const void *arg)
{
	OrchDockerEngine *docker = (OrchDockerEngine *) engine;
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &docker->logs)
	{
		Log		   *log = dlist_container(Log, node, iter.cur);

		if (log->arg != arg)
			continue;
		orch_docker_forget(docker, log);
		end_log(docker, log);
	}
}
