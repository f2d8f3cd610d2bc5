/* Who may see and change what of monitoring.  After access/roles.sql, which grants the functions of the house to users. */
GRANT SELECT ON orchestration.indicators, orchestration.prometheus_metrics TO orchestration_monitor;
GRANT EXECUTE ON FUNCTION orchestration_internal.read_indicators(), orchestration_internal.read_metrics(), orchestration.metrics(), orchestration_internal.require_monitoring() TO orchestration_monitor;

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
		WHERE p.pronamespace IN ('orchestration'::pg_catalog.regnamespace, 'orchestration_internal'::pg_catalog.regnamespace)
			AND (p.proname LIKE 'indicators\_of\_%' OR p.proname IN ('disk_space', 'earlier_sample', 'database_counters', 'statement_counters', 'store_sample', 'take_samples',
				'forget_standby', 'readings_of_rules', 'judge_readings', 'evaluate_alerts', 'maintain_alerts'))
	LOOP
		EXECUTE pg_catalog.format('REVOKE EXECUTE ON FUNCTION %s FROM orchestration_user', inner_function);
	END LOOP;
END
$$;
