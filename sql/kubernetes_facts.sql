-- What is read from Kubernetes' objects and answers (src/engine/kubernetes).
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
RESET client_min_messages;

-- facts by kind
SELECT orchestration_internal.object_facts('{"kind": "Deployment", "metadata": {"generation": 3}, "spec": {"replicas": 2}, "status": {"observedGeneration": 3, "updatedReplicas": 1,
	"conditions": [{"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated", "message": "is progressing"}]}}');
SELECT orchestration_internal.object_facts('{"kind": "Deployment", "spec": {"replicas": 2}, "status": {
	"conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "has timed out progressing."},
		{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}]}}');
SELECT orchestration_internal.object_facts('{"kind": "Job", "spec": {}, "status": {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too often"}]}}');
SELECT orchestration_internal.object_facts('{"kind": "Job", "spec": {"suspend": true}, "status": {"conditions": [{"type": "Complete", "status": "False"}]}}');
SELECT orchestration_internal.object_facts('{"kind": "PersistentVolumeClaim", "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}, "conditions": [{"type": "Resizing", "status": "True"}]}}');
SELECT orchestration_internal.object_facts('{"kind": "Namespace", "status": {"phase": "Terminating", "conditions": [
	{"type": "NamespaceFinalizersRemaining", "status": "True", "message": "second"}, {"type": "NamespaceContentRemaining", "status": "True", "message": "first"},
	{"type": "NamespaceDeletionContentFailure", "status": "False", "message": "not so"}]}}');
SELECT orchestration_internal.object_facts('{"kind": "Service", "spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 80, "name": "a\"b\\c\u0001", "nodePort": null}, null]}, "status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}}');
SELECT orchestration_internal.object_facts('{"kind": "ConfigMap", "data": {"a": "b"}}'), orchestration_internal.object_facts('{}'), orchestration_internal.object_facts('[5]'), orchestration_internal.object_facts('"x"');

-- a pod that crashes, with a sidecar
CREATE TABLE pods (pod jsonb);
INSERT INTO pods VALUES ('{"kind": "Pod", "metadata": {"name": "web-1", "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z", "ownerReferences": [{"kind": "ReplicaSet", "name": "web-5d8f", "uid": "r"}]},
	"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False", "message": "containers with unready status"}, {"type": "PodScheduled", "status": "True"}, {"type": "PodResizePending", "status": "True"}],
		"initContainerStatuses": [{"restartCount": 0, "ready": true, "started": true, "state": {"running": {}}}],
		"containerStatuses": [
			{"restartCount": 1, "ready": false, "started": false, "state": {"waiting": {"reason": "ContainerCreating"}}, "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}}},
			{"restartCount": 4, "ready": false, "started": false, "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
				"lastState": {"terminated": {"exitCode": 137, "signal": 9, "reason": "OOMKilled", "message": "ends here", "finishedAt": "2026-01-01T00:00:09Z"}}}]}}');
SELECT jsonb_pretty(orchestration_internal.pod_facts(pod)) FROM pods;
SELECT orchestration_internal.pod_facts('{"status": {"reason": "Evicted", "message": "the node was low on memory", "conditions": [{"type": "Ready", "status": "Unknown"}, {"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}]}}');

