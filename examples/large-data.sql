/*
 * large-data.sql: data to test and measure with.
 *
 *   psql -v ON_ERROR_STOP=1 -f examples/large-data.sql
 *
 * A platform of some size, for plans and pictures: written past the triggers, which would take minutes.
 * 2000 namespaces in 20 clusters, 20000 containers in 200 of them with their parts, a day of usage, two months of logs.  The same every time, but for the clock.
 */
SET session_replication_role = replica;
SET client_min_messages = warning;
SELECT setseed(0.5) \g /dev/null

INSERT INTO orchestration.clusters (name, api_server, auth_method, status, server_version, observed_at)
SELECT 'cluster-' || i, 'https://10.0.0.' || i || ':6443', 'in-cluster', 'connected', 'v1.36.0', now() FROM generate_series(1, 20) i;
INSERT INTO orchestration.namespaces (name, cluster_id, status, observed_generation)
SELECT 'team-' || to_char(i, 'FM0000'), 1 + i % 20, 'active', CASE WHEN i % 500 = 0 THEN 0 ELSE 1 END FROM generate_series(1, 2000) i;

CREATE TEMP TABLE ns AS SELECT id, row_number() OVER (ORDER BY id) AS nth FROM orchestration.namespaces WHERE id <> 0 ORDER BY id LIMIT 200;
CREATE UNIQUE INDEX ON ns (nth);

INSERT INTO orchestration.container_images (namespace_id, registry, repository, tag)
SELECT ns.id, 'registry.example.org', 'team/app-' || i, 'v1' FROM ns, generate_series(1, 5) i;
INSERT INTO orchestration.config_maps (namespace_id, name, data, observed_generation)
SELECT ns.id, 'settings-' || i, '{"a": "b"}', CASE WHEN i = 5 AND ns.nth % 50 = 0 THEN 0 ELSE 1 END FROM ns, generate_series(1, 20) i;
INSERT INTO orchestration.secrets (namespace_id, name, data_keys, encrypted_data, observed_generation)
SELECT ns.id, 'secret-' || i, '{a}', orchestration_internal.seal('{"a": "YQ=="}', format('secret/%s/secret-%s', ns.id, i)), CASE WHEN i = 5 AND ns.nth % 50 = 0 THEN 0 ELSE 1 END FROM ns, generate_series(1, 20) i;
INSERT INTO orchestration.registries (namespace_id, name, server, username, encrypted_password, observed_generation)
SELECT ns.id, 'r' || i, format('r%s.example.org', i), 'puller', orchestration_internal.seal('x', format('registry/%s/r%s.example.org', ns.id, i)), CASE WHEN i = 3 AND ns.nth % 50 = 0 THEN 0 ELSE 1 END FROM ns, generate_series(1, 10) i;
INSERT INTO orchestration.volumes (namespace_id, name, volume_type, size_bytes, access_mode, observed_generation)
SELECT ns.id, 'disk-' || i, 'PVC', 1073741824, 'ReadWriteOnce', CASE WHEN i = 10 AND ns.nth % 50 = 0 THEN 0 ELSE 1 END FROM ns, generate_series(1, 10) i;
INSERT INTO orchestration.volumes (namespace_id, name, volume_type, config_map_id, observed_generation)
SELECT c.namespace_id, 'files-' || c.id, 'ConfigMap', c.id, 1 FROM orchestration.config_maps c WHERE c.id % 20 = 1;
INSERT INTO orchestration.volumes (namespace_id, name, volume_type, secret_id, observed_generation)
SELECT s.namespace_id, 'keys-' || s.id, 'Secret', s.id, 1 FROM orchestration.secrets s WHERE s.id % 20 = 1;

INSERT INTO orchestration.containers (namespace_id, name, description, image_id, replicas, ready_replicas, cpu_request, memory_request, labels,
	status, desired_state, status_reason, status_message, status_changed_at, generation, observed_generation, created_at)
