/*
 * cluster_report.h
 *	  What is told of a cluster: its row, the record, the server's log.
 */
#pragma once

#include "reconcile/cluster.h"

extern void orch_cluster_report(OrchCluster *cluster, const char *status, const char *message);
extern void orch_cluster_set_text(OrchCluster *cluster, char **field, const char *value);
