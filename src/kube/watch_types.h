/*-------------------------------------------------------------------------
 *
 * watch_types.h
 *	  What to watch, and what comes of it.
 *
 *	  Included by way of watch.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_WATCH_TYPES_H
#define ORCH_KUBE_WATCH_TYPES_H

typedef struct OrchKubeWatch OrchKubeWatch;

/*
 * What to watch.  Strings are copied.  From page_limit on, 0 is the default,
 * which only tests have a reason to change.
 */
typedef struct OrchKubeWatchSpec
{
	const char *api_path;		/* "/apis/apps/v1/deployments" */
	const char *label_selector; /* not escaped; NULL or "": none */
	const char *field_selector; /* the same */
	bool		metadata_only;	/* PartialObjectMetadata: no spec, no data */
	int			tag;			/* the caller's, handed back */
	void	   *arg;			/* the caller's, handed back */

	int			page_limit;		/* 500 objects; fewer where these are too large */
	int			timeout_min_s;	/* 300: shortest life of one watch request */
	int			timeout_max_s;	/* 600: longest */
	int			idle_grace_ms;	/* 5 s on top of that before we hang up */
	int			list_timeout_ms;	/* 60 s for one page */
	int			silence_ms;		/* 180 s without a line, where the server sends
								 * bookmarks, before we hang up */
	int			bookmark_wait_ms;	/* 30 s of silence in a WatchList before
									 * the server counts as without it */
	int			backoff_min_ms; /* 800 */
	int			backoff_max_ms; /* 30000 */
	int			healthy_ms;		/* 120000 without error reset the backoff */
	size_t		max_queue_bytes;	/* 32 MiB not taken yet */
	size_t		max_event_bytes;	/* 8 MiB for one line of the stream */
	size_t		max_page_bytes; /* 64 MiB for one page; a larger one is asked
								 * for again in parts */
	bool		no_watchlist;	/* list by pages even where WatchList works */
} OrchKubeWatchSpec;

typedef enum OrchKubeWatchOutputType
{
	ORCH_WATCH_REPLACE_BEGIN,	/* start a new temporary set */
	ORCH_WATCH_OBJECTS,			/* json: an array of objects for that set */
	ORCH_WATCH_REPLACE_END,		/* the set is complete: swap it in */
	ORCH_WATCH_REPLACE_ABORT,	/* forget the set; another BEGIN will come */
	ORCH_WATCH_EVENT,			/* json: one object; event says what happened */
	ORCH_WATCH_SYNCED,			/* the mirror is complete and the stream is up */
	ORCH_WATCH_BROKEN			/* no contact; error says why; the mirror stays
								 * valid but ages until SYNCED */
} OrchKubeWatchOutputType;

typedef enum OrchKubeWatchEvent
{
	ORCH_WATCH_ADDED,
	ORCH_WATCH_MODIFIED,
	ORCH_WATCH_DELETED			/* json is the object's last state */
} OrchKubeWatchEvent;

/* The strings belong to the taker, who calls orch_kube_watch_output_clear(). */
typedef struct OrchKubeWatchOutput
{
	OrchKubeWatch *watch;
	struct OrchKubeClient *client;
	int			tag;
	void	   *arg;

	OrchKubeWatchOutputType type;
	OrchKubeWatchEvent event;	/* for ORCH_WATCH_EVENT */

	/*
	 * Valid JSON in UTF-8 that jsonb accepts (see OrchKubeResponse.body), NUL
	 * terminated, or NULL.  Objects inside a list page carry neither kind nor
	 * apiVersion; those of a stream do.
	 */
	char	   *json;
	size_t		json_len;
	int			object_count;	/* for OBJECTS; 1 for EVENT */

	/*
	 * For what belongs to a replace, 0 otherwise: just before the first
	 * request of its list was sent, by orch_kube_now() (clock.h).  An object
	 * that was made after that need not be in the list, and does not count as
	 * gone by its end.
	 */
	int64		asked_at_ms;

	char	   *error;			/* for BROKEN: one line, no secrets */
	long		http_status;	/* for BROKEN: 0 when there was none */
} OrchKubeWatchOutput;

#endif							/* ORCH_KUBE_WATCH_TYPES_H */
