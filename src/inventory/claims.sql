/*
 * Names and ports that only one may have, and the tables that say whose they are: claims.c
 * writes these as their owner, after the statement that wants them (rule_triggers.sql).
 */

CREATE OR REPLACE FUNCTION orchestration_internal.take_names(kind text, owner_type text, namespace_ids bigint[], owner_ids bigint[], wanted_namespaces bigint[], wanted_owners bigint[], wanted_names text[])
RETURNS void
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_take_names';

COMMENT ON FUNCTION orchestration_internal.take_names(text, text, bigint[], bigint[], bigint[], bigint[], text[]) IS 'Writes object_names as the owner of that table: what these owners no longer want goes, what they want and nobody has comes.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.take_node_ports(namespace_ids bigint[], container_ids bigint[], wanted_clusters bigint[], wanted_ports integer[], wanted_namespaces bigint[], wanted_containers bigint[], wanted_types text[])
RETURNS void
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_take_node_ports';

COMMENT ON FUNCTION orchestration_internal.take_node_ports(bigint[], bigint[], bigint[], integer[], bigint[], bigint[], text[]) IS 'Writes node_ports as the owner of that table: what these containers no longer want goes, what they want and nobody has comes.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.claim_names(of_kind text, of_type text, namespace_ids bigint[], owner_ids bigint[], wanted_namespaces bigint[], wanted_owners bigint[], wanted_names text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	taken record;
BEGIN
	PERFORM orchestration_internal.take_names(of_kind, of_type, namespace_ids, owner_ids, COALESCE(wanted_namespaces, '{}'), COALESCE(wanted_owners, '{}'), COALESCE(wanted_names, '{}'));
	SELECT w.namespace_id, n.name AS namespace, w.name, o.owner_type, o.owner_id INTO taken
	FROM unnest(wanted_namespaces, wanted_owners, wanted_names) w (namespace_id, owner_id, name)
	JOIN orchestration_internal.object_names o ON o.namespace_id = w.namespace_id AND o.kind = of_kind AND o.name = w.name
	JOIN orchestration.namespaces n ON n.id = w.namespace_id
	WHERE (o.owner_type, o.owner_id) <> (of_type, w.owner_id)
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION '% "%" already exists in namespace "%"', lower(of_kind), taken.name, taken.namespace
			USING ERRCODE = 'OR005',
				DETAIL = CASE taken.owner_type
					WHEN 'container' THEN format('The service "%s" would also be that of container %s.', taken.name,
						COALESCE((SELECT '"' || c.name || '"' FROM orchestration.containers c WHERE c.namespace_id = taken.namespace_id AND c.id = taken.owner_id AND orchestration_internal.holds_permission(taken.namespace_id, 'containers', 'read')), taken.owner_id::text))
					WHEN 'registry' THEN 'A registry keeps its credentials in a secret of this name.'
					ELSE 'There is a secret of this name, in which the registry would keep its credentials.'
				END,
				HINT = 'Choose another name.',
				TABLE = orchestration_internal.error_about(orchestration_internal.owner_table(of_type), taken.namespace_id, NULL, taken.name);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.claim_names(text, text, bigint[], bigint[], bigint[], bigint[], text[]) IS 'Gives back the names of objects of one kind that these owners no longer want, and takes those that they do. Arguments: kind, type of the owners, the owners, and who wants which name. Raises OR005 when another owner has one.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.claim_service_names(namespace_ids bigint[], container_ids bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wanted record;
BEGIN
	/* the names of containers differ, so that only a suffix can make those of their Services meet */
	SELECT array_agg(w.namespace_id) AS namespaces, array_agg(w.container_id) AS containers, array_agg(w.name) AS names INTO wanted
	FROM (
		SELECT DISTINCT c.namespace_id, c.id AS container_id, orchestration_internal.service_name(c.name, p.service_type) AS name
		FROM unnest(namespace_ids, container_ids) k (namespace_id, container_id)
		JOIN orchestration.containers c ON c.namespace_id = k.namespace_id AND c.id = k.container_id AND c.status <> 'deleted'
		JOIN orchestration.port_mappings p ON p.namespace_id = c.namespace_id AND p.container_id = c.id AND p.service_port IS NOT NULL
		WHERE p.service_type <> 'ClusterIP' OR c.name ~ '-(nodeport|loadbalancer)$'
	) w;
	IF wanted.names IS NOT NULL OR EXISTS (SELECT FROM unnest(namespace_ids, container_ids) k (namespace_id, container_id)
			JOIN orchestration_internal.object_names o ON o.namespace_id = k.namespace_id AND o.owner_type = 'container' AND o.owner_id = k.container_id)
	THEN
		PERFORM orchestration_internal.claim_names('Service', 'container', namespace_ids, container_ids, wanted.namespaces, wanted.containers, wanted.names);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.claim_service_names(bigint[], bigint[]) IS 'Rule: no two containers have Services of one name. Raises OR005.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.claim_secret_names(namespace_ids bigint[], secret_ids bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wanted record;
BEGIN
	/* the others are unique by themselves */
	SELECT array_agg(s.namespace_id) AS namespaces, array_agg(s.id) AS secrets, array_agg(s.name) AS names INTO wanted
	FROM unnest(namespace_ids, secret_ids) k (namespace_id, id)
	JOIN orchestration.secrets s ON s.namespace_id = k.namespace_id AND s.id = k.id
	WHERE s.name LIKE 'registry-%';
	PERFORM orchestration_internal.claim_names('Secret', 'secret', namespace_ids, secret_ids, wanted.namespaces, wanted.secrets, wanted.names);
