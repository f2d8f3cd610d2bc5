-- wait_for_container(): what it answers, what it refuses, and how it waits
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;
\set SHOW_CONTEXT never

INSERT INTO namespaces (name) VALUES ('n') RETURNING id AS ns \gset
SELECT joins('regress_operator', 'operator', 'n') \gset
SET SESSION AUTHORIZATION regress_operator;
INSERT INTO container_images (namespace_id, repository) VALUES (:ns, 'nginx') RETURNING id AS image \gset
INSERT INTO containers (namespace_id, name, image_id, status) VALUES (:ns, 'web', :image, 'running') RETURNING id AS web \gset
INSERT INTO containers (namespace_id, name, image_id) VALUES (:ns, 'gone', :image) RETURNING id AS gone \gset
SELECT delete_container(:gone);

SELECT wait_for_container(:web, 'running') AS at_once;
SELECT wait_for_container(id => :web, status => 'paused', timeout => '1 ms') AS too_late;
SELECT wait_for_container(:web, 'paused', '0') AS only_a_look;
SELECT wait_for_container(:web, 'running', NULL) AS without_limit;
SELECT wait_for_container(:gone, 'deleted') AS deleted;
SELECT wait_for_container(:gone, 'running') AS never_again;
SELECT wait_for_container(-1, 'deleted') AS no_row_is_deleted;
RESET SESSION AUTHORIZATION;
-- where there is a cluster, what ran before the last change does not count; what failed does
INSERT INTO clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false);
INSERT INTO namespaces (name, cluster_id) SELECT 'm', id FROM clusters RETURNING id AS m \gset
INSERT INTO container_images (namespace_id, repository) VALUES (:m, 'redis') RETURNING id AS redis \gset
INSERT INTO containers (namespace_id, name, image_id) VALUES (:m, 'cache', :redis) RETURNING id AS cache \gset
SELECT joins('regress_operator', 'operator', 'm') \gset
SET orchestration.simulate_worker = on;
UPDATE containers SET status = 'running' WHERE id = :cache;
SELECT wait_for_container(:cache, 'running', '0') AS not_yet;
UPDATE containers SET observed_generation = 1 WHERE id = :cache;
SELECT wait_for_container(:cache, 'running', '0') AS runs;
SELECT scale_container(:cache, 2);
SELECT wait_for_container(:cache, 'running', '0') AS ran_before;
UPDATE containers SET status = 'failed' WHERE id = :cache;
SELECT wait_for_container(:cache, 'failed', '0') AS fails;
UPDATE containers SET status = 'running', observed_generation = generation WHERE id = :cache;
SELECT wait_for_container(:cache, 'running', '0') AS runs_again;
RESET orchestration.simulate_worker;
SET SESSION AUTHORIZATION regress_operator;
BEGIN;
SELECT scale_container(:cache, 3);
-- error: its own change is not in the cluster yet
SELECT wait_for_container(:cache, 'running');
ROLLBACK;
-- the row of a statement is given a new snapshot afterwards; any other use keeps its own
SELECT * FROM wait_for_container(:web, 'failed', '1 ms');
SELECT wait_for_container(:web, 'failed', '1 ms'), wait_for_container(:web, 'stopped', '1 ms');
SELECT wait_for_container(id, 'failed', '1 ms'), (SELECT count(*) FROM containers) FROM containers WHERE name = 'web';
DO $$ BEGIN ASSERT NOT orchestration.wait_for_container((SELECT id FROM orchestration.containers WHERE name = 'web'), 'failed', '1 ms'); END $$;
BEGIN;
DECLARE c CURSOR FOR SELECT wait_for_container(:web, 'failed', '1 ms') FROM generate_series(1, 3);
FETCH 1 FROM c;
FETCH ALL FROM c;
COMMIT;
CREATE TEMP TABLE kept AS SELECT wait_for_container(:web, 'failed', '1 ms');

-- error: unknown status
SELECT wait_for_container(:web, 'started');
-- error: no status
SELECT wait_for_container(:web, NULL);
-- error: no id
SELECT wait_for_container(NULL, 'running');
-- error: negative timeout
SELECT wait_for_container(:web, 'running', '-1 s');
-- error: no such container
SELECT wait_for_container(-1, 'running');
BEGIN ISOLATION LEVEL REPEATABLE READ;
-- error: sees no change
SELECT wait_for_container(:web, 'running');
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
-- error: sees no change
SELECT wait_for_container(:web, 'running');
ROLLBACK;
BEGIN;
SELECT pause_container(:web);
-- what it has made itself it may ask for
SELECT wait_for_container(:web, 'running');
-- error: nobody else sees it yet
SELECT wait_for_container(:web, 'paused');
ROLLBACK;
-- error: can be cancelled
SET statement_timeout = '50 ms';
SELECT wait_for_container(:web, 'paused', NULL);
RESET statement_timeout;
-- the session is as good as new
BEGIN;
SELECT wait_for_container(:web, 'paused', '1 ms');
SELECT count(*) FROM containers;
COMMIT;
RESET SESSION AUTHORIZATION;

