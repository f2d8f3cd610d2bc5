/*-------------------------------------------------------------------------
 *
 * transport_internal.h
 *	  What stands on the transport: sets of connections, drivers, exchanges.
 *
 *	  Private to src/kube.  The transport knows nobody above it: it drives whoever
 *	  has registered, ends exchanges by the function that they name, and keeps
 *	  what is to be taken without looking into it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_TRANSPORT_INTERNAL_H
#define ORCH_KUBE_TRANSPORT_INTERNAL_H

#include <curl/curl.h>

#include "kube/transport.h"
#include "lib/ilist.h"

#if LIBCURL_VERSION_NUM < 0x075500
#error "libcurl 7.85 or newer is needed"
#endif

/* Whoever has something to do in perform(); removed before destroy returns. */
typedef struct OrchKubeDriver OrchKubeDriver;
struct OrchKubeDriver
{
	dlist_node	node;			/* in transport->drivers */
	void		(*drive) (OrchKubeDriver *driver, int64 now);
	int64		(*due) (OrchKubeDriver *driver, int64 now); /* -1 never */
	void		(*destroy) (OrchKubeDriver *driver);
};

/* What libcurl is told as CURLOPT_PRIVATE of each of its handles. */
typedef struct OrchKubeExchange OrchKubeExchange;
struct OrchKubeExchange
{
	void		(*done) (OrchKubeExchange *exchange, CURLcode code);
};

/* Connections that exchanges may share: a multi handle with its own pool. */
typedef struct OrchKubeSet
{
	OrchKubeTransport *transport;
	uint32		slot;			/* in transport->sets */
	CURLM	   *multi;
	bool		multiplex;		/* HTTP/2; else one exchange per connection */
	int64		deadline;		/* libcurl's timer; -1 none */
	int			users;			/* exchanges that run */
	dlist_node	node;			/* its owner's */
} OrchKubeSet;

struct OrchKubeTransport
{
	int			epoll_fd;
	OrchKubeSet **sets;			/* by slot, NULL: free */
	uint32		set_count;		/* slots */
	OrchKubeSet *streams;		/* of all watches, HTTP/1.1 */
	dlist_head	drivers;
	dlist_head	responses;		/* to be taken; of whoever puts them there */
	dlist_head	outputs;
};

/* NULL: libcurl or memory refuses. */
extern OrchKubeSet *orch_kube_set_create(OrchKubeTransport *transport,
										 bool multiplex);

/* Closes its connections.  Not from done(): libcurl is still at work then. */
extern void orch_kube_set_destroy(OrchKubeSet *set);

#endif							/* ORCH_KUBE_TRANSPORT_INTERNAL_H */
