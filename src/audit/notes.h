/*
 * notes.h
 *	  What happened and no transaction could keep: refused and failed operations,
 *	  and what was seen by a transaction that was rolled back.
 *
 * A bounded pool in shared memory, from which the worker writes operation_logs.
 */
#pragma once

#include "postgres.h"

#include "core/core.h"
#include "datatype/timestamp.h"

typedef struct OrchNote
{
	uint64		number;			/* in the order of their coming */
	TimestampTz started_at;
	double		duration_ms;
	int64		user_id;		/* 0: by the roles, when it is written */
	int64		namespace_id;
	int64		resource_id;	/* 0: none */
	Oid			role;
	Oid			session_role;
	int			sqlstate;		/* 0: none */
	char		status[12];
	char		operation[32];
	char		resource_type[40];
	char		resource_name[NAMEDATALEN];
	char		client_addr[64];
	char		application_name[NAMEDATALEN];
	char		request_id[ORCH_REQUEST_ID_MAX + 1];
	char		message[320];
} OrchNote;

/* pool.c: none of these throws */
extern void orch_notes_init(void);
extern bool orch_notes_available(void);
extern void orch_notes_put(OrchNote *note);
extern int	orch_notes_peek(OrchNote *notes, int count);
extern void orch_notes_remove(uint64 number);
extern void orch_notes_count(int64 *waiting, int64 *dropped);
extern void orch_notes_forget_dropped(int64 dropped);

/* note.c */
extern void orch_note_begin(OrchNote *note, const char *status, const char *operation, const char *resource_type);

/* capture.c */
extern void orch_capture_init(void);

/* record.c */
extern void orch_record_init(void);
