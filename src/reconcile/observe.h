/*
 * observe.h
 *	  Takes what the engine tells into the inventory.
 */
#pragma once

#include "reconcile/cluster.h"

/* False: an object that no inventory row knows. */
extern bool orch_observe(OrchCluster *cluster, const OrchNews *news);
