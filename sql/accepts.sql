-- What the API server would refuse is refused by the row: by plain INSERT as by function, with place and hint.
-- test/kube/t/12_accepts.pl asks a real API server about 1,600 such values.
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
RESET client_min_messages;
\set SHOW_CONTEXT never
CREATE ROLE accepts_dev IN ROLE orchestration_user;
SELECT orchestration.create_namespace('shop', pod_security => 'privileged') > 0;
INSERT INTO orchestration.users (username, db_role) VALUES ('dev', 'accepts_dev');
INSERT INTO orchestration.user_roles (user_id, role_id)
SELECT u.id, r.id FROM orchestration.users u, orchestration.roles r WHERE u.username = 'dev' AND r.name = 'operator';
SET ROLE accepts_dev;
SELECT orchestration.create_container('shop', 'web', 'x') > 0;
SELECT orchestration.create_volume('shop', 'data', size => '1Gi') > 0;

-- error: a part of a command is NULL
INSERT INTO orchestration.containers (namespace_id, name, image_id, command) SELECT namespace_id, 'a', image_id, '{sh,NULL}' FROM orchestration.containers WHERE name = 'web';
-- error: arguments are a list
INSERT INTO orchestration.containers (namespace_id, name, image_id, args) SELECT namespace_id, 'a', image_id, '{{a},{b}}' FROM orchestration.containers WHERE name = 'web';
-- error: more than all pods
INSERT INTO orchestration.containers (namespace_id, name, image_id, max_unavailable) SELECT namespace_id, 'a', image_id, '101%' FROM orchestration.containers WHERE name = 'web';
-- error: a choice in a plain INSERT
INSERT INTO orchestration.containers (namespace_id, name, image_id, image_pull_policy) SELECT namespace_id, 'a', image_id, 'always' FROM orchestration.containers WHERE name = 'web';
-- error: a node port that no cluster gives out
INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port, service_port, service_type, node_port)
SELECT namespace_id, id, 80, 80, 'NodePort', 99 FROM orchestration.containers WHERE name = 'web';
-- error: the name that the Service gives another port
INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port, service_port, name)
SELECT namespace_id, id, 80, 80, 'tcp-81' FROM orchestration.containers WHERE name = 'web';
-- error: gRPC has no names of ports
INSERT INTO orchestration.container_probes (namespace_id, container_id, probe_type, handler, port)
SELECT namespace_id, id, 'liveness', 'grpc', 'http' FROM orchestration.containers WHERE name = 'web';
-- error: an empty command
INSERT INTO orchestration.container_probes (namespace_id, container_id, probe_type, handler, command)
SELECT namespace_id, id, 'liveness', 'exec', '{}' FROM orchestration.containers WHERE name = 'web';
-- error: the name of a header
INSERT INTO orchestration.container_probes (namespace_id, container_id, probe_type, handler, port, http_headers)
SELECT namespace_id, id, 'liveness', 'httpGet', '80', '[{"name": "X_a", "value": ""}]' FROM orchestration.containers WHERE name = 'web';

-- the whole of a pod: at once by the function, when the transaction ends by plain SQL
-- error: there is no such volume
SELECT orchestration.create_container('shop', 'b', 'x', init_containers => '[{"name": "i", "image": "x", "volumeMounts": [{"name": "nosuch", "mountPath": "/d"}]}]');
-- error: a sidecar without image
SELECT orchestration.create_container('shop', 'b', 'x', overrides => '{"spec": {"containers": [{"name": "sidecar"}]}}');
-- error: a limit in the overrides below the request of the column
SELECT orchestration.create_container('shop', 'b', 'x', cpu_request => '2', overrides => '{"spec": {"containers": [{"name": "b", "resources": {"limits": {"cpu": "1"}}}]}}');
-- a patch of a probe that is there
SELECT orchestration.create_container('shop', 'b', 'x', liveness_probe => '{"tcpSocket": {"port": 80}}',
	overrides => '{"spec": {"containers": [{"name": "b", "livenessProbe": {"periodSeconds": 5}}]}}') > 0;
