-- What a Docker Engine is told to run for a pod (src/engine/docker).
-- as the owner: what rows become is not for users to see
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
RESET client_min_messages;

CREATE TABLE given (identity jsonb, objects jsonb);
INSERT INTO given VALUES ('{"name": "shop-web-1", "number": 1, "uid": "u-1", "place": "shop", "workload": "web", "workloadUid": "w-1", "template": "5d8f", "node": "machine-1",
	"aliases": ["web", "web-nodeport"], "ports": [{"containerPort": 8080, "protocol": "TCP", "hostPort": 30080}, {"containerPort": 53, "protocol": "UDP"}, {"containerPort": 8080, "protocol": "TCP", "hostPort": 81}],
	"openFiles": 4096, "processes": 512, "machineCpu": 4000, "machineMemory": 8000000000}',
	jsonb_build_object('ConfigMap', '{"settings": {"data": {"mode": "fast", "greeting": "hi $(NAME)", "a.conf": "x"}}, "empty": {}}'::jsonb,
		/* binary holds a NUL; broken is no base64 */
		'Secret', jsonb_build_object('app', jsonb_build_object('data', jsonb_build_object('password', encode('hunter2', 'base64'), 'binary', encode('\x610062', 'base64'), 'latin', encode('\xe4', 'base64'))),
			'broken', '{"data": {"password": "%%"}}'::jsonb, 'late', NULL, 'later', NULL)));
-- a template with one container that has these members, and these beside it
CREATE FUNCTION template(container jsonb, spec jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql
RETURN jsonb_build_object('metadata', '{"labels": {"app": "web", "orchestration.dev/pod": "forged"}, "annotations": {"note": "n"}}'::jsonb,
	'spec', '{"restartPolicy": "Always"}'::jsonb || spec || jsonb_build_object('containers', jsonb_build_array('{"name": "web", "image": "web:1"}'::jsonb || container)));
CREATE FUNCTION plan(container jsonb, spec jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql
RETURN (SELECT orchestration_internal.docker_pod(template(container, spec), g.identity, g.objects) FROM given g);
CREATE FUNCTION body(container jsonb, spec jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql
RETURN plan(container, spec) #> '{units,-1,body}';
CREATE FUNCTION host_config(container jsonb, spec jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql
RETURN body(container, spec) -> 'HostConfig';

-- the least, and all that is about the pod and not its container
SELECT jsonb_pretty(plan('{}'));

-- what rows become
UPDATE orchestration.installation SET id = '00000000-0000-0000-0000-000000000001';
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false);
INSERT INTO orchestration.namespaces (name, cluster_id, pod_security) SELECT 'shop', id, 'privileged' FROM orchestration.clusters;
SELECT orchestration.create_config_map('shop', 'settings', '{"mode": "fast", "greeting": "hi $(NAME)", "a.conf": "x"}') > 0 AND orchestration.create_secret('shop', 'app', '{"password": "hunter2"}') > 0
	AND orchestration.create_volume('shop', 'data', size => '1Gi') > 0 AND orchestration.create_volume('shop', 'conf', type => 'ConfigMap', config_map => 'settings') > 0
	AND orchestration.create_volume('shop', 'keys', type => 'Secret', secret => 'app') > 0 AND orchestration.create_volume('shop', 'tmp', type => 'EmptyDir') > 0
	AND orchestration.create_volume('shop', 'fast', type => 'EmptyDir', medium => 'Memory', size => '1Mi') > 0 AS made;
SELECT orchestration.create_container('shop', 'web', 'registry.example.com:5000/team/web:1', command => '{sh,-c}', args => '{"exec $(APP) $$(APP)"}', working_dir => '/srv',
	cpu_request => '250m', cpu_limit => '1500m', memory_request => '32Mi', memory_limit => '64Mi', termination_grace_period => 5,
	env => '[{"name": "PRICE", "value": "$5 $(APP)"}, {"name": "APP", "value": "app"}, {"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "mode"}}},
		{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "app", "key": "password"}}}, {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}]',
	volumes => '[{"volume": "data", "mountPath": "/data"}, {"volume": "conf", "mountPath": "/conf", "readOnly": true}, {"volume": "conf", "mountPath": "/etc/one", "subPath": "mode"},
		{"volume": "keys", "mountPath": "/keys"}, {"volume": "fast", "mountPath": "/fast"}]',
	init_containers => '[{"name": "prepare", "image": "busybox", "command": ["true"], "volumeMounts": [{"name": "tmp", "mountPath": "/t"}]}]',
	security_context => '{"runAsUser": 1000, "readOnlyRootFilesystem": true}') > 0 AS made;
