/*
 * cluster_work.h
 *	  What a cluster's turn does while its lease is held.
 */
#pragma once

#include "reconcile/cluster.h"

extern void orch_cluster_begin(OrchCluster *cluster);
extern void orch_cluster_end(OrchCluster *cluster);
extern bool orch_cluster_load(OrchCluster *cluster, TimestampTz now);
extern void orch_cluster_work(OrchCluster *cluster, TimestampTz now);
extern TimestampTz orch_cluster_next_work(OrchCluster *cluster);
