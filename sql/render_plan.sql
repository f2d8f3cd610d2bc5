-- plan(): what the worker would do, without doing it
\set SHOW_CONTEXT never
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false);
INSERT INTO orchestration.namespaces (name, cluster_id) SELECT 'shop', id FROM orchestration.clusters;
INSERT INTO orchestration.namespaces (name) VALUES ('nowhere');
CREATE VIEW shop AS SELECT id FROM orchestration.namespaces WHERE name = 'shop';
INSERT INTO orchestration.config_maps (namespace_id, name, data) SELECT id, v, '{"a": "1"}' FROM shop, unnest('{one,two}'::text[]) v;
INSERT INTO orchestration.secrets (namespace_id, name, data_keys, encrypted_data) SELECT id, 'secret', '{password}', orchestration_internal.seal('{"password": "aHVudGVyMg=="}', 'secret/' || id || '/secret') FROM shop;
INSERT INTO orchestration.container_images (namespace_id, repository) SELECT id, 'nginx' FROM shop;
INSERT INTO orchestration.containers (namespace_id, name, image_id) SELECT i.namespace_id, v, i.id FROM orchestration.container_images i, unnest('{web,api}'::text[]) v;
INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port, service_port) SELECT namespace_id, id, 80, 80 FROM orchestration.containers WHERE name = 'web';

-- at first everything is to be made
SELECT * FROM orchestration.plan('shop');
-- a namespace without a cluster asks for nothing
SELECT * FROM orchestration.plan('nowhere');
-- error: unknown namespace
SELECT * FROM orchestration.plan('shopp');

-- all applied
INSERT INTO orchestration.managed_objects (namespace_id, cluster_id, api_version, kind, cluster_namespace, name, owner_type, owner_id, owner_generation, apply_order, desired_hash, applied_hash, uid, applied_at)
SELECT namespace_id, cluster_id, api_version, kind, cluster_namespace, name, owner_type, owner_id, owner_generation, apply_order, manifest_hash, manifest_hash, 'uid-' || name, now() FROM orchestration.manifests;
SELECT DISTINCT action, reason FROM orchestration.plan('shop');

-- changes: seen before the worker has planned them
UPDATE orchestration.config_maps SET data = '{"a": "2"}' WHERE name = 'one';
DELETE FROM orchestration.config_maps WHERE name = 'two';
UPDATE orchestration.secrets SET encrypted_data = orchestration_internal.seal('{"password": "bmV3"}', 'secret/' || namespace_id || '/secret');
DELETE FROM orchestration.port_mappings;
UPDATE orchestration.containers SET replicas = 3 WHERE name = 'web';
UPDATE orchestration.containers SET desired_state = 'deleted' WHERE name = 'api';
SELECT * FROM orchestration.plan('shop');

-- drift, loss, a failed attempt, a name that is not free yet
UPDATE orchestration.managed_objects SET applied_hash = NULL WHERE kind = 'ConfigMap' AND name = 'one';
UPDATE orchestration.managed_objects SET uid = NULL, last_error_reason = 'Forbidden', last_error = 'quota' WHERE kind = 'Secret';
UPDATE orchestration.managed_objects SET owner_id = 99 WHERE kind = 'Deployment' AND name = 'web';
SELECT * FROM orchestration.plan('shop') WHERE kind IN ('ConfigMap', 'Secret', 'Deployment') AND action <> 'delete';

-- a deleted namespace: its objects go, the Namespace last
UPDATE orchestration.namespaces SET desired_state = 'deleted' WHERE name = 'shop';
SELECT action, kind, name FROM orchestration.plan('shop');
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
