\pset footer off
\echo 'CPU per execution: microseconds of the filter by hand, the others as multiples of it'
WITH m AS (
	SELECT username, query, variant, percentile_cont(0.5) WITHIN GROUP (ORDER BY us) AS us FROM bench.result GROUP BY 1, 2, 3
), p AS (
	SELECT username, query, max(us) FILTER (WHERE variant = 'hand') AS hand, max(us) FILTER (WHERE variant = 'ours') AS ours,
		max(us) FILTER (WHERE variant = 'specification') AS specification, max(us) FILTER (WHERE variant = 'array') AS array_
	FROM m GROUP BY 1, 2
)
SELECT username AS "user", query, round(hand::numeric, 1) AS "hand us", round(ours::numeric, 1) AS "ours us", round((ours / NULLIF(hand, 0))::numeric, 2) AS ours,
	round((specification / NULLIF(hand, 0))::numeric, 2) AS specification, round((array_ / NULLIF(hand, 0))::numeric, 2) AS "array",
	CASE WHEN query IN ('labels @>', 'name LIKE') THEN CASE WHEN ours <= hand * 1.1 OR ours <= hand + 15 THEN 'ok' ELSE 'SLOW' END
		WHEN hand > 100 AND ours <= hand * 1.2 OR hand <= 100 AND ours <= hand + 15 THEN 'ok' ELSE 'SLOW' END AS target
FROM p
ORDER BY array_position('{one,hundred,half,administrator}'::text[], username), array_position('{count,newest 50,by id,of a namespace,join,insert,labels @>,name LIKE}'::text[], query);

\echo 'one check of the cache, in nanoseconds: permits() for every row of a scan, less the scan; a comparison of two numbers likewise'
SET enable_indexscan = off;
SET enable_indexonlyscan = off;
SET enable_bitmapscan = off;
CREATE FUNCTION pg_temp.scan_ns(condition text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	start bigint;
	rows bigint;
BEGIN
	start := bench.cpu_ns();
	EXECUTE format('SELECT count(*) FROM orchestration.containers WHERE (namespace_id > 0) IS NOT NULL %s', condition) INTO rows;
	RETURN (bench.cpu_ns() - start) / rows::numeric;
END
$$;
DO $$
BEGIN
	PERFORM set_config('orchestration.user_id', (SELECT id::text FROM orchestration.users WHERE username = 'half'), false);
END
$$;
SELECT round(min(a), 1) AS "ns per row of the scan", round(min(b) - min(a), 1) AS "ns per check", round(min(c) - min(a), 1) AS "ns per comparison"
FROM (SELECT pg_temp.scan_ns('') AS a, pg_temp.scan_ns('AND orchestration.permits(namespace_id, ''containers'', ''read'') IS NOT NULL') AS b,
	pg_temp.scan_ns('AND (namespace_id <> 7) IS NOT NULL') AS c FROM generate_series(1, 10)) x;
