/*
 * engine.h
 *	  What runs the objects of one cluster, behind one interface.
 *
 * The reconciler opens an engine for each cluster, asks for verbs on single objects,
 * for logs, for usage and for the shared lease, and hears news: answers, what is
 * there and what is not any more, and whether there is contact at all.  It knows
 * neither HTTP nor an engine's own format; manifests are opaque to it.
 *
 * Kubernetes is the first engine (kubernetes/engine.c).  Another one is another
 * folder and another OrchEngineClass, and a line in engines.h.
 */
#pragma once

#include "postgres.h"

#include "engine/address.h"
#include "engine/capabilities.h"
#include "engine/kinds.h"
#include "engine/lease.h"
#include "engine/seen.h"
#include "nodes/pg_list.h"

typedef struct OrchEngine OrchEngine;

typedef struct OrchEngineRequest
{
	OrchVerb	verb;
	const OrchKind *kind;
	const char *in;				/* namespace; "" for what has none */
	const char *name;
	const char *uid;			/* for all but CREATE and LOOK */
	const char *manifest;		/* for CREATE and APPLY */
	const char *owner;			/* for RELABEL */
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
	ORCH_NEWS_BROKEN,			/* no contact: error, refused */
	ORCH_NEWS_LEASE,			/* to ask_lease(): lease, error, refused */
	ORCH_NEWS_VERSION,			/* to ask_version(): text, NULL if it did not say */
	ORCH_NEWS_USAGE,			/* of a round: node and json, which is NULL if there was nothing */
	ORCH_NEWS_USAGE_END			/* the round is over; error says what could not be had in it, or is NULL */
} OrchNewsType;

/* Strings live until the reader returns. */
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
	uint32		number;			/* LEASE, too */
	OrchVerb	verb;
	OrchOutcome outcome;
	OrchReason	reason;
	int64		retry_after_ms;
	int			status;			/* the engine's own; 0 none */
	long		elapsed_ms;
	const char *warning;		/* may be NULL */
	const char *error;			/* ANSWER and LEASE that failed, BROKEN, USAGE_END */
	bool		refused;		/* BROKEN and LEASE: we were understood, and not let in */

	bool		ends_request;	/* a request is over with it */
	bool		is_error;		/* in a way that counts against the platform */

	OrchLeaseAnswer lease_answer;
	const OrchLeaseDocument *lease; /* of READ and WRITTEN */
	const char *text;			/* VERSION */
	const char *node;			/* USAGE: whose counters these are; NULL: figures of the whole cluster */
} OrchNews;

typedef void (*OrchNewsReader) (void *arg, const OrchNews *news);

/* What it takes to open an engine; all of it is copied. */
typedef struct OrchEngineSpec
{
	MemoryContext parent;
	const char *installation;	/* whose objects are ours */
	const char *configuration;	/* where it is and how to log in, in its own words; NULL: what the server itself was given */
	const char *context;		/* which part of that; NULL: the one that it names */
	bool		insecure;		/* certificates are not looked at */
	OrchNewsReader reader;
	void	   *arg;			/* for reader */
} OrchEngineSpec;

/* The log of an instance, as far as there is one. */
typedef struct OrchEngineLog
{
	bool		answered;		/* there is a status */
	bool		good;			/* and text is the log, not what went wrong */
	int			status;
	char	   *text;			/* malloc'ed, the taker's; may be NULL */
	size_t		length;
} OrchEngineLog;

typedef struct OrchEngineLogSpec
{
	const char *in;
	const char *instance;
	const char *container;
	int64		since_seconds;	/* 0: from the beginning */
	int64		tail;			/* lines; -1: all */
	int			limit_bytes;
	bool		previous;		/* of the run before this one */
	void		(*sink) (void *arg, const OrchEngineLog *log);
	void	   *arg;			/* for sink; names the request in cancel_log() */
} OrchEngineLogSpec;

/*
 * What an engine says about its texts, without being in contact: for whoever plays a
 * cluster by hand, and for what is compared.  Strings are in the current context.
 */
