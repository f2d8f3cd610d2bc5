/*
 * What the group roles may do with the tables.  None of them sees a row by itself:
 * rows come from the user that the session is.
 */
DO $$
BEGIN
	/* the worker serves all namespaces and is no user */
	IF NOT (SELECT r.rolbypassrls FROM pg_catalog.pg_roles r WHERE r.rolname = 'orchestration_worker') THEN
		ALTER ROLE orchestration_worker BYPASSRLS;
	END IF;
	IF pg_catalog.current_setting('server_version_num')::integer >= 150000 THEN
		GRANT SET ON PARAMETER orchestration.user_id, orchestration.client_addr TO orchestration_gateway;
	END IF;
END
$$;

/* tables: everything but what holds ciphertext, and what the worker alone writes */
GRANT SELECT, INSERT, UPDATE, DELETE ON orchestration.namespaces, orchestration.config_maps, orchestration.volumes, orchestration.containers,
	orchestration.container_volumes, orchestration.port_mappings, orchestration.environment_variables, orchestration.container_probes,
	orchestration.container_images, orchestration.user_roles, orchestration.roles TO orchestration_user;
GRANT SELECT ON orchestration.container_instances, orchestration.managed_objects, orchestration_internal.plan_errors, orchestration.installation TO orchestration_user;
GRANT DELETE ON orchestration.container_instances, orchestration.managed_objects TO orchestration_user;
GRANT SELECT ON orchestration.container_status_history, orchestration.container_instance_history, orchestration.operation_logs TO orchestration_user;
/* entries come by record_usage(), which makes the month that is missing */
GRANT SELECT ON orchestration.container_resource_usage, orchestration.container_usage_hourly, orchestration.container_usage_daily, orchestration_internal.container_usage_pending TO orchestration_user;
GRANT INSERT, UPDATE, DELETE ON orchestration.secrets, orchestration.registries, orchestration.clusters, orchestration.user_secrets TO orchestration_user;
/* ended by revoke_session(), and never brought back */
GRANT SELECT ON orchestration.user_sessions TO admin_role;
/* who shortens a retention deletes audit rows: the policies ask for that permission */
GRANT SELECT, UPDATE (months_ahead, retention_months, action, tablespace, grace) ON orchestration.partition_policies TO orchestration_user;
GRANT SELECT, UPDATE (kept) ON orchestration.partition_actions TO orchestration_user;
GRANT SELECT, UPDATE (every, enabled, keep, next_run_at) ON orchestration.maintenance_steps TO orchestration_user;

/* ciphertext is for the functions that decrypt it */
DO $$
DECLARE
	sealed record;
BEGIN
	FOR sealed IN
		SELECT c.oid::regclass AS relation, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS readable
		FROM pg_catalog.pg_class c
		JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relname IN ('secrets', 'registries', 'clusters', 'user_secrets')
			AND a.attname NOT LIKE 'encrypted%'
		GROUP BY c.oid
	LOOP
		EXECUTE format('GRANT SELECT (%s) ON %s TO orchestration_user', sealed.readable, sealed.relation);
	END LOOP;
END
$$;

REVOKE ALL ON orchestration.users FROM PUBLIC;
GRANT SELECT (id, username, full_name, status, created_at) ON orchestration.users TO operators;
GRANT SELECT, INSERT, UPDATE, DELETE ON orchestration.users TO admin_role;

/*
 * Functions: what the API is made of.  Not: what the worker calls, what makes and
 * migrates tables, what decrypts, and what proves who somebody is.
 */
DO $$
DECLARE
	function pg_catalog.regprocedure;
BEGIN
	FOR function IN
		SELECT p.oid FROM pg_catalog.pg_proc p
		WHERE p.pronamespace IN ('orchestration'::pg_catalog.regnamespace, 'orchestration_internal'::pg_catalog.regnamespace) AND p.prokind IN ('f', 'p')
			AND (p.proname NOT LIKE 'worker\_%' OR p.proname = 'worker_state') AND p.proname NOT LIKE '%\_definitions' AND p.proname NOT LIKE 'ensure\_%' AND p.proname NOT LIKE 'maintain\_%'
			AND p.proname NOT IN ('bootstrap', 'check_bootstrap', 'check_encryption_key', 'unseal', 'unseal_version', 'rewrap', 'encryption_key_ring',
				'record_encryption_keys', 'rotate_encryption_key', 'count_sealed', 'log_operation', 'record_operation', 'audit_queue', 'seal_month', 'seal_digest', 'audit_months', 'check_seals', 'verify_month', 'server_log', 'refuse_permission', 'secret_values', 'assume_identity', 'act_as', 'set_client_addr', 'user_id_of',
				'refresh_permissions', 'verify_signature', 'decode_base64url', 'token_keys', 'token_is_signed', 'token_claims', 'check_token_claims', 'record_session', 'run_maintenance', 'run_maintenance_step',
				'attach_month', 'secure_partition', 'mark_expired_partitions', 'record_partition_step', 'note_partition_step', 'move_partition', 'take_partition_step',
				'start_rotation', 'rotate_partitions', 'attach_partition', 'schedule_maintenance', 'unschedule_maintenance')
			AND p.prorettype NOT IN ('pg_catalog.trigger'::regtype, 'pg_catalog.internal'::regtype, 'pg_catalog.event_trigger'::regtype)
	LOOP
		EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO orchestration_user', function);
	END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION orchestration.act_as(bigint), orchestration.act_as(text), orchestration_internal.user_id_of(text),
	orchestration.log_operation(bigint, text, text, bigint, text, jsonb) TO orchestration_gateway;

/* these ask for the permission themselves, and run with the rights of their owner */
GRANT SELECT ON orchestration.container_summary, orchestration.index_report, orchestration.bloat_report TO orchestration_user;

/*
 * The other views run with the rights of whoever asks, from PostgreSQL 15 on.  On
 * 14 they run with those of their owner, past row security: there nobody else gets them.
 */
DO $$
DECLARE
	view pg_catalog.regclass;
BEGIN
	IF pg_catalog.current_setting('server_version_num')::integer < 150000 THEN
		RETURN;
	END IF;
	FOR view IN
		SELECT c.oid FROM pg_catalog.pg_class c
		WHERE c.relnamespace IN ('orchestration'::pg_catalog.regnamespace, 'orchestration_internal'::pg_catalog.regnamespace) AND c.relkind = 'v' AND c.relname NOT IN ('container_summary', 'index_report', 'bloat_report')
	LOOP
		EXECUTE pg_catalog.format('ALTER VIEW %s SET (security_invoker = true)', view);
		EXECUTE pg_catalog.format('GRANT SELECT ON %s TO orchestration_user', view);
	END LOOP;
END
$$;
