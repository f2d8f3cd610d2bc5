/*-------------------------------------------------------------------------
 *
 * watch.h
 *	  A mirror of one kind of object in one cluster: list, then watch, and
 *	  again whenever needed, for ever.
 *
 * The caller sees a stream of outputs, whatever the network does.  A replace
 *
 *	  REPLACE_BEGIN, OBJECTS*, REPLACE_END		(or REPLACE_ABORT)
 *
 * is the whole truth: on END, and only then, objects that the mirror had when
 * the list was asked for (asked_at_ms) and the replace lacks are gone.  Between replaces EVENTs bring single changes.
 * States of one object come in order, but some may be skipped, and an object
 * that was deleted and made again may come as one MODIFIED: compare the UID.
 *
 * Only the worker that owns the transport may call this.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_WATCH_H
#define ORCH_KUBE_WATCH_H

#include "kube/client.h"
#include "kube/watch_output.h"
#include "kube/watch_types.h"

/*
 * Starts a watch at the next perform().  NULL when memory is short or
 * api_path is missing.  It ends with orch_kube_watch_destroy() or with its
 * client.
 */
extern OrchKubeWatch *orch_kube_watch_create(OrchKubeClient *client,
											 const OrchKubeWatchSpec *spec);

/* Hangs up; outputs of it that were not taken yet are dropped. */
extern void orch_kube_watch_destroy(OrchKubeWatch *watch);

/*
 * Drops what is queued and lists everything anew (from the freshest state), as
 * a caller must who took outputs and then could not store them.  The first
 * time at once; again and again after longer and longer pauses, and then the
 * reason comes back as BROKEN.
 */
extern void orch_kube_watch_relist(OrchKubeWatch *watch, const char *reason);

/* Is the mirror complete and the stream up, as far as outputs were made? */
extern bool orch_kube_watch_synced(const OrchKubeWatch *watch);

/* Last resource version seen, as the server wrote it; "" before the first. */
extern const char *orch_kube_watch_resource_version(const OrchKubeWatch *watch);

#endif							/* ORCH_KUBE_WATCH_H */
