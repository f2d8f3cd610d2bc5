/*
 * Changing and deleting what api.sql made, by the names that it was made with.  An argument that is NULL leaves
 * what is there; reset names those that go back to their defaults, where a default is no value that could be given.
 */

/* Namespaces. */

CREATE OR REPLACE FUNCTION orchestration.update_namespace(name text, cluster text DEFAULT NULL, labels jsonb DEFAULT NULL, annotations jsonb DEFAULT NULL, description text DEFAULT NULL,
	pod_security text DEFAULT NULL, service_accounts text[] DEFAULT NULL, reset text[] DEFAULT '{}')
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	of_namespace bigint;
	wanted record;
BEGIN
	IF name = 'platform' THEN
		PERFORM orchestration_internal.refuse('name', 'It stands for the platform itself, which has no specification.');
	END IF;
	of_namespace := (SELECT n.id FROM orchestration_internal.lock_namespace(name, goes => false) n);
	PERFORM orchestration_internal.check_reset(reset, '{cluster,labels,annotations,description,pod_security,service_accounts}');
	PERFORM orchestration_internal.check_choice('pod_security', pod_security, 'privileged', 'baseline', 'restricted');
	SELECT n.* INTO wanted FROM orchestration.namespaces n WHERE n.id = of_namespace;
	wanted.cluster_id := orchestration_internal.updated_value('cluster', orchestration_internal.find_cluster(cluster), wanted.cluster_id, NULL, reset);
	wanted.labels := orchestration_internal.updated_value('labels', labels, wanted.labels, '{}', reset);
	wanted.annotations := orchestration_internal.updated_value('annotations', annotations, wanted.annotations, '{}', reset);
	wanted.description := orchestration_internal.updated_value('description', description, wanted.description, NULL, reset);
	wanted.pod_security := orchestration_internal.updated_value('pod_security', pod_security, wanted.pod_security, 'baseline', reset);
	wanted.service_accounts := orchestration_internal.updated_value('service_accounts', service_accounts, wanted.service_accounts, '{}', reset);
	UPDATE orchestration.namespaces n
	SET cluster_id = wanted.cluster_id, labels = wanted.labels, annotations = wanted.annotations, description = wanted.description,
		pod_security = wanted.pod_security, service_accounts = wanted.service_accounts
	WHERE n.id = of_namespace AND (n.cluster_id, n.labels, n.annotations, n.description, n.pod_security, n.service_accounts)
		IS DISTINCT FROM (wanted.cluster_id, wanted.labels, wanted.annotations, wanted.description, wanted.pod_security, wanted.service_accounts);
END
$$;

COMMENT ON FUNCTION orchestration.update_namespace(text, text, jsonb, jsonb, text, text, text[], text[]) IS 'Changes a namespace: where its containers run, its labels, what its pods may do. name says which; the others are as for create_namespace(), what is NULL stays. reset names arguments that go back to their defaults; without a cluster nothing runs. Labels and annotations are replaced as a whole. Needs update on namespaces, and escalate for a looser pod_security or more service_accounts. Raises 42501, OR001, OR003 (also for platform), OR004, OR007 when a container does not keep to the new level, OR012, OR022 when something in it asks for what the engine of the cluster cannot do.';
GRANT EXECUTE ON FUNCTION orchestration.update_namespace(text, text, jsonb, jsonb, text, text, text[], text[]) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.delete_namespace(name text, give_up_data boolean DEFAULT false)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	of_namespace bigint := (SELECT n.id FROM orchestration_internal.lock_namespace(name, goes => true) n);
BEGIN
	IF give_up_data THEN
		UPDATE orchestration.volumes v SET retention = 'delete' WHERE v.namespace_id = of_namespace AND v.volume_type = 'PVC' AND v.retention <> 'delete';
		PERFORM orchestration_internal.give_up_claims(of_namespace);
	END IF;
	/* guard_namespace() does the rest */
	UPDATE orchestration.namespaces n SET desired_state = 'deleted' WHERE n.id = of_namespace;
END
$$;

COMMENT ON FUNCTION orchestration.delete_namespace(text, boolean) IS 'Deletes a namespace, its containers and everything else in it: the rows stay for the record, the name is free when the deletion is proven. Argument: its name. Claims go with it: while there are some that are to be kept it is refused, unless give_up_data is true. Needs delete on namespaces and containers, with give_up_data also update and delete on volumes. Raises 42501, OR004, OR006 for platform and for claims, OR012.';
GRANT EXECUTE ON FUNCTION orchestration.delete_namespace(text, boolean) TO orchestration_user;

