/*
 * Calls every function of the platform that a role may execute, with values that nobody means.
 *
 * fuzz.call_all(at_random) and fuzz.read_all() are run as the role in question and return what must not be; a crash
 * ends the session.  Each call is rolled back.  victim.* belongs to somebody else and is locked by
 * another session for as long: who asks for a lock there gets 55P03.
 */
CREATE SCHEMA fuzz;
CREATE SCHEMA victim;
CREATE TABLE victim.plain (id bigint PRIMARY KEY, name text UNIQUE, big text);
ALTER TABLE victim.plain ALTER big SET STORAGE EXTERNAL;
INSERT INTO victim.plain VALUES (1, 'secret', repeat('x', 10000));
CREATE TABLE victim.months (at timestamptz NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE victim.month PARTITION OF victim.months FOR VALUES FROM ('2020-01-01Z') TO ('2020-02-01Z');
CREATE VIEW victim.view AS SELECT * FROM victim.plain;
CREATE MATERIALIZED VIEW victim.matview AS SELECT * FROM victim.plain;
CREATE SEQUENCE victim.sequence;
CREATE TYPE victim.composite AS (a integer);
CREATE TABLE victim.dropped ();

/* literals by type: nothing, edges, nonsense; what relates to something that is there is added by call_all() */
CREATE TABLE fuzz.literals (type text, literal text);
INSERT INTO fuzz.literals
SELECT v.type, l FROM (VALUES
	('bigint', $v$NULL | 0 | -1 | 1 | 2 | 9223372036854775807 | -9223372036854775808$v$),
	('integer', $v$NULL | 0 | -1 | 1 | 65536 | 2147483647 | -2147483648$v$),
	('double precision', $v$NULL | 0 | -1 | 'NaN' | 'Infinity' | '-Infinity' | 1e308 | 5e-324$v$),
	('boolean', $v$NULL | true | false$v$),
	('text', $v$NULL | '' | 'shop' | 'web' | 'running' | 'containers' | 'read' | '*' | '%s%n%d' | '../../etc/passwd' | 'a.b.c' | '1Ki' | '-1' | '1e400' | chr(127) | chr(65533) | E'\t\n' | repeat('a', 300) | repeat('ab.', 50000) | repeat('[', 3000) | repeat('{"a":', 3000) | '''; DROP TABLE x; --'$v$),
	('name', $v$NULL | '' | repeat('n', 63)$v$),
	('text[]', $v$NULL | '{}' | '{NULL}' | '{{a,b},{c,d}}' | '[3:4]={x,y}' | array_fill('x'::text, ARRAY[10000]) | '{containers}' | '{""}'$v$),
	('bigint[]', $v$NULL | '{}' | '{NULL}' | '{1,NULL,-1}' | '{{1,2},{3,4}}' | '[-2:-1]={1,2}' | array_fill(1::bigint, ARRAY[10000])$v$),
	('jsonb[]', $v$NULL | '{}' | '{NULL}' | ARRAY['{}', 'null', '[1]']::jsonb[]$v$),
	('double precision[]', $v$NULL | '{}' | '{NULL}' | '{NaN,1}' | '{{1,2},{3,4}}' | '[5:6]={1,2}'$v$),
	('timestamp with time zone[]', $v$NULL | '{}' | '{NULL}' | '{infinity,2020-01-01Z}' | '{{2020-01-01Z}}' | '[7:7]={2020-01-01Z}'$v$),
	('jsonb', $v$NULL | '{}' | '[]' | 'null' | '0' | 'true' | '"x"' | '[null]' | '[[]]' | '{"":null}' | '{"a":{"b":[{"c":null}]}}' | '{"apiVersion":1,"kind":[],"metadata":{"uid":{},"name":[]},"spec":"x","status":{"conditions":{}}}' | '[{"containerPort":"x"},{"name":null}]' | (repeat('[', 2000) || repeat(']', 2000)) | (SELECT jsonb_object_agg('k' || g, g) FROM generate_series(1, 1000) g) | to_jsonb(repeat('j', 1000000)) | '1e10000'$v$),
	('bytea', $v$NULL | '' | '\x00' | '\x4f524348' | convert_to(repeat('b', 100000), 'UTF8')$v$),
	('timestamp with time zone', $v$NULL | 'infinity' | '-infinity' | '4713-01-01 BC' | '294276-12-31' | 'epoch' | now()$v$),
	('interval', $v$NULL | '0' | '-1 s' | '1 ms' | '178000000 years' | '-178000000 years'$v$),
	('uuid', $v$NULL | '00000000-0000-0000-0000-000000000000'$v$),
	('regclass', $v$NULL | 0 | 4294967295 | 'victim.plain' | 'victim.view' | 'victim.matview' | 'victim.sequence' | 'victim.months' | 'victim.month' | 'victim.plain_pkey' | 'victim.composite' | 'orchestration.containers' | 'orchestration.operation_logs' | 'pg_class' | dropped | toast$v$),
	('oid', $v$NULL | 0 | 1 | 4294967295 | 'victim.plain'::regclass | 'victim.view'::regclass | 'victim.matview'::regclass | 'victim.sequence'::regclass | 'victim.months'::regclass | 'victim.plain_pkey'::regclass | 'orchestration.manifests'::regclass | dropped | toast$v$),
	('tid', $v$NULL | '(0,0)' | '(0,1)' | '(0,65535)' | '(4294967295,65535)' | '(4294967295,0)'$v$),
	('xid', $v$NULL | '0' | '1' | '2' | '3' | '4294967295'$v$)
) v (type, literals), regexp_split_to_table(v.literals, ' \| ') l;
UPDATE fuzz.literals SET literal = 'victim.dropped'::regclass::oid::text WHERE literal = 'dropped';
UPDATE fuzz.literals SET literal = (SELECT reltoastrelid::text FROM pg_class WHERE oid = 'victim.plain'::regclass) WHERE literal = 'toast';
DROP TABLE victim.dropped;

CREATE FUNCTION fuzz.literal(of_type text, not_null boolean DEFAULT false) RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT format('(%s)::%s', COALESCE((SELECT l.literal FROM fuzz.literals l WHERE l.type = of_type AND NOT (not_null AND l.literal = 'NULL') ORDER BY random() LIMIT 1), 'NULL'), of_type)
$$;

/* what may be called: those of ours that the current role may execute */
CREATE VIEW fuzz.callable AS
SELECT p.oid, format('%I.%I', n.nspname, p.proname) AS name, p.provariadic <> 0 AS is_variadic, ARRAY(SELECT format_type(a.type, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY a (type, n) ORDER BY a.n) AS types
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname IN ('orchestration', 'orchestration_internal') AND p.prokind = 'f' AND has_function_privilege(p.oid, 'EXECUTE')
	AND p.prorettype NOT IN ('trigger'::regtype, 'internal'::regtype, 'event_trigger'::regtype);

CREATE FUNCTION fuzz.call(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	ignored text;
BEGIN
	BEGIN
		EXECUTE statement INTO ignored;
		RAISE EXCEPTION 'it went well' USING ERRCODE = 'FZ000';
	EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
		/* XX: PostgreSQL thinks that this cannot happen; 55P03: a lock on what is somebody else's; 42501 of PostgreSQL: a privilege that is missing inside */
		IF left(SQLSTATE, 2) = 'XX' OR SQLSTATE IN ('55P03', 'P0004', '42P01', '42703', '42883')
			OR SQLSTATE = '42501' AND SQLERRM ~ '^permission denied for (function|table|view|materialized view|sequence|schema|relation) ' THEN
			RETURN SQLSTATE || ' ' || SQLERRM;
		END IF;
		RETURN CASE SQLSTATE WHEN 'FZ000' THEN '' END;
	END;
END
$$;

/* one argument after the other goes through all values while the others are plausible, then all of them at random */
CREATE FUNCTION fuzz.call_all(at_random integer, OUT calls bigint, OUT answered bigint, OUT problems text[]) LANGUAGE plpgsql AS $$
DECLARE
	callable record;
	arguments text[];
	statement text;
	outcome text;
BEGIN
	calls := 0; answered := 0; problems := '{}';
	FOR callable IN SELECT * FROM fuzz.callable c ORDER BY c.name, c.oid
	LOOP
		/* SET client_min_messages = debug1 tells who crashed, and who was slow */
		RAISE DEBUG '% %', clock_timestamp(), callable.oid::regprocedure;
		FOR arguments IN
			SELECT ARRAY(SELECT CASE WHEN i = a.position THEN a.literal ELSE fuzz.literal(callable.types[i], true) END FROM generate_subscripts(callable.types, 1) i)
			FROM (SELECT t.n AS position, format('(%s)::%s', l.literal, t.type) AS literal FROM unnest(callable.types) WITH ORDINALITY t (type, n) JOIN fuzz.literals l ON l.type = t.type) a
			UNION ALL
			SELECT ARRAY(SELECT fuzz.literal(t.type, g % 2 = 0) FROM unnest(callable.types) WITH ORDINALITY t (type, n) ORDER BY t.n)
			FROM generate_series(1, at_random) g
		LOOP
			IF callable.is_variadic THEN
				arguments[cardinality(arguments)] := 'VARIADIC ' || arguments[cardinality(arguments)];
			END IF;
			statement := format('SELECT %s(%s)', callable.name, array_to_string(arguments, ', '));
			/* patience is not what is tried here */
			IF callable.name LIKE '%.wait_for_container' THEN
				statement := regexp_replace(statement, '\((NULL|''178000000 years'')\)::interval', '''1 ms''::interval');
			END IF;
			calls := calls + 1;
			outcome := fuzz.call(statement);
			answered := answered + COALESCE(outcome = '', false)::integer;
			IF outcome <> '' THEN
				problems := problems || format('%s: %s', outcome, left(statement, 300));
			END IF;
		END LOOP;
	END LOOP;
END
$$;
/* all columns that the current role may read, of all tables and views where it may read some */
CREATE FUNCTION fuzz.read_all(OUT relations bigint, OUT problems text[]) LANGUAGE plpgsql AS $$
DECLARE
	readable record;
	outcome text;
BEGIN
	relations := 0; problems := '{}';
	FOR readable IN
		SELECT c.oid::regclass AS name, string_agg(format('%I', a.attname), ', ' ORDER BY a.attnum) AS columns
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE c.relnamespace::regnamespace::text IN ('orchestration', 'orchestration_internal') AND c.relkind IN ('r', 'p', 'v', 'm')
			AND has_column_privilege(c.oid, a.attnum, 'SELECT')
		GROUP BY c.oid
	LOOP
		relations := relations + 1;
		outcome := fuzz.call(format('SELECT count(r::text) FROM (SELECT %s FROM %s) r', readable.columns, readable.name));
		IF outcome <> '' THEN
			problems := problems || format('%s: %s', readable.name, outcome);
		END IF;
	END LOOP;
END
$$;
GRANT USAGE ON SCHEMA fuzz TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA fuzz TO PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA fuzz TO PUBLIC;
GRANT USAGE ON SCHEMA victim TO PUBLIC;
