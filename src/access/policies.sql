/*
 * Row security: one permissive policy per command on every table, and a trigger
 * that says which permission is missing.  Never a restrictive policy: it would
 * keep permits() from becoming an index condition, and Citus loses them.
 *
 * UPDATE and DELETE see what may be read.  Were rows hidden from them, a write
 * without permission would do nothing and say nothing, and locking a namespace
 * to create something in it would need the right to change it.  What is written
 * is checked by WITH CHECK, what is deleted by the trigger.
 */
DO $$
DECLARE
	wanted record;
BEGIN
	FOR wanted IN
		/* what is guarded by the permission on something else is a change of that */
		SELECT r.relation AS name, r.scope AS key, r.permission AS resource,
			CASE r.permission WHEN r.relation THEN 'create' ELSE 'create|update' END AS on_insert, 'update' AS on_update,
			CASE r.permission WHEN r.relation THEN 'delete' ELSE 'update' END AS on_delete
		FROM orchestration_internal.resources() r
		WHERE r.scope IS NOT NULL
	LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER zz_access BEFORE INSERT OR UPDATE OR DELETE ON orchestration.%I'
			' FOR EACH ROW EXECUTE FUNCTION orchestration_internal.require_permission(%L, %L, %L, %L, %L)',
			wanted.name, wanted.resource, wanted.key, wanted.on_insert, wanted.on_update, wanted.on_delete);
		EXECUTE format('ALTER TABLE orchestration.%I ENABLE ALWAYS TRIGGER zz_access', wanted.name);
	END LOOP;
END
$$;

/* grants are read anew after every change, also where other triggers are disabled */
CREATE OR REPLACE TRIGGER forget_grants AFTER INSERT OR UPDATE OF id, status, db_role, db_role_id, db_role_system OR DELETE OR TRUNCATE ON orchestration.users
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.forget_grants();
CREATE OR REPLACE TRIGGER forget_grants AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON orchestration.roles
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.forget_grants();
CREATE OR REPLACE TRIGGER forget_grants AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON orchestration.user_roles
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.forget_grants();
ALTER TABLE orchestration.users ENABLE ALWAYS TRIGGER forget_grants;
ALTER TABLE orchestration.roles ENABLE ALWAYS TRIGGER forget_grants;
ALTER TABLE orchestration.user_roles ENABLE ALWAYS TRIGGER forget_grants;

CREATE OR REPLACE TRIGGER guard_escalation BEFORE INSERT OR UPDATE OR DELETE ON orchestration.roles
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.guard_roles();
CREATE OR REPLACE TRIGGER guard_escalation BEFORE INSERT OR UPDATE ON orchestration.user_roles
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.guard_user_roles();
CREATE OR REPLACE TRIGGER guard_escalation BEFORE UPDATE OR DELETE ON orchestration.users
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.guard_users();
/* before guard_escalation, which sees what came of it */
CREATE OR REPLACE TRIGGER db_role_keep BEFORE INSERT OR UPDATE ON orchestration.users
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.tie_db_role();
CREATE OR REPLACE TRIGGER db_role_tie BEFORE UPDATE OF db_role ON orchestration.users
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.tie_db_role('again');
ALTER TABLE orchestration.users ENABLE ALWAYS TRIGGER guard_escalation;
ALTER TABLE orchestration.roles ENABLE ALWAYS TRIGGER guard_escalation;
ALTER TABLE orchestration.user_roles ENABLE ALWAYS TRIGGER guard_escalation;

DO $$
DECLARE
	wanted record;
	command record;
	policy_id oid;
	/* what was made of a row is seen by whoever may see rows of that kind; the first condition is for the index */
	owned CONSTANT text := 'N(''*'', ''*'') AND (owner_type = ''namespace''' || (
		SELECT string_agg(format(' OR owner_type = %L AND N(%L, ''read'')', o.owner_type, o.resource), '' ORDER BY o.owner_type <> 'container', o.owner_type)
		FROM orchestration_internal.owner_resources() o WHERE o.owner_type <> 'namespace') || ')';
