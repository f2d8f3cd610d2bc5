/*-------------------------------------------------------------------------
 *
 * watch_internal.h
 *	  What the files of a watch share.
 *
 * Private to src/kube.
 *
 *	  watch.c			when to list, to watch, to wait
 *	  watch_health.c	failures, waiting, BROKEN and SYNCED
 *	  watch_answer.c	what an answered request means for that
 *	  watch_stream.c	lines of a stream into outputs
 *	  watch_output.c	the queue that the worker takes from
 *	  watch_path.c		request paths
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_WATCH_INTERNAL_H
#define ORCH_KUBE_WATCH_INTERNAL_H

#include "kube/kube_internal.h"
#include "kube/watch.h"

/* Resource versions are opaque; they are at most 20 digits in practice. */
#define ORCH_RV_SIZE 128

/* What is done now, or next once due_at has come. */
typedef enum OrchWatchStep
{
	ORCH_STEP_LIST,				/* from the beginning, or by WatchList */
	ORCH_STEP_PAGE,				/* the page behind continue_token */
	ORCH_STEP_WATCH				/* changes since rv */
} OrchWatchStep;

struct OrchKubeWatch
{
	OrchKubeTransfer transfer;	/* first: transfer callbacks cast */
	dlist_node	node;			/* in client->watches */
	OrchKubeClient *client;
	OrchKubeWatchSpec spec;		/* strings are ours, defaults filled in */
	char	   *selectors;		/* escaped, each with a & behind it */

	OrchWatchStep step;
	int64		due_at;			/* while no transfer runs */

	/* Position */
	char		rv[ORCH_RV_SIZE];	/* last seen; "" none */
	bool		rv_refused;		/* list from the freshest state instead */
	char	   *continue_token;
	int			expired_lists;	/* in a row, while their pages were read */

	/* The replace that is being made */
	int64		asked_at;		/* its first request was made then */
	bool		replacing;		/* BEGIN was made, END and ABORT were not */
	bool		taken_replacing;	/* the same as the taker sees it */
	OrchKubeBuffer batch;		/* "[object,object" of a WatchList */
	int			batch_count;

	/* The stream */
	bool		streaming;		/* the transfer is a watch, not a page */
	bool		initial;		/* a WatchList before its end bookmark */
	bool		proven;			/* its position is known to be good */
	size_t		searched;		/* bytes of input that hold no line end */
	int64		events;			/* lines of this stream */
	int64		last_data_at;

	/* Health */
	bool		synced;
	bool		own_no_watchlist;	/* its queue cannot take a WatchList */
	char	   *last_error;		/* as reported by BROKEN; NULL while fine */
	long		last_code;		/* of last_error: HTTP status, or -CURLcode */
	int64		backoff_ms;
	int64		failed_at;		/* by backoff_ms, 0 never */
	int64		relisted_at;	/* because the position was too old, 0 never */
	bool		away;			/* it failed because there was no answer */
	bool		unreached;		/* ... because there was not even a connection */
	int			failed_watches; /* in a row */
	bool		reauthenticated;	/* the last answer was a 401 already */

	size_t		queued_bytes;
	int			queued_count;
};

typedef struct OrchKubeOutputNode
{
	OrchKubeWatchOutput output;
	dlist_node	node;			/* in transport->outputs */
	size_t		bytes;
} OrchKubeOutputNode;

/* What a line or an answer asks for. */
typedef enum OrchWatchVerdict
{
	ORCH_VERDICT_GO_ON,
	ORCH_VERDICT_RELIST,		/* the position is too old */
	ORCH_VERDICT_RELIST_FRESH,	/* ... or is unknown to the server */
	ORCH_VERDICT_OVERFLOW,		/* the queue is full */
	ORCH_VERDICT_FAIL			/* wait, then try again */
} OrchWatchVerdict;

/* watch.c */
extern void orch_watch_goto(OrchKubeWatch *watch, OrchWatchStep next);
extern void orch_watch_apply(OrchKubeWatch *watch, OrchWatchVerdict verdict,
							 const char *error);
extern void orch_watch_abort_replace(OrchKubeWatch *watch);

/* watch_health.c */
extern void orch_watch_fail(OrchKubeWatch *watch, OrchWatchStep next,
							const char *message, long code,
							long retry_after_ms);
extern void orch_watch_fail_stream(OrchKubeWatch *watch, const char *message,
								   long code, long retry_after_ms);
extern void orch_watch_relist(OrchKubeWatch *watch, bool fresh,
							  const char *message);
extern void orch_watch_prove(OrchKubeWatch *watch);
extern void orch_watch_reached(OrchKubeWatch *watch);

/* watch_answer.c */
extern void orch_watch_done(OrchKubeTransfer *transfer, CURLcode code);

/* watch_stream.c */
extern OrchWatchVerdict orch_watch_read_stream(OrchKubeWatch *watch,
											   char *error, size_t error_size);
extern OrchWatchVerdict orch_watch_read_line(OrchKubeWatch *watch,
											 const char *line, size_t length,
											 char *error, size_t error_size);
extern bool orch_watch_begin_replace(OrchKubeWatch *watch);
extern bool orch_watch_flush_batch(OrchKubeWatch *watch);

/* watch_output.c */
extern bool orch_watch_push(OrchKubeWatch *watch, OrchKubeWatchOutputType type);
extern bool orch_watch_push_json(OrchKubeWatch *watch,
								 OrchKubeWatchOutputType type,
								 OrchKubeWatchEvent event,
								 OrchKubeBuffer *json, int object_count);
extern void orch_watch_push_broken(OrchKubeWatch *watch, const char *error,
								   long code);
extern void orch_watch_drop_outputs(OrchKubeWatch *watch);
extern bool orch_watch_queue_full(const OrchKubeWatch *watch, size_t more);

/* watch_path.c: malloc'ed, NULL when memory is short */
extern char *orch_watch_selectors(const OrchKubeWatchSpec *spec);
extern char *orch_watch_list_path(const OrchKubeWatch *watch);
extern char *orch_watch_stream_path(const OrchKubeWatch *watch, bool initial,
									int timeout_s);

#endif							/* ORCH_KUBE_WATCH_INTERNAL_H */
