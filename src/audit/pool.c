/*
 * pool.c
 *	  Notes in shared memory, from sessions to the worker of their database.
 *
 * There is room for a fixed number, and one database takes half of it at most,
 * so that a noisy one leaves some to the others.  What finds no room is counted;
 * the worker puts the count on record too.
 */
#include "audit/notes.h"

#include "core/compat.h"
#include "miscadmin.h"
#include "storage/lwlock.h"

#define NOTES_MAX 1024
#define NOTES_MAX_OF_DATABASE (NOTES_MAX / 2)

typedef struct Dropped
{
	Oid			database;
	int64		count;
} Dropped;

typedef struct NotePool
{
	uint64		last_number;
	Oid			database[NOTES_MAX];	/* InvalidOid: free */
	Dropped		dropped[ORCH_MAX_WORKERS];
	OrchNote	notes[NOTES_MAX];
} NotePool;

static NotePool *pool = NULL;
static LWLock *pool_lock = NULL;

/*
 * Asks for the memory; called from _PG_init while the postmaster preloads.  Its
 * lock is its own: notes are taken while an error is reported, whatever else is
 * locked then.
 */
void
orch_notes_init(void)
{
	static const OrchShmemPiece piece = {"orchestration notes", sizeof(NotePool), (void **) &pool, NULL, &pool_lock};

	orch_shmem_add(&piece);
}

bool
orch_notes_available(void)
{
	return pool != NULL;
}

/* lock held */
static Dropped *
dropped_of(Oid database)
{
	Dropped    *unused = NULL;

	for (int i = 0; i < ORCH_MAX_WORKERS; i++)
	{
		if (pool->dropped[i].database == database)
			return &pool->dropped[i];
		if (unused == NULL && !OidIsValid(pool->dropped[i].database))
			unused = &pool->dropped[i];
	}
	if (unused != NULL)
		unused->database = database;
	return unused;
}

/* lock held; -1 when there is no room */
static int
find_room(void)
{
	int			room = -1;
	int			own = 0;

	for (int i = 0; i < NOTES_MAX; i++)
	{
		if (pool->database[i] == MyDatabaseId)
			own++;
		else if (room < 0 && !OidIsValid(pool->database[i]))
			room = i;
	}
	return own < NOTES_MAX_OF_DATABASE ? room : -1;
}

/*
 * Leaves a note for the worker; counts it as dropped when there is no room, and
 * says so in the server's log the first time.
 */
void
orch_notes_put(OrchNote *note)
{
	bool		first_dropped = false;
	int			room;

	if (pool == NULL)
		return;
	LWLockAcquire(pool_lock, LW_EXCLUSIVE);
	room = find_room();
	if (room >= 0)
	{
		note->number = ++pool->last_number;
		pool->notes[room] = *note;
		pool->database[room] = MyDatabaseId;
	}
	else
	{
		Dropped    *dropped = dropped_of(MyDatabaseId);

		first_dropped = dropped != NULL && dropped->count++ == 0;
	}
	LWLockRelease(pool_lock);
	if (first_dropped)
		ereport(LOG,
				(errmsg("orchestration: no room for more refused and failed operations of database %u until its worker has recorded them", MyDatabaseId),
				 errhidestmt(true), errhidecontext(true)));
}

static int
compare_numbers(const void *a, const void *b)
{
	uint64		x = ((const OrchNote *) a)->number;
	uint64		y = ((const OrchNote *) b)->number;

	return x < y ? -1 : x > y;
}

/*
 * Copies notes of this database, in their order, and leaves them in the pool.
 */
int
orch_notes_peek(OrchNote *notes, int count)
{
	int			found = 0;

	LWLockAcquire(pool_lock, LW_SHARED);
	for (int i = 0; i < NOTES_MAX && found < count; i++)
	{
		if (pool->database[i] == MyDatabaseId)
			notes[found++] = pool->notes[i];
	}
	LWLockRelease(pool_lock);
	qsort(notes, found, sizeof(OrchNote), compare_numbers);
	return found;
}

/*
 * Frees the room of a note of this database that has been written.
 */
void
orch_notes_remove(uint64 number)
{
	LWLockAcquire(pool_lock, LW_EXCLUSIVE);
	for (int i = 0; i < NOTES_MAX; i++)
	{
		if (pool->database[i] == MyDatabaseId && pool->notes[i].number == number)
			pool->database[i] = InvalidOid;
	}
	LWLockRelease(pool_lock);
}

/*
 * How many of this database wait, and how many found no room.
 */
void
orch_notes_count(int64 *waiting, int64 *dropped)
{
	*waiting = *dropped = 0;
	if (pool == NULL)
		return;
	LWLockAcquire(pool_lock, LW_SHARED);
	for (int i = 0; i < NOTES_MAX; i++)
		*waiting += pool->database[i] == MyDatabaseId;
	for (int i = 0; i < ORCH_MAX_WORKERS; i++)
	{
		if (pool->dropped[i].database == MyDatabaseId)
			*dropped = pool->dropped[i].count;
	}
	LWLockRelease(pool_lock);
}

/*
 * Takes from the count what has been put on record.
 */
void
orch_notes_forget_dropped(int64 count)
{
	Dropped    *dropped;

	LWLockAcquire(pool_lock, LW_EXCLUSIVE);
	dropped = dropped_of(MyDatabaseId);
	if (dropped != NULL && (dropped->count -= count) <= 0)
		dropped->database = InvalidOid, dropped->count = 0;
	LWLockRelease(pool_lock);
}
