/*
 * running.c
 *	  What is asked of the engine for a pod, one thing after the other.
 *
 * What comes next is decided by pod_state.c; here it is put into requests, and what the
 * engine says into the words of that.
 */
#include "postgres.h"

#include <time.h>

#include "core/core.h"
#include "engine/docker/archive.h"
#include "engine/docker/pods.h"
#include "utils/memutils.h"

/* what cannot be planned is planned again: what it lacks may be there */
#define PLAN_AGAIN_US (INT64CONST(5) * 1000000)

/* an engine takes its time to kill */
#define STOP_SLACK_MS 15000

/* seconds; a request does not wait longer, whatever a row says */
#define LONGEST_GRACE 86400

static void act(OrchDockerEngine *docker, OrchDockerRunner *runner, OrchDockerPodDo what);

/* ---- requests */

static OrchDockerUnit *
unit_of(const OrchDockerRunner *runner)
{
	return runner->life.step < list_length(runner->plan.units) ? list_nth(runner->plan.units, runner->life.step) : NULL;
}

/*
 * The container at hand: by its id, or by its name while that is not known; also of a
 * pod that nobody has planned.
 */
static char *
container_of(const OrchDockerRunner *runner)
{
	OrchDockerUnit *unit = unit_of(runner);
	const char *id = orch_docker_runner_id(runner);

	if (id != NULL)
		return orch_docker_escaped(id);
	return orch_docker_escaped(unit ? unit->name : runner->labels.pod);
}

static OrchDockerAnswer
answer_of(const OrchDockerReply *reply, OrchDockerPodDo what)
{
	bool		is_of_image = what == ORCH_DOCKER_POD_LOOK_FOR_IMAGE || what == ORCH_DOCKER_POD_PULL;

	switch (reply->what)
	{
		case ORCH_DOCKER_SAID_OK:
			return ORCH_DOCKER_OK;
		case ORCH_DOCKER_SAID_ABSENT:
			/* what was to be taken away is not there */
			if (what == ORCH_DOCKER_POD_STOP || what == ORCH_DOCKER_POD_REMOVE)
				return ORCH_DOCKER_OK;
			return what == ORCH_DOCKER_POD_PULL ? ORCH_DOCKER_IMAGE_MISSING : ORCH_DOCKER_ABSENT;
		case ORCH_DOCKER_SAID_TAKEN:
			return ORCH_DOCKER_NAME_TAKEN;
		case ORCH_DOCKER_SAID_PORT_TAKEN:
			return ORCH_DOCKER_PORT_TAKEN;
		case ORCH_DOCKER_SAID_UNREACHABLE:
			return ORCH_DOCKER_UNREACHABLE;
		default:
			return is_of_image && reply->status == 500 ? ORCH_DOCKER_IMAGE_MISSING : ORCH_DOCKER_REFUSED;
	}
}

static void
keep_fault(OrchDockerRunner *runner, const char *error)
{
	if (runner->fault != NULL)
		pfree(runner->fault);
	runner->fault = error != NULL ? MemoryContextStrdup(runner->context, error) : NULL;
}

static void
answered(OrchDockerEngine *docker, OrchDockerRunner *runner, OrchDockerAnswer answer)
{
	OrchDockerPodInput input = {.event = ORCH_DOCKER_POD_ANSWERED, .now = orch_steady_now(), .answer = answer};
	OrchDockerPodDo was = runner->doing;

	runner->doing = ORCH_DOCKER_POD_NOTHING;
	orch_docker_runner_let(docker, runner, &input);
	/* when it began, and where it is */
	if (answer == ORCH_DOCKER_OK && (was == ORCH_DOCKER_POD_START || was == ORCH_DOCKER_POD_FREEZE || was == ORCH_DOCKER_POD_THAW))
		orch_docker_runner_look(docker, runner);
}

