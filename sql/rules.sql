-- rules between rows: the same SQLSTATE from a function and from each way of writing SQL
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
CREATE ROLE regress_rules LOGIN IN ROLE orchestration_user;
CREATE ROLE regress_maps LOGIN IN ROLE orchestration_user;
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;
\set SHOW_CONTEXT never
INSERT INTO users (username, db_role) VALUES ('rules', 'regress_rules'), ('maps', 'regress_maps');
INSERT INTO roles (name, permissions) VALUES ('maps', '{"config_maps": ["read", "update", "delete"]}');
INSERT INTO user_roles (user_id, role_id) SELECT u.id, r.id FROM users u JOIN roles r ON (u.username, r.name) IN (('rules', 'administrator'), ('maps', 'maps'));
INSERT INTO clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false), ('d', 'https://127.0.0.1', 'in-cluster', false);

SELECT create_namespace('shop', 'c') > 0 AS made, create_namespace('other', 'c') > 0 AS made, create_namespace('elsewhere', 'd') > 0 AS made, create_namespace('gone', 'c') > 0 AS made, create_namespace('empty', 'c') > 0 AS made;
SELECT create_config_map('shop', 'app', '{"colour": "red", "size": "2"}') > 0 AS made, create_secret('shop', 'db', '{"password": "x", "user": "y"}') > 0 AS made, create_registry('shop', 'main', 'registry.example', 'u', 'p') > 0 AS made,
	create_secret('shop', 'registry-taken', '{}') > 0 AS made, create_volume('shop', 'data', size => '1Gi') > 0 AS made, create_volume('shop', 'named', 'EmptyDir') > 0 AS made;
SELECT create_container('shop', 'web', 'web:1', env => '[{"name": "COLOUR", "valueFrom": {"configMapKeyRef": {"name": "app", "key": "colour"}}}, {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}, {"name": "PLAIN", "value": "1"}]',
	ports => '[{"containerPort": 80, "name": "http", "servicePort": 80, "nodePort": 30080}]', volumes => '[{"volume": "data", "mountPath": "/data"}]', liveness_probe => '{"httpGet": {"port": "http"}}') > 0 AS made,
	create_container('shop', 'web-nodeport', 'web:1', ports => '[{"containerPort": 81}]') > 0 AS made,
	create_container('shop', 'mentions', 'web:1', init_containers => '[{"name": "i", "image": "busybox", "volumeMounts": [{"name": "named", "mountPath": "/n"}]}]') > 0 AS made,
	create_container('other', 'api', 'api:1', ports => '[{"containerPort": 80, "servicePort": 80, "nodePort": 30081}]') > 0 AS made,
	create_container('elsewhere', 'far', 'far:1', ports => '[{"containerPort": 80, "servicePort": 80, "nodePort": 30080}]') > 0 AS made,
	create_container('elsewhere', 'far2', 'far:1') > 0 AS made,
	create_container('other', 'second', 'api:1', ports => '[{"containerPort": 80, "servicePort": 80}]') > 0 AS made,
	create_container('gone', 'old', 'old:1', ports => '[{"containerPort": 80, "servicePort": 80}]') > 0 AS made,
	create_config_map('gone', 'going', '{"k": "1"}') > 0 AS made, create_secret('gone', 'going', '{"k": "1"}') > 0 AS made, create_registry('gone', 'going', 'r2.example', 'u', 'p') > 0 AS made,
	create_volume('gone', 'going', 'EmptyDir') > 0 AS made, create_route('gone', 'going', 'old.example.com', 'old', 80) > 0 AS made;
SELECT delete_namespace('gone');

-- ids by name, for statements of the ordinary user
CREATE FUNCTION ns(text) RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$ SELECT id FROM orchestration.namespaces WHERE name = $1 $$;
CREATE FUNCTION con(text) RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$ SELECT id FROM orchestration.containers WHERE name = $1 $$;
CREATE FUNCTION map(text) RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$ SELECT id FROM orchestration.config_maps WHERE name = $1 $$;
CREATE FUNCTION sec(text) RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$ SELECT id FROM orchestration.secrets WHERE name = $1 $$;
CREATE FUNCTION vol(text) RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$ SELECT id FROM orchestration.volumes WHERE name = $1 $$;
CREATE FUNCTION img(text) RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$ SELECT id FROM orchestration.container_images WHERE repository = $1 $$;

