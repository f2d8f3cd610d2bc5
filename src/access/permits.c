/*
 * permits.c
 *	  The checks that SQL calls: permits() of the row security policies, and the
 *	  questions that people ask.
 *
 * permits() runs for every row, so what does not change between two rows is
 * kept with the call.  It looks for invalidations once per run of the executor,
 * which is also once per FETCH: a revoke then reaches even an open cursor.
 */
#include "access/access.h"

#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/errors.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"

typedef struct PermitCall
{
	bool		constant;		/* need does not change between two rows */
	OrchNeed	need;
	uint64		run;			/* of the executor, when invalidations were looked for */
	uint64		epoch;
	int64		user_id;
	const OrchGrants *grants;
	bool		answered;		/* for this namespace, by these grants */
	bool		answer;
	int64		namespace_id;
	ArrayType  *namespaces;		/* what these grants permit */
} PermitCall;

static void
refuse_unknown(const char *what, text *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_ORCH_INVALID_SPECIFICATION),
			 errmsg("unknown %s \"%s\"", what, text_to_cstring(name)),
			 errhint("Use those of roles.permissions, such as containers and read; several verbs are parted by a vertical bar.")));
}

/*
 * What "containers" and "create|update" ask for; * is any.  Throws for unknown
 * ones: a misspelt policy would show nothing for ever.
 */
OrchNeed
orch_need(text *resource, text *verbs)
{
	OrchNeed	need = {ORCH_ANY_RESOURCE, 0};
	const char *name = VARDATA_ANY(resource);
	int			length = VARSIZE_ANY_EXHDR(resource);
	const char *from = VARDATA_ANY(verbs);
	const char *end = from + VARSIZE_ANY_EXHDR(verbs);

	if (length != 1 || *name != '*')
	{
		need.resource = orch_permission_resource(name, length);
		if (need.resource < 0)
			refuse_unknown("resource", resource);
	}
	while (from <= end)
	{
		const char *bar = memchr(from, '|', end - from);
		uint8		bits = orch_permission_verbs(from, (bar ? bar : end) - from);

		if (bits == 0)
			refuse_unknown("action", verbs);
		need.verbs |= bits;
		from = (bar ? bar : end) + 1;
	}
	return need;
}

static PermitCall *
begin_call(FunctionCallInfo fcinfo, int first)
{
	PermitCall *call = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(PermitCall));

	call->constant = get_fn_expr_arg_stable(fcinfo->flinfo, first) && get_fn_expr_arg_stable(fcinfo->flinfo, first + 1);
	if (call->constant)
		call->need = orch_need(PG_GETARG_TEXT_PP(first), PG_GETARG_TEXT_PP(first + 1));
	fcinfo->flinfo->fn_extra = call;
	return call;
}

static inline PermitCall *
get_call(FunctionCallInfo fcinfo, int first)
{
	PermitCall *call = fcinfo->flinfo->fn_extra;

	if (unlikely(call == NULL))
		call = begin_call(fcinfo, first);
	if (unlikely(!call->constant))
		call->need = orch_need(PG_GETARG_TEXT_PP(first), PG_GETARG_TEXT_PP(first + 1));
	if (unlikely(call->run != orch_run_count))
	{
		AcceptInvalidationMessages();
		call->run = orch_run_count;
	}
	return call;
}

static inline const OrchGrants *
grants_of_caller(PermitCall *call)
{
	int64		user_id = orch_current_user_id();

	if (unlikely(call->grants == NULL || call->epoch != orch_grants_epoch || call->user_id != user_id ||
				 orch_grants_expired(call->grants)))
	{
		call->grants = orch_grants_of(user_id);
		call->epoch = orch_grants_epoch;
		call->user_id = user_id;
		call->answered = false;
		call->namespaces = NULL;
	}
	return call->grants;
}

ORCH_FUNCTION(orch_permits);

/*
 * permits(namespace_id, resource, actions): may the caller, in this namespace?
 * Rows that an index returns come namespace by namespace.
 */
Datum
orch_permits(PG_FUNCTION_ARGS)
{
	PermitCall *call = get_call(fcinfo, 1);
	const OrchGrants *grants = grants_of_caller(call);
	int64		namespace_id = PG_GETARG_INT64(0);

	if (!call->answered || !call->constant || call->namespace_id != namespace_id)
	{
		call->answer = orch_grants_allow(grants, namespace_id, call->need);
		call->namespace_id = namespace_id;
		call->answered = true;
	}
	PG_RETURN_BOOL(call->answer);
}

ORCH_FUNCTION(orch_permits_everywhere);

/*
 * permits_everywhere(resource, actions): may the caller, whatever the namespace?
 */
Datum
orch_permits_everywhere(PG_FUNCTION_ARGS)
{
	PermitCall *call = get_call(fcinfo, 0);

	PG_RETURN_BOOL(orch_grants_everywhere(grants_of_caller(call), call->need));
}

bool
orch_grants_anywhere(const OrchGrants *grants, OrchNeed need)
{
	bool		found = orch_grants_everywhere(grants, need);

	for (uint32 i = 0; !found && grants->count > 0 && i <= grants->mask; i++)
		found = grants->table[i].used && orch_grants_allow(grants, grants->table[i].namespace_id, need);
	return found;
}

ORCH_FUNCTION(orch_permits_anywhere);

/*
 * permits_anywhere(resource, actions): may the caller, in some namespace?
 */
Datum
orch_permits_anywhere(PG_FUNCTION_ARGS)
{
	PermitCall *call = get_call(fcinfo, 0);

	PG_RETURN_BOOL(orch_grants_anywhere(grants_of_caller(call), call->need));
}

/* ---- about somebody ---- */