static void
ask_whose(OrchDockerEngine *docker, OrchDockerRunner *runner, OrchDockerTaker taker)
{
	OrchDockerAsk ask = {.method = "GET", .taker = taker, .arg = runner};

	ask.path = psprintf("/containers/%s/json", container_of(runner));
	if (!orch_docker_ask(docker, &ask))
		answered(docker, runner, ORCH_DOCKER_UNREACHABLE);
}

/*
 * The name is taken: by the container of an earlier request that we heard no answer to,
 * or by somebody's.
 */
static void
take_taken(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	OrchDockerRunner *runner = arg;
	bool		is_it = reply->what == ORCH_DOCKER_SAID_OK && orch_docker_is_of(docker, runner, reply->json);

	if (is_it)
	{
		keep_fault(runner, NULL);
		orch_docker_runner_see(docker, runner, reply->json);
	}
	answered(docker, runner, is_it ? ORCH_DOCKER_OK : ORCH_DOCKER_NAME_TAKEN);
}

/*
 * Nobody told us the id of the container that is to be changed: is it ours?
 */
static void
take_whose(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	OrchDockerRunner *runner = arg;
	OrchDockerReply absent = {.what = ORCH_DOCKER_SAID_ABSENT};

	if (reply->what == ORCH_DOCKER_SAID_OK && orch_docker_is_of(docker, runner, reply->json))
	{
		orch_docker_runner_made(runner, reply->json);
		act(docker, runner, runner->doing);
		return;
	}
	answered(docker, runner, answer_of(reply->what == ORCH_DOCKER_SAID_OK ? &absent : reply, runner->doing));
}

static void
take_reply(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	OrchDockerRunner *runner = arg;

	keep_fault(runner, reply->error);
	if (runner->doing == ORCH_DOCKER_POD_CREATE && reply->what == ORCH_DOCKER_SAID_OK)
		orch_docker_runner_made(runner, reply->json);
	/* such as its network */
	if (runner->doing == ORCH_DOCKER_POD_CREATE && reply->what != ORCH_DOCKER_SAID_OK)
		orch_docker_list_soon(docker);
	if (runner->doing == ORCH_DOCKER_POD_CREATE && reply->what == ORCH_DOCKER_SAID_TAKEN)
	{
		ask_whose(docker, runner, take_taken);
		return;
	}
	answered(docker, runner, answer_of(reply, runner->doing));
}

/*
 * A pull tells of its failure in its last line, when it has said 200 already.
 */
static void
take_pull(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	OrchDockerRunner *runner = arg;
	OrchText	error = orch_json_string(reply->json, "error");

	if (error.data != NULL)
		keep_fault(runner, orch_text_copy(error));
	else if (reply->error != NULL)
		keep_fault(runner, reply->error);
	if (reply->more)
		return;
	answered(docker, runner, reply->what == ORCH_DOCKER_SAID_OK && runner->fault != NULL ? ORCH_DOCKER_IMAGE_MISSING : answer_of(reply, ORCH_DOCKER_POD_PULL));
}

static void
put_directory(OrchDockerEngine *docker, OrchDockerRunner *runner);

static void
take_put(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	OrchDockerRunner *runner = arg;

	if (reply->what == ORCH_DOCKER_SAID_OK && runner->directories != NIL)
		put_directory(docker, runner);
	else
		take_reply(docker, arg, reply);
}

static void
send(OrchDockerEngine *docker, OrchDockerRunner *runner, OrchDockerAsk *ask)
{
	if (ask->taker == NULL)
		ask->taker = take_reply;
	ask->arg = runner;
	if (!orch_docker_ask(docker, ask))
		answered(docker, runner, ORCH_DOCKER_UNREACHABLE);
}

static void
send_to_container(OrchDockerEngine *docker, OrchDockerRunner *runner, const char *method, const char *what, int timeout_ms)
{
	OrchDockerAsk ask = {.method = method, .timeout_ms = timeout_ms};

	ask.path = psprintf("/containers/%s%s", container_of(runner), what);
	send(docker, runner, &ask);
}

