/*
 * From rows to Kubernetes objects, set-based.  The parts_* views aggregate the
 * children of a container, rendered_* make whole objects; manifests.sql has what
 * runs pods and puts all of them together.  Every view exposes namespace_id
 * and the owner's id as plain columns, so that a restriction on them reaches the
 * indexes of the tables below.  Names of what a row refers to are looked up one
 * by one: a join would be planned as a hash over the whole namespace, once per
 * container.
 */

CREATE OR REPLACE VIEW orchestration_internal.parts_environment AS
SELECT e.namespace_id, e.container_id,
	pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', e.name)
		|| CASE
			/* $$ is how Kubernetes spells a dollar sign: a literal value is not expanded there; an empty value is not stored there */
			WHEN e.value IS NOT NULL THEN pg_catalog.jsonb_build_object('value', NULLIF(pg_catalog.replace(e.value, '$', '$$'), ''))
			ELSE pg_catalog.jsonb_build_object('valueFrom', CASE
				WHEN e.config_map_id IS NOT NULL THEN pg_catalog.jsonb_build_object('configMapKeyRef',
					pg_catalog.jsonb_build_object('name', (SELECT m.name FROM orchestration.config_maps m WHERE m.namespace_id = e.namespace_id AND m.id = e.config_map_id),
						'key', e.key, 'optional', e.optional))
				WHEN e.secret_id IS NOT NULL THEN pg_catalog.jsonb_build_object('secretKeyRef',
					pg_catalog.jsonb_build_object('name', (SELECT s.name FROM orchestration.secrets s WHERE s.namespace_id = e.namespace_id AND s.id = e.secret_id),
						'key', e.key, 'optional', e.optional))
				WHEN e.field_path IS NOT NULL THEN pg_catalog.jsonb_build_object('fieldRef',
					pg_catalog.jsonb_build_object('fieldPath', e.field_path))
				ELSE pg_catalog.jsonb_build_object('resourceFieldRef',
					pg_catalog.jsonb_build_object('resource', e.resource_field))
			END)
		END ORDER BY e.position, e.name COLLATE "C") AS environment
FROM orchestration.environment_variables e
GROUP BY e.namespace_id, e.container_id;

COMMENT ON VIEW orchestration_internal.parts_environment IS 'Kubernetes env list of every container that has environment variables. Literal values arrive as written: every $ is doubled.';

/*
 * One container port may stand behind several services; the pod lists it once,
 * and gives a name to one port only.
 */
CREATE OR REPLACE VIEW orchestration_internal.parts_ports AS
SELECT p.namespace_id, p.container_id,
	pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('containerPort', p.container_port, 'protocol', p.protocol,
		'name', CASE WHEN p.nth = 1 THEN p.name END)
		ORDER BY p.container_port, p.protocol COLLATE "C") AS ports
FROM (
	SELECT q.namespace_id, q.container_id, q.container_port, q.protocol, pg_catalog.min(q.name COLLATE "C") AS name,
		pg_catalog.row_number() OVER (PARTITION BY q.namespace_id, q.container_id, pg_catalog.min(q.name COLLATE "C")
			ORDER BY q.container_port, q.protocol COLLATE "C") AS nth
	FROM orchestration.port_mappings q
	GROUP BY q.namespace_id, q.container_id, q.container_port, q.protocol
) p
GROUP BY p.namespace_id, p.container_id;

COMMENT ON VIEW orchestration_internal.parts_ports IS 'Kubernetes ports list of every container that has port mappings, each port once.';

CREATE OR REPLACE VIEW orchestration_internal.parts_probes AS
SELECT p.namespace_id, p.container_id,
	pg_catalog.jsonb_object_agg(p.probe_type || 'Probe', pg_catalog.jsonb_build_object(
		p.handler, CASE p.handler
			WHEN 'httpGet' THEN pg_catalog.jsonb_build_object('path', p.path, 'port', r.port, 'scheme', p.scheme, 'host', p.host,
				'httpHeaders', p.http_headers)
			WHEN 'tcpSocket' THEN pg_catalog.jsonb_build_object('port', r.port, 'host', p.host)
			WHEN 'grpc' THEN pg_catalog.jsonb_build_object('port', r.port, 'service', p.grpc_service)
			ELSE pg_catalog.jsonb_build_object('command', pg_catalog.to_jsonb(p.command))
		END,
		'initialDelaySeconds', NULLIF(p.initial_delay_seconds, 0),
		'periodSeconds', p.period_seconds,
		'timeoutSeconds', p.timeout_seconds,
		'successThreshold', p.success_threshold,
		'failureThreshold', p.failure_threshold,
		'terminationGracePeriodSeconds', p.termination_grace_period_seconds)) AS probes
