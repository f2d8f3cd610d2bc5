/*
 * instance.h
 *	  What every engine does with the instances that it tells (seen.h).
 */
#pragma once

#include "engine/json.h"
#include "engine/seen.h"

/* of everything but the version and the digest itself */
extern OrchDigest orch_instance_digest(const OrchSeenInstance *instance);

/* NULL for what is no address */
extern const char *orch_instance_address(OrchText text);

/* its members, for SQL functions that show what an engine tells */
extern void orch_instance_put(StringInfo out, const OrchSeenInstance *instance);
