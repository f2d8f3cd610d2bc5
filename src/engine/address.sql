/*
 * How clusters are reached that have an endpoint instead of a kubeconfig.  Their engine's
 * class says what its configuration means; who may register what, is said here.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.takes_endpoint(engine text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_takes_endpoint';

COMMENT ON FUNCTION orchestration_internal.takes_endpoint(text) IS 'Are clusters of this engine reached by an endpoint? False: by a kubeconfig, or there is no such engine.';
GRANT EXECUTE ON FUNCTION orchestration_internal.takes_endpoint(text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.inspect_endpoint(engine text, configuration text, OUT endpoint text, OUT auth_method text, OUT socket text, OUT plain boolean, OUT server_identity text)
RETURNS record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_inspect_endpoint';

COMMENT ON FUNCTION orchestration_internal.inspect_endpoint(text, text) IS 'What the configuration of a cluster says that is reached by an endpoint: the endpoint as it is shown; socket, certificate or none; the path of a socket of this machine; plain: in clear to another one; server_identity: what differs when it is another server, or another way to tell that it is the right one. Raises OR003 for an engine that has none, OR020 with the reason when it cannot be used.';
GRANT EXECUTE ON FUNCTION orchestration_internal.inspect_endpoint(text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.check_socket(engine text, path text)
RETURNS void
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_check_socket';

COMMENT ON FUNCTION orchestration_internal.check_socket(text, text) IS 'Looks, as the server''s user, whether a socket of this machine may be opened and is closed to those who should not. Raises OR003 for an engine that has none, OR020.';
-- for the owner alone

/* SECURITY DEFINER: it tells about the files of the server, to those who may see them anyway */
CREATE OR REPLACE FUNCTION orchestration_internal.guard_socket(engine text, path text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT pg_has_role(orchestration_internal.acting_role(), 'pg_execute_server_program', 'USAGE') THEN
		RAISE EXCEPTION 'permission denied to register a cluster by a socket of the server'
			USING ERRCODE = '42501',
				DETAIL = 'The worker would use it as the server''s user does, and whoever may start containers there can become root on this machine.',
				HINT = 'Let a superuser register the cluster, or become a member of pg_execute_server_program.';
	END IF;
	PERFORM orchestration_internal.check_socket(engine, path);
END
$$;

COMMENT ON FUNCTION orchestration_internal.guard_socket(text, text) IS 'Refuses a socket of the server''s machine to those who may not run programs there (42501), and one that cannot be opened or that everybody may reach (OR020). Runs with the rights of the owner of the extension.';
GRANT EXECUTE ON FUNCTION orchestration_internal.guard_socket(text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.check_endpoint(engine text, configuration text, OUT api_server text, OUT auth_method text)
RETURNS record
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	target record;
BEGIN
	IF configuration IS NULL THEN
		PERFORM orchestration_internal.refuse('endpoint', format('It is missing: clusters of engine "%s" are reached by one.', engine), 'Give it, and tls with it unless it is a socket of this machine.');
	END IF;
	target := orchestration_internal.inspect_endpoint(engine, configuration);
	IF target.plain AND NOT current_setting('orchestration.allow_plain_http')::boolean THEN
		RAISE EXCEPTION 'endpoint cannot be used'
			USING ERRCODE = 'OR020', DETAIL = format('%s is reached without TLS: whoever is on the way would read every secret, and everybody may start containers there.', target.endpoint),
				HINT = 'Give tls. In a network of which you are sure, a superuser may set orchestration.allow_plain_http.';
	END IF;
	IF target.socket IS NOT NULL THEN
		PERFORM orchestration_internal.guard_socket(engine, target.socket);
	END IF;
	api_server := target.endpoint;
	auth_method := target.auth_method;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_endpoint(text, text) IS 'Refuses the configuration of a cluster that is reached by an endpoint when it cannot be used, or goes in clear to another machine without leave (OR020), or names a socket of this one without the right to use it (42501). Raises OR003 for none at all.';
GRANT EXECUTE ON FUNCTION orchestration_internal.check_endpoint(text, text) TO orchestration_user;
