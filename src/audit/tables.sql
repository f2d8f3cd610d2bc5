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
