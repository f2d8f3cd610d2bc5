/*
 * logs.h
 *	  Logs of pods, from the worker to the session that asked for them.
 *
 * A session opens no connection, and what it asks for cannot travel by a row,
 * as its transaction is open.  So it makes a segment of dynamic shared memory
 * with its request and a queue, names the segment in a table of few places, and
 * reads the queue.  Whoever ends first detaches, and the other one sees it.
 */
#pragma once

#include "postgres.h"

#include "storage/dsm.h"
#include "storage/shm_mq.h"

/* sessions that read at the same time, in all databases; others wait */
#define ORCH_LOG_READERS 16

/* The start of a segment; the queue follows. */
typedef struct OrchLogRequest
{
	int64		cluster_id;
	int64		since_seconds;	/* 0: from the beginning */
	int64		tail;			/* lines; -1: all */
	int			limit_bytes;
	bool		previous;
	char		cluster_namespace[64];
	char		pod[256];
	char		container[64];
} OrchLogRequest;

typedef enum OrchLogOutcome
{
	ORCH_LOG_ANSWERED,			/* there is an HTTP status */
	ORCH_LOG_NO_CLUSTER,		/* the worker has not opened the cluster */
	ORCH_LOG_UNREACHABLE		/* the cluster did not answer */
} OrchLogOutcome;

/* The start of the one message in the queue; the log, or what went wrong, follows. */
typedef struct OrchLogAnswer
{
	OrchLogOutcome outcome;
	int			http_status;
} OrchLogAnswer;

/* places.c: for both sides */
extern void orch_logs_init(void);
extern bool orch_log_take_request(dsm_handle *segment);
extern bool orch_log_is_awaited(dsm_handle segment);
extern void orch_log_place_request(dsm_segment *segment);
extern OrchLogRequest *orch_log_request(dsm_segment *segment);
extern shm_mq *orch_log_queue(dsm_segment *segment);

/* reader.c: for sessions */
extern char *orch_log_read(const OrchLogRequest *request, OrchLogAnswer *answer, Size *length);
