-- who may write into a cluster
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
UPDATE orchestration.installation SET id = '00000000-0000-0000-0000-000000000001';
SET orchestration.simulate_worker = on;
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('dev', 'https://127.0.0.1', 'in-cluster', false);
CREATE TABLE lease (object jsonb);
CREATE FUNCTION decide(unchanged_for interval, holder text) RETURNS TABLE (is_holder boolean, method text, path text, holder_written text, transitions integer, version text, current_holder text) LANGUAGE plpgsql AS $$
DECLARE
	made record;
	at text;
BEGIN
	SELECT d.* INTO made FROM orchestration.clusters c, orchestration_internal.worker_lease(c.id, (SELECT l.object FROM lease l), unchanged_for, holder) d;
	is_holder := made.is_holder; method := made.method; path := made.path; current_holder := made.current_holder;
	holder_written := made.body::jsonb #>> '{spec,holderIdentity}'; transitions := made.body::jsonb #> '{spec,leaseTransitions}'; version := made.body::jsonb #>> '{metadata,resourceVersion}';
	RETURN NEXT;
	-- the server takes what was sent
	IF made.method IS NOT NULL THEN
		DELETE FROM lease;
		INSERT INTO lease VALUES (jsonb_set(made.body::jsonb, '{metadata,resourceVersion}', to_jsonb((COALESCE(version, '0')::integer + 1)::text)));
	END IF;
END $$;
-- there is none: made
SELECT * FROM decide(NULL, 'a');
-- ours: renewed
SELECT * FROM decide('1 s', 'a');
SELECT object #- '{spec,renewTime}' #- '{spec,acquireTime}', object #>> '{spec,renewTime}' ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$', object #> '{spec,renewTime}' > object #> '{spec,acquireTime}' FROM lease;
-- another's: stand by, until it has not changed for long enough
SELECT * FROM decide('0', 'b');
SELECT * FROM decide('15 s', 'b');
SELECT * FROM decide('15.1 s', 'b');
-- the first one comes back
SELECT * FROM decide('0', 'a');
-- and takes over by order, once
SET SESSION AUTHORIZATION regress_administrator;
SELECT orchestration.take_over('dev');
RESET SESSION AUTHORIZATION;
SELECT * FROM decide('0', 'a');
SELECT takeover_requested FROM orchestration.clusters;
SELECT * FROM decide('0', 'a');
SELECT takeover_requested FROM orchestration.clusters;
SELECT * FROM decide('0', 'b');
-- a longer promise is honoured
UPDATE lease SET object = jsonb_set(object, '{spec,leaseDurationSeconds}', '60');
SELECT * FROM decide('59 s', 'b');
-- released
UPDATE lease SET object = jsonb_set(object, '{spec,holderIdentity}', '""');
SELECT * FROM decide('0', 'b');
-- a Lease made by hand, without anything in it
UPDATE lease SET object = '{"metadata": {"resourceVersion": "5"}}';
SELECT * FROM decide('0', 'b');
SET SESSION AUTHORIZATION regress_administrator;
-- error: unknown cluster
SELECT orchestration.take_over('other');
SET SESSION AUTHORIZATION regress_viewer;
-- error: nor does it for one who sees no clusters
SELECT orchestration.take_over('dev');
RESET SESSION AUTHORIZATION;

-- what the worker reads of the clusters
SELECT id IS NOT NULL AS id, name, api_server, auth_method, kubeconfig, enabled, max_in_flight, generation, takeover_requested, installation, lease_path, error FROM orchestration_internal.worker_clusters();
INSERT INTO orchestration.clusters (name, api_server, auth_method, encrypted_kubeconfig, enabled) VALUES ('sealed', 'https://127.0.0.1', 'kubeconfig', orchestration_internal.seal(convert_to(orchestration.kubeconfig('https://127.0.0.1', 'token'), 'UTF8'), 'cluster/sealed'), false);
-- error: a kubeconfig that nobody sealed
INSERT INTO orchestration.clusters (name, api_server, auth_method, encrypted_kubeconfig, enabled) VALUES ('spoiled', 'https://127.0.0.1', 'kubeconfig', '\x00', false);
SET session_replication_role = replica;
INSERT INTO orchestration.clusters (name, api_server, auth_method, encrypted_kubeconfig, enabled) VALUES ('spoiled', 'https://127.0.0.1', 'kubeconfig', '\x00', false);
RESET session_replication_role;
\set SHOW_CONTEXT never
SELECT name, kubeconfig IS NOT NULL AS opened, error IS NOT NULL AS spoiled FROM orchestration_internal.worker_clusters();
DROP FUNCTION decide;
DROP TABLE lease;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
