/*
 * Usage by the hour and by the day as it is now: what maintenance has not rolled
 * up yet is made of the entries themselves.  Views beneath functions; a
 * condition on namespace, container and time goes down into every branch.
 */

CREATE OR REPLACE VIEW orchestration_internal.usage_pending_hours AS
SELECT p.namespace_id, m.container_id, p.bucket_start, count(*) AS samples,
	avg(m.cpu_millicores) AS cpu_millicores_avg, max(m.cpu_millicores) AS cpu_millicores_max,
	avg(m.memory_bytes)::bigint AS memory_bytes_avg, max(m.memory_bytes) AS memory_bytes_max,
	CASE WHEN sum(m.network_receive_bytes) < 9e18 THEN sum(m.network_receive_bytes)::bigint END AS network_receive_bytes,
	CASE WHEN sum(m.network_transmit_bytes) < 9e18 THEN sum(m.network_transmit_bytes)::bigint END AS network_transmit_bytes,
	max(m.disk_used_bytes) AS disk_used_bytes_max
FROM (SELECT DISTINCT namespace_id, bucket_start FROM orchestration_internal.container_usage_pending) p
CROSS JOIN LATERAL (
	/* the pods of a container at one moment together */
	SELECT u.container_id, u.recorded_at, sum(u.cpu_millicores) AS cpu_millicores,
		CASE WHEN sum(u.memory_bytes) < 9e18 THEN sum(u.memory_bytes)::bigint END AS memory_bytes,
		sum(u.network_receive_bytes) AS network_receive_bytes, sum(u.network_transmit_bytes) AS network_transmit_bytes,
		CASE WHEN sum(u.disk_used_bytes) < 9e18 THEN sum(u.disk_used_bytes)::bigint END AS disk_used_bytes
	FROM orchestration.container_resource_usage u
	WHERE u.namespace_id = p.namespace_id AND u.recorded_at >= p.bucket_start AND u.recorded_at < p.bucket_start + interval '1 hour'
	GROUP BY u.container_id, u.recorded_at
) m
GROUP BY p.namespace_id, m.container_id, p.bucket_start;

COMMENT ON VIEW orchestration_internal.usage_pending_hours IS 'The hours that container_usage_hourly does not hold, or not with all of their entries.';

CREATE OR REPLACE VIEW orchestration_internal.usage_hours AS
SELECT h.*
FROM orchestration.container_usage_hourly h
WHERE NOT EXISTS (SELECT FROM orchestration_internal.container_usage_pending p WHERE p.namespace_id = h.namespace_id AND p.bucket_start = h.bucket_start)
UNION ALL
SELECT p.* FROM orchestration_internal.usage_pending_hours p;

COMMENT ON VIEW orchestration_internal.usage_hours IS 'What containers used, by the hour: container_usage_hourly, and what is not in it yet.';

CREATE OR REPLACE VIEW orchestration_internal.usage_pending_days AS
SELECT h.namespace_id, h.container_id, p.bucket_start, sum(h.samples)::bigint AS samples,
	sum(h.cpu_millicores_avg * h.samples) / NULLIF(sum(h.samples) FILTER (WHERE h.cpu_millicores_avg IS NOT NULL), 0)::double precision AS cpu_millicores_avg,
	max(h.cpu_millicores_max) AS cpu_millicores_max,
	(sum(h.memory_bytes_avg::numeric * h.samples) / NULLIF(sum(h.samples) FILTER (WHERE h.memory_bytes_avg IS NOT NULL), 0))::bigint AS memory_bytes_avg,
	max(h.memory_bytes_max) AS memory_bytes_max,
	CASE WHEN sum(h.network_receive_bytes) < 9e18 THEN sum(h.network_receive_bytes)::bigint END AS network_receive_bytes,
	CASE WHEN sum(h.network_transmit_bytes) < 9e18 THEN sum(h.network_transmit_bytes)::bigint END AS network_transmit_bytes,
	max(h.disk_used_bytes_max) AS disk_used_bytes_max
FROM (SELECT DISTINCT namespace_id, date_trunc('day', bucket_start, 'UTC') AS bucket_start FROM orchestration_internal.container_usage_pending) p
JOIN orchestration_internal.usage_hours h
	ON h.namespace_id = p.namespace_id AND h.bucket_start >= p.bucket_start AND h.bucket_start < p.bucket_start + interval '24 hours'
GROUP BY h.namespace_id, h.container_id, p.bucket_start;

COMMENT ON VIEW orchestration_internal.usage_pending_days IS 'The days that container_usage_daily does not hold, or not with all of their hours.';

CREATE OR REPLACE VIEW orchestration_internal.usage_days AS
SELECT d.*
FROM orchestration.container_usage_daily d
WHERE NOT EXISTS (
	SELECT FROM orchestration_internal.container_usage_pending p
	WHERE p.namespace_id = d.namespace_id AND p.bucket_start >= d.bucket_start AND p.bucket_start < d.bucket_start + interval '24 hours')
UNION ALL
SELECT p.* FROM orchestration_internal.usage_pending_days p;

COMMENT ON VIEW orchestration_internal.usage_days IS 'What containers used, by the day (UTC): container_usage_daily, and what is not in it yet.';

