-- wait_for_container(): what it answers and what it refuses; how it waits is test/isolation/specs/lifecycle_wait
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
RESET client_min_messages;
SET search_path = orchestration, public;
\set SHOW_CONTEXT never

INSERT INTO namespaces (name) VALUES ('n') RETURNING id AS ns \gset
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

RESET search_path;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
