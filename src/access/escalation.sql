/*
 * Nobody grants what he does not hold, as in Kubernetes: writing a role needs
 * its permissions everywhere (or roles: escalate), assigning it needs them where
 * it is assigned and for as long (or roles: bind).  Whoever row security does
 * not apply to is not asked.
 */

/* these see everything, whoever asks, and what holds now, whatever the transaction's snapshot */
CREATE OR REPLACE FUNCTION orchestration_internal.missing_permissions(permissions jsonb, namespace_id bigint, until timestamptz)
RETURNS text[]
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_missing_permissions';

COMMENT ON FUNCTION orchestration_internal.missing_permissions(jsonb, bigint, timestamptz) IS 'Which of these permissions the caller does not hold in a namespace (NULL: everywhere) until a time (NULL: for ever). What he holds must still be so at commit, which fails with 40001 otherwise. For the triggers of roles and user_roles.';
GRANT EXECUTE ON FUNCTION orchestration_internal.missing_permissions(jsonb, bigint, timestamptz) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.permissions_of(role_id bigint)
RETURNS jsonb
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_permissions_of';

COMMENT ON FUNCTION orchestration_internal.permissions_of(bigint) IS 'Permissions of a role, whether the caller may read it or not; they must still be the same at commit, which fails with 40001 otherwise. NULL for a role that does not exist. For the trigger of user_roles.';
GRANT EXECUTE ON FUNCTION orchestration_internal.permissions_of(bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.holds_all_of(other bigint)
RETURNS boolean
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_holds_all_of';

COMMENT ON FUNCTION orchestration_internal.holds_all_of(bigint) IS 'Does the caller hold everything that another one holds? That must still be so at commit, which fails with 40001 otherwise. For the trigger of users.';
GRANT EXECUTE ON FUNCTION orchestration_internal.holds_all_of(bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.refuse_escalation(what text, missing text[], verb text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'permission denied to % permissions that you do not hold', what
		USING ERRCODE = '42501',
			DETAIL = format('Not held there, or not for as long: %s.', orchestration_internal.list_some(missing)),
			HINT = format('Leave them out, or ask somebody who holds them or {"roles": ["%s"]}.', verb);
END
$$;

COMMENT ON FUNCTION orchestration_internal.refuse_escalation(text, text[], text) IS 'Raises 42501 and names the permissions.';
GRANT EXECUTE ON FUNCTION orchestration_internal.refuse_escalation(text, text[], text) TO orchestration_user, orchestration_worker;

/* with the rights of the caller: row security must apply to him for the question to be asked */
CREATE OR REPLACE FUNCTION orchestration_internal.guard_roles()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	missing text[];
BEGIN
	IF NOT row_security_active(TG_RELID) THEN
		RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
	END IF;
	IF (TG_OP <> 'INSERT' AND OLD.is_system) OR (TG_OP <> 'DELETE' AND NEW.is_system) THEN
		RAISE EXCEPTION 'permission denied for a system role'
			USING ERRCODE = '42501', DETAIL = 'Only the owner of the database changes administrator, operator and viewer.',
				HINT = 'Create a role of your own.';
	END IF;
	IF TG_OP = 'DELETE' THEN
		RETURN OLD;
	END IF;
	IF TG_OP = 'INSERT' OR NEW.permissions IS DISTINCT FROM OLD.permissions THEN
		missing := orchestration_internal.missing_permissions(NEW.permissions, NULL, NULL);
		IF cardinality(missing) > 0 AND NOT orchestration_internal.permits_everywhere('roles', 'escalate') THEN
			PERFORM orchestration_internal.refuse_escalation('write a role with', missing, 'escalate');
		END IF;
	END IF;
	RETURN NEW;
END
$$;

COMMENT ON FUNCTION orchestration_internal.guard_roles() IS 'Row trigger of roles: no permission that the writer does not hold everywhere, no change of system roles. Raises 42501.';

CREATE OR REPLACE FUNCTION orchestration_internal.guard_user_roles()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	missing text[];
BEGIN
	IF NOT row_security_active(TG_RELID) THEN
		RETURN NEW;
	END IF;
	IF TG_OP = 'UPDATE' AND (NEW.user_id, NEW.role_id, NEW.namespace_id) IS DISTINCT FROM (OLD.user_id, OLD.role_id, OLD.namespace_id) THEN
		RAISE EXCEPTION 'permission denied to turn an assignment into another one'
			USING ERRCODE = '42501', HINT = 'Delete it and insert a new one.';
	END IF;
	missing := orchestration_internal.missing_permissions(orchestration_internal.permissions_of(NEW.role_id), NEW.namespace_id, NEW.expires_at);
	/* NULL: of a role that does not exist yet nobody knows what it will be worth */
	IF (missing IS NULL OR cardinality(missing) > 0) AND NOT orchestration_internal.permits(COALESCE(NEW.namespace_id, -1), 'roles', 'bind') THEN
		PERFORM orchestration_internal.refuse_escalation('grant', COALESCE(missing, ARRAY['the role does not exist']), 'bind');
	END IF;
	RETURN NEW;
END
$$;

COMMENT ON FUNCTION orchestration_internal.guard_user_roles() IS 'Row trigger of user_roles: no role whose permissions the granter does not hold there, and for as long. Raises 42501.';

CREATE OR REPLACE FUNCTION orchestration_internal.guard_users()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	/* tokens and gateways know users by their names; a deleted user's name is free */
	IF NOT row_security_active(TG_RELID)
		OR TG_OP = 'UPDATE' AND (NEW.username, NEW.db_role, NEW.status) IS NOT DISTINCT FROM (OLD.username, OLD.db_role, OLD.status)
		OR orchestration_internal.permits_everywhere('users', 'escalate')
		OR orchestration_internal.holds_all_of(OLD.id)
		OR orchestration_internal.permits_everywhere('users', 'escalate')
	THEN
		RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
	END IF;
	RAISE EXCEPTION 'permission denied to % user "%"', CASE TG_OP WHEN 'DELETE' THEN 'delete' ELSE 'change the login of' END, OLD.username
		USING ERRCODE = '42501', DETAIL = 'That user holds permissions that you do not hold: whoever sets username or db_role decides who has them.',
			HINT = 'Ask somebody who holds them or {"users": ["escalate"]}.';
END
$$;

COMMENT ON FUNCTION orchestration_internal.guard_users() IS 'Row trigger of users: username, db_role and status of a user are changed, and a user is deleted, by those alone who hold what that user holds. Raises 42501.';
