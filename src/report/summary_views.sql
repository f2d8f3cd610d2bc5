/* Containers by namespace: counted now, and as the maintenance last counted them. */

CREATE OR REPLACE VIEW orchestration.container_summary_live AS
SELECT n.name AS namespace_name,
	count(c.id) FILTER (WHERE c.status <> 'deleted') AS total_containers,
	count(c.id) FILTER (WHERE c.status = 'running') AS running_containers,
	n.id AS namespace_id,
	count(c.id) FILTER (WHERE c.status = 'pending') AS pending_containers,
	count(c.id) FILTER (WHERE c.status = 'paused') AS paused_containers,
	count(c.id) FILTER (WHERE c.status = 'stopped') AS stopped_containers,
	count(c.id) FILTER (WHERE c.status = 'failed') AS failed_containers,
	count(c.id) FILTER (WHERE c.status = 'deleted') AS deleted_containers,
	COALESCE(sum(c.replicas) FILTER (WHERE c.desired_state = 'running'), 0) AS desired_replicas,
	COALESCE(sum(c.ready_replicas), 0) AS ready_replicas,
	COALESCE(sum(c.cpu_request * c.replicas) FILTER (WHERE c.desired_state = 'running'), 0)::bigint AS cpu_request,
	COALESCE(sum(c.memory_request * c.replicas) FILTER (WHERE c.desired_state = 'running'), 0)::bigint AS memory_request
FROM orchestration.namespaces n
LEFT JOIN orchestration.containers c ON c.namespace_id = n.id
WHERE n.status <> 'deleted' AND n.id <> 0
GROUP BY n.id;

/* row security does not reach into a materialized view: nobody is granted this one */
CREATE MATERIALIZED VIEW IF NOT EXISTS orchestration_internal.container_summary_stored AS
SELECT * FROM orchestration.container_summary_live;

/* REFRESH CONCURRENTLY needs it */
CREATE UNIQUE INDEX IF NOT EXISTS container_summary_stored_namespace ON orchestration_internal.container_summary_stored (namespace_id);

/* with the rights of its owner, so the filter is all that guards it; as with row security, who bypasses that sees everything */
CREATE OR REPLACE VIEW orchestration.container_summary WITH (security_barrier = true) AS
SELECT s.*
FROM orchestration_internal.container_summary_stored s
WHERE orchestration_internal.permits(s.namespace_id, 'containers', 'read') OR NOT pg_catalog.row_security_active('orchestration.containers');

COMMENT ON VIEW orchestration.container_summary_live IS 'Each namespace with its containers by status, counted now.';
COMMENT ON MATERIALIZED VIEW orchestration_internal.container_summary_stored IS 'What container_summary shows, as last refreshed by the maintenance step summary. Read container_summary: this one is not filtered by permissions.';
COMMENT ON VIEW orchestration.container_summary IS 'Each namespace with its containers by status, as last counted by the maintenance step summary; only those whose containers the caller may read. container_summary_live counts now.';
DO $$
DECLARE
	relation regclass;
	said record;
BEGIN
	FOREACH relation IN ARRAY '{orchestration.container_summary_live,orchestration_internal.container_summary_stored,orchestration.container_summary}'::regclass[]
	LOOP
		FOR said IN
			SELECT c.name, c.comment
			FROM (VALUES
				('namespace_name', 'Name of the namespace.'),
				('total_containers', 'Containers that are not deleted.'),
				('running_containers', 'Containers with status running.'),
				('namespace_id', 'Id of the namespace.'),
				('pending_containers', 'Containers with status pending.'),
				('paused_containers', 'Containers with status paused.'),
				('stopped_containers', 'Containers with status stopped.'),
				('failed_containers', 'Containers with status failed.'),
				('deleted_containers', 'Containers that are deleted and keep their row for the record.'),
				('desired_replicas', 'Pods that are wanted.'),
				('ready_replicas', 'Pods that are ready.'),
				('cpu_request', 'CPU that the wanted pods request, in millicores.'),
				('memory_request', 'Memory that the wanted pods request, in bytes.')
			) c (name, comment)
		LOOP
			EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', relation, said.name, said.comment);
		END LOOP;
	END LOOP;
END
$$;
