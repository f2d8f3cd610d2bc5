-- JSON columns and arguments: shapes, and the place of the first mistake
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;
\set SHOW_CONTEXT never

-- ok, or SQLSTATE, detail and hint of the refusal
CREATE FUNCTION try(shape text, value jsonb, OUT result text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
	result := CASE shape
		WHEN 'labels' THEN valid_labels(value, 'labels')
		WHEN 'annotations' THEN valid_annotations(value, 'annotations')
		WHEN 'config_data' THEN valid_config_data(value, 'data')
		WHEN 'overrides' THEN valid_overrides(value)
		WHEN 'init_containers' THEN valid_init_containers(value, 'web')
		ELSE valid_shape(value, shape, shape)
	END;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS result = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	result := SQLSTATE || ' ' || result;
END
$$;
\pset format unaligned
\pset tuples_only on

\echo -- labels and annotations
SELECT v.value, t.* FROM (VALUES
	('{"team": "blue", "example.org/Owner_1": ""}'::jsonb),
	('{}'),
	('[]'),
	('"x"'),
	('{"team": 1}'),
	('{"team": null}'),
	('{"a b": "x"}'),
	('{"team": "a b"}'),
	('{"orchestration.dev/owner": "x"}'),
	('{"app.kubernetes.io/name": "x"}'),
	('{"app.kubernetes.io/part-of": "shop"}')
) v (value), try('labels', v.value) t;
SELECT v.value, t.* FROM (VALUES
	('{"example.org/note": "any text: {}"}'::jsonb),
	('{"app.kubernetes.io/name": "x"}'),
	('{"orchestration.dev/generation": "1"}'),
	('{"note": {"a": 1}}')
) v (value), try('annotations', v.value) t;
SELECT t.* FROM try('annotations', jsonb_build_object('note', repeat('x', 256 * 1024))) t;
SELECT v.value, t.* FROM (VALUES
	('{"app.properties": "a=1", ".hidden": ""}'::jsonb),
	('{"port": 8080}'),
	('{"..data": "x"}'),
	('{"a/b": "x"}')
) v (value), try('config_data', v.value) t;
SELECT t.* FROM try('config_data', jsonb_build_object('file', repeat('x', 1024 * 1024))) t;

\echo -- environment
SELECT v.value, t.* FROM (VALUES
	('[{"name": "A", "value": ""}, {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP", "apiVersion": "v1"}}}]'::jsonb),
	('[{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}}}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": true}}}]'),
	('[{"name": "A", "value": "1", "valueFrom": null}]'),
	('[]'),
	('"A=1"'),
	('["A"]'),
	('[{"value": "1"}]'),
	('[{"name": "A"}]'),
	('[{"name": "A", "value": "1", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]'),
	('[{"name": "A", "value": 1}]'),
	('[{"name": "A", "value": "1"}, {"name": "B", "valeu": "1"}]'),
	('[{"name": "A", "value": "1"}, {"name": "B", "value": "1"}, {"name": "A", "value": "2"}]'),
	('[{"name": "1A", "value": "1"}]'),
	('[{"name": "A", "valueFrom": {}}]'),
	('[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "app"}}}]'),
	('[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "App", "key": "k"}}}]'),
	('[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec"}}}]'),
	('[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": "yes"}}}]')
) v (value), try('env', v.value) t;

\echo -- ports and volumes
SELECT v.value, t.* FROM (VALUES
	('[{"containerPort": 80, "name": "http", "protocol": "TCP", "servicePort": 8080, "serviceType": "NodePort", "nodePort": 30080}]'::jsonb),
	('[{"name": "http"}]'),
	('[{"containerPort": 70000}]'),
	('[{"containerPort": 0}]'),
	('[{"containerPort": 80.5}]'),
	('[{"containerPort": 1e30}]'),
	('[{"containerPort": "80"}]'),
	('[{"containerPort": 80, "protocol": "tcp"}]'),
	('[{"containerPort": 80, "hostPort": 80}]'),
	('[{"containerPort": 80, "name": "a-name-too-long-for-a-port"}]')
) v (value), try('ports', v.value) t;
SELECT v.value, t.* FROM (VALUES
	('[{"volume": "data", "mountPath": "/data", "subPath": "a", "readOnly": true}]'::jsonb),
	('[{"name": "data", "mountPath": "/data"}]'),
	('[{"volume": "data"}]'),
	('[{"volume": "data", "mountPath": "data"}]'),
	('[{"volume": "data", "mountPath": "/a/../b"}]'),
	('[{"volume": "data", "mountPath": "/a"}, {"volume": "other", "mountPath": "/a"}]'),
	('[{"volume": "data", "mountPath": "/a", "subPath": "/etc"}]')
) v (value), try('volumes', v.value) t;

\echo -- probes
SELECT v.shape, v.value, t.* FROM (VALUES
	('readiness_probe', '{"httpGet": {"path": "/", "port": "http", "scheme": "HTTPS", "httpHeaders": [{"name": "Host", "value": "x"}]}, "periodSeconds": 5, "successThreshold": 2}'::jsonb),
	('liveness_probe', '{"exec": {"command": ["true"]}, "terminationGracePeriodSeconds": 5, "failureThreshold": 1}'),
	('startup_probe', '{"grpc": {"port": 9000, "service": "health"}}'),
	('liveness_probe', '{"tcpSocket": {"port": 80}}'),
	('liveness_probe', '{}'),
	('liveness_probe', '{"httpget": {"port": 80}}'),
	('liveness_probe', '{"httpGet": {"port": 80}, "tcpSocket": {"port": 80}}'),
	('liveness_probe', '{"httpGet": {"path": "/"}}'),
	('liveness_probe', '{"httpGet": {"port": "80"}}'),
	('liveness_probe', '{"httpGet": {"port": 80, "scheme": "http"}}'),
	('liveness_probe', '{"grpc": {"port": "grpc"}}'),
	('liveness_probe', '{"exec": {"command": "true"}}'),
	('liveness_probe', '{"tcpSocket": {"port": 80}, "periodSeconds": 0}'),
	('liveness_probe', '{"tcpSocket": {"port": 80}, "successThreshold": 2}'),
	('readiness_probe', '{"tcpSocket": {"port": 80}, "terminationGracePeriodSeconds": 5}')
) v (shape, value), try(v.shape, v.value) t;

\echo -- scheduling and security
SELECT v.shape, v.value, t.* FROM (VALUES
	('tolerations', '[{"key": "dedicated", "operator": "Equal", "value": "db", "effect": "NoExecute", "tolerationSeconds": 60}, {"operator": "Exists"}]'::jsonb),
	('tolerations', '[{"effect": "noexecute"}]'),
	('node_selector', '{"kubernetes.io/os": "linux", "orchestration.dev/pool": "a"}'),
	('node_selector', '{"disk": true}'),
	('security_context', '{"runAsUser": 1000, "runAsNonRoot": true, "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}'),
	('security_context', '{"runAsUser": "root"}'),
	('security_context', '{"fsGroup": 1000}'),
	('security_context', '{"runAsRoot": true}'),
	('pod_security_context', '{"fsGroup": 1000, "supplementalGroups": [1, 2], "sysctls": [{"name": "net.core.somaxconn", "value": "1024"}]}'),
	('pod_security_context', '{"privileged": true}')
) v (shape, value), try(v.shape, v.value) t;

\echo -- init containers
SELECT v.value, t.* FROM (VALUES
	('[{"name": "init", "image": "busybox", "command": ["true"], "restartPolicy": "Always"}]'::jsonb),
	('[{"name": "init"}]'),
	('[{"image": "busybox"}]'),
	('[{"name": "Init", "image": "busybox"}]'),
	('[{"name": "init", "image": "busybox", "command": "true"}]'),
	('[{"name": "a", "image": "busybox"}, {"name": "a", "image": "busybox"}]'),
	('[{"name": "web", "image": "busybox"}]'),
	('{"name": "init", "image": "busybox"}')
) v (value), try('init_containers', v.value) t;

\echo -- overrides
SELECT v.value, t.* FROM (VALUES
	('{"metadata": {"labels": {"tier": "front"}, "annotations": {"a.b/c": "d"}}, "spec": {"hostname": "h", "nodeSelector": {"a": "b"}, "containers": [{"name": "web", "tty": true}, {"name": "sidecar", "image": "busybox"}]}}'::jsonb),
	('{}'),
	('{"spec": {"priorityClassName": "high", "someFieldThatIsNone": 1}}'),
	('[]'),
	('{"kind": "Pod"}'),
	('{"selector": {}}'),
	('{"metadata": {"name": "x"}}'),
	('{"metadata": {"namespace": "x"}}'),
	('{"metadata": {"finalizers": []}}'),
	('{"metadata": {"labels": {"orchestration.dev/container-id": "1"}}}'),
	('{"metadata": {"labels": {"app.kubernetes.io/managed-by": "me"}}}'),
	('{"metadata": {"annotations": {"orchestration.dev/config-hash": "x"}}}'),
	('{"metadata": null}'),
	('{"metadata": {"labels": null}}'),
	('{"metadata": {"labels": {"tier": 1}}}'),
	('{"spec": null}'),
	('{"spec": {"selector": {}}}'),
	('{"spec": {"template": {}}}'),
	('{"spec": {"replicas": 3}}'),
	('{"spec": {"restartPolicy": "Never"}}'),
	('{"spec": {"containers": null}}'),
	('{"spec": {"containers": {"name": "web"}}}'),
	('{"spec": {"containers": [{"tty": true}]}}'),
	('{"spec": {"containers": [{"name": "web"}, {"name": "web"}]}}'),
	('{"spec": {"containers": [{"name": "We b"}]}}'),
	('{"spec": {"volumes": {}}}')
) v (value), try('overrides', v.value) t;

\echo -- values are never repeated: they may be secret
SELECT (try('env', '[{"name": "A", "value": "1", "sesame": "open"}]')).result NOT LIKE '%open%' AND (try('secret_data', '{"password": ["sesame"]}')).result NOT LIKE '%sesame%' AS kept;
SELECT v.value, t.* FROM (VALUES
	('{"password": "x", "blob": {"base64": "AAEC"}}'::jsonb),
	('{"password": 1}'),
	('{"password": {"base46": "AAEC"}}'),
	('{"pass word": "x"}')
) v (value), try('secret_data', v.value) t;
RESET search_path;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
