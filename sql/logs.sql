-- container_logs(): who may ask, for what, and what is said when there is nobody to fetch it
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;
\set SHOW_CONTEXT never

INSERT INTO clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false) RETURNING id AS cluster \gset
SET SESSION AUTHORIZATION regress_administrator;
SELECT create_namespace('n', 'c') AS ns \gset
SELECT create_container('n', 'web', 'nginx') AS web \gset
SELECT create_container('n', 'idle', 'nginx') AS idle \gset
SELECT create_namespace('bare') AS bare \gset
SELECT create_container('bare', 'alone', 'nginx') AS alone \gset
RESET SESSION AUTHORIZATION;
INSERT INTO container_instances (namespace_id, container_id, cluster_id, pod_name, pod_uid, resource_version, phase, observed, ended_at)
VALUES (:ns, :web, :cluster, 'web-1', 'u1', '1', 'Running', '{}', NULL), (:ns, :web, :cluster, 'web-0', 'u0', '1', 'Running', '{}', now());

SELECT provolatile, proparallel, proisstrict FROM pg_proc WHERE oid = 'container_logs(bigint, integer, interval, boolean, text)'::regprocedure;

SELECT joins('regress_operator', 'operator', 'n') \gset
SELECT joins('regress_operator', 'operator', 'bare') \gset
SET SESSION AUTHORIZATION regress_operator;
-- error: no such container
SELECT * FROM container_logs(-1);
-- error: no container
SELECT * FROM container_logs(NULL);
-- error: a negative number of lines
SELECT * FROM container_logs(:web, tail => -1);
-- error: the future
SELECT * FROM container_logs(:web, since => '-1 second');
-- error: now
SELECT * FROM container_logs(:web, since => '0');
-- error: no cluster
SELECT * FROM container_logs(:alone);
-- error: a pod that is gone
SELECT * FROM container_logs(:web, pod => 'web-0');
-- error: a pod of nobody
SELECT * FROM container_logs(:web, pod => '../../secrets');
-- a container without pods
SELECT * FROM container_logs(:idle);
-- error: nobody to fetch it
SELECT * FROM container_logs(:web);
-- error: nobody to fetch it, said before anything is waited for
SELECT * FROM container_logs(:web, tail => NULL, since => '1 month', previous => true, pod => 'web-1');

-- ---- permission
RESET SESSION AUTHORIZATION;
CREATE ROLE regress_reader LOGIN IN ROLE orchestration_user;
CREATE ROLE regress_looker LOGIN IN ROLE orchestration_user;
CREATE ROLE regress_blind LOGIN IN ROLE orchestration_user;
INSERT INTO users (username, db_role) VALUES ('reader', 'regress_reader'), ('looker', 'regress_looker'), ('blind', 'regress_blind');
INSERT INTO roles (name, permissions) VALUES ('looker', '{"containers": ["*"]}'), ('blind', '{"logs": ["read"]}');
INSERT INTO user_roles (user_id, role_id, namespace_id)
SELECT u.id, r.id, :ns FROM (VALUES ('reader', 'viewer'), ('looker', 'looker'), ('blind', 'blind')) v (u, r) JOIN users u ON u.username = v.u JOIN roles r ON r.name = v.r;
SET ROLE regress_reader;
-- error: allowed, but there is no worker
SELECT * FROM container_logs(:web);
-- error: elsewhere he sees nothing
SELECT * FROM container_logs(:alone);
SET ROLE regress_looker;
-- error: he sees the container and may do anything to it, but not read its logs
SELECT * FROM container_logs(:web);
-- error: not even those of no pod
SELECT * FROM container_logs(:idle);
SET ROLE regress_blind;
-- error: what he cannot see does not exist
SELECT * FROM container_logs(:web);
RESET ROLE;

-- a function with the rights of its owner asks for whoever calls it
CREATE FUNCTION public.borrowed(bigint) RETURNS SETOF record LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM orchestration.container_logs($1)';
SET ROLE regress_looker;
-- error: the caller's permission counts
SELECT * FROM public.borrowed(:web) AS (p text, t timestamptz, l text);
RESET ROLE;

RESET search_path;
SET client_min_messages = warning;
DROP FUNCTION public.borrowed(bigint);
DROP EXTENSION orchestration CASCADE;
DROP ROLE regress_reader, regress_looker, regress_blind;
