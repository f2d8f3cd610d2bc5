/*-------------------------------------------------------------------------
 *
 * stream.h
 *	  The answer of a request that is taken line by line.
 *
 *	  Private to src/kube.
 *
 * A line must not be lost, as nobody can be asked for it again, and who takes
 * them may be busy for a while.  So what may wait untaken is bounded, and what
 * comes meanwhile stays in the transfer's input; when that is full, too, the
 * exchange is paused and the server has to wait.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_STREAM_H
#define ORCH_KUBE_STREAM_H

#include "kube/response.h"
#include "kube/transfer.h"

typedef struct OrchKubeStream
{
	OrchKubeTransfer *transfer; /* its request's */
	OrchKubeResponse line;		/* what all lines have in common */
	size_t	   *waiting;		/* bytes that were handed out and not taken */
	size_t		searched;		/* bytes of input that hold no line end */

	/* libcurl is done with it; complete lines may be left all the same */
	bool		ended;
	CURLcode	code;
} OrchKubeStream;

/*
 * Hands out the lines that came, as many as may wait, and lets more come.  True:
 * the request is at its end, because the stream is, or because it broke, which
 * orch_kube_transfer_error() tells.
 */
extern bool orch_kube_stream_read(OrchKubeStream *stream);

/* Has orch_kube_stream_read() something to do? */
extern bool orch_kube_stream_due(const OrchKubeStream *stream);

#endif							/* ORCH_KUBE_STREAM_H */
