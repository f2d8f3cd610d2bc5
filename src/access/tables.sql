/* People, what they may do, and their sessions and keys. */

CREATE TABLE orchestration.users (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	username text NOT NULL UNIQUE CHECK (orchestration_internal.valid_username(username)),
	full_name text,
	email text,
	status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled', 'locked')),
	db_role text UNIQUE,
	db_role_id oid,
	db_role_system bigint,
	last_login_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by bigint DEFAULT orchestration.current_user_id() REFERENCES orchestration.users (id)
);

CREATE UNIQUE INDEX users_db_role_id ON orchestration.users (db_role_id, db_role_system);

CREATE TABLE orchestration.roles (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL UNIQUE,
	description text,
	permissions jsonb NOT NULL DEFAULT '{}' CHECK (orchestration_internal.valid_permissions(permissions)),
	is_system boolean NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by bigint DEFAULT orchestration.current_user_id() REFERENCES orchestration.users (id)
);

CREATE INDEX roles_permissions ON orchestration.roles USING gin (permissions jsonb_path_ops);

CREATE TABLE orchestration.user_sessions (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	user_id bigint NOT NULL REFERENCES orchestration.users (id) ON DELETE CASCADE,
	token_id text,
	client_addr inet,
	application_name text,
	status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'expired', 'revoked')),
	started_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	last_seen_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	expires_at timestamptz,
	revoked_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by bigint DEFAULT orchestration.current_user_id() REFERENCES orchestration.users (id),
	CHECK (expires_at IS NULL OR expires_at > started_at)
);

CREATE INDEX user_sessions_active ON orchestration.user_sessions (user_id, last_seen_at) WHERE status = 'active';
CREATE INDEX user_sessions_token ON orchestration.user_sessions (token_id);

CREATE TABLE orchestration.user_secrets (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	user_id bigint NOT NULL REFERENCES orchestration.users (id) ON DELETE CASCADE,
	secret_type text NOT NULL,
	name text NOT NULL DEFAULT 'default',
	encrypted_value bytea NOT NULL,
	is_sealed boolean NOT NULL DEFAULT false,
	sealed_version bigint NOT NULL DEFAULT 1,
	expires_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by bigint DEFAULT orchestration.current_user_id() REFERENCES orchestration.users (id),
	UNIQUE (user_id, secret_type, name)
);

COMMENT ON TABLE orchestration.users IS 'People and programs that use the platform.';
COMMENT ON COLUMN orchestration.users.id IS 'Identity of the user.';
COMMENT ON COLUMN orchestration.users.username IS 'Unique login name.';
COMMENT ON COLUMN orchestration.users.full_name IS 'Name as shown to people.';
COMMENT ON COLUMN orchestration.users.email IS 'Address for notifications.';
COMMENT ON COLUMN orchestration.users.status IS 'active, disabled or locked; only active users have permissions.';
COMMENT ON COLUMN orchestration.users.db_role IS 'Database role that is this user when it connects itself; NULL for end users of an application.';
COMMENT ON COLUMN orchestration.users.db_role_id IS 'That role itself, whatever its name: its oid, kept by the database; NULL when it does not exist on this server. A role of the same name that is made later is another one.';
COMMENT ON COLUMN orchestration.users.db_role_system IS 'System identifier of the server where db_role_id counts; on another one, after a restore, the name does until bootstrap() or maintenance looks the role up.';
COMMENT ON COLUMN orchestration.users.last_login_at IS 'Start of the newest session.';
COMMENT ON TABLE orchestration.roles IS 'Named sets of permissions.';
COMMENT ON COLUMN orchestration.roles.id IS 'Identity of the role.';
COMMENT ON COLUMN orchestration.roles.name IS 'Unique name of the role.';
COMMENT ON COLUMN orchestration.roles.description IS 'What the role is for.';
COMMENT ON COLUMN orchestration.roles.permissions IS 'Object of resource to array of verbs, "*" for all: {"containers": ["read", "create"]}.';
COMMENT ON COLUMN orchestration.roles.is_system IS 'True for administrator, operator and viewer, which bootstrap() makes.';
COMMENT ON TABLE orchestration.user_sessions IS 'Logins of users.';
COMMENT ON COLUMN orchestration.user_sessions.id IS 'Identity of the session.';
COMMENT ON COLUMN orchestration.user_sessions.user_id IS 'Who logged in.';
COMMENT ON COLUMN orchestration.user_sessions.token_id IS 'Identifier of the token that was presented, never the token.';
COMMENT ON COLUMN orchestration.user_sessions.client_addr IS 'Address of the client.';
COMMENT ON COLUMN orchestration.user_sessions.application_name IS 'Program that logged in.';
COMMENT ON COLUMN orchestration.user_sessions.status IS 'active, expired or revoked.';
COMMENT ON COLUMN orchestration.user_sessions.started_at IS 'When the session began.';
COMMENT ON COLUMN orchestration.user_sessions.last_seen_at IS 'Newest activity.';
COMMENT ON COLUMN orchestration.user_sessions.expires_at IS 'When the session ends by itself; NULL for never.';
COMMENT ON COLUMN orchestration.user_sessions.revoked_at IS 'When an administrator ended it.';
COMMENT ON TABLE orchestration.user_secrets IS 'Encrypted values that belong to a user, such as API keys.';
COMMENT ON COLUMN orchestration.user_secrets.id IS 'Identity of the secret.';
COMMENT ON COLUMN orchestration.user_secrets.user_id IS 'Owner.';
COMMENT ON COLUMN orchestration.user_secrets.secret_type IS 'Kind of secret, such as api_key.';
COMMENT ON COLUMN orchestration.user_secrets.name IS 'Tells several secrets of one type apart.';
COMMENT ON COLUMN orchestration.user_secrets.encrypted_value IS 'Ciphertext: sealed by set_user_secret(), or encrypted by whoever wrote the row with a key of his own.';
COMMENT ON COLUMN orchestration.user_secrets.is_sealed IS 'True for values of set_user_secret(), which the platform can decrypt; false for what the caller encrypted himself.';
COMMENT ON COLUMN orchestration.user_secrets.sealed_version IS 'Number of the sealed value, bound into it; raised by the database with every new value.';
COMMENT ON COLUMN orchestration.user_secrets.expires_at IS 'When the secret loses its validity; NULL for never.';
COMMENT ON COLUMN orchestration.users.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.users.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN orchestration.users.created_by IS 'User that made the row; NULL when no user belongs to the role.';
COMMENT ON COLUMN orchestration.roles.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.roles.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN orchestration.roles.created_by IS 'User that made the row; NULL when no user belongs to the role.';
COMMENT ON COLUMN orchestration.user_sessions.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.user_sessions.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN orchestration.user_sessions.created_by IS 'User that made the row; NULL when no user belongs to the role.';
COMMENT ON COLUMN orchestration.user_secrets.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.user_secrets.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN orchestration.user_secrets.created_by IS 'User that made the row; NULL when no user belongs to the role.';
