/* Rules, what came of them, and what the indicators were. */

CREATE TABLE orchestration.alert_rules (
	name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{0,62}$'),
	indicator text NOT NULL CHECK (orchestration_internal.valid_indicator(indicator)),
	labels jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(labels) = 'object'),
	comparison text NOT NULL DEFAULT '>' CHECK (comparison IN ('>', '>=', '<', '<=')),
	threshold double precision NOT NULL,
	clear_threshold double precision,
	for_duration interval NOT NULL DEFAULT '0' CHECK (for_duration >= '0'),
	clear_duration interval NOT NULL DEFAULT '5 minutes' CHECK (clear_duration >= '0'),
	severity text NOT NULL DEFAULT 'warning' CHECK (severity IN ('info', 'warning', 'critical')),
	enabled boolean NOT NULL DEFAULT true,
	description text NOT NULL,
	retention interval NOT NULL DEFAULT '1 year' CHECK (retention > '0'),
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by bigint DEFAULT orchestration.current_user_id() REFERENCES orchestration.users (id),
	/* clearing beyond the threshold would open and resolve by turns */
	CONSTRAINT alert_rules_clear_threshold CHECK (CASE WHEN comparison IN ('>', '>=') THEN clear_threshold <= threshold ELSE clear_threshold >= threshold END)
);

CREATE TABLE orchestration.alerts (
	namespace_id bigint NOT NULL DEFAULT 0,
	id bigint GENERATED ALWAYS AS IDENTITY,
	rule text NOT NULL,
	labels jsonb NOT NULL DEFAULT '{}',
	state text NOT NULL CHECK (state IN ('pending', 'open', 'resolved')),
	severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
	description text NOT NULL,
	unit text NOT NULL,
	breached_since timestamptz NOT NULL,
	cleared_since timestamptz,
	opened_at timestamptz,
	acknowledged_at timestamptz,
	acknowledged_by bigint,
	note text,
	resolved_at timestamptz,
	value_at_open double precision,
	peak_value double precision,
	last_value double precision,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by bigint DEFAULT orchestration.current_user_id(),
	PRIMARY KEY (namespace_id, id),
	CHECK ((state = 'pending') = (opened_at IS NULL)),
	CHECK ((state = 'resolved') = (resolved_at IS NOT NULL))
);

CREATE INDEX alerts_id ON orchestration.alerts (id);
/* one at a time of each rule and subject */
CREATE UNIQUE INDEX alerts_current ON orchestration.alerts (namespace_id, rule, labels) WHERE state <> 'resolved';
CREATE INDEX alerts_resolved ON orchestration.alerts (resolved_at) WHERE state = 'resolved';

/* every evaluation's readings, for plots and for looking back */
CREATE TABLE orchestration.indicator_history (
	recorded_at timestamptz NOT NULL,
	name text NOT NULL,
	labels jsonb NOT NULL DEFAULT '{}',
	value double precision NOT NULL,
	PRIMARY KEY (name, recorded_at, labels)
);

CREATE INDEX indicator_history_recorded_at ON orchestration.indicator_history USING brin (recorded_at);

/* counters as they were at the last evaluation: rates are differences, not averages since ever */
CREATE TABLE orchestration_internal.indicator_samples (
	key text PRIMARY KEY,
	sample jsonb NOT NULL,
	sampled_at timestamptz NOT NULL,
	previous_sample jsonb,
	previous_at timestamptz,
	server_started_at timestamptz NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);