/* Config maps. */

CREATE OR REPLACE FUNCTION orchestration_internal.merged_data(present jsonb, data jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT COALESCE(jsonb_object_agg(d.key, d.value), '{}') FROM jsonb_each(present || data) d WHERE jsonb_typeof(d.value) <> 'null'
$$;

COMMENT ON FUNCTION orchestration_internal.merged_data(jsonb, jsonb) IS 'What is there with the keys of data set, or removed where their value is null.';
GRANT EXECUTE ON FUNCTION orchestration_internal.merged_data(jsonb, jsonb) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.check_merge(data jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF jsonb_typeof(data) <> 'object' THEN
		PERFORM orchestration_internal.refuse('data', format('It is of type %s, not object.', jsonb_typeof(data)), 'Give keys with their new values, or with null to remove them.');
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_merge(jsonb) IS 'Raises OR003 for data that cannot be merged.';
GRANT EXECUTE ON FUNCTION orchestration_internal.check_merge(jsonb) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.update_config_map(namespace text, name text, data jsonb DEFAULT NULL, labels jsonb DEFAULT NULL, annotations jsonb DEFAULT NULL, merge boolean DEFAULT false)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	map_id bigint := orchestration_internal.find_named('config map', namespace, name);
	map record;
	wanted jsonb;
BEGIN
	SELECT m.namespace_id, m.data INTO map FROM orchestration.config_maps m WHERE m.id = map_id;
	IF merge AND data IS NOT NULL THEN
		PERFORM orchestration_internal.check_merge(data);
		wanted := orchestration_internal.merged_data(map.data, data);
	ELSE
		wanted := COALESCE(data, map.data);
	END IF;
	PERFORM orchestration_internal.valid_config_data(wanted, 'data');
	UPDATE orchestration.config_maps m
	SET data = wanted, labels = COALESCE(update_config_map.labels, m.labels), annotations = COALESCE(update_config_map.annotations, m.annotations)
	WHERE m.namespace_id = map.namespace_id AND m.id = map_id
		AND (m.data, m.labels, m.annotations) IS DISTINCT FROM (wanted, COALESCE(update_config_map.labels, m.labels), COALESCE(update_config_map.annotations, m.annotations));
END
$$;

COMMENT ON FUNCTION orchestration.update_config_map(text, text, jsonb, jsonb, jsonb, boolean) IS 'Changes a config map; pods of containers that use it are replaced. namespace and name say which; what is NULL stays. data replaces all keys, or with merge is added to them, where null removes a key; labels and annotations are replaced as a whole. Needs update on config_maps. Raises 42501, OR003, OR004, OR006 when a key goes that a container needs, OR012.';
GRANT EXECUTE ON FUNCTION orchestration.update_config_map(text, text, jsonb, jsonb, jsonb, boolean) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.delete_config_map(namespace text, name text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	map_id bigint := orchestration_internal.find_named('config map', namespace, name);
	of_namespace bigint := (SELECT m.namespace_id FROM orchestration.config_maps m WHERE m.id = map_id);
BEGIN
	DELETE FROM orchestration.config_maps m WHERE m.namespace_id = of_namespace AND m.id = map_id;
END
$$;

COMMENT ON FUNCTION orchestration.delete_config_map(text, text) IS 'Deletes a config map that nobody uses. Arguments: namespace, name. Needs delete on config_maps. Raises 42501, OR004, OR006.';
GRANT EXECUTE ON FUNCTION orchestration.delete_config_map(text, text) TO orchestration_user;

/* Secrets. */

/* SECURITY DEFINER: opens what is there, and gives it away sealed only */
CREATE OR REPLACE FUNCTION orchestration_internal.merge_secret(secret_id bigint, data jsonb, OUT data_keys text[], OUT encrypted_data bytea)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	secret record;
	present jsonb;
BEGIN
	SELECT s.namespace_id, s.name INTO secret FROM orchestration.secrets s WHERE s.id = secret_id;
	IF NOT FOUND OR NOT orchestration_internal.holds_permission(secret.namespace_id, 'secrets', 'update') THEN
		RAISE EXCEPTION 'permission denied for secret %', secret_id USING ERRCODE = '42501', HINT = 'It takes a role with {"secrets": ["update"]} in its namespace.';
	END IF;
	SELECT COALESCE(jsonb_object_agg(v.key, jsonb_build_object('base64', v.value)), '{}') INTO present
	FROM jsonb_each_text(orchestration_internal.secret_values(secret.namespace_id, 'secret', secret_id)) v;
	present := orchestration_internal.merged_data(present, data);
	data_keys := ARRAY(SELECT k FROM jsonb_object_keys(present) k ORDER BY k);
	encrypted_data := orchestration_internal.seal_secret(secret.namespace_id, secret.name, present);
END
$$;

COMMENT ON FUNCTION orchestration_internal.merge_secret(bigint, jsonb) IS 'The data of a secret with some keys set, or removed where their value is null, sealed for its row again; the values in clear do not leave it. Needs update on secrets. Raises 42501, OR003, OR040, OR041.';
GRANT EXECUTE ON FUNCTION orchestration_internal.merge_secret(bigint, jsonb) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.update_secret(namespace text, name text, data jsonb DEFAULT NULL, type text DEFAULT NULL, labels jsonb DEFAULT NULL, annotations jsonb DEFAULT NULL,
	merge boolean DEFAULT false)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	secret_id bigint := orchestration_internal.find_named('secret', namespace, name);
	secret record;
	wanted record;
BEGIN
	SELECT s.namespace_id, s.data_keys, s.secret_type, s.labels, s.annotations INTO secret FROM orchestration.secrets s WHERE s.id = secret_id;
	IF data IS NOT NULL THEN
		IF merge THEN
			PERFORM orchestration_internal.check_merge(data);
			SELECT m.data_keys, m.encrypted_data INTO wanted FROM orchestration_internal.merge_secret(secret_id, data) m;
		ELSE
			PERFORM orchestration_internal.valid_shape(data, 'secret_data', 'data');
			SELECT ARRAY(SELECT k FROM jsonb_object_keys(data) k ORDER BY k) AS data_keys, orchestration_internal.seal_secret(secret.namespace_id, name, data) AS encrypted_data INTO wanted;
		END IF;
		UPDATE orchestration.secrets s
		SET data_keys = wanted.data_keys, encrypted_data = wanted.encrypted_data, secret_type = COALESCE(type, s.secret_type),
			labels = COALESCE(update_secret.labels, s.labels), annotations = COALESCE(update_secret.annotations, s.annotations)
		WHERE s.namespace_id = secret.namespace_id AND s.id = secret_id;
	ELSE
		UPDATE orchestration.secrets s
		SET secret_type = COALESCE(type, s.secret_type), labels = COALESCE(update_secret.labels, s.labels), annotations = COALESCE(update_secret.annotations, s.annotations)
		WHERE s.namespace_id = secret.namespace_id AND s.id = secret_id
			AND (s.secret_type, s.labels, s.annotations) IS DISTINCT FROM
				(COALESCE(type, s.secret_type), COALESCE(update_secret.labels, s.labels), COALESCE(update_secret.annotations, s.annotations));
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration.update_secret(text, text, jsonb, text, jsonb, jsonb, boolean) IS 'Changes a secret; pods of containers that use it are replaced. namespace and name say which; what is NULL stays. data (values as for create_secret()) replaces all keys, or with merge is added to them, where null removes a key: who may not see the others need not know them. type, labels and annotations are as for create_secret(). Needs update on secrets. Raises 42501, OR003, OR004, OR006 when a key goes that a container needs, OR012, OR040, OR041.';
GRANT EXECUTE ON FUNCTION orchestration.update_secret(text, text, jsonb, text, jsonb, jsonb, boolean) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.delete_secret(namespace text, name text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	secret_id bigint := orchestration_internal.find_named('secret', namespace, name);
	of_namespace bigint := (SELECT s.namespace_id FROM orchestration.secrets s WHERE s.id = secret_id);
BEGIN
	DELETE FROM orchestration.secrets s WHERE s.namespace_id = of_namespace AND s.id = secret_id;
END
$$;

COMMENT ON FUNCTION orchestration.delete_secret(text, text) IS 'Deletes a secret that nobody uses. Arguments: namespace, name. Needs delete on secrets. Raises 42501, OR004, OR006.';
GRANT EXECUTE ON FUNCTION orchestration.delete_secret(text, text) TO orchestration_user;

/* Registries. */

CREATE OR REPLACE FUNCTION orchestration.update_registry(namespace text, name text, server text DEFAULT NULL, username text DEFAULT NULL, password text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	registry_id bigint := orchestration_internal.find_named('registry', namespace, name);
	registry record;
BEGIN
	SELECT r.namespace_id, r.server, r.username INTO registry FROM orchestration.registries r WHERE r.id = registry_id;
	IF server <> registry.server AND password IS NULL THEN
		PERFORM orchestration_internal.refuse('server', 'The stored password is for the server that it was given for.', 'Give the password, too.');
	END IF;
	registry.server := COALESCE(server, registry.server);
	registry.username := COALESCE(username, registry.username);
	IF password IS NOT NULL THEN
		UPDATE orchestration.registries r
		SET server = registry.server, username = registry.username,
			encrypted_password = orchestration_internal.seal_registry_password(r.namespace_id, registry.server, password)
		WHERE r.namespace_id = registry.namespace_id AND r.id = registry_id;
	ELSE
		UPDATE orchestration.registries r
		SET username = registry.username
		WHERE r.namespace_id = registry.namespace_id AND r.id = registry_id AND r.username <> registry.username;
	END IF;
EXCEPTION WHEN unique_violation THEN
	PERFORM orchestration_internal.refuse_existing('registry', server, namespace);
END
$$;

COMMENT ON FUNCTION orchestration.update_registry(text, text, text, text, text) IS 'Changes the credentials for a registry. namespace and name say which; server, username and password are as for create_registry(), what is NULL stays. Another server needs the password, too. Needs update on registries. Raises 42501, OR001, OR003, OR004, OR005, OR012, OR040.';
GRANT EXECUTE ON FUNCTION orchestration.update_registry(text, text, text, text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.delete_registry(namespace text, name text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	registry_id bigint := orchestration_internal.find_named('registry', namespace, name);
BEGIN
	DELETE FROM orchestration.registries r WHERE r.id = registry_id;
END
$$;

COMMENT ON FUNCTION orchestration.delete_registry(text, text) IS 'Deletes the credentials for a registry; pods that pull from it later do so without. Arguments: namespace, name. Needs delete on registries. Raises 42501, OR004.';
GRANT EXECUTE ON FUNCTION orchestration.delete_registry(text, text) TO orchestration_user;

/* Volumes. */

CREATE OR REPLACE FUNCTION orchestration.update_volume(namespace text, name text, type text DEFAULT NULL, size text DEFAULT NULL, access_mode text DEFAULT NULL,
	storage_class text DEFAULT NULL, config_map text DEFAULT NULL, secret text DEFAULT NULL, host_path text DEFAULT NULL, host_path_type text DEFAULT NULL, medium text DEFAULT NULL,
	reset text[] DEFAULT '{}', retention text DEFAULT NULL, adopt_claim boolean DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	volume_id bigint := orchestration_internal.find_named('volume', namespace, name);
	wanted record;
BEGIN
	PERFORM orchestration_internal.check_reset(reset, '{size,access_mode,storage_class,host_path_type,medium,retention}');
	PERFORM orchestration_internal.check_choice('retention', retention, 'keep', 'delete');
	SELECT v.*, m.name AS config_map, s.name AS secret INTO wanted
	FROM orchestration.volumes v
	LEFT JOIN orchestration.config_maps m ON m.namespace_id = v.namespace_id AND m.id = v.config_map_id
	LEFT JOIN orchestration.secrets s ON s.namespace_id = v.namespace_id AND s.id = v.secret_id
	WHERE v.id = volume_id;
	/* nothing of one type has a meaning for another */
	IF type <> wanted.volume_type THEN
		SELECT wanted.namespace_id, type AS volume_type, wanted.retention, wanted.adopt_claim, NULL::bigint AS size_bytes, NULL::text AS access_mode, NULL::text AS storage_class, NULL::text AS config_map, NULL::text AS secret,
			NULL::text AS host_path, NULL::text AS host_path_type, NULL::text AS medium INTO wanted;
	END IF;
	PERFORM orchestration_internal.change_volume(volume_id, wanted.namespace_id, wanted.volume_type,
		orchestration_internal.updated_value('size', size, wanted.size_bytes::text, NULL, reset),
		orchestration_internal.updated_value('access_mode', access_mode, wanted.access_mode, NULL, reset),
		orchestration_internal.updated_value('storage_class', storage_class, wanted.storage_class, NULL, reset),
		COALESCE(config_map, wanted.config_map), COALESCE(secret, wanted.secret), COALESCE(host_path, wanted.host_path),
		orchestration_internal.updated_value('host_path_type', host_path_type, wanted.host_path_type, NULL, reset),
		orchestration_internal.updated_value('medium', medium, wanted.medium, NULL, reset),
		orchestration_internal.updated_value('retention', retention, wanted.retention, 'keep', reset), COALESCE(adopt_claim, wanted.adopt_claim));
END
$$;

COMMENT ON FUNCTION orchestration.update_volume(text, text, text, text, text, text, text, text, text, text, text, text[], text, boolean) IS 'Changes a volume; pods of containers that mount it are replaced. namespace and name say which; the others are as for create_volume(), what is NULL stays, and another type begins anew. reset names arguments that go back to their defaults. What Kubernetes lets a claim change is its size, upwards, where its storage class allows that; anything else takes another claim, which is refused (OR006) unless retention is, or becomes, delete: then the claim goes with its data. adopt_claim takes over the claim that was kept under its name, for one that becomes a PVC. Needs update on volumes. Raises 42501, OR002, OR003, OR004, OR006, OR012.';
GRANT EXECUTE ON FUNCTION orchestration.update_volume(text, text, text, text, text, text, text, text, text, text, text, text[], text, boolean) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.change_volume(volume_id bigint, of_namespace bigint, type text, size text, access_mode text, storage_class text, config_map text, secret text,
	host_path text, host_path_type text, medium text, retention text, adopt_claim boolean)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	source record;
	bytes bigint;
BEGIN
	PERFORM orchestration_internal.check_volume(type, size, access_mode, storage_class, config_map, secret, host_path, host_path_type, medium);
	source := orchestration_internal.volume_source(of_namespace, config_map, secret);
	bytes := orchestration_internal.quantity_argument(size, 'size');
	access_mode := CASE type WHEN 'PVC' THEN COALESCE(access_mode, 'ReadWriteOnce') END;
	UPDATE orchestration.volumes v
	SET volume_type = type, size_bytes = bytes, access_mode = change_volume.access_mode, storage_class = change_volume.storage_class,
		config_map_id = source.config_map_id, secret_id = source.secret_id, host_path = change_volume.host_path, host_path_type = change_volume.host_path_type, medium = change_volume.medium,
		retention = change_volume.retention, adopt_claim = change_volume.adopt_claim
	WHERE v.namespace_id = of_namespace AND v.id = volume_id
		AND (v.volume_type, v.size_bytes, v.access_mode, v.storage_class, v.config_map_id, v.secret_id, v.host_path, v.host_path_type, v.medium, v.retention, v.adopt_claim)
			IS DISTINCT FROM (type, bytes, access_mode, storage_class, source.config_map_id, source.secret_id, host_path, host_path_type, medium, retention, adopt_claim);
END
$$;

COMMENT ON FUNCTION orchestration_internal.change_volume(bigint, bigint, text, text, text, text, text, text, text, text, text, text, boolean) IS 'Makes a volume what the arguments say, as for create_volume(). Raises OR002, OR003, OR006.';
GRANT EXECUTE ON FUNCTION orchestration_internal.change_volume(bigint, bigint, text, text, text, text, text, text, text, text, text, text, boolean) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.delete_volume(namespace text, name text, give_up_data boolean DEFAULT false)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	volume_id bigint := orchestration_internal.find_named('volume', namespace, name);
	of_namespace bigint := (SELECT v.namespace_id FROM orchestration.volumes v WHERE v.id = volume_id);
BEGIN
	IF give_up_data THEN
		UPDATE orchestration.volumes v SET retention = 'delete' WHERE v.namespace_id = of_namespace AND v.id = volume_id AND v.retention <> 'delete';
	END IF;
	DELETE FROM orchestration.volumes v WHERE v.namespace_id = of_namespace AND v.id = volume_id;
END
$$;

COMMENT ON FUNCTION orchestration.delete_volume(text, text, boolean) IS 'Deletes a volume that nobody mounts. Arguments: namespace, name. The claim of a PVC stays in the cluster, in kept_claims, with what is stored on it, unless the retention of the volume is delete or give_up_data is true. Needs delete on volumes, with give_up_data also update. Raises 42501, OR004, OR006.';
GRANT EXECUTE ON FUNCTION orchestration.delete_volume(text, text, boolean) TO orchestration_user;