SELECT ns.id, 'app-' || i, CASE WHEN i = 77 AND ns.nth % 20 = 17 THEN 'The cashier of the shop' ELSE 'Service number ' || i END,
	(SELECT min(m.id) FROM orchestration.container_images m WHERE m.namespace_id = ns.id) + i % 5, 1 + i % 3, CASE WHEN s.status = 'running' THEN 1 + i % 3 ELSE 0 END,
	100 + 10 * (i % 20), (64 + i) * 1048576, jsonb_build_object('tier', CASE i % 3 WHEN 0 THEN 'front' WHEN 1 THEN 'back' ELSE 'batch' END, 'release', 'r' || (i * ns.nth) % 500),
	s.status, CASE WHEN s.status IN ('paused', 'stopped', 'deleted') THEN s.status ELSE 'running' END,
	CASE WHEN s.status = 'failed' THEN 'CrashLoopBackOff' END, CASE WHEN s.status = 'failed' THEN 'back-off 5m0s restarting failed container=app-' || i END,
	now() - random() * interval '20 days', 2, CASE WHEN (i + ns.nth) % 400 = 0 THEN 1 ELSE 2 END, now() - interval '30 days'
FROM ns, generate_series(1, 100) i
CROSS JOIN LATERAL (SELECT CASE WHEN (i + ns.nth) % 50 = 0 THEN 'failed' WHEN (i + ns.nth) % 50 = 1 THEN 'pending' WHEN i % 20 = 3 THEN 'paused' WHEN i % 10 = 7 THEN 'stopped'
	WHEN i % 25 = 9 THEN 'deleted' ELSE 'running' END AS status) s;

INSERT INTO orchestration.port_mappings (namespace_id, container_id, name, container_port, service_port) SELECT c.namespace_id, c.id, 'http', 8080, 80 FROM orchestration.containers c;
INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, value) SELECT c.namespace_id, c.id, 'MODE', 'fast' FROM orchestration.containers c;
INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, config_map_id, key)
SELECT c.namespace_id, c.id, 'A', (SELECT min(m.id) FROM orchestration.config_maps m WHERE m.namespace_id = c.namespace_id) + c.id % 5, 'a' FROM orchestration.containers c WHERE c.id % 10 = 0;
INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, secret_id, key)
SELECT c.namespace_id, c.id, 'S', (SELECT min(m.id) FROM orchestration.secrets m WHERE m.namespace_id = c.namespace_id) + c.id % 5, 'a' FROM orchestration.containers c WHERE c.id % 10 = 0;
INSERT INTO orchestration.container_volumes (namespace_id, container_id, volume_id, mount_path)
SELECT c.namespace_id, c.id, (SELECT min(v.id) FROM orchestration.volumes v WHERE v.namespace_id = c.namespace_id) + c.id % 10, '/data' FROM orchestration.containers c WHERE c.id % 4 = 0;
INSERT INTO orchestration.container_probes (namespace_id, container_id, probe_type, handler, port)
SELECT c.namespace_id, c.id, 'readiness', 'tcpSocket', '8080' FROM orchestration.containers c WHERE c.id % 4 = 0;

INSERT INTO orchestration.managed_objects (namespace_id, cluster_id, api_version, kind, cluster_namespace, name, owner_type, owner_id, owner_generation, apply_order,
	desired_hash, applied_hash, uid, last_error_reason, last_error)
SELECT c.namespace_id, n.cluster_id, k.version, k.kind, n.name, c.name, 'container', c.id, 2, k.apply_order, CASE WHEN c.id % 300 <> 0 THEN 'h' END, CASE WHEN c.id % 200 <> 0 THEN 'h' END,
	'uid-' || k.kind || c.id, CASE WHEN c.id % 200 = 0 THEN 'Invalid' END, CASE WHEN c.id % 200 = 0 THEN 'spec.template: Invalid value' END
