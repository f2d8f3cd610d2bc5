/*
 * engine.h
 *	  What runs the objects of one cluster, behind one interface.
 *
 * The reconciler asks for verbs on single objects and hears news: answers,
 * what watches and lists bring, and whether there is contact at all.  It knows
 * neither HTTP nor an engine's own format; manifests are opaque to it.
 * Kubernetes is the first engine (kubernetes/engine.c).
 */
#pragma once

#include "postgres.h"

#include "engine/kinds.h"
#include "engine/seen.h"

#define ORCH_MAX_KINDS 32

typedef struct OrchEngine OrchEngine;

typedef struct OrchEngineRequest
{
	OrchVerb	verb;
	const OrchKind *kind;
	const char *in;				/* namespace; "" for what has none */
	const char *name;
	const char *uid;			/* for APPLY and DELETE */
	const char *manifest;		/* for CREATE and APPLY */
	int64		object_id;		/* these two come back with the answer */
	uint32		number;
} OrchEngineRequest;

typedef enum OrchNewsType
{
	ORCH_NEWS_ANSWER,			/* to a request */
	ORCH_NEWS_LIST_BEGIN,		/* of kind: what follows as listed is the whole truth at its end */
	ORCH_NEWS_OBJECT,			/* is there, and looks so */
	ORCH_NEWS_OBJECT_DELETED,
	ORCH_NEWS_INSTANCE,
	ORCH_NEWS_INSTANCE_DELETED,
	ORCH_NEWS_LIST_END,			/* only now may something count as gone because it was not listed */
	ORCH_NEWS_BROKEN			/* no contact: error, refused */
} OrchNewsType;

/* Strings live until the next call of orch_engine_next(). */
typedef struct OrchNews
{
	OrchNewsType type;
	const OrchKind *kind;
	bool		listed;
	int64		asked_at;		/* LIST_END: when the list was asked for, by orch_steady_now() */
	OrchSeen	seen;
	OrchSeenInstance instance;
	const char *json;			/* the object as it came, also with an answer that is DONE or FOUND; not ended by NUL */
	size_t		json_length;

	/* ANSWER */
	int64		object_id;
	uint32		number;
	OrchVerb	verb;
	OrchOutcome outcome;
	OrchReason	reason;
	int64		retry_after_ms;
	int			status;			/* the engine's own; 0 none */
	long		elapsed_ms;
	const char *warning;		/* may be NULL */
	const char *error;			/* ANSWER that failed, BROKEN */
	bool		refused;		/* BROKEN: we were understood, and not let in */
} OrchNews;

typedef void (*OrchNewsReader) (void *arg, const OrchNews *news);

/*
 * What an engine can do.  All of it returns at once; nothing here may be called
 * inside of a transaction.
 */
typedef struct OrchEngineClass
{
	const char *name;
	void		(*close) (OrchEngine *engine);

	/* begins to see, or ends it: then nothing more is heard of it */
	void		(*watch) (OrchEngine *engine);
	void		(*unwatch) (OrchEngine *engine);

	/* have all watches seen everything once, and are they in contact? */
	bool		(*is_synced) (OrchEngine *engine);

	/* false: not sent, and no answer will come */
	bool		(*send) (OrchEngine *engine, const OrchEngineRequest *request);

	/* drops all requests that are under way */
	void		(*cancel) (OrchEngine *engine);

	/* milliseconds in which it asks to be left alone; 0: none */
	long		(*paused_ms) (OrchEngine *engine);
} OrchEngineClass;

struct OrchEngine
{
	const OrchEngineClass *class;
	OrchNewsReader reader;
	void	   *arg;			/* for reader */
};
