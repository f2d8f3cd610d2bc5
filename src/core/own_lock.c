/*
 * own_lock.c
 *	  Locks by name that nobody can take but through us.
 *
 * An advisory lock of SQL is anybody's: whoever takes the key of a job and
 * keeps it ends that job.  These have a class that SQL cannot name.  They last
 * until the transaction ends.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "core/compat.h"
#include "core/core.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/builtins.h"

static bool
take(const text *name, bool wait)
{
	LOCKTAG		tag;
	uint64		hash = DatumGetUInt64(hash_any_extended((const unsigned char *) VARDATA_ANY(name),
														VARSIZE_ANY_EXHDR(name), 0));

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) (hash >> 32), (uint32) hash, ORCH_OWN_LOCK_CLASS);
	return LockAcquire(&tag, ExclusiveLock, false, !wait) != LOCKACQUIRE_NOT_AVAIL;
}

ORCH_FUNCTION(orch_try_lock);

/*
 * worker_try_lock(name): takes the lock unless somebody else has it.
 */
Datum
orch_try_lock(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(take(PG_GETARG_TEXT_PP(0), false));
}

ORCH_FUNCTION(orch_wait_for_lock);

/*
 * worker_wait_for_lock(name): takes the lock when it is free.
 */
Datum
orch_wait_for_lock(PG_FUNCTION_ARGS)
{
	(void) take(PG_GETARG_TEXT_PP(0), true);
	PG_RETURN_VOID();
}