CREATE OR REPLACE VIEW orchestration.current_usage AS
SELECT c.namespace_id, n.name AS namespace, c.id AS container_id, c.name AS container, u.recorded_at, u.pods,
	u.cpu_millicores, c.cpu_limit * u.pods AS cpu_limit, round((100 * u.cpu_millicores / (c.cpu_limit * u.pods))::numeric, 1) AS cpu_percent,
	u.memory_bytes, c.memory_limit * u.pods AS memory_limit, round(100 * u.memory_bytes / (c.memory_limit * u.pods), 1) AS memory_percent,
	u.network_receive_bytes, u.network_transmit_bytes, u.disk_used_bytes
FROM orchestration.containers c
JOIN orchestration.namespaces n ON n.id = c.namespace_id
CROSS JOIN LATERAL (
	SELECT x.recorded_at FROM orchestration.container_resource_usage x
	WHERE x.namespace_id = c.namespace_id AND x.container_id = c.id
		AND x.recorded_at > pg_catalog.now() - interval '1 day' AND x.recorded_at <= pg_catalog.now() + interval '1 day'
	ORDER BY x.recorded_at DESC
	LIMIT 1
) last
CROSS JOIN LATERAL (
	SELECT last.recorded_at, count(*) AS pods, sum(x.cpu_millicores) AS cpu_millicores, sum(x.memory_bytes) AS memory_bytes,
		sum(x.network_receive_bytes) AS network_receive_bytes, sum(x.network_transmit_bytes) AS network_transmit_bytes,
		sum(x.disk_used_bytes) AS disk_used_bytes
	FROM orchestration.container_resource_usage x
	WHERE x.namespace_id = c.namespace_id AND x.container_id = c.id AND x.recorded_at = last.recorded_at
) u
WHERE c.status <> 'deleted';

COMMENT ON VIEW orchestration.current_usage IS 'What every container used when it was last measured, within the last day: all of its pods together, beside its limits for as many.';

/* the same columns in the tables and in what is seen of them */
DO $$
DECLARE
	rollup regclass;
BEGIN
	FOREACH rollup IN ARRAY ARRAY[
		'orchestration.container_usage_hourly', 'orchestration.container_usage_daily', 'orchestration_internal.usage_pending_hours',
		'orchestration_internal.usage_hours', 'orchestration_internal.usage_pending_days', 'orchestration_internal.usage_days']::regclass[]
	LOOP
		EXECUTE pg_catalog.format($comments$
			COMMENT ON COLUMN %1$s.namespace_id IS 'Namespace of the container.';
			COMMENT ON COLUMN %1$s.container_id IS 'Container that used it, all pods together.';
			COMMENT ON COLUMN %1$s.bucket_start IS 'Begin of the hour or day.';
			COMMENT ON COLUMN %1$s.samples IS 'How many moments were measured.';
			COMMENT ON COLUMN %1$s.cpu_millicores_avg IS 'CPU in use on average, in millicores.';
			COMMENT ON COLUMN %1$s.cpu_millicores_max IS 'Most CPU in use at one moment, in millicores.';
			COMMENT ON COLUMN %1$s.memory_bytes_avg IS 'Memory in use on average, in bytes.';
			COMMENT ON COLUMN %1$s.memory_bytes_max IS 'Most memory in use at one moment, in bytes.';
			COMMENT ON COLUMN %1$s.network_receive_bytes IS 'Bytes received.';
			COMMENT ON COLUMN %1$s.network_transmit_bytes IS 'Bytes sent.';
			COMMENT ON COLUMN %1$s.disk_used_bytes_max IS 'Most bytes in use on disk at one moment.';
		$comments$, rollup);
	END LOOP;
END
$$;

COMMENT ON COLUMN orchestration.current_usage.namespace_id IS 'Namespace of the container.';
COMMENT ON COLUMN orchestration.current_usage.namespace IS 'Name of the namespace.';
COMMENT ON COLUMN orchestration.current_usage.container_id IS 'Container.';
COMMENT ON COLUMN orchestration.current_usage.container IS 'Name of the container.';
COMMENT ON COLUMN orchestration.current_usage.recorded_at IS 'When it was measured.';
COMMENT ON COLUMN orchestration.current_usage.pods IS 'Pods that were measured.';
COMMENT ON COLUMN orchestration.current_usage.cpu_millicores IS 'CPU in use, in millicores.';
COMMENT ON COLUMN orchestration.current_usage.cpu_limit IS 'What its pods may use together, in millicores; NULL: no limit.';
COMMENT ON COLUMN orchestration.current_usage.cpu_percent IS 'CPU in use as part of the limit.';
COMMENT ON COLUMN orchestration.current_usage.memory_bytes IS 'Memory in use, in bytes.';
COMMENT ON COLUMN orchestration.current_usage.memory_limit IS 'What its pods may use together, in bytes; NULL: no limit.';
COMMENT ON COLUMN orchestration.current_usage.memory_percent IS 'Memory in use as part of the limit.';
COMMENT ON COLUMN orchestration.current_usage.network_receive_bytes IS 'Bytes received since it was measured before.';
COMMENT ON COLUMN orchestration.current_usage.network_transmit_bytes IS 'Bytes sent since it was measured before.';
COMMENT ON COLUMN orchestration.current_usage.disk_used_bytes IS 'Bytes in use on disk.';
