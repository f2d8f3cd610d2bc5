-- the rules that every table keeps: keys that can be sharded by namespace, who and when, checks that help
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
SELECT plan(20);

SELECT is_empty($$
	SELECT t FROM unnest('{users,roles,user_roles,user_sessions,user_secrets,namespaces,containers,container_images,container_volumes,port_mappings,
		volumes,config_maps,secrets,environment_variables,operation_logs,container_status_history,container_resource_usage,
		clusters,registries,container_probes,managed_objects,container_instances}'::text[]) t
	WHERE to_regclass('orchestration.' || t) IS NULL
$$, 'the tables of the specification and of this release are there');

CREATE TEMP VIEW namespaced AS
SELECT c.oid, c.relname::text AS name
FROM pg_class c
WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT IN ('user_roles', 'node_ports')	/* a node port is unique in a cluster */
	AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'namespace_id');
SELECT cmp_ok((SELECT count(*)::int FROM namespaced), '>=', 16, 'there are namespaced tables to look at');

CREATE TEMP VIEW keys AS
SELECT k.conrelid AS oid, k.conname::text AS name, k.contype, k.confrelid, k.confdeltype,
	(SELECT array_agg(a.attname::text ORDER BY n.nth) FROM unnest(k.conkey) WITH ORDINALITY n (attnum, nth) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.attnum) AS columns
FROM pg_constraint k
WHERE k.conrelid IN (SELECT oid FROM namespaced) AND k.contype IN ('p', 'u', 'f');

SELECT is_empty($$ SELECT n.name FROM namespaced n JOIN pg_attribute a ON a.attrelid = n.oid AND a.attname = 'namespace_id' WHERE NOT a.attnotnull OR a.atttypid <> 'bigint'::regtype $$,
	'namespace_id is bigint NOT NULL');
SELECT is_empty($$ SELECT n.name FROM namespaced n WHERE NOT EXISTS (SELECT FROM keys k WHERE k.oid = n.oid AND k.contype = 'p' AND k.columns[1] = 'namespace_id') $$,
	'every primary key begins with namespace_id');
SELECT is_empty($$ SELECT n.name, k.columns FROM namespaced n JOIN keys k USING (oid) WHERE k.contype = 'u' AND NOT 'namespace_id' = ANY (k.columns) $$,
	'every unique constraint holds namespace_id');
SELECT is_empty($$
	SELECT n.name, i.indexrelid::regclass FROM namespaced n JOIN pg_index i ON i.indrelid = n.oid AND i.indisunique
	WHERE NOT EXISTS (SELECT FROM unnest(i.indkey) k JOIN pg_attribute a ON a.attrelid = n.oid AND a.attnum = k AND a.attname = 'namespace_id')
$$, 'every unique index holds namespace_id');
SELECT is_empty($$ SELECT n.name, k.name FROM namespaced n JOIN keys k USING (oid) WHERE k.contype = 'f' AND k.confrelid IN (SELECT oid FROM namespaced) AND k.columns[1] <> 'namespace_id' $$,
	'every foreign key between namespaced tables begins with namespace_id');
SELECT is_empty($$ SELECT conname FROM pg_constraint WHERE connamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND contype = 'f' AND confdeltype IN ('n', 'd') $$,
	'no foreign key sets NULL or a default');
SELECT is_empty($$ SELECT relname FROM pg_class WHERE relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND length(relname) > 63 - 10 AND relkind IN ('r', 'p') $$,
	'names of tables leave room for a shard''s suffix');
SELECT is_empty($$
	SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'id'
	WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'installation' AND (a.attidentity <> 'a' OR a.atttypid <> 'bigint'::regtype)
$$, 'ids are bigint identities that nobody chooses');
SELECT is_empty($$
	SELECT n.name FROM namespaced n
	WHERE EXISTS (SELECT FROM pg_class c WHERE c.oid = n.oid AND c.relkind = 'r') AND n.name NOT IN ('plan_errors', 'left_out', 'object_names', 'job_runs') AND n.name NOT LIKE 'container_usage_%'
		AND NOT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = n.oid AND a.attnum = i.indkey[0] WHERE i.indrelid = n.oid AND a.attname = 'id' AND i.indpred IS NULL)