BEGIN
	FOR wanted IN
		SELECT t.name, (CASE WHEN t.name LIKE '%.%' THEN t.name ELSE 'orchestration.' || t.name END)::regclass AS relation,
			replace(replace(t.seen, 'OWNED', owned), 'N(', 'orchestration_internal.permits(namespace_id, ') AS seen,
			replace(t.inserted, 'N(', 'orchestration_internal.permits(namespace_id, ') AS inserted,
			replace(t.updated, 'N(', 'orchestration_internal.permits(namespace_id, ') AS updated,
			replace(t.deleted, 'N(', 'orchestration_internal.permits(namespace_id, ') AS deleted
		FROM (
			/* zz_access asks more exactly which verb an UPDATE takes */
			SELECT r.relation, CASE r.scope WHEN 'id' THEN 'orchestration_internal.permits(id, ''*'', ''*'')' ELSE format('N(%L, ''read'')', r.permission) END,
				format('orchestration_internal.permits(%I, %L, %L)', r.scope, r.permission, CASE r.permission WHEN r.relation THEN 'create' ELSE 'create|update' END),
				format('orchestration_internal.permits(%I, %L, %L)', r.scope, r.permission,
					CASE WHEN orchestration_internal.has_column(r.relation, 'desired_state') THEN 'update|delete|execute' ELSE 'update' END),
				CASE r.scope WHEN 'id' THEN 'orchestration_internal.permits(id, ''*'', ''*'')' ELSE format('N(%L, ''read'')', r.permission) END
			FROM orchestration_internal.resources() r
			WHERE r.scope IS NOT NULL
			UNION ALL VALUES
			/* written by the worker alone */
			('container_instances', 'N(''containers'', ''read'')', NULL, NULL, NULL),
			('managed_objects', 'OWNED', NULL, NULL, NULL),
			('kept_claims', 'N(''volumes'', ''read'')', NULL, NULL, NULL),
			('orchestration_internal.left_out', 'orchestration_internal.permits_anywhere(''clusters'', ''read'')', NULL, NULL, NULL),
			('orchestration_internal.plan_errors', 'OWNED', NULL, NULL, NULL),
			('orchestration_internal.job_runs', 'N(''containers'', ''read'')', NULL, NULL, NULL),
			/* written once */
			('container_status_history', 'N(''containers'', ''read'')', NULL, NULL, NULL),
			('container_instance_history', 'N(''containers'', ''read'')', NULL, NULL, NULL),
			('container_resource_usage', 'N(''monitoring'', ''read'')', 'N(''monitoring'', ''create'')', NULL, NULL),
			('operation_logs', 'N(''audit'', ''read'')', NULL, NULL, NULL),
			/* made of it by maintenance and by a trigger */
			('container_usage_hourly', 'N(''monitoring'', ''read'')', NULL, NULL, NULL),
			('container_usage_daily', 'N(''monitoring'', ''read'')', NULL, NULL, NULL),
			('orchestration_internal.container_usage_pending', 'N(''monitoring'', ''read'')', NULL, NULL, NULL),
			/* no namespace of their own */
			('clusters', 'orchestration_internal.permits_anywhere(''clusters'', ''read'')', 'orchestration_internal.permits_everywhere(''clusters'', ''create'')',
				'orchestration_internal.permits_everywhere(''clusters'', ''update'')', 'orchestration_internal.permits_everywhere(''clusters'', ''delete'')'),
			('alert_rules', 'orchestration_internal.permits_anywhere(''monitoring'', ''read'')', 'orchestration_internal.permits_everywhere(''monitoring'', ''create'')',
				'orchestration_internal.permits_everywhere(''monitoring'', ''update'')', 'orchestration_internal.permits_everywhere(''monitoring'', ''delete'')'),
			/* acknowledge_alert(): nobody signs for somebody else */
			('alerts', 'N(''monitoring'', ''read'')', NULL, 'N(''monitoring'', ''update'') AND acknowledged_by = orchestration.current_user_id()', NULL),
			('indicator_history', 'orchestration_internal.permits_everywhere(''monitoring'', ''read'')', NULL, NULL, NULL),
			('partition_policies', 'orchestration_internal.permits_everywhere(''monitoring'', ''read'')', NULL, 'orchestration_internal.permits_everywhere(''audit'', ''delete'')', NULL),
			('partition_actions', 'orchestration_internal.permits_everywhere(''monitoring'', ''read'')', NULL, 'orchestration_internal.permits_everywhere(''audit'', ''delete'')', NULL),
			('maintenance_steps', 'orchestration_internal.permits_everywhere(''monitoring'', ''read'')', NULL, 'orchestration_internal.permits_everywhere(''monitoring'', ''update'')', NULL),
			('users', 'id = orchestration.current_user_id() OR orchestration_internal.permits_everywhere(''users'', ''read'')',
				'orchestration_internal.permits_everywhere(''users'', ''create'')', 'orchestration_internal.permits_everywhere(''users'', ''update'')',
				'orchestration_internal.permits_everywhere(''users'', ''delete'')'),
			('roles', 'orchestration_internal.permits_anywhere(''roles'', ''read'')', 'orchestration_internal.permits_everywhere(''roles'', ''create'')',
				'orchestration_internal.permits_everywhere(''roles'', ''update'')', 'orchestration_internal.permits_everywhere(''roles'', ''delete'')'),
			('user_roles', 'user_id = orchestration.current_user_id() OR orchestration_internal.permits(COALESCE(namespace_id, -1), ''roles'', ''read'')',
				'orchestration_internal.permits(COALESCE(namespace_id, -1), ''roles'', ''create'')', 'orchestration_internal.permits(COALESCE(namespace_id, -1), ''roles'', ''update'')',
				'orchestration_internal.permits(COALESCE(namespace_id, -1), ''roles'', ''delete'')'),
			('user_sessions', 'user_id = orchestration.current_user_id() OR orchestration_internal.permits_everywhere(''users'', ''read'')', NULL, NULL, NULL),
			('user_secrets', 'user_id = orchestration.current_user_id()', 'user_id = orchestration.current_user_id()',
				'user_id = orchestration.current_user_id()', 'user_id = orchestration.current_user_id()')
		) t (name, seen, inserted, updated, deleted)
	LOOP
		FOR command IN
			SELECT c.name, c.clause
			FROM (VALUES
				('read', 'FOR SELECT USING (' || wanted.seen || ')'),
				('create', 'FOR INSERT WITH CHECK (' || wanted.inserted || ')'),
				('update', 'FOR UPDATE USING (' || CASE WHEN wanted.name IN ('clusters', 'users', 'roles', 'user_roles', 'user_secrets') THEN wanted.updated ELSE wanted.seen END
					|| ') WITH CHECK (' || wanted.updated || ')'),
				('delete', 'FOR DELETE USING (' || wanted.deleted || ')')
			) c (name, clause)
			WHERE c.clause IS NOT NULL
		LOOP
			/* the comment tells what is there, so that bootstrap() locks nothing when it need not */
			policy_id := (SELECT p.oid FROM pg_catalog.pg_policy p
				WHERE p.polrelid = wanted.relation AND p.polname = 'orchestration_' || command.name);
			CONTINUE WHEN policy_id IS NOT NULL AND pg_catalog.obj_description(policy_id, 'pg_policy') = command.clause;
			IF policy_id IS NOT NULL THEN
				EXECUTE format('DROP POLICY %I ON %s', 'orchestration_' || command.name, wanted.relation);
			END IF;
			EXECUTE format('CREATE POLICY %I ON %s %s', 'orchestration_' || command.name, wanted.relation, command.clause);
			EXECUTE format('COMMENT ON POLICY %I ON %s IS %L', 'orchestration_' || command.name, wanted.relation, command.clause);
		END LOOP;
	END LOOP;

	/* partitions have no policy: they are reached through their parents alone */
	FOR wanted IN
		SELECT c.oid::regclass AS name FROM pg_catalog.pg_class c
		WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p') AND c.relname <> 'installation'
			AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
	LOOP
		EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', wanted.name);
	END LOOP;
END
$$;
