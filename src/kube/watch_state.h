/*-------------------------------------------------------------------------
 *
 * watch_state.h
 *	  What the files of a watch have in common: its state, and verdicts.
 *
 *	  Private to src/kube.  Who leans on whom, from the top:
 *
 *	    watch.c			acts: when to list, to watch, to wait
 *	    watch_request.c	the request for the next step
 *	    watch_answer.c	what an answered request means
 *	    watch_stream.c	lines of a stream into outputs
 *	    watch_due.c		when to look although nothing comes
 *	    watch_health.c	failures, waiting, BROKEN and SYNCED
 *	    watch_replace.c	the replace that is being made
 *	    watch_output.c	the queue that the worker takes from
 *	    watch_path.c		request paths
 *
 *	  None but watch.c starts, stops or changes the step of a watch: the others
 *	  return a verdict.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_WATCH_STATE_H
#define ORCH_KUBE_WATCH_STATE_H

#include "kube/client_internal.h"
#include "kube/transfer.h"
#include "kube/watch_types.h"

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
	OrchKubeDriver driver;
	OrchKubeDependent dependent;	/* of the client */
	struct OrchKubeClient *client;	/* to be handed back */
	OrchKubeTransport *transport;
	OrchKubeEndpoint *endpoint; /* the client's */
	OrchKubeWatchSpec spec;		/* strings are ours, defaults filled in */
	char	   *selectors;		/* escaped, each with a & behind it */

	OrchWatchStep step;
	int64		due_at;			/* while no transfer runs */

	/* Position */
	char		rv[ORCH_RV_SIZE];	/* last seen; "" none */
	bool		rv_refused;		/* list from the freshest state instead */
	char	   *continue_token;
	int			expired_lists;	/* in a row, while their pages were read */
	int			page_limit;		/* so many objects fit into a page */
	bool		real_pages;		/* a list with a version comes whole, too large */

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
	bool		bookmarked;		/* one of them was a bookmark */
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
	bool		fresh;			/* its connection did not answer any more */

	size_t		queued_bytes;
	int			queued_count;
};


/* What a line, an answer or the end of a stream asks for. */
typedef enum OrchWatchAct
{
	ORCH_ACT_GO_ON,				/* nothing */
	ORCH_ACT_LISTED,			/* the replace is complete */
	ORCH_ACT_NEXT_PAGE,			/* ... is not */
	ORCH_ACT_SMALLER_PAGE,		/* this one was too large */
	ORCH_ACT_AGAIN,				/* the same step at once */
	ORCH_ACT_WATCH_ON,			/* the stream came to its end, as they do */
	ORCH_ACT_LIST_BY_PAGES,		/* the server does not know WatchList */
	ORCH_ACT_RELIST,			/* the position is too old */
	ORCH_ACT_RELIST_FRESH,		/* ... or is unknown to the server */
	ORCH_ACT_OVERFLOW,			/* the queue is full */
	ORCH_ACT_LIST_LATER,		/* wait, then list from the beginning */
	ORCH_ACT_FAIL				/* wait, then try the same again */
} OrchWatchAct;

typedef struct OrchWatchVerdict
{
	OrchWatchAct act;
	char		error[ORCH_KUBE_ERROR_SIZE];	/* unless all is well */
	long		code;			/* HTTP status, minus a CURLcode, or 0 */
	long		retry_after_ms; /* what the server asked for, or -1 */
} OrchWatchVerdict;

#endif							/* ORCH_KUBE_WATCH_STATE_H */
