/* Trends that a chart can use as they are. */

CREATE OR REPLACE FUNCTION orchestration_internal.usage_step(since timestamptz, until timestamptz, step interval)
RETURNS interval
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF since IS NULL OR until IS NULL OR NOT isfinite(since) OR NOT isfinite(until) OR since >= until THEN
		RAISE EXCEPTION 'a trend needs a time to begin at and a later one to end at' USING ERRCODE = 'OR003';
	END IF;
	IF step IS NULL THEN
		RETURN (SELECT s.step FROM unnest('{1 min,5 min,15 min,01:00,06:00,1 day,7 days}'::interval[]) WITH ORDINALITY s (step, n)
			WHERE since + s.step * 500 >= until OR s.step = '7 days' ORDER BY s.n LIMIT 1);
	END IF;
	IF extract(month FROM step) <> 0 OR extract(year FROM step) <> 0 OR step < interval '1 second' THEN
		RAISE EXCEPTION 'a trend cannot have a step of %', step
			USING ERRCODE = 'OR003', HINT = 'Use seconds to days: months are not all of one length.';
	END IF;
	IF since + step * 100000 < until THEN
		RAISE EXCEPTION 'a trend cannot have more than 100000 steps' USING ERRCODE = 'OR003', HINT = 'Use a longer step.';
	END IF;
	RETURN step;
END
$$;

COMMENT ON FUNCTION orchestration_internal.usage_step(timestamptz, timestamptz, interval) IS 'The step of a trend: as given, or one that makes at most 500 of the time. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.usage_step(timestamptz, timestamptz, interval) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.usage_source(step interval)
RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	seconds numeric := extract(epoch FROM step);
BEGIN
	RETURN CASE WHEN seconds % 86400 = 0 THEN 'days' WHEN seconds % 3600 = 0 THEN 'hours' ELSE 'entries' END;
END
$$;

COMMENT ON FUNCTION orchestration_internal.usage_source(interval) IS 'What a trend of this step is made of: days, hours or entries.';
GRANT EXECUTE ON FUNCTION orchestration_internal.usage_source(interval) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.usage_moments(source text)
RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF source = 'entries' THEN
		RETURN 'SELECT u.recorded_at AS at, 1 AS samples, sum(u.cpu_millicores) AS cpu, sum(u.cpu_millicores) AS cpu_max,'
			' sum(u.memory_bytes) AS memory, sum(u.memory_bytes) AS memory_max, sum(u.network_receive_bytes) AS received,'
			' sum(u.network_transmit_bytes) AS transmitted, sum(u.disk_used_bytes) AS disk'
			' FROM orchestration.container_resource_usage u'
			' WHERE u.namespace_id = $1 AND ($2 IS NULL OR u.container_id = $2) AND u.recorded_at >= $3 AND u.recorded_at < $4 GROUP BY 1';
	END IF;
	/* who was there for part of an hour counts for that part */
	RETURN format('SELECT u.bucket_start AS at, max(u.samples) AS samples, sum(u.cpu_millicores_avg * u.samples) / max(u.samples) AS cpu,'
		' CASE WHEN $2 IS NOT NULL THEN max(u.cpu_millicores_max) ELSE sum(u.cpu_millicores_avg * u.samples) / max(u.samples) END AS cpu_max,'
		' sum(u.memory_bytes_avg::numeric * u.samples) / max(u.samples) AS memory,'
		' CASE WHEN $2 IS NOT NULL THEN max(u.memory_bytes_max) ELSE sum(u.memory_bytes_avg::numeric * u.samples) / max(u.samples) END AS memory_max,'
		' sum(u.network_receive_bytes) AS received, sum(u.network_transmit_bytes) AS transmitted, sum(u.disk_used_bytes_max) AS disk'
		' FROM orchestration_internal.%I u'
		' WHERE u.namespace_id = $1 AND ($2 IS NULL OR u.container_id = $2) AND u.bucket_start >= $3 AND u.bucket_start < $4 GROUP BY 1', 'usage_' || source);
END
$$;

