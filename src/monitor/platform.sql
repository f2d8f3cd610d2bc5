/*
 * Indicators of the platform.  Logs are read through their primary keys, one
 * namespace after the other, so that an hour costs what an hour holds; an upper
 * limit of the time keeps the coming months out of it.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.indicators_of_containers()
RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH per_namespace AS MATERIALIZED (
		SELECT n.name, s.*
		FROM (
			SELECT c.namespace_id,
				count(*) FILTER (WHERE c.status = 'pending') AS pending, count(*) FILTER (WHERE c.status = 'running') AS running,
				count(*) FILTER (WHERE c.status = 'paused') AS paused, count(*) FILTER (WHERE c.status = 'stopped') AS stopped,
				count(*) FILTER (WHERE c.status = 'failed') AS failed,
				count(*) FILTER (WHERE c.status_reason IN ('CrashLoopBackOff', 'OOMKilled') AND c.status <> 'stopped') AS crash_looping,
				count(*) FILTER (WHERE c.status = 'pending' AND c.desired_state = 'running' AND n.cluster_id IS NOT NULL
					/* a time that lies ahead is one of a clock that ran ahead */
					AND c.status_changed_at NOT BETWEEN now() - interval '10 minutes' AND now()) AS stuck,
				/* of the last hour's, those that have come to something, or failed to for ten minutes */
				count(*) FILTER (WHERE c.created_at > now() - interval '1 hour' AND c.status IN ('running', 'paused', 'stopped')) AS created,
				count(*) FILTER (WHERE c.created_at > now() - interval '1 hour'
					AND (c.status = 'failed' OR c.status = 'pending' AND n.cluster_id IS NOT NULL AND c.desired_state = 'running' AND c.created_at < now() - interval '10 minutes')) AS not_created
			FROM orchestration.containers c
			JOIN orchestration.namespaces n ON n.id = c.namespace_id
			WHERE c.status <> 'deleted'
			GROUP BY c.namespace_id
		) s
		JOIN orchestration.namespaces n ON n.id = s.namespace_id
	), troubled AS (
		SELECT v.name, jsonb_build_object('namespace', p.name) AS labels, v.value,
			row_number() OVER (PARTITION BY v.name ORDER BY v.value DESC, p.name) AS place
		FROM per_namespace p
		CROSS JOIN LATERAL (VALUES ('containers_failed', p.failed), ('containers_crash_looping', p.crash_looping), ('containers_stuck', p.stuck)) v (name, value)
		WHERE v.value > 0
	)
	/* the worst, and if there are more a word that those left out are unknown: not told is not well */
	SELECT t.name, CASE WHEN t.place <= 200 THEN t.labels ELSE '{}' END, CASE WHEN t.place <= 200 THEN t.value END FROM troubled t WHERE t.place <= 201
	UNION ALL
	SELECT 'containers', jsonb_build_object('status', v.status), COALESCE(v.value, 0)
	FROM (SELECT sum(p.pending) AS pending, sum(p.running) AS running, sum(p.paused) AS paused, sum(p.stopped) AS stopped, sum(p.failed) AS failed FROM per_namespace p) t
	CROSS JOIN LATERAL (VALUES ('pending', t.pending), ('running', t.running), ('paused', t.paused), ('stopped', t.stopped), ('failed', t.failed)) v (status, value)
	UNION ALL
	/* fewer than ten count as ten, or one failure in a quiet hour would be an alert */
	SELECT 'container_creation_success', '{}', 100 - 100.0 * COALESCE(sum(p.not_created), 0) / GREATEST(COALESCE(sum(p.created + p.not_created), 0), 10) FROM per_namespace p
$$;

