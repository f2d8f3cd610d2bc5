/*
 * performance-queries.sql: the questions that the indexes are for.
 *
 *   psql -f examples/performance-queries.sql
 *
 * Put your own ids and names in.  Above each query stands what it is for; "index:" names the indexes that its plan must
 * use on a platform of some size ("small tables": there no index pays, so it must only be able to), "partitions:" how many months it may read at most.  A test runs every one of them
 * (test/t/20_performance.pl); docs/performance.md lists the indexes by them.
 */

/* ---- containers ---- */

-- one container by its name
-- index: containers_name
SELECT id, status FROM orchestration.containers WHERE namespace_id = 17 AND name = 'app-7' AND status <> 'deleted';

-- one container by its id alone, as an ORM and the verbs ask
-- index: containers_id
SELECT name, status FROM orchestration.containers WHERE id = 1234;

-- those of a namespace that can name something which no row of their parts names
-- index: containers_naming
SELECT id, name FROM orchestration.containers WHERE namespace_id = 17 AND (init_containers <> '[]' OR overrides <> '{}');

-- the containers of a namespace, page by page: WHERE id > the last one seen, never OFFSET
-- index: containers_pkey
SELECT id, name, status FROM orchestration.containers WHERE namespace_id = 17 AND (namespace_id, id) > (17, 1650) ORDER BY namespace_id, id LIMIT 20;

-- the containers of a namespace in one state
-- index: containers_namespace_status
SELECT id, name, status_reason FROM orchestration.containers WHERE namespace_id = 17 AND status = 'failed';

-- all containers in one state
-- index: containers_namespace_status
SELECT namespace_id, count(*) FROM orchestration.containers WHERE status = 'failed' GROUP BY namespace_id;

-- what started running last in a namespace
-- index: containers_running
SELECT name, status_changed_at FROM orchestration.containers WHERE namespace_id = 17 AND status = 'running' ORDER BY status_changed_at DESC LIMIT 10;

-- what the cluster does not know yet: the work that is left
-- index: containers_unobserved
SELECT namespace_id, id, name FROM orchestration.containers WHERE generation > observed_generation;

-- containers by a label
-- index: containers_labels
SELECT namespace_id, name FROM orchestration.containers WHERE labels @> '{"release": "r42"}';

-- containers by a word of their name, description, labels or annotations
-- index: containers_search
SELECT namespace_id, name FROM orchestration.containers WHERE search @@ plainto_tsquery('simple', 'cashier');

-- which containers run an image
-- index: containers_image
SELECT namespace_id, name FROM orchestration.containers WHERE image_id = 81;

-- the image of a name in a namespace
-- index: container_images_namespace_id_repository_registry_tag_diges_key
SELECT id, tag FROM orchestration.container_images WHERE namespace_id = 17 AND repository = 'team/app-3' AND registry = 'registry.example.org';

-- an image by its id alone
-- index: container_images_id
SELECT repository, tag FROM orchestration.container_images WHERE id = 81;

/* ---- namespaces and what is in them ---- */

-- a namespace by its name
-- index: namespaces_name
SELECT id, status FROM orchestration.namespaces WHERE name = 'team-0017' AND status <> 'deleted';

-- the namespaces of a cluster
-- index: namespaces_cluster
SELECT name FROM orchestration.namespaces WHERE cluster_id = 5;

-- namespaces that the cluster does not know yet
-- index: namespaces_unobserved
SELECT id, name FROM orchestration.namespaces WHERE generation > observed_generation;

-- config maps, secrets, registries and volumes that the cluster does not know yet
-- index: config_maps_unobserved, secrets_unobserved, registries_unobserved, volumes_unobserved
SELECT 'config map', namespace_id, id FROM orchestration.config_maps WHERE generation > observed_generation
UNION ALL
SELECT 'secret', namespace_id, id FROM orchestration.secrets WHERE generation > observed_generation
UNION ALL
SELECT 'registry', namespace_id, id FROM orchestration.registries WHERE generation > observed_generation
UNION ALL
SELECT 'volume', namespace_id, id FROM orchestration.volumes WHERE generation > observed_generation;

