/*-------------------------------------------------------------------------
 *
 * status.h
 *	  What the body of an answer says went wrong.
 *
 *	  Private to src/kube.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_STATUS_H
#define ORCH_KUBE_STATUS_H

#include "kube/transfer.h"

/* What a Status object or an error page says; strings are malloc'ed. */
typedef struct OrchKubeStatus
{
	bool		is_json;
	char	   *reason;
	char	   *message;
	bool		future_version; /* "too large resource version" */
	long		retry_after_s;	/* -1 none */
} OrchKubeStatus;

/*
 * Makes a body what is handed out: bytes, text, or JSON if it is that.  False
 * when memory is short.
 */
extern bool orch_kube_body_clean(const OrchKubeTransfer *transfer,
								 OrchKubeBuffer *body, bool *is_json);

/*
 * Cleans transfer->input, checks that it is JSON, and for HTTP errors takes
 * reason, message and retry time out of it.  False when memory is short.
 */
extern bool orch_kube_status_read(OrchKubeStatus *status,
								  OrchKubeTransfer *transfer);
extern void orch_kube_status_free(OrchKubeStatus *status);

/*
 * For how long the server wants to be left alone: by the Retry-After header
 * (seconds or date), else by the Status; -1 none.  Never longer than the caller
 * can afford: whatever stands in a server's or a proxy's answer, nobody is to
 * stand still by it until somebody comes and looks.
 */
extern long orch_kube_retry_after_ms(OrchKubeTransfer *transfer,
									 const OrchKubeStatus *status,
									 long cap_ms);

#endif							/* ORCH_KUBE_STATUS_H */
