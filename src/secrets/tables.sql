/* Which keys seal values.  Their bytes are in a file or come from a command, and never here. */

CREATE TABLE orchestration.encryption_keys (
	key_id text PRIMARY KEY,
	state text NOT NULL CHECK (state IN ('active', 'decrypt_only', 'absent')),
	verifier bytea NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);

CREATE UNIQUE INDEX encryption_keys_active ON orchestration.encryption_keys (state) WHERE state = 'active';

/* what a rotation has still to do is found without reading everything again for every batch */
CREATE INDEX clusters_key ON orchestration.clusters (orchestration_internal.sealed_key_id(encrypted_kubeconfig));
CREATE INDEX secrets_key ON orchestration.secrets (orchestration_internal.sealed_key_id(encrypted_data));
CREATE INDEX registries_key ON orchestration.registries (orchestration_internal.sealed_key_id(encrypted_password));
CREATE INDEX user_secrets_key ON orchestration.user_secrets (orchestration_internal.sealed_key_id(encrypted_value)) WHERE is_sealed;

COMMENT ON TABLE orchestration.encryption_keys IS 'Every key that this database has known. The keys themselves are in orchestration.encryption_key_file, or come from orchestration.encryption_key_command.';
COMMENT ON COLUMN orchestration.encryption_keys.key_id IS 'Name that the key has in the file, or a digest of it; sealed values say which key they need.';
COMMENT ON COLUMN orchestration.encryption_keys.state IS 'active: new values are made with it. decrypt_only: opens what was made with it. absent: the server does not know it any more.';
COMMENT ON COLUMN orchestration.encryption_keys.verifier IS 'HMAC of a constant: another key of the same name is noticed by it.';
COMMENT ON COLUMN orchestration.encryption_keys.created_at IS 'When the key was first seen.';
COMMENT ON COLUMN orchestration.encryption_keys.updated_at IS 'When its state last changed.';
