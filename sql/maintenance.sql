-- the steps of maintenance, without the process that runs them
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
CREATE FUNCTION orchestration_internal.maintain_good() RETURNS text LANGUAGE sql AS $$ SELECT 'two things done' $$;
CREATE FUNCTION orchestration_internal.maintain_silent() RETURNS text LANGUAGE sql AS $$ SELECT NULL::text $$;
CREATE FUNCTION orchestration_internal.maintain_bad() RETURNS text LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE public.left_behind (); RAISE EXCEPTION 'no luck' USING ERRCODE = 'OR003'; END $$;
DELETE FROM orchestration.maintenance_steps;
INSERT INTO orchestration.maintenance_steps (name, description, every, next_run_at) VALUES
	('good', 'Works.', '1 hour', '-infinity'), ('silent', 'Says nothing.', '1 day', '-infinity'), ('bad', 'Fails.', '1 hour', '-infinity'),
	('absent', 'Has no function.', '1 hour', '-infinity'), ('later', 'Is not due.', '1 hour', 'infinity');
UPDATE orchestration.maintenance_steps SET enabled = false WHERE name = 'later';
CREATE VIEW public.steps AS SELECT name, last_result, last_error, failures, next_run_at - last_started_at AS again_after, last_finished_at >= last_started_at AS finished
FROM orchestration.maintenance_steps ORDER BY name;
-- one that fails does not stop the others, and leaves nothing behind
SELECT * FROM orchestration.run_maintenance();
SELECT * FROM steps;
SELECT to_regclass('public.left_behind');
-- again, and only what is due
SELECT orchestration_internal.run_maintenance_step('bad');
SELECT name, failures, again_after FROM steps WHERE failures > 0;
SELECT * FROM orchestration.run_maintenance(only_due => true);
UPDATE orchestration.maintenance_steps SET next_run_at = now() WHERE name = 'good';
SELECT * FROM orchestration.run_maintenance(only_due => true);
-- one that heals
CREATE OR REPLACE FUNCTION orchestration_internal.maintain_bad() RETURNS text LANGUAGE sql AS $$ SELECT 'well again' $$;
SELECT orchestration_internal.run_maintenance_step('bad');
SELECT * FROM steps WHERE name = 'bad';
-- error: no such step
SELECT orchestration_internal.run_maintenance_step('unheard_of');
-- what the process claims: what has been due for longest, once
UPDATE orchestration.maintenance_steps SET next_run_at = now() - CASE name WHEN 'good' THEN '1 hour' ELSE '1 minute' END::interval WHERE name IN ('good', 'silent');
SELECT orchestration_internal.worker_claim_maintenance();
SELECT orchestration_internal.worker_claim_maintenance();
SELECT orchestration_internal.worker_claim_maintenance() IS NULL AS nothing_left;
\set VERBOSITY terse
-- error: names of steps are names of functions
INSERT INTO orchestration.maintenance_steps (name, description, every) VALUES ('x(); DROP', '', '1 s');
-- error: not all the time
INSERT INTO orchestration.maintenance_steps (name, description, every) VALUES ('x', '', '0 s');
\set VERBOSITY default
-- what bootstrap() seeds, and that it keeps what somebody changed
DELETE FROM orchestration.maintenance_steps;
SELECT orchestration.bootstrap();
SELECT count(*) > 0 AS seeded, bool_and(to_regprocedure('orchestration_internal.maintain_' || name || '()') IS NOT NULL) AS have_functions FROM orchestration.maintenance_steps;
UPDATE orchestration.maintenance_steps SET every = '5 minutes', enabled = false WHERE name = 'partitions';
SELECT orchestration.bootstrap();
SELECT every, enabled FROM orchestration.maintenance_steps WHERE name = 'partitions';
SET ROLE orchestration_user;
-- error: users look, they do not run
SELECT orchestration.run_maintenance();
-- error: or the function of one
SELECT orchestration_internal.maintain_partitions();
RESET ROLE;
SET client_min_messages = warning;
DROP VIEW public.steps;
DROP EXTENSION orchestration CASCADE;
