-- manifests: what the rows ask for, as Kubernetes objects
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
UPDATE orchestration.installation SET id = '00000000-0000-0000-0000-000000000001';

INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false);
INSERT INTO orchestration.namespaces (name, cluster_id, labels, pod_security) SELECT 'shop', id, '{"team": "a"}', 'privileged' FROM orchestration.clusters;
INSERT INTO orchestration.namespaces (name) VALUES ('nowhere');
CREATE VIEW shop AS SELECT id FROM orchestration.namespaces WHERE name = 'shop';
INSERT INTO orchestration.config_maps (namespace_id, name, data, annotations) SELECT id, 'settings', '{"mode": "fast", "size": "1"}', '{"example.com/a": "b"}' FROM shop;
INSERT INTO orchestration.secrets (namespace_id, name, data_keys, encrypted_data)
SELECT id, 'app', '{password}', orchestration_internal.seal('{"password": "aHVudGVyMg=="}', 'secret/' || id || '/app') FROM shop;
INSERT INTO orchestration.registries (namespace_id, name, server, username, encrypted_password)
SELECT id, v.name, v.server, 'puller', orchestration_internal.seal('pa"ss', 'registry/' || id || '/' || v.server)
FROM shop, (VALUES ('own', 'registry.example.com:5000'), ('hub', 'index.docker.io')) v (name, server);
INSERT INTO orchestration.volumes (namespace_id, name, volume_type, size_bytes, access_mode, storage_class) SELECT id, 'data', 'PVC', 1610612736, 'ReadWriteOnce', 'fast' FROM shop;
INSERT INTO orchestration.volumes (namespace_id, name, volume_type, config_map_id) SELECT shop.id, 'conf', 'ConfigMap', m.id FROM shop, orchestration.config_maps m;
INSERT INTO orchestration.volumes (namespace_id, name, volume_type, secret_id) SELECT shop.id, 'keys', 'Secret', s.id FROM shop, orchestration.secrets s;
INSERT INTO orchestration.volumes (namespace_id, name, volume_type, host_path, host_path_type) SELECT id, 'logs', 'HostPath', '/var/log', 'Directory' FROM shop;
INSERT INTO orchestration.volumes (namespace_id, name, volume_type, size_bytes, medium) SELECT id, 'fast', 'EmptyDir', 1000, 'Memory' FROM shop;
INSERT INTO orchestration.volumes (namespace_id, name, volume_type) SELECT id, v, 'EmptyDir' FROM shop, unnest('{tmp,prepared,unused}'::text[]) v;
INSERT INTO orchestration.container_images (namespace_id, registry, repository, tag, digest) SELECT id, v.* FROM shop, (VALUES
	('registry.example.com:5000', 'team/app', '1.2', ''), ('', 'nginx', '', 'sha256:' || repeat('a', 64)), ('quay.io', 'team/app', '1', 'sha256:' || repeat('b', 64))) v;

INSERT INTO orchestration.containers (namespace_id, name, image_id, replicas) SELECT shop.id, 'plain', i.id, 2 FROM shop, orchestration.container_images i WHERE i.repository = 'nginx';
INSERT INTO orchestration.containers (namespace_id, name, image_id, command, args, working_dir, cpu_request, cpu_limit, memory_limit, labels, annotations, max_surge, max_unavailable,
	init_containers, overrides, restart_requested_at, security_context, service_account)
SELECT shop.id, 'web', i.id, '{sh,-c}', '{"exec $(APP)"}', '/srv', 250, 2000, 268435456, '{"tier": "front"}', '{"example.com/note": "x"}', '1', '50%',
	'[{"name": "prepare", "image": "busybox", "volumeMounts": [{"name": "prepared", "mountPath": "/p"}]}]',
	'{"spec": {"hostname": "h", "containers": [{"name": "web", "stdin": true, "env": [{"name": "EXTRA", "value": "1"}]}, {"name": "side", "image": "quay.io/side"}]}}',
	'2026-03-01 13:00:00.5+01', '{"runAsUser": 1000}', 'robot'
