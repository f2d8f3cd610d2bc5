/*
 * Rules between rows.  A trigger asks them after every statement (rules.c), so that a
 * plain INSERT, UPDATE, COPY or MERGE is told the same as a caller of a function.  Each
 * takes namespaces and keys as two arrays, runs with the rights of the owner of the
 * extension, and says in an error no more than its caller may read.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.told_users(of_namespace bigint, users text[])
RETURNS text[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF users IS NULL OR orchestration_internal.holds_permission(of_namespace, 'containers', 'read') THEN
		RETURN users;
	END IF;
	RETURN '{"what you may not read"}';
END
$$;

COMMENT ON FUNCTION orchestration_internal.told_users(bigint, text[]) IS 'Who uses something, or only that somebody does, for callers who may not read the containers of the namespace.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.in_the_way_now(what text, namespace_id bigint, id bigint, keys text[])
RETURNS text[]
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS 'MODULE_PATHNAME', 'orch_in_the_way_now';

COMMENT ON FUNCTION orchestration_internal.in_the_way_now(text, bigint, bigint, text[]) IS 'Who needs keys of a config map or secret, which containers stay in a namespace, which node ports in it are not claimed: by what is committed now, also in a transaction with an older snapshot. NULL for nothing.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.refuse_old_snapshot(of_namespace bigint, what text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed'
		AND (orchestration_internal.holds_permission(of_namespace, '*', '*') OR (SELECT r.rolbypassrls FROM pg_catalog.pg_roles r WHERE r.rolname = orchestration_internal.acting_role()))
		AND orchestration_internal.in_the_way_now(what, of_namespace, NULL, NULL) IS NOT NULL THEN
		RAISE EXCEPTION 'could not serialize access: something came into the namespace meanwhile'
			USING ERRCODE = '40001', HINT = 'Try the transaction again.';
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.refuse_old_snapshot(bigint, text) IS 'Raises 40001 when a transaction with a snapshot has missed what came into a namespace; with the rights of its owner, as it looks past row security.';
GRANT EXECUTE ON FUNCTION orchestration_internal.refuse_old_snapshot(bigint, text) TO orchestration_user;

/* ---- namespaces that are going away ---- */

