/* Indicators, metrics and alerts for people and programs; the trigger that tells of alerts. */

CREATE OR REPLACE VIEW orchestration.indicators AS
SELECT i.name, i.value, i.unit, i.labels, i.description FROM orchestration_internal.read_indicators() i;

COMMENT ON VIEW orchestration.indicators IS 'What there is to know of the database and the platform, read now. Rates and response times are since the last evaluation. Raises 42501 for whoever may not read monitoring everywhere.';
COMMENT ON COLUMN orchestration.indicators.name IS 'Name of the indicator.';
COMMENT ON COLUMN orchestration.indicators.value IS 'Value; NULL when it could not be measured.';
COMMENT ON COLUMN orchestration.indicators.unit IS 'percent, ms, s, bytes, millicores, per_second, count or boolean.';
COMMENT ON COLUMN orchestration.indicators.labels IS 'What it is about, such as {"standby": "b"}; {} when there is one of it.';
COMMENT ON COLUMN orchestration.indicators.description IS 'What it says.';

CREATE OR REPLACE VIEW orchestration.prometheus_metrics AS
SELECT m.name, m.type, m.help, m.labels, m.value FROM orchestration_internal.read_metrics() m;

COMMENT ON VIEW orchestration.prometheus_metrics IS 'The samples of metrics(), for exporters that run SQL.';
COMMENT ON COLUMN orchestration.prometheus_metrics.name IS 'Name of the metric, with its unit.';
COMMENT ON COLUMN orchestration.prometheus_metrics.type IS 'gauge or counter.';
COMMENT ON COLUMN orchestration.prometheus_metrics.help IS 'What it says.';
COMMENT ON COLUMN orchestration.prometheus_metrics.labels IS 'Labels of the series.';
COMMENT ON COLUMN orchestration.prometheus_metrics.value IS 'Value, in seconds, bytes, cores or a ratio.';

CREATE OR REPLACE VIEW orchestration.open_alerts AS
SELECT a.id, a.severity, a.rule, n.name AS namespace, a.labels, a.last_value AS value, a.peak_value AS peak, r.comparison, r.threshold, a.unit,
	a.opened_at, pg_catalog.clock_timestamp() - a.opened_at AS age, a.acknowledged_at, a.acknowledged_by, a.note, a.description
FROM orchestration.alerts a
LEFT JOIN orchestration.alert_rules r ON r.name = a.rule
LEFT JOIN orchestration.namespaces n ON n.id = a.namespace_id
WHERE a.state = 'open'
ORDER BY array_position('{critical,warning,info}', a.severity), a.opened_at;

COMMENT ON VIEW orchestration.open_alerts IS 'Alerts that are open, the worst and oldest first.';
COMMENT ON COLUMN orchestration.open_alerts.id IS 'Identity of the alert.';
COMMENT ON COLUMN orchestration.open_alerts.severity IS 'critical, warning or info.';
COMMENT ON COLUMN orchestration.open_alerts.rule IS 'Rule that found it.';
COMMENT ON COLUMN orchestration.open_alerts.namespace IS 'Namespace that it is about; platform when it is about none.';
COMMENT ON COLUMN orchestration.open_alerts.labels IS 'What it is about.';
COMMENT ON COLUMN orchestration.open_alerts.value IS 'Newest value.';
COMMENT ON COLUMN orchestration.open_alerts.peak IS 'Worst value so far.';
COMMENT ON COLUMN orchestration.open_alerts.comparison IS 'How the value lies to the threshold when there is trouble.';
COMMENT ON COLUMN orchestration.open_alerts.threshold IS 'Limit of the rule.';
COMMENT ON COLUMN orchestration.open_alerts.unit IS 'Unit of the values.';
COMMENT ON COLUMN orchestration.open_alerts.opened_at IS 'When it opened.';
COMMENT ON COLUMN orchestration.open_alerts.age IS 'How long ago that was.';
COMMENT ON COLUMN orchestration.open_alerts.acknowledged_at IS 'When somebody took it on.';
COMMENT ON COLUMN orchestration.open_alerts.acknowledged_by IS 'User who took it on.';
COMMENT ON COLUMN orchestration.open_alerts.note IS 'What that user wrote.';
COMMENT ON COLUMN orchestration.open_alerts.description IS 'What it means and what to look at.';

CREATE OR REPLACE TRIGGER notify_alert AFTER INSERT OR UPDATE ON orchestration.alerts
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.notify_alert();