BEGIN;
DELETE FROM orchestration.container_probes p USING orchestration.containers c WHERE c.namespace_id = p.namespace_id AND c.id = p.container_id AND c.name = 'b';
-- error: and that goes
COMMIT;
BEGIN;
INSERT INTO orchestration.containers (namespace_id, name, image_id, overrides)
SELECT namespace_id, 'c', image_id, '{"spec": {"containers": [{"name": "c", "livenessProbe": {"periodSeconds": 5}}]}}' FROM orchestration.containers WHERE name = 'web';
INSERT INTO orchestration.container_probes (namespace_id, container_id, probe_type, handler, port)
SELECT namespace_id, id, 'liveness', 'tcpSocket', '80' FROM orchestration.containers WHERE name = 'c';
COMMIT;
BEGIN;
INSERT INTO orchestration.containers (namespace_id, name, image_id, overrides)
SELECT namespace_id, 'd', image_id, '{"spec": {"containers": [{"name": "d", "livenessProbe": {"periodSeconds": 5}}]}}' FROM orchestration.containers WHERE name = 'web';
-- error: it has no probe that this could change
COMMIT;
SELECT name FROM orchestration.containers ORDER BY name;

-- a volume that is mentioned by its name stays
SELECT orchestration.create_container('shop', 'e', 'x', init_containers => '[{"name": "i", "image": "x", "volumeMounts": [{"name": "data", "mountPath": "/d"}]}]') > 0;
-- error: it is in use
SELECT orchestration.delete_volume(n.name, v.name) FROM orchestration.volumes v JOIN orchestration.namespaces n ON n.id = v.namespace_id WHERE v.name = 'data';
-- error: nor does it go by plain SQL
DELETE FROM orchestration.volumes WHERE name = 'data';
-- error: or get another name
UPDATE orchestration.volumes SET name = 'other' WHERE name = 'data';

-- what Kubernetes looks into
-- error: credentials that are no JSON
SELECT orchestration.create_secret('shop', 'pull', '{".dockerconfigjson": "user:password"}', 'kubernetes.io/dockerconfigjson');
SELECT orchestration.create_secret('shop', 'pull', '{".dockerconfigjson": "{\"auths\": {}}"}', 'kubernetes.io/dockerconfigjson') > 0;
SELECT orchestration.create_secret('shop', 'other', '{".dockerconfigjson": "[]"}') > 0;
-- error: nor by another name of what it is
UPDATE orchestration.secrets SET secret_type = 'kubernetes.io/dockerconfigjson' WHERE name = 'other';
-- error: an empty key
SELECT orchestration.create_secret('shop', 'ssh', '{"ssh-privatekey": ""}', 'kubernetes.io/ssh-auth');

RESET ROLE;
-- the same value wrapped by another key is not looked into again
UPDATE orchestration.secrets SET encrypted_data = orchestration_internal.rewrap(encrypted_data, format('secret/%s/%s', namespace_id, name))
WHERE name = 'pull' RETURNING name;
UPDATE orchestration.secrets SET secret_type = 'Opaque' WHERE name = 'pull' RETURNING name;
UPDATE orchestration.secrets SET secret_type = 'kubernetes.io/dockerconfigjson' WHERE name = 'pull' RETURNING name;
-- error: a key that is only said to be there
INSERT INTO orchestration.secrets (namespace_id, name, secret_type, data_keys, encrypted_data)
SELECT id, 'said', 'kubernetes.io/dockerconfigjson', '{.dockerconfigjson}', orchestration_internal.seal_secret(id, 'said', '{"a": "b"}') FROM orchestration.namespaces WHERE name = 'shop';

-- a hint that can be followed
UPDATE orchestration.roles SET permissions = '{"containers": ["read"]}' WHERE name = 'operator';
SET ROLE accepts_dev;
-- error: he may only look
INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port) SELECT namespace_id, id, 80 FROM orchestration.containers WHERE name = 'web';
RESET ROLE;
\set VERBOSITY terse
-- error: nothing asks for this permission
UPDATE orchestration.roles SET permissions = '{"images": ["read"]}' WHERE name = 'operator';
\set VERBOSITY default
RESET search_path;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
DROP ROLE accepts_dev;
