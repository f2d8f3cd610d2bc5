-- the state machine: every step, by UPDATE and by verb, with and without a cluster
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
RESET client_min_messages;

INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false);
INSERT INTO orchestration.namespaces (name) VALUES ('bare');
INSERT INTO orchestration.namespaces (name, cluster_id) SELECT 'clustered', id FROM orchestration.clusters;
INSERT INTO orchestration.container_images (namespace_id, repository) SELECT id, 'nginx' FROM orchestration.namespaces WHERE id > 0;

-- a container in any state, whatever the triggers would say
CREATE FUNCTION put(namespace text, container text, status text, desired_state text DEFAULT 'running') RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET session_replication_role = replica AS $$
DECLARE
	result bigint;
BEGIN
	DELETE FROM orchestration.containers c USING orchestration.namespaces n WHERE n.id = c.namespace_id AND n.name = namespace AND c.name = container;
	INSERT INTO orchestration.containers (namespace_id, name, image_id, status, desired_state)
	SELECT n.id, container, i.id, put.status, put.desired_state
	FROM orchestration.namespaces n JOIN orchestration.container_images i ON i.namespace_id = n.id WHERE n.name = namespace
	RETURNING id INTO result;
	RETURN result;
END
$$;
-- 'ok' or the SQLSTATE of a statement about the container $1
CREATE FUNCTION try(container bigint, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement USING container;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
CREATE TABLE statuses AS SELECT * FROM unnest('{pending,running,paused,stopped,failed,deleted}'::text[]) WITH ORDINALITY s (status, n);
GRANT SELECT ON statuses TO PUBLIC;
SELECT joins('regress_operator', 'operator', 'bare') \gset
SELECT joins('regress_operator', 'operator', 'clustered') \gset
SET SESSION AUTHORIZATION regress_operator;

-- the table that everything below agrees with
SELECT from_status, string_agg(to_status || coalesce(' by ' || verb, ''), ', ') AS steps FROM orchestration.lifecycle_transitions() GROUP BY from_status ORDER BY min(array_position('{pending,running,paused,stopped,failed,deleted}', from_status));
SELECT count(*) AS without_description FROM orchestration.lifecycle_transitions() WHERE description IS NULL OR description = '';

-- status, written by an operator where there is no cluster: legal exactly when the table has the step (none is no change)
CREATE TEMP TABLE by_operator AS
SELECT f.status AS from_status, t.status AS to_status, f.n AS fn, t.n AS tn,
	try(put('bare', 'x', f.status), format('UPDATE orchestration.containers SET status = %L WHERE id = $1', t.status)) AS outcome
FROM statuses f, statuses t;
SELECT from_status, string_agg(rpad(outcome, 5), ' ' ORDER BY tn) AS pending_running_paused_stopped_failed_deleted FROM by_operator GROUP BY from_status, fn ORDER BY fn;
SELECT count(*) AS disagree FROM by_operator o WHERE o.from_status <> o.to_status AND (o.outcome = 'ok') <>
	EXISTS (SELECT FROM orchestration.lifecycle_transitions() t WHERE t.from_status = o.from_status AND t.to_status = o.to_status);

-- written by an operator where there is a cluster: never
SELECT f.status AS from_status, string_agg(rpad(try(put('clustered', 'x', f.status), format('UPDATE orchestration.containers SET status = %L WHERE id = $1', t.status)), 5), ' ' ORDER BY t.n) AS pending_running_paused_stopped_failed_deleted
FROM statuses f, statuses t GROUP BY f.status, f.n ORDER BY f.n;

-- written by the worker: whatever a chain of legal steps leads to, as it sees only the last one
RESET SESSION AUTHORIZATION;
SET orchestration.simulate_worker = on;
SELECT f.status AS from_status, string_agg(rpad(try(put('clustered', 'x', f.status), format('UPDATE orchestration.containers SET status = %L WHERE id = $1', t.status)), 5), ' ' ORDER BY t.n) AS pending_running_paused_stopped_failed_deleted
FROM statuses f, statuses t GROUP BY f.status, f.n ORDER BY f.n;
RESET orchestration.simulate_worker;
SET SESSION AUTHORIZATION regress_operator;

-- desired_state, by UPDATE; the same with and without a cluster
SELECT n.name AS namespace, f.status AS from_state, string_agg(rpad(try(put(n.name, 'x', 'pending', f.status), format('UPDATE orchestration.containers SET desired_state = %L WHERE id = $1', t.status)), 5), ' ' ORDER BY t.n) AS pending_running_paused_stopped_failed_deleted
FROM (VALUES ('bare'), ('clustered')) n (name), statuses f, statuses t WHERE f.status IN ('running', 'paused', 'stopped', 'deleted') AND (n.name <> 'bare' OR f.status <> 'deleted')
GROUP BY n.name, f.status, f.n ORDER BY n.name, f.n;

-- every verb from every desired state
SELECT v.verb, string_agg(rpad(try(put('clustered', 'x', 'running', f.status), format('SELECT orchestration.%s', v.verb)), 5), ' ' ORDER BY f.n) AS running_paused_stopped_deleted
FROM (VALUES (1, 'start_container($1)'), (2, 'pause_container($1)'), (3, 'resume_container($1)'), (4, 'stop_container($1)'), (5, 'restart_container($1)'), (6, 'scale_container($1, 2)'), (7, 'delete_container($1)')) v (n, verb),
	statuses f WHERE f.status IN ('running', 'paused', 'stopped', 'deleted')
GROUP BY v.n, v.verb ORDER BY v.n;
-- and what it leads to
RESET SESSION AUTHORIZATION;
CREATE FUNCTION after(container bigint, verb text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT orchestration.%s', verb) USING container;
	RETURN (SELECT format('%s, status %s, generation %s%s%s', desired_state, status, generation, CASE WHEN restart_requested_at IS NOT NULL THEN ', restarted' END, CASE WHEN replicas <> 1 THEN ', replicas ' || replicas END)
		FROM orchestration.containers WHERE id = container);
END
$$;
SET SESSION AUTHORIZATION regress_operator;
SELECT n.name AS namespace, v.verb, after(put(n.name, 'x', v.status, v.desired_state), v.verb || '($1' || v.more || ')')
FROM (VALUES ('bare'), ('clustered')) n (name), (VALUES
	('start_container', 'stopped', 'stopped', ''), ('start_container', 'failed', 'running', ''), ('start_container', 'stopped', 'running', ''), ('pause_container', 'running', 'running', ''),
	('resume_container', 'paused', 'paused', ''), ('stop_container', 'running', 'running', ''), ('stop_container', 'paused', 'paused', ''), ('restart_container', 'running', 'running', ''),
	('scale_container', 'running', 'running', ', 7'), ('scale_container', 'running', 'running', ', 1'), ('scale_container', 'stopped', 'stopped', ', 0'), ('delete_container', 'running', 'running', '')) v (verb, status, desired_state, more);
-- deleting what is being deleted is no mistake
SELECT after(put('clustered', 'x', 'running', 'deleted'), 'delete_container($1)');

-- what the errors say; \gset keeps the ids out
\set SHOW_CONTEXT never
SELECT put('bare', 'web', 'stopped', 'stopped') AS bare, put('clustered', 'web', 'pending', 'running') AS clustered, put('clustered', 'old', 'deleted', 'deleted') AS old \gset
-- error: status: from, to and what is allowed
UPDATE orchestration.containers SET status = 'paused' WHERE id = :bare;
-- error: desired state: from, to and what is allowed
UPDATE orchestration.containers SET desired_state = 'paused' WHERE id = :bare;
-- error: by verb
SELECT orchestration.pause_container(:bare);
-- error: resume is not start
SELECT orchestration.resume_container(:bare);
SELECT put('bare', 'x', 'paused', 'paused') AS x \gset
-- error: start is not resume
SELECT orchestration.start_container(:x);
-- error: restart needs something that runs
SELECT orchestration.restart_container(:bare);
SELECT put('clustered', 'x', 'running', 'deleted') AS x \gset
-- error: deletion is not taken back
UPDATE orchestration.containers SET desired_state = 'running' WHERE id = :x;
SELECT put('clustered', 'x', 'failed', 'deleted') AS x \gset
-- error: nor with a verb
SELECT orchestration.start_container(:x);
SELECT put('clustered', 'x', 'running', 'deleted') AS x \gset
-- error: nor does it scale
SELECT orchestration.scale_container(:x, 2);
-- error: a status that does not exist
UPDATE orchestration.containers SET status = 'exited' WHERE id = :bare;
-- error: no status
UPDATE orchestration.containers SET status = NULL WHERE id = :bare;
-- error: a status that cannot be asked for
UPDATE orchestration.containers SET desired_state = 'failed' WHERE id = :bare;
-- error: the same for new rows
INSERT INTO orchestration.containers (namespace_id, name, image_id, desired_state) SELECT namespace_id, 'y', image_id, 'pending' FROM orchestration.containers WHERE id = :bare;
-- error: a status is observed: nothing to call, only to wait for
UPDATE orchestration.containers SET status = 'running' WHERE id = :clustered;
-- error: a status is observed: the verb
UPDATE orchestration.containers SET status = 'paused' WHERE id = :clustered;
-- error: a status is observed: the verb
UPDATE orchestration.containers SET status = 'stopped' WHERE id = :clustered;
-- error: a status is observed: the verb
UPDATE orchestration.containers SET status = 'deleted' WHERE id = :clustered;
SELECT put('clustered', 'x', 'paused') AS x \gset
-- error: a status is observed: the verb
UPDATE orchestration.containers SET status = 'running' WHERE id = :x;
SELECT put('clustered', 'x', 'stopped') AS x \gset
-- error: a status is observed: the verb
UPDATE orchestration.containers SET status = 'running' WHERE id = :x;
SELECT put('clustered', 'x', 'failed') AS x \gset
-- error: a status is observed: the verb
UPDATE orchestration.containers SET status = 'pending' WHERE id = :x;
-- error: deleted is final, by status
UPDATE orchestration.containers SET status = 'running' WHERE id = :old;
-- error: by desired state
UPDATE orchestration.containers SET desired_state = 'running' WHERE id = :old;
-- error: by specification
UPDATE orchestration.containers SET replicas = 2 WHERE id = :old;
-- error: by verb
SELECT orchestration.delete_container(:old);
-- error: no such container
SELECT orchestration.start_container(-1);
-- error: no container named at all
SELECT orchestration.stop_container(NULL);
-- error: replicas out of range
SELECT orchestration.scale_container(:bare, -1);
-- error: replicas unknown
SELECT orchestration.scale_container(:bare, NULL);
-- error: a container stays in its namespace
UPDATE orchestration.containers SET namespace_id = (SELECT id FROM orchestration.namespaces WHERE name = 'clustered') WHERE id = :bare;
-- error: and its id is not the operator's to choose
UPDATE orchestration.containers SET id = DEFAULT WHERE id = :bare;
RESET SESSION AUTHORIZATION;
-- error: and keeps it
UPDATE orchestration.containers SET id = DEFAULT WHERE id = :bare;
SET SESSION AUTHORIZATION regress_operator;
INSERT INTO orchestration.config_maps (namespace_id, name) SELECT namespace_id, 'm' FROM orchestration.containers WHERE id = :bare;
-- error: so does a config map
UPDATE orchestration.config_maps SET namespace_id = 0 WHERE name = 'm';
-- a refused statement changes nothing, not even its legal rows
SELECT put('bare', 'a', 'running'), put('bare', 'b', 'stopped') \gset
-- error: one of two
UPDATE orchestration.containers SET status = 'paused' WHERE name IN ('a', 'b');
SELECT name, status FROM orchestration.containers WHERE name IN ('a', 'b') ORDER BY name;

-- a new container: pending where a cluster is observed, anything where an operator keeps the books
INSERT INTO orchestration.containers (namespace_id, name, image_id, status, status_reason, ready_replicas, generation, observed_generation, observed_at)
SELECT n.id, 'new', i.id, 'running', 'Imported', 3, 0, 7, now() FROM orchestration.namespaces n JOIN orchestration.container_images i ON i.namespace_id = n.id WHERE n.name IN ('bare', 'clustered')
RETURNING (SELECT name FROM orchestration.namespaces n WHERE n.id = namespace_id) AS namespace, status, status_reason, ready_replicas, generation, observed_generation, observed_at, status_changed_at = now() AS just_now;
SET SESSION AUTHORIZATION regress_administrator;
-- a namespace made by the same statement
WITH n AS (INSERT INTO orchestration.namespaces (name) VALUES ('same') RETURNING id), i AS (INSERT INTO orchestration.container_images (namespace_id, repository) SELECT id, 'nginx' FROM n RETURNING namespace_id, id)
INSERT INTO orchestration.containers (namespace_id, name, image_id, status) SELECT namespace_id, 'new', id, 'stopped' FROM i RETURNING status;

RESET SESSION AUTHORIZATION;
-- an ORM writes back every column as it read them, or older ones: nothing happens
CREATE FUNCTION save(container bigint, stale boolean) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	UPDATE orchestration.containers c SET (name, description, image_id, replicas, command, labels, overrides, desired_state, generation, observed_generation, status, status_reason, status_message, status_changed_at, ready_replicas, observed_at, created_at, updated_at)
	= (SELECT o.name, o.description, o.image_id, o.replicas, o.command, o.labels, o.overrides, o.desired_state, CASE WHEN stale THEN 1 ELSE o.generation END, CASE WHEN stale THEN 0 ELSE o.observed_generation END, o.status,
		CASE WHEN NOT stale THEN o.status_reason END, CASE WHEN NOT stale THEN o.status_message END, CASE WHEN stale THEN '2020-01-01'::timestamptz ELSE o.status_changed_at END, CASE WHEN stale THEN 0 ELSE o.ready_replicas END, CASE WHEN NOT stale THEN o.observed_at END, o.created_at, '2020-01-01'::timestamptz
		FROM orchestration.containers o WHERE o.id = c.id) WHERE c.id = container;
	RETURN (SELECT format('generation %s/%s, %s %s %s, ready %s, observed %s, changed %s, updated %s', generation, observed_generation, status, status_reason, status_message, ready_replicas, observed_at = '2026-01-01', status_changed_at = '2026-01-02', updated_at = now()) FROM orchestration.containers WHERE id = container);
END
$$;
SET SESSION AUTHORIZATION regress_operator;
SELECT put('clustered', 'orm', 'running') AS orm \gset
RESET SESSION AUTHORIZATION;
SET session_replication_role = replica;
UPDATE orchestration.containers SET generation = 5, observed_generation = 5, status_reason = 'PartiallyReady', status_message = '2 of 3 ready', ready_replicas = 2, observed_at = '2026-01-01', status_changed_at = '2026-01-02' WHERE id = :orm;
RESET session_replication_role;
SET SESSION AUTHORIZATION regress_operator;
SELECT save(:orm, false);
SELECT save(:orm, true);
SELECT count(*) AS history FROM orchestration.container_status_history WHERE container_id = :orm;
-- a deleted row may be written back unchanged, and described
UPDATE orchestration.containers SET status = status, desired_state = desired_state, description = 'was good' WHERE id = :old RETURNING status, description;

-- a reason belongs to its status: a new status by hand forgets the old reason, unless it brings one
SELECT put('bare', 'r', 'pending') AS r \gset
UPDATE orchestration.containers SET status = 'failed', status_reason = 'Crashed', status_message = 'core dumped' WHERE id = :r RETURNING status, status_reason, status_message, status_changed_at = now() AS just_now;
UPDATE orchestration.containers SET status = 'running' WHERE id = :r RETURNING status, status_reason, status_message;
UPDATE orchestration.containers SET status_reason = 'Slow' WHERE id = :r RETURNING status, status_reason;
UPDATE orchestration.containers SET status = 'failed', status_reason = 'Slow' WHERE id = :r RETURNING status, status_reason;

RESET SESSION AUTHORIZATION;
-- the name is free again after deletion, not before; what the container used is let go
INSERT INTO orchestration.config_maps (namespace_id, name, data) SELECT id, 'settings', '{"a": "1"}' FROM orchestration.namespaces WHERE name = 'clustered';
CREATE VIEW used AS SELECT (SELECT count(*) FROM orchestration.environment_variables) AS variables, (SELECT count(*) FROM orchestration.port_mappings) AS ports,
	(SELECT count(*) FROM orchestration.container_volumes) AS mounts, (SELECT count(*) FROM orchestration.container_probes) AS probes;
GRANT SELECT ON used TO PUBLIC;
INSERT INTO orchestration.containers (namespace_id, name, image_id) SELECT n.id, 'reused', i.id FROM orchestration.namespaces n JOIN orchestration.container_images i ON i.namespace_id = n.id WHERE n.name = 'clustered' RETURNING id AS reused, namespace_id AS ns, image_id AS image \gset
INSERT INTO orchestration.volumes (namespace_id, name, volume_type, config_map_id) SELECT namespace_id, 'v', 'ConfigMap', id FROM orchestration.config_maps WHERE name = 'settings';
INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, config_map_id, key) SELECT :ns, :reused, 'A', id, 'a' FROM orchestration.config_maps WHERE name = 'settings';
INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port) VALUES (:ns, :reused, 80);
INSERT INTO orchestration.container_volumes (namespace_id, container_id, volume_id, mount_path) SELECT :ns, :reused, id, '/v' FROM orchestration.volumes WHERE name = 'v';
INSERT INTO orchestration.container_probes (namespace_id, container_id, probe_type, handler, command) VALUES (:ns, :reused, 'liveness', 'exec', '{true}');
SET SESSION AUTHORIZATION regress_operator;
SELECT orchestration.delete_container(:reused);
SELECT status, desired_state FROM orchestration.containers WHERE id = :reused;
TABLE used;
-- error: the name is taken until the cluster has let go
INSERT INTO orchestration.containers (namespace_id, name, image_id) VALUES (:ns, 'reused', :image);
RESET SESSION AUTHORIZATION;
SET orchestration.simulate_worker = on;
UPDATE orchestration.containers SET status = 'deleted' WHERE id = :reused;
RESET orchestration.simulate_worker;
TABLE used;
INSERT INTO orchestration.containers (namespace_id, name, image_id) VALUES (:ns, 'reused', :image);
SELECT name, status FROM orchestration.containers WHERE name = 'reused' ORDER BY id;
DELETE FROM orchestration.volumes WHERE name = 'v';
DELETE FROM orchestration.config_maps WHERE name = 'settings';