$$, 'an id alone is found by an index');

-- what users write says who and when; what the worker writes says when
SELECT is_empty($$
	SELECT c.relname, w.name FROM pg_class c CROSS JOIN unnest('{created_at,updated_at}'::text[]) w (name)
	WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind = 'r' AND NOT c.relispartition AND c.relname NOT IN ('indicator_history', 'object_names', 'node_ports', 'engine_capabilities') AND c.relname NOT LIKE 'container_usage_%'
		AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = w.name AND a.attnotnull AND a.atthasdef AND a.atttypid = 'timestamptz'::regtype)
$$, 'every table has created_at and updated_at');
SELECT is_empty($$
	SELECT c.relname FROM pg_class c
	WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind = 'r' AND NOT c.relispartition AND c.relname NOT IN ('installation', 'managed_objects', 'kept_claims', 'container_instances', 'plan_errors', 'job_runs', 'encryption_keys', 'indicator_history', 'indicator_samples', 'audit_seals', 'audit_watch', 'audited_tables', 'left_out', 'lease_starts', 'maintenance_held', 'clock', 'object_names', 'node_ports', 'engine_capabilities') AND c.relname NOT LIKE 'container_usage_%'
		AND NOT EXISTS (SELECT FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE d.adrelid = c.oid AND a.attname = 'created_by' AND pg_get_expr(d.adbin, d.adrelid) = 'orchestration.current_user_id()')
$$, 'created_by is filled in by itself');
SELECT is_empty($$
	SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
	WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p') AND a.atttypid IN ('timestamp'::regtype, 'json'::regtype, 'varchar'::regtype)
$$, 'times have a zone, JSON is jsonb, texts have no hidden length');

-- checks run as whoever writes a row, at any time, on any copy
SELECT is_empty($$ SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND p.proname LIKE 'valid\_%' AND (p.provolatile <> 'i' OR p.proparallel <> 's') $$,
	'the checks are immutable and parallel safe');
SELECT is_empty($$ SELECT p.oid::regprocedure, r.name FROM pg_proc p
	CROSS JOIN (VALUES ('orchestration_user'), ('orchestration_worker')) r (name)
	WHERE p.oid IN (SELECT d.refobjid FROM pg_depend d WHERE d.refclassid = 'pg_proc'::regclass AND d.classid IN ('pg_constraint'::regclass, 'pg_attrdef'::regclass, 'pg_policy'::regclass)
		UNION SELECT d.refobjid FROM pg_depend d JOIN pg_class c ON c.oid = d.objid WHERE d.refclassid = 'pg_proc'::regclass AND d.classid = 'pg_class'::regclass AND c.relkind IN ('r', 'p'))
		AND p.pronamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND NOT has_function_privilege(r.name, p.oid, 'EXECUTE') $$,
	'what constraints, defaults, generated columns and policies call is for whoever reads or writes the tables');
SELECT is_empty($$ SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace)
	AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0)) $$, 'no function is for PUBLIC');
SELECT is_empty($$ SELECT p.oid::regprocedure, a.grantee::regrole FROM pg_proc p, aclexplode(p.proacl) a WHERE p.pronamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace)
	AND a.grantee NOT IN (p.proowner, 'orchestration_user'::regrole, 'orchestration_gateway'::regrole, 'orchestration_monitor'::regrole, 'orchestration_worker'::regrole, 'admin_role'::regrole) $$, 'functions are for our roles alone');
SELECT is_empty($$ SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm') AND has_table_privilege('public', c.oid, 'SELECT,INSERT,UPDATE,DELETE') $$,
	'nobody may read or write the tables');
SELECT is_empty($$
	SELECT d.objid::regclass FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.deptype = 'e' AND d.objid IN (SELECT oid FROM pg_class WHERE relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND relkind IN ('r', 'p', 'v', 'S'))
$$, 'tables, views and sequences are not members of the extension');
SELECT * FROM finish();
