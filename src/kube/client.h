/*-------------------------------------------------------------------------
 *
 * client.h
 *	  Requests to one API server.
 *
 * A client is one cluster: address, trust, credentials, a queue of requests
 * and the number of them in flight.  Two clients of the same cluster share
 * nothing but the thread that drives them: neither connections nor queue nor
 * pause of the one make the other wait.  Only the worker that owns the
 * transport may call this.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_CLIENT_H
#define ORCH_KUBE_CLIENT_H

#include "kube/kubeconfig.h"
#include "kube/request.h"
#include "kube/response.h"
#include "kube/transport.h"

typedef struct OrchKubeClient OrchKubeClient;

/* Every field may be 0 or NULL for its default. */
typedef struct OrchKubeClientOptions
{
	int			max_in_flight;	/* 64; the rest waits in the queue */
	int			connect_timeout_ms; /* 10 s, name resolution and TLS included */
	int			request_timeout_ms; /* 30 s, for specs that say 0 */
	size_t		max_response_bytes; /* 4 MiB, for specs that say 0 */
	int			token_refresh_ms;	/* 60 s */
	int			max_pause_ms;	/* 60 s, however long a 429 asks for */
	const char *user_agent;		/* "orchestration" */
	const char *source_address; /* local address to connect from */
	bool		allow_plain;	/* http to other machines, see kubeconfig.h; a
								 * Unix socket needs no leave */
	int			connection_life_ms; /* 10 minutes, more or less; then a new one */
} OrchKubeClientOptions;

/*
 * Makes a client; config and options are copied.  NULL and an error text when
 * the configuration is refused, a file that it names cannot be read, or memory
 * is short.  Opens no connection.
 */
extern OrchKubeClient *orch_kube_client_create(OrchKubeTransport *transport,
											   const OrchKubeConfig *config,
											   const OrchKubeClientOptions *options,
											   char *error, size_t error_size);

/*
 * Destroys the client, its watches and its requests.  Responses of it that
 * were not taken yet are dropped.
 */
extern void orch_kube_client_destroy(OrchKubeClient *client);

/*
 * Queues a request and returns at once; it is sent by perform().  False only
 * when memory is short, or the spec has no method, no path or a header of more
 * than one line.  The queue has no limit of its own: the caller bounds it by
 * orch_kube_client_pending().
 */
extern bool orch_kube_request_start(OrchKubeClient *client,
									const OrchKubeRequestSpec *spec);

/* Requests queued and in flight (not those finished and not taken yet). */
extern int	orch_kube_client_pending(const OrchKubeClient *client);

/* Requests on the wire now. */
extern int	orch_kube_client_in_flight(const OrchKubeClient *client);

/*
 * After a 429 the whole client sends nothing new for Retry-After (1 s when the
 * server named no time, never more than max_pause_ms): milliseconds left, or 0.
 */
extern long orch_kube_client_paused_ms(const OrchKubeClient *client);

/* Drops the requests, at most one, that have this arg, as cancel_all does. */
extern void orch_kube_client_cancel(OrchKubeClient *client, const void *arg);

/* Drops every queued, flying and finished request; they give no response. */
extern void orch_kube_client_cancel_all(OrchKubeClient *client);

/* The transport that the client was made for. */
extern OrchKubeTransport *orch_kube_client_transport(const OrchKubeClient *client);

#endif							/* ORCH_KUBE_CLIENT_H */