SELECT jsonb_pretty(orchestration_internal.docker_pod(m.manifest #> '{spec,template}', g.identity - 'ports', g.objects) #- '{units,0,body,Labels}' #- '{units,1,body,Labels}')
FROM orchestration.manifests m, given g WHERE m.kind = 'Deployment';

-- commands and arguments, and what of the image is left
SELECT c, body(c) -> 'Entrypoint' AS entrypoint, body(c) -> 'Cmd' AS cmd FROM jsonb_array_elements('[{}, {"command": []}, {"command": ["a"]}, {"args": ["b"]}, {"command": ["a"], "args": ["b", ""]}]') c;
SELECT image, pull, (plan(jsonb_strip_nulls(jsonb_build_object('image', image, 'imagePullPolicy', pull))) #> '{units,0}') - '{body,files}'::text[] AS unit
FROM (VALUES ('nginx', NULL), ('nginx:1', NULL), ('quay.io/a/b', 'Never'), ('nginx:1@sha256:aa', NULL)) v (image, pull);

-- the environment: variables of others before, in the order of the list, once; an unknown one as it stands
SELECT body('{"env": [{"name": "B", "value": "$(A)"}, {"name": "A", "value": "1"}, {"name": "C", "value": "$(A)$$(A)$(B)"}, {"name": "A", "value": "2"}, {"name": "NONE"}, {"name": "EMPTY", "value": ""}]}') -> 'Env' AS env;
SELECT body('{"env": [{"name": "GREETING", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "greeting"}}}, {"name": "NAME", "value": "x"}, {"name": "AGAIN", "value": "$(GREETING)!"},
	{"name": "P", "valueFrom": {"secretKeyRef": {"name": "app", "key": "password"}}}, {"name": "O", "valueFrom": {"secretKeyRef": {"name": "nosuch", "key": "k", "optional": true}}},
	{"name": "Q", "valueFrom": {"configMapKeyRef": {"name": "empty", "key": "k", "optional": true}}}], "args": ["$(GREETING)", "$(O)"]}') - 'Labels' - 'HostConfig' - 'NetworkingConfig' AS body;
SELECT body('{"envFrom": [{"configMapRef": {"name": "settings"}, "prefix": "S_"}, {"secretRef": {"name": "nosuch", "optional": true}}], "env": [{"name": "S_mode", "value": "<$(S_mode)>"}]}') -> 'Env' AS env;
SELECT f AS field, body(jsonb_build_object('env', jsonb_build_array(jsonb_build_object('name', 'F', 'valueFrom', jsonb_build_object('fieldRef', jsonb_build_object('fieldPath', f)))))) #>> '{Env,0}' AS env
FROM unnest(ARRAY['metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'spec.serviceAccountName', 'metadata.labels[''app'']', 'metadata.annotations[''note'']', 'metadata.labels[''nosuch'']']) f;
-- resources: rounded up, a request that is not given is the limit, a limit that is not given is the machine's
SELECT r AS resource, d AS divisor, body(jsonb_build_object('resources', '{"limits": {"cpu": "1500m"}, "requests": {"memory": "10000000"}}'::jsonb, 'env', jsonb_build_array(jsonb_build_object('name', 'R',
	'valueFrom', jsonb_build_object('resourceFieldRef', jsonb_strip_nulls(jsonb_build_object('resource', r, 'divisor', d))))))) #>> '{Env,0}' AS env
FROM (VALUES ('limits.cpu', NULL), ('limits.cpu', '1m'), ('limits.cpu', '0'), ('requests.cpu', '1m'), ('requests.memory', '1Mi'), ('requests.memory', NULL), ('limits.memory', '1G'), ('requests.ephemeral-storage', NULL)) v (r, d);

-- what cannot be had, and no value of a secret in what is said of it
CREATE TABLE refused (nth integer GENERATED ALWAYS AS IDENTITY, container jsonb, spec jsonb);
INSERT INTO refused (container, spec)
SELECT jsonb_build_object('env', jsonb_build_array(jsonb_build_object('name', 'V', 'valueFrom', v.value))), '{}'::jsonb FROM jsonb_array_elements('[
	{"configMapKeyRef": {"name": "nosuch", "key": "k"}}, {"secretKeyRef": {"name": "nosuch", "key": "k"}}, {"configMapKeyRef": {"name": "settings", "key": "k"}}, {"secretKeyRef": {"name": "app", "key": "k"}},
	{"secretKeyRef": {"name": "app", "key": "binary"}}, {"secretKeyRef": {"name": "app", "key": "latin"}}, {"secretKeyRef": {"name": "broken", "key": "password"}},
	{"fieldRef": {"fieldPath": "status.podIP"}}, {"fieldRef": {"fieldPath": "metadata.labels"}}, {"resourceFieldRef": {"resource": "limits.ephemeral-storage"}}, {"resourceFieldRef": {"resource": "limits.cpu", "containerName": "nosuch"}}]') v;
INSERT INTO refused (container, spec) VALUES
	('{"envFrom": [{"secretRef": {"name": "nosuch"}}]}', '{}'),
	('{"volumeMounts": [{"name": "v", "mountPath": "/v"}]}', '{}'),
	('{"volumeMounts": [{"name": "v", "mountPath": "/v"}]}', '{"volumes": [{"name": "v", "configMap": {"name": "nosuch"}}]}'),
	('{"volumeMounts": [{"name": "v", "mountPath": "/v"}]}', '{"volumes": [{"name": "v", "secret": {"secretName": "app", "items": [{"key": "nosuch", "path": "p"}]}}]}'),
	('{"volumeMounts": [{"name": "v", "mountPath": "/v"}]}', '{"volumes": [{"name": "v", "configMap": {"name": "settings", "items": [{"key": "nosuch", "path": "p"}]}}]}'),
	('{"volumeMounts": [{"name": "v", "mountPath": "/v", "subPath": "mod"}]}', '{"volumes": [{"name": "v", "configMap": {"name": "settings"}}]}'),
	('{"volumeMounts": [{"name": "v", "mountPath": "/v", "subPath": "s"}]}', '{"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]}'),
	('{"volumeMounts": [{"name": "v", "mountPath": "/v,type=bind,source=/"}]}', '{"volumes": [{"name": "v", "emptyDir": {}}]}'),
	('{"volumeMounts": [{"name": "v", "mountPath": "/v:ro"}]}', '{"volumes": [{"name": "v", "emptyDir": {}}]}'),
	('{"volumeMounts": [{"name": "v", "mountPath": "/v"}]}', '{"volumes": [{"name": "v", "hostPath": {"path": "/a:/b"}}]}'),
	('{"volumeMounts": [{"name": "v", "mountPath": "/v", "subPath": "a:/etc"}]}', '{"volumes": [{"name": "v", "hostPath": {"path": "/a"}}]}'),
	('{"volumeMounts": [{"name": "v", "mountPath": "/v"}]}', '{"volumes": [{"name": "v", "nfs": {"path": "/a", "server": "s"}}]}'),
	('{"volumeMounts": [{"name": "v", "mountPath": "/v"}, {"name": "v", "mountPath": "/w"}]}', '{"volumes": [{"name": "v", "emptyDir": {"medium": "Memory"}}]}'),
	('{"volumeMounts": [{"name": "v", "mountPath": "/v"}]}', '{"volumes": [{"name": "v", "emptyDir": {"medium": "Memory"}}], "initContainers": [{"name": "i", "image": "i", "volumeMounts": [{"name": "v", "mountPath": "/x"}]}]}'),
	('{"securityContext": {"runAsUser": 0, "runAsNonRoot": true}}', '{}'),
	('{"securityContext": {"runAsNonRoot": true}}', '{"securityContext": {"runAsUser": 0}}'),
	('{"securityContext": {"runAsGroup": 5}}', '{}'),
	('{"securityContext": {"seccompProfile": {"type": "Localhost", "localhostProfile": "p"}}}', '{}'),
	('{"securityContext": {"seLinuxOptions": {"level": "s0"}}}', '{}'),
	('{"lifecycle": {"preStop": {"exec": {"command": ["x"]}}}}', '{}'),
	('{"tty": true}', '{}'),
	('{}', '{"initContainers": [{"name": "i", "image": "i", "restartPolicy": "Always"}]}'),
	('{}', '{"hostNetwork": true}');
SELECT nth, p ->> 'reason' AS reason, p ->> 'message' AS message, p ->> 'waiting' AS waiting, p -> 'units' = '[]' AS nothing FROM refused, plan(container, spec) p ORDER BY nth;
SELECT count(*) AS secrets FROM refused WHERE plan(container, spec)::text ~ 'hunter2|%%';
-- two containers are no pod here
SELECT p ->> 'message' AS message FROM given g, orchestration_internal.docker_pod('{"spec": {"containers": [{"name": "a", "image": "a"}, {"name": "b", "image": "b"}]}}', g.identity, g.objects) p;
-- what is not known yet is waited for; what is missing for good counts more
SELECT p ->> 'reason' AS reason, p ->> 'message' AS message, p ->> 'waiting' AS waiting, p -> 'units' AS units FROM jsonb_array_elements('[
	[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "late", "key": "k"}}}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "later", "key": "k"}}}],
	[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "late", "key": "k", "optional": true}}}],
	[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "late", "key": "k"}}}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "nosuch", "key": "k"}}}]]') env, plan(jsonb_build_object('env', env)) p;

