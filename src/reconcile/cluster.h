/*
 * cluster.h
 *	  One cluster as its worker knows it: engine, lease, inventory.
 *
 * Data alone: what is done with it has headers of its own, and cluster.c is the
 * only one that acts on what others tell.  Rows are the truth; all that is here
 * can be lost and is built anew.  A cluster lives in a memory context of its own.
 * Times are of orch_steady_now(), but for round_at, which goes into rows.
 */
#pragma once

#include "postgres.h"

#include "datatype/timestamp.h"
#include "engine/engine.h"
#include "nodes/pg_list.h"
#include "reconcile/backoff.h"
#include "reconcile/counters.h"
#include "reconcile/inventory.h"
#include "reconcile/lease.h"

/* where the walk over rows that are not planned yet goes on; type 0: it is over */
typedef struct OrchPlanPosition
{
	int			type;
	int64		namespace_id;
	int64		id;
} OrchPlanPosition;

/* Looking at what containers use; see usage_poll.c. */
typedef struct OrchUsage
{
	int			interval;		/* seconds; 0: never */
	TimestampTz next_at;
	TimestampTz round_at;		/* of the round under way by the wall clock, 0 if none */
	TimestampTz began_at;		/* the same moment */
	int			unstored;		/* answers that could not be stored in it */
} OrchUsage;

/* Claims that outlived their volume; see kept_claims.c. */
typedef struct OrchKeptClaims
{
	bool		due;			/* ask the rows which ones the cluster has not been told of */
	bool		again;			/* there may be more than were read */
	int64		under_way;		/* claim that a request is under way for, 0 if none */
	MemoryContext context;		/* of waiting */
	List	   *waiting;
	MemoryContext list_context; /* of listed, while a list is under way */
	List	   *listed;			/* uids */
} OrchKeptClaims;

typedef struct OrchCluster
{
	MemoryContext context;
	int64		id;
	char	   *name;
	char	   *installation;	/* whose objects these are */
	int64		generation;		/* of the clusters row that this was made from */
	int			max_in_flight;
	OrchEngine *engine;
	OrchLease	lease;
	OrchUsage	usage;
	OrchKeptClaims claims;

	OrchInventory *inventory;	/* while the lease is held */
	bool		loaded;			/* it is complete */
	bool		in_doubt;		/* it is to be loaded anew */
	OrchBackoff load_backoff;
	OrchBackoff write_backoff;
	OrchBackoff plan_backoff;

	bool		plan_due;		/* rows may have changed: walk over them anew */
	OrchPlanPosition plan_next;
	int			plan_batch;		/* rows at a time; see planning.c */
	OrchPlanPosition resync_next;
	TimestampTz next_poll_at;	/* walk then at the latest */
	TimestampTz next_take_up_at;
	TimestampTz next_resync_at;
	TimestampTz next_report_at;

	char	   *status;			/* as last reported */
	char	   *message;
	char	   *server_version;
	bool		seen;			/* mark of the list that is being compared */
	bool		leaving;		/* only the release of the lease is still waited for */
} OrchCluster;

static inline int
orch_cluster_in_flight(const OrchCluster *cluster)
{
	return cluster->inventory ? cluster->inventory->in_flight : 0;
}
