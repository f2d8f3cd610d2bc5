/*
 * pool.c
 *	  Notes in shared memory, from sessions to whoever writes them into
 *	  operation_logs: the worker of their database, or maintenance.
 *
 * Room is shared by what is still free: a database may hold as many notes as are
 * free, and a user half of what his database may still take.  So the first noisy
 * one gets a quarter of all, the next one half as much, and there is always some
 * left for who was quiet.  What finds no room is added up by user, operation and
 * SQLSTATE; sums have shares of the same kind, and the last resort is one sum for
 * each database.  Some room is kept for what must not be lost.
 *
 * Whoever takes notes claims them first, and frees them when his transaction has
 * committed; nobody else takes them meanwhile.  When the server stops in good
 * order the postmaster keeps the pool in a file; only a crash loses it.
 */
#include "audit/notes.h"

#include "core/compat.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"

#define NOTES_MAX 4096

/* for what must not be lost, and for nothing else */
#define NOTES_RESERVED 256

/* they are to be written when a database has so many, or one that has waited so long */
#define NOTES_ENOUGH 256
#define WAIT_MS 1000

#define FILE_NAME "pg_stat/orchestration.notes"

typedef struct Place
{
	Oid			database;		/* InvalidOid: free */
	uint32		owner;			/* whose share it is of */
	int			claimed_by;		/* process that writes it; 0: none */
	TimestampTz since;
} Place;

typedef struct NotePool
{
	uint64		last_number;
	Place		places[NOTES_MAX];
	Place		sum_places[ORCH_NOTE_SUMS_MAX];
	Place		rest_places[ORCH_MAX_WORKERS];	/* one for each database */
	OrchNoteSum sums[ORCH_NOTE_SUMS_MAX];
	OrchNoteSum rests[ORCH_MAX_WORKERS];
	OrchNote	notes[NOTES_MAX];
} NotePool;

static NotePool *pool = NULL;
static LWLock *pool_lock = NULL;

static void start_pool(void *memory);

/*
 * Asks for the memory; called from _PG_init while the postmaster preloads.  Its
 * lock is its own: notes are taken while an error is reported, whatever else is
 * locked then.
 */
void
orch_notes_init(void)
{
	static const OrchShmemPiece piece = {"orchestration notes", sizeof(NotePool), (void **) &pool, start_pool, &pool_lock};

	orch_shmem_add(&piece);
}

bool
orch_notes_available(void)
{
	return pool != NULL;
}

/* ---- over a restart ---- */

/*
 * The postmaster is the last to leave, so that nobody adds anything any more.
 */
static void
save_pool(int code, Datum arg)
{
	int			waiting = 0;

	/* after a crash nobody knows what is in it */
	if (code != 0 || MyProcPid != PostmasterPid)
		return;
	for (int i = 0; i < NOTES_MAX; i++)
		waiting += OidIsValid(pool->places[i].database);
	for (int i = 0; i < ORCH_NOTE_SUMS_MAX; i++)
		waiting += OidIsValid(pool->sum_places[i].database);
	for (int i = 0; i < ORCH_MAX_WORKERS; i++)
		waiting += OidIsValid(pool->rest_places[i].database);
	if (waiting > 0 && !orch_notes_save(FILE_NAME, pool, sizeof(NotePool)))
		ereport(LOG, (errmsg("orchestration: %d notes of refused and failed operations could not be kept: %m", waiting)));
}

static void
forget_claims(Place *places, int count)
{
	for (int i = 0; i < count; i++)
		places[i].claimed_by = 0;
}

static void
start_pool(void *memory)
{
	NotePool   *started = memory;

	if (MyProcPid != PostmasterPid)
		return;
	if (!orch_notes_load(FILE_NAME, memory, sizeof(NotePool)))
		memset(memory, 0, sizeof(NotePool));
	forget_claims(started->places, NOTES_MAX);
	forget_claims(started->sum_places, ORCH_NOTE_SUMS_MAX);
	forget_claims(started->rest_places, ORCH_MAX_WORKERS);
	on_shmem_exit(save_pool, (Datum) 0);
}

/* ---- putting ---- */

static uint32
owner_of(const OrchNote *note)
{
	uint64		mixed = ((uint64) note->user_id * UINT64CONST(0x9E3779B97F4A7C15)) ^
		(((uint64) MyDatabaseId << 32) | note->role) * UINT64CONST(0xC2B2AE3D27D4EB4F);

	return (uint32) (mixed >> 32);
}

/*
 * A free place that this owner may have, or -1.  must: any that is free.  Lock
 * held.
 */
