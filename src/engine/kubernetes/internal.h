/*
 * internal.h
 *	  What the files of this engine share.  Private to this folder.
 *
 * engine.c is at the top: it opens, closes, and hands each answer and each output of
 * a watch to the file that asked for it.  The others know only the struct.
 */
#pragma once

#include "engine/engine.h"
#include "kube/client.h"
#include "kube/watch.h"
#include "lib/ilist.h"

/* what a request of the main client was for */
typedef enum OrchKubeTag
{
	ORCH_KUBE_TAG_VERB = 1,
	ORCH_KUBE_TAG_VERSION,
	ORCH_KUBE_TAG_METRICS,
	ORCH_KUBE_TAG_NODE
} OrchKubeTag;

/* A round of measuring that is under way; see usage.c. */
typedef struct OrchKubeRound
{
	MemoryContext context;		/* of all that follows; NULL: none is under way */
	int64		began_at;
	int64		until;
	int			waiting;		/* requests under way */
	int			asked;			/* nodes */
	int			failed;			/* of these */
	List	   *nodes;			/* still to be asked */
	char	   *metrics_path;
	const char *metrics_problem;
	const char *node_problem;	/* the first one */
} OrchKubeRound;

typedef struct OrchKubeEngine
{
	OrchEngine	engine;
	MemoryContext context;
	MemoryContext news;			/* reset after each piece of news */
	dlist_node	node;			/* among those that are open */
	OrchKubeClient *client;
	OrchKubeClient *log_client; /* so that logs take no place from applies */
	OrchKubeClient *lease_client;	/* waits behind nothing */
	char	   *installation;
	dlist_head	flights;
	dlist_head	logs;
	OrchKubeWatch *watches[ORCH_KIND_COUNT];
	OrchKubeRound round;
	int64		metrics_at;		/* metrics.k8s.io is not asked before */
} OrchKubeEngine;

static inline void
orch_kube_tell(OrchKubeEngine *kubernetes, const OrchNews *news)
{
	kubernetes->engine.reader(kubernetes->engine.arg, news);
}

static inline bool
orch_kube_is_error(const OrchKubeResponse *response)
{
	return response->error != ORCH_KUBE_ERROR_NONE || (response->http_status >= 400 && response->http_status != 404);
}

/* engine.c */
extern const OrchEngineClass orch_engine_kubernetes;

/* request.c */
extern void orch_kube_verb_request(const OrchEngineRequest *request, OrchKubeRequestSpec *spec);

/* flights.c */
extern bool orch_kube_send(OrchEngine *engine, const OrchEngineRequest *request);
extern void orch_kube_verb_response(OrchKubeEngine *kubernetes, OrchKubeResponse *response);
extern void orch_kube_forget_flights(OrchKubeEngine *kubernetes);

/* watches.c */
extern void orch_kube_watch(OrchEngine *engine);
extern void orch_kube_unwatch(OrchEngine *engine);
extern bool orch_kube_is_synced(OrchEngine *engine);
extern bool orch_kube_read_object(OrchNews *news, const char *installation);
extern void orch_kube_watch_output(OrchKubeEngine *kubernetes, const OrchKubeWatchOutput *output);

/* format.c */
extern const OrchEngineFormat orch_kube_format;

/* lease.c */
extern bool orch_kube_ask_lease(OrchEngine *engine, const OrchLeaseAsk *ask);
extern void orch_kube_lease_response(OrchKubeEngine *kubernetes, OrchKubeResponse *response);

/* lease_body.c */
extern bool orch_kube_lease_read(OrchLeaseDocument *document, const char *text, size_t length);
extern char *orch_kube_lease_body(const OrchLeaseAsk *ask, const char *installation);

/* logs.c */
extern bool orch_kube_read_log(OrchEngine *engine, const OrchEngineLogSpec *spec);
extern void orch_kube_cancel_log(OrchEngine *engine, const void *arg);
extern void orch_kube_log_response(OrchKubeEngine *kubernetes, OrchKubeResponse *response);

/* usage.c */
extern void orch_kube_measure(OrchEngine *engine, List *nodes, int64 until);
extern void orch_kube_metrics_response(OrchKubeEngine *kubernetes, OrchKubeResponse *response);
extern void orch_kube_node_response(OrchKubeEngine *kubernetes, OrchKubeResponse *response);
extern void orch_kube_forget_round(OrchKubeEngine *kubernetes);
