-- a token is known by what was signed: nobody makes a second one of it that was not revoked
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
RESET client_min_messages;
-- keys made for this test; the first one is the bytes 0123456789abcdef0123456789abcdef
SELECT current_setting('data_directory') || '/regress_canonical.json' AS file \gset
COPY (SELECT '{"keys": [{"kty": "oct", "kid": "h", "alg": "HS256", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}, {"kty": "EC", "kid": "e", "crv": "P-256", "x": "uy8EOOtbXWq0Jr6rIFig0UNLDQ9FnnFiJAk0xBtRMWo", "y": "2MnSFhzFAbYL2rWzSa7xL-rhMUkzwtkMbRR8P6HdcsU"}]}') TO :'file';
SET orchestration.token_audience = 'orchestration';
SET orchestration.token_keys_file = 'regress_canonical.json';
CREATE ROLE regress_pool LOGIN IN ROLE orchestration_user;
INSERT INTO orchestration.users (username) VALUES ('ann');
CREATE FUNCTION public.b64(bytea) RETURNS text LANGUAGE sql AS $$ SELECT translate(encode($1, 'base64'), E'+/=\n', '-_') $$;
CREATE FUNCTION public.token(claims jsonb, header text DEFAULT '{"alg": "HS256", "kid": "h"}') RETURNS text LANGUAGE sql AS $$
	SELECT m || '.' || public.b64(public.hmac(convert_to(m, 'UTF8'), '0123456789abcdef0123456789abcdef', 'sha256'))
	FROM (SELECT public.b64(convert_to(header, 'UTF8')) || '.' || public.b64(convert_to(claims::text, 'UTF8'))) x (m)
