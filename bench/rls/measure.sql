-- Runs all cells in turn; INSERTs last, as they change what the others count.  What is compared closely is measured in many
-- short turns, now one first and now the other, so that a busy moment falls on both.
\set QUIET on
\t on
\pset format unaligned
SET client_min_messages = warning;
SELECT set_config('bench.rounds', :'rounds', false);
CREATE TEMP TABLE cells AS
WITH u AS (
	SELECT u.id, u.username, array_agg(ur.namespace_id ORDER BY ur.namespace_id) AS namespaces, min(ur.namespace_id) AS some, u.username = 'administrator' AS is_admin
	FROM orchestration.users u JOIN orchestration.user_roles ur ON ur.user_id = u.id
	WHERE u.username IN ('one', 'hundred', 'half', 'administrator') AND u.db_role IS NULL
	GROUP BY u.id
), q (query, statement) AS (VALUES
	('count', 'PERFORM count(*) FROM orchestration.containers WHERE %FILTER'),
	('newest 50', 'PERFORM id, name FROM orchestration.containers WHERE %FILTER ORDER BY created_at DESC LIMIT 50'),
	('by id', 'PERFORM id, name FROM orchestration.containers WHERE id = %ID AND %FILTER'),
	('insert', 'INSERT INTO orchestration.containers (namespace_id, name, image_id) VALUES (%NS, ''x'' || nextval(''bench.name''), %IMAGE)'),
	('of a namespace', 'PERFORM count(*) FROM orchestration.containers WHERE namespace_id = %NS AND %FILTER'),
	('join', 'PERFORM c.name, p.container_port FROM (SELECT * FROM orchestration.containers WHERE %FILTER) c JOIN orchestration.port_mappings p ON p.namespace_id = c.namespace_id AND p.container_id = c.id ORDER BY c.created_at DESC LIMIT 50'),
	('labels @>', 'PERFORM id, name FROM orchestration.containers WHERE labels @> ''{"app": "a7"}'' AND %FILTER'),
	('name LIKE', 'PERFORM id, name FROM orchestration.containers WHERE name LIKE ''%9999%'' AND %FILTER')
), v (variant) AS (VALUES ('hand'), ('ours'), ('specification'), ('array'))
SELECT r.round, u.username, u.id AS user_id, q.query, v.variant,
	replace(replace(replace(replace(q.statement,
		'%FILTER', CASE WHEN v.variant = 'hand' AND NOT u.is_admin THEN format('namespace_id = ANY (%L::bigint[])', u.namespaces) ELSE 'true' END),
		'%ID', (SELECT c.id FROM orchestration.containers c WHERE c.namespace_id = COALESCE(u.some, 1) LIMIT 1)::text),
		'%NS', COALESCE(u.some, 1)::text), '%IMAGE', (SELECT i.id FROM orchestration.container_images i WHERE i.namespace_id = COALESCE(u.some, 1))::text) AS statement
FROM generate_series(1, 5 * :rounds) r (round), u, q, v
WHERE v.variant IN ('hand', 'ours') AND (q.query NOT IN ('labels @>', 'name LIKE') OR u.is_admin)
	OR r.round <= :rounds AND q.query NOT IN ('join', 'labels @>', 'name LIKE');

CREATE TEMP VIEW calls AS
SELECT format('SET orchestration.user_id = %L; SET SESSION AUTHORIZATION bench_%s;', CASE WHEN c.variant = 'hand' THEN '' ELSE c.user_id::text END, c.variant)
	|| format(' SET plan_cache_mode = force_generic_plan; CALL bench.cell(%s, %L, %L, %L, %L, %s); RESET SESSION AUTHORIZATION;',
		c.round, c.username, c.query, c.variant, c.statement, 100) AS call,
	c.query, row_number() OVER (ORDER BY c.round, c.username, c.query, CASE WHEN c.round % 2 = 0 THEN c.variant END DESC, c.variant) AS turn
FROM cells c;

SELECT c.call FROM calls c WHERE c.query <> 'insert' ORDER BY c.turn
\gexec
-- the index of a user, and of no INSERT's business
DROP INDEX orchestration.bench_trigrams;
SELECT c.call FROM calls c WHERE c.query = 'insert' ORDER BY c.turn
\gexec
