-- who may do what: identity, row security, the API for users with and without permission
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;
-- 'ok' or the SQLSTATE
CREATE FUNCTION public.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT count(create_namespace(n)) FROM unnest('{a,b,c}'::text[]) n;
SELECT count(create_container(n.name, 'web' || i, 'nginx')) FROM namespaces n, generate_series(1, 3) i WHERE n.id > 0;
SELECT create_config_map('a', 'app', '{"k": "v"}') > 0 AS made;
CREATE ROLE regress_ann LOGIN IN ROLE orchestration_user;
CREATE ROLE regress_bob LOGIN IN ROLE orchestration_user;
CREATE ROLE regress_root LOGIN IN ROLE admin_role;
CREATE ROLE regress_nobody LOGIN IN ROLE orchestration_user;
CREATE ROLE regress_gate LOGIN IN ROLE orchestration_gateway;
INSERT INTO users (username, db_role) VALUES ('ann', 'regress_ann'), ('bob', 'regress_bob'), ('root', 'regress_root'), ('end', NULL);
INSERT INTO user_roles (user_id, role_id, namespace_id)
SELECT u.id, r.id, n.id FROM (VALUES ('ann', 'operator', 'a'), ('ann', 'viewer', 'b'), ('bob', 'viewer', 'b'), ('root', 'administrator', NULL), ('end', 'viewer', 'c')) v (u, r, n)
JOIN users u ON u.username = v.u JOIN roles r ON r.name = v.r LEFT JOIN namespaces n ON n.name = v.n;
SELECT id AS a FROM namespaces WHERE name = 'a' \gset
SELECT id AS b FROM namespaces WHERE name = 'b' \gset
SELECT id AS c FROM namespaces WHERE name = 'c' \gset
SELECT id AS ann FROM users WHERE username = 'ann' \gset
SELECT id AS bob FROM users WHERE username = 'bob' \gset
SELECT id AS root FROM users WHERE username = 'root' \gset

-- everything that has a namespace is behind row security, and nobody reads a partition
SELECT c.relname FROM pg_class c WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p') AND c.relname <> 'installation' AND NOT (c.relrowsecurity AND c.relforcerowsecurity);
SELECT count(*) AS restrictive FROM pg_policies WHERE schemaname = 'orchestration' AND permissive <> 'PERMISSIVE';
SELECT c.relname FROM pg_class c WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relispartition AND EXISTS (SELECT FROM aclexplode(c.relacl) x WHERE x.grantee <> c.relowner);

SELECT permitted_namespaces(:ann, 'containers', 'read') = ARRAY[:a, :b]::bigint[] AS read, permitted_namespaces(:ann, 'containers', 'create') = ARRAY[:a]::bigint[] AS create_in;
-- who is who
SET SESSION AUTHORIZATION regress_ann;
SELECT current_user_id() = :ann AS me, current_user_name();
SELECT n.name, count(c.id) FROM namespaces n LEFT JOIN containers c ON c.namespace_id = n.id GROUP BY 1 ORDER BY 1;
SELECT has_namespace_permission(:ann, :a) AS a, has_namespace_permission(:ann, :c) AS c, has_namespace_permission(:ann, :a, 'containers', 'delete') AS delete_a, has_namespace_permission(:ann, :b, 'containers', 'delete') AS delete_b,
	has_namespace_permission(:ann, NULL, 'containers', 'read') AS everywhere, has_namespace_permission(NULL, :a) AS nobody;
SELECT allowed, role, scope, decides, reason FROM explain_permission(:ann, :b, 'containers', 'delete');
SELECT allowed, role, scope, decides, reason FROM explain_permission(:ann, :a, 'containers', 'delete');
-- error: of others only with users: read
SELECT has_namespace_permission(:bob, :b);
-- error: likewise
SELECT * FROM explain_permission(:bob, :b, 'containers', 'read');
-- error: unknown words are refused
SELECT permits(1, 'container', 'read');
-- error: likewise
SELECT permits(1, 'containers', 'read|write');

-- the API, with and without permission
SELECT create_container('a', 'new', 'redis', env => '{"A": "1"}', ports => '[{"containerPort": 80}]') > 0 AS made;
SELECT scale_container(id, 2) FROM containers WHERE name = 'new';
SELECT stop_container(id) FROM containers WHERE name = 'new';
SELECT delete_container(id) FROM containers WHERE name = 'new';
SELECT name, desired_state, replicas, created_by = :ann AS by_me FROM containers WHERE name = 'new';
SELECT create_secret('a', 'key', '{"k": "v"}') > 0 AS made;
SELECT name, data_keys FROM secrets;
-- error: nobody reads ciphertext
SELECT encrypted_data FROM secrets;
-- error: nor what holds it
SELECT * FROM secrets;
-- error: seen, but not to be written
SELECT create_container('b', 'new', 'redis');
-- error: not seen
SELECT create_container('c', 'new', 'redis');
-- error: namespaces are made by those who may everywhere
SELECT create_namespace('d');
-- error: a lifecycle verb
SELECT stop_container(id) FROM containers WHERE namespace_id = :b AND name = 'web1';
-- error: deletion
SELECT delete_container(id) FROM containers WHERE namespace_id = :b AND name = 'web1';
-- error: a plain UPDATE says so too
UPDATE containers SET replicas = 2 WHERE namespace_id = :b;
-- error: and so does DELETE
DELETE FROM containers WHERE namespace_id = :b;
UPDATE containers SET replicas = 2 WHERE namespace_id = :c;
SELECT public.try(format('INSERT INTO container_images (namespace_id, repository) VALUES (%s, ''x'')', n)) FROM unnest(ARRAY[:a, :b, :c]) n;
-- views show what the caller may see
SELECT count(*) AS clusters FROM cluster_status;

