-- nothing too large gets in: every column of every table that users write, and the sum of what becomes one object
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
CREATE ROLE regress_sizes LOGIN IN ROLE orchestration_user, admin_role;
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;
\set SHOW_CONTEXT never
INSERT INTO users (username, db_role) VALUES ('sizes', 'regress_sizes');
INSERT INTO user_roles (user_id, role_id) SELECT u.id, r.id FROM users u, roles r WHERE u.username = 'sizes' AND r.name = 'administrator';
INSERT INTO clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false);
SELECT create_namespace('shop', 'c') > 0 AS made, create_config_map('shop', 'app', '{"k": "v"}') > 0 AS made, create_secret('shop', 'db', '{"k": "v"}') > 0 AS made, create_registry('shop', 'main', 'registry.example', 'u', 'p') > 0 AS made,
	create_volume('shop', 'data', size => '1Gi') > 0 AS made;
SELECT create_container('shop', 'web', 'web:1', env => '{"A": "b"}', ports => '[{"containerPort": 80, "servicePort": 80}]', volumes => '[{"volume": "data", "mountPath": "/data"}]',
	liveness_probe => '{"httpGet": {"port": 80}}', readiness_probe => '{"exec": {"command": ["true"]}}', startup_probe => '{"grpc": {"port": 80}}') > 0 AS made;
INSERT INTO roles (name, permissions) VALUES ('some', '{}');
SET ROLE regress_sizes;
INSERT INTO user_secrets (user_id, secret_type, name, encrypted_value) VALUES (current_user_id(), 'other', 'x', '\x00');
RESET ROLE;

-- every table that somebody else than owner and worker may write has the trigger, so that a new column of it has a bound
SELECT c.relname AS unbounded
FROM pg_class c
WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
	AND EXISTS (SELECT FROM pg_roles r WHERE r.rolname IN ('orchestration_user', 'orchestration_gateway', 'orchestration_monitor', 'operators', 'admin_role')
		AND (has_any_column_privilege(r.oid, c.oid, 'INSERT') OR has_any_column_privilege(r.oid, c.oid, 'UPDATE')))
	AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'zw_bounds' AND t.tgenabled = 'O')
ORDER BY 1;

CREATE FUNCTION answer(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
	rows bigint;
BEGIN
	PERFORM set_config('role', 'regress_sizes', true);
	EXECUTE statement;
	GET DIAGNOSTICS rows = ROW_COUNT;
	SET CONSTRAINTS ALL IMMEDIATE;
	RAISE 'accepted' USING ERRCODE = 'ZZZZZ', DETAIL = rows;
EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN CASE WHEN detail = '0' THEN 'no row' ELSE 'accepted' END;
WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' | ', SQLSTATE, left(message, 200), NULLIF(left(detail, 300), ''));
END
$$;

-- values of 2 MB that would do by their form, where one can be
CREATE TABLE huge AS
SELECT v.type::regtype::oid AS type, v.n, v.value
FROM (VALUES
	('text', 1, $$repeat('a', 2000000)$$),
	('text', 2, $$'/' || repeat('a', 2000000)$$),
	('text[]', 1, $$ARRAY[repeat('a', 2000000)]$$),
	('text[]', 2, $$array_fill('a'::text, ARRAY[200000])$$),
	('bytea', 1, $$decode(repeat('00', 2000000), 'hex')$$),
	('jsonb', 1, $$jsonb_build_object('k', repeat('a', 2000000))$$),
	('jsonb', 2, $$(SELECT jsonb_object_agg(repeat('k', 55) || g, '') FROM generate_series(1, 30000) g)$$),
	('jsonb', 3, $$jsonb_build_object('spec', jsonb_build_object('containers', jsonb_build_array(jsonb_build_object('name', 'web', 'env', jsonb_build_array(jsonb_build_object('name', 'X', 'value', repeat('a', 2000000)))))))$$),
	('jsonb', 4, $$jsonb_build_array(jsonb_build_object('name', 'x', 'image', 'x', 'args', jsonb_build_array(repeat('a', 2000000))))$$),
	('jsonb', 5, $$jsonb_build_array(jsonb_build_object('name', 'X', 'value', repeat('a', 2000000)))$$),
	('jsonb', 6, $$(SELECT jsonb_agg(jsonb_build_object('key', 'k' || g, 'operator', 'Exists', 'effect', 'NoSchedule')) FROM generate_series(1, 15000) g)$$),
	('jsonb', 7, $$jsonb_build_object('seLinuxOptions', jsonb_build_object('level', repeat('a', 2000000)))$$),
	('jsonb', 8, $$jsonb_build_object('containers', to_jsonb(array_fill('read'::text, ARRAY[100000])))$$)
) v (type, n, value);
CREATE TABLE answers AS
SELECT c.relname, a.attname, h.n, answer(format('UPDATE orchestration.%I SET %I = %s', c.relname, a.attname, h.value)) AS got
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attlen = -1 AND a.attgenerated = ''
JOIN huge h ON h.type = a.atttypid
WHERE EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'zw_bounds')
	/* changed by a trigger to what the worker saw, or judged before anything else */
	AND has_column_privilege('regress_sizes', c.oid, a.attnum, 'UPDATE');
