/*
 * statement_snapshot.h
 *	  Waiting without holding back vacuum.
 */
#pragma once

#include "postgres.h"

#include "utils/portal.h"

extern Portal orch_snapshot_release(void);
extern void orch_snapshot_renew(Portal portal);
