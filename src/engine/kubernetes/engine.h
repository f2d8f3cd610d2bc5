/*
 * engine.h
 *	  Kubernetes as an engine: verbs are server-side applies and deletions by
 *	  UID, news are what lists and watches bring.
 */
#pragma once

#include "engine/engine.h"
#include "kube/client.h"
#include "kube/watch.h"

/*
 * Makes an engine on a client that belongs to the caller, who also takes the
 * responses of the transport and hands over those with this tag.
 */
extern OrchEngine *orch_kube_engine_create(MemoryContext context, OrchKubeClient *client, int tag, const char *installation,
										   OrchNewsReader reader, void *arg);

/* what a verb is on the wire */
extern void orch_kube_engine_request(const OrchEngineRequest *request, OrchKubeRequestSpec *spec);

/* the answer to a request of this engine */
extern void orch_kube_engine_response(OrchEngine *engine, OrchKubeResponse *response);

/*
 * Tells each engine what its watches have brought, for some milliseconds; true
 * if there is more.
 */
extern bool orch_kube_engines_drain(OrchKubeTransport *transport, int limit_ms);
