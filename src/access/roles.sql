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
DO $$
DECLARE
	wanted record;
BEGIN
	FOR wanted IN
		SELECT r.relation, (
				SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
				FROM pg_catalog.pg_attribute a
				WHERE a.attrelid = pg_catalog.to_regclass(format('orchestration.%I', r.relation)) AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> ALL (r.secret)
			) AS readable, r.secret <> '{}' AS is_sealed
		FROM orchestration_internal.resources() r
		WHERE r.scope IS NOT NULL OR r.relation IN ('clusters', 'user_secrets')
	LOOP
		EXECUTE format('GRANT INSERT, UPDATE, DELETE ON orchestration.%I TO orchestration_user', wanted.relation);
		/* ciphertext is for the functions that decrypt it */
		EXECUTE format('GRANT SELECT %s ON orchestration.%I TO orchestration_user', CASE WHEN wanted.is_sealed THEN '(' || wanted.readable || ')' END, wanted.relation);
	END LOOP;
END
$$;
GRANT SELECT, INSERT, UPDATE, DELETE ON orchestration.user_roles, orchestration.roles TO orchestration_user;
GRANT SELECT ON orchestration.container_instances, orchestration.managed_objects, orchestration_internal.plan_errors, orchestration_internal.job_runs, orchestration.installation TO orchestration_user;
/* forgotten by unregister_cluster() alone: what nobody remembers runs for ever */
REVOKE DELETE ON orchestration.container_instances, orchestration.managed_objects FROM orchestration_user;
/* how many, for cluster_status */
GRANT SELECT (cluster_id) ON orchestration_internal.left_out TO orchestration_user;
GRANT SELECT ON orchestration.container_status_history, orchestration.container_instance_history, orchestration.operation_logs TO orchestration_user;
/* entries come by record_usage(), which makes the month that is missing */
GRANT SELECT ON orchestration.container_resource_usage, orchestration.container_usage_hourly, orchestration.container_usage_daily, orchestration_internal.container_usage_pending TO orchestration_user;
/* ended by revoke_session(), and never brought back */
GRANT SELECT ON orchestration.user_sessions TO admin_role;
/* who shortens a retention deletes audit rows: the policies ask for that permission */
GRANT SELECT, UPDATE (months_ahead, retention_months, action, tablespace, grace) ON orchestration.partition_policies TO orchestration_user;
GRANT SELECT, UPDATE (kept) ON orchestration.partition_actions TO orchestration_user;
GRANT SELECT, UPDATE (every, enabled, keep, next_run_at) ON orchestration.maintenance_steps TO orchestration_user;

REVOKE ALL ON orchestration.users FROM PUBLIC;
GRANT SELECT (id, username, full_name, status, created_at) ON orchestration.users TO operators;
GRANT SELECT, INSERT, UPDATE, DELETE ON orchestration.users TO admin_role;

/* these ask for the permission themselves, and run with the rights of their owner */
GRANT SELECT ON orchestration.container_summary, orchestration.index_report, orchestration.bloat_report TO orchestration_user;

/*
 * The other views run with the rights of whoever asks, from PostgreSQL 15 on, and so
 * does what they are made of.  On 14 they run with those of their owner, past row
 * security: there nobody else gets them.
 */
DO $$
DECLARE
	view pg_catalog.regclass;
BEGIN
	IF pg_catalog.current_setting('server_version_num')::integer < 150000 THEN
		RETURN;
	END IF;
	FOR view IN
		WITH RECURSIVE readable AS (
			SELECT c.oid FROM pg_catalog.pg_class c
			WHERE c.relnamespace = 'orchestration'::pg_catalog.regnamespace AND c.relkind = 'v' AND c.relname NOT IN ('container_summary', 'index_report', 'bloat_report')
			UNION
			/* functions with the rights of the caller read these */
			SELECT v.oid FROM (VALUES ('orchestration_internal.usage_hours'::pg_catalog.regclass), ('orchestration_internal.usage_days')) v (oid)
			UNION
			SELECT d.refobjid
			FROM readable r
			JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid
			JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
			JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND c.relkind = 'v' AND c.relnamespace = 'orchestration_internal'::pg_catalog.regnamespace
		)
		SELECT r.oid FROM readable r
	LOOP
		EXECUTE pg_catalog.format('ALTER VIEW %s SET (security_invoker = true)', view);
		EXECUTE pg_catalog.format('GRANT SELECT ON %s TO orchestration_user', view);
	END LOOP;
END
$$;
