/* Changing and deleting what api.sql made. */

CREATE OR REPLACE FUNCTION orchestration.update_config_map(id bigint, data jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	map record;
	users text[];
BEGIN
	PERFORM orchestration_internal.valid_config_data(data, 'data');
	SELECT m.namespace_id, m.name, m.data INTO map FROM orchestration.config_maps m WHERE m.id = update_config_map.id FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM orchestration_internal.refuse_missing('config map', id);
	END IF;
	users := orchestration_internal.config_map_users(map.namespace_id, id, ARRAY(SELECT jsonb_object_keys(map.data) EXCEPT SELECT jsonb_object_keys(data)));
	IF users IS NOT NULL THEN
		PERFORM orchestration_internal.refuse_in_use('a key of config map', map.name, users, map.namespace_id, id);
	END IF;
	UPDATE orchestration.config_maps m SET data = update_config_map.data
	WHERE m.namespace_id = map.namespace_id AND m.id = update_config_map.id;
END
$$;

COMMENT ON FUNCTION orchestration.update_config_map(bigint, jsonb) IS 'Replaces the data of a config map; pods of containers that use it are replaced. Raises OR003, OR004, OR006 when a key goes that a container needs.';
GRANT EXECUTE ON FUNCTION orchestration.update_config_map(bigint, jsonb) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.update_secret(id bigint, data jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	secret record;
	users text[];
	keys text[];
BEGIN
	PERFORM orchestration_internal.valid_shape(data, 'secret_data', 'data');
	SELECT s.namespace_id, s.name, s.secret_type, s.data_keys INTO secret FROM orchestration.secrets s WHERE s.id = update_secret.id FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM orchestration_internal.refuse_missing('secret', id);
	END IF;
	keys := ARRAY(SELECT k FROM jsonb_object_keys(data) k ORDER BY k);
	users := orchestration_internal.secret_users(secret.namespace_id, id, ARRAY(SELECT k FROM unnest(secret.data_keys) k WHERE k <> ALL (keys)));
	IF users IS NOT NULL THEN
		PERFORM orchestration_internal.refuse_in_use('a key of secret', secret.name, users, secret.namespace_id, id);
	END IF;
	UPDATE orchestration.secrets s SET data_keys = keys, encrypted_data = orchestration_internal.seal_secret(s.namespace_id, s.name, data)
	WHERE s.namespace_id = secret.namespace_id AND s.id = update_secret.id;
END
$$;

COMMENT ON FUNCTION orchestration.update_secret(bigint, jsonb) IS 'Replaces the data of a secret (values as for create_secret()); pods of containers that use it are replaced. Raises OR003, OR004, OR006 when a key goes that a container needs, OR040.';
GRANT EXECUTE ON FUNCTION orchestration.update_secret(bigint, jsonb) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.update_registry(id bigint, username text, password text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE orchestration.registries r
	SET username = update_registry.username, encrypted_password = orchestration_internal.seal_registry_password(r.namespace_id, r.server, password)
	WHERE r.id = update_registry.id;
	IF NOT FOUND THEN
		PERFORM orchestration_internal.refuse_missing('registry', id);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration.update_registry(bigint, text, text) IS 'Replaces user name and password for a registry. Raises OR004, OR040.';
GRANT EXECUTE ON FUNCTION orchestration.update_registry(bigint, text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.delete_config_map(id bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	map record;
	users text[];
BEGIN
	SELECT m.namespace_id, m.name INTO map FROM orchestration.config_maps m WHERE m.id = delete_config_map.id FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM orchestration_internal.refuse_missing('config map', id);
	END IF;
	/* a statement of its own: it sees who came while we waited for the row */
	users := orchestration_internal.config_map_users(map.namespace_id, id);
	IF users IS NOT NULL THEN
		PERFORM orchestration_internal.refuse_in_use('config map', map.name, users, map.namespace_id, id);
	END IF;
	DELETE FROM orchestration.config_maps m WHERE m.namespace_id = map.namespace_id AND m.id = delete_config_map.id;
END
$$;

COMMENT ON FUNCTION orchestration.delete_config_map(bigint) IS 'Deletes a config map that nobody uses. Raises OR004, OR006.';
GRANT EXECUTE ON FUNCTION orchestration.delete_config_map(bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.delete_secret(id bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	secret record;
	users text[];
BEGIN
	SELECT s.namespace_id, s.name INTO secret FROM orchestration.secrets s WHERE s.id = delete_secret.id FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM orchestration_internal.refuse_missing('secret', id);
	END IF;
	users := orchestration_internal.secret_users(secret.namespace_id, id);
	IF users IS NOT NULL THEN
		PERFORM orchestration_internal.refuse_in_use('secret', secret.name, users, secret.namespace_id, id);
	END IF;
	DELETE FROM orchestration.secrets s WHERE s.namespace_id = secret.namespace_id AND s.id = delete_secret.id;
END
$$;

COMMENT ON FUNCTION orchestration.delete_secret(bigint) IS 'Deletes a secret that nobody uses. Raises OR004, OR006.';
GRANT EXECUTE ON FUNCTION orchestration.delete_secret(bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.delete_volume(id bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	volume record;
	users text[];
BEGIN
	SELECT v.namespace_id, v.name INTO volume FROM orchestration.volumes v WHERE v.id = delete_volume.id FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM orchestration_internal.refuse_missing('volume', id);
	END IF;
	users := orchestration_internal.volume_users(volume.namespace_id, id);
	IF users IS NOT NULL THEN
		PERFORM orchestration_internal.refuse_in_use('volume', volume.name, users, volume.namespace_id, id);
	END IF;
	DELETE FROM orchestration.volumes v WHERE v.namespace_id = volume.namespace_id AND v.id = delete_volume.id;
END
$$;

COMMENT ON FUNCTION orchestration.delete_volume(bigint) IS 'Deletes a volume that nobody mounts, and with a PVC, as its storage class says, what is stored on it. Raises OR004, OR006.';
GRANT EXECUTE ON FUNCTION orchestration.delete_volume(bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.delete_registry(id bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM orchestration.registries r WHERE r.id = delete_registry.id;
	IF NOT FOUND THEN
		PERFORM orchestration_internal.refuse_missing('registry', id);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration.delete_registry(bigint) IS 'Deletes the credentials for a registry; pods that pull from it later do so without. Raises OR004.';
GRANT EXECUTE ON FUNCTION orchestration.delete_registry(bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.delete_namespace(id bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	target record;
BEGIN
	SELECT n.name, n.desired_state, n.cluster_id INTO target FROM orchestration.namespaces n WHERE n.id = delete_namespace.id FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM orchestration_internal.refuse_missing('namespace', id);
	ELSIF id = 0 THEN
		PERFORM orchestration_internal.refuse_in_use('namespace', target.name, '{"the platform itself"}', id, id);
	ELSIF target.desired_state = 'deleted' THEN
		RAISE EXCEPTION 'namespace "%" is already being deleted', target.name
			USING ERRCODE = 'OR012', HINT = 'Nothing is left to do.', TABLE = orchestration_internal.error_about('namespaces', id, id, target.name);
	END IF;
	UPDATE orchestration.containers c SET desired_state = 'deleted' WHERE c.namespace_id = delete_namespace.id AND c.desired_state <> 'deleted';
	/* where no worker is in charge, nothing is left to be proven */
	UPDATE orchestration.namespaces n
	SET desired_state = 'deleted',
		status = CASE WHEN n.cluster_id IS NULL AND NOT EXISTS (SELECT FROM orchestration.managed_objects m WHERE m.namespace_id = n.id) THEN 'deleted' ELSE n.status END
	WHERE n.id = delete_namespace.id;
END
$$;

COMMENT ON FUNCTION orchestration.delete_namespace(bigint) IS 'Deletes a namespace, its containers and everything else in it: the rows stay for the record, the name is free when the deletion is proven. Raises OR004, OR006 for platform, OR012.';
GRANT EXECUTE ON FUNCTION orchestration.delete_namespace(bigint) TO orchestration_user;
