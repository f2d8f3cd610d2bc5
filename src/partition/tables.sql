/* How long the log tables keep their months, and what became of each month. */
CREATE TABLE orchestration.partition_policies (
	table_name text PRIMARY KEY,
	months_ahead integer NOT NULL DEFAULT 3,
	retention_months integer,
	action text NOT NULL DEFAULT 'drop',
	tablespace text,
	grace interval NOT NULL DEFAULT '1 day',
	created_by bigint DEFAULT orchestration.current_user_id(),
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);

COMMENT ON TABLE orchestration.partition_policies IS 'For each log table: how many months are made ahead, and what becomes of those that are over. rotate_partitions() follows it.';
COMMENT ON COLUMN orchestration.partition_policies.table_name IS 'A table of this schema that is partitioned by ranges of one timestamptz.';
COMMENT ON COLUMN orchestration.partition_policies.months_ahead IS 'Months after the current one that are to be there; at least 3.';
COMMENT ON COLUMN orchestration.partition_policies.retention_months IS 'Whole months before the current one that are kept; NULL keeps all.';
COMMENT ON COLUMN orchestration.partition_policies.action IS 'What becomes of an older one: drop it, detach it (an ordinary table is left), or move it to the tablespace.';
COMMENT ON COLUMN orchestration.partition_policies.tablespace IS 'Where older months are moved to, if action is tablespace. New months are made in the tablespace of the table.';
COMMENT ON COLUMN orchestration.partition_policies.grace IS 'How long a month is seen as too old before anything is done to it: a clock that ran ahead for less costs no row.';
COMMENT ON COLUMN orchestration.partition_policies.created_by IS 'User who made the row.';
COMMENT ON COLUMN orchestration.partition_policies.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.partition_policies.updated_at IS 'When the row was last changed.';

CREATE TABLE orchestration.partition_actions (
	partition_name text PRIMARY KEY,
	table_name text NOT NULL,
	relation oid,
	action text NOT NULL CHECK (action IN ('create', 'attach', 'drop', 'detach', 'tablespace')),
	state text NOT NULL CHECK (state IN ('due', 'running', 'detached', 'done', 'failed')),
	kept boolean NOT NULL DEFAULT false,
	due_since timestamptz,
	started_at timestamptz,
	finished_at timestamptz,
	last_error text,
	failures integer NOT NULL DEFAULT 0,
	created_by bigint DEFAULT orchestration.current_user_id(),
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

COMMENT ON TABLE orchestration.partition_actions IS 'What was last done to each month of the log tables, or is to be done, and what came of it.';
COMMENT ON COLUMN orchestration.partition_actions.partition_name IS 'Name of the partition; it may be gone.';
COMMENT ON COLUMN orchestration.partition_actions.table_name IS 'The log table.';
COMMENT ON COLUMN orchestration.partition_actions.relation IS 'The partition''s oid: another table of that name is never dropped.';
COMMENT ON COLUMN orchestration.partition_actions.action IS 'create and attach: it was. drop, detach, tablespace: what its policy said when it was seen as too old.';
COMMENT ON COLUMN orchestration.partition_actions.state IS 'due: seen as too old. running: begun, or its process died. detached: yet to be dropped. done. failed: it is tried again.';
COMMENT ON COLUMN orchestration.partition_actions.kept IS 'True for what was attached by hand: nothing is done to it, however old, until this is set to false.';
COMMENT ON COLUMN orchestration.partition_actions.due_since IS 'Since when it is seen as too old; the policy''s grace begins here.';
COMMENT ON COLUMN orchestration.partition_actions.started_at IS 'When the action was last begun.';
COMMENT ON COLUMN orchestration.partition_actions.finished_at IS 'When it last ended, well or not.';
COMMENT ON COLUMN orchestration.partition_actions.last_error IS 'Why it failed; NULL when it did not.';
COMMENT ON COLUMN orchestration.partition_actions.failures IS 'How often in a row it failed.';
COMMENT ON COLUMN orchestration.partition_actions.created_by IS 'User who made the row; NULL for rotations.';
COMMENT ON COLUMN orchestration.partition_actions.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.partition_actions.updated_at IS 'When the row was last changed.';
