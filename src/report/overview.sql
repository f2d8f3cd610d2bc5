/* The platform on one screen. */

CREATE OR REPLACE FUNCTION orchestration_internal.format_age(age interval)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN s < 1 THEN '0 s'
		WHEN s < 100 THEN round(s) || ' s'
		WHEN s < 6000 THEN round(s / 60) || ' min'
		WHEN s < 172800 THEN round(s / 3600) || ' h'
		ELSE round(s / 86400) || ' days'
	END
	FROM (SELECT extract(epoch FROM age)) e (s)
$$;

COMMENT ON FUNCTION orchestration_internal.format_age(interval) IS 'A span of time in one number and one unit, such as 3 min.';
GRANT EXECUTE ON FUNCTION orchestration_internal.format_age(interval) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.format_ago(age interval)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE a WHEN '0 s' THEN 'just now' ELSE a || ' ago' END FROM orchestration_internal.format_age(age) a
$$;

COMMENT ON FUNCTION orchestration_internal.format_ago(interval) IS 'How long something is past, such as 3 min ago or just now.';
GRANT EXECUTE ON FUNCTION orchestration_internal.format_ago(interval) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.one_line(of_text text, width integer)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN length(t) > width THEN left(t, width - 1) || '…' ELSE t END
	FROM (SELECT btrim(regexp_replace(of_text, '[\s[:cntrl:]]+', ' ', 'g'))) s (t)
$$;

COMMENT ON FUNCTION orchestration_internal.one_line(text, integer) IS 'A text without line breaks, cut to a number of characters.';
GRANT EXECUTE ON FUNCTION orchestration_internal.one_line(text, integer) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.overview_worker()
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN COALESCE((
		SELECT concat_ws(', ', w.state || COALESCE(' since ' || orchestration_internal.format_age(clock_timestamp() - w.started_at), ''),
			'last turn ' || orchestration_internal.format_ago(w.idle_for), w.requests || ' requests', w.errors || ' failed', w.in_flight || ' under way')
		FROM orchestration.worker_status w), CASE WHEN pg_is_in_recovery() THEN 'none: this is a standby' ELSE 'none' END);
EXCEPTION WHEN SQLSTATE 'OR032' THEN
	RETURN 'none: the library is not in shared_preload_libraries';
END
$$;

