/*
 * What came of it: worker_record() takes the cluster's answers.  An answer that
 * is lost costs one more look, an answer that comes twice or late changes
 * nothing.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.version_number(resource_version text)
RETURNS numeric
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN CASE WHEN resource_version ~ '^[0-9]{1,100}$' THEN resource_version::numeric ELSE 0 END;
END
$$;

COMMENT ON FUNCTION orchestration_internal.version_number(text) IS 'A resourceVersion as a number of any length, so that 9 comes before 10; 0 for what is no number.';
GRANT EXECUTE ON FUNCTION orchestration_internal.version_number(text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.object_fingerprint(object jsonb)
RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
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

COMMENT ON FUNCTION orchestration_internal.object_fingerprint(jsonb) IS 'Digest of what we own in an object: changes when somebody interferes with it, not when its status changes. Where the server tells nothing about field managers: generation, content or version.';
GRANT EXECUTE ON FUNCTION orchestration_internal.object_fingerprint(jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.object_facts(object jsonb)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
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

COMMENT ON FUNCTION orchestration_internal.object_facts(jsonb) IS 'What status is derived from, taken out of a Kubernetes object.';
GRANT EXECUTE ON FUNCTION orchestration_internal.object_facts(jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.belongs_to(object jsonb, owner_type text, owner_id bigint)
RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN (
		SELECT COALESCE(object #>> '{metadata,labels,orchestration.dev/installation}' = (SELECT i.id::text FROM orchestration.installation i)
			AND object #>> '{metadata,labels,orchestration.dev/owner}' = owner_type || '-' || owner_id, false)
	);
END
$$;

COMMENT ON FUNCTION orchestration_internal.belongs_to(jsonb, text, bigint) IS 'Does the object carry the labels of this installation and of the given owner?';
GRANT EXECUTE ON FUNCTION orchestration_internal.belongs_to(jsonb, text, bigint) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.is_orphan(object jsonb)
RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	label text[] := regexp_match(object #>> '{metadata,labels,orchestration.dev/owner}',
		'^(namespace|config_map|secret|registry|volume|container)-([0-9]{1,18})$');
BEGIN
	/* a copy that somebody made of an object of ours has our labels, but was not applied by us */
	RETURN label IS NOT NULL
		AND COALESCE(object #> '{metadata,managedFields}' @> '[{"manager": "orchestration", "operation": "Apply"}]', false)
		AND orchestration_internal.belongs_to(object, label[1], label[2]::bigint)
		AND NOT orchestration_internal.owner_exists(label[1], label[2]::bigint);
END
$$;

COMMENT ON FUNCTION orchestration_internal.is_orphan(jsonb) IS 'Was the object made by this installation for a row that does not exist any more?';
GRANT EXECUTE ON FUNCTION orchestration_internal.is_orphan(jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.owner_exists(owner_type text, owner_id bigint)
RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN (
		SELECT CASE owner_type
			WHEN 'namespace' THEN EXISTS (SELECT FROM orchestration.namespaces x WHERE x.id = owner_id AND x.status <> 'deleted')
			WHEN 'config_map' THEN EXISTS (SELECT FROM orchestration.config_maps x WHERE x.id = owner_id)
			WHEN 'secret' THEN EXISTS (SELECT FROM orchestration.secrets x WHERE x.id = owner_id)
			WHEN 'registry' THEN EXISTS (SELECT FROM orchestration.registries x WHERE x.id = owner_id)
			WHEN 'volume' THEN EXISTS (SELECT FROM orchestration.volumes x WHERE x.id = owner_id)
			WHEN 'container' THEN EXISTS (SELECT FROM orchestration.containers x WHERE x.id = owner_id AND x.status <> 'deleted')
			ELSE true END
	);
END
$$;

COMMENT ON FUNCTION orchestration_internal.owner_exists(text, bigint) IS 'Is there a row that an object with this owner label may belong to? True for labels that are not understood.';
GRANT EXECUTE ON FUNCTION orchestration_internal.owner_exists(text, bigint) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.error_is_final(reason text)
RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN reason IN ('Invalid', 'Forbidden', 'QuotaExceeded', 'Conflict', 'RenderFailed');
END
$$;

COMMENT ON FUNCTION orchestration_internal.error_is_final(text) IS 'Does a failure for this reason last until somebody acts, as opposed to one that passes?';
GRANT EXECUTE ON FUNCTION orchestration_internal.error_is_final(text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.error_reason(status integer, body jsonb)
RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN CASE
		WHEN status = 0 THEN 'Unreachable'
		WHEN status = 401 THEN 'Unauthorized'
		WHEN status = 403 AND (body #> '{details,causes}') @> '[{"reason": "NamespaceTerminating"}]' THEN 'NamespaceTerminating'
		WHEN status = 403 AND body ->> 'message' LIKE '%exceeded quota%' THEN 'QuotaExceeded'
		WHEN status = 403 THEN 'Forbidden'
		WHEN status = 404 THEN 'NotFound'
		WHEN status = 409 AND body ->> 'message' LIKE 'Apply failed%' THEN 'Conflict'
		WHEN status = 409 THEN 'Busy'
		WHEN status = 429 THEN 'TooManyRequests'
		WHEN status IN (400, 405, 406, 413, 415, 422) OR body ->> 'message' LIKE 'failed to create typed patch object%' THEN 'Invalid'
		WHEN status >= 500 OR status = 408 THEN 'ServerError'
		ELSE 'Unexpected' END;
END
$$;

COMMENT ON FUNCTION orchestration_internal.error_reason(integer, jsonb) IS 'Names a failure. Arguments: HTTP status (0: no answer), the Status object that came with it.';
GRANT EXECUTE ON FUNCTION orchestration_internal.error_reason(integer, jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.retry_delay(reason text, attempts integer, retry_after_ms bigint)
RETURNS interval
LANGUAGE sql VOLATILE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT greatest(
		(0.75 + 0.5 * random()) * CASE
			/* what is in the way may be removed by hand at any time */
			WHEN reason = 'Conflict' THEN least(60, 5 * 2 ^ least(attempts, 12))
			WHEN reason IN ('Forbidden', 'QuotaExceeded', 'RenderFailed') THEN least(300, 15 * 2 ^ least(attempts, 12))
			WHEN reason = 'Invalid' THEN least(1800, 60 * 2 ^ least(attempts, 12))
			ELSE least(300, 2 ^ least(attempts, 12)) END,
		/* no server knows what will be in half an hour */
		least(COALESCE(retry_after_ms, 0), 1800000) / 1000.0) * interval '1 s'
$$;

COMMENT ON FUNCTION orchestration_internal.retry_delay(text, integer, bigint) IS 'How long to wait after a failure: exponential, with jitter, capped at 1 minute for conflicts, 30 minutes for what the cluster calls invalid, 5 minutes else; at least what the server asked for, if that is no more than 30 minutes. Arguments: reason, failures before this one, Retry-After in ms.';
GRANT EXECUTE ON FUNCTION orchestration_internal.retry_delay(text, integer, bigint) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.postpone_object(namespace_id bigint, object_id bigint, reason text, message text, retry_after_ms bigint)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
	UPDATE orchestration.managed_objects m
	SET attempts = m.attempts + 1, last_error_reason = $3, last_error = left($4, 2000), updated_at = now(),
		next_attempt_at = clock_timestamp() + orchestration_internal.retry_delay($3, m.attempts, $5)
	WHERE m.namespace_id = $1 AND m.id = (SELECT x.id FROM orchestration.managed_objects x WHERE x.namespace_id = $1 AND x.id = $2 FOR NO KEY UPDATE SKIP LOCKED)
$$;

COMMENT ON FUNCTION orchestration_internal.postpone_object(bigint, bigint, text, text, bigint) IS 'Notes a failed attempt and when to try again, unless somebody has locked the row.';
GRANT EXECUTE ON FUNCTION orchestration_internal.postpone_object(bigint, bigint, text, text, bigint) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.lose_objects(namespace_ids bigint[], object_ids bigint[], proven boolean)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	DELETE FROM orchestration.managed_objects m
	USING unnest($1, $2) o (namespace_id, id)
	WHERE m.namespace_id = o.namespace_id AND m.id = o.id
		AND m.desired_hash IS NULL AND (proven OR m.deletion_started_at IS NOT NULL);

	UPDATE orchestration.managed_objects m
	SET uid = NULL, gone_uid = COALESCE(m.uid, m.gone_uid), replacing = false,
		/* a Job that is done is not made again */
		applied_hash = CASE WHEN m.kind = 'Job' AND EXISTS (SELECT FROM orchestration_internal.job_runs j
			WHERE j.namespace_id = m.namespace_id AND j.container_id = m.owner_id AND j.finished_at IS NOT NULL) THEN m.desired_hash END,
		due_since = CASE WHEN m.applied_hash = m.desired_hash THEN now() ELSE m.due_since END,
		resource_version = NULL, object_generation = NULL, applied_fingerprint = NULL, observed_fingerprint = NULL, observed = NULL,
		deletion_started_at = NULL, attempts = 0, attempted_at = COALESCE(m.attempted_at, clock_timestamp()),
		/* somebody who deletes it again and again must not make us spin */
		next_attempt_at = CASE WHEN m.replacing OR m.applied_at IS NULL THEN '-infinity' ELSE m.applied_at + interval '5 s' END,
		updated_at = now()
	FROM unnest($1, $2) o (namespace_id, id)
	WHERE m.namespace_id = o.namespace_id AND m.id = o.id;
END
$$;

COMMENT ON FUNCTION orchestration_internal.lose_objects(bigint[], bigint[], boolean) IS 'Objects that are not in the cluster any more: those that were to go leave the inventory, the others will be made again. Not proven (an event for an object that lost its label looks the same): unless the cluster was known to be deleting it, one look must confirm it.';
GRANT EXECUTE ON FUNCTION orchestration_internal.lose_objects(bigint[], bigint[], boolean) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.record_applied(object_id bigint, body jsonb, hash text, warning text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	UPDATE orchestration.managed_objects m
	SET uid = a.uid,
		applied_fingerprint = a.fingerprint,
		/* an event may have overtaken the answer */
		observed_fingerprint = CASE WHEN a.newer THEN a.fingerprint ELSE m.observed_fingerprint END,
		resource_version = CASE WHEN a.newer THEN a.resource_version ELSE m.resource_version END,
		object_generation = CASE WHEN a.newer THEN a.generation ELSE m.object_generation END,
		observed = CASE WHEN a.newer THEN orchestration_internal.object_facts($2) ELSE m.observed END,
		applied_hash = CASE WHEN NOT a.terminating AND (a.newer OR m.observed_fingerprint = a.fingerprint) THEN $3 END,
		due_since = CASE WHEN m.applied_hash = m.desired_hash THEN now() ELSE m.due_since END,
		deletion_started_at = CASE WHEN a.terminating THEN COALESCE(m.deletion_started_at, clock_timestamp())
			WHEN NOT a.newer THEN m.deletion_started_at END,
		next_attempt_at = CASE WHEN a.terminating THEN clock_timestamp() + interval '10 s'
			WHEN a.newer OR m.observed_fingerprint = a.fingerprint THEN '-infinity'
			ELSE clock_timestamp() + interval '5 s' END,
		attempts = 0, attempted_at = COALESCE(m.attempted_at, clock_timestamp()),
		last_error_reason = NULL, last_error = NULL, last_warning = left($4, 2000),
		applied_at = clock_timestamp(), observed_at = clock_timestamp(), updated_at = now()
	FROM (
		SELECT x.id, $2 #>> '{metadata,uid}' AS uid, $2 #>> '{metadata,resourceVersion}' AS resource_version,
			($2 #>> '{metadata,generation}')::bigint AS generation, orchestration_internal.object_fingerprint($2) AS fingerprint,
			$2 #> '{metadata,deletionTimestamp}' IS NOT NULL AS terminating,
			x.uid IS NULL OR orchestration_internal.version_number($2 #>> '{metadata,resourceVersion}') >= orchestration_internal.version_number(x.resource_version) AS newer
		FROM orchestration.managed_objects x
		WHERE x.id = $1
	) a
	/* it was made and is gone again, or another has taken its place, and events said so first */
	WHERE m.id = a.id AND m.gone_uid IS DISTINCT FROM a.uid AND (m.uid IS NULL OR m.uid = a.uid OR a.newer);
END
$$;

COMMENT ON FUNCTION orchestration_internal.record_applied(bigint, jsonb, text, text) IS 'An apply succeeded. Arguments: inventory row, the object as the cluster returned it, hash of the manifest that was sent, warning.';
GRANT EXECUTE ON FUNCTION orchestration_internal.record_applied(bigint, jsonb, text, text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.record_found(object_id bigint, body jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	object record;
	found_uid text := body #>> '{metadata,uid}';
	terminating boolean := body #> '{metadata,deletionTimestamp}' IS NOT NULL;
	/* left behind by a row that is gone from this database: ours to clear away */
	orphan boolean := orchestration_internal.is_orphan(body);
BEGIN
	SELECT m.* INTO object FROM orchestration.managed_objects m WHERE m.id = $1;
	IF object.uid IS NOT NULL AND object.uid <> found_uid THEN
		PERFORM orchestration_internal.lose_objects(ARRAY[object.namespace_id], ARRAY[object.id], true);
		RETURN;
	END IF;

	IF object.uid = found_uid OR object.gone_uid = found_uid OR orphan
		OR orchestration_internal.belongs_to(body, object.owner_type, object.owner_id)
	THEN
		UPDATE orchestration.managed_objects m
		SET uid = found_uid, applied_hash = NULL, attempted_at = COALESCE(m.attempted_at, clock_timestamp()),
			due_since = CASE WHEN m.applied_hash = m.desired_hash THEN now() ELSE m.due_since END,
			gone_uid = NULLIF(m.gone_uid, found_uid),
			replacing = m.replacing OR (orphan AND NOT orchestration_internal.belongs_to(body, m.owner_type, m.owner_id)),
			resource_version = body #>> '{metadata,resourceVersion}', object_generation = (body #>> '{metadata,generation}')::bigint,
			observed = orchestration_internal.object_facts(body), observed_fingerprint = orchestration_internal.object_fingerprint(body),
			deletion_started_at = CASE WHEN terminating THEN COALESCE(m.deletion_started_at, clock_timestamp()) END,
			/* look less and less often at what takes long to go */
			next_attempt_at = CASE WHEN terminating THEN clock_timestamp()
				+ least(greatest(clock_timestamp() - m.deletion_started_at, interval '10 s'), interval '60 s') ELSE '-infinity' END,
			attempts = 0, last_error_reason = NULL, last_error = NULL, observed_at = clock_timestamp(), updated_at = now()
		WHERE m.namespace_id = object.namespace_id AND m.id = object.id;
	ELSIF object.desired_hash IS NULL THEN
		/* what has this name is not ours, so nothing of ours is there */
		PERFORM orchestration_internal.lose_objects(ARRAY[object.namespace_id], ARRAY[object.id], true);
	ELSE
		PERFORM orchestration_internal.postpone_object(object.namespace_id, object.id, 'Conflict',
			'an object of this name exists in the cluster and belongs to somebody else', NULL);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.record_found(bigint, jsonb) IS 'A look found an object under the name: ours is adopted, whatever became of the answer that told us of it; a foreign one is a conflict and is not touched.';
GRANT EXECUTE ON FUNCTION orchestration_internal.record_found(bigint, jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.record_result(cluster_id bigint, result jsonb)
RETURNS TABLE (namespace_id bigint, owner_type text, owner_id bigint, generation bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	object record;
	action text := result ->> 'action';
	status integer := COALESCE((result ->> 'status')::integer, 0);
	body jsonb := CASE jsonb_typeof(result -> 'body') WHEN 'object' THEN result -> 'body' END;
	message text := COALESCE(body ->> 'message', result ->> 'error', format('HTTP status %s', status));
BEGIN
	SELECT m.* INTO object FROM orchestration.managed_objects m
	WHERE m.id = (result ->> 'object_id')::bigint AND m.cluster_id = $1
	/* an answer that is not recorded costs one more request, when the row is free */
	FOR UPDATE SKIP LOCKED;
	IF NOT FOUND THEN
		RETURN;
	END IF;

	IF status IN (200, 201, 202) AND action IN ('create', 'apply') AND body #>> '{metadata,uid}' IS NOT NULL THEN
		PERFORM orchestration_internal.record_applied(object.id, body, result ->> 'hash', result ->> 'warning');
	ELSIF status = 200 AND action IN ('found', 'verify') AND body #>> '{metadata,uid}' IS NOT NULL THEN
		PERFORM orchestration_internal.record_found(object.id, body);
	ELSIF action = 'verify' AND status = 404
		OR action = 'delete' AND (status = 404 OR status = 409 AND message LIKE '%UID in precondition%'
			OR status = 200 AND body ->> 'kind' = 'Status' AND body ->> 'status' = 'Success'
			OR status IN (200, 202) AND object.uid IS NULL)
		OR action IN ('create', 'apply') AND status = 409 AND object.uid IS NOT NULL AND message ~* '\muid\M'
	THEN
		PERFORM orchestration_internal.lose_objects(ARRAY[object.namespace_id], ARRAY[object.id], true);
	ELSIF action = 'delete' AND (status IN (200, 202) OR status = 409 AND object.kind = 'Namespace') THEN
		UPDATE orchestration.managed_objects m
		SET deletion_started_at = COALESCE(m.deletion_started_at, clock_timestamp()), next_attempt_at = clock_timestamp() + interval '10 s',
			resource_version = COALESCE(body #>> '{metadata,resourceVersion}', m.resource_version),
			applied_hash = NULL, attempts = 0, last_error_reason = NULL, last_error = NULL, updated_at = now(),
			due_since = CASE WHEN m.applied_hash = m.desired_hash THEN now() ELSE m.due_since END
		WHERE m.namespace_id = object.namespace_id AND m.id = object.id AND m.uid IS NOT NULL;
	ELSIF status = 422 AND object.uid IS NOT NULL AND (object.kind IN ('Job', 'Secret') AND message LIKE '%immutable%'
		/* somebody's own port beside ours: an apply cannot take it away, and the two together are invalid */
		OR object.kind = 'Service' AND object.observed_fingerprint <> object.applied_fingerprint)
	THEN
		UPDATE orchestration.managed_objects m
		SET replacing = true, applied_hash = NULL, attempts = 0, next_attempt_at = '-infinity', updated_at = now(),
			due_since = CASE WHEN m.applied_hash = m.desired_hash THEN now() ELSE m.due_since END
		WHERE m.namespace_id = object.namespace_id AND m.id = object.id;
	ELSE
		PERFORM orchestration_internal.postpone_object(object.namespace_id, object.id, orchestration_internal.error_reason(status, body), message,
			(result ->> 'retry_after_ms')::bigint);
	END IF;
	RETURN QUERY SELECT object.namespace_id, object.owner_type, object.owner_id, object.owner_generation;
END
$$;

COMMENT ON FUNCTION orchestration_internal.record_result(bigint, jsonb) IS 'Takes one answer and returns the owner of the object; nothing when the inventory does not know the object any more, or somebody has locked it: it stays due.';
GRANT EXECUTE ON FUNCTION orchestration_internal.record_result(bigint, jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.named_objects(cluster_id bigint, results jsonb)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_agg(jsonb_build_object('id', m.id, 'namespace_id', m.namespace_id, 'kind', m.kind, 'name', m.name, 'owner', m.owner_type || '/' || m.owner_id,
		'action', r.value ->> 'action', 'status', r.value -> 'status', 'duration_ms', r.value -> 'duration_ms'))
	FROM jsonb_array_elements($2) r
	JOIN orchestration.managed_objects m ON m.id = (r.value ->> 'object_id')::bigint AND m.cluster_id = $1
$$;

COMMENT ON FUNCTION orchestration_internal.named_objects(bigint, jsonb) IS 'Answers with the names of their objects, which the inventory may soon not know any more.';
GRANT EXECUTE ON FUNCTION orchestration_internal.named_objects(bigint, jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.log_results(cluster_id bigint, answers jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM orchestration_internal.ensure_month('operation_logs', clock_timestamp());
	INSERT INTO orchestration.operation_logs (namespace_id, started_at, source, operation, resource_type, resource_id, resource_name, changes, status, error_message, duration_ms)
	SELECT a.namespace_id, clock_timestamp(), 'worker', a.action, a.kind, a.id, a.name,
		jsonb_strip_nulls(jsonb_build_object('cluster', $1, 'owner', a.owner, 'http_status', a.status, 'reason', f.reason)),
		CASE WHEN f.failed THEN 'failed' ELSE 'succeeded' END, f.message, a.duration_ms
	FROM jsonb_to_recordset($2) a (id bigint, namespace_id bigint, kind text, name text, owner text, action text, status integer, duration_ms double precision)
	LEFT JOIN orchestration.managed_objects m ON m.namespace_id = a.namespace_id AND m.id = a.id
	CROSS JOIN LATERAL (
		SELECT m.last_error_reason IS NOT NULL AS failed, m.last_error_reason AS reason, m.last_error AS message
	) f
	/* a look is no operation, unless it finds somebody else's object */
	WHERE a.action IN ('create', 'apply', 'delete') OR f.failed;
END
$$;

COMMENT ON FUNCTION orchestration_internal.log_results(bigint, jsonb) IS 'Puts on record what the worker did in a cluster and what came of it. Arguments: cluster, named_objects() from before it was recorded.';
GRANT EXECUTE ON FUNCTION orchestration_internal.log_results(bigint, jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.record_results(cluster_id bigint, results jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	touched record;
	answers jsonb := orchestration_internal.named_objects($1, $2);
BEGIN
	FOR touched IN
		SELECT o.owner_type, array_agg(o.namespace_id) AS namespace_ids, array_agg(o.owner_id) AS owner_ids, array_agg(o.generation) AS generations
		FROM jsonb_array_elements(results) r
		CROSS JOIN LATERAL orchestration_internal.record_result($1, r.value) o
		GROUP BY o.owner_type
	LOOP
		PERFORM orchestration_internal.refresh_owners(touched.owner_type, touched.namespace_ids, touched.owner_ids, touched.generations);
	END LOOP;
	IF answers IS NOT NULL THEN
		PERFORM orchestration_internal.log_results($1, answers);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.record_results(bigint, jsonb) IS 'Takes answers, refreshes the rows that asked for the objects, and puts on record what was done.';
GRANT EXECUTE ON FUNCTION orchestration_internal.record_results(bigint, jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_record(cluster_id bigint, results jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	result jsonb;
BEGIN
	PERFORM orchestration_internal.record_results($1, $2);
EXCEPTION WHEN OTHERS THEN
	/* one that cannot be stored must not lose the others */
	PERFORM orchestration_internal.hurry();
	FOR result IN SELECT r.value FROM jsonb_array_elements($2) r LOOP
		BEGIN
			PERFORM orchestration_internal.record_results($1, jsonb_build_array(result));
		EXCEPTION WHEN OTHERS THEN
			RAISE WARNING 'answer for object % could not be recorded: %', result ->> 'object_id', SQLERRM;
			PERFORM orchestration_internal.postpone_object(m.namespace_id, m.id, CASE SQLSTATE WHEN '55P03' THEN 'Locked' ELSE 'RecordFailed' END, SQLERRM, NULL)
			FROM orchestration.managed_objects m
			WHERE m.id::text = result ->> 'object_id';
		END;
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_record(bigint, jsonb) IS 'Takes the cluster''s answers. Arguments: cluster, array of {object_id, action (create, found, apply, delete, verify), status (HTTP, 0: none), error, retry_after_ms, duration_ms, warning, hash, body}. An answer that cannot be stored is warned of and tried again later.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_record(bigint, jsonb) TO orchestration_worker;
