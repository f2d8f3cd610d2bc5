/*
 * Identity that SQL injection cannot forge: a token signed by somebody else.
 * What is wrong with one is told in general terms, and the token never repeated.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.verify_signature(algorithm text, first bytea, second bytea, message bytea, signature bytea)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_verify_signature';

COMMENT ON FUNCTION orchestration_internal.verify_signature(text, bytea, bytea, bytea, bytea) IS 'Is this the signature of the message? algorithm is HS256 (first is the key), RS256 (first and second are n and e) or ES256 (x and y); false for any other. Raises F0000 for a key that is too weak or none.';
-- for the owner alone

/* what decodes to the same bytes is not the same token: one way of writing it is accepted, which has no padding, no line breaks and no bits left over */
CREATE OR REPLACE FUNCTION orchestration_internal.decode_base64url(encoded text)
RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	bytes bytea;
BEGIN
	IF encoded ~ '^[A-Za-z0-9_-]*$' AND length(encoded) % 4 <> 1 THEN
		bytes := decode(rpad(translate(encoded, '-_', '+/'), (length(encoded) + 3) / 4 * 4, '='), 'base64');
	END IF;
	IF translate(encode(bytes, 'base64'), E'+/=\n', '-_') IS DISTINCT FROM encoded THEN
		RAISE EXCEPTION 'invalid base64url' USING ERRCODE = '22023', DETAIL = 'It has other characters, padding, or bits that nothing needs.';
	END IF;
	RETURN bytes;
END
$$;

COMMENT ON FUNCTION orchestration_internal.decode_base64url(text) IS 'Bytes of base64 as web tokens write it, in its canonical form. Raises 22023 for every other one.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.decode_key(encoded text)
RETURNS bytea
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN orchestration_internal.decode_base64url(encoded);
EXCEPTION
	WHEN data_exception THEN
		RAISE EXCEPTION 'key for tokens cannot be used' USING ERRCODE = 'F0000', DETAIL = 'It is not base64url without padding, as JSON Web Keys are written.';
END
$$;

COMMENT ON FUNCTION orchestration_internal.decode_key(text) IS 'Bytes of a part of a JSON Web Key. For authenticate(). Raises F0000.';
-- for the owner alone

/* SECURITY DEFINER: the file is for the server alone */
CREATE OR REPLACE FUNCTION orchestration_internal.token_keys()
RETURNS SETOF jsonb
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	file text := current_setting('orchestration.token_keys_file');
BEGIN
	IF file = '' THEN
		RAISE EXCEPTION 'tokens are not accepted'
			USING ERRCODE = '28000', HINT = 'Set orchestration.token_keys_file and orchestration.token_audience.';
	END IF;
	RETURN QUERY SELECT k FROM jsonb_array_elements(pg_read_file(file)::jsonb -> 'keys') k;
END
$$;

COMMENT ON FUNCTION orchestration_internal.token_keys() IS 'Keys of orchestration.token_keys_file. For authenticate(). Raises 28000 without a file.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.token_is_signed(token text[], header jsonb)
RETURNS boolean
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
	/* the key says what it is for: nobody verifies an HMAC with the text of a public key */
	SELECT COALESCE(bool_or(orchestration_internal.verify_signature(header ->> 'alg',
		orchestration_internal.decode_key(COALESCE(k ->> 'k', k ->> 'n', k ->> 'x')),
		orchestration_internal.decode_key(COALESCE(k ->> 'e', k ->> 'y', '')),
		convert_to(token[1] || '.' || token[2], 'UTF8'), orchestration_internal.decode_base64url(token[3]))), false)
	FROM orchestration_internal.token_keys() k
	WHERE k ->> 'kty' = CASE header ->> 'alg' WHEN 'HS256' THEN 'oct' WHEN 'RS256' THEN 'RSA' WHEN 'ES256' THEN 'EC' END
		AND COALESCE(k ->> 'alg', header ->> 'alg') = header ->> 'alg'
		AND COALESCE(k ->> 'use', 'sig') = 'sig'
		AND (header ->> 'alg' <> 'ES256' OR k ->> 'crv' = 'P-256')
		AND (header ->> 'kid' IS NULL OR k ->> 'kid' = header ->> 'kid')
