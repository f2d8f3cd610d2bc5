/* The worker and the clusters at a glance. */

CREATE OR REPLACE VIEW orchestration.worker_status AS
SELECT w.state, w.pid, w.started_at, w.next_start_at, w.failures, w.last_cycle_at, pg_catalog.clock_timestamp() - w.last_cycle_at AS idle_for,
	w.cycles, w.clusters, w.in_flight, w.requests, w.applies, w.deletes, w.errors, w.watch_events, w.held_up
FROM orchestration_internal.worker_state() w
WHERE w.database_name = pg_catalog.current_database();

COMMENT ON VIEW orchestration.worker_status IS 'The worker of this database: state is starting, running, absent, failed or waiting. Empty when the launcher does not know the database yet. Raises OR032 when the library is not in shared_preload_libraries.';

CREATE OR REPLACE VIEW orchestration.cluster_status AS
SELECT c.name, c.status, c.status_message, c.lease_holder, c.server_version, c.observed_at, pg_catalog.clock_timestamp() - c.observed_at AS age,
	(SELECT count(*) FROM orchestration.namespaces n WHERE n.cluster_id = c.id AND n.status <> 'deleted') AS namespaces,
	s.pending, s.running, s.paused, s.stopped, s.failed,
	o.objects, o.due, o.deleting, o.failing, o.oldest_due_at, c.usage_observed_at, c.usage_message,
	(SELECT count(*) FROM orchestration_internal.left_out l WHERE l.cluster_id = c.id) AS left_out
FROM orchestration.clusters c
CROSS JOIN LATERAL (
	SELECT count(*) FILTER (WHERE x.status = 'pending') AS pending, count(*) FILTER (WHERE x.status = 'running') AS running,
		count(*) FILTER (WHERE x.status = 'paused') AS paused, count(*) FILTER (WHERE x.status = 'stopped') AS stopped,
		count(*) FILTER (WHERE x.status = 'failed') AS failed
	FROM orchestration.containers x
	JOIN orchestration.namespaces n ON n.id = x.namespace_id
	WHERE n.cluster_id = c.id AND x.status <> 'deleted'
) s
CROSS JOIN LATERAL (
	SELECT count(*) AS objects,
		count(*) FILTER (WHERE m.desired_hash IS NOT NULL AND m.applied_hash IS DISTINCT FROM m.desired_hash) AS due,
		count(*) FILTER (WHERE m.desired_hash IS NULL) AS deleting,
		count(*) FILTER (WHERE m.last_error_reason IS NOT NULL) AS failing,
		min(m.due_since) FILTER (WHERE m.desired_hash IS NULL OR m.applied_hash IS DISTINCT FROM m.desired_hash) AS oldest_due_at
	FROM orchestration.managed_objects m
	WHERE m.cluster_id = c.id
) o;

COMMENT ON VIEW orchestration.cluster_status IS 'Each cluster: how the connection is and since when, who holds the lease, how many containers are in which state, how many objects there are, are still to be applied or deleted, or fail.';

GRANT SELECT, INSERT, UPDATE, DELETE ON orchestration_internal.plan_errors, orchestration_internal.left_out, orchestration_internal.maintenance_held, orchestration_internal.clock, orchestration_internal.lease_starts TO orchestration_worker;

COMMENT ON COLUMN orchestration.worker_status.state IS 'starting, running, absent (nothing bootstrapped here), failed or waiting (more databases have the extension than orchestration.max_databases).';
COMMENT ON COLUMN orchestration.worker_status.pid IS 'Process id; NULL when none runs.';
COMMENT ON COLUMN orchestration.worker_status.started_at IS 'When it was started last.';
COMMENT ON COLUMN orchestration.worker_status.next_start_at IS 'When a failed one is started again, at the earliest.';
COMMENT ON COLUMN orchestration.worker_status.failures IS 'How often in a row it ended by an error.';
COMMENT ON COLUMN orchestration.worker_status.last_cycle_at IS 'When it last went round its loop.';
COMMENT ON COLUMN orchestration.worker_status.idle_for IS 'How long ago that was.';
COMMENT ON COLUMN orchestration.worker_status.cycles IS 'Rounds of its loop since it started.';
COMMENT ON COLUMN orchestration.worker_status.clusters IS 'Clusters that it has open.';
COMMENT ON COLUMN orchestration.worker_status.in_flight IS 'Requests that are under way.';
COMMENT ON COLUMN orchestration.worker_status.requests IS 'Requests answered since it started.';
COMMENT ON COLUMN orchestration.worker_status.applies IS 'Objects created or changed since it started.';
COMMENT ON COLUMN orchestration.worker_status.deletes IS 'Objects deleted since it started.';
COMMENT ON COLUMN orchestration.worker_status.errors IS 'Requests that failed since it started.';
COMMENT ON COLUMN orchestration.worker_status.watch_events IS 'Events that clusters sent since it started.';
COMMENT ON COLUMN orchestration.worker_status.held_up IS 'Calls that gave up because somebody had locked what they needed, since it started.';

COMMENT ON COLUMN orchestration.cluster_status.name IS 'Name of the cluster.';
COMMENT ON COLUMN orchestration.cluster_status.status IS 'unknown, connecting, connected, standby, unreachable, refused or disabled.';
COMMENT ON COLUMN orchestration.cluster_status.status_message IS 'Why.';
COMMENT ON COLUMN orchestration.cluster_status.lease_holder IS 'Our identity while we hold the lease of this cluster; NULL while we do not.';
COMMENT ON COLUMN orchestration.cluster_status.server_version IS 'Version of the API server.';
COMMENT ON COLUMN orchestration.cluster_status.observed_at IS 'When the worker last reported.';
COMMENT ON COLUMN orchestration.cluster_status.age IS 'How long ago that was.';
COMMENT ON COLUMN orchestration.cluster_status.namespaces IS 'Namespaces that are there, or still to be deleted.';
COMMENT ON COLUMN orchestration.cluster_status.pending IS 'Containers with status pending.';
COMMENT ON COLUMN orchestration.cluster_status.running IS 'Containers with status running.';
COMMENT ON COLUMN orchestration.cluster_status.paused IS 'Containers with status paused.';
COMMENT ON COLUMN orchestration.cluster_status.stopped IS 'Containers with status stopped.';
COMMENT ON COLUMN orchestration.cluster_status.failed IS 'Containers with status failed.';
COMMENT ON COLUMN orchestration.cluster_status.objects IS 'Objects in the inventory.';
COMMENT ON COLUMN orchestration.cluster_status.due IS 'Objects that are still to be applied.';
COMMENT ON COLUMN orchestration.cluster_status.deleting IS 'Objects that are to go and are not proven gone.';
COMMENT ON COLUMN orchestration.cluster_status.failing IS 'Objects whose last attempt failed.';
COMMENT ON COLUMN orchestration.cluster_status.oldest_due_at IS 'Since when the oldest of these has been waiting.';
COMMENT ON COLUMN orchestration.cluster_status.usage_observed_at IS 'When the worker last looked at what the containers use.';
COMMENT ON COLUMN orchestration.cluster_status.left_out IS 'Statuses that are not written because somebody has locked the row; they are when it is free.';
COMMENT ON COLUMN orchestration.cluster_status.usage_message IS 'What went wrong then, and what to do about it; NULL: nothing.';
