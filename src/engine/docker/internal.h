/*
 * internal.h
 *	  What the files of this engine share.  Private to this folder.
 *
 * engine.c is at the top: it opens, closes, and drives.  Whoever asks the engine for
 * something says who takes the answer (ask.c).
 */
#pragma once

#include "core/core.h"
#include "engine/engine.h"
#include "engine/json.h"
#include "kube/client.h"
#include "lib/ilist.h"

#define ORCH_DOCKER_LABEL(name) "orchestration.dev/" name

#define ORCH_DOCKER_KIND(kind) (&orch_kinds[ORCH_KIND_##kind])

/* limits of what it runs, which some engines cannot set by themselves */
#define ORCH_DOCKER_NODE "engine"	/* the one node that there is */
#define ORCH_DOCKER_OPEN_FILES 1024
#define ORCH_DOCKER_PROCESSES 1024

typedef struct OrchDockerEngine OrchDockerEngine;

/* ---- ask.c: requests, and who takes their answers */

typedef enum OrchDockerSaid
{
	ORCH_DOCKER_SAID_OK,				/* done, or as asked for already */
	ORCH_DOCKER_SAID_ABSENT,			/* what was named is not there */
	ORCH_DOCKER_SAID_TAKEN,			/* something else has the name */
	ORCH_DOCKER_SAID_PORT_TAKEN,
	ORCH_DOCKER_SAID_IN_USE,			/* cannot go while others use it */
	ORCH_DOCKER_SAID_REFUSED,		/* understood, and not done */
	ORCH_DOCKER_SAID_UNREACHABLE		/* no answer */
} OrchDockerSaid;

/* Lives until the taker returns. */
typedef struct OrchDockerReply
{
	OrchDockerSaid what;
	int			status;			/* 0: none */
	JsonbContainer *json;		/* NULL: the body is none */
	const char *body;
	size_t		length;
	const char *error;			/* in words, unless it is OK */
	long		elapsed_ms;
	bool		more;			/* a line of a stream, which goes on */
} OrchDockerReply;

typedef void (*OrchDockerTaker) (OrchDockerEngine *docker, void *arg, const OrchDockerReply *answer);

/* All of it is copied. */
typedef struct OrchDockerAsk
{
	OrchKubeClient *client;		/* NULL: the main one */
	const char *method;
	const char *path;			/* behind the version, already escaped */
	const char *body;			/* NULL: none */
	size_t		length;			/* 0: body ends with NUL */
	const char *content_type;	/* NULL: application/json */
	const char *header;
	int			timeout_ms;		/* 0: as any other request; -1: none */
	bool		by_line;
	bool		raw;
	bool		is_plain_path;	/* not of the engine's API */
	OrchDockerTaker taker;
	void	   *arg;			/* for taker */
} OrchDockerAsk;

extern bool orch_docker_ask(OrchDockerEngine *docker, const OrchDockerAsk *ask);
extern void orch_docker_take(OrchKubeResponse *response);

/* for nobody to hear of: what is left over is removed when the volumes are listed again */
extern void orch_docker_remove_volume(OrchDockerEngine *docker, const char *name);

/* nobody takes the answers to these any more */
extern void orch_docker_forget(OrchDockerEngine *docker, const void *arg);
extern void orch_docker_forget_taker(OrchDockerEngine *docker, OrchDockerTaker taker);

/* frees them, as their client has dropped their requests; client NULL: of all clients */
extern void orch_docker_drop_flights(OrchDockerEngine *docker, const OrchKubeClient *client);

/* their client outlives the engine */
extern void orch_docker_leave_flights(OrchDockerEngine *docker, const OrchKubeClient *client);
extern char *orch_docker_escaped(const char *text);

/* ---- records.c: our objects, as volumes without data whose labels they are */

typedef struct OrchDockerRecord
{
	MemoryContext context;		/* of all that it holds */
	dlist_node	node;
	OrchDockerEngine *docker;
	char		uid[ORCH_UID_SIZE];
	int64		version;
	int64		generation;
	const OrchKind *kind;
	char	   *place;
	char	   *name;
	char	   *owner;
	char	   *volume;			/* which holds it now; NULL: none yet */
	Jsonb	   *manifest;		/* NULL: what is in it is not known to this process */
	char		fingerprint[ORCH_DIGEST_TEXT_SIZE];
	int64		written_at;
	bool		is_busy;		/* is being written, or removed */
	bool		is_listed;
	bool		has_place;		/* the network or volume that it stands for is there */
	bool		terminating;
	bool		ended;			/* a Job that does nothing more */
	bool		is_asked_for;	/* its contents are needed, and not known */
	char	   *facts;
	struct OrchDockerWorkload *workload;	/* workloads.c; NULL: not looked at yet */
} OrchDockerRecord;

/* What a record said before it was changed: others read it until the change is written. */
typedef struct OrchDockerFormer
{
	Jsonb	   *manifest;
	char	   *owner;
	int64		generation;
	char		fingerprint[ORCH_DIGEST_TEXT_SIZE];
} OrchDockerFormer;

