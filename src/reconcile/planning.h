/*
 * planning.h
 *	  Plans and renders.
 */
#pragma once

#include "reconcile/cluster.h"

extern void orch_plan_next(OrchCluster *cluster);
extern bool orch_plan_is_due(const OrchCluster *cluster, int64 now);
extern bool orch_plan_has_more(const OrchCluster *cluster);
extern void orch_plan_render(OrchCluster *cluster, OrchObject **objects, int count);
