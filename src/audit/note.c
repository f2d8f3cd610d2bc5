/*
 * note.c
 *	  What a note says of whoever is at work.  Reads no catalog: it is written
 *	  while an error is being raised.
 */
#include "audit/notes.h"

#include "access/xact.h"
#include "audit/audit.h"
#include "audit/origin.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

/*
 * Starts a note of the present statement.
 */
void
orch_note_begin(OrchNote *note, const char *status, const char *operation, const char *resource_type)
{
	memset(note, 0, sizeof(*note));
	note->started_at = GetCurrentStatementStartTimestamp();
	note->duration_ms = (GetCurrentTimestamp() - note->started_at) / 1000.0;
	note->user_id = orch_find_user(false);
	note->role = GetOuterUserId();
	note->session_role = GetSessionUserId();
	strlcpy(note->source, "user", sizeof(note->source));
	strlcpy(note->status, status, sizeof(note->status));
	strlcpy(note->operation, operation, sizeof(note->operation));
	strlcpy(note->resource_type, resource_type, sizeof(note->resource_type));
	strlcpy(note->client_addr, orch_audit_client_address(), sizeof(note->client_addr));
	strlcpy(note->gateway_addr, orch_audit_gateway_address(), sizeof(note->gateway_addr));
	strlcpy(note->application_name, application_name ? application_name : "", sizeof(note->application_name));
	strlcpy(note->request_id, orch_request_id ? orch_request_id : "", sizeof(note->request_id));
}

/*
 * Something happened to the platform itself: a row by the worker's next turn, or
 * by that of the next worker.  message: why, or NULL.  Does not throw.
 */
void
orch_audit_event(const char *operation, const char *resource_type, int64 resource_id, const char *resource_name, const char *message)
{
	OrchNote	note;

	if (!orch_notes_available())
		return;
	orch_note_begin(&note, "succeeded", operation, resource_type);
	note.started_at = GetCurrentTimestamp();
	note.duration_ms = 0;
	note.resource_id = resource_id;
	strlcpy(note.source, "worker", sizeof(note.source));
	if (resource_name != NULL)
		strlcpy(note.resource_name, resource_name, sizeof(note.resource_name));
	if (message != NULL)
		strlcpy(note.message, message, sizeof(note.message));
	if (!orch_notes_put(&note, true))
		(void) orch_notes_put(&note, false);
}