SELECT count(DISTINCT relname) > 15 AS many_tables, count(DISTINCT (relname, attname)) > 70 AS many_columns, count(*) > 150 AS many_values FROM answers;
-- accepted, or refused by something that is no rule of ours
SELECT relname, attname, n, left(got, 100) AS got FROM answers WHERE got !~ '^(OR00[1-37]|23514|42501|42704|no row)' ORDER BY 1, 2, 3;
-- by the size; what is never told by it is refused for another reason first
SELECT relname, string_agg(attname, ', ' ORDER BY attname) AS told_otherwise FROM (SELECT relname, attname FROM answers GROUP BY relname, attname HAVING NOT bool_or(got ~ 'bytes; at most|^no row')) b GROUP BY relname ORDER BY relname;

-- what was accepted before, by function and by row
SELECT answer($$SELECT orchestration.create_container('shop', 'x', 'x', overrides => jsonb_build_object('spec', jsonb_build_object('containers', jsonb_build_array(jsonb_build_object('name', 'web', 'env', jsonb_build_array(jsonb_build_object('name', 'X', 'value', repeat('a', 55000000))))))))$$);
SELECT answer($$SELECT orchestration.create_container('shop', 'x', 'x', labels => (SELECT jsonb_object_agg('k' || g, 'v') FROM generate_series(1, 100000) g))$$);
SELECT answer($$SELECT orchestration.create_container('shop', 'x', 'x', env => (SELECT jsonb_object_agg('K' || g, repeat('v', 1000)) FROM generate_series(1, 2000) g))$$);
SELECT answer($$SELECT orchestration.create_container('shop', 'x', 'x', args => ARRAY(SELECT repeat('v', 1000) FROM generate_series(1, 3000) g))$$);
SELECT answer($$SELECT orchestration.create_container('shop', 'x', 'x', args => ARRAY[repeat('v', 131072)])$$);
SELECT answer($$SELECT orchestration.create_container('shop', 'x', 'x', args => ARRAY(SELECT repeat(E'\x01', 1000) FROM generate_series(1, 600) g))$$);
SELECT answer($$INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, value) SELECT namespace_id, id, 'K' || g, repeat('v', 700) FROM orchestration.containers, generate_series(1, 2000) g$$);
SELECT answer($$INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, value) SELECT namespace_id, id, 'K' || g, '' FROM orchestration.containers, generate_series(1, 20000) g$$);
SELECT answer($$INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port, service_port) SELECT namespace_id, id, g, g FROM orchestration.containers, generate_series(1000, 5000) g$$);
SELECT answer($$INSERT INTO orchestration.container_volumes (namespace_id, container_id, volume_id, mount_path) SELECT c.namespace_id, c.id, v.id, '/' || g FROM orchestration.containers c, orchestration.volumes v, generate_series(1, 5000) g$$);
SELECT answer($$UPDATE orchestration.containers SET overrides = jsonb_build_object('spec', jsonb_build_object('containers', jsonb_build_array(jsonb_build_object('name', 'web', 'env', jsonb_build_array(jsonb_build_object('name', 'X', 'value', repeat('a', 440000))))))), annotations = jsonb_build_object('a', repeat('a', 250000))$$);
SELECT answer($$SELECT orchestration.create_config_map('shop', 'x', (SELECT jsonb_object_agg('k' || g, '') FROM generate_series(1, 100000) g))$$);
SELECT answer($$SELECT orchestration.create_secret('shop', 'x', (SELECT jsonb_object_agg('k' || g, '') FROM generate_series(1, 100000) g))$$);
SELECT answer($$INSERT INTO orchestration.registries (namespace_id, name, server, username, encrypted_password) SELECT n.id, 'r' || g, 'docker.io/' || g, 'u', orchestration_internal.seal_registry_password(n.id, 'docker.io/' || g, 'p') FROM orchestration.namespaces n, generate_series(1, 600) g WHERE n.name = 'shop'$$);