FROM orchestration.container_probes p
CROSS JOIN LATERAL (SELECT CASE WHEN p.port ~ '^[0-9]+$' THEN pg_catalog.to_jsonb(p.port::integer) ELSE pg_catalog.to_jsonb(p.port) END AS port) r
GROUP BY p.namespace_id, p.container_id;

COMMENT ON VIEW orchestration_internal.parts_probes IS 'livenessProbe, readinessProbe and startupProbe of every container that has probes, as one object.';

CREATE OR REPLACE VIEW orchestration_internal.parts_mounts AS
SELECT m.namespace_id, m.container_id,
	pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', v.name, 'mountPath', m.mount_path, 'subPath', NULLIF(m.sub_path, ''),
		'readOnly', CASE WHEN m.read_only THEN true END) ORDER BY m.mount_path COLLATE "C") AS mounts
FROM orchestration.container_volumes m
JOIN orchestration.volumes v ON v.namespace_id = m.namespace_id AND v.id = m.volume_id
GROUP BY m.namespace_id, m.container_id;

COMMENT ON VIEW orchestration_internal.parts_mounts IS 'Kubernetes volumeMounts list of every container that mounts volumes.';

CREATE OR REPLACE VIEW orchestration_internal.parts_volumes AS
SELECT v.namespace_id, v.id AS volume_id, v.name,
	pg_catalog.jsonb_build_object('name', v.name) || CASE v.volume_type
		WHEN 'PVC' THEN pg_catalog.jsonb_build_object('persistentVolumeClaim', pg_catalog.jsonb_build_object('claimName', v.name))
		WHEN 'ConfigMap' THEN pg_catalog.jsonb_build_object('configMap', pg_catalog.jsonb_build_object('name',
			(SELECT m.name FROM orchestration.config_maps m WHERE m.namespace_id = v.namespace_id AND m.id = v.config_map_id)))
		WHEN 'Secret' THEN pg_catalog.jsonb_build_object('secret', pg_catalog.jsonb_build_object('secretName',
			(SELECT s.name FROM orchestration.secrets s WHERE s.namespace_id = v.namespace_id AND s.id = v.secret_id)))
		WHEN 'HostPath' THEN pg_catalog.jsonb_build_object('hostPath', pg_catalog.jsonb_build_object('path', v.host_path, 'type', v.host_path_type))
		ELSE pg_catalog.jsonb_build_object('emptyDir', pg_catalog.jsonb_build_object('medium', v.medium,
			'sizeLimit', orchestration_internal.format_memory(v.size_bytes)))
	END AS volume
FROM orchestration.volumes v;

COMMENT ON VIEW orchestration_internal.parts_volumes IS 'Every volume as an entry of a pod''s volumes list.';

CREATE OR REPLACE VIEW orchestration_internal.parts_services AS
SELECT p.namespace_id, p.container_id, p.service_type,
	pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
		'name', COALESCE(p.name, pg_catalog.lower(p.protocol) || '-' || p.service_port),
		'port', p.service_port,
		'targetPort', p.container_port,
		'protocol', p.protocol,
		'nodePort', p.node_port) ORDER BY p.service_port, p.protocol COLLATE "C") AS ports
FROM orchestration.port_mappings p
WHERE p.service_port IS NOT NULL
GROUP BY p.namespace_id, p.container_id, p.service_type;

COMMENT ON VIEW orchestration_internal.parts_services IS 'One row per container and service type: the ports list of that Service.';

CREATE OR REPLACE VIEW orchestration_internal.parts_namespaces AS
SELECT n.id AS namespace_id, n.name, n.cluster_id, n.generation, n.labels AS user_labels, n.annotations,
	pg_catalog.jsonb_build_object('app.kubernetes.io/managed-by', 'orchestration',
		'orchestration.dev/installation', (SELECT i.id FROM orchestration.installation i)) AS labels,
	n.pod_security
