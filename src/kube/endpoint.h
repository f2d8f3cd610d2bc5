/*-------------------------------------------------------------------------
 *
 * endpoint.h
 *	  One API server: where it is, how to log in, and what is known of it.
 *
 *	  Private to src/kube.  Shared by the requests and the watches of a client.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_ENDPOINT_H
#define ORCH_KUBE_ENDPOINT_H

#include "kube/credentials.h"
#include "kube/kubeconfig.h"

typedef struct OrchKubeEndpoint
{
	OrchKubeConfig config;
	OrchKubeCredentials credentials;
	char	   *user_agent;
	int			connect_timeout_ms;

	/* Made once from config */
	char	   *base_url;		/* with the name to verify as host */
	char	   *connect_to;		/* CURLOPT_CONNECT_TO entry, or NULL */
	char	   *host_header;	/* where base_url names another host, or NULL */
	char	   *interface;		/* CURLOPT_INTERFACE, or NULL */
	bool		loopback;		/* proxies of the environment do not apply */

	/* Found out */
	int64		contact_at;		/* last answer that was not a server's error */
	bool		no_watchlist;	/* it does not know WatchList */
} OrchKubeEndpoint;

/*
 * Checks and copies config, and reads its files.  On false, error says why,
 * and what was made so far is to be freed.
 */
extern bool orch_kube_endpoint_init(OrchKubeEndpoint *endpoint,
									const OrchKubeConfig *config,
									const char *user_agent,
									const char *source_address,
									int token_refresh_ms,
									char *error, size_t error_size);
extern void orch_kube_endpoint_free(OrchKubeEndpoint *endpoint);

/* It has answered with this HTTP status. */
extern void orch_kube_endpoint_note_contact(OrchKubeEndpoint *endpoint,
											long status);

#endif							/* ORCH_KUBE_ENDPOINT_H */
