/* Clusters. */

CREATE OR REPLACE FUNCTION orchestration.kubeconfig(server text, token text DEFAULT NULL, certificate_authority text DEFAULT NULL,
	client_certificate text DEFAULT NULL, client_key text DEFAULT NULL, tls_server_name text DEFAULT NULL, proxy_url text DEFAULT NULL,
	insecure_skip_tls_verify boolean DEFAULT NULL)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_strip_nulls(jsonb_build_object(
		'apiVersion', 'v1',
		'kind', 'Config',
		'current-context', 'default',
		'contexts', '[{"name": "default", "context": {"cluster": "default", "user": "default"}}]'::jsonb,
		'clusters', jsonb_build_array(jsonb_build_object('name', 'default', 'cluster', jsonb_build_object(
			'server', server,
			'tls-server-name', tls_server_name,
			'proxy-url', proxy_url,
			'insecure-skip-tls-verify', insecure_skip_tls_verify,
			'certificate-authority-data', translate(encode(convert_to(certificate_authority, 'UTF8'), 'base64'), E'\n', '')))),
		'users', jsonb_build_array(jsonb_build_object('name', 'default', 'user', jsonb_build_object(
			'token', token,
			'client-certificate-data', translate(encode(convert_to(client_certificate, 'UTF8'), 'base64'), E'\n', ''),
			'client-key-data', translate(encode(convert_to(client_key, 'UTF8'), 'base64'), E'\n', ''))))
	))::text
$$;

