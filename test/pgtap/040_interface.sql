-- schema orchestration is what people see: few functions, each explained, and the same ones for everything that can be created
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
SELECT plan(11);

CREATE TEMP TABLE interface AS
SELECT p.oid, p.oid::regprocedure AS signature, p.proname::text AS name, p.pronargs AS count, p.proargnames[1:p.pronargs]::text[] AS arguments,
	p.proargtypes::oid[] AS types, obj_description(p.oid, 'pg_proc') AS comment, pg_get_function_arguments(p.oid) AS written
FROM pg_proc p
WHERE p.pronamespace = 'orchestration'::regnamespace;
-- of two that do the same, the one by name and the one by id, with the arguments that follow
CREATE TEMP TABLE pairs AS
SELECT n.name, n.arguments[3:] AS by_name, i.arguments[2:] AS by_id, n.types[2:] AS types_by_name, i.types[1:] AS types_by_id
FROM interface n JOIN interface i ON i.name = n.name AND i.arguments[1] = 'id'
WHERE n.arguments[1:2] = '{namespace,name}';

SELECT cmp_ok((SELECT count(*)::int FROM interface), '<=', 80, 'at most 80 functions');
SELECT is_empty($$ SELECT signature FROM interface WHERE comment IS NULL OR comment !~ '^[A-Z][^.]{10,}' $$, 'each with a sentence of what it is for');
SELECT is_empty($$ SELECT signature FROM interface WHERE position('.' IN comment || '.') > 200 $$, 'and not a long one');
SELECT is_empty($$ SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'orchestration'::regnamespace AND p.prorettype IN ('trigger'::regtype, 'internal'::regtype, 'event_trigger'::regtype) $$,
	'none that only the server calls');

SELECT is_empty($$
	SELECT x.name, x.wanted
	FROM (SELECT substring(name FROM '^create_(.*)') FROM interface WHERE name LIKE 'create\_%') t (name),
	LATERAL (VALUES ('update_' || t.name), ('delete_' || t.name)) w (wanted), LATERAL (SELECT t.name, w.wanted) x
	WHERE x.wanted NOT IN (SELECT name FROM interface)
$$, 'what can be created can be changed and deleted');
SELECT is_empty($$
	SELECT t.name FROM (SELECT substring(name FROM '^create_(.*)') FROM interface WHERE name LIKE 'create\_%') t (name)
	WHERE to_regclass('orchestration.' || t.name || '_list') IS NULL
$$, 'and listed');
SELECT is_empty($$
	SELECT c.name, a.argument
	FROM interface c CROSS JOIN LATERAL unnest(c.arguments) a (argument)
	WHERE c.name LIKE 'create\_%' AND a.argument NOT IN ('namespace', 'name')
		AND NOT EXISTS (SELECT FROM interface u WHERE u.name = replace(c.name, 'create_', 'update_') AND a.argument = ANY (u.arguments))
$$, 'every argument of create_*() is one of update_*()');
SELECT is_empty($$
	SELECT signature FROM interface
	WHERE name ~ '^(update|delete)_' AND name !~ '_(container|namespace|cluster)$' AND arguments[1:2] IS DISTINCT FROM '{namespace,name}'
$$, 'by namespace and name');

SELECT is((SELECT count(*)::int FROM pairs), 12, 'twelve functions take an id or a name');
SELECT is_empty($$ SELECT name FROM pairs WHERE by_name IS DISTINCT FROM by_id OR types_by_name[1:] IS DISTINCT FROM types_by_id[1:] $$, 'and else the same arguments, in the same order');
SELECT is_empty($$ SELECT n.name, d.argument FROM interface n, LATERAL (SELECT regexp_replace(substring(n.written FROM 'DEFAULT .*'), '::[a-z ]+(\[\])?', '', 'g')) d (argument)
	JOIN interface i ON i.arguments[1] = 'id' WHERE n.arguments[1:2] = '{namespace,name}' AND i.name = n.name
	AND regexp_replace(substring(i.written FROM 'DEFAULT .*'), '::[a-z ]+(\[\])?', '', 'g') IS DISTINCT FROM d.argument $$, 'with the same defaults');
SELECT * FROM finish();