-- what is large and fits gets in: a config map of 1 MiB, 250,000 bytes of annotations, an argument of 131,071
SELECT answer($$SELECT orchestration.create_config_map('shop', 'x', jsonb_build_object('k', repeat('v', 1048575)))$$);
SELECT answer($$SELECT orchestration.create_secret('shop', 'x', jsonb_build_object('k', repeat('v', 1048575)))$$);
SELECT answer($$SELECT orchestration.create_container('shop', 'x', 'x', annotations => jsonb_build_object('k', repeat('v', 250000)), args => ARRAY[repeat('v', 131071)])$$);
SELECT answer($$SELECT orchestration.create_container('shop', 'x', 'x', env => (SELECT jsonb_object_agg('K' || g, repeat('v', 1000)) FROM generate_series(1, 1100) g))$$);

-- filled until nothing more goes in, row by row and one kind after the other, the object still is what a cluster stores
DO $$
DECLARE
	web record;
	refused integer := 0;
BEGIN
	SELECT c.namespace_id, c.id INTO web FROM orchestration.containers c WHERE c.name = 'web';
	FOR i IN 1 .. 160 LOOP
		BEGIN
			CASE i % 4
				WHEN 0 THEN INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, value) VALUES (web.namespace_id, web.id, 'K' || i, repeat('$', 12000));
				WHEN 1 THEN INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, value) SELECT web.namespace_id, web.id, 'L' || i || '_' || g, '' FROM generate_series(1, 120) g;
				WHEN 2 THEN INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port, service_port) SELECT web.namespace_id, web.id, 100 * i + g, 100 * i + g FROM generate_series(1, 25) g;
				ELSE INSERT INTO orchestration.container_volumes (namespace_id, container_id, volume_id, mount_path) SELECT web.namespace_id, web.id, v.id, '/' || repeat('a', 1200) || i FROM orchestration.volumes v WHERE v.name = 'data';
			END CASE;
		EXCEPTION WHEN SQLSTATE 'OR003' THEN
			refused := refused + 1;
		END;
	END LOOP;
	RAISE NOTICE 'some were refused: %, some were not: %', refused > 0, refused < 150;
END
$$;
SELECT kind, octet_length(manifest::text) < 1572864 AS fits, octet_length(manifest::text) > 500000 AS large FROM manifests WHERE owner_type = 'container' ORDER BY kind;

-- what was larger before there was a limit can still be paused, stopped and observed
ALTER TABLE containers DISABLE TRIGGER zw_bounds;
ALTER TABLE containers DISABLE TRIGGER zz_bound_containers_update;
UPDATE containers SET description = repeat('x', 100000), overrides = jsonb_build_object('spec', jsonb_build_object('containers', jsonb_build_array(jsonb_build_object('name', 'web', 'env', jsonb_build_array(jsonb_build_object('name', 'X', 'value', repeat('a', 2000000))))))) WHERE name = 'web';
ALTER TABLE containers ENABLE TRIGGER zw_bounds;
ALTER TABLE containers ENABLE TRIGGER zz_bound_containers_update;
SELECT pause_container(id) FROM containers WHERE name = 'web';
SET orchestration.simulate_worker = on;
UPDATE containers SET status = 'paused', status_message = repeat('x', 100000) WHERE name = 'web';
RESET orchestration.simulate_worker;

SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
DROP OWNED BY regress_sizes;
DROP ROLE regress_sizes;
