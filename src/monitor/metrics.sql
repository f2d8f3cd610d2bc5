/* For Prometheus. */

/* SECURITY DEFINER: counts the rows of all namespaces, for callers that may see none */
CREATE OR REPLACE FUNCTION orchestration_internal.read_metrics()
RETURNS TABLE (name text, type text, help text, labels jsonb, value double precision)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
/* whoever locks a table must not stop those who look for locks */
SET lock_timeout = '1s'
/* compiling takes longer than anything here is allowed to */
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
	PERFORM orchestration_internal.require_monitoring();
	/* Prometheus counts in base units and says them in the name */
	RETURN QUERY
	SELECT 'orchestration_' || i.name || u.suffix, 'gauge', i.description, i.labels, i.value / u.divisor
	FROM orchestration_internal.read_indicators() i
	JOIN (VALUES ('percent', '_ratio', 100), ('ms', '_seconds', 1000), ('s', '_seconds', 1), ('bytes', '_bytes', 1), ('millicores', '_cores', 1000),
		('per_second', '_per_second', 1), ('count', '', 1), ('boolean', '', 1)) u (unit, suffix, divisor) ON u.unit = i.unit
	WHERE i.value IS NOT NULL;
	RETURN QUERY
	SELECT 'orchestration_namespace_containers', 'gauge', 'Containers by namespace and status.',
		jsonb_build_object('namespace', n.name, 'status', s.status), s.containers::float8
	FROM (SELECT c.namespace_id, c.status, count(*) AS containers FROM orchestration.containers c WHERE c.status <> 'deleted' GROUP BY 1, 2) s
	JOIN orchestration.namespaces n ON n.id = s.namespace_id;
	RETURN QUERY
	SELECT 'orchestration_open_alert', 'gauge', '1 for each open alert.', a.labels || jsonb_build_object('rule', a.rule, 'severity', a.severity), 1::float8
	FROM orchestration.alerts a WHERE a.state = 'open';
	RETURN QUERY
	SELECT 'orchestration_build_info', 'gauge', 'Version of the extension and identity of the installation.',
		jsonb_build_object('version', (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'orchestration'), 'installation', i.id), 1::float8
	FROM orchestration.installation i;
	BEGIN
		RETURN QUERY
		SELECT 'orchestration_worker_' || v.name, v.type, v.help, '{}'::jsonb, v.value::float8
		FROM orchestration.worker_status w
		CROSS JOIN LATERAL (VALUES
			('cycles_total', 'counter', 'Rounds of the worker''s loop since it started.', w.cycles),
			('requests_total', 'counter', 'Requests to clusters that were answered since the worker started.', w.requests),
			('applies_total', 'counter', 'Objects created or changed since the worker started.', w.applies),
			('deletes_total', 'counter', 'Objects deleted since the worker started.', w.deletes),
			('errors_total', 'counter', 'Requests that failed since the worker started.', w.errors),
			('watch_events_total', 'counter', 'Events that clusters sent since the worker started.', w.watch_events),
			('requests_in_flight', 'gauge', 'Requests to clusters that are under way.', w.in_flight)) v (name, type, help, value)
		WHERE w.state = 'running';
	EXCEPTION WHEN SQLSTATE 'OR032' THEN
		NULL;
	END;
END
$$;

COMMENT ON FUNCTION orchestration_internal.read_metrics() IS 'What the view prometheus_metrics shows. Runs with the rights of the owner of the extension, for whoever may read monitoring everywhere. Raises 42501.';
GRANT EXECUTE ON FUNCTION orchestration_internal.read_metrics() TO orchestration_user, orchestration_monitor, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.prometheus_text(name text, labels jsonb, value double precision)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT $1
		|| COALESCE('{' || string_agg(l.key || '="' || replace(replace(replace(l.value, '\', '\\'), '"', '\"'), E'\n', '\n') || '"', ',' ORDER BY l.key COLLATE "C") || '}', '')
		|| ' ' || CASE $3 WHEN 'Infinity' THEN '+Inf' WHEN '-Infinity' THEN '-Inf' ELSE $3::text END
	FROM jsonb_each_text($2) l
$$;

COMMENT ON FUNCTION orchestration_internal.prometheus_text(text, jsonb, double precision) IS 'One sample in Prometheus'' text format: name{label="value"} value.';
GRANT EXECUTE ON FUNCTION orchestration_internal.prometheus_text(text, jsonb, double precision) TO orchestration_user, orchestration_monitor;

CREATE OR REPLACE FUNCTION orchestration.metrics()
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT string_agg(f.family, '' ORDER BY f.name COLLATE "C")
	FROM (
		SELECT m.name, '# HELP ' || m.name || ' ' || replace(replace(min(m.help), '\', '\\'), E'\n', '\n') || E'\n# TYPE ' || m.name || ' ' || min(m.type) || E'\n'
			|| string_agg(orchestration_internal.prometheus_text(m.name, m.labels, m.value) || E'\n', '' ORDER BY m.labels) AS family
		FROM (SELECT DISTINCT ON (r.name, r.labels) r.* FROM orchestration_internal.read_metrics() r) m
		GROUP BY m.name
	) f
$$;

COMMENT ON FUNCTION orchestration.metrics() IS 'Everything that is measured in Prometheus'' text format, in base units. For a textfile collector or a small HTTP handler; exporters that run SQL read the view prometheus_metrics. Works on standbys. Raises 42501.';
GRANT EXECUTE ON FUNCTION orchestration.metrics() TO orchestration_user, orchestration_monitor;
