/*
 * shmem.c
 *	  Shared memory: which database has a worker, its latch and its counters.
 *
 * Holds no pointer and no descriptor of any process, only numbers.  Exists
 * only when the library is in shared_preload_libraries; every caller copes
 * with its absence.
 */
#include "postgres.h"

#include "core/compat.h"
#include "core/core.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/shmem.h"

static OrchShared *shared = NULL;
static LWLock *shared_lock = NULL;

#define MAX_PIECES 8
static const OrchShmemPiece *pieces[MAX_PIECES];
static int	piece_count = 0;

static shmem_startup_hook_type previous_startup_hook = NULL;
#ifndef ORCH_REQUEST_SHMEM_AT_INIT
static shmem_request_hook_type previous_request_hook = NULL;
#endif

static Size
shared_size(void)
{
	return offsetof(OrchShared, slots) + sizeof(OrchWorkerSlot) * orch_max_databases;
}

static void
request_shmem(void)
{
#ifndef ORCH_REQUEST_SHMEM_AT_INIT
	if (previous_request_hook)
		previous_request_hook();
#endif
	RequestAddinShmemSpace(MAXALIGN(shared_size()));
	for (int i = 0; i < piece_count; i++)
	{
		RequestAddinShmemSpace(MAXALIGN(pieces[i]->size));
		if (pieces[i]->lock)
			RequestNamedLWLockTranche(pieces[i]->name, 1);
	}
	RequestNamedLWLockTranche("orchestration", 1);
}

static void
start_piece(const OrchShmemPiece *piece)
{
	bool		found;

	*piece->memory = ShmemInitStruct(piece->name, piece->size, &found);
	if (!found)
	{
		memset(*piece->memory, 0, piece->size);
		if (piece->initialize)
			piece->initialize(*piece->memory);
	}
	if (piece->lock)
		*piece->lock = &GetNamedLWLockTranche(piece->name)->lock;
}

static void
startup_shmem(void)
{
	bool		found;

	if (previous_startup_hook)
		previous_startup_hook();

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct("orchestration", shared_size(), &found);
	if (!found)
	{
		memset(shared, 0, shared_size());
		shared->slot_count = orch_max_databases;
		ConditionVariableInit(&shared->status_changed);
		shared->launcher_proc_number = -1;
		for (int i = 0; i < shared->slot_count; i++)
			shared->slots[i].proc_number = -1;
	}
	shared_lock = &GetNamedLWLockTranche("orchestration")->lock;
	for (int i = 0; i < piece_count; i++)
		start_piece(pieces[i]);
	LWLockRelease(AddinShmemInitLock);
}

/*
 * Announces a room's piece, which must be static.
 */
void
orch_shmem_add(const OrchShmemPiece *piece)
{
	Assert(piece_count < MAX_PIECES);
	pieces[piece_count++] = piece;
}

/*
 * Asks for the memory; called from _PG_init while the postmaster preloads.
 */
void
orch_shmem_init(void)
{
#ifdef ORCH_REQUEST_SHMEM_AT_INIT
	request_shmem();
#else
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_shmem;
#endif
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = startup_shmem;
}

bool
orch_shmem_available(void)
{
	return shared != NULL;
}

OrchShared *
orch_shmem(void)
{
	return shared;
}

ConditionVariable *
orch_shmem_status_cv(void)
{
	return shared ? &shared->status_changed : NULL;
}

void
orch_shmem_lock(void)
{
	LWLockAcquire(shared_lock, LW_EXCLUSIVE);
}

void
orch_shmem_unlock(void)
{
	LWLockRelease(shared_lock);
}

/*
 * Finds the slot of a database, or NULL.  The caller holds the lock.
 */
OrchWorkerSlot *
orch_shmem_find_slot(Oid database)
{
	for (int i = 0; i < shared->slot_count; i++)
	{
		if (shared->slots[i].database == database)
			return &shared->slots[i];
	}
	return NULL;
}

/*
 * Is no process of ours in the database?  The caller holds the lock.
 */
bool
orch_shmem_slot_is_empty(const OrchWorkerSlot *slot)
{
	return slot->pid == 0 && slot->maintenance_pid == 0 && slot->rotation_pid == 0;
}

/*
 * Can the slot be given to another database: was the extension never seen in this one,
 * and is nobody there?  The caller holds the lock.
 */
bool
orch_shmem_slot_is_spare(const OrchWorkerSlot *slot)
{
	return (slot->state == ORCH_SLOT_ABSENT || (slot->state == ORCH_SLOT_FAILED && slot->last_cycle_at == 0)) &&
		!slot->inhibited && orch_shmem_slot_is_empty(slot);
}

