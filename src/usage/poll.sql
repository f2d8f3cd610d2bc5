/*
 * What the worker asks of clusters about usage, and what it does with the
 * answers.  A round asks metrics.k8s.io once and the kubelet of every node that
 * runs pods of ours; all entries of a round have its time.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.worker_usage_begin(cluster_id bigint)
RETURNS text[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	PERFORM orchestration_internal.ensure_month('container_resource_usage', clock_timestamp());
	/* in an order that is drawn anew: what one round does not reach, another does */
	RETURN ARRAY(
		/* from node to node, however many pods each has */
		WITH RECURSIVE node (name) AS (
			(SELECT p.node_name FROM orchestration.container_instances p
			WHERE p.cluster_id = $1 AND p.ended_at IS NULL
			ORDER BY p.node_name LIMIT 1)
			UNION ALL
			SELECT (SELECT p.node_name FROM orchestration.container_instances p
				WHERE p.cluster_id = $1 AND p.ended_at IS NULL AND p.node_name > n.name
				ORDER BY p.node_name LIMIT 1)
			FROM node n
			WHERE n.name IS NOT NULL
		)
		SELECT n.name FROM node n
		WHERE n.name ~ '^[a-z0-9][-a-z0-9.]{0,252}$'
			AND EXISTS (SELECT FROM orchestration.container_instances p WHERE p.cluster_id = $1 AND p.ended_at IS NULL AND p.node_name = n.name AND p.phase = 'Running')
		ORDER BY random());
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_usage_begin(bigint) IS 'Begins a round: the nodes of the cluster that run pods of ours. Makes the month of container_resource_usage if it is missing.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_usage_begin(bigint) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_usage_metrics(cluster_id bigint, round_at timestamptz, answer jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	INSERT INTO orchestration_internal.container_usage_counters AS c (namespace_id, instance_id, container_id,
		metrics_sampled_at, metrics_round_at, metrics_cpu_millicores, metrics_memory_bytes)
	SELECT i.namespace_id, i.id, i.container_id, u.sampled_at, $2, u.cpu_millicores, u.memory_bytes
	FROM jsonb_array_elements(CASE WHEN jsonb_typeof(answer -> 'items') = 'array' THEN answer -> 'items' ELSE '[]' END) x
	JOIN orchestration.namespaces n ON n.cluster_id = $1 AND n.name = x.value #>> '{metadata,namespace}' AND n.status <> 'deleted'
	JOIN orchestration.container_instances i
		ON i.namespace_id = n.id AND i.cluster_id = $1 AND i.pod_name = x.value #>> '{metadata,name}' AND i.ended_at IS NULL
	CROSS JOIN LATERAL orchestration_internal.usage_of_metrics(x.value) u
	WHERE u.sampled_at IS NOT NULL
	ON CONFLICT (namespace_id, instance_id) DO UPDATE SET
		metrics_sampled_at = EXCLUDED.metrics_sampled_at, metrics_round_at = EXCLUDED.metrics_round_at,
		metrics_cpu_millicores = EXCLUDED.metrics_cpu_millicores, metrics_memory_bytes = EXCLUDED.metrics_memory_bytes
	WHERE (orchestration_internal.counter_step(0, EXCLUDED.metrics_sampled_at, NULL, 0, c.metrics_sampled_at, NULL, NULL)).is_new;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_usage_metrics(bigint, timestamptz, jsonb) IS 'Takes an answer of metrics.k8s.io. Arguments: cluster, time of the round, PodMetricsList.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_usage_metrics(bigint, timestamptz, jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_usage_summary(cluster_id bigint, round_at timestamptz, node text, answer jsonb)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	gap interval := (SELECT $2 - k.usage_observed_at FROM orchestration.clusters k WHERE k.id = $1);
	pods bigint;