END
$$;

COMMENT ON FUNCTION orchestration_internal.claim_secret_names(bigint[], bigint[]) IS 'Rule: no secret has the name of a pull secret. Raises OR005.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.claim_registry_names(namespace_ids bigint[], registry_ids bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wanted record;
BEGIN
	SELECT array_agg(r.namespace_id) AS namespaces, array_agg(r.id) AS registries, array_agg('registry-' || r.name) AS names INTO wanted
	FROM unnest(namespace_ids, registry_ids) k (namespace_id, id)
	JOIN orchestration.registries r ON r.namespace_id = k.namespace_id AND r.id = k.id;
	PERFORM orchestration_internal.claim_names('Secret', 'registry', namespace_ids, registry_ids, wanted.namespaces, wanted.registries, wanted.names);
END
$$;

COMMENT ON FUNCTION orchestration_internal.claim_registry_names(bigint[], bigint[]) IS 'Rule: no pull secret has the name of a secret. Raises OR005.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.claim_node_ports(namespace_ids bigint[], container_ids bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wanted record;
	taken record;
BEGIN
	SELECT p.node_port, p.protocol INTO taken
	FROM unnest(namespace_ids, container_ids) k (namespace_id, container_id)
	JOIN orchestration.port_mappings p ON p.namespace_id = k.namespace_id AND p.container_id = k.container_id
	WHERE p.node_port IS NOT NULL
	GROUP BY p.namespace_id, p.container_id, p.node_port, p.protocol
	HAVING count(DISTINCT p.id) > 1
	LIMIT 1;
	IF FOUND THEN
		PERFORM orchestration_internal.refuse('ports', format('Node port %s/%s is given twice.', taken.node_port, taken.protocol));
	END IF;
	/* not to be moved to another cluster meanwhile */
	PERFORM FROM orchestration.namespaces n WHERE n.id = ANY (namespace_ids) FOR KEY SHARE;
	SELECT array_agg(w.cluster_id) AS clusters, array_agg(w.node_port) AS ports, array_agg(w.namespace_id) AS namespaces, array_agg(w.container_id) AS containers, array_agg(w.service_type) AS types INTO wanted
	FROM (
		SELECT DISTINCT n.cluster_id, p.node_port, p.namespace_id, p.container_id, p.service_type
		FROM unnest(namespace_ids, container_ids) k (namespace_id, container_id)
		JOIN orchestration.port_mappings p ON p.namespace_id = k.namespace_id AND p.container_id = k.container_id AND p.node_port IS NOT NULL
		JOIN orchestration.namespaces n ON n.id = p.namespace_id AND n.cluster_id IS NOT NULL
	) w;
	PERFORM orchestration_internal.take_node_ports(namespace_ids, container_ids, COALESCE(wanted.clusters, '{}'), COALESCE(wanted.ports, '{}'),
		COALESCE(wanted.namespaces, '{}'), COALESCE(wanted.containers, '{}'), COALESCE(wanted.types, '{}'));
	SELECT p.namespace_id, p.container_id, c.name AS container, p.node_port, o.namespace_id AS other_namespace, o.container_id AS other_id INTO taken
	FROM unnest(namespace_ids, container_ids) k (namespace_id, container_id)
	JOIN orchestration.port_mappings p ON p.namespace_id = k.namespace_id AND p.container_id = k.container_id AND p.node_port IS NOT NULL
	JOIN orchestration.containers c ON c.namespace_id = p.namespace_id AND c.id = p.container_id
	JOIN orchestration.namespaces n ON n.id = p.namespace_id
	JOIN orchestration_internal.node_ports o ON o.cluster_id = n.cluster_id AND o.node_port = p.node_port
	WHERE (o.namespace_id, o.container_id, o.service_type) <> (p.namespace_id, p.container_id, p.service_type)
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'node port % is taken', taken.node_port
			USING ERRCODE = 'OR005',
				DETAIL = COALESCE((SELECT format('Container "%s" of namespace "%s" has it.', c.name, n.name)
					FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id
					WHERE c.namespace_id = taken.other_namespace AND c.id = taken.other_id AND orchestration_internal.holds_permission(n.id, 'containers', 'read')),
					'Another container of the cluster has it.'),
				HINT = 'Choose another one, or leave it out: the cluster chooses one that is free.',
				TABLE = orchestration_internal.error_about('containers', taken.namespace_id, taken.container_id, taken.container);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.claim_node_ports(bigint[], bigint[]) IS 'Rule: no two Services of one cluster have the same port on its nodes, whosever they are, and no Service has it twice. Raises OR003, OR005.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.claim_moved_node_ports(namespace_ids bigint[], keys bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moved record;
BEGIN
	SELECT array_agg(m.namespace_id) AS namespaces, array_agg(m.container_id) AS containers INTO moved
	FROM (
		SELECT DISTINCT p.namespace_id, p.container_id FROM orchestration.port_mappings p
		WHERE p.namespace_id = ANY (namespace_ids) AND p.node_port IS NOT NULL
	) m;
	IF moved.namespaces IS NOT NULL THEN
		PERFORM orchestration_internal.claim_node_ports(moved.namespaces, moved.containers);
	END IF;
	PERFORM orchestration_internal.refuse_old_snapshot(n, 'node ports elsewhere') FROM unnest(namespace_ids) n;
END
$$;

COMMENT ON FUNCTION orchestration_internal.claim_moved_node_ports(bigint[], bigint[]) IS 'Rule: a namespace that comes into a cluster finds its node ports free there. Raises OR005.';
-- for the owner alone
