-- pod security: what a namespace lets its containers ask of the node
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;
\set SHOW_CONTEXT never

-- the standards, rule by rule, on a template that is otherwise within "restricted"
CREATE FUNCTION public.put(target jsonb, path text[], value jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT CASE WHEN cardinality(path) = 0 THEN value ELSE
		CASE WHEN jsonb_typeof(target) = 'array' THEN jsonb_set(target, path[1:1], public.put(target -> path[1]::int, path[2:], value))
		ELSE COALESCE(NULLIF(target, 'null'), '{}') || jsonb_build_object(path[1], public.put(target -> path[1], path[2:], value)) END END
$$;
CREATE TEMP TABLE good AS SELECT '{"metadata": {}, "spec": {"securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}}, "volumes": [{"name": "v", "emptyDir": {}}],
	"initContainers": [{"name": "i", "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}}],
	"containers": [{"name": "c", "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}, "ports": [{"containerPort": 80}]}]}}'::jsonb AS template;
SELECT count(*) AS of_the_good_one FROM good, pod_security_violations(template, 'restricted');
SELECT r.path, r.value,
	(SELECT count(*) FROM pod_security_violations(put(template, string_to_array(r.path, '.'), r.value::jsonb), 'privileged')) AS privileged,
	(SELECT string_agg(v.field, ' ' ORDER BY v.field COLLATE "C") FROM pod_security_violations(put(template, string_to_array(r.path, '.'), r.value::jsonb), 'baseline') v) AS baseline,
	(SELECT string_agg(v.field, ' ' ORDER BY v.field COLLATE "C") FROM pod_security_violations(put(template, string_to_array(r.path, '.'), r.value::jsonb), 'restricted') v) AS restricted
FROM good, (VALUES
	('spec.hostNetwork', 'true'), ('spec.hostNetwork', 'false'), ('spec.hostNetwork', '"true"'), ('spec.hostPID', 'true'), ('spec.hostIPC', 'true'),
	('spec.securityContext.windowsOptions.hostProcess', 'true'), ('spec.containers.0.securityContext.windowsOptions.hostProcess', 'true'),
	('spec.containers.0.securityContext.privileged', 'true'), ('spec.initContainers.0.securityContext.privileged', 'true'), ('spec.containers.0.securityContext.privileged', 'false'),
	('spec.ephemeralContainers', '[{"name": "e", "securityContext": {"privileged": true}}]'),
	('spec.containers.0.securityContext.capabilities.add', '["NET_BIND_SERVICE"]'), ('spec.containers.0.securityContext.capabilities.add', '["CHOWN", "KILL"]'),
	('spec.containers.0.securityContext.capabilities.add', '["NET_RAW"]'), ('spec.initContainers.0.securityContext.capabilities.add', '["SYS_ADMIN", "CHOWN"]'),
	('spec.containers.0.securityContext.capabilities.add', '["ALL"]'), ('spec.containers.0.securityContext.capabilities.add', '["CAP_CHOWN"]'),
	('spec.volumes.0.hostPath', '{"path": "/"}'), ('spec.volumes.0.nfs', '{"server": "x", "path": "/"}'), ('spec.volumes.0.projected', '{"sources": []}'), ('spec.volumes.0.gitRepo', '{}'),
	('spec.containers.0.ports.0.hostPort', '80'), ('spec.containers.0.ports.0.hostPort', '0'),
	('spec.containers.0.livenessProbe', '{"httpGet": {"port": 80, "host": "10.0.0.1"}}'), ('spec.containers.0.readinessProbe', '{"tcpSocket": {"port": 80, "host": "x"}}'),
	('spec.containers.0.lifecycle', '{"postStart": {"httpGet": {"port": 80, "host": "x"}}}'), ('spec.containers.0.lifecycle', '{"preStop": {"tcpSocket": {"port": 80, "host": ""}}}'),
	('spec.securityContext.appArmorProfile', '{"type": "Unconfined"}'), ('spec.containers.0.securityContext.appArmorProfile', '{"type": "Localhost", "localhostProfile": "x"}'),
	('metadata.annotations', '{"container.apparmor.security.beta.kubernetes.io/c": "unconfined"}'), ('metadata.annotations', '{"container.apparmor.security.beta.kubernetes.io/c": "localhost/x"}'),
	('spec.securityContext.seLinuxOptions', '{"type": "container_t"}'), ('spec.securityContext.seLinuxOptions', '{"type": "spc_t"}'), ('spec.containers.0.securityContext.seLinuxOptions', '{"user": "u", "role": "r"}'),
	('spec.containers.0.securityContext.procMount', '"Unmasked"'), ('spec.containers.0.securityContext.procMount', '"Default"'),
	('spec.securityContext.seccompProfile', '{"type": "Unconfined"}'), ('spec.containers.0.securityContext.seccompProfile', '{"type": "Unconfined"}'), ('spec.securityContext.seccompProfile', 'null'),
	('spec.containers.0.securityContext.seccompProfile', '{"type": "Localhost", "localhostProfile": "x"}'),
	('spec.securityContext.sysctls', '[{"name": "net.ipv4.tcp_syncookies", "value": "1"}]'), ('spec.securityContext.sysctls', '[{"name": "kernel.msgmax", "value": "1"}]'),
	('spec.containers.0.securityContext.allowPrivilegeEscalation', 'true'), ('spec.initContainers.0.securityContext.allowPrivilegeEscalation', 'null'),
	('spec.securityContext.runAsNonRoot', 'null'), ('spec.securityContext.runAsNonRoot', 'false'), ('spec.containers.0.securityContext.runAsNonRoot', 'false'),
	('spec.securityContext.runAsUser', '0'), ('spec.containers.0.securityContext.runAsUser', '0'), ('spec.containers.0.securityContext.runAsUser', '1000'),
	('spec.containers.0.securityContext.capabilities', 'null'), ('spec.containers.0.securityContext.capabilities.drop', '["NET_RAW"]'), ('spec.initContainers.0.securityContext', 'null'),
	('spec.os', '{"name": "windows"}')
) r (path, value);

-- where a container can say it
SET SESSION AUTHORIZATION regress_administrator;
SELECT create_namespace('base') AS base \gset
SELECT create_namespace('strict', pod_security => 'restricted') AS strict \gset
SELECT create_namespace('free', pod_security => 'privileged') AS free \gset
SELECT name, pod_security, service_accounts FROM namespaces WHERE id > 0 ORDER BY id;
SELECT joins('regress_operator', 'operator', 'base') \gset
SELECT joins('regress_operator', 'operator', 'strict') \gset
SELECT joins('regress_operator', 'operator', 'free') \gset
SET SESSION AUTHORIZATION regress_operator;
-- error: no such level
SELECT create_namespace('none', pod_security => 'none');
SELECT create_container('base', 'plain', 'nginx') IS NOT NULL AS plain, create_container('base', 'root', 'nginx', security_context => '{"runAsUser": 0}') IS NOT NULL AS root,
	create_container('base', 'named', 'nginx', service_account => 'default') IS NOT NULL AS service_account;
-- error: security_context
SELECT create_container('base', 'bad', 'nginx', security_context => '{"privileged": true}');
-- error: pod_security_context
SELECT create_container('base', 'bad', 'nginx', pod_security_context => '{"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}');
-- error: init_containers
SELECT create_container('base', 'bad', 'nginx', init_containers => '[{"name": "i", "image": "busybox", "securityContext": {"capabilities": {"add": ["SYS_PTRACE"]}}}]');
-- error: overrides, several fields
SELECT create_container('base', 'bad', 'nginx', overrides => '{"spec": {"hostNetwork": true, "hostPID": true, "volumes": [{"name": "host", "hostPath": {"path": "/"}}]}}');
-- error: overrides that patch our own container
SELECT create_container('base', 'bad', 'nginx', overrides => '{"spec": {"containers": [{"name": "bad", "securityContext": {"privileged": true}}]}}');
-- error: overrides that remove a default
SELECT create_container('strict', 'bad', 'nginx', security_context => '{"runAsNonRoot": true, "capabilities": {"drop": ["ALL"]}}', overrides => '{"spec": {"securityContext": {"seccompProfile": null}}}');
-- error: annotations
SELECT create_container('base', 'bad', 'nginx', annotations => '{"container.apparmor.security.beta.kubernetes.io/bad": "unconfined"}');
-- error: a probe of another host
SELECT create_container('base', 'bad', 'nginx', liveness_probe => '{"httpGet": {"port": 80, "host": "169.254.169.254"}}');
-- error: a service account
SELECT create_container('base', 'bad', 'nginx', service_account => 'cluster-admin');
-- error: a service account in overrides, by its old name
SELECT create_container('base', 'bad', 'nginx', overrides => '{"spec": {"serviceAccount": "cluster-admin"}}');
-- error: a volume of the host
SELECT create_volume('base', 'host', 'HostPath', host_path => '/');
SELECT create_volume('base', 'tmp', 'EmptyDir') IS NOT NULL AS made;
-- error: that becomes one
UPDATE volumes SET volume_type = 'HostPath', host_path = '/etc' WHERE name = 'tmp';
-- error: a container that is changed
UPDATE containers SET overrides = '{"spec": {"hostIPC": true}}' WHERE name = 'plain';
-- error: one bad row of many
INSERT INTO containers (namespace_id, name, image_id, security_context) SELECT namespace_id, 'many-' || n, image_id, CASE n WHEN 7 THEN '{"procMount": "Unmasked"}' END::jsonb FROM containers, generate_series(1, 9) n WHERE name = 'plain';
-- error: restricted asks for what nobody said
SELECT create_container('strict', 'bad', 'nginx');
SELECT create_container('strict', 'good', 'nginx', security_context => '{"runAsNonRoot": true, "capabilities": {"drop": ["ALL"]}}') IS NOT NULL AS made;
SELECT create_container('free', 'node', 'nginx', security_context => '{"privileged": true}', service_account => 'robot', overrides => '{"spec": {"hostNetwork": true}}') IS NOT NULL AS made;
SELECT create_volume('free', 'host', 'HostPath', host_path => '/') IS NOT NULL AS made;
SELECT n.name, count(*) FROM containers c JOIN namespaces n ON n.id = c.namespace_id GROUP BY n.name ORDER BY n.name;
RESET SESSION AUTHORIZATION;

-- what is judged is what is rendered
INSERT INTO clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false);
UPDATE namespaces SET cluster_id = (SELECT id FROM clusters WHERE name = 'c') WHERE id IN (:base, :strict, :free);
SELECT count(*) AS containers, count(*) FILTER (WHERE j.judged IS DISTINCT FROM r.rendered) AS differ, count(r.rendered) AS violating
FROM containers c
CROSS JOIN LATERAL (SELECT array_agg(v.field ORDER BY v.field) AS judged FROM pod_security_violations(pod_security_template(c.namespace_id, c.id), 'restricted') v) j
CROSS JOIN LATERAL (SELECT array_agg(v.field ORDER BY v.field) AS rendered FROM manifests m, pod_security_violations(m.manifest #> '{spec,template}', 'restricted') v
	WHERE m.namespace_id = c.namespace_id AND m.owner_type = 'container' AND m.owner_id = c.id AND m.kind = 'Deployment') r;
SELECT name, manifest #> '{metadata,labels}' ->> 'pod-security.kubernetes.io/enforce' AS enforce, manifest #> '{metadata,labels}' ->> 'pod-security.kubernetes.io/enforce-version' AS version FROM manifests WHERE kind = 'Namespace' ORDER BY name;
-- a label of one's own does not count
UPDATE namespaces SET labels = '{"pod-security.kubernetes.io/enforce": "privileged"}' WHERE id = :base;
SELECT manifest #> '{metadata,labels}' ->> 'pod-security.kubernetes.io/enforce' AS enforce FROM manifests WHERE kind = 'Namespace' AND namespace_id = :base;
SET SESSION AUTHORIZATION regress_administrator;

-- error: tightened, with something in it that does not fit
UPDATE namespaces SET pod_security = 'restricted' WHERE id = :base;
-- error: a volume of the host is left
UPDATE namespaces SET pod_security = 'baseline' WHERE id = :free;
DELETE FROM volumes WHERE name = 'host';
-- error: and a container
UPDATE namespaces SET pod_security = 'baseline' WHERE id = :free;
UPDATE containers SET desired_state = 'deleted' WHERE name = 'node';
UPDATE namespaces SET pod_security = 'baseline' WHERE id = :free RETURNING pod_security;
-- loosened, and on the record
UPDATE namespaces SET pod_security = 'baseline' WHERE id = :strict;
UPDATE namespaces SET service_accounts = '{robot}' WHERE id = :base;
SELECT create_container('base', 'robot', 'nginx', service_account => 'robot') IS NOT NULL AS made;
-- error: a service account that is in use
UPDATE namespaces SET service_accounts = '{}' WHERE id = :base;
-- on record, for the auditor
SET SESSION AUTHORIZATION regress_auditor;
SELECT operation, resource_name, changes FROM operation_logs WHERE operation = 'loosen_pod_security' ORDER BY id;
RESET SESSION AUTHORIZATION;

-- who may loosen
CREATE ROLE pod_operator IN ROLE orchestration_user;
INSERT INTO users (username, db_role) VALUES ('pod operator', 'pod_operator') RETURNING id AS operator \gset
INSERT INTO user_roles (user_id, role_id) SELECT :operator, id FROM roles WHERE name = 'operator';
SET SESSION AUTHORIZATION pod_operator;
-- error: an operator may not
UPDATE namespaces SET pod_security = 'privileged' WHERE id = :base;
-- error: nor another service account
UPDATE namespaces SET service_accounts = service_accounts || '{admin}' WHERE id = :base;
-- error: nor begin with it
SELECT create_namespace('mine', pod_security => 'privileged');
SELECT create_namespace('mine', pod_security => 'restricted') IS NOT NULL AS made;
-- error: nor get around it in his own
SELECT create_container('mine', 'bad', 'nginx', overrides => '{"spec": {"hostNetwork": true}}');
RESET SESSION AUTHORIZATION;
INSERT INTO roles (name, permissions) VALUES ('loosener', '{"namespaces": ["read", "update", "escalate"]}');
INSERT INTO user_roles (user_id, role_id, namespace_id) SELECT :operator, id, :base FROM roles WHERE name = 'loosener';
SET SESSION AUTHORIZATION pod_operator;
UPDATE namespaces SET pod_security = 'privileged' WHERE id = :base RETURNING pod_security;
-- error: that was for another one
UPDATE namespaces SET pod_security = 'privileged' WHERE id = :free;
RESET SESSION AUTHORIZATION;
SELECT db_role, operation, resource_name, changes FROM operation_logs WHERE operation = 'loosen_pod_security' ORDER BY id DESC LIMIT 1;
DROP ROLE pod_operator;
DROP FUNCTION public.put;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