COMMENT ON TABLE orchestration.alert_rules IS 'When an indicator is an alert. Yours to change: bootstrap() adds only what is missing, so disable a rule rather than delete it.';
COMMENT ON COLUMN orchestration.alert_rules.name IS 'Name of the rule.';
COMMENT ON COLUMN orchestration.alert_rules.indicator IS 'Indicator that it watches, as in the view indicators.';
COMMENT ON COLUMN orchestration.alert_rules.labels IS 'Only readings that have these labels: {"namespace": "shop"}; {} for all. Each subject (set of labels) has an alert of its own.';
COMMENT ON COLUMN orchestration.alert_rules.comparison IS 'How the value lies to the threshold when there is trouble: >, >=, < or <=.';
COMMENT ON COLUMN orchestration.alert_rules.threshold IS 'Limit, in the unit of the indicator.';
COMMENT ON COLUMN orchestration.alert_rules.clear_threshold IS 'The alert heals only when the comparison does not hold for this value either; NULL: for the threshold.';
COMMENT ON COLUMN orchestration.alert_rules.for_duration IS 'How long the trouble must last without a break before the alert opens.';
COMMENT ON COLUMN orchestration.alert_rules.clear_duration IS 'How long it must be well without a break before the alert is resolved.';
COMMENT ON COLUMN orchestration.alert_rules.severity IS 'info, warning or critical.';
COMMENT ON COLUMN orchestration.alert_rules.enabled IS 'False: its open alerts are resolved and no new ones are opened.';
COMMENT ON COLUMN orchestration.alert_rules.description IS 'What it means and what to look at, for whoever is woken by it.';
COMMENT ON COLUMN orchestration.alert_rules.retention IS 'How long its resolved alerts are kept.';
COMMENT ON COLUMN orchestration.alert_rules.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.alert_rules.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN orchestration.alert_rules.created_by IS 'User that made the row; NULL when no user belongs to the role.';
COMMENT ON TABLE orchestration.alerts IS 'What the rules found: at most one that is not resolved for each rule and subject.';
COMMENT ON COLUMN orchestration.alerts.namespace_id IS 'Namespace that the subject belongs to; 0 for the platform.';
COMMENT ON COLUMN orchestration.alerts.id IS 'Identity of the alert.';
COMMENT ON COLUMN orchestration.alerts.rule IS 'Rule that found it.';
COMMENT ON COLUMN orchestration.alerts.labels IS 'What it is about: the labels of the reading.';
COMMENT ON COLUMN orchestration.alerts.state IS 'pending (beyond the threshold, not for long enough yet), open or resolved.';
COMMENT ON COLUMN orchestration.alerts.severity IS 'Severity of the rule.';
COMMENT ON COLUMN orchestration.alerts.description IS 'Description of the rule.';
COMMENT ON COLUMN orchestration.alerts.unit IS 'Unit of the values.';
COMMENT ON COLUMN orchestration.alerts.breached_since IS 'Since when the value has been beyond the threshold.';
COMMENT ON COLUMN orchestration.alerts.cleared_since IS 'Since when it has been well, while clear_duration runs or ran.';
COMMENT ON COLUMN orchestration.alerts.opened_at IS 'When the trouble had lasted for_duration; NULL while pending.';
COMMENT ON COLUMN orchestration.alerts.acknowledged_at IS 'When somebody took it on: acknowledge_alert().';
COMMENT ON COLUMN orchestration.alerts.acknowledged_by IS 'User who took it on.';
COMMENT ON COLUMN orchestration.alerts.note IS 'What that user wrote.';
COMMENT ON COLUMN orchestration.alerts.resolved_at IS 'When it had been well for clear_duration, or the rule was disabled or deleted.';
COMMENT ON COLUMN orchestration.alerts.value_at_open IS 'Value when it opened.';
COMMENT ON COLUMN orchestration.alerts.peak_value IS 'Worst value so far.';
COMMENT ON COLUMN orchestration.alerts.last_value IS 'Newest value that was known.';
COMMENT ON COLUMN orchestration.alerts.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.alerts.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN orchestration.alerts.created_by IS 'User that made the row; NULL when no user belongs to the role.';
COMMENT ON TABLE orchestration.indicator_history IS 'The indicators at every evaluation, for as long as the maintenance step alerts keeps them: 15 days.';
COMMENT ON COLUMN orchestration.indicator_history.recorded_at IS 'When the indicators were read.';
COMMENT ON COLUMN orchestration.indicator_history.name IS 'Name of the indicator.';
COMMENT ON COLUMN orchestration.indicator_history.labels IS 'What the value is about.';
COMMENT ON COLUMN orchestration.indicator_history.value IS 'Value, in the unit of the indicator.';
COMMENT ON TABLE orchestration_internal.indicator_samples IS 'Counters of the server at the last evaluation, and the standbys that were seen.';
COMMENT ON COLUMN orchestration_internal.indicator_samples.key IS 'What was sampled: database, statements, or standby/<name>.';
COMMENT ON COLUMN orchestration_internal.indicator_samples.sample IS 'The counters.';
COMMENT ON COLUMN orchestration_internal.indicator_samples.sampled_at IS 'When it was sampled, or the standby was last seen.';
COMMENT ON COLUMN orchestration_internal.indicator_samples.previous_sample IS 'The counters before that; compared with while the newest are too young.';
COMMENT ON COLUMN orchestration_internal.indicator_samples.previous_at IS 'When those were sampled.';
COMMENT ON COLUMN orchestration_internal.indicator_samples.server_started_at IS 'Start of the server that counted: another one counts from another zero.';
COMMENT ON COLUMN orchestration_internal.indicator_samples.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration_internal.indicator_samples.updated_at IS 'When the row was last changed.';
