/*
 * lifecycle.h
 *	  What the files of this room share beside rows and the state machine.
 */
#pragma once

#include "postgres.h"

#include "core/compat.h"

#include "fmgr.h"
#include "lifecycle/state_machine.h"
#include "nodes/bitmapset.h"
#include "utils/hsearch.h"
#include "utils/relcache.h"

/* managed.c: whether the worker is in charge of a namespace, asked once per statement */
typedef struct OrchManagedCache
{
	MemoryContext context;
	HTAB	   *answers;
} OrchManagedCache;

extern bool orch_namespace_is_managed(OrchManagedCache *cache, int64 namespace_id);

/* raised.c: whose generation this transaction has raised */
extern void orch_raised_note(int64 container_id);
extern bool orch_raised_is_noted(int64 container_id);

/* refuse.c: the errors of this room */
extern OrchStatus orch_refuse_unknown_status(const char *column, const char *text);
pg_noreturn extern void orch_refuse_undesirable(const char *text);
pg_noreturn extern void orch_refuse_transition(const char *container, const char *column,
								   OrchStatus from, OrchStatus to);
pg_noreturn extern void orch_refuse_observed(const char *container, OrchStatus from, OrchStatus to);
pg_noreturn extern void orch_refuse_deleted(const char *container);
pg_noreturn extern void orch_refuse_move(const char *relation, const char *column);