-- messages are cut by characters, those of a termination at their beginning
SELECT length(f ->> 'message') AS message, right(f ->> 'message', 1) AS ends, length(f #>> '{terminated,message}') AS terminated, left(f #>> '{terminated,message}', 1) AS begins
FROM (SELECT orchestration_internal.pod_facts(jsonb_build_object('status', jsonb_build_object('message', repeat('ä', 999) || '€' || repeat('b', 5000),
	'containerStatuses', jsonb_build_array(jsonb_build_object('state', jsonb_build_object('terminated', jsonb_build_object('message', repeat('ä', 5000) || '€' || repeat('b', 999)))))))) AS f) x;

-- creation: what is RFC 3339, and nothing else
SELECT t, orchestration_internal.pod_facts(jsonb_build_object('metadata', jsonb_build_object('creationTimestamp', t))) -> 'created' AS created
FROM unnest(ARRAY['1970-01-01T00:00:00Z', '2026-02-28T23:59:60Z', '2024-02-29T12:00:00.5Z', '2026-01-01T00:00:00+02:00', '2026-02-29T00:00:00Z', '2026-01-01', 'now', 'infinity',
	'2026-01-01T00:00:00', '2026-01-01T00:00:00.Z', '2026-13-01T00:00:00Z', '', '2026-01-01T24:00:00Z', '-026-01-01T00:00:00Z']) t;

-- What is odd is absent: whatever stands anywhere, nothing is thrown.
\i sql/include/spoilt.sql
CREATE TABLE samples (object jsonb);
INSERT INTO samples SELECT pod FROM pods;
INSERT INTO samples VALUES
	('{"kind": "Deployment", "metadata": {"name": "a", "uid": "u", "generation": 3, "resourceVersion": "7", "labels": {"a": "b"}, "managedFields": [
		{"manager": "orchestration", "operation": "Apply", "apiVersion": "apps/v1", "time": "t", "fieldsV1": {"f:spec": {"f:replicas": {}}}}, {"manager": "kubelet", "operation": "Update", "fieldsV1": {}}]},
		"spec": {"replicas": 2}, "status": {"observedGeneration": 3, "conditions": [{"type": "Progressing", "status": "False", "reason": "r", "message": "m"}]}}'),
	('{"kind": "Job", "spec": {"suspend": true}, "status": {"conditions": [{"type": "Failed", "status": "True", "reason": "r", "message": "m"}]}}'),
	('{"kind": "PersistentVolumeClaim", "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}, "conditions": [{"type": "Resizing", "status": "True"}]}}'),
	('{"kind": "Namespace", "status": {"phase": "Terminating", "conditions": [{"type": "A", "status": "True", "message": "m"}, {"type": "A", "status": "True", "message": "n"}]}}'),
	('{"kind": "Service", "metadata": {"labels": {"a": "b"}}, "spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 80}]}, "status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}}');
CREATE TABLE spoilt AS SELECT spoilt(object) AS object FROM samples;
SELECT count(*) > 1000 AS many, count(*) FILTER (WHERE jsonb_typeof(orchestration_internal.object_facts(object)) = 'object') = count(*) AS objects,
	count(*) FILTER (WHERE jsonb_typeof(orchestration_internal.pod_facts(object)) = 'object') = count(*) AS pods,
	count(*) FILTER (WHERE length(orchestration_internal.object_fingerprint(object)) <> 32) AS other_fingerprints
FROM spoilt;
-- nor by an answer
SELECT count(*) FILTER (WHERE (a).outcome IS NULL) AS without_outcome
FROM (SELECT orchestration_internal.judge_answer(v, 'Deployment', true, s, NULL, object) AS a FROM spoilt, unnest('{apply,look}'::text[]) v, unnest('{200,404}'::integer[]) s) x;

-- All that is taken, by way of text
SELECT jsonb_pretty(orchestration_internal.what_is_seen('Deployment', '{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop", "uid": "u", "resourceVersion": "12345678901234567890",
	"generation": 3, "deletionTimestamp": "2026-01-01T00:00:00Z", "labels": {"orchestration.dev/installation": "i", "orchestration.dev/owner": "container-7"},
	"managedFields": [{"manager": "orchestration", "operation": "Apply", "fieldsV1": {}}]}, "spec": {"replicas": 1, "template": {"a": ["}", "\"]"]}}}', 'i') - 'fingerprint');
SELECT orchestration_internal.what_is_seen('Job', '{"metadata": {"name": "a", "uid": "u", "labels": {"orchestration.dev/installation": "i"}}, "status": {"conditions": [{"type": "Failed", "status": "True"}]}}', 'another') - 'fingerprint';
SELECT jsonb_pretty(orchestration_internal.what_is_seen('Pod', (jsonb_set(jsonb_set(pod, '{metadata,labels}', '{"orchestration.dev/installation": "i", "orchestration.dev/container-id": "7", "pod-template-hash": "5d8f"}'),
	'{status}', (pod -> 'status') || '{"podIP": "fd00::1", "startTime": "2026-01-01T00:00:00Z"}') || '{"spec": {"nodeName": "node-1", "containers": []}}')::text, 'i') - 'digest' - 'facts')
