\pset footer off
SELECT r.way, round((:rows / r.wall)::numeric) AS "rows/s", round(r.wall::numeric, 2) AS "wall s", round(r.cpu::numeric, 2) AS "CPU s",
	round((100 * c.wall / r.wall)::numeric) AS "% of COPY by wall", round((100 * c.cpu / r.cpu)::numeric) AS "% of COPY by CPU"
FROM (SELECT way, percentile_cont(0.5) WITHIN GROUP (ORDER BY wall) AS wall, percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu) AS cpu FROM result GROUP BY way) r,
	(SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY wall) AS wall, percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu) AS cpu FROM result WHERE way = 'copy') c
ORDER BY r.way;
VACUUM ANALYZE;
CREATE TEMP TABLE looks (n serial, look text, wall double precision, cpu double precision, rows bigint);
CREATE PROCEDURE measure(look text, statement text, times integer DEFAULT 5) LANGUAGE plpgsql AS $$
DECLARE
	walls double precision[] := '{}';
	cpus double precision[] := '{}';
	c double precision;
	t timestamptz;
	n bigint;
BEGIN
	FOR i IN 1 .. times LOOP
		c := cpu();
		t := clock_timestamp();
		EXECUTE 'SELECT count(*) FROM (' || statement || ' OFFSET 0) x' INTO n;
		walls := walls || extract(epoch FROM clock_timestamp() - t)::double precision;
		cpus := cpus || cpu() - c;
	END LOOP;
	INSERT INTO looks (look, wall, cpu, rows) SELECT measure.look, percentile_cont(0.5) WITHIN GROUP (ORDER BY w), (SELECT avg(x) FROM unnest(cpus) x), n FROM unnest(walls) w;
END $$;
SELECT id AS container FROM orchestration.containers ORDER BY id LIMIT 1 \gset
CALL measure('30 days by 15 minutes, of entries', format($$SELECT * FROM orchestration.usage_trend(%s, now() - interval '30 days', step => '15 minutes')$$, :container));
CALL measure('30 days by the hour, nothing rolled up yet', format($$SELECT * FROM orchestration.usage_trend(%s, now() - interval '30 days', step => '1 hour')$$, :container));
CALL measure('maintenance of all that is new', 'SELECT orchestration_internal.maintain_usage_rollups()', 1);
VACUUM ANALYZE orchestration.container_usage_hourly, orchestration.container_usage_daily, orchestration_internal.container_usage_pending;
CALL measure('30 days by the hour', format($$SELECT * FROM orchestration.usage_trend(%s, now() - interval '30 days', step => '1 hour')$$, :container));
CALL measure('30 days by the day', format($$SELECT * FROM orchestration.usage_trend(%s, now() - interval '30 days', step => '1 day')$$, :container));
CALL measure('30 days by the day, a whole namespace', $$SELECT * FROM orchestration.namespace_usage_trend('ns1', now() - interval '30 days', step => '1 day')$$);
CALL measure('top consumers of a day', $$SELECT * FROM orchestration.top_consumers()$$);
CALL measure('current usage', $$SELECT * FROM orchestration.current_usage$$);
SELECT look, rows, round((wall * 1000)::numeric, 1) AS "ms", round((cpu * 1000)::numeric) AS "CPU ms" FROM looks ORDER BY n;