typedef struct OrchEngineFormat
{
	/* where a request goes and what it carries, which may be NULL */
	void		(*show) (const OrchEngineRequest *request, char **where, char **what);

	/* what an answer means: kind, verb, status, error and json are set, the rest is filled in */
	void		(*read_answer) (OrchNews *news, bool had_uid, const char *installation);

	/* what an object says: kind and json are set, seen or instance is filled in; false: nothing usable */
	bool		(*read_object) (OrchNews *news, const char *installation);

	/*
	 * What came back otherwise than it was sent, as JSON for insisted_by() without its
	 * end; NULL: nothing.  False: they cannot be compared.
	 */
	bool		(*compare) (const char *sent, const char *returned, size_t returned_length, char **differing);

	/* who but us has written it last; NULL: nobody */
	char	   *(*last_writer) (const char *json, size_t length);
} OrchEngineFormat;

/*
 * What an engine can do.  All of it returns at once; nothing here may be called
 * inside of a transaction.
 */
typedef struct OrchEngineClass
{
	const char *name;
	uint64		can;			/* ORCH_CAN() of each capability */
	const OrchEngineFormat *format;
	const OrchAddressing *addressing;	/* of clusters that have an endpoint; NULL: they have a kubeconfig */

	/* ---- the network of a process, which all engines of the class share */

	/* false, and an error text: it cannot be had */
	bool		(*begin) (char *error, size_t error_size);

	/* readable when take() has something to do; stays the same */
	int			(*wait_fd) (void);

	/* milliseconds until take() must be called all the same; -1: it need not */
	long		(*wait_ms) (void);

	/* puts what was asked for on its way, and tells nothing */
	void		(*drive) (void);

	/* moves everything forward and tells the news, for some milliseconds; true: there is more */
	bool		(*take) (int limit_ms);

	/* ---- one engine */

	/* makes its data, no request is sent yet; NULL and an error text: the configuration cannot be used */
	OrchEngine *(*open) (const OrchEngineSpec *spec, char *error, size_t error_size);

	/* drops all that is under way, but for the release of a lease; nothing more is heard of it */
	void		(*close) (OrchEngine *engine);

	/* begins to see, or ends it: then nothing more is heard of it */
	void		(*watch) (OrchEngine *engine);
	void		(*unwatch) (OrchEngine *engine);

	/* have all watches seen everything once, and are they in contact? */
	bool		(*is_synced) (OrchEngine *engine);

	/* false: not sent, and no answer will come */
	bool		(*send) (OrchEngine *engine, const OrchEngineRequest *request);

	/* drops all requests that are under way, and a round; not those for logs and the lease */
	void		(*cancel) (OrchEngine *engine);

	/* milliseconds in which it asks to be left alone; 0: none */
	long		(*paused_ms) (OrchEngine *engine);

	/* false: not asked */
	bool		(*ask_version) (OrchEngine *engine);

	/*
	 * The lease that several installations share, which waits behind nothing else.
	 * NULL: there is none, and whoever opens the engine counts as its holder.
	 */
	bool		(*ask_lease) (OrchEngine *engine, const OrchLeaseAsk *ask);

	/* takes no place from other requests; false: not asked, and the sink is not called */
	bool		(*read_log) (OrchEngine *engine, const OrchEngineLogSpec *spec);
	void		(*cancel_log) (OrchEngine *engine, const void *arg);

	/*
	 * Begins a round over these nodes (texts, which it copies), which is over by then;
	 * its end is always told, maybe at once.  Figures are told as a kubelet's summary
	 * with a node, or as metrics.k8s.io's list without.
	 */
	void		(*measure) (OrchEngine *engine, List *nodes, int64 until);
} OrchEngineClass;

struct OrchEngine
{
	const OrchEngineClass *class;
	OrchNewsReader reader;
	void	   *arg;			/* for reader */
	bool		insecure;		/* certificates are not looked at, whoever said so */
};

static inline bool
orch_engine_can(const OrchEngineClass *class, OrchCapability capability)
{
	return (class->can & ORCH_CAN(capability)) != 0;
}