COMMENT ON FUNCTION orchestration_internal.overview_worker() IS 'Line of overview about the worker.';
GRANT EXECUTE ON FUNCTION orchestration_internal.overview_worker() TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.overview_containers()
RETURNS TABLE (subject text, state text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT 'containers', COALESCE(string_agg(c.n || ' ' || c.status, ', ' ORDER BY array_position('{failed,pending,running,paused,stopped}'::text[], c.status)), 'none')
	FROM (
		SELECT x.status, count(*) AS n FROM orchestration.containers x
		WHERE x.status IN ('failed', 'pending', 'running', 'paused', 'stopped')
		GROUP BY x.status
	) c
	UNION ALL
	SELECT 'failing', f.state FROM (
		SELECT format('%s/%s for %s: %s', n.name, c.name, orchestration_internal.format_age(clock_timestamp() - c.status_changed_at), COALESCE(NULLIF(concat_ws(': ', NULLIF(c.status_reason, ''), NULLIF(c.status_message, '')), ''), 'no reason is known')) AS state
		FROM orchestration.containers c
		JOIN orchestration.namespaces n ON n.id = c.namespace_id
		WHERE c.status = 'failed'
		ORDER BY c.status_changed_at DESC
		LIMIT 3
	) f
	UNION ALL
	SELECT 'top CPU', string_agg(format('%s/%s %sm', u.namespace, u.container, round(u.cpu_millicores_avg)), ', ' ORDER BY u.cpu_millicores_avg DESC)
	FROM orchestration.top_consumers('cpu', now() - interval '10 minutes', now(), 4) u
	WHERE u.cpu_millicores_avg IS NOT NULL
	HAVING count(*) > 0
	UNION ALL
	SELECT 'top memory', string_agg(format('%s/%s %s', u.namespace, u.container, pg_size_pretty(u.memory_bytes_avg)), ', ' ORDER BY u.memory_bytes_avg DESC)
	FROM orchestration.top_consumers('memory', now() - interval '10 minutes', now(), 4) u
	WHERE u.memory_bytes_avg IS NOT NULL
	HAVING count(*) > 0
$$;

COMMENT ON FUNCTION orchestration_internal.overview_containers() IS 'Lines of overview about containers.';
GRANT EXECUTE ON FUNCTION orchestration_internal.overview_containers() TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.overview_work()
RETURNS TABLE (subject text, state text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT 'cluster ' || c.name, concat_ws(', ', c.status || COALESCE(': ' || NULLIF(c.status_message, ''), ''), NULLIF(c.server_version, ''),
		'heard of ' || orchestration_internal.format_ago(clock_timestamp() - c.observed_at), 'lease of ' || NULLIF(c.lease_holder, ''))
	FROM (SELECT x.name, x.status, x.status_message, x.server_version, x.observed_at, x.lease_holder FROM orchestration.clusters x ORDER BY x.status = 'connected', x.name LIMIT 5) c
	UNION ALL
	SELECT 'work', format('%s rows to plan, %s objects to apply, %s to delete, %s failing%s', p.rows, o.due, o.deleting, o.failing,
		COALESCE(', waiting for ' || orchestration_internal.format_age(clock_timestamp() - o.oldest), ''))
	FROM (
		SELECT (SELECT count(*) FROM orchestration.namespaces n WHERE n.generation > n.observed_generation AND n.cluster_id IS NOT NULL)
			+ (SELECT count(*) FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id
				WHERE c.generation > c.observed_generation AND n.cluster_id IS NOT NULL) AS rows
	) p, (
		SELECT count(*) FILTER (WHERE m.desired_hash IS NOT NULL) AS due, count(*) FILTER (WHERE m.desired_hash IS NULL) AS deleting,
			count(*) FILTER (WHERE m.last_error_reason IS NOT NULL) AS failing, min(m.updated_at) AS oldest
		FROM orchestration.managed_objects m
		WHERE m.desired_hash IS NULL OR m.applied_hash IS DISTINCT FROM m.desired_hash
	) o
	UNION ALL
	SELECT 'operations', CASE WHEN f.n = 0 THEN 'none failed within the hour'
		ELSE format('%s failed or refused within the hour; %s: %s: %s', f.n, orchestration_internal.format_ago(clock_timestamp() - f.newest),
			/* what has no name, or not yet, has a number at best */
			concat_ws(' ', l.operation, NULLIF(l.resource_type, ''), COALESCE('"' || NULLIF(l.resource_name, '') || '"', l.resource_id::text)),
			COALESCE(NULLIF(l.error_message, ''), l.status)) END
	FROM (
		SELECT count(*) AS n, max(x.started_at) AS newest FROM orchestration.operation_logs x
		WHERE x.status <> 'succeeded' AND x.started_at >= now() - interval '1 hour'
	) f
	LEFT JOIN LATERAL (
		SELECT x.* FROM orchestration.operation_logs x WHERE x.status <> 'succeeded' AND x.started_at = f.newest LIMIT 1
	) l ON true
$$;

COMMENT ON FUNCTION orchestration_internal.overview_work() IS 'Lines of overview about clusters, work and operations.';
GRANT EXECUTE ON FUNCTION orchestration_internal.overview_work() TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.overview_upkeep()
RETURNS TABLE (subject text, state text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT 'maintenance', COALESCE(
		(SELECT string_agg(format('%s failed %s times', s.name, s.failures) || COALESCE(': ' || NULLIF(s.last_error, ''), ''), '; ' ORDER BY s.name) FROM orchestration.maintenance_steps s WHERE s.enabled AND s.failures > 0),
		(SELECT format('well; %s %s', orchestration_internal.format_ago(clock_timestamp() - s.last_finished_at), s.name) || COALESCE(': ' || NULLIF(s.last_result, ''), '')
		 FROM orchestration.maintenance_steps s WHERE s.last_finished_at IS NOT NULL ORDER BY s.last_finished_at DESC LIMIT 1),
		'has not run yet')
	UNION ALL
	SELECT 'log tables', concat_ws(', ', format('months made to %s (%s)', to_char(min(l.before_time) AT TIME ZONE 'UTC' - interval '1 day', 'YYYY-MM'), (array_agg(l.table_name ORDER BY l.before_time, l.table_name))[1]),
		pg_size_pretty(sum(l.size_bytes)) || ' in all', 'last changed ' || orchestration_internal.format_ago(clock_timestamp() - max(l.last_at)), NULLIF(sum(l.failed), 0) || ' months failed')
	FROM orchestration.log_table_status l
	HAVING count(*) > 0
$$;

COMMENT ON FUNCTION orchestration_internal.overview_upkeep() IS 'Lines of overview about maintenance and partitions.';
GRANT EXECUTE ON FUNCTION orchestration_internal.overview_upkeep() TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.overview_alerts()
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN count(*) = 0 THEN 'none open' ELSE format('%s open: ', count(*)) || string_agg(format('%s %s%s %s (%s)', a.severity, a.rule,
		COALESCE(' of ' || (SELECT string_agg(l.value, ', ') FROM jsonb_each_text(a.labels) l), ''), orchestration_internal.quantity_text(a.last_value, a.unit),
		orchestration_internal.format_age(clock_timestamp() - a.opened_at)), '; ' ORDER BY array_position('{critical,warning,info}'::text[], a.severity), a.opened_at DESC) END
	FROM orchestration.alerts a
	WHERE a.state = 'open'
$$;

COMMENT ON FUNCTION orchestration_internal.overview_alerts() IS 'Line of overview about alerts.';
GRANT EXECUTE ON FUNCTION orchestration_internal.overview_alerts() TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.overview_lines()
RETURNS TABLE (subject text, state text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT l.subject, orchestration_internal.one_line(l.state, 96)
	FROM (
		SELECT 'database', format('%s, PostgreSQL %s%s, up %s, %s of %s connections, %s', current_database(), split_part(current_setting('server_version'), ' ', 1),
			CASE WHEN pg_is_in_recovery() THEN ' (standby)' ELSE '' END, orchestration_internal.format_age(clock_timestamp() - pg_postmaster_start_time()),
			(SELECT count(*) FROM pg_stat_activity a WHERE a.backend_type = 'client backend'), current_setting('max_connections'), pg_size_pretty(pg_database_size(current_database())))
		UNION ALL
		SELECT 'worker', orchestration_internal.overview_worker()
		UNION ALL
		SELECT 'alerts', orchestration_internal.overview_alerts()
		UNION ALL
		SELECT * FROM orchestration_internal.overview_work()
		UNION ALL
		SELECT * FROM orchestration_internal.overview_containers()
		UNION ALL
		SELECT * FROM orchestration_internal.overview_upkeep()
	) l (subject, state)
$$;

COMMENT ON FUNCTION orchestration_internal.overview_lines() IS 'What the view overview shows.';
GRANT EXECUTE ON FUNCTION orchestration_internal.overview_lines() TO orchestration_user, orchestration_worker;