$$;
CREATE FUNCTION public.try(token text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	PERFORM orchestration.authenticate(token);
	RETURN orchestration.current_user_name();
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN SQLSTATE || ' ' || detail;
END
$$;
-- everything that somebody can write instead of one part of a token
CREATE FUNCTION public.rewritten(part text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT x FROM (
		SELECT part || s FROM unnest(ARRAY['=', '==', '===', '====', ' ', E'\t', E'\n', E'\r\n', 'A', 'AA', 'AAAA', '%', E'\u00e9']) s
		UNION ALL SELECT s || part FROM unnest(ARRAY['=', ' ', E'\n', 'A']) s
		UNION ALL SELECT overlay(part PLACING s FROM i FOR 0) FROM unnest(ARRAY[' ', E'\n', '=', '+']) s, generate_series(2, length(part)) i
		UNION ALL SELECT translate(part, '-_', '+/')
		UNION ALL SELECT upper(part)
		UNION ALL SELECT left(part, -1) || substr('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', i, 1) FROM generate_series(1, 64) i
	) v (x)
	WHERE x <> part
$$;

-- one way to write bytes, whatever their number, and no other
SELECT count(*) AS lengths, bool_and(orchestration_internal.decode_base64url(public.b64(b)) = b) AS decoded
FROM generate_series(0, 200) n, LATERAL (SELECT substr(sha512(n::text::bytea) || sha512((-n)::text::bytea) || sha512(('x' || n)::bytea) || sha512(('y' || n)::bytea), 1, n)) x (b);
CREATE FUNCTION public.decodes(part text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM orchestration_internal.decode_base64url(part);
	RETURN true;
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN false;
END
$$;
SELECT part, public.decodes(part) FROM unnest(ARRAY['', 'Q', 'QQ', 'QR', 'QQ=', 'QQ==', 'QUI', 'QUJ', 'QUI=', 'QUJD', 'QUJD=', '-_8', '+/8', 'Q Q', '=', '====']) part;
-- error: the reason
SELECT orchestration_internal.decode_base64url('QR');

-- without jti: revoked once, revoked in every spelling
SELECT public.token('{"sub": "ann", "aud": "orchestration", "exp": 4102444800}') AS good \gset
SET SESSION AUTHORIZATION regress_pool;
SELECT public.try(:'good') AS good;
RESET SESSION AUTHORIZATION;
SELECT count(orchestration.revoke_session(id)) FROM orchestration.user_sessions;
SET SESSION AUTHORIZATION regress_pool;
SELECT public.try(:'good') AS revoked, public.try(:'good' || '=') AS padded;
SELECT count(*) AS tried, count(*) FILTER (WHERE public.try(t) = 'ann') AS accepted
FROM string_to_array(:'good', '.') p, LATERAL (
	SELECT r || '.' || p[2] || '.' || p[3] FROM public.rewritten(p[1]) r
	UNION ALL SELECT p[1] || '.' || r || '.' || p[3] FROM public.rewritten(p[2]) r
	UNION ALL SELECT p[1] || '.' || p[2] || '.' || r FROM public.rewritten(p[3]) r) x (t);
-- header and claims in other words are another token, which nobody has signed
SELECT h, public.try(public.b64(h::bytea) || '.' || split_part(:'good', '.', 2) || '.' || split_part(:'good', '.', 3))
FROM unnest(ARRAY['{"alg":"HS256","kid":"h"}', '{"kid": "h", "alg": "HS256"}', '{"alg": "HS256", "kid": "h"} ', '{"alg": "HS256"}', '{"alg": "HS256", "kid": "h", "typ": "JWT"}', '{"alg": "HS256", "alg": "HS256", "kid": "h"}']) h;
-- what was issued anew is a token of its own
SELECT public.try(public.token('{"sub": "ann", "aud": "orchestration", "exp": 4102444801}')) AS anew;

-- ES256: whoever has a signature (r, s) has (r, n - s), too
SELECT 'eyJhbGciOiAiRVMyNTYiLCAia2lkIjogImUifQ.eyJzdWIiOiAiYW5uIiwgImF1ZCI6ICJvcmNoZXN0cmF0aW9uIiwgImV4cCI6IDQxMDI0NDQ4MDB9.' AS signed \gset
SELECT public.try(:'signed' || 'MsqyYtmhxIfBvivZ58aYXcxV1jbKMbp9n88aiVQKfC1RwHDVjjZV9pquv-1oqZKC-hoWEltZZ-wLHv0utENrcw') AS one,
	public.try(:'signed' || 'MsqyYtmhxIfBvivZ58aYXcxV1jbKMbp9n88aiVQKfC2uP48pccmqCmVRQBKXVm18wszkm0u-Npjoms2USB-53g') AS other;
RESET SESSION AUTHORIZATION;
SELECT count(*) AS sessions FROM orchestration.user_sessions;
SELECT count(orchestration.revoke_session(id)) FROM orchestration.user_sessions WHERE status = 'active';
SET SESSION AUTHORIZATION regress_pool;
SELECT public.try(:'signed' || 'MsqyYtmhxIfBvivZ58aYXcxV1jbKMbp9n88aiVQKfC1RwHDVjjZV9pquv-1oqZKC-hoWEltZZ-wLHv0utENrcw') AS one,
	public.try(:'signed' || 'MsqyYtmhxIfBvivZ58aYXcxV1jbKMbp9n88aiVQKfC2uP48pccmqCmVRQBKXVm18wszkm0u-Npjoms2USB-53g') AS other;
RESET SESSION AUTHORIZATION;

-- what was revoked long ago is kept until the token has expired by itself
UPDATE orchestration.user_sessions SET started_at = now() - interval '3 years', revoked_at = now() - interval '2 years';
SELECT orchestration_internal.maintain_expired() ~ ' 0 sessions' AS kept;
SET SESSION AUTHORIZATION regress_pool;
SELECT public.try(:'good') AS long_revoked;
RESET SESSION AUTHORIZATION;
UPDATE orchestration.user_sessions SET expires_at = now() - interval '2 years';
SELECT orchestration_internal.maintain_expired() ~ ' 3 sessions' AS removed;

-- keys are written the same way, and a mistake in one is told
COPY (SELECT '{"keys": [{"kty": "oct", "kid": "h", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}]}') TO :'file';
SET SESSION AUTHORIZATION regress_pool;
-- error: padded
SELECT orchestration.authenticate(:'good');
RESET SESSION AUTHORIZATION;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
DROP FUNCTION public.try(text), public.decodes(text), public.rewritten(text), public.token(jsonb, text), public.b64(bytea);
DROP ROLE regress_pool;
