/*
 * usage_poll.h
 *	  Asks a cluster now and then what its containers use.
 */
#pragma once

#include "reconcile/cluster.h"

extern void orch_usage_set_interval(OrchCluster *cluster, int seconds);
extern void orch_usage_turn(OrchCluster *cluster, TimestampTz now);
extern void orch_usage_told(OrchCluster *cluster, const OrchNews *news);
extern void orch_usage_end(OrchCluster *cluster, const char *problem);
extern void orch_usage_forget(OrchCluster *cluster);
