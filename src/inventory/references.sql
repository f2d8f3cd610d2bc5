/*
 * Who refers to what: one definition for all who ask.  It is found in the merged pod
 * template (parts_templates), by name as Kubernetes finds it, and decides
 * - generation: a change raises that of the containers that refer to what changed,
 * - the config hash: pods are replaced when what they read has changed,
 * - what is in use, and cannot go or get another name,
 * - what must be there.
 * Compiling a plan here takes longer than running it: SET jit = off.
 * Only containers with init containers or overrides can name something that no row
 * of their parts names: for the others the rows are the template, and enough.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.template_references(template jsonb)
RETURNS TABLE (what text, name text, key text, optional boolean, place text)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 5
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_template_references';

COMMENT ON FUNCTION orchestration_internal.template_references(jsonb) IS 'Everything that a pod template refers to: what (config_map, secret, volume by its name in the pod, claim, pull_secret), its name, the key (NULL: all of them), whether the pod does without, and the place in the template.';
GRANT EXECUTE ON FUNCTION orchestration_internal.template_references(jsonb) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.mentions(document jsonb, names text[])
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_mentions';

COMMENT ON FUNCTION orchestration_internal.mentions(jsonb, text[]) IS 'True when one of the names is a string anywhere in the document: who does not mention a name cannot refer to it.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.registry_host(server text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	/* every spelling of Docker Hub is docker.io */
	SELECT CASE WHEN h.host IN ('', 'index.docker.io', 'registry-1.docker.io') THEN 'docker.io' ELSE h.host END
	FROM (SELECT lower(regexp_replace(server, '^https?://|/.*$', '', 'g'))) h (host)
$$;