FROM (SELECT jsonb_set(pod, '{metadata,namespace}', '"shop"') FROM pods) x (pod);
-- labels, addresses and times that are not what they should be
SELECT l.installation, l.container, s -> 'container' AS seen, s -> 'ip' AS ip, s -> 'startedAt' AS started
FROM (VALUES ('i', '7', '10.0.0.1', '2026-01-01T00:00:00Z'), ('j', '7', '10.0.0.300', 'yesterday'), (NULL, '7', '10.0.0.1/24', ''), ('i', '-7', 'localhost', NULL), ('i', '7x', '', NULL), ('i', '', NULL, NULL),
	('i', '999999999999999999', '::', NULL), ('i', '1000000000000000000', NULL, NULL)) l (installation, container, ip, started)
CROSS JOIN LATERAL orchestration_internal.what_is_seen('Pod', jsonb_build_object('metadata', jsonb_build_object('name', 'p', 'uid', 'u',
	'labels', jsonb_build_object('orchestration.dev/installation', l.installation, 'orchestration.dev/container-id', l.container)),
	'status', jsonb_build_object('podIP', l.ip, 'startTime', l.started))::text, 'i') s;
-- no JSON, no uid
SELECT o, orchestration_internal.what_is_seen('Pod', o, 'i') AS pod, orchestration_internal.what_is_seen('Secret', o, 'i') AS secret
FROM unnest(ARRAY['', '{', '{"metadata"', '{"metadata": {"uid": "u", "name": "n"}', '{"metadata": {"name": "n"}}', '{"metadata": {"uid": "0123456789012345678901234567890123456789", "name": "n"}}', '[]', '5', '{"metadata": {"uid": "u", "name": 1e999999}}', '{"metadata": {"uid": "u\']) o;
-- what is left out before parsing is never missed, however it is written
SELECT count(*) FILTER (WHERE s -> 'facts' IS DISTINCT FROM orchestration_internal.object_facts(o.object || jsonb_build_object('kind', k))) AS other_facts,
	count(*) FILTER (WHERE s ->> 'fingerprint' IS DISTINCT FROM orchestration_internal.object_fingerprint(o.object)) AS other_fingerprints, count(*) > 2000 AS many
FROM (SELECT object || jsonb_build_object('metadata', CASE jsonb_typeof(object -> 'metadata') WHEN 'object' THEN object -> 'metadata' ELSE '{}' END || '{"uid": "u"}')
	FROM spoilt WHERE jsonb_typeof(object) = 'object') o (object)
CROSS JOIN LATERAL (VALUES (o.object ->> 'kind'), ('Deployment')) k (k)
CROSS JOIN LATERAL (VALUES (jsonb_pretty(o.object)), (replace(replace(o.object::text, '": ', '":'), ', "', ',"'))) t (written)
CROSS JOIN LATERAL orchestration_internal.what_is_seen(k, t.written, 'i') s
WHERE k <> 'Pod';
SELECT count(*) FILTER (WHERE s -> 'facts' IS DISTINCT FROM orchestration_internal.pod_facts(o.object)) AS other_facts, count(*) > 2000 AS many
FROM (SELECT object || jsonb_build_object('metadata', CASE jsonb_typeof(object -> 'metadata') WHEN 'object' THEN object -> 'metadata' ELSE '{}' END || '{"uid": "u", "name": "n"}')
	FROM spoilt WHERE jsonb_typeof(object) = 'object') o (object)
CROSS JOIN LATERAL (VALUES (o.object::text), (jsonb_pretty(o.object))) t (written)
CROSS JOIN LATERAL orchestration_internal.what_is_seen('Pod', t.written, 'i') s;

-- The fingerprint: changes with what is ours, and with nothing else.
CREATE FUNCTION fingerprint(at text[], value jsonb) RETURNS text LANGUAGE sql AS
	$$ SELECT orchestration_internal.object_fingerprint(jsonb_set(object, at, value)) FROM samples WHERE object ->> 'kind' = 'Deployment' $$;
SELECT fingerprint('{kind}', '"Deployment"') AS fingerprint \gset
SELECT place, fingerprint(place, '"other"') <> :'fingerprint' AS changes
FROM unnest(ARRAY['status', 'spec', 'metadata/labels', 'metadata/generation', 'metadata/resourceVersion', 'metadata/managedFields/1/fieldsV1', 'metadata/managedFields/0/fieldsV1', 'metadata/managedFields/0/time',
	'metadata/managedFields/0/fieldsV1/f:spec/f:replicas', 'metadata/managedFields/0/manager', 'metadata/managedFields/0/operation']) p, string_to_array(p, '/') place;
-- several entries: in whatever order
SELECT count(DISTINCT orchestration_internal.object_fingerprint(jsonb_build_object('metadata', jsonb_build_object('managedFields', m)))) AS one
FROM (VALUES ('[{"manager": "orchestration", "operation": "Apply", "apiVersion": "v1", "fieldsV1": {"a": {}}}, {"manager": "orchestration", "operation": "Apply", "apiVersion": "v2", "fieldsV1": {"b": {}}}]'::jsonb),
	('[{"manager": "orchestration", "operation": "Apply", "apiVersion": "v2", "fieldsV1": {"b": {}}}, {"manager": "orchestration", "operation": "Apply", "apiVersion": "v1", "fieldsV1": {"a": {}}}]')) x (m);
-- a server that tells nothing of field managers: generation, content, version, nothing
WITH o (object) AS (VALUES ('{"metadata": {"generation": 1, "resourceVersion": "5"}, "spec": {"a": 1}}'::jsonb), ('{"metadata": {"resourceVersion": "5", "labels": {"a": "b"}}, "spec": {"a": 1}}'),
	('{"metadata": {"resourceVersion": "5"}, "data": {"a": "1"}}'), ('{"metadata": {}}'))
SELECT orchestration_internal.object_fingerprint(object) IS NOT NULL AS some,
	orchestration_internal.object_fingerprint(object) = orchestration_internal.object_fingerprint(jsonb_set(object, '{metadata,resourceVersion}', '"6"')) AS without_version,
	orchestration_internal.object_fingerprint(object) = orchestration_internal.object_fingerprint(jsonb_set(object, '{metadata,labels}', '{"a": "c"}')) AS without_labels,
	orchestration_internal.object_fingerprint(object) = orchestration_internal.object_fingerprint(jsonb_set(object, '{metadata,generation}', '2')) AS without_generation
FROM o;

-- Answers: test/unit/engine has all; here is how they are read.
CREATE FUNCTION answer(verb text, kind text, status integer, body jsonb, error text DEFAULT NULL, had_uid boolean DEFAULT true, OUT outcome text, OUT reason text, OUT message text) LANGUAGE sql AS
	$$ SELECT a.outcome, a.reason, left(a.message, 60) FROM orchestration_internal.judge_answer(verb, kind, had_uid, status, error, body) a $$;
SELECT * FROM answer('create', 'ConfigMap', 201, '{"kind": "ConfigMap", "metadata": {"uid": "u"}}');
SELECT * FROM answer('create', 'ConfigMap', 201, '{"kind": "ConfigMap", "metadata": {"uid": "a uid that is longer than forty characters"}}');
SELECT * FROM answer('create', 'ConfigMap', 403, '{"kind": "Status", "reason": "Forbidden", "message": "is being terminated", "details": {"causes": [{"reason": "NamespaceTerminating"}]}}');
SELECT * FROM answer('apply', 'ConfigMap', 0, NULL, 'cannot reach 10.0.0.1');
SELECT * FROM answer('apply', 'ConfigMap', 503, NULL);
SELECT * FROM answer('delete', 'ConfigMap', 200, '{"kind": "Status", "status": "Success"}');
SELECT * FROM answer('look', 'ConfigMap', 404, '{"kind": "Status", "reason": "NotFound", "message": "configmaps \"a\" not found"}');
SELECT * FROM answer('look', 'ConfigMap', 404, NULL, '404 page not found');
-- the reason may stand behind a whole pod template
SELECT outcome, reason, length(message) FROM orchestration_internal.judge_answer('apply', 'Job', true, 422, NULL,
	jsonb_build_object('kind', 'Status', 'message', 'spec.template: Invalid value: ' || repeat('ä', 100000) || ': field is immutable'));
-- error: no such verb
SELECT * FROM answer('patch', 'ConfigMap', 200, NULL);
-- error: no kind
SELECT * FROM answer('look', NULL, 200, NULL);

DROP FUNCTION answer, fingerprint;
DROP TABLE spoilt, samples, pods;
DROP FUNCTION spoilt;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
