/*-------------------------------------------------------------------------
 *
 * lane.c
 *	  See lane.h.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/clock.h"
#include "kube/lane.h"

void
orch_kube_lane_init(OrchKubeLane *lane, OrchKubeTransport *transport, int life_ms)
{
	memset(lane, 0, sizeof(*lane));
	lane->transport = transport;
	lane->life_ms = life_ms;
	dlist_init(&lane->left);
}

void
orch_kube_lane_leave(OrchKubeLane *lane, OrchKubeSet *set)
{
	/* others of the same connection may have said so before */
	if (set != lane->current)
		return;
	dlist_push_tail(&lane->left, &set->node);
	lane->current = NULL;
}

OrchKubeSet *
orch_kube_lane_take(OrchKubeLane *lane, int64 now)
{
	if (lane->current != NULL && now >= lane->leave_at)
		orch_kube_lane_leave(lane, lane->current);
	if (lane->current == NULL)
	{
		lane->current = orch_kube_set_create(lane->transport, true);
		/* not all clients of a server in the same second */
		lane->leave_at = now + (int64) (lane->life_ms * (0.75 + orch_kube_random() / 2));
	}
	return lane->current;
}

void
orch_kube_lane_sweep(OrchKubeLane *lane)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &lane->left)
	{
		OrchKubeSet *set = dlist_container(OrchKubeSet, node, iter.cur);

		if (set->users > 0)
			continue;
		dlist_delete(&set->node);
		orch_kube_set_destroy(set);
	}
}

void
orch_kube_lane_destroy(OrchKubeLane *lane)
{
	orch_kube_lane_sweep(lane);
	orch_kube_set_destroy(lane->current);
	lane->current = NULL;
}
