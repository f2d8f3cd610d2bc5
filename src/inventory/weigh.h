/*
 * weigh.h
 *	  Whether a rule need not be asked about a row: see weigh.c.
 */
#pragma once

#include "postgres.h"

#include "core/compat.h"
#include "executor/tuptable.h"

/* below, no limit of sizes.sql is near: an element of args has 131,071 bytes */
#define ORCH_SMALL_BYTES 100000

extern bool orch_container_is_small(int64 namespace_id, int64 id);
extern bool orch_new_container_is_small(TupleTableSlot *slot);
extern bool orch_namespace_is_open(int64 namespace_id);
