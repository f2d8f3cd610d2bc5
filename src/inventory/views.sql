/*
 * What there is, as a person reads it: one view for each thing that create_*() makes.  What is deleted is not
 * there any more; the tables keep it for the record.
 */

CREATE OR REPLACE VIEW orchestration.container_list AS
SELECT n.name AS namespace, c.name,
	CASE WHEN i.registry <> '' THEN i.registry || '/' ELSE '' END || i.repository
		|| CASE WHEN i.tag <> '' THEN ':' || i.tag ELSE '' END || CASE WHEN i.digest <> '' THEN '@' || i.digest ELSE '' END AS image,
	CASE WHEN c.desired_state = 'deleted' THEN 'deleting' ELSE c.status END AS status,
	c.status_reason AS reason,
	c.ready_replicas || '/' || CASE WHEN c.desired_state <> 'running' AND c.ready_replicas = 0 THEN '0' WHEN NOT c.autoscaled THEN c.replicas::text
		/* what an autoscaler asks for is in the cluster alone */
		ELSE COALESCE((SELECT m.observed ->> 'specReplicas' FROM orchestration.managed_objects m
			WHERE m.namespace_id = c.namespace_id AND m.owner_type = 'container' AND m.owner_id = c.id AND m.kind = 'Deployment' AND m.uid IS NOT NULL), '?') END AS ready,
	(SELECT COALESCE(sum(p.restart_count), 0) FROM orchestration.container_instances p
	 WHERE p.container_id = c.id AND p.namespace_id = c.namespace_id AND p.ended_at IS NULL) AS restarts,
	orchestration_internal.request_and_limit(orchestration_internal.format_cpu(c.cpu_request), orchestration_internal.format_cpu(c.cpu_limit)) AS cpu,
	orchestration_internal.request_and_limit(orchestration_internal.format_memory(c.memory_request), orchestration_internal.format_memory(c.memory_limit)) AS memory,
	orchestration_internal.short_age(pg_catalog.clock_timestamp() - c.created_at) AS age,
	c.id
FROM orchestration.containers c
JOIN orchestration.namespaces n ON n.id = c.namespace_id
JOIN orchestration.container_images i ON i.namespace_id = c.namespace_id AND i.id = c.image_id
WHERE c.status <> 'deleted'
ORDER BY n.name, c.name;

CREATE OR REPLACE VIEW orchestration.namespace_list AS
SELECT n.name, k.name AS cluster, CASE WHEN n.desired_state = 'deleted' THEN 'deleting' ELSE n.status END AS status, n.status_reason AS reason,
	(SELECT count(*) FROM orchestration.containers c WHERE c.namespace_id = n.id AND c.status <> 'deleted') AS containers,
	n.pod_security, orchestration_internal.short_age(pg_catalog.clock_timestamp() - n.created_at) AS age, n.id
FROM orchestration.namespaces n
LEFT JOIN orchestration.clusters k ON k.id = n.cluster_id
WHERE n.status <> 'deleted' AND n.id <> 0
ORDER BY n.name;

CREATE OR REPLACE VIEW orchestration.config_map_list AS
SELECT n.name AS namespace, m.name, ARRAY(SELECT k FROM pg_catalog.jsonb_object_keys(m.data) k ORDER BY k) AS keys,
	orchestration_internal.short_age(pg_catalog.clock_timestamp() - m.created_at) AS age, m.id
FROM orchestration.config_maps m
JOIN orchestration.namespaces n ON n.id = m.namespace_id
WHERE n.status <> 'deleted'
ORDER BY n.name, m.name;

CREATE OR REPLACE VIEW orchestration.secret_list AS
SELECT n.name AS namespace, s.name, s.secret_type AS type, s.data_keys AS keys,
	orchestration_internal.short_age(pg_catalog.clock_timestamp() - s.created_at) AS age, s.id
FROM orchestration.secrets s
JOIN orchestration.namespaces n ON n.id = s.namespace_id
WHERE n.status <> 'deleted'
ORDER BY n.name, s.name;

CREATE OR REPLACE VIEW orchestration.registry_list AS
SELECT n.name AS namespace, r.name, r.server, r.username,
	orchestration_internal.short_age(pg_catalog.clock_timestamp() - r.created_at) AS age, r.id
FROM orchestration.registries r
JOIN orchestration.namespaces n ON n.id = r.namespace_id
WHERE n.status <> 'deleted'
ORDER BY n.name, r.name;

CREATE OR REPLACE VIEW orchestration.volume_list AS
SELECT n.name AS namespace, v.name, v.volume_type AS type, orchestration_internal.format_memory(v.size_bytes) AS size, v.access_mode, v.storage_class,
	COALESCE(m.name, s.name, v.host_path, v.medium) AS source, v.status, v.status_reason AS reason,
	ARRAY(SELECT DISTINCT c.name FROM orchestration.container_volumes x JOIN orchestration.containers c ON c.namespace_id = x.namespace_id AND c.id = x.container_id
		WHERE x.volume_id = v.id AND x.namespace_id = v.namespace_id ORDER BY c.name) AS containers,
	orchestration_internal.short_age(pg_catalog.clock_timestamp() - v.created_at) AS age, v.id
FROM orchestration.volumes v
JOIN orchestration.namespaces n ON n.id = v.namespace_id
LEFT JOIN orchestration.config_maps m ON m.namespace_id = v.namespace_id AND m.id = v.config_map_id
LEFT JOIN orchestration.secrets s ON s.namespace_id = v.namespace_id AND s.id = v.secret_id
WHERE n.status <> 'deleted'
ORDER BY n.name, v.name;