BEGIN
	WITH stepped AS MATERIALIZED (
		SELECT i.namespace_id, i.id AS instance_id, i.container_id, s.*,
			cpu.is_new AS cpu_is_new, cpu.per_second / 1e6 AS cpu_rate, received.is_new OR transmitted.is_new AS network_is_new,
			received.delta AS received, transmitted.delta AS transmitted,
			CASE WHEN c.metrics_round_at = $2 THEN c.metrics_cpu_millicores END AS metrics_cpu,
			CASE WHEN c.metrics_round_at = $2 THEN c.metrics_memory_bytes END AS metrics_memory,
			(orchestration_internal.counter_step(0, s.sampled_at, NULL, 0, c.sampled_at, NULL, NULL)).is_new AS is_new
		FROM jsonb_array_elements(CASE WHEN jsonb_typeof(answer -> 'pods') = 'array' THEN answer -> 'pods' ELSE '[]' END) x
		/* a kubelet has a say about its own pods only */
		JOIN orchestration.container_instances i
			ON i.cluster_id = $1 AND i.pod_uid = x.value #>> '{podRef,uid}' AND i.node_name = $3 AND i.ended_at IS NULL
		CROSS JOIN LATERAL orchestration_internal.usage_of_summary(x.value) s
		LEFT JOIN orchestration_internal.container_usage_counters c ON c.namespace_id = i.namespace_id AND c.instance_id = i.id
		CROSS JOIN LATERAL orchestration_internal.counter_step(s.cpu_nanoseconds, s.cpu_at, s.started_at, c.cpu_nanoseconds, c.cpu_at, c.started_at, gap) cpu
		CROSS JOIN LATERAL orchestration_internal.counter_step(s.network_receive_bytes, s.network_at, s.started_at,
			c.network_receive_bytes, c.network_at, c.started_at, gap) received
		CROSS JOIN LATERAL orchestration_internal.counter_step(s.network_transmit_bytes, s.network_at, s.started_at,
			c.network_transmit_bytes, c.network_at, c.started_at, gap) transmitted
	), recorded AS (
		INSERT INTO orchestration.container_resource_usage (namespace_id, recorded_at, container_id, instance_id, cpu_millicores, memory_bytes,
			network_receive_bytes, network_transmit_bytes, disk_used_bytes)
		SELECT s.namespace_id, $2, s.container_id, s.instance_id, COALESCE(s.metrics_cpu, s.cpu_rate, s.cpu_millicores),
			COALESCE(s.metrics_memory, s.memory_bytes), s.received, s.transmitted, s.disk_used_bytes
		FROM stepped s
		WHERE s.is_new
	)
	INSERT INTO orchestration_internal.container_usage_counters AS c (namespace_id, instance_id, container_id, recorded_at, sampled_at, started_at,
		cpu_at, cpu_nanoseconds, network_at, network_receive_bytes, network_transmit_bytes)
	SELECT s.namespace_id, s.instance_id, s.container_id, $2, s.sampled_at, s.started_at,
		CASE WHEN s.cpu_is_new THEN s.cpu_at END, CASE WHEN s.cpu_is_new THEN s.cpu_nanoseconds END,
		CASE WHEN s.network_is_new THEN s.network_at END, CASE WHEN s.network_is_new THEN s.network_receive_bytes END,
		CASE WHEN s.network_is_new THEN s.network_transmit_bytes END
	FROM stepped s
	WHERE s.is_new
	ON CONFLICT (namespace_id, instance_id) DO UPDATE SET
		recorded_at = EXCLUDED.recorded_at, sampled_at = EXCLUDED.sampled_at, started_at = COALESCE(EXCLUDED.started_at, c.started_at),
		cpu_at = COALESCE(EXCLUDED.cpu_at, c.cpu_at), cpu_nanoseconds = COALESCE(EXCLUDED.cpu_nanoseconds, c.cpu_nanoseconds),
		network_at = COALESCE(EXCLUDED.network_at, c.network_at),
		network_receive_bytes = COALESCE(EXCLUDED.network_receive_bytes, c.network_receive_bytes),
		network_transmit_bytes = COALESCE(EXCLUDED.network_transmit_bytes, c.network_transmit_bytes);
	GET DIAGNOSTICS pods = ROW_COUNT;
	RETURN pods;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_usage_summary(bigint, timestamptz, text, jsonb) IS 'Takes a kubelet''s summary: an entry in container_resource_usage for each pod of ours that was measured since. Arguments: cluster, time of the round, node, answer of /stats/summary. CPU and memory are those of metrics.k8s.io if it had new ones in this round. Returns the number of entries.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_usage_summary(bigint, timestamptz, text, jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_usage_end(cluster_id bigint, round_at timestamptz, problem text)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	pods bigint;
BEGIN
	/* those of which metrics.k8s.io alone told something */
	WITH recorded AS (
		UPDATE orchestration_internal.container_usage_counters c
		SET recorded_at = $2
		FROM orchestration.container_instances i
		WHERE i.namespace_id = c.namespace_id AND i.id = c.instance_id AND i.cluster_id = $1 AND i.ended_at IS NULL
			AND c.metrics_round_at = $2 AND c.recorded_at IS DISTINCT FROM $2
		RETURNING c.*
	)
	INSERT INTO orchestration.container_resource_usage (namespace_id, recorded_at, container_id, instance_id, cpu_millicores, memory_bytes)
	SELECT r.namespace_id, $2, r.container_id, r.instance_id, r.metrics_cpu_millicores, r.metrics_memory_bytes
	FROM recorded r;
	GET DIAGNOSTICS pods = ROW_COUNT;

	UPDATE orchestration.clusters k SET usage_observed_at = $2, usage_message = left($3, 2000)
	WHERE k.id = (SELECT x.id FROM orchestration.clusters x WHERE x.id = $1 FOR NO KEY UPDATE SKIP LOCKED);
	RETURN pods;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_usage_end(bigint, timestamptz, text) IS 'Ends a round: entries for pods of which metrics.k8s.io alone told something. Arguments: cluster, time of the round, what went wrong in it (NULL: nothing). Returns the number of entries.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_usage_end(bigint, timestamptz, text) TO orchestration_worker;
