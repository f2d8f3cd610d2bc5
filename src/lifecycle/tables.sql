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

/* Every change of a pod, in order, by month: container_instances has only what was seen last. */
CREATE TABLE orchestration.container_instance_history (
	namespace_id bigint NOT NULL,
	changed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	id bigint GENERATED ALWAYS AS IDENTITY (CACHE 256),
	container_id bigint NOT NULL,
	instance_id bigint NOT NULL,
	pod_name text NOT NULL,
	event text NOT NULL CHECK (event IN ('created', 'changed', 'terminating', 'ended', 'forgotten')),
	old_phase text,
	new_phase text,
	ready boolean NOT NULL,
	restart_count integer NOT NULL,
	node_name text,
	reason text,
	message text,
	source text NOT NULL CHECK (source IN ('user', 'worker')),
	PRIMARY KEY (namespace_id, changed_at, id)
) PARTITION BY RANGE (changed_at);

CREATE INDEX container_instance_history_container ON orchestration.container_instance_history (namespace_id, container_id, changed_at);

COMMENT ON TABLE orchestration.container_instance_history IS 'Every change of a container''s pods: made, bound to a node, ready or not, restarted, ended; in the order of changed_at and id, by month.';
COMMENT ON COLUMN orchestration.container_instance_history.namespace_id IS 'Namespace of the container.';
COMMENT ON COLUMN orchestration.container_instance_history.changed_at IS 'When the change was recorded; the partition key.';
COMMENT ON COLUMN orchestration.container_instance_history.id IS 'Order of the changes of one session.';
COMMENT ON COLUMN orchestration.container_instance_history.container_id IS 'Container that the pod ran; its row may be gone.';
COMMENT ON COLUMN orchestration.container_instance_history.instance_id IS 'Row of container_instances; it may be gone.';
COMMENT ON COLUMN orchestration.container_instance_history.pod_name IS 'metadata.name of the pod.';
COMMENT ON COLUMN orchestration.container_instance_history.event IS 'created, changed, terminating, ended, or forgotten: its row was deleted before the pod was seen to end.';
COMMENT ON COLUMN orchestration.container_instance_history.old_phase IS 'Phase before; NULL when it was first seen.';
COMMENT ON COLUMN orchestration.container_instance_history.new_phase IS 'Phase after; NULL when the row was deleted.';
COMMENT ON COLUMN orchestration.container_instance_history.ready IS 'Was it ready then?';
COMMENT ON COLUMN orchestration.container_instance_history.restart_count IS 'Restarts until then.';
COMMENT ON COLUMN orchestration.container_instance_history.node_name IS 'Node that the pod was bound to.';
COMMENT ON COLUMN orchestration.container_instance_history.reason IS 'Waiting or termination reason, or that of the pod itself.';
COMMENT ON COLUMN orchestration.container_instance_history.message IS 'Message that came with the reason.';
COMMENT ON COLUMN orchestration.container_instance_history.source IS 'worker for what was observed in the cluster, user for everything else.';
