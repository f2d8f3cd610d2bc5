/*
 * harness.h
 *	  A faulty API server, a transport and a client for one test.
 *
 * Waiting is for an event with a limit far beyond what any machine needs; no
 * test asserts how long something took.
 */
#ifndef ORCH_UNIT_HARNESS_H
#define ORCH_UNIT_HARNESS_H

#include "kube/client.h"
#include "kube/watch.h"

#define LIMIT_MS 30000

typedef struct Stub
{
	pid_t		pid;
	int			stdin_fd;		/* closing it ends the server */
	int			stdout_fd;
	int			port;
} Stub;

/* One test: its world on a shared server. */
typedef struct Fixture
{
	OrchKubeTransport *transport;
	OrchKubeClient *client;
	OrchKubeConfig config;
	int			port;
	char		world[64];
} Fixture;

/* Starts test/stub/kube_stub.py with up to 6 arguments, NULL at the end. */
extern void stub_start(Stub *stub, const char *const *args);
extern void stub_stop(Stub *stub);

/* Starts test/stub/relay.py in front of a port; stub_stop() ends it. */
extern void relay_start(Stub *relay, int port);

/* Gives it an order; returns how many connections it has had. */
extern int	relay_order(Stub *relay, const char *order);

/*
 * Starts nghttpd (Debian: nghttp2-server), which has one file, /thing: Python's
 * library has no HTTP/2.  False where it is not installed.
 */
extern bool http2_start(Stub *server);
extern void http2_stop(Stub *server);

/* A file made by make-pki.sh, as path or as content (to be freed). */
extern const char *pki_path(const char *name);
extern char *pki_text(const char *name);

/* Puts http(s)://127.0.0.1:port/world into config; no client yet. */
extern void fixture_init(Fixture *f, int port, const char *scheme);
extern void fixture_client(Fixture *f, const OrchKubeClientOptions *options);
extern void fixture_free(Fixture *f);

/* Waits for something to happen, at most until *deadline (0: sets it). */
extern bool pump(Fixture *f, int64 *deadline);

extern void start_request(Fixture *f, const char *method, const char *path,
						  const char *body, int tag);
extern OrchKubeResponse *next_response(Fixture *f);

/* start_request() and next_response() of the fixture's only request. */
extern OrchKubeResponse *call(Fixture *f, const char *method,
							  const char *path, const char *body);

/* A call to the control part of the stub that must succeed. */
extern void order(Fixture *f, const char *what, const char *json);
extern void order_fault(Fixture *f, const char *json);

/* Number of logged requests whose line contains both (NULL: any). */
extern int	count_log(Fixture *f, const char *part, const char *other);
extern char *get_log(Fixture *f);

/* Makes config map name in namespace a, labelled app=x. */
extern void make_config_map(Fixture *f, const char *name, const char *value);
extern void delete_config_map(Fixture *f, const char *name);

#define CONFIG_MAPS "/api/v1/configmaps"

#endif							/* ORCH_UNIT_HARNESS_H */