$$;

COMMENT ON FUNCTION orchestration_internal.token_is_signed(text[], jsonb) IS 'Has one of our keys signed this token? Arguments: its three parts, its header.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.token_claims(token text)
RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	parts text[] := string_to_array(token, '.');
	header jsonb;
BEGIN
	IF length(token) > 16384 OR cardinality(parts) <> 3 THEN
		RETURN NULL;
	END IF;
	header := convert_from(orchestration_internal.decode_base64url(parts[1]), 'UTF8')::jsonb;
	IF header ? 'crit' OR NOT orchestration_internal.token_is_signed(parts, header) THEN
		RETURN NULL;
	END IF;
	RETURN convert_from(orchestration_internal.decode_base64url(parts[2]), 'UTF8')::jsonb;
EXCEPTION
	WHEN data_exception THEN
		RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.token_claims(text) IS 'What a token claims, if we trust who signed it; NULL for anything else. For authenticate().';
-- for the owner alone

/* of what was signed: who has one signature can make others, as ES256 takes (r, n - s) for (r, s) */
CREATE OR REPLACE FUNCTION orchestration_internal.token_digest(token text)
RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT 'sha256:' || encode(sha256(convert_to(split_part(token, '.', 1) || '.' || split_part(token, '.', 2), 'UTF8')), 'hex') $$;

COMMENT ON FUNCTION orchestration_internal.token_digest(text) IS 'What a token without jti is known by in user_sessions: a digest of its header and claims, as they were signed.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.check_token_claims(claims jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	seconds double precision := extract(epoch FROM clock_timestamp());
	audience text := current_setting('orchestration.token_audience');
	issuer text := current_setting('orchestration.token_issuer');
	wrong text;
BEGIN
	wrong := CASE
		WHEN claims IS NULL OR jsonb_typeof(claims) <> 'object' THEN 'It is not signed by a key of ours.'
		WHEN jsonb_typeof(claims -> 'exp') IS DISTINCT FROM 'number' THEN 'It does not say when it expires.'
		WHEN (claims ->> 'exp')::double precision <= seconds THEN 'It has expired.'
		WHEN claims ? 'nbf' AND (jsonb_typeof(claims -> 'nbf') <> 'number' OR (claims ->> 'nbf')::double precision > seconds) THEN 'It is not valid yet.'
		WHEN audience = '' OR NOT COALESCE(claims -> 'aud' ? audience OR claims ->> 'aud' = audience, false) THEN 'It is for another audience.'
		WHEN issuer <> '' AND claims ->> 'iss' IS DISTINCT FROM issuer THEN 'It is from another issuer.'
		WHEN jsonb_typeof(claims -> 'sub') IS DISTINCT FROM 'string' THEN 'It names no user.'
	END;
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION 'token is not accepted' USING ERRCODE = '28000', DETAIL = wrong;
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_token_claims(jsonb) IS 'Raises 28000 unless the claims have not expired and are for us. For authenticate().';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.token_revoked(user_id bigint, token_id text)
RETURNS boolean
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_token_revoked';

COMMENT ON FUNCTION orchestration_internal.token_revoked(bigint, text) IS 'Was a session of this token revoked by now, whatever the transaction''s snapshot? For authenticate().';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.record_session(of_user bigint, of_token text, until timestamptz)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	known record;
BEGIN
	SELECT s.id, s.last_seen_at INTO known
	FROM orchestration.user_sessions s
	WHERE s.token_id = of_token AND s.user_id = of_user
	ORDER BY s.id LIMIT 1;
	IF orchestration_internal.token_revoked(of_user, of_token) THEN
		RAISE EXCEPTION 'token is not accepted' USING ERRCODE = '28000', DETAIL = 'Its session was revoked.';
	ELSIF current_setting('transaction_read_only')::boolean THEN
		RETURN known.id IS NULL;
	ELSIF known.id IS NULL THEN
		INSERT INTO orchestration.user_sessions (user_id, token_id, client_addr, application_name, expires_at, created_by)
		VALUES (of_user, of_token, inet_client_addr(), current_setting('application_name'), until, of_user);
		UPDATE orchestration.users u SET last_login_at = now()
		WHERE u.id = (SELECT l.id FROM orchestration.users l WHERE l.id = of_user FOR NO KEY UPDATE SKIP LOCKED);
		RETURN true;
	ELSIF known.last_seen_at < now() - interval '1 minute' THEN
		UPDATE orchestration.user_sessions s SET last_seen_at = now(), updated_at = now()
		WHERE s.id = (SELECT l.id FROM orchestration.user_sessions l WHERE l.id = known.id FOR NO KEY UPDATE SKIP LOCKED);
	END IF;
	RETURN false;
