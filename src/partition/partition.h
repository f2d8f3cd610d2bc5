/*
 * partition.h
 *	  The months of the log tables.
 *
 * Whoever writes log rows calls orch_ensure_month() first; the rest is between
 * the files of this room.
 */
#pragma once

#include "postgres.h"

#include "datatype/timestamp.h"
#include "partition/month.h"
#include "utils/relcache.h"

/* ensure.c */
extern void orch_ensure_month(const char *table, TimestampTz when);
extern bool orch_is_log_table(Relation rel);
extern Relation orch_open_ours(Oid relation);
extern bool orch_log_month_exists(Oid parent, OrchMonth month);

/* process.c: a process of its own for what one's own transaction cannot do */
typedef enum OrchPartitionProcess
{
	ORCH_PARTITION_NOT_STARTED,
	ORCH_PARTITION_UNDER_WAY,	/* when the time to wait was over */
	ORCH_PARTITION_ENDED		/* well or not: look at what is there */
} OrchPartitionProcess;

extern OrchPartitionProcess orch_partition_make_month(Oid parent, Oid owner, TimestampTz when);
extern OrchPartitionProcess orch_partition_rotate(Oid owner, long timeout_ms);
extern PGDLLEXPORT void orch_partition_main(Datum arg);

/* rotation.c: within that process */
extern bool orch_rotation_lock(void);
extern void orch_rotation_run(void);

/* advisory locks of SQL have class 1 and 2: nobody can take these from there */
#define ORCH_PARTITION_LOCK_CLASS 0x4f52
