/*
 * From observed facts to the rows that people read: statuses and observed
 * generations.  Level-triggered; writes only what differs.
 */

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

CREATE OR REPLACE FUNCTION orchestration_internal.derive_container_status(facts jsonb,
	OUT status text, OUT reason text, OUT message text, OUT ready_replicas integer, OUT decided_by integer)
RETURNS record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_derive_container_status';

COMMENT ON FUNCTION orchestration_internal.derive_container_status(jsonb) IS 'The decision table: status, reason and message of a container from the facts that container_facts() collects; decided_by is the number of the row. Absent facts count as zero or false. Raises 22023 for facts without desired and current state.';
GRANT EXECUTE ON FUNCTION orchestration_internal.derive_container_status(jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.is_pod_of(kind text, name text, uids text[], pod_name text, template_hash text, observed jsonb)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN observed ->> 'ownerKind' = kind THEN observed ->> 'ownerUid' = ANY (uids)
		WHEN observed ->> 'ownerKind' IS DISTINCT FROM orchestration_internal.kind_pod_owner(kind) THEN false
		/* a ReplicaSet is called by its Deployment and the hash of the template, a pod by its ReplicaSet, cut to 58 characters, and 5 of chance;
		 * who is called otherwise than by that rule is not accused */
		WHEN kind = 'Deployment' THEN template_hash IS NULL OR position('-' || template_hash || '-' IN pod_name) = 0
			OR left(pod_name, -5) = left(name || '-' || template_hash || '-', 58)
		/* what makes others to own its pods calls them by its name and a number */
		ELSE left(observed ->> 'ownerName', length(name) + 1) = name || '-' AND substr(observed ->> 'ownerName', length(name) + 2) ~ '^[0-9]+$' END
$$;

COMMENT ON FUNCTION orchestration_internal.is_pod_of(text, text, text[], text, text, jsonb) IS 'Is a pod made by the workload? Arguments: kind, name and uids, the last one among them, of the workload; name, hash of the template and facts of the pod.';
GRANT EXECUTE ON FUNCTION orchestration_internal.is_pod_of(text, text, text[], text, text, jsonb) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.pod_list(namespace_id bigint, container_id bigint, kind text)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN (
		SELECT jsonb_agg(i.observed || jsonb_build_object(
			'name', i.pod_name, 'template', i.template_hash, 'phase', i.phase, 'ready', i.ready, 'restarts', i.restart_count,
			'terminating', i.terminating_at IS NOT NULL,
			/* pods of a ReplicaSet have its name and five letters, cut where that is too long; where there are none, a pod is its Deployment's own */
			'stray', runs IS NULL AND i.observed ->> 'ownerKind' IS DISTINCT FROM 'Deployment' AND left(i.pod_name, -5) <> left((SELECT c.name FROM orchestration.containers c WHERE c.namespace_id = $1 AND c.id = $2)
				|| '-' || i.template_hash || '-', 58),
			'readySeconds', COALESCE(floor(extract(epoch FROM clock_timestamp() - i.ready_at)), 0)::bigint,
			'foreign', CASE WHEN runs IS NULL THEN i.observed ->> 'ownerKind' IS NOT DISTINCT FROM 'Job'
				ELSE NOT EXISTS (SELECT FROM jsonb_to_recordset(runs) r (kind text, name text, uid text)
					WHERE orchestration_internal.is_pod_of(r.kind, r.name, ARRAY[r.uid], i.pod_name, i.template_hash, i.observed)) END))
		FROM orchestration.container_instances i
		CROSS JOIN (
			SELECT CASE WHEN $3 <> 'Deployment' THEN (
				SELECT COALESCE(jsonb_agg(jsonb_build_object('kind', m.kind, 'name', m.name, 'uid', m.uid)), '[]') FROM orchestration.managed_objects m
				WHERE m.namespace_id = $1 AND m.owner_type = 'container' AND m.owner_id = $2 AND m.apply_order = 40 AND m.kind <> 'Deployment') END AS runs
			OFFSET 0
		) w
		WHERE i.namespace_id = $1 AND i.container_id = $2 AND i.ended_at IS NULL
	);
END
$$;

COMMENT ON FUNCTION orchestration_internal.pod_list(bigint, bigint, text) IS 'The pods of a container as facts. Arguments: namespace, container, kind of its workload or NULL; pods of a workload that was there before are marked foreign, those of one that only carries our labels stray.';
GRANT EXECUTE ON FUNCTION orchestration_internal.pod_list(bigint, bigint, text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.container_facts(namespace_ids bigint[], container_ids bigint[])
RETURNS TABLE (namespace_id bigint, container_id bigint, facts jsonb, settled bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT c.namespace_id, c.id,
		jsonb_build_object(
			'desired', CASE WHEN n.desired_state = 'deleted' THEN 'deleted' ELSE c.desired_state END,
			'current', c.status,
			/* what is left to an autoscaler is as it asks */
			'replicas', CASE WHEN c.autoscaled THEN COALESCE((w.observed ->> 'specReplicas')::integer, 1) ELSE c.replicas END,
			'objectsRemain', o.objects > 0,
			/* a run that is over is known, also where its Job is gone */
			'workloadExists', w.uid IS NOT NULL OR j.outcome IS NOT NULL, 'workloadCreated', w.applied_at IS NOT NULL,
			'workloadTerminating', w.deletion_started_at IS NOT NULL,
			'namespaceTerminating', h.deletion_started_at IS NOT NULL,
			'isJob', w.kind IS NOT DISTINCT FROM 'Job', 'generation', w.object_generation,
			'specApplied', a.applied, 'errorReason', r.reason, 'errorMessage', r.message, 'errorFinal', orchestration_internal.error_is_final(r.reason),
			'deadlineSeconds', 600, 'graceSeconds', c.termination_grace_period,
			'waitingSeconds', CASE
				/* what failed stays so until something new is applied */
				WHEN c.status = 'failed' AND w.applied_at > c.status_changed_at THEN seconds.since_applied
				WHEN c.status = 'failed' THEN 1000000
				WHEN c.status = 'pending' THEN least(seconds.since_applied, seconds.since_changed)
				ELSE 0 END,
			'stoppingSeconds', CASE WHEN a.applied THEN seconds.since_applied ELSE 0 END,
			'deletingSeconds', seconds.since_deletion)
		|| COALESCE(w.observed, j.outcome, '{}')
		|| CASE WHEN orchestration_internal.kind_aspect(w.kind) IS NOT NULL THEN orchestration_internal.aspect_facts(c.namespace_id, c.id, w.kind, w.observed) ELSE '{}' END
		|| jsonb_build_object('pods', CASE
			/* most have none while they are made */
			WHEN EXISTS (SELECT FROM orchestration.container_instances i WHERE i.namespace_id = c.namespace_id AND i.container_id = c.id AND i.ended_at IS NULL)
				THEN orchestration_internal.pod_list(c.namespace_id, c.id, w.kind) END),
		CASE WHEN o.settled THEN c.generation END
	FROM (SELECT DISTINCT u.namespace_id, u.container_id FROM unnest($1, $2) u (namespace_id, container_id)) t
	JOIN orchestration.containers c ON c.namespace_id = t.namespace_id AND c.id = t.container_id
	JOIN orchestration.namespaces n ON n.id = c.namespace_id
	LEFT JOIN orchestration.managed_objects h
		ON h.namespace_id = n.id AND h.owner_type = 'namespace' AND h.owner_id = n.id AND h.kind = 'Namespace' AND h.name = n.name AND h.cluster_id = n.cluster_id
	LEFT JOIN orchestration_internal.plan_errors e
		ON e.namespace_id = c.namespace_id AND e.owner_type = 'container' AND e.owner_id = c.id AND e.owner_generation = c.generation
	CROSS JOIN LATERAL (
		SELECT count(*) AS objects, min(m.deletion_started_at) AS deletion_started_at,
			bool_and(m.owner_generation = c.generation AND m.desired_hash IS NOT NULL AND m.applied_hash IS NOT DISTINCT FROM m.desired_hash) AS settled
		FROM orchestration.managed_objects m
		WHERE m.namespace_id = c.namespace_id AND m.owner_type = 'container' AND m.owner_id = c.id
	) o
	LEFT JOIN LATERAL (
		SELECT m.* FROM orchestration.managed_objects m
		WHERE m.namespace_id = c.namespace_id AND m.owner_type = 'container' AND m.owner_id = c.id AND m.apply_order = 40
		/* a Job beside what has an aspect is a run of it */
		ORDER BY m.desired_hash IS NULL, orchestration_internal.kind_aspect(m.kind) IS NULL, m.id DESC
		LIMIT 1
	) w ON true
	LEFT JOIN orchestration_internal.job_runs j
		ON w.kind = 'Job' AND w.uid IS NULL AND w.desired_hash IS NOT NULL AND j.namespace_id = c.namespace_id AND j.container_id = c.id AND j.finished_at IS NOT NULL
	LEFT JOIN LATERAL (
		SELECT x.reason, x.message
		FROM (
			SELECT 0 AS rank, e.reason, e.message WHERE e.reason IS NOT NULL
			UNION ALL
			SELECT 2 - m.apply_order / 40, m.last_error_reason, format('%s "%s"', m.kind, m.name) || COALESCE(': ' || NULLIF(m.last_error, ''), '')
			FROM orchestration.managed_objects m
			WHERE m.namespace_id = c.namespace_id AND m.owner_type = 'container' AND m.owner_id = c.id AND m.last_error_reason IS NOT NULL
			UNION ALL
			SELECT 3, h.last_error_reason, format('namespace "%s"', h.name) || COALESCE(': ' || NULLIF(h.last_error, ''), '') WHERE h.last_error_reason IS NOT NULL AND h.uid IS NULL
		) x
		ORDER BY x.rank, NOT orchestration_internal.error_is_final(x.reason)
		LIMIT 1
	) r ON true
	CROSS JOIN LATERAL (
		SELECT (w.owner_generation = c.generation AND w.applied_hash IS NOT DISTINCT FROM w.desired_hash) OR c.observed_generation = c.generation AS applied
	) a
	CROSS JOIN LATERAL (
		SELECT floor(extract(epoch FROM clock_timestamp() - w.applied_at))::bigint AS since_applied,
			floor(extract(epoch FROM clock_timestamp() - c.status_changed_at))::bigint AS since_changed,
			COALESCE(floor(extract(epoch FROM clock_timestamp() - o.deletion_started_at)), 0)::bigint AS since_deletion
	) seconds;
END
$$;

COMMENT ON FUNCTION orchestration_internal.container_facts(bigint[], bigint[]) IS 'What is known of containers, for derive_container_status(); settled: the generation, where everything that it asks for is in the cluster, else NULL. Arguments: two arrays of equal length, namespace ids and container ids.';
GRANT EXECUTE ON FUNCTION orchestration_internal.container_facts(bigint[], bigint[]) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.status_due_in(facts jsonb, status text, reason text)
RETURNS integer
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	deadline integer := (facts ->> 'deadlineSeconds')::integer;
	waited bigint := COALESCE((facts ->> 'waitingSeconds')::bigint, 0);
	stopped bigint := COALESCE((facts ->> 'stoppingSeconds')::bigint, 0);
	deleted bigint := COALESCE((facts ->> 'deletingSeconds')::bigint, 0);
	grace integer := COALESCE((facts ->> 'graceSeconds')::integer, 0) + 30;
	stable integer;
BEGIN
	/* what crashes and comes back is judged anew once it has run for a while */
	IF jsonb_typeof(facts -> 'pods') = 'array' THEN
		stable := (
			SELECT min(11 - (p.value ->> 'readySeconds')::bigint)
			FROM jsonb_array_elements(facts -> 'pods') p
			WHERE (p.value -> 'ready')::boolean AND (p.value ->> 'restarts')::bigint > 0 AND (p.value ->> 'readySeconds')::bigint <= 10);
	END IF;
	RETURN CASE
		WHEN status = 'deleted' THEN NULL
		WHEN facts ->> 'desired' = 'deleted' THEN CASE WHEN deleted <= deadline THEN deadline + 1 - deleted ELSE 300 END
		WHEN facts ->> 'desired' IN ('paused', 'stopped') THEN
			CASE WHEN status = facts ->> 'desired' THEN NULL WHEN stopped <= grace THEN grace + 1 - stopped ELSE 60 END
		WHEN status = 'pending' AND waited <= deadline THEN least(deadline + 1 - waited, stable)
		ELSE stable
	END;
END
$$;

COMMENT ON FUNCTION orchestration_internal.status_due_in(jsonb, text, text) IS 'After how many seconds the same facts may give another status, because a deadline has passed; NULL: never. Arguments: facts, and the status and reason that they give now.';
GRANT EXECUTE ON FUNCTION orchestration_internal.status_due_in(jsonb, text, text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.write_container_status(namespace_ids bigint[], container_ids bigint[])
RETURNS TABLE (container_id bigint, look_in integer)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	passing record;
BEGIN
	WITH derived AS MATERIALIZED (
		SELECT f.namespace_id, f.container_id, f.settled, d.*, orchestration_internal.status_due_in(f.facts, d.status, d.reason) AS look_in
		FROM orchestration_internal.container_facts($1, $2) f
		CROSS JOIN LATERAL orchestration_internal.derive_container_status(f.facts) d
	), differing AS MATERIALIZED (
		SELECT d.*
		FROM derived d
		JOIN orchestration.containers c ON c.namespace_id = d.namespace_id AND c.id = d.container_id
		WHERE c.status <> 'deleted'
			AND ((c.status, c.ready_replicas, c.status_reason, c.status_message)
					IS DISTINCT FROM (d.status, d.ready_replicas, d.reason, d.message)
				OR c.observed_generation < d.settled)
	), free AS MATERIALIZED (
		/* never waited for: who waits while others wait for him ends in a deadlock, and it may be the user who loses */
		SELECT c.namespace_id, c.id
		FROM orchestration.containers c
		JOIN differing d ON c.namespace_id = d.namespace_id AND c.id = d.container_id
		FOR NO KEY UPDATE OF c SKIP LOCKED
	), held AS (
		SELECT array_agg(l.namespace_id) AS namespace_ids, array_agg(l.container_id) AS ids
		FROM (SELECT d.namespace_id, d.container_id FROM differing d EXCEPT SELECT f.namespace_id, f.id FROM free f) l
	), written AS (
		UPDATE orchestration.containers c
		SET status = d.status, status_reason = d.reason, status_message = d.message, ready_replicas = d.ready_replicas,
			/* not c.generation: somebody may have raised it since we looked, which must not count as seen */
			observed_generation = CASE WHEN d.status = 'deleted' THEN c.generation ELSE COALESCE(d.settled, c.observed_generation) END,
			observed_at = clock_timestamp()
		FROM free f
		JOIN differing d ON d.namespace_id = f.namespace_id AND d.container_id = f.id
		WHERE c.namespace_id = f.namespace_id AND c.id = f.id
		RETURNING c.namespace_id, c.id, d.reason
	)
	SELECT array_agg(w.namespace_id) FILTER (WHERE w.reason = 'Suspending') AS namespace_ids,
		array_agg(w.id) FILTER (WHERE w.reason = 'Suspending') AS ids,
		(SELECT h.namespace_ids FROM held h) AS held_namespace_ids, (SELECT h.ids FROM held h) AS held_ids,
		(SELECT array_agg(d.container_id) FROM derived d) AS derived_ids, (SELECT array_agg(d.look_in) FROM derived d) AS looks
	INTO passing
	FROM written w;
	RETURN QUERY SELECT l.id, l.look_in FROM unnest(passing.derived_ids, passing.looks) l (id, look_in);
	IF passing.held_ids IS NOT NULL THEN
		PERFORM orchestration_internal.leave_out_owners('container', passing.held_namespace_ids, passing.held_ids);
	END IF;
	/* where the state machine has no direct edge, the second step follows at once */
	IF passing.ids IS NOT NULL THEN
		RETURN QUERY SELECT s.* FROM orchestration_internal.write_container_status(passing.namespace_ids, passing.ids) s;
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.write_container_status(bigint[], bigint[]) IS 'Derives the status of containers and writes what differs. A row that somebody has locked is left to worker_take_up(). Returns when the mere passing of time may change it: seconds, NULL never.';
GRANT EXECUTE ON FUNCTION orchestration_internal.write_container_status(bigint[], bigint[]) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.refresh_containers(namespace_ids bigint[], container_ids bigint[])
RETURNS TABLE (container_id bigint, look_in integer)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY SELECT s.* FROM orchestration_internal.write_container_status($1, $2) s;
EXCEPTION WHEN OTHERS THEN
	PERFORM orchestration_internal.hurry();
	FOR i IN 1 .. cardinality($2) LOOP
		BEGIN
			RETURN QUERY SELECT s.* FROM orchestration_internal.write_container_status($1[i:i], $2[i:i]) s;
		EXCEPTION WHEN lock_not_available THEN
			PERFORM orchestration_internal.leave_out_owners('container', $1[i:i], $2[i:i]);
		WHEN OTHERS THEN
			IF orchestration_internal.is_passing(SQLSTATE) THEN
				RAISE;
			END IF;
			RAISE WARNING 'status of container % could not be written: %', $2[i], SQLERRM;
		END;
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.refresh_containers(bigint[], bigint[]) IS 'write_container_status() that one bad row cannot stop: it is warned of and left out. Returns what that does.';
GRANT EXECUTE ON FUNCTION orchestration_internal.refresh_containers(bigint[], bigint[]) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.observed_volumes(namespace_ids bigint[], volume_ids bigint[])
RETURNS TABLE (namespace_id bigint, id bigint, status text, status_reason text, status_message text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT x.namespace_id, x.id,
		CASE WHEN x.volume_type <> 'PVC' THEN 'available'
			WHEN m.replacing THEN 'pending'
			WHEN m.observed ->> 'phase' = 'Bound' THEN 'bound'
			WHEN m.observed ->> 'phase' = 'Lost' THEN 'lost'
			WHEN orchestration_internal.error_is_final(COALESCE(m.last_error_reason, e.reason)) THEN 'failed'
			ELSE 'pending' END,
		COALESCE(e.reason, m.last_error_reason,
			CASE WHEN x.volume_type <> 'PVC' THEN NULL
				WHEN m.replacing THEN 'Replacing'
				WHEN m.deletion_started_at IS NOT NULL THEN 'Terminating'
				WHEN m.observed ->> 'phase' = 'Lost' THEN 'ClaimLost'
				WHEN m.observed ->> 'resizing' = 'true' THEN 'Resizing'
				WHEN m.uid IS NULL THEN 'Creating'
				WHEN m.observed ->> 'phase' IS DISTINCT FROM 'Bound' THEN 'Unbound' END),
		COALESCE(NULLIF(e.message, ''), NULLIF(m.last_error, ''),
			CASE WHEN e.reason IS NOT NULL OR m.last_error_reason IS NOT NULL OR m.replacing OR x.volume_type <> 'PVC' THEN NULL
				WHEN m.deletion_started_at IS NOT NULL THEN 'somebody deletes the claim in the cluster; it goes when no pod uses it any more'
				WHEN m.observed ->> 'phase' = 'Lost' THEN 'the volume behind the claim is gone from the cluster' END)
	FROM unnest($1, $2) t (namespace_id, id)
	JOIN orchestration.volumes x ON x.namespace_id = t.namespace_id AND x.id = t.id
	LEFT JOIN orchestration_internal.plan_errors e ON e.namespace_id = x.namespace_id AND e.owner_type = 'volume' AND e.owner_id = x.id
	LEFT JOIN LATERAL (
		SELECT o.* FROM orchestration.managed_objects o
		WHERE o.namespace_id = x.namespace_id AND o.owner_type = 'volume' AND o.owner_id = x.id
		ORDER BY o.desired_hash IS NULL, o.id DESC
		LIMIT 1
	) m ON true;
END
$$;

COMMENT ON FUNCTION orchestration_internal.observed_volumes(bigint[], bigint[]) IS 'The status of volumes: that of the claim, available for the types that need none.';
GRANT EXECUTE ON FUNCTION orchestration_internal.observed_volumes(bigint[], bigint[]) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.write_observed(of_type text, namespace_ids bigint[], owner_ids bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	relation text := orchestration_internal.owner_table(of_type);
	observer record;
	held record;
BEGIN
	/* columns that the table has and the function returns, but those that say which row */
	SELECT p.oid::regproc AS function, string_agg(format('x.%I', c.name), ', ' ORDER BY c.nth) AS present, string_agg(format('d.%I', c.name), ', ' ORDER BY c.nth) AS found,
		string_agg(format('%I = d.%1$I', c.name), ', ' ORDER BY c.nth) AS assignments
	INTO observer
	FROM pg_proc p
	CROSS JOIN LATERAL unnest(p.proargnames, p.proargmodes::text[]) WITH ORDINALITY c (name, mode, nth)
	WHERE p.pronamespace = 'orchestration_internal'::regnamespace AND p.proname = 'observed_' || relation AND c.mode = 't' AND c.name NOT IN ('namespace_id', 'id')
	GROUP BY p.oid;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	EXECUTE format(
		'WITH derived AS MATERIALIZED (SELECT f.* FROM %1$s($1, $2) f), '
		'differing AS MATERIALIZED ('
		'	SELECT d.* FROM derived d JOIN orchestration.%2$I x ON x.namespace_id = d.namespace_id AND x.id = d.id WHERE (%3$s) IS DISTINCT FROM (%4$s) '
		'), free AS MATERIALIZED ('
		'	SELECT x.namespace_id, x.id FROM orchestration.%2$I x JOIN differing d ON x.namespace_id = d.namespace_id AND x.id = d.id FOR NO KEY UPDATE OF x SKIP LOCKED '
		'), written AS ('
		'	UPDATE orchestration.%2$I x SET %5$s, observed_at = clock_timestamp() FROM free f JOIN differing d ON d.namespace_id = f.namespace_id AND d.id = f.id '
		'	WHERE x.namespace_id = f.namespace_id AND x.id = f.id '
		') '
		'SELECT array_agg(l.namespace_id) AS namespace_ids, array_agg(l.id) AS ids FROM (SELECT d.namespace_id, d.id FROM differing d EXCEPT SELECT f.namespace_id, f.id FROM free f) l',
		observer.function, relation, observer.present, observer.found, observer.assignments)
	USING namespace_ids, owner_ids INTO held;
	IF held.ids IS NOT NULL THEN
		PERFORM orchestration_internal.leave_out_owners(of_type, held.namespace_ids, held.ids);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.write_observed(text, bigint[], bigint[]) IS 'Writes what observed_<table>(namespace_ids, ids) says of owners, where there is such a function: the columns that it returns beside namespace_id and id. Rows that somebody has locked are left to worker_take_up().';
GRANT EXECUTE ON FUNCTION orchestration_internal.write_observed(text, bigint[], bigint[]) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.refresh_namespaces(namespace_ids bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	held bigint[];
BEGIN
	WITH derived AS MATERIALIZED (
		SELECT x.id, x.status AS status_before, x.status_reason AS reason_before, x.status_message AS message_before,
			CASE WHEN x.desired_state = 'deleted' AND NOT EXISTS (SELECT FROM orchestration.managed_objects o WHERE o.namespace_id = x.id) THEN 'deleted'
				WHEN x.desired_state = 'deleted' THEN x.status
				WHEN m.uid IS NOT NULL AND m.deletion_started_at IS NULL AND m.observed ->> 'phase' IS DISTINCT FROM 'Terminating' THEN 'active'
				WHEN orchestration_internal.error_is_final(COALESCE(e.reason, m.last_error_reason)) THEN 'failed'
				ELSE 'pending' END AS status,
			COALESCE(e.reason, m.last_error_reason,
				CASE WHEN x.desired_state = 'deleted' AND m.deletion_started_at < clock_timestamp() - interval '600 s' THEN 'FinalizerBlocked'
					WHEN x.desired_state = 'deleted' AND m.id IS NOT NULL THEN 'Deleting'
					WHEN m.deletion_started_at IS NOT NULL OR m.observed ->> 'phase' = 'Terminating' THEN 'Terminating'
					WHEN x.desired_state <> 'deleted' AND m.uid IS NULL THEN 'Creating' END) AS reason,
			COALESCE(NULLIF(e.message, ''), NULLIF(m.last_error, ''), CASE WHEN m.deletion_started_at IS NOT NULL THEN NULLIF(m.observed ->> 'message', '') END) AS message
		FROM orchestration.namespaces x
		LEFT JOIN orchestration_internal.plan_errors e ON e.namespace_id = x.id AND e.owner_type = 'namespace' AND e.owner_id = x.id
		LEFT JOIN orchestration.managed_objects m
			ON m.namespace_id = x.id AND m.owner_type = 'namespace' AND m.owner_id = x.id AND m.kind = 'Namespace' AND m.name = x.name AND m.cluster_id = x.cluster_id
		WHERE x.id = ANY ($1) AND x.cluster_id IS NOT NULL AND x.status <> 'deleted'
	), differing AS MATERIALIZED (
		SELECT d.* FROM derived d WHERE (d.status_before, d.reason_before, d.message_before) IS DISTINCT FROM (d.status, d.reason, d.message)
	), free AS MATERIALIZED (
		SELECT n.id FROM orchestration.namespaces n JOIN differing d ON n.id = d.id FOR NO KEY UPDATE OF n SKIP LOCKED
	), written AS (
		UPDATE orchestration.namespaces n
		SET status = d.status, status_reason = d.reason, status_message = d.message, observed_at = clock_timestamp(),
			observed_generation = CASE WHEN d.status = 'deleted' THEN n.generation ELSE n.observed_generation END
		FROM free f
		JOIN differing d ON d.id = f.id
		WHERE n.id = f.id
	)
	SELECT array_agg(l.id) INTO held FROM (SELECT d.id FROM differing d EXCEPT SELECT f.id FROM free f) l;
	IF held IS NOT NULL THEN
		PERFORM orchestration_internal.leave_out_owners('namespace', held, held);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.refresh_namespaces(bigint[]) IS 'Writes the status of namespaces; deleted once the inventory holds nothing of it.';
GRANT EXECUTE ON FUNCTION orchestration_internal.refresh_namespaces(bigint[]) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.mark_observed(of_type text, namespace_ids bigint[], owner_ids bigint[], generations bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	held record;
BEGIN
	EXECUTE format(
		'WITH settled AS MATERIALIZED ('
		'	SELECT o.namespace_id, o.owner_id, o.generation FROM orchestration.%1$I t '
		'	JOIN (SELECT DISTINCT u.* FROM unnest($2, $3, $4) u (namespace_id, owner_id, generation)) o ON t.%2$I = o.namespace_id AND t.id = o.owner_id '
		'	WHERE t.generation = o.generation AND t.observed_generation < o.generation '
		'	AND NOT EXISTS (SELECT FROM orchestration.managed_objects m '
		'		WHERE m.namespace_id = o.namespace_id AND m.owner_type = $1 AND m.owner_id = o.owner_id '
		'		AND (m.desired_hash IS NULL OR m.applied_hash IS DISTINCT FROM m.desired_hash OR m.owner_generation <> o.generation)) '
		'	AND NOT EXISTS (SELECT FROM orchestration_internal.plan_errors e '
		'		WHERE e.namespace_id = o.namespace_id AND e.owner_type = $1 AND e.owner_id = o.owner_id) '
		'), free AS MATERIALIZED ('
		'	SELECT t.id FROM orchestration.%1$I t JOIN settled s ON t.%2$I = s.namespace_id AND t.id = s.owner_id FOR NO KEY UPDATE OF t SKIP LOCKED '
		'), written AS ('
		'	UPDATE orchestration.%1$I t SET observed_generation = s.generation FROM free f JOIN settled s ON s.owner_id = f.id '
		'	WHERE t.%2$I = s.namespace_id AND t.id = s.owner_id AND t.generation = s.generation '
		') '
		'SELECT array_agg(s.namespace_id) AS namespace_ids, array_agg(s.owner_id) AS ids FROM settled s WHERE NOT EXISTS (SELECT FROM free f WHERE f.id = s.owner_id)',
		orchestration_internal.owner_table(of_type), CASE of_type WHEN 'namespace' THEN 'id' ELSE 'namespace_id' END)
	USING of_type, namespace_ids, owner_ids, generations INTO held;
	IF held.ids IS NOT NULL THEN
		PERFORM orchestration_internal.leave_out_owners(of_type, held.namespace_ids, held.ids);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.mark_observed(text, bigint[], bigint[], bigint[]) IS 'Sets observed_generation of owners whose objects are all as that generation wants them; those that want none count too, so they must have been planned. Rows that somebody has locked are left to worker_take_up().';
GRANT EXECUTE ON FUNCTION orchestration_internal.mark_observed(text, bigint[], bigint[], bigint[]) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.refresh_owners(of_type text, namespace_ids bigint[], owner_ids bigint[], generations bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF of_type = 'container' THEN
		PERFORM orchestration_internal.refresh_containers(namespace_ids, owner_ids);
		RETURN;
	END IF;
	PERFORM orchestration_internal.mark_observed(of_type, namespace_ids, owner_ids, generations);
	IF of_type = 'namespace' THEN
		PERFORM orchestration_internal.refresh_namespaces(namespace_ids);
	ELSE
		PERFORM orchestration_internal.write_observed(of_type, namespace_ids, owner_ids);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.refresh_owners(text, bigint[], bigint[], bigint[]) IS 'Writes observed generation and status of owners of one type after something became known of their objects. Arguments: type, and three arrays of equal length: namespace ids, owner ids, generations that the inventory has.';
GRANT EXECUTE ON FUNCTION orchestration_internal.refresh_owners(text, bigint[], bigint[], bigint[]) TO orchestration_worker;