FROM shop, orchestration.container_images i WHERE i.registry = 'registry.example.com:5000';
INSERT INTO orchestration.containers (namespace_id, name, image_id, strategy) SELECT shop.id, 'recreated', i.id, 'Recreate' FROM shop, orchestration.container_images i WHERE i.registry = 'quay.io';
INSERT INTO orchestration.containers (namespace_id, name, image_id, restart_policy, replicas) SELECT shop.id, v.name, i.id, v.policy, v.replicas
FROM shop, orchestration.container_images i, (VALUES ('job-retries', 'OnFailure', 1), ('job-once', 'Never', 3)) v (name, policy, replicas) WHERE i.registry = 'quay.io';

CREATE VIEW web AS SELECT c.namespace_id, c.id FROM orchestration.containers c WHERE c.name = 'web';
INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, position, value, config_map_id, secret_id, key, optional, field_path, resource_field)
SELECT w.namespace_id, w.id, v.name, v.position, v.value, CASE v.source WHEN 'm' THEN m.id END, CASE v.source WHEN 's' THEN s.id END, v.key, v.optional, v.field_path, v.resource_field
FROM web w, orchestration.config_maps m, orchestration.secrets s, (VALUES
	('Z_FIRST', 0, 'a $(X) $$ b', NULL, NULL, NULL::boolean, NULL, NULL),
	('MODE', 1, NULL, 'm', 'mode', true, NULL, NULL),
	('PASSWORD', 2, NULL, 's', 'password', NULL, NULL, NULL),
	('NODE', 3, NULL, NULL, NULL, NULL, 'spec.nodeName', NULL),
	('CPU', 4, NULL, NULL, NULL, NULL, NULL, 'limits.cpu'),
	('EMPTY', 5, '', NULL, NULL, NULL, NULL, NULL)) v (name, position, value, source, key, optional, field_path, resource_field);
-- as before a name belonged to one port
ALTER TABLE orchestration.port_mappings DISABLE TRIGGER zz_agree_on_ports_insert;
INSERT INTO orchestration.port_mappings (namespace_id, container_id, name, container_port, service_port, node_port, protocol, service_type)
SELECT w.namespace_id, w.id, v.* FROM web w, (VALUES
	('http', 8080, 80, NULL::integer, 'TCP', 'ClusterIP'), (NULL, 53, 53, NULL, 'UDP', 'ClusterIP'), ('http', 8080, 80, 30080, 'TCP', 'NodePort'),
	('http', 8081, 81, NULL, 'TCP', 'LoadBalancer'), ('metrics', 9100, NULL, NULL, 'TCP', 'ClusterIP')) v;
ALTER TABLE orchestration.port_mappings ENABLE TRIGGER zz_agree_on_ports_insert;
INSERT INTO orchestration.container_volumes (namespace_id, container_id, volume_id, mount_path, sub_path, read_only)
SELECT w.namespace_id, w.id, v.id, '/' || v.name, CASE v.name WHEN 'conf' THEN 'mode' END, v.name = 'keys' FROM web w, orchestration.volumes v WHERE v.name NOT IN ('prepared', 'unused');
INSERT INTO orchestration.container_probes (namespace_id, container_id, probe_type, handler, port, path, scheme, http_headers, grpc_service, period_seconds, initial_delay_seconds)
SELECT w.namespace_id, w.id, v.* FROM web w, (VALUES
	('liveness', 'httpGet', 'http', '/alive', 'HTTP', '[{"name": "X", "value": "1"}]'::jsonb, NULL, 5, 0),
	('readiness', 'tcpSocket', '8080', NULL, NULL, NULL, NULL, NULL, 3),
	('startup', 'grpc', '9100', NULL, NULL, NULL, 'up', NULL, NULL)) v;
INSERT INTO orchestration.container_probes (namespace_id, container_id, probe_type, handler, command)
SELECT c.namespace_id, c.id, 'liveness', 'exec', '{test,-e,/alive}' FROM orchestration.containers c WHERE c.name = 'job-once';

