/*
 * wait.h
 *	  Being woken.
 */
#pragma once

#include "postgres.h"

/* wait.c */
extern void orch_wake_waiters_at_commit(void);
