/*
 * expand.h
 *	  $(NAME) in a text, as Kubernetes replaces it.  Pure C: no server.
 */
#pragma once

#ifdef FRONTEND
#include "postgres_fe.h"
#else
#include "postgres.h"
#endif

/* the value of a variable; NULL: there is none of this name */
typedef const char *(*OrchDockerValueOf) (void *arg, const char *name, size_t length);

/*
 * Writes text with each $(NAME) replaced and each $$ as one $; what has no value stays
 * as it is, and a value is not expanded again.  Returns how long the whole is, as
 * snprintf() does.
 */
extern size_t orch_docker_expand(const char *text, size_t length, OrchDockerValueOf value_of, void *arg, char *out, size_t size);