/*
 * Who has which permissions is itself something to be permitted.  The outer
 * role, as functions with SECURITY DEFINER ask on behalf of their caller.
 */
static void
check_may_ask(int64 user_id)
{
	const OrchNeed need = {orch_permission_resource("users", 5), orch_permission_verbs("read", 4)};
	int64		caller = orch_current_user_id();

	if (user_id == caller || superuser_arg(GetOuterUserId()) || orch_grants_everywhere(orch_grants_of(caller), need))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to ask for the permissions of another user"),
			 errhint("It needs a role with {\"users\": [\"read\"]} that is not limited to a namespace.")));
}

ORCH_FUNCTION(orch_has_namespace_permission);

/*
 * has_namespace_permission(user_id, namespace_id, resource, actions); NULL for a
 * namespace asks for everywhere, NULL for a user is nobody.
 */
Datum
orch_has_namespace_permission(PG_FUNCTION_ARGS)
{
	OrchNeed	need;
	const OrchGrants *grants;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		PG_RETURN_BOOL(false);
	need = orch_need(PG_GETARG_TEXT_PP(2), PG_GETARG_TEXT_PP(3));
	AcceptInvalidationMessages();
	check_may_ask(PG_GETARG_INT64(0));
	grants = orch_grants_of(PG_GETARG_INT64(0));
	if (PG_ARGISNULL(1))
		PG_RETURN_BOOL(orch_grants_everywhere(grants, need));
	PG_RETURN_BOOL(orch_grants_allow(grants, PG_GETARG_INT64(1), need));
}

/* ---- sets of namespaces ---- */

static ArrayType *
all_namespaces(void)
{
	static void *plan = NULL;
	MemoryContext caller = CurrentMemoryContext;
	ArrayType  *result;
	OrchLookup	lookup;
	bool		isnull;

	orch_lookup_begin(&lookup);
	orch_lookup(&plan, "SELECT COALESCE(pg_catalog.array_agg(n.id ORDER BY n.id), '{}') FROM orchestration.namespaces n", 0, NULL, NULL);
	MemoryContextSwitchTo(caller);
	result = DatumGetArrayTypePCopy(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	orch_lookup_end(&lookup);
	return result;
}

static int
compare_datums(const void *a, const void *b)
{
	int64		x = DatumGetInt64(*(const Datum *) a);
	int64		y = DatumGetInt64(*(const Datum *) b);

	return x < y ? -1 : x > y;
}

static ArrayType *
namespaces_of(const OrchGrants *grants, OrchNeed need)
{
	Datum	   *ids;
	int			count = 0;

	if (orch_grants_everywhere(grants, need))
		return all_namespaces();
	ids = palloc((grants->count + 1) * sizeof(Datum));
	for (uint32 i = 0; grants->count > 0 && i <= grants->mask; i++)
		if (grants->table[i].used && orch_grants_allow(grants, grants->table[i].namespace_id, need))
			ids[count++] = Int64GetDatum(grants->table[i].namespace_id);
	qsort(ids, count, sizeof(Datum), compare_datums);
	return construct_array(ids, count, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

ORCH_FUNCTION(orch_permitted_to_caller);

/*
 * permitted_to_caller(resource, actions): the key of the index condition that
 * planner.c makes of permits().  Computed when the scan begins, so that a plan
 * made for one user shows another one no foreign row.  A scan that begins again,
 * for another row of a join, has it ready.
 */
Datum
orch_permitted_to_caller(PG_FUNCTION_ARGS)
{
	PermitCall *call = get_call(fcinfo, 0);
	const OrchGrants *grants = grants_of_caller(call);
	MemoryContext previous;

	if (call->namespaces == NULL || !call->constant)
	{
		previous = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		call->namespaces = namespaces_of(grants, call->need);
		MemoryContextSwitchTo(previous);
	}
	PG_RETURN_ARRAYTYPE_P(call->namespaces);
}

ORCH_FUNCTION(orch_permitted_or_null);

/*
 * permitted_or_null(namespace_id, resource, actions): the namespace, or NULL, for
 * which an index finds nothing (foreign_rows.c).
 */
Datum
orch_permitted_or_null(PG_FUNCTION_ARGS)
{
	PermitCall *call = get_call(fcinfo, 1);

	if (!orch_grants_allow(grants_of_caller(call), PG_GETARG_INT64(0), call->need))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

ORCH_FUNCTION(orch_permitted_among);

/*
 * permitted_among(namespace_ids, resource, actions): likewise, of several
 */
Datum
orch_permitted_among(PG_FUNCTION_ARGS)
{
	PermitCall *call = get_call(fcinfo, 1);
	const OrchGrants *grants = grants_of_caller(call);
	Datum	   *ids;
	bool	   *nulls;
	int			count;
	int			left = 0;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &ids, &nulls, &count);
	for (int i = 0; i < count; i++)
		if (!nulls[i] && orch_grants_allow(grants, DatumGetInt64(ids[i]), call->need))
			ids[left++] = ids[i];
	PG_RETURN_ARRAYTYPE_P(construct_array(ids, left, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

ORCH_FUNCTION(orch_permitted_namespaces);

/*
 * permitted_namespaces(user_id, resource, actions)
 */
Datum
orch_permitted_namespaces(PG_FUNCTION_ARGS)
{
	OrchNeed	need = orch_need(PG_GETARG_TEXT_PP(1), PG_GETARG_TEXT_PP(2));

	AcceptInvalidationMessages();
	check_may_ask(PG_GETARG_INT64(0));
	PG_RETURN_ARRAYTYPE_P(namespaces_of(orch_grants_of(PG_GETARG_INT64(0)), need));
}