static int
find_place(const Place *places, int count, int reserved, uint32 owner, bool must, int *of_database)
{
	int			place = -1;
	int			room = 0;
	int			of_owner = 0;

	*of_database = 0;
	for (int i = 0; i < count; i++)
	{
		if (!OidIsValid(places[i].database))
		{
			room++;
			place = i;
		}
		else if (places[i].database == MyDatabaseId)
		{
			(*of_database)++;
			of_owner += places[i].owner == owner;
		}
	}
	room -= must ? 0 : reserved;
	return room > 0 && (must || 2 * of_owner < room - *of_database) ? place : -1;
}

static void
take_place(Place *place, uint32 owner, TimestampTz now)
{
	place->since = now;
	place->database = MyDatabaseId;
	place->owner = owner;
	place->claimed_by = 0;
}

static bool
same_kind(const OrchNoteSum *a, const OrchNoteSum *b)
{
	return a->user_id == b->user_id && a->role == b->role && a->session_role == b->session_role && a->sqlstate == b->sqlstate &&
		strcmp(a->status, b->status) == 0 && strcmp(a->operation, b->operation) == 0;
}

/*
 * The sum of this kind, made if the owner's share allows it; NULL otherwise.  One
 * that somebody is writing is left alone.  Lock held.
 */
static OrchNoteSum *
sum_of(const OrchNoteSum *kind, uint32 owner, bool must)
{
	int			of_database;
	int			place;

	for (int i = 0; i < ORCH_NOTE_SUMS_MAX; i++)
	{
		if (pool->sum_places[i].database == MyDatabaseId && pool->sum_places[i].claimed_by == 0 && same_kind(&pool->sums[i], kind))
			return &pool->sums[i];
	}
	place = find_place(pool->sum_places, ORCH_NOTE_SUMS_MAX, 0, owner, must, &of_database);
	if (place < 0)
		return NULL;
	take_place(&pool->sum_places[place], owner, kind->first_at);
	pool->sums[place] = *kind;
	return &pool->sums[place];
}

/*
 * The sum of all that found no sum of its own.  Lock held.
 */
static OrchNoteSum *
rest_of(const OrchNoteSum *kind)
{
	int			place = -1;

	for (int i = 0; i < ORCH_MAX_WORKERS; i++)
	{
		if (pool->rest_places[i].database == MyDatabaseId && pool->rest_places[i].claimed_by == 0)
			return &pool->rests[i];
		if (!OidIsValid(pool->rest_places[i].database))
			place = i;
	}
	if (place < 0)
		return NULL;
	take_place(&pool->rest_places[place], 0, kind->first_at);
	pool->rests[place] = *kind;
	pool->rests[place].user_id = 0;
	pool->rests[place].role = pool->rests[place].session_role = InvalidOid;
	return &pool->rests[place];
}

static bool
add_up(const OrchNote *note, uint32 owner)
{
	OrchNoteSum kind = {0};
	OrchNoteSum *sum;

	kind.first_at = note->started_at;
	kind.user_id = note->user_id;
	kind.role = note->role;
	kind.session_role = note->session_role;
	kind.sqlstate = note->sqlstate;
	strlcpy(kind.status, note->status, sizeof(kind.status));
	strlcpy(kind.operation, note->operation, sizeof(kind.operation));
	sum = sum_of(&kind, owner, false);
	if (sum == NULL)
	{
		/* of this user, whatever it was */
		kind.sqlstate = 0;
		strlcpy(kind.status, "failed", sizeof(kind.status));
		strlcpy(kind.operation, "various", sizeof(kind.operation));
		sum = sum_of(&kind, owner ^ 1, false);
	}
	if (sum == NULL)
		sum = rest_of(&kind);
	if (sum == NULL)
		return false;
	sum->count++;
	sum->first_at = Min(sum->first_at, note->started_at);
	sum->last_at = Max(sum->last_at, note->started_at);
	return true;
}

/*
 * Leaves a note.  False when there is no room: then it has been added up, but for
 * what must not be lost, where the caller is to see to it.
 */
bool
orch_notes_put(OrchNote *note, bool must)
{
	uint32		owner = owner_of(note);
	TimestampTz now = GetCurrentTimestamp();
	int			of_database;
	int			place;
	bool		lost = false;
	bool		wake;

	if (pool == NULL)
		return false;
	LWLockAcquire(pool_lock, LW_EXCLUSIVE);
	place = find_place(pool->places, NOTES_MAX, NOTES_RESERVED, owner, must, &of_database);
	if (place >= 0)
	{
		note->number = ++pool->last_number;
		pool->notes[place] = *note;
		take_place(&pool->places[place], owner, now);
	}
	else if (!must)
		lost = !add_up(note, owner);
	/* one alone tells the worker when to look; it is not woken for each */
	wake = place < 0 || of_database == 0 || of_database >= NOTES_ENOUGH;
	LWLockRelease(pool_lock);
	if (wake)
		orch_shmem_nudge_worker(MyDatabaseId);
	if (lost)
		ereport(LOG,
				(errmsg("orchestration: audit queue is full: a refused or failed operation of database %u is not on record", MyDatabaseId),
				 errhidestmt(true), errhidecontext(true)));
	return place >= 0;
}

