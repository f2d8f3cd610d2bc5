/*
 * Owners: the rows that become objects in clusters, whatever table they are in.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.owner_exists(owner_type text, owner_id bigint)
RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN NOT orchestration_internal.is_owner_type($1)
		OR EXISTS (SELECT FROM orchestration_internal.owner_rows o WHERE o.owner_type = $1 AND o.id = $2 AND o.present);
END
$$;

COMMENT ON FUNCTION orchestration_internal.owner_exists(text, bigint) IS 'Is there a row that an object with this owner label may belong to? True for labels that are not understood.';
GRANT EXECUTE ON FUNCTION orchestration_internal.owner_exists(text, bigint) TO orchestration_worker;
