/*
 * identity.c
 *	  Which user of the platform a session is.
 *
 * The user that a gateway named for this transaction (orchestration.user_id),
 * else the one whose db_role is the role that the client has set, else the one
 * whose db_role is the role that it logged in as.  Functions with SECURITY
 * DEFINER change neither of these roles, so that nobody gains the identity of
 * an owner by calling one; SET ROLE can be undone by whoever may set it, so that
 * it need not take the identity away.
 */
#include "access/access.h"

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/core.h"
#include "core/errors.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#define GATEWAY "orchestration_gateway"

/*
 * The role itself, not its name, which another role may have tomorrow.  The oid
 * says nothing on another server, where a dump was restored: there the name counts
 * until follow_db_roles() has looked it up.
 */
#define IS_ROLE(role, name) \
	"CASE WHEN u.db_role_system OPERATOR(pg_catalog.=) $5 THEN u.db_role_id OPERATOR(pg_catalog.=) " role \
	" ELSE u.db_role OPERATOR(pg_catalog.=) " name " END"

static const char *const role_statement =
"SELECT u.id FROM orchestration.users u"
" WHERE (u.db_role_id OPERATOR(pg_catalog.=) $1 OR u.db_role_id OPERATOR(pg_catalog.=) $2"
" OR u.db_role OPERATOR(pg_catalog.=) $3 OR u.db_role OPERATOR(pg_catalog.=) $4)"
" AND (" IS_ROLE("$1", "$3") " OR " IS_ROLE("$2", "$4") ")"
" ORDER BY " IS_ROLE("$1", "$3") " DESC LIMIT 1";

/* what was found for the roles of this session */
static struct
{
	Oid			outer;
	Oid			session;
	int64		user_id;
	uint64		generation;		/* of what was read; 0: nothing was */
} of_roles;

static inline bool
is_known(Oid outer, Oid session)
{
	return of_roles.generation == orch_grants_generation && of_roles.outer == outer && of_roles.session == session;
}

/* a role that was dropped meanwhile has no name */
static Datum
name_of_role(Oid role)
{
	char	   *name = GetUserNameFromId(role, true);

	return CStringGetTextDatum(name ? name : "");
}

static int64
look_up_roles(Oid outer, Oid session)
{
	static void *plan = NULL;
	Oid			types[] = {OIDOID, OIDOID, TEXTOID, TEXTOID, INT8OID};
	Datum		values[5];
	OrchLookup	lookup;
	int64		user_id = 0;
	bool		isnull;

	values[0] = ObjectIdGetDatum(outer);
	values[1] = ObjectIdGetDatum(session);
	values[2] = name_of_role(outer);
	values[3] = name_of_role(session);
	values[4] = Int64GetDatum((int64) GetSystemIdentifier());
	orch_lookup_begin(&lookup);
	if (orch_lookup(&plan, role_statement, 5, types, values) > 0)
		user_id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	orch_lookup_end(&lookup);
	return user_id;
}

/*
 * The user of the roles that this session has, whoever a gateway acts for.
 */
int64
orch_user_of_roles(void)
{
	Oid			outer = GetOuterUserId();
	Oid			session = GetSessionUserId();
	uint64		generation;

	if (likely(is_known(outer, session)))
		return of_roles.user_id;
	if (!orch_grants_watch())
		return 0;
	of_roles.generation = 0;
	do
	{
		generation = orch_grants_generation;
		of_roles.user_id = look_up_roles(outer, session);
	} while (generation != orch_grants_generation);
	of_roles.outer = outer;
	of_roles.session = session;
	of_roles.generation = generation;
	return of_roles.user_id;
}

/*
 * The user that asks, for core; without look_up nothing is read that is not known.
 */
int64
orch_identity_find(bool look_up)
{
	if (look_up || orch_session_user_id != 0 || is_known(GetOuterUserId(), GetSessionUserId()))
		return orch_current_user_id();
	return 0;
}

/*
 * The user of two roles, for core: what somebody was who did something a while ago.
 */
int64
orch_identity_of_roles(Oid role, Oid session_role)
{
	return OidIsValid(orch_grants_relation()) ? look_up_roles(role, session_role) : 0;
}

