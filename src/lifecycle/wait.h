/*
 * wait.h
 *	  Waiting without holding back vacuum, and being woken.
 */
#pragma once

#include "postgres.h"

#include "utils/portal.h"

/* statement_snapshot.c */
extern Portal orch_snapshot_release(void);
extern void orch_snapshot_renew(Portal portal);

/* wait.c */
extern void orch_wake_waiters_at_commit(void);
