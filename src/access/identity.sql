/* Who is asking.  These resolve no names, so they have no search_path of their own: that would cost more than they do. */

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration.current_user_id()
RETURNS bigint
LANGUAGE c STABLE PARALLEL SAFE LEAKPROOF
AS 'MODULE_PATHNAME', 'orch_current_user_id_sql';

COMMENT ON FUNCTION orchestration.current_user_id() IS 'The user that this session is: the one that a gateway acts for (orchestration.user_id), else the one whose db_role is the role that was set or that logged in; NULL for nobody. Default of every created_by.';

/* SECURITY DEFINER: everybody may know his own name without being able to read users */
CREATE OR REPLACE FUNCTION orchestration.current_user_name()
RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT u.username FROM orchestration.users u WHERE u.id = orchestration.current_user_id());
END
$$;

COMMENT ON FUNCTION orchestration.current_user_name() IS 'Name of the user that this session is; NULL for nobody.';

CREATE OR REPLACE FUNCTION orchestration.act_as(user_id bigint)
RETURNS void
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_act_as';

COMMENT ON FUNCTION orchestration.act_as(bigint) IS 'Makes the rest of the transaction act for a user. For members of orchestration_gateway. Argument: id of an active user. Raises 42501, OR004.';

/* SECURITY INVOKER, so that the other act_as() sees who calls; the name is looked up by a function of its own */
CREATE OR REPLACE FUNCTION orchestration.act_as(username text)
RETURNS void
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	user_id bigint := orchestration_internal.user_id_of(username);
BEGIN
	IF user_id IS NULL THEN
		RAISE EXCEPTION 'user "%" does not exist or is not active', username USING ERRCODE = 'OR004';
	END IF;
	PERFORM orchestration.act_as(user_id);
END
$$;

COMMENT ON FUNCTION orchestration.act_as(text) IS 'Makes the rest of the transaction act for a user. For members of orchestration_gateway. Argument: name of an active user. Raises 42501, OR004.';

/* SECURITY DEFINER: a gateway knows names and need not read users */
CREATE OR REPLACE FUNCTION orchestration_internal.user_id_of(username text)
RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT u.id FROM orchestration.users u WHERE u.username = user_id_of.username AND u.status = 'active');
END
$$;

COMMENT ON FUNCTION orchestration_internal.user_id_of(text) IS 'Id of an active user by name; NULL for none. For gateways.';

CREATE OR REPLACE FUNCTION orchestration_internal.assume_identity(user_id bigint)
RETURNS void
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_assume_identity';

COMMENT ON FUNCTION orchestration_internal.assume_identity(bigint) IS 'Makes the rest of the transaction act for a user, without any check: only authenticate() may. Raises 42501.';

CREATE OR REPLACE FUNCTION orchestration_internal.set_client_addr(address inet)
RETURNS void
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_set_client_addr';

COMMENT ON FUNCTION orchestration_internal.set_client_addr(inet) IS 'Says for the rest of the transaction which client the gateway serves: what SET LOCAL orchestration.client_addr does, which PostgreSQL 14 cannot grant. For members of orchestration_gateway. Argument: address, NULL for that of the connection. Raises 42501, 22023 for a network.';
GRANT EXECUTE ON FUNCTION orchestration_internal.set_client_addr(inet) TO orchestration_gateway;
