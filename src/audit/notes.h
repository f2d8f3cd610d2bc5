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
	char		source[8];
	char		status[12];
	char		operation[32];
	char		resource_type[40];
	char		resource_name[NAMEDATALEN];
	char		client_addr[ORCH_CLIENT_ADDR_MAX + 1];
	char		gateway_addr[ORCH_CLIENT_ADDR_MAX + 1];
	char		application_name[NAMEDATALEN];
	char		request_id[ORCH_REQUEST_ID_MAX + 1];
	char		message[320];
} OrchNote;

/* more of the same than there was room for, added up */
typedef struct OrchNoteSum
{
	int64		count;
	TimestampTz first_at;
	TimestampTz last_at;
	int64		user_id;		/* as in a note */
	Oid			role;
	Oid			session_role;
	int			sqlstate;
	char		status[12];
	char		operation[32];
} OrchNoteSum;

#define ORCH_NOTES_TAKEN_MAX 1024
#define ORCH_NOTE_SUMS_MAX 512

/* pool.c: none of these throws */
extern void orch_notes_init(void);
extern bool orch_notes_available(void);
extern bool orch_notes_put(OrchNote *note, bool must);
extern int	orch_notes_claim(OrchNote *notes, int count, OrchNoteSum *sums, int *sum_count);
extern void orch_notes_settle(bool written);
extern long orch_notes_due_ms(void);
extern void orch_notes_count(int64 *waiting, int64 *summed);

/* pool_file.c */
extern bool orch_notes_save(const char *path, const void *memory, Size size);
extern bool orch_notes_load(const char *path, void *memory, Size size);

/* note.c */
extern void orch_note_begin(OrchNote *note, const char *status, const char *operation, const char *resource_type);

/* capture.c */
extern void orch_capture_init(void);
extern void orch_capture_wrote(void);

/* record.c */
extern void orch_record_init(void);
