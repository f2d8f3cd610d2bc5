/*
 * kept_claims.c
 *	  Claims that outlived their volume: tells the cluster that they are kept, and
 *	  forgets those that a complete list does not hold.
 *
 * A claim is told of by its label, one at a time.  The rows are asked
 * once after loading, when a claim was taken in, and at each resync: whoever lets
 * go of a claim brings the inventory in doubt, which loads it anew.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/core.h"
#include "reconcile/call.h"
#include "reconcile/kept_claims.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* claims that are read at a time */
#define CLAIMS_AT_A_TIME 100

static OrchCall claims_call = {
	.what = "looking for claims that are kept",
	.sql = "SELECT claim_id, cluster_namespace, name, uid, owner FROM orchestration_internal.unreleased_claims($1, $2)",
	.nargs = 2,
	.argtypes = {INT8OID, INT4OID}
};

static OrchCall released_call = {
	.what = "recording a claim that is kept",
	.sql = "SELECT orchestration_internal.record_released($1, $2, $3)",
	.nargs = 3,
	.argtypes = {INT8OID, INT8OID, BOOLOID}
};

static OrchCall gone_call = {
	.what = "forgetting a claim that was kept",
	.sql = "SELECT orchestration_internal.see_claim($1, $2::jsonb, true)",
	.nargs = 2,
	.argtypes = {INT8OID, TEXTOID}
};

static OrchCall unlisted_call = {
	.what = "forgetting claims that are gone",
	.sql = "SELECT orchestration_internal.end_kept_claims($1, $2, $3)",
	.nargs = 3,
	.argtypes = {INT8OID, TEXTARRAYOID, INT8OID}
};

static OrchCall met_call = {
	.what = "keeping a claim that is in the way",
	.sql = "SELECT orchestration_internal.see_claim($1, $2::jsonb, false)",
	.nargs = 2,
	.argtypes = {INT8OID, TEXTOID}
};

typedef struct KeptClaim
{
	int64		id;
	char	   *in;
	char	   *name;
	char	   *uid;
	char	   *owner;			/* what its label is to say */
} KeptClaim;

void
orch_kept_claims_look(OrchCluster *cluster)
{
	cluster->claims.due = true;
}

/*
 * A claim that is in no inventory row, or has the name that a volume wants and is
 * not that volume's: it may be one that outlived its own.
 */
void
orch_kept_claims_met(OrchCluster *cluster, const OrchNews *news)
{
	Datum		args[2];

	if (news->json == NULL || !news->seen.is_labelled || !news->seen.is_applied)
		return;
	args[0] = Int64GetDatum(cluster->id);
	args[1] = PointerGetDatum(cstring_to_text_with_len(news->json, news->json_length));
	if (orch_call(&met_call, args, NULL, NULL, NULL))
		orch_kept_claims_look(cluster);
}

/*
 * A claim that no inventory row knows is gone: it may be one that was kept.
 */
void
orch_kept_claims_gone(OrchCluster *cluster, const OrchNews *news)
{
	Datum		args[2];

	args[0] = Int64GetDatum(cluster->id);
	args[1] = PointerGetDatum(cstring_to_text_with_len(news->json, news->json_length));
	(void) orch_call(&gone_call, args, NULL, NULL, NULL);
}

void
orch_kept_claims_forget(OrchCluster *cluster)
{
	if (cluster->claims.context != NULL)
		MemoryContextDelete(cluster->claims.context);
	if (cluster->claims.list_context != NULL)
		MemoryContextDelete(cluster->claims.list_context);
	memset(&cluster->claims, 0, sizeof(OrchKeptClaims));
}

static void
read_claims(SPITupleTable *table, uint64 rows, void *arg)
{
	OrchKeptClaims *claims = arg;
	MemoryContext spi_context = MemoryContextSwitchTo(claims->context);

	for (uint64 row = 0; row < rows; row++)
	{
		KeptClaim  *claim = palloc0(sizeof(KeptClaim));

		claim->id = orch_column_int8(table, row, 1);
		claim->in = orch_column_text(table, row, 2);
		claim->name = orch_column_text(table, row, 3);
		claim->uid = orch_column_text(table, row, 4);
		claim->owner = orch_column_text(table, row, 5);
		claims->waiting = lappend(claims->waiting, claim);
	}
	MemoryContextSwitchTo(spi_context);
}

/*
 * Reads the next ones.  When all of them failed there is no reason to ask again.
 */
