-- envelope encryption: what a sealed value is bound to, who may see it in clear, and how its key is changed
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;
SET SESSION AUTHORIZATION regress_administrator;
SELECT create_namespace('a') IS NOT NULL, create_namespace('b') IS NOT NULL;
SELECT create_secret('a', 's', '{"user": "joe", "password": "open sesame", "bytes": {"base64": "/wA="}}') IS NOT NULL AS a,
	create_secret('b', 's', '{"password": "other"}') IS NOT NULL AS b, create_secret('a', 't', '{"password": "third"}') IS NOT NULL AS t;
RESET SESSION AUTHORIZATION;
SELECT name, sealed_version, octet_length(sealed_fingerprint) AS fingerprint, sealed_key_id(encrypted_data) = (SELECT key_id FROM encryption_keys WHERE state = 'active') AS by_active_key FROM secrets ORDER BY id;

-- error: another namespace's value of the same name
UPDATE secrets b SET encrypted_data = a.encrypted_data FROM secrets a, namespaces n WHERE a.namespace_id = n.id AND n.name = 'a' AND a.name = 's' AND b.name = 's' AND b.id <> a.id;
-- error: another secret's value of the same namespace
UPDATE secrets b SET encrypted_data = a.encrypted_data FROM secrets a WHERE a.name = 't' AND b.name = 's' AND b.namespace_id = a.namespace_id;
-- error: renamed, and the value is bound to the old name
UPDATE secrets SET name = 'u' WHERE name = 't';
-- error: not sealed at all
UPDATE secrets SET encrypted_data = 'plain text' WHERE name = 't';
-- an earlier value of the same secret cannot be put back
SELECT id AS t, namespace_id AS ns, encrypted_data AS first_value, sealed_fingerprint AS first_print FROM secrets WHERE name = 't' \gset
UPDATE secrets SET encrypted_data = seal_secret(namespace_id, name, '{"password": "new"}') WHERE id = :t;
SELECT sealed_version, sealed_fingerprint <> :'first_print' AS another_print FROM secrets WHERE id = :t;
-- error: the first version again
UPDATE secrets SET encrypted_data = :'first_value' WHERE id = :t;
-- the number is the database's: what is written into it does not count
UPDATE secrets SET sealed_version = 1 WHERE id = :t RETURNING sealed_version;
-- error: not even with its number
UPDATE secrets SET encrypted_data = :'first_value', sealed_version = 1 WHERE id = :t;
-- past every trigger it is still of no use
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE secrets SET encrypted_data = :'first_value' WHERE id = :t;
-- error: the row has another version
SELECT secret_values(:ns, 'secret', :t);
ROLLBACK;
-- nor with that version written into it
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE secrets SET encrypted_data = set_byte(:'first_value', 2 + get_byte(:'first_value', 1) + 7, sealed_version::integer) WHERE id = :t;
-- error: the version is authentic
SELECT secret_values(:ns, 'secret', :t);
ROLLBACK;
-- nor another row's of the same version
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE secrets b SET encrypted_data = a.encrypted_data FROM secrets a WHERE b.id = (SELECT max(id) FROM secrets WHERE name = 's') AND a.id = (SELECT min(id) FROM secrets WHERE name = 's') RETURNING b.sealed_version = a.sealed_version AS same_version;
-- error: bound to its namespace
SELECT secret_values(namespace_id, 'secret', id) FROM secrets WHERE id = (SELECT max(id) FROM secrets WHERE name = 's');
ROLLBACK;
-- a value may be set together with the name that it is bound to
UPDATE secrets SET name = 'u', encrypted_data = seal_secret(namespace_id, 'u', '{"password": "renamed"}') WHERE id = :t RETURNING sealed_version;
-- what a data-only dump brings back is taken as it is
CREATE TEMP TABLE dumped AS SELECT namespace_id, name, data_keys, encrypted_data, sealed_version FROM secrets WHERE id = :t;
DELETE FROM secrets WHERE id = :t;
INSERT INTO secrets (namespace_id, name, data_keys, encrypted_data, sealed_version) SELECT * FROM dumped RETURNING sealed_version;
SELECT reveal_secret('a', 'u');
-- error: but not under another name, where it has the same number
INSERT INTO secrets (namespace_id, name, data_keys, encrypted_data, sealed_version) SELECT namespace_id, 'v', data_keys, encrypted_data, sealed_version FROM dumped;
-- error: and under its own number
UPDATE dumped SET name = 'v', sealed_version = 9;
INSERT INTO secrets (namespace_id, name, data_keys, encrypted_data, sealed_version) SELECT * FROM dumped;
SET SESSION AUTHORIZATION regress_administrator;

