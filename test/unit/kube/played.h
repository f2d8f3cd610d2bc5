/*
 * played.h
 *	  A server behind a Unix socket that the test plays itself: it takes the request
 *	  off the socket and says what it wants, when it wants.
 */
#ifndef ORCH_UNIT_PLAYED_H
#define ORCH_UNIT_PLAYED_H

#include "harness.h"

extern char played_path[];		/* of the socket, from played_make_folder() on */
extern int	played_listener;
extern int	played_peer;		/* the connection that was taken last, or -1 */
extern char played_asked[];		/* the request that was taken last */

/* Around all tests of a file */
extern int	played_make_folder(void **state);
extern int	played_remove_folder(void **state);

/* Around each: a fixture for http://engine over the socket, without a client. */
extern int	played_setup(void **state);
extern int	played_teardown(void **state);

/* Waits until there is something to read. */
extern void pump_until_readable(Fixture *f, int fd);

/* Makes a request, its arg the fixture, and takes it off the socket. */
extern void ask(Fixture *f, OrchKubeRequestSpec spec);

/* Takes a request without a body, over the connection that is there or a new one. */
extern void take_request(Fixture *f);

extern void say_bytes(const char *bytes, size_t length);
extern void say(const char *text);
extern void say_answer(int status, const char *body, size_t length);
extern void hang_up(void);

/* Like next_response(), of bytes, too. */
extern OrchKubeResponse *next(Fixture *f);

#endif							/* ORCH_UNIT_PLAYED_H */
