/*
 * call.h
 *	  The worker's way into the database: one SQL function, one short
 *	  transaction, and an error that stays inside.
 */
#pragma once

#include "postgres.h"
#include "executor/spi.h"

#define ORCH_CALL_MAX_ARGS 6

/* One statement; make it static, so that its plan is prepared once. */
typedef struct OrchCall
{
	const char *what;			/* for the log and pg_stat_activity */
	const char *sql;
	int			nargs;
	Oid			argtypes[ORCH_CALL_MAX_ARGS];
	SPIPlanPtr	plan;			/* kept; NULL before the first call */
} OrchCall;

/*
 * Reads the result while the transaction is open; it must copy what it keeps
 * into a longer-lived context.
 */
typedef void (*OrchCallReader) (SPITupleTable *table, uint64 rows, void *arg);

extern int64 orch_calls_held_up;

/* when it fails as a whole, those who come again ask first; 0: at once */
extern bool orch_call(OrchCall *call, Datum *args, const char *nulls, OrchCallReader reader, void *arg);

/* columns of a row, for readers */
extern char *orch_column_text(SPITupleTable *table, uint64 row, int column);
extern int64 orch_column_int8(SPITupleTable *table, uint64 row, int column);
extern bool orch_column_bool(SPITupleTable *table, uint64 row, int column);

/* readers of one row of one column, by default false and 0; arg is a bool and an int64 */
extern void orch_read_bool(SPITupleTable *table, uint64 rows, void *arg);
extern void orch_read_int8(SPITupleTable *table, uint64 rows, void *arg);

/* an argument that is an array, of INT8OID or TEXTOID */
extern Datum orch_array_argument(Datum *elements, int count, Oid type);
