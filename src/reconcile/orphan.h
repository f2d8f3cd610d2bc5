/*
 * orphan.h
 *	  Objects of ours that no row asked for.
 */
#pragma once

#include "reconcile/cluster.h"

extern bool orch_orphan_is(const OrchSeen *seen);
extern void orch_orphan_take(OrchCluster *cluster, const OrchNews *news);