/*
 * Finds the slot that can best be spared: the one that was looked at the longest time
 * ago.
 */
static OrchWorkerSlot *
find_spare_slot(void)
{
	OrchWorkerSlot *spare = NULL;

	for (int i = 0; i < shared->slot_count; i++)
	{
		OrchWorkerSlot *slot = &shared->slots[i];

		if (orch_shmem_slot_is_spare(slot) && (spare == NULL || slot->next_start_at < spare->next_start_at))
			spare = slot;
	}
	return spare;
}

/*
 * Finds or takes the slot of a database; NULL when all are needed.  The caller
 * holds the lock.
 */
OrchWorkerSlot *
orch_shmem_claim_slot(Oid database)
{
	OrchWorkerSlot *slot = orch_shmem_find_slot(database);

	if (slot == NULL && ((slot = orch_shmem_find_slot(InvalidOid)) != NULL || (slot = find_spare_slot()) != NULL))
	{
		memset(slot, 0, sizeof(*slot));
		slot->database = database;
		slot->proc_number = -1;
	}
	return slot;
}

static void
set_latch_of(int proc_number)
{
	if (proc_number >= 0)
		SetLatch(&ProcGlobal->allProcs[proc_number].procLatch);
}

/*
 * Makes the launcher look at the databases again.  Does not throw.
 */
void
orch_shmem_wake_launcher(void)
{
	if (shared)
		set_latch_of(shared->launcher_proc_number);
}

/*
 * Wakes the worker of a database, or the launcher if there is none yet.  Does
 * not throw: it runs after commit.
 */
void
orch_shmem_wake_worker(Oid database)
{
	OrchWorkerSlot *slot;
	int			proc_number = -1;

	if (!shared)
		return;

	orch_shmem_lock();
	/* one that had to give up its slot is looked at because it has one again */
	slot = orch_shmem_claim_slot(database);
	if (slot != NULL && slot->state == ORCH_SLOT_RUNNING)
	{
		slot->rows_changed = true;
		proc_number = slot->proc_number;
	}
	else if (slot != NULL && slot->state == ORCH_SLOT_ABSENT)
		slot->next_start_at = 0;	/* it has just been bootstrapped */
	orch_shmem_unlock();

	if (proc_number >= 0)
		set_latch_of(proc_number);
	else
		orch_shmem_wake_launcher();
}

/*
 * Sets the latch of a database's worker for something that is in no row, and
 * returns its process id; 0 when there is none.  Does not throw.
 */
int
orch_shmem_signal_worker(Oid database)
{
	OrchWorkerSlot *slot;
	int			proc_number = -1;
	int			pid = 0;

	if (!shared)
		return 0;

	orch_shmem_lock();
	slot = orch_shmem_find_slot(database);
	if (slot != NULL && slot->state == ORCH_SLOT_RUNNING)
	{
		pid = slot->pid;
		proc_number = slot->proc_number;
	}
	orch_shmem_unlock();
	set_latch_of(proc_number);
	return pid;
}

/*
 * Sets the latch of a database's worker without a lock, for whoever may hold any:
 * what is read may be outdated, and a latch that is set in vain does no harm.
 */
void
orch_shmem_nudge_worker(Oid database)
{
	OrchWorkerSlot *slot = shared ? orch_shmem_find_slot(database) : NULL;
	int			proc_number = slot ? slot->proc_number : -1;

	set_latch_of(proc_number);
}

/*
 * Asked by the worker after its latch was set: is it because of rows?
 */
bool
orch_shmem_take_rows_changed(Oid database)
{
	OrchWorkerSlot *slot;
	bool		changed;

	orch_shmem_lock();
	slot = orch_shmem_find_slot(database);
	changed = slot == NULL || slot->rows_changed;
	if (slot != NULL)
		slot->rows_changed = false;
	orch_shmem_unlock();
	return changed;
}

/*
 * Somebody else has written into the worker's own tables: what it has in memory
 * is in doubt.
 */
void
orch_shmem_doubt(Oid database)
{
	OrchWorkerSlot *slot;

	orch_shmem_lock();
	slot = orch_shmem_find_slot(database);
	if (slot != NULL)
		slot->in_doubt = true;
	orch_shmem_unlock();
}

/*
 * Is the memory of the worker in doubt?  Asking ends it.
 */
bool
orch_shmem_take_doubt(Oid database)
{
	OrchWorkerSlot *slot;
	bool		in_doubt;

	orch_shmem_lock();
	slot = orch_shmem_find_slot(database);
	in_doubt = slot != NULL && slot->in_doubt;
	if (slot != NULL)
		slot->in_doubt = false;
	orch_shmem_unlock();
	return in_doubt;
}
