/* Changing and deleting what api.sql made.  What uses what is the business of rules.sql, which plain SQL meets too. */

CREATE OR REPLACE FUNCTION orchestration.update_config_map(id bigint, data jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM orchestration_internal.valid_config_data(data, 'data');
	UPDATE orchestration.config_maps m SET data = update_config_map.data WHERE m.id = update_config_map.id;
	IF NOT FOUND THEN
		PERFORM orchestration_internal.refuse_missing('config map', id);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration.update_config_map(bigint, jsonb) IS 'Replaces the data of a config map; pods of containers that use it are replaced. Raises OR003, OR004, OR006 when a key goes that a container needs.';

CREATE OR REPLACE FUNCTION orchestration.update_secret(id bigint, data jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM orchestration_internal.valid_shape(data, 'secret_data', 'data');
	UPDATE orchestration.secrets s
	SET data_keys = ARRAY(SELECT k FROM jsonb_object_keys(data) k ORDER BY k), encrypted_data = orchestration_internal.seal_secret(s.namespace_id, s.name, data)
	WHERE s.id = update_secret.id;
	IF NOT FOUND THEN
		PERFORM orchestration_internal.refuse_missing('secret', id);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration.update_secret(bigint, jsonb) IS 'Replaces the data of a secret (values as for create_secret()); pods of containers that use it are replaced. Raises OR003, OR004, OR006 when a key goes that a container needs, OR040.';

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

CREATE OR REPLACE FUNCTION orchestration.delete_config_map(id bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM orchestration.config_maps x WHERE x.id = delete_config_map.id;
	IF NOT FOUND THEN
		PERFORM orchestration_internal.refuse_missing('config map', id);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration.delete_config_map(bigint) IS 'Deletes a config map that nobody uses. Raises OR004, OR006.';

CREATE OR REPLACE FUNCTION orchestration.delete_secret(id bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM orchestration.secrets x WHERE x.id = delete_secret.id;
	IF NOT FOUND THEN
		PERFORM orchestration_internal.refuse_missing('secret', id);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration.delete_secret(bigint) IS 'Deletes a secret that nobody uses. Raises OR004, OR006.';

CREATE OR REPLACE FUNCTION orchestration.delete_volume(id bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM orchestration.volumes x WHERE x.id = delete_volume.id;
	IF NOT FOUND THEN
		PERFORM orchestration_internal.refuse_missing('volume', id);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration.delete_volume(bigint) IS 'Deletes a volume that nobody mounts, and with a PVC, as its storage class says, what is stored on it. Raises OR004, OR006.';

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

CREATE OR REPLACE FUNCTION orchestration.delete_namespace(id bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	target record;
BEGIN
	SELECT n.name, n.desired_state INTO target FROM orchestration.namespaces n WHERE n.id = delete_namespace.id FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM orchestration_internal.refuse_missing('namespace', id);
	ELSIF target.desired_state = 'deleted' THEN
		RAISE EXCEPTION 'namespace "%" is already being deleted', target.name
			USING ERRCODE = 'OR012', HINT = 'Nothing is left to do.', TABLE = orchestration_internal.error_about('namespaces', id, id, target.name);
	END IF;
	/* guard_namespace() does the rest */
	UPDATE orchestration.namespaces n SET desired_state = 'deleted' WHERE n.id = delete_namespace.id;
END
$$;

COMMENT ON FUNCTION orchestration.delete_namespace(bigint) IS 'Deletes a namespace, its containers and everything else in it: the rows stay for the record, the name is free when the deletion is proven. Raises OR004, OR006 for platform, OR012.';
