-- what a cluster makes of what it was sent: differences, and nothing that is none
-- as the owner: the worker asks this of what it gets back
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\pset null (none)
CREATE FUNCTION pg_temp.differing(sent jsonb, returned jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s: %s -> %s', d ->> 'path', d -> 'sent', COALESCE((d -> 'returned')::text, 'missing')), '; ')
	FROM jsonb_array_elements(orchestration_internal.differing_values(sent, returned)) d
$$;
-- none: defaults, what others add, what says nothing, another order of named elements, quantities
SELECT n, pg_temp.differing(sent::jsonb, returned::jsonb) FROM (VALUES
	(1, '{"spec": {"replicas": 1}}', '{"spec": {"replicas": 1, "paused": false}, "status": {"replicas": 3}}'),
	(2, '{"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 1}}', '{"spec": {"replicas": 1.0}}'),
	(3, '{"spec": {"a": null, "b": "", "c": [], "d": {}, "e": {"f": {}}}}', '{"spec": {"e": {}}}'),
	(4, '{"spec": {"c": [], "d": {}}}', '{"spec": {"c": [1], "d": {"x": 1}}}'),
	(5, '{"spec": {"containers": [{"name": "a", "image": "x"}, {"name": "b"}]}}', '{"spec": {"containers": [{"name": "injected"}, {"name": "b", "tty": true}, {"name": "a", "image": "x", "imagePullPolicy": "Always"}]}}'),
	(6, '{"env": [{"name": "A", "value": "1"}], "volumeMounts": [{"mountPath": "/a", "name": "v"}], "volumes": [{"name": "v", "emptyDir": {}}]}',
		'{"env": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}], "volumeMounts": [{"mountPath": "/b", "name": "w"}, {"mountPath": "/a", "name": "v", "readOnly": false}], "volumes": [{"name": "w"}, {"name": "v", "emptyDir": {"medium": ""}}]}'),
	(7, '{"ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}]}', '{"ports": [{"containerPort": 80, "protocol": "UDP"}, {"containerPort": 80, "protocol": "TCP"}]}'),
	(8, '{"resources": {"requests": {"cpu": "0.5", "memory": "1.5Gi"}, "limits": {"cpu": 1}}, "emptyDir": {"sizeLimit": "1024Ki"}}', '{"resources": {"requests": {"cpu": "500m", "memory": "1536Mi"}, "limits": {"cpu": "1"}}, "emptyDir": {"sizeLimit": "1Mi"}}'),
	(9, '{"resources": {"requests": {"storage": "8Ei"}}}', '{"resources": {"requests": {"storage": "8Ei"}}}'),
	(10, '{"tolerations": [{"key": "a", "operator": "Exists"}]}', '{"tolerations": [{"key": "a", "operator": "Exists"}]}')) v (n, sent, returned) ORDER BY n;
-- a difference: another value, none, another type, an element that is gone, a list of another length, text that only looks like a quantity
SELECT n, pg_temp.differing(sent::jsonb, returned::jsonb) FROM (VALUES
	(1, '{"spec": {"replicas": 1}}', '{"spec": {"replicas": 2}}'),
	(2, '{"spec": {"replicas": 1}}', '{"spec": {}}'),
	(3, '{"spec": {"replicas": 1}}', '{}'),
	(4, '{"spec": {"replicas": 0}}', '{"spec": {}}'),
	(5, '{"spec": {"tty": false}}', '{"spec": {}}'),
	(6, '{"spec": {"port": 80}}', '{"spec": {"port": "80"}}'),
	(7, '{"spec": {"containers": [{"name": "a", "image": "x", "env": [{"name": "E", "value": "1"}]}]}}', '{"spec": {"containers": [{"name": "b"}, {"name": "a", "image": "mirror/x", "env": [{"name": "E", "value": "2"}]}]}}'),
	(8, '{"spec": {"containers": [{"name": "a"}, {"name": "b"}]}}', '{"spec": {"containers": [{"name": "b"}]}}'),
	(9, '{"command": ["a", "b"]}', '{"command": ["a"]}'),
	(10, '{"command": ["a", "b"]}', '{"command": ["b", "a"]}'),
	(11, '{"metadata": {"labels": {"app.kubernetes.io/name": "1k", "x": "1"}}}', '{"metadata": {"labels": {"app.kubernetes.io/name": "1000", "x": "1"}}}'),
	(12, '{"resources": {"limits": {"memory": "1Gi"}}}', '{"resources": {"limits": {"memory": "1G"}}}'),
	(13, '{"ports": [{"port": 80, "targetPort": 8080}]}', '{"ports": [{"port": 81, "targetPort": 8080}]}'),
	(14, '{"tolerations": [{"key": "a"}]}', '{"tolerations": [{"key": "b"}]}'),
	(15, '{"spec": {"a": {"b": 1}}}', '{"spec": {"a": [1]}}'),
	(16, '{"kind": "Secret", "data": {"password": "aHVudGVyMg=="}}', '{"kind": "Secret", "data": {"password": "eA=="}}'),
	(17, '{"spec": {"a": "x"}}', '{"spec": {"a": ""}}'),
	(18, '{"spec": {"a": ""}}', '{"spec": {"a": "x"}}')) v (n, sent, returned) ORDER BY n;
-- what is no object is not compared; what is too long or too much is not told
SELECT orchestration_internal.differing_values('1', '{}'), orchestration_internal.differing_values('{}', '[]'), orchestration_internal.differing_values(NULL, '{}');
SELECT jsonb_array_length(orchestration_internal.differing_values(jsonb_object_agg('k' || g, g), '{}')) FROM generate_series(1, 100) g;
SELECT pg_temp.differing(jsonb_build_object('a', repeat('x', 10000)), '{"a": "y"}');
\set VERBOSITY terse
-- error: as deep as the stack is
SELECT orchestration_internal.differing_values((repeat('{"a":', 100000) || '1' || repeat('}', 100000))::jsonb, '{}');
\set VERBOSITY default
-- whatever is sent, it does not differ from itself, and any value that is changed is found
SELECT count(*) FILTER (WHERE orchestration_internal.differing_values(o, o) IS NOT NULL) AS differs_from_itself,
	count(*) FILTER (WHERE orchestration_internal.differing_values(o, jsonb_set(o, p, '"other"')) IS NULL) AS not_found, count(*) > 10 AS looked
FROM (VALUES ('{"metadata": {"labels": {"a.b/c": "d"}}, "spec": {"template": {"spec": {"containers": [{"name": "web", "image": "x", "command": ["a"], "ports": [{"containerPort": 80, "name": "http"}], "env": [{"name": "E", "value": "1"}],
	"resources": {"requests": {"cpu": "1"}}, "volumeMounts": [{"name": "v", "mountPath": "/v"}]}], "volumes": [{"name": "v", "secret": {"secretName": "s", "items": [{"key": "k", "path": "p"}]}}]}}, "replicas": 1}}'::jsonb)) v (o),
