-- what users can lock, and what they cannot
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
SET client_min_messages = warning;
CREATE ROLE locks_user IN ROLE orchestration_user;
GRANT CREATE ON SCHEMA public TO locks_user;
SELECT orchestration.create_namespace('shop');
CREATE FUNCTION public.lock_it(what text, mode text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('LOCK TABLE %s IN %s MODE', what, mode);
	RETURN 'locked';
EXCEPTION WHEN insufficient_privilege THEN
	RETURN 'refused';
END $$;

-- tables: what a statement takes by itself, as far as there is a privilege, and no more
SET ROLE locks_user;
SELECT mode, lock_it('orchestration.containers', mode) FROM unnest('{ACCESS SHARE,ROW SHARE,ROW EXCLUSIVE,SHARE UPDATE EXCLUSIVE,SHARE,SHARE ROW EXCLUSIVE,EXCLUSIVE,ACCESS EXCLUSIVE}'::text[]) mode;
-- error: the message says why
LOCK TABLE orchestration.containers;
-- error: in what is executed, too
DO $$ BEGIN LOCK TABLE ONLY orchestration.config_maps IN SHARE MODE NOWAIT; END $$;
-- what is below views, as PostgreSQL locks it with them
CREATE VIEW public.seen AS SELECT * FROM orchestration.containers;
CREATE VIEW public.seen_within AS SELECT 1 AS one WHERE EXISTS (SELECT FROM public.seen);
CREATE TABLE public.own ();
SELECT what, lock_it(what, 'SHARE') FROM unnest('{public.seen,public.seen_within,public.own,"public.own, orchestration.containers",orchestration.container_summary,orchestration.indicators}'::text[]) what;
RESET ROLE;
-- every table and view of ours, every mode that stops somebody, every role that users have
CREATE ROLE locks_admin IN ROLE orchestration_user, admin_role, operators, orchestration_gateway, orchestration_monitor;
SET ROLE locks_admin;
SELECT count(*) > 300 AS tried, count(*) FILTER (WHERE l = 'locked') AS held
FROM (
	SELECT lock_it(c.oid::regclass::text, mode) AS l
	FROM pg_class c, unnest('{SHARE UPDATE EXCLUSIVE,SHARE,SHARE ROW EXCLUSIVE,EXCLUSIVE,ACCESS EXCLUSIVE}'::text[]) mode
	WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p', 'v')
	OFFSET 0) x;
RESET ROLE;
-- the owner may
SELECT lock_it('orchestration.containers', 'ACCESS EXCLUSIVE');

-- locks of the platform are none that SQL can name, and nobody else calls what takes them
BEGIN;
SELECT orchestration_internal.worker_try_lock('maintenance.alerts'), orchestration_internal.worker_wait_for_lock('bootstrap');
SELECT count(*) AS locks, count(*) FILTER (WHERE objsubid IN (1, 2)) AS advisory FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
COMMIT;
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
SELECT p.proname FROM pg_proc p WHERE p.pronamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND p.prosrc ~ 'pg_(try_)?advisory';
SELECT has_function_privilege('locks_admin', 'orchestration_internal.worker_try_lock(text)', 'EXECUTE') OR has_function_privilege('locks_admin', 'orchestration_internal.worker_wait_for_lock(text)', 'EXECUTE') AS callable;

-- no foreign key makes whoever inserts what the worker writes wait for a row that users can lock
SELECT k.conrelid::regclass, k.conname FROM pg_constraint k
WHERE k.contype = 'f' AND k.conrelid IN ('orchestration.managed_objects'::regclass, 'orchestration.container_instances'::regclass, 'orchestration_internal.container_usage_counters'::regclass,
	'orchestration_internal.plan_errors'::regclass, 'orchestration_internal.left_out'::regclass, 'orchestration.operation_logs'::regclass, 'orchestration.container_status_history'::regclass,
	'orchestration.container_instance_history'::regclass, 'orchestration.container_resource_usage'::regclass, 'orchestration.alerts'::regclass, 'orchestration.indicator_history'::regclass);
-- a cluster that holds something of ours stays all the same
INSERT INTO orchestration.clusters (name, api_server, auth_method) VALUES ('dev', 'https://127.0.0.1', 'in-cluster');
SELECT orchestration.create_namespace('there', 'dev');
SET orchestration.simulate_worker = on;
SELECT count(*) FROM orchestration.clusters c, orchestration_internal.simulate_claim(c.id, 10);
SET session_replication_role = replica;
UPDATE orchestration.namespaces SET cluster_id = NULL;
SET session_replication_role = origin;
-- error: plain DELETE
DELETE FROM orchestration.clusters;
DELETE FROM orchestration.managed_objects;
DELETE FROM orchestration.clusters;
DROP VIEW public.seen_within, public.seen;
DROP TABLE public.own;
DROP FUNCTION public.lock_it(text, text);
REVOKE CREATE ON SCHEMA public FROM locks_user;
DROP OWNED BY locks_user;
DROP ROLE locks_user, locks_admin;
DROP EXTENSION orchestration CASCADE;
