/*
 * raised.c
 *	  Containers whose generation this transaction has raised.
 *
 * Nobody else sees a generation before it is committed, so one is enough for
 * all that a transaction changes: what touches a container that is noted here
 * leaves its row alone.  Noted once the row is written; an aborted savepoint
 * forgets all of it, and what is not noted costs one generation too many, which
 * does no harm.
 */
#include "lifecycle/lifecycle.h"

#include "access/xact.h"
#include "utils/memutils.h"

/* enough for what people change in one transaction; a bulk change needs no memory of it */
#define MOST_NOTED 10000

static HTAB *raised = NULL;

static void
forget(void)
{
	if (raised != NULL)
		hash_destroy(raised);
	raised = NULL;
}

static void
forget_at_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		forget();
}

static void
forget_at_abort(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		forget();
}

static void
begin(void)
{
	static bool registered = false;
	HASHCTL		info = {0};

	if (!registered)
	{
		RegisterXactCallback(forget_at_end, NULL);
		RegisterSubXactCallback(forget_at_abort, NULL);
		registered = true;
	}
	info.keysize = sizeof(int64);
	info.entrysize = sizeof(int64);
	info.hcxt = TopMemoryContext;
	raised = hash_create("orchestration raised generations", 64, &info, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/*
 * The row of this container, with a higher generation, is written.
 */
void
orch_raised_note(int64 container_id)
{
	if (raised == NULL)
		begin();
	if (hash_get_num_entries(raised) < MOST_NOTED)
		(void) hash_search(raised, &container_id, HASH_ENTER, NULL);
}

bool
orch_raised_is_noted(int64 container_id)
{
	return raised != NULL && hash_search(raised, &container_id, HASH_FIND, NULL) != NULL;
}
