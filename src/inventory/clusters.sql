/* What a cluster says of itself, and where the secrets of its namespaces may be sent. */

CREATE OR REPLACE FUNCTION orchestration_internal.check_kubeconfig(kubeconfig text, context text, OUT api_server text, OUT current_context text, OUT insecure boolean)
RETURNS record
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	target record := orchestration_internal.inspect_kubeconfig(kubeconfig, context);
BEGIN
	IF kubeconfig IS NOT NULL AND target.uses_files AND NOT pg_has_role(orchestration_internal.acting_role(), 'pg_read_server_files', 'USAGE') THEN
		RAISE EXCEPTION 'permission denied to name files in a kubeconfig'
			USING ERRCODE = '42501',
				DETAIL = 'The worker would read these files of the database server and send what is in them to the API server.',
				HINT = 'Give what "kubectl config view --raw --flatten --minify" prints, or become a member of pg_read_server_files.';
	END IF;
	IF target.plain AND NOT current_setting('orchestration.allow_plain_http')::boolean THEN
		RAISE EXCEPTION 'kubeconfig cannot be used'
			USING ERRCODE = 'OR020', DETAIL = format('%s is plain http: whoever is on the way would read every secret and the login.', target.api_server),
				HINT = 'Use https. In a network of which you are sure, a superuser may set orchestration.allow_plain_http.';
	END IF;
	IF target.insecure THEN
		RAISE WARNING 'the certificate of % will not be verified', target.api_server
			USING DETAIL = 'insecure-skip-tls-verify is set: whoever is between the database and the cluster can read and change everything.',
				HINT = 'Put the authority into certificate-authority-data.';
	END IF;
	api_server := target.api_server;
	current_context := target.current_context;
	insecure := target.insecure;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_kubeconfig(text, text) IS 'Refuses a kubeconfig that cannot be used, or uses plain http without leave (OR020), or that names files of the server without the right to read them (42501); warns when certificates are not verified.';