-- without a cluster nothing is left to wait for, but while its objects are in one the worker is in charge
UPDATE orchestration.containers SET status = 'deleted' WHERE id = :bare RETURNING status, desired_state;
INSERT INTO orchestration.managed_objects (namespace_id, cluster_id, api_version, kind, cluster_namespace, name, owner_type, owner_id, owner_generation, apply_order)
SELECT n.id, c.id, 'apps/v1', 'Deployment', 'bare', 'left', 'container', 1, 1, 40 FROM orchestration.namespaces n, orchestration.clusters c WHERE n.name = 'bare';
SELECT put('bare', 'left', 'running') AS left \gset
UPDATE orchestration.containers SET desired_state = 'deleted' WHERE id = :left RETURNING status;
DELETE FROM orchestration.managed_objects;
UPDATE orchestration.containers SET desired_state = 'deleted' WHERE id = :left RETURNING status;

-- session_replication_role = replica, as on a subscriber: no trigger fires, rows are taken as they come
SET session_replication_role = replica;
UPDATE orchestration.containers SET status = 'running', generation = 1, replicas = 9 WHERE id = :left RETURNING status, generation, replicas;
RESET session_replication_role;
SELECT count(*) AS history FROM orchestration.container_status_history WHERE container_id = :left AND new_status = 'running' AND old_status = 'deleted';

