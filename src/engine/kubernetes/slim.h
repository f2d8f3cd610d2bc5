/*
 * slim.h
 *	  Leaves out of an object's text what nobody reads, before it is parsed.
 */
#pragma once

#include "postgres.h"

/*
 * A copy in the current context that gives the same facts, digests and names; NULL
 * for what is no object that is known well enough.
 */
extern char *orch_kube_slim(const char *kind, const char *json, size_t length);

/* Behind the value that starts here, or end.  The text need not be well formed. */
extern const char *orch_json_skip(const char *at, const char *end);
