/*
 * Indicators of the database.  Each function is one source: it reads, writes
 * nothing, works on a standby, and may fail without stopping the others.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.alert_step(
	state text, breached_since timestamptz, cleared_since timestamptz, reading text, value double precision,
	comparison text, threshold double precision, clear_threshold double precision, for_duration interval, clear_duration interval, at timestamptz,
	OUT next_state text, OUT next_breached_since timestamptz, OUT next_cleared_since timestamptz)
LANGUAGE c IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_alert_step';

COMMENT ON FUNCTION orchestration_internal.alert_step(text, timestamptz, timestamptz, text, double precision, text, double precision, double precision, interval, interval, timestamptz) IS 'The hysteresis of alerts, a pure function. state is none, pending, open or resolved; reading is value, unknown (changes nothing) or gone (is well). Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.alert_step(text, timestamptz, timestamptz, text, double precision, text, double precision, double precision, interval, interval, timestamptz) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.disk_space(tablespace oid, OUT path text, OUT device bigint, OUT used_bytes bigint, OUT free_bytes bigint)
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_disk_space';

COMMENT ON FUNCTION orchestration_internal.disk_space(oid) IS 'How full the file system of a tablespace is, or, for 0, that of pg_wal. NULL when it cannot be asked.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.earlier_sample(key text, OUT sample jsonb, OUT seconds double precision)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	/* two samples that are too close tell more of chance than of load */
	SELECT CASE WHEN e.is_young THEN e.previous_sample ELSE e.sample END,
		EXTRACT(epoch FROM clock_timestamp() - CASE WHEN e.is_young THEN e.previous_at ELSE e.sampled_at END)
	FROM (
		SELECT s.*, s.previous_at IS NOT NULL AND s.sampled_at BETWEEN clock_timestamp() - interval '30 seconds' AND clock_timestamp() AS is_young
		FROM orchestration_internal.indicator_samples s
		WHERE s.key = $1 AND s.server_started_at = pg_postmaster_start_time()
	) e
	/* what lies ahead was sampled before the clock was put right: nothing can be told until the next one */
	WHERE CASE WHEN e.is_young THEN e.previous_at ELSE e.sampled_at END < clock_timestamp()
$$;

COMMENT ON FUNCTION orchestration_internal.earlier_sample(text) IS 'The counters that rates are computed against, and how many seconds ago they were; no row when this server has none yet.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.slow_statements()
RETURNS bigint
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_slow_statements';

COMMENT ON FUNCTION orchestration_internal.slow_statements() IS 'How many statements of clients of this database have taken more than 5 seconds since the server started, waiting for containers apart; NULL without shared_preload_libraries.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.database_counters()
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_build_object('transactions', d.xact_commit + d.xact_rollback, 'rollbacks', d.xact_rollback, 'active_ms', d.active_time, 'deadlocks', d.deadlocks,
		'slow', orchestration_internal.slow_statements())
	FROM pg_stat_database d WHERE d.datname = current_database()
$$;

