/*
 * places.c
 *	  The places in shared memory through which a session finds the worker.
 *
 * A place belongs to the session that took it, until its segment is detached:
 * at the end of the call, of the transaction or of the process.
 */
#include "postgres.h"

#include "core/compat.h"
#include "core/core.h"
#include "core/errors.h"
#include "logs/logs.h"
#include "miscadmin.h"
#include "storage/condition_variable.h"
#include "utils/wait_event.h"

/* how often a session looks whether there is a worker at all */
#define LOOK_MS 1000

typedef enum PlaceState
{
	PLACE_FREE = 0,
	PLACE_REQUESTED,
	PLACE_TAKEN					/* by the worker */
} PlaceState;

typedef struct Place
{
	PlaceState	state;
	Oid			database;
	dsm_handle	segment;
} Place;

typedef struct Places
{
	ConditionVariable freed;
	Place		places[ORCH_LOG_READERS];
} Places;

static Places *shared = NULL;

static void
initialize(void *memory)
{
	ConditionVariableInit(&((Places *) memory)->freed);
}

/*
 * Asks for the memory; called from _PG_init while the postmaster preloads.
 */
void
orch_logs_init(void)
{
	static const OrchShmemPiece piece = {"orchestration logs", sizeof(Places), (void **) &shared, initialize};

	orch_shmem_add(&piece);
}

OrchLogRequest *
orch_log_request(dsm_segment *segment)
{
	return dsm_segment_address(segment);
}

shm_mq *
orch_log_queue(dsm_segment *segment)
{
	return (shm_mq *) ((char *) dsm_segment_address(segment) + MAXALIGN(sizeof(OrchLogRequest)));
}

/* ---- the session ---- */

static Place *
find_place(PlaceState state, Oid database, dsm_handle segment)
{
	for (int i = 0; i < ORCH_LOG_READERS; i++)
	{
		Place	   *place = &shared->places[i];

		if (place->state == state && (state == PLACE_FREE || place->database == database) &&
			(segment == DSM_HANDLE_INVALID || place->segment == segment))
			return place;
	}
	return NULL;
}

static bool
take_place(dsm_handle segment)
{
	Place	   *place;

	orch_shmem_lock();
	place = find_place(PLACE_FREE, InvalidOid, DSM_HANDLE_INVALID);
	if (place != NULL)
	{
		place->state = PLACE_REQUESTED;
		place->database = MyDatabaseId;
		place->segment = segment;
	}
	orch_shmem_unlock();
	return place != NULL;
}

/*
 * on_dsm_detach callback of the session.  Does not throw.
 */
static void
leave_place(dsm_segment *segment, Datum arg)
{
	dsm_handle	handle = dsm_segment_handle(segment);
	Place	   *place;

	orch_shmem_lock();
	place = find_place(PLACE_REQUESTED, MyDatabaseId, handle);
	if (place == NULL)
		place = find_place(PLACE_TAKEN, MyDatabaseId, handle);
	if (place != NULL)
		memset(place, 0, sizeof(Place));
	orch_shmem_unlock();
	if (place == NULL)
		return;
	ConditionVariableSignal(&shared->freed);
	/* it may have a request under way that nobody waits for */
	(void) orch_shmem_signal_worker(MyDatabaseId);
}

static void
require_worker(void)
{
	if (shared == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_WORKER_UNAVAILABLE),
				 errmsg("logs cannot be read: there is no worker"),
				 errdetail("Only the worker connects to clusters."),
				 errhint("Add orchestration to shared_preload_libraries and restart the server.")));
	if (orch_shmem_signal_worker(MyDatabaseId) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_WORKER_UNAVAILABLE),
				 errmsg("logs cannot be read: the worker of this database does not run"),
				 errdetail("Only the worker connects to clusters, on a primary server and while orchestration.worker_enabled is on."),
				 errhint("See orchestration_internal.worker_state() and the server log.")));
}

static uint32
wait_event(void)
{
	static uint32 event = 0;

	if (event == 0)
		event = orch_wait_event("OrchestrationLogPlace");
	return event;
}

/*
 * Puts the segment's request where the worker finds it, waiting for a place if
 * all are taken.  Throws without a worker, and when cancelled.  The place is
 * given back with the segment.
 */
void
orch_log_place_request(dsm_segment *segment)
{
	require_worker();
	on_dsm_detach(segment, leave_place, (Datum) 0);
	ConditionVariablePrepareToSleep(&shared->freed);
	while (!take_place(dsm_segment_handle(segment)))
	{
		(void) ConditionVariableTimedSleep(&shared->freed, LOOK_MS, wait_event());
		CHECK_FOR_INTERRUPTS();
		require_worker();
	}
	ConditionVariableCancelSleep();
	require_worker();
}

/* ---- the worker ---- */

/*
 * The next request of this database, which is then the worker's to answer.
 */
bool
orch_log_take_request(dsm_handle *segment)
{
	Place	   *place;

	orch_shmem_lock();
	place = find_place(PLACE_REQUESTED, MyDatabaseId, DSM_HANDLE_INVALID);
	if (place != NULL)
	{
		place->state = PLACE_TAKEN;
		*segment = place->segment;
	}
	orch_shmem_unlock();
	return place != NULL;
}

/*
 * Does somebody still wait for the answer?
 */
bool
orch_log_is_awaited(dsm_handle segment)
{
	bool		awaited;

	orch_shmem_lock();
	awaited = find_place(PLACE_TAKEN, MyDatabaseId, segment) != NULL;
	orch_shmem_unlock();
	return awaited;
}