extern OrchDockerRecord *orch_docker_record_new(OrchDockerEngine *docker, const OrchKind *kind, const char *place, const char *name);
extern void orch_docker_record_free(OrchDockerRecord *record);
extern void orch_docker_drop_records(OrchDockerEngine *docker);
extern OrchDockerRecord *orch_docker_record_find(OrchDockerEngine *docker, const OrchKind *kind, const char *place, const char *name);
extern OrchDockerRecord *orch_docker_record_by_uid(OrchDockerEngine *docker, const char *uid);
extern OrchDockerFormer *orch_docker_record_set_manifest(OrchDockerRecord *record, const char *manifest);
extern void orch_docker_record_restore(OrchDockerRecord *record, OrchDockerFormer *former);
extern void orch_docker_former_free(OrchDockerFormer *former);
extern void orch_docker_record_touch(OrchDockerEngine *docker, OrchDockerRecord *record);
extern char *orch_docker_record_body(OrchDockerEngine *docker, const OrchDockerRecord *record, const char *volume);
extern bool orch_docker_record_read(OrchDockerEngine *docker, JsonbContainer *volume);
extern void orch_docker_records_begin_list(OrchDockerEngine *docker);
extern void orch_docker_records_end_list(OrchDockerEngine *docker);
extern void orch_docker_place_listed(OrchDockerEngine *docker, const OrchKind *kind, OrchText name);
extern List *orch_docker_records_without_place(OrchDockerEngine *docker);
extern void orch_docker_record_seen(OrchDockerEngine *docker, const OrchDockerRecord *record, OrchSeen *seen);
extern char *orch_docker_record_json(OrchDockerEngine *docker, const OrchDockerRecord *record);
extern void orch_docker_record_tell(OrchDockerEngine *docker, const OrchDockerRecord *record, OrchNewsType type, bool listed);
extern void orch_docker_uid(char uid[ORCH_UID_SIZE]);

/* ---- the engine */

typedef enum OrchDockerListStep
{
	ORCH_DOCKER_LIST_NONE,		/* nothing is known, and no event is told */
	ORCH_DOCKER_LIST_VOLUMES,
	ORCH_DOCKER_LIST_NETWORKS,
	ORCH_DOCKER_LIST_CONTAINERS,
	ORCH_DOCKER_LIST_INSPECTIONS,
	ORCH_DOCKER_LIST_DONE
} OrchDockerListStep;

typedef struct OrchDockerListing
{
	OrchDockerListStep step;
	int			waiting;		/* requests under way */
	int64		asked_at;
	int64		due_at;
	int64		retry_us;
	List	   *scratch;		/* volumes of pods that were listed: pairs of a pod's uid and a name */
} OrchDockerListing;

/* A round of measuring; see usage.c. */
typedef struct OrchDockerRound
{
	MemoryContext context;		/* of all that follows; NULL: none is under way */
	StringInfoData summary;
	int			waiting;		/* requests under way */
} OrchDockerRound;

/* See lease.c. */
typedef struct OrchDockerLease
{
	List	   *over;			/* versions to be removed, int64 *, lower ones first */
	bool		is_removing;
} OrchDockerLease;

struct OrchDockerEngine
{
	OrchEngine	engine;
	MemoryContext context;
	MemoryContext news;			/* reset after each answer */
	dlist_node	node;			/* among those that are open */
	char	   *installation;
	OrchKubeTransport *transport;	/* of the process */
	OrchKubeClient *client;
	OrchKubeClient *event_client;	/* so that a stream takes no place from requests */
	OrchKubeClient *pull_client;	/* nor pulls */
	OrchKubeClient *log_client; /* nor logs */
	OrchKubeClient *lease_client;	/* waits behind nothing */
	OrchDockerLease lease;
	dlist_head	flights;
	dlist_head	verbs;			/* that wait until all is known, and those under way */
	dlist_head	records;
	dlist_head	pods;
	dlist_head	logs;
	OrchDockerRound round;
	OrchDockerListing listing;
	int64		version;		/* the highest that was given out */
	bool		is_watching;
	bool		is_synced;
};

static inline void
orch_docker_tell(OrchDockerEngine *docker, const OrchNews *news)
{
	docker->engine.reader(docker->engine.arg, news);
}

/* at most as often, where something is missing */
#define LIST_SOON_US (INT64CONST(5) * 1000000)

/*
 * Something that should be there seems not to be.
 */
static inline void
orch_docker_list_soon(OrchDockerEngine *docker)
{
	OrchDockerListing *listing = &docker->listing;

	if (listing->step == ORCH_DOCKER_LIST_DONE)
		listing->due_at = Min(listing->due_at, Max(orch_steady_now(), listing->asked_at + LIST_SOON_US));
}

/* verbs.c */
extern bool orch_docker_send(OrchEngine *engine, const OrchEngineRequest *request);
extern void orch_docker_drop_verbs(OrchDockerEngine *docker);
extern bool orch_docker_verbs_wait(const OrchDockerEngine *docker);
extern void orch_docker_begin_verbs(OrchDockerEngine *docker);

/* listing.c */
extern void orch_docker_break(OrchDockerEngine *docker, const char *error);
extern void orch_docker_list_due(OrchDockerEngine *docker, int64 now);
extern void orch_docker_watch(OrchEngine *engine);
extern void orch_docker_unwatch(OrchEngine *engine);
extern bool orch_docker_is_synced(OrchEngine *engine);

/* lease.c */
extern bool orch_docker_ask_lease(OrchEngine *engine, const OrchLeaseAsk *ask);

/* logs.c */
extern bool orch_docker_read_log(OrchEngine *engine, const OrchEngineLogSpec *spec);
extern void orch_docker_cancel_log(OrchEngine *engine, const void *arg);

/* usage.c */
extern void orch_docker_measure(OrchEngine *engine, List *nodes, int64 until);
extern void orch_docker_drop_round(OrchDockerEngine *docker);

/* engine.c */
extern const OrchEngineClass orch_engine_docker;
