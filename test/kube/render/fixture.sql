-- Rows that exercise every field which rendering knows.  Run inside a
-- transaction that is rolled back; :ns is the namespace's name.  No pod ever
-- starts: all of them ask for a node that is not there.

-- another installation, so that a worker of this database leaves the objects alone
UPDATE orchestration.installation SET id = gen_random_uuid();

INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('render-strict', 'https://127.0.0.1', 'in-cluster', false);
INSERT INTO orchestration.namespaces (name, cluster_id, labels, annotations, pod_security)
SELECT :'ns', c.id, '{"team": "render"}', '{"example.com/note": "strict"}', 'privileged' FROM orchestration.clusters c WHERE c.name = 'render-strict';

CREATE TEMP VIEW ns AS SELECT n.id FROM orchestration.namespaces n WHERE n.name = current_setting('render.ns');
SELECT set_config('render.ns', :'ns', true);

INSERT INTO orchestration.config_maps (namespace_id, name, data, labels, annotations)
SELECT ns.id, 'settings', '{"mode": "fast", "app.conf": "a = 1\nb = \"zwei\" $(X) 中文\n", "empty": ""}', '{"part": "one"}', '{"example.com/x": "1"}' FROM ns;
INSERT INTO orchestration.secrets (namespace_id, name, data_keys, encrypted_data, secret_type)
SELECT ns.id, v.name, v.keys, orchestration_internal.seal(convert_to(v.data, 'UTF8'), 'secret/' || ns.id || '/' || v.name), v.type
FROM ns, (VALUES
	('credentials', ARRAY['password', 'token'], '{"password": "aHVudGVyMg==", "token": "AP8="}', 'Opaque'),
	('login', ARRAY['username', 'password'], '{"username": "dQ==", "password": "cA=="}', 'kubernetes.io/basic-auth')) v (name, keys, data, type);
INSERT INTO orchestration.registries (namespace_id, name, server, username, encrypted_password)
SELECT ns.id, v.name, v.server, 'puller', orchestration_internal.seal('s3cret: "quoted"', 'registry/' || ns.id || '/' || v.server)
FROM ns, (VALUES ('internal', 'registry.example.com:5000'), ('hub', 'https://index.docker.io/v1/'), ('unused', 'ghcr.io')) v (name, server);

INSERT INTO orchestration.volumes (namespace_id, name, volume_type, size_bytes, access_mode, storage_class) SELECT ns.id, 'data', 'PVC', 1536 * 1048576, 'ReadWriteOnce', 'none' FROM ns;
INSERT INTO orchestration.volumes (namespace_id, name, volume_type, size_bytes, access_mode) SELECT ns.id, v.name, 'PVC', 1073741824, v.mode
FROM ns, (VALUES ('shared', 'ReadWriteMany'), ('public', 'ReadOnlyMany')) v (name, mode);
INSERT INTO orchestration.volumes (namespace_id, name, volume_type, config_map_id) SELECT ns.id, 'conf', 'ConfigMap', m.id FROM ns, orchestration.config_maps m WHERE m.namespace_id = ns.id;
INSERT INTO orchestration.volumes (namespace_id, name, volume_type, secret_id) SELECT ns.id, 'keys', 'Secret', s.id FROM ns, orchestration.secrets s WHERE s.namespace_id = ns.id AND s.name = 'credentials';
INSERT INTO orchestration.volumes (namespace_id, name, volume_type, host_path, host_path_type) SELECT ns.id, 'logs', 'HostPath', '/var/log', 'Directory' FROM ns;
INSERT INTO orchestration.volumes (namespace_id, name, volume_type, host_path) SELECT ns.id, 'opt', 'HostPath', '/opt' FROM ns;
INSERT INTO orchestration.volumes (namespace_id, name, volume_type, size_bytes, medium) SELECT ns.id, 'fast', 'EmptyDir', 67108864, 'Memory' FROM ns;
INSERT INTO orchestration.volumes (namespace_id, name, volume_type) SELECT ns.id, v, 'EmptyDir' FROM ns, unnest('{scratch,prepared,turns,override-only}'::text[]) v;

INSERT INTO orchestration.container_images (namespace_id, registry, repository, tag, digest)
SELECT ns.id, v.* FROM ns, (VALUES
	('registry.example.com:5000', 'team/app', '1.2', ''),
	('', 'busybox', '', ''),
	('registry.example.com:5000', 'team/app', '', 'sha256:' || repeat('a', 64)),
	('quay.io', 'team/app', '1.2', 'sha256:' || repeat('b', 64))) v;

CREATE TEMP VIEW image AS
SELECT i.id, i.repository || CASE WHEN i.tag <> '' THEN ':' || i.tag ELSE '' END || CASE WHEN i.digest <> '' THEN '@' ELSE '' END AS short
FROM orchestration.container_images i, ns WHERE i.namespace_id = ns.id;