LATERAL (WITH RECURSIVE t (p, j) AS (
	SELECT '{}'::text[], o
	UNION ALL
	SELECT t.p || e.k, e.v FROM t, LATERAL (
		SELECT key AS k, value AS v FROM jsonb_each(CASE jsonb_typeof(t.j) WHEN 'object' THEN t.j ELSE '{}' END)
		UNION ALL SELECT (ordinality - 1)::text, value FROM jsonb_array_elements(CASE jsonb_typeof(t.j) WHEN 'array' THEN t.j ELSE '[]' END) WITH ORDINALITY) e)
	SELECT p FROM t WHERE p <> '{}') x;
-- who insists on it
\pset format unaligned
SELECT orchestration_internal.insisted_values(sent, returned) AS insisted, orchestration_internal.describe_insisted(orchestration_internal.insisted_values(sent, returned)) AS told
FROM (VALUES
	('{"spec": {"replicas": 1, "template": {"spec": {"containers": [{"name": "web", "image": "x", "ports": [{"containerPort": 80, "name": "http"}]}]}}}}'::jsonb,
	'{"metadata": {"managedFields": [
		{"manager": "orchestration", "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
		{"manager": "kube-controller", "operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
		{"manager": "mesh", "operation": "Update", "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {"f:image": {}, "f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {"f:name": {}}}}}}}}}}]},
	"spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "web", "image": "mirror/x", "ports": [{"containerPort": 80, "protocol": "TCP", "name": "web"}]}]}}}}'::jsonb),
	('{"spec": {"replicas": 1}}', '{"spec": {"replicas": 2}}'), ('{"spec": {"replicas": 1}}', '{"spec": {}}'), ('{}', '{}')) v (sent, returned);
SELECT orchestration_internal.describe_insisted(NULL), orchestration_internal.describe_insisted('[]'), orchestration_internal.describe_insisted('null');
DROP EXTENSION orchestration CASCADE;
