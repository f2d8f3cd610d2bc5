/*
 * origin.c
 *	  Who made a row, and under which id: created_by is the user that writes it,
 *	  id comes from the sequence of its table.  For the row triggers of every table
 *	  that has such a column.
 *
 * A chosen id could be one that a deleted user had, whose name is in the audit
 * trail, or one that a row of another namespace has.
 */
#include "access/access.h"

#include "catalog/dependency.h"
#include "commands/trigger.h"
#include "core/compat.h"
#include "core/rows.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"


typedef struct Columns
{
	AttrNumber	author;
	AttrNumber	id;				/* 0 unless it is an identity */
	Oid			sequence;
} Columns;

/* the newest id that this session has let into the table of a sequence */
typedef struct Given
{
	Oid			sequence;		/* key */
	int64		id;
} Given;

static HTAB *given_ids = NULL;

static void *
learn_columns(TriggerData *trigger)
{
	Columns    *columns = palloc0(sizeof(Columns));
	Relation	rel = trigger->tg_relation;
	TupleDesc	desc = RelationGetDescr(rel);

	columns->author = orch_row_column_if_any(desc, "created_by");
	columns->id = orch_row_column_if_any(desc, "id");
	if (columns->id > 0 && TupleDescAttr(desc, columns->id - 1)->attidentity == '\0')
		columns->id = 0;
	if (columns->id > 0)
		columns->sequence = orch_identity_sequence(rel, columns->id);
	return columns;
}

static void
refuse_id(Relation rel)
{
	ereport(ERROR,
			(errcode(ERRCODE_GENERATED_ALWAYS),
			 errmsg("id of a row of \"%s\" cannot be chosen", RelationGetRelationName(rel)),
			 errdetail("Ids come from the sequence of the table, and none is used twice."),
			 errhint("Leave id and OVERRIDING SYSTEM VALUE out."),
			 errtable(rel)));
}

/*
 * What the sequence gave to this session last; 0 for nothing.  The writer needs
 * no privilege on it, as nextval() for an identity needs none.
 */
static int64
last_drawn(Relation rel, Oid sequence)
{
	Oid			user;
	int			security;
	volatile int64 drawn = 0;

	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(rel->rd_rel->relowner, security | SECURITY_LOCAL_USERID_CHANGE);
	PG_TRY();
	{
		drawn = DatumGetInt64(DirectFunctionCall1(currval_oid, ObjectIdGetDatum(sequence)));
	}
	PG_CATCH();
	{
		/* never drawn in this session; the caller throws, which releases what the call held */
		SetUserIdAndSecContext(user, security);
		if (geterrcode() != ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE)
			PG_RE_THROW();
		FlushErrorState();
		refuse_id(rel);
	}
	PG_END_TRY();
	SetUserIdAndSecContext(user, security);
	return drawn;
}

/*
 * True for the id that was drawn for this very row.
 */
static bool
is_fresh(Relation rel, Oid sequence, int64 id)
{
	Given	   *given;
	bool		found;

	if (id != last_drawn(rel, sequence))
		return false;
	if (given_ids == NULL)
	{
		HASHCTL		control = {0};

		control.keysize = sizeof(Oid);
		control.entrysize = sizeof(Given);
		given_ids = hash_create("orchestration ids", 32, &control, HASH_ELEM | HASH_BLOBS);
	}
	given = hash_search(given_ids, &sequence, HASH_ENTER, &found);
	if (found && given->id == id)
		return false;
	given->id = id;
	return true;
}

static void
check_id(OrchRowEdit *edit, Relation rel, const Columns *columns)
{
	if (columns->id == 0)
		return;
	if (edit->old ? orch_row_column_differs(edit->old, edit->new, columns->id)
		: !is_fresh(rel, columns->sequence, orch_row_int64(edit->new, columns->id)))
		refuse_id(rel);
}

static void
check_author(OrchRowEdit *edit, Relation rel, const Columns *columns)
{
	int64		user_id = orch_current_user_id();
	bool		isnull;
	Datum		author;

	if (columns->author <= 0 || (edit->old && !orch_row_column_differs(edit->old, edit->new, columns->author)))
		return;
	author = slot_getattr(edit->new, columns->author, &isnull);
	if (!edit->old && isnull)
	{
		/* whoever leaves it open, as object mappers do, is not nobody */
		if (user_id > 0)
			orch_row_edit_set(edit, columns->author, Int64GetDatum(user_id));
		return;
	}
	if (!edit->old && DatumGetInt64(author) == user_id)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to write a row of \"%s\" in the name of another user", RelationGetRelationName(rel)),
			 errhint("Leave created_by out."),
			 errtable(rel)));
}

/*
 * The row as it may be written, for a BEFORE trigger for each row of INSERT or
 * UPDATE.  Whoever row security does not apply to is asked for ids alone, and
 * only if the table says always.
 */
HeapTuple
orch_row_origin(TriggerData *trigger, bool always)
{
	Relation	rel = trigger->tg_relation;
	bool		asked = check_enable_rls(RelationGetRelid(rel), InvalidOid, true) == RLS_ENABLED;
	const Columns *columns;
	OrchRowEdit edit;

	if (!asked && !always)
		return TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;
	columns = orch_memo(trigger, learn_columns);
	orch_row_edit_begin(&edit, trigger);
	check_id(&edit, rel, columns);
	if (asked)
		check_author(&edit, rel, columns);
	return orch_row_edit_end(&edit);
}

ORCH_FUNCTION(orch_keep_origin);

/*
 * keep_origin(always): the trigger of tables that require_permission() does not guard
 */
Datum
orch_keep_origin(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("keep_origin() must be a trigger before INSERT or UPDATE of rows")));
	return PointerGetDatum(orch_row_origin(trigger, trigger->tg_trigger->tgnargs > 0));
}
