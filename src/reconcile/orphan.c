/*
 * orphan.c
 *	  Objects of ours that no row asked for.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/core.h"
#include "reconcile/call.h"
#include "reconcile/kept_claims.h"
#include "reconcile/orphan.h"
#include "utils/builtins.h"

static OrchCall orphan_call = {
	.what = "taking in what no row knows",
	.sql = "SELECT orchestration_internal.take_orphan($1, $2, $3::jsonb)",
	.nargs = 3,
	.argtypes = {INT8OID, TEXTOID, TEXTOID}
};

static OrchCall owner_call = {
	.what = "looking for an owner",
	.sql = "SELECT orchestration_internal.owner_exists($1, $2)",
	.nargs = 2,
	.argtypes = {TEXTOID, INT8OID}
};

/*
 * Was this made by us for a row that does not exist any more?  A failed look
 * counts as no.
 */
bool
orch_orphan_is(const OrchSeen *seen)
{
	const char *dash = seen->owner ? strrchr(seen->owner, '-') : NULL;
	bool		exists = true;
	Datum		args[2];

	if (dash == NULL || !seen->is_labelled || !seen->is_applied)
		return false;
	args[0] = PointerGetDatum(cstring_to_text_with_len(seen->owner, dash - seen->owner));
	args[1] = Int64GetDatum(strtoll(dash + 1, NULL, 10));
	return orch_call(&owner_call, args, NULL, orch_read_bool, &exists) && !exists;
}

/*
 * Something of ours that no inventory row knows: taken in, if it was made by us
 * and not copied, and forgotten otherwise.
 */
void
orch_orphan_take(OrchCluster *cluster, const OrchNews *news)
{
	OrchInventory *inventory = cluster->inventory;
	OrchObject *object;
	Datum		args[3];
	int64		id = 0;

	if (!news->seen.is_labelled || !news->seen.is_applied)
		return;
	args[0] = Int64GetDatum(cluster->id);
	args[1] = CStringGetTextDatum(news->kind->kind);
	args[2] = PointerGetDatum(cstring_to_text_with_len(news->json, news->json_length));
	if (!orch_call(&orphan_call, args, NULL, orch_read_int8, &id))
		return;
	if (id == 0)
	{
		if (orch_is_claim(news->kind))
			orch_kept_claims_met(cluster, news);
		return;
	}
	cluster->plan_due = true;
	if (!orch_inventory_refresh(inventory, &id, 1))
		return;
	/* the list that told of it has not left it out */
	object = orch_inventory_object(inventory, id);
	if (object != NULL)
		object->list = inventory->lists[news->kind - orch_kinds];
}
