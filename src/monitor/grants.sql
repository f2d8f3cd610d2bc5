/* Who may see and change what of monitoring.  After access/roles.sql, which grants the functions of the house to users. */
GRANT SELECT ON orchestration.indicators, orchestration.prometheus_metrics TO orchestration_monitor;

GRANT INSERT, UPDATE, DELETE ON orchestration.alerts TO orchestration_worker;
GRANT INSERT, DELETE ON orchestration.indicator_history TO orchestration_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON orchestration.alert_rules TO orchestration_user;
GRANT SELECT, UPDATE (acknowledged_at, acknowledged_by, note, updated_at) ON orchestration.alerts TO orchestration_user;
GRANT SELECT ON orchestration.indicator_history TO orchestration_user;