SET SESSION AUTHORIZATION regress_bob;
SELECT count(*) AS containers, count(DISTINCT namespace_id) AS namespaces FROM containers;
SET SESSION AUTHORIZATION regress_root;
SELECT count(*) AS containers, count(DISTINCT namespace_id) AS namespaces FROM containers;
SELECT create_namespace('d') > 0 AS made;
SET SESSION AUTHORIZATION regress_nobody;
SELECT current_user_id() AS id, current_user_name() AS name, count(*) AS containers FROM containers;
SELECT public.try('SELECT orchestration.create_container(''a'', ''n'', ''x'')');
SELECT public.try(format('INSERT INTO containers (namespace_id, name, image_id) VALUES (%s, ''n'', 1)', :a));
RESET SESSION AUTHORIZATION;
-- the role that was set counts before the one that logged in; one without a user takes nothing away
SET ROLE regress_bob;
SELECT current_user_name();
SET ROLE orchestration_user;
SELECT current_user_id() IS NOT NULL AS session_user_s;
RESET ROLE;

-- gateways
SET SESSION AUTHORIZATION regress_gate;
SELECT current_user_id() AS id, count(*) FROM containers;
BEGIN;
SELECT act_as('end');
SELECT current_user_name(), count(*) FROM containers;
SAVEPOINT s;
SELECT act_as('bob');
SELECT current_user_name(), count(*) FROM containers;
ROLLBACK TO s;
SELECT current_user_name(), count(*) FROM containers;
COMMIT;
SELECT current_user_id() AS id, count(*) FROM containers;
-- error: no such user
SELECT act_as('nobody');
SET SESSION AUTHORIZATION regress_ann;
-- error: only gateways
SELECT act_as(:root);
-- error: likewise
SET orchestration.user_id = 1;
SELECT public.try('SELECT set_config(''orchestration.user_id'', ''1'', true)');
SELECT public.try('SELECT orchestration_internal.assume_identity(1)');
RESET SESSION AUTHORIZATION;
-- EXECUTE alone makes no gateway
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA orchestration, orchestration_internal TO regress_ann;
SET SESSION AUTHORIZATION regress_ann;
-- error: not a member
SELECT act_as(:root);
SELECT public.try('SELECT orchestration_internal.assume_identity(1)');
RESET SESSION AUTHORIZATION;
-- error: not an id
SET orchestration.user_id = 'ann';

-- who is not active holds nothing
UPDATE users SET status = 'disabled' WHERE username = 'ann';
SET SESSION AUTHORIZATION regress_ann;
SELECT current_user_name(), count(*) FROM containers;
SELECT DISTINCT reason FROM explain_permission(:ann, :a, 'containers', 'read');
SET SESSION AUTHORIZATION regress_gate;
-- error: nor does anybody act for him
SELECT act_as(:ann);
RESET SESSION AUTHORIZATION;
UPDATE users SET status = 'active' WHERE username = 'ann';