FROM orchestration.namespaces n
WHERE n.cluster_id IS NOT NULL AND n.desired_state = 'active';

COMMENT ON VIEW orchestration_internal.parts_namespaces IS 'Namespaces that are to exist in a cluster, with the labels that every object of ours carries.';

/*
 * Pod templates with what a workload around them needs, whether there is a cluster
 * or not.  What a container refers to is found in these, merged as they are.
 * OFFSET 0 keeps the planner from writing an expression out once per reference.
 */
CREATE OR REPLACE VIEW orchestration_internal.parts_templates AS
SELECT c.namespace_id, c.id AS container_id, c.name, c.generation, c.replicas, c.restart_policy, c.desired_state, c.strategy, c.max_surge, c.max_unavailable,
	c.annotations, c.autoscaled, l.labels, l.hosts,
	CASE WHEN c.overrides = '{}' THEN t.template ELSE orchestration_internal.merge_overrides(t.template, c.overrides) END AS template
FROM orchestration.containers c
JOIN orchestration.container_images i ON i.namespace_id = c.namespace_id AND i.id = c.image_id
CROSS JOIN LATERAL (
	SELECT c.labels || pg_catalog.jsonb_build_object('app.kubernetes.io/managed-by', 'orchestration',
		'orchestration.dev/installation', (SELECT i.id FROM orchestration.installation i),
		'app.kubernetes.io/name', c.name,
		'orchestration.dev/owner', 'container-' || c.id,
		'orchestration.dev/container-id', c.id::text) AS labels,
		/* the volumes that the container mounts, and those that its init containers or overrides mention by name */
		ARRAY(
			SELECT m.volume_id FROM orchestration.container_volumes m
			WHERE m.namespace_id = c.namespace_id AND m.container_id = c.id
			UNION
			SELECT v.id FROM orchestration.volumes v
			WHERE (c.init_containers <> '[]' OR c.overrides <> '{}')
				AND v.namespace_id = c.namespace_id
				AND v.name = ANY (orchestration_internal.mentioned_volumes(c.init_containers, c.overrides))
		) AS volume_ids,
		CASE WHEN c.init_containers = '[]' AND c.overrides = '{}' THEN ARRAY[COALESCE(NULLIF(i.registry, ''), 'docker.io')]
			ELSE orchestration_internal.pulled_hosts(i.registry, c.init_containers, c.overrides) END AS hosts
	OFFSET 0
) l
CROSS JOIN LATERAL (
	SELECT pg_catalog.jsonb_build_object(
		'metadata', pg_catalog.jsonb_build_object('labels', l.labels,
			'annotations', NULLIF(c.annotations || pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
				/* not kubectl's own annotation: that belongs to whoever restarted by kubectl */
				'orchestration.dev/restarted-at', pg_catalog.to_char(c.restart_requested_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
			)), '{}')),
		'spec', pg_catalog.jsonb_build_object(
			'restartPolicy', c.restart_policy,
			'terminationGracePeriodSeconds', c.termination_grace_period,
			'serviceAccountName', c.service_account,
			'automountServiceAccountToken', CASE WHEN c.service_account IS NULL THEN false END,
			'enableServiceLinks', false,
			'securityContext', pg_catalog.jsonb_build_object('seccompProfile', pg_catalog.jsonb_build_object('type', 'RuntimeDefault'))
				|| COALESCE(c.pod_security_context, '{}'),
			'nodeSelector', NULLIF(c.node_selector, '{}'),
			'tolerations', NULLIF(c.tolerations, '[]'),
			'imagePullSecrets', (
				SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', 'registry-' || r.name) ORDER BY r.name COLLATE "C")
				FROM orchestration.registries r
				WHERE r.namespace_id = c.namespace_id AND r.host = ANY (l.hosts)
			),
			'volumes', (
				SELECT pg_catalog.jsonb_agg(v.volume ORDER BY v.name COLLATE "C")
				FROM pg_catalog.unnest(l.volume_ids) u (id)
				CROSS JOIN LATERAL (SELECT p.name, p.volume FROM orchestration_internal.parts_volumes p WHERE p.namespace_id = c.namespace_id AND p.volume_id = u.id OFFSET 0) v
			),
			'initContainers', CASE WHEN c.init_containers <> '[]' THEN (
				SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('imagePullPolicy', c.image_pull_policy) || x.value
					|| pg_catalog.jsonb_build_object('securityContext', orchestration_internal.default_security_context(x.value -> 'securityContext')) ORDER BY x.ordinality)
				FROM pg_catalog.jsonb_array_elements(c.init_containers) WITH ORDINALITY x
			) END,
			'containers', pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object(
				'name', c.name,
				'image', CASE WHEN i.registry <> '' THEN i.registry || '/' ELSE '' END || i.repository
					|| CASE WHEN i.tag <> '' THEN ':' || i.tag ELSE '' END
					|| CASE WHEN i.digest <> '' THEN '@' || i.digest ELSE '' END,
				'imagePullPolicy', c.image_pull_policy,
				'command', pg_catalog.to_jsonb(c.command),
				'args', pg_catalog.to_jsonb(c.args),
				'workingDir', c.working_dir,
				'terminationMessagePolicy', 'FallbackToLogsOnError',
				'securityContext', CASE WHEN c.security_context IS NULL THEN '{"allowPrivilegeEscalation": false}'
					ELSE orchestration_internal.default_security_context(c.security_context) END,
				'resources', NULLIF(pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
					'requests', NULLIF(pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
						'cpu', orchestration_internal.format_cpu(c.cpu_request), 'memory', orchestration_internal.format_memory(c.memory_request))), '{}'),
					'limits', NULLIF(pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
						'cpu', orchestration_internal.format_cpu(c.cpu_limit), 'memory', orchestration_internal.format_memory(c.memory_limit))), '{}'))), '{}'),
				'env', (SELECT e.environment FROM orchestration_internal.parts_environment e WHERE e.namespace_id = c.namespace_id AND e.container_id = c.id),
				'ports', (SELECT p.ports FROM orchestration_internal.parts_ports p WHERE p.namespace_id = c.namespace_id AND p.container_id = c.id),
				'volumeMounts', (SELECT m.mounts FROM orchestration_internal.parts_mounts m WHERE m.namespace_id = c.namespace_id AND m.container_id = c.id))
				|| COALESCE((SELECT p.probes FROM orchestration_internal.parts_probes p WHERE p.namespace_id = c.namespace_id AND p.container_id = c.id), '{}'))
		)) AS template
	OFFSET 0
) t;

