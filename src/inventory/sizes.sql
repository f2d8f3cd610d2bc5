/*
 * Nothing too large gets in.  etcd stores 1.5 MiB in a request: the object, and what the
 * API server notes of who set which field.  Sizes are those of the values, read from
 * their headers (bounds.c); the factors allow for how often a value stands in an object,
 * and for its fields being noted.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.raw_size(value "any")
RETURNS bigint
LANGUAGE c IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_raw_size';

COMMENT ON FUNCTION orchestration_internal.raw_size("any") IS 'Bytes of a value, neither compressed nor read; 0 for NULL.';
-- for the owner alone

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.bound_columns()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'orch_bound_columns';

COMMENT ON FUNCTION orchestration_internal.bound_columns() IS 'Row trigger of every table that users write: no value is larger than its bound, 64 KiB unless the arguments say otherwise (column, bytes, ...). Raises OR003.';

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.ask_rule()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'orch_ask_rule';

COMMENT ON FUNCTION orchestration_internal.ask_rule() IS 'Statement trigger that asks a rule between rows about what was written. Arguments: the rule, the column with its key, a column that must not be NULL or an empty text, then the columns whose change matters.';

CREATE OR REPLACE FUNCTION orchestration_internal.object_bytes_limit()
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT 1400000::bigint $$;

COMMENT ON FUNCTION orchestration_internal.object_bytes_limit() IS 'Bytes that a rendered object may take: what etcd stores in a request, less room for what a cluster adds.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.refuse_size(what text, bytes bigint, parts text[], sizes bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM orchestration_internal.refuse(what,
		format('Its object would take %s bytes in the cluster; at most %s are allowed (%s).', bytes, orchestration_internal.object_bytes_limit(),
			(SELECT string_agg(format('%s %s', p.part, p.size), ', ' ORDER BY p.size DESC) FROM unnest(parts, sizes) p (part, size) WHERE p.size > bytes / 20)),
		'Put large values into config maps, volumes or the image.');
END
$$;

COMMENT ON FUNCTION orchestration_internal.refuse_size(text, bigint, text[], bigint[]) IS 'Raises OR003: how large an object would be, and which parts make it so.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.key_bytes(map jsonb)
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT COALESCE(sum(octet_length(k) + 8), 0) FROM jsonb_object_keys(map) k $$;

COMMENT ON FUNCTION orchestration_internal.key_bytes(jsonb) IS 'Bytes that an API server needs to note the keys of a map.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.bound_namespaces(namespace_ids bigint[], keys bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	large record;
BEGIN
	SELECT n.name, s.labels, s.annotations INTO large
	FROM orchestration.namespaces n
	CROSS JOIN LATERAL (SELECT 2 * orchestration_internal.raw_size(n.labels) AS labels, 2 * orchestration_internal.raw_size(n.annotations) AS annotations) s
	WHERE n.id = ANY (namespace_ids) AND s.labels + s.annotations > orchestration_internal.object_bytes_limit()
	LIMIT 1;
	IF FOUND THEN
		PERFORM orchestration_internal.refuse_size(format('namespace "%s"', large.name), large.labels + large.annotations, '{labels,annotations}', ARRAY[large.labels, large.annotations]);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.bound_namespaces(bigint[], bigint[]) IS 'Rule: a Namespace fits into its cluster. Raises OR003.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.bound_config_maps(namespace_ids bigint[], config_map_ids bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	large record;
BEGIN
	/* what is small by itself is not read */
	SELECT m.name, t.data, t.keys, r.labels, r.annotations, t.data + t.keys + r.labels + r.annotations AS total INTO large
	FROM unnest(namespace_ids, config_map_ids) k (namespace_id, id)
	JOIN orchestration.config_maps m ON m.namespace_id = k.namespace_id AND m.id = k.id
	CROSS JOIN LATERAL (SELECT orchestration_internal.raw_size(m.data) AS data, 2 * orchestration_internal.raw_size(m.labels) AS labels, 2 * orchestration_internal.raw_size(m.annotations) AS annotations OFFSET 0) r
	CROSS JOIN LATERAL (
		SELECT CASE WHEN r.data > 100000 THEN GREATEST(r.data, octet_length(m.data::text) / 2) ELSE r.data END AS data,
			CASE WHEN r.data > 100000 THEN orchestration_internal.key_bytes(m.data) ELSE r.data END AS keys
		OFFSET 0
	) t
	WHERE t.data + t.keys + r.labels + r.annotations > orchestration_internal.object_bytes_limit()
	LIMIT 1;
	IF FOUND THEN
		PERFORM orchestration_internal.refuse_size(format('config map "%s"', large.name), large.total, '{data,keys,labels,annotations}', ARRAY[large.data, large.keys, large.labels, large.annotations]);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.bound_config_maps(bigint[], bigint[]) IS 'Rule: a ConfigMap fits into its cluster. Raises OR003.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.bound_secrets(namespace_ids bigint[], secret_ids bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	large record;
