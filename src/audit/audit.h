/*
 * audit.h
 *	  What other rooms call: the entry point, and the worker.
 */
#pragma once

/* init.c: called from _PG_init, the second only while the postmaster preloads */
extern void orch_audit_init(void);
extern void orch_audit_preload(void);

/* take.c */
extern bool orch_audit_waiting(void);
extern void orch_audit_taken(void);