COMMENT ON VIEW orchestration_internal.parts_templates IS 'The pod template of every container, overrides merged in.';

/*
 * What a pod reads when it starts: a change of it must replace the pod.  A key that is
 * not there, or is made empty, says nothing.  Secrets are known by their fingerprint,
 * which a new key leaves as it is; of one value alone nothing is known.  A Job reads
 * what it finds when it runs.
 */
CREATE OR REPLACE VIEW orchestration_internal.parts_pods AS
SELECT t.namespace_id, t.container_id, t.name, t.generation, t.replicas, t.restart_policy, t.desired_state, t.strategy, t.max_surge, t.max_unavailable,
	t.annotations, t.autoscaled, t.labels, n.cluster_id, n.name AS cluster_namespace,
	CASE WHEN h.hash IS NULL THEN t.template
		ELSE pg_catalog.jsonb_set(t.template, '{metadata,annotations}',
			COALESCE(NULLIF(t.template #> '{metadata,annotations}', 'null'), '{}') || pg_catalog.jsonb_build_object('orchestration.dev/config-hash', h.hash)) END AS template
FROM orchestration_internal.parts_templates t
JOIN orchestration_internal.parts_namespaces n ON n.namespace_id = t.namespace_id
CROSS JOIN LATERAL (
	SELECT CASE t.restart_policy WHEN 'Always' THEN (
		SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.string_agg(x.content, E'\n' ORDER BY x.content COLLATE "C"), 'UTF8')), 'hex')
		FROM (
			SELECT CASE r.what
				WHEN 'config_map' THEN (
					SELECT 'config_map/' || m.name || CASE WHEN r.key IS NULL THEN '=' || NULLIF(m.data, '{}')::text ELSE '/' || r.key || '=' || (m.data ->> r.key) END
					FROM orchestration.config_maps m WHERE m.namespace_id = t.namespace_id AND m.name = r.name)
				WHEN 'secret' THEN (
					SELECT 'secret/' || s.name || '=' || pg_catalog.encode(s.sealed_fingerprint, 'hex')
					FROM orchestration.secrets s WHERE s.namespace_id = t.namespace_id AND s.name = r.name)
				END AS content
			FROM orchestration_internal.template_references(t.template) r
		) x
	) END AS hash
	OFFSET 0
) h
WHERE t.desired_state <> 'deleted';

