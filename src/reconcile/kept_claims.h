/*
 * kept_claims.h
 *	  Claims that outlived their volume.
 */
#pragma once

#include "reconcile/cluster.h"

/* what holds data */
static inline bool
orch_is_claim(const OrchKind *kind)
{
	return kind == &orch_kinds[ORCH_KIND_PersistentVolumeClaim];
}

extern void orch_kept_claims_look(OrchCluster *cluster);
extern void orch_kept_claims_met(OrchCluster *cluster, const OrchNews *news);
extern void orch_kept_claims_gone(OrchCluster *cluster, const OrchNews *news);
extern void orch_kept_claims_forget(OrchCluster *cluster);
extern bool orch_kept_claims_are_due(const OrchCluster *cluster);
extern void orch_kept_claims_turn(OrchCluster *cluster);
extern void orch_kept_claims_answer(OrchCluster *cluster, const OrchNews *news);
extern void orch_kept_claims_list_begins(OrchCluster *cluster);
extern void orch_kept_claims_listed(OrchCluster *cluster, const char *uid);
extern void orch_kept_claims_list_ends(OrchCluster *cluster, int64 asked_at);
