/*
 * Owners: the rows that become objects in clusters, whatever table they are in.
 */

-- part: functions

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

CREATE OR REPLACE FUNCTION orchestration_internal.owner_types()
RETURNS text[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN ARRAY(SELECT r.singular FROM orchestration_internal.resources() r WHERE r.owner ORDER BY r.nth);
END
$$;

COMMENT ON FUNCTION orchestration_internal.owner_types() IS 'Types of the rows that become objects in clusters, in the order in which they are planned.';
GRANT EXECUTE ON FUNCTION orchestration_internal.owner_types() TO orchestration_worker;

-- part: views

/*
 * All tables whose rows become objects, made from the list of resources.  Each member is one
 * table and nothing else, so that what is asked of owner_type, namespace_id, id and generation
 * reaches its indexes, also in a plan that is kept.
 */
DO $$
DECLARE
	members text;
BEGIN
	SELECT string_agg(format('SELECT %L::text AS owner_type, x.%I AS namespace_id, x.id, x.generation, x.observed_generation, %s AS present, %s AS asks, x.created_at FROM orchestration.%I x',
		r.singular, r.scope, COALESCE(t.not_deleted, 'true'), COALESCE(NULLIF(concat_ws(' AND ', t.not_to_be_deleted, t.not_deleted, r.asks_when), ''), 'true'), r.relation),
		' UNION ALL ' ORDER BY r.nth) INTO members
	FROM orchestration_internal.resources() r
	CROSS JOIN LATERAL (
		SELECT CASE WHEN orchestration_internal.has_column(r.relation, 'desired_state') THEN 'x.desired_state <> ''deleted''' END AS not_to_be_deleted,
			CASE WHEN orchestration_internal.has_column(r.relation, 'desired_state') THEN 'x.status <> ''deleted''' END AS not_deleted
	) t
	WHERE r.owner;
	EXECUTE 'CREATE OR REPLACE VIEW orchestration_internal.owner_rows AS ' || members;
	CREATE OR REPLACE VIEW orchestration_internal.owners AS
	SELECT o.owner_type, o.namespace_id, o.id, o.generation, o.observed_generation, n.cluster_id, o.present, o.asks AND n.desired_state <> 'deleted' AS wanted
	FROM orchestration_internal.owner_rows o
	JOIN orchestration.namespaces n ON n.id = o.namespace_id;
	IF pg_catalog.current_setting('server_version_num')::integer >= 150000 THEN
		ALTER VIEW orchestration_internal.owner_rows SET (security_invoker = true);
		ALTER VIEW orchestration_internal.owners SET (security_invoker = true);
	END IF;
END
$$;

COMMENT ON VIEW orchestration_internal.owner_rows IS 'The rows that become objects in clusters, by themselves. Restrict by owner_type and id, or namespace_id and id.';
COMMENT ON COLUMN orchestration_internal.owner_rows.owner_type IS 'Kind of row, as in managed_objects.';
COMMENT ON COLUMN orchestration_internal.owner_rows.namespace_id IS 'Namespace of the row; its own id for a namespace.';
COMMENT ON COLUMN orchestration_internal.owner_rows.id IS 'Id of the row.';
COMMENT ON COLUMN orchestration_internal.owner_rows.generation IS 'Counts changes of the specification.';
COMMENT ON COLUMN orchestration_internal.owner_rows.observed_generation IS 'The generation that the cluster is known to have.';
COMMENT ON COLUMN orchestration_internal.owner_rows.present IS 'The deletion of the row is not proven: objects may belong to it.';
COMMENT ON COLUMN orchestration_internal.owner_rows.asks IS 'The row itself asks for objects.';
COMMENT ON COLUMN orchestration_internal.owner_rows.created_at IS 'When the row was made.';
COMMENT ON VIEW orchestration_internal.owners IS 'owner_rows, with the clusters that they are in. Restrict by owner_type, and by cluster_id or namespace_id and id.';
COMMENT ON COLUMN orchestration_internal.owners.owner_type IS 'Kind of row, as in managed_objects.';
COMMENT ON COLUMN orchestration_internal.owners.namespace_id IS 'Namespace of the row; its own id for a namespace.';
COMMENT ON COLUMN orchestration_internal.owners.id IS 'Id of the row.';
COMMENT ON COLUMN orchestration_internal.owners.generation IS 'Counts changes of the specification.';
COMMENT ON COLUMN orchestration_internal.owners.observed_generation IS 'The generation that the cluster is known to have.';
COMMENT ON COLUMN orchestration_internal.owners.cluster_id IS 'Cluster of the namespace; NULL: none.';
COMMENT ON COLUMN orchestration_internal.owners.present IS 'The deletion of the row is not proven: objects may belong to it.';
COMMENT ON COLUMN orchestration_internal.owners.wanted IS 'The row asks for objects: neither it nor its namespace is to be deleted.';
