/*
 * cluster.h
 *	  One cluster as its worker knows it: connection, lease, requests, watches.
 *
 * Rows are the truth; all that is here can be lost and is built anew.  A
 * cluster lives in a memory context of its own.  Times are of orch_steady_now(),
 * but for those that go into rows: round_at and replace_started.
 */
#pragma once

#include "postgres.h"

#include "datatype/timestamp.h"
#include "kube/client.h"
#include "kube/watch.h"
#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "reconcile/lease.h"

#define ORCH_WATCHED_KINDS 8

/* what a finished request was for */
typedef enum OrchRequestTag
{
	ORCH_REQUEST_ACTION = 1,
	ORCH_REQUEST_VERSION,
	ORCH_REQUEST_LOG,
	ORCH_REQUEST_USAGE_METRICS,
	ORCH_REQUEST_USAGE_NODE
} OrchRequestTag;

/* one claimed object on its way */
typedef struct OrchAction
{
	int64		object_id;
	char	   *action;
	char	   *path;
	char	   *body;
	char	   *hash;
	bool		looked;			/* for create: the GET is behind us */
	struct OrchAction *next;	/* in OrchCluster.busy */
} OrchAction;

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

typedef struct OrchCluster
{
	MemoryContext context;
	int64		id;
	char	   *name;
	int64		generation;		/* of the clusters row that this was made from */
	int			max_in_flight;
	OrchKubeClient *client;
	OrchKubeClient *log_client; /* of pod_logs.c */
	OrchKubeWatch *watches[ORCH_WATCHED_KINDS];
	TimestampTz replace_started[ORCH_WATCHED_KINDS];	/* by the wall clock */
	TimestampTz replace_steady[ORCH_WATCHED_KINDS]; /* the same moment */
	OrchLease	lease;
	OrchUsage	usage;

	OrchAction *busy;
	int			in_flight;
	StringInfoData results;		/* JSON array under construction */
	int			result_count;

	bool		plan_due;		/* rows may have changed: plan before claiming */
	bool		work_due;		/* claim at the next turn */
	TimestampTz next_work_at;	/* or then at the latest */
	TimestampTz next_refresh_at;
	TimestampTz next_take_up_at;
	TimestampTz next_resync_at;
	TimestampTz next_report_at;

	char	   *status;			/* as last reported */
	char	   *message;
	char	   *server_version;
	bool		seen;			/* mark of the list that is being compared */
} OrchCluster;

/* cluster.c */
extern OrchCluster *orch_cluster_open(OrchKubeTransport *transport, int64 id, const char *name, int64 generation,
									  int max_in_flight, const OrchKubeConfig *config, char *error, size_t error_size);
extern void orch_cluster_close(OrchCluster *cluster);
extern void orch_cluster_turn(OrchCluster *cluster, TimestampTz now);
extern void orch_cluster_lease_response(OrchCluster *cluster, OrchKubeResponse *response);
extern void orch_cluster_response(OrchCluster *cluster, OrchKubeResponse *response);
extern TimestampTz orch_cluster_next_turn(OrchCluster *cluster);
extern void orch_cluster_report(OrchCluster *cluster, const char *status, const char *message);
extern void orch_cluster_set_text(OrchCluster *cluster, char **field, const char *value);

/* cluster_list.c */
extern List *orch_cluster_list(void);
extern void orch_cluster_list_refresh(OrchKubeTransport *transport);
extern const char *orch_installation_id(void);
extern void orch_cluster_list_leave(OrchKubeTransport *transport);

/* actions.c */
extern void orch_actions_claim(OrchCluster *cluster);
extern void orch_actions_response(OrchCluster *cluster, OrchKubeResponse *response);
extern bool orch_actions_record(OrchCluster *cluster);
extern void orch_actions_forget(OrchCluster *cluster);
extern int64 orch_actions_next_due(OrchCluster *cluster, int64 limit);

/* usage_poll.c */
extern void orch_usage_set_interval(OrchCluster *cluster, int seconds);
extern void orch_usage_turn(OrchCluster *cluster, TimestampTz now);
extern void orch_usage_response(OrchCluster *cluster, OrchKubeResponse *response);
extern void orch_usage_forget(OrchCluster *cluster);

/* observe.c */
extern void orch_observe_start(OrchCluster *cluster, const char *installation);
extern void orch_observe_stop(OrchCluster *cluster);
extern bool orch_observe_drain(OrchKubeTransport *transport);
extern bool orch_observe_synced(OrchCluster *cluster);

/* pod_logs.c */
extern void orch_pod_logs_turn(void);
extern void orch_pod_logs_response(OrchKubeResponse *response);
extern void orch_pod_logs_close(OrchCluster *cluster);

/* worker.c */
typedef struct OrchWorkerCounters
{
	int64		requests;
	int64		applies;
	int64		deletes;
	int64		errors;
	int64		watch_events;
} OrchWorkerCounters;

extern OrchWorkerCounters orch_worker_counters;
