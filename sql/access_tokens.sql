-- authenticate(): signed tokens, and everything that only looks like one
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
RESET client_min_messages;
-- keys made for this test; the first one is the bytes 0123456789abcdef0123456789abcdef
SELECT current_setting('data_directory') || '/regress_jwks.json' AS file \gset
COPY (SELECT '{"keys": [{"kty": "oct", "kid": "h", "alg": "HS256", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}, {"kty": "RSA", "kid": "r", "n": "xSRYvp86UuuHZZQ68IOjf_zDKMUaFREFa8cEEoTeXokDuy0vWktA9NhuDpqm0Gi0DdeHXMYb6jK0aj4MO96Bc8MVYP35sWz1Qxa5bkRAjWgQp9uECG-UaUt8OJ8GzbooOfdoUAqoeYFZziLieqrFwsdxt5rCf-m8NMHkN2WzOLSrqNitfRZuUqLF3evBxmTFS2rDSQjR1cIVU52fkGaQCKt_GNYD340Ugs9wV5UhCxVRfXoDSQoV6cxhnOHxsAnKDPfqV5lbA3w6duXQzpSfcl8gTCXh2I7XHuCQq0gfgkKEjmEDdHl8GtrYzqNT5hURZuTRaBG7wnQx_oQtn5aPGw", "e": "AQAB"}, {"kty": "EC", "kid": "e", "crv": "P-256", "x": "zfeOFjmu2oAPqSBVIL1BQ5JwfTO3tg9wY_e1RgUy3Aw", "y": "Oy7_RHWkcHPgcwpos6rLcbpWbKbVpVhFWunKa9mjz-c"}]}') TO :'file';
SET orchestration.token_audience = 'orchestration';
CREATE ROLE regress_pool LOGIN IN ROLE orchestration_user;
INSERT INTO orchestration.users (username) VALUES ('ann'), ('bob'), ('gone');
UPDATE orchestration.users SET status = 'locked' WHERE username = 'gone';
SELECT orchestration.create_namespace('a') > 0 AS made;
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id) SELECT u.id, r.id, n.id FROM orchestration.users u, orchestration.roles r, orchestration.namespaces n WHERE u.username = 'ann' AND r.name = 'viewer' AND n.name = 'a';
INSERT INTO orchestration.user_roles (user_id, role_id) SELECT u.id, r.id FROM orchestration.users u, orchestration.roles r WHERE u.username = 'bob' AND r.name = 'administrator';

CREATE FUNCTION public.b64(bytea) RETURNS text LANGUAGE sql AS $$ SELECT translate(encode($1, 'base64'), E'+/=\n', '-_') $$;
CREATE FUNCTION public.token(claims jsonb, header jsonb DEFAULT '{"alg": "HS256", "kid": "h"}', key bytea DEFAULT '0123456789abcdef0123456789abcdef') RETURNS text LANGUAGE sql AS $$
	SELECT m || '.' || public.b64(public.hmac(convert_to(m, 'UTF8'), key, 'sha256'))
	FROM (SELECT public.b64(convert_to(header::text, 'UTF8')) || '.' || public.b64(convert_to(claims::text, 'UTF8'))) x (m)
