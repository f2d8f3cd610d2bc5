/*
 * require.c
 *	  Row trigger that refuses a write for want of a permission, with a hint that
 *	  names it; and the trigger that invalidates the cache when grants change.
 *
 * Row security alone would say "new row violates row-level security policy", or
 * for UPDATE and DELETE nothing at all; and it sees rows, not columns: stopping a
 * container, deleting it and changing its image are all UPDATEs.
 */
#include "access/access.h"

#include "commands/trigger.h"
#include "core/compat.h"
#include "core/core.h"
#include "core/errors.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/rls.h"

/*
 * Arguments of the trigger: resource, column that holds the namespace, verbs
 * for INSERT, for UPDATE and for DELETE.
 */
enum
{
	ARG_RESOURCE, ARG_KEY, ARG_INSERT, ARG_UPDATE, ARG_DELETE, ARG_COUNT
};

/*
 * For the audit trail.  A row that is new has an id that nothing will have.
 */
static void
tell_row(TupleDesc desc, HeapTuple row, bool is_new)
{
	int			id = SPI_fnumber(desc, "id");
	int			name = SPI_fnumber(desc, "name");
	bool		isnull = true;
	Datum		value = id > 0 && !is_new ? SPI_getbinval(row, desc, id, &isnull) : (Datum) 0;

	orch_error_about.resource_id = isnull ? 0 : DatumGetInt64(value);
	if (name > 0)
		strlcpy(orch_error_about.resource_name, SPI_getvalue(row, desc, name) ? SPI_getvalue(row, desc, name) : "", NAMEDATALEN);
}

/* "create|update" as a person reads it: between its parts stands what is given. */
static char *
spelled(const char *verbs, const char *before, const char *between, const char *after)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoString(&text, before);
	for (const char *c = verbs; *c != '\0'; c++)
		if (*c == '|')
			appendStringInfoString(&text, between);
		else
			appendStringInfoChar(&text, *c);
	appendStringInfoString(&text, after);
	return text.data;
}

static void
refuse(TriggerData *trigger, int64 namespace_id, const char *resource, const char *verbs)
{
	int64		user_id = orch_current_user_id();
	Relation	rel = trigger ? trigger->tg_relation : NULL;

	if (rel)
		tell_row(RelationGetDescr(rel), trigger->tg_trigtuple, TRIGGER_FIRED_BY_INSERT(trigger->tg_event));
	orch_error_about.namespace_id = Max(namespace_id, 0);
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for %s in namespace " INT64_FORMAT, resource, namespace_id),
			 user_id == 0
			 ? errdetail("No user of the platform belongs to this session.")
			 : errdetail("User " INT64_FORMAT " lacks the permission %s on \"%s\" there.", user_id, spelled(verbs, "\"", "\" or \"", "\""), resource),
			 errhint("It takes a role with %s; explain_permission() says what a user holds.",
					 spelled(verbs, psprintf("{\"%s\": [\"", resource), psprintf("\"]} or {\"%s\": [\"", resource), "\"]}")),
			 rel ? errtable(rel) : 0));
}

static void
require(TriggerData *trigger, int64 namespace_id, const char *resource, const char *verbs)
{
	OrchNeed	need = orch_need(cstring_to_text(resource), cstring_to_text(verbs));

	if (!orch_grants_allow(orch_grants_of(orch_current_user_id()), namespace_id, need))
		refuse(trigger, namespace_id, resource, verbs);
}

/*
 * For what no row security guards: throws unless the caller may.  The outer
 * role, as functions with SECURITY DEFINER ask on behalf of their caller.
 */
void
orch_require(int64 namespace_id, const char *resource, const char *verbs)
{
	AcceptInvalidationMessages();
	if (!superuser_arg(GetOuterUserId()))
		require(NULL, namespace_id, resource, verbs);
}

static int64
namespace_of(Relation rel, HeapTuple row, const char *key)
{
	int			column = SPI_fnumber(RelationGetDescr(rel), key);
	bool		isnull = true;
	Datum		value = column > 0 ? SPI_getbinval(row, RelationGetDescr(rel), column, &isnull) : (Datum) 0;

	if (isnull)
		return -1;				/* in no namespace: only a grant for everywhere covers it */
	return DatumGetInt64(value);
}

static bool
differs(TupleDesc desc, HeapTuple a, HeapTuple b, int column)
{
	Form_pg_attribute attribute = TupleDescAttr(desc, column - 1);
	bool		a_null;
	bool		b_null;
	Datum		a_value = SPI_getbinval(a, desc, column, &a_null);
	Datum		b_value = SPI_getbinval(b, desc, column, &b_null);

	if (a_null || b_null)
		return a_null != b_null;
	return !datum_image_eq(a_value, b_value, attribute->attbyval, attribute->attlen);
}

