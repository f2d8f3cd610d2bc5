-- sample-data.sql: a small application that truly runs: a web site, its API, a cache with a disk, a job; and its people.
--
--   psql -v ON_ERROR_STOP=1 -v cluster=main -f examples/sample-data.sql
--
-- Variables, all optional: cluster (the first one registered), namespace (shop), image (a busybox),
-- registry, registry_user and registry_password (where the image needs a pull secret).

\if :{?namespace}
\else
\set namespace shop
\endif
\if :{?image}
\else
\set image docker.io/library/busybox:1.36
\endif
\if :{?registry_user}
\else
\set registry ''
\set registry_user ''
\set registry_password ''
\endif
\if :{?cluster}
\else
SELECT name AS cluster FROM orchestration.clusters ORDER BY id LIMIT 1 \gset
\endif

BEGIN;

-- where it runs
SELECT orchestration.create_namespace(:'namespace', :'cluster', labels => '{"app.kubernetes.io/part-of": "sample"}', description => 'A shop to try things with');

SELECT :'registry_user' <> '' AS needs_pull_secret \gset
\if :needs_pull_secret
SELECT orchestration.create_registry(:'namespace', 'images', :'registry', :'registry_user', :'registry_password');
\endif

-- what it is set up with
SELECT orchestration.create_config_map(:'namespace', 'site', $json${
	"index.html": "<!doctype html>\n<html>\n<head><title>The shop</title></head>\n<body>\n<h1>It works</h1>\n<p>This page is a row of orchestration.config_maps, served by pods that are rows of orchestration.containers.</p>\n</body>\n</html>\n"
}$json$, labels => '{"tier": "front"}');
SELECT orchestration.create_config_map(:'namespace', 'settings', '{"greeting": "Hello from the API", "currency": "EUR"}');
SELECT orchestration.create_secret(:'namespace', 'api', jsonb_build_object('token', gen_random_uuid()));

-- what it keeps
SELECT orchestration.create_volume(:'namespace', 'pages', 'ConfigMap', config_map => 'site');
SELECT orchestration.create_volume(:'namespace', 'scratch', 'EmptyDir', size => '16Mi', medium => 'Memory');
SELECT orchestration.create_volume(:'namespace', 'cache-data', 'PVC', '64Mi', 'ReadWriteOnce');

-- the web site: two pods behind a service, without root
SELECT orchestration.create_container(:'namespace', 'web', :'image', 2,
	command => '{httpd,-f,-v,-p,8080,-h,/www}',
	cpu_request => '10m', cpu_limit => '200m', memory_request => '8Mi', memory_limit => '32Mi',
	ports => '[{"containerPort": 8080, "name": "http", "servicePort": 80}]',
	volumes => '[{"volume": "pages", "mountPath": "/www", "readOnly": true}]',
	readiness_probe => '{"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 2}',
	liveness_probe => '{"tcpSocket": {"port": "http"}, "periodSeconds": 10}',
	security_context => '{"runAsUser": 65534, "runAsNonRoot": true, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}}',
	termination_grace_period => 2, max_surge => '1', max_unavailable => '0',
	labels => '{"tier": "front"}', description => 'The web site of the shop');

-- its API: settings and a secret come in through the environment
SELECT orchestration.create_container(:'namespace', 'api', :'image',
	command => '{sh,-c}',
	args => ARRAY[$sh$printf '{"greeting": "%s", "currency": "%s", "pod": "%s", "token": "%d characters"}\n' "$GREETING" "$CURRENCY" "$POD" "${#TOKEN}" >/srv/status.json && exec httpd -f -p 8080 -h /srv$sh$],
	cpu_request => '10m', memory_request => '8Mi', memory_limit => '32Mi',
	env => '[
		{"name": "GREETING", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "greeting"}}},
		{"name": "CURRENCY", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "currency"}}},
		{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "api", "key": "token"}}},
		{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
	]',
	ports => '[{"containerPort": 8080, "name": "http", "servicePort": 8080}]',
	volumes => '[{"volume": "scratch", "mountPath": "/srv"}]',
	startup_probe => '{"httpGet": {"path": "/status.json", "port": "http"}, "periodSeconds": 1, "failureThreshold": 30}',
	readiness_probe => '{"httpGet": {"path": "/status.json", "port": "http"}, "periodSeconds": 5}',
	termination_grace_period => 2, labels => '{"tier": "back"}', description => 'Answers with its settings');

-- a cache: one pod with a disk, replaced rather than doubled
SELECT orchestration.create_container(:'namespace', 'cache', :'image',
	command => '{sh,-c}',
	args => ARRAY[$sh$while :; do date >/data/heartbeat; sleep 2; done & exec httpd -f -p 6379 -h /data$sh$],
	cpu_request => '10m', memory_request => '8Mi', memory_limit => '32Mi',
	ports => '[{"containerPort": 6379, "name": "cache", "servicePort": 6379}]',
	volumes => '[{"volume": "cache-data", "mountPath": "/data"}]',
	readiness_probe => '{"exec": {"command": ["test", "-s", "/data/heartbeat"]}, "periodSeconds": 2}',
	strategy => 'Recreate', termination_grace_period => 2, labels => '{"tier": "back"}', description => 'Keeps what was asked before');

-- a job: runs once, to its end; with something that has no column of its own
SELECT orchestration.create_container(:'namespace', 'report', :'image',
	command => '{sh,-c}',
	args => ARRAY[$sh$for i in 1 2 3 4 5; do echo "line $i of the report in $CURRENCY"; sleep 1; done$sh$],
	env => '{"CURRENCY": "EUR"}', restart_policy => 'OnFailure', memory_limit => '32Mi', termination_grace_period => 2,
	overrides => '{"metadata": {"annotations": {"example.org/report": "daily"}}, "spec": {"hostname": "report"}}',
	labels => '{"tier": "batch"}', description => 'Counts to five and is done');

-- its people: an operator of this namespace, somebody who looks everywhere, and a role made to measure
INSERT INTO orchestration.users (username, full_name, email) VALUES
	('olga', 'Olga Operator', 'olga@example.org'),
	('victor', 'Victor Viewer', 'victor@example.org')
ON CONFLICT (username) DO NOTHING;
INSERT INTO orchestration.roles (name, description, permissions) VALUES
	('restarter', 'May look at containers and restart them.', '{"containers": ["read", "execute"], "logs": ["read"]}')
ON CONFLICT (name) DO NOTHING;
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id)
SELECT u.id, r.id, n.id
FROM (VALUES ('olga', 'operator', true), ('victor', 'viewer', false), ('victor', 'restarter', true)) a (username, role, only_here)
JOIN orchestration.users u USING (username)
JOIN orchestration.roles r ON r.name = a.role
LEFT JOIN orchestration.namespaces n ON a.only_here AND n.name = :'namespace' AND n.status <> 'deleted'
ON CONFLICT DO NOTHING;

COMMIT;
