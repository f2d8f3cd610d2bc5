-- the lifecycle as a program meets it: triggers in place, SQLSTATEs, an ORM's statements
CREATE EXTENSION IF NOT EXISTS pgtap;
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
RESET client_min_messages;

BEGIN;
SELECT plan(58);

-- every table that is rendered has its triggers, all of them on
SELECT trigger_is('orchestration', 'containers', 'zz_guard', 'orchestration_internal', 'guard_container');
SELECT trigger_is('orchestration', t, 'zz_generation', 'orchestration_internal', 'bump_generation') FROM unnest('{clusters,namespaces,config_maps,secrets,registries,volumes}'::name[]) t;
SELECT trigger_is('orchestration', 'containers', 'history_' || e, 'orchestration_internal', 'record_history') FROM unnest('{insert,update,delete}'::text[]) e;
SELECT trigger_is('orchestration', t, 'touch_' || e, 'orchestration_internal', 'touch_containers')
FROM unnest('{environment_variables,port_mappings,container_volumes,container_probes,registries}'::name[]) t, unnest('{insert,update,delete}'::text[]) e;
SELECT trigger_is('orchestration', t, 'touch_update', 'orchestration_internal', 'touch_containers') FROM unnest('{namespaces,config_maps,secrets,volumes,container_images}'::name[]) t;
SELECT trigger_is('orchestration', t, 'wake_worker', 'orchestration_internal', 'wake_worker_trigger') FROM unnest('{clusters,namespaces,config_maps,secrets,registries,volumes,containers}'::name[]) t;
SELECT is_empty($$ SELECT tgname, tgrelid::regclass FROM pg_trigger WHERE tgrelid::regclass::text LIKE 'orchestration.%' AND NOT tgisinternal AND tgenabled NOT IN ('O', 'A') $$, 'no trigger is disabled');
-- ours judge what triggers of users have made of a row; what grows beyond its bound after zw_bounds is found when the object is weighed
SELECT is_empty($$ SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = 'orchestration.containers'::regclass AND tgtype & 3 = 3 AND tgname < 'zz' AND tgname <> 'zw_bounds' $$, 'row triggers come last');

-- SQLSTATEs, by statements that an ORM sends
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false);
INSERT INTO orchestration.namespaces (name) VALUES ('bare');
INSERT INTO orchestration.namespaces (name, cluster_id) SELECT 'clustered', id FROM orchestration.clusters;
INSERT INTO orchestration.container_images (namespace_id, repository) SELECT id, 'nginx' FROM orchestration.namespaces WHERE id <> 0;
INSERT INTO orchestration.containers (namespace_id, name, image_id) SELECT i.namespace_id, n.name, i.id FROM orchestration.container_images i JOIN orchestration.namespaces n ON n.id = i.namespace_id;
CREATE FUNCTION pg_temp.c(text) RETURNS bigint LANGUAGE sql AS 'SELECT id FROM orchestration.containers WHERE name = $1';
PREPARE save AS UPDATE orchestration.containers SET name = $2, replicas = $3, status = $4, desired_state = $5, updated_at = now() WHERE id = pg_temp.c($1);

SELECT lives_ok($$ EXECUTE save('clustered', 'clustered', 1, 'pending', 'running') $$, 'all columns unchanged');
SELECT throws_ok($$ EXECUTE save('clustered', 'clustered', 1, 'running', 'running') $$, 'OR011', NULL, 'a status that is observed');
SELECT throws_ok($$ EXECUTE save('bare', 'bare', 1, 'exited', 'running') $$, 'OR003', NULL, 'a status that is not one');
SELECT lives_ok($$ EXECUTE save('bare', 'bare', 1, 'stopped', 'stopped') $$, 'a status that an operator keeps');
SELECT throws_ok($$ EXECUTE save('bare', 'bare', 1, 'paused', 'stopped') $$, 'OR010', NULL, 'an illegal status');
SELECT throws_ok($$ EXECUTE save('bare', 'bare', 1, 'stopped', 'paused') $$, 'OR010', NULL, 'an illegal desired state');
SELECT throws_ok($$ SELECT orchestration.pause_container(pg_temp.c('bare')) $$, 'OR010', NULL, 'an illegal verb');
SELECT throws_ok($$ SELECT orchestration.start_container(-1) $$, 'OR004', NULL, 'a container that is not there');
SELECT lives_ok($$ SELECT orchestration.delete_container(pg_temp.c('bare')) $$, 'deleted');
SELECT throws_ok($$ SELECT orchestration.delete_container(pg_temp.c('bare')) $$, 'OR012', NULL, 'deleted twice');
SELECT throws_ok($$ EXECUTE save('bare', 'bare', 2, 'deleted', 'deleted') $$, 'OR012', NULL, 'a deleted container is final');
SELECT throws_ok($$ SELECT orchestration.wait_for_container(pg_temp.c('clustered'), 'started') $$, 'OR003', NULL, 'waiting for a status that is not one');

