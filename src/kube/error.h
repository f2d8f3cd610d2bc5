/*-------------------------------------------------------------------------
 *
 * error.h
 *	  What can go wrong with a request, from its maker's point of view.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_ERROR_H
#define ORCH_KUBE_ERROR_H

typedef enum OrchKubeError
{
	ORCH_KUBE_ERROR_NONE,		/* there is an HTTP status, whatever it says */
	ORCH_KUBE_ERROR_CONNECT,	/* never reached the server: nothing happened */
	ORCH_KUBE_ERROR_TLS,		/* certificate refused, by either side */
	ORCH_KUBE_ERROR_TIMEOUT,	/* sent maybe: the server may have acted */
	ORCH_KUBE_ERROR_LOST,		/* broken off: the server may have acted, also
								 * twice, unless the method was POST */
	ORCH_KUBE_ERROR_TOO_LARGE,	/* answer larger than max_response_bytes: the
								 * server has acted */
	ORCH_KUBE_ERROR_INTERNAL	/* memory, credentials file, libcurl's misuse */
} OrchKubeError;

#endif							/* ORCH_KUBE_ERROR_H */
