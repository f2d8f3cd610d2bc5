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
