/*
 * counters.h
 *	  What the worker of a database has done since it began; see worker_status.
 */
#pragma once

#include "postgres.h"

typedef struct OrchWorkerCounters
{
	int64		requests;
	int64		applies;
	int64		deletes;
	int64		errors;
	int64		watch_events;
} OrchWorkerCounters;

extern OrchWorkerCounters orch_worker_counters;

/* A request is over. */
static inline void
orch_count_request(bool is_error)
{
	orch_worker_counters.requests++;
	orch_worker_counters.errors += is_error;
}
