/*
 * diff.h
 *	  What a change changed, as jsonb, and what of a table's rows goes there.
 */
#pragma once

#include "postgres.h"

#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "utils/jsonb.h"

/* how a value becomes JSON */
typedef enum OrchDiffForm
{
	ORCH_DIFF_SECRET,			/* that it changed, and no more */
	ORCH_DIFF_BOOL,
	ORCH_DIFF_INT2,
	ORCH_DIFF_INT4,
	ORCH_DIFF_INT8,
	ORCH_DIFF_TEXT,
	ORCH_DIFF_TIME,
	ORCH_DIFF_JSONB,
	ORCH_DIFF_TEXT_ARRAY,
	ORCH_DIFF_OTHER				/* as its output function writes it */
} OrchDiffForm;

typedef struct OrchDiffColumn
{
	int			index;			/* in the row */
	OrchDiffForm form;
	bool		byval;
	int16		length;
	Oid			output;
	JsonbValue	key;
} OrchDiffColumn;

/* of one table */
typedef struct OrchDiffTable
{
	const char *resource_type;
	AttrNumber	namespace_id;	/* each of them, if there is one */
	AttrNumber	id;
	AttrNumber	name;
	int			count;
	OrchDiffColumn *columns;	/* in jsonb's order of keys */
} OrchDiffTable;

/* a longer value, or what makes a row longer, is told by its digest */
#define ORCH_DIFF_VALUE_BYTES 8192
#define ORCH_DIFF_ROW_BYTES 65536

/* diff_value.c */
extern void orch_diff_set_string(JsonbValue *result, const char *string, int length);
extern void orch_diff_set_value(JsonbValue *result, const OrchDiffColumn *column, Datum value);
extern bool orch_diff_maps(Datum old, Datum new, JsonbValue *before, JsonbValue *after);
extern void orch_diff_limit(JsonbValue *value, const OrchDiffColumn *column, Datum whole, Size *left);

/* diff_table.c */
extern const OrchDiffTable *orch_diff_table(TriggerData *trigger);

/* diff.c */
extern Jsonb *orch_diff(const OrchDiffTable *table, TupleTableSlot *old, TupleTableSlot *new);
