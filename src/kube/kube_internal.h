/*-------------------------------------------------------------------------
 *
 * kube_internal.h
 *	  What the files of src/kube share: transport, client and transfer.
 *
 * Private to src/kube.
 *
 *	  transport.c	two curl multi handles, epoll, timers
 *	  transfer.c	one HTTP exchange: options, callbacks, errors in words
 *	  client.c		queue of requests, responses
 *	  watch.c		list and watch
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_INTERNAL_H
#define ORCH_KUBE_INTERNAL_H

#include <curl/curl.h>

#include "kube/client.h"
#include "kube/clock.h"
#include "kube/credentials.h"
#include "kube/text.h"
#include "lib/ilist.h"

#if LIBCURL_VERSION_NUM < 0x075500
#error "libcurl 7.85 or newer is needed"
#endif

/* Connection sets, each one a multi handle with its own pool. */
typedef enum OrchKubeSetId
{
	ORCH_SET_REQUESTS,			/* HTTP/2, multiplexed */
	ORCH_SET_WATCHES,			/* HTTP/1.1, one connection per watch */
	ORCH_SET_COUNT
} OrchKubeSetId;

typedef struct OrchKubeSet
{
	OrchKubeTransport *transport;
	OrchKubeSetId id;
	CURLM	   *multi;
	int64		deadline;		/* libcurl's timer, monotonic ms; -1 none */
} OrchKubeSet;

struct OrchKubeTransport
{
	int			epoll_fd;
	OrchKubeSet sets[ORCH_SET_COUNT];
	dlist_head	clients;
	dlist_head	responses;		/* of OrchKubeResponseNode */
	dlist_head	outputs;		/* of OrchKubeOutputNode */
};

struct OrchKubeClient
{
	dlist_node	node;			/* in transport->clients */
	OrchKubeTransport *transport;
	OrchKubeConfig config;
	OrchKubeClientOptions options;	/* with defaults filled in */
	OrchKubeCredentials credentials;

	/* Made once from config */
	char	   *base_url;		/* with the name to verify as host */
	char	   *connect_to;		/* CURLOPT_CONNECT_TO entry, or NULL */
	char	   *host_header;	/* where base_url names another host, or NULL */
	char	   *interface;		/* CURLOPT_INTERFACE, or NULL */
	bool		loopback;		/* proxies of the environment do not apply */

	dlist_head	queued;			/* of OrchKubeRequest */
	dlist_head	flying;
	int			queued_count;
	int			flying_count;
	int64		paused_until;

	int64		contact_at;		/* last answer that was not a server's error */
	dlist_head	watches;		/* of OrchKubeWatch */
	bool		no_watchlist;	/* this server does not know WatchList */
};

/* One HTTP exchange.  Embedded in a request or a watch; all zero when idle. */
typedef struct OrchKubeTransfer OrchKubeTransfer;
struct OrchKubeTransfer
{
	OrchKubeClient *client;
	OrchKubeSet *set;			/* NULL: not running */
	void		(*done) (OrchKubeTransfer *transfer, CURLcode code);
	CURL	   *easy;
	struct curl_slist *headers;
	struct curl_slist *connect_to;
	char	   *url;
	char		error_text[CURL_ERROR_SIZE];

	/* What is left of the body of a POST */
	const char *body;
	size_t		body_left;

	/* Filled by callbacks, which only store */
	OrchKubeBuffer input;
	size_t		max_input;
	bool		plain_text;
	bool		too_large;
	bool		no_memory;
	bool		headers_done;	/* status is final */
	long		status;
	char	   *warning;

	unsigned int token_generation;	/* what it was started with */
	unsigned int tls_generation;
	int64		started_at;
};

typedef struct OrchKubeTransferSpec
{
	const char *method;
	const char *path;
	const char *accept;
	const char *content_type;
	const char *body;			/* must live as long as the transfer */
	size_t		body_len;
	int64		timeout_ms;
	size_t		max_input;
	bool		plain_text;
} OrchKubeTransferSpec;

typedef struct OrchKubeResponseNode
{
	OrchKubeResponse response;	/* first: what the caller holds */
	dlist_node	node;
} OrchKubeResponseNode;

/* What a Status object or an error page says; strings are malloc'ed. */
typedef struct OrchKubeStatus
{
	bool		is_json;
	char	   *reason;
	char	   *message;
	bool		future_version; /* "too large resource version" */
	long		retry_after_s;	/* -1 none */
} OrchKubeStatus;

/* transfer.c */
extern bool orch_kube_transfer_start(OrchKubeTransfer *transfer,
									 OrchKubeClient *client,
									 OrchKubeSetId set,
									 const OrchKubeTransferSpec *spec,
									 void (*done) (OrchKubeTransfer *, CURLcode));
extern void orch_kube_transfer_stop(OrchKubeTransfer *transfer);
extern OrchKubeError orch_kube_transfer_error(OrchKubeTransfer *transfer,
											  CURLcode code);
extern void orch_kube_transfer_message(OrchKubeTransfer *transfer,
									   CURLcode code,
									   char *message, size_t size);

/* target.c */
extern bool orch_kube_target_init(OrchKubeClient *client,
								  char *error, size_t error_size);

/* status.c */
extern bool orch_kube_status_read(OrchKubeStatus *status,
								  OrchKubeTransfer *transfer);
extern void orch_kube_status_free(OrchKubeStatus *status);
extern long orch_kube_retry_after_ms(OrchKubeTransfer *transfer,
									 const OrchKubeStatus *status);

/* client.c */
extern void orch_kube_client_note_contact(OrchKubeClient *client, long status);
extern void orch_kube_client_drive(OrchKubeClient *client, int64 now);
extern int64 orch_kube_client_due(const OrchKubeClient *client, int64 now);

/* watch.c */
extern void orch_kube_watches_destroy(OrchKubeClient *client);
extern void orch_kube_watches_drive(OrchKubeClient *client, int64 now);
extern int64 orch_kube_watches_due(OrchKubeClient *client, int64 now);

#endif							/* ORCH_KUBE_INTERNAL_H */