-- one row per object, in the order in which they are applied; nothing for a namespace without a cluster
SELECT apply_order, api_version, kind, cluster_namespace, name, owner_type FROM orchestration.manifests ORDER BY apply_order, kind, name;
-- every object says whose it is
SELECT count(*) FILTER (WHERE manifest #> '{metadata,labels}' @> '{"app.kubernetes.io/managed-by": "orchestration", "orchestration.dev/installation": "00000000-0000-0000-0000-000000000001"}'
	AND manifest #>> '{metadata,labels,orchestration.dev/owner}' = owner_type || '-' || owner_id) = count(*) AS labelled FROM orchestration.manifests;
-- no member is null, nothing belongs to the server
SELECT kind, name FROM orchestration.manifests WHERE jsonb_strip_nulls(manifest) <> manifest OR manifest ? 'status' OR manifest -> 'metadata' ?| '{uid,resourceVersion,creationTimestamp,managedFields}';

SELECT jsonb_pretty(manifest) FROM orchestration.manifests WHERE kind IN ('Namespace', 'ConfigMap', 'PersistentVolumeClaim') ORDER BY apply_order, kind;
SELECT jsonb_pretty(manifest) FROM orchestration.manifests WHERE kind = 'Secret' ORDER BY name;
SELECT jsonb_pretty(manifest) FROM orchestration.manifests WHERE kind = 'Service' ORDER BY name;
SELECT jsonb_pretty(manifest) FROM orchestration.manifests WHERE kind = 'Deployment' AND name = 'plain';
SELECT jsonb_pretty(manifest #- '{spec,template,metadata,annotations,orchestration.dev/config-hash}') FROM orchestration.manifests WHERE kind = 'Deployment' AND name = 'web';
SELECT name, manifest #> '{spec,strategy}' AS strategy, manifest #>> '{spec,template,spec,containers,0,image}' AS image FROM orchestration.manifests WHERE name = 'recreated';
SELECT name, jsonb_pretty((manifest -> 'spec') - 'template') AS job, manifest #> '{spec,template,spec,restartPolicy}' AS policy, manifest #> '{spec,template,spec,containers,0,livenessProbe}' AS probe
FROM orchestration.manifests WHERE kind = 'Job' ORDER BY name;

-- only the worker sees the values of secrets
SELECT m.name, CASE WHEN s.manifest -> 'data' ? '.dockerconfigjson' THEN convert_from(decode(s.manifest #>> '{data,.dockerconfigjson}', 'base64'), 'UTF8') ELSE s.manifest ->> 'data' END AS data
FROM orchestration.manifests m, orchestration_internal.worker_manifest(m.namespace_id, m.owner_type, m.owner_id, m.kind, m.name) s (manifest)
WHERE m.kind = 'Secret' ORDER BY m.name;
SELECT count(*) FILTER (WHERE orchestration_internal.worker_manifest(m.namespace_id, m.owner_type, m.owner_id, m.kind, m.name) = m.manifest) = count(*) AS others_alike FROM orchestration.manifests m WHERE m.kind <> 'Secret';
SELECT orchestration_internal.worker_manifest(1, 'secret', 99, 'Secret', 'app') IS NULL AS not_rendered;
CREATE ROLE render_nobody;
GRANT USAGE ON SCHEMA orchestration, orchestration_internal TO render_nobody;
SET ROLE render_nobody;
-- error: not for everybody
SELECT orchestration_internal.worker_manifest(1, 'secret', 1, 'Secret', 'app');
-- error: not for everybody
SELECT orchestration_internal.secret_values(1, 'secret', 1);
RESET ROLE;

-- the same in a set
SELECT count(*) = (SELECT count(*) FROM orchestration.manifests WHERE owner_type = 'container') AS same
FROM orchestration_internal.render_manifests('container', (SELECT array_agg(namespace_id ORDER BY id) FROM orchestration.containers), (SELECT array_agg(id ORDER BY id) FROM orchestration.containers)) r
JOIN orchestration.manifests m USING (namespace_id, owner_type, owner_id, owner_generation, cluster_id, api_version, kind, cluster_namespace, name, apply_order, manifest, manifest_hash);
SELECT kind, name FROM orchestration_internal.render_manifests('volume', ARRAY[1, 1], ARRAY[1, 5]);

-- what is paused or stopped keeps everything but its pods, what is deleted has nothing
UPDATE orchestration.containers SET desired_state = 'stopped' WHERE name IN ('plain', 'job-once');
UPDATE orchestration.containers SET desired_state = 'paused' WHERE name = 'web';
UPDATE orchestration.containers SET desired_state = 'deleted' WHERE name IN ('recreated');
SELECT kind, name, COALESCE(manifest #> '{spec,replicas}', manifest #> '{spec,suspend}') AS replicas_or_suspend FROM orchestration.manifests WHERE owner_type = 'container' ORDER BY kind, name;
UPDATE orchestration.containers SET desired_state = 'running' WHERE desired_state <> 'deleted';

-- a hash changes with what is in the cluster, and only then
CREATE TABLE before AS SELECT kind, name, manifest_hash FROM orchestration.manifests;
CREATE VIEW changed AS
SELECT COALESCE(m.kind, b.kind) AS kind, COALESCE(m.name, b.name) AS name, CASE WHEN m.kind IS NULL THEN 'gone' WHEN b.kind IS NULL THEN 'new' ELSE 'changed' END AS change
FROM orchestration.manifests m FULL JOIN before b ON b.kind = m.kind AND b.name = m.name
WHERE m.manifest_hash IS DISTINCT FROM b.manifest_hash ORDER BY kind, name;
UPDATE orchestration.containers SET description = 'another', generation = generation + 1 WHERE name = 'web';
TABLE changed;
-- a key that no variable names, but a volume shows
UPDATE orchestration.config_maps SET data = data || '{"size": "2"}';
TABLE changed;
DELETE FROM orchestration.container_volumes v USING orchestration.volumes w WHERE w.id = v.volume_id AND w.name IN ('conf', 'keys');
TRUNCATE before;
INSERT INTO before SELECT kind, name, manifest_hash FROM orchestration.manifests;
-- a key that neither shows
UPDATE orchestration.config_maps SET data = data || '{"size": "3"}';
TABLE changed;
UPDATE orchestration.secrets SET encrypted_data = orchestration_internal.seal('{"password": "bmV3"}', 'secret/' || namespace_id || '/' || name);
TABLE changed;
UPDATE orchestration.registries SET username = 'other' WHERE name = 'own';
TABLE changed;
DELETE FROM orchestration.port_mappings WHERE service_type = 'NodePort';
TABLE changed;

-- names of services fit, and stay apart
INSERT INTO orchestration.containers (namespace_id, name, image_id) SELECT shop.id, v.name, i.id FROM shop, orchestration.container_images i, (VALUES (repeat('n', 62) || '1'), (repeat('n', 62) || '2')) v (name) WHERE i.repository = 'nginx';
INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port, service_port, service_type) SELECT c.namespace_id, c.id, 80, 80, 'LoadBalancer' FROM orchestration.containers c WHERE length(c.name) = 63;
SELECT name, length(name) FROM orchestration.manifests WHERE kind = 'Service' AND length(name) > 40 ORDER BY name;

-- security context: no privilege escalation, where Kubernetes lets us say so
SELECT orchestration_internal.default_security_context(v::jsonb) FROM unnest(ARRAY[NULL, 'null', '{}', '{"runAsUser": 1}', '{"allowPrivilegeEscalation": true}', '{"privileged": true}',
	'{"capabilities": {"add": ["SYS_ADMIN"]}}', '{"capabilities": {"add": ["NET_ADMIN"], "drop": ["SYS_ADMIN"]}}']) WITH ORDINALITY u (v, n) ORDER BY n;
-- registries of all images of a pod
SELECT orchestration_internal.pulled_hosts('', '[]', '{}'), orchestration_internal.pulled_hosts('quay.io', '[{"image": "busybox"}, {"image": "localhost/a"}, {"image": "team/a:1"}]', '{"spec": {"initContainers": [{"image": "r:5000/x"}], "containers": [{"name": "a"}]}}');

-- a deleted namespace has nothing
UPDATE orchestration.namespaces SET desired_state = 'deleted' WHERE name = 'shop';
SELECT count(*) FROM orchestration.manifests;

REVOKE USAGE ON SCHEMA orchestration, orchestration_internal FROM render_nobody;
DROP ROLE render_nobody;
SET client_min_messages = warning;
DROP VIEW changed;
DROP TABLE before;
DROP EXTENSION orchestration CASCADE;
