/*-------------------------------------------------------------------------
 *
 * credentials.h
 *	  What a client shows to the server and what it trusts, kept fresh.
 *
 * Private to src/kube.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_CREDENTIALS_H
#define ORCH_KUBE_CREDENTIALS_H

#include "kube/kubeconfig.h"

typedef struct OrchKubeCredentials
{
	const OrchKubeConfig *config;
	int			refresh_ms;
	int64		checked_at;		/* monotonic ms; files are looked at after
								 * refresh_ms */
	/* In force now: from the configuration or from its files */
	char	   *token;
	char	   *ca_pem;
	char	   *client_cert_pem;
	char	   *client_key_pem;
	/* Counts changes of what a connection was made with: not the token */
	unsigned int tls_generation;
	unsigned int token_generation;
} OrchKubeCredentials;

/* Reads everything once. False: a file that is needed cannot be read. */
extern bool orch_kube_credentials_init(OrchKubeCredentials *credentials,
									   const OrchKubeConfig *config,
									   int refresh_ms, int64 now,
									   char *error, size_t error_size);

/*
 * Reads the files again when that is due.  A file that cannot be read leaves
 * the old content in force: it may be in the middle of being replaced.
 */
extern void orch_kube_credentials_refresh(OrchKubeCredentials *credentials,
										  int64 now);

/*
 * Reads the files again now, because the server answered 401 to a request
 * made with token_generation.  True when there is another token to try.
 */
extern bool orch_kube_credentials_reject(OrchKubeCredentials *credentials,
										 unsigned int token_generation,
										 int64 now);

/* When orch_kube_credentials_refresh() is due, or -1 for never. */
extern int64 orch_kube_credentials_due(const OrchKubeCredentials *credentials);

extern void orch_kube_credentials_free(OrchKubeCredentials *credentials);

#endif							/* ORCH_KUBE_CREDENTIALS_H */
