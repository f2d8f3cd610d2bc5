/*
 * rows.h
 *	  Rows as triggers see them.
 */
#pragma once

#include "postgres.h"

#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "nodes/bitmapset.h"
#include "utils/relcache.h"
#include "utils/tuplestore.h"

/* row.c: our tables and their columns by name, in any order and among columns that a user added */
extern Oid	orch_table(const char *name);
extern AttrNumber orch_row_column(TupleDesc desc, const char *name);
extern AttrNumber orch_row_column_if_any(TupleDesc desc, const char *name);
extern Bitmapset *orch_row_columns(TupleDesc desc, char **names, int count);
extern bool orch_row_columns_differ(TupleTableSlot *a, TupleTableSlot *b, const Bitmapset *columns);
extern bool orch_row_column_differs(TupleTableSlot *a, TupleTableSlot *b, AttrNumber column);
extern int64 orch_row_int64(TupleTableSlot *slot, AttrNumber column);
extern int32 orch_row_int32(TupleTableSlot *slot, AttrNumber column);
extern bool orch_row_text_is(TupleTableSlot *slot, AttrNumber column, const char *text);
extern char *orch_row_text(TupleTableSlot *slot, AttrNumber column);

/* memo.c: what a trigger knows of its table */
typedef void *(*OrchLearn) (TriggerData *trigger);

extern const void *orch_memo(TriggerData *trigger, OrchLearn learner);

/* a row that a BEFORE trigger is about to let through, and its edits */
typedef struct OrchRowEdit
{
	TupleTableSlot *old;		/* NULL for INSERT */
	TupleTableSlot *new;
	HeapTuple	tuple;
	Datum	   *values;			/* as edited; NULL while nothing is */
	bool	   *nulls;
} OrchRowEdit;

extern void orch_row_edit_begin(OrchRowEdit *edit, TriggerData *trigger);
extern void orch_row_edit_set(OrchRowEdit *edit, AttrNumber column, Datum value);
extern void orch_row_edit_clear(OrchRowEdit *edit, AttrNumber column);
extern void orch_row_edit_keep(OrchRowEdit *edit, AttrNumber column);
extern HeapTuple orch_row_edit_end(OrchRowEdit *edit);

/* changes.c: the transition tables of a statement, read in lock step */
typedef struct OrchChanges
{
	TupleDesc	desc;
	TupleTableSlot *old;		/* NULL for INSERT */
	TupleTableSlot *new;		/* NULL for DELETE */
	Tuplestorestate *old_store;
	Tuplestorestate *new_store;
	int			old_pointer;
	int			new_pointer;
} OrchChanges;

extern void orch_changes_check_trigger(FunctionCallInfo fcinfo);
extern void orch_changes_begin(OrchChanges *changes, TriggerData *trigger);
extern bool orch_changes_next(OrchChanges *changes);
extern void orch_changes_end(OrchChanges *changes);

/* owner.c: statements that run as the owner of a table, as foreign keys do */
typedef struct OrchOwnerContext
{
	Oid			user;
	int			security;
	int			nest_level;
} OrchOwnerContext;

extern int	orch_path_begin(void);
extern void orch_path_end(int nest_level);
extern void orch_owner_begin(OrchOwnerContext *saved, Relation rel);
extern void orch_owner_end(OrchOwnerContext *saved);
extern void orch_owner_prepare(void **plan, const char *statement, int count, Oid *types);
extern int	orch_owner_execute(void *plan, Datum *values);
extern bool orch_owner_execute_bool(void *plan, Datum *values);