-- a trigger of a user runs before ours, and what it changes counts
CREATE FUNCTION add_label() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.labels := '{"added": "yes"}'; RETURN NEW; END $$;
CREATE TRIGGER users_own BEFORE UPDATE ON orchestration.containers FOR EACH ROW EXECUTE FUNCTION add_label();
SELECT put('clustered', 't', 'running') AS t \gset
UPDATE orchestration.containers SET description = 'x' WHERE id = :t RETURNING generation, labels;
UPDATE orchestration.containers SET description = 'y' WHERE id = :t RETURNING generation;
DROP TRIGGER users_own ON orchestration.containers;

-- columns of a user are theirs
ALTER TABLE orchestration.containers ADD COLUMN cost_center text;
UPDATE orchestration.containers SET cost_center = '42' WHERE id = :t RETURNING generation, cost_center;
ALTER TABLE orchestration.containers DROP COLUMN cost_center;
UPDATE orchestration.containers SET replicas = 3 WHERE id = :t RETURNING generation;

-- who may write containers needs no right to write their history
CREATE ROLE lifecycle_writer;
GRANT orchestration_user TO lifecycle_writer;
GRANT SELECT, UPDATE ON orchestration.containers TO lifecycle_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON orchestration.environment_variables TO lifecycle_writer;
SET ROLE lifecycle_writer;
UPDATE orchestration.containers SET desired_state = 'paused' WHERE id = :t RETURNING generation;
INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, value) SELECT namespace_id, id, 'A', '1' FROM orchestration.containers WHERE id = :t;
SELECT generation FROM orchestration.containers WHERE id = :t;
-- error: but may not touch it
DELETE FROM orchestration.container_status_history;
RESET ROLE;
SELECT reason, db_role = session_user AS by_session FROM orchestration.container_status_history WHERE container_id = :t ORDER BY changed_at, id;
DROP OWNED BY lifecycle_writer;
-- nor does an owner of the tables who is no superuser
GRANT USAGE ON SCHEMA orchestration, orchestration_internal TO lifecycle_writer;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA orchestration_internal TO lifecycle_writer;
SELECT string_agg(format('ALTER TABLE %s OWNER TO %s', oid::regclass, 'lifecycle_writer'), ';') AS give FROM pg_class WHERE relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND relkind IN ('r', 'p') \gset
:give;
SET ROLE lifecycle_writer;
UPDATE orchestration.containers SET desired_state = 'running' WHERE id = :t RETURNING generation;
UPDATE orchestration.environment_variables SET value = '2' WHERE container_id = :t;
SELECT generation FROM orchestration.containers WHERE id = :t;
RESET ROLE;
SELECT string_agg(reason, ', ' ORDER BY changed_at, id) AS told FROM orchestration.container_status_history WHERE container_id = :t;
REASSIGN OWNED BY lifecycle_writer TO CURRENT_USER;
DROP OWNED BY lifecycle_writer;
DROP ROLE lifecycle_writer;

DROP TABLE statuses;
DROP VIEW used;
DROP FUNCTION put, try, after, save, add_label;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
