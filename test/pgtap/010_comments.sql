-- every function, table, view and column says what it is
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
SELECT plan(6);

SELECT cmp_ok((SELECT count(*)::int FROM pg_proc WHERE pronamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace)), '>', 50, 'there are functions');
SELECT cmp_ok((SELECT count(*)::int FROM pg_class WHERE relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND relkind IN ('r', 'p')), '>=', 20, 'there are tables');

SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_proc p
	WHERE p.pronamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND obj_description(p.oid, 'pg_proc') IS NULL
$$, 'every function has a comment');

SELECT is_empty($$
	SELECT c.oid::regclass FROM pg_class c
	WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
		AND obj_description(c.oid, 'pg_class') IS NULL
$$, 'every table and view has a comment');

-- parts_* and rendered_* are steps of manifests, for nobody else
SELECT is_empty($$
	SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
		AND c.relname !~ '^(parts|rendered)_'
		AND col_description(c.oid, a.attnum) IS NULL
$$, 'every column has a comment');

-- beside the lint over the text: what really landed in the catalog
SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_proc p
	WHERE p.pronamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace)
		/* in C, they resolve no names, and run for every row or statement */
		AND p.proname NOT IN ('current_user_id', 'permits', 'permits_everywhere', 'permits_anywhere', 'permitted_to_caller', 'has_namespace_permission',
			'require_permission', 'forget_grants', 'wake_worker_trigger', 'guard_container', 'bump_generation', 'set_updated_at', 'record_history',
			'record_instance_history', 'touch_containers', 'audit_changes', 'judge_changed_containers', 'note_usage', 'notify_changes', 'keep_origin',
			'valid_rule', 'valid_texts', 'valid_node_port', 'ask_rule', 'bound_columns', 'permitted_among', 'permitted_or_null',
			'kind_order', 'kind_version', 'kind_aspect', 'kind_pod_owner', 'is_owner_type')
		AND NOT 'search_path=pg_catalog, pg_temp' = ANY (COALESCE(p.proconfig, '{}'))
$$, 'every function has its own search_path');
SELECT * FROM finish();