/* ---- taking ---- */

static int
compare_numbers(const void *a, const void *b)
{
	uint64		x = ((const OrchNote *) a)->number;
	uint64		y = ((const OrchNote *) b)->number;

	return x < y ? -1 : x > y;
}

static bool
claim(Place *place)
{
	if (place->database != MyDatabaseId || place->claimed_by != 0)
		return false;
	place->claimed_by = MyProcPid;
	return true;
}

/*
 * Copies notes of this database, in their order, and sums, of which there may be
 * ORCH_NOTE_SUMS_MAX; they are ours until orch_notes_settle().
 */
int
orch_notes_claim(OrchNote *notes, int count, OrchNoteSum *sums, int *sum_count)
{
	int			found = 0;

	*sum_count = 0;
	LWLockAcquire(pool_lock, LW_EXCLUSIVE);
	for (int i = 0; i < NOTES_MAX && found < count; i++)
	{
		if (claim(&pool->places[i]))
			notes[found++] = pool->notes[i];
	}
	for (int i = 0; i < ORCH_MAX_WORKERS; i++)
	{
		if (claim(&pool->rest_places[i]))
			sums[(*sum_count)++] = pool->rests[i];
	}
	for (int i = 0; i < ORCH_NOTE_SUMS_MAX && *sum_count < ORCH_NOTE_SUMS_MAX; i++)
	{
		if (claim(&pool->sum_places[i]))
			sums[(*sum_count)++] = pool->sums[i];
	}
	LWLockRelease(pool_lock);
	qsort(notes, found, sizeof(OrchNote), compare_numbers);
	return found;
}

static void
settle(Place *places, int count, bool written)
{
	for (int i = 0; i < count; i++)
	{
		if (places[i].claimed_by != MyProcPid)
			continue;
		places[i].claimed_by = 0;
		if (written)
			places[i].database = InvalidOid;
	}
}

/*
 * Frees the room of what this process has claimed, or lets others have it.
 */
void
orch_notes_settle(bool written)
{
	LWLockAcquire(pool_lock, LW_EXCLUSIVE);
	settle(pool->places, NOTES_MAX, written);
	settle(pool->sum_places, ORCH_NOTE_SUMS_MAX, written);
	settle(pool->rest_places, ORCH_MAX_WORKERS, written);
	LWLockRelease(pool_lock);
}

/*
 * Milliseconds until what waits is to be written: 0 for now, -1 when nothing does.
 */
long
orch_notes_due_ms(void)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz oldest = now;
	int			count = 0;
	bool		summed = false;

	if (pool == NULL)
		return -1;
	LWLockAcquire(pool_lock, LW_SHARED);
	for (int i = 0; i < NOTES_MAX; i++)
	{
		if (pool->places[i].database != MyDatabaseId || pool->places[i].claimed_by != 0)
			continue;
		count++;
		/* noted before the clock was put back: it has waited long enough */
		oldest = pool->places[i].since > now ? 0 : Min(oldest, pool->places[i].since);
	}
	for (int i = 0; i < ORCH_NOTE_SUMS_MAX && !summed; i++)
		summed = pool->sum_places[i].database == MyDatabaseId && pool->sum_places[i].claimed_by == 0;
	for (int i = 0; i < ORCH_MAX_WORKERS && !summed; i++)
		summed = pool->rest_places[i].database == MyDatabaseId && pool->rest_places[i].claimed_by == 0;
	LWLockRelease(pool_lock);
	if (count == 0 && !summed)
		return -1;
	return summed || count >= NOTES_ENOUGH ? 0 : Max(WAIT_MS - TimestampDifferenceMilliseconds(oldest, now), 0);
}

static void
count_sum(const Place *place, const OrchNoteSum *sum, int64 *summed)
{
	if (place->database == MyDatabaseId)
		*summed += sum->count;
}

/*
 * How many of this database wait, and how many were only counted.
 */
void
orch_notes_count(int64 *waiting, int64 *summed)
{
	*waiting = *summed = 0;
	if (pool == NULL)
		return;
	LWLockAcquire(pool_lock, LW_SHARED);
	for (int i = 0; i < NOTES_MAX; i++)
		*waiting += pool->places[i].database == MyDatabaseId;
	for (int i = 0; i < ORCH_NOTE_SUMS_MAX; i++)
		count_sum(&pool->sum_places[i], &pool->sums[i], summed);
	for (int i = 0; i < ORCH_MAX_WORKERS; i++)
		count_sum(&pool->rest_places[i], &pool->rests[i], summed);
	LWLockRelease(pool_lock);
}
