/*
 * What the views of manifests_view.sql compute with, and the functions that
 * read them.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.merge_list(target jsonb, patch jsonb, key text, list_keys jsonb)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	element jsonb;
	position integer;
BEGIN
	FOR element IN SELECT e.value FROM jsonb_array_elements(patch) e LOOP
		SELECT t.ordinality - 1 INTO position
		FROM jsonb_array_elements(target) WITH ORDINALITY t
		WHERE t.value -> key = element -> key
		LIMIT 1;
		IF position IS NULL THEN
			target := target || jsonb_build_array(orchestration_internal.merge_patch('{}', element, list_keys));
		ELSE
			target := jsonb_set(target, ARRAY[position::text],
				orchestration_internal.merge_patch(target -> position, element, list_keys));
		END IF;
	END LOOP;
	RETURN target;
END
$$;

COMMENT ON FUNCTION orchestration_internal.merge_list(jsonb, jsonb, text, jsonb) IS 'Merges an array of objects into another: elements with the same value under key are merged with merge_patch(), others are appended.';
GRANT EXECUTE ON FUNCTION orchestration_internal.merge_list(jsonb, jsonb, text, jsonb) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.merge_patch(target jsonb, patch jsonb, list_keys jsonb DEFAULT '{}')
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF jsonb_typeof(patch) IS DISTINCT FROM 'object' THEN
		RETURN patch;
	END IF;
	IF jsonb_typeof(target) IS DISTINCT FROM 'object' THEN
		target := '{}';
	END IF;
	/* one object is made, not one for each member */
	RETURN (
		SELECT COALESCE(jsonb_object_agg(m.key, m.value), '{}')
		FROM (
			SELECT t.key, t.value FROM jsonb_each(target) t WHERE NOT patch ? t.key
			UNION ALL
			SELECT p.key,
				CASE WHEN jsonb_typeof(p.value) = 'array' AND jsonb_typeof(target -> p.key) = 'array' AND list_keys ? p.key
					THEN orchestration_internal.merge_list(target -> p.key, p.value, list_keys ->> p.key, list_keys)
					ELSE orchestration_internal.merge_patch(target -> p.key, p.value, list_keys)
				END
			FROM jsonb_each(patch) p
			WHERE p.value <> 'null'
		) m
	);
END
$$;

