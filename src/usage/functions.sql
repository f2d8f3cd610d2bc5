/* Recording what containers use, and making the rollups. */

CREATE OR REPLACE FUNCTION orchestration_internal.counter_step(value bigint, at timestamptz, started_at timestamptz,
	before bigint, before_at timestamptz, before_started_at timestamptz, gap interval,
	OUT is_new boolean, OUT delta bigint, OUT per_second double precision)
LANGUAGE c IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_counter_step_sql';

COMMENT ON FUNCTION orchestration_internal.counter_step(bigint, timestamptz, timestamptz, bigint, timestamptz, timestamptz, interval) IS 'What a counter has grown by since it was read before. Arguments: value, when it was read, since when it counts; the same of the reading before (NULL: there was none); how long ago others were read: a counter that is younger shows all of its value. is_new: not the reading that we have had; delta is the value itself after a restart; NULL: cannot be told.';
GRANT EXECUTE ON FUNCTION orchestration_internal.counter_step(bigint, timestamptz, timestamptz, bigint, timestamptz, timestamptz, interval) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.usage_of_summary(pod jsonb, OUT sampled_at timestamptz, OUT started_at timestamptz,
	OUT cpu_millicores double precision, OUT memory_bytes bigint, OUT disk_used_bytes bigint, OUT cpu_at timestamptz, OUT cpu_nanoseconds bigint,
	OUT network_at timestamptz, OUT network_receive_bytes bigint, OUT network_transmit_bytes bigint)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_usage_of_summary';

