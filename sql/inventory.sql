-- one application made by functions: what lands in which table
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;
\set SHOW_CONTEXT never

SET SESSION AUTHORIZATION regress_administrator;
SELECT create_namespace('shop', labels => '{"team": "blue"}', annotations => '{"note": "x"}', description => 'The shop', pod_security => 'privileged') > 0 AS made;
SELECT joins('regress_operator', 'operator', 'shop') \gset
SET SESSION AUTHORIZATION regress_operator;
SELECT create_config_map('shop', 'app', '{"colour": "red", "page.html": "<p>hello</p>"}', labels => '{"a": "b"}') > 0 AS made;
SELECT create_secret('shop', 'database', '{"password": "open sesame", "key": {"base64": "AAEC/w=="}}') > 0 AS made;
SELECT create_secret('shop', 'certificate', '{"tls.crt": "c", "tls.key": "k"}', type => 'kubernetes.io/tls') > 0 AS made;
SELECT create_registry('shop', 'main', 'registry.example:5000', 'robot', 'pass') > 0 AS made;
SELECT create_volume('shop', 'data', size => '1.5Gi', storage_class => 'fast') > 0 AS made;
SELECT create_volume('shop', 'shared', 'PVC', '1Gi', 'ReadWriteMany') > 0 AS made;
SELECT create_volume('shop', 'pages', 'ConfigMap', config_map => 'app') > 0 AS made;
SELECT create_volume('shop', 'certs', 'Secret', secret => 'certificate') > 0 AS made;
SELECT create_volume('shop', 'logs', 'HostPath', host_path => '/var/log', host_path_type => 'Directory') > 0 AS made;
SELECT create_volume('shop', 'scratch', 'EmptyDir', size => '64Mi', medium => 'Memory') > 0 AS made;

SELECT create_container('shop', 'web', 'registry.example:5000/team/web:1.2', 3, '{/bin/httpd}', '{-f,-p,8080}',
	'250m', '1', '64Mi', '1.5Gi',
	env => '[
		{"name": "MODE", "value": "fast"},
		{"name": "EMPTY", "value": ""},
		{"name": "COLOUR", "valueFrom": {"configMapKeyRef": {"name": "app", "key": "colour"}}},
		{"name": "NOT_YET", "valueFrom": {"configMapKeyRef": {"name": "app", "key": "later", "optional": true}}},
		{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "database", "key": "password", "optional": false}}},
		{"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
		{"name": "MEMORY", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}}}
	]',
	ports => '[
		{"containerPort": 8080, "name": "http", "servicePort": 80},
		{"containerPort": 8080, "name": "http", "servicePort": 80, "nodePort": 30080},
		{"containerPort": 9090, "name": "metrics"},
		{"containerPort": 5353, "protocol": "UDP", "servicePort": 53, "serviceType": "LoadBalancer"}
	]',
	volumes => '[
		{"volume": "data", "mountPath": "/data"},
		{"volume": "pages", "mountPath": "/www", "readOnly": true},
		{"volume": "data", "mountPath": "/uploads", "subPath": "uploads"}
	]',
	liveness_probe => '{"exec": {"command": ["test", "-e", "/tmp/alive"]}, "initialDelaySeconds": 10, "terminationGracePeriodSeconds": 5}',
	readiness_probe => '{"httpGet": {"path": "/health", "port": "http", "scheme": "HTTP", "httpHeaders": [{"name": "X-Probe", "value": "1"}]}, "periodSeconds": 5, "successThreshold": 2}',
	startup_probe => '{"tcpSocket": {"port": 8080}, "failureThreshold": 30, "timeoutSeconds": null}',
	overrides => '{"spec": {"hostname": "web"}}', working_dir => '/www',
	init_containers => '[{"name": "wait", "image": "busybox", "command": ["true"]}]',
	image_pull_policy => 'Always', max_surge => '1', max_unavailable => '25%', termination_grace_period => 10, service_account => 'web',
	security_context => '{"runAsUser": 1000}', pod_security_context => '{"fsGroup": 1000}', node_selector => '{"disk": "ssd"}',
	tolerations => '[{"operator": "Exists"}]', labels => '{"tier": "front"}', annotations => '{"owner": "zoe"}', description => 'The web site') > 0 AS made;
-- the least that can be said, the short form of env, a job, and one that is not to run yet
SELECT create_container('shop', 'cache', 'busybox') > 0 AS made;
SELECT create_container('shop', 'report', 'busybox:1', env => '{"A": "1", "B": ""}', restart_policy => 'OnFailure', desired_state => 'stopped') > 0 AS made;
-- an image that is there already is found, not made again
SELECT create_container('shop', 'second', 'busybox:1', liveness_probe => '{"grpc": {"port": 9000, "service": "s"}}') > 0 AS made;

