-- the lifecycle as a program meets it: triggers in place, SQLSTATEs, an ORM's statements
CREATE EXTENSION IF NOT EXISTS pgtap;
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
RESET client_min_messages;

BEGIN;
SELECT plan(51);

-- every table that is rendered has its triggers, all of them on
SELECT trigger_is('orchestration', 'containers', 'zz_guard', 'orchestration', 'guard_container');
SELECT trigger_is('orchestration', t, 'zz_generation', 'orchestration', 'bump_generation') FROM unnest('{clusters,namespaces,config_maps,secrets,registries,volumes}'::name[]) t;
SELECT trigger_is('orchestration', 'containers', 'history_' || e, 'orchestration', 'record_history') FROM unnest('{insert,update,delete}'::text[]) e;
SELECT trigger_is('orchestration', t, 'touch_' || e, 'orchestration', 'touch_containers')
FROM unnest('{environment_variables,port_mappings,container_volumes,container_probes,registries}'::name[]) t, unnest('{insert,update,delete}'::text[]) e;
SELECT trigger_is('orchestration', t, 'touch_update', 'orchestration', 'touch_containers') FROM unnest('{namespaces,config_maps,secrets,volumes,container_images}'::name[]) t;
SELECT trigger_is('orchestration', t, 'wake_worker', 'orchestration', 'wake_worker_trigger') FROM unnest('{clusters,namespaces,config_maps,secrets,registries,volumes,containers}'::name[]) t;
SELECT is_empty($$ SELECT tgname, tgrelid::regclass FROM pg_trigger WHERE tgrelid::regclass::text LIKE 'orchestration.%' AND NOT tgisinternal AND tgenabled NOT IN ('O', 'A') $$, 'no trigger is disabled');
-- ours judge what triggers of users have made of a row
SELECT is_empty($$ SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = 'orchestration.containers'::regclass AND tgtype & 2 = 2 AND tgname < 'zz' $$, 'row triggers come last');

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

SELECT * FROM finish();
ROLLBACK;
