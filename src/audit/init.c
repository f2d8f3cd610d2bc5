/*
 * init.c
 *	  What is hooked in when the library is loaded.
 */
#include "postgres.h"

#include "audit/audit.h"
#include "audit/notes.h"

void
orch_audit_init(void)
{
	orch_record_init();
}

void
orch_audit_preload(void)
{
	orch_notes_init();
	orch_capture_init();
}
