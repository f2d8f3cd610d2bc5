/* Who did what, by month. */
CREATE TABLE orchestration.operation_logs (
	namespace_id bigint NOT NULL DEFAULT 0,
	started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	id bigint GENERATED ALWAYS AS IDENTITY (CACHE 32),
	user_id bigint,
	db_role text NOT NULL DEFAULT session_user,
	client_addr inet DEFAULT pg_catalog.inet_client_addr(),
	application_name text DEFAULT pg_catalog.current_setting('application_name'),
	request_id text,
	operation text NOT NULL,
	resource_type text NOT NULL,
	resource_id bigint,
	resource_name text,
	changes jsonb,
	status text NOT NULL DEFAULT 'succeeded' CHECK (status IN ('succeeded', 'failed', 'refused')),
	error_message text,
	duration_ms double precision,
	PRIMARY KEY (namespace_id, started_at, id)
) PARTITION BY RANGE (started_at);

CREATE INDEX operation_logs_user ON orchestration.operation_logs (user_id, operation, started_at);
CREATE INDEX operation_logs_failed ON orchestration.operation_logs (namespace_id, started_at) WHERE status <> 'succeeded';

COMMENT ON TABLE orchestration.operation_logs IS 'Who did what, when, from where, and with what result. Partitioned by month.';
COMMENT ON COLUMN orchestration.operation_logs.namespace_id IS 'Namespace of the resource; 0 when it belongs to none.';
COMMENT ON COLUMN orchestration.operation_logs.started_at IS 'When it began.';
COMMENT ON COLUMN orchestration.operation_logs.id IS 'Identity of the entry.';
COMMENT ON COLUMN orchestration.operation_logs.user_id IS 'User that did it; NULL when no user belongs to the role.';
COMMENT ON COLUMN orchestration.operation_logs.db_role IS 'Role of the database session.';
COMMENT ON COLUMN orchestration.operation_logs.client_addr IS 'Address of the client; NULL for a local socket.';
COMMENT ON COLUMN orchestration.operation_logs.application_name IS 'application_name of the session.';
COMMENT ON COLUMN orchestration.operation_logs.request_id IS 'Identifier that the application gave to the request.';
COMMENT ON COLUMN orchestration.operation_logs.operation IS 'What was done, such as create.';
COMMENT ON COLUMN orchestration.operation_logs.resource_type IS 'Kind of resource, such as container.';
COMMENT ON COLUMN orchestration.operation_logs.resource_id IS 'Id of the resource.';
COMMENT ON COLUMN orchestration.operation_logs.resource_name IS 'Name of the resource at that time.';
COMMENT ON COLUMN orchestration.operation_logs.changes IS 'Before and after, without secrets.';
COMMENT ON COLUMN orchestration.operation_logs.status IS 'succeeded, failed or refused.';
COMMENT ON COLUMN orchestration.operation_logs.error_message IS 'Why it did not succeed.';
COMMENT ON COLUMN orchestration.operation_logs.duration_ms IS 'How long it took, in milliseconds.';