CREATE OR REPLACE FUNCTION orchestration_internal.enter_namespaces(namespace_ids bigint[], keys bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	target record;
BEGIN
	/* the lock makes guard_namespace() wait for us, or us see that it was there */
	FOR target IN
		SELECT n.id, n.name, n.desired_state
		FROM orchestration.namespaces n
		WHERE n.id = ANY (namespace_ids)
		FOR KEY SHARE
	LOOP
		IF target.id = 0 THEN
			RAISE EXCEPTION 'namespace "%" holds nothing', target.name
				USING ERRCODE = 'OR003', DETAIL = 'It stands for the platform itself.', HINT = 'Create a namespace with create_namespace().';
		ELSIF target.desired_state = 'deleted' THEN
			RAISE EXCEPTION 'namespace "%" is being deleted', target.name
				USING ERRCODE = 'OR012', HINT = 'Choose another namespace, or wait until the deletion is proven and create it anew.',
					TABLE = orchestration_internal.error_about('namespaces', target.id, target.id, target.name);
		END IF;
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.enter_namespaces(bigint[], bigint[]) IS 'Rule: nothing is made in a namespace that is going away, or in platform. Raises OR003, OR012.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.guard_namespace()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NEW.name IS DISTINCT FROM OLD.name AND (NEW.name = 'default' OR NEW.name LIKE 'kube-%') THEN
		RAISE EXCEPTION 'namespace name "%" is reserved', NEW.name
			USING ERRCODE = 'OR001', DETAIL = 'Every cluster has namespaces of its own by such names.', HINT = 'Choose another name.';
	ELSIF TG_OP = 'INSERT' THEN
		RETURN NEW;
	ELSIF OLD.desired_state = 'deleted' AND NEW.desired_state <> 'deleted' THEN
		RAISE EXCEPTION 'namespace "%" is being deleted', OLD.name
			USING ERRCODE = 'OR012', DETAIL = 'What was in it goes with it.', HINT = 'Create it anew when its deletion is proven.',
				TABLE = orchestration_internal.error_about('namespaces', OLD.id, OLD.id, OLD.name);
	ELSIF OLD.desired_state <> 'deleted' AND NEW.desired_state = 'deleted' THEN
		IF OLD.id = 0 THEN
			PERFORM orchestration_internal.refuse_in_use('namespace', OLD.name, '{"the platform itself"}', OLD.id, OLD.id);
		END IF;
		/* whoever is about to put something in has its key locked: wait for him */
		PERFORM FROM orchestration.namespaces n WHERE n.id = OLD.id FOR UPDATE;
		UPDATE orchestration.containers c SET desired_state = 'deleted' WHERE c.namespace_id = OLD.id AND c.desired_state <> 'deleted';
		PERFORM orchestration_internal.refuse_old_snapshot(OLD.id, 'containers that stay');
		/* where no worker is in charge, nothing is left to be proven */
		IF NEW.cluster_id IS NULL AND NOT orchestration_internal.has_objects(OLD.id) THEN
			NEW.status := 'deleted';
		END IF;
	ELSIF NEW.cluster_id IS DISTINCT FROM OLD.cluster_id THEN
		/* the node ports in it are claimed in the other cluster: none may come meanwhile */
		PERFORM FROM orchestration.namespaces n WHERE n.id = OLD.id FOR UPDATE;
	END IF;
	RETURN NEW;
END
$$;

COMMENT ON FUNCTION orchestration_internal.guard_namespace() IS 'Row trigger of namespaces: reserved names; a namespace that goes away takes its containers along, with the permissions of who deletes it, and does not come back. Raises OR001, OR006 for platform, OR012.';

/* SECURITY DEFINER: whether objects are left does not depend on who asks */
CREATE OR REPLACE FUNCTION orchestration_internal.has_objects(of_namespace bigint)
RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	/* who does not see the namespace is not told of it */
	RETURN EXISTS (SELECT FROM orchestration.managed_objects m WHERE m.namespace_id = of_namespace)
		AND (orchestration_internal.holds_permission(of_namespace, '*', '*') OR (SELECT r.rolbypassrls FROM pg_catalog.pg_roles r WHERE r.rolname = orchestration_internal.acting_role()));
END
$$;

COMMENT ON FUNCTION orchestration_internal.has_objects(bigint) IS 'Is something of the namespace left in a cluster? For the trigger of namespaces, which runs as who deletes one.';
GRANT EXECUTE ON FUNCTION orchestration_internal.has_objects(bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.guard_config_map_name()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NEW.name = 'kube-root-ca.crt' THEN
		RAISE EXCEPTION 'config map name "%" is reserved', NEW.name
			USING ERRCODE = 'OR001', DETAIL = 'Kubernetes puts one into every namespace.', HINT = 'Choose another name.';
	END IF;
	RETURN NEW;
END
$$;

COMMENT ON FUNCTION orchestration_internal.guard_config_map_name() IS 'Row trigger of config_maps. Raises OR001 for the name that Kubernetes uses itself.';

/* ---- what is referred to ---- */

CREATE OR REPLACE FUNCTION orchestration_internal.require_keys(namespace_ids bigint[], variable_ids bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wrong record;
BEGIN
	/* locked against keep_keys(), which takes a key away only when nobody is about to need it */
	PERFORM FROM orchestration.config_maps m
	WHERE (m.namespace_id, m.id) IN (SELECT e.namespace_id, e.config_map_id FROM unnest(namespace_ids, variable_ids) k (namespace_id, id)
		JOIN orchestration.environment_variables e ON e.namespace_id = k.namespace_id AND e.id = k.id)
	FOR KEY SHARE;
	PERFORM FROM orchestration.secrets s
	WHERE (s.namespace_id, s.id) IN (SELECT e.namespace_id, e.secret_id FROM unnest(namespace_ids, variable_ids) k (namespace_id, id)
		JOIN orchestration.environment_variables e ON e.namespace_id = k.namespace_id AND e.id = k.id)
	FOR KEY SHARE;
	SELECT e.name, e.key, CASE WHEN e.config_map_id IS NULL THEN 'secret' ELSE 'config map' END AS kind, COALESCE(m.name, s.name) AS source INTO wrong
	FROM unnest(namespace_ids, variable_ids) k (namespace_id, id)
	JOIN orchestration.environment_variables e ON e.namespace_id = k.namespace_id AND e.id = k.id
	LEFT JOIN orchestration.config_maps m ON m.namespace_id = e.namespace_id AND m.id = e.config_map_id
	LEFT JOIN orchestration.secrets s ON s.namespace_id = e.namespace_id AND s.id = e.secret_id
	WHERE e.key IS NOT NULL AND e.optional IS NOT TRUE AND NOT (COALESCE(m.data ? e.key, false) OR COALESCE(e.key = ANY (s.data_keys), false))
	ORDER BY e.container_id, e.position
	LIMIT 1;
	IF FOUND THEN
		PERFORM orchestration_internal.refuse(format('variable %s', wrong.name), format('The %s "%s" has no key "%s".', wrong.kind, wrong.source, wrong.key),
			'Add the key first, or make the variable optional.');
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.require_keys(bigint[], bigint[]) IS 'Rule: the key that an environment variable names is there, unless it is optional. Raises OR003.';
-- for the owner alone

/* SECURITY DEFINER: what row security hides from the writer needs the key all the same */
CREATE OR REPLACE FUNCTION orchestration_internal.keep_keys()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
	gone text[];
	users text[];
BEGIN
	IF TG_ARGV[0] = 'config map' THEN
		IF jsonb_typeof(NEW.data) <> 'object' THEN
			RETURN NEW; -- the CHECK says so
		END IF;
		gone := ARRAY(SELECT jsonb_object_keys(OLD.data) EXCEPT SELECT jsonb_object_keys(NEW.data));
		IF gone = '{}' THEN
			RETURN NEW;
		END IF;
		PERFORM FROM orchestration.config_maps m WHERE m.namespace_id = OLD.namespace_id AND m.id = OLD.id FOR UPDATE;
		users := orchestration_internal.in_the_way_now('config map', OLD.namespace_id, OLD.id, gone);
	ELSE
		gone := ARRAY(SELECT k FROM unnest(OLD.data_keys) k WHERE k <> ALL (NEW.data_keys));
		IF gone = '{}' THEN
			RETURN NEW;
		END IF;
		PERFORM FROM orchestration.secrets s WHERE s.namespace_id = OLD.namespace_id AND s.id = OLD.id FOR UPDATE;
		users := orchestration_internal.in_the_way_now('secret', OLD.namespace_id, OLD.id, gone);
	END IF;
	IF users IS NOT NULL THEN
		PERFORM orchestration_internal.refuse_in_use('a key of ' || TG_ARGV[0], OLD.name, orchestration_internal.told_users(OLD.namespace_id, users), OLD.namespace_id, OLD.id);
	END IF;
	RETURN NEW;
END
$$;

COMMENT ON FUNCTION orchestration_internal.keep_keys() IS 'Row trigger of config_maps and secrets. Raises OR006 when a key goes that a variable needs.';

CREATE OR REPLACE FUNCTION orchestration_internal.image_users(namespace_id bigint, image_id bigint)
RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT array_agg(format('container "%s"', c.name) ORDER BY c.name)
	FROM orchestration.containers c
	WHERE c.namespace_id = $1 AND c.image_id = $2
$$;

COMMENT ON FUNCTION orchestration_internal.image_users(bigint, bigint) IS 'Who runs an image. NULL for nobody.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.cluster_users(cluster_id bigint)
RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT array_agg(format('namespace "%s"', u.name) ORDER BY u.name)
	FROM (
		SELECT n.name FROM orchestration.namespaces n WHERE n.cluster_id = $1
		UNION
		SELECT COALESCE(n.name, m.cluster_namespace) FROM orchestration.managed_objects m LEFT JOIN orchestration.namespaces n ON n.id = m.namespace_id WHERE m.cluster_id = $1
	) u
$$;

COMMENT ON FUNCTION orchestration_internal.cluster_users(bigint) IS 'Namespaces that are, or left something, in a cluster. NULL for none.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.namespace_contents(namespace_id bigint)
RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT array_agg(u.text)
	FROM (
		SELECT 'the platform itself' WHERE $1 = 0
		UNION ALL (SELECT format('container "%s"', c.name) FROM orchestration.containers c WHERE c.namespace_id = $1 LIMIT 6)
		UNION ALL (SELECT format('volume "%s"', v.name) FROM orchestration.volumes v WHERE v.namespace_id = $1 LIMIT 1)
		UNION ALL (SELECT format('config map "%s"', m.name) FROM orchestration.config_maps m WHERE m.namespace_id = $1 LIMIT 1)
		UNION ALL (SELECT format('secret "%s"', s.name) FROM orchestration.secrets s WHERE s.namespace_id = $1 LIMIT 1)
		UNION ALL (SELECT format('registry "%s"', r.name) FROM orchestration.registries r WHERE r.namespace_id = $1 LIMIT 1)
		UNION ALL (SELECT format('image "%s"', i.repository) FROM orchestration.container_images i WHERE i.namespace_id = $1 LIMIT 1)
	) u (text)
$$;

COMMENT ON FUNCTION orchestration_internal.namespace_contents(bigint) IS 'Some of what a namespace holds. NULL for nothing.';
-- for the owner alone

/* SECURITY DEFINER: what row security hides from the writer is in use all the same */
CREATE OR REPLACE FUNCTION orchestration_internal.keep_used()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
	home bigint;
	called text;
	users text[];
BEGIN
	CASE TG_ARGV[0]
		WHEN 'cluster' THEN
			home := 0;
			users := orchestration_internal.cluster_users(OLD.id);
		WHEN 'namespace' THEN
			home := OLD.id;
			users := orchestration_internal.namespace_contents(OLD.id);
		WHEN 'config map' THEN
			home := OLD.namespace_id;
			users := orchestration_internal.config_map_users(OLD.namespace_id, OLD.id);
		WHEN 'secret' THEN
			home := OLD.namespace_id;
			users := orchestration_internal.secret_users(OLD.namespace_id, OLD.id);
		WHEN 'volume' THEN
			home := OLD.namespace_id;
			users := orchestration_internal.volume_users(OLD.namespace_id, OLD.id);
			IF users IS NULL THEN
				users := orchestration_internal.volume_mentions(OLD.namespace_id, OLD.name);
			END IF;
		WHEN 'image' THEN
			home := OLD.namespace_id;
			called := OLD.repository;
			users := orchestration_internal.image_users(OLD.namespace_id, OLD.id);
	END CASE;
	IF users IS NOT NULL THEN
		PERFORM orchestration_internal.refuse_in_use(TG_ARGV[0], COALESCE(called, to_jsonb(OLD) ->> 'name'), orchestration_internal.told_users(home, users), home, OLD.id);
	END IF;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.keep_used() IS 'Row trigger after DELETE, before those of the foreign keys, which would only say 23503; argument: what the table holds. Raises OR006 and says who uses it.';

CREATE OR REPLACE FUNCTION orchestration_internal.volume_mentions(namespace_id bigint, volume text)
RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT array_agg(format('container "%s" (in init_containers or overrides)', c.name) ORDER BY c.name)
	FROM orchestration.containers c
	WHERE c.namespace_id = $1 AND c.desired_state <> 'deleted' AND (c.init_containers <> '[]' OR c.overrides <> '{}')
		AND volume = ANY (orchestration_internal.mentioned_volumes(c.init_containers, c.overrides))
$$;

COMMENT ON FUNCTION orchestration_internal.volume_mentions(bigint, text) IS 'Who mounts a volume by its name, in init containers or overrides. NULL for nobody.';
-- for the owner alone

/* ---- names and ports that only one may have ---- */

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
				TABLE = orchestration_internal.error_about(CASE of_type WHEN 'registry' THEN 'registries' ELSE of_type || 's' END, taken.namespace_id, NULL, taken.name);
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

/* ---- ports and what names them ---- */

CREATE OR REPLACE FUNCTION orchestration_internal.agree_on_ports(namespace_ids bigint[], container_ids bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wrong record;
BEGIN
	SELECT p.name INTO wrong
	FROM unnest(namespace_ids, container_ids) k (namespace_id, container_id)
	JOIN orchestration.port_mappings p ON p.namespace_id = k.namespace_id AND p.container_id = k.container_id
	WHERE p.name IS NOT NULL
	GROUP BY p.namespace_id, p.container_id, p.name
	HAVING count(DISTINCT (p.container_port, p.protocol)) > 1
	LIMIT 1;
	IF FOUND THEN
		PERFORM orchestration_internal.refuse('ports', format('The name "%s" is given to several ports.', wrong.name));
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.agree_on_ports(bigint[], bigint[]) IS 'Rule: a name belongs to one port of a container. Raises OR003.';
-- for the owner alone

/* SECURITY DEFINER: it looks at the whole container, whatever the writer sees of it */
CREATE OR REPLACE FUNCTION orchestration_internal.keep_named_ports()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
	target record;
	wrong record;
	names text[];
BEGIN
	IF TG_OP = 'DELETE' THEN target := OLD; ELSE target := NEW; END IF;
	SELECT p.probe_type, p.handler, p.port INTO wrong
	FROM orchestration.container_probes p
	WHERE p.namespace_id = target.namespace_id AND p.container_id = target.container_id AND p.port !~ '^[0-9]+$'
		AND NOT EXISTS (SELECT FROM orchestration.port_mappings m WHERE m.namespace_id = p.namespace_id AND m.container_id = p.container_id AND m.name = p.port)
	LIMIT 1;
	IF FOUND THEN
		names := ARRAY(SELECT DISTINCT m.name FROM orchestration.port_mappings m
			WHERE m.namespace_id = target.namespace_id AND m.container_id = target.container_id AND m.name IS NOT NULL ORDER BY 1);
		PERFORM orchestration_internal.refuse(format('%s_probe.%s.port', wrong.probe_type, wrong.handler), format('The container has no port named "%s".', wrong.port),
			CASE names WHEN '{}' THEN 'Give the number of the port, or name one in ports.' ELSE format('Named ports: %s.', array_to_string(names, ', ')) END);
	END IF;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.keep_named_ports() IS 'Constraint trigger of probes and ports, deferred, so that they may be replaced in any order. Raises OR003 when a probe names a port that is not there.';