COMMENT ON FUNCTION orchestration_internal.indicators_of_containers() IS 'Indicators: containers by status, failed, crash-looping and stuck ones by namespace, how many creations of the last hour succeeded.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.indicators_of_operations()
RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	/* a statement is one operation, however many rows it leaves */
	WITH operations AS MATERIALIZED (
		SELECT o.user_id, o.status, o.started_at > clock_timestamp() - interval '15 minutes' AS is_recent,
			/* not what the platform does for itself */
			o.source = 'user' AND COALESCE(o.application_name, '') NOT IN ('orchestration bootstrap', 'orchestration maintenance') AS is_users,
			/* nobody expects thousands of rows as quickly as one: for each hundred of them */
			max(o.duration_ms) / ceil(count(*) / 100.0) AS duration_ms
		FROM orchestration.namespaces n
		CROSS JOIN LATERAL (
			SELECT l.user_id, l.status, l.duration_ms, l.started_at, l.source, l.application_name, l.lineage, l.transaction_id
			FROM orchestration.operation_logs l
			WHERE l.namespace_id = n.id AND l.started_at BETWEEN now() - interval '1 hour' AND now() + interval '1 hour'
		) o
		GROUP BY o.lineage, o.transaction_id, o.started_at, o.user_id, o.status, o.source, o.application_name
	), by_user AS MATERIALIZED (
		SELECT o.user_id, count(*) FILTER (WHERE o.is_recent) AS operations, count(*) FILTER (WHERE o.is_recent AND o.status = 'refused') AS refusals
		FROM operations o WHERE o.user_id IS NOT NULL GROUP BY o.user_id
	)
	SELECT v.name, '{}'::jsonb, v.value
	FROM (
		SELECT count(*) AS operations, count(*) FILTER (WHERE o.status = 'failed') AS failed, count(*) FILTER (WHERE o.status = 'refused') AS refused,
			COALESCE(sum(o.duration_ms) / GREATEST(count(o.duration_ms), 20), 0) AS mean, COALESCE(percentile_cont(0.95) WITHIN GROUP (ORDER BY o.duration_ms), 0) AS p95
		FROM operations o WHERE o.is_recent AND o.is_users
	) t
	CROSS JOIN LATERAL (VALUES
		('operations', t.operations / 900.0),
		/* fewer than twenty count as twenty, here and in the mean: one failure alone is five per cent and no more */
		('operation_errors', 100.0 * t.failed / GREATEST(t.operations, 20)),
		('operation_refusals', t.refused),
		('operation_time_mean', t.mean),
		('operation_time_p95', t.p95)) v (name, value)
	UNION ALL
	SELECT 'active_users', '{}', count(*)
	FROM (
		SELECT u.user_id FROM by_user u
		UNION
		SELECT s.user_id FROM orchestration.user_sessions s WHERE s.status = 'active' AND s.last_seen_at > now() - interval '1 hour'
	) a
	UNION ALL
	/* whoever does not stand out is left out, or there would be a series for every user */
	SELECT v.name, jsonb_build_object('user', COALESCE(u.username, b.user_id::text)), v.value
	FROM by_user b
	LEFT JOIN orchestration.users u ON u.id = b.user_id
	CROSS JOIN LATERAL (VALUES ('user_refusals', b.refusals, 5), ('user_operations', b.operations, 100)) v (name, value, least_value)
	WHERE v.value >= v.least_value
$$;

COMMENT ON FUNCTION orchestration_internal.indicators_of_operations() IS 'Indicators: operations of users in the last 15 minutes, their errors, refusals and response times; users of the last hour. A statement counts once, what bootstrap(), maintenance and the worker do does not count.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.indicators_of_usage()
RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH measured AS MATERIALIZED (
		/* of each container and instance, ten minutes and the hour before them */
		SELECT n.name AS namespace, u.namespace_id, u.container_id, u.instance_id, u.is_recent, u.cpu, u.memory
		FROM orchestration.namespaces n
		CROSS JOIN LATERAL (
			SELECT r.namespace_id, r.container_id, r.instance_id, r.recorded_at > now() - interval '10 minutes' AS is_recent,
				avg(r.cpu_millicores) AS cpu, avg(r.memory_bytes) AS memory
			FROM orchestration.container_resource_usage r
			WHERE r.namespace_id = n.id AND r.recorded_at BETWEEN now() - interval '70 minutes' AND now() + interval '1 hour'
			GROUP BY 1, 2, 3, 4
		) u
		WHERE n.status <> 'deleted'
	), of_limit AS (
		SELECT v.name, m.namespace, c.name AS container, max(v.value) AS value
		FROM measured m
		JOIN orchestration.containers c ON c.namespace_id = m.namespace_id AND c.id = m.container_id
		CROSS JOIN LATERAL (VALUES
			('cpu_of_limit', 100.0 * m.cpu / NULLIF(c.cpu_limit::float8 * CASE WHEN m.instance_id IS NULL THEN GREATEST(c.replicas, 1) ELSE 1 END, 0)),
			('memory_of_limit', 100.0 * m.memory / NULLIF(c.memory_limit::float8 * CASE WHEN m.instance_id IS NULL THEN GREATEST(c.replicas, 1) ELSE 1 END, 0))) v (name, value)
		WHERE m.is_recent AND v.value >= 50
		GROUP BY v.name, m.namespace, c.name
	), growth AS (
		SELECT m.namespace, v.resource, sum(v.value) FILTER (WHERE m.is_recent) AS now_used, sum(v.value) FILTER (WHERE NOT m.is_recent) AS used_before
		FROM measured m
		CROSS JOIN LATERAL (VALUES ('cpu', m.cpu), ('memory', m.memory)) v (resource, value)
		GROUP BY m.namespace, v.resource
	)
	(SELECT l.name, jsonb_build_object('namespace', l.namespace, 'container', l.container), l.value FROM of_limit l ORDER BY l.value DESC LIMIT 200)
	UNION ALL
	(SELECT 'usage_growth', jsonb_build_object('namespace', g.namespace, 'resource', g.resource), v.value
	FROM growth g
	CROSS JOIN LATERAL (VALUES (100 * (g.now_used - g.used_before) / NULLIF(g.used_before, 0))) v (value)
	WHERE v.value >= 50 ORDER BY v.value DESC LIMIT 200)
	UNION ALL
	SELECT g.resource || '_used', '{}', sum(g.now_used) FROM growth g WHERE g.now_used IS NOT NULL GROUP BY g.resource
