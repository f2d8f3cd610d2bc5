/*-------------------------------------------------------------------------
 *
 * response.h
 *	  What came of a request, and the queue that it is taken from.
 *
 *	  Included by way of client.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_RESPONSE_H
#define ORCH_KUBE_RESPONSE_H

#include "kube/error.h"
#include "kube/transport.h"

/*
 * The end of one request, or a line of it.  Either error is NONE and http_status
 * is set, or error says what went wrong and message says it in words.
 */
typedef struct OrchKubeResponse
{
	struct OrchKubeClient *client;
	int			tag;
	void	   *arg;

	/*
	 * A line of a request by line, without its end; empty ones are left out.  The
	 * last response has more = false and what came behind the last line.  An
	 * answer of a status >= 400 is not taken apart.
	 */
	bool		more;

	OrchKubeError error;
	long		http_status;	/* 0 unless error is NONE */

	/*
	 * UTF-8 text that PostgreSQL accepts: NUL bytes, "\u0000", lone surrogates
	 * and invalid bytes were replaced by U+FFFD, unless the request said raw.
	 * Never NULL, ends with NUL.
	 */
	char	   *body;
	size_t		body_len;
	bool		body_is_json;	/* grammar was checked: ::jsonb will take it */

	/* For errors and statuses >= 400; NULL otherwise.  No secrets. */
	char	   *message;		/* of the Status object, or what libcurl says */
	char	   *reason;			/* of the Status object ("AlreadyExists") */

	long		retry_after_ms; /* header or details.retryAfterSeconds, at most
								 * 5 minutes; -1 none */
	char	   *warning;		/* text of the first Warning header, or NULL */
	int			http_version;	/* 11, 20; 0 unknown */
	long		elapsed_ms;		/* on the wire */
} OrchKubeResponse;

/*
 * The next finished request of any client or line of one, oldest first, or NULL.
 * The caller owns it and frees it with orch_kube_response_free().
 */
extern OrchKubeResponse *orch_kube_transport_next(OrchKubeTransport *transport);
extern void orch_kube_response_free(OrchKubeResponse *response);

#endif							/* ORCH_KUBE_RESPONSE_H */
