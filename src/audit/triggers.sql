/*
 * Every table that users write is audited; a test demands it of a new one.  The
 * first column names the kind of resource, the second the column that names it,
 * the others what
 * holds secrets and, after a minus, what is bookkeeping.
 */
DO $$
DECLARE
	wanted record;
	event record;
BEGIN
	FOR wanted IN
		SELECT t.relation, (SELECT string_agg(quote_literal(a), ', ' ORDER BY n) FROM unnest(t.arguments) WITH ORDINALITY u (a, n)) AS arguments
		FROM (VALUES
			('clusters', '{cluster,name,encrypted_kubeconfig}'::text[]),
			('namespaces', '{namespace,name}'),
			('config_maps', '{config_map,name}'),
			('secrets', '{secret,name,encrypted_data}'),
			('registries', '{registry,name,encrypted_password}'),
			('volumes', '{volume,name}'),
			('container_images', '{container_image,repository}'),
			('containers', '{container,name}'),
			('container_volumes', '{container_volume,mount_path}'),
			('port_mappings', '{port_mapping,name}'),
			('environment_variables', '{environment_variable,name}'),
			('container_probes', '{container_probe,probe_type}'),
			('users', '{user,username}'),
			('roles', '{role,name}'),
			('user_roles', '{user_role,""}'),
			('user_secrets', '{user_secret,name,encrypted_value}'),
			('user_sessions', '{user_session,"",token_id}'),
			('maintenance_steps', '{maintenance_step,name,-next_run_at,-last_started_at,-last_finished_at,-last_result,-last_error,-failures}'),
			('alert_rules', '{alert_rule,name}'),
			('alerts', '{alert,rule,-breached_since,-cleared_since,-value_at_open,-peak_value,-last_value}'),
			('partition_policies', '{partition_policy,table_name}'),
			('partition_actions', '{partition_action,table_name}')
		) t (relation, arguments)
		WHERE pg_catalog.to_regclass('orchestration.' || t.relation) IS NOT NULL
	LOOP
		FOR event IN
			SELECT * FROM (VALUES ('insert', 'NEW TABLE AS new_rows'), ('update', 'OLD TABLE AS old_rows NEW TABLE AS new_rows'), ('delete', 'OLD TABLE AS old_rows')) e (name, tables)
		LOOP
			/* after the other triggers of the statement, which may still refuse it */
			EXECUTE format('CREATE OR REPLACE TRIGGER zz_audit_%s AFTER %s ON orchestration.%I REFERENCING %s FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.audit_changes(%s)',
				event.name, upper(event.name), wanted.relation, event.tables, wanted.arguments);
		END LOOP;
		INSERT INTO orchestration_internal.audited_tables (relation) VALUES (wanted.relation) ON CONFLICT DO NOTHING;
	END LOOP;
	PERFORM orchestration_internal.protect_log('orchestration.operation_logs'), orchestration_internal.protect_log('orchestration.audit_seals');
END
$$;
