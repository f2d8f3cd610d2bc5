-- One table, one policy per variant and role.
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
CREATE SCHEMA bench;
SET session_replication_role = replica;
INSERT INTO orchestration.namespaces (name, status) SELECT 'ns' || g, 'active' FROM generate_series(1, :namespaces) g;
INSERT INTO orchestration.container_images (namespace_id, repository) SELECT id, 'nginx' FROM orchestration.namespaces WHERE id > 0;
INSERT INTO orchestration.containers (namespace_id, name, image_id, labels, created_at)
SELECT i.namespace_id, 'c' || g, i.id, jsonb_build_object('app', 'a' || g % 5000), now() - make_interval(secs => :containers - g)
FROM generate_series(1, :containers) g
JOIN orchestration.container_images i ON i.namespace_id = 1 + (g * 7919::bigint) % :namespaces;
INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port) SELECT c.namespace_id, c.id, 80 FROM orchestration.containers c WHERE c.id % 5 = 0;
RESET session_replication_role;
-- what the queries need
CREATE INDEX ON orchestration.containers (created_at);
CREATE INDEX ON orchestration.containers (namespace_id, created_at DESC);
CREATE EXTENSION pg_trgm;
CREATE INDEX bench_trigrams ON orchestration.containers USING gin (name gin_trgm_ops);

CREATE ROLE bench_hand BYPASSRLS LOGIN IN ROLE orchestration_user;
CREATE ROLE bench_ours LOGIN IN ROLE orchestration_user;
CREATE ROLE bench_specification LOGIN IN ROLE orchestration_user;
CREATE ROLE bench_array LOGIN IN ROLE orchestration_user;
INSERT INTO orchestration.users (username) VALUES ('one'), ('hundred'), ('half'), ('administrator');
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id)
SELECT u.id, r.id, n.id
FROM (VALUES ('one', 1), ('hundred', 100), ('half', :namespaces / 2)) v (username, count)
JOIN orchestration.users u USING (username)
JOIN orchestration.roles r ON r.name = 'operator'
JOIN orchestration.namespaces n ON n.id > 0 AND (v.count < :namespaces / 2 AND n.id % (:namespaces / v.count) = 0 OR v.count >= :namespaces / 2 AND n.id % 2 = 0);
INSERT INTO orchestration.user_roles (user_id, role_id) SELECT u.id, r.id FROM orchestration.users u, orchestration.roles r WHERE u.username = 'administrator' AND r.name = 'administrator';

-- the specification's function, as one writes it
CREATE FUNCTION bench.has_permission(of_user bigint, of_namespace bigint, action text) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
	RETURN EXISTS (SELECT FROM orchestration.user_roles ur JOIN orchestration.roles r ON r.id = ur.role_id
		WHERE ur.user_id = of_user AND (ur.namespace_id = of_namespace OR ur.namespace_id IS NULL) AND (ur.expires_at IS NULL OR ur.expires_at > now())
			AND (r.permissions -> 'containers' ?| ARRAY[action, '*'] OR r.permissions -> '*' ?| ARRAY[action, '*']));
END
$$;
CREATE FUNCTION bench.permitted(action text) RETURNS bigint[] LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
	RETURN ARRAY(SELECT n.id FROM orchestration.namespaces n WHERE n.id IN (
		SELECT ur.namespace_id FROM orchestration.user_roles ur JOIN orchestration.roles r ON r.id = ur.role_id
		WHERE ur.user_id = orchestration.current_user_id() AND (r.permissions -> 'containers' ?| ARRAY[action, '*'] OR r.permissions -> '*' ?| ARRAY[action, '*']))
		OR EXISTS (SELECT FROM orchestration.user_roles ur JOIN orchestration.roles r ON r.id = ur.role_id WHERE ur.user_id = orchestration.current_user_id()
			AND ur.namespace_id IS NULL AND (r.permissions -> 'containers' ?| ARRAY[action, '*'] OR r.permissions -> '*' ?| ARRAY[action, '*'])));
END
$$;
GRANT USAGE ON SCHEMA bench TO PUBLIC;
ALTER POLICY orchestration_read ON orchestration.containers TO bench_ours;
ALTER POLICY orchestration_read ON orchestration.port_mappings TO bench_ours;
ALTER POLICY orchestration_create ON orchestration.containers TO bench_ours;
CREATE POLICY spec_read ON orchestration.containers FOR SELECT TO bench_specification USING (namespace_id IN (SELECT ns.id FROM orchestration.namespaces ns WHERE bench.has_permission(orchestration.current_user_id(), ns.id, 'read')));
CREATE POLICY spec_create ON orchestration.containers FOR INSERT TO bench_specification WITH CHECK (namespace_id IN (SELECT ns.id FROM orchestration.namespaces ns WHERE bench.has_permission(orchestration.current_user_id(), ns.id, 'create')));
CREATE POLICY array_read ON orchestration.containers FOR SELECT TO bench_array USING (namespace_id = ANY ((SELECT bench.permitted('read'))::bigint[]));
CREATE POLICY array_create ON orchestration.containers FOR INSERT TO bench_array WITH CHECK (namespace_id = ANY ((SELECT bench.permitted('create'))::bigint[]));
VACUUM ANALYZE;

-- on-CPU time of this backend: waiting for a core does not count
CREATE FUNCTION bench.cpu_ns() RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER AS $$ SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::bigint $$;
CREATE TABLE bench.result (round int, username text, query text, variant text, us numeric);
GRANT INSERT ON bench.result TO PUBLIC;
CREATE SEQUENCE bench.name;
GRANT USAGE ON SEQUENCE bench.name TO PUBLIC;

-- one cell: as many executions of the cached plan as fit into budget_ms, at least one after the first
CREATE PROCEDURE bench.cell(round int, username text, query text, variant text, statement text, budget_ms int) LANGUAGE plpgsql AS $$
DECLARE
	body text := format('CREATE OR REPLACE FUNCTION pg_temp.run(n int) RETURNS bigint LANGUAGE plpgsql AS %L',
		format('DECLARE start bigint; BEGIN start := bench.cpu_ns(); FOR i IN 1..n LOOP %s; END LOOP; RETURN bench.cpu_ns() - start; END', statement));
	cost bigint;
	start timestamptz;
	n int;
BEGIN
	EXECUTE body;
	EXECUTE 'SELECT pg_temp.run(1)' INTO cost;
	/* the kernel counts CPU time in ticks: too coarse for one execution */
	start := clock_timestamp();
	EXECUTE 'SELECT pg_temp.run(1)' INTO cost;
	n := greatest(1, least(20000, budget_ms / greatest(extract(epoch FROM clock_timestamp() - start) * 1000, 0.001)));
	EXECUTE format('SELECT pg_temp.run(%s)', n) INTO cost;
	INSERT INTO bench.result VALUES (round, username, query, variant, cost / 1000.0 / n);
	DROP FUNCTION pg_temp.run(int);
END
$$;