-- a config map, a secret, a registry and a volume by their ids alone
-- index: config_maps_id, secrets_id, registries_id, volumes_id
SELECT (SELECT name FROM orchestration.config_maps WHERE id = 81), (SELECT name FROM orchestration.secrets WHERE id = 81),
	(SELECT name FROM orchestration.registries WHERE id = 81), (SELECT name FROM orchestration.volumes WHERE id = 81);

-- what uses a config map: it changes with it
-- index: environment_variables_config_map, volumes_config_map
SELECT 'variable', id FROM orchestration.environment_variables WHERE namespace_id = 17 AND config_map_id = 81
UNION ALL
SELECT 'volume', id FROM orchestration.volumes WHERE namespace_id = 17 AND config_map_id = 81;

-- what uses a secret: it changes with it
-- index: environment_variables_secret, volumes_secret
SELECT 'variable', id FROM orchestration.environment_variables WHERE namespace_id = 17 AND secret_id = 81
UNION ALL
SELECT 'volume', id FROM orchestration.volumes WHERE namespace_id = 17 AND secret_id = 81;

-- what mounts a volume
-- index: container_volumes_volume
SELECT container_id, mount_path FROM orchestration.container_volumes WHERE volume_id = 161;

-- the parts of a container: its ports, variables, mounts and probes
-- index: port_mappings_container_id_namespace_id_container_port_prot_key, environment_variables_container_id_namespace_id_name_key, container_volumes_container_id_namespace_id_mount_path_key, container_probes_container_id_namespace_id_probe_type_key
SELECT (SELECT count(*) FROM orchestration.port_mappings WHERE namespace_id = 17 AND container_id = 1640 AND container_port = 8080),
	(SELECT count(*) FROM orchestration.environment_variables WHERE namespace_id = 17 AND container_id = 1640),
	(SELECT count(*) FROM orchestration.container_volumes WHERE namespace_id = 17 AND container_id = 1640),
	(SELECT count(*) FROM orchestration.container_probes WHERE namespace_id = 17 AND container_id = 1640);

-- each of them by its id alone
-- index: port_mappings_id, environment_variables_id, container_volumes_id, container_probes_id
SELECT (SELECT name FROM orchestration.port_mappings WHERE id = 1640), (SELECT name FROM orchestration.environment_variables WHERE id = 1640),
	(SELECT mount_path FROM orchestration.container_volumes WHERE id = 1640), (SELECT probe_type FROM orchestration.container_probes WHERE id = 1640);

/* ---- what is in the clusters ---- */

-- how much is in a cluster, and all of it in portions, as a worker reads it that begins
-- index: managed_objects_cluster
SELECT count(*) FROM orchestration.managed_objects WHERE cluster_id = 2;
SELECT id, kind, name, uid FROM orchestration.managed_objects WHERE cluster_id = 2 AND id > 1000 ORDER BY id LIMIT 500;

-- what is to be applied in a cluster
-- index: managed_objects_due
SELECT count(*), min(due_since) FROM orchestration.managed_objects
WHERE cluster_id = 2 AND desired_hash IS NOT NULL AND applied_hash IS DISTINCT FROM desired_hash;

-- what rows that are gone have let go of, in portions
-- index: managed_objects_doomed
SELECT id, kind, name FROM orchestration.managed_objects WHERE cluster_id = 2 AND desired_hash IS NULL AND id > 1000 ORDER BY id LIMIT 100;

-- the objects of a container
-- index: managed_objects_owner
SELECT kind, name, last_error FROM orchestration.managed_objects WHERE namespace_id = 17 AND owner_type = 'container' AND owner_id = 1640;

-- an object of the inventory by its id alone
-- index: managed_objects_id
SELECT kind, name FROM orchestration.managed_objects WHERE id = 4711;

-- the pods of a container
-- index: container_instances_container
SELECT pod_name, phase, node_name FROM orchestration.container_instances WHERE namespace_id = 17 AND container_id = 1640 AND ended_at IS NULL;