-- resources: as a kubelet computes them
SELECT r, host_config(jsonb_build_object('resources', r)) - '{NetworkMode,RestartPolicy,PortBindings,Ulimits}'::text[] AS host FROM jsonb_array_elements('[{}, {"limits": {"cpu": "2", "memory": "64Mi"}}, {"requests": {"cpu": "250m", "memory": "32Mi"}},
	{"limits": {"cpu": "1m"}, "requests": {"cpu": "1m"}}, {"limits": {"cpu": "1E", "memory": "9E"}}, {"limits": {"cpu": "x", "memory": "0"}}, {"limits": {"cpu": 2}}]') r;
SELECT orchestration_internal.docker_pod(template('{}'), '{"name": "x"}', '{}') #> '{units,0,body,HostConfig,Ulimits}' AS ulimits;

-- mounts: claims, what goes with the pod, memory, paths of the machine
SELECT p #> '{units,0,body,HostConfig,Binds}' AS binds, p #> '{units,0,body,HostConfig,Mounts}' AS mounts, p #> '{units,0,body,HostConfig,Tmpfs}' AS tmpfs, p -> 'scratch' AS scratch, p -> 'claims' AS claims, p #> '{units,0,files}' AS files
FROM jsonb_array_elements('[{"persistentVolumeClaim": {"claimName": "c"}}, {"persistentVolumeClaim": {"claimName": "c", "readOnly": true}}, {"emptyDir": {}}, {"emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}, {"emptyDir": {"medium": "Memory"}},
	{"hostPath": {"path": "/var/log"}}, {"hostPath": {"path": "/var/log", "type": "Directory"}}, {"configMap": {"name": "nosuch", "optional": true}}]') v,
	plan('{"volumeMounts": [{"name": "v", "mountPath": "/v"}]}', jsonb_build_object('volumes', jsonb_build_array('{"name": "v"}'::jsonb || v))) p;
