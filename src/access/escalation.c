/*
 * escalation.c
 *	  What the triggers against escalation ask: what somebody holds, and what a
 *	  role is worth, now.
 *
 * Not as the snapshot of a transaction has it: whoever keeps one that is older than
 * a revoke would pass on what he holds no more.  Nor is it enough to ask when the
 * row is written, as a transaction can be left open: what was true then must still
 * be true when it commits, or it fails with 40001, unless what was written was
 * rolled back.  Nothing is locked for that: who
 * passes permissions on must not be able to delay who takes them away.
 */
#include "access/access.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "core/compat.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#define IN_NO_NAMESPACE (-1)

/* $1 holds this one permission, in the namespace and for as long */
#define HELD(resource, action, namespace_id, until) \
	"SELECT FROM orchestration.user_roles ur" \
	" JOIN orchestration.roles r ON r.id OPERATOR(pg_catalog.=) ur.role_id" \
	" JOIN orchestration.users u ON u.id OPERATOR(pg_catalog.=) ur.user_id" \
	" WHERE ur.user_id OPERATOR(pg_catalog.=) $1 AND u.status OPERATOR(pg_catalog.=) 'active'" \
	" AND (ur.namespace_id IS NULL OR ur.namespace_id OPERATOR(pg_catalog.=) " namespace_id ")" \
	" AND (ur.expires_at IS NULL OR (ur.expires_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()" \
	" AND ur.expires_at OPERATOR(pg_catalog.>=) COALESCE(" until ", 'infinity')))" \
	" AND (r.permissions OPERATOR(pg_catalog.->) " resource " OPERATOR(pg_catalog.?|) ARRAY[" action ", '*']" \
	" OR r.permissions OPERATOR(pg_catalog.->) '*' OPERATOR(pg_catalog.?|) ARRAY[" action ", '*'])"

static const char *const missing_statement =
"SELECT ARRAY(SELECT pg_catalog.concat(p.key, ': ', a.value)"
" FROM pg_catalog.jsonb_each($2) p CROSS JOIN LATERAL pg_catalog.jsonb_array_elements_text(p.value) a"
" WHERE NOT EXISTS (" HELD("p.key", "a.value", "$3", "$4") ") ORDER BY 1)";

static const char *const more_statement =
"SELECT FROM orchestration.user_roles h"
" JOIN orchestration.roles hr ON hr.id OPERATOR(pg_catalog.=) h.role_id"
" CROSS JOIN LATERAL pg_catalog.jsonb_each(hr.permissions) p"
" CROSS JOIN LATERAL pg_catalog.jsonb_array_elements_text(p.value) a"
" WHERE h.user_id OPERATOR(pg_catalog.=) $2"
" AND (h.expires_at IS NULL OR h.expires_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp())"
" AND NOT EXISTS (" HELD("p.key", "a.value", "h.namespace_id", "h.expires_at") ")";

static const char *const role_statement = "SELECT r.permissions FROM orchestration.roles r WHERE r.id OPERATOR(pg_catalog.=) $1";

/* what this transaction has relied on; one of them is unused */
typedef struct Reliance
{
	struct Reliance *next;
	int			level;			/* of the subtransaction that did */
	const OrchGrants *grants;	/* of a user */
	int64		role_id;
	Jsonb	   *permissions;	/* of a role */
} Reliance;

static Reliance *reliances = NULL;

/* the permissions of a role in the current memory; NULL when there is none */
static Jsonb *
read_role(int64 role_id)
{
	static void *plan = NULL;
	MemoryContext caller = CurrentMemoryContext;
	Oid			type = INT8OID;
	Datum		value = Int64GetDatum(role_id);
	Jsonb	   *permissions = NULL;
	OrchLookup	lookup;
	bool		isnull;

	orch_lookup_begin(&lookup);
	if (orch_lookup(&plan, role_statement, 1, &type, &value) > 0)
	{
		MemoryContextSwitchTo(caller);
		permissions = DatumGetJsonbPCopy(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	}
	orch_lookup_end(&lookup);
	MemoryContextSwitchTo(caller);
	return permissions;
}

/* ---- until the commit ---- */

static bool
still_holds(const Reliance *reliance)
{
	const OrchGrants *now;
	Jsonb	   *permissions;

	if (reliance->grants)
	{
		now = orch_grants_of(reliance->grants->user_id);
		return now == reliance->grants || orch_grants_include(now, reliance->grants);
	}
	permissions = read_role(reliance->role_id);
	return permissions && compareJsonbContainers(&permissions->root, &reliance->permissions->root) == 0;
}

static void
check_reliances(void)
{
	AcceptInvalidationMessages();
	for (Reliance *reliance = reliances; reliance != NULL; reliance = reliance->next)
	{
		if (still_holds(reliance))
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("permissions changed since this transaction passed some on"),
				 errhint("Retry the transaction; give up permissions of your own in another one.")));
	}
}

/* those of this subtransaction, or of all with 1; the memory is the transaction's */
static void
end_reliances(int level)
{
	Reliance  **link = &reliances;

	while (*link != NULL)
	{
		Reliance   *reliance = *link;

		if (reliance->level < level)
		{
			link = &reliance->next;
			continue;
		}
		*link = reliance->next;
		if (reliance->grants)
			orch_grants_release(reliance->grants);
	}
}