END
$$;

COMMENT ON FUNCTION orchestration_internal.record_session(bigint, text, timestamptz) IS 'Session of a token: found, or made unless the transaction is read only. True when it was not known, which is a login. For authenticate(). Raises 28000 when it was revoked.';
-- for the owner alone

/* SECURITY DEFINER: proves who the caller is, who until then may read and write nothing */
CREATE OR REPLACE FUNCTION orchestration.authenticate(token text)
RETURNS bigint
LANGUAGE plpgsql STRICT SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	claims jsonb := orchestration_internal.token_claims(token);
	user_id bigint;
	is_login boolean;
BEGIN
	PERFORM orchestration_internal.check_token_claims(claims);
	user_id := orchestration_internal.user_id_of(claims ->> 'sub');
	IF user_id IS NULL THEN
		RAISE EXCEPTION 'token is not accepted' USING ERRCODE = '28000', DETAIL = 'Its user does not exist or is not active.';
	END IF;
	is_login := orchestration_internal.record_session(user_id,
		COALESCE(claims ->> 'jti', orchestration_internal.token_digest(token)),
		to_timestamp(least((claims ->> 'exp')::double precision, 253402300799)));
	PERFORM orchestration_internal.assume_identity(user_id);
	IF is_login THEN
		PERFORM orchestration_internal.record_operation(0, 'login', 'user', user_id, claims ->> 'sub');
	END IF;
	RETURN user_id;
END
$$;

COMMENT ON FUNCTION orchestration.authenticate(text) IS 'Makes the rest of the transaction act for the user that a signed token names, and returns the user''s id. The token is a JWT (HS256, RS256, ES256) with sub (username), exp and aud; its session is recorded in user_sessions. Runs with the rights of the owner of the extension. Raises 28000.';
GRANT EXECUTE ON FUNCTION orchestration.authenticate(text) TO orchestration_user;

/* SECURITY DEFINER: writes what nobody else may; asks for the permission itself */
CREATE OR REPLACE FUNCTION orchestration.revoke_session(id bigint)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	session record;
BEGIN
	SELECT s.user_id, s.token_id INTO session FROM orchestration.user_sessions s WHERE s.id = revoke_session.id;
	IF NOT orchestration_internal.permits_everywhere('users', 'update') AND session.user_id IS DISTINCT FROM orchestration.current_user_id() THEN
		RAISE EXCEPTION 'permission denied to revoke sessions of others'
			USING ERRCODE = '42501', HINT = 'It takes a role with {"users": ["update"]} that is not limited to a namespace.';
	ELSIF session.user_id IS NULL THEN
		RAISE EXCEPTION 'session % does not exist', COALESCE(id::text, 'NULL') USING ERRCODE = 'OR004';
	END IF;
	UPDATE orchestration.user_sessions s SET status = 'revoked', revoked_at = now(), updated_at = now()
	WHERE s.user_id = session.user_id AND s.token_id IS NOT DISTINCT FROM session.token_id AND s.status = 'active';
END
$$;

COMMENT ON FUNCTION orchestration.revoke_session(bigint) IS 'Ends a session: its token is refused from the next transaction on. For one''s own, or with users: update. Raises 42501, OR004.';
GRANT EXECUTE ON FUNCTION orchestration.revoke_session(bigint) TO orchestration_user;