static bool
is_deletion(TupleDesc desc, HeapTuple new, int column)
{
	char	   *value = SPI_getvalue(new, desc, column);

	return value && strcmp(value, "deleted") == 0;
}

/*
 * For the audit trail, whatever refuses the row.
 */
static void
tell_verb(TupleDesc desc, HeapTuple old, HeapTuple new, int column)
{
	const char *from = SPI_getvalue(old, desc, column);
	const char *to = SPI_getvalue(new, desc, column);

	strlcpy(orch_error_about.operation, orch_verb_to_state(from ? from : "", to ? to : ""), sizeof(orch_error_about.operation));
}

/*
 * The columns that the verbs of the lifecycle write need execute, deletion needs
 * delete, and every other one what the trigger says.
 */
static void
require_for_update(TriggerData *trigger, int64 namespace_id, char **args)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	HeapTuple	old = trigger->tg_trigtuple;
	HeapTuple	new = trigger->tg_newtuple;

	for (int column = 1; column <= desc->natts; column++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, column - 1);
		const char *name = NameStr(attribute->attname);
		const char *verbs = args[ARG_UPDATE];

		if (attribute->attisdropped || attribute->attgenerated || !differs(desc, old, new, column))
			continue;
		if (strcmp(name, "desired_state") == 0)
		{
			verbs = is_deletion(desc, new, column) ? "delete" : "execute";
			tell_verb(desc, old, new, column);
		}
		else if (strcmp(name, "restart_requested_at") == 0)
			verbs = "execute";
		require(trigger, namespace_id, args[ARG_RESOURCE], verbs);
	}
}

ORCH_FUNCTION(orch_require_permission);

/*
 * require_permission(resource, column, on_insert, on_update, on_delete)
 */
Datum
orch_require_permission(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Relation	rel;
	char	  **args;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		trigger->tg_trigger->tgnargs != ARG_COUNT)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("require_permission() must be a trigger before rows, with %d arguments", ARG_COUNT)));
	rel = trigger->tg_relation;
	args = trigger->tg_trigger->tgargs;

	/* whoever row security does not apply to is not asked here either */
	if (check_enable_rls(RelationGetRelid(rel), InvalidOid, true) == RLS_ENABLED)
	{
		HeapTuple	row = trigger->tg_trigtuple;
		int64		namespace_id = namespace_of(rel, row, args[ARG_KEY]);

		AcceptInvalidationMessages();
		if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
			require(trigger, namespace_id, args[ARG_RESOURCE], args[ARG_INSERT]);
		else if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
			require(trigger, namespace_id, args[ARG_RESOURCE], args[ARG_DELETE]);
		else
			require_for_update(trigger, namespace_id, args);
	}
	return PointerGetDatum(TRIGGER_FIRED_BY_DELETE(trigger->tg_event) ? trigger->tg_trigtuple : orch_row_origin(trigger, false));
}

ORCH_FUNCTION(orch_set_error_about);

/*
 * error_about(resource, namespace_id, id, name): says to the audit trail what the
 * error is about that is raised next, and gives the table back, for RAISE.
 * Everybody may call it, so it believes only who could read such a row, or
 * speaks with the rights of the owner of the extension.
 */
Datum
orch_set_error_about(PG_FUNCTION_ARGS)
{
	text	   *resource;
	int64		namespace_id = PG_ARGISNULL(1) ? 0 : PG_GETARG_INT64(1);

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	resource = PG_GETARG_TEXT_PP(0);
	AcceptInvalidationMessages();
	if (superuser() || orch_grants_allow(orch_grants_of(orch_current_user_id()), namespace_id, orch_need(resource, cstring_to_text("read"))))
	{
		orch_error_about.namespace_id = namespace_id;
		orch_error_about.resource_id = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT64(2);
		strlcpy(orch_error_about.resource_name, PG_ARGISNULL(3) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(3)), NAMEDATALEN);
	}
	PG_RETURN_TEXT_P(resource);
}

ORCH_FUNCTION(orch_forget_grants);

/*
 * forget_grants(): trigger after statements on users, roles and user_roles, and
 * a function for after a restore without triggers.  One fixed relation, so that
 * the callback knows which to watch, also where the tables are distributed.
 */
Datum
orch_forget_grants(PG_FUNCTION_ARGS)
{
	Oid			relation = orch_grants_relation();

	if (OidIsValid(relation))
		CacheInvalidateRelcacheByRelid(relation);
	return PointerGetDatum(NULL);
}