-- how it waits: another session does, and this one lets it
SET client_min_messages = warning;
CREATE EXTENSION dblink SCHEMA public;
RESET client_min_messages;
SELECT dblink_connect('waiter', format('host=%s port=%s user=regress_operator dbname=%s', :'HOST', :'PORT', current_database()));
SELECT pid AS waiter FROM dblink('waiter', 'SELECT pg_backend_pid()') w (pid integer) \gset
-- starts to wait, and comes back when the waiter sleeps: nothing here depends on how fast that is
CREATE FUNCTION public.sleeps(waiter integer, statement text) RETURNS TABLE (snapshots bigint, transaction_ids bigint) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dblink_send_query('waiter', statement);
	LOOP
		PERFORM pg_stat_clear_snapshot();
		EXIT WHEN dblink_is_busy('waiter') = 0 OR EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = waiter AND a.query = statement AND a.state = 'active' AND a.wait_event_type = 'Extension');
		PERFORM pg_sleep(0.01);
	END LOOP;
	-- the view reads snapshots before it reads who waits: only a second look is at somebody who sleeps
	PERFORM pg_stat_clear_snapshot();
	RETURN QUERY SELECT count(a.backend_xmin), count(a.backend_xid) FROM pg_stat_activity a WHERE a.pid = waiter AND a.query = statement AND a.state = 'active' AND a.wait_event_type = 'Extension' HAVING count(*) = 1;
END
$$;
CREATE FUNCTION public.still_waits(waiter integer) RETURNS boolean LANGUAGE sql AS $$ SELECT dblink_is_busy('waiter') = 1 $$;
CREATE FUNCTION public.answer() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	SELECT string_agg(a.b::text, ', ') INTO result FROM dblink_get_result('waiter') a (b boolean);
	PERFORM a.b FROM dblink_get_result('waiter') a (b boolean);
	RETURN result;
EXCEPTION WHEN query_canceled THEN
	PERFORM a.b FROM dblink_get_result('waiter') a (b boolean);
	RETURN 'cancelled';
END
$$;
CREATE FUNCTION public.fresh() RETURNS text LANGUAGE sql AS $$
	WITH c AS (INSERT INTO orchestration.containers (namespace_id, name, image_id) SELECT namespace_id, 'c' || n, id FROM orchestration.container_images, (SELECT count(*) FROM orchestration.containers) c (n) WHERE repository = 'nginx' AND namespace_id <> 0 RETURNING id)
	SELECT id FROM c
$$;

-- reached when it is committed, not before; and no snapshot is held meanwhile
SELECT fresh() AS c \gset
SELECT * FROM sleeps(:waiter, format('SELECT orchestration.wait_for_container(%s, ''running'', NULL)', :c));
UPDATE containers SET status = 'failed' WHERE id = :c;
BEGIN;
UPDATE containers SET status = 'running' WHERE id = :c;
SELECT pg_sleep(0.3), still_waits(:waiter);
COMMIT;
SELECT answer();
-- nor in a transaction of several statements, where the snapshot is given up too
SELECT fresh() AS c \gset
SELECT dblink_exec('waiter', 'BEGIN');
SELECT * FROM sleeps(:waiter, format('SELECT orchestration.wait_for_container(%s, ''running'')', :c));
UPDATE containers SET status = 'running' WHERE id = :c;
SELECT answer();
SELECT dblink_exec('waiter', 'COMMIT');
-- where the statement reads a table its snapshot is needed
SELECT fresh() AS c \gset
SELECT * FROM sleeps(:waiter, format('SELECT orchestration.wait_for_container(id, ''running'') FROM orchestration.containers WHERE id = %s', :c));
UPDATE containers SET status = 'running' WHERE id = :c;
SELECT answer();
-- deleted by the verb, and by removing the row
SELECT fresh() AS c \gset
SELECT snapshots FROM sleeps(:waiter, format('SELECT orchestration.wait_for_container(%s, ''deleted'')', :c));
SELECT delete_container(:c);
SELECT answer();
SELECT fresh() AS c \gset
SELECT snapshots FROM sleeps(:waiter, format('SELECT orchestration.wait_for_container(%s, ''deleted'')', :c));
DELETE FROM containers WHERE id = :c;
SELECT answer();
-- what was waited for cannot come any more
SELECT fresh() AS c \gset
SELECT snapshots FROM sleeps(:waiter, format('SELECT orchestration.wait_for_container(%s, ''running'', NULL)', :c));
SELECT delete_container(:c);
SELECT answer();
SELECT fresh() AS c \gset
SELECT snapshots FROM sleeps(:waiter, format('SELECT orchestration.wait_for_container(%s, ''running'', NULL)', :c));
DELETE FROM containers WHERE id = :c;
SELECT answer();
-- the rest of the statement sees what was waited for
SELECT fresh() AS c \gset
CREATE FUNCTION public.is_running(id bigint) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT status = ''running'' FROM orchestration.containers c WHERE c.id = $1';
SELECT snapshots FROM sleeps(:waiter, format('SELECT unnest(ARRAY[orchestration.wait_for_container(%1$s, ''running''), public.is_running(%1$s)])', :c));
UPDATE containers SET status = 'running' WHERE id = :c;
SELECT answer();
-- cancelled, and the session goes on
SELECT fresh() AS c \gset
SELECT snapshots FROM sleeps(:waiter, format('SELECT orchestration.wait_for_container(%s, ''running'', NULL)', :c));
SELECT pg_cancel_backend(:waiter);
SELECT answer();
SELECT * FROM dblink('waiter', 'SELECT count(*) > 0 FROM orchestration.containers') w (works boolean);
-- who may not see the containers may not wait for them
CREATE ROLE lifecycle_blind;
GRANT USAGE ON SCHEMA orchestration, orchestration_internal TO lifecycle_blind;
GRANT EXECUTE ON FUNCTION orchestration.wait_for_container(bigint, text, interval) TO lifecycle_blind;
SET ROLE lifecycle_blind;
-- error: no permission to read the table
SELECT orchestration.wait_for_container(1, 'running');
RESET ROLE;
DROP OWNED BY lifecycle_blind;
DROP ROLE lifecycle_blind;
SELECT dblink_disconnect('waiter');

RESET search_path;
DROP FUNCTION sleeps, still_waits, answer, fresh, is_running;
DROP EXTENSION dblink;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
