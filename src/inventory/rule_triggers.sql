/*
 * Who asks which rule when.  The names come after touch_...: it locks the containers
 * whose parts change, so that of two sessions the second one sees what the first wrote.
 */

/* as a container is rendered: labels and annotations stand in workload and pod, and every field of a map is noted by its owner */
CREATE OR REPLACE VIEW orchestration_internal.container_sizes AS
SELECT c.namespace_id, c.id AS container_id, '{labels,annotations,overrides,init_containers,command,args,environment,ports,volumes,probes}'::text[] AS parts,
	ARRAY[s.labels, s.annotations, s.overrides, s.init_containers, s.command, s.args, s.environment, s.ports, s.mounts, s.probes]::bigint[] AS sizes,
	(s.labels + s.annotations + s.overrides + s.init_containers + s.command + s.args + s.environment + s.ports + s.mounts + s.probes + s.rest)::bigint AS total,
	/* read only where there can be one */
	CASE WHEN s.command + s.args > 131071 THEN (
		SELECT pg_catalog.max(pg_catalog.octet_length(a)) FROM pg_catalog.unnest(c.command || c.args) a)
	END AS longest
FROM orchestration.containers c
/* OFFSET 0: or every part would be summed up twice */
CROSS JOIN LATERAL (
	SELECT
		4 * orchestration_internal.raw_size(c.labels) AS labels,
		4 * orchestration_internal.raw_size(c.annotations) AS annotations,
		3 * orchestration_internal.raw_size(c.overrides) AS overrides,
		3 * orchestration_internal.raw_size(c.init_containers) AS init_containers,
		orchestration_internal.raw_size(c.command) AS command,
		orchestration_internal.raw_size(c.args) AS args,
		3000 + orchestration_internal.raw_size(c.node_selector) + orchestration_internal.raw_size(c.tolerations)
			+ 3 * (orchestration_internal.raw_size(c.security_context) + orchestration_internal.raw_size(c.pod_security_context)) + orchestration_internal.raw_size(c.working_dir) AS rest,
		/* a dollar sign is doubled */
		(SELECT COALESCE(pg_catalog.sum(100 + 2 * pg_catalog.octet_length(e.name) + COALESCE(2 * pg_catalog.octet_length(e.value) - pg_catalog.octet_length(pg_catalog.replace(e.value, '$', '')), 0)
				+ CASE WHEN e.value IS NULL THEN 400 + COALESCE(pg_catalog.octet_length(e.key), 0) ELSE 0 END), 0)
			FROM orchestration.environment_variables e WHERE e.namespace_id = c.namespace_id AND e.container_id = c.id) AS environment,
		(SELECT pg_catalog.count(*) * 400 FROM orchestration.port_mappings p WHERE p.namespace_id = c.namespace_id AND p.container_id = c.id) AS ports,
		(SELECT COALESCE(pg_catalog.sum(250 + 2 * pg_catalog.octet_length(m.mount_path) + COALESCE(pg_catalog.octet_length(m.sub_path), 0) + 500 + COALESCE(pg_catalog.octet_length(v.host_path), 0)), 0)
			FROM orchestration.container_volumes m LEFT JOIN orchestration.volumes v ON v.namespace_id = m.namespace_id AND v.id = m.volume_id
			WHERE m.namespace_id = c.namespace_id AND m.container_id = c.id)
			/* those that are mounted by name alone */
			+ CASE WHEN c.init_containers = '[]' AND c.overrides = '{}' THEN 0 ELSE (
				SELECT COALESCE(pg_catalog.sum(500 + COALESCE(pg_catalog.octet_length(v.host_path), 0)), 0) FROM orchestration.volumes v
				WHERE v.namespace_id = c.namespace_id AND v.name = ANY (orchestration_internal.mentioned_volumes(c.init_containers, c.overrides)))
			END AS mounts,
		(SELECT COALESCE(pg_catalog.sum(600 + 2 * orchestration_internal.raw_size(p.http_headers) + orchestration_internal.raw_size(p.path) + orchestration_internal.raw_size(p.host)
				+ orchestration_internal.raw_size(p.grpc_service) + orchestration_internal.raw_size(p.command)), 0)
			FROM orchestration.container_probes p WHERE p.namespace_id = c.namespace_id AND p.container_id = c.id) AS probes
	OFFSET 0
) s;

