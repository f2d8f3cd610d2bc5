/*-------------------------------------------------------------------------
 *
 * transport.c
 *	  libcurl's multi interface behind one epoll descriptor.
 *
 * libcurl says which sockets it waits for; they are put into an epoll set,
 * whose descriptor can in turn be waited for in a WaitEventSet.  That way the
 * worker sleeps in one place for its latch, postmaster death and all sockets,
 * and no interrupt has to wait for a request.
 *
 * Callbacks of libcurl only store.  Everything else happens in perform(),
 * after libcurl has returned.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "kube/clock.h"
#include "kube/text.h"
#include "kube/transport_internal.h"

/* Descriptors handled per call of epoll_wait. */
#define EVENTS_PER_TURN 64

/*
 * Turns per perform(), so that a busy stream cannot keep the worker from its
 * latch; what is left makes the descriptor readable again at once.
 */
#define TURNS_PER_PERFORM 8

/* CURLMOPT_SOCKETFUNCTION.  -1 makes libcurl fail its transfers. */
static int
watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	OrchKubeSet *set = arg;
	struct epoll_event event = {0};
	int			epoll_fd = set->transport->epoll_fd;

	(void) easy;
	(void) known;
	if (what == CURL_POLL_REMOVE)
	{
		/* the socket may be closed already, which removes it as well */
		(void) epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, &event);
		return 0;
	}
	event.events = (what & CURL_POLL_IN ? EPOLLIN : 0) |
		(what & CURL_POLL_OUT ? EPOLLOUT : 0);
	event.data.u64 = ((uint64) set->slot << 32) | (uint32) fd;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	if (errno == EEXIST && epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, &event) == 0)
		return 0;
	return -1;
}

/* CURLMOPT_TIMERFUNCTION */
static int
set_timer(CURLM *multi, long timeout_ms, void *arg)
{
	OrchKubeSet *set = arg;

	(void) multi;
	set->deadline = timeout_ms < 0 ? -1 : orch_kube_now() + timeout_ms;
	return 0;
}

static bool
set_up(OrchKubeSet *set)
{
	CURLM	   *multi = set->multi = curl_multi_init();

	return multi != NULL &&
		curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_socket) == CURLM_OK &&
		curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, set) == CURLM_OK &&
		curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer) == CURLM_OK &&
		curl_multi_setopt(multi, CURLMOPT_TIMERDATA, set) == CURLM_OK &&
		curl_multi_setopt(multi, CURLMOPT_PIPELINING,
						  set->multiplex ? CURLPIPE_MULTIPLEX :
						  CURLPIPE_NOTHING) == CURLM_OK;
}

/* A slot that is free.  False: out of memory. */
static bool
find_slot(OrchKubeTransport *transport, uint32 *slot)
{
	OrchKubeSet **grown;

	for (*slot = 0; *slot < transport->set_count; (*slot)++)
	{
		if (transport->sets[*slot] == NULL)
			return true;
	}
	grown = realloc(transport->sets, (*slot + 1) * sizeof(*grown));
	if (grown == NULL)
		return false;
	grown[*slot] = NULL;
	transport->sets = grown;
	transport->set_count++;
	return true;
}

OrchKubeSet *
orch_kube_set_create(OrchKubeTransport *transport, bool multiplex)
{
	OrchKubeSet *set = calloc(1, sizeof(*set));

	if (set == NULL || !find_slot(transport, &set->slot))
	{
		free(set);
		return NULL;
	}
	transport->sets[set->slot] = set;
	set->transport = transport;
	set->multiplex = multiplex;
	set->deadline = -1;
	if (set_up(set))
		return set;
	orch_kube_set_destroy(set);
	return NULL;
}

void
orch_kube_set_destroy(OrchKubeSet *set)
{
	if (set == NULL)
		return;
	curl_multi_cleanup(set->multi);
	set->transport->sets[set->slot] = NULL;
	free(set);
}

OrchKubeTransport *
orch_kube_transport_create(char *error, size_t error_size)
{
	OrchKubeTransport *transport;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
	{
		orch_kube_fail(error, error_size, "libcurl cannot be initialized");
		return NULL;
	}
	transport = calloc(1, sizeof(*transport));
	if (transport == NULL)
	{
		orch_kube_fail(error, error_size, "out of memory");
		curl_global_cleanup();
		return NULL;
	}
	dlist_init(&transport->drivers);
	dlist_init(&transport->responses);
	dlist_init(&transport->outputs);
	transport->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	transport->streams = orch_kube_set_create(transport, false);
	if (transport->streams != NULL && transport->epoll_fd >= 0)
		return transport;
	orch_kube_fail(error, error_size,
				   "libcurl or epoll cannot be initialized: %s", strerror(errno));
	orch_kube_transport_destroy(transport);
	return NULL;
}