BEGIN
	/* sealed are the values in base64, which an API server stores as they are */
	SELECT s.name, r.data, r.keys, r.labels, r.annotations, r.data + r.keys + r.labels + r.annotations AS total INTO large
	FROM unnest(namespace_ids, secret_ids) k (namespace_id, id)
	JOIN orchestration.secrets s ON s.namespace_id = k.namespace_id AND s.id = k.id
	CROSS JOIN LATERAL (
		SELECT orchestration_internal.raw_size(s.encrypted_data) * 3 / 4 AS data, orchestration_internal.raw_size(s.data_keys) * 2 AS keys,
			2 * orchestration_internal.raw_size(s.labels) AS labels, 2 * orchestration_internal.raw_size(s.annotations) AS annotations
		OFFSET 0
	) r
	WHERE r.data + r.keys + r.labels + r.annotations > orchestration_internal.object_bytes_limit()
	LIMIT 1;
	IF FOUND THEN
		PERFORM orchestration_internal.refuse_size(format('secret "%s"', large.name), large.total, '{data,keys,labels,annotations}', ARRAY[large.data, large.keys, large.labels, large.annotations]);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.bound_secrets(bigint[], bigint[]) IS 'Rule: a Secret fits into its cluster. Raises OR003.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.bound_registries(namespace_ids bigint[], registry_ids bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	crowded record;
BEGIN
	SELECT n.name, count(*) AS registries INTO crowded
	FROM orchestration.registries r
	JOIN orchestration.namespaces n ON n.id = r.namespace_id
	WHERE r.namespace_id = ANY (namespace_ids)
	GROUP BY n.name
	HAVING count(*) > 500
	LIMIT 1;
	IF FOUND THEN
		PERFORM orchestration_internal.refuse(format('registries of namespace "%s"', crowded.name), format('There would be %s; at most 500 are allowed.', crowded.registries),
			'Every pod that pulls from a host names all registries of it.');
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.bound_registries(bigint[], bigint[]) IS 'Rule: the pull secrets of a pod are not too many. Raises OR003.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.bound_containers(namespace_ids bigint[], container_ids bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	target record;
BEGIN
	FOR target IN
		SELECT c.namespace_id, c.id, c.name, c.status, s.parts, s.sizes, s.total, s.longest
		FROM unnest(namespace_ids, container_ids) k (namespace_id, id)
		JOIN orchestration.containers c ON c.namespace_id = k.namespace_id AND c.id = k.id
		CROSS JOIN LATERAL (
			SELECT z.parts, z.sizes, z.total, z.longest FROM orchestration_internal.container_sizes z
			WHERE z.namespace_id = k.namespace_id AND z.container_id = k.id
			OFFSET 0
		) s
		WHERE s.total > 100000 AND (s.total > orchestration_internal.object_bytes_limit() OR s.longest > 131071
			OR (s.total > 500000 AND orchestration_internal.container_json_bytes(k.namespace_id, k.id) > 3000000))
	LOOP
		IF target.longest > 131071 THEN
			PERFORM orchestration_internal.refuse(format('container "%s"', target.name), format('An element of command or args has %s bytes; a process is given at most 131071 at once.', target.longest),
				'Put it into a config map and mount that.');
		ELSIF target.total <= orchestration_internal.object_bytes_limit() THEN
			PERFORM orchestration_internal.refuse(format('container "%s"', target.name), format('Its object would have %s bytes of JSON; an API server reads at most 3000000.', orchestration_internal.container_json_bytes(target.namespace_id, target.id)),
				'Put large values into config maps, volumes or the image.');
		END IF;
		PERFORM orchestration_internal.refuse_size(format('container "%s"', target.name), target.total, target.parts, target.sizes);
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.bound_containers(bigint[], bigint[]) IS 'Rule: the objects of a container fit into its cluster, with all its variables, ports, mounts and probes, and what a process is given into a process. Raises OR003.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.add_parts(namespace_ids bigint[], container_ids bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	/* not locked: parts go with their container, whenever they came */
	IF EXISTS (SELECT FROM orchestration.namespaces n WHERE n.id = ANY (namespace_ids) AND n.desired_state = 'deleted') THEN
		PERFORM orchestration_internal.enter_namespaces(namespace_ids, namespace_ids);
	END IF;
	PERFORM orchestration_internal.bound_containers(namespace_ids, container_ids);
END
$$;

COMMENT ON FUNCTION orchestration_internal.add_parts(bigint[], bigint[]) IS 'Rule: containers of a namespace that goes away get no more parts, and fit into their cluster with those that they get. Raises OR003, OR012.';
GRANT EXECUTE ON FUNCTION orchestration_internal.add_parts(bigint[], bigint[]) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.container_json_bytes(namespace_id bigint, container_id bigint)
RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT 2 * octet_length(c.labels::text) + 2 * octet_length(c.annotations::text) + octet_length(c.overrides::text) + octet_length(c.init_containers::text)
		+ COALESCE(octet_length(to_jsonb(c.command)::text), 0) + COALESCE(octet_length(to_jsonb(c.args)::text), 0)
		+ (SELECT COALESCE(sum(octet_length(to_jsonb(e.value)::text) + 400), 0) FROM orchestration.environment_variables e WHERE e.namespace_id = $1 AND e.container_id = $2)
		+ (SELECT COALESCE(sum(octet_length(to_jsonb(m.mount_path)::text) + COALESCE(octet_length(to_jsonb(m.sub_path)::text), 0) + 400), 0) FROM orchestration.container_volumes m WHERE m.namespace_id = $1 AND m.container_id = $2)
		+ (SELECT COALESCE(sum(octet_length(to_jsonb(p)::text)), 0) FROM orchestration.container_probes p WHERE p.namespace_id = $1 AND p.container_id = $2)
	FROM orchestration.containers c
	WHERE c.namespace_id = $1 AND c.id = $2
$$;

COMMENT ON FUNCTION orchestration_internal.container_json_bytes(bigint, bigint) IS 'Bytes of a container''s workload as JSON, where control characters take six: about, and not less.';
-- for the owner alone
