-- how pods become a container's status, and what why() says about it
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
UPDATE orchestration.installation SET id = '00000000-0000-0000-0000-000000000001';
\i sql/include/fake_cluster.sql
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('dev', 'https://127.0.0.1', 'in-cluster', false);
SELECT orchestration.create_namespace('shop', 'dev'), orchestration.create_container('shop', 'web', 'nginx:1', memory_limit => '16Mi');
SELECT joins('regress_viewer', 'viewer', 'shop') \gset
SELECT fake.settle();
-- the pod's state is given, what became of the container is returned; times are blotted out
CREATE FUNCTION see(pod_status jsonb, pod text DEFAULT 'web-1', template text DEFAULT 'a') RETURNS TABLE (status text, reason text, message text, ready integer) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM fake.pod(o.object, pod, template, pod_status) FROM fake.objects o WHERE o.kind IN ('Deployment', 'Job') AND pod LIKE (o.object #>> '{metadata,name}') || '-%';
	PERFORM fake.deliver();
	RETURN QUERY SELECT c.status, c.status_reason, c.status_message, c.ready_replicas FROM orchestration.containers c WHERE pod LIKE c.name || '-%';
END $$;
-- as somebody who may look, and no more
CREATE FUNCTION why(container text) RETURNS SETOF text LANGUAGE sql SET role = regress_viewer AS $$
	SELECT regexp_replace(regexp_replace(line, '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [A-Z]+', 'TIME', 'g'), 'in \d+ s', 'in N s')
	FROM orchestration.containers c, regexp_split_to_table(orchestration.why(c.id), '\n') line WHERE c.name = container
$$;
-- as if so much time had gone by; would the worker have looked by then?
CREATE FUNCTION wait(seconds integer) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	looked boolean := fake.look() <= seconds;
BEGIN
	SET LOCAL session_replication_role = replica;
	UPDATE orchestration.containers SET status_changed_at = status_changed_at - seconds * interval '1 s';
	UPDATE orchestration.managed_objects SET applied_at = applied_at - seconds * interval '1 s', deletion_started_at = deletion_started_at - seconds * interval '1 s';
	UPDATE orchestration.container_instances SET ready_at = ready_at - seconds * interval '1 s';
	SET LOCAL session_replication_role = origin;
	PERFORM fake.look();
	RETURN looked;
END $$;

CREATE FUNCTION see_rollout(updated integer) RETURNS void LANGUAGE sql AS $$
	SELECT fake.store(path, kind, object || jsonb_build_object('status', jsonb_build_object('observedGeneration', object #> '{metadata,generation}', 'updatedReplicas', updated))) FROM fake.objects WHERE kind = 'Deployment';
	SELECT fake.deliver();
$$;
SELECT see_rollout(1);

SELECT * FROM why('web');
SELECT * FROM see('{"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes are available: 1 Insufficient memory."}]}');
SELECT * FROM why('web');
SELECT * FROM see(fake.waiting('ContainerCreating'));
SELECT * FROM see(fake.waiting('ErrImagePull', 'not found'));
SELECT * FROM see(fake.waiting('ImagePullBackOff', 'Back-off pulling image "nginx:1"'));
SELECT wait(601);
SELECT status, status_reason FROM orchestration.containers;
-- it stays so however often it is looked at
SELECT wait(1);
SELECT * FROM why('web');
SELECT * FROM see(fake.waiting('CreateContainerConfigError', 'configmap "x" not found'));
-- a new specification is a new chance
UPDATE orchestration.containers SET replicas = 1, image_pull_policy = 'Always';
SELECT fake.settle();
SELECT see_rollout(1);
SELECT * FROM see(fake.waiting('CreateContainerConfigError', 'configmap "x" not found'));
SELECT * FROM see(fake.ready());
SELECT * FROM why('web');
-- crashes
SELECT * FROM see(fake.waiting('CrashLoopBackOff', 'back-off 10s', 1, '{"reason": "Error", "exitCode": 1, "message": "cannot open \"/x\"\nbye"}'));
SELECT * FROM see(fake.waiting('CrashLoopBackOff', 'back-off 40s', 3, '{"reason": "Error", "exitCode": 1, "message": "cannot open \"/x\"\nbye"}'));
SELECT * FROM why('web');
SELECT * FROM see(jsonb_set(fake.ready(), '{containerStatuses,0,restartCount}', '4'));
SELECT wait(11);
SELECT status, status_reason FROM orchestration.containers;
SELECT * FROM see(fake.waiting('CrashLoopBackOff', 'back-off 80s', 5, '{"reason": "OOMKilled", "exitCode": 137}'));
SELECT * FROM why('web');
-- ready once, not now
SELECT * FROM see(jsonb_set(fake.ready(), '{containerStatuses,0,restartCount}', '4'));
SELECT wait(11);
SELECT * FROM see('{"phase": "Running", "conditions": [{"type": "Ready", "status": "False", "message": "containers with unready status: [web]"}], "containerStatuses": [{"started": true, "restartCount": 0, "state": {"running": {}}}]}');
SELECT * FROM why('web');
SELECT * FROM see('{"phase": "Running", "conditions": [{"type": "Ready", "status": "Unknown"}], "containerStatuses": [{"started": true, "restartCount": 0, "state": {"running": {}}}]}');
-- a probe that never succeeds
SELECT fake.remove(path) FROM fake.objects WHERE kind = 'Pod';
SELECT * FROM see('{"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}], "containerStatuses": [{"started": false, "restartCount": 0, "state": {"running": {}}}]}', 'web-2');
SELECT wait(601);
SELECT * FROM why('web');
-- evicted, and replaced
SELECT * FROM see('{"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}', 'web-2');
SELECT * FROM see(fake.ready(), 'web-3');
SELECT pod_name, phase, ready, ended_at IS NOT NULL AS ended, reason FROM orchestration.container_instances ORDER BY id;

-- a pod that carries our label in another namespace is not ours
SELECT fake.store('/api/v1/namespaces/other/pods/web-9', 'Pod', jsonb_set(object, '{metadata,namespace}', '"other"') #- '{metadata,uid}') IS NOT NULL FROM fake.objects WHERE path LIKE '%/web-3';
SELECT fake.deliver();
SELECT count(*) FROM orchestration.container_instances WHERE pod_name = 'web-9';

-- three replicas, one after the other
UPDATE orchestration.containers SET replicas = 3 WHERE name = 'web';
SELECT fake.settle();
SELECT see_rollout(3);
SELECT * FROM see(fake.waiting('ContainerCreating'), 'web-4');
SELECT * FROM see(fake.ready(), 'web-4');
SELECT * FROM see(fake.ready(), 'web-5');
SELECT * FROM see(fake.waiting('CrashLoopBackOff', NULL, 7, '{"reason": "Error", "exitCode": 2}'), 'web-5');

-- jobs
SELECT orchestration.create_container('shop', 'once', 'job:1', restart_policy => 'Never') IS NOT NULL;
SELECT fake.settle();
SELECT * FROM see(fake.ready(), 'once-1');
SELECT * FROM see('{"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"reason": "Error", "exitCode": 3, "message": "no such table"}}}]}', 'once-1');
SELECT fake.store(path, kind, object || '{"status": {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "Job has reached the specified backoff limit"}]}}') IS NOT NULL FROM fake.objects WHERE kind = 'Job';
SELECT fake.deliver();
SELECT * FROM why('once');

-- stopping and deleting that do not end
SELECT orchestration.stop_container(id) FROM orchestration.containers WHERE name = 'web';
SELECT fake.settle();
SELECT wait(91);
SELECT * FROM why('web') LIMIT 2;
SELECT orchestration.delete_container(id) FROM orchestration.containers WHERE name = 'web';
SELECT fake.settle();
SELECT wait(601);
SELECT * FROM why('web') LIMIT 2;

-- conflict, refusal, no namespace, no cluster
SELECT fake.store('/apis/apps/v1/namespaces/shop/deployments/taken', 'Deployment', '{"metadata": {"name": "taken", "namespace": "shop"}}') IS NOT NULL;
INSERT INTO fake.faults (action, path, status, body) VALUES ('create', '%/deployments/refused', 403, fake.refuse(403, 'Forbidden', 'violates PodSecurity "restricted:latest"')),
	('create', '%/deployments/wrong', 422, fake.refuse(422, 'Invalid', 'spec.template.spec.containers[0].image: Required value'));
SELECT orchestration.create_container('shop', v, 'nginx:1') IS NOT NULL FROM unnest('{taken,refused,wrong}'::text[]) v;
SELECT fake.settle();
SELECT * FROM why('taken');
SELECT * FROM why('refused');
SELECT * FROM why('wrong');
UPDATE orchestration.clusters SET status = 'unreachable', status_message = 'connection refused', enabled = true;
SELECT * FROM why('taken') OFFSET 2 LIMIT 2;
UPDATE orchestration.clusters SET status = 'standby', status_message = NULL, lease_holder = '7-5';
SELECT * FROM why('taken') OFFSET 2 LIMIT 2;
SELECT orchestration.create_namespace('nowhere'), orchestration.create_container('nowhere', 'idle', 'nginx:1') IS NOT NULL;
SELECT joins('regress_viewer', 'viewer', 'nowhere') \gset
SELECT * FROM why('idle');
SET SESSION AUTHORIZATION regress_viewer;
-- error: unknown container
SELECT orchestration.why(0);
-- error: no container
SELECT orchestration.why(NULL);
-- every reason that the table can give has advice or needs none
SELECT r FROM unnest('{Unschedulable,InvalidImageName,ErrImageNeverPull,ImagePullBackOff,CreateContainerConfigError,RunContainerError,CrashLoopBackOff,OOMKilled,Restarting,NotReady,Starting,ProgressDeadlineExceeded,Conflict,Forbidden,QuotaExceeded,Invalid,RenderFailed,FailedCreate,FinalizerBlocked,StopOverdue,NodeLost,Unreachable,ServerError,NamespaceTerminating}'::text[]) r
WHERE orchestration_internal.advice(r) IS NULL;

RESET SESSION AUTHORIZATION;
SELECT name, status, namespaces, pending, running, paused, stopped, failed, objects, due, deleting, failing FROM orchestration.cluster_status;
-- error: facts without states
SELECT * FROM orchestration_internal.derive_container_status('{}');
-- error: no object
SELECT * FROM orchestration_internal.derive_container_status('[]');
SELECT * FROM orchestration_internal.derive_container_status('{"desired": "running", "current": "pending", "workloadExists": true, "replicas": 1, "pods": [{"phase": "Odd"}, 1, null]}');
SELECT status, octet_length(message) FROM orchestration_internal.derive_container_status(jsonb_build_object('desired', 'running', 'current', 'pending', 'errorFinal', true, 'errorReason', 'Invalid', 'errorMessage', 'x' || repeat('ü', 1000)));

DROP SCHEMA fake CASCADE;
DROP FUNCTION see, see_rollout, why, wait;
DROP EXTENSION orchestration CASCADE;
