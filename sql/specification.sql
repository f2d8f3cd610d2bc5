-- the statements of the specification, as written there
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;

SET SESSION AUTHORIZATION regress_administrator;
-- a little to count
SELECT count(create_namespace(n)) AS namespaces FROM unnest('{empty,shop}'::text[]) n;
SELECT count(create_container('shop', 'c' || i, 'busybox')) AS containers FROM generate_series(1, 3) i;
UPDATE containers SET status = 'running' WHERE name IN ('c1', 'c2');
INSERT INTO users (username, full_name) VALUES ('counted', 'Somebody with three operations');
RESET SESSION AUTHORIZATION;
INSERT INTO operation_logs (user_id, operation, resource_type, started_at)
SELECT u.id, 'create', 'container', t FROM users u, (VALUES (now()), (now()), (now() + interval '1 day')) v (t) WHERE u.username = 'counted';

-- 5.1, the materialized view: bootstrap() made one, which also keeps to permissions and counts only what is there
SELECT maintain_summary();
SET SESSION AUTHORIZATION regress_administrator;
SELECT namespace_name, total_containers, running_containers FROM container_summary ORDER BY namespace_name;
RESET SESSION AUTHORIZATION;
-- as written, beside it
SET search_path = public, orchestration;
CREATE MATERIALIZED VIEW container_summary AS
SELECT
    n.name as namespace_name,
    COUNT(*) as total_containers,
    COUNT(CASE WHEN c.status = 'running' THEN 1 END) as running_containers
FROM namespaces n
LEFT JOIN containers c ON n.id = c.namespace_id
GROUP BY n.id, n.name;
SELECT * FROM container_summary ORDER BY namespace_name;
DROP MATERIALIZED VIEW container_summary;
SET search_path = orchestration, orchestration_internal, public;

SET SESSION AUTHORIZATION regress_administrator;
-- 5.1, the common table expression
WITH user_operations AS (
    SELECT user_id, COUNT(*) as op_count
    FROM operation_logs
    WHERE started_at >= CURRENT_DATE - INTERVAL '30 days'
    GROUP BY user_id
)
SELECT u.username, u.full_name, uo.op_count
FROM users u
JOIN user_operations uo ON u.id = uo.user_id
WHERE u.username = 'counted';

RESET SESSION AUTHORIZATION;
-- 6.1
INSERT INTO user_secrets (user_id, secret_type, encrypted_value)
VALUES (1, 'api_key', pgp_sym_encrypt('secret_api_key', 'encryption_key'));
SELECT user_id, secret_type, name, pgp_sym_decrypt(encrypted_value, 'encryption_key') AS value FROM user_secrets;

-- 2.1, the permissions of a role, found by what they allow
INSERT INTO roles (name, permissions) VALUES ('example', '{
  "containers": ["read", "create", "update", "delete"],
  "namespaces": ["read", "create", "update"],
  "volumes": ["read", "create", "update", "delete"],
  "config_maps": ["read", "create", "update", "delete"],
  "secrets": ["read", "create", "update", "delete"],
  "logs": ["read"],
  "monitoring": ["read"]
}');
SET SESSION AUTHORIZATION regress_administrator;
SELECT name FROM roles WHERE permissions @> '{"secrets": ["create"]}' ORDER BY name;
RESET SESSION AUTHORIZATION;
RESET search_path;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
