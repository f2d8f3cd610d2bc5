/*
 * One view over all tables whose rows become objects, made from the list of resources.  What
 * is asked of owner_type, namespace_id and id reaches the tables and their indexes; the
 * namespace is joined only where it is asked for.
 */
DO $$
DECLARE
	members text;
BEGIN
	SELECT string_agg(format(
		'SELECT %L::text AS owner_type, x.%I AS namespace_id, x.id, x.generation, x.observed_generation, %s AS cluster_id, %s AS present, %s AS wanted, x.created_at FROM orchestration.%I x%s',
		r.singular, r.scope,
		CASE r.scope WHEN 'id' THEN 'x.cluster_id' ELSE 'n.cluster_id' END,
		CASE WHEN orchestration_internal.has_column(r.relation, 'status') AND orchestration_internal.has_column(r.relation, 'desired_state')
			THEN 'x.status <> ''deleted''' ELSE 'true' END,
		concat_ws(' AND ',
			CASE WHEN r.scope <> 'id' THEN 'n.desired_state <> ''deleted''' END,
			CASE WHEN orchestration_internal.has_column(r.relation, 'desired_state') THEN 'x.desired_state <> ''deleted'' AND x.status <> ''deleted''' END,
			r.asks_when),
		r.relation,
		CASE WHEN r.scope <> 'id' THEN ' LEFT JOIN orchestration.namespaces n ON n.id = x.namespace_id' END), ' UNION ALL ' ORDER BY r.nth) INTO members
	FROM orchestration_internal.resources() r
	WHERE r.kinds <> '{}';
	EXECUTE 'CREATE OR REPLACE VIEW orchestration_internal.owners AS ' || members;
	IF pg_catalog.current_setting('server_version_num')::integer >= 150000 THEN
		ALTER VIEW orchestration_internal.owners SET (security_invoker = true);
	END IF;
END
$$;

COMMENT ON VIEW orchestration_internal.owners IS 'The rows that become objects in clusters. Restrict by owner_type, and by namespace_id and id, or by cluster_id.';
COMMENT ON COLUMN orchestration_internal.owners.owner_type IS 'Kind of row, as in managed_objects.';
COMMENT ON COLUMN orchestration_internal.owners.namespace_id IS 'Namespace of the row; its own id for a namespace.';
COMMENT ON COLUMN orchestration_internal.owners.id IS 'Id of the row.';
COMMENT ON COLUMN orchestration_internal.owners.generation IS 'Counts changes of the specification.';
COMMENT ON COLUMN orchestration_internal.owners.observed_generation IS 'The generation that the cluster is known to have.';
COMMENT ON COLUMN orchestration_internal.owners.cluster_id IS 'Cluster of the namespace; NULL: none.';
COMMENT ON COLUMN orchestration_internal.owners.present IS 'The deletion of the row is not proven: objects may belong to it.';
COMMENT ON COLUMN orchestration_internal.owners.wanted IS 'The row asks for objects: neither it nor its namespace is to be deleted.';
COMMENT ON COLUMN orchestration_internal.owners.created_at IS 'When the row was made.';