-- the pod that an event speaks of
-- index: container_instances_uid
SELECT id FROM orchestration.container_instances WHERE cluster_id = 2 AND pod_uid = 'pod-1640-1' AND ended_at IS NULL;

-- the next node that runs pods, for their usage
-- index: container_instances_node
SELECT node_name FROM orchestration.container_instances WHERE cluster_id = 2 AND ended_at IS NULL AND node_name > 'node-1' ORDER BY node_name LIMIT 1;

-- pods that ended long ago
-- index: container_instances_ended
SELECT count(*) FROM orchestration.container_instances WHERE ended_at < now() - interval '19 days';

-- a pod by its id alone
-- index: container_instances_id
SELECT pod_name FROM orchestration.container_instances WHERE id = 4711;

/* ---- people ---- */

-- a user by name, and by the role of the database session
-- index: users_username_key, users_db_role_key
SELECT (SELECT id FROM orchestration.users WHERE username = 'user-5'), (SELECT id FROM orchestration.users WHERE db_role = 'large_user_5');

-- what a user may do
-- index: user_roles_namespaced, user_roles_global
SELECT role_id, namespace_id FROM orchestration.user_roles WHERE user_id = 5 AND namespace_id IS NOT NULL
UNION ALL
SELECT role_id, NULL FROM orchestration.user_roles WHERE user_id = 5 AND namespace_id IS NULL;

-- who may do something in a namespace
-- index: user_roles_namespace
SELECT user_id, role_id FROM orchestration.user_roles WHERE namespace_id = 17;

-- who has a role
-- index: user_roles_role
SELECT user_id, namespace_id FROM orchestration.user_roles WHERE role_id = 77;

-- which roles allow something
-- index: roles_permissions
-- small tables
SELECT name FROM orchestration.roles WHERE permissions @> '{"logs": ["create"]}';

-- the sessions of a user that last
-- index: user_sessions_active
SELECT started_at, application_name FROM orchestration.user_sessions WHERE user_id = 50 AND status = 'active' ORDER BY last_seen_at DESC;

-- the session of a token
-- index: user_sessions_token
SELECT user_id, status FROM orchestration.user_sessions WHERE token_id = 'token-50-1';

-- the secrets of a user
-- index: user_secrets_user_id_secret_type_name_key
SELECT name, expires_at FROM orchestration.user_secrets WHERE user_id = 50 AND secret_type = 'api_key';

-- values that are still sealed with an old key (rotate_encryption_key())
-- index: clusters_key, secrets_key, registries_key, user_secrets_key
-- small tables
SELECT (SELECT count(*) FROM orchestration.clusters WHERE orchestration_internal.sealed_key_id(encrypted_kubeconfig) = '2025'),
	(SELECT count(*) FROM orchestration.secrets WHERE orchestration_internal.sealed_key_id(encrypted_data) = '2025'),
	(SELECT count(*) FROM orchestration.registries WHERE orchestration_internal.sealed_key_id(encrypted_password) = '2025'),
	(SELECT count(*) FROM orchestration.user_secrets WHERE orchestration_internal.sealed_key_id(encrypted_value) = '2025' AND is_sealed);

-- a status that the worker could not write because somebody has locked the row
-- index: left_out_pkey
-- small tables
SELECT attempts, created_at FROM orchestration_internal.left_out WHERE namespace_id = 17 AND cluster_id = 1 AND owner_type = 'container' AND owner_id = 1650;

-- the claim that an event speaks of, if it was kept; a kept one by its id; those whose label does not say so yet
-- index: kept_claims_name, kept_claims_id, kept_claims_unreleased
-- small tables
SELECT (SELECT uid FROM orchestration.kept_claims WHERE cluster_id = 2 AND cluster_namespace = 'team-0017' AND name = 'data'),
	(SELECT name FROM orchestration.kept_claims WHERE id = 7),
	(SELECT count(*) FROM orchestration.kept_claims WHERE cluster_id = 2 AND released_at IS NULL);

-- the newest starts that wrote the Lease of a cluster
-- index: lease_starts_cluster
-- small tables
SELECT holder, home FROM orchestration_internal.lease_starts WHERE cluster_id = 2 ORDER BY id DESC LIMIT 24;