COMMENT ON FUNCTION orchestration_internal.usage_moments(text) IS 'The query for what was used at each moment, hour or day. Its parameters: namespace, container (NULL: all), from, to.';
GRANT EXECUTE ON FUNCTION orchestration_internal.usage_moments(text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.usage_buckets(of_namespace bigint, of_container bigint, since timestamptz, until timestamptz, step interval)
RETURNS TABLE (bucket_start timestamptz, samples bigint, cpu_millicores_avg double precision, cpu_millicores_max double precision,
	memory_bytes_avg bigint, memory_bytes_max bigint, network_receive_bytes bigint, network_transmit_bytes bigint, disk_used_bytes_max bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	width interval := orchestration_internal.usage_step(since, until, step);
	/* a Monday: weeks begin there, and shorter steps at round times */
	origin timestamptz := '2001-01-01 00:00:00+00';
	first timestamptz := date_bin(width, since, origin);
	last timestamptz := date_bin(width, until - interval '1 microsecond', origin);
BEGIN
	RETURN QUERY EXECUTE format(
		'SELECT b.start, COALESCE(m.samples, 0), m.cpu, m.cpu_max, m.memory, m.memory_max, m.received, m.transmitted, m.disk'
		' FROM generate_series($3, $4 - $5, $5) b (start)'
		' LEFT JOIN (SELECT date_bin($5, p.at, $6) AS start, sum(p.samples)::bigint AS samples,'
		' sum(p.cpu * p.samples) / NULLIF(sum(p.samples) FILTER (WHERE p.cpu IS NOT NULL), 0)::double precision AS cpu, max(p.cpu_max) AS cpu_max,'
		' (sum(p.memory * p.samples) / NULLIF(sum(p.samples) FILTER (WHERE p.memory IS NOT NULL), 0))::bigint AS memory, max(p.memory_max)::bigint AS memory_max,'
		' sum(p.received)::bigint AS received, sum(p.transmitted)::bigint AS transmitted, max(p.disk)::bigint AS disk'
		' FROM (%s) p GROUP BY 1) m ON m.start = b.start ORDER BY b.start', orchestration_internal.usage_moments(orchestration_internal.usage_source(width)))
	USING of_namespace, of_container, first, last + width, width, origin;
END
$$;

COMMENT ON FUNCTION orchestration_internal.usage_buckets(bigint, bigint, timestamptz, timestamptz, interval) IS 'What usage_trend() and namespace_usage_trend() return. Arguments: namespace, container (NULL: all of them), from, to, step. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.usage_buckets(bigint, bigint, timestamptz, timestamptz, interval) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.usage_trend(container_id bigint, since timestamptz, until timestamptz DEFAULT now(), step interval DEFAULT NULL)
RETURNS TABLE (bucket_start timestamptz, samples bigint, cpu_millicores_avg double precision, cpu_millicores_max double precision,
	memory_bytes_avg bigint, memory_bytes_max bigint, network_receive_bytes bigint, network_transmit_bytes bigint, disk_used_bytes_max bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	home bigint := (SELECT c.namespace_id FROM orchestration.containers c WHERE c.id = $1);
BEGIN
	IF home IS NULL THEN
		RAISE EXCEPTION 'container % does not exist', COALESCE($1::text, 'NULL')
			USING ERRCODE = 'OR004', HINT = 'SELECT id, name FROM orchestration.containers lists them.';
	END IF;
	RETURN QUERY SELECT * FROM orchestration_internal.usage_buckets(home, $1, $2, $3, $4);
END
$$;

COMMENT ON FUNCTION orchestration.usage_trend(bigint, timestamptz, timestamptz, interval) IS 'What a container used over time, its pods together: one row for each step, in order, NULL where nothing was measured. Arguments: container id, from, to, step (NULL: one that makes at most 500 rows). Steps of whole days are made of container_usage_daily, of whole hours of container_usage_hourly, others of container_resource_usage, which is kept for a shorter time. Raises OR003, OR004.';
GRANT EXECUTE ON FUNCTION orchestration.usage_trend(bigint, timestamptz, timestamptz, interval) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.namespace_usage_trend(namespace text, since timestamptz, until timestamptz DEFAULT now(), step interval DEFAULT NULL)
RETURNS TABLE (bucket_start timestamptz, samples bigint, cpu_millicores_avg double precision, cpu_millicores_max double precision,
	memory_bytes_avg bigint, memory_bytes_max bigint, network_receive_bytes bigint, network_transmit_bytes bigint, disk_used_bytes_max bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	home bigint := (SELECT n.id FROM orchestration.namespaces n WHERE n.name = $1 AND n.status <> 'deleted');
BEGIN
	IF home IS NULL THEN
		RAISE EXCEPTION 'namespace "%" does not exist', COALESCE($1, 'NULL')
			USING ERRCODE = 'OR004', HINT = 'SELECT name FROM orchestration.namespaces lists them.';
	END IF;
	RETURN QUERY SELECT * FROM orchestration_internal.usage_buckets(home, NULL, $2, $3, $4);
END
$$;

COMMENT ON FUNCTION orchestration.namespace_usage_trend(text, timestamptz, timestamptz, interval) IS 'What all containers of a namespace used together, as usage_trend() does for one. The most in use is that of one hour or day on average, where hours or days are what it is made of. Raises OR003, OR004.';
GRANT EXECUTE ON FUNCTION orchestration.namespace_usage_trend(text, timestamptz, timestamptz, interval) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.top_consumers(metric text DEFAULT 'cpu', since timestamptz DEFAULT now() - interval '1 day', until timestamptz DEFAULT now(),
	maximum integer DEFAULT 10, of_namespace text DEFAULT NULL)
RETURNS TABLE (namespace text, container_id bigint, container text, cpu_millicores_avg double precision, cpu_millicores_max double precision,
	memory_bytes_avg bigint, memory_bytes_max bigint, network_receive_bytes bigint, network_transmit_bytes bigint, disk_used_bytes_max bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	sorted text := CASE metric WHEN 'cpu' THEN 't.cpu_avg' WHEN 'memory' THEN 't.memory_avg' WHEN 'network' THEN 'COALESCE(t.received, 0) + COALESCE(t.transmitted, 0)' WHEN 'disk' THEN 't.disk' END;
BEGIN
	IF sorted IS NULL THEN
		RAISE EXCEPTION 'unknown metric "%"', metric USING ERRCODE = 'OR003', HINT = 'Use cpu, memory, network or disk.';
	END IF;
	RETURN QUERY EXECUTE format(
		'SELECT n.name, c.id, c.name, t.cpu_avg, t.cpu_max, t.memory_avg::bigint, t.memory_max, t.received::bigint, t.transmitted::bigint, t.disk'
		' FROM (SELECT u.namespace_id, u.container_id, avg(u.cpu_millicores_avg) AS cpu_avg, max(u.cpu_millicores_max) AS cpu_max,'
		' avg(u.memory_bytes_avg) AS memory_avg, max(u.memory_bytes_max) AS memory_max, sum(u.network_receive_bytes) AS received,'
		' sum(u.network_transmit_bytes) AS transmitted, max(u.disk_used_bytes_max) AS disk'
		' FROM orchestration_internal.%I u'
		' WHERE u.bucket_start >= $1 AND u.bucket_start < $2'
		' AND ($3 IS NULL OR u.namespace_id = (SELECT x.id FROM orchestration.namespaces x WHERE x.name = $3 AND x.status <> ''deleted''))'
		' GROUP BY u.namespace_id, u.container_id) t'
		' JOIN orchestration.containers c ON c.namespace_id = t.namespace_id AND c.id = t.container_id'
		' JOIN orchestration.namespaces n ON n.id = t.namespace_id'
		' ORDER BY %s DESC NULLS LAST, c.id LIMIT $4',
		CASE WHEN until - since > interval '7 days' THEN 'usage_days' ELSE 'usage_hours' END, sorted)
	USING CASE WHEN until - since > interval '7 days' THEN date_trunc('day', since, 'UTC') ELSE date_trunc('hour', since, 'UTC') END, until, of_namespace, maximum;
END
$$;

COMMENT ON FUNCTION orchestration.top_consumers(text, timestamptz, timestamptz, integer, text) IS 'The containers that used most, in whole hours, or in whole days for more than a week. Arguments: cpu or memory (on average while they ran), network (received and sent) or disk (at most), from, to, how many, namespace (NULL: all). Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration.top_consumers(text, timestamptz, timestamptz, integer, text) TO orchestration_user, orchestration_worker;
