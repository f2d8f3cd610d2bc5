/*-------------------------------------------------------------------------
 *
 * transport.h
 *	  All network traffic of one worker: libcurl's multi interface behind
 *	  one descriptor that can be waited for together with the latch.
 *
 * One transport per process, made after fork.  The requests of each client have
 * connections of their own (HTTP/2, multiplexed), and each watch has one
 * (HTTP/1.1).  Nothing here blocks, throws or logs.
 *
 *	  set = CreateWaitEventSet(...);	latch, postmaster death, and
 *	  AddWaitEventToSet(set, WL_SOCKET_READABLE,
 *						orch_kube_transport_fd(transport), ...);
 *	  for (;;)
 *	  {
 *		  WaitEventSetWait(set, orch_kube_transport_timeout_ms(transport), ...);
 *		  orch_kube_transport_perform(transport);
 *		  while ((response = orch_kube_transport_next(transport)) != NULL)
 *			  ...						and orch_kube_response_free()
 *		  while (orch_kube_watch_next(transport, &output))
 *			  ...						and orch_kube_watch_output_clear()
 *	  }
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_TRANSPORT_H
#define ORCH_KUBE_TRANSPORT_H

typedef struct OrchKubeTransport OrchKubeTransport;

/* NULL and an error text when libcurl or the kernel refuses. */
extern OrchKubeTransport *orch_kube_transport_create(char *error,
													 size_t error_size);

/*
 * Closes every connection and destroys all clients and watches that are still
 * there; responses and outputs already taken stay the caller's.
 */
extern void orch_kube_transport_destroy(OrchKubeTransport *transport);

/*
 * The epoll descriptor, readable when perform() has something to do. It stays
 * the same for the life of the transport, and is close-on-exec.
 */
extern int	orch_kube_transport_fd(const OrchKubeTransport *transport);

/*
 * Milliseconds until perform() must be called even if the descriptor stays
 * quiet: 0 now, -1 no timer.  Ask again after every perform(), request_start()
 * and watch_create().
 */
extern long orch_kube_transport_timeout_ms(const OrchKubeTransport *transport);

/*
 * Moves everything forward without waiting: sockets, timers, queued requests,
 * watches.  Returns true when responses or watch outputs are there to be
 * taken.  Signals are blocked inside, so that libcurl's resolver threads
 * never run a handler of the server.
 */
extern bool orch_kube_transport_perform(OrchKubeTransport *transport);

/*
 * Puts requests on their way, and takes nothing in of watches: what nobody takes
 * meanwhile would pile up.
 */
extern void orch_kube_transport_send(OrchKubeTransport *transport);

#endif							/* ORCH_KUBE_TRANSPORT_H */
