/* Who may see and change what of monitoring.  After access/roles.sql, which grants the functions of the house to users. */
DO $$
BEGIN
	IF pg_catalog.to_regrole('orchestration_monitor') IS NULL THEN
		CREATE ROLE orchestration_monitor NOLOGIN;
		COMMENT ON ROLE orchestration_monitor IS 'May read the indicators and metrics of orchestration, and no row of it: for exporters.';
	END IF;
END
$$;

GRANT USAGE ON SCHEMA orchestration TO orchestration_monitor;
GRANT SELECT ON orchestration.indicators, orchestration.prometheus_metrics TO orchestration_monitor;
GRANT EXECUTE ON FUNCTION orchestration.read_indicators(), orchestration.read_metrics(), orchestration.metrics(), orchestration.require_monitoring() TO orchestration_monitor;
GRANT orchestration_monitor TO orchestration_worker;

GRANT INSERT, UPDATE, DELETE ON orchestration.alerts TO orchestration_worker;
GRANT INSERT, DELETE ON orchestration.indicator_history TO orchestration_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON orchestration.alert_rules TO orchestration_user;
GRANT SELECT, UPDATE (acknowledged_at, acknowledged_by, note, updated_at) ON orchestration.alerts TO orchestration_user;
GRANT SELECT ON orchestration.indicator_history TO orchestration_user;

/* what the views are made of is not for users */
DO $$
DECLARE
	inner_function pg_catalog.regprocedure;
BEGIN
	FOR inner_function IN
		SELECT p.oid FROM pg_catalog.pg_proc p
		WHERE p.pronamespace = 'orchestration'::pg_catalog.regnamespace
			AND (p.proname LIKE 'indicators\_of\_%' OR p.proname IN ('disk_space', 'earlier_sample', 'database_counters', 'statement_counters', 'store_sample', 'take_samples',
				'forget_standby', 'readings_of_rules', 'judge_readings', 'evaluate_alerts', 'maintain_alerts'))
	LOOP
		EXECUTE pg_catalog.format('REVOKE EXECUTE ON FUNCTION %s FROM orchestration_user', inner_function);
	END LOOP;
END
$$;