SELECT v, host_config('{"volumeMounts": [{"name": "v", "mountPath": "v", "readOnly": true}]}', jsonb_build_object('volumes', jsonb_build_array('{"name": "v"}'::jsonb || v))) - '{NetworkMode,RestartPolicy,PortBindings,Ulimits,CpuShares}'::text[] AS host
FROM jsonb_array_elements('[{"emptyDir": {}}, {"emptyDir": {"medium": "Memory"}}, {"hostPath": {"path": "/var/log", "type": "DirectoryOrCreate"}}, {"hostPath": {"path": "/var/log", "type": "File"}}]') v;
SELECT host_config('{"volumeMounts": [{"name": "v", "mountPath": "/v", "subPath": "a/b"}]}', '{"volumes": [{"name": "v", "hostPath": {"path": "/var/log"}}]}') -> 'Binds' AS binds;
-- files: all keys, or some by other names; a part of one goes into the container itself; a group that owns them reads them
SELECT m, s, p #> '{units,0,body,HostConfig,Binds}' AS binds, p #> '{units,0,files}' AS files
FROM (VALUES ('{}'::jsonb, '{"configMap": {"name": "settings"}}'::jsonb), ('{"readOnly": true}', '{"configMap": {"name": "settings", "items": [{"key": "mode", "path": "d/m"}, {"key": "a.conf", "path": "a", "mode": 256}], "defaultMode": 384}}'),
	('{"subPath": "a.conf"}', '{"configMap": {"name": "settings"}}'), ('{"subPath": "d"}', '{"configMap": {"name": "settings", "items": [{"key": "mode", "path": "d/m"}, {"key": "a.conf", "path": "da"}]}}'),
	('{}', '{"secret": {"secretName": "app", "items": [{"key": "binary", "path": "b"}, {"key": "nosuch", "path": "n"}], "optional": true, "defaultMode": 256}}')) v (m, s),
	plan(jsonb_build_object('volumeMounts', jsonb_build_array('{"name": "v", "mountPath": "/v/w"}'::jsonb || m)), jsonb_build_object('volumes', jsonb_build_array('{"name": "v"}'::jsonb || s))) p;