COMMENT ON FUNCTION orchestration_internal.usage_of_summary(jsonb) IS 'The figures of one pod in the answer of a kubelet''s /stats/summary. What is missing there, or is no number, is NULL.';
GRANT EXECUTE ON FUNCTION orchestration_internal.usage_of_summary(jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.usage_of_metrics(pod jsonb, OUT sampled_at timestamptz, OUT cpu_millicores double precision, OUT memory_bytes bigint)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_usage_of_metrics';

COMMENT ON FUNCTION orchestration_internal.usage_of_metrics(jsonb) IS 'The figures of one pod in the answer of metrics.k8s.io, its containers added up. What is missing there, or is no quantity, is NULL.';
GRANT EXECUTE ON FUNCTION orchestration_internal.usage_of_metrics(jsonb) TO orchestration_worker;

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.note_usage()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'orch_note_usage';

COMMENT ON FUNCTION orchestration_internal.note_usage() IS 'Statement trigger after INSERT into container_resource_usage: notes in container_usage_pending which hours have new entries.';

/* SECURITY DEFINER: a collector need not be able to read containers, nor make a month that is missing; the permission is asked for here */
CREATE OR REPLACE FUNCTION orchestration.record_usage(container_ids bigint[], times timestamptz[], millicores double precision[] DEFAULT NULL, memory bigint[] DEFAULT NULL,
	received bigint[] DEFAULT NULL, transmitted bigint[] DEFAULT NULL, disk bigint[] DEFAULT NULL, instance_ids bigint[] DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	refused text;
	permitted bigint[];
	strange timestamptz;
	recorded bigint;
BEGIN
	IF cardinality(container_ids) <> cardinality(times) OR array_position(times, NULL) IS NOT NULL THEN
		RAISE EXCEPTION 'every entry needs a time'
			USING ERRCODE = 'OR003', DETAIL = format('%s containers, %s times.', cardinality(container_ids), cardinality(times) - cardinality(array_positions(times, NULL)));
	END IF;
	SELECT t INTO strange FROM unnest(times) t WHERE t NOT BETWEEN now() - interval '400 days' AND now() + interval '1 day' LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'usage cannot be recorded for %', strange
			USING ERRCODE = 'OR003', HINT = 'Entries may be up to 400 days old.';
	END IF;
	SELECT string_agg(DISTINCT n.name, ', ') INTO refused
	FROM (SELECT DISTINCT c.namespace_id FROM orchestration.containers c WHERE c.id = ANY (container_ids)) u
	JOIN orchestration.namespaces n ON n.id = u.namespace_id
	/* of a namespace that the caller cannot see, he is told what he would be told of one that does not exist: nothing */
	WHERE orchestration_internal.holds_permission(n.id, '*', '*') AND NOT orchestration_internal.holds_permission(n.id, 'monitoring', 'create');
	IF refused IS NOT NULL THEN
		RAISE EXCEPTION 'permission denied to record usage in namespace %', refused
			USING ERRCODE = '42501', HINT = 'It takes a role with {"monitoring": ["create"]}.';
	END IF;

	permitted := ARRAY(
		SELECT d.namespace_id FROM (SELECT DISTINCT c.namespace_id FROM orchestration.containers c WHERE c.id = ANY (container_ids)) d
		WHERE orchestration_internal.holds_permission(d.namespace_id, 'monitoring', 'create'));

	PERFORM orchestration_internal.ensure_month('container_resource_usage', min(t)) FROM unnest(times) t GROUP BY date_trunc('month', t, 'UTC');
	INSERT INTO orchestration.container_resource_usage (namespace_id, recorded_at, container_id, instance_id, cpu_millicores, memory_bytes,
		network_receive_bytes, network_transmit_bytes, disk_used_bytes)
	SELECT c.namespace_id, e.recorded_at, c.id, e.instance_id, e.cpu, e.memory, e.received, e.transmitted, e.disk
	FROM unnest(container_ids, times, instance_ids, millicores, memory, received, transmitted, disk)
		e (container_id, recorded_at, instance_id, cpu, memory, received, transmitted, disk)
	JOIN orchestration.containers c ON c.id = e.container_id
	WHERE c.namespace_id = ANY (permitted);
	GET DIAGNOSTICS recorded = ROW_COUNT;
	RETURN recorded;
END
$$;

COMMENT ON FUNCTION orchestration.record_usage(bigint[], timestamptz[], double precision[], bigint[], bigint[], bigint[], bigint[], bigint[]) IS 'Records what containers used, for collectors of one''s own: arrays of equal length, an array or an element that is NULL is not known. Arguments: containers, times (up to 400 days ago; the pods of a container at one moment should have the same), CPU in millicores, memory in bytes, bytes received and sent since the entry before, bytes on disk, pods (NULL: all pods together). Returns how many were recorded: containers that do not exist, or are in a namespace that the caller cannot see, are left out. Needs monitoring/create; runs with the rights of the owner of the extension. Raises OR003, 42501, 23514 for negative figures.';
GRANT EXECUTE ON FUNCTION orchestration.record_usage(bigint[], timestamptz[], double precision[], bigint[], bigint[], bigint[], bigint[], bigint[]) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.maintain_usage_rollups()
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	hours bigint;
	days bigint;
BEGIN
	/* one statement and so one snapshot: what is noted while it runs is for the next time */
	WITH taken AS (
		DELETE FROM orchestration_internal.container_usage_pending
	), made_days AS (
		INSERT INTO orchestration.container_usage_daily AS d
		SELECT * FROM orchestration_internal.usage_pending_days
		ON CONFLICT (namespace_id, container_id, bucket_start) DO UPDATE SET
			samples = EXCLUDED.samples, cpu_millicores_avg = EXCLUDED.cpu_millicores_avg, cpu_millicores_max = EXCLUDED.cpu_millicores_max,
			memory_bytes_avg = EXCLUDED.memory_bytes_avg, memory_bytes_max = EXCLUDED.memory_bytes_max,
			network_receive_bytes = EXCLUDED.network_receive_bytes, network_transmit_bytes = EXCLUDED.network_transmit_bytes,
			disk_used_bytes_max = EXCLUDED.disk_used_bytes_max
		/* a late entry of a time that is retired must not replace what was made of the whole of it */
		WHERE EXCLUDED.samples >= d.samples
		RETURNING 1
	), made_hours AS (
		INSERT INTO orchestration.container_usage_hourly AS h
		SELECT * FROM orchestration_internal.usage_pending_hours
		ON CONFLICT (namespace_id, container_id, bucket_start) DO UPDATE SET
			samples = EXCLUDED.samples, cpu_millicores_avg = EXCLUDED.cpu_millicores_avg, cpu_millicores_max = EXCLUDED.cpu_millicores_max,
			memory_bytes_avg = EXCLUDED.memory_bytes_avg, memory_bytes_max = EXCLUDED.memory_bytes_max,
			network_receive_bytes = EXCLUDED.network_receive_bytes, network_transmit_bytes = EXCLUDED.network_transmit_bytes,
			disk_used_bytes_max = EXCLUDED.disk_used_bytes_max
		WHERE EXCLUDED.samples >= h.samples
		RETURNING 1
	)
	SELECT (SELECT count(*) FROM made_hours), (SELECT count(*) FROM made_days) INTO hours, days;
	RETURN format('%s hours and %s days made', hours, days);
END
$$;

COMMENT ON FUNCTION orchestration_internal.maintain_usage_rollups() IS 'Maintenance step: makes container_usage_hourly and container_usage_daily of what is new in container_resource_usage, late entries included. May be run again at any time.';
GRANT EXECUTE ON FUNCTION orchestration_internal.maintain_usage_rollups() TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.maintain_usage_hourly()
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	removed bigint;
BEGIN
	DELETE FROM orchestration.container_usage_hourly u WHERE u.bucket_start < now() - orchestration_internal.maintenance_keep('usage_hourly');
	GET DIAGNOSTICS removed = ROW_COUNT;
	RETURN format('%s hours removed', removed);
END
$$;

COMMENT ON FUNCTION orchestration_internal.maintain_usage_hourly() IS 'Maintenance step: removes rows of container_usage_hourly that are older than the step keeps them.';
GRANT EXECUTE ON FUNCTION orchestration_internal.maintain_usage_hourly() TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.maintain_usage_daily()
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	removed bigint;
BEGIN
	DELETE FROM orchestration.container_usage_daily u WHERE u.bucket_start < now() - orchestration_internal.maintenance_keep('usage_daily');
	GET DIAGNOSTICS removed = ROW_COUNT;
	RETURN format('%s days removed', removed);
END
$$;

COMMENT ON FUNCTION orchestration_internal.maintain_usage_daily() IS 'Maintenance step: removes rows of container_usage_daily that are older than the step keeps them.';
GRANT EXECUTE ON FUNCTION orchestration_internal.maintain_usage_daily() TO orchestration_worker;