-- the names of objects that a row has, and the node ports of a container
-- index: object_names_owner, node_ports_container
-- small tables
SELECT (SELECT count(*) FROM orchestration_internal.object_names WHERE namespace_id = 17 AND owner_type = 'container' AND owner_id = 1650),
	(SELECT count(*) FROM orchestration_internal.node_ports WHERE namespace_id = 17 AND container_id = 1650);

/* ---- what happened ---- */

-- the history of a container
-- index: container_status_history_container
-- partitions: 2
SELECT changed_at, old_status, new_status, reason FROM orchestration.container_status_history
WHERE namespace_id = 17 AND container_id = 1640 AND changed_at >= now() - interval '7 days' AND changed_at <= now() ORDER BY changed_at;

-- what became of the pods of a container
-- index: container_instance_history_container
-- partitions: 2
SELECT changed_at, pod_name, event, new_phase, reason FROM orchestration.container_instance_history
WHERE namespace_id = 17 AND container_id = 1640 AND changed_at >= now() - interval '7 days' AND changed_at <= now() ORDER BY changed_at, id;

-- what happened in a namespace within the hour
-- index: container_status_history_pkey
-- partitions: 2
SELECT changed_at, container_name, new_status FROM orchestration.container_status_history
WHERE namespace_id = 17 AND changed_at >= now() - interval '1 hour' AND changed_at <= now() ORDER BY changed_at, id;

-- what a user did
-- index: operation_logs_user
-- partitions: 2
SELECT started_at, operation, resource_name, status FROM orchestration.operation_logs
WHERE user_id = 500 AND operation = 'delete' AND started_at >= now() - interval '7 days' AND started_at <= now() ORDER BY started_at DESC LIMIT 50;

-- who changed a container, in whatever month: the newest first
-- index: operation_logs_resource
SELECT started_at, db_role, operation, changes FROM orchestration.operation_logs
WHERE resource_type = 'container' AND resource_id = 299 ORDER BY started_at DESC LIMIT 50;

-- and within a namespace and a time
-- index: operation_logs_resource
-- partitions: 2
SELECT started_at, db_role, operation, changes FROM orchestration.operation_logs
WHERE namespace_id = 17 AND resource_type = 'container' AND resource_id = 299 AND started_at >= now() - interval '7 days' AND started_at <= now() ORDER BY started_at DESC LIMIT 50;

-- what failed or was refused in a namespace
-- index: operation_logs_failed
-- partitions: 2
SELECT started_at, operation, resource_name, error_message FROM orchestration.operation_logs
WHERE namespace_id = 17 AND status <> 'succeeded' AND started_at >= now() - interval '7 days' AND started_at <= now() ORDER BY started_at DESC LIMIT 50;

-- what one transaction did
-- index: operation_logs_transaction
-- small tables
SELECT operation, resource_type, resource_name FROM orchestration.operation_logs WHERE transaction_id = 4711 AND started_at >= now() - interval '1 day' AND started_at <= now();

-- the seals of a month of the audit trail
-- index: audit_seals_month
-- small tables
SELECT count(*), sum(row_count), max(number) FROM orchestration.audit_seals WHERE from_time = date_trunc('month', now());

-- everything that was done in a namespace within the hour
-- index: operation_logs_pkey
-- partitions: 2
SELECT started_at, operation, resource_type, resource_name FROM orchestration.operation_logs
WHERE namespace_id = 17 AND started_at >= now() - interval '1 hour' AND started_at <= now() ORDER BY started_at, id;

-- what a container used
-- index: container_resource_usage_container
-- partitions: 2
SELECT date_trunc('hour', recorded_at) AS hour, avg(cpu_millicores), max(memory_bytes) FROM orchestration.container_resource_usage
WHERE namespace_id = 17 AND container_id = 1640 AND recorded_at >= now() - interval '1 day' AND recorded_at <= now() GROUP BY hour ORDER BY hour;

