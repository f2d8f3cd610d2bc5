-- What facts.c replaced (0.4), so that the two can be measured and compared side by side; VOLATILE, or the planner would call them once.
CREATE SCHEMA former;

CREATE FUNCTION former.object_fingerprint(object jsonb)
RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN (
		/*
		 * The API server takes a field out of our managedFields entry when somebody
		 * else changes or removes it, and never for what controllers write to status.
	 * Its time tells that another database wrote under our name: a copy of this
	 * one that held the lease for a while.
		 */
		SELECT COALESCE(
			(SELECT 'fields ' || md5(string_agg(concat(f.value -> 'fieldsV1', f.value -> 'time'), ' ' ORDER BY f.value ->> 'apiVersion'))
			 FROM jsonb_array_elements(object #> '{metadata,managedFields}') f
			 WHERE f.value ->> 'manager' = 'orchestration' AND f.value ->> 'operation' = 'Apply'),
			'generation ' || (object #>> '{metadata,generation}'),
			CASE WHEN object ? 'spec' THEN 'content ' || md5(concat(object -> 'spec', object #> '{metadata,labels}', object #> '{metadata,annotations}')) END,
			'version ' || (object #>> '{metadata,resourceVersion}'))
	);
END
$$;

CREATE FUNCTION former.object_facts(object jsonb)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN (
		SELECT jsonb_strip_nulls(CASE object ->> 'kind'
			WHEN 'Deployment' THEN jsonb_build_object(
				'specReplicas', object #> '{spec,replicas}',
				'observedGeneration', object #> '{status,observedGeneration}',
				'updatedReplicas', object #> '{status,updatedReplicas}',
				'replicaFailure', c.conditions #>> '{ReplicaFailure,status}' = 'True',
				'replicaFailureMessage', c.conditions #>> '{ReplicaFailure,message}',
				'deadlineExceeded', c.conditions #>> '{Progressing,status}' = 'False')
			WHEN 'Job' THEN jsonb_build_object(
				'suspended', COALESCE(object #> '{spec,suspend}', 'false'),
				'complete', c.conditions #>> '{Complete,status}' = 'True',
				'failed', c.conditions #>> '{Failed,status}' = 'True',
				'failedReason', c.conditions #>> '{Failed,reason}',
				'failedMessage', c.conditions #>> '{Failed,message}')
			WHEN 'PersistentVolumeClaim' THEN jsonb_build_object(
				'phase', object #> '{status,phase}',
				'capacity', object #> '{status,capacity,storage}',
				'resizing', COALESCE(c.conditions #>> '{FileSystemResizePending,status}', c.conditions #>> '{Resizing,status}') = 'True')
			WHEN 'Namespace' THEN jsonb_build_object(
				'phase', object #> '{status,phase}',
				'message', (SELECT string_agg(d.value ->> 'message', '; ') FROM jsonb_each(c.conditions) d WHERE d.value ->> 'status' = 'True'))
			WHEN 'Service' THEN jsonb_build_object(
				'clusterIP', object #> '{spec,clusterIP}',
				'ports', object #> '{spec,ports}',
				'loadBalancer', object #> '{status,loadBalancer,ingress}')
			ELSE '{}' END)
		FROM (
			SELECT jsonb_object_agg(d.value ->> 'type', d.value) AS conditions
			FROM jsonb_array_elements(object #> '{status,conditions}') d
			WHERE d.value ->> 'type' IS NOT NULL
		) c
	);
END
$$;

CREATE FUNCTION former.pod_facts(object jsonb)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN (
		SELECT jsonb_strip_nulls(jsonb_build_object(
			'created', extract(epoch FROM (object #>> '{metadata,creationTimestamp}')::timestamptz)::bigint,
			'ownerKind', object #> '{metadata,ownerReferences,0,kind}',
			'ownerUid', object #> '{metadata,ownerReferences,0,uid}',
			'reason', object #> '{status,reason}',
			'message', left(COALESCE(object #>> '{status,message}', c.ready ->> 'message'), 1000),
			'nodeLost', c.ready ->> 'status' = 'Unknown' OR object #>> '{status,reason}' = 'NodeLost',
			'unscheduledReason', CASE WHEN c.scheduled ->> 'status' = 'False' THEN COALESCE(c.scheduled ->> 'reason', 'Unschedulable') END,
			'unscheduledMessage', CASE WHEN c.scheduled ->> 'status' = 'False' THEN left(c.scheduled ->> 'message', 1000) END,
			'resize', c.resize ->> 'type',
			'started', s.started, 'initDone', s.init_done, 'initTotal', s.init_total,
			'waitingReason', w.state #>> '{state,waiting,reason}',
			'waitingMessage', left(w.state #>> '{state,waiting,message}', 1000),
			'terminated', former.termination(e.state #> '{state,terminated}'),
			'lastTerminated', former.termination(l.state #> '{lastState,terminated}')))
		FROM (
			SELECT (SELECT d.value FROM jsonb_array_elements(object #> '{status,conditions}') d WHERE d.value ->> 'type' = 'Ready') AS ready,
				(SELECT d.value FROM jsonb_array_elements(object #> '{status,conditions}') d WHERE d.value ->> 'type' = 'PodScheduled') AS scheduled,
				(SELECT d.value FROM jsonb_array_elements(object #> '{status,conditions}') d
				 WHERE d.value ->> 'type' IN ('PodResizePending', 'PodResizeInProgress') AND d.value ->> 'status' = 'True' LIMIT 1) AS resize,
				COALESCE(object #> '{status,containerStatuses}', '[]') AS containers,
				COALESCE(object #> '{status,initContainerStatuses}', '[]') AS inits
		) c
		CROSS JOIN LATERAL (
			SELECT COALESCE((SELECT bool_and(x.value -> 'started' = 'true') FROM jsonb_array_elements(c.containers) x), false) AS started,
				(SELECT count(*) FROM jsonb_array_elements(c.inits) x WHERE x.value #>> '{state,terminated,exitCode}' = '0' OR x.value -> 'ready' = 'true') AS init_done,
				jsonb_array_length(c.inits) AS init_total
		) s
		LEFT JOIN LATERAL (
			/* one that only waits for its turn explains nothing */
			SELECT x.value AS state FROM jsonb_array_elements(c.inits || c.containers) x
			WHERE x.value #> '{state,waiting}' IS NOT NULL
			ORDER BY x.value #>> '{state,waiting,reason}' IN ('PodInitializing', 'ContainerCreating')
			LIMIT 1
		) w ON true
		LEFT JOIN LATERAL (
			SELECT x.value AS state FROM jsonb_array_elements(c.inits || c.containers) x
			WHERE x.value #> '{state,terminated}' IS NOT NULL
			ORDER BY x.value #>> '{state,terminated,exitCode}' = '0'
			LIMIT 1
		) e ON true
		LEFT JOIN LATERAL (
			SELECT x.value AS state FROM jsonb_array_elements(c.inits || c.containers) x
			WHERE x.value #> '{lastState,terminated}' IS NOT NULL
			ORDER BY (x.value ->> 'restartCount')::integer DESC
			LIMIT 1
		) l ON true
	);
END
$$;

CREATE FUNCTION former.termination(state jsonb)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN CASE WHEN state IS NOT NULL THEN jsonb_build_object('reason', state -> 'reason', 'exitCode', state -> 'exitCode',
		'signal', state -> 'signal', 'message', right(state ->> 'message', 1000), 'finishedAt', state -> 'finishedAt') END;
END
$$;

