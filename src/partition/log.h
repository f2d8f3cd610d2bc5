/*
 * log.h
 *	  Rows for the log tables, without SQL: for the triggers that write history
 *	  and the audit trail.
 *
 * An INSERT by SPI costs more than the row itself when one row changes, and an
 * unnest of arrays half as much again when a hundred thousand do.
 */
#pragma once

#include "postgres.h"

#include "access/attnum.h"
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/relcache.h"
#include "utils/timestamp.h"

/* a log table and the columns that its writer fills, "id" not among them; static */
typedef struct OrchLogTable
{
	const char *name;
	const char *const *columns;
	int			count;

	/* where they are, as long as nobody alters the table; log.c's own */
	bool		watched;
	bool		known;
	Oid			parent;
	Oid			sequence;
	Oid			leaf;			/* with the rows from ... until */
	TimestampTz from;
	TimestampTz until;
	AttrNumber *positions;
	AttrNumber	id_position;
	bool		special;		/* has triggers, columns or functions of its users */
} OrchLogTable;

typedef struct OrchLog
{
	OrchLogTable *table;
	Relation	parent;
	Relation	leaf;
	EState	   *estate;
	ResultRelInfo *result;
	MemoryContext context;		/* of the values; reset when rows are written */
	Oid			user;
	int			security;
	bool		special;		/* as of the table when it was opened */
	bool		outlives;		/* its rows stay when the transaction does not */
	bool		at_once;		/* and are on disk when the log is closed */
	int			nest_level;		/* of our search_path, if special */
	int			count;			/* rows that wait */
	int			slots_made;
	TupleTableSlot **slots;
	Datum	   *values;			/* of the row that is being made, in the order of table->columns */
	bool	   *nulls;
} OrchLog;

extern void orch_log_open(OrchLog *log, OrchLogTable *table, TimestampTz at);
extern bool orch_log_outlive(OrchLog *log, bool at_once);
extern void orch_log_begin_row(OrchLog *log);
extern void orch_log_set(OrchLog *log, int column, Datum value);
extern void orch_log_set_text(OrchLog *log, int column, const char *value);
extern void orch_log_end_row(OrchLog *log);
extern void orch_log_close(OrchLog *log);