COMMENT ON FUNCTION orchestration.kubeconfig(text, text, text, text, text, text, text, boolean) IS 'Makes a kubeconfig for register_cluster() and update_cluster() from its parts. Arguments: URL of the API server, token or client certificate and key, and the authority that signed the server''s certificate (PEM texts).';
GRANT EXECUTE ON FUNCTION orchestration.kubeconfig(text, text, text, text, text, text, text, boolean) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.register_cluster(name text, kubeconfig text DEFAULT NULL, context text DEFAULT NULL, max_in_flight integer DEFAULT 32, enabled boolean DEFAULT true,
	engine text DEFAULT 'kubernetes', endpoint text DEFAULT NULL, tls jsonb DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	configuration text;
	checked record;
	cluster_id bigint;
BEGIN
	engine := COALESCE(engine, 'kubernetes');
	PERFORM orchestration_internal.check_engine_name(register_cluster.engine, register_cluster.name);
	configuration := orchestration_internal.cluster_configuration(register_cluster.engine, kubeconfig, context, endpoint, tls);
	checked := orchestration_internal.check_configuration(register_cluster.engine, configuration, context);
	PERFORM orchestration_internal.check_range('max_in_flight', max_in_flight, 1, 100);
	INSERT INTO orchestration.clusters (name, engine, api_server, auth_method, encrypted_kubeconfig, kubeconfig_context, insecure_skip_tls_verify, max_in_flight, enabled)
	VALUES (register_cluster.name, register_cluster.engine, checked.api_server, checked.auth_method,
		orchestration_internal.seal(convert_to(configuration, 'UTF8'), 'cluster/' || register_cluster.name), context, checked.insecure,
		COALESCE(register_cluster.max_in_flight, 32), COALESCE(register_cluster.enabled, true))
	ON CONFLICT (name) DO NOTHING
	RETURNING id INTO cluster_id;
	IF cluster_id IS NULL THEN
		PERFORM orchestration_internal.refuse_existing('cluster', register_cluster.name);
	END IF;
	RETURN cluster_id;
END
$$;

COMMENT ON FUNCTION orchestration.register_cluster(text, text, text, integer, boolean, text, text, jsonb) IS 'Registers a cluster and returns its id. Of Kubernetes: kubeconfig is YAML or JSON text, stored encrypted; NULL means the service account of the pod that the server runs in. context is one of its contexts, NULL for the current one. Of an engine that is reached by an endpoint: endpoint is unix:///path of a socket of the server''s machine or tcp://host:port, and tls is {"ca": ..., "cert": ..., "key": ...} of PEM texts, stored encrypted. max_in_flight limits concurrent requests (1 to 100). Raises OR001, OR003, OR005, OR020, and 42501 for a kubeconfig that names files of the server, or a socket of it, without the right to use them.';
GRANT EXECUTE ON FUNCTION orchestration.register_cluster(text, text, text, integer, boolean, text, text, jsonb) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.update_cluster(name text, kubeconfig text DEFAULT NULL, context text DEFAULT NULL, max_in_flight integer DEFAULT NULL,
	enabled boolean DEFAULT NULL, reset text[] DEFAULT '{}', endpoint text DEFAULT NULL, tls jsonb DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	of_cluster bigint := orchestration_internal.find_cluster(name);
	readdressed boolean := kubeconfig IS NOT NULL OR endpoint IS NOT NULL OR tls IS NOT NULL OR reset && '{kubeconfig,tls}';
	target record;
	configuration text;
	checked record;
BEGIN
	/* whoever may not change it does not get the lock */
	SELECT c.max_in_flight, c.enabled, c.kubeconfig_context, c.engine, c.api_server, orchestration_internal.takes_endpoint(c.engine) AS takes_endpoint INTO target
	FROM orchestration.clusters c WHERE c.id = of_cluster FOR UPDATE;
	PERFORM orchestration_internal.check_reset(reset, CASE WHEN target.takes_endpoint THEN '{tls,max_in_flight,enabled}' ELSE '{kubeconfig,context,max_in_flight,enabled}' END::text[]);
	IF name IS NULL THEN
		PERFORM orchestration_internal.refuse_missing('cluster', NULL);
	ELSIF target.engine IS NULL THEN
		RAISE EXCEPTION 'permission denied for cluster "%"', name
			USING ERRCODE = '42501', HINT = 'It takes a role with {"clusters": ["update"]} that holds everywhere.',
				TABLE = orchestration_internal.error_about('clusters', 0, of_cluster, name);
	END IF;
	target.max_in_flight := orchestration_internal.updated_value('max_in_flight', max_in_flight, target.max_in_flight, 32, reset);
	target.enabled := orchestration_internal.updated_value('enabled', enabled, target.enabled, true, reset);
	target.kubeconfig_context := orchestration_internal.updated_value('context', context, target.kubeconfig_context, NULL, reset);
	kubeconfig := orchestration_internal.updated_value('kubeconfig', kubeconfig, NULL, NULL, reset);
	tls := orchestration_internal.updated_value('tls', tls, NULL, NULL, reset);
	PERFORM orchestration_internal.check_range('max_in_flight', max_in_flight, 1, 100);
	UPDATE orchestration.clusters c
	SET max_in_flight = target.max_in_flight, enabled = target.enabled
	WHERE c.id = of_cluster AND (c.max_in_flight, c.enabled) IS DISTINCT FROM (target.max_in_flight, target.enabled);
	IF readdressed OR (context IS NOT NULL AND target.takes_endpoint) THEN
		/* an endpoint can be seen, what goes with it cannot */
		configuration := orchestration_internal.cluster_configuration(target.engine, kubeconfig, context, CASE WHEN target.takes_endpoint THEN COALESCE(endpoint, target.api_server) ELSE endpoint END, tls);
		checked := orchestration_internal.check_configuration(target.engine, configuration, target.kubeconfig_context);
		UPDATE orchestration.clusters c
		SET api_server = checked.api_server,
			auth_method = checked.auth_method,
			encrypted_kubeconfig = orchestration_internal.seal(convert_to(configuration, 'UTF8'), 'cluster/' || c.name),
			kubeconfig_context = target.kubeconfig_context,
			insecure_skip_tls_verify = checked.insecure
		WHERE c.id = of_cluster;
	ELSIF context IS NOT NULL OR 'context' = ANY (reset) THEN
		PERFORM orchestration_internal.refuse('context', 'It is one of the contexts of a kubeconfig that is not given.', 'Give the kubeconfig, too.');
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration.update_cluster(text, text, text, integer, boolean, text[], text, jsonb) IS 'Changes address and credentials of a cluster, how many requests it may have under way, or whether the worker looks after it at all. name says which; what is NULL stays. A new kubeconfig, and with it context, or a new endpoint, and with it tls, must lead to the same cluster: the worker reconnects. tls alone is new for the endpoint that is there; an endpoint alone has none. reset names arguments that go back to their defaults: kubeconfig to the service account of the pod that the server runs in, context to the current one, tls to none, max_in_flight to 32, enabled to true. Needs update on clusters. Raises OR003, OR004, OR020, 42501.';
GRANT EXECUTE ON FUNCTION orchestration.update_cluster(text, text, text, integer, boolean, text[], text, jsonb) TO orchestration_user;

/* SECURITY DEFINER: users do not delete from the inventory, nor see all of it */
CREATE OR REPLACE FUNCTION orchestration_internal.objects_of_cluster(of_cluster bigint, forget boolean)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT orchestration_internal.holds_permission(0, 'clusters', 'delete') THEN
		PERFORM orchestration_internal.refuse_permission('unregister a cluster', 'clusters', 0, of_cluster, NULL);
	END IF;
	IF forget THEN
		DELETE FROM orchestration.managed_objects m WHERE m.cluster_id = of_cluster;
		DELETE FROM orchestration.kept_claims k WHERE k.cluster_id = of_cluster;
	END IF;
	/* pods go with their objects */
	IF NOT EXISTS (SELECT FROM orchestration.managed_objects m WHERE m.cluster_id = of_cluster) THEN
		DELETE FROM orchestration.container_instances i WHERE i.cluster_id = of_cluster;
	END IF;
	RETURN (SELECT count(*) FROM orchestration.managed_objects m WHERE m.cluster_id = of_cluster);
END
$$;

COMMENT ON FUNCTION orchestration_internal.objects_of_cluster(bigint, boolean) IS 'How many objects the inventory has of a cluster, for unregister_cluster(): with the second argument it forgets them first, and what runs there is left to itself. Runs with the rights of the owner of the extension. Raises 42501 without clusters: delete.';
GRANT EXECUTE ON FUNCTION orchestration_internal.objects_of_cluster(bigint, boolean) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.unregister_cluster(name text, forget boolean DEFAULT false)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	of_cluster bigint := orchestration_internal.find_cluster(unregister_cluster.name);
	users text[];
	objects bigint;
BEGIN
	PERFORM FROM orchestration.clusters c WHERE c.id = of_cluster FOR UPDATE;
	objects := orchestration_internal.objects_of_cluster(of_cluster, forget);
	IF forget THEN
		UPDATE orchestration.namespaces n SET cluster_id = NULL WHERE n.cluster_id = of_cluster;
	END IF;
	SELECT array_agg(format('namespace "%s"', u.name) ORDER BY u.name) INTO users
	FROM (
		SELECT n.name FROM orchestration.namespaces n WHERE n.cluster_id = of_cluster AND n.status <> 'deleted'
		UNION
		SELECT COALESCE(n.name, m.cluster_namespace) FROM orchestration.managed_objects m LEFT JOIN orchestration.namespaces n ON n.id = m.namespace_id WHERE m.cluster_id = of_cluster
	) u;
	IF users IS NULL AND objects > 0 THEN
		users := ARRAY[format('%s objects of rows that you may not read', objects)];
	END IF;
	IF users IS NOT NULL THEN
		PERFORM orchestration_internal.refuse_in_use('cluster', unregister_cluster.name, users, 0, of_cluster);
	END IF;
	UPDATE orchestration.namespaces n SET cluster_id = NULL WHERE n.cluster_id = of_cluster;
	DELETE FROM orchestration.clusters c WHERE c.id = of_cluster;
END
$$;

COMMENT ON FUNCTION orchestration.unregister_cluster(text, boolean) IS 'Forgets a cluster in which nothing of ours is left. With forget, also one that is lost: its namespaces stay, without a cluster, and what runs there is left to itself. Raises OR004, OR006.';
GRANT EXECUTE ON FUNCTION orchestration.unregister_cluster(text, boolean) TO orchestration_user;

/* Namespaces and what they hold. */

CREATE OR REPLACE FUNCTION orchestration.create_namespace(name text, cluster text DEFAULT NULL, labels jsonb DEFAULT NULL, annotations jsonb DEFAULT NULL, description text DEFAULT NULL,
	pod_security text DEFAULT 'baseline', service_accounts text[] DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	namespace_id bigint;
BEGIN
	PERFORM orchestration_internal.check_choice('pod_security', pod_security, 'privileged', 'baseline', 'restricted');
	/* without a cluster nobody will come and make it active */
	INSERT INTO orchestration.namespaces AS n (name, cluster_id, labels, annotations, description, pod_security, service_accounts, status)
	VALUES (create_namespace.name, orchestration_internal.find_cluster(cluster), COALESCE(create_namespace.labels, '{}'), COALESCE(create_namespace.annotations, '{}'), create_namespace.description,
		COALESCE(create_namespace.pod_security, 'baseline'), COALESCE(create_namespace.service_accounts, '{}'),
		CASE WHEN cluster IS NULL THEN 'active' ELSE 'pending' END)
	ON CONFLICT (name) WHERE status <> 'deleted' DO NOTHING
	RETURNING n.id INTO namespace_id;
	IF namespace_id IS NULL THEN
		PERFORM orchestration_internal.refuse_existing('namespace', name);
	END IF;
	RETURN namespace_id;
END
$$;

COMMENT ON FUNCTION orchestration.create_namespace(text, text, jsonb, jsonb, text, text, text[]) IS 'Makes a namespace and returns its id. cluster is where its containers run; without one nothing runs and status is written by hand. pod_security is the level of Kubernetes'' Pod Security Standards that its containers keep to (privileged, baseline, restricted), service_accounts those that they may run as; both, when looser than the defaults, need the permission escalate on namespaces. Raises 42501, OR001, OR003, OR004, OR005.';
GRANT EXECUTE ON FUNCTION orchestration.create_namespace(text, text, jsonb, jsonb, text, text, text[]) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.create_config_map(namespace text, name text, data jsonb, labels jsonb DEFAULT NULL, annotations jsonb DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	config_map_id bigint;
BEGIN
	INSERT INTO orchestration.config_maps AS m (namespace_id, name, data, labels, annotations)
	VALUES (orchestration_internal.find_namespace(namespace), create_config_map.name, create_config_map.data, COALESCE(create_config_map.labels, '{}'), COALESCE(create_config_map.annotations, '{}'))
	ON CONFLICT (namespace_id, name) DO NOTHING
	RETURNING m.id INTO config_map_id;
	IF config_map_id IS NULL THEN
		PERFORM orchestration_internal.refuse_existing('config map', name, namespace);
	END IF;
	RETURN config_map_id;
END
$$;

COMMENT ON FUNCTION orchestration.create_config_map(text, text, jsonb, jsonb, jsonb) IS 'Makes a config map and returns its id. data is an object of keys and strings. Raises OR001, OR003, OR004, OR005.';
GRANT EXECUTE ON FUNCTION orchestration.create_config_map(text, text, jsonb, jsonb, jsonb) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.create_secret(namespace text, name text, data jsonb, type text DEFAULT 'Opaque', labels jsonb DEFAULT NULL, annotations jsonb DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	of_namespace bigint := orchestration_internal.find_namespace(namespace);
	secret_id bigint;
BEGIN
	PERFORM orchestration_internal.valid_shape(data, 'secret_data', 'data');
	INSERT INTO orchestration.secrets AS s (namespace_id, name, secret_type, data_keys, encrypted_data, labels, annotations)
	VALUES (of_namespace, create_secret.name, COALESCE(type, 'Opaque'), ARRAY(SELECT k FROM jsonb_object_keys(data) k ORDER BY k),
		orchestration_internal.seal_secret(of_namespace, create_secret.name, data), COALESCE(create_secret.labels, '{}'), COALESCE(create_secret.annotations, '{}'))
	ON CONFLICT (namespace_id, name) DO NOTHING
	RETURNING s.id INTO secret_id;
	IF secret_id IS NULL THEN
		PERFORM orchestration_internal.refuse_existing('secret', name, namespace);
	END IF;
	RETURN secret_id;
END
$$;

COMMENT ON FUNCTION orchestration.create_secret(text, text, jsonb, text, jsonb, jsonb) IS 'Makes a secret and returns its id. data is an object of keys and values: plain text, or {"base64": "..."} for bytes; it is stored encrypted. type is Opaque or a type of Kubernetes. Raises OR001, OR003, OR004, OR005, OR040.';
GRANT EXECUTE ON FUNCTION orchestration.create_secret(text, text, jsonb, text, jsonb, jsonb) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.create_registry(namespace text, name text, server text, username text, password text)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	of_namespace bigint := orchestration_internal.find_namespace(namespace);
	registry_id bigint;
BEGIN
	/* a conflict has one target; who makes both at once is told by the index */
	IF EXISTS (SELECT FROM orchestration.registries r WHERE r.namespace_id = of_namespace AND r.server = create_registry.server) THEN
		PERFORM orchestration_internal.refuse_existing('registry', server, namespace);
	END IF;
	INSERT INTO orchestration.registries AS r (namespace_id, name, server, username, encrypted_password)
	VALUES (of_namespace, create_registry.name, create_registry.server, create_registry.username, orchestration_internal.seal_registry_password(of_namespace, create_registry.server, password))
	ON CONFLICT (namespace_id, name) DO NOTHING
	RETURNING r.id INTO registry_id;
	IF registry_id IS NULL THEN
		PERFORM orchestration_internal.refuse_existing('registry', name, namespace);
	END IF;
	RETURN registry_id;
END
$$;

COMMENT ON FUNCTION orchestration.create_registry(text, text, text, text, text) IS 'Makes the credentials for a registry and returns their id. server is what stands before the first / of images, such as registry.example:5000 or docker.io. Containers of the namespace that pull from it get them as pull secret. Raises OR001, OR004, OR005, OR040.';
GRANT EXECUTE ON FUNCTION orchestration.create_registry(text, text, text, text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.check_volume(type text, size text, access_mode text, storage_class text, config_map text, secret text, host_path text, host_path_type text, medium text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wrong record;
BEGIN
	PERFORM orchestration_internal.check_choice('type', COALESCE(type, ''), 'PVC', 'ConfigMap', 'Secret', 'HostPath', 'EmptyDir');
	PERFORM orchestration_internal.check_choice('access_mode', access_mode, 'ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany');
	PERFORM orchestration_internal.check_choice('host_path_type', host_path_type, 'DirectoryOrCreate', 'Directory', 'FileOrCreate', 'File', 'Socket', 'CharDevice', 'BlockDevice');
	PERFORM orchestration_internal.check_choice('medium', medium, 'Memory');
	SELECT a.name, a.value IS NOT NULL AS given INTO wrong
	FROM (VALUES
		('size', size, '{PVC,EmptyDir}'::text[], '{PVC}'::text[]),
		('access_mode', access_mode, '{PVC}', '{}'),
		('storage_class', storage_class, '{PVC}', '{}'),
		('config_map', config_map, '{ConfigMap}', '{ConfigMap}'),
		('secret', secret, '{Secret}', '{Secret}'),
		('host_path', host_path, '{HostPath}', '{HostPath}'),
		('host_path_type', host_path_type, '{HostPath}', '{}'),
		('medium', medium, '{EmptyDir}', '{}')
	) a (name, value, allowed, needed)
	WHERE CASE WHEN a.value IS NULL THEN type = ANY (a.needed) ELSE type <> ALL (a.allowed) END
	LIMIT 1;
	IF FOUND THEN
		PERFORM orchestration_internal.refuse(wrong.name, format(CASE WHEN wrong.given THEN 'A volume of type %s has none.' ELSE 'A volume of type %s needs one.' END, type),
			CASE WHEN wrong.given THEN 'Leave it out.' ELSE 'Give it.' END);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_volume(text, text, text, text, text, text, text, text, text) IS 'Raises OR003 for arguments of create_volume() that are missing, or that this type of volume does not have.';
GRANT EXECUTE ON FUNCTION orchestration_internal.check_volume(text, text, text, text, text, text, text, text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.volume_source(namespace_id bigint, config_map text, secret text, OUT config_map_id bigint, OUT secret_id bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	config_map_id := (SELECT m.id FROM orchestration.config_maps m WHERE m.namespace_id = $1 AND m.name = config_map);
	secret_id := (SELECT s.id FROM orchestration.secrets s WHERE s.namespace_id = $1 AND s.name = secret);
	IF config_map IS NOT NULL AND config_map_id IS NULL THEN
		PERFORM orchestration_internal.refuse('config_map', format('The config map "%s" does not exist in this namespace.', config_map), 'Create it with create_config_map().');
	ELSIF secret IS NOT NULL AND secret_id IS NULL THEN
		PERFORM orchestration_internal.refuse('secret', format('The secret "%s" does not exist in this namespace.', secret), 'Create it with create_secret().');
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.volume_source(bigint, text, text) IS 'Ids of the config map and the secret that a volume shows, NULL for none. Raises OR003 for one that does not exist.';
GRANT EXECUTE ON FUNCTION orchestration_internal.volume_source(bigint, text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.create_volume(namespace text, name text, type text DEFAULT 'PVC', size text DEFAULT NULL, access_mode text DEFAULT NULL,
	storage_class text DEFAULT NULL, config_map text DEFAULT NULL, secret text DEFAULT NULL, host_path text DEFAULT NULL, host_path_type text DEFAULT NULL, medium text DEFAULT NULL,
	retention text DEFAULT 'keep', adopt_claim boolean DEFAULT false)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	of_namespace bigint := orchestration_internal.find_namespace(namespace);
	source record;
	kept record;
	volume_id bigint;
BEGIN
	IF type = 'PVC' AND adopt_claim THEN
		SELECT k.size_bytes, k.access_mode, k.storage_class INTO kept FROM orchestration.kept_claims k WHERE k.namespace_id = of_namespace AND k.name = create_volume.name;
		size := COALESCE(size, kept.size_bytes::text);
		access_mode := COALESCE(access_mode, kept.access_mode);
		storage_class := COALESCE(storage_class, kept.storage_class);
	END IF;
	PERFORM orchestration_internal.check_choice('retention', COALESCE(retention, ''), 'keep', 'delete');
	PERFORM orchestration_internal.check_volume(type, size, access_mode, storage_class, config_map, secret, host_path, host_path_type, medium);
	source := orchestration_internal.volume_source(of_namespace, config_map, secret);
	INSERT INTO orchestration.volumes AS v (namespace_id, name, volume_type, size_bytes, access_mode, storage_class, config_map_id, secret_id, host_path, host_path_type, medium, retention, adopt_claim)
	VALUES (of_namespace, create_volume.name, type, orchestration_internal.quantity_argument(size, 'size'),
		CASE type WHEN 'PVC' THEN COALESCE(create_volume.access_mode, 'ReadWriteOnce') END,
		create_volume.storage_class, source.config_map_id, source.secret_id, create_volume.host_path, create_volume.host_path_type, create_volume.medium,
		create_volume.retention, COALESCE(create_volume.adopt_claim, false))
	ON CONFLICT (namespace_id, name) DO NOTHING
	RETURNING v.id INTO volume_id;
	IF volume_id IS NULL THEN
		PERFORM orchestration_internal.refuse_existing('volume', name, namespace);
	END IF;
	RETURN volume_id;
END
$$;

COMMENT ON FUNCTION orchestration.create_volume(text, text, text, text, text, text, text, text, text, text, text, text, boolean) IS 'Makes a volume and returns its id. type is PVC (needs size, such as 1Gi; access_mode ReadWriteOnce unless given; storage_class), ConfigMap (config_map), Secret (secret), HostPath (host_path, host_path_type) or EmptyDir (size limit, medium Memory). retention says what becomes of the claim and its data when the volume goes: keep or delete. adopt_claim takes over the claim of this name in kept_claims, with its size, access mode and class unless they are given. Raises OR001, OR002, OR003, OR004, also where no such claim was kept, OR005, also for the name of one.';
GRANT EXECUTE ON FUNCTION orchestration.create_volume(text, text, text, text, text, text, text, text, text, text, text, text, boolean) TO orchestration_user;

/* Containers. */

CREATE OR REPLACE FUNCTION orchestration_internal.set_parts(namespace_id bigint, container_id bigint, container text, env jsonb, ports jsonb, volumes jsonb,
	liveness_probe jsonb, readiness_probe jsonb, startup_probe jsonb, removed_probes text[] DEFAULT '{}')
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF env IS NOT NULL THEN
		PERFORM orchestration_internal.set_environment($1, $2, env);
	END IF;
	IF ports IS NOT NULL THEN
		PERFORM orchestration_internal.set_ports($1, $2, container, ports);
	END IF;
	IF volumes IS NOT NULL THEN
		PERFORM orchestration_internal.set_mounts($1, $2, volumes);
	END IF;
	IF num_nonnulls(liveness_probe, readiness_probe, startup_probe) > 0 OR removed_probes <> '{}' THEN
		PERFORM orchestration_internal.set_probes($1, $2,
			jsonb_strip_nulls(jsonb_build_object('liveness', liveness_probe, 'readiness', readiness_probe, 'startup', startup_probe)),
			removed_probes, COALESCE(ports, orchestration_internal.named_ports($1, $2)));
	END IF;
	IF ports IS NOT NULL THEN
		PERFORM orchestration_internal.check_probed_ports($1, $2);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.set_parts(bigint, bigint, text, jsonb, jsonb, jsonb, jsonb, jsonb, jsonb, text[]) IS 'Makes these the environment, ports, mounts and probes of a container, each unless NULL, and removes the probes of some types. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.set_parts(bigint, bigint, text, jsonb, jsonb, jsonb, jsonb, jsonb, jsonb, text[]) TO orchestration_user;