COMMENT ON VIEW orchestration_internal.container_sizes IS 'Bytes that the workload of every container takes in a cluster, by part; and the longest element of its command and args, where it may be too long.';
COMMENT ON COLUMN orchestration_internal.container_sizes.namespace_id IS 'Namespace of the container.';
COMMENT ON COLUMN orchestration_internal.container_sizes.container_id IS 'Identity of the container.';
COMMENT ON COLUMN orchestration_internal.container_sizes.parts IS 'What the object is made of, in the order of sizes.';
COMMENT ON COLUMN orchestration_internal.container_sizes.sizes IS 'Bytes of each part.';
COMMENT ON COLUMN orchestration_internal.container_sizes.total IS 'Bytes of all parts together.';
COMMENT ON COLUMN orchestration_internal.container_sizes.longest IS 'Bytes of the longest element of command and args.';

CREATE OR REPLACE TRIGGER zx_guard
BEFORE INSERT OR UPDATE OF name, desired_state, cluster_id ON orchestration.namespaces
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.guard_namespace();

CREATE OR REPLACE TRIGGER zx_guard_name
BEFORE INSERT OR UPDATE OF name ON orchestration.config_maps
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.guard_config_map_name();

CREATE OR REPLACE TRIGGER zx_keep_keys
BEFORE UPDATE OF data ON orchestration.config_maps
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.keep_keys('config map');

CREATE OR REPLACE TRIGGER zx_keep_keys
BEFORE UPDATE OF data_keys ON orchestration.secrets
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.keep_keys('secret');

SELECT orchestration_internal.make_constraint_trigger('zz_named_ports', 'orchestration.container_probes',
	'AFTER INSERT OR UPDATE DEFERRED FOR EACH ROW WHEN (NEW.port ~ ''[a-z]'') EXECUTE FUNCTION orchestration_internal.keep_named_ports()');
SELECT orchestration_internal.make_constraint_trigger('zz_named_ports', 'orchestration.port_mappings',
	'AFTER UPDATE OR DELETE DEFERRED FOR EACH ROW WHEN (OLD.name IS NOT NULL) EXECUTE FUNCTION orchestration_internal.keep_named_ports()');

DO $$
DECLARE
	wanted record;
