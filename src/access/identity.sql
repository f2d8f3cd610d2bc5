/* Who is asking.  These resolve no names, so they have no search_path of their own: that would cost more than they do. */

CREATE OR REPLACE FUNCTION orchestration_internal.identity_support(internal)
RETURNS internal
LANGUAGE c STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_identity_support';

COMMENT ON FUNCTION orchestration_internal.identity_support(internal) IS 'Tells the planner that a plan asks who runs it: a cursor over it is for the user that opened it.';

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration.current_user_id()
RETURNS bigint
LANGUAGE c STABLE PARALLEL SAFE LEAKPROOF
SUPPORT orchestration_internal.identity_support
AS 'MODULE_PATHNAME', 'orch_current_user_id_sql';

COMMENT ON FUNCTION orchestration.current_user_id() IS 'The user that this session is: the one that a gateway acts for (orchestration.user_id), else the one whose db_role is the role that was set or that logged in; NULL for nobody. Default of every created_by.';
-- policies ask it while a statement is planned, before privileges are looked at: whoever may name the tables may call it
GRANT EXECUTE ON FUNCTION orchestration.current_user_id() TO orchestration_user, orchestration_monitor, orchestration_worker;

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
GRANT EXECUTE ON FUNCTION orchestration.current_user_name() TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.act_as(user_id bigint)
RETURNS void
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_act_as';

COMMENT ON FUNCTION orchestration.act_as(bigint) IS 'Makes the rest of the transaction act for a user. For members of orchestration_gateway. Argument: id of an active user. Raises 42501, OR004.';
GRANT EXECUTE ON FUNCTION orchestration.act_as(bigint) TO orchestration_gateway;

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
GRANT EXECUTE ON FUNCTION orchestration.act_as(text) TO orchestration_gateway;

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
GRANT EXECUTE ON FUNCTION orchestration_internal.user_id_of(text) TO orchestration_gateway;

CREATE OR REPLACE FUNCTION orchestration_internal.assume_identity(user_id bigint)
RETURNS void
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_assume_identity';

COMMENT ON FUNCTION orchestration_internal.assume_identity(bigint) IS 'Makes the rest of the transaction act for a user, without any check: only authenticate() may. Raises 42501.';
-- for the owner alone

/* ---- users and roles of the database ---- */

CREATE OR REPLACE FUNCTION orchestration_internal.system_identifier()
RETURNS bigint
LANGUAGE c STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_system_identifier';

COMMENT ON FUNCTION orchestration_internal.system_identifier() IS 'System identifier of this server: where oids of roles count that users are tied to.';
GRANT EXECUTE ON FUNCTION orchestration_internal.system_identifier() TO admin_role;

/* with the rights of the caller: whom row security does not apply to may tie a user to his role again */
CREATE OR REPLACE FUNCTION orchestration_internal.tie_db_role()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'UPDATE' AND NEW.db_role IS NOT DISTINCT FROM OLD.db_role THEN
		IF row_security_active(TG_RELID) THEN
			NEW.db_role_id := OLD.db_role_id;
			NEW.db_role_system := OLD.db_role_system;
		END IF;
		IF TG_NARGS = 0 OR OLD.db_role_id IS NOT NULL OR row_security_active(TG_RELID) THEN
			RETURN NEW;
		END IF;
	END IF;
	NEW.db_role_id := (SELECT r.oid FROM pg_roles r WHERE r.rolname = NEW.db_role);
	NEW.db_role_system := CASE WHEN NEW.db_role IS NOT NULL THEN orchestration_internal.system_identifier() END;
	IF NEW.db_role IS NOT NULL AND NEW.db_role_id IS NULL THEN
		RAISE EXCEPTION 'role "%" does not exist', NEW.db_role
			USING ERRCODE = '42704', HINT = 'Create it first: a user is tied to the role itself, not to its name.';
	END IF;
	/* somebody whose role was renamed may still have the name in his row */
	IF EXISTS (SELECT FROM orchestration.users u WHERE u.db_role = NEW.db_role AND u.id <> NEW.id) THEN
		PERFORM orchestration_internal.follow_db_roles();
	END IF;
	RETURN NEW;
END
$$;

COMMENT ON FUNCTION orchestration_internal.tie_db_role() IS 'Row trigger of users: finds the role that db_role names, once, when the name is written; a superuser may have it looked up again where it did not exist (SET db_role = db_role). Raises 42704.';

/* SECURITY DEFINER: brings users up to what the server says of its roles, whoever notices; decides nothing */
CREATE OR REPLACE FUNCTION orchestration_internal.follow_db_roles()
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	here bigint := orchestration_internal.system_identifier();
	ids bigint[];
	names text[];
BEGIN
	/* of another server, or of triggers that were off: the name is all that there is */
	IF EXISTS (SELECT FROM orchestration.users u WHERE u.db_role IS NOT NULL AND u.db_role_system IS DISTINCT FROM here) THEN
		UPDATE orchestration.users u
		SET db_role_id = (SELECT r.oid FROM pg_roles r WHERE r.rolname = u.db_role), db_role_system = here
		WHERE u.db_role IS NOT NULL AND u.db_role_system IS DISTINCT FROM here;
		SELECT array_agg(u.db_role ORDER BY u.db_role) INTO names FROM orchestration.users u WHERE u.db_role IS NOT NULL AND u.db_role_id IS NULL;
		IF names IS NOT NULL THEN
			RAISE WARNING 'users are tied to roles that do not exist on this server'
				USING DETAIL = format('Roles: %s.', orchestration_internal.list_some(names)),
					HINT = 'Create them, then UPDATE orchestration.users SET db_role = db_role.';
		END IF;
	END IF;
	UPDATE orchestration.users u SET db_role = NULL
	WHERE u.db_role_system = here AND u.db_role_id IS NOT NULL AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = u.db_role_id);
	SELECT array_agg(u.id), array_agg(r.rolname) INTO ids, names
	FROM orchestration.users u
	JOIN pg_roles r ON r.oid = u.db_role_id
	WHERE u.db_role_system = here AND u.db_role <> r.rolname;
	IF ids IS NOT NULL THEN
		/* names may have been exchanged */
		UPDATE orchestration.users u SET db_role = NULL WHERE u.id = ANY(ids) OR (u.db_role = ANY(names) AND u.db_role_id IS NULL);
		UPDATE orchestration.users u SET db_role = n.name FROM unnest(ids, names) n (id, name) WHERE u.id = n.id;
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.follow_db_roles() IS 'Brings users.db_role up to date: the new name of a role that was renamed, NULL for one that was dropped, and on another server, after a restore, the roles that have these names there. Runs with the rights of the owner of the extension.';
GRANT EXECUTE ON FUNCTION orchestration_internal.follow_db_roles() TO admin_role;

CREATE OR REPLACE FUNCTION orchestration_internal.set_client_addr(address inet)
RETURNS void
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_set_client_addr';

COMMENT ON FUNCTION orchestration_internal.set_client_addr(inet) IS 'Says for the rest of the transaction which client the gateway serves: what SET LOCAL orchestration.client_addr does, which PostgreSQL 14 cannot grant. For members of orchestration_gateway. Argument: address, NULL for that of the connection. Raises 42501, 22023 for a network.';
GRANT EXECUTE ON FUNCTION orchestration_internal.set_client_addr(inet) TO orchestration_gateway;
