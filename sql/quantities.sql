-- one notation and one rule: what is read is what was meant, what functions refuse the columns refuse, and what is rendered is read as the same amount
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;

-- what numeric arithmetic makes of a number and a suffix, rounded up; nothing differs
WITH suffixes (suffix, factor) AS (
	SELECT s, power(1000::numeric, n - 1) FROM unnest('{"",k,M,G,T,P,E}'::text[]) WITH ORDINALITY u (s, n)
	UNION ALL SELECT s, power(1024::numeric, n) FROM unnest('{Ki,Mi,Gi,Ti,Pi,Ei}'::text[]) WITH ORDINALITY u (s, n)
	UNION ALL SELECT s, power(10::numeric, -3 * n) FROM unnest('{m,u,n}'::text[]) WITH ORDINALITY u (s, n)
	UNION ALL SELECT e || n, power(10::numeric, n) FROM unnest('{e,E}'::text[]) e, generate_series(-6, 15) n
), amounts AS (
	SELECT n || s.suffix AS quantity, n::numeric * s.factor AS meant
	FROM suffixes s, unnest('{0,1,2,3,7.5,0.1,1023,1024,999.999,0.0009765625,1.00000000000001}'::text[]) n
)
SELECT count(*) AS amounts, count(*) FILTER (WHERE memory_bytes(quantity) <> ceil(meant)) AS bytes_differ, count(*) FILTER (WHERE cpu_millicores(quantity) <> ceil(meant * 1000)) AS millicores_differ
FROM amounts WHERE meant < 9e15;

-- what is written is read as the same amount
SELECT count(*) AS amounts, count(*) FILTER (WHERE memory_bytes(format_memory(v)) <> v) AS bytes_differ, count(*) FILTER (WHERE cpu_millicores(format_cpu(v)) <> v) AS millicores_differ
FROM (
	SELECT (2::numeric ^ n + d)::bigint FROM generate_series(0, 62) n, generate_series(-1, 1) d
	UNION SELECT (10::numeric ^ n * k)::bigint FROM generate_series(0, 17) n, generate_series(1, 9) k
	UNION SELECT k << 10 * n FROM generate_series(0, 5) n, generate_series(1::bigint, 1025) k
	UNION SELECT 9223372036854775807
) x (v);

-- a column for every argument
CREATE VIEW amounts AS
SELECT c.conrelid::regclass AS of_table, a.attname::text AS name
FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND ARRAY[a.attnum] = c.conkey
WHERE c.contype = 'c' AND pg_get_constraintdef(c.oid) ~ 'valid_amount\(';
SELECT of_table, name FROM amounts ORDER BY of_table::text, name;
SELECT DISTINCT a.argument AS argument_without
FROM pg_proc p, regexp_matches(p.prosrc, 'quantity_argument\([^,]+, ''(\w+)''\)', 'g') m (parts), LATERAL (SELECT m.parts[1]) a (argument)
WHERE p.pronamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace)
	AND NOT EXISTS (SELECT FROM amounts c WHERE c.name IN (a.argument, a.argument || '_bytes'));

-- what a statement is refused with, without what was written
CREATE FUNCTION refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, detail, hint);
END
$$;

-- the argument of that name is refused the same amounts, in the same words
SELECT name, v AS amount, said.column_says, CASE WHEN said.argument_says <> said.column_says THEN said.argument_says END AS argument_says
FROM (SELECT DISTINCT name FROM amounts) a, unnest('{0,1,1048575,1048576,9223372036854775807}'::bigint[]) v
CROSS JOIN LATERAL (SELECT refusal(format('SELECT orchestration_internal.valid_amount(%s, %L)', v, name)) AS column_says,
	refusal(format('SELECT orchestration_internal.quantity_argument(%L, %L)', CASE WHEN name ~ '^cpu' THEN format_cpu(v) ELSE format_memory(v) END, name)) AS argument_says) said
WHERE said.column_says <> 'accepted' OR said.argument_says <> 'accepted' ORDER BY 1, 2;

-- a row is told as much as a caller of a function
SET SESSION AUTHORIZATION regress_administrator;
SELECT create_namespace('shop') > 0 AS made \gset
SELECT create_container('shop', 'web', 'nginx', cpu_request => '0.25', cpu_limit => '2', memory_request => '64Mi', memory_limit => '1.5Gi') AS web \gset
-- error: too little for any process
UPDATE containers SET memory_limit = 1048575, memory_request = NULL WHERE id = :web;
-- error: too little for any process
SELECT update_container('shop', 'web', memory_limit => '128m');
-- error: zero
UPDATE containers SET cpu_limit = 0, cpu_request = NULL WHERE id = :web;
-- error: negative
UPDATE containers SET memory_request = -1024 WHERE id = :web;

RESET SESSION AUTHORIZATION;

-- what is rendered is the amount of the row
INSERT INTO clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false);
UPDATE namespaces SET cluster_id = (SELECT id FROM clusters);
SELECT r.resources, (cpu_millicores(r.resources #>> '{requests,cpu}'), cpu_millicores(r.resources #>> '{limits,cpu}'), memory_bytes(r.resources #>> '{requests,memory}'), memory_bytes(r.resources #>> '{limits,memory}'))
	= (c.cpu_request, c.cpu_limit, c.memory_request, c.memory_limit) AS as_in_the_row
FROM containers c JOIN manifests m ON m.namespace_id = c.namespace_id AND m.owner_type = 'container' AND m.owner_id = c.id AND m.kind = 'Deployment',
	LATERAL (SELECT m.manifest #> '{spec,template,spec,containers,0,resources}') r (resources);

-- divisors are units of the same notation
SELECT array_agg(d ORDER BY n) FILTER (WHERE refusal(format($$SELECT orchestration_internal.valid_init_containers('[{"name": "a", "image": "b", "env": [{"name": "A", "valueFrom": {"resourceFieldRef": {"containerName": "a", "resource": "limits.memory", "divisor": "%s"}}}]}]', 'web')$$, d)) = 'accepted') AS accepted
FROM unnest('{0,1,1k,1M,1G,1T,1P,1E,1Ki,1Mi,1Gi,1Ti,1Pi,1Ei,1m,1u,1K,2Mi,1e3,Mi}'::text[]) WITH ORDINALITY u (d, n);

RESET search_path;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