static void
put_directory(OrchDockerEngine *docker, OrchDockerRunner *runner)
{
	OrchDockerAsk ask = {.method = "PUT", .content_type = "application/x-tar", .taker = take_put};
	const char *into = linitial(runner->directories);
	const char *too_long = NULL;
	StringInfoData archive;

	runner->directories = list_delete_first(runner->directories);
	if (!orch_docker_archive(unit_of(runner)->files, into, &archive, &too_long))
	{
		keep_fault(runner, psprintf("the name of file \"%s\" is too long", too_long));
		answered(docker, runner, ORCH_DOCKER_REFUSED);
		return;
	}
	ask.path = psprintf("/containers/%s/archive?path=%s", container_of(runner), orch_docker_escaped(into));
	ask.body = archive.data;
	ask.length = archive.len;
	send(docker, runner, &ask);
	explicit_bzero(archive.data, archive.len);
}

static void
put_files(OrchDockerEngine *docker, OrchDockerRunner *runner)
{
	MemoryContext caller = MemoryContextSwitchTo(runner->planned);
	ListCell   *cell;

	runner->directories = NIL;
	foreach(cell, unit_of(runner)->files)
	{
		OrchDockerFile *file = lfirst(cell);
		ListCell   *known;
		bool		is_known = false;

		foreach(known, runner->directories)
			is_known |= strcmp(lfirst(known), file->into) == 0;
		if (!is_known)
			runner->directories = lappend(runner->directories, file->into);
	}
	MemoryContextSwitchTo(caller);
	if (runner->directories == NIL)
		answered(docker, runner, ORCH_DOCKER_OK);
	else
		put_directory(docker, runner);
}

static void
create(OrchDockerEngine *docker, OrchDockerRunner *runner)
{
	OrchDockerUnit *unit = unit_of(runner);
	OrchDockerAsk ask = {.method = "POST", .body = unit->body};

	ask.path = psprintf("/containers/create?name=%s", orch_docker_escaped(unit->name));
	send(docker, runner, &ask);
}

/*
 * Volumes that go with the pod are there, or cannot be.
 */
static void
scratch_done(OrchDockerEngine *docker, OrchDockerRunner *runner, OrchDockerAnswer answer, const char *error)
{
	if (answer == ORCH_DOCKER_OK)
	{
		create(docker, runner);
		return;
	}
	keep_fault(runner, error);
	answered(docker, runner, answer);
}

static void
pull(OrchDockerEngine *docker, OrchDockerRunner *runner)
{
	OrchDockerAsk ask = {.method = "POST", .by_line = true, .timeout_ms = -1, .taker = take_pull};

	keep_fault(runner, NULL);
	ask.client = docker->pull_client;
	ask.path = psprintf("/images/create?fromImage=%s", orch_docker_escaped(unit_of(runner)->image));
	send(docker, runner, &ask);
}

static void
look_for_image(OrchDockerEngine *docker, OrchDockerRunner *runner)
{
	OrchDockerAsk ask = {.method = "GET"};

	ask.path = psprintf("/images/%s/json", orch_docker_escaped(unit_of(runner)->image));
	send(docker, runner, &ask);
}

/*
 * Without a plan the engine knows how long it may take: the container was made with that.
 */
static void
stop(OrchDockerEngine *docker, OrchDockerRunner *runner)
{
	int			grace = Min(runner->plan.grace_seconds, LONGEST_GRACE);

	if (runner->planned == NULL)
		send_to_container(docker, runner, "POST", "/stop", LONGEST_GRACE * 1000);
	else
		send_to_container(docker, runner, "POST", psprintf("/stop?t=%d", grace), grace * 1000 + STOP_SLACK_MS);
}

static bool
is_of_container(OrchDockerPodDo what)
{
	return what != ORCH_DOCKER_POD_NOTHING && what != ORCH_DOCKER_POD_LOOK_FOR_IMAGE && what != ORCH_DOCKER_POD_PULL && what != ORCH_DOCKER_POD_CREATE;
}