FROM orchestration.containers c
JOIN orchestration.namespaces n ON n.id = c.namespace_id
CROSS JOIN (VALUES ('v1', 'Service', 30), ('apps/v1', 'Deployment', 40)) k (version, kind, apply_order)
WHERE c.status <> 'deleted';
INSERT INTO orchestration.managed_objects (namespace_id, cluster_id, api_version, kind, cluster_namespace, name, owner_type, owner_id, owner_generation, apply_order, desired_hash, applied_hash, uid)
SELECT v.namespace_id, n.cluster_id, 'v1', 'PersistentVolumeClaim', n.name, v.name, 'volume', v.id, 1, 20, 'h', CASE WHEN v.id % 97 <> 0 THEN 'h' END, 'uid-v' || v.id
FROM orchestration.volumes v
JOIN orchestration.namespaces n ON n.id = v.namespace_id
WHERE v.volume_type = 'PVC';
INSERT INTO orchestration.container_instances (namespace_id, container_id, cluster_id, pod_name, pod_uid, resource_version, phase, ready, observed, node_name, ended_at)
SELECT c.namespace_id, c.id, n.cluster_id, format('%s-%s', c.name, i), format('pod-%s-%s', c.id, i), '1', CASE i WHEN 3 THEN 'Succeeded' ELSE 'Running' END, i < 3, '{}', 'node-' || c.id % 40,
	CASE i WHEN 3 THEN now() - random() * interval '20 days' END
FROM orchestration.containers c
JOIN orchestration.namespaces n ON n.id = c.namespace_id
CROSS JOIN generate_series(1, 3) i
WHERE c.status = 'running';

SELECT orchestration_internal.ensure_log_partition(t, (date_trunc('month', now() AT TIME ZONE 'UTC') - interval '1 month')::date)
FROM unnest('{operation_logs,container_status_history,container_instance_history,container_resource_usage}'::text[]) t \g /dev/null
/* how each came to be as it is: created long ago, started and changed at times of the working day */
INSERT INTO orchestration.container_status_history (namespace_id, changed_at, container_id, container_name, old_status, new_status, source, reason)
SELECT c.namespace_id, now() - interval '25 days' + c.id * interval '1 second', c.id, c.name, NULL, 'pending', 'user', 'Created' FROM orchestration.containers c
UNION ALL
SELECT c.namespace_id, s.at, c.id, c.name, 'pending', c.status, 'worker', c.status_reason
FROM orchestration.containers c
CROSS JOIN LATERAL (SELECT now() - (c.id * 7919 % 1440) / 1440.0 * interval '22 hours' AS at) s
WHERE c.status NOT IN ('pending', 'running')
UNION ALL
SELECT c.namespace_id, now() - CASE WHEN c.id % 3 = 0 THEN random() * interval '22 hours' ELSE interval '2 days' END, c.id, c.name, 'pending', 'running', 'worker', NULL FROM orchestration.containers c WHERE c.status = 'running';
INSERT INTO orchestration.container_instance_history (namespace_id, changed_at, container_id, instance_id, pod_name, event, new_phase, ready, restart_count, source)
SELECT c.namespace_id, now() - (4 - e.n) * interval '5 hours' - random() * interval '1 hour', c.id, c.id, c.name || '-0', CASE e.n WHEN 1 THEN 'created' ELSE 'changed' END,
	CASE e.n WHEN 1 THEN 'Pending' ELSE 'Running' END, e.n = 3, 0, 'worker'
FROM orchestration.containers c
CROSS JOIN generate_series(1, 3) e (n)
WHERE c.status = 'running';
INSERT INTO orchestration.container_resource_usage (namespace_id, recorded_at, container_id, cpu_millicores, memory_bytes, network_receive_bytes, network_transmit_bytes, disk_used_bytes)
SELECT c.namespace_id, t.at, c.id, GREATEST(1, (20 + c.namespace_id % 7 * 15 + c.id % 30) * (1.4 + sin(extract(epoch FROM t.at) / 13751 + c.namespace_id) + random() * 0.3)),
	(60 + c.namespace_id % 5 * 20 + c.id % 40) * 1048576 * (1 + t.n / 300.0), (random() * 4e6)::bigint, (random() * 1e6)::bigint, (200 + t.n) * 1048576