COMMENT ON VIEW orchestration_internal.parts_pods IS 'The pod template of every container that is to exist in a cluster, with the hash of what it refers to and what Deployment and Job need around it.';

/*
 * A long container name is cut so that the Service's stays within 63 characters;
 * the digest keeps two such names apart.
 */
CREATE OR REPLACE VIEW orchestration_internal.rendered_services AS
SELECT c.namespace_id, 'container'::text AS owner_type, c.id AS owner_id, c.generation AS owner_generation, n.cluster_id,
	'Service'::text AS kind, n.name AS cluster_namespace,
	CASE WHEN pg_catalog.length(c.name || x.suffix) <= 63 THEN c.name
		ELSE pg_catalog.left(c.name, 54 - pg_catalog.length(x.suffix)) || '-' || pg_catalog.left(pg_catalog.md5(c.name), 8) END || x.suffix AS name,
	pg_catalog.jsonb_build_object(
		'labels', c.labels || n.labels || pg_catalog.jsonb_build_object('app.kubernetes.io/name', c.name,
			'orchestration.dev/owner', 'container-' || c.id, 'orchestration.dev/container-id', c.id::text),
		/* one annotation is refused on all Services but those of a load balancer */
		'annotations', NULLIF(CASE s.service_type WHEN 'LoadBalancer' THEN c.annotations
			ELSE c.annotations - 'service.beta.kubernetes.io/load-balancer-source-ranges' END, '{}')) AS metadata,
	pg_catalog.jsonb_build_object('spec', pg_catalog.jsonb_build_object(
		'type', s.service_type,
		'selector', pg_catalog.jsonb_build_object('orchestration.dev/container-id', c.id::text),
		'ports', s.ports)) AS body,
	NULL::bytea AS hidden
FROM orchestration.containers c
JOIN orchestration_internal.parts_namespaces n ON n.namespace_id = c.namespace_id
CROSS JOIN LATERAL (
	SELECT p.service_type, p.ports FROM orchestration_internal.parts_services p
	WHERE p.namespace_id = c.namespace_id AND p.container_id = c.id
	OFFSET 0
) s
CROSS JOIN LATERAL (SELECT CASE s.service_type WHEN 'ClusterIP' THEN '' ELSE '-' || pg_catalog.lower(s.service_type) END AS suffix) x
WHERE c.desired_state <> 'deleted';

COMMENT ON VIEW orchestration_internal.rendered_services IS 'One Service per container and service type that has ports with a service port.';

CREATE OR REPLACE VIEW orchestration_internal.rendered_namespaces AS
SELECT n.namespace_id, 'namespace'::text AS owner_type, n.namespace_id AS owner_id, n.generation AS owner_generation, n.cluster_id,
	'Namespace'::text AS kind, ''::text AS cluster_namespace, n.name,
	pg_catalog.jsonb_build_object(
		'labels', n.user_labels || n.labels || pg_catalog.jsonb_build_object('orchestration.dev/owner', 'namespace-' || n.namespace_id,
			'pod-security.kubernetes.io/enforce', n.pod_security, 'pod-security.kubernetes.io/enforce-version', 'latest'),
		'annotations', NULLIF(n.annotations, '{}')) AS metadata,
	'{}'::jsonb AS body,
	NULL::bytea AS hidden
FROM orchestration_internal.parts_namespaces n;

COMMENT ON VIEW orchestration_internal.rendered_namespaces IS 'Namespace of every namespace that is to exist in a cluster.';

