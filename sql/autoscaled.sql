-- replicas that are left to an autoscaler, and annotations that are others': we own what we mean
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
RESET client_min_messages;
\set SHOW_CONTEXT never
SET search_path = orchestration, orchestration_internal, public;
INSERT INTO clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false);
SELECT create_namespace('shop', 'c') > 0 AS made;
SELECT joins('regress_operator', 'operator', 'shop') \gset
CREATE VIEW sent AS SELECT m.name, m.manifest #> '{spec,replicas}' AS replicas, m.manifest -> 'spec' ? 'replicas' AS ours, m.manifest #> '{spec,template,metadata,annotations}' AS annotations FROM manifests m WHERE m.kind = 'Deployment';

SET SESSION AUTHORIZATION regress_operator;
SELECT orchestration.create_container('shop', 'web', 'app', replicas => 3, autoscaled => true) > 0 AS made, orchestration.create_container('shop', 'plain', 'app', replicas => 3) > 0 AS made;
RESET SESSION AUTHORIZATION;
SELECT name, replicas, ours FROM sent ORDER BY name;
SELECT name, ready FROM container_list ORDER BY name;
-- what the cluster was asked for by somebody else is what there is
INSERT INTO managed_objects (namespace_id, cluster_id, api_version, kind, cluster_namespace, name, owner_type, owner_id, owner_generation, apply_order, desired_hash, applied_hash, uid, observed)
SELECT m.namespace_id, m.cluster_id, m.api_version, m.kind, m.cluster_namespace, m.name, m.owner_type, m.owner_id, m.owner_generation, m.apply_order, m.manifest_hash, m.manifest_hash, 'u', '{"specReplicas": 7}'
FROM manifests m WHERE m.kind = 'Deployment';
SET SESSION AUTHORIZATION regress_operator;
SELECT name, ready FROM orchestration.container_list ORDER BY name;
-- error: nobody would be told
SELECT orchestration.scale_container('shop', 'web', 5);
-- what the row keeps for later is no matter for now
UPDATE orchestration.containers SET replicas = 4 WHERE name = 'web';
RESET SESSION AUTHORIZATION;
SELECT name, replicas, ours FROM sent ORDER BY name;
SELECT count(*) AS another_manifest FROM manifests m JOIN managed_objects o USING (namespace_id, kind, name) WHERE m.manifest_hash <> o.desired_hash;
-- an autoscaler leaves alone what has no pods: pause and stop are ours
SET SESSION AUTHORIZATION regress_operator;
SELECT orchestration.pause_container('shop', 'web');
RESET SESSION AUTHORIZATION;
SELECT name, replicas, ours FROM sent WHERE name = 'web';
SET SESSION AUTHORIZATION regress_operator;
SELECT orchestration.resume_container('shop', 'web');
SELECT orchestration.update_container('shop', 'web', autoscaled => false);
RESET SESSION AUTHORIZATION;
SELECT name, replicas, ours FROM sent WHERE name = 'web';
SET SESSION AUTHORIZATION regress_operator;
SELECT orchestration.scale_container('shop', 'web', 5);
SELECT orchestration.update_container('shop', 'web', autoscaled => true);
SELECT orchestration.update_container('shop', 'web', reset => '{autoscaled}');
SELECT autoscaled, replicas FROM orchestration.containers WHERE name = 'web';
-- error: a job has the pods that it was given
SELECT orchestration.create_container('shop', 'job', 'app', restart_policy => 'Never', autoscaled => true);
-- error: nor by an UPDATE
UPDATE orchestration.containers SET autoscaled = true, restart_policy = 'OnFailure' WHERE name = 'web';

-- a restart is told by an annotation of our own: kubectl's belongs to kubectl
SELECT orchestration.restart_container('shop', 'web');
RESET SESSION AUTHORIZATION;
SELECT array_agg(k ORDER BY k) AS ours FROM sent s, jsonb_object_keys(s.annotations) k WHERE s.name = 'web';
SELECT count(*) AS of_kubectl FROM manifests m WHERE m.manifest::text LIKE '%kubectl.kubernetes.io%';
SET SESSION AUTHORIZATION regress_operator;
-- error: nobody else says when we restarted
UPDATE orchestration.containers SET annotations = '{"orchestration.dev/restarted-at": "never"}' WHERE name = 'web';
RESET SESSION AUTHORIZATION;

