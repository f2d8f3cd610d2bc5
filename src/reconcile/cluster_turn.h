/*
 * cluster_turn.h
 *	  One cluster's part of the worker's loop (cluster.c).
 */
#pragma once

#include "reconcile/cluster.h"

extern OrchCluster *orch_cluster_open(const OrchEngineClass *class, const OrchEngineSpec *spec, int64 id, const char *name,
									  int64 generation, char *error, size_t error_size);
extern void orch_cluster_close(OrchCluster *cluster);
extern void orch_cluster_leave(OrchCluster *cluster);
extern void orch_cluster_turn(OrchCluster *cluster, TimestampTz now);
extern TimestampTz orch_cluster_next_turn(OrchCluster *cluster);

/* the engine's reader: arg is the cluster */
extern void orch_cluster_news(void *arg, const OrchNews *news);
