/*
 * engines.h
 *	  The list of engines, and the networks of all of them as one.
 *
 * An engine is a line here, a folder beside this file, and in it an OrchEngineClass
 * that is named orch_engine_<name>.  Nobody else names one.
 */
#pragma once

#include "engine/engine.h"

#define ORCH_ENGINES(E) \
	E(kubernetes) \
	E(docker)

/* what a cluster has unless it says otherwise */
#define ORCH_ENGINE_DEFAULT "kubernetes"

typedef enum OrchEngineId
{
#define ORCH_ENGINE_ID(name) ORCH_ENGINE_##name,
	ORCH_ENGINES(ORCH_ENGINE_ID)
#undef ORCH_ENGINE_ID
	ORCH_ENGINE_COUNT
} OrchEngineId;

extern const OrchEngineClass *const orch_engines[ORCH_ENGINE_COUNT];

/* NULL when there is none of this name */
extern const OrchEngineClass *orch_engine_find(const char *name);

/* as in OrchEngineClass, for all of them */
extern bool orch_engines_begin(char *error, size_t error_size);
extern bool orch_engines_have_begun(void);
extern void orch_engines_wait_fds(int fds[ORCH_ENGINE_COUNT]);
extern long orch_engines_wait_ms(void);
extern bool orch_engines_take(int limit_ms);

/* waits for the networks alone, for so many milliseconds at most */
extern void orch_engines_wait(int limit_ms);