static void
act(OrchDockerEngine *docker, OrchDockerRunner *runner, OrchDockerPodDo what)
{
	runner->doing = what;
	if (is_of_container(what) && orch_docker_runner_id(runner) == NULL)
	{
		ask_whose(docker, runner, take_whose);
		return;
	}
	switch (what)
	{
		case ORCH_DOCKER_POD_LOOK_FOR_IMAGE:
			look_for_image(docker, runner);
			break;
		case ORCH_DOCKER_POD_PULL:
			pull(docker, runner);
			break;
		case ORCH_DOCKER_POD_CREATE:
			runner->scratch_made = 0;
			runner->scratch_done = scratch_done;
			orch_docker_scratch_make(docker, runner);
			break;
		case ORCH_DOCKER_POD_PUT_FILES:
			put_files(docker, runner);
			break;
		case ORCH_DOCKER_POD_START:
			send_to_container(docker, runner, "POST", "/start", 0);
			break;
		case ORCH_DOCKER_POD_STOP:
			stop(docker, runner);
			break;
		case ORCH_DOCKER_POD_REMOVE:
			send_to_container(docker, runner, "DELETE", "?force=true&v=true", 0);
			break;
		case ORCH_DOCKER_POD_FREEZE:
			send_to_container(docker, runner, "POST", "/pause", 0);
			break;
		case ORCH_DOCKER_POD_THAW:
			send_to_container(docker, runner, "POST", "/unpause", 0);
			break;
		case ORCH_DOCKER_POD_NOTHING:
			break;
	}
}

/*
 * Does it take a plan, and is there one?  What has run before has its files; whether a
 * Job's is to run again, only a plan says.
 */
static bool
may_act(OrchDockerRunner *runner, OrchDockerPodDo what)
{
	bool		is_known = runner->planned != NULL || (runner->workload != NULL && !runner->workload->is_job);

	if (what == ORCH_DOCKER_POD_START && is_known && runner->life.started_at != 0)
		return true;
	return what == ORCH_DOCKER_POD_STOP || what == ORCH_DOCKER_POD_REMOVE || what == ORCH_DOCKER_POD_FREEZE || what == ORCH_DOCKER_POD_THAW ||
		unit_of(runner) != NULL;
}

/*
 * A pull has no end of its own, and what must go waits for none.
 */
static void
give_up_image(OrchDockerEngine *docker, OrchDockerRunner *runner)
{
	if (runner->doing != ORCH_DOCKER_POD_LOOK_FOR_IMAGE && runner->doing != ORCH_DOCKER_POD_PULL)
		return;
	orch_docker_forget(docker, runner);
	runner->doing = ORCH_DOCKER_POD_NOTHING;
	runner->is_looking = runner->looks_again = false;
}

/*
 * Lets something happen to a pod, and does what follows from it.
 */
void
orch_docker_runner_let(OrchDockerEngine *docker, OrchDockerRunner *runner, OrchDockerPodInput *input)
{
	OrchDockerPodStep step;

	if (input->event == ORCH_DOCKER_POD_ASKED_TO_GO)
		give_up_image(docker, runner);
	step = orch_docker_pod_step(&runner->spec, &runner->life, input);
	runner->call_at = step.call_at;
	if (!runner->life.exists)
		orch_docker_runner_lose_sight(runner);
	if (runner->workload != NULL)
		orch_docker_workload_wake(runner->workload);
	if (runner->doing == ORCH_DOCKER_POD_NOTHING && step.what != ORCH_DOCKER_POD_NOTHING)
	{
		if (!may_act(runner, step.what))
			orch_docker_runner_plan(docker, runner);
		if (may_act(runner, step.what))
			act(docker, runner, step.what);
		else
		{
			/* it was not asked: the next time tells it again */
			runner->life.doing = ORCH_DOCKER_POD_NOTHING;
			runner->call_at = input->now + PLAN_AGAIN_US;
		}
	}
	orch_docker_runner_tell(docker, runner, false);
}

/* ---- looking */

/*
 * As RFC 3339 has it; what is written there is a time of the wall clock, which may be
 * ahead of ours.
 */
