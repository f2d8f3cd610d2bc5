/* Encryption at rest.  The key never passes through SQL text. */

CREATE OR REPLACE FUNCTION orchestration_internal.seal(plaintext bytea, context text)
RETURNS bytea
LANGUAGE c VOLATILE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_seal';

COMMENT ON FUNCTION orchestration_internal.seal(bytea, text) IS 'Encrypts a value with the key of orchestration.encryption_key_file and binds it to a context, such as secret/7/app, so that it cannot be moved to another row. Raises OR040 when the key cannot be read.';
GRANT EXECUTE ON FUNCTION orchestration_internal.seal(bytea, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.unseal(ciphertext bytea, context text)
RETURNS bytea
LANGUAGE c VOLATILE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_unseal';

COMMENT ON FUNCTION orchestration_internal.unseal(bytea, text) IS 'Decrypts what seal() made for the same context. Raises OR040 when the key cannot be read, OR041 when the value was made with another key or for another context.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.unseal_version(ciphertext bytea, context text, version bigint)
RETURNS bytea
LANGUAGE c VOLATILE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_unseal_version';

COMMENT ON FUNCTION orchestration_internal.unseal_version(bytea, text, bigint) IS 'Decrypts the value of a row, given its sealed_version: an earlier value that was put back into the row does not open. Raises OR040, OR041.';
GRANT EXECUTE ON FUNCTION orchestration_internal.unseal_version(bytea, text, bigint) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.rewrap(ciphertext bytea, context text)
RETURNS bytea
LANGUAGE c VOLATILE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_rewrap';

COMMENT ON FUNCTION orchestration_internal.rewrap(bytea, text) IS 'The same sealed value with its data key wrapped by the active key; its body and fingerprint stay. Raises OR040, OR041.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.sealed_fingerprint(ciphertext bytea)
RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_sealed_fingerprint_sql';

COMMENT ON FUNCTION orchestration_internal.sealed_fingerprint(bytea) IS 'Tells sealed values apart: drawn at random by seal(), kept by rewrap(). It says nothing about the value.';
GRANT EXECUTE ON FUNCTION orchestration_internal.sealed_fingerprint(bytea) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.sealed_key_id(ciphertext bytea)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_sealed_key_id';

COMMENT ON FUNCTION orchestration_internal.sealed_key_id(bytea) IS 'Id of the key that a sealed value was made with; empty for values made before keys had ids.';
GRANT EXECUTE ON FUNCTION orchestration_internal.sealed_key_id(bytea) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.bind_sealed()
RETURNS trigger
LANGUAGE c
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_bind_sealed';

COMMENT ON FUNCTION orchestration_internal.bind_sealed() IS 'Row trigger of tables with a sealed value: numbers new values in sealed_version and binds them to it. Arguments: the column, the prefix of the context, the columns that follow in it. Raises OR040, and OR041 for a value of another row or version.';

CREATE OR REPLACE FUNCTION orchestration_internal.encryption_key_ring()
RETURNS TABLE (key_id text, is_active boolean, verifier bytea)
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_encryption_key_ring';

COMMENT ON FUNCTION orchestration_internal.encryption_key_ring() IS 'The keys that this server knows, by their ids. verifier is an HMAC of a constant, which tells two keys of one name apart. Raises OR040.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.ensure_encryption_key()
RETURNS boolean
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_ensure_encryption_key';

COMMENT ON FUNCTION orchestration_internal.ensure_encryption_key() IS 'Makes the key file when there is none; true if it made one. Raises OR040 when the file cannot be written or holds no key.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.server_log(line text)
RETURNS void
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_server_log';

COMMENT ON FUNCTION orchestration_internal.server_log(text) IS 'Writes a line into the server''s log, without the statement, in which a secret may stand.';
-- for the owner alone

/* Waking the worker. */

CREATE OR REPLACE FUNCTION orchestration_internal.wake_worker()
RETURNS void
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_wake_worker_sql';

COMMENT ON FUNCTION orchestration_internal.wake_worker() IS 'Makes the worker of this database look for work when the transaction commits.';
GRANT EXECUTE ON FUNCTION orchestration_internal.wake_worker() TO orchestration_user, orchestration_worker;

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.wake_worker_trigger()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'orch_wake_worker_trigger';

COMMENT ON FUNCTION orchestration_internal.wake_worker_trigger() IS 'Statement trigger of every table that the worker renders.';

CREATE OR REPLACE FUNCTION orchestration_internal.worker_try_lock(name text)
RETURNS boolean
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_try_lock';

COMMENT ON FUNCTION orchestration_internal.worker_try_lock(text) IS 'Takes the lock of a name until the transaction ends; false if somebody else has it. No advisory lock of SQL is the same. For the platform alone.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_try_lock(text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_wait_for_lock(name text)
RETURNS void
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_wait_for_lock';

COMMENT ON FUNCTION orchestration_internal.worker_wait_for_lock(text) IS 'worker_try_lock() that waits, for as long as lock_timeout allows. For the platform alone.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_wait_for_lock(text) TO orchestration_worker;