-- everything at once
INSERT INTO orchestration.containers (namespace_id, name, image_id, image_pull_policy, replicas, command, args, working_dir, cpu_request, cpu_limit, memory_request, memory_limit,
	max_surge, max_unavailable, termination_grace_period, security_context, pod_security_context, node_selector, tolerations, init_containers, labels, annotations, overrides,
	restart_requested_at)
SELECT ns.id, 'web', i.id, 'Always', 3, '{sh,-c}', '{"echo $(MODE) \"q\" $$ 中文",""}', '/srv', 250, 1500, 100663296, 1610612736,
	'2', '10%', 5,
	'{"runAsUser": 1000, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}',
	'{"fsGroup": 2000, "runAsNonRoot": true, "supplementalGroups": [3000]}',
	'{"orchestration.test/no-node": "none"}',
	'[{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}, {"key": "a", "operator": "Equal", "value": "b", "effect": "NoExecute", "tolerationSeconds": 30}]',
	'[{"name": "prepare", "image": "busybox", "command": ["sh", "-c", "true"], "env": [{"name": "A", "value": "$(B)"}], "volumeMounts": [{"name": "prepared", "mountPath": "/p"}], "resources": {"limits": {"cpu": "100m"}}},
	  {"name": "log", "image": "ghcr.example/log:1", "restartPolicy": "Always", "securityContext": {"runAsUser": 5}}]',
	'{"app": "shop", "tier": "front"}', '{"example.com/contact": "ops"}',
	'{"metadata": {"annotations": {"sidecar.example.com/inject": "false"}},
	  "spec": {"hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a.example"]}], "priorityClassName": null,
	    "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "shop"}}}}]}},
	    "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}],
	    "containers": [
	      {"name": "web", "lifecycle": {"preStop": {"exec": {"command": ["sleep", "1"]}}}, "envFrom": [{"configMapRef": {"name": "settings", "optional": true}}],
	        "env": [{"name": "EXTRA", "value": "e"}], "volumeMounts": [{"name": "token", "mountPath": "/token", "readOnly": true}, {"name": "override-only", "mountPath": "/o"}]},
	      {"name": "sidecar", "image": "busybox", "command": ["sleep", "1000"], "ports": [{"containerPort": 9102, "name": "metrics"}]}],
	    "volumes": [{"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}]}},
	      {"name": "conf", "configMap": {"defaultMode": 288, "items": [{"key": "app.conf", "path": "app.conf"}]}}]}}',
	'2026-03-01 12:00:00.123456+00'
FROM ns, image i WHERE i.short = 'team/app:1.2';

INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, position, value, config_map_id, secret_id, key, optional, field_path, resource_field)
SELECT ns.id, c.id, v.name, v.position, v.value, CASE WHEN v.source = 'm' THEN m.id END, CASE WHEN v.source = 's' THEN s.id END, v.key, v.optional, v.field_path, v.resource_field
FROM ns JOIN orchestration.containers c ON c.namespace_id = ns.id AND c.name = 'web'
JOIN orchestration.config_maps m ON m.namespace_id = ns.id
JOIN orchestration.secrets s ON s.namespace_id = ns.id AND s.name = 'credentials',
(VALUES
	('MODE', 0, NULL, 'm', 'mode', NULL::boolean, NULL, NULL),
	('MAYBE', 1, NULL, 'm', 'absent', true, NULL, NULL),
	('PASSWORD', 2, NULL, 's', 'password', false, NULL, NULL),
	('LITERAL', 3, E'a$(MODE) b$$c $ d\n"quoted" \\ 中文', NULL, NULL, NULL, NULL, NULL),
	('EMPTY', 4, '', NULL, NULL, NULL, NULL, NULL),
	('POD', 5, NULL, NULL, NULL, NULL, 'metadata.name', NULL),
	('LABEL', 6, NULL, NULL, NULL, NULL, 'metadata.labels[''app'']', NULL),
	('CPU', 7, NULL, NULL, NULL, NULL, NULL, 'limits.cpu'),
	('TURNS', 8, NULL, NULL, NULL, NULL, 'status.podIP', NULL)) v (name, position, value, source, key, optional, field_path, resource_field);

INSERT INTO orchestration.port_mappings (namespace_id, container_id, name, container_port, service_port, node_port, protocol, service_type)
SELECT ns.id, c.id, v.* FROM ns JOIN orchestration.containers c ON c.namespace_id = ns.id AND c.name = 'web', (VALUES
	('http', 8080, 80, NULL::integer, 'TCP', 'ClusterIP'),
	(NULL, 8443, 443, NULL, 'TCP', 'ClusterIP'),
	(NULL, 5353, 53, NULL, 'UDP', 'ClusterIP'),
	(NULL, 5353, 53, NULL, 'TCP', 'ClusterIP'),
	('http', 8080, 80, NULL, 'TCP', 'NodePort'),
	('sctp', 9999, 9999, NULL, 'SCTP', 'NodePort'),
	('http', 8080, 8080, NULL, 'TCP', 'LoadBalancer'),
	('grpc', 9090, NULL, NULL, 'TCP', 'ClusterIP')) v;

