-- who may write into a cluster
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
UPDATE orchestration.installation SET id = '00000000-0000-0000-0000-000000000001';
SET orchestration.simulate_worker = on;
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('dev', 'https://127.0.0.1', 'in-cluster', false);
-- as the worker: what the rows know of a Lease
CREATE TABLE known AS SELECT c.id FROM orchestration.clusters c;
GRANT SELECT ON known TO orchestration_worker;
SET SESSION AUTHORIZATION orchestration_worker;
SELECT * FROM orchestration_internal.worker_lease((SELECT id FROM known));
SELECT orchestration_internal.worker_remember_start(id, '7-5-1-00000000000000aa', 'f0') FROM known;
SELECT orchestration_internal.worker_remember_start(id + 1, '7-5-1-00000000000000ab', 'f0') FROM known;
SELECT orchestration_internal.worker_remember_start(id, '7-5-2-00000000000000ac', 'f1') FROM known;
SELECT * FROM orchestration_internal.worker_lease((SELECT id FROM known));
-- there is no such cluster
SELECT * FROM orchestration_internal.worker_lease(-1);
-- it does not grow without end, neither of this cluster nor of one that is gone
SELECT count(orchestration_internal.worker_remember_start(id, '7-5-2-' || lpad(to_hex(i), 16, '0'), 'f1')) FROM known, generate_series(1, 400) i;
SELECT count(*), count(*) FILTER (WHERE s.cluster_id = known.id + 1) AS of_the_other FROM orchestration_internal.lease_starts s, known;
SELECT count(*), min(holder), max(holder), bool_or(take_over) FROM orchestration_internal.worker_lease((SELECT id FROM known));
-- nobody asked
SELECT orchestration_internal.worker_taken_over(id, 'a') FROM known;
RESET SESSION AUTHORIZATION;
SELECT count(*) FROM orchestration.operation_logs WHERE operation = 'take_over';
SET SESSION AUTHORIZATION regress_administrator;
SELECT orchestration.take_over('dev');
SET SESSION AUTHORIZATION orchestration_worker;
SELECT DISTINCT take_over FROM orchestration_internal.worker_lease((SELECT id FROM known));
SELECT orchestration_internal.worker_taken_over(id, 'a') FROM known;
SELECT orchestration_internal.worker_taken_over(id, 'a') FROM known;
RESET SESSION AUTHORIZATION;
SELECT takeover_requested FROM orchestration.clusters;
SELECT source, resource_name, changes FROM orchestration.operation_logs WHERE source = 'worker' AND operation = 'take_over';
DROP TABLE known;
SET SESSION AUTHORIZATION regress_administrator;
-- error: unknown cluster
SELECT orchestration.take_over('other');
SET SESSION AUTHORIZATION regress_viewer;
-- error: nor does it for one who sees no clusters
SELECT orchestration.take_over('dev');
RESET SESSION AUTHORIZATION;

-- what the worker reads of the clusters
SELECT id IS NOT NULL AS id, name, api_server, auth_method, kubeconfig, enabled, max_in_flight, generation, takeover_requested, installation, engine, error FROM orchestration_internal.worker_clusters();
INSERT INTO orchestration.clusters (name, api_server, auth_method, encrypted_kubeconfig, enabled) VALUES ('sealed', 'https://127.0.0.1', 'kubeconfig', orchestration_internal.seal(convert_to(orchestration.kubeconfig('https://127.0.0.1', 'token'), 'UTF8'), 'cluster/sealed'), false);
-- error: a kubeconfig that nobody sealed
INSERT INTO orchestration.clusters (name, api_server, auth_method, encrypted_kubeconfig, enabled) VALUES ('spoiled', 'https://127.0.0.1', 'kubeconfig', '\x00', false);
SET session_replication_role = replica;
INSERT INTO orchestration.clusters (name, api_server, auth_method, encrypted_kubeconfig, enabled) VALUES ('spoiled', 'https://127.0.0.1', 'kubeconfig', '\x00', false);
RESET session_replication_role;
\set SHOW_CONTEXT never
SELECT name, kubeconfig IS NOT NULL AS opened, error IS NOT NULL AS spoiled FROM orchestration_internal.worker_clusters();
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
