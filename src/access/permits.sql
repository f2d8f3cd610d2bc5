/* The checks.  permits() stands in every policy; the others are for people and applications. */

CREATE OR REPLACE FUNCTION orchestration_internal.permits_support(internal)
RETURNS internal
LANGUAGE c STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_permits_support';

COMMENT ON FUNCTION orchestration_internal.permits_support(internal) IS 'Tells the planner about permits().';
-- for the owner alone

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.permits(namespace_id bigint, resource text, actions text)
RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE LEAKPROOF COST 1
SUPPORT orchestration_internal.permits_support
AS 'MODULE_PATHNAME', 'orch_permits';

COMMENT ON FUNCTION orchestration_internal.permits(bigint, text, text) IS 'May the caller do this in the namespace? Resource and action as in roles.permissions; several actions are parted by | and one suffices; * is any. Raises OR003 for unknown ones.';
GRANT EXECUTE ON FUNCTION orchestration_internal.permits(bigint, text, text) TO orchestration_user, orchestration_worker;

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.permits_everywhere(resource text, actions text)
RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE LEAKPROOF COST 1
SUPPORT orchestration_internal.identity_support
AS 'MODULE_PATHNAME', 'orch_permits_everywhere';

COMMENT ON FUNCTION orchestration_internal.permits_everywhere(text, text) IS 'May the caller do this by a grant that is not limited to a namespace? Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.permits_everywhere(text, text) TO orchestration_user, orchestration_worker;

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.permits_anywhere(resource text, actions text)
RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE LEAKPROOF COST 1
SUPPORT orchestration_internal.identity_support
AS 'MODULE_PATHNAME', 'orch_permits_anywhere';

COMMENT ON FUNCTION orchestration_internal.permits_anywhere(text, text) IS 'May the caller do this in at least one namespace? Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.permits_anywhere(text, text) TO orchestration_user, orchestration_worker;

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.permitted_to_caller(resource text, actions text)
RETURNS bigint[]
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'orch_permitted_to_caller';

COMMENT ON FUNCTION orchestration_internal.permitted_to_caller(text, text) IS 'The namespaces where permits() is true: what the planner looks for in an index instead of calling it for every row.';
GRANT EXECUTE ON FUNCTION orchestration_internal.permitted_to_caller(text, text) TO orchestration_user;

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.permitted_or_null(namespace_id bigint, resource text, actions text)
RETURNS bigint
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'orch_permitted_or_null';

COMMENT ON FUNCTION orchestration_internal.permitted_or_null(bigint, text, text) IS 'The namespace, where permits() is true, or NULL: what the planner looks for in an index when a statement names the namespace, so that no row of another one is read.';
GRANT EXECUTE ON FUNCTION orchestration_internal.permitted_or_null(bigint, text, text) TO orchestration_user;

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.permitted_among(namespace_ids bigint[], resource text, actions text)
RETURNS bigint[]
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'orch_permitted_among';

COMMENT ON FUNCTION orchestration_internal.permitted_among(bigint[], text, text) IS 'Those of the namespaces where permits() is true: likewise, when a statement names several.';
GRANT EXECUTE ON FUNCTION orchestration_internal.permitted_among(bigint[], text, text) TO orchestration_user;

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration.has_namespace_permission(user_id bigint, namespace_id bigint, resource text DEFAULT '*', actions text DEFAULT '*')
RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'orch_has_namespace_permission';

