/* Every change of a container's status or desired state, by month. */
CREATE TABLE orchestration.container_status_history (
	namespace_id bigint NOT NULL,
	changed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	id bigint GENERATED ALWAYS AS IDENTITY (CACHE 32),
	container_id bigint NOT NULL,
	container_name text NOT NULL,
	old_status text,
	new_status text NOT NULL,
	old_desired_state text,
	new_desired_state text,
	reason text,
	message text,
	source text NOT NULL CHECK (source IN ('user', 'worker')),
	changed_by bigint,
	db_role text NOT NULL DEFAULT session_user,
	PRIMARY KEY (namespace_id, changed_at, id)
) PARTITION BY RANGE (changed_at);

CREATE INDEX container_status_history_container ON orchestration.container_status_history (namespace_id, container_id, changed_at);

COMMENT ON TABLE orchestration.container_status_history IS 'Every change of a container''s status or desired state, every restart and scaling, by month.';
COMMENT ON COLUMN orchestration.container_status_history.namespace_id IS 'Namespace of the container.';
COMMENT ON COLUMN orchestration.container_status_history.changed_at IS 'When the statement ran that made the change; the partition key.';
COMMENT ON COLUMN orchestration.container_status_history.id IS 'Order of the changes of one statement and one session.';
COMMENT ON COLUMN orchestration.container_status_history.container_id IS 'The container; its row may be gone.';
COMMENT ON COLUMN orchestration.container_status_history.container_name IS 'Name that the container had.';
COMMENT ON COLUMN orchestration.container_status_history.old_status IS 'Status before; NULL when the container was created.';
COMMENT ON COLUMN orchestration.container_status_history.new_status IS 'Status after; the same as before when only something was asked for.';
COMMENT ON COLUMN orchestration.container_status_history.old_desired_state IS 'Desired state before; NULL when the container was created.';
COMMENT ON COLUMN orchestration.container_status_history.new_desired_state IS 'Desired state after.';
COMMENT ON COLUMN orchestration.container_status_history.reason IS 'One word: Created, StartRequested, PauseRequested, ResumeRequested, StopRequested, RestartRequested, DeleteRequested, Scaled, RowDeleted, or the status_reason that was observed.';
COMMENT ON COLUMN orchestration.container_status_history.message IS 'The status_message that was observed, or the replicas of a scaling.';
COMMENT ON COLUMN orchestration.container_status_history.source IS 'worker for what was observed in the cluster, user for everything else.';
COMMENT ON COLUMN orchestration.container_status_history.changed_by IS 'User of the platform, if the database role belongs to one.';
COMMENT ON COLUMN orchestration.container_status_history.db_role IS 'Database role of the session.';
