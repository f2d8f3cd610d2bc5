/*
 * actions.h
 *	  Sends what is due, and takes the answers.
 */
#pragma once

#include "reconcile/cluster.h"

extern void orch_actions_send(OrchCluster *cluster, int64 now);
extern void orch_actions_answer(OrchCluster *cluster, const OrchNews *news);
