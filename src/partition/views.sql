/* What an operator looks at.  The catalogs say what is there, partition_actions what was done. */
CREATE OR REPLACE VIEW orchestration.partition_status AS
SELECT p.table_name, p.partition_name, p.from_time, p.before_time, p.state,
	pg_catalog.pg_total_relation_size(p.relation) AS size_bytes,
	GREATEST(c.reltuples, 0)::bigint AS row_estimate,
	COALESCE(t.spcname, d.spcname)::text AS tablespace,
	COALESCE(a.kept, false) AS kept,
	CASE WHEN a.state <> 'done' THEN a.action END AS due_action,
	CASE WHEN a.state <> 'done' THEN a.due_since + y.grace END AS due_at,
	a.action AS last_action,
	a.state AS last_result,
	a.last_error,
	a.updated_at AS last_at
FROM (
	SELECT l.table_name, l.partition_name, l.relation, l.from_time, l.before_time,
		CASE WHEN l.is_pending THEN 'detaching' ELSE 'attached' END AS state
	FROM orchestration_internal.log_partitions() l
	UNION ALL
	SELECT a.table_name, a.partition_name, a.relation, NULL, NULL, 'detached'
	FROM orchestration.partition_actions a
	WHERE orchestration_internal.is_detached(a.relation, a.partition_name)
) p
JOIN pg_catalog.pg_class c ON c.oid = p.relation
JOIN pg_catalog.pg_database b ON b.datname = pg_catalog.current_database()
JOIN pg_catalog.pg_tablespace d ON d.oid = b.dattablespace
LEFT JOIN pg_catalog.pg_tablespace t ON t.oid = c.reltablespace
LEFT JOIN orchestration.partition_policies y ON y.table_name = p.table_name
LEFT JOIN orchestration.partition_actions a ON a.partition_name = p.partition_name;

COMMENT ON VIEW orchestration.partition_status IS 'The monthly partitions of the log tables: what they hold, where they are, what was done to them and what is to be done.';
COMMENT ON COLUMN orchestration.partition_status.table_name IS 'The log table.';
COMMENT ON COLUMN orchestration.partition_status.partition_name IS 'The partition.';
COMMENT ON COLUMN orchestration.partition_status.from_time IS 'Earliest time that it holds; NULL once it is detached.';
COMMENT ON COLUMN orchestration.partition_status.before_time IS 'The time before which its rows are; NULL once it is detached.';
COMMENT ON COLUMN orchestration.partition_status.state IS 'attached; detaching (begun, the next rotation finishes it); detached (an ordinary table).';
COMMENT ON COLUMN orchestration.partition_status.size_bytes IS 'On disk, with indexes and TOAST.';
COMMENT ON COLUMN orchestration.partition_status.row_estimate IS 'Rows as of the last VACUUM or ANALYZE.';
COMMENT ON COLUMN orchestration.partition_status.tablespace IS 'Tablespace that it lies in.';
COMMENT ON COLUMN orchestration.partition_status.kept IS 'True: attached by hand, not touched by rotations.';
COMMENT ON COLUMN orchestration.partition_status.due_action IS 'What is to be done to it; NULL: nothing.';
COMMENT ON COLUMN orchestration.partition_status.due_at IS 'Not before when.';
COMMENT ON COLUMN orchestration.partition_status.last_action IS 'Last action of partition_actions; NULL when none is known.';
COMMENT ON COLUMN orchestration.partition_status.last_result IS 'Its state.';
COMMENT ON COLUMN orchestration.partition_status.last_error IS 'Why it failed.';
COMMENT ON COLUMN orchestration.partition_status.last_at IS 'When that was written.';

CREATE OR REPLACE VIEW orchestration.log_table_status AS
SELECT y.table_name,
	COALESCE(m.months_left, -1) AS months_left,
	s.partitions, s.from_time, s.before_time, s.size_bytes,
	y.retention_months, y.action,
	s.failed,
	s.last_at
FROM orchestration.partition_policies y
LEFT JOIN LATERAL (
	/* months that follow the current one without a gap */
	SELECT pg_catalog.min(n.n) - 1 AS months_left
	FROM pg_catalog.generate_series(0, 121) n (n)
	WHERE n.n = 121 OR NOT orchestration_internal.log_month_exists(pg_catalog.to_regclass(pg_catalog.format('orchestration.%I', y.table_name)), orchestration_internal.month_start(pg_catalog.now(), n.n))
) m ON true
LEFT JOIN LATERAL (
	SELECT pg_catalog.count(*) FILTER (WHERE p.state = 'attached') AS partitions, pg_catalog.min(p.from_time) AS from_time, pg_catalog.max(p.before_time) AS before_time,
		pg_catalog.sum(p.size_bytes)::bigint AS size_bytes, pg_catalog.count(*) FILTER (WHERE p.last_result = 'failed') AS failed, pg_catalog.max(p.last_at) AS last_at
	FROM orchestration.partition_status p
	WHERE p.table_name = y.table_name
) s ON true;

COMMENT ON VIEW orchestration.log_table_status IS 'The log tables: how many months they are ahead, how far back they go, how large they are.';
COMMENT ON COLUMN orchestration.log_table_status.table_name IS 'The log table.';
COMMENT ON COLUMN orchestration.log_table_status.months_left IS 'Months after the current one that are there without a gap, 120 at most; -1: not even the current one is.';
COMMENT ON COLUMN orchestration.log_table_status.partitions IS 'Months that are attached.';
COMMENT ON COLUMN orchestration.log_table_status.from_time IS 'Where the first attached month begins.';
COMMENT ON COLUMN orchestration.log_table_status.before_time IS 'Where the last attached month ends.';
COMMENT ON COLUMN orchestration.log_table_status.size_bytes IS 'All months together, the detached ones too.';
COMMENT ON COLUMN orchestration.log_table_status.retention_months IS 'Months that are kept; NULL: all.';
COMMENT ON COLUMN orchestration.log_table_status.action IS 'What becomes of older ones.';
COMMENT ON COLUMN orchestration.log_table_status.failed IS 'Months whose last action failed: see partition_status.';
COMMENT ON COLUMN orchestration.log_table_status.last_at IS 'When something was last done to one of them.';
