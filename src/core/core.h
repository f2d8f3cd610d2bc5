/*
 * core.h
 *	  What every room stands on: settings, shared memory, waking the worker.
 */
#pragma once

#include "postgres.h"
#include "datatype/timestamp.h"
#include "fmgr.h"
#include "storage/condition_variable.h"

/* guc.c */
extern char *orch_client_addr;
extern char *orch_encryption_key_command;
extern char *orch_encryption_key_file;
extern char *orch_request_id;
extern bool orch_simulate_worker;
extern char *orch_token_audience;
extern char *orch_token_issuer;
extern char *orch_token_keys_file;
extern bool orch_allow_plain_http;
extern bool orch_worker_enabled;
extern int	orch_maintenance_interval_ms;
extern int	orch_poll_interval_ms;
extern int	orch_request_timeout_ms;
extern int	orch_database_scan_interval_ms;
extern int	orch_max_databases;

#define ORCH_REQUEST_ID_MAX 200
#define ORCH_CLIENT_ADDR_MAX 45

/* orchestration.user_id as a number, 0 when empty, and whom to tell when it changes */
extern int64 orch_session_user_id;
extern void (*orch_session_user_changed) (void);

/* the user that asks, 0 for nobody; without look_up only as far as it is known already */
extern int64 (*orch_find_user) (bool look_up);

/* the user of a role that was set and of the one that logged in */
extern int64 (*orch_find_user_of_roles) (Oid role, Oid session_role);

/* told when a gateway begins to act for a user */
extern void (*orch_user_assumed) (int64 user_id);

/* told what somebody is about to see that no statement shows */
extern void (*orch_seen) (int64 namespace_id, const char *resource_type, int64 resource_id, const char *resource_name);

/* what the error is about that is raised next; whoever puts it on record clears it */
typedef struct OrchErrorAbout
{
	int64		namespace_id;
	int64		resource_id;
	char		resource_name[NAMEDATALEN];
	char		operation[32];	/* "": by the statement */
} OrchErrorAbout;

extern OrchErrorAbout orch_error_about;

extern void orch_guc_init(void);

/* error_context.c */
extern void orch_error_context_init(void);

/* what people use, and what that is made of */
#define ORCH_SCHEMA "orchestration"
#define ORCH_INTERNAL_SCHEMA "orchestration_internal"

/* ours.c */
extern bool orch_is_our_schema_name(const char *schema);
extern bool orch_is_our_schema(Oid schema);
extern bool orch_is_our_relation(Oid relation);
extern Oid	orch_internal_function(const char *name, int count, Oid *types);
extern bool orch_is_raised_by_us(const ErrorData *error);
/* verb.c */
extern const char *orch_verb_to_state(const char *from, const char *to);

/* the most that orchestration.max_databases can be */
#define ORCH_MAX_WORKERS 256

/* shmem.c: one slot for each database that has, or may have, a worker; as many as orchestration.max_databases says */

typedef enum OrchSlotState
{
	ORCH_SLOT_FREE = 0,			/* never looked at, or its database is gone */
	ORCH_SLOT_STARTING,			/* launcher asked for a process */
	ORCH_SLOT_RUNNING,			/* a worker serves the database */
	ORCH_SLOT_ABSENT,			/* no bootstrapped extension in that database */
	ORCH_SLOT_FAILED			/* the worker ended by an error */
} OrchSlotState;

typedef struct OrchWorkerSlot
{
	Oid			database;
	OrchSlotState state;
	int			pid;
	int			proc_number;	/* of the worker, for its latch; -1 if none */
	int			maintenance_pid;	/* of the process for maintenance; 0 if none */
	int			rotation_pid;	/* of the one that rotates the log tables; 0 if none */
	bool		inhibited;		/* the database is being dropped or copied */
	int			inhibitor_pid;	/* by which process */
	int			inhibitor_proc; /* and where that is found */
	bool		rows_changed;	/* why it was woken, as against a reader of logs */
	bool		in_doubt;		/* somebody has written what the worker keeps in memory */
	TimestampTz started_at;
	TimestampTz next_start_at;
	int			failures;		/* consecutive, for the launcher's back-off */

	/* counters, written by the worker alone */
	int64		cycles;
	int64		requests;
	int64		applies;
	int64		deletes;
	int64		errors;
	int64		watch_events;
	int64		held_up;		/* calls that gave up waiting for a lock */
	int			in_flight;
	int			clusters;
	TimestampTz last_cycle_at;	/* 0: it was never seen to have the extension */
} OrchWorkerSlot;

/* of the databases that have no slot, as many are named */
#define ORCH_NAMED_WAITING 16

typedef struct OrchShared
{
	ConditionVariable status_changed;	/* broadcast after the worker recorded */
	int			launcher_pid;
	int			launcher_proc_number;
	Oid			waiting[ORCH_NAMED_WAITING];	/* databases that would be looked at if there were a slot */
	int			slot_count;
	OrchWorkerSlot slots[FLEXIBLE_ARRAY_MEMBER];
} OrchShared;

/* A room's own piece of shared memory, zeroed; *memory stays NULL unless preloaded. */
typedef struct OrchShmemPiece
{
	const char *name;
	Size		size;
	void	  **memory;
	void		(*initialize) (void *memory);	/* or NULL */
	struct LWLock **lock;			/* of its own; NULL: orch_shmem_lock() guards it */
} OrchShmemPiece;

extern void orch_shmem_add(const OrchShmemPiece *piece);	/* before orch_shmem_init() */
extern void orch_shmem_init(void);
extern bool orch_shmem_available(void);
extern OrchShared *orch_shmem(void);	/* NULL unless preloaded */
extern ConditionVariable *orch_shmem_status_cv(void);	/* likewise */
extern void orch_shmem_lock(void);
extern void orch_shmem_unlock(void);
extern OrchWorkerSlot *orch_shmem_find_slot(Oid database);	/* lock held */
extern OrchWorkerSlot *orch_shmem_claim_slot(Oid database); /* lock held */
extern bool orch_shmem_slot_is_empty(const OrchWorkerSlot *slot);	/* lock held */
extern bool orch_shmem_slot_is_spare(const OrchWorkerSlot *slot);	/* lock held */
extern void orch_shmem_wake_launcher(void);
extern void orch_shmem_wake_worker(Oid database);
extern int	orch_shmem_signal_worker(Oid database);
extern void orch_shmem_nudge_worker(Oid database);
extern bool orch_shmem_take_rows_changed(Oid database);
extern void orch_shmem_doubt(Oid database);
extern bool orch_shmem_take_doubt(Oid database);

/* wake.c */
/* find_container.c */
extern int64 orch_find_container(FunctionCallInfo fcinfo);

extern void orch_wake_worker_at_commit(void);
extern void orch_doubt_at_commit(void);

/* wake.c: set by the worker, asked by triggers everywhere */
extern void orch_set_is_worker(void);
extern bool orch_is_worker(void);
extern bool orch_is_worker_process(void);

/* clock.c: chance, and microseconds by a clock that nobody sets */
extern double orch_random(void);
extern TimestampTz orch_steady_now(void);

/* own_lock.c: advisory locks of SQL have class 1 and 2, those of months 0x4f52 */
#define ORCH_OWN_LOCK_CLASS 0x4f53