COMMENT ON FUNCTION orchestration.has_namespace_permission(bigint, bigint, text, text) IS 'Says whether the user may do this in the namespace, or, for NULL, everywhere. Several actions are parted by |; without resource and actions: does he hold any permission that covers it? Raises OR003, and 42501 when the caller asks for somebody else without being allowed to read users.';
GRANT EXECUTE ON FUNCTION orchestration.has_namespace_permission(bigint, bigint, text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.permitted_namespaces(user_id bigint, resource text, actions text)
RETURNS bigint[]
LANGUAGE c STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_permitted_namespaces';

COMMENT ON FUNCTION orchestration_internal.permitted_namespaces(bigint, text, text) IS 'Ids of the namespaces where the user may do this, in order; all of them for a grant that is not limited to one. Raises OR003, 42501.';
-- for the owner alone

/* SECURITY DEFINER: a user may see why he is refused without being able to read roles; the first call refuses to tell it of others */
CREATE OR REPLACE FUNCTION orchestration.explain_permission(user_id bigint, namespace_id bigint, resource text, action text)
RETURNS TABLE (allowed boolean, role text, scope text, expires_at timestamptz, decides boolean, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	is_allowed boolean := orchestration.has_namespace_permission($1, $2, $3, $4);
	account text := (SELECT u.status FROM orchestration.users u WHERE u.id = $1);
BEGIN
	RETURN QUERY
	SELECT is_allowed, g.role, g.scope, g.expires_at,
		is_allowed AND g.reason IS NULL AND row_number() OVER (PARTITION BY g.reason ORDER BY g.role_id, g.id) = 1,
		COALESCE(g.reason, 'grants it')
	FROM (
		SELECT r.id AS role_id, ur.id, r.name AS role, COALESCE('namespace ' || n.name, 'everywhere') AS scope, ur.expires_at,
			CASE
				WHEN account <> 'active' THEN 'the user is ' || account
				WHEN ur.expires_at <= clock_timestamp() THEN 'has expired'
				WHEN ur.namespace_id IS NOT NULL AND ur.namespace_id IS DISTINCT FROM $2 THEN 'is for another namespace'
				WHEN NOT COALESCE(r.permissions -> $3 ?| (string_to_array($4, '|') || '*'::text), false)
					AND NOT COALESCE(r.permissions -> '*' ?| (string_to_array($4, '|') || '*'::text), false) THEN 'does not hold this permission'
			END AS reason
		FROM orchestration.user_roles ur
		JOIN orchestration.roles r ON r.id = ur.role_id
		LEFT JOIN orchestration.namespaces n ON n.id = ur.namespace_id
		WHERE ur.user_id = $1
	) g
	ORDER BY g.reason IS NOT NULL, g.role_id, g.id;
	IF NOT FOUND THEN
		RETURN QUERY SELECT false, NULL::text, NULL::text, NULL::timestamptz, false,
			CASE WHEN account IS NULL THEN 'there is no such user' ELSE 'the user has no role' END;
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration.explain_permission(bigint, bigint, text, text) IS 'Why a user may or may not do something in a namespace (NULL: everywhere): every role that was assigned, whether it grants this, and which one decides. Runs with the rights of the owner of the extension, for oneself or for who may read users. Raises OR003, 42501.';
GRANT EXECUTE ON FUNCTION orchestration.explain_permission(bigint, bigint, text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.owner_resources()
RETURNS TABLE (owner_type text, resource text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT r.singular, CASE r.singular WHEN 'namespace' THEN '*' ELSE r.permission END
	FROM orchestration_internal.resources() r
	WHERE r.owner
$$;

COMMENT ON FUNCTION orchestration_internal.owner_resources() IS 'The resource whose permission read shows what was made of a row: by managed_objects.owner_type; * for any permission in the namespace.';
-- for the owner alone

/* ---- keeping the cache right ---- */

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.forget_grants()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'orch_forget_grants';

COMMENT ON FUNCTION orchestration_internal.forget_grants() IS 'Statement trigger of users, roles and user_roles: every session reads grants anew once this transaction has committed.';

CREATE OR REPLACE FUNCTION orchestration_internal.refresh_permissions()
RETURNS void
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_forget_grants';

COMMENT ON FUNCTION orchestration_internal.refresh_permissions() IS 'Makes every session read grants anew: after a restore or a change with triggers disabled. bootstrap() calls it.';
-- for the owner alone

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.require_permission()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'orch_require_permission';

COMMENT ON FUNCTION orchestration_internal.require_permission() IS 'Row trigger that refuses a write for want of a permission. Arguments: resource, column of the namespace, actions for INSERT, UPDATE, DELETE. desired_state needs execute, or delete for deletion. created_by is the user that makes the row and stays, id comes from the sequence. Raises 42501, 428C9.';

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.keep_origin()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'orch_keep_origin';

COMMENT ON FUNCTION orchestration_internal.keep_origin() IS 'Row trigger of every table with created_by that require_permission() does not guard, which does the same: created_by is the user that makes the row and stays, id comes from the sequence. Whoever row security does not apply to is not asked; with the argument always he is, for the id. Raises 42501, 428C9.';

CREATE OR REPLACE FUNCTION orchestration_internal.error_about(resource text, namespace_id bigint, id bigint, name text)
RETURNS text
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_set_error_about';

COMMENT ON FUNCTION orchestration_internal.error_about(text, bigint, bigint, text) IS 'The table of a resource, as the last option of RAISE: USING ..., TABLE = error_about(...). The audit trail then has the error in the namespace, with id and name (NULL: none), if the caller may read such rows there. Raises OR003 for an unknown resource.';
GRANT EXECUTE ON FUNCTION orchestration_internal.error_about(text, bigint, bigint, text) TO orchestration_user;
