-- a finished Job is done: what asks for another run, and what does not
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
RESET client_min_messages;
\set SHOW_CONTEXT never
-- as the owner: plays the worker's part on the inventory
SET search_path = orchestration, orchestration_internal, public;
SET jit = off;
INSERT INTO clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false);
SELECT create_namespace('shop', 'c') > 0 AS made;
SELECT create_config_map('shop', 'm', '{"a": "1"}') > 0 AS made, create_config_map('shop', 'n', '{"a": "1"}') > 0 AS made, create_secret('shop', 's', '{"a": "1"}') > 0 AS made, create_volume('shop', 'v', 'ConfigMap', config_map => 'm') > 0 AS made, create_volume('shop', 'w', 'EmptyDir') > 0 AS made;
SELECT create_container('shop', 'job', 'app:1', restart_policy => 'Never', command => '{work}', labels => '{"a": "b"}',
	env => '[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "a"}}}, {"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "a"}}}, {"name": "L", "value": "1"}]',
	volumes => '[{"volume": "v", "mountPath": "/v"}]', overrides => '{"spec": {"containers": [{"name": "job", "envFrom": [{"configMapRef": {"name": "n"}}]}]}}') > 0 AS made;

CREATE VIEW job AS SELECT m.manifest, m.manifest_hash, m.once, m.namespace_id, m.owner_id, m.cluster_id, m.name FROM manifests m WHERE m.kind = 'Job';
CREATE FUNCTION planned() RETURNS void LANGUAGE sql AS $$
	INSERT INTO orchestration.managed_objects AS m (namespace_id, cluster_id, api_version, kind, cluster_namespace, name, owner_type, owner_id, owner_generation, apply_order, desired_hash)
	SELECT r.namespace_id, r.cluster_id, r.api_version, r.kind, r.cluster_namespace, r.name, r.owner_type, r.owner_id, r.owner_generation, r.apply_order, r.manifest_hash FROM orchestration.manifests r WHERE r.kind = 'Job'
	ON CONFLICT (namespace_id, kind, name, cluster_id) DO UPDATE SET desired_hash = EXCLUDED.desired_hash, owner_generation = EXCLUDED.owner_generation;
$$;
CREATE FUNCTION applied(of_uid text, facts jsonb DEFAULT '{}') RETURNS void LANGUAGE sql AS $$
	UPDATE orchestration.managed_objects m SET uid = of_uid, applied_hash = m.desired_hash, observed = facts WHERE m.kind = 'Job';
$$;
CREATE FUNCTION lost() RETURNS void LANGUAGE sql SET orchestration.simulate_worker = on AS $$
	SELECT orchestration_internal.simulate_events(m.cluster_id, 'Job', jsonb_build_array(jsonb_build_object('type', 'DELETED', 'object',
		jsonb_build_object('metadata', jsonb_build_object('name', m.name, 'namespace', m.cluster_namespace, 'uid', COALESCE(m.uid, 'none'), 'resourceVersion', '9')))), false)
	FROM orchestration.managed_objects m WHERE m.kind = 'Job'
$$;
CREATE FUNCTION seen(facts jsonb) RETURNS void LANGUAGE sql AS $$ UPDATE orchestration.managed_objects m SET observed = facts WHERE m.kind = 'Job' $$;