-- who is in charge, as the statement finds it
WITH n AS (INSERT INTO orchestration.namespaces (name) VALUES ('of-a-statement') RETURNING id),
	i AS (INSERT INTO orchestration.container_images (namespace_id, repository) SELECT id, 'nginx' FROM n RETURNING namespace_id, id)
INSERT INTO orchestration.containers (namespace_id, name, image_id, status) SELECT namespace_id, 'adopted', id, 'running' FROM i;
SELECT is((SELECT status FROM orchestration.containers WHERE name = 'adopted'), 'running', 'a namespace that the same statement made has no cluster');
SELECT lives_ok($$ UPDATE orchestration.containers SET status = 'stopped' WHERE name = 'adopted' $$, 'its status is written by hand');
UPDATE orchestration.namespaces SET cluster_id = (SELECT id FROM orchestration.clusters) WHERE name = 'of-a-statement';
SELECT throws_ok($$ UPDATE orchestration.containers SET status = 'running' WHERE name = 'adopted' $$, 'OR011', NULL, 'and no longer once it has a cluster');

-- what the owner of the tables has put on them runs with the owner's rights: never under the search_path of who wrote
CREATE SCHEMA hers;
CREATE TABLE hers.paths (place text, path text);
CREATE FUNCTION hers.note_path() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO hers.paths VALUES (TG_TABLE_NAME, current_setting('search_path')); RETURN NULL; END $$;
CREATE FUNCTION hers.check_path(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
	$$ BEGIN PERFORM set_config('hers.path', current_setting('search_path'), true); RETURN $1; END $$;
INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, value)
SELECT namespace_id, id, 'A', 'a' FROM orchestration.containers WHERE name = 'adopted';
UPDATE orchestration.namespaces SET cluster_id = NULL WHERE name = 'of-a-statement';
CREATE INDEX ON orchestration.container_status_history (hers.check_path(container_name));
SET LOCAL search_path = hers, public, pg_catalog;
UPDATE orchestration.containers SET desired_state = 'stopped' WHERE name = 'adopted';
SELECT is(current_setting('hers.path'), 'pg_catalog, pg_temp', 'a function in an index of the history');
CREATE TRIGGER note_path AFTER INSERT ON orchestration.container_status_history FOR EACH ROW EXECUTE FUNCTION hers.note_path();
CREATE TRIGGER note_path AFTER UPDATE ON orchestration.containers FOR EACH ROW EXECUTE FUNCTION hers.note_path();
CREATE TRIGGER note_path AFTER DELETE ON orchestration.environment_variables FOR EACH ROW EXECUTE FUNCTION hers.note_path();
-- an undone savepoint forgets whose generation the transaction has raised already
SAVEPOINT touched;
ROLLBACK TO touched;
UPDATE orchestration.environment_variables SET value = 'b' WHERE name = 'A';
SELECT is((SELECT path FROM hers.paths WHERE place = 'containers'), 'pg_catalog, pg_temp', 'a trigger on containers whose parts are touched');
UPDATE orchestration.containers SET desired_state = 'deleted' WHERE name = 'adopted';
SELECT is((SELECT path FROM hers.paths WHERE place LIKE 'container_status_history%'), 'pg_catalog, pg_temp', 'a trigger on the history');
SELECT is((SELECT path FROM hers.paths WHERE place = 'environment_variables'), 'pg_catalog, pg_temp', 'a trigger on what a deleted container lets go');

SELECT * FROM finish();
ROLLBACK;