COMMENT ON FUNCTION orchestration_internal.registry_host(text) IS 'The host that images name, of registries.server.';
GRANT EXECUTE ON FUNCTION orchestration_internal.registry_host(text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.container_references(namespace_ids bigint[], container_ids bigint[])
RETURNS TABLE (namespace_id bigint, container_id bigint, what text, id bigint, name text, key text, optional boolean, place text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT k.namespace_id, k.container_id, r.what, r.id, r.name, r.key, r.optional, r.place
	FROM unnest($1, $2) k (namespace_id, container_id)
	CROSS JOIN LATERAL (
		SELECT t.namespace_id, t.template, t.hosts FROM orchestration_internal.parts_templates t
		WHERE t.namespace_id = k.namespace_id AND t.container_id = k.container_id
		OFFSET 0
	) t
	CROSS JOIN LATERAL (
		SELECT CASE f.what WHEN 'claim' THEN 'volume' WHEN 'pull_secret' THEN CASE WHEN g.id IS NULL THEN 'secret' ELSE 'registry' END ELSE f.what END,
			CASE f.what WHEN 'pull_secret' THEN COALESCE(g.id, f.id) ELSE f.id END, f.name, f.key, f.optional OR f.what = 'pull_secret', f.place
		FROM (
			SELECT x.what, x.name, x.key, x.optional, x.place,
				CASE x.what
					WHEN 'config_map' THEN (SELECT m.id FROM orchestration.config_maps m WHERE m.namespace_id = t.namespace_id AND m.name = x.name)
					WHEN 'volume' THEN (SELECT v.id FROM orchestration.volumes v WHERE v.namespace_id = t.namespace_id AND v.name = x.name)
					WHEN 'claim' THEN (SELECT v.id FROM orchestration.volumes v WHERE v.namespace_id = t.namespace_id AND v.name = x.name AND v.volume_type = 'PVC')
					ELSE (SELECT s.id FROM orchestration.secrets s WHERE s.namespace_id = t.namespace_id AND s.name = x.name)
				END AS id
			FROM orchestration_internal.template_references(t.template) x
		) f
		LEFT JOIN orchestration.registries g ON f.what = 'pull_secret' AND g.namespace_id = t.namespace_id AND 'registry-' || g.name = f.name
		/* a volume of the pod's own is no row */
		WHERE f.what <> 'volume' OR f.id IS NOT NULL
	) r (what, id, name, key, optional, place);
END
$$;

COMMENT ON FUNCTION orchestration_internal.container_references(bigint[], bigint[]) IS 'What containers refer to, found in their merged pod templates: what (config_map, secret, registry, volume), its id (NULL: there is no such row), name, key (NULL: all of them), whether the pod does without, and the place in the template. Arguments: two arrays of equal length, namespace ids and container ids. For the worker and whoever has the rights of the owner.';
GRANT EXECUTE ON FUNCTION orchestration_internal.container_references(bigint[], bigint[]) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.refers_to(namespace_id bigint, container_id bigint, what text, names text[])
RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
BEGIN
	RETURN EXISTS (
		SELECT FROM orchestration_internal.parts_templates t
		CROSS JOIN LATERAL orchestration_internal.template_references(t.template) r
		WHERE t.namespace_id = refers_to.namespace_id AND t.container_id = refers_to.container_id
			AND r.name = ANY (names) AND r.what = ANY (CASE refers_to.what WHEN 'volume' THEN '{volume,claim}'::text[] WHEN 'secret' THEN '{secret,pull_secret}' ELSE ARRAY[refers_to.what] END));
END
$$;

COMMENT ON FUNCTION orchestration_internal.refers_to(bigint, bigint, text, text[]) IS 'Does the merged pod template of a container refer to a config_map, secret or volume of one of these names?';
-- for the owner alone

/* ROWS: most changes concern few; told otherwise the planner reads all containers */
CREATE OR REPLACE FUNCTION orchestration_internal.possible_referrers(what text, namespace_ids bigint[], ids bigint[], names text[])
RETURNS TABLE (namespace_id bigint, container_id bigint)
LANGUAGE plpgsql STABLE ROWS 20
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	all_names text[] := names;
BEGIN
	IF what = 'config_map' THEN
		RETURN QUERY
		SELECT e.namespace_id, e.container_id
		FROM (SELECT DISTINCT u.namespace_id, u.id FROM unnest($2, $3) u (namespace_id, id)) k
		JOIN orchestration.environment_variables e ON e.namespace_id = k.namespace_id AND e.config_map_id = k.id
		UNION
		SELECT m.namespace_id, m.container_id
		FROM (SELECT DISTINCT u.namespace_id, u.id FROM unnest($2, $3) u (namespace_id, id)) k
		JOIN orchestration.volumes v ON v.namespace_id = k.namespace_id AND v.config_map_id = k.id
		JOIN orchestration.container_volumes m ON m.namespace_id = v.namespace_id AND m.volume_id = v.id;
		all_names := names || ARRAY(SELECT v.name FROM unnest($2, $3) k (namespace_id, id)
			JOIN orchestration.volumes v ON v.namespace_id = k.namespace_id AND v.config_map_id = k.id);
	ELSIF what = 'secret' THEN
		RETURN QUERY
		SELECT e.namespace_id, e.container_id
		FROM (SELECT DISTINCT u.namespace_id, u.id FROM unnest($2, $3) u (namespace_id, id)) k
		JOIN orchestration.environment_variables e ON e.namespace_id = k.namespace_id AND e.secret_id = k.id
		UNION
		SELECT m.namespace_id, m.container_id
		FROM (SELECT DISTINCT u.namespace_id, u.id FROM unnest($2, $3) u (namespace_id, id)) k
		JOIN orchestration.volumes v ON v.namespace_id = k.namespace_id AND v.secret_id = k.id
		JOIN orchestration.container_volumes m ON m.namespace_id = v.namespace_id AND m.volume_id = v.id;
		all_names := names || ARRAY(SELECT v.name FROM unnest($2, $3) k (namespace_id, id)
			JOIN orchestration.volumes v ON v.namespace_id = k.namespace_id AND v.secret_id = k.id);
	ELSIF what = 'volume' THEN
		RETURN QUERY
		SELECT DISTINCT m.namespace_id, m.container_id
		FROM unnest($2, $3) k (namespace_id, id)
		JOIN orchestration.container_volumes m ON m.namespace_id = k.namespace_id AND m.volume_id = k.id;
	END IF;
	RETURN QUERY
	SELECT c.namespace_id, c.id
	FROM (SELECT DISTINCT u.namespace_id FROM unnest($2) u (namespace_id)) k
	JOIN orchestration.containers c ON c.namespace_id = k.namespace_id AND (c.init_containers <> '[]' OR c.overrides <> '{}')
	WHERE c.status <> 'deleted'
		AND (orchestration_internal.mentions(c.init_containers, all_names) OR orchestration_internal.mentions(c.overrides, all_names));
END
$$;

COMMENT ON FUNCTION orchestration_internal.possible_referrers(text, bigint[], bigint[], text[]) IS 'Containers that may refer to some config_map, secret or volume: by rows of their parts, which settles it where there are no overrides, or because their init containers or overrides mention the name, or that of a volume which shows it. Arguments: what, and three arrays of equal length: namespaces, ids, names. Some come twice.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.pulling_containers(namespace_ids bigint[], hosts text[])
RETURNS TABLE (namespace_id bigint, container_id bigint)
LANGUAGE plpgsql STABLE ROWS 20
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT c.namespace_id, c.id
	FROM (SELECT DISTINCT u.namespace_id FROM unnest($1) u (namespace_id)) k
	JOIN orchestration.containers c ON c.namespace_id = k.namespace_id AND c.status <> 'deleted'
	JOIN orchestration.container_images i ON i.namespace_id = c.namespace_id AND i.id = c.image_id
	WHERE CASE WHEN c.init_containers = '[]' AND c.overrides = '{}' THEN COALESCE(NULLIF(i.registry, ''), 'docker.io') = ANY ($2)
		ELSE orchestration_internal.pulled_hosts(i.registry, c.init_containers, c.overrides) && $2 END
	ORDER BY 1, 2;
END
$$;

COMMENT ON FUNCTION orchestration_internal.pulling_containers(bigint[], text[]) IS 'Containers of some namespaces that pull an image from one of these hosts, and so get the credentials of its registry, in the order of their ids. Arguments: namespaces, hosts.';
-- for the owner alone

/* ---- what is in use ---- */

CREATE OR REPLACE FUNCTION orchestration_internal.naming_containers(what text, namespace_id bigint, id bigint, name text, keys text[], by_name boolean)
RETURNS text[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
	RETURN (
		SELECT array_agg(DISTINCT format('container "%s" (its init containers or overrides)', c.name))
		FROM orchestration_internal.possible_referrers(CASE $1 WHEN 'registry' THEN 'secret' ELSE what END, ARRAY[$2], ARRAY[$3], ARRAY[CASE $1 WHEN 'registry' THEN 'registry-' ELSE '' END || $4]) p
		JOIN orchestration.containers c ON c.namespace_id = p.namespace_id AND c.id = p.container_id AND c.status <> 'deleted'
			AND (c.init_containers <> '[]' OR c.overrides <> '{}')
		JOIN orchestration_internal.parts_templates t ON t.namespace_id = c.namespace_id AND t.container_id = c.id
		CROSS JOIN LATERAL orchestration_internal.template_references(t.template) r
		WHERE r.name = CASE $1 WHEN 'registry' THEN 'registry-' ELSE '' END || $4
			AND CASE $1
				/* what stands there because of an image does without */
				WHEN 'registry' THEN r.what = 'pull_secret' AND orchestration_internal.mentions(c.overrides, ARRAY[r.name])
				WHEN 'secret' THEN r.what IN ('secret', 'pull_secret')
				WHEN 'volume' THEN r.what IN ('volume', 'claim')
				ELSE r.what = $1 END
			AND NOT r.optional AND (keys IS NULL OR r.key = ANY (keys))
			AND (NOT by_name OR orchestration_internal.mentions(c.init_containers, ARRAY[r.name]) OR orchestration_internal.mentions(c.overrides, ARRAY[r.name]))
			/* and not the rows of its parts, which say so themselves */
			AND (by_name OR NOT CASE $1
				WHEN 'config_map' THEN EXISTS (SELECT FROM orchestration.environment_variables e
						WHERE e.namespace_id = c.namespace_id AND e.container_id = c.id AND e.config_map_id = $3 AND e.key = r.key)
					OR keys IS NULL AND EXISTS (SELECT FROM orchestration.volumes v WHERE v.namespace_id = $2 AND v.config_map_id = $3 AND r.key IS NULL)
				WHEN 'secret' THEN EXISTS (SELECT FROM orchestration.environment_variables e
						WHERE e.namespace_id = c.namespace_id AND e.container_id = c.id AND e.secret_id = $3 AND e.key = r.key)
					OR keys IS NULL AND EXISTS (SELECT FROM orchestration.volumes v WHERE v.namespace_id = $2 AND v.secret_id = $3 AND r.key IS NULL AND r.what = 'secret')
				WHEN 'volume' THEN EXISTS (SELECT FROM orchestration.container_volumes m WHERE m.namespace_id = c.namespace_id AND m.container_id = c.id AND m.volume_id = $3)
				ELSE false END)
	);
END
$$;

COMMENT ON FUNCTION orchestration_internal.naming_containers(text, bigint, bigint, text, text[], boolean) IS 'Who cannot do without a config_map, secret, registry or volume, or one of some keys of it, because init containers or overrides say so. Arguments: what, namespace, id, name, keys or NULL, whether only those count that spell the name. NULL for nobody.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.volumes_using(what text, namespace_id bigint, id bigint, keys text[])
RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT array_agg(format('volume "%s"', v.name))
	FROM orchestration.volumes v
	WHERE $4 IS NULL AND v.namespace_id = $2 AND CASE $1 WHEN 'config_map' THEN v.config_map_id = $3 WHEN 'secret' THEN v.secret_id = $3 ELSE false END
$$;

COMMENT ON FUNCTION orchestration_internal.volumes_using(text, bigint, bigint, text[]) IS 'Volumes that show a config_map or secret: see users_of().';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.environment_variables_using(what text, namespace_id bigint, id bigint, keys text[])
RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
	SELECT array_agg(u.text)
	FROM (
		SELECT format('container "%s" (variable %s)', c.name, e.name)
		FROM orchestration.environment_variables e
		JOIN orchestration.containers c ON c.namespace_id = e.namespace_id AND c.id = e.container_id
		WHERE $1 = 'config_map' AND e.namespace_id = $2 AND e.config_map_id = $3 AND ($4 IS NULL OR (e.key = ANY ($4) AND e.optional IS NOT TRUE))
		UNION ALL
		SELECT format('container "%s" (variable %s)', c.name, e.name)
		FROM orchestration.environment_variables e
		JOIN orchestration.containers c ON c.namespace_id = e.namespace_id AND c.id = e.container_id
		WHERE $1 = 'secret' AND e.namespace_id = $2 AND e.secret_id = $3 AND ($4 IS NULL OR (e.key = ANY ($4) AND e.optional IS NOT TRUE))
	) u (text)
$$;

COMMENT ON FUNCTION orchestration_internal.environment_variables_using(text, bigint, bigint, text[]) IS 'Variables from a config_map or secret: see users_of().';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.container_volumes_using(what text, namespace_id bigint, id bigint, keys text[])
RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
	SELECT array_agg(format('container "%s" (at %s)', c.name, m.mount_path))
	FROM orchestration.container_volumes m
	JOIN orchestration.containers c ON c.namespace_id = m.namespace_id AND c.id = m.container_id
	WHERE $1 = 'volume' AND m.namespace_id = $2 AND m.volume_id = $3
$$;

COMMENT ON FUNCTION orchestration_internal.container_volumes_using(text, bigint, bigint, text[]) IS 'Mounts of a volume: see users_of().';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.users_of(what text, namespace_id bigint, id bigint, name text, keys text[] DEFAULT NULL)
RETURNS text[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
	asked record;
	found text[];
	/* nobody names a container by its name */
	users text[] := CASE WHEN what <> 'container' THEN orchestration_internal.naming_containers($1, $2, $3, $4, $5, false) END;
BEGIN
	FOR asked IN
		SELECT p.oid::regproc AS function
		FROM orchestration_internal.resources() r
		JOIN pg_proc p ON p.pronamespace = 'orchestration_internal'::regnamespace AND p.proname = r.relation || '_using'
	LOOP
		EXECUTE format('SELECT %s($1, $2, $3, $4)', asked.function) INTO found USING $1, $2, $3, $5;
		users := users || found;
	END LOOP;
	RETURN (SELECT array_agg(DISTINCT u ORDER BY u) FROM unnest(users) u);
END
$$;

COMMENT ON FUNCTION orchestration_internal.users_of(text, bigint, bigint, text, text[]) IS 'Who uses a config_map, secret, registry, volume or container, which may be gone already; with keys, who cannot do without one of these keys. Arguments: what, namespace, id, name, keys or NULL. It is asked of every function <table>_using(what, namespace, id, keys) that there is for a table of the list of resources. NULL for nobody.';
-- for the owner alone

/* SECURITY DEFINER: whoever it is that names it, whatever the writer may read */
CREATE OR REPLACE FUNCTION orchestration_internal.guard_named()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	users text[];
BEGIN
	users := orchestration_internal.in_the_way_now('namers', OLD.namespace_id, OLD.id, ARRAY[TG_ARGV[0], OLD.name]);
	IF users IS NOT NULL THEN
		PERFORM orchestration_internal.refuse_in_use(replace(TG_ARGV[0], '_', ' '), OLD.name, orchestration_internal.told_users(OLD.namespace_id, users), OLD.namespace_id, OLD.id);
	END IF;
	RETURN NEW;
END
$$;

COMMENT ON FUNCTION orchestration_internal.guard_named() IS 'Row trigger of config_maps, secrets, registries and volumes; argument: which. Raises OR006 when one gets another name that a container refers to by its name. One that goes is keep_used()''s.';

/* ---- what must be there ---- */

CREATE OR REPLACE FUNCTION orchestration_internal.check_references(namespace_id bigint, container_id bigint, container text, told boolean)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_variable
DECLARE
	held record;
	found record;
	keys text[];
BEGIN
	SELECT array_agg(r.id) FILTER (WHERE r.what = 'config_map') AS config_maps, array_agg(r.id) FILTER (WHERE r.what = 'secret') AS secrets,
		array_agg(r.id) FILTER (WHERE r.what = 'registry') AS registries, array_agg(r.id) FILTER (WHERE r.what = 'volume') AS volumes
	INTO held
	FROM orchestration_internal.container_references(ARRAY[namespace_id], ARRAY[container_id]) r;
	/* as a foreign key would: none of them goes, or gets another name, before this is seen */
	PERFORM FROM orchestration.config_maps m WHERE m.namespace_id = namespace_id AND m.id = ANY (held.config_maps) ORDER BY m.id FOR KEY SHARE;
	PERFORM FROM orchestration.secrets s WHERE s.namespace_id = namespace_id AND s.id = ANY (held.secrets) ORDER BY s.id FOR KEY SHARE;
	PERFORM FROM orchestration.registries g WHERE g.namespace_id = namespace_id AND g.id = ANY (held.registries) ORDER BY g.id FOR KEY SHARE;
	PERFORM FROM orchestration.volumes v WHERE v.namespace_id = namespace_id AND v.id = ANY (held.volumes) ORDER BY v.id FOR KEY SHARE;
	FOR found IN
		SELECT r.what, r.id, r.name, r.key, r.place
		FROM orchestration_internal.container_references(ARRAY[namespace_id], ARRAY[container_id]) r
		WHERE NOT r.optional AND (r.id IS NULL OR r.key IS NOT NULL)
		ORDER BY r.place
	LOOP
		IF found.id IS NULL THEN
			IF told THEN
				RAISE WARNING '% "%" is not among the rows of the namespace', replace(found.what, '_', ' '), found.name
					USING DETAIL = format('Container "%s" refers to it at %s.', container, found.place),
						HINT = 'Its pods wait until something in the cluster makes it.';
			END IF;
			CONTINUE;
		END IF;
		keys := CASE found.what
			WHEN 'config_map' THEN ARRAY(SELECT jsonb_object_keys(m.data) FROM orchestration.config_maps m WHERE m.namespace_id = namespace_id AND m.id = found.id)
			ELSE (SELECT s.data_keys FROM orchestration.secrets s WHERE s.namespace_id = namespace_id AND s.id = found.id) END;
		IF found.key <> ALL (keys) THEN
			PERFORM orchestration_internal.refuse(format('container "%s".%s', container, found.place), format('The %s "%s" has no key "%s".', replace(found.what, '_', ' '), found.name, found.key),
				'Add the key first, or make the reference optional.');
		END IF;
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_references(bigint, bigint, text, boolean) IS 'What a container refers to stays while it does, and has the keys that it needs. Arguments: namespace, container, its name, whether to warn of what no row makes. Raises OR003.';
-- for the owner alone
