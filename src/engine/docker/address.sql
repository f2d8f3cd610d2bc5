/*
 * How a cluster of Docker is reached: what inspect_endpoint() and check_socket() ask its
 * engine.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.docker_inspect_endpoint(configuration text, OUT endpoint text, OUT auth_method text, OUT socket text, OUT plain boolean, OUT server_identity text)
RETURNS record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_docker_inspect_endpoint';

COMMENT ON FUNCTION orchestration_internal.docker_inspect_endpoint(text) IS 'As inspect_endpoint(), for Docker: unix:///path or tcp://host:port, and ca, cert and key. Raises OR020.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.docker_check_socket(path text)
RETURNS void
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_docker_check_socket';

COMMENT ON FUNCTION orchestration_internal.docker_check_socket(text) IS 'As check_socket(), for Docker: the server''s user may open it, and neither it nor a folder on its way is every user''s to write to. Raises OR020.';
-- for the owner alone
