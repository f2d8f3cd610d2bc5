-- what an ordinary user may call, and what he is told when it fails; test/t/13_calls.pl calls everything
\set VERBOSITY default
\set SHOW_CONTEXT errors
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
SELECT orchestration.create_namespace('shop') > 0 AS made;
CREATE ROLE calls_ann IN ROLE orchestration_user;
INSERT INTO orchestration.users (username, db_role) VALUES ('calls_ann', 'calls_ann');
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id)
SELECT u.id, r.id, n.id FROM orchestration.users u, orchestration.roles r, orchestration.namespaces n WHERE u.username = 'calls_ann' AND r.name = 'operator' AND n.name = 'shop';
GRANT CREATE ON SCHEMA public TO calls_ann;
CREATE TABLE public.calls_foreign (at timestamptz NOT NULL) PARTITION BY RANGE (at);

-- at most 80 functions are for people
SELECT count(*) <= 80 AS few FROM pg_proc WHERE pronamespace = 'orchestration'::regnamespace;
-- nothing is for PUBLIC
SELECT p.oid::regprocedure FROM pg_proc p
WHERE p.pronamespace::regnamespace::text ~ '^orchestration' AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0));

SET SESSION AUTHORIZATION calls_ann;
-- an error is told as such, without where in the platform it came up
-- error: a name with capitals, by a check in C below PL/pgSQL
SELECT orchestration.create_container('shop', 'Web_1', 'nginx');
-- error: by RAISE in a function of ours
SELECT orchestration.delete_container(4711);
-- error: by a trigger
INSERT INTO orchestration.containers (namespace_id, name, image_id) SELECT 0, 'x', 1;
-- to whoever asks, it is told
CREATE FUNCTION pg_temp.asks() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	context text;
BEGIN
	PERFORM orchestration.delete_container(4711);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
	RETURN context LIKE '%delete_container%';
END
$$;
SELECT pg_temp.asks() AS knows;
-- what users raise is theirs
CREATE FUNCTION public.calls_raises() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today' USING ERRCODE = '42501'; END $$;
-- error: with its context
SELECT public.calls_raises();

-- a function that believes what it is told survives it
SELECT orchestration_internal.error_about(NULL, 1, 1, 'x') IS NULL AS nothing;
-- error: nor is this one for him
SELECT orchestration_internal.is_new_row('orchestration.manifests'::regclass, '(0,1)', pg_current_xact_id()::xid);
-- what is somebody else's is not even locked
BEGIN;
SELECT orchestration_internal.log_month_exists('public.calls_foreign', now()) AS there, (SELECT count(*) FROM orchestration_internal.month_partitions('public.calls_foreign')) AS months;
SELECT count(*) AS locks FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'public.calls_foreign'::regclass;
COMMIT;
SELECT count(*) FROM orchestration_internal.month_partitions(4294967295);
RESET SESSION AUTHORIZATION;

-- whoever may call it can name anything
SELECT c.kind, orchestration_internal.is_new_row(c.relation, c.tid::tid, pg_current_xact_id()::xid)
FROM (VALUES ('view', 'orchestration.manifests'::regclass, '(0,1)'), ('partitioned', 'orchestration.operation_logs', '(0,1)'),
	('no such block', 'orchestration.containers', '(4294967290,1)'), ('no tid', 'orchestration.containers', '(4294967295,0)')) c (kind, relation, tid);
DROP TABLE public.calls_foreign;
DROP OWNED BY calls_ann;
DROP ROLE calls_ann;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
