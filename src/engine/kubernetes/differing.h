/*
 * differing.h
 *	  What came back from an apply otherwise than it was sent.
 */
#pragma once

#include "postgres.h"

#include "utils/jsonb.h"

/* As differing_values(); NULL: nothing. */
extern Jsonb *orch_differing(Jsonb *sent, Jsonb *returned);
