\pset footer off
\echo 'CPU per execution: microseconds of the filter by hand, the others as multiples of it in the same turn; medians'
WITH m AS (
	SELECT r.username, r.query, r.variant, percentile_cont(0.5) WITHIN GROUP (ORDER BY r.us) AS us,
		percentile_cont(0.5) WITHIN GROUP (ORDER BY r.us / NULLIF(h.us, 0)) AS ratio, percentile_cont(0.5) WITHIN GROUP (ORDER BY r.us - h.us) AS more
	FROM bench.result r
	JOIN bench.result h ON h.variant = 'hand' AND h.round = r.round AND h.username = r.username AND h.query = r.query
	GROUP BY 1, 2, 3
), p AS (
	SELECT m.username, m.query, max(m.us) FILTER (WHERE m.variant = 'hand') AS hand, max(m.us) FILTER (WHERE m.variant = 'ours') AS ours,
		max(m.ratio) FILTER (WHERE m.variant = 'ours') AS ratio, max(m.more) FILTER (WHERE m.variant = 'ours') AS more,
		max(m.ratio) FILTER (WHERE m.variant = 'specification') AS specification, max(m.ratio) FILTER (WHERE m.variant = 'array') AS array_
	FROM m GROUP BY 1, 2
)
SELECT p.username AS "user", p.query, round(p.hand::numeric, 1) AS "hand us", round(p.ours::numeric, 1) AS "ours us", round(p.ratio::numeric, 2) AS ours,
	round(p.specification::numeric, 2) AS specification, round(p.array_::numeric, 2) AS "array",
	CASE WHEN p.more <= 15 AND (p.hand <= 100 OR p.query IN ('labels @>', 'name LIKE')) OR p.hand > 100 AND p.ratio <= CASE WHEN p.query IN ('labels @>', 'name LIKE') THEN 1.1 ELSE 1.2 END
		THEN 'ok' ELSE 'SLOW' END AS target
FROM p
ORDER BY array_position('{one,hundred,half,administrator}'::text[], p.username),
	array_position('{count,newest 50,by id,of a namespace,join,insert,labels @>,name LIKE}'::text[], p.query);

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
FROM (SELECT pg_temp.scan_ns('') AS a, pg_temp.scan_ns('AND orchestration_internal.permits(namespace_id, ''containers'', ''read'') IS NOT NULL') AS b,
	pg_temp.scan_ns('AND (namespace_id <> 7) IS NOT NULL') AS c FROM generate_series(1, 10)) x;
