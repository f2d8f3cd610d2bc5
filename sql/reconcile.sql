-- the life of containers, played against a cluster made of tables
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
UPDATE orchestration.installation SET id = '00000000-0000-0000-0000-000000000001';
\i sql/include/fake_cluster.sql
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('dev', 'https://127.0.0.1', 'in-cluster', false);
SET SESSION AUTHORIZATION regress_administrator;
SELECT orchestration.create_namespace('shop', 'dev');
SELECT joins('regress_operator', 'operator', 'shop') \gset
SET SESSION AUTHORIZATION regress_operator;
SELECT orchestration.create_config_map('shop', 'settings', '{"mode": "fast"}'),
	orchestration.create_secret('shop', 'app', '{"password": "hunter2"}'), orchestration.create_volume('shop', 'data', 'PVC', '1Gi', 'ReadWriteOnce'),
	orchestration.create_volume('shop', 'tmp', 'EmptyDir');
SELECT orchestration.create_container('shop', 'web', 'nginx:1', replicas => 2, ports => '[{"containerPort": 80, "servicePort": 80}]',
	env => '[{"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "mode"}}}]', volumes => '[{"volume": "data", "mountPath": "/data"}]');
SELECT orchestration.create_container('shop', 'report', 'report:1', restart_policy => 'Never');
RESET SESSION AUTHORIZATION;
SELECT * FROM fake.state;

-- order: the namespace first, workloads last
SELECT * FROM fake.turn();
SELECT * FROM fake.turn();
SELECT * FROM fake.turn();
SELECT * FROM fake.turn();
SELECT * FROM fake.turn();
SELECT kind, name, state, uid FROM fake.inventory;
SELECT 'config_map' AS owner, observed_generation = generation AS observed FROM orchestration.config_maps
UNION ALL SELECT 'secret', observed_generation = generation FROM orchestration.secrets
UNION ALL SELECT 'volume ' || name, observed_generation = generation FROM orchestration.volumes
UNION ALL SELECT 'namespace', observed_generation = generation FROM orchestration.namespaces WHERE name = 'shop';
SELECT * FROM fake.state;
-- the secret went out as it is
SELECT object -> 'data' FROM fake.objects WHERE kind = 'Secret';
SELECT name, status FROM orchestration.volumes ORDER BY id;

-- what the controllers do comes back; nothing of it is applied again
SELECT fake.live();
SELECT * FROM fake.state;
SELECT name, status FROM orchestration.volumes ORDER BY id;
SELECT name, status, status_reason FROM orchestration.namespaces WHERE name = 'shop';
SELECT pod_name, phase, ready, node_name, pod_ip FROM orchestration.container_instances ORDER BY pod_name;