BEGIN
	/* who uses what goes: a name before those of foreign keys, which begin with "RI_" */
	FOR wanted IN
		SELECT t.name, t.what
		FROM (VALUES ('clusters', 'cluster'), ('namespaces', 'namespace'), ('config_maps', 'config map'), ('secrets', 'secret'), ('registries', 'registry'), ('volumes', 'volume'), ('container_images', 'image')) t (name, what)
	LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER "A_keep_used" AFTER DELETE ON orchestration.%I FOR EACH ROW EXECUTE FUNCTION orchestration_internal.keep_used(%L)', wanted.name, wanted.what);
	END LOOP;

	FOR wanted IN
		SELECT t.name, t.events, t.rule, t.key, t.filter, t.columns
		FROM (
			SELECT r.relation, 'INSERT', 'enter_namespaces', 'namespace_id', '', NULL FROM orchestration_internal.resources() r WHERE r.scope = 'namespace_id' AND r.part_of IS NULL
			UNION ALL
			/* containers go with their namespace: guard_container() refuses the same; that data may go can be said to the last */
			SELECT r.relation, 'UPDATE', 'enter_namespaces', 'namespace_id', '', array_to_string(array_remove(orchestration_internal.specification_columns(r.relation), 'retention')
				|| CASE WHEN orchestration_internal.has_column(r.relation, 'sealed_fingerprint') THEN 'sealed_fingerprint' END, ' ')
			FROM orchestration_internal.resources() r
			WHERE r.scope = 'namespace_id' AND r.part_of IS NULL AND r.relation <> 'containers' AND orchestration_internal.has_column(r.relation, 'generation')
			UNION ALL VALUES
			('namespaces', 'INSERT UPDATE', 'bound_namespaces', 'id', '', 'labels annotations'),
			('config_maps', 'INSERT UPDATE', 'bound_config_maps', 'id', '', 'data labels annotations'),
			('secrets', 'INSERT UPDATE', 'bound_secrets', 'id', '', 'encrypted_data data_keys labels annotations'),
			('registries', 'INSERT', 'bound_registries', 'id', '', NULL),
			('containers', 'INSERT UPDATE', 'bound_containers', 'id', '', 'labels annotations overrides init_containers command args node_selector tolerations security_context pod_security_context working_dir'),
			('environment_variables', 'INSERT UPDATE', 'add_parts', 'container_id', '', 'container_id name value config_map_id secret_id key field_path'),
			('port_mappings', 'INSERT UPDATE', 'add_parts', 'container_id', '', 'container_id'),
			('container_volumes', 'INSERT UPDATE', 'add_parts', 'container_id', '', 'container_id volume_id mount_path sub_path'),
			('container_probes', 'INSERT UPDATE', 'add_parts', 'container_id', '', 'container_id http_headers path host grpc_service command'),
			('environment_variables', 'INSERT UPDATE', 'require_keys', 'id', 'key', 'config_map_id secret_id key optional'),
			('port_mappings', 'INSERT UPDATE', 'agree_on_ports', 'container_id', 'name', 'container_id name container_port protocol'),
			('port_mappings', 'INSERT UPDATE DELETE', 'claim_service_names', 'container_id', 'service_port', 'container_id service_port service_type'),
			('containers', 'UPDATE', 'claim_service_names', 'id', '', 'name'),
			('secrets', 'INSERT UPDATE DELETE', 'claim_secret_names', 'id', '', 'name'),
			('registries', 'INSERT UPDATE DELETE', 'claim_registry_names', 'id', '', 'name'),
			('port_mappings', 'INSERT UPDATE DELETE', 'claim_node_ports', 'container_id', 'node_port', 'container_id node_port service_type protocol'),
			('namespaces', 'UPDATE', 'claim_moved_node_ports', 'id', '', 'cluster_id')
		) t (name, events, rule, key, filter, columns)
	LOOP
		PERFORM orchestration_internal.make_rule_triggers(wanted.name, wanted.events, wanted.rule, wanted.key, wanted.filter, wanted.columns);
	END LOOP;
END
$$;

/* what is there from before the rules came */
INSERT INTO orchestration_internal.object_names (namespace_id, kind, name, owner_type, owner_id)
SELECT DISTINCT c.namespace_id, 'Service', orchestration_internal.service_name(c.name, p.service_type), 'container', c.id
FROM orchestration.containers c
JOIN orchestration.port_mappings p ON p.namespace_id = c.namespace_id AND p.container_id = c.id AND p.service_port IS NOT NULL
WHERE c.status <> 'deleted' AND (p.service_type <> 'ClusterIP' OR c.name ~ '-(nodeport|loadbalancer)$')
UNION ALL
SELECT s.namespace_id, 'Secret', s.name, 'secret', s.id FROM orchestration.secrets s WHERE s.name LIKE 'registry-%'
UNION ALL
SELECT r.namespace_id, 'Secret', 'registry-' || r.name, 'registry', r.id FROM orchestration.registries r
ON CONFLICT (namespace_id, kind, name) DO NOTHING;
INSERT INTO orchestration_internal.node_ports (cluster_id, node_port, namespace_id, container_id, service_type)
SELECT n.cluster_id, p.node_port, p.namespace_id, p.container_id, p.service_type
FROM orchestration.port_mappings p
JOIN orchestration.namespaces n ON n.id = p.namespace_id
WHERE p.node_port IS NOT NULL AND n.cluster_id IS NOT NULL
ON CONFLICT (cluster_id, node_port) DO NOTHING;
