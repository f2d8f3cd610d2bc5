/*
 * cluster.h
 *	  One cluster as its worker knows it: connection, lease, requests, watches.
 *
 * Rows are the truth; all that is here can be lost and is built anew.  A
 * cluster lives in a memory context of its own.  Times are of orch_steady_now(),
 * but for round_at, which goes into rows.
 */
#pragma once

#include "postgres.h"

#include "datatype/timestamp.h"
#include "engine/engine.h"
#include "kube/client.h"
#include "nodes/pg_list.h"
#include "reconcile/backoff.h"
#include "reconcile/counters.h"
#include "reconcile/inventory.h"
#include "reconcile/lease.h"

/* what holds data: kept_claims.c */
static inline bool
orch_is_claim(const OrchKind *kind)
{
	return kind == &orch_kinds[ORCH_KIND_PersistentVolumeClaim];
}

/* what a finished request was for */
typedef enum OrchRequestTag
{
	ORCH_REQUEST_ACTION = 1,
	ORCH_REQUEST_VERSION,
	ORCH_REQUEST_LOG,
	ORCH_REQUEST_USAGE_METRICS,
	ORCH_REQUEST_USAGE_NODE,
	ORCH_REQUEST_CLAIM
} OrchRequestTag;

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
	TimestampTz metrics_at;		/* metrics.k8s.io is not asked before */
	TimestampTz round_at;		/* of the round under way by the wall clock, 0 if none */
	TimestampTz began_at;		/* the same moment */
	MemoryContext context;		/* of the round, and of all that follows */
	int			waiting;		/* requests under way */
	int			asked;			/* nodes */
	int			failed;			/* of these */
	List	   *nodes;			/* still to be asked */
	char	   *metrics_path;
	char	   *page_token;
	const char *metrics_problem;
	const char *node_problem;	/* the first one */
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
	OrchKubeClient *client;
	OrchKubeClient *log_client; /* of pod_logs.c */
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
	TimestampTz written_at;
	TimestampTz next_take_up_at;
	TimestampTz next_resync_at;
	TimestampTz next_report_at;

	char	   *status;			/* as last reported */
	char	   *message;
	char	   *server_version;
	bool		seen;			/* mark of the list that is being compared */
} OrchCluster;

/* cluster.c */
extern OrchCluster *orch_cluster_open(OrchKubeTransport *transport, const char *installation, int64 id, const char *name,
									  int64 generation, int max_in_flight, const OrchKubeConfig *config, char *error, size_t error_size);
extern void orch_cluster_close(OrchCluster *cluster);
extern void orch_cluster_turn(OrchCluster *cluster, TimestampTz now);
extern void orch_cluster_lease_response(OrchCluster *cluster, OrchKubeResponse *response);
extern void orch_cluster_response(OrchCluster *cluster, OrchKubeResponse *response);
extern TimestampTz orch_cluster_next_turn(OrchCluster *cluster);

static inline int
orch_cluster_in_flight(const OrchCluster *cluster)
{
	return cluster->inventory ? cluster->inventory->in_flight : 0;
}

/* cluster_report.c */
extern void orch_cluster_report(OrchCluster *cluster, const char *status, const char *message);
extern void orch_cluster_set_text(OrchCluster *cluster, char **field, const char *value);

/* cluster_work.c */
extern void orch_cluster_begin(OrchCluster *cluster);
extern void orch_cluster_end(OrchCluster *cluster);
extern bool orch_cluster_load(OrchCluster *cluster, TimestampTz now);
extern void orch_cluster_work(OrchCluster *cluster, TimestampTz now);
extern TimestampTz orch_cluster_next_work(OrchCluster *cluster);

/* cluster_list.c */
extern List *orch_cluster_list(void);
extern void orch_cluster_list_refresh(OrchKubeTransport *transport);
extern void orch_cluster_list_leave(OrchKubeTransport *transport);

/* planning.c */
extern void orch_plan_next(OrchCluster *cluster);
extern bool orch_plan_is_due(const OrchCluster *cluster, int64 now);
extern void orch_plan_render(OrchCluster *cluster, OrchObject **objects, int count);

/* actions.c */
extern void orch_actions_send(OrchCluster *cluster, int64 now);
extern void orch_actions_answer(OrchCluster *cluster, const OrchNews *news);

/* usage_poll.c */
extern void orch_usage_set_interval(OrchCluster *cluster, int seconds);
extern void orch_usage_turn(OrchCluster *cluster, TimestampTz now);
extern void orch_usage_response(OrchCluster *cluster, OrchKubeResponse *response);
extern void orch_usage_forget(OrchCluster *cluster);

/* observe.c */
extern void orch_observe_news(void *arg, const OrchNews *news);

/* orphan.c */
extern bool orch_orphan_is(const OrchSeen *seen);
extern void orch_orphan_take(OrchCluster *cluster, const OrchNews *news);

/* kept_claims.c */
extern void orch_kept_claims_look(OrchCluster *cluster);
extern void orch_kept_claims_met(OrchCluster *cluster, const OrchNews *news);
extern void orch_kept_claims_forget(OrchCluster *cluster);
extern bool orch_kept_claims_are_due(const OrchCluster *cluster);
extern void orch_kept_claims_turn(OrchCluster *cluster);
extern void orch_kept_claims_response(OrchCluster *cluster, const OrchKubeResponse *response);
extern void orch_kept_claims_list_begins(OrchCluster *cluster);
extern void orch_kept_claims_listed(OrchCluster *cluster, const char *uid);
extern void orch_kept_claims_list_ends(OrchCluster *cluster, int64 asked_at);

/* pod_logs.c */
extern void orch_pod_logs_turn(List *clusters);
extern void orch_pod_logs_response(OrchKubeResponse *response);
extern void orch_pod_logs_close(OrchCluster *cluster);
