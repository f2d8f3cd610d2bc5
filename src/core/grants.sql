/* The worker writes what it observes and reads what it renders. */
/* not on partitions: they are reached through their parents alone */
DO $$
DECLARE
	relation pg_catalog.regclass;
BEGIN
	FOR relation IN
		SELECT c.oid FROM pg_catalog.pg_class c
		WHERE c.relnamespace IN ('orchestration'::pg_catalog.regnamespace, 'orchestration_internal'::pg_catalog.regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
	LOOP
		EXECUTE pg_catalog.format('GRANT SELECT ON %s TO orchestration_worker', relation);
	END LOOP;
END
$$;
REVOKE SELECT ON orchestration.user_secrets, orchestration.user_sessions, orchestration.encryption_keys FROM orchestration_worker;
DO $$
DECLARE
	relation text;
BEGIN
	FOR relation IN SELECT r.relation FROM orchestration_internal.resources() r WHERE r.owner OR r.relation = 'clusters' LOOP
		EXECUTE pg_catalog.format('GRANT UPDATE ON orchestration.%I TO orchestration_worker', relation);
	END LOOP;
	/* what a container used goes with it when its deletion is proven */
	FOR relation IN SELECT r.relation FROM orchestration_internal.resources() r WHERE r.part_of IS NOT NULL LOOP
		EXECUTE pg_catalog.format('GRANT DELETE ON orchestration.%I TO orchestration_worker', relation);
	END LOOP;
END
$$;
GRANT INSERT, UPDATE, DELETE ON orchestration.managed_objects, orchestration.container_instances TO orchestration_worker;
GRANT UPDATE ON orchestration.maintenance_steps TO orchestration_worker;
GRANT INSERT ON orchestration.container_status_history, orchestration.operation_logs, orchestration.container_resource_usage TO orchestration_worker;
GRANT INSERT, UPDATE, DELETE ON orchestration_internal.container_usage_counters, orchestration.container_usage_hourly, orchestration.container_usage_daily TO orchestration_worker;
GRANT DELETE ON orchestration_internal.container_usage_pending TO orchestration_worker;