-- the same events once more, and older ones, change nothing
SELECT orchestration_internal.simulate_events(id, 'Deployment', (SELECT jsonb_agg(jsonb_build_object('type', 'ADDED', 'object', object)) FROM fake.objects WHERE kind = 'Deployment'), false) FROM orchestration.clusters;
SELECT orchestration_internal.simulate_events(id, 'Deployment', (SELECT jsonb_agg(jsonb_build_object('type', 'MODIFIED', 'object', jsonb_set(object, '{metadata,resourceVersion}', '"1"') #- '{metadata,managedFields}')) FROM fake.objects WHERE kind = 'Deployment'), false) FROM orchestration.clusters;
SELECT * FROM fake.turn();

-- drift by edit is repaired
SELECT fake.edit('/apis/apps/v1/namespaces/shop/deployments/web', '{spec,replicas}', '7');
SELECT fake.edit('/api/v1/namespaces/shop/configmaps/settings', '{data}', '{"mode": "slow"}');
SELECT fake.deliver();
SELECT * FROM fake.inventory WHERE state <> 'as wanted';
-- not at once when it was applied only just now
SELECT * FROM fake.turn();
SELECT fake.skip_waiting();
SELECT * FROM fake.turn();
SELECT object #> '{spec,replicas}' AS replicas, object -> 'data' AS data FROM fake.objects WHERE kind IN ('Deployment', 'ConfigMap') ORDER BY kind;
SELECT fake.live();
SELECT * FROM fake.state;

-- status alone is no drift
SELECT fake.store(path, kind, object || '{"status": {"phase": "Bound", "capacity": {"storage": "1Gi"}}}') IS NOT NULL FROM fake.objects WHERE kind = 'PersistentVolumeClaim';
SELECT fake.store(path, kind, object || '{"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}') IS NOT NULL FROM fake.objects WHERE kind = 'Service';
SELECT fake.deliver();
SELECT * FROM fake.turn();

-- drift by deletion
SELECT fake.remove('/apis/apps/v1/namespaces/shop/deployments/web');
SELECT fake.remove(path) FROM fake.objects WHERE kind = 'Pod' AND path LIKE '%/web-%';
SELECT fake.deliver();
SELECT * FROM fake.state WHERE name = 'web';
SELECT fake.skip_waiting();
SELECT * FROM fake.turn();
SELECT fake.live();
SELECT * FROM fake.state;

-- somebody deletes it slowly: nothing can be done until it is gone
SELECT fake.store(path, kind, jsonb_set(object, '{metadata,deletionTimestamp}', '"2026-01-01T00:00:00Z"')) IS NOT NULL FROM fake.objects WHERE path LIKE '%deployments/web';
SELECT fake.deliver();
SELECT * FROM fake.turn();
SELECT * FROM fake.state WHERE name = 'web';
SELECT fake.skip_waiting();
SELECT * FROM fake.turn();
SELECT fake.control(), fake.deliver(), fake.skip_waiting();
SELECT fake.live() > 0;
SELECT * FROM fake.state WHERE name = 'web';

-- pause, resume, stop, start
CREATE FUNCTION web() RETURNS bigint LANGUAGE sql AS $$ SELECT id FROM orchestration.containers WHERE name = 'web' $$;
SET SESSION AUTHORIZATION regress_operator;
SELECT orchestration.pause_container(web());
RESET SESSION AUTHORIZATION;
SELECT fake.settle();
SELECT * FROM fake.state WHERE name = 'web';
SELECT fake.live();
SELECT * FROM fake.state WHERE name = 'web';
SET SESSION AUTHORIZATION regress_operator;
SELECT orchestration.resume_container(web());
RESET SESSION AUTHORIZATION;
SELECT fake.live();
SELECT * FROM fake.state WHERE name = 'web';
SET SESSION AUTHORIZATION regress_operator;
SELECT orchestration.stop_container(web());
RESET SESSION AUTHORIZATION;
SELECT fake.live();
SELECT * FROM fake.state WHERE name = 'web';
-- a stopped one that is to be paused after all goes the way that the state machine allows
SET SESSION AUTHORIZATION regress_operator;
SELECT orchestration.start_container(web());
SELECT orchestration.pause_container(web());
RESET SESSION AUTHORIZATION;
SELECT fake.live();
SELECT * FROM fake.state WHERE name = 'web';
SELECT old_status, new_status, reason FROM orchestration.container_status_history WHERE container_id = web() AND source = 'worker' AND old_status <> new_status ORDER BY changed_at, id;
SET SESSION AUTHORIZATION regress_operator;
SELECT orchestration.resume_container(web());
RESET SESSION AUTHORIZATION;
SELECT fake.live();

-- a changed config map is applied, and its reader is rolled
SET SESSION AUTHORIZATION regress_operator;
UPDATE orchestration.config_maps SET data = '{"mode": "slow"}' WHERE name = 'settings';
RESET SESSION AUTHORIZATION;
SELECT * FROM fake.turn();
SELECT * FROM fake.turn();
SELECT * FROM fake.turn();
SELECT status, status_reason FROM orchestration.containers WHERE id = web();
SELECT fake.live();
SELECT status, status_reason FROM orchestration.containers WHERE id = web();

-- a Job whose template changed is deleted and made anew
INSERT INTO fake.faults (action, path, status, body) VALUES ('apply', '%/jobs/%', 422, fake.refuse(422, 'Invalid', 'Job.batch "report" is invalid: spec.template: Invalid value: field is immutable'));
SET SESSION AUTHORIZATION regress_operator;
UPDATE orchestration.container_images SET tag = '2' WHERE repository = 'report';
RESET SESSION AUTHORIZATION;
SELECT * FROM fake.turn();
SELECT * FROM fake.turn();
SELECT fake.control(), fake.deliver();
SELECT * FROM fake.turn();
SELECT fake.live();
DELETE FROM fake.faults;
SELECT * FROM fake.state WHERE name = 'report';
-- it completes
SELECT fake.store(path, kind, object || '{"status": {"conditions": [{"type": "Complete", "status": "True"}]}}') IS NOT NULL FROM fake.objects WHERE kind = 'Job';
SELECT fake.deliver();
SELECT * FROM fake.state WHERE name = 'report';

-- deletion: workload, then service, proven by the cluster
SET SESSION AUTHORIZATION regress_operator;
SELECT orchestration.delete_container(web());
RESET SESSION AUTHORIZATION;
SELECT * FROM fake.turn();
SELECT * FROM fake.turn();
SELECT * FROM fake.state WHERE name = 'web';
SELECT fake.deliver(), fake.control(), fake.deliver();
SELECT * FROM fake.turn();
SELECT * FROM fake.turn();
SELECT fake.deliver();
SELECT * FROM fake.state WHERE name = 'web';
SELECT kind, name FROM fake.inventory;

-- a deleted row takes its object along; a deleted namespace everything
SET SESSION AUTHORIZATION regress_operator;
DELETE FROM orchestration.secrets WHERE name = 'app';
RESET SESSION AUTHORIZATION;
SELECT * FROM fake.turn();
SET SESSION AUTHORIZATION regress_administrator;
SELECT orchestration.delete_namespace('shop', give_up_data => true);
RESET SESSION AUTHORIZATION;
SELECT fake.live();
SELECT * FROM fake.inventory;
SELECT path FROM fake.objects;
SELECT fake.look();
SELECT * FROM fake.state;
SELECT name, status, observed_generation = generation AS observed FROM orchestration.namespaces WHERE name = 'shop';

DROP SCHEMA fake CASCADE;
DROP FUNCTION web;
-- all of it is on record, and what became of the pods
SELECT event, old_phase, new_phase, ready, source, count(*) FROM orchestration.container_instance_history GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4;
SELECT bool_and(h.events[1] = 'created') AS begin_with_creation FROM (SELECT array_agg(event ORDER BY changed_at, id) AS events FROM orchestration.container_instance_history GROUP BY namespace_id, instance_id) h;
SELECT operation, resource_type, status, count(*), bool_and(resource_name IS NOT NULL AND changes ? 'owner') AS named, max(error_message) IS NOT NULL AS explained
FROM orchestration.operation_logs WHERE source = 'worker' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
DROP EXTENSION orchestration CASCADE;
