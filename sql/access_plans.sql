-- what the planner makes of permits(): an index condition where that helps, a filter where it does not, nothing where all is permitted
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
SET search_path = orchestration, orchestration_internal, public;
SELECT count(create_namespace('n' || i)) FROM generate_series(1, 300) i;
SET session_replication_role = replica;
INSERT INTO container_images (namespace_id, repository) SELECT id, 'nginx' FROM namespaces WHERE name ~ '^n';
INSERT INTO containers (namespace_id, name, image_id) SELECT namespace_id, 'web' || i, id FROM container_images, generate_series(1, 50) i;
INSERT INTO port_mappings (namespace_id, container_id, container_port) SELECT namespace_id, id, 80 FROM containers;
RESET session_replication_role;
CREATE ROLE regress_few LOGIN IN ROLE orchestration_user;
CREATE ROLE regress_many LOGIN IN ROLE orchestration_user;
CREATE ROLE regress_all LOGIN IN ROLE orchestration_user;
INSERT INTO users (username, db_role) VALUES ('few', 'regress_few'), ('many', 'regress_many'), ('all', 'regress_all');
INSERT INTO user_roles (user_id, role_id, namespace_id)
SELECT u.id, r.id, n.id FROM users u, roles r, namespaces n
WHERE r.name = 'viewer' AND (u.username = 'few' AND n.name IN ('n1', 'n2') OR u.username = 'many' AND n.name ~ '^n');
INSERT INTO user_roles (user_id, role_id) SELECT u.id, r.id FROM users u, roles r WHERE u.username = 'all' AND r.name = 'viewer';
ANALYZE containers, port_mappings, namespaces, container_status_history;
SELECT id AS n1 FROM namespaces WHERE name = 'n1' \gset
SELECT min(id) AS one FROM containers WHERE namespace_id = :n1 \gset
SELECT id AS n2 FROM namespaces WHERE name = 'n2' \gset
-- for each scan of one of our tables: whether it looks for the permitted namespaces, and whether it asks for every row
CREATE FUNCTION public.plan(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	plan text := '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		plan := plan || CASE WHEN line ~ 'Parallel' THEN ', parallel' ELSE '' END || COALESCE(', ' || substring(line FROM ' on (\w+?)(?:_\d{6})?(?: |$)') || ':', '')
			|| CASE WHEN line ~ '(Index|Recheck) Cond:.*permitted_to_caller' THEN ' listed' ELSE '' END || CASE WHEN line ~ 'Filter:.*permits\(' THEN ' filtered' ELSE '' END;
	END LOOP;
	RETURN (SELECT string_agg(part, ', ' ORDER BY part) FROM regexp_split_to_table(ltrim(plan, ', '), ', ') part);
END
$$;
GRANT EXECUTE ON FUNCTION public.plan(text) TO PUBLIC;
SET enable_bitmapscan = off;
\set of_one 'SELECT name FROM containers WHERE namespace_id = ' :n1
\set of_two 'SELECT count(*) FROM containers WHERE namespace_id IN (' :n1 ', ' :n2 ')'
\set ordered 'SELECT name FROM containers ORDER BY namespace_id, id'
\set join 'SELECT c.name, p.container_port FROM containers c JOIN port_mappings p ON p.namespace_id = c.namespace_id AND p.container_id = c.id WHERE c.id = ' :one
\set outer 'SELECT c.name, p.container_port FROM containers c LEFT JOIN port_mappings p ON p.namespace_id = c.namespace_id AND p.container_id = c.id'
\set by_namespace 'SELECT n.name, c.name FROM namespaces n JOIN containers c ON c.namespace_id = n.id'
\set history 'SELECT c.name, h.new_status FROM containers c JOIN container_status_history h ON h.namespace_id = c.namespace_id AND h.container_id = c.id WHERE h.changed_at > now() - interval ''1 s'''
SET SESSION AUTHORIZATION regress_few;
SELECT public.plan(:'ordered') AS ordered, public.plan(:'of_one') AS of_one, public.plan(:'of_two') AS of_two;
SELECT public.plan(:'join') AS join;
SELECT public.plan(:'outer') AS outer;
SELECT public.plan(:'history') AS history;
SELECT count(*) FROM (:ordered) x;
:join;
SELECT count(*) FROM (:outer) x;
SELECT count(*) FROM (:by_namespace) x;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SELECT public.plan(:'outer') AS outer, substring(public.plan(:'by_namespace') FROM 'containers: \w+') AS by_namespace;
SELECT count(*) FROM (:outer) x;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;
SET SESSION AUTHORIZATION regress_many;
SELECT public.plan(:'ordered') AS ordered, public.plan(:'of_one') AS of_one, public.plan(:'of_two') AS of_two;
SELECT public.plan(:'join') AS join;
SELECT public.plan(:'outer') AS outer;
SELECT public.plan(:'by_namespace') AS by_namespace;
SELECT count(*) FROM (:by_namespace) x;
SET SESSION AUTHORIZATION regress_all;
SELECT public.plan(:'ordered') AS ordered, public.plan(:'of_one') AS of_one, public.plan(:'of_two') AS of_two;
SELECT public.plan(:'join') AS join;
SELECT count(*) FROM (:join) x;
RESET SESSION AUTHORIZATION;

-- processes that share a scan must not each make a list of their own
SET SESSION AUTHORIZATION regress_few;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_index_scan_size = 0;
SET min_parallel_table_scan_size = 0;
SELECT public.plan('SELECT count(namespace_id) FROM containers') AS few;
SET SESSION AUTHORIZATION regress_many;
SET enable_seqscan = off;
SELECT public.plan('SELECT count(namespace_id) FROM containers') AS many;
RESET enable_seqscan;
SET SESSION AUTHORIZATION regress_all;
SELECT public.plan('SELECT count(namespace_id) FROM containers') AS all;
RESET SESSION AUTHORIZATION;

RESET search_path;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
DROP FUNCTION public.plan(text);
DROP ROLE regress_few, regress_many, regress_all;
