-- history: one row for each change, whoever makes it and however many at once
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;
\set SHOW_CONTEXT never

INSERT INTO clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false);
INSERT INTO namespaces (name, cluster_id) SELECT 'n', id FROM clusters;
SELECT id AS ns FROM namespaces WHERE name = 'n' \gset
INSERT INTO container_images (namespace_id, repository) VALUES (:ns, 'nginx') RETURNING id AS image \gset
CREATE VIEW public.told AS SELECT h.container_name AS name, h.old_status || ' -> ' || h.new_status AS status, h.old_desired_state || ' -> ' || h.new_desired_state AS desired, h.reason, h.message, h.source, h.changed_by = current_user_id() AS by_me, h.db_role = session_user AS my_role
FROM container_status_history h ORDER BY h.changed_at, h.id;

SELECT joins('regress_operator', 'operator', 'n') \gset
GRANT SELECT ON public.told TO PUBLIC;
-- one container's life: asked for by people, observed by the worker
INSERT INTO containers (namespace_id, name, image_id) VALUES (:ns, 'web', :image) RETURNING id AS web \gset
SET orchestration.simulate_worker = on;
UPDATE containers SET status = 'pending', status_reason = 'ContainerCreating' WHERE id = :web;
UPDATE containers SET status = 'running', status_reason = NULL, ready_replicas = 1, observed_generation = 1 WHERE id = :web;
UPDATE containers SET observed_at = now(), status_reason = 'PartiallyReady' WHERE id = :web;
UPDATE containers SET status = 'failed', status_reason = 'CrashLoopBackOff', status_message = 'exit code 1' WHERE id = :web;
RESET orchestration.simulate_worker;
SET SESSION AUTHORIZATION regress_operator;
SELECT start_container(:web);
RESET SESSION AUTHORIZATION;
SET orchestration.simulate_worker = on;
UPDATE containers SET status = 'running', status_reason = NULL, status_message = NULL WHERE id = :web;
RESET orchestration.simulate_worker;
SET SESSION AUTHORIZATION regress_operator;
SELECT restart_container(:web);
SELECT scale_container(:web, 3);
SELECT scale_container(:web, 3);
SELECT pause_container(:web);
SELECT resume_container(:web);
UPDATE containers SET desired_state = 'stopped' WHERE id = :web;
UPDATE containers SET description = 'nothing to tell', labels = '{"a": "b"}' WHERE id = :web;
SELECT delete_container(:web);
RESET SESSION AUTHORIZATION;
SET orchestration.simulate_worker = on;
UPDATE containers SET status = 'deleted' WHERE id = :web;
RESET orchestration.simulate_worker;
SET SESSION AUTHORIZATION regress_operator;
TABLE told;
RESET SESSION AUTHORIZATION;
SELECT count(DISTINCT changed_at) = count(*) AS one_moment_each, bool_and(changed_at <= clock_timestamp()) AS past FROM container_status_history;
-- purging the record of a deleted container tells nothing new, removing a living one does
DELETE FROM containers WHERE id = :web;
INSERT INTO containers (namespace_id, name, image_id) VALUES (:ns, 'short', :image);
DELETE FROM containers WHERE name = 'short';
SELECT * FROM told WHERE name = 'short';
SELECT count(*) FROM told WHERE name = 'web';

-- many at once, more than one batch; in the order of the statement
DELETE FROM container_status_history;
INSERT INTO containers (namespace_id, name, image_id) SELECT :ns, 'c' || g, :image FROM generate_series(1, 2500) g;
SET orchestration.simulate_worker = on;
UPDATE containers SET status = 'running' WHERE namespace_id = :ns;
RESET orchestration.simulate_worker;
UPDATE containers SET desired_state = 'paused' WHERE namespace_id = :ns AND name ~ '^c[0-9]{1,3}$';
UPDATE containers SET desired_state = desired_state, replicas = replicas WHERE namespace_id = :ns;
DELETE FROM containers WHERE namespace_id = :ns AND name IN ('c1', 'c2');
SELECT reason, source, old_status, new_status, new_desired_state, count(*), count(DISTINCT container_id) AS containers, count(DISTINCT changed_at) AS statements
FROM container_status_history GROUP BY 1, 2, 3, 4, 5 ORDER BY min(changed_at);
SELECT bool_and(container_name = 'c' || n) AS in_order FROM (SELECT container_name, row_number() OVER (ORDER BY changed_at, id) AS n FROM container_status_history WHERE reason = 'Created') h;

-- the ways an ORM writes: upsert, and COPY
DELETE FROM container_status_history;
INSERT INTO containers (namespace_id, name, image_id, replicas) VALUES (:ns, 'c3', :image, 7), (:ns, 'new', :image, 1)
ON CONFLICT (namespace_id, name) WHERE status <> 'deleted' DO UPDATE SET replicas = excluded.replicas;
COPY containers (namespace_id, name, image_id) FROM stdin;
1	copied	1
\.
TABLE told;
-- a refused or rolled back change leaves no trace
BEGIN;
SELECT pause_container(id) FROM containers WHERE name = 'copied';
ROLLBACK;
SET SESSION AUTHORIZATION regress_operator;
-- error: not legal
SELECT resume_container(id) FROM containers WHERE name = 'copied';
RESET SESSION AUTHORIZATION;
SELECT count(*) FROM told WHERE reason IN ('PauseRequested', 'ResumeRequested');
-- many deleted at once let go of what they used
DELETE FROM container_status_history;
INSERT INTO environment_variables (namespace_id, container_id, name, value) SELECT namespace_id, id, 'A', '1' FROM containers WHERE namespace_id = :ns;
INSERT INTO port_mappings (namespace_id, container_id, container_port) SELECT namespace_id, id, 80 FROM containers WHERE namespace_id = :ns;
UPDATE containers SET desired_state = 'deleted' WHERE namespace_id = :ns AND name <> 'new';
SET orchestration.simulate_worker = on;
UPDATE containers SET status = 'deleted' WHERE namespace_id = :ns AND desired_state = 'deleted';
RESET orchestration.simulate_worker;
SELECT reason, count(*) FROM container_status_history GROUP BY reason, changed_at ORDER BY changed_at;
SELECT (SELECT count(*) FROM environment_variables) AS variables, (SELECT count(*) FROM port_mappings) AS ports;

-- a month that nobody made is made, and after a rollback again
CREATE FUNCTION public.forget_months() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	partition regclass;
	n bigint := 0;
BEGIN
	FOR partition IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'orchestration.container_status_history'::regclass LOOP
		EXECUTE format('DROP TABLE %s', partition);
		n := n + 1;
	END LOOP;
	RETURN n;
END
$$;
SELECT forget_months() > 1 AS forgotten;
\c -
SET search_path = orchestration, orchestration_internal, public;
BEGIN;
SELECT pause_container(id) FROM containers WHERE name = 'new';
SELECT count(*) FROM told;
ROLLBACK;
SELECT pause_container(id) FROM containers WHERE name = 'new';
SELECT resume_container(id) FROM containers WHERE name = 'new';
SELECT name, reason FROM told;
SELECT count(*) AS months FROM pg_inherits WHERE inhparent = 'container_status_history'::regclass;

-- a user of the platform is named
SET SESSION AUTHORIZATION regress_operator;
SELECT stop_container(id) FROM containers WHERE name = 'new';
RESET SESSION AUTHORIZATION;
SELECT u.username, h.db_role, h.source, h.reason FROM container_status_history h JOIN users u ON u.id = h.changed_by WHERE h.reason = 'StopRequested';

RESET search_path;
DROP VIEW told;
DROP FUNCTION forget_months;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
