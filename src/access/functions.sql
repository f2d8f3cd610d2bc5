/* Who may do what. */

CREATE OR REPLACE FUNCTION orchestration_internal.valid_permissions(permissions jsonb)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_permissions';

COMMENT ON FUNCTION orchestration_internal.valid_permissions(jsonb) IS 'True for an object of known resources and arrays of known verbs, * standing for all: {"containers": ["read", "create"]}. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_permissions(jsonb) TO orchestration_user, orchestration_worker;
