-- plan(): what the worker would do, without doing it
\set SHOW_CONTEXT never
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false);
SET SESSION AUTHORIZATION regress_administrator;
INSERT INTO orchestration.namespaces (name, cluster_id) SELECT 'shop', id FROM orchestration.clusters;
INSERT INTO orchestration.namespaces (name) VALUES ('nowhere');
SELECT joins('regress_operator', 'operator', 'shop') \gset
SELECT joins('regress_operator', 'operator', 'nowhere') \gset
SET SESSION AUTHORIZATION regress_operator;
CREATE TEMP VIEW shop AS SELECT id FROM orchestration.namespaces WHERE name = 'shop';
INSERT INTO orchestration.config_maps (namespace_id, name, data) SELECT id, v, '{"a": "1"}' FROM shop, unnest('{one,two}'::text[]) v;
INSERT INTO orchestration.secrets (namespace_id, name, data_keys, encrypted_data) SELECT id, 'secret', '{password}', orchestration_internal.seal_secret(id, 'secret', '{"password": "hunter2"}') FROM shop;
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
RESET SESSION AUTHORIZATION;
INSERT INTO orchestration.managed_objects (namespace_id, cluster_id, api_version, kind, cluster_namespace, name, owner_type, owner_id, owner_generation, apply_order, desired_hash, applied_hash, uid, applied_at)
SELECT namespace_id, cluster_id, api_version, kind, cluster_namespace, name, owner_type, owner_id, owner_generation, apply_order, manifest_hash, manifest_hash, 'uid-' || name, now() FROM orchestration.manifests;
SET SESSION AUTHORIZATION regress_operator;
SELECT DISTINCT action, reason FROM orchestration.plan('shop');

-- changes: seen before the worker has planned them
UPDATE orchestration.config_maps SET data = '{"a": "2"}' WHERE name = 'one';
DELETE FROM orchestration.config_maps WHERE name = 'two';
UPDATE orchestration.secrets SET encrypted_data = orchestration_internal.seal_secret(namespace_id, 'secret', '{"password": "new"}');
DELETE FROM orchestration.port_mappings;
UPDATE orchestration.containers SET replicas = 3 WHERE name = 'web';
UPDATE orchestration.containers SET desired_state = 'deleted' WHERE name = 'api';
SELECT * FROM orchestration.plan('shop');

-- drift, loss, a failed attempt, a name that is not free yet
RESET SESSION AUTHORIZATION;
UPDATE orchestration.managed_objects SET applied_hash = NULL WHERE kind = 'ConfigMap' AND name = 'one';
UPDATE orchestration.managed_objects SET uid = NULL, last_error_reason = 'Forbidden', last_error = 'quota' WHERE kind = 'Secret';
UPDATE orchestration.managed_objects SET owner_id = 99 WHERE kind = 'Deployment' AND name = 'web';
SET SESSION AUTHORIZATION regress_operator;
SELECT * FROM orchestration.plan('shop') WHERE kind IN ('ConfigMap', 'Secret', 'Deployment') AND action <> 'delete';

-- a deleted namespace: its objects go, the Namespace last
SET SESSION AUTHORIZATION regress_administrator;
UPDATE orchestration.namespaces SET desired_state = 'deleted' WHERE name = 'shop';
SET SESSION AUTHORIZATION regress_operator;
SELECT action, kind, name FROM orchestration.plan('shop');
RESET SESSION AUTHORIZATION;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
