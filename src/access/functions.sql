/* Who may do what. */

CREATE OR REPLACE FUNCTION orchestration.valid_permissions(permissions jsonb)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_permissions';

COMMENT ON FUNCTION orchestration.valid_permissions(jsonb) IS 'True for an object of known resources and arrays of known verbs, * standing for all: {"containers": ["read", "create"]}. Raises OR003.';

/* Who is asking.  SECURITY DEFINER: who inserts a row need not be able to read users. */
CREATE OR REPLACE FUNCTION orchestration.current_user_id()
RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT u.id FROM orchestration.users u WHERE u.db_role = session_user::text);
END
$$;

COMMENT ON FUNCTION orchestration.current_user_id() IS 'The user whose db_role is the role of this session; NULL when there is none. Default of every created_by.';
