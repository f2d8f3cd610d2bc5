/*
 * plans.c
 *	  Plans of the worker's statements do not depend on luck.
 *
 * They look up few rows among many, by an index that is there for them.  What
 * could lead the planner astray is taken away: other kinds of plans, and
 * statistics that tell of a table as it was.  Whoever cannot wait for autovacuum
 * renews them himself; the plans that were made by them are then made anew.
 */
#include "postgres.h"

#include "reconcile/call.h"
#include "reconcile/reconcile.h"
#include "utils/guc.h"

/* one table at a time, so that the leases come first */
#define LOOK_US INT64CONST(5000000)
#define AGAIN_US INT64CONST(200000)

static OrchCall renew_call = {
	.what = "renewing statistics",
	.sql = "SELECT orchestration_internal.renew_statistics()",
	.nargs = 0
};

void
orch_plans_pin(void)
{
	static const char *const off[] = {"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_hashagg", "jit"};

	for (int i = 0; i < lengthof(off); i++)
		SetConfigOption(off[i], "off", PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("plan_cache_mode", "force_generic_plan", PGC_USERSET, PGC_S_OVERRIDE);
}

static void
read_renewed(SPITupleTable *table, uint64 rows, void *arg)
{
	*(bool *) arg = rows == 1 && orch_column_bool(table, 0, 1);
}

/*
 * Renews the statistics of a table of which they say nothing any more; returns
 * when to look again.
 */
int64
orch_plans_look(int64 now)
{
	static int64 next_at = 0;
	bool		renewed = false;

	if (now < next_at)
		return next_at;
	(void) orch_call(&renew_call, NULL, NULL, read_renewed, &renewed);
	next_at = now + (renewed ? AGAIN_US : LOOK_US);
	return next_at;
}