CREATE OR REPLACE VIEW orchestration_internal.rendered_config_maps AS
SELECT m.namespace_id, 'config_map'::text AS owner_type, m.id AS owner_id, m.generation AS owner_generation, n.cluster_id,
	'ConfigMap'::text AS kind, n.name AS cluster_namespace, m.name,
	pg_catalog.jsonb_build_object(
		'labels', m.labels || n.labels || pg_catalog.jsonb_build_object('orchestration.dev/owner', 'config_map-' || m.id),
		'annotations', NULLIF(m.annotations, '{}')) AS metadata,
	pg_catalog.jsonb_build_object('data', m.data) AS body,
	NULL::bytea AS hidden
FROM orchestration.config_maps m
JOIN orchestration_internal.parts_namespaces n ON n.namespace_id = m.namespace_id;

COMMENT ON VIEW orchestration_internal.rendered_config_maps IS 'ConfigMap of every config map.';

/* (redacted) is no base64: nobody can apply what this shows by mistake */
CREATE OR REPLACE VIEW orchestration_internal.rendered_secrets AS
SELECT s.namespace_id, 'secret'::text AS owner_type, s.id AS owner_id, s.generation AS owner_generation, n.cluster_id,
	'Secret'::text AS kind, n.name AS cluster_namespace, s.name,
	pg_catalog.jsonb_build_object(
		'labels', s.labels || n.labels || pg_catalog.jsonb_build_object('orchestration.dev/owner', 'secret-' || s.id),
		'annotations', NULLIF(s.annotations, '{}')) AS metadata,
	pg_catalog.jsonb_build_object('type', s.secret_type,
		'data', (SELECT pg_catalog.jsonb_object_agg(k, '(redacted)') FROM pg_catalog.unnest(s.data_keys) k)) AS body,
	s.sealed_fingerprint AS hidden
FROM orchestration.secrets s
JOIN orchestration_internal.parts_namespaces n ON n.namespace_id = s.namespace_id;

COMMENT ON VIEW orchestration_internal.rendered_secrets IS 'Secret of every secret; values are redacted.';

CREATE OR REPLACE VIEW orchestration_internal.rendered_registries AS
SELECT r.namespace_id, 'registry'::text AS owner_type, r.id AS owner_id, r.generation AS owner_generation, n.cluster_id,
	'Secret'::text AS kind, n.name AS cluster_namespace, 'registry-' || r.name AS name,
	pg_catalog.jsonb_build_object(
		'labels', n.labels || pg_catalog.jsonb_build_object('orchestration.dev/owner', 'registry-' || r.id)) AS metadata,
	pg_catalog.jsonb_build_object('type', 'kubernetes.io/dockerconfigjson',
		'data', '{".dockerconfigjson": "(redacted)"}'::jsonb) AS body,
	pg_catalog.convert_to(r.server || ' ' || r.username || ' ', 'UTF8') || r.sealed_fingerprint AS hidden
FROM orchestration.registries r
JOIN orchestration_internal.parts_namespaces n ON n.namespace_id = r.namespace_id;

COMMENT ON VIEW orchestration_internal.rendered_registries IS 'Pull secret of every registry; the password is redacted.';

CREATE OR REPLACE VIEW orchestration_internal.rendered_volumes AS
SELECT v.namespace_id, 'volume'::text AS owner_type, v.id AS owner_id, v.generation AS owner_generation, n.cluster_id,
	'PersistentVolumeClaim'::text AS kind, n.name AS cluster_namespace, v.name,
	pg_catalog.jsonb_build_object(
		'labels', n.labels || pg_catalog.jsonb_build_object('orchestration.dev/owner', 'volume-' || v.id)) AS metadata,
	pg_catalog.jsonb_build_object('spec', pg_catalog.jsonb_build_object(
		'accessModes', pg_catalog.jsonb_build_array(v.access_mode),
		'storageClassName', v.storage_class,
		'resources', pg_catalog.jsonb_build_object('requests', pg_catalog.jsonb_build_object('storage', orchestration_internal.format_memory(v.size_bytes))))) AS body,
	NULL::bytea AS hidden
FROM orchestration.volumes v
JOIN orchestration_internal.parts_namespaces n ON n.namespace_id = v.namespace_id
WHERE v.volume_type = 'PVC';

COMMENT ON VIEW orchestration_internal.rendered_volumes IS 'PersistentVolumeClaim of every volume of type PVC.';