COMMENT ON VIEW orchestration.container_list IS 'Containers as people read them, by namespace and name; those that are deleted are left out.';
COMMENT ON COLUMN orchestration.container_list.namespace IS 'Name of the namespace.';
COMMENT ON COLUMN orchestration.container_list.name IS 'Name.';
COMMENT ON COLUMN orchestration.container_list.image IS 'Image, as set_image() takes it.';
COMMENT ON COLUMN orchestration.container_list.status IS 'pending, running, paused, stopped or failed; deleting once delete_container() was called.';
COMMENT ON COLUMN orchestration.container_list.reason IS 'Why it is so, in one word; why() says more.';
COMMENT ON COLUMN orchestration.container_list.ready IS 'Pods that are ready, of those that should run, or still do.';
COMMENT ON COLUMN orchestration.container_list.restarts IS 'Restarts of its present pods together.';
COMMENT ON COLUMN orchestration.container_list.cpu IS 'CPU that each pod requests, and its limit; - for none.';
COMMENT ON COLUMN orchestration.container_list.memory IS 'Memory that each pod requests, and its limit; - for none.';
COMMENT ON COLUMN orchestration.container_list.age IS 'How long ago it was made.';
COMMENT ON COLUMN orchestration.container_list.id IS 'Its id.';
COMMENT ON VIEW orchestration.namespace_list IS 'Namespaces as people read them, by name; without platform and those that are deleted.';
COMMENT ON COLUMN orchestration.namespace_list.name IS 'Name.';
COMMENT ON COLUMN orchestration.namespace_list.cluster IS 'Cluster where its containers run; NULL for none, or one that the caller may not read.';
COMMENT ON COLUMN orchestration.namespace_list.status IS 'pending, active or failed; deleting once delete_namespace() was called.';
COMMENT ON COLUMN orchestration.namespace_list.reason IS 'Why it is so, in one word.';
COMMENT ON COLUMN orchestration.namespace_list.containers IS 'Containers that are not deleted.';
COMMENT ON COLUMN orchestration.namespace_list.pod_security IS 'Level of the Pod Security Standards that its containers keep to.';
COMMENT ON COLUMN orchestration.namespace_list.age IS 'How long ago it was made.';
COMMENT ON COLUMN orchestration.namespace_list.id IS 'Its id.';
COMMENT ON VIEW orchestration.config_map_list IS 'Config maps as people read them, by namespace and name.';
COMMENT ON COLUMN orchestration.config_map_list.namespace IS 'Name of the namespace.';
COMMENT ON COLUMN orchestration.config_map_list.name IS 'Name.';
COMMENT ON COLUMN orchestration.config_map_list.keys IS 'Keys of its data.';
COMMENT ON COLUMN orchestration.config_map_list.age IS 'How long ago it was made.';
COMMENT ON COLUMN orchestration.config_map_list.id IS 'Its id.';
COMMENT ON VIEW orchestration.secret_list IS 'Secrets as people read them, by namespace and name: keys, and no values.';
COMMENT ON COLUMN orchestration.secret_list.namespace IS 'Name of the namespace.';
COMMENT ON COLUMN orchestration.secret_list.name IS 'Name.';
COMMENT ON COLUMN orchestration.secret_list.type IS 'Type of the secret.';
COMMENT ON COLUMN orchestration.secret_list.keys IS 'Keys of its data; reveal_secret() shows the values to whom may see them.';
COMMENT ON COLUMN orchestration.secret_list.age IS 'How long ago it was made.';
COMMENT ON COLUMN orchestration.secret_list.id IS 'Its id.';
COMMENT ON VIEW orchestration.registry_list IS 'Credentials for registries as people read them, by namespace and name.';
COMMENT ON COLUMN orchestration.registry_list.namespace IS 'Name of the namespace.';
COMMENT ON COLUMN orchestration.registry_list.name IS 'Name.';
COMMENT ON COLUMN orchestration.registry_list.server IS 'What stands before the first / of its images.';
COMMENT ON COLUMN orchestration.registry_list.username IS 'User name at the registry.';
COMMENT ON COLUMN orchestration.registry_list.age IS 'How long ago they were made.';
COMMENT ON COLUMN orchestration.registry_list.id IS 'Their id.';
COMMENT ON VIEW orchestration.volume_list IS 'Volumes as people read them, by namespace and name.';
COMMENT ON COLUMN orchestration.volume_list.namespace IS 'Name of the namespace.';
COMMENT ON COLUMN orchestration.volume_list.name IS 'Name.';
COMMENT ON COLUMN orchestration.volume_list.type IS 'PVC, ConfigMap, Secret, HostPath or EmptyDir.';
COMMENT ON COLUMN orchestration.volume_list.size IS 'Size of a PVC, or limit of an EmptyDir.';
COMMENT ON COLUMN orchestration.volume_list.access_mode IS 'ReadWriteOnce, ReadOnlyMany or ReadWriteMany; PVC only.';
COMMENT ON COLUMN orchestration.volume_list.storage_class IS 'Storage class of a PVC; NULL for the default of the cluster.';
COMMENT ON COLUMN orchestration.volume_list.source IS 'What is mounted: config map, secret, or path on the node; Memory for an EmptyDir in memory.';
COMMENT ON COLUMN orchestration.volume_list.status IS 'pending, available, bound, lost or failed.';
COMMENT ON COLUMN orchestration.volume_list.reason IS 'Why it is so, in one word.';
COMMENT ON COLUMN orchestration.volume_list.containers IS 'Containers that mount it.';
COMMENT ON COLUMN orchestration.volume_list.age IS 'How long ago it was made.';
COMMENT ON COLUMN orchestration.volume_list.id IS 'Its id.';
