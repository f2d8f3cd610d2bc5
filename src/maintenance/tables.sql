/* What has to be done every now and then, and what came of it. */
CREATE TABLE orchestration.maintenance_steps (
	name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{0,40}$'),
	description text NOT NULL,
	every interval NOT NULL CHECK (every > '0'),
	enabled boolean NOT NULL DEFAULT true,
	keep interval CHECK (keep >= '0'),
	next_run_at timestamptz NOT NULL DEFAULT '-infinity',
	last_started_at timestamptz,
	last_finished_at timestamptz,
	last_result text,
	last_error text,
	failures integer NOT NULL DEFAULT 0,
	created_by bigint DEFAULT orchestration.current_user_id(),
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);

COMMENT ON TABLE orchestration.maintenance_steps IS 'What the platform does for itself every now and then. The worker runs what is due; run_maintenance() runs all of it.';
COMMENT ON COLUMN orchestration.maintenance_steps.name IS 'Name of the step; the function maintain_<name>() does it.';
COMMENT ON COLUMN orchestration.maintenance_steps.description IS 'What it does.';
COMMENT ON COLUMN orchestration.maintenance_steps.every IS 'How long after its last start it is due again.';
COMMENT ON COLUMN orchestration.maintenance_steps.enabled IS 'False leaves it out.';
COMMENT ON COLUMN orchestration.maintenance_steps.keep IS 'Of steps that remove what is old or has ended: how long it is kept before; NULL for ever.';
COMMENT ON COLUMN orchestration.maintenance_steps.next_run_at IS 'When it is due. A step that failed is tried again earlier.';
COMMENT ON COLUMN orchestration.maintenance_steps.last_started_at IS 'When it last began. Later than last_finished_at: it is under way, or its process died.';
COMMENT ON COLUMN orchestration.maintenance_steps.last_finished_at IS 'When it last ended, well or not.';
COMMENT ON COLUMN orchestration.maintenance_steps.last_result IS 'What it did, in one sentence; NULL when it failed.';
COMMENT ON COLUMN orchestration.maintenance_steps.last_error IS 'Why it failed; NULL when it did not.';
COMMENT ON COLUMN orchestration.maintenance_steps.failures IS 'How often in a row it failed.';
COMMENT ON COLUMN orchestration.maintenance_steps.created_by IS 'User who made the row.';
COMMENT ON COLUMN orchestration.maintenance_steps.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.maintenance_steps.updated_at IS 'When the row was last changed.';

/* Runs of steps whose row somebody has locked, so that locking it does not end the step. */
CREATE TABLE orchestration_internal.maintenance_held (
	name text PRIMARY KEY,
	last_started_at timestamptz NOT NULL,
	runs integer NOT NULL DEFAULT 0,
	last_result text,
	last_error text,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);

/* The latest that the clock of the server was seen to say. */
CREATE TABLE orchestration_internal.clock (
	is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
	seen_at timestamptz NOT NULL,
	went_back_at timestamptz,
	went_back_by interval,
	mends boolean NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);

COMMENT ON TABLE orchestration_internal.clock IS 'What the clock of the server said last, and when it was set back: maintain_clock().';
COMMENT ON COLUMN orchestration_internal.clock.is_only IS 'True: there is one row.';
COMMENT ON COLUMN orchestration_internal.clock.seen_at IS 'What it said last.';
COMMENT ON COLUMN orchestration_internal.clock.went_back_at IS 'When it was last found to have been set back.';
COMMENT ON COLUMN orchestration_internal.clock.went_back_by IS 'By how much.';
COMMENT ON COLUMN orchestration_internal.clock.mends IS 'True while rows that somebody has locked still hold times that lie ahead.';
COMMENT ON COLUMN orchestration_internal.clock.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration_internal.clock.updated_at IS 'When the clock was last looked at.';

COMMENT ON TABLE orchestration_internal.maintenance_held IS 'Maintenance steps that ran while somebody had locked their row of maintenance_steps; counts as a failure.';
COMMENT ON COLUMN orchestration_internal.maintenance_held.name IS 'Name of the step.';
COMMENT ON COLUMN orchestration_internal.maintenance_held.last_started_at IS 'When it last began.';
COMMENT ON COLUMN orchestration_internal.maintenance_held.runs IS 'How often it ran without being able to write that down where it belongs.';
COMMENT ON COLUMN orchestration_internal.maintenance_held.last_result IS 'What it did; NULL when it failed.';
COMMENT ON COLUMN orchestration_internal.maintenance_held.last_error IS 'Why it failed; NULL when it did not.';
COMMENT ON COLUMN orchestration_internal.maintenance_held.created_at IS 'When that happened first.';
COMMENT ON COLUMN orchestration_internal.maintenance_held.updated_at IS 'When that happened last.';