$$;

COMMENT ON FUNCTION orchestration_internal.indicators_of_usage() IS 'Indicators: CPU and memory of the last ten minutes: in total, of the limits where more than half is used, and against the hour before.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.indicators_of_audit()
RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT 'audit_gaps', jsonb_build_object('resource_type', t.singular), count(c.id)
	FROM orchestration_internal.resources() t
	LEFT JOIN LATERAL (
		/* the newest of each kind, by the index on id */
		SELECT o.namespace_id, o.id, o.created_at FROM orchestration_internal.owner_rows o WHERE o.owner_type = t.singular ORDER BY o.id DESC LIMIT 50
	) c ON c.created_at > now() - interval '1 hour' AND NOT EXISTS (
		SELECT FROM orchestration.operation_logs l
		/* created_at is when the transaction began; the record is of the statement */
		WHERE l.namespace_id = c.namespace_id AND l.started_at BETWEEN c.created_at - interval '1 minute' AND now() + interval '1 hour' AND l.resource_type = t.singular AND l.resource_id = c.id)
	WHERE t.owner
	GROUP BY t.singular
	UNION ALL
	/* what finds no room is added up, and a row for each sum once somebody is there to write it */
	SELECT 'audit_dropped', '{}', (SELECT q.summed FROM orchestration_internal.audit_queue() q) + (
		SELECT COALESCE(sum((l.changes ->> 'count')::bigint), 0) FROM orchestration.operation_logs l
		WHERE l.namespace_id = 0 AND l.started_at BETWEEN now() - interval '1 hour' AND now() + interval '1 hour' AND l.status <> 'succeeded' AND l.resource_type = 'operation_log')
	UNION ALL
	/* rows of a month are sealed in the order of their transactions, by which there is an index */
	SELECT 'audit_unsealed', '{}', COALESCE(EXTRACT(epoch FROM now() - min(l.started_at)), 0)
	FROM orchestration_internal.audit_months() m
	CROSS JOIN LATERAL (
		SELECT COALESCE(max(s.to_transaction), 0) AS to_transaction FROM orchestration.audit_seals s WHERE s.from_time = m.from_time AND s.lineage = orchestration_internal.audit_lineage()
	) s
	CROSS JOIN LATERAL (
		SELECT min(x.started_at) AS started_at FROM orchestration.operation_logs x
		WHERE x.started_at >= GREATEST(m.from_time, now() - interval '1 day') AND x.started_at < LEAST(m.before_time, now())
			AND x.transaction_id > s.to_transaction AND x.lineage = orchestration_internal.audit_lineage()
	) l
	WHERE m.before_time > now() - interval '1 day' AND m.from_time <= now()
	UNION ALL
	SELECT 'audit_missing', jsonb_build_object('what', w.what), count(p.what)
	FROM unnest('{months,rows,seals,triggers}'::text[]) w (what)
	LEFT JOIN orchestration_internal.audit_problems() p ON p.what = w.what
	GROUP BY w.what
	UNION ALL
	/* of the month that was counted longest ago, if it is there */
	SELECT 'audit_check_age', '{}', COALESCE(EXTRACT(epoch FROM clock_timestamp() - min(CASE WHEN isfinite(w.counted_at) THEN w.counted_at ELSE f.created_at END)), 0)
	FROM orchestration_internal.sealed_months() s (from_time)
	JOIN orchestration_internal.audit_months() m ON m.from_time = s.from_time
	LEFT JOIN orchestration_internal.audit_watch w ON w.from_time = s.from_time
	CROSS JOIN LATERAL (SELECT x.created_at FROM orchestration.audit_seals x WHERE x.from_time = s.from_time ORDER BY x.lineage, x.number LIMIT 1) f
	UNION ALL
	SELECT 'partition_months_left', jsonb_build_object('table', l.table_name), l.months_left FROM orchestration.log_table_status l
$$;

