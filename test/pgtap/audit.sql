-- what is audited and kept: by rule, so that a new table without it is found
CREATE EXTENSION IF NOT EXISTS pgtap;
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
RESET client_min_messages;

BEGIN;
SELECT plan(9);

-- whatever somebody but the worker may write, or has a created_by, is written by users
CREATE TEMP VIEW unaudited AS
SELECT c.relname::text AS relation, e.name AS event
FROM pg_class c
CROSS JOIN unnest('{insert,update,delete}'::text[]) e (name)
WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
	AND (EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'created_by')
		OR EXISTS (SELECT FROM unnest('{orchestration_user,admin_role,orchestration_gateway}'::name[]) r WHERE has_any_column_privilege(r, c.oid, 'INSERT,UPDATE')))
	/* measurements */
	AND c.relname NOT IN ('container_resource_usage', 'indicator_history', 'indicator_samples')
	AND NOT EXISTS (
		SELECT FROM pg_trigger t
		WHERE t.tgrelid = c.oid AND t.tgname = 'zz_audit_' || e.name AND t.tgfoid = 'orchestration_internal.audit_changes'::regproc AND t.tgenabled = 'O');
SELECT is_empty('SELECT * FROM unaudited', 'every table that users write is audited');
CREATE TABLE orchestration.forgotten (id bigint, created_by bigint);
SELECT is((SELECT string_agg(DISTINCT u.relation, ',') FROM unaudited u), 'forgotten', 'one that is forgotten is found');
DROP TABLE orchestration.forgotten;

SELECT is_empty($$
	SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname LIKE 'encrypted%'
	WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind = 'r'
		AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'zz_audit_update'
			AND a.attname = ANY (string_to_array(encode(t.tgargs, 'escape'), '\000')))
$$, 'ciphertext is redacted');

-- the log is kept: parent and months, by triggers that nobody's setting turns off
CREATE TEMP VIEW kept AS
SELECT c.oid, c.relname::text AS relation FROM pg_class c
WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p') AND c.relname LIKE 'operation\_logs%';
SELECT cmp_ok((SELECT count(*)::int FROM kept), '>=', 4, 'there are months');
SELECT is_empty($$
	SELECT k.relation, n FROM kept k CROSS JOIN unnest('{keep_rows,keep_table}'::name[]) n
	WHERE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = k.oid AND t.tgname = n AND t.tgenabled = 'A' AND t.tgfoid = 'orchestration_internal.refuse_log_change'::regproc)
$$, 'each refuses to change, always');
SELECT orchestration_internal.ensure_log_partition('operation_logs', '2031-05-01');
SELECT throws_ok('TRUNCATE orchestration.operation_logs_203105', 'OR050');
INSERT INTO orchestration.operation_logs (started_at, operation, resource_type) VALUES ('2031-05-05', 'x', 'y');
SELECT throws_ok('DELETE FROM orchestration.operation_logs_203105', 'OR050');
SELECT lives_ok('DROP TABLE orchestration.operation_logs_203105', 'retention may drop a month');
SELECT is_empty($$ SELECT r FROM unnest('{orchestration_user,admin_role,orchestration_gateway,operators}'::name[]) r WHERE has_table_privilege(r, 'orchestration.operation_logs', 'INSERT,UPDATE,DELETE,TRUNCATE') $$,
	'nobody but functions writes the log');
SELECT * FROM finish();
ROLLBACK;