-- each change, and whether it is another run: in every state that a run can be in
CREATE TABLE changes (n integer GENERATED ALWAYS AS IDENTITY, runs boolean, change text);
INSERT INTO changes (runs, change) VALUES
	(false, $$UPDATE orchestration.config_maps SET data = '{"a": "2"}'$$),
	(false, $$UPDATE orchestration.config_maps SET name = 'renamed' WHERE name = 'm'$$),
	(false, $$SELECT orchestration.update_secret('shop', 's', '{"a": "2"}')$$),
	(false, $$UPDATE orchestration.containers SET labels = '{"a": "c", "d": "e"}'$$),
	(false, $$UPDATE orchestration.containers SET annotations = '{"example.com/a": "b"}'$$),
	(false, $$UPDATE orchestration.containers SET description = 'b'$$),
	(false, $$UPDATE orchestration.containers SET strategy = 'Recreate'$$),
	(false, $$SELECT orchestration.create_registry('shop', 'hub', 'docker.io', 'u', 'p')$$),
	(false, $$UPDATE orchestration.namespaces SET labels = '{"a": "b"}', annotations = '{"example.com/a": "b"}' WHERE name = 'shop'$$),
	(false, $$UPDATE orchestration.volumes SET volume_type = 'EmptyDir', config_map_id = NULL WHERE name = 'v'$$),
	(false, $$UPDATE orchestration.volumes SET name = 'renamed' WHERE name = 'v'$$),
	(false, $$UPDATE orchestration.environment_variables SET position = position + 7$$),
	(false, $$UPDATE orchestration.containers SET generation = generation + 1$$),
	(true, $$UPDATE orchestration.containers SET command = '{other}'$$),
	(true, $$UPDATE orchestration.containers SET args = '{other}'$$),
	(true, $$UPDATE orchestration.containers SET working_dir = '/'$$),
	(true, $$SELECT orchestration.set_image('shop', 'job', 'app:2')$$),
	(true, $$UPDATE orchestration.container_images SET tag = '3'$$),
	(true, $$UPDATE orchestration.containers SET image_pull_policy = 'Always'$$),
	(true, $$UPDATE orchestration.containers SET replicas = 2$$),
	(true, $$UPDATE orchestration.containers SET memory_limit = 100000000$$),
	(true, $$UPDATE orchestration.containers SET restart_policy = 'OnFailure'$$),
	(true, $$UPDATE orchestration.containers SET termination_grace_period = 5$$),
	(true, $$UPDATE orchestration.containers SET node_selector = '{"a": "b"}'$$),
	(true, $$UPDATE orchestration.containers SET tolerations = '[{"operator": "Exists"}]'$$),
	(true, $$UPDATE orchestration.containers SET security_context = '{"runAsUser": 1}'$$),
	(true, $$UPDATE orchestration.containers SET pod_security_context = '{"fsGroup": 1}'$$),
	(true, $$UPDATE orchestration.containers SET init_containers = '[{"name": "i", "image": "x"}]'$$),
	(true, $$UPDATE orchestration.containers SET overrides = '{}'$$),
	(true, $$UPDATE orchestration.environment_variables SET value = '2' WHERE name = 'L'$$),
	(true, $$UPDATE orchestration.environment_variables SET optional = true WHERE name = 'A'$$),
	(true, $$DELETE FROM orchestration.environment_variables WHERE name = 'L'$$),
	(true, $$UPDATE orchestration.container_volumes SET mount_path = '/w'$$),
	(true, $$UPDATE orchestration.container_volumes SET volume_id = (SELECT id FROM orchestration.volumes WHERE name = 'w')$$),
	(true, $$SELECT orchestration.restart_container('shop', 'job')$$),
	(true, $$SELECT orchestration.stop_container('shop', 'job'); SELECT orchestration.start_container('shop', 'job')$$),
	(true, $$UPDATE orchestration.containers SET desired_state = 'stopped'; UPDATE orchestration.containers SET desired_state = 'running'$$),
	(false, $$SELECT orchestration.pause_container('shop', 'job'); SELECT orchestration.resume_container('shop', 'job')$$);

CREATE FUNCTION asks_for_run(change text, OUT runs boolean, OUT pods_change boolean, OUT once boolean) LANGUAGE plpgsql AS $$
DECLARE
	before record;
	after record;
BEGIN
	SELECT * INTO before FROM job;
	EXECUTE change;
	SELECT * INTO after FROM job;
	RAISE SQLSTATE 'ZZZZZ' USING MESSAGE = ROW(after.manifest_hash <> before.manifest_hash, after.manifest -> 'spec' <> before.manifest -> 'spec', after.once);
EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN
	SELECT r.* INTO runs, pods_change, once FROM (SELECT (translate(split_part(SQLERRM, ',', 1), '()', ''))::boolean, split_part(SQLERRM, ',', 2)::boolean, (translate(split_part(SQLERRM, ',', 3), '()', ''))::boolean) r;
END
$$;
CREATE VIEW wrong AS
SELECT c.change, c.runs AS wanted, a.runs, a.pods_change, a.once FROM changes c CROSS JOIN LATERAL asks_for_run(c.change) a
/* a hash that stays stands for a specification that stays: nothing about it is sent that a Job cannot take */
WHERE a.runs <> c.runs OR (NOT a.runs AND a.pods_change AND EXISTS (SELECT FROM job_runs)) ORDER BY c.n;