static void
transaction_event(XactEvent event, void *arg)
{
	if (reliances == NULL)
		return;
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
		check_reliances();
	else if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE || event == XACT_EVENT_ABORT)
		end_reliances(1);
}

static void
subtransaction_event(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();

	if (event == SUBXACT_EVENT_ABORT_SUB)
		end_reliances(level);
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
	{
		for (Reliance *reliance = reliances; reliance != NULL; reliance = reliance->next)
			reliance->level = Min(reliance->level, level - 1);
	}
}

static Reliance *
add_reliance(void)
{
	static bool registered = false;
	Reliance   *reliance;

	if (!registered)
	{
		RegisterXactCallback(transaction_event, NULL);
		RegisterSubXactCallback(subtransaction_event, NULL);
	}
	registered = true;
	reliance = MemoryContextAllocZero(TopTransactionContext, sizeof(Reliance));
	reliance->next = reliances;
	reliance->level = GetCurrentTransactionNestLevel();
	return reliance;
}

static void
rely_on_grants(int64 user_id)
{
	const OrchGrants *grants = orch_grants_of(user_id);
	Reliance   *reliance;

	for (reliance = reliances; reliance != NULL; reliance = reliance->next)
		if (reliance->grants && reliance->grants->user_id == user_id && orch_grants_include(reliance->grants, grants))
			return;
	reliance = add_reliance();
	reliance->grants = orch_grants_hold(grants);
	reliances = reliance;
}

static void
rely_on_role(int64 role_id, Jsonb *permissions)
{
	MemoryContext previous;
	Reliance   *reliance;

	for (reliance = reliances; reliance != NULL; reliance = reliance->next)
		if (reliance->permissions && reliance->role_id == role_id &&
			compareJsonbContainers(&permissions->root, &reliance->permissions->root) == 0)
			return;
	reliance = add_reliance();
	previous = MemoryContextSwitchTo(TopTransactionContext);
	reliance->role_id = role_id;
	reliance->permissions = DatumGetJsonbPCopy(JsonbPGetDatum(permissions));
	MemoryContextSwitchTo(previous);
	reliances = reliance;
}

/* ---- questions ---- */

ORCH_FUNCTION(orch_missing_permissions);

/*
 * missing_permissions(permissions, namespace_id, until): what of them the caller
 * does not hold; NULL for a namespace is everywhere, for a time for ever.
 */
Datum
orch_missing_permissions(PG_FUNCTION_ARGS)
{
	static void *plan = NULL;
	MemoryContext caller = CurrentMemoryContext;
	Oid			types[] = {INT8OID, JSONBOID, INT8OID, TIMESTAMPTZOID};
	int64		user_id = orch_current_user_id();
	Datum		values[4];
	OrchLookup	lookup;
	ArrayType  *missing;
	bool		isnull;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	AcceptInvalidationMessages();
	rely_on_grants(user_id);
	values[0] = Int64GetDatum(user_id);
	values[1] = PG_GETARG_DATUM(0);
	values[2] = PG_ARGISNULL(1) ? Int64GetDatum(IN_NO_NAMESPACE) : PG_GETARG_DATUM(1);
	values[3] = PG_ARGISNULL(2) ? TimestampTzGetDatum(DT_NOEND) : PG_GETARG_DATUM(2);
	orch_lookup_begin(&lookup);
	orch_lookup(&plan, missing_statement, 4, types, values);
	MemoryContextSwitchTo(caller);
	missing = DatumGetArrayTypePCopy(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	orch_lookup_end(&lookup);
	PG_RETURN_ARRAYTYPE_P(missing);
}

ORCH_FUNCTION(orch_permissions_of);

/*
 * permissions_of(role_id): who assigns no roles is not told what is in them.
 */
Datum
orch_permissions_of(PG_FUNCTION_ARGS)
{
	Jsonb	   *permissions = NULL;

	AcceptInvalidationMessages();
	if (orch_grants_anywhere(orch_grants_of(orch_current_user_id()), orch_need(cstring_to_text("roles"), cstring_to_text("create|update"))))
		permissions = read_role(PG_GETARG_INT64(0));
	if (permissions == NULL)
		PG_RETURN_NULL();
	rely_on_role(PG_GETARG_INT64(0), permissions);
	PG_RETURN_JSONB_P(permissions);
}

ORCH_FUNCTION(orch_holds_all_of);

/*
 * holds_all_of(other): does the caller hold everything that another one holds?
 * Who changes no users is not told of them.
 */
Datum
orch_holds_all_of(PG_FUNCTION_ARGS)
{
	static void *plan = NULL;
	Oid			types[] = {INT8OID, INT8OID};
	int64		user_id = orch_current_user_id();
	Datum		values[] = {Int64GetDatum(user_id), PG_GETARG_DATUM(0)};
	OrchLookup	lookup;
	bool		result;

	AcceptInvalidationMessages();
	if (!orch_grants_everywhere(orch_grants_of(user_id), orch_need(cstring_to_text("users"), cstring_to_text("update|delete"))))
		PG_RETURN_BOOL(false);
	rely_on_grants(user_id);
	orch_lookup_begin(&lookup);
	result = orch_lookup(&plan, more_statement, 2, types, values) == 0;
	orch_lookup_end(&lookup);
	PG_RETURN_BOOL(result);
}