SELECT f ->> 'into' AS into, f ->> 'name' AS name, f ->> 'mode' AS mode, f ->> 'gid' AS gid FROM jsonb_array_elements(plan('{"volumeMounts": [{"name": "c", "mountPath": "/c"}, {"name": "e", "mountPath": "/e"}, {"name": "p", "mountPath": "/p"}]}',
	'{"securityContext": {"fsGroup": 2000}, "volumes": [{"name": "c", "secret": {"secretName": "app", "defaultMode": 256, "items": [{"key": "password", "path": "p"}]}}, {"name": "e", "emptyDir": {}}, {"name": "p", "persistentVolumeClaim": {"claimName": "p"}}]}') #> '{units,0,files}') f;

-- security: the container before its pod
SELECT c AS container, s AS pod, b -> 'User' AS "user", (b -> 'HostConfig') - '{NetworkMode,RestartPolicy,PortBindings,Ulimits,CpuShares}'::text[] AS host, p #> '{units,0,notAsRoot}' AS not_as_root
FROM (VALUES ('{"runAsUser": 1000, "allowPrivilegeEscalation": false}'::jsonb, '{"runAsUser": 5, "runAsGroup": 6, "supplementalGroups": [7, 8], "fsGroup": 9, "seccompProfile": {"type": "RuntimeDefault"}}'::jsonb),
	('{"privileged": true, "readOnlyRootFilesystem": true, "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]}}', '{"runAsNonRoot": true}'),
	('{"runAsNonRoot": false, "seccompProfile": {"type": "Unconfined"}, "appArmorProfile": {"type": "Localhost", "localhostProfile": "p"}}', '{"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}, "sysctls": [{"name": "net.ipv4.tcp_syncookies", "value": "1"}]}'),
	('{"runAsUser": 0, "procMount": "Default"}', '{"appArmorProfile": {"type": "Unconfined"}}')) v (c, s),
	plan(jsonb_build_object('securityContext', c), jsonb_build_object('securityContext', s)) p, LATERAL (SELECT p #> '{units,0,body}' AS b) b;

-- restarts, by the policy of the pod; init containers have none, neither the names of Services nor ports
SELECT r, u ->> 'name' AS name, u ->> 'init' AS init, u #>> '{body,HostConfig,RestartPolicy,Name}' AS restart, u #>> '{body,Labels,orchestration.dev/role}' AS role, u #> '{body,NetworkingConfig,EndpointsConfig,shop,Aliases}' AS aliases, u #> '{body,HostConfig,PortBindings}' AS ports
FROM unnest('{Always,OnFailure,Never}'::text[]) r, jsonb_array_elements(plan('{}', jsonb_build_object('restartPolicy', r, 'initContainers', '[{"name": "i", "image": "i"}, {"name": "j", "image": "j"}]'::jsonb)) -> 'units') u;
-- a name that is no hostname yet
SELECT orchestration_internal.docker_pod(template('{}'), jsonb_build_object('name', repeat('a', 61) || '-.b-1'), '{}') #>> '{units,0,body,Hostname}' AS hostname;

-- what is odd is absent or refused: whatever stands anywhere, nothing is thrown
\i sql/include/spoilt.sql
CREATE TABLE spoilt AS SELECT spoilt(template('{"command": ["a"], "env": [{"name": "A", "value": "b"}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "app", "key": "password", "optional": false}}},
		{"name": "C", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}}, {"name": "D", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}], "envFrom": [{"configMapRef": {"name": "settings"}, "prefix": "p"}],
		"resources": {"limits": {"cpu": "1", "memory": "1Mi"}}, "volumeMounts": [{"name": "v", "mountPath": "/v", "subPath": "m"}, {"name": "w", "mountPath": "/w", "readOnly": true}, {"name": "h", "mountPath": "/h"}, {"name": "e", "mountPath": "/e"}],
		"securityContext": {"runAsUser": 1, "capabilities": {"add": ["A"]}, "seccompProfile": {"type": "Unconfined"}}}',
		'{"securityContext": {"runAsNonRoot": true, "supplementalGroups": [1], "fsGroup": 2, "sysctls": [{"name": "a", "value": "b"}]}, "terminationGracePeriodSeconds": 3, "imagePullSecrets": [{"name": "r"}], "volumes": [
			{"name": "v", "configMap": {"name": "settings", "items": [{"key": "mode", "path": "m", "mode": 1}], "defaultMode": 2, "optional": true}}, {"name": "w", "persistentVolumeClaim": {"claimName": "c"}},
			{"name": "h", "hostPath": {"path": "/h", "type": "File"}}, {"name": "e", "emptyDir": {"medium": "Memory", "sizeLimit": "1"}}]}')) AS object;
SELECT count(*) > 1000 AS many, count(*) FILTER (WHERE (p -> 'units' = '[]') = (p ? 'reason') AND (p ? 'reason') = (p ? 'message')) = count(*) AS planned_or_refused
FROM spoilt, given g, orchestration_internal.docker_pod(object, g.identity, g.objects) p;
SELECT orchestration_internal.docker_pod('[5]', '"x"', '7') ->> 'reason' AS reason;

DROP TABLE spoilt, refused;
DROP FUNCTION spoilt, host_config, body, plan, template;
DROP TABLE given;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