-- nobody grants what he does not hold
INSERT INTO roles (name, permissions) VALUES ('lead', '{"containers": ["read", "create"], "roles": ["read", "create", "update", "delete"]}');
INSERT INTO user_roles (user_id, role_id, namespace_id) SELECT :ann, id, :a FROM roles WHERE name = 'lead';
INSERT INTO user_roles (user_id, role_id, namespace_id, expires_at) SELECT :bob, id, :a, now() + interval '1 hour' FROM roles WHERE name = 'lead';
SET SESSION AUTHORIZATION regress_ann;
INSERT INTO user_roles (user_id, role_id, namespace_id) SELECT u.id, r.id, :a FROM (SELECT 5 AS id) u, roles r WHERE r.name = 'lead' AND u.id IN (SELECT user_id FROM user_roles);
-- error: not the administrator
INSERT INTO user_roles (user_id, role_id, namespace_id) SELECT :ann, id, :a FROM roles WHERE name = 'administrator';
-- error: not everywhere
INSERT INTO user_roles (user_id, role_id) SELECT :ann, id FROM roles WHERE name = 'lead';
-- error: not in another namespace
INSERT INTO user_roles (user_id, role_id, namespace_id) SELECT :ann, id, :b FROM roles WHERE name = 'lead';
-- error: an assignment stays what it is
UPDATE user_roles SET namespace_id = NULL WHERE user_id = :ann AND namespace_id = :a;
-- error: writing a role takes a grant for everywhere
INSERT INTO roles (name, permissions) VALUES ('mine', '{"*": ["*"]}');
SET SESSION AUTHORIZATION regress_bob;
-- error: for no longer than one holds it oneself
UPDATE user_roles SET expires_at = NULL WHERE user_id = :bob AND expires_at IS NOT NULL;
INSERT INTO user_roles (user_id, role_id, namespace_id, expires_at) SELECT 5, id, :a, now() + interval '1 minute' FROM roles WHERE name = 'lead';
RESET SESSION AUTHORIZATION;
INSERT INTO roles (name, permissions) VALUES ('people', '{"users": ["read", "create", "update"], "roles": ["read", "create", "update", "delete"], "containers": ["read"]}');
INSERT INTO user_roles (user_id, role_id) SELECT :bob, id FROM roles WHERE name = 'people';
GRANT admin_role TO regress_bob;
SET SESSION AUTHORIZATION regress_bob;
INSERT INTO roles (name, permissions) VALUES ('reader', '{"containers": ["read"]}');
-- error: a role with more
INSERT INTO roles (name, permissions) VALUES ('writer', '{"containers": ["read", "update"]}');
-- error: nor later
UPDATE roles SET permissions = '{"containers": ["*"]}' WHERE name = 'reader';
-- error: not even by a wildcard
UPDATE roles SET permissions = '{"*": ["read"]}' WHERE name = 'reader';
-- error: system roles stay
UPDATE roles SET permissions = '{"containers": ["read"]}' WHERE name = 'viewer';
-- error: likewise
DELETE FROM roles WHERE name = 'administrator';
-- error: nobody makes one
UPDATE roles SET is_system = true WHERE name = 'reader';
-- error: who takes the login of an administrator takes all
UPDATE users SET db_role = 'regress_bob' WHERE id = :root;
UPDATE users SET full_name = 'Bob' WHERE id = :bob RETURNING full_name;
RESET SESSION AUTHORIZATION;

-- 6.2 of the specification, as written there
SET search_path = orchestration, orchestration_internal, public;
CREATE POLICY container_access_policy ON containers
USING (
    namespace_id IN (
        SELECT ns.id FROM namespaces ns
        WHERE has_namespace_permission(current_user_id(), ns.id)
    )
);
REVOKE SELECT ON users FROM PUBLIC;
GRANT SELECT(id, username, full_name, status, created_at) ON users TO operators;
GRANT SELECT ON users TO admin_role;
CREATE ROLE regress_operator LOGIN IN ROLE operators;
INSERT INTO users (username, db_role) VALUES ('op', 'regress_operator');
INSERT INTO user_roles (user_id, role_id) SELECT u.id, r.id FROM users u, roles r WHERE u.username = 'op' AND r.name = 'people';
SET SESSION AUTHORIZATION regress_operator;
SELECT count(*) > 5 AS users FROM (SELECT id, username, full_name, status, created_at FROM users) u;
-- error: not how to reach them
SELECT email FROM users;
SELECT count(DISTINCT namespace_id) AS namespaces FROM containers;
SET SESSION AUTHORIZATION regress_ann;
SELECT count(DISTINCT namespace_id) AS namespaces FROM containers;
RESET SESSION AUTHORIZATION;
DROP POLICY container_access_policy ON containers;

-- a process that knows nobody yet finds the user by our operators, not by those that it is shown: where it is a parallel worker, nothing else sees to that
CREATE SCHEMA planted;
GRANT USAGE ON SCHEMA planted TO PUBLIC;
CREATE FUNCTION planted.always(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
CREATE FUNCTION planted.always(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
CREATE OPERATOR planted.= (FUNCTION = planted.always, LEFTARG = bigint, RIGHTARG = bigint);
CREATE OPERATOR planted.= (FUNCTION = planted.always, LEFTARG = text, RIGHTARG = text);
CREATE FUNCTION planted.always(oid, oid) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
CREATE OPERATOR planted.= (FUNCTION = planted.always, LEFTARG = oid, RIGHTARG = oid);
\c -
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SET enable_indexscan = off;
SET enable_indexonlyscan = off;
SET enable_bitmapscan = off;
SET search_path = planted, pg_catalog;
SET SESSION AUTHORIZATION regress_ann;
SELECT count(DISTINCT namespace_id) AS namespaces FROM orchestration.containers;
RESET SESSION AUTHORIZATION;

RESET search_path;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
DROP SCHEMA planted CASCADE;
DROP FUNCTION public.try(text);
DROP OWNED BY regress_ann;
DROP ROLE regress_ann, regress_bob, regress_root, regress_nobody, regress_gate, regress_operator;