COMMENT ON FUNCTION orchestration_internal.indicators_of_audit() IS 'Indicators: what is wrong with the audit trail, what was created in the last hour and is in no audit row, refused operations that were lost, rows that are not sealed, and how many months the log tables are prepared for.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.indicators_of_worker()
RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT 'cluster_connected', jsonb_build_object('cluster', c.name), CASE WHEN c.status = 'connected' THEN 1 ELSE 0 END::float8
	FROM orchestration.clusters c WHERE c.enabled
	UNION ALL
	/* what fails is due: two partial indexes find it */
	SELECT v.name, jsonb_build_object('cluster', c.name), v.value
	FROM orchestration.clusters c
	CROSS JOIN LATERAL (
		SELECT count(*) FILTER (WHERE m.last_error_reason IS NOT NULL) AS failing, max(orchestration_internal.age_seconds(m.due_since)) AS oldest
		FROM (
			SELECT d.last_error_reason, d.due_since FROM orchestration.managed_objects d
			WHERE d.cluster_id = c.id AND d.desired_hash IS NOT NULL AND d.applied_hash IS DISTINCT FROM d.desired_hash
			UNION ALL
			SELECT d.last_error_reason, d.due_since FROM orchestration.managed_objects d WHERE d.cluster_id = c.id AND d.desired_hash IS NULL
		) m
	) o
	CROSS JOIN LATERAL (VALUES ('objects_failing', o.failing::float8), ('oldest_due_object', COALESCE(o.oldest, 0))) v (name, value)
	WHERE c.enabled;
	RETURN QUERY
	/* one whose row somebody keeps locked runs, and is no longer controlled: that is trouble, too */
	SELECT 'maintenance_failures', jsonb_build_object('step', m.name), GREATEST(m.failures, h.runs)::float8
	FROM orchestration.maintenance_steps m
	LEFT JOIN orchestration_internal.maintenance_held h ON h.name = m.name
	WHERE m.enabled
	UNION ALL
	SELECT v.name, jsonb_build_object('cluster', c.name), v.value
	FROM orchestration.clusters c
	CROSS JOIN LATERAL (
		SELECT count(*) AS left_out, COALESCE(max(orchestration_internal.age_seconds(l.created_at)), 0) AS oldest
		FROM orchestration_internal.left_out l WHERE l.cluster_id = c.id
	) o
	CROSS JOIN LATERAL (VALUES ('rows_locked', o.left_out::float8), ('oldest_locked_row', o.oldest::float8)) v (name, value)
	WHERE c.enabled;
	RETURN QUERY SELECT 'clock_went_back', '{}'::jsonb, orchestration_internal.clock_went_back();
	/* without a cluster there is nothing for a worker to do */
	IF NOT pg_is_in_recovery() AND EXISTS (SELECT FROM orchestration.clusters c WHERE c.enabled) THEN
		RETURN QUERY
		SELECT v.name, '{}'::jsonb, v.value::float8
		FROM (SELECT max(w.pid) AS pid, max(w.last_cycle_at) AS last_cycle_at FROM orchestration.worker_status w WHERE w.state = 'running') w
		CROSS JOIN LATERAL (VALUES ('worker_up', CASE WHEN w.pid IS NULL THEN 0 ELSE 1 END),
			('worker_idle', orchestration_internal.age_seconds(w.last_cycle_at))) v (name, value);
	END IF;
EXCEPTION WHEN SQLSTATE 'OR032' THEN
	/* not preloaded: there is none, and that is not trouble with looking */
	RETURN QUERY SELECT 'worker_up', '{}'::jsonb, 0::float8;
END
$$;

COMMENT ON FUNCTION orchestration_internal.indicators_of_worker() IS 'Indicators: the worker, its clusters, what it could not apply, maintenance that fails.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.indicators_of_keys()
RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY SELECT 'encryption_key_known', '{}'::jsonb, CASE WHEN count(*) > 0 THEN 1 ELSE 0 END::float8 FROM orchestration_internal.encryption_key_ring() k WHERE k.is_active;
EXCEPTION WHEN SQLSTATE 'OR040' THEN
	RETURN QUERY SELECT 'encryption_key_known', '{}'::jsonb, 0::float8;
END
$$;

COMMENT ON FUNCTION orchestration_internal.indicators_of_keys() IS 'Indicator: whether this server knows the key of the secrets.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.indicators_of_alerts()
RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT 'alerts', jsonb_build_object('severity', s.severity), count(a.id)
	FROM unnest('{info,warning,critical}'::text[]) s (severity)
	LEFT JOIN orchestration.alerts a ON a.severity = s.severity AND a.state = 'open'
	GROUP BY s.severity
	UNION ALL
	SELECT 'alert_evaluation_age', '{}', orchestration_internal.age_seconds(max(i.sampled_at)) FROM orchestration_internal.indicator_samples i WHERE i.key = 'database'
$$;

COMMENT ON FUNCTION orchestration_internal.indicators_of_alerts() IS 'Indicators: open alerts, and how long ago the rules were last evaluated.';
-- for the owner alone