-- in clear
SELECT reveal_secret('a', 's');
SELECT reveal_secret('a', 's', 'password');
-- error: no text
SELECT reveal_secret('a', 's', 'bytes');
-- error: no such key
SELECT reveal_secret('a', 's', 'nothing');
-- error: no such secret
SELECT reveal_secret('a', 'nothing');
BEGIN READ ONLY;
-- error: nothing in clear without a record of it
SELECT reveal_secret('a', 's');
ROLLBACK;
SET SESSION AUTHORIZATION regress_auditor;
SELECT operation, resource_type, resource_name, namespace_id = :ns AS namespace, user_id IS NOT NULL AS by_user, status, changes FROM operation_logs WHERE operation = 'reveal' ORDER BY id;
RESET SESSION AUTHORIZATION;

-- by permission
CREATE ROLE secrets_joe IN ROLE orchestration_user;
INSERT INTO users (username, db_role) VALUES ('joe', 'secrets_joe') RETURNING id AS joe \gset
INSERT INTO roles (name, permissions) VALUES ('revealer', '{"secrets": ["reveal"]}'), ('reader', '{"secrets": ["read", "update"]}');
INSERT INTO user_roles (user_id, role_id, namespace_id) SELECT :joe, id, :ns FROM roles WHERE name = 'reader';
SET SESSION AUTHORIZATION secrets_joe;
-- error: reading is not revealing
SELECT reveal_secret('a', 's');
-- error: and does not say what exists
SELECT reveal_secret('a', 'nothing');
-- error: nor which namespaces
SELECT reveal_secret('nowhere', 'nothing');
RESET SESSION AUTHORIZATION;
INSERT INTO user_roles (user_id, role_id, namespace_id, expires_at) SELECT :joe, id, :ns, clock_timestamp() + interval '1 hour' FROM roles WHERE name = 'revealer';
SET SESSION AUTHORIZATION secrets_joe;
SELECT reveal_secret('a', 's', 'user');
-- error: another namespace
SELECT reveal_secret('b', 's');
-- error: the ciphertext is not to be had
SELECT encrypted_data FROM secrets;
-- error: nor what opens it
SELECT orchestration_internal.unseal_version('x', 'y', 1);
RESET SESSION AUTHORIZATION;
SELECT db_role, user_id = :joe AS joe, resource_name FROM operation_logs WHERE operation = 'reveal' ORDER BY id DESC LIMIT 1;
UPDATE user_roles SET expires_at = now() - interval '1 hour' WHERE user_id = :joe AND expires_at IS NOT NULL;
SET SESSION AUTHORIZATION secrets_joe;
-- error: the grant has expired
SELECT reveal_secret('a', 's');
RESET SESSION AUTHORIZATION;

-- keys of users
SET SESSION AUTHORIZATION secrets_joe;
SELECT set_user_secret('api_key', 'joes key') IS NOT NULL AS set;
SELECT set_user_secret('api_key', 'joes new key') IS NOT NULL AS set_again;
SELECT reveal_user_secret('api_key');
-- error: there is none of that name
SELECT reveal_user_secret('api_key', 'second');
-- error: somebody else's
SELECT reveal_user_secret('api_key', username => 'postgres');
-- error: for somebody else
SELECT set_user_secret('api_key', 'planted', username => 'postgres');
RESET SESSION AUTHORIZATION;
SELECT reveal_user_secret('api_key', username => 'joe');
SELECT set_user_secret('token', 'short-lived', username => 'joe', expires_at => now() - interval '1 second') IS NOT NULL AS set;
-- error: expired
SELECT reveal_user_secret('token', username => 'joe');
SELECT secret_type, is_sealed, sealed_version, position('key'::bytea IN encrypted_value) AS plaintext_at FROM user_secrets ORDER BY id;
-- what a caller encrypted himself is his
INSERT INTO user_secrets (user_id, secret_type, encrypted_value) VALUES (:joe, 'own', pgp_sym_encrypt('mine', 'his key'));
SELECT pgp_sym_decrypt(encrypted_value, 'his key') FROM user_secrets WHERE secret_type = 'own';
-- error: and the platform cannot open it
SELECT reveal_user_secret('own', username => 'joe');
-- error: another user's value
INSERT INTO user_secrets (user_id, secret_type, encrypted_value, is_sealed) SELECT min(u.id), 'api_key', (SELECT encrypted_value FROM user_secrets WHERE secret_type = 'api_key'), true FROM users u;

-- nothing to rotate with one key
SELECT * FROM rotate_encryption_key();
-- error: no batch
SELECT * FROM rotate_encryption_key(0);
-- re-wrapping changes neither version, fingerprint, generation nor what is rendered
CREATE TEMP TABLE before AS SELECT id, encrypted_data, sealed_version, sealed_fingerprint, generation FROM secrets;
UPDATE secrets SET encrypted_data = rewrap(encrypted_data, format('secret/%s/%s', namespace_id, name));
SELECT count(*) AS rows, bool_and(s.encrypted_data <> b.encrypted_data) AS rewrapped, bool_and(s.sealed_version = b.sealed_version) AS same_version,
	bool_and(s.sealed_fingerprint = b.sealed_fingerprint) AS same_print, bool_and(s.generation = b.generation) AS same_generation
FROM secrets s JOIN before b USING (id);
SELECT reveal_secret('a', 's', 'password');

DROP ROLE secrets_joe;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
