/* Who did what, by month. */
CREATE TABLE orchestration.operation_logs (
	namespace_id bigint NOT NULL DEFAULT 0,
	started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	id bigint GENERATED ALWAYS AS IDENTITY (CACHE 256),
	user_id bigint,
	db_role text NOT NULL DEFAULT session_user,
	session_role text,
	client_addr inet DEFAULT pg_catalog.inet_client_addr(),
	application_name text DEFAULT pg_catalog.current_setting('application_name'),
	request_id text DEFAULT NULLIF(pg_catalog.current_setting('orchestration.request_id'), ''),
	source text NOT NULL DEFAULT 'user' CHECK (source IN ('user', 'worker')),
	operation text NOT NULL,
	resource_type text NOT NULL,
	resource_id bigint,
	resource_name text,
	changes jsonb,
	status text NOT NULL DEFAULT 'succeeded' CHECK (status IN ('succeeded', 'failed', 'refused')),
	error_message text,
	sqlstate text,
	duration_ms double precision,
	lineage bigint NOT NULL DEFAULT orchestration_internal.audit_lineage(),
	transaction_id bigint NOT NULL DEFAULT orchestration_internal.audit_transaction_id(),
	gateway_addr inet,
	PRIMARY KEY (namespace_id, started_at, id)
) PARTITION BY RANGE (started_at);

CREATE INDEX operation_logs_user ON orchestration.operation_logs (user_id, operation, started_at);
/*
 * Who changed it: ids are of one sequence for each kind, so they narrow down most and
 * come first.  Not partial: a predicate is prepared anew for every statement that is logged.
 */
