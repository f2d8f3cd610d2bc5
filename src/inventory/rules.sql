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

COMMENT ON FUNCTION orchestration_internal.in_the_way_now(text, bigint, bigint, text[]) IS 'Who uses something, who names it (id; in keys: which table, its name, and keys of it if only they are meant), which containers stay in a namespace, which node ports in it are not claimed: by what is committed now, also in a transaction with an older snapshot. NULL for nothing.';
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
	/* the lock makes guard_namespace() wait for us, or us see that it was there; what is only changed may come before or after */
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

COMMENT ON FUNCTION orchestration_internal.enter_namespaces(bigint[], bigint[]) IS 'Rule: nothing is made or changed in a namespace that is going away, where it would be lost, nor made in platform. Raises OR003, OR012.';
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
		users := orchestration_internal.in_the_way_now('users', OLD.namespace_id, OLD.id, ARRAY['config_map', OLD.name] || gone);
	ELSE
		gone := ARRAY(SELECT k FROM unnest(OLD.data_keys) k WHERE k <> ALL (NEW.data_keys));
		IF gone = '{}' THEN
			RETURN NEW;
		END IF;
		PERFORM FROM orchestration.secrets s WHERE s.namespace_id = OLD.namespace_id AND s.id = OLD.id FOR UPDATE;
		users := orchestration_internal.in_the_way_now('users', OLD.namespace_id, OLD.id, ARRAY['secret', OLD.name] || gone);
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
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found text[];
	contents text[] := CASE WHEN namespace_id = 0 THEN '{the platform itself}'::text[] ELSE '{}' END;
	place record;
BEGIN
	/* containers first: those are what people look for */
	FOR place IN
		SELECT r.relation, r.called, r.title, CASE r.relation WHEN 'containers' THEN 6 ELSE 1 END AS most
		FROM orchestration_internal.resources() r
		WHERE r.scope = 'namespace_id' AND r.part_of IS NULL
		ORDER BY most DESC, r.nth DESC
	LOOP
		EXECUTE format('SELECT array_agg(format(''%s "%%s"'', t.title)) FROM (SELECT %I AS title FROM orchestration.%I WHERE namespace_id = $1 LIMIT %s) t',
			place.called, place.title, place.relation, place.most) INTO found USING namespace_id;
		contents := contents || found;
	END LOOP;
	RETURN NULLIF(contents, '{}');
END
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
		WHEN 'image' THEN
			home := OLD.namespace_id;
			called := OLD.repository;
			users := orchestration_internal.image_users(OLD.namespace_id, OLD.id);
		ELSE
			home := OLD.namespace_id;
			users := orchestration_internal.in_the_way_now('users', OLD.namespace_id, OLD.id, ARRAY[replace(TG_ARGV[0], ' ', '_'), to_jsonb(OLD) ->> 'name']);
	END CASE;
	IF users IS NOT NULL THEN
		PERFORM orchestration_internal.refuse_in_use(TG_ARGV[0], COALESCE(called, to_jsonb(OLD) ->> 'name'), orchestration_internal.told_users(home, users), home, OLD.id);
	END IF;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.keep_used() IS 'Row trigger after DELETE, before those of the foreign keys, which would only say 23503; argument: what the table holds. Raises OR006 and says who uses it.';

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

CREATE OR REPLACE FUNCTION orchestration_internal.make_rule_triggers(relation text, events text, rule text, key text, filter text DEFAULT '', columns text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	event text;
BEGIN
	FOREACH event IN ARRAY string_to_array(events, ' ') LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER %s ON orchestration.%I REFERENCING %s FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.ask_rule(%s)',
			'zz_' || rule || '_' || lower(event), event, relation,
			CASE event WHEN 'INSERT' THEN 'NEW TABLE AS new_rows' WHEN 'DELETE' THEN 'OLD TABLE AS old_rows' ELSE 'OLD TABLE AS old_rows NEW TABLE AS new_rows' END,
			orchestration_internal.quoted(VARIADIC ARRAY[rule, key, filter] || string_to_array(columns, ' ')));
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.make_rule_triggers(text, text, text, text, text, text) IS 'Has a rule between rows asked after statements. Arguments: table; INSERT, UPDATE, DELETE with blanks between them; the rule, a function of two arrays of namespaces and keys; the column of the key; a column without which a row does not count, or empty; the columns that an UPDATE must change, or NULL.';
-- for the owner alone