SELECT * FROM wrong;
SELECT planned();
SELECT count(*) AS runs, count(uid) AS made, count(finished_at) AS finished FROM job_runs;
SELECT * FROM wrong;
SELECT applied('u1');
SELECT uid, finished_at IS NOT NULL AS finished FROM job_runs;
SELECT * FROM wrong;
SELECT count(*) FROM changes c CROSS JOIN LATERAL asks_for_run(c.change) a WHERE a.once;
SELECT seen('{"complete": true}');
SELECT uid, finished_at IS NOT NULL AS finished, outcome FROM job_runs;
SELECT * FROM wrong;
-- over until another run is asked for
SELECT c.change FROM changes c CROSS JOIN LATERAL asks_for_run(c.change) a WHERE a.once = c.runs;

-- a run that is over asks for nothing, whatever else is wanted of its container
CREATE TABLE before AS SELECT manifest, manifest_hash, once FROM job;
SELECT stop_container('shop', 'job');
SELECT b.manifest = j.manifest AND b.manifest_hash = j.manifest_hash AND j.once AS same FROM before b, job j;
UPDATE managed_objects SET uid = NULL, observed = NULL WHERE kind = 'Job';
SELECT j.once, j.manifest_hash = m.applied_hash AS nothing_new FROM job j, managed_objects m WHERE m.kind = 'Job';
SELECT planned();
SELECT j.once, j.manifest_hash = m.applied_hash AS nothing_new FROM job j, managed_objects m WHERE m.kind = 'Job';
-- nor is it lost in the cluster: that is known, and is no work
SELECT lost();
SELECT m.uid IS NULL AS gone, m.applied_hash = m.desired_hash AS nothing_to_do FROM managed_objects m WHERE m.kind = 'Job';
SELECT d.status, d.reason FROM managed_objects m CROSS JOIN LATERAL container_facts(ARRAY[m.namespace_id], ARRAY[m.owner_id]) f CROSS JOIN LATERAL derive_container_status(f.facts) d WHERE m.kind = 'Job';
-- the next run begins with what there is then
UPDATE containers SET labels = '{"a": "z"}' WHERE name = 'job';
SELECT start_container('shop', 'job');
SELECT once, manifest #>> '{metadata,labels,a}' AS label, manifest #>> '{spec,template,metadata,labels,a}' AS label_of_pods, manifest #> '{spec,suspend}' AS suspended FROM job;
SELECT planned();
-- what is heard of the old Job ends no new run
SELECT seen('{"complete": true}');
UPDATE managed_objects SET uid = 'u1', applied_hash = 'of the old one' WHERE kind = 'Job';
SELECT uid, finished_at FROM job_runs;
SELECT applied('u2', '{"failed": true, "failedReason": "BackoffLimitExceeded"}');
SELECT uid, finished_at IS NOT NULL AS finished, outcome FROM job_runs;
SELECT once FROM job;
-- what failed for good and is gone has failed, and is not tried again by itself
SELECT lost();
SELECT m.uid IS NULL AS gone, m.applied_hash = m.desired_hash AS nothing_to_do, d.status, d.reason
FROM managed_objects m CROSS JOIN LATERAL container_facts(ARRAY[m.namespace_id], ARRAY[m.owner_id]) f CROSS JOIN LATERAL derive_container_status(f.facts) d WHERE m.kind = 'Job';
-- one that is stopped while it runs is suspended, and goes on when it was paused
SELECT restart_container('shop', 'job');
SELECT planned(), applied('u3');
UPDATE containers SET desired_state = 'paused';
SELECT once, manifest #> '{spec,suspend}' AS suspended FROM job;
UPDATE containers SET desired_state = 'running';
SELECT once, manifest #> '{spec,suspend}' AS suspended, (SELECT desired_hash FROM managed_objects WHERE kind = 'Job') = manifest_hash AS same_run FROM job;
-- pods for ever have no runs, and what is no Job any more forgets its own
UPDATE containers SET restart_policy = 'Always' WHERE name = 'job';
SELECT kind, once FROM manifests WHERE owner_type = 'container';
DELETE FROM managed_objects WHERE kind = 'Job';
SELECT count(*) FROM job_runs;

SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