static void
read_next(OrchCluster *cluster)
{
	OrchKeptClaims *claims = &cluster->claims;
	Datum		args[2];

	if (claims->context == NULL)
		claims->context = AllocSetContextCreate(cluster->context, "orchestration kept claims", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(claims->context);
	claims->waiting = NIL;
	claims->due = false;
	args[0] = Int64GetDatum(cluster->id);
	args[1] = Int32GetDatum(CLAIMS_AT_A_TIME);
	(void) orch_call(&claims_call, args, NULL, read_claims, claims);
	claims->again = list_length(claims->waiting) == CLAIMS_AT_A_TIME;
}

/*
 * Sends the next one.  What cannot be sent waits for the next resync.
 */
static void
send_next(OrchCluster *cluster)
{
	OrchKeptClaims *claims = &cluster->claims;
	KeptClaim  *claim = linitial(claims->waiting);
	OrchEngineRequest request = {.verb = ORCH_VERB_RELABEL, .kind = &orch_kinds[ORCH_KIND_PersistentVolumeClaim]};

	claims->waiting = list_delete_first(claims->waiting);
	request.in = claim->in;
	request.name = claim->name;
	request.uid = claim->uid;
	request.owner = claim->owner;
	request.object_id = claim->id;
	claims->under_way = cluster->engine->class->send(cluster->engine, &request) ? claim->id : 0;
}

/*
 * Is there something to be done now?
 */
bool
orch_kept_claims_are_due(const OrchCluster *cluster)
{
	return cluster->claims.under_way == 0 && (cluster->claims.due || cluster->claims.waiting != NIL);
}

/*
 * The caller holds the lease.
 */
void
orch_kept_claims_turn(OrchCluster *cluster)
{
	MemoryContext caller;

	if (!orch_kept_claims_are_due(cluster))
		return;
	if (cluster->claims.waiting == NIL)
		read_next(cluster);
	if (cluster->claims.waiting == NIL || !orch_lease_is_held(&cluster->lease, orch_steady_now()))
		return;
	caller = MemoryContextSwitchTo(cluster->claims.context);
	send_next(cluster);
	MemoryContextSwitchTo(caller);
}

/*
 * Takes the answer.  What failed is told again by the next resync.
 */
void
orch_kept_claims_answer(OrchCluster *cluster, const OrchNews *news)
{
	OrchKeptClaims *claims = &cluster->claims;
	bool		is_told = news->outcome == ORCH_OUTCOME_DONE;
	Datum		args[3];

	if (claims->under_way == 0)
		return;
	args[0] = Int64GetDatum(cluster->id);
	args[1] = Int64GetDatum(claims->under_way);
	args[2] = BoolGetDatum(is_told);
	claims->under_way = 0;
	if (!is_told && news->outcome != ORCH_OUTCOME_GONE)
		return;
	/* one is through: so may be those behind */
	if (orch_call(&released_call, args, NULL, NULL, NULL) && is_told && claims->again)
		claims->due = true;
}

/* ---- lists ---- */

void
orch_kept_claims_list_begins(OrchCluster *cluster)
{
	OrchKeptClaims *claims = &cluster->claims;

	if (claims->list_context == NULL)
		claims->list_context = AllocSetContextCreate(cluster->context, "orchestration listed claims", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(claims->list_context);
	claims->listed = NIL;
}

/*
 * Every claim of the list, also one that the inventory knows: it may be let go of
 * before the list is complete.
 */
void
orch_kept_claims_listed(OrchCluster *cluster, const char *uid)
{
	MemoryContext caller;

	if (cluster->claims.list_context == NULL)
		return;
	caller = MemoryContextSwitchTo(cluster->claims.list_context);
	cluster->claims.listed = lappend(cluster->claims.listed, cstring_to_text(uid));
	MemoryContextSwitchTo(caller);
}

/*
 * The list, which was asked for at that time, is complete.
 */
void
orch_kept_claims_list_ends(OrchCluster *cluster, int64 asked_at)
{
	OrchKeptClaims *claims = &cluster->claims;
	int			count = list_length(claims->listed);
	Datum	   *uids = palloc(sizeof(Datum) * (count + 1));
	Datum		args[3];

	if (claims->list_context == NULL)
		return;
	for (int i = 0; i < count; i++)
		uids[i] = PointerGetDatum(list_nth(claims->listed, i));
	args[0] = Int64GetDatum(cluster->id);
	args[1] = orch_array_argument(uids, count, TEXTOID);
	args[2] = Int64GetDatum(orch_steady_now() - asked_at);
	(void) orch_call(&unlisted_call, args, NULL, NULL, NULL);
	MemoryContextDelete(claims->list_context);
	claims->list_context = NULL;
	claims->listed = NIL;
}
