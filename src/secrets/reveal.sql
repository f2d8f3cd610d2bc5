/* Secrets in clear, for those who may, and on the record. */

CREATE OR REPLACE FUNCTION orchestration_internal.acting_role()
RETURNS name
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT COALESCE(NULLIF(current_setting('role'), 'none')::name, session_user) $$;

COMMENT ON FUNCTION orchestration_internal.acting_role() IS 'The role that the session acts as: session_user, or what it chose by SET ROLE; the same inside functions with the rights of their owner.';
GRANT EXECUTE ON FUNCTION orchestration_internal.acting_role() TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.holds_permission(namespace_id bigint, resource text, action text)
RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = orchestration_internal.acting_role())
		OR CASE WHEN $1 = 0 THEN orchestration_internal.permits_everywhere($2, $3) ELSE orchestration_internal.permits($1, $2, $3) END;
END
$$;

COMMENT ON FUNCTION orchestration_internal.holds_permission(bigint, text, text) IS 'True when whoever is asking is a superuser, or permits() says so; namespace 0 asks for a grant that holds everywhere. For functions with the rights of their owner, which row security does not ask.';
-- for the owner alone

/* SECURITY DEFINER: nobody may write the log by hand. */
CREATE OR REPLACE FUNCTION orchestration.log_operation(namespace_id bigint, operation text, resource_type text, resource_id bigint, resource_name text, changes jsonb DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM orchestration_internal.server_log(format('%s %s "%s" (id %s) in namespace %s by user %s as role %s', operation, resource_type, resource_name, resource_id, namespace_id,
		COALESCE(orchestration.current_user_id()::text, 'none'), orchestration_internal.acting_role()));
	PERFORM orchestration_internal.record_operation($1, $2, $3, $4, $5, $6);
END
$$;

COMMENT ON FUNCTION orchestration.log_operation(bigint, text, text, bigint, text, jsonb) IS 'Writes a row of operation_logs and a line of the server''s log about what the caller does now; both stay when the transaction is rolled back. changes must hold no secret. Raises 22004.';
GRANT EXECUTE ON FUNCTION orchestration.log_operation(bigint, text, text, bigint, text, jsonb) TO orchestration_gateway;

/* SECURITY DEFINER: nobody may write into the server's log as he likes */
CREATE OR REPLACE FUNCTION orchestration_internal.refuse_permission(what text, resource text, namespace_id bigint, id bigint, name text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM orchestration_internal.server_log(format('refused to %s for user %s as role %s', what, COALESCE(orchestration.current_user_id()::text, 'none'), orchestration_internal.acting_role()));
	RAISE EXCEPTION 'permission denied to %', what
		USING ERRCODE = '42501', HINT = 'Ask an administrator for a role that permits it.', TABLE = orchestration_internal.error_about(resource, namespace_id, id, name);
END
$$;

COMMENT ON FUNCTION orchestration_internal.refuse_permission(text, text, bigint, bigint, text) IS 'Raises 42501, and says so in the server''s log. Arguments: what is refused, and what error_about() is to know.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.readable_value(value bytea)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN to_jsonb(convert_from(value, 'UTF8'));
EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
	RETURN jsonb_build_object('base64', translate(encode(value, 'base64'), E'\n', ''));
END
$$;

COMMENT ON FUNCTION orchestration_internal.readable_value(bytea) IS 'A value as create_secret() takes it: text, or {"base64": "..."} for bytes that are none.';
-- for the owner alone

/* SECURITY DEFINER: the ciphertext and unseal_version() are for nobody else; the permission is checked and the log written first. */
CREATE OR REPLACE FUNCTION orchestration.reveal_secret(namespace text, name text)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	of_namespace bigint := (SELECT n.id FROM orchestration.namespaces n WHERE n.name = namespace AND n.status <> 'deleted');
	secret orchestration.secrets;
BEGIN
	/* before anything is said about what exists */
	IF NOT orchestration_internal.holds_permission(COALESCE(of_namespace, 0), 'secrets', 'reveal') THEN
		PERFORM orchestration_internal.refuse_permission(format('reveal secret "%s" of namespace "%s"', name, namespace), 'secrets', of_namespace, NULL, name);
	END IF;
	SELECT s.* INTO secret FROM orchestration.secrets s WHERE s.namespace_id = of_namespace AND s.name = reveal_secret.name;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'secret "%" does not exist in namespace "%"', name, namespace
			USING ERRCODE = 'OR004', TABLE = orchestration_internal.error_about('secrets', of_namespace, NULL, name);
	END IF;
	PERFORM orchestration.log_operation(of_namespace, 'reveal', 'secret', secret.id, secret.name);
	RETURN (
		SELECT COALESCE(jsonb_object_agg(d.key, orchestration_internal.readable_value(decode(d.value, 'base64'))), '{}')
		FROM jsonb_each_text(orchestration_internal.secret_values(of_namespace, 'secret', secret.id)) d
	);
END
$$;

COMMENT ON FUNCTION orchestration.reveal_secret(text, text) IS 'Data of a secret in clear, as create_secret() took it: an object of keys and text, or {"base64": "..."} for bytes. Needs the permission reveal on secrets in that namespace; leaves a row in operation_logs and a line in the server''s log. Raises 42501, OR004, OR040, OR041, 25006 in a read-only transaction.';
GRANT EXECUTE ON FUNCTION orchestration.reveal_secret(text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.reveal_secret(namespace text, name text, key text)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	value jsonb := orchestration.reveal_secret(namespace, name) -> key;
BEGIN
	IF value IS NULL THEN
		RAISE EXCEPTION 'secret "%" in namespace "%" has no key "%"', name, namespace, key USING ERRCODE = 'OR004';
	ELSIF jsonb_typeof(value) = 'object' THEN
		PERFORM orchestration_internal.refuse('key', format('The value of "%s" is no text.', key), 'Call reveal_secret(namespace, name), which gives such values in base64.');
	END IF;
	RETURN value #>> '{}';
END
$$;

COMMENT ON FUNCTION orchestration.reveal_secret(text, text, text) IS 'One value of a secret in clear. Needs and leaves what reveal_secret(namespace, name) does. Raises 42501, OR003 for a value that is no text, OR004, OR040, OR041.';
GRANT EXECUTE ON FUNCTION orchestration.reveal_secret(text, text, text) TO orchestration_user;

/* ---- what belongs to a user ---- */

/* SECURITY DEFINER: who keeps a secret need not be able to read users. */
CREATE OR REPLACE FUNCTION orchestration_internal.owner_of_secrets(username text, action text)
RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	asking bigint := orchestration.current_user_id();
	owner bigint := CASE WHEN username IS NULL THEN asking ELSE (SELECT u.id FROM orchestration.users u WHERE u.username = owner_of_secrets.username) END;
BEGIN
	IF username IS NULL AND asking IS NULL THEN
		RAISE EXCEPTION 'no user belongs to this session'
			USING ERRCODE = '42501', HINT = 'Name the user in the argument username.';
	ELSIF asking IS NOT NULL AND NOT EXISTS (SELECT FROM orchestration.users u WHERE u.id = asking AND u.status = 'active') THEN
		PERFORM orchestration_internal.refuse_permission(format('%s secrets of a user who is not active', action), 'users', 0, asking, NULL);
	ELSIF owner IS DISTINCT FROM asking AND NOT orchestration_internal.holds_permission(0, 'users', action) THEN
		PERFORM orchestration_internal.refuse_permission(format('%s secrets of user "%s"', action, username), 'users', 0, owner, username);
	ELSIF owner IS NULL THEN
		RAISE EXCEPTION 'user "%" does not exist', username USING ERRCODE = 'OR004';
	END IF;
	RETURN owner;
END
$$;

COMMENT ON FUNCTION orchestration_internal.owner_of_secrets(text, text) IS 'Id of the user whose secrets are meant: whoever is asking for NULL. Others'' need the action on users, everywhere. Raises 42501, OR004.';
-- for the owner alone

/* SECURITY DEFINER: seal() and the table are for nobody else; see owner_of_secrets() for the permission. */
CREATE OR REPLACE FUNCTION orchestration.set_user_secret(secret_type text, value text, name text DEFAULT 'default', username text DEFAULT NULL, expires_at timestamptz DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	owner bigint := orchestration_internal.owner_of_secrets(set_user_secret.username, 'update');
	sealed bytea;
	secret_id bigint;
BEGIN
	IF num_nulls(set_user_secret.secret_type, set_user_secret.value, set_user_secret.name) > 0 THEN
		PERFORM orchestration_internal.refuse('value', 'A secret of a user needs a type, a value and a name.');
	END IF;
	sealed := orchestration_internal.seal(convert_to(set_user_secret.value, 'UTF8'),
		format('user_secret/%s/%s/%s', owner, set_user_secret.secret_type, set_user_secret.name));
	INSERT INTO orchestration.user_secrets AS s (user_id, secret_type, name, encrypted_value, is_sealed, expires_at)
	VALUES (owner, set_user_secret.secret_type, set_user_secret.name, sealed, true, set_user_secret.expires_at)
	ON CONFLICT (user_id, secret_type, name) DO UPDATE
	SET encrypted_value = sealed, is_sealed = true, expires_at = EXCLUDED.expires_at, updated_at = now()
	RETURNING s.id INTO secret_id;
	PERFORM orchestration.log_operation(0, 'set', 'user_secret', secret_id, format('%s/%s of user %s', set_user_secret.secret_type, set_user_secret.name, owner));
	RETURN secret_id;
END
$$;

COMMENT ON FUNCTION orchestration.set_user_secret(text, text, text, text, timestamptz) IS 'Keeps a value for a user, sealed, in place of one of the same type and name; returns its id. username is another user, which needs the permission update on users. Raises 42501, OR003, OR004, OR040.';
GRANT EXECUTE ON FUNCTION orchestration.set_user_secret(text, text, text, text, timestamptz) TO orchestration_user;

/* SECURITY DEFINER: the ciphertext and unseal_version() are for nobody else; see owner_of_secrets() for the permission. */
CREATE OR REPLACE FUNCTION orchestration.reveal_user_secret(secret_type text, name text DEFAULT 'default', username text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	owner bigint := orchestration_internal.owner_of_secrets(username, 'reveal');
	secret orchestration.user_secrets;
BEGIN
	SELECT s.* INTO secret FROM orchestration.user_secrets s
	WHERE s.user_id = owner AND s.secret_type = reveal_user_secret.secret_type AND s.name = reveal_user_secret.name
		AND (s.expires_at IS NULL OR s.expires_at > clock_timestamp());
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no valid secret "%/%" of this user', secret_type, name
			USING ERRCODE = 'OR004', HINT = 'Set it with set_user_secret().';
	ELSIF NOT secret.is_sealed THEN
		PERFORM orchestration_internal.refuse('secret_type', 'The value was encrypted by whoever wrote the row.', 'Decrypt encrypted_value with the key that it was encrypted with.');
	END IF;
	PERFORM orchestration.log_operation(0, 'reveal', 'user_secret', secret.id, format('%s/%s of user %s', secret_type, name, owner));
	RETURN convert_from(orchestration_internal.unseal_version(secret.encrypted_value,
		format('user_secret/%s/%s/%s', owner, secret.secret_type, secret.name), secret.sealed_version), 'UTF8');
END
$$;

COMMENT ON FUNCTION orchestration.reveal_user_secret(text, text, text) IS 'A value of set_user_secret() in clear, while it has not expired. Of another user it needs the permission reveal on users. Leaves a row in operation_logs and a line in the server''s log. Raises 42501, OR003, OR004, OR040, OR041.';
GRANT EXECUTE ON FUNCTION orchestration.reveal_user_secret(text, text, text) TO orchestration_user;
