/*
 * pod_logs.h
 *	  The worker's side of container_logs().
 */
#pragma once

#include "reconcile/cluster.h"

extern void orch_pod_logs_turn(List *clusters);
extern void orch_pod_logs_close(OrchCluster *cluster);
