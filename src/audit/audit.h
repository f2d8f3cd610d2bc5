/*
 * audit.h
 *	  What other rooms call: the entry point, and the worker.
 */
#pragma once

/* init.c: called from _PG_init, the second only while the postmaster preloads */
extern void orch_audit_init(void);
extern void orch_audit_preload(void);

/* take.c */
extern long orch_audit_due_ms(void);

/* note.c */
extern void orch_audit_event(const char *operation, const char *resource_type, int64 resource_id, const char *resource_name, const char *message);
