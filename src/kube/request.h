/*-------------------------------------------------------------------------
 *
 * request.h
 *	  What a client is asked to send.
 *
 *	  Included by way of client.h; the functions are private to src/kube.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_REQUEST_H
#define ORCH_KUBE_REQUEST_H

/* Strings and body are copied before orch_kube_request_start() returns. */
typedef struct OrchKubeRequestSpec
{
	const char *method;			/* "GET", "PATCH", "POST", "PUT", "DELETE" */
	const char *path;			/* "/api/v1/...?query", already escaped */
	const char *content_type;	/* NULL: application/json when there is a body */
	const char *accept;			/* NULL: application/json */
	const char *header;			/* one more, "Name: value", which may be a
								 * secret; NULL: none */
	const char *body;
	size_t		body_len;
	int			timeout_ms;		/* 0: the client's; counts from the start on
								 * the wire, not while queued.  -1: none, of a
								 * request by line alone */
	size_t		max_response_bytes; /* 0: the client's */
	bool		plain_text;		/* the answer is text: a \u escape in it is no
								 * escape */
	bool		raw;			/* the answer is bytes, handed out as they came;
								 * that of a status >= 400 is text all the same */

	/*
	 * The answer is a stream: each line of it is a response of its own, as soon
	 * as it is complete.  max_response_bytes is of one line then.  A stream is in
	 * flight as long as it lasts, and holds its connection: who opens one uses a
	 * client of its own, that no request waits for it.
	 */
	bool		by_line;
	int			tag;			/* the caller's, handed back */
	void	   *arg;			/* the caller's, handed back */
} OrchKubeRequestSpec;

/* False when it cannot be sent as it is. */
extern bool orch_kube_request_valid(const OrchKubeRequestSpec *spec);

/* Deep copy.  False when memory is short; what was copied is to be freed. */
extern bool orch_kube_request_copy(OrchKubeRequestSpec *to,
								   const OrchKubeRequestSpec *from);

/* Frees what was copied, and overwrites what may be a secret. */
extern void orch_kube_request_free(OrchKubeRequestSpec *spec);

#endif							/* ORCH_KUBE_REQUEST_H */