INSERT INTO orchestration.container_volumes (namespace_id, container_id, volume_id, mount_path, sub_path, read_only)
SELECT ns.id, c.id, v.id, m.mount_path, m.sub_path, m.read_only
FROM ns JOIN orchestration.containers c ON c.namespace_id = ns.id AND c.name = 'web'
JOIN orchestration.volumes v ON v.namespace_id = ns.id
JOIN (VALUES ('data', '/data', NULL, false), ('data', '/data2', 'sub', true), ('shared', '/shared', NULL, false), ('public', '/public', NULL, true), ('conf', '/etc/app.conf', 'app.conf', true), ('keys', '/keys', NULL, true),
	('logs', '/host/log', NULL, true), ('opt', '/host/opt', NULL, false), ('fast', '/fast', NULL, false), ('scratch', '/scratch', NULL, false), ('turns', '/turns', NULL, false)) m (name, mount_path, sub_path, read_only)
	ON m.name = v.name;

INSERT INTO orchestration.container_probes (namespace_id, container_id, probe_type, handler, port, path, scheme, host, http_headers, initial_delay_seconds, period_seconds, timeout_seconds,
	success_threshold, failure_threshold, termination_grace_period_seconds)
SELECT ns.id, c.id, v.* FROM ns JOIN orchestration.containers c ON c.namespace_id = ns.id AND c.name = 'web', (VALUES
	('liveness', 'httpGet', 'http', '/health', 'HTTPS', NULL, '[{"name": "X-Probe", "value": "1"}]'::jsonb, 3, 20, 2, 1, 4, 9),
	('readiness', 'tcpSocket', '8080', NULL, NULL, '127.0.0.1', NULL, 0, 5, 1, 2, 3, NULL::integer)) v;
INSERT INTO orchestration.container_probes (namespace_id, container_id, probe_type, handler, port, grpc_service, failure_threshold)
SELECT ns.id, c.id, 'startup', 'grpc', '9090', 'ready', 30 FROM ns JOIN orchestration.containers c ON c.namespace_id = ns.id AND c.name = 'web';

-- the others
INSERT INTO orchestration.containers (namespace_id, name, image_id, strategy, service_account, security_context, restart_policy, replicas, desired_state, overrides, node_selector)
SELECT ns.id, v.name, i.id, v.strategy, v.account, v.security_context, v.restart_policy, v.replicas, v.desired_state, v.overrides, '{"orchestration.test/no-node": "none"}'
FROM ns, image i, (VALUES
	('plain', 'RollingUpdate', NULL, NULL::jsonb, 'Always', 1, 'running', '{}'::jsonb),
	('back', 'Recreate', NULL, NULL, 'Always', 1, 'running', '{}'),
	('privileged', 'Recreate', 'default', '{"privileged": true}', 'Always', 1, 'running', '{"spec": {"hostNetwork": true}}'),
	('admin', 'Recreate', NULL, '{"capabilities": {"add": ["SYS_ADMIN"]}}', 'Always', 1, 'running', '{}'),
	('stopped', 'RollingUpdate', NULL, NULL, 'Always', 5, 'stopped', '{}'),
	('paused', 'RollingUpdate', NULL, NULL, 'Always', 5, 'paused', '{}'),
	('none', 'RollingUpdate', NULL, NULL, 'Always', 0, 'running', '{}'),
	('gone', 'RollingUpdate', NULL, NULL, 'Always', 1, 'deleted', '{}'),
	('job-retries', 'RollingUpdate', NULL, NULL, 'OnFailure', 1, 'running', '{}'),
	('job-once', 'RollingUpdate', NULL, NULL, 'Never', 4, 'running', '{"spec": {"activeDeadlineSeconds": 3600}}'),
	('job-stopped', 'RollingUpdate', NULL, NULL, 'Never', 1, 'stopped', '{}'),
	(rpad('a-name-of-63-characters-', 63, 'x'), 'RollingUpdate', NULL, NULL, 'Always', 1, 'running', '{}')) v (name, strategy, account, security_context, restart_policy, replicas, desired_state, overrides)
WHERE i.short = CASE v.name WHEN 'plain' THEN 'team/app@' WHEN 'back' THEN 'team/app:1.2@' ELSE 'busybox' END;
INSERT INTO orchestration.container_probes (namespace_id, container_id, probe_type, handler, command)
SELECT ns.id, c.id, p, 'exec', '{test,-e,/ready}' FROM ns JOIN orchestration.containers c ON c.namespace_id = ns.id AND c.name IN ('plain', 'job-once'), unnest('{liveness,readiness}'::text[]) p;
INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port, service_port, service_type)
SELECT ns.id, c.id, 80, 80, t FROM ns JOIN orchestration.containers c ON c.namespace_id = ns.id AND length(c.name) = 63, unnest('{ClusterIP,NodePort,LoadBalancer}'::text[]) t;
INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port)
SELECT ns.id, c.id, 80 FROM ns JOIN orchestration.containers c ON c.namespace_id = ns.id AND c.name IN ('plain', 'job-once');
