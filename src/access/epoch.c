/*
 * epoch.c
 *	  When what was read of users and grants is outdated.
 *
 * By the invalidation of one fixed relation, user_roles, which triggers of users,
 * roles and user_roles send (refresh_permissions()).  Such messages are
 * transactional, undone with a savepoint, part of the WAL, and so arrive on
 * standbys too.
 *
 * A leaf: who keeps something notes the generation that it was read in, and looks
 * whether that has passed.  Nobody is told.
 */
#include "access/access.h"

#include "catalog/namespace.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

uint64		orch_grants_epoch = 1;
uint64		orch_grants_generation = 1;
uint64		orch_run_count = 1;

static Oid	watched = InvalidOid;

/* may come at any time: nothing is freed here */
static void
invalidate(Datum arg, Oid relation)
{
	if (OidIsValid(relation) && relation != watched)
		return;
	orch_grants_generation++;
	orch_grants_epoch++;
}

/*
 * The relation whose invalidation means that grants have changed; InvalidOid
 * before bootstrap().
 */
Oid
orch_grants_relation(void)
{
	Oid			schema = get_namespace_oid("orchestration", true);

	return OidIsValid(schema) ? get_relname_relid("user_roles", schema) : InvalidOid;
}

/*
 * To be called before anything is read that is to be kept; false before
 * bootstrap(), when there is nothing to be read.
 */
bool
orch_grants_watch(void)
{
	static bool registered = false;

	if (!registered)
	{
		CacheRegisterRelcacheCallback(invalidate, (Datum) 0);
		registered = true;
	}
	watched = orch_grants_relation();
	return OidIsValid(watched);
}