-- what a statement is answered, as that role; all of it is undone
CREATE FUNCTION answer(who text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	IF who IS NOT NULL THEN
		PERFORM set_config('role', who, true);
	END IF;
	EXECUTE statement;
	SET CONSTRAINTS ALL IMMEDIATE;
	RAISE 'accepted' USING ERRCODE = 'ZZZZZ';
EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN
	RETURN 'accepted';
WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;

-- a new row that a rule refuses, and how a function and an UPDATE would come to the same
CREATE TABLE refused_rows (n integer GENERATED ALWAYS AS IDENTITY, rule text, relation text, columns text, row text, function text, changed text);
INSERT INTO refused_rows (rule, relation, columns, row, function, changed) VALUES
	('OR012 config map in a namespace that goes', 'config_maps', 'namespace_id, name', $$ns('gone'), 'x'$$, $$SELECT create_config_map('gone', 'x', '{}')$$, NULL),
	('OR012 secret there', 'secrets', 'namespace_id, name, data_keys, encrypted_data', $$ns('gone'), 'x', '{}', seal_secret(ns('gone'), 'x', '{}')$$, $$SELECT create_secret('gone', 'x', '{}')$$, NULL),
	('OR012 registry there', 'registries', 'namespace_id, name, server, username, encrypted_password', $$ns('gone'), 'x', 'r.example', 'u', seal_registry_password(ns('gone'), 'r.example', 'p')$$, $$SELECT create_registry('gone', 'x', 'r.example', 'u', 'p')$$, NULL),
	('OR012 volume there', 'volumes', 'namespace_id, name, volume_type', $$ns('gone'), 'x', 'EmptyDir'$$, $$SELECT create_volume('gone', 'x', 'EmptyDir')$$, NULL),
	('OR012 image there', 'container_images', 'namespace_id, repository', $$ns('gone'), 'x'$$, NULL, NULL),
	('OR012 container there', 'containers', 'namespace_id, name, image_id', $$ns('gone'), 'x', img('old')$$, $$SELECT create_container('gone', 'x', 'old:1')$$, NULL),
	('OR012 variable there', 'environment_variables', 'namespace_id, container_id, name, value', $$ns('gone'), con('old'), 'A', 'b'$$, NULL, NULL),
	('OR012 port there', 'port_mappings', 'namespace_id, container_id, container_port', $$ns('gone'), con('old'), 1$$, NULL, NULL),
	('OR012 probe there', 'container_probes', 'namespace_id, container_id, probe_type, handler, port', $$ns('gone'), con('old'), 'liveness', 'tcpSocket', '1'$$, NULL, NULL),
	('OR003 config map in platform', 'config_maps', 'namespace_id, name', $$0, 'x'$$, $$SELECT create_config_map('platform', 'x', '{}')$$, NULL),
	('OR003 image in platform', 'container_images', 'namespace_id, repository', $$0, 'x'$$, $$SELECT create_container('platform', 'x', 'x')$$, NULL),
	('OR003 key that a config map lacks', 'environment_variables', 'namespace_id, container_id, name, config_map_id, key', $$ns('shop'), con('web'), 'B', map('app'), 'no'$$,
		$$SELECT create_container('shop', 'x', 'x', env => '[{"name": "B", "valueFrom": {"configMapKeyRef": {"name": "app", "key": "no"}}}]')$$,
		$$UPDATE orchestration.environment_variables SET key = 'no' WHERE name = 'COLOUR'$$),
	('OR003 key that a secret lacks', 'environment_variables', 'namespace_id, container_id, name, secret_id, key', $$ns('shop'), con('web'), 'B', sec('db'), 'no'$$,
		$$SELECT create_container('shop', 'x', 'x', env => '[{"name": "B", "valueFrom": {"secretKeyRef": {"name": "db", "key": "no"}}}]')$$,
		$$UPDATE orchestration.environment_variables SET secret_id = sec('registry-taken') WHERE name = 'PASSWORD'$$),
	('OR005 name of another Service', 'port_mappings', 'namespace_id, container_id, container_port, service_port', $$ns('shop'), con('web-nodeport'), 80, 80$$,
		$$SELECT create_container('other', 'api-nodeport', 'x', ports => '[{"containerPort": 1, "servicePort": 1}]')$$,
		$$UPDATE orchestration.port_mappings SET service_port = 81 WHERE container_id = con('web-nodeport')$$),
	('OR005 secret that a registry keeps', 'secrets', 'namespace_id, name, data_keys, encrypted_data', $$ns('shop'), 'registry-main', '{}', seal_secret(ns('shop'), 'registry-main', '{}')$$, $$SELECT create_secret('shop', 'registry-main', '{}')$$,
		$$UPDATE orchestration.secrets SET name = 'registry-main', encrypted_data = seal_secret(namespace_id, 'registry-main', '{}') WHERE name = 'registry-taken'$$),
	('OR005 registry of a secret''s name', 'registries', 'namespace_id, name, server, username, encrypted_password', $$ns('shop'), 'taken', 'r.example', 'u', seal_registry_password(ns('shop'), 'r.example', 'p')$$,
		$$SELECT create_registry('shop', 'taken', 'r.example', 'u', 'p')$$, $$UPDATE orchestration.registries SET name = 'taken' WHERE name = 'main'$$),
	('OR005 node port of another tenant', 'port_mappings', 'namespace_id, container_id, container_port, service_port, service_type, node_port', $$ns('shop'), con('web-nodeport'), 90, 90, 'NodePort', 30081$$,
		$$SELECT create_container('shop', 'x', 'x', ports => '[{"containerPort": 1, "servicePort": 1, "nodePort": 30081}]')$$,
		$$UPDATE orchestration.port_mappings SET node_port = 30081 WHERE container_id = con('web')$$),
	('OR005 node port of the other cluster', 'port_mappings', 'namespace_id, container_id, container_port, service_port, service_type, node_port', $$ns('elsewhere'), con('far2'), 90, 90, 'LoadBalancer', 30080$$,
		$$SELECT create_container('elsewhere', 'x', 'x', ports => '[{"containerPort": 1, "servicePort": 1, "nodePort": 30080}]')$$,
		$$UPDATE orchestration.namespaces SET cluster_id = (SELECT cluster_id FROM orchestration.namespaces WHERE name = 'shop') WHERE name = 'elsewhere'$$),
	('OR003 name of another port', 'port_mappings', 'namespace_id, container_id, name, container_port, service_port, service_type', $$ns('shop'), con('web'), 'http', 90, 90, 'LoadBalancer'$$,
		$$SELECT create_container('shop', 'x', 'x', ports => '[{"containerPort": 1, "name": "a"}, {"containerPort": 2, "servicePort": 2, "name": "a", "serviceType": "LoadBalancer"}]')$$, NULL),
	('OR003 probe of a port without that name', 'container_probes', 'namespace_id, container_id, probe_type, handler, port', $$ns('shop'), con('web'), 'readiness', 'tcpSocket', 'no'$$,
		$$SELECT create_container('shop', 'x', 'x', readiness_probe => '{"tcpSocket": {"port": "no"}}')$$, $$UPDATE orchestration.port_mappings SET name = 'other' WHERE name = 'http'$$),
	('OR001 reserved name of a namespace', 'namespaces', 'name', $$'kube-x'$$, $$SELECT create_namespace('kube-x')$$, $$UPDATE orchestration.namespaces SET name = 'kube-x' WHERE name = 'empty'$$),
	('OR001 reserved name of a config map', 'config_maps', 'namespace_id, name', $$ns('shop'), 'kube-root-ca.crt'$$, $$SELECT create_config_map('shop', 'kube-root-ca.crt', '{}')$$, $$UPDATE orchestration.config_maps SET name = 'kube-root-ca.crt'$$),
	('OR003 too much for an object', 'environment_variables', 'namespace_id, container_id, name, value', $$ns('shop'), con('web'), 'BIG', repeat('x', 131001)$$,
		$$SELECT create_container('shop', 'x', 'x', env => jsonb_build_object('BIG', repeat('x', 131001)))$$, $$UPDATE orchestration.environment_variables SET value = repeat('x', 131001) WHERE name = 'PLAIN'$$);

-- COPY is refused to whom row security binds, so the owner copies; 14 has no MERGE
SELECT current_setting('data_directory') || '/rules.copy' AS file, current_setting('server_version_num')::integer >= 150000 AS has_merge \gset
CREATE TABLE answers AS
SELECT r.n, left(r.rule, 5) AS wanted, substr(r.rule, 7) AS rule, w.way, COALESCE(answer(w.who, w.statement), '') AS got
FROM refused_rows r
CROSS JOIN LATERAL (VALUES
	(1, 'function', 'regress_rules', r.function),
	(2, 'INSERT', 'regress_rules', format('INSERT INTO orchestration.%s (%s) VALUES (%s)', r.relation, r.columns, r.row)),
	(3, 'ON CONFLICT', 'regress_rules', format('INSERT INTO orchestration.%s (%s) VALUES (%s) ON CONFLICT DO NOTHING', r.relation, r.columns, r.row)),
	(4, 'WITH', 'regress_rules', format('WITH w AS (INSERT INTO orchestration.%s (%s) SELECT %s RETURNING id) SELECT count(*) FROM w', r.relation, r.columns, r.row)),
	(5, 'MERGE', 'regress_rules', CASE WHEN :'has_merge' THEN format('MERGE INTO orchestration.%s USING (SELECT 1) s ON false WHEN NOT MATCHED THEN INSERT (%s) VALUES (%s)', r.relation, r.columns, r.row)
		ELSE format('INSERT INTO orchestration.%s (%s) VALUES (%s)', r.relation, r.columns, r.row) END),
	(6, 'COPY', NULL, format('COPY (SELECT %s) TO %L; COPY orchestration.%s (%s) FROM %2$L', r.row, :'file', r.relation, r.columns)),
	(7, 'UPDATE', 'regress_rules', r.changed)
) w (nth, way, who, statement)
WHERE w.statement IS NOT NULL;
SELECT wanted, rule, string_agg(way, ', ') FILTER (WHERE got = wanted) AS refused, string_agg(way || ' ' || got, ', ') FILTER (WHERE got <> wanted) AS otherwise
FROM answers GROUP BY n, wanted, rule ORDER BY n;

-- what is there and is to go, or to lose what others need
CREATE TABLE refused_changes (n integer GENERATED ALWAYS AS IDENTITY, rule text, relation text, row text, function text, change text);
INSERT INTO refused_changes (rule, relation, row, function, change) VALUES
	('OR006 config map that is used', 'config_maps', $$t.name = 'app'$$, $$SELECT delete_config_map('shop', 'app')$$, NULL),
	('OR006 secret that is used', 'secrets', $$t.name = 'db'$$, $$SELECT delete_secret('shop', 'db')$$, NULL),
	('OR006 volume that is mounted', 'volumes', $$t.name = 'data'$$, $$SELECT delete_volume('shop', 'data')$$, NULL),
	('OR006 volume that is mounted by name', 'volumes', $$t.name = 'named'$$, $$SELECT delete_volume('shop', 'named')$$, NULL),
	('OR006 image that is run', 'container_images', $$t.repository = 'web'$$, NULL, NULL),
	('OR006 cluster with namespaces', 'clusters', $$t.name = 'c'$$, $$SELECT unregister_cluster('c')$$, NULL),
	('OR006 namespace that holds something', 'namespaces', $$t.name = 'shop'$$, NULL, NULL),
	('OR006 the platform', 'namespaces', $$t.id = 0$$, $$SELECT delete_namespace('platform')$$, $$desired_state = 'deleted'$$),
	('OR006 key that a variable needs', 'config_maps', $$t.name = 'app'$$, $$SELECT update_config_map('shop', 'app', '{"size": "3"}')$$, $$data = '{"size": "3"}'$$),
	('OR006 key of a secret', 'secrets', $$t.name = 'db'$$, $$SELECT update_secret('shop', 'db', '{"user": "y"}')$$, $$data_keys = '{user}'$$),
	('OR012 namespace that goes', 'namespaces', $$t.name = 'gone'$$, NULL, $$desired_state = 'active'$$),
	('OR012 config map in one', 'config_maps', $$t.name = 'going'$$, $$SELECT update_config_map('gone', 'going', '{"k": "2"}')$$, $$data = '{"k": "2"}'$$),
	('OR012 secret in one', 'secrets', $$t.name = 'going'$$, $$SELECT update_secret('gone', 'going', '{"k": "2"}')$$, $$labels = '{"a": "b"}'$$),
	('OR012 registry in one', 'registries', $$t.name = 'going'$$, $$SELECT update_registry('gone', 'going', username => 'v')$$, $$username = 'v'$$),
	('OR012 volume in one', 'volumes', $$t.name = 'going'$$, $$SELECT update_volume('gone', 'going', medium => 'Memory')$$, $$medium = 'Memory'$$),
	('OR012 route in one', 'routes', $$t.name = 'going'$$, $$SELECT update_route('gone', 'going', path => '/x')$$, $$path = '/x'$$),
	('OR005 name that makes Services meet', 'containers', $$t.name = 'second'$$, NULL, $$name = 'api-nodeport'$$);
SELECT left(r.rule, 5) AS wanted, substr(r.rule, 7) AS rule, string_agg(w.way, ', ' ORDER BY w.nth) FILTER (WHERE w.got = left(r.rule, 5)) AS refused,
	string_agg(w.way || ' ' || w.got, ', ' ORDER BY w.nth) FILTER (WHERE w.got <> left(r.rule, 5)) AS otherwise
FROM refused_changes r
CROSS JOIN LATERAL (
	SELECT v.nth, v.way, answer('regress_rules', v.statement) AS got
	FROM (VALUES
		(1, 'function', r.function),
		(2, 'DELETE', CASE WHEN r.change IS NULL THEN format('DELETE FROM orchestration.%s t WHERE %s', r.relation, r.row) END),
		(3, 'WITH', CASE WHEN r.change IS NULL THEN format('WITH w AS (DELETE FROM orchestration.%s t WHERE %s RETURNING t.id) SELECT count(*) FROM w', r.relation, r.row) END),
		(4, 'UPDATE', CASE WHEN r.change IS NOT NULL THEN format('UPDATE orchestration.%s t SET %s WHERE %s', r.relation, r.change, r.row) END),
		(5, 'MERGE', CASE WHEN NOT :'has_merge' THEN CASE WHEN r.change IS NULL THEN format('DELETE FROM orchestration.%s t WHERE %s', r.relation, r.row) ELSE format('UPDATE orchestration.%s t SET %s WHERE %s', r.relation, r.change, r.row) END
			ELSE format('MERGE INTO orchestration.%s t USING (SELECT 1) s ON %s WHEN MATCHED THEN %s', r.relation, r.row, COALESCE('UPDATE SET ' || r.change, 'DELETE')) END)
	) v (nth, way, statement)
	WHERE v.statement IS NOT NULL
	OFFSET 0
) w
GROUP BY r.n, r.rule ORDER BY r.n;

-- that data may go can be said to the last
SELECT answer('regress_rules', $$UPDATE orchestration.volumes SET retention = 'delete' WHERE name = 'going'$$), answer('regress_rules', $$SELECT orchestration.delete_volume('gone', 'going', give_up_data => true)$$);

-- a namespace takes its containers along, however it is told to go
BEGIN;
SET LOCAL ROLE regress_rules;
UPDATE namespaces SET desired_state = 'deleted' WHERE name = 'shop';
SELECT name, desired_state FROM containers WHERE namespace_id = ns('shop') ORDER BY name;
ROLLBACK;

-- names and ports come back with their rows, and parts are replaced in any order
BEGIN;
SET LOCAL ROLE regress_rules;
DELETE FROM port_mappings WHERE container_id = con('web');
INSERT INTO port_mappings (namespace_id, container_id, container_port, service_port) VALUES (ns('shop'), con('web-nodeport'), 80, 80);
INSERT INTO port_mappings (namespace_id, container_id, container_port, service_port, service_type, node_port) VALUES (ns('other'), con('api'), 82, 82, 'NodePort', 30080);
INSERT INTO port_mappings (namespace_id, container_id, name, container_port, service_port) VALUES (ns('shop'), con('web'), 'http', 80, 80);
SET CONSTRAINTS ALL IMMEDIATE;
RESET ROLE;
SELECT kind, name, owner_type FROM object_names ORDER BY kind, name;
SELECT node_port, count(*) FROM node_ports GROUP BY node_port ORDER BY node_port;
ROLLBACK;

-- an error says no more than its reader may know
\set VERBOSITY default
BEGIN;
SET LOCAL ROLE regress_maps;
-- error: who needs it is not for him
DELETE FROM config_maps WHERE name = 'app';
ROLLBACK;

-- every conflict names its target: what else goes wrong is told as it is
SELECT p.proname FROM pg_proc p WHERE p.pronamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND p.proname LIKE 'create%' AND p.prosrc ~ 'ON CONFLICT DO NOTHING';

-- the name of a Service is told in two places, which agree
SELECT string_agg(DISTINCT p.service_type, ', ') FILTER (WHERE m.name IS NULL) AS disagree, count(m.name) > 0 AS some
FROM port_mappings p JOIN containers c ON c.id = p.container_id JOIN namespaces n ON n.id = p.namespace_id AND n.desired_state = 'active'
LEFT JOIN manifests m ON m.namespace_id = c.namespace_id AND m.owner_id = c.id AND m.kind = 'Service' AND m.name = service_name(c.name, p.service_type)
WHERE p.service_port IS NOT NULL;

SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
DROP ROLE regress_rules, regress_maps;
