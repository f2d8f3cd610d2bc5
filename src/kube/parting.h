/*-------------------------------------------------------------------------
 *
 * parting.h
 *	  Clients that nobody asks any more, and whose last request is under way.
 *
 *	  dlist_head partings = DLIST_STATIC_INIT(partings);
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_PARTING_H
#define ORCH_KUBE_PARTING_H

#include "kube/client.h"
#include "lib/ilist.h"

/* The client belongs to the list from now on. */
extern void orch_kube_part(dlist_head *partings, OrchKubeClient *client);

/*
 * Destroys those whose requests have ended, or took too long.  To be called now
 * and then, after perform(); never while a response of theirs is being taken.
 */
extern void orch_kube_end_partings(dlist_head *partings);

#endif							/* ORCH_KUBE_PARTING_H */