GRANT EXECUTE ON FUNCTION orchestration_internal.check_kubeconfig(text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.cluster_configuration(engine text, kubeconfig text, context text, endpoint text, tls jsonb)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT orchestration_internal.takes_endpoint(engine) THEN
		IF endpoint IS NOT NULL OR tls IS NOT NULL THEN
			PERFORM orchestration_internal.refuse(CASE WHEN endpoint IS NULL THEN 'tls' ELSE 'endpoint' END,
				format('Clusters of engine "%s" are reached by a kubeconfig.', engine), 'Leave out endpoint and tls, and give a kubeconfig.');
		END IF;
		RETURN kubeconfig;
	ELSIF kubeconfig IS NOT NULL OR context IS NOT NULL THEN
		PERFORM orchestration_internal.refuse(CASE WHEN kubeconfig IS NULL THEN 'context' ELSE 'kubeconfig' END,
			format('Clusters of engine "%s" are reached by an endpoint.', engine), 'Leave out kubeconfig and context, and give an endpoint.');
	END IF;
	PERFORM orchestration_internal.valid_shape(tls, 'tls', 'tls');
	RETURN (SELECT jsonb_strip_nulls(jsonb_build_object('endpoint', endpoint, 'ca', tls ->> 'ca', 'cert', tls ->> 'cert', 'key', tls ->> 'key'))::text WHERE endpoint IS NOT NULL);
END
$$;

COMMENT ON FUNCTION orchestration_internal.cluster_configuration(text, text, text, text, jsonb) IS 'What is sealed of the arguments of register_cluster() and update_cluster(): the kubeconfig, or endpoint and tls as JSON. Raises OR003 for arguments that do not go with the engine.';
GRANT EXECUTE ON FUNCTION orchestration_internal.cluster_configuration(text, text, text, text, jsonb) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.check_configuration(engine text, configuration text, context text, OUT api_server text, OUT auth_method text, OUT insecure boolean)
RETURNS record
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT orchestration_internal.takes_endpoint(engine) THEN
		SELECT k.api_server, k.insecure INTO api_server, insecure FROM orchestration_internal.check_kubeconfig(configuration, context) k;
		auth_method := CASE WHEN configuration IS NULL THEN 'in-cluster' ELSE 'kubeconfig' END;
		RETURN;
	ELSIF context IS NOT NULL THEN
		PERFORM orchestration_internal.refuse('kubeconfig_context', format('Clusters of engine "%s" are reached by an endpoint.', engine), 'Leave it out.');
	END IF;
	SELECT e.api_server, e.auth_method, false INTO api_server, auth_method, insecure FROM orchestration_internal.check_endpoint(engine, configuration) e;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_configuration(text, text, text) IS 'Judges what cluster_configuration() made, as check_kubeconfig() or check_endpoint() does, and tells what the row shows of it. Raises OR003, OR020, 42501.';
GRANT EXECUTE ON FUNCTION orchestration_internal.check_configuration(text, text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.inspect_configuration(engine text, configuration text, context text, OUT api_server text, OUT auth_method text, OUT insecure boolean, OUT server_identity text)
RETURNS record
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF orchestration_internal.takes_endpoint(engine) THEN
		SELECT e.endpoint, e.auth_method, false, e.server_identity INTO api_server, auth_method, insecure, server_identity
		FROM orchestration_internal.inspect_endpoint(engine, configuration) e;
	ELSIF configuration IS NOT NULL THEN
		SELECT k.api_server, 'kubeconfig', k.insecure, k.server_identity INTO api_server, auth_method, insecure, server_identity
		FROM orchestration_internal.inspect_kubeconfig(configuration, context) k;
	ELSE
		/* the pod knows the address; this is its name there */
		api_server := 'https://kubernetes.default.svc';
		auth_method := 'in-cluster';
		insecure := false;
		server_identity := api_server;
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.inspect_configuration(text, text, text) IS 'What the configuration of a cluster says, as inspect_kubeconfig() or inspect_endpoint() tells it, without judging. Raises OR020.';
-- for the owner alone

/* SECURITY DEFINER: opens what the writer may have sealed himself, past register_cluster() */
CREATE OR REPLACE FUNCTION orchestration_internal.guard_kubeconfig()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET client_min_messages = error
AS $$
DECLARE
	server_before text := CASE WHEN TG_OP = 'UPDATE' THEN 'none' END;
	configuration text;
	configuration_before text;
	told record;
BEGIN
	IF TG_OP = 'UPDATE' THEN
		BEGIN
			configuration_before := convert_from(orchestration_internal.unseal_version(OLD.encrypted_kubeconfig, 'cluster/' || OLD.name, OLD.sealed_version), 'UTF8');
			server_before := (SELECT i.server_identity FROM orchestration_internal.inspect_configuration(OLD.engine, configuration_before, OLD.kubeconfig_context) i);
		EXCEPTION WHEN SQLSTATE 'OR020' OR SQLSTATE 'OR040' OR SQLSTATE 'OR041' THEN
			/* what cannot be read is another server */
			configuration_before := NULL;
		END;
	END IF;

	configuration := convert_from(orchestration_internal.unseal(NEW.encrypted_kubeconfig, 'cluster/' || NEW.name), 'UTF8');
	/* a value that only got another key is not judged anew; that of the pod is not looked at */
	IF (configuration IS NOT NULL OR orchestration_internal.takes_endpoint(NEW.engine))
		AND (TG_OP = 'INSERT' OR configuration IS DISTINCT FROM configuration_before OR NEW.kubeconfig_context IS DISTINCT FROM OLD.kubeconfig_context)
	THEN
		PERFORM orchestration_internal.check_configuration(NEW.engine, configuration, NEW.kubeconfig_context);
	END IF;
	told := orchestration_internal.inspect_configuration(NEW.engine, configuration, NEW.kubeconfig_context);
	IF TG_OP = 'UPDATE' THEN
		PERFORM orchestration_internal.refuse_derived(d.name, NEW.name)
		FROM (VALUES ('api_server', OLD.api_server, NEW.api_server, told.api_server), ('auth_method', OLD.auth_method, NEW.auth_method, told.auth_method),
			('insecure_skip_tls_verify', OLD.insecure_skip_tls_verify::text, NEW.insecure_skip_tls_verify::text, told.insecure::text)) d (name, before, given, derived)
		WHERE d.given IS DISTINCT FROM d.before AND d.given IS DISTINCT FROM d.derived;
	END IF;
	NEW.api_server := told.api_server;
	NEW.auth_method := told.auth_method;
	NEW.insecure_skip_tls_verify := told.insecure;

	IF server_before <> told.server_identity THEN
		PERFORM orchestration_internal.guard_server_change(NEW.id, NEW.name, OLD.api_server, NEW.api_server, NEW.insecure_skip_tls_verify);
	END IF;
	RETURN NEW;
END
$$;


COMMENT ON FUNCTION orchestration_internal.guard_kubeconfig() IS 'Row trigger of clusters: api_server, auth_method and insecure_skip_tls_verify are what the kubeconfig or the endpoint says, whoever wrote the row. Whoever may not read files of the server, or use its sockets, writes no configuration that names some, and another server takes what guard_server_change() asks for. Raises 42501, OR003 for an UPDATE of these columns, OR020, OR040, OR041.';

CREATE OR REPLACE FUNCTION orchestration_internal.refuse_derived(column_name text, cluster text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION '% of cluster "%" cannot be set', column_name, cluster
		USING ERRCODE = 'OR003', DETAIL = 'It is what the kubeconfig, or the endpoint, says.', HINT = 'Give the cluster another one.', COLUMN = column_name, TABLE = orchestration_internal.error_about('clusters', 0, NULL, cluster);
END
$$;

COMMENT ON FUNCTION orchestration_internal.refuse_derived(text, text) IS 'Raises OR003 for a column of clusters that follows from the kubeconfig or the endpoint.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.guard_server_change(cluster_id bigint, cluster_name text, before text, after text, insecure boolean)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT orchestration_internal.holds_permission(0, 'secrets', 'reveal') THEN
		RAISE EXCEPTION 'permission denied to point cluster "%" at another server', cluster_name
			USING ERRCODE = '42501',
				DETAIL = 'The worker would send it every secret of the cluster''s namespaces: address, authority, server name, proxy or verification of the certificate differ.',
				HINT = 'It takes a role with {"secrets": ["reveal"]} everywhere; new credentials for the same server do not.',
				TABLE = orchestration_internal.error_about('clusters', 0, cluster_id, cluster_name);
	END IF;
	PERFORM orchestration.log_operation(0, 'change_server', 'cluster', cluster_id, cluster_name,
		jsonb_build_object('api_server', jsonb_build_array(before, after), 'insecure_skip_tls_verify', insecure));
END
$$;

COMMENT ON FUNCTION orchestration_internal.guard_server_change(bigint, text, text, text, boolean) IS 'A cluster is pointed at another server, which will be sent the secrets: asks for the permission that reveals them everywhere, and puts it on record as change_server. Arguments: cluster, its name, address before and after, is its certificate not verified. Raises 42501.';
-- for the owner alone

/* SECURITY DEFINER: secrets count, whether the caller may read them or not */
CREATE OR REPLACE FUNCTION orchestration_internal.guard_namespace_cluster()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF (SELECT r.rolsuper OR r.rolbypassrls FROM pg_catalog.pg_roles r WHERE r.rolname = orchestration_internal.acting_role()) THEN
		RETURN NEW;
	END IF;
	IF NOT orchestration_internal.permits_anywhere('clusters', 'read') OR NOT EXISTS (SELECT FROM orchestration.clusters c WHERE c.id = NEW.cluster_id) THEN
		PERFORM orchestration_internal.refuse_missing('cluster', NEW.cluster_id);
	ELSIF TG_OP = 'UPDATE' AND NOT orchestration_internal.holds_permission(NEW.id, 'secrets', 'reveal') AND (
		EXISTS (SELECT FROM orchestration.secrets s WHERE s.namespace_id = NEW.id) OR EXISTS (SELECT FROM orchestration.registries r WHERE r.namespace_id = NEW.id))
	THEN
		RAISE EXCEPTION 'permission denied to move namespace "%" to another cluster', NEW.name
			USING ERRCODE = '42501', DETAIL = 'The worker would send its secrets and the passwords of its registries there.',
				HINT = 'It takes a role with {"secrets": ["reveal"]} in the namespace.', TABLE = orchestration_internal.error_about('namespaces', NEW.id, NEW.id, NEW.name);
	END IF;
	RETURN NEW;
END
$$;

COMMENT ON FUNCTION orchestration_internal.guard_namespace_cluster() IS 'Row trigger of namespaces: into a cluster that the writer may see; and with secrets into another one only by whoever may reveal them. Raises 42501, OR004.';