$$;
CREATE FUNCTION public.try(token text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	PERFORM orchestration.authenticate(token);
	RETURN orchestration.current_user_name();
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN SQLSTATE || ' ' || SQLERRM || ': ' || detail;
END
$$;
SELECT '{"sub": "ann", "aud": "orchestration", "exp": 4102444800}' AS good \gset
SET SESSION AUTHORIZATION regress_pool;
-- error: no file, no tokens
SELECT orchestration.authenticate(public.token(:'good'));
RESET SESSION AUTHORIZATION;
SET orchestration.token_keys_file = 'regress_jwks.json';
SET SESSION AUTHORIZATION regress_pool;
SELECT public.try(public.token(:'good')) AS hs256;
SELECT public.try('eyJhbGciOiAiUlMyNTYiLCAia2lkIjogInIiLCAidHlwIjogIkpXVCJ9.eyJzdWIiOiAiYW5uIiwgImF1ZCI6IFsib3JjaGVzdHJhdGlvbiIsICJ4Il0sICJleHAiOiA0MTAyNDQ0ODAwLCAianRpIjogIlJTMjU2In0.xJ_AO8WcAXsO1atn10mt66vSPoj9riuXQ6wpE2mfEW-QBub-CNVvvbixiue5M0c-TMLuLUNyZhYeDWIfh6QFw9mkFx_XJUah9ai-INcFXpbyIe4XP8amzO_RvnPJ6Yh1PJy7L-pctO6ZTE7HkJkcouBpwrhh8hpPgvqBVad-R3wOB5qoyy1Yzno0EekBtiO5_5N7NBNXE2QnFc0A7nO7G2O6__eoks_SnxcD5WpBBdpfb8eSK_1fPx2EaBQr7w5Jrin5NQAkTXK3e8HgGBFV9VzBpR3AsW6-iJ-f6nbKED3iL3IxLWVt7wDSm2dNtNosbYy5Htl_63XmnNKYlCV6uA') AS rs256;
SELECT public.try('eyJhbGciOiAiRVMyNTYiLCAia2lkIjogImUiLCAidHlwIjogIkpXVCJ9.eyJzdWIiOiAiYW5uIiwgImF1ZCI6IFsib3JjaGVzdHJhdGlvbiIsICJ4Il0sICJleHAiOiA0MTAyNDQ0ODAwLCAianRpIjogIkVTMjU2In0.mN8FEtGqb15eRS7fk9jSCmnj-cW-rCGS1NX2wWIJ2aUc9iK3FCRWT7GZ6lyTPp9aUXOC2JYO6vbV9O61-HdfYA') AS es256;
-- the identity ends with the transaction
SELECT orchestration.current_user_id();
BEGIN;
SELECT orchestration.authenticate(public.token(:'good')) > 0 AS ok;
SELECT orchestration.current_user_name(), count(*) FROM orchestration.namespaces;
-- error: it does not make a gateway
SELECT orchestration.act_as(1);
ROLLBACK;
SELECT orchestration.current_user_id();

-- claims
SELECT public.try(public.token(jsonb :'good' || '{"exp": 1000000000}')) AS expired;
SELECT public.try(public.token(jsonb :'good' - 'exp')) AS for_ever;
SELECT public.try(public.token(jsonb :'good' || '{"exp": "4102444800"}')) AS exp_text;
SELECT public.try(public.token(jsonb :'good' || '{"nbf": 4102444000}')) AS not_yet;
SELECT public.try(public.token(jsonb :'good' || '{"aud": "other"}')) AS audience;
SELECT public.try(public.token(jsonb :'good' - 'aud')) AS no_audience;
SELECT public.try(public.token(jsonb :'good' || '{"aud": ["other", "orchestration"]}')) AS audiences;
SELECT public.try(public.token(jsonb :'good' || '{"sub": "nobody"}')) AS nobody;
SELECT public.try(public.token(jsonb :'good' || '{"sub": "gone"}')) AS locked;
SELECT public.try(public.token(jsonb :'good' || '{"sub": ["ann"]}')) AS sub_array;
-- signatures
SELECT public.try(public.token(:'good', '{"alg": "none"}')) AS alg_none;
SELECT public.try(split_part(public.token(:'good', '{"alg": "none"}'), '.', 1) || '.' || split_part(public.token(:'good'), '.', 2) || '.') AS alg_none_unsigned;
SELECT public.try(public.token(:'good', '{"alg": "HS256"}')) AS no_kid;
SELECT public.try(public.token(:'good', '{"alg": "HS256", "kid": "r"}')) AS other_kid;
SELECT public.try(public.token(:'good', '{"alg": "HS512", "kid": "h"}')) AS other_algorithm;
SELECT public.try(public.token(:'good', '{"alg": "HS256", "kid": "h", "crit": ["b64"]}')) AS critical;
SELECT public.try(public.token(:'good', key => 'another key of 32 bytes .........')) AS other_key;
-- an HMAC with the public key as its key
SELECT public.try(public.token(:'good', '{"alg": "HS256", "kid": "r"}', decode(translate('xSRYvp86UuuHZZQ68IOjf_zDKMUaFREFa8cEEoTeXokDuy0vWktA9NhuDpqm0Gi0DdeHXMYb6jK0aj4MO96Bc8MVYP35sWz1Qxa5bkRAjWgQp9uECG-UaUt8OJ8GzbooOfdoUAqoeYFZziLieqrFwsdxt5rCf-m8NMHkN2WzOLSrqNitfRZuUqLF3evBxmTFS2rDSQjR1cIVU52fkGaQCKt_GNYD340Ugs9wV5UhCxVRfXoDSQoV6cxhnOHxsAnKDPfqV5lbA3w6duXQzpSfcl8gTCXh2I7XHuCQq0gfgkKEjmEDdHl8GtrYzqNT5hURZuTRaBG7wnQx_oQtn5aPGw==', '-_', '+/'), 'base64'))) AS confused_key;
SELECT public.try('eyJhbGciOiAiUlMyNTYiLCAia2lkIjogInIiLCAidHlwIjogIkpXVCJ9.eyJzdWIiOiAiYW5uIiwgImF1ZCI6IFsib3JjaGVzdHJhdGlvbiIsICJ4Il0sICJleHAiOiA0MTAyNDQ0ODAwLCAianRpIjogIlJTMjU2In0.cU3njeDLPkfNuZsaHHNoSdoJImGaV7sePut3M2Z6QXzPSIjqXp8Wu7cOKyL_63A9FDyH9h5NKE9cGgFe5QJiywDnijXJAil9ravoDtNkjIiKbmQRpQCDSxeaFmDprCXWcQFjqPJk1Yi4OfU6z8sPUIRZBT7-zrg2rUIe-jpuUSzB7VZm9rDrm_eHFp8d_3rbHQuo48c73nCvGTbtV0gmKc41MUL_ed9auPOdtKDM1Yn1PHYIv2bdV3XBVYVXRn943VWNo74uR_PbzJuFiZBydO7x3QIl-yOL5tuT5HN2a8DA2OhHD1TMDWwD7VjSBsqbx3YD49fDKGFKfzYkwY8mDA') AS other_rsa_key;
SELECT public.try(regexp_replace('eyJhbGciOiAiUlMyNTYiLCAia2lkIjogInIiLCAidHlwIjogIkpXVCJ9.eyJzdWIiOiAiYW5uIiwgImF1ZCI6IFsib3JjaGVzdHJhdGlvbiIsICJ4Il0sICJleHAiOiA0MTAyNDQ0ODAwLCAianRpIjogIlJTMjU2In0.xJ_AO8WcAXsO1atn10mt66vSPoj9riuXQ6wpE2mfEW-QBub-CNVvvbixiue5M0c-TMLuLUNyZhYeDWIfh6QFw9mkFx_XJUah9ai-INcFXpbyIe4XP8amzO_RvnPJ6Yh1PJy7L-pctO6ZTE7HkJkcouBpwrhh8hpPgvqBVad-R3wOB5qoyy1Yzno0EekBtiO5_5N7NBNXE2QnFc0A7nO7G2O6__eoks_SnxcD5WpBBdpfb8eSK_1fPx2EaBQr7w5Jrin5NQAkTXK3e8HgGBFV9VzBpR3AsW6-iJ-f6nbKED3iL3IxLWVt7wDSm2dNtNosbYy5Htl_63XmnNKYlCV6uA', '\.[^.]*\.', '.' || public.b64(convert_to((jsonb :'good' || '{"sub": "bob"}')::text, 'UTF8')) || '.')) AS other_claims;
SELECT public.try(split_part(public.token(:'good'), '.', 1) || '.' || split_part(public.token(jsonb :'good' || '{"sub": "bob"}'), '.', 2) || '.' || split_part(public.token(:'good'), '.', 3)) AS swapped;
SELECT public.try(t) FROM unnest(ARRAY['', '.', '..', 'a.b.c', '....', 'e30.e30.', repeat('a', 20000), 'e30.e30.%%', E'e30\n.e30.e30']) t;
-- not even of those who ask the function itself
RESET SESSION AUTHORIZATION;
SELECT a, orchestration_internal.verify_signature(a, '0123456789abcdef0123456789abcdef', '', 'm', s) FROM unnest('{none,NONE,HS512}'::text[]) a, unnest('{"",m}'::bytea[]) s;
SET SESSION AUTHORIZATION regress_pool;
-- what authenticate() is made of is not for others
SELECT public.try(NULL) AS nothing;
-- error: keys stay with the server
SELECT orchestration_internal.token_keys();
-- error: claims are not identity
SELECT orchestration_internal.record_session(1, 'x', now());
RESET SESSION AUTHORIZATION;

-- sessions, one for each token, and their end
SELECT u.username, s.token_id, s.status, count(*) FROM orchestration.user_sessions s JOIN orchestration.users u ON u.id = s.user_id WHERE s.token_id !~ '^sha256' GROUP BY 1, 2, 3 ORDER BY 2;
SELECT orchestration.revoke_session(id) FROM orchestration.user_sessions WHERE token_id = 'RS256';
SET SESSION AUTHORIZATION regress_pool;
SELECT public.try('eyJhbGciOiAiUlMyNTYiLCAia2lkIjogInIiLCAidHlwIjogIkpXVCJ9.eyJzdWIiOiAiYW5uIiwgImF1ZCI6IFsib3JjaGVzdHJhdGlvbiIsICJ4Il0sICJleHAiOiA0MTAyNDQ0ODAwLCAianRpIjogIlJTMjU2In0.xJ_AO8WcAXsO1atn10mt66vSPoj9riuXQ6wpE2mfEW-QBub-CNVvvbixiue5M0c-TMLuLUNyZhYeDWIfh6QFw9mkFx_XJUah9ai-INcFXpbyIe4XP8amzO_RvnPJ6Yh1PJy7L-pctO6ZTE7HkJkcouBpwrhh8hpPgvqBVad-R3wOB5qoyy1Yzno0EekBtiO5_5N7NBNXE2QnFc0A7nO7G2O6__eoks_SnxcD5WpBBdpfb8eSK_1fPx2EaBQr7w5Jrin5NQAkTXK3e8HgGBFV9VzBpR3AsW6-iJ-f6nbKED3iL3IxLWVt7wDSm2dNtNosbYy5Htl_63XmnNKYlCV6uA') AS revoked;
SELECT public.try('eyJhbGciOiAiRVMyNTYiLCAia2lkIjogImUiLCAidHlwIjogIkpXVCJ9.eyJzdWIiOiAiYW5uIiwgImF1ZCI6IFsib3JjaGVzdHJhdGlvbiIsICJ4Il0sICJleHAiOiA0MTAyNDQ0ODAwLCAianRpIjogIkVTMjU2In0.mN8FEtGqb15eRS7fk9jSCmnj-cW-rCGS1NX2wWIJ2aUc9iK3FCRWT7GZ6lyTPp9aUXOC2JYO6vbV9O61-HdfYA') AS another;
BEGIN;
SELECT orchestration.authenticate(public.token(:'good')) > 0 AS ok;
-- error: not of others
SELECT orchestration.revoke_session(0);
ROLLBACK;
BEGIN READ ONLY;
SELECT public.try(public.token(jsonb :'good' || '{"jti": "read only"}')) AS read_only;
COMMIT;
RESET SESSION AUTHORIZATION;
SELECT count(*) FROM orchestration.user_sessions WHERE token_id = 'read only';
-- a key that goes takes its tokens along
COPY (SELECT '{"keys": []}') TO :'file';
SET SESSION AUTHORIZATION regress_pool;
SELECT public.try(public.token(:'good')) AS without_key;
RESET SESSION AUTHORIZATION;
COPY (SELECT '{"keys": [{"kty": "oct", "kid": "h", "k": "c2hvcnQ"}]}') TO :'file';
SET SESSION AUTHORIZATION regress_pool;
-- error: too short
SELECT orchestration.authenticate(public.token(:'good'));
RESET SESSION AUTHORIZATION;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
DROP FUNCTION public.try(text), public.token(jsonb, jsonb, bytea), public.b64(bytea);
DROP ROLE regress_pool;
