/*
 * engines.c
 *	  The list of engines, and their networks as one.
 */
#include "postgres.h"

#include <poll.h>

#include "engine/engines.h"

#define ORCH_ENGINE_CLASS(name) extern const OrchEngineClass orch_engine_##name;
ORCH_ENGINES(ORCH_ENGINE_CLASS)
#undef ORCH_ENGINE_CLASS

const OrchEngineClass *const orch_engines[ORCH_ENGINE_COUNT] = {
#define ORCH_ENGINE_ENTRY(name) &orch_engine_##name,
	ORCH_ENGINES(ORCH_ENGINE_ENTRY)
#undef ORCH_ENGINE_ENTRY
};

static bool have_begun = false;

const OrchEngineClass *
orch_engine_find(const char *name)
{
	for (int i = 0; i < ORCH_ENGINE_COUNT; i++)
	{
		if (strcmp(orch_engines[i]->name, name) == 0)
			return orch_engines[i];
	}
	return NULL;
}

bool
orch_engines_begin(char *error, size_t error_size)
{
	for (int i = 0; i < ORCH_ENGINE_COUNT; i++)
	{
		if (!orch_engines[i]->begin(error, error_size))
			return false;
	}
	have_begun = true;
	return true;
}

bool
orch_engines_have_begun(void)
{
	return have_begun;
}

void
orch_engines_wait_fds(int fds[ORCH_ENGINE_COUNT])
{
	for (int i = 0; i < ORCH_ENGINE_COUNT; i++)
		fds[i] = orch_engines[i]->wait_fd();
}

long
orch_engines_wait_ms(void)
{
	long		soonest = -1;

	for (int i = 0; i < ORCH_ENGINE_COUNT; i++)
	{
		long		wait = orch_engines[i]->wait_ms();

		if (wait >= 0 && (soonest < 0 || wait < soonest))
			soonest = wait;
	}
	return soonest;
}

bool
orch_engines_take(int limit_ms)
{
	bool		more = false;

	for (int i = 0; i < ORCH_ENGINE_COUNT; i++)
		more |= orch_engines[i]->take(limit_ms);
	return more;
}

void
orch_engines_wait(int limit_ms)
{
	struct pollfd polled[ORCH_ENGINE_COUNT];
	long		wait = orch_engines_wait_ms();

	for (int i = 0; i < ORCH_ENGINE_COUNT; i++)
	{
		polled[i].fd = orch_engines[i]->wait_fd();
		polled[i].events = POLLIN;
	}
	(void) poll(polled, ORCH_ENGINE_COUNT, wait < 0 ? limit_ms : (int) Min(wait, limit_ms));
}