COMMENT ON FUNCTION orchestration_internal.merge_patch(jsonb, jsonb, jsonb) IS 'JSON merge patch as in RFC 7396: members of patch replace those of target, objects are merged, null removes. list_keys names arrays that are merged element by element instead of being replaced, and the member that tells their elements apart: {"containers": "name"}.';
GRANT EXECUTE ON FUNCTION orchestration_internal.merge_patch(jsonb, jsonb, jsonb) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.merge_overrides(template jsonb, overrides jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT orchestration_internal.merge_patch(jsonb_strip_nulls(template), overrides,
		'{"containers": "name", "initContainers": "name", "volumes": "name", "env": "name", "volumeMounts": "mountPath", "imagePullSecrets": "name"}')
$$;

COMMENT ON FUNCTION orchestration_internal.merge_overrides(jsonb, jsonb) IS 'A pod template with containers.overrides merged in: JSON merge patch, and containers, initContainers, volumes, env, imagePullSecrets merged by name, volumeMounts by mountPath.';
GRANT EXECUTE ON FUNCTION orchestration_internal.merge_overrides(jsonb, jsonb) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.default_security_context(security_context jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	/* Kubernetes refuses the default beside these two */
	SELECT CASE
		WHEN security_context -> 'privileged' = 'true' OR security_context #> '{capabilities,add}' ?| '{SYS_ADMIN,CAP_SYS_ADMIN}' THEN security_context
		ELSE '{"allowPrivilegeEscalation": false}' || COALESCE(NULLIF(security_context, 'null'), '{}')
	END
$$;

COMMENT ON FUNCTION orchestration_internal.default_security_context(jsonb) IS 'A container''s security context with privilege escalation refused unless it says otherwise, is privileged or adds SYS_ADMIN.';
GRANT EXECUTE ON FUNCTION orchestration_internal.default_security_context(jsonb) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.mentioned_volumes(init_containers jsonb, overrides jsonb)
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT ARRAY(
		SELECT jsonb_path_query(init_containers, '$[*].volumeMounts[*].name') #>> '{}'
		UNION
		SELECT jsonb_path_query(init_containers, '$[*].volumeDevices[*].name') #>> '{}'
		UNION
		SELECT jsonb_path_query(overrides, '$.spec.*[*].volumeMounts[*].name') #>> '{}'
		UNION
		SELECT jsonb_path_query(overrides, '$.spec.*[*].volumeDevices[*].name') #>> '{}'
	)
$$;

COMMENT ON FUNCTION orchestration_internal.mentioned_volumes(jsonb, jsonb) IS 'Names of the volumes that init containers and overrides mount.';
GRANT EXECUTE ON FUNCTION orchestration_internal.mentioned_volumes(jsonb, jsonb) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.pulled_hosts(registry text, init_containers jsonb, overrides jsonb)
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	/* as in every image reference: a first component without dot, colon and not "localhost" belongs to Docker Hub */
	SELECT array_agg(DISTINCT COALESCE(NULLIF(i.host, ''), 'docker.io'))
	FROM (
		SELECT registry
		UNION ALL
		SELECT substring(jsonb_path_query(init_containers, '$[*].image') #>> '{}' FROM '^([^/]*[.:][^/]*|localhost)/')
		UNION ALL
		SELECT substring(jsonb_path_query(overrides, '$.spec.*[*].image') #>> '{}' FROM '^([^/]*[.:][^/]*|localhost)/')
	) i (host)
$$;

COMMENT ON FUNCTION orchestration_internal.pulled_hosts(text, jsonb, jsonb) IS 'Hosts of the registries that a pod pulls from: for its own image, its init containers and those in its overrides; docker.io where an image names none.';
GRANT EXECUTE ON FUNCTION orchestration_internal.pulled_hosts(text, jsonb, jsonb) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.registry_credentials(server text, username text, password text)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_build_object('auths', jsonb_build_object(
		CASE WHEN server ~ '^(https?://)?((index|registry-1)[.])?docker[.]io(/|$)' THEN 'https://index.docker.io/v1/' ELSE regexp_replace(server, '^https?://|/$', '', 'g') END,
		jsonb_build_object('username', username, 'password', password,
			'auth', translate(encode(convert_to(username || ':' || password, 'UTF8'), 'base64'), E'\n', ''))))
$$;

COMMENT ON FUNCTION orchestration_internal.registry_credentials(text, text, text) IS 'Content of .dockerconfigjson for one registry.';
GRANT EXECUTE ON FUNCTION orchestration_internal.registry_credentials(text, text, text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.secret_values(namespace_id bigint, owner_type text, owner_id bigint)
RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	secret orchestration.secrets;
	registry orchestration.registries;
	credentials jsonb;
BEGIN
	IF owner_type = 'secret' THEN
		SELECT s.* INTO secret FROM orchestration.secrets s WHERE s.namespace_id = $1 AND s.id = $3;
		RETURN convert_from(orchestration_internal.unseal_version(secret.encrypted_data, format('secret/%s/%s', secret.namespace_id, secret.name), secret.sealed_version), 'UTF8')::jsonb;
	END IF;
	SELECT r.* INTO registry FROM orchestration.registries r WHERE r.namespace_id = $1 AND r.id = $3;
	credentials := orchestration_internal.registry_credentials(registry.server, registry.username,
		convert_from(orchestration_internal.unseal_version(registry.encrypted_password, format('registry/%s/%s', registry.namespace_id, registry.server), registry.sealed_version), 'UTF8'));
	RETURN jsonb_build_object('.dockerconfigjson', translate(encode(convert_to(credentials::text, 'UTF8'), 'base64'), E'\n', ''));
END
$$;

COMMENT ON FUNCTION orchestration_internal.secret_values(bigint, text, bigint) IS 'Decrypted data of a secret (owner_type secret) or of the pull secret of a registry (owner_type registry), base64 as Kubernetes wants it. For the worker only. Raises OR040 and OR041 as unseal() does.';
GRANT EXECUTE ON FUNCTION orchestration_internal.secret_values(bigint, text, bigint) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_manifest(namespace_id bigint, owner_type text, owner_id bigint, kind text, name text)
RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	rendered jsonb;
BEGIN
	SELECT m.manifest INTO rendered
	FROM orchestration.manifests m
	WHERE m.namespace_id = $1 AND m.owner_type = $2 AND m.owner_id = $3 AND m.kind = $4 AND m.name = $5;
	IF rendered IS NULL OR $4 <> 'Secret' THEN
		RETURN rendered;
	END IF;
	RETURN jsonb_set(rendered, '{data}', orchestration_internal.secret_values($1, $2, $3));
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_manifest(bigint, text, bigint, text, text) IS 'The manifest of one object as it goes to the cluster, with the real values of secrets; NULL when it is not to exist. For the worker only. Raises OR040 and OR041 as unseal() does.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_manifest(bigint, text, bigint, text, text) TO orchestration_worker;

/* SECURITY DEFINER: what a container refers to is part of its manifest, whether the caller may read it or not; he is shown what was made of rows that he may read */
CREATE OR REPLACE FUNCTION orchestration.plan(namespace text)
RETURNS TABLE (action text, kind text, name text, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	target bigint;
	readable text[];
BEGIN
	/* the newest of that name: a deleted namespace may still have objects to delete */
	SELECT n.id INTO target
	FROM orchestration.namespaces n
	WHERE n.name = $1 AND orchestration_internal.holds_permission(n.id, '*', '*')
	ORDER BY n.status = 'deleted', n.id DESC
	LIMIT 1;
	IF target IS NULL THEN
		RAISE EXCEPTION 'namespace "%" does not exist', $1
			USING ERRCODE = 'OR004', HINT = 'SELECT name FROM orchestration.namespaces lists them.';
	END IF;
	readable := ARRAY(SELECT r.owner_type FROM orchestration_internal.owner_resources() r
		WHERE orchestration_internal.holds_permission(target, r.resource, CASE r.resource WHEN '*' THEN '*' ELSE 'read' END));
	RETURN QUERY
	SELECT p.action, p.kind, p.name, p.reason
	FROM (
		SELECT COALESCE(m.owner_type, o.owner_type) AS owner_type, COALESCE(m.kind, o.kind) AS kind, COALESCE(m.name, o.name) AS name, COALESCE(m.apply_order, o.apply_order) AS apply_order, d.action, d.reason
		FROM (SELECT v.* FROM orchestration.manifests v WHERE v.namespace_id = target) m
		FULL JOIN (SELECT g.* FROM orchestration.managed_objects g WHERE g.namespace_id = target) o
			ON o.kind = m.kind AND o.name = m.name AND o.cluster_id = m.cluster_id
		CROSS JOIN LATERAL (
			SELECT CASE
					WHEN m.kind IS NULL THEN 'delete'
					WHEN o.uid IS NULL THEN 'create'
					WHEN o.deletion_started_at IS NOT NULL OR o.owner_type <> m.owner_type OR o.owner_id <> m.owner_id THEN 'create'
					WHEN o.applied_hash IS DISTINCT FROM m.manifest_hash THEN 'update'
					ELSE 'none'
				END AS action,
				CASE
					WHEN m.kind IS NULL AND o.deletion_started_at IS NOT NULL THEN format('deletion was asked for at %s', o.deletion_started_at)
					WHEN m.kind IS NULL THEN format('%s %s no longer asks for it', replace(o.owner_type, '_', ' '), o.owner_id)
					WHEN o.kind IS NULL THEN 'not in the cluster yet'
					WHEN o.uid IS NULL AND o.applied_at IS NOT NULL THEN 'it is gone from the cluster'
					WHEN o.uid IS NULL THEN 'not in the cluster yet'
					WHEN o.deletion_started_at IS NOT NULL OR o.owner_type <> m.owner_type OR o.owner_id <> m.owner_id THEN
						'an earlier object of this name has to go first'
					WHEN o.applied_hash IS NULL THEN 'the cluster has another version than the one applied'
					WHEN o.applied_hash <> m.manifest_hash THEN format('%s %s or what it refers to has changed', replace(m.owner_type, '_', ' '), m.owner_id)
					ELSE 'the cluster has what the rows ask for'
				END || COALESCE('; last attempt failed: ' || COALESCE(o.last_error_reason || ': ' || o.last_error, o.last_error_reason, o.last_error), '') AS reason
		) d
	) p
	WHERE p.owner_type = ANY (readable)
	ORDER BY p.action = 'delete', CASE p.action WHEN 'delete' THEN -p.apply_order ELSE p.apply_order END, p.kind COLLATE "C", p.name COLLATE "C";
END
$$;

COMMENT ON FUNCTION orchestration.plan(text) IS 'What the worker would do to the objects of a namespace, in its order: action is create, update, delete or none, with the reason. Values of secrets are not shown, nor is what was made of rows that the caller may not read. Runs with the rights of the owner of the extension. Empty for a namespace without a cluster. Raises OR004 for an unknown namespace.';
GRANT EXECUTE ON FUNCTION orchestration.plan(text) TO orchestration_user;
