/*
 * What the worker sees of pods: observe_pods() keeps a row for each container of
 * a pod, which says what became of it.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.observe_pods(cluster_id bigint, events jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	touched record;
BEGIN
	WITH newest AS MATERIALIZED (
		SELECT DISTINCT ON (e.value #>> '{object,metadata,uid}')
			e.value ->> 'type' AS type, e.value -> 'object' AS pod, e.value #>> '{object,metadata,uid}' AS uid
		FROM jsonb_array_elements(events) WITH ORDINALITY e
		ORDER BY e.value #>> '{object,metadata,uid}', e.ordinality DESC
	), ended AS (
		UPDATE orchestration.container_instances i
		SET ended_at = clock_timestamp(), ready = false, ready_at = NULL, observed_at = clock_timestamp(), updated_at = now()
		FROM newest e
		WHERE e.type = 'DELETED' AND i.cluster_id = $1 AND i.pod_uid = e.uid AND i.ended_at IS NULL
		RETURNING i.namespace_id, i.container_id
	), seen AS (
		INSERT INTO orchestration.container_instances AS i (namespace_id, container_id, cluster_id, pod_name, pod_uid, resource_version,
			template_hash, node_name, pod_ip, phase, ready, ready_at, restart_count, reason, message, observed, started_at, terminating_at, observed_at)
		SELECT c.namespace_id, c.id, $1, e.pod #>> '{metadata,name}', e.uid, e.pod #>> '{metadata,resourceVersion}',
			COALESCE(e.pod #>> '{metadata,labels,pod-template-hash}', e.pod #>> '{metadata,labels,controller-uid}'),
			e.pod #>> '{spec,nodeName}', (e.pod #>> '{status,podIP}')::inet, COALESCE(e.pod #>> '{status,phase}', 'Unknown'),
			r.ready, CASE WHEN r.ready THEN clock_timestamp() END,
			COALESCE((SELECT sum((s.value ->> 'restartCount')::integer)
				FROM jsonb_array_elements(COALESCE(e.pod #> '{status,containerStatuses}', '[]') || COALESCE(e.pod #> '{status,initContainerStatuses}', '[]')) s), 0),
			COALESCE(f.facts ->> 'waitingReason', f.facts #>> '{terminated,reason}', f.facts ->> 'reason', f.facts ->> 'unscheduledReason'),
			COALESCE(f.facts ->> 'waitingMessage', f.facts #>> '{terminated,message}', f.facts ->> 'message', f.facts ->> 'unscheduledMessage'),
			f.facts || jsonb_build_object('wasReady', r.ready),
			(e.pod #>> '{status,startTime}')::timestamptz,
			CASE WHEN e.pod #> '{metadata,deletionTimestamp}' IS NOT NULL THEN clock_timestamp() END, clock_timestamp()
		FROM newest e
		/* the label alone proves nothing: the pod must be where its container is */
		JOIN orchestration.containers c ON c.id = CASE WHEN e.pod #>> '{metadata,labels,orchestration.dev/container-id}' ~ '^[0-9]{1,18}$'
			THEN (e.pod #>> '{metadata,labels,orchestration.dev/container-id}')::bigint END
		JOIN orchestration.namespaces n ON n.id = c.namespace_id AND n.cluster_id = $1 AND n.name = e.pod #>> '{metadata,namespace}'
		CROSS JOIN LATERAL (SELECT orchestration_internal.pod_facts(e.pod) AS facts OFFSET 0) f
		CROSS JOIN LATERAL (SELECT COALESCE((e.pod #> '{status,conditions}') @> '[{"type": "Ready", "status": "True"}]', false) AS ready) r
		WHERE e.type <> 'DELETED'
		ON CONFLICT (namespace_id, pod_uid) DO UPDATE SET
			resource_version = EXCLUDED.resource_version, template_hash = EXCLUDED.template_hash, node_name = EXCLUDED.node_name, pod_ip = EXCLUDED.pod_ip,
			phase = EXCLUDED.phase, ready = EXCLUDED.ready, ready_at = CASE WHEN EXCLUDED.ready THEN COALESCE(i.ready_at, EXCLUDED.ready_at) END,
			restart_count = EXCLUDED.restart_count, reason = EXCLUDED.reason, message = EXCLUDED.message,
			observed = EXCLUDED.observed || jsonb_build_object('wasReady', EXCLUDED.ready OR i.observed -> 'wasReady' = 'true'),
			started_at = EXCLUDED.started_at, terminating_at = COALESCE(i.terminating_at, EXCLUDED.terminating_at),
			observed_at = EXCLUDED.observed_at, updated_at = now()
		WHERE i.ended_at IS NULL AND orchestration_internal.version_number(EXCLUDED.resource_version) >= orchestration_internal.version_number(i.resource_version)
		RETURNING i.namespace_id, i.container_id
	)
	SELECT array_agg(t.namespace_id) AS namespace_ids, array_agg(t.container_id) AS container_ids INTO touched
	FROM (SELECT * FROM ended UNION SELECT * FROM seen) t;

	IF touched.container_ids IS NOT NULL THEN
		PERFORM orchestration_internal.refresh_containers(touched.namespace_ids, touched.container_ids);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.observe_pods(bigint, jsonb) IS 'Takes events of pods into container_instances and refreshes their containers.';
GRANT EXECUTE ON FUNCTION orchestration_internal.observe_pods(bigint, jsonb) TO orchestration_worker;