-- what a namespace uses now
-- index: container_resource_usage_pkey
-- partitions: 2
SELECT container_id, avg(cpu_millicores), avg(memory_bytes) FROM orchestration.container_resource_usage
WHERE namespace_id = 17 AND recorded_at >= now() - interval '1 hour' AND recorded_at <= now() GROUP BY container_id;

-- what the containers of a namespace used in one hour, and on one day
-- index: container_usage_hourly_bucket, container_usage_daily_bucket
-- small tables
SELECT container_id, cpu_millicores_avg FROM orchestration.container_usage_hourly WHERE namespace_id = 17 AND bucket_start = date_trunc('hour', now()) - interval '1 hour'
UNION ALL
SELECT container_id, cpu_millicores_avg FROM orchestration.container_usage_daily WHERE namespace_id = 17 AND bucket_start = date_trunc('day', now()) - interval '1 day';

-- hours and days that are old enough to go
-- index: container_usage_hourly_age, container_usage_daily_age
-- small tables
SELECT count(*) FROM orchestration.container_usage_hourly WHERE bucket_start < now() - interval '1 year'
UNION ALL
SELECT count(*) FROM orchestration.container_usage_daily WHERE bucket_start < now() - interval '5 years';

-- operations by user over thirty days: read once, joined afterwards
-- partitions: 2
WITH user_operations AS (
	SELECT user_id, count(*) AS op_count
	FROM orchestration.operation_logs
	WHERE started_at >= CURRENT_DATE - interval '30 days' AND started_at <= now()
	GROUP BY user_id
)
SELECT u.username, u.full_name, uo.op_count FROM orchestration.users u JOIN user_operations uo ON u.id = uo.user_id ORDER BY uo.op_count DESC LIMIT 20;

/* ---- monitoring ---- */

-- an alert by its id alone
-- index: alerts_id
SELECT rule, state, opened_at FROM orchestration.alerts WHERE id = 100;

-- alerts that were resolved long ago
-- index: alerts_resolved
SELECT count(*) FROM orchestration.alerts WHERE state = 'resolved' AND resolved_at < now() - interval '1 year';

-- an indicator over a day
-- index: indicator_history_pkey
SELECT recorded_at, value FROM orchestration.indicator_history WHERE name = 'connections' AND recorded_at >= now() - interval '1 day' ORDER BY recorded_at;

-- readings that are old enough to go
-- index: indicator_history_recorded_at
-- small tables
SELECT count(*) FROM orchestration.indicator_history WHERE recorded_at < now() - interval '17 days';

/* ---- at a glance ---- */

-- containers of all namespaces, as last counted: no container is read
SELECT namespace_name, total_containers, running_containers, failed_containers FROM orchestration.container_summary ORDER BY failed_containers DESC LIMIT 20;

-- one namespace of it
-- index: container_summary_stored_namespace
SELECT namespace_name, total_containers, running_containers FROM orchestration_internal.container_summary_stored WHERE namespace_id = 17;

-- statements that take longest (CREATE EXTENSION pg_stat_statements first)
-- needs: pg_stat_statements
SELECT calls, round(mean_exec_time::numeric, 2) AS ms, left(query, 80) AS query FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 20;

-- who waits for whose lock
SELECT a.pid, pg_blocking_pids(a.pid) AS blocked_by, a.wait_event, left(a.query, 80) AS query FROM pg_stat_activity a WHERE cardinality(pg_blocking_pids(a.pid)) > 0;

-- how much of the tables is read from memory
SELECT relname, heap_blks_hit * 100 / NULLIF(heap_blks_hit + heap_blks_read, 0) AS percent_from_memory FROM pg_statio_user_tables WHERE schemaname = 'orchestration' ORDER BY heap_blks_read DESC LIMIT 20;

-- tables that are read from end to end
SELECT relname, seq_scan, seq_tup_read, idx_scan FROM pg_stat_user_tables WHERE schemaname = 'orchestration' ORDER BY seq_tup_read DESC LIMIT 20;

-- indexes that nothing uses, and tables with empty space
SELECT * FROM orchestration.index_report WHERE verdict ~ '^(unused|duplicate|invalid)' ORDER BY bytes DESC;
SELECT * FROM orchestration.bloat_report WHERE verdict <> 'well';