\pset null ~
RESET SESSION AUTHORIZATION;
SELECT n.name, c.name, n.labels, n.annotations, n.description, n.desired_state, n.status, n.generation, u.username AS created_by FROM namespaces n LEFT JOIN clusters c ON c.id = n.cluster_id JOIN users u ON u.id = n.created_by WHERE n.id <> 0;
SET SESSION AUTHORIZATION regress_operator;
SELECT name, data, labels, annotations FROM config_maps;
RESET SESSION AUTHORIZATION;
SELECT name, secret_type, data_keys, position('sesame'::bytea IN encrypted_data) AS plaintext_at,
	convert_from(unseal(encrypted_data, format('secret/%s/%s', namespace_id, name)), 'UTF8')::jsonb AS sealed FROM secrets ORDER BY id;
SELECT name, server, username, convert_from(unseal(encrypted_password, format('registry/%s/%s', namespace_id, server)), 'UTF8') AS password FROM registries;
SET SESSION AUTHORIZATION regress_operator;
SELECT v.name, v.volume_type, v.size_bytes, v.access_mode, v.storage_class, m.name AS config_map, s.name AS secret, v.host_path, v.host_path_type, v.medium
FROM volumes v LEFT JOIN config_maps m ON m.id = v.config_map_id LEFT JOIN secrets s ON s.id = v.secret_id ORDER BY v.id;
SELECT registry, repository, tag, digest FROM container_images ORDER BY id;
\x on
SELECT c.name, i.repository, c.description, c.image_pull_policy, c.replicas, c.command, c.args, c.working_dir, c.cpu_request, c.cpu_limit, c.memory_request, c.memory_limit, c.restart_policy,
	c.strategy, c.max_surge, c.max_unavailable, c.termination_grace_period, c.service_account, c.security_context, c.pod_security_context, c.node_selector, c.tolerations, c.init_containers,
	c.labels, c.annotations, c.overrides, c.desired_state, c.status, c.generation, c.observed_generation
FROM containers c JOIN container_images i ON i.namespace_id = c.namespace_id AND i.id = c.image_id WHERE c.name IN ('web', 'cache') ORDER BY c.id;
\x off
SELECT c.name, c.restart_policy, c.desired_state FROM containers c ORDER BY c.id;
SELECT c.name AS container, e.position, e.name, e.value, m.name AS config_map, s.name AS secret, e.key, e.optional, e.field_path, e.resource_field
FROM environment_variables e JOIN containers c ON c.id = e.container_id LEFT JOIN config_maps m ON m.id = e.config_map_id LEFT JOIN secrets s ON s.id = e.secret_id ORDER BY c.id, e.position;
SELECT name, container_port, service_port, node_port, protocol, service_type FROM port_mappings ORDER BY id;
SELECT v.name, m.mount_path, m.sub_path, m.read_only FROM container_volumes m JOIN volumes v ON v.id = m.volume_id ORDER BY m.id;
SELECT c.name AS container, p.probe_type, p.handler, p.port, p.path, p.scheme, p.host, p.http_headers, p.grpc_service, p.command, p.initial_delay_seconds AS initial, p.period_seconds AS period, p.timeout_seconds AS timeout,
	p.success_threshold AS success, p.failure_threshold AS failure, p.termination_grace_period_seconds AS grace
FROM container_probes p JOIN containers c ON c.id = p.container_id ORDER BY c.id, p.probe_type;
-- found by any word of it
SELECT q AS query, array_agg(c.name ORDER BY c.name) FROM unnest('{site,front,zoe,cache,nothing}'::text[]) q LEFT JOIN containers c ON c.search @@ plainto_tsquery('simple', q) GROUP BY q ORDER BY q;

-- an installation begins with these
RESET SESSION AUTHORIZATION;
SELECT name, is_system, permissions - ARRAY(SELECT r.permission FROM orchestration_internal.resources() r WHERE r.scope IS NOT NULL) AS beside FROM roles ORDER BY id;
SELECT u.id, u.username = session_user AS is_me, u.db_role = session_user AS by_role, r.name AS role, ur.namespace_id FROM users u JOIN user_roles ur ON ur.user_id = u.id JOIN roles r ON r.id = ur.role_id WHERE u.username !~ '^regress_';
SELECT id, name, status, cluster_id FROM namespaces WHERE id = 0;
SELECT current_user_id() = (SELECT id FROM users WHERE username = session_user) AS me;
-- again: nothing twice, what was fitted to the house stays, what must be there comes back
UPDATE roles SET permissions = '{"containers": ["read"]}' WHERE name IN ('viewer', 'administrator');
DELETE FROM user_roles;
SELECT bootstrap();
SELECT name, permissions - ARRAY(SELECT r.permission FROM orchestration_internal.resources() r WHERE r.scope IS NOT NULL AND r.permission <> 'containers') AS beside FROM roles ORDER BY id;
SELECT count(*) AS users, (SELECT count(*) FROM user_roles) AS assignments, (SELECT count(*) FROM namespaces) AS namespaces FROM users;
-- a role without a user makes rows that nobody is named for
CREATE ROLE regress_stranger SUPERUSER;
SET SESSION AUTHORIZATION regress_stranger;
SELECT current_user_id();
INSERT INTO namespaces (name) VALUES ('strange') RETURNING created_by;
RESET SESSION AUTHORIZATION;
DROP ROLE regress_stranger;
RESET search_path;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
