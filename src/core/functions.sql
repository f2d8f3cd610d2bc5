/* Encryption at rest.  The key never passes through SQL text. */

CREATE OR REPLACE FUNCTION orchestration.seal(plaintext bytea, context text)
RETURNS bytea
LANGUAGE c VOLATILE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_seal';

COMMENT ON FUNCTION orchestration.seal(bytea, text) IS 'Encrypts a value with the key of orchestration.encryption_key_file and binds it to a context, such as secret/7/app, so that it cannot be moved to another row. Raises OR040 when the key cannot be read.';

CREATE OR REPLACE FUNCTION orchestration.unseal(ciphertext bytea, context text)
RETURNS bytea
LANGUAGE c VOLATILE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_unseal';

COMMENT ON FUNCTION orchestration.unseal(bytea, text) IS 'Decrypts what seal() made for the same context. Raises OR040 when the key cannot be read, OR041 when the value was made with another key or for another context.';

CREATE OR REPLACE FUNCTION orchestration.ensure_encryption_key()
RETURNS boolean
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_ensure_encryption_key';

COMMENT ON FUNCTION orchestration.ensure_encryption_key() IS 'Makes the key file when there is none; true if it made one. Raises OR040 when the file cannot be written or holds no key.';

/* Waking the worker. */

CREATE OR REPLACE FUNCTION orchestration.wake_worker()
RETURNS void
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_wake_worker_sql';

COMMENT ON FUNCTION orchestration.wake_worker() IS 'Makes the worker of this database look for work when the transaction commits.';

CREATE OR REPLACE FUNCTION orchestration.wake_worker_trigger()
RETURNS trigger
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_wake_worker_trigger';

COMMENT ON FUNCTION orchestration.wake_worker_trigger() IS 'Statement trigger of every table that the worker renders.';