-- pods that carry our labels, and whose they are
CREATE TABLE pods AS SELECT v.* FROM (VALUES
	('web', 'web-abc-12345', 'abc', '{"ownerKind": "ReplicaSet", "ownerUid": "r1"}'::jsonb, true),
	('web', 'web-copy-abc-12345', 'abc', '{"ownerKind": "ReplicaSet", "ownerUid": "r2"}', false),
	('web', 'other-abc-12345', 'abc', '{"ownerKind": "ReplicaSet", "ownerUid": "r3"}', false),
	('web', 'web-abc', 'abc', '{"ownerKind": "ReplicaSet", "ownerUid": "r3"}', true),
	('web', 'web-abc-23456', 'abc', '{"ownerKind": "StatefulSet", "ownerUid": "r4"}', false),
	('web', 'debug', NULL, '{}', false),
	(repeat('l', 50), left(repeat('l', 50) || '-abcdefghij-', 58) || '12345', 'abcdefghij', '{"ownerKind": "ReplicaSet"}', true),
	(repeat('l', 63), left(repeat('l', 63), 58) || '12345', 'abcdefghij', '{"ownerKind": "ReplicaSet"}', true),
	('job', 'job-1', 'x', '{"ownerKind": "Job", "ownerUid": "u"}', true),
	('job', 'job-2', 'x', '{"ownerKind": "Job", "ownerUid": "before"}', true),
	('job', 'job-3', 'x', '{"ownerKind": "Job", "ownerUid": "copy"}', false),
	('job', 'job-abc-12345', 'abc', '{"ownerKind": "ReplicaSet"}', false)) v (container, pod, hash, facts, ours);
SELECT create_container('shop', v, 'app', restart_policy => CASE v WHEN 'job' THEN 'Never' ELSE 'Always' END) > 0 AS made FROM unnest(ARRAY[repeat('l', 50), repeat('l', 63), 'job']) v;
INSERT INTO managed_objects (namespace_id, cluster_id, api_version, kind, cluster_namespace, name, owner_type, owner_id, owner_generation, apply_order, desired_hash, applied_hash, uid, gone_uid)
SELECT m.namespace_id, m.cluster_id, m.api_version, m.kind, m.cluster_namespace, m.name, m.owner_type, m.owner_id, m.owner_generation, m.apply_order, m.manifest_hash, m.manifest_hash, 'u', 'before'
FROM manifests m WHERE m.owner_type = 'container' ON CONFLICT DO NOTHING;
INSERT INTO container_instances (namespace_id, container_id, cluster_id, pod_name, pod_uid, resource_version, template_hash, phase, ready, restart_count, observed, observed_at)
SELECT c.namespace_id, c.id, n.cluster_id, p.pod, p.pod, '1', p.hash, 'Running', true, 0, p.facts, now() FROM pods p JOIN containers c ON c.name = p.container JOIN namespaces n ON n.id = c.namespace_id;
SELECT p.pod, p.ours FROM pods p JOIN containers c ON c.name = p.container WHERE p.ours = EXISTS (SELECT FROM copied_pods(c.namespace_id, c.id) x WHERE x.pod_name = p.pod);
SET SESSION AUTHORIZATION regress_operator;
SELECT regexp_replace(orchestration.why('shop', 'web'), '.*(Not ours[^\n]*).*', '\1') AS told;
SELECT orchestration.why('shop', 'plain') LIKE '%Not ours%' AS told;
RESET SESSION AUTHORIZATION;
-- what a container refers to and no row makes
SET client_min_messages = error;
SELECT update_container('shop', 'plain', overrides => '{"spec": {"containers": [{"name": "plain", "envFrom": [{"secretRef": {"name": "elsewhere"}}]}]}}');
RESET client_min_messages;
SET SESSION AUTHORIZATION regress_operator;
SELECT regexp_replace(orchestration.why('shop', 'plain'), '.*(Refers[^\n]*).*', '\1') AS told;
SET SESSION AUTHORIZATION regress_nobody;
SELECT orchestration_internal.describe_missing(n, c) FROM generate_series(1, 3) n, generate_series(1, 3) c WHERE orchestration_internal.describe_missing(n, c) IS NOT NULL;
RESET SESSION AUTHORIZATION;
RESET search_path;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