COMMENT ON FUNCTION orchestration_internal.database_counters() IS 'Counters of this database, for the rates of the next evaluation.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.statement_counters()
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	place name := (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements');
	counters jsonb;
BEGIN
	IF place IS NULL THEN
		RETURN NULL;
	END IF;
	/* not: waiting that was asked for, and the platform's own upkeep */
	EXECUTE format('SELECT jsonb_build_object(''calls'', sum(s.calls), ''total_ms'', sum(s.total_exec_time),
			''square_ms'', sum(s.calls * (s.stddev_exec_time ^ 2 + s.mean_exec_time ^ 2)))
		FROM %I.pg_stat_statements s
		WHERE s.dbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
			AND s.userid IS DISTINCT FROM to_regrole(''orchestration_worker'') AND s.query NOT LIKE ''%%wait_for_container(%%''', place) INTO counters;
	RETURN counters;
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	/* installed, and not preloaded */
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.statement_counters() IS 'Sums over pg_stat_statements, in whatever schema it is; NULL where it is not installed or not preloaded.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.indicators_of_sessions()
RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH sessions AS MATERIALIZED (
		SELECT a.*, a.state = 'active' AND a.query NOT LIKE '%wait\_for\_container(%' AND a.pid <> pg_backend_pid() AS is_working
		FROM pg_stat_activity a WHERE a.backend_type = 'client backend'
	), places AS (
		SELECT current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
			- COALESCE(current_setting('reserved_connections', true)::integer, 0) AS n
	)
	/* the maintenance process is no client: there may be no session at all */
	SELECT 'connections_used', '{}'::jsonb, 100.0 * (SELECT count(*) FROM sessions) / p.n FROM places p
	UNION ALL
	SELECT 'connections', jsonb_build_object('state', COALESCE(s.state, 'starting')), count(*) FROM sessions s GROUP BY 2
	UNION ALL
	SELECT v.name, '{}', v.value
	FROM (
		/* those that run, and those that have ended since the last evaluation */
		SELECT count(*) FILTER (WHERE s.is_working AND s.query_start < clock_timestamp() - interval '5 seconds')
				+ COALESCE(orchestration_internal.slow_statements() - (SELECT (e.sample ->> 'slow')::bigint FROM orchestration_internal.earlier_sample('database') e), 0) AS slow,
			COALESCE(max(EXTRACT(epoch FROM clock_timestamp() - s.query_start)) FILTER (WHERE s.is_working), 0) AS slowest,
			COALESCE(max(EXTRACT(epoch FROM clock_timestamp() - s.state_change)) FILTER (WHERE s.state LIKE 'idle in transaction%'), 0) AS idle
		FROM sessions s
	) o
	CROSS JOIN LATERAL (VALUES ('slow_queries', o.slow), ('slowest_query', o.slowest), ('idle_in_transaction', o.idle)) v (name, value)
	UNION ALL
	/* of every kind of process: each of them holds vacuum back */
	SELECT v.name, '{}', v.value
	FROM (
		SELECT COALESCE(max(EXTRACT(epoch FROM clock_timestamp() - a.xact_start)) FILTER (WHERE a.pid <> pg_backend_pid()), 0) AS oldest,
			COALESCE(GREATEST(max(age(a.backend_xmin)), (SELECT max(GREATEST(age(r.xmin), age(r.catalog_xmin))) FROM pg_replication_slots r),
				(SELECT max(age(x.transaction)) FROM pg_prepared_xacts x)), 0) AS xids
		FROM pg_stat_activity a
	) o
	CROSS JOIN LATERAL (VALUES ('oldest_transaction', o.oldest), ('oldest_snapshot', o.xids)) v (name, value)
	UNION ALL
	/* no process holds it: it is in no list of sessions, and outlives the server */
	SELECT 'prepared_transaction', '{}', COALESCE(max(EXTRACT(epoch FROM clock_timestamp() - x.prepared)), 0) FROM pg_prepared_xacts x
$$;

COMMENT ON FUNCTION orchestration_internal.indicators_of_sessions() IS 'Indicators: connections, slow queries, old and prepared transactions. Sees what the caller may see of pg_stat_activity.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.indicators_of_locks()
RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT v.name, '{}'::jsonb, v.value
	FROM (
		SELECT count(DISTINCT l.pid) AS waits, COALESCE(max(EXTRACT(epoch FROM clock_timestamp() - l.waitstart)), 0) AS longest
		FROM pg_locks l WHERE NOT l.granted
	) o
	CROSS JOIN LATERAL (VALUES ('lock_waits', o.waits), ('longest_lock_wait', o.longest)) v (name, value)
$$;

COMMENT ON FUNCTION orchestration_internal.indicators_of_locks() IS 'Indicators: who waits for locks, and for how long.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.indicators_of_storage()
RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH places AS MATERIALIZED (
		/* each file system once, by the name of what matters most on it */
		SELECT DISTINCT ON (d.device) d.path, t.name, d.used_bytes, d.free_bytes
		FROM (
			SELECT s.oid, s.spcname::text AS name, s.spcname <> 'pg_default' AS is_other FROM pg_tablespace s WHERE s.spcname <> 'pg_global'
			UNION ALL
			SELECT 0, 'pg_wal', true
		) t
		CROSS JOIN LATERAL orchestration_internal.disk_space(t.oid) d
		WHERE d.path IS NOT NULL
		ORDER BY d.device, t.is_other, t.name
	)
	SELECT 'disk_used', jsonb_build_object('tablespace', p.name, 'path', p.path), 100.0 * p.used_bytes / NULLIF(p.used_bytes + p.free_bytes, 0) FROM places p
	UNION ALL
	SELECT 'disk_free', jsonb_build_object('tablespace', p.name, 'path', p.path), p.free_bytes FROM places p
	UNION ALL
	SELECT 'database_size', '{}', pg_database_size(current_database())
	UNION ALL
	SELECT 'wraparound', jsonb_build_object('database', d.datname), 100.0 * GREATEST(age(d.datfrozenxid), mxid_age(d.datminmxid)) / 2147483647 FROM pg_database d WHERE d.datallowconn
$$;

COMMENT ON FUNCTION orchestration_internal.indicators_of_storage() IS 'Indicators: disks, size of the database, distance to wraparound.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.indicators_of_replication()
RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH here AS MATERIALIZED (
		SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END AS lsn
	), standbys AS MATERIALIZED (
		/* not base backups; several receivers of one name are judged by the worst */
		SELECT r.application_name AS name, max(pg_wal_lsn_diff(h.lsn, r.replay_lsn)) AS bytes,
			/* replay_lag stands still with the replay: the mark is what had been written when it was last up to date */
			max(GREATEST(EXTRACT(epoch FROM r.replay_lag), CASE WHEN r.replay_lsn < (i.sample ->> 'lsn')::pg_lsn AND (i.sample ->> 'lsn')::pg_lsn <= h.lsn
				THEN EXTRACT(epoch FROM clock_timestamp() - (i.sample ->> 'at')::timestamptz) END)) AS seconds
		FROM pg_stat_replication r
		CROSS JOIN here h
		LEFT JOIN orchestration_internal.indicator_samples i ON i.key = 'standby/' || r.application_name
		WHERE r.state IN ('startup', 'catchup', 'streaming') AND r.application_name <> 'pg_basebackup'
		GROUP BY r.application_name
	)
	SELECT 'replication_backlog', jsonb_build_object('standby', s.name), GREATEST(s.bytes, 0) FROM standbys s
	UNION ALL
	/* a standby that has all of it and hears nothing new does not lag */
	SELECT 'replication_lag', jsonb_build_object('standby', s.name), COALESCE(s.seconds, 0) FROM standbys s
	UNION ALL
	SELECT 'replication_lag', jsonb_build_object('standby', 'this server'),
		CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0 ELSE EXTRACT(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END
	WHERE pg_is_in_recovery()
	UNION ALL
	SELECT 'standby_connected', jsonb_build_object('standby', 'this server'), (SELECT count(*) FROM pg_stat_wal_receiver r WHERE r.status = 'streaming') WHERE pg_is_in_recovery()
	UNION ALL
	SELECT 'standby_connected', jsonb_build_object('standby', n.name), CASE WHEN EXISTS (SELECT FROM standbys s WHERE s.name = n.name) THEN 1 ELSE 0 END
	FROM (
		SELECT s.name FROM standbys s
		UNION
		SELECT substr(i.key, length('standby/') + 1) FROM orchestration_internal.indicator_samples i WHERE i.key LIKE 'standby/%' AND NOT pg_is_in_recovery()
	) n
	UNION ALL
	SELECT 'slot_active', jsonb_build_object('slot', r.slot_name), CASE WHEN r.active THEN 1 ELSE 0 END FROM pg_replication_slots r WHERE NOT r.temporary
	UNION ALL
	SELECT 'slot_retained', jsonb_build_object('slot', r.slot_name), GREATEST(pg_wal_lsn_diff(h.lsn, r.restart_lsn), 0)
	FROM pg_replication_slots r, here h WHERE NOT r.temporary AND r.restart_lsn IS NOT NULL
	UNION ALL
	SELECT 'archiving_failing', '{}', CASE WHEN a.last_failed_time > COALESCE(a.last_archived_time, '-infinity') THEN 1 ELSE 0 END
	FROM pg_stat_archiver a WHERE current_setting('archive_mode') <> 'off'
$$;

COMMENT ON FUNCTION orchestration_internal.indicators_of_replication() IS 'Indicators: standbys and slots, how far behind, whether they are there; archiving.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.indicators_of_throughput()
RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH since AS (
		SELECT e.seconds,
			(n.counters ->> 'transactions')::float8 - (e.sample ->> 'transactions')::float8 AS transactions,
			(n.counters ->> 'rollbacks')::float8 - (e.sample ->> 'rollbacks')::float8 AS rollbacks,
			(n.counters ->> 'active_ms')::float8 - (e.sample ->> 'active_ms')::float8 AS active_ms,
			(n.counters ->> 'deadlocks')::float8 - (e.sample ->> 'deadlocks')::float8 AS deadlocks
		FROM (SELECT orchestration_internal.database_counters() AS counters) n
		LEFT JOIN orchestration_internal.earlier_sample('database') e ON true
	)
	/* less than before: the counters were reset */
	SELECT v.name, '{}'::jsonb, CASE WHEN s.transactions >= 0 THEN v.value END
	FROM since s
	CROSS JOIN LATERAL (VALUES
		('transactions', s.transactions / NULLIF(s.seconds, 0)),
		('rollbacks', COALESCE(100 * s.rollbacks / NULLIF(s.transactions, 0), 0)),
		('transaction_time', COALESCE(s.active_ms / NULLIF(s.transactions, 0), 0)),
		('deadlocks', s.deadlocks)) v (name, value)
$$;

COMMENT ON FUNCTION orchestration_internal.indicators_of_throughput() IS 'Indicators: transactions since the last evaluation. NULL when there is none to compare with.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.indicators_of_statements()
RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH since AS (
		SELECT (n.counters ->> 'calls')::float8 - (e.sample ->> 'calls')::float8 AS calls,
			(n.counters ->> 'total_ms')::float8 - (e.sample ->> 'total_ms')::float8 AS total_ms,
			(n.counters ->> 'square_ms')::float8 - (e.sample ->> 'square_ms')::float8 AS square_ms
		FROM (SELECT orchestration_internal.statement_counters() AS counters) n
		LEFT JOIN orchestration_internal.earlier_sample('statements') e ON true
	), moments AS (
		SELECT CASE WHEN s.calls >= 0 THEN COALESCE(s.total_ms / NULLIF(s.calls, 0), 0) END AS mean, GREATEST(s.square_ms / NULLIF(s.calls, 0) - (s.total_ms / NULLIF(s.calls, 0)) ^ 2, 0) AS variance
		FROM since s
	), logarithms AS (
		/* the logarithms of response times are distributed about normally, and these are their moments */
		SELECT m.mean, ln(1 + m.variance / NULLIF(m.mean, 0) ^ 2) AS variance_of_log FROM moments m
	)
	SELECT v.name, '{}'::jsonb, v.value
	FROM logarithms l
	CROSS JOIN LATERAL (VALUES
		('query_time_mean', l.mean),
		('query_time_p95', CASE WHEN l.mean <= 0 THEN 0 ELSE exp(ln(l.mean) - l.variance_of_log / 2 + 1.645 * sqrt(l.variance_of_log)) END)) v (name, value)
$$;

COMMENT ON FUNCTION orchestration_internal.indicators_of_statements() IS 'Indicators: response times of statements since the last evaluation, from pg_stat_statements; NULL without it. p95 is estimated from mean and variance.';
-- for the owner alone
