/*
 * managed.c
 *	  Is the worker in charge of a namespace?
 *
 * It is where the namespace has a cluster, and still is after the cluster was
 * taken away for as long as objects of the namespace are left in one.
 */
#include "lifecycle/lifecycle.h"

#include "catalog/pg_type.h"
#include "core/rows.h"

typedef struct ManagedAnswer
{
	int64		namespace_id;	/* key */
	bool		is_managed;
} ManagedAnswer;

static const char *const managed_statement =
"SELECT FROM orchestration.namespaces n"
" WHERE n.id OPERATOR(pg_catalog.=) $1 AND n.cluster_id IS NULL AND NOT EXISTS"
" (SELECT FROM orchestration.managed_objects m WHERE m.namespace_id OPERATOR(pg_catalog.=) n.id)";

static bool
ask(Relation rel, int64 namespace_id)
{
	static void *plan = NULL;
	OrchOwnerContext owner;
	Datum		value = Int64GetDatum(namespace_id);
	Oid			type = INT8OID;
	int			unmanaged;

	orch_owner_begin(&owner, rel);
	orch_owner_prepare(&plan, managed_statement, 1, &type);
	unmanaged = orch_owner_execute(plan, &value);
	orch_owner_end(&owner);
	return unmanaged == 0;
}

/*
 * Answers from the cache of the statement, or asks.  A namespace that does not
 * exist counts as managed; its foreign key refuses the row later.
 */
bool
orch_namespace_is_managed(OrchManagedCache *cache, Relation rel, int64 namespace_id)
{
	ManagedAnswer *answer;
	bool		found;

	if (cache->answers == NULL)
	{
		HASHCTL		control = {0};

		control.keysize = sizeof(int64);
		control.entrysize = sizeof(ManagedAnswer);
		control.hcxt = cache->context;
		cache->answers = hash_create("orchestration managed namespaces", 16, &control,
									 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}

	answer = hash_search(cache->answers, &namespace_id, HASH_FIND, NULL);
	if (answer == NULL)
	{
		bool		is_managed = ask(rel, namespace_id);

		/* entered last: an error while asking must not leave half an entry */
		answer = hash_search(cache->answers, &namespace_id, HASH_ENTER, &found);
		answer->is_managed = is_managed;
	}
	return answer->is_managed;
}
