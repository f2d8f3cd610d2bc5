/*
 * memo.c
 *	  What a trigger knows of its table, kept for the session or until the table is
 *	  altered: a statement that changes one row must not look at forty columns by name.
 */
#include "core/rows.h"

#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"

typedef struct Memo
{
	Oid			trigger;		/* key */
	Oid			relation;
	MemoryContext context;
	void	   *content;		/* NULL when it is to be learned */
} Memo;

static HTAB *memos = NULL;

static void
forget(Datum arg, Oid relation)
{
	HASH_SEQ_STATUS status;
	Memo	   *memo;

	hash_seq_init(&status, memos);
	while ((memo = hash_seq_search(&status)) != NULL)
	{
		if (!OidIsValid(relation) || memo->relation == relation)
			memo->content = NULL;
	}
}

static void
make_memos(void)
{
	HASHCTL		control = {0};

	control.keysize = sizeof(Oid);
	control.entrysize = sizeof(Memo);
	memos = hash_create("orchestration trigger memos", 64, &control, HASH_ELEM | HASH_BLOBS);
	CacheRegisterRelcacheCallback(forget, (Datum) 0);
}

static void
learn(Memo *memo, TriggerData *trigger, OrchLearn learner)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "orchestration trigger memo", ALLOCSET_SMALL_SIZES);
	MemoryContext previous = MemoryContextSwitchTo(context);
	void	   *content = learner(trigger);

	MemoryContextSwitchTo(previous);
	MemoryContextSetParent(context, CacheMemoryContext);
	/* a statement around this one may still read what was known before */
	if (memo->context != NULL)
		MemoryContextSetParent(memo->context, TopTransactionContext);
	memo->context = context;
	memo->content = content;
}

/*
 * What the learner returned, in the memory that was current to it, when it was
 * last asked about this trigger.  Stays as it is until the end of the transaction.
 */
const void *
orch_memo(TriggerData *trigger, OrchLearn learner)
{
	Memo	   *memo;
	bool		found;

	if (memos == NULL)
		make_memos();
	memo = hash_search(memos, &trigger->tg_trigger->tgoid, HASH_ENTER, &found);
	if (!found)
	{
		memo->relation = RelationGetRelid(trigger->tg_relation);
		memo->context = NULL;
		memo->content = NULL;
	}
	if (memo->content == NULL)
		learn(memo, trigger, learner);
	return memo->content;
}