void
orch_kube_transport_destroy(OrchKubeTransport *transport)
{
	if (transport == NULL)
		return;
	while (!dlist_is_empty(&transport->drivers))
	{
		OrchKubeDriver *driver = dlist_head_element(OrchKubeDriver, node,
													&transport->drivers);

		driver->destroy(driver);
	}
	orch_kube_set_destroy(transport->streams);
	free(transport->sets);
	if (transport->epoll_fd >= 0)
		close(transport->epoll_fd);
	free(transport);
	curl_global_cleanup();
}

int
orch_kube_transport_fd(const OrchKubeTransport *transport)
{
	return transport->epoll_fd;
}

/* The earlier of two times, where -1 is never. */
static int64
earlier(int64 a, int64 b)
{
	if (a < 0 || b < 0)
		return Max(a, b);
	return Min(a, b);
}

static bool
has_news(const OrchKubeTransport *transport)
{
	return !dlist_is_empty(&unconstify(OrchKubeTransport *, transport)->responses) ||
		!dlist_is_empty(&unconstify(OrchKubeTransport *, transport)->outputs);
}

long
orch_kube_transport_timeout_ms(const OrchKubeTransport *transport)
{
	int64		now = orch_kube_now();
	int64		due = has_news(transport) ? now : -1;
	dlist_iter	iter;

	for (uint32 i = 0; i < transport->set_count; i++)
	{
		if (transport->sets[i] != NULL)
			due = earlier(due, transport->sets[i]->deadline);
	}
	dlist_foreach(iter, &unconstify(OrchKubeTransport *, transport)->drivers)
	{
		OrchKubeDriver *driver = dlist_container(OrchKubeDriver, node, iter.cur);

		due = earlier(due, driver->due(driver, now));
	}
	return due < 0 ? -1 : (long) Max(due - now, 0);
}

/* Hands ready sockets to libcurl.  False: nothing was ready. */
static bool
perform_sockets(OrchKubeTransport *transport)
{
	struct epoll_event events[EVENTS_PER_TURN];
	int			count = epoll_wait(transport->epoll_fd, events, EVENTS_PER_TURN, 0);
	int			running;

	for (int i = 0; i < count; i++)
	{
		OrchKubeSet *set = transport->sets[events[i].data.u64 >> 32];
		int			mask = 0;

		mask |= events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0;
		mask |= events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0;
		mask |= events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0;
		curl_multi_socket_action(set->multi,
								 (curl_socket_t) (uint32) events[i].data.u64,
								 mask, &running);
	}
	return count > 0;
}

/* A stream whose time has come reads on: only if asked to.  False: nothing was due. */
static bool
perform_timers(OrchKubeTransport *transport, bool reads)
{
	bool		progress = false;
	int			running;

	for (uint32 i = 0; i < transport->set_count; i++)
	{
		OrchKubeSet *set = transport->sets[i];

		if (set == NULL || set->deadline < 0 || set->deadline > orch_kube_now())
			continue;
		if (set == transport->streams && !reads)
			continue;
		/* libcurl sets it again if it wants more */
		set->deadline = -1;
		curl_multi_socket_action(set->multi, CURL_SOCKET_TIMEOUT, 0, &running);
		progress = true;
	}
	return progress;
}

/* Ends the exchanges that libcurl is done with. */
static bool
finish_exchanges(OrchKubeSet *set)
{
	bool		progress = false;
	CURLMsg    *message;
	int			left;

	while ((message = curl_multi_info_read(set->multi, &left)))
	{
		OrchKubeExchange *exchange = NULL;
		CURLcode	code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
		exchange->done(exchange, code);
		progress = true;
	}
	return progress;
}

static bool
finish_all(OrchKubeTransport *transport)
{
	bool		progress = false;

	for (uint32 i = 0; i < transport->set_count; i++)
	{
		if (transport->sets[i] != NULL)
			progress |= finish_exchanges(transport->sets[i]);
	}
	return progress;
}

static void
drive_all(OrchKubeTransport *transport)
{
	int64		now = orch_kube_now();
	dlist_iter	iter;

	dlist_foreach(iter, &transport->drivers)
	{
		OrchKubeDriver *driver = dlist_container(OrchKubeDriver, node, iter.cur);

		driver->drive(driver, now);
	}
}

/* Gives libcurl the time and, if asked to, what the sockets have.  False: there was nothing to do. */
static bool
perform_once(OrchKubeTransport *transport, bool reads)
{
	sigset_t	all;
	sigset_t	before;
	bool		progress;

	drive_all(transport);

	/* threads that libcurl makes inherit this mask */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	progress = reads && perform_sockets(transport);
	progress |= perform_timers(transport, reads);
	pthread_sigmask(SIG_SETMASK, &before, NULL);

	return finish_all(transport) || progress;
}

static void
perform_until_quiet(OrchKubeTransport *transport, bool reads)
{
	for (int turn = 0; turn < TURNS_PER_PERFORM; turn++)
	{
		if (!perform_once(transport, reads))
			break;
	}
}

void
orch_kube_transport_send(OrchKubeTransport *transport)
{
	perform_until_quiet(transport, false);
}

bool
orch_kube_transport_perform(OrchKubeTransport *transport)
{
	perform_until_quiet(transport, true);
	drive_all(transport);
	return has_news(transport);
}
