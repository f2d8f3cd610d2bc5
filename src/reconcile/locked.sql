/*
 * Rows that somebody has locked.  The worker serves everybody and waits for
 * nobody: it skips them and writes them later: objects and pods stay in its memory, rows
 * whose status was to be written are noted in left_out.  What is locked in other ways (a key that is being inserted, a row
 * that a trigger wants) ends by lock_timeout, and is then left out likewise.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.is_passing(of_sqlstate text)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT left(of_sqlstate, 2) IN ('40', '53', '55', '57')
$$;

COMMENT ON FUNCTION orchestration_internal.is_passing(text) IS 'Is an SQLSTATE that of an error for which no row is to blame: a deadlock, a lock, too little memory or disk, an intervention? Such an error is not noted against a row; the whole statement is repeated.';
GRANT EXECUTE ON FUNCTION orchestration_internal.is_passing(text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.hurry()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM set_config('lock_timeout', '10ms', true);
END
$$;

COMMENT ON FUNCTION orchestration_internal.hurry() IS 'From here to its end this transaction hardly waits for locks: something is locked, and what follows is done one by one.';
GRANT EXECUTE ON FUNCTION orchestration_internal.hurry() TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.leave_out_owners(of_type text, namespace_ids bigint[], owner_ids bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO orchestration_internal.left_out AS l (namespace_id, cluster_id, owner_type, owner_id)
	SELECT DISTINCT u.namespace_id, n.cluster_id, $1, u.owner_id
	FROM unnest($2, $3) u (namespace_id, owner_id)
	JOIN orchestration.namespaces n ON n.id = u.namespace_id
	WHERE n.cluster_id IS NOT NULL
	ON CONFLICT (namespace_id, cluster_id, owner_type, owner_id) DO UPDATE SET attempts = l.attempts + 1, updated_at = clock_timestamp();
END
$$;

COMMENT ON FUNCTION orchestration_internal.leave_out_owners(text, bigint[], bigint[]) IS 'Notes rows whose status could not be written because somebody had locked them. Arguments: type, and two arrays of equal length: namespace ids, ids.';
GRANT EXECUTE ON FUNCTION orchestration_internal.leave_out_owners(text, bigint[], bigint[]) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.hold_objects(namespace_ids bigint[], object_ids bigint[])
RETURNS bigint[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN ARRAY(
		SELECT m.id FROM orchestration.managed_objects m
		JOIN unnest($1, $2) o (namespace_id, id) ON m.namespace_id = o.namespace_id AND m.id = o.id
		FOR UPDATE OF m SKIP LOCKED);
END
$$;

COMMENT ON FUNCTION orchestration_internal.hold_objects(bigint[], bigint[]) IS 'Locks inventory rows for this transaction and returns the ids of those that nobody else has locked. Arguments: two arrays of equal length.';
GRANT EXECUTE ON FUNCTION orchestration_internal.hold_objects(bigint[], bigint[]) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.held_owners(of_type text, namespace_ids bigint[], owner_ids bigint[])
RETURNS bigint[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	objects record;
	free bigint[];
BEGIN
	SELECT array_agg(m.namespace_id) AS namespace_ids, array_agg(m.id) AS ids, array_agg(m.owner_id) AS owner_ids INTO objects
	FROM orchestration.managed_objects m
	JOIN unnest($2, $3) o (namespace_id, owner_id) ON m.namespace_id = o.namespace_id AND m.owner_type = $1 AND m.owner_id = o.owner_id;
	IF objects.ids IS NULL THEN
		RETURN '{}';
	END IF;
	free := orchestration_internal.hold_objects(objects.namespace_ids, objects.ids);
	IF cardinality(free) = cardinality(objects.ids) THEN
		RETURN '{}';
	END IF;
	RETURN ARRAY(SELECT DISTINCT o.owner_id FROM unnest(objects.ids, objects.owner_ids) o (id, owner_id) WHERE o.id <> ALL (free));
END
$$;

COMMENT ON FUNCTION orchestration_internal.held_owners(text, bigint[], bigint[]) IS 'Locks the inventory rows of owners for this transaction and returns the ids of the owners of which somebody else has locked one. Arguments: type, and two arrays of equal length: namespace ids, owner ids.';
GRANT EXECUTE ON FUNCTION orchestration_internal.held_owners(text, bigint[], bigint[]) TO orchestration_worker;
