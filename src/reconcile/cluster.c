/*
 * cluster.c
 *	  One cluster's part of the worker's loop.
 */
#include "postgres.h"

#include "audit/audit.h"
#include "core/core.h"
#include "reconcile/actions.h"
#include "reconcile/cluster_report.h"
#include "reconcile/cluster_turn.h"
#include "reconcile/cluster_work.h"
#include "reconcile/kept_claims.h"
#include "reconcile/observe.h"
#include "reconcile/orphan.h"
#include "reconcile/pod_logs.h"
#include "reconcile/usage_poll.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/*
 * Makes the data of a cluster; no request is sent yet.  NULL and an error text
 * when the configuration cannot be used.
 */
OrchCluster *
orch_cluster_open(const OrchEngineClass *class, const OrchEngineSpec *wanted, int64 id, const char *name,
				  int64 generation, char *error, size_t error_size)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "orchestration cluster", ALLOCSET_DEFAULT_SIZES);
	OrchCluster *cluster = MemoryContextAllocZero(context, sizeof(OrchCluster));
	OrchEngineSpec spec = *wanted;

	spec.parent = context;
	spec.reader = orch_cluster_news;
	spec.arg = cluster;
	cluster->engine = class->open(&spec, error, error_size);
	if (cluster->engine == NULL)
	{
		MemoryContextDelete(context);
		return NULL;
	}
	cluster->context = context;
	cluster->id = id;
	cluster->name = MemoryContextStrdup(context, name);
	cluster->installation = MemoryContextStrdup(context, spec.installation);
	cluster->generation = generation;
	orch_lease_open(&cluster->lease, cluster->engine, id, name);
	return cluster;
}

void
orch_cluster_close(OrchCluster *cluster)
{
	orch_cluster_end(cluster);
	orch_pod_logs_close(cluster);
	orch_lease_close(&cluster->lease);
	cluster->engine->class->close(cluster->engine);
	MemoryContextDelete(cluster->context);
}

/*
 * Sends nothing any more and hears of nothing but the lease: the process is about
 * to end.
 */
void
orch_cluster_leave(OrchCluster *cluster)
{
	cluster->leaving = true;
	cluster->engine->class->unwatch(cluster->engine);
	cluster->engine->class->cancel(cluster->engine);
}

static void
ask_version(OrchCluster *cluster)
{
	if (cluster->engine->class->ask_version(cluster->engine))
		orch_cluster_set_text(cluster, &cluster->server_version, "");
}

/*
 * Acts on what happened to the Lease: losing it drops what is under way.
 */
static void
take_lease_event(OrchCluster *cluster, const OrchLeaseEvent *event)
{
	switch (event->kind)
	{
		case ORCH_LEASE_NO_EVENT:
			break;
		case ORCH_LEASE_GAINED:
			ereport(LOG, (errmsg("cluster \"%s\": the lease is held as %s", cluster->name, orch_lease_self(&cluster->lease))));
			orch_audit_event("win_lease", "cluster", cluster->id, cluster->name, NULL);
			orch_cluster_begin(cluster);
			break;
		case ORCH_LEASE_LOST:
			ereport(LOG, (errmsg("cluster \"%s\": the lease is lost, nothing is written: %s", cluster->name, event->text)));
			orch_audit_event("lose_lease", "cluster", cluster->id, cluster->name, event->text);
			orch_cluster_end(cluster);
			if (!cluster->lease.state.mine)
				orch_cluster_report(cluster, "standby", event->text);
			break;
		case ORCH_LEASE_STANDBY:
			orch_cluster_report(cluster, "standby", event->text);
			break;
		case ORCH_LEASE_BROKEN:
			orch_cluster_report(cluster, event->refused ? "refused" : "unreachable", event->text);
			break;
	}
}

/*
 * One turn of the loop: keep the lease, and if it is held, work.
 */