ORCH_FUNCTION(orch_system_identifier);

/*
 * system_identifier(): of this server
 */
Datum
orch_system_identifier(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64((int64) GetSystemIdentifier());
}

ORCH_FUNCTION(orch_current_user_id_sql);

/*
 * current_user_id()
 */
Datum
orch_current_user_id_sql(PG_FUNCTION_ARGS)
{
	int64		user_id = orch_current_user_id();

	if (user_id == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(user_id);
}

/* ---- gateways ---- */

static bool
is_gateway(void)
{
	Oid			gateway = get_role_oid(GATEWAY, true);

	return superuser() || (OidIsValid(gateway) && has_privs_of_role(GetUserId(), gateway));
}

/* SET LOCAL; the caller has proven that it may */
static void
assume(int64 user_id)
{
	char		value[32];

	snprintf(value, sizeof(value), INT64_FORMAT, user_id);
	set_config_option("orchestration.user_id", value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
}

ORCH_FUNCTION(orch_act_as);

/*
 * act_as(user_id): EXECUTE alone does not suffice, as it is easily granted
 * together with that on all functions of the schema.
 */
Datum
orch_act_as(PG_FUNCTION_ARGS)
{
	static void *plan = NULL;
	int64		user_id = PG_GETARG_INT64(0);
	Oid			type = INT8OID;
	Datum		value = Int64GetDatum(user_id);
	OrchLookup	lookup;
	uint64		found;

	if (!is_gateway())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to act as another user"),
				 errhint("Only members of %s act for users; users prove who they are with authenticate().", GATEWAY)));
	orch_lookup_begin(&lookup);
	found = orch_lookup(&plan, "SELECT FROM orchestration.users u WHERE u.id OPERATOR(pg_catalog.=) $1"
						" AND u.status OPERATOR(pg_catalog.=) 'active'", 1, &type, &value);
	orch_lookup_end(&lookup);
	if (found == 0)
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_NOT_FOUND),
				 errmsg("user " INT64_FORMAT " does not exist or is not active", user_id)));
	assume(user_id);
	if (orch_user_assumed)
		orch_user_assumed(user_id);
	PG_RETURN_VOID();
}

ORCH_FUNCTION(orch_assume_identity);

/*
 * assume_identity(user_id): for authenticate(), which owns the proof; granted
 * to nobody.
 */
Datum
orch_assume_identity(PG_FUNCTION_ARGS)
{
	if (!superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to assume an identity")));
	assume(PG_GETARG_INT64(0));
	PG_RETURN_VOID();
}

ORCH_FUNCTION(orch_token_revoked);

/*
 * token_revoked(user_id, token_id): by now, whatever the transaction's snapshot.
 */
Datum
orch_token_revoked(PG_FUNCTION_ARGS)
{
	static void *plan = NULL;
	Oid			types[] = {INT8OID, TEXTOID};
	Datum		values[] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)};
	OrchLookup	lookup;
	bool		revoked;

	orch_lookup_begin(&lookup);
	revoked = orch_lookup(&plan, "SELECT FROM orchestration.user_sessions s WHERE s.user_id OPERATOR(pg_catalog.=) $1"
						  " AND s.token_id OPERATOR(pg_catalog.=) $2 AND s.status OPERATOR(pg_catalog.=) 'revoked' LIMIT 1",
						  2, types, values) > 0;
	orch_lookup_end(&lookup);
	PG_RETURN_BOOL(revoked);
}

ORCH_FUNCTION(orch_set_client_addr);

/*
 * set_client_addr(address): as SET LOCAL, which PostgreSQL 14 cannot grant.
 */
Datum
orch_set_client_addr(PG_FUNCTION_ARGS)
{
	const char *address = PG_ARGISNULL(0) ? "" : DatumGetCString(DirectFunctionCall1(inet_out, PG_GETARG_DATUM(0)));

	if (!is_gateway())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to name the address of a client"),
				 errhint("Only members of %s serve clients of their own.", GATEWAY)));
	set_config_option("orchestration.client_addr", address, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
	PG_RETURN_VOID();
}