CREATE INDEX operation_logs_resource ON orchestration.operation_logs (resource_id, resource_type, started_at);
/* what is not sealed yet, the rows of a seal, and those of a time whatever their namespace */
CREATE INDEX operation_logs_transaction ON orchestration.operation_logs USING brin (transaction_id, started_at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX operation_logs_failed ON orchestration.operation_logs (namespace_id, started_at) WHERE status <> 'succeeded';

COMMENT ON TABLE orchestration.operation_logs IS 'Who did what, when, from where, and with what result. Partitioned by month; rows are added and never changed, verify_audit() proves it.';
COMMENT ON COLUMN orchestration.operation_logs.namespace_id IS 'Namespace of the resource; 0 when it belongs to none.';
COMMENT ON COLUMN orchestration.operation_logs.started_at IS 'When the statement began; the partition key.';
COMMENT ON COLUMN orchestration.operation_logs.id IS 'Identity of the entry.';
COMMENT ON COLUMN orchestration.operation_logs.user_id IS 'User that did it; NULL when no user belongs to the role.';
COMMENT ON COLUMN orchestration.operation_logs.db_role IS 'Database role that it was done as.';
COMMENT ON COLUMN orchestration.operation_logs.session_role IS 'Role that the session logged in as, where it acted as another one.';
COMMENT ON COLUMN orchestration.operation_logs.client_addr IS 'Address of the client: as its gateway gave it (orchestration.client_addr), else as it is connected; NULL for a local socket.';
COMMENT ON COLUMN orchestration.operation_logs.application_name IS 'application_name of the session.';
COMMENT ON COLUMN orchestration.operation_logs.request_id IS 'Identifier that the application gave to the request (orchestration.request_id).';
COMMENT ON COLUMN orchestration.operation_logs.source IS 'worker for what the platform did by itself, user for everything else.';
COMMENT ON COLUMN orchestration.operation_logs.operation IS 'What was done: create, update, delete, login, reveal, apply, ...';
COMMENT ON COLUMN orchestration.operation_logs.resource_type IS 'Kind of row, such as container, or of object in a cluster, such as Deployment.';
COMMENT ON COLUMN orchestration.operation_logs.resource_id IS 'Id of the resource.';
COMMENT ON COLUMN orchestration.operation_logs.resource_name IS 'Name of the resource at that time.';
COMMENT ON COLUMN orchestration.operation_logs.changes IS 'The columns that differ, before and after, of maps the keys that differ; secrets as "[redacted]", what is too long as {"sha256": ..., "bytes": ...}.';
COMMENT ON COLUMN orchestration.operation_logs.status IS 'succeeded, failed or refused.';
COMMENT ON COLUMN orchestration.operation_logs.error_message IS 'Why it did not succeed.';
COMMENT ON COLUMN orchestration.operation_logs.sqlstate IS 'Its SQLSTATE, where it was an error of the database.';
COMMENT ON COLUMN orchestration.operation_logs.duration_ms IS 'How long it took, in milliseconds.';
COMMENT ON COLUMN orchestration.operation_logs.lineage IS 'Database whose transaction wrote the row: another one after a restore.';
COMMENT ON COLUMN orchestration.operation_logs.transaction_id IS 'Transaction that wrote the row; rows are sealed when it is certainly over.';
COMMENT ON COLUMN orchestration.operation_logs.gateway_addr IS 'Where the connection came from when client_addr is what a gateway said.';

/* proof that the log is as it was written; outlives the months that it covers */
CREATE TABLE orchestration.audit_seals (
	number bigint PRIMARY KEY CHECK (number > 0),
	from_time timestamptz NOT NULL,
	before_time timestamptz NOT NULL,
	lineage bigint NOT NULL,
	after_transaction bigint NOT NULL,
	after_id bigint NOT NULL,
	to_transaction bigint NOT NULL,
	to_id bigint NOT NULL,
	row_count bigint NOT NULL CHECK (row_count > 0),
	newest_at timestamptz,
	next_transaction bigint,
	entries bytea NOT NULL,
	digest bytea NOT NULL,
	key_id text NOT NULL,
	mac bytea NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

CREATE INDEX audit_seals_month ON orchestration.audit_seals (from_time, lineage, number);
/* digests do not compress */
ALTER TABLE orchestration.audit_seals ALTER COLUMN entries SET STORAGE EXTERNAL;

COMMENT ON TABLE orchestration.audit_seals IS 'Digests of the rows of operation_logs, chained and signed; verify_audit() holds the rows against them.';
COMMENT ON COLUMN orchestration.audit_seals.number IS 'Consecutive; each seal is chained to the one before.';
COMMENT ON COLUMN orchestration.audit_seals.from_time IS 'Month of the rows: from here ...';
COMMENT ON COLUMN orchestration.audit_seals.before_time IS '... to before here.';
COMMENT ON COLUMN orchestration.audit_seals.lineage IS 'Lineage of the rows.';
COMMENT ON COLUMN orchestration.audit_seals.after_transaction IS 'The rows come after this transaction ...';
COMMENT ON COLUMN orchestration.audit_seals.after_id IS '... and this id in it.';
COMMENT ON COLUMN orchestration.audit_seals.to_transaction IS 'It covers all rows up to this transaction ...';
COMMENT ON COLUMN orchestration.audit_seals.to_id IS '... and this id in it.';
COMMENT ON COLUMN orchestration.audit_seals.row_count IS 'How many rows it covers.';
COMMENT ON COLUMN orchestration.audit_seals.newest_at IS 'started_at of the newest of them.';
COMMENT ON COLUMN orchestration.audit_seals.next_transaction IS 'All of them were written by transactions before this one: a version of a row that is later was changed. NULL for rows of another lineage.';
COMMENT ON COLUMN orchestration.audit_seals.entries IS 'For each row its id (8 bytes) and 16 bytes of the SHA-256 of its values.';
COMMENT ON COLUMN orchestration.audit_seals.digest IS 'SHA-256 of the seal and of the digest of the seal before.';
COMMENT ON COLUMN orchestration.audit_seals.key_id IS 'Encryption key that signed it.';
COMMENT ON COLUMN orchestration.audit_seals.mac IS 'HMAC-SHA256 of the digest.';
COMMENT ON COLUMN orchestration.audit_seals.created_at IS 'When it was made.';
COMMENT ON COLUMN orchestration.audit_seals.updated_at IS 'The same: a seal never changes.';

/* how far maintain_audit_watch() has come; nothing is proven by it */
CREATE TABLE orchestration_internal.audit_watch (
	from_time timestamptz PRIMARY KEY,
	counted_at timestamptz NOT NULL DEFAULT '-infinity',
	compared_to bigint NOT NULL DEFAULT 0,
	compared_at timestamptz NOT NULL DEFAULT '-infinity',
	problem text,
	problem_seal bigint,
	problem_detail text,
	found_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

COMMENT ON TABLE orchestration_internal.audit_watch IS 'How far the rolling check of the audit trail has come in each month, and what it found; -infinity stands for the chain of seals.';
COMMENT ON COLUMN orchestration_internal.audit_watch.from_time IS 'Month, or -infinity for the chain of seals.';
COMMENT ON COLUMN orchestration_internal.audit_watch.counted_at IS 'When the rows of the month were last counted against their seals.';
COMMENT ON COLUMN orchestration_internal.audit_watch.compared_to IS 'Seal up to which its rows have been digested in this round; of the chain: newest seal that was seen.';
COMMENT ON COLUMN orchestration_internal.audit_watch.compared_at IS 'When the last round of digests ended.';
COMMENT ON COLUMN orchestration_internal.audit_watch.problem IS 'changed, added, missing or chain; NULL when nothing was found.';
COMMENT ON COLUMN orchestration_internal.audit_watch.problem_seal IS 'Seal that its rows do not agree with.';
COMMENT ON COLUMN orchestration_internal.audit_watch.problem_detail IS 'The same in words.';
COMMENT ON COLUMN orchestration_internal.audit_watch.found_at IS 'When it was found.';
COMMENT ON COLUMN orchestration_internal.audit_watch.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration_internal.audit_watch.updated_at IS 'When the row was last changed.';

/* whose triggers are watched */
CREATE TABLE orchestration_internal.audited_tables (
	relation text PRIMARY KEY,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

COMMENT ON TABLE orchestration_internal.audited_tables IS 'Tables that bootstrap() gave the triggers of the audit trail.';
COMMENT ON COLUMN orchestration_internal.audited_tables.relation IS 'Name of the table, in the schema orchestration.';
COMMENT ON COLUMN orchestration_internal.audited_tables.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration_internal.audited_tables.updated_at IS 'The same.';