void
orch_cluster_turn(OrchCluster *cluster, TimestampTz now)
{
	OrchLeaseEvent event = orch_lease_turn(&cluster->lease, now);

	take_lease_event(cluster, &event);
	if (!orch_lease_is_held(&cluster->lease, now))
		return;
	if (cluster->server_version == NULL)
		ask_version(cluster);
	if (cluster->in_doubt || cluster->inventory == NULL)
		orch_cluster_begin(cluster);
	if (orch_cluster_load(cluster, now))
		orch_cluster_work(cluster, now);
	orch_usage_turn(cluster, now);
	if (cluster->loaded && cluster->engine->class->is_synced(cluster->engine))
		orch_cluster_report(cluster, "connected", NULL);
	else if (cluster->status == NULL || strcmp(cluster->status, "standby") == 0)
		orch_cluster_report(cluster, "connecting", "waiting for the first complete lists");
}

/*
 * When the next turn is due even if nothing happens.
 */
TimestampTz
orch_cluster_next_turn(OrchCluster *cluster)
{
	TimestampTz next = cluster->lease.state.next_at;

	if (!cluster->lease.state.held)
		return next;
	if (!cluster->loaded)
		return Min(next, cluster->load_backoff.due_at);
	next = Min(next, orch_cluster_next_work(cluster));
	if (cluster->usage.interval > 0 && cluster->usage.round_at == 0)
		next = Min(next, cluster->usage.next_at);
	return next;
}

static void
take_version(OrchCluster *cluster, const char *version)
{
	if (version == NULL)
		return;
	orch_cluster_set_text(cluster, &cluster->server_version, version);
	cluster->next_report_at = 0;
}

static void
take_lease(OrchCluster *cluster, const OrchNews *news)
{
	OrchLeaseEvent event = orch_lease_answer(&cluster->lease, news);

	if (!cluster->leaving)
		take_lease_event(cluster, &event);
}

/*
 * What is the cluster's own, lease or not.  False: it is something else.
 */
static bool
take_own(OrchCluster *cluster, const OrchNews *news)
{
	switch (news->type)
	{
		case ORCH_NEWS_VERSION:
			take_version(cluster, news->text);
			return true;
		case ORCH_NEWS_USAGE:
			orch_usage_told(cluster, news);
			return true;
		case ORCH_NEWS_USAGE_END:
			orch_usage_end(cluster, news->error);
			return true;
		default:
			return false;
	}
}

/*
 * A list of claims tells which of those are gone that no inventory row knows.
 */
static void
take_list(OrchCluster *cluster, const OrchNews *news)
{
	if (!orch_is_claim(news->kind))
		return;
	if (news->type == ORCH_NEWS_LIST_BEGIN)
		orch_kept_claims_list_begins(cluster);
	else if (news->type == ORCH_NEWS_LIST_END)
		orch_kept_claims_list_ends(cluster, news->asked_at);
	else if (news->listed)
		orch_kept_claims_listed(cluster, news->seen.uid);
}

/*
 * What no inventory row knows.
 */
static void
take_unknown(OrchCluster *cluster, const OrchNews *news)
{
	if (news->type == ORCH_NEWS_OBJECT)
		orch_orphan_take(cluster, news);
	else if (orch_is_claim(news->kind))
		orch_kept_claims_gone(cluster, news);
}

/*
 * What says something of objects.  The lease is held.
 */
static void
take_news(OrchCluster *cluster, const OrchNews *news)
{
	if (news->type == ORCH_NEWS_BROKEN)
		orch_cluster_report(cluster, news->refused ? "refused" : "unreachable", news->error);
	else if (news->type == ORCH_NEWS_ANSWER && news->verb == ORCH_VERB_RELABEL)
		orch_kept_claims_answer(cluster, news);
	else if (news->type == ORCH_NEWS_ANSWER)
		orch_actions_answer(cluster, news);
	else
	{
		take_list(cluster, news);
		if (!orch_observe(cluster, news))
			take_unknown(cluster, news);
	}
}

/*
 * Takes whatever the engine tells.
 */
void
orch_cluster_news(void *arg, const OrchNews *news)
{
	OrchCluster *cluster = arg;

	if (news->ends_request)
		orch_count_request(news->is_error);
	if (news->type == ORCH_NEWS_LEASE)
		take_lease(cluster, news);
	else if (!cluster->leaving && !take_own(cluster, news) && cluster->inventory != NULL)
		take_news(cluster, news);
}
