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
	CASE WHEN query = 'labels @>' THEN CASE WHEN ours <= hand * 1.1 OR ours <= hand + 15 THEN 'ok' ELSE 'SLOW' END
		WHEN hand > 100 AND ours <= hand * 1.2 OR hand <= 100 AND ours <= hand + 15 THEN 'ok' ELSE 'SLOW' END AS target
FROM p
ORDER BY array_position('{one,hundred,half,administrator}'::text[], username), array_position('{count,newest 50,by id,insert,labels @>}'::text[], query);

\echo 'one check of the cache, in nanoseconds: permits() in a loop over rows, less the loop'
SET orchestration.user_id = '';
CREATE FUNCTION pg_temp.loop_ns(condition text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	start bigint;
	ignored bigint;
BEGIN
	start := bench.cpu_ns();
	EXECUTE format('SELECT count(*) FROM generate_series(1, 3000000) g WHERE %s', condition) INTO ignored;
	RETURN bench.cpu_ns() - start;
END
$$;
DO $$
BEGIN
	PERFORM set_config('orchestration.user_id', (SELECT id::text FROM orchestration.users WHERE username = 'half'), false);
END
$$;
SELECT round(min(a)::numeric, 1) AS "ns per row of the loop", round(min(b)::numeric, 1) AS "with the check", round((min(b) - min(a))::numeric, 1) AS "ns per check"
FROM (SELECT pg_temp.loop_ns('g::bigint >= 0') / 3e6 AS a, pg_temp.loop_ns('g::bigint >= 0 AND orchestration.permits(g::bigint, ''containers'', ''read'') IS NOT NULL') / 3e6 AS b
	FROM generate_series(1, 3)) x;
