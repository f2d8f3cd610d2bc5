/*-------------------------------------------------------------------------
 *
 * transfer.h
 *	  One HTTP exchange with an endpoint, in a set of connections.
 *
 *	  Private to src/kube.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_TRANSFER_H
#define ORCH_KUBE_TRANSFER_H

#include "kube/endpoint.h"
#include "kube/text.h"
#include "kube/transport_internal.h"

/* Embedded in a request or a watch; all zero when idle. */
typedef struct OrchKubeTransfer OrchKubeTransfer;
struct OrchKubeTransfer
{
	OrchKubeExchange exchange;	/* first: it is what the transport knows */
	OrchKubeEndpoint *endpoint;
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
	bool		raw;
	bool		by_line;
	bool		paused;			/* by store_body(), see orch_kube_transfer_resume() */
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
	const char *header;			/* one more */
	const char *body;			/* must live as long as the transfer */
	size_t		body_len;
	int64		timeout_ms;		/* 0: none */
	size_t		max_input;
	bool		plain_text;
	bool		raw;
	bool		by_line;		/* input is taken out while more comes */
	bool		fresh;			/* on no connection that is there already */
} OrchKubeTransferSpec;

/*
 * Starts an exchange.  done is called from perform(), and must call
 * orch_kube_transfer_stop().  False when memory is short; the transfer is then
 * idle and done will not be called.
 */
extern bool orch_kube_transfer_start(OrchKubeTransfer *transfer,
									 OrchKubeEndpoint *endpoint,
									 OrchKubeSet *set,
									 const OrchKubeTransferSpec *spec,
									 void (*done) (OrchKubeTransfer *, CURLcode));

/* Does input hold lines of a stream, not the answer of one that was refused? */
extern bool orch_kube_transfer_has_lines(const OrchKubeTransfer *transfer);

/*
 * Lets a stream that was paused because its input was full go on: max_input
 * counts what is left of a line there, and one piece of libcurl's may come on
 * top.
 */
extern void orch_kube_transfer_resume(OrchKubeTransfer *transfer);

/* Ends or breaks off an exchange and makes the transfer idle. */
extern void orch_kube_transfer_stop(OrchKubeTransfer *transfer);

#endif							/* ORCH_KUBE_TRANSFER_H */