FROM orchestration.containers c
CROSS JOIN (SELECT n, now() - interval '24 hours' + n * interval '30 minutes' AS at FROM generate_series(0, 48) n) t
WHERE c.namespace_id <= 20 AND c.status = 'running';

INSERT INTO orchestration.users (username, full_name, db_role) SELECT 'user-' || i, 'User ' || i, CASE WHEN i <= 20 THEN 'large_user_' || i END FROM generate_series(1, 3000) i;
INSERT INTO orchestration.roles (name, permissions) SELECT 'team-role-' || i, jsonb_build_object('containers', '["read"]'::jsonb, 'logs', CASE WHEN i = 7 THEN '["read", "create"]' ELSE '["read"]' END::jsonb) FROM generate_series(1, 1000) i;
INSERT INTO orchestration.user_secrets (user_id, secret_type, encrypted_value) SELECT u.id, 'api_key', 'x' FROM orchestration.users u WHERE u.username LIKE 'user-%';
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id, expires_at)
SELECT u.id, 1 + (u.id + i) % 3, (SELECT ns.id FROM ns WHERE ns.nth = 1 + (u.id * 7 + i) % 200), CASE WHEN i = 3 THEN now() + (u.id - 1000) * interval '1 hour' END
FROM orchestration.users u, generate_series(1, 3) i WHERE u.username LIKE 'user-%';
INSERT INTO orchestration.user_sessions (user_id, token_id, status, started_at, last_seen_at, expires_at)
SELECT u.id, format('token-%s-%s', u.id, i), CASE i WHEN 1 THEN 'active' ELSE 'expired' END, now() - i * interval '1 day', now() - i * interval '20 hours', now() - (i - 2) * interval '1 day'
FROM orchestration.users u, generate_series(1, 5) i WHERE u.username LIKE 'user-%';
INSERT INTO orchestration.operation_logs (namespace_id, started_at, user_id, db_role, operation, resource_type, resource_id, resource_name, status, error_message, duration_ms)
SELECT ns.id, now() - power(random(), 2) * interval '28 days', (SELECT min(u.id) FROM orchestration.users u WHERE u.username LIKE 'user-%') + (ns.nth * 31 + i) % 3000, 'app',
	(ARRAY['create', 'update', 'scale', 'delete'])[1 + i % 4], 'container', i, 'app-' || i % 100, CASE WHEN i % 60 = 0 THEN 'failed' WHEN i % 97 = 0 THEN 'refused' ELSE 'succeeded' END,
	CASE WHEN i % 60 = 0 THEN 'admission webhook "quota.example.org" denied the request: exceeded quota' WHEN i % 97 = 0 THEN 'permission denied to update containers' END, random() * 100
FROM ns, generate_series(1, 300) i;
INSERT INTO orchestration.alerts (namespace_id, rule, labels, state, severity, description, unit, breached_since, opened_at, resolved_at, value_at_open, peak_value, last_value)
SELECT 0, 'response_time', jsonb_build_object('number', i), CASE WHEN i <= 3 THEN 'open' ELSE 'resolved' END, (ARRAY['info', 'warning', 'critical'])[1 + i % 3], 'Something was slow.', 'ms', t.at, t.at,
	CASE WHEN i > 3 THEN t.at + interval '2 hours' END, 210, 300 + i % 100, 220
FROM generate_series(1, 3000) i CROSS JOIN LATERAL (SELECT now() - i * interval '3 hours' AS at) t;
INSERT INTO orchestration.indicator_history (recorded_at, name, value) SELECT now() - i * interval '5 minutes', n, 40 + 20 * sin(i / 40.0) FROM unnest('{connections,lock_waits,operation_time_mean}'::text[]) n, generate_series(1, 5000) i;
RESET session_replication_role;
/* what was loaded waits in a list of its own beside a GIN index, and makes it look dear, until vacuum sorts it in */
VACUUM ANALYZE;
