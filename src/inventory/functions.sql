/* What the functions of api.sql are made of.  None is meant to be called by users. */

CREATE OR REPLACE FUNCTION orchestration_internal.refuse(place text, fact text, hint text DEFAULT NULL)
RETURNS void
LANGUAGE c IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_refuse_sql';

COMMENT ON FUNCTION orchestration_internal.refuse(text, text, text) IS 'Raises OR003 for a mistake in an argument: place says where, such as env[2].value, fact why, in a full sentence.';
GRANT EXECUTE ON FUNCTION orchestration_internal.refuse(text, text, text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.check_range(place text, value integer, minimum integer, maximum integer)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF value NOT BETWEEN minimum AND maximum THEN
		PERFORM orchestration_internal.refuse(place, format('%s is not between %s and %s.', value, minimum, maximum), 'Choose a number within these limits.');
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_range(text, integer, integer, integer) IS 'Raises OR003 unless the value is within the limits or NULL.';
GRANT EXECUTE ON FUNCTION orchestration_internal.check_range(text, integer, integer, integer) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.check_choice(place text, value text, VARIADIC choices text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF value <> ALL (choices) THEN
		PERFORM orchestration_internal.refuse(place, format('"%s" is not one of %s.', value, array_to_string(choices, ', ')), 'Write one of them; upper and lower case count.');
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_choice(text, text, text[]) IS 'Raises OR003 unless the value is one of the choices or NULL.';
GRANT EXECUTE ON FUNCTION orchestration_internal.check_choice(text, text, text[]) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.list_some(items text[])
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT array_to_string(items[1:5], ', ') || CASE WHEN cardinality(items) > 5 THEN format(' and %s more', cardinality(items) - 5) ELSE '' END
$$;

COMMENT ON FUNCTION orchestration_internal.list_some(text[]) IS 'The first five of a list, and how many more there are, for error texts.';
GRANT EXECUTE ON FUNCTION orchestration_internal.list_some(text[]) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.updated_value(name text, given anyelement, present anyelement, fallback anyelement, reset text[])
RETURNS anyelement
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF name <> ALL (COALESCE(reset, '{}')) THEN
		RETURN COALESCE(given, present);
	ELSIF given IS NOT NULL THEN
		PERFORM orchestration_internal.refuse('reset', format('"%s" is named there, and given, too.', name), 'Leave out the one or the other.');
	END IF;
	RETURN fallback;
END
$$;

COMMENT ON FUNCTION orchestration_internal.updated_value(text, anyelement, anyelement, anyelement, text[]) IS 'What a column becomes by an argument of update_*(): what is given, else what is there, or the default where reset names the argument. Raises OR003 when it is both given and named.';
GRANT EXECUTE ON FUNCTION orchestration_internal.updated_value(text, anyelement, anyelement, anyelement, text[]) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.check_reset(reset text[], allowed text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	unknown text := (SELECT COALESCE(r, 'NULL') FROM unnest(reset) r WHERE (r = ANY (allowed)) IS NOT TRUE LIMIT 1);
BEGIN
	IF unknown IS NOT NULL THEN
		PERFORM orchestration_internal.refuse('reset', format('"%s" is no argument that has a default.', unknown), format('Those that have: %s.', array_to_string(allowed, ', ')));
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_reset(text[], text[]) IS 'Raises OR003 for a name in the argument reset of update_*() that is none of those allowed.';
GRANT EXECUTE ON FUNCTION orchestration_internal.check_reset(text[], text[]) TO orchestration_user;

/* Looking things up. */

CREATE OR REPLACE FUNCTION orchestration_internal.find_cluster(cluster text)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found_id bigint := (SELECT c.id FROM orchestration.clusters c WHERE c.name = cluster);
BEGIN
	IF found_id IS NULL AND cluster IS NOT NULL THEN
		RAISE EXCEPTION 'cluster "%" does not exist', cluster
			USING ERRCODE = 'OR004', HINT = 'Register it with register_cluster().';
	END IF;
	RETURN found_id;
END
$$;

COMMENT ON FUNCTION orchestration_internal.find_cluster(text) IS 'Id of a cluster by name, NULL for NULL. Raises OR004.';
GRANT EXECUTE ON FUNCTION orchestration_internal.find_cluster(text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.find_namespace(namespace text)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	target record;
BEGIN
	/* the lock makes delete_namespace() wait for us, or us see that it was */
	SELECT n.id, n.desired_state INTO target
	FROM orchestration.namespaces n
	WHERE n.name = namespace AND n.status <> 'deleted'
	FOR KEY SHARE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'namespace "%" does not exist', namespace
			USING ERRCODE = 'OR004', HINT = 'Create it with create_namespace().';
	ELSIF target.desired_state = 'deleted' THEN
		RAISE EXCEPTION 'namespace "%" is being deleted', namespace
			USING ERRCODE = 'OR012', HINT = 'Choose another namespace, or wait until the deletion is proven and create it anew.',
				TABLE = orchestration_internal.error_about('namespaces', target.id, target.id, namespace);
	ELSIF target.id = 0 THEN
		RAISE EXCEPTION 'namespace "%" holds nothing', namespace
			USING ERRCODE = 'OR003', DETAIL = 'It stands for the platform itself.', HINT = 'Create a namespace with create_namespace().';
	END IF;
	RETURN target.id;
END
$$;

COMMENT ON FUNCTION orchestration_internal.find_namespace(text) IS 'Id of a namespace by name, locked against deletion until the transaction ends. Raises OR003 for platform, OR004, OR012.';
GRANT EXECUTE ON FUNCTION orchestration_internal.find_namespace(text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.find_named(what text, namespace text, name text)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	of_namespace bigint := (SELECT n.id FROM orchestration.namespaces n WHERE n.name = namespace AND n.status <> 'deleted');
	relation text := orchestration_internal.resource_called(what);
	found_id bigint;
BEGIN
	IF of_namespace IS NULL THEN
		RAISE EXCEPTION 'namespace % does not exist', COALESCE('"' || namespace || '"', 'NULL')
			USING ERRCODE = 'OR004', HINT = 'SELECT name FROM orchestration.namespace_list shows those that do.';
	END IF;
	/* locked: whoever uses it waits for us, or we see that it is used */
	IF NOT EXISTS (SELECT FROM orchestration_internal.resources() r WHERE r.called = what AND r.scope = 'namespace_id' AND r.title = 'name' AND r.part_of IS NULL) THEN
		PERFORM orchestration_internal.refuse('what', format('"%s" is nothing that has a namespace and a name.', what));
	END IF;
	EXECUTE format('SELECT t.id FROM orchestration.%I t WHERE t.namespace_id = $1 AND t.name = $2 FOR UPDATE', relation) INTO found_id USING of_namespace, name;
	IF found_id IS NULL THEN
		RAISE EXCEPTION '% % does not exist in namespace "%"', what, COALESCE('"' || name || '"', 'NULL'), namespace
			USING ERRCODE = 'OR004', HINT = format('SELECT name FROM orchestration.%s_list WHERE namespace = %L shows those that do.', replace(what, ' ', '_'), namespace),
				TABLE = orchestration_internal.error_about(relation, of_namespace, NULL, name);
	END IF;
	RETURN found_id;
END
$$;

COMMENT ON FUNCTION orchestration_internal.find_named(text, text, text) IS 'Id of a config map, secret, registry or volume (as messages call it) by namespace and name, its row locked until the end of the transaction. Raises OR004, and says where to look.';
GRANT EXECUTE ON FUNCTION orchestration_internal.find_named(text, text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.lock_namespace(name text, goes boolean, OUT id bigint, OUT desired_state text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	/* find_namespace() waits for one that goes, and not for one that changes */
	SELECT n.id, n.desired_state INTO id, desired_state
	FROM orchestration.namespaces n
	WHERE n.name = lock_namespace.name AND n.status <> 'deleted'
	FOR NO KEY UPDATE;
	IF FOUND AND goes THEN
		PERFORM FROM orchestration.namespaces n WHERE n.id = lock_namespace.id FOR UPDATE;
	ELSIF id IS NULL THEN
		SELECT n.id, n.desired_state INTO id, desired_state FROM orchestration.namespaces n WHERE n.name = lock_namespace.name ORDER BY n.id DESC LIMIT 1;
	END IF;
	IF id IS NULL THEN
		RAISE EXCEPTION 'namespace % does not exist', COALESCE('"' || name || '"', 'NULL')
			USING ERRCODE = 'OR004', HINT = 'SELECT name FROM orchestration.namespace_list shows those that do.';
	ELSIF id = 0 THEN
		PERFORM orchestration_internal.refuse_in_use('namespace', name, '{"the platform itself"}', id, id);
	ELSIF desired_state = 'deleted' THEN
		RAISE EXCEPTION 'namespace "%" is already being deleted', name
			USING ERRCODE = 'OR012', HINT = 'Nothing is left to do; its name is free when the deletion is proven.', TABLE = orchestration_internal.error_about('namespaces', id, id, name);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.lock_namespace(text, boolean) IS 'Finds a namespace by its name and locks its row until the end of the transaction, so that nothing can be made in it when it goes. Raises OR004, OR006 for platform, OR012 when it is deleted or about to be.';
GRANT EXECUTE ON FUNCTION orchestration_internal.lock_namespace(text, boolean) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.resource_called(what text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT r.relation FROM orchestration_internal.resources() r WHERE r.called = regexp_replace(what, '^(a key of|pull) ', '') $$;

COMMENT ON FUNCTION orchestration_internal.resource_called(text) IS 'The resource, and table, of what messages call a config map or a key of it: config_maps.';
GRANT EXECUTE ON FUNCTION orchestration_internal.resource_called(text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.refuse_existing(what text, name text, namespace text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION '% "%" already exists%', what, name, COALESCE(' in namespace "' || namespace || '"', '')
		USING ERRCODE = 'OR005', HINT = 'Choose another name, or change what is there.',
			TABLE = orchestration_internal.error_about(orchestration_internal.resource_called(what),
				(SELECT n.id FROM orchestration.namespaces n WHERE n.name = namespace AND n.status <> 'deleted'), NULL, name);
END
$$;

COMMENT ON FUNCTION orchestration_internal.refuse_existing(text, text, text) IS 'Raises OR005.';
GRANT EXECUTE ON FUNCTION orchestration_internal.refuse_existing(text, text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.refuse_missing(what text, id bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION '% % does not exist', what, COALESCE(id::text, 'NULL') USING ERRCODE = 'OR004';
END
$$;

COMMENT ON FUNCTION orchestration_internal.refuse_missing(text, bigint) IS 'Raises OR004.';
GRANT EXECUTE ON FUNCTION orchestration_internal.refuse_missing(text, bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.refuse_in_use(what text, name text, users text[], namespace_id bigint, id bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION '% "%" is in use', what, name
		USING ERRCODE = 'OR006', DETAIL = format('Used by %s.', COALESCE(orchestration_internal.list_some(users), 'a row that was written meanwhile')),
			HINT = 'Change or delete its users first; a deleted container lets go when its deletion is proven.',
			TABLE = orchestration_internal.error_about(orchestration_internal.resource_called(what), namespace_id, id, name);
END
$$;

COMMENT ON FUNCTION orchestration_internal.refuse_in_use(text, text, text[], bigint, bigint) IS 'Raises OR006 and says who uses it.';
GRANT EXECUTE ON FUNCTION orchestration_internal.refuse_in_use(text, text, text[], bigint, bigint) TO orchestration_user;

/* Credentials and secrets. */

CREATE OR REPLACE FUNCTION orchestration_internal.decode_value(place text, value jsonb)
RETURNS bytea
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF jsonb_typeof(value) = 'string' THEN
		RETURN convert_to(value #>> '{}', 'UTF8');
	END IF;
	RETURN decode(value ->> 'base64', 'base64');
EXCEPTION WHEN invalid_parameter_value THEN
	PERFORM orchestration_internal.refuse(place, 'It is not base64.', 'Give the value as plain text, or what "base64 -w0" prints.');
END
$$;

COMMENT ON FUNCTION orchestration_internal.decode_value(text, jsonb) IS 'Bytes of one value of a secret: plain text, or {"base64": "..."}. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.decode_value(text, jsonb) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.encode_secret(data jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	encoded jsonb;
	bytes bigint;
BEGIN
	PERFORM orchestration_internal.valid_shape(data, 'secret_data', 'data');
	SELECT COALESCE(jsonb_object_agg(d.key, translate(encode(v.value, 'base64'), E'\n', '')), '{}'), sum(octet_length(d.key) + octet_length(v.value))
	INTO encoded, bytes
	FROM jsonb_each(data) d
	CROSS JOIN LATERAL (SELECT orchestration_internal.decode_value('data.' || d.key, d.value) AS value OFFSET 0) v;
	IF bytes > 1048576 THEN
		PERFORM orchestration_internal.refuse('data', format('Keys and values have %s bytes; at most 1048576 are allowed.', bytes), 'Make them shorter, or leave some out.');
	END IF;
	RETURN encoded;
END
$$;

COMMENT ON FUNCTION orchestration_internal.encode_secret(jsonb) IS 'Data of a secret as Kubernetes keeps it: every value in base64. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.encode_secret(jsonb) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.seal_secret(namespace_id bigint, name text, data jsonb)
RETURNS bytea
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT orchestration_internal.seal(convert_to(orchestration_internal.encode_secret(data)::text, 'UTF8'), format('secret/%s/%s', namespace_id, name))
$$;

COMMENT ON FUNCTION orchestration_internal.seal_secret(bigint, text, jsonb) IS 'Value of secrets.encrypted_data for a plain INSERT: the data sealed for this namespace and name. Values are plain text or {"base64": "..."}. Raises OR003, OR040.';
GRANT EXECUTE ON FUNCTION orchestration_internal.seal_secret(bigint, text, jsonb) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.seal_registry_password(namespace_id bigint, server text, password text)
RETURNS bytea
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT orchestration_internal.seal(convert_to(password, 'UTF8'), format('registry/%s/%s', namespace_id, server))
$$;

COMMENT ON FUNCTION orchestration_internal.seal_registry_password(bigint, text, text) IS 'Value of registries.encrypted_password for a plain INSERT. Raises OR040.';
GRANT EXECUTE ON FUNCTION orchestration_internal.seal_registry_password(bigint, text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_secret_type(type text, keys text[])
RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wanted text[] := CASE type
		WHEN 'kubernetes.io/tls' THEN '{tls.crt,tls.key}'
		WHEN 'kubernetes.io/ssh-auth' THEN '{ssh-privatekey}'
		WHEN 'kubernetes.io/dockerconfigjson' THEN '{.dockerconfigjson}'
		WHEN 'kubernetes.io/dockercfg' THEN '{.dockercfg}'
		ELSE '{}'
	END;
BEGIN
	IF type = 'kubernetes.io/service-account-token' THEN
		PERFORM orchestration_internal.refuse('type', 'Kubernetes makes the tokens of service accounts itself.', 'Set service_account of the container.');
	ELSIF type = 'kubernetes.io/basic-auth' AND NOT keys && '{username,password}' THEN
		PERFORM orchestration_internal.refuse('data', format('A secret of type %s needs "username" or "password".', type), 'Add one of these keys.');
	ELSIF NOT keys @> wanted THEN
		PERFORM orchestration_internal.refuse('data', format('A secret of type %s needs %s.', type, array_to_string(wanted, ' and ')), 'Add what is missing.');
	END IF;
	RETURN true;
END
$$;

COMMENT ON FUNCTION orchestration_internal.valid_secret_type(text, text[]) IS 'True for a type of secret that has the keys that Kubernetes demands of it. Raises OR003, also for the token of a service account, which Kubernetes would fill in.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_secret_type(text, text[]) TO orchestration_user, orchestration_worker;

/* What the lists are written with. */

CREATE OR REPLACE FUNCTION orchestration_internal.short_age(age interval)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN s < 120 THEN s || 's'
		WHEN s < 600 THEN s / 60 || 'm' || COALESCE(NULLIF(s % 60, 0) || 's', '')
		WHEN s < 10800 THEN s / 60 || 'm'
		WHEN s < 28800 THEN s / 3600 || 'h' || COALESCE(NULLIF(s % 3600 / 60, 0) || 'm', '')
		WHEN s < 172800 THEN s / 3600 || 'h'
		WHEN s < 691200 THEN s / 86400 || 'd' || COALESCE(NULLIF(s % 86400 / 3600, 0) || 'h', '')
		WHEN s < 63072000 THEN s / 86400 || 'd'
		WHEN s < 252288000 THEN s / 31536000 || 'y' || COALESCE(NULLIF(s % 31536000 / 86400, 0) || 'd', '')
		ELSE s / 31536000 || 'y'
	END
	FROM (SELECT GREATEST(floor(extract(epoch FROM age)), 0)::bigint) e (s)
$$;

COMMENT ON FUNCTION orchestration_internal.short_age(interval) IS 'A span of time as kubectl shows ages: 45s, 5m30s, 3h, 2d4h.';
GRANT EXECUTE ON FUNCTION orchestration_internal.short_age(interval) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.request_and_limit(request text, upper_limit text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE WHEN request IS NOT NULL OR upper_limit IS NOT NULL THEN COALESCE(request, '-') || '/' || COALESCE(upper_limit, '-') END $$;

COMMENT ON FUNCTION orchestration_internal.request_and_limit(text, text) IS 'Two quantities in one column: 250m/1, -/1; NULL for neither.';
GRANT EXECUTE ON FUNCTION orchestration_internal.request_and_limit(text, text) TO orchestration_user, orchestration_worker;