static int64
steady_of(const char *text)
{
	int64		now = orch_steady_now();
	int64		seconds;

	if (text == NULL || !orch_text_seconds((OrchText) {text, (int) strlen(text)}, &seconds))
		return 0;
	return Min(now - ((int64) time(NULL) - seconds) * INT64CONST(1000000), now);
}

/*
 * The same each time it is asked: a run is known by when it began, and two clocks read one
 * after the other never say the same twice.
 */
static int64
start_of(OrchDockerRunner *runner, const char *text)
{
	if (text == NULL || strcmp(runner->started_text, text) != 0)
	{
		strlcpy(runner->started_text, text ? text : "", sizeof(runner->started_text));
		runner->started_steady = steady_of(text);
	}
	return runner->started_steady;
}

/*
 * Which container of the pod it is: init containers count from 0, and then comes the
 * one that serves.
 */
static int
step_of(const OrchDockerRunner *runner, const char *role)
{
	return strncmp(role, "init-", 5) == 0 ? atoi(role + 5) - 1 : runner->spec.inits;
}

static void
see(OrchDockerEngine *docker, OrchDockerRunner *runner, const OrchDockerContainer *container)
{
	OrchDockerPodInput input = {.event = ORCH_DOCKER_POD_SEEN, .now = orch_steady_now()};
	OrchDockerContainerSeen *seen = &input.seen;

	seen->step = step_of(runner, container->labels.role);
	seen->exists = true;
	seen->is_running = container->state == ORCH_DOCKER_RUNNING || container->state == ORCH_DOCKER_RESTARTING || container->state == ORCH_DOCKER_PAUSED;
	seen->is_paused = container->state == ORCH_DOCKER_PAUSED;
	seen->has_exited = container->state == ORCH_DOCKER_EXITED || container->state == ORCH_DOCKER_DEAD;
	seen->exit_code = container->exit_code;
	seen->restart_count = container->restart_count;
	seen->started_at = start_of(runner, container->started_at);
	seen->finished_at = steady_of(container->finished_at);
	orch_docker_runner_let(docker, runner, &input);
}

/*
 * What an inspection says of a container of this pod.
 */
void
orch_docker_runner_see(OrchDockerEngine *docker, OrchDockerRunner *runner, JsonbContainer *inspection)
{
	OrchDockerContainer *container = palloc0(sizeof(OrchDockerContainer));

	if (!orch_docker_container_read(inspection, container) || container->labels.role == NULL)
		return;
	orch_docker_runner_keep_sight(runner, strcmp(container->labels.role, "main") == 0, inspection);
	see(docker, runner, container);
}

static void
take_look(OrchDockerEngine *docker, void *arg, const OrchDockerReply *reply)
{
	OrchDockerRunner *runner = arg;
	OrchDockerPodInput input = {.event = ORCH_DOCKER_POD_SEEN, .now = orch_steady_now()};

	runner->is_looking = false;
	if (reply->what == ORCH_DOCKER_SAID_OK && orch_docker_is_of(docker, runner, reply->json))
		orch_docker_runner_see(docker, runner, reply->json);
	else if (reply->what == ORCH_DOCKER_SAID_ABSENT && runner->doing == ORCH_DOCKER_POD_NOTHING)
	{
		input.seen.step = runner->life.step;
		orch_docker_runner_let(docker, runner, &input);
	}
	if (runner->looks_again)
		orch_docker_runner_look(docker, runner);
}

/*
 * Asks how its container is; once more if something happens meanwhile.
 */
void
orch_docker_runner_look(OrchDockerEngine *docker, OrchDockerRunner *runner)
{
	OrchDockerAsk ask = {.method = "GET", .taker = take_look, .arg = runner};

	runner->looks_again = runner->is_looking;
	if (runner->is_looking)
		return;
	ask.path = psprintf("/containers/%s/json", container_of(runner));
	runner->is_looking = orch_docker_ask(docker, &ask);
}
