/* The sections of report_html(), each a function of the span of time. */

CREATE OR REPLACE FUNCTION orchestration_internal.report_times(since timestamptz, until timestamptz)
RETURNS timestamptz[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT array_agg(since + (until - since) * n / 48 ORDER BY n) FROM generate_series(0, 48) n $$;

COMMENT ON FUNCTION orchestration_internal.report_times(timestamptz, timestamptz) IS 'The 49 moments that part a span of time into 48 equal ones.';
GRANT EXECUTE ON FUNCTION orchestration_internal.report_times(timestamptz, timestamptz) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.report_tiles(since timestamptz)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT '<ul class="tiles">' || string_agg(format('<li%s><b>%s</b><span>%s</span></li>', CASE WHEN t.bad THEN ' class="bad"' ELSE '' END, orchestration_internal.html_escape(t.figure), orchestration_internal.html_escape(t.label)), '' ORDER BY t.place) || E'</ul>\n'
	FROM (
		SELECT 1 AS place, c.running::text AS figure, format('of %s containers run', c.wanted) AS label, c.running < c.wanted AS bad
		FROM (SELECT count(*) FILTER (WHERE x.status = 'running') AS running, count(*) AS wanted FROM orchestration.containers x WHERE x.desired_state = 'running' AND x.status <> 'deleted') c
		UNION ALL
		SELECT 2, count(*)::text, 'failing now', count(*) > 0 FROM orchestration.containers x WHERE x.status = 'failed'
		UNION ALL
		SELECT 3, count(*) FILTER (WHERE k.status = 'connected')::text, format('of %s clusters connected', count(*)), bool_or(k.status <> 'connected') FROM orchestration.clusters k WHERE k.enabled
		UNION ALL
		SELECT 4, count(*)::text, 'operations failed or refused', count(*) > 0 FROM orchestration.operation_logs l WHERE l.status <> 'succeeded' AND l.started_at >= since
		UNION ALL
		SELECT 5, count(*)::text, 'alerts open', count(*) > 0 FROM orchestration.alerts a WHERE a.state = 'open'
	) t
$$;

COMMENT ON FUNCTION orchestration_internal.report_tiles(timestamptz) IS 'Section of report_html(): the most important figures.';
GRANT EXECUTE ON FUNCTION orchestration_internal.report_tiles(timestamptz) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.report_states(since timestamptz, until timestamptz)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	/* backwards from what is: what was before is that without what has changed since */
	WITH edges AS MATERIALIZED (
		SELECT orchestration_internal.report_times(since, until) AS at
	), changes AS MATERIALIZED (
		SELECT d.status, width_bucket(h.changed_at, e.at) AS bucket, sum(d.by) AS by
		FROM edges e, orchestration.container_status_history h
		CROSS JOIN LATERAL (VALUES (h.new_status, 1), (h.old_status, -1)) d (status, by)
		WHERE h.changed_at > since AND h.old_status IS DISTINCT FROM h.new_status
		GROUP BY d.status, bucket
	), present AS MATERIALIZED (
		SELECT s.status, s.nth, (SELECT count(*) FROM orchestration.containers c WHERE c.status = s.status) AS n
		FROM unnest('{running,pending,paused,stopped,failed}'::text[]) WITH ORDINALITY s (status, nth)
	), counts AS (
		SELECT p.status, p.nth, array_agg(GREATEST(0, p.n - COALESCE((SELECT sum(g.by) FROM changes g WHERE g.status = p.status AND g.bucket >= moment), 0)) ORDER BY moment) AS values
		FROM present p, generate_series(1, 49) moment
		GROUP BY p.status, p.nth
	)
	SELECT orchestration_internal.html_card('Containers by status', NULL, orchestration_internal.plot('areas', 'states', 'Containers by status',
		'How many containers were running, pending, paused, stopped and failed over the time of this report, stacked.',
		orchestration_internal.report_times(since, until),
		CASE WHEN bool_or(0 < ANY (c.values)) THEN jsonb_agg(jsonb_build_object('name', c.status, 'class', 's-' || c.status, 'values', to_jsonb(c.values)) ORDER BY c.nth) END,
		'count', 'There are no containers.'), true)
	FROM counts c
$$;

COMMENT ON FUNCTION orchestration_internal.report_states(timestamptz, timestamptz) IS 'Section of report_html(): containers by status over time.';
GRANT EXECUTE ON FUNCTION orchestration_internal.report_states(timestamptz, timestamptz) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.report_operations(since timestamptz, until timestamptz)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH edges AS MATERIALIZED (
		SELECT orchestration_internal.report_times(since, until) AS at
	), failures AS (
		SELECT l.*, LEAST(48, width_bucket(l.started_at, e.at)) AS bucket
		FROM edges e, orchestration.operation_logs l
		WHERE l.status <> 'succeeded' AND l.started_at >= since AND l.started_at <= until
	), counts AS (
		SELECT s.status, s.nth, array_agg((SELECT count(*) FROM failures f WHERE f.status = s.status AND f.bucket = n) ORDER BY n) AS values
		FROM unnest('{failed,refused}'::text[]) WITH ORDINALITY s (status, nth), generate_series(1, 48) n
		GROUP BY s.status, s.nth
	)
	SELECT orchestration_internal.html_card('Operations that did not succeed', NULL,
		CASE WHEN EXISTS (SELECT FROM failures) THEN orchestration_internal.plot('bars', 'operations', 'Operations that did not succeed', 'How many operations failed or were refused in each part of the time of this report.',
			(orchestration_internal.report_times(since, until))[1:48],
			(SELECT jsonb_agg(jsonb_build_object('name', c.status, 'class', 's-' || c.status, 'values', to_jsonb(c.values)) ORDER BY c.nth) FROM counts c), 'count', '') ELSE '' END
		|| orchestration_internal.html_table('{when (UTC),what,on,by,result,why}', 'ttttst', (
			SELECT jsonb_agg(jsonb_build_array(to_char(f.started_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI:SS'), f.operation || ' ' || f.resource_type, f.resource_name,
				COALESCE(f.db_role || ' (user ' || f.user_id || ')', f.db_role), f.status, orchestration_internal.one_line(f.error_message, 200)) ORDER BY f.started_at DESC)
			FROM (SELECT x.* FROM failures x ORDER BY x.started_at DESC LIMIT 20) f), 'Nothing failed and nothing was refused.'), true)
$$;

COMMENT ON FUNCTION orchestration_internal.report_operations(timestamptz, timestamptz) IS 'Section of report_html(): failed and refused operations over time, and the newest twenty.';
GRANT EXECUTE ON FUNCTION orchestration_internal.report_operations(timestamptz, timestamptz) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.report_alerts(since timestamptz, until timestamptz)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT orchestration_internal.html_card('Alerts', NULL, orchestration_internal.html_table(ARRAY['severity', 'rule', 'about', 'worst', 'state', 'from ' || to_char(since AT TIME ZONE 'UTC', 'MM-DD HH24:MI') || ' to now'], 'sttntw', (
		SELECT jsonb_agg(jsonb_build_array(a.severity, a.rule, COALESCE(a.about, n.name), orchestration_internal.quantity_text(a.peak_value, a.unit),
			CASE WHEN a.resolved_at IS NULL THEN 'open for ' || orchestration_internal.format_age(until - a.opened_at) ELSE 'resolved after ' || orchestration_internal.format_age(a.resolved_at - a.opened_at) END
				|| CASE WHEN a.acknowledged_at IS NOT NULL THEN ', acknowledged' ELSE '' END,
			format('%s %s s-%s', round(a.begins, 1), GREATEST(1, round(a.ends - a.begins, 1)), a.severity))
			ORDER BY a.resolved_at IS NOT NULL, array_position('{critical,warning,info}'::text[], a.severity), a.opened_at DESC)
		FROM (
			SELECT x.*, (SELECT string_agg(l.key || ' ' || l.value, ', ') FROM jsonb_each_text(x.labels) l) AS about,
				100 * GREATEST(0, extract(epoch FROM x.opened_at - since)) / extract(epoch FROM until - since) AS begins,
				100 * extract(epoch FROM COALESCE(x.resolved_at, until) - since) / extract(epoch FROM until - since) AS ends
			FROM orchestration.alerts x
			WHERE x.opened_at <= until AND (x.state = 'open' OR x.state = 'resolved' AND x.resolved_at >= since)
			ORDER BY x.resolved_at IS NOT NULL, x.opened_at DESC
			LIMIT 50
		) a
		LEFT JOIN orchestration.namespaces n ON n.id = a.namespace_id), 'No alert was open.'), true)
$$;

COMMENT ON FUNCTION orchestration_internal.report_alerts(timestamptz, timestamptz) IS 'Section of report_html(): the alerts that were open, and when.';
GRANT EXECUTE ON FUNCTION orchestration_internal.report_alerts(timestamptz, timestamptz) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.report_failing()
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT orchestration_internal.html_card('Containers that need somebody', NULL, orchestration_internal.html_table('{container,status,for,ready,why}', 'tsttt', (
		SELECT jsonb_agg(jsonb_build_array(f.namespace || '/' || f.name, f.status, orchestration_internal.format_age(now() - f.status_changed_at), f.ready_replicas || '/' || f.replicas,
			orchestration_internal.one_line(concat_ws(': ', f.status_reason, f.status_message), 300)) ORDER BY f.status, f.status_changed_at DESC)
		FROM (
			SELECT c.*, n.name AS namespace
			FROM orchestration.containers c
			JOIN orchestration.namespaces n ON n.id = c.namespace_id
			/* pending is normal for a while */
			WHERE c.status = 'failed' OR c.status = 'pending' AND c.status_changed_at < now() - interval '5 minutes'
			ORDER BY c.status, c.status_changed_at DESC
			LIMIT 10
		) f), 'All containers are as wanted.'), true)
$$;

COMMENT ON FUNCTION orchestration_internal.report_failing() IS 'Section of report_html(): containers that failed, or have been pending for more than five minutes.';
GRANT EXECUTE ON FUNCTION orchestration_internal.report_failing() TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.report_consumers(since timestamptz, until timestamptz)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH used AS (
		SELECT u.*, max(u.cpu_millicores_avg) OVER () AS most FROM orchestration.top_consumers('cpu', since, until, 15) u
	)
	SELECT orchestration_internal.html_card('Top consumers', 'CPU and memory on average, network in all, disk at most.', orchestration_internal.html_table('{container,"",CPU,memory,network,disk}', 'tbnnnn', (
		SELECT jsonb_agg(jsonb_build_array(u.namespace || '/' || u.container, u.cpu_millicores_avg / NULLIF(u.most, 0), orchestration_internal.quantity_text(u.cpu_millicores_avg, 'millicores'),
			orchestration_internal.quantity_text(u.memory_bytes_avg, 'bytes'), orchestration_internal.quantity_text(u.network_receive_bytes::double precision + u.network_transmit_bytes, 'bytes'),
			orchestration_internal.quantity_text(u.disk_used_bytes_max, 'bytes'))
			ORDER BY u.cpu_millicores_avg DESC NULLS LAST, u.memory_bytes_avg DESC NULLS LAST)
		FROM used u), 'No usage was recorded.'), true)
$$;

COMMENT ON FUNCTION orchestration_internal.report_consumers(timestamptz, timestamptz) IS 'Section of report_html(): the fifteen containers that used the most CPU.';
GRANT EXECUTE ON FUNCTION orchestration_internal.report_consumers(timestamptz, timestamptz) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.report_usage_series(since timestamptz, until timestamptz)
RETURNS TABLE (place bigint, name text, cpu jsonb, memory jsonb, receive jsonb, transmit jsonb)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	/* entries while a 48th is shorter than an hour, then hours, then days: they are few, and kept for longer */
	WITH edges AS MATERIALIZED (
		SELECT orchestration_internal.report_times(since, until) AS at, extract(epoch FROM until - since) / 48 AS width,
			CASE WHEN until - since < interval '48 hours' THEN 0 WHEN until - since < interval '48 days' THEN 3600 ELSE 86400 END AS unit
	), used AS (
		SELECT n.id, n.name, u.bucket, sum(u.cpu) AS cpu, sum(u.memory) AS memory,
			sum(u.receive / u.seconds) AS receive, sum(u.transmit / u.seconds) AS transmit
		FROM edges e
		CROSS JOIN orchestration.namespaces n
		CROSS JOIN LATERAL (
			SELECT LEAST(48, width_bucket(m.at, e.at)) AS bucket, avg(m.cpu) AS cpu, avg(m.memory) AS memory,
				sum(m.receive) AS receive, sum(m.transmit) AS transmit, COALESCE(NULLIF(e.unit * count(*), 0), e.width) AS seconds
			FROM (
				SELECT x.container_id, x.instance_id, x.recorded_at, x.cpu_millicores, x.memory_bytes, x.network_receive_bytes, x.network_transmit_bytes
				FROM orchestration.container_resource_usage x
				WHERE e.unit = 0 AND x.namespace_id = n.id AND x.recorded_at BETWEEN since AND until
				UNION ALL
				SELECT h.container_id, NULL, h.bucket_start, h.cpu_millicores_avg, h.memory_bytes_avg, h.network_receive_bytes, h.network_transmit_bytes
				FROM orchestration_internal.usage_hours h
				WHERE e.unit = 3600 AND h.namespace_id = n.id AND h.bucket_start BETWEEN since AND until
				UNION ALL
				SELECT d.container_id, NULL, d.bucket_start, d.cpu_millicores_avg, d.memory_bytes_avg, d.network_receive_bytes, d.network_transmit_bytes
				FROM orchestration_internal.usage_days d
				WHERE e.unit = 86400 AND d.namespace_id = n.id AND d.bucket_start BETWEEN since AND until
			) m (container_id, instance_id, at, cpu, memory, receive, transmit)
			GROUP BY m.container_id, m.instance_id, bucket, e.unit, e.width
		) u
		WHERE n.status <> 'deleted'
		GROUP BY n.id, n.name, u.bucket
	), ranked AS (
		SELECT r.id, r.name, row_number() OVER (ORDER BY r.cpu DESC NULLS LAST, r.id) AS place
		FROM (SELECT u.id, u.name, sum(u.cpu) AS cpu FROM used u GROUP BY u.id, u.name) r
	), shown AS (
		SELECT LEAST(r.place, 6) AS place, CASE WHEN r.place < 6 THEN r.name ELSE 'all others' END AS name, u.bucket,
			sum(u.cpu) AS cpu, sum(u.memory) AS memory, sum(u.receive) AS receive, sum(u.transmit) AS transmit
		FROM used u
		JOIN ranked r USING (id)
		GROUP BY LEAST(r.place, 6), CASE WHEN r.place < 6 THEN r.name ELSE 'all others' END, u.bucket
	)
	SELECT g.place, g.name, jsonb_agg(s.cpu ORDER BY n), jsonb_agg(s.memory ORDER BY n), jsonb_agg(s.receive ORDER BY n), jsonb_agg(s.transmit ORDER BY n)
	FROM (SELECT DISTINCT s.place, s.name FROM shown s) g
	CROSS JOIN generate_series(1, 48) n
	LEFT JOIN shown s ON s.place = g.place AND s.bucket = n
	GROUP BY g.place, g.name
$$;

COMMENT ON FUNCTION orchestration_internal.report_usage_series(timestamptz, timestamptz) IS 'What the five namespaces that used most, and all others together, used in each 48th of a span of time: CPU in millicores, memory in bytes, network in bytes per second. NULL where nothing was recorded.';
GRANT EXECUTE ON FUNCTION orchestration_internal.report_usage_series(timestamptz, timestamptz) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.report_usage(since timestamptz, until timestamptz)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH series AS MATERIALIZED (
		SELECT s.*, 'p' || s.place AS class FROM orchestration_internal.report_usage_series(since, until) s
	)
	SELECT string_agg(orchestration_internal.html_card(v.title, NULL, orchestration_internal.plot('areas', v.id, v.title, v.title || ' over the time of this report: the five namespaces that used the most CPU and all others, stacked.',
		(orchestration_internal.report_times(since, until))[2:], v.series, v.unit, 'No usage was recorded.')), '' ORDER BY v.place)
	FROM (
		SELECT jsonb_agg(jsonb_build_object('name', s.name, 'class', s.class, 'values', s.cpu) ORDER BY s.place) AS cpu,
			jsonb_agg(jsonb_build_object('name', s.name, 'class', s.class, 'values', s.memory) ORDER BY s.place) AS memory,
			jsonb_agg(jsonb_build_object('name', s.name, 'class', s.class, 'values', s.receive) ORDER BY s.place) AS receive,
			jsonb_agg(jsonb_build_object('name', s.name, 'class', s.class, 'values', s.transmit) ORDER BY s.place) AS transmit
		FROM series s
	) a
	CROSS JOIN LATERAL (VALUES
		(1, 'cpu', 'CPU in use', a.cpu, 'millicores'),
		(2, 'memory', 'Memory in use', a.memory, 'bytes'),
		(3, 'receive', 'Network received', a.receive, 'bytes/s'),
		(4, 'transmit', 'Network sent', a.transmit, 'bytes/s')
	) v (place, id, title, series, unit)
$$;

COMMENT ON FUNCTION orchestration_internal.report_usage(timestamptz, timestamptz) IS 'Section of report_html(): what was used over time.';
GRANT EXECUTE ON FUNCTION orchestration_internal.report_usage(timestamptz, timestamptz) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.report_upkeep()
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT orchestration_internal.html_card('Log tables', 'By month; made ahead and retired by the maintenance.', orchestration_internal.html_table('{table,months,from,to,"",size}', 'tnttbn', (
		SELECT jsonb_agg(jsonb_build_array(m.table_name, m.partitions, to_char(m.from_time AT TIME ZONE 'UTC', 'YYYY-MM'), to_char(m.before_time AT TIME ZONE 'UTC' - interval '1 day', 'YYYY-MM'),
			m.size_bytes::double precision / NULLIF(m.most, 0), orchestration_internal.quantity_text(m.size_bytes, 'bytes')) ORDER BY m.table_name)
		FROM (SELECT l.*, max(l.size_bytes) OVER () AS most FROM orchestration.log_table_status l) m), 'There are no log tables.'))
	|| orchestration_internal.html_card('Maintenance', NULL, orchestration_internal.html_table('{step,last,result}', 'ttt', (
		SELECT jsonb_agg(jsonb_build_array(s.name, COALESCE(orchestration_internal.format_ago(now() - s.last_finished_at), 'never'),
			CASE WHEN s.failures > 0 THEN 'failed ' || s.failures || ' times: ' || orchestration_internal.one_line(s.last_error, 200) ELSE s.last_result END) ORDER BY s.name)
		FROM orchestration.maintenance_steps s WHERE s.enabled), 'Nothing to see, or nothing you may see.'))
$$;

COMMENT ON FUNCTION orchestration_internal.report_upkeep() IS 'Section of report_html(): log tables and maintenance.';
GRANT EXECUTE ON FUNCTION orchestration_internal.report_upkeep() TO orchestration_user;
