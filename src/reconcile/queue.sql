/*
 * What is to be done: worker_claim() hands out those objects that differ from the
 * cluster.  Nothing is ever taken off a queue: what is due follows from the rows.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.is_passing(of_sqlstate text)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT left(of_sqlstate, 2) IN ('40', '53', '55', '57')
$$;

COMMENT ON FUNCTION orchestration_internal.is_passing(text) IS 'Is an SQLSTATE that of an error for which no row is to blame: a deadlock, a lock, too little memory or disk, an intervention? Such an error is not noted against a row; the whole statement is repeated.';
GRANT EXECUTE ON FUNCTION orchestration_internal.is_passing(text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.claimable_objects(cluster_id bigint, max integer, busy bigint[])
RETURNS TABLE (object_id bigint, namespace_id bigint, owner_type text, owner_id bigint, kind text, cluster_namespace text, name text, uid text, action text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH wanted AS (
		SELECT m.*, CASE WHEN m.uid IS NULL THEN 'create'
			WHEN m.deletion_started_at IS NOT NULL THEN 'verify'
			WHEN m.replacing THEN 'delete'
			ELSE 'apply' END AS action
		FROM orchestration.managed_objects m
		WHERE m.cluster_id = $1 AND m.desired_hash IS NOT NULL AND m.applied_hash IS DISTINCT FROM m.desired_hash
			AND m.next_attempt_at <= clock_timestamp() AND m.id <> ALL ($3)
			AND (m.kind = 'Namespace' OR EXISTS (
				SELECT FROM orchestration.managed_objects n
				WHERE n.namespace_id = m.namespace_id AND n.owner_type = 'namespace' AND n.owner_id = m.namespace_id
					AND n.kind = 'Namespace' AND n.name = m.cluster_namespace AND n.cluster_id = m.cluster_id
					AND n.uid IS NOT NULL AND (n.deletion_started_at IS NULL OR m.uid IS NOT NULL)))
			/* a workload comes after the first attempt at what its pods may need */
			AND (m.apply_order < 40 OR NOT EXISTS (
				SELECT FROM orchestration.managed_objects e
				WHERE e.namespace_id = m.namespace_id AND e.cluster_id = m.cluster_id AND e.apply_order = 20
					AND e.desired_hash IS NOT NULL AND e.applied_hash IS DISTINCT FROM e.desired_hash AND e.attempts = 0
					/* a claim that waits to be deleted may be waiting for this very workload */
					AND e.deletion_started_at IS NULL AND NOT e.replacing))
			AND (m.apply_order < 40 OR NOT EXISTS (
				SELECT FROM orchestration.managed_objects e
				WHERE e.namespace_id = m.namespace_id AND e.owner_type = m.owner_type AND e.owner_id = m.owner_id AND e.cluster_id = m.cluster_id
					AND e.apply_order = 30 AND e.desired_hash IS NOT NULL AND e.applied_hash IS DISTINCT FROM e.desired_hash AND e.attempts = 0))
		ORDER BY m.apply_order, m.next_attempt_at
		LIMIT $2
		FOR NO KEY UPDATE OF m SKIP LOCKED
	), doomed AS (
		SELECT m.*, CASE WHEN m.uid IS NULL OR m.deletion_started_at IS NOT NULL THEN 'verify' ELSE 'delete' END AS action
		FROM orchestration.managed_objects m
		WHERE m.cluster_id = $1 AND m.desired_hash IS NULL
			AND m.next_attempt_at <= clock_timestamp() AND m.id <> ALL ($3)
			/* one question for each order, so that a workload, which waits for nothing, asks none */
			AND (m.apply_order <> 30 OR NOT EXISTS (
				SELECT FROM orchestration.managed_objects e
				WHERE e.namespace_id = m.namespace_id AND e.owner_type = m.owner_type AND e.owner_id = m.owner_id AND e.cluster_id = m.cluster_id
					AND e.apply_order = 40 AND e.desired_hash IS NULL))
			AND (m.apply_order <> 20 OR NOT EXISTS (
				SELECT FROM orchestration.managed_objects e
				WHERE e.namespace_id = m.namespace_id AND e.cluster_id = m.cluster_id AND e.apply_order = 40 AND e.desired_hash IS NULL))
			AND (m.apply_order <> 10 OR NOT EXISTS (
				SELECT FROM orchestration.managed_objects e
				WHERE e.namespace_id = m.namespace_id AND e.cluster_id = m.cluster_id AND e.id <> m.id))
		ORDER BY m.apply_order DESC, m.next_attempt_at
		LIMIT $2
		FOR NO KEY UPDATE OF m SKIP LOCKED
	)
	/* neither side starves the other */
	SELECT c.id, c.namespace_id, c.owner_type, c.owner_id, c.kind, c.cluster_namespace, c.name, c.uid, c.action
	FROM (
		SELECT w.*, row_number() OVER (ORDER BY w.apply_order, w.next_attempt_at) AS turn FROM wanted w
		UNION ALL
		SELECT d.*, row_number() OVER (ORDER BY d.apply_order DESC, d.next_attempt_at) FROM doomed d
	) c
	ORDER BY c.turn
	LIMIT $2;
END
$$;

COMMENT ON FUNCTION orchestration_internal.claimable_objects(bigint, integer, bigint[]) IS 'Objects that are due and may be acted on now: dependencies first, deletion in reverse; locked for this transaction, and without those that somebody else has locked. Arguments as for worker_claim().';
GRANT EXECUTE ON FUNCTION orchestration_internal.claimable_objects(bigint, integer, bigint[]) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.render_claims(claims jsonb)
RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN (
		WITH asked AS MATERIALIZED (
			SELECT c.object_id, c.namespace_id, c.owner_type, c.owner_id, c.kind, c.name
			FROM jsonb_to_recordset(claims) c (object_id bigint, namespace_id bigint, owner_type text, owner_id bigint, kind text, name text, action text)
			WHERE c.action IN ('create', 'apply') AND c.kind <> 'Secret'
		)
		SELECT jsonb_object_agg(a.object_id, jsonb_build_object('manifest', r.manifest, 'hash', r.manifest_hash))
		FROM (
			SELECT o.owner_type, array_agg(o.namespace_id) AS namespace_ids, array_agg(o.owner_id) AS owner_ids
			FROM (SELECT DISTINCT x.owner_type, x.namespace_id, x.owner_id FROM asked x) o
			GROUP BY o.owner_type
		) owners
		CROSS JOIN LATERAL orchestration_internal.render_manifests(owners.owner_type, owners.namespace_ids, owners.owner_ids) r
		JOIN asked a ON a.namespace_id = r.namespace_id AND a.owner_type = r.owner_type AND a.owner_id = r.owner_id AND a.kind = r.kind AND a.name = r.name
	);
EXCEPTION WHEN OTHERS THEN
	/* one of them is the culprit: worker_claim() finds it by taking them one by one */
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.render_claims(jsonb) IS 'Manifests of claimed objects in one go: object id to manifest and hash. Secrets are left out; NULL when any of them cannot be rendered. Argument: rows of claimable_objects() as an array.';
GRANT EXECUTE ON FUNCTION orchestration_internal.render_claims(jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_claim(cluster_id bigint, max integer, busy bigint[])
RETURNS TABLE (object_id bigint, namespace_id bigint, kind text, action text, path text, body text, hash text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	claims jsonb := (SELECT jsonb_agg(to_jsonb(c)) FROM orchestration_internal.claimable_objects($1, $2, $3) c);
	rendered jsonb := orchestration_internal.render_claims(claims);
	claimed record;
	manifest jsonb;
BEGIN
	FOR claimed IN
		SELECT c.*, rendered -> c.object_id::text AS rendered
		FROM jsonb_to_recordset(claims) c (object_id bigint, namespace_id bigint, owner_type text, owner_id bigint,
			kind text, cluster_namespace text, name text, uid text, action text)
	LOOP
		object_id := claimed.object_id;
		namespace_id := claimed.namespace_id;
		kind := claimed.kind;
		action := claimed.action;
		path := orchestration_internal.object_path(claimed.kind, claimed.cluster_namespace, claimed.name);
		manifest := claimed.rendered -> 'manifest';
		hash := claimed.rendered ->> 'hash';
		IF action IN ('create', 'apply') AND manifest IS NULL THEN
			BEGIN
				SELECT b.manifest, b.manifest_hash INTO manifest, hash
				FROM orchestration_internal.worker_body(claimed.namespace_id, claimed.owner_type, claimed.owner_id, claimed.kind, claimed.name) b;
			EXCEPTION WHEN OTHERS THEN
				PERFORM orchestration_internal.postpone_object(claimed.namespace_id, claimed.object_id, 'RenderFailed', SQLERRM, NULL);
				CONTINUE;
			END;
			/* the row has gone or changed: the next plan will tell */
			CONTINUE WHEN manifest IS NULL;
		END IF;
		body := CASE
			WHEN action = 'delete' THEN jsonb_build_object('kind', 'DeleteOptions', 'apiVersion', 'v1', 'propagationPolicy', 'Foreground',
				'preconditions', jsonb_build_object('uid', claimed.uid))
			WHEN action = 'apply' THEN jsonb_set(manifest, '{metadata,uid}', to_jsonb(claimed.uid))
			ELSE manifest END;
		RETURN NEXT;
	END LOOP;

	/* from here on these may exist, whatever becomes of the answer */
	UPDATE orchestration.managed_objects m SET attempted_at = clock_timestamp()
	FROM jsonb_to_recordset(claims) c (object_id bigint, namespace_id bigint, action text)
	WHERE m.namespace_id = c.namespace_id AND m.id = c.object_id AND c.action = 'create' AND m.attempted_at IS NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_claim(bigint, integer, bigint[]) IS 'What to send to the cluster now. Arguments: cluster, rows at most, ids of objects under way. Returns one row per object: action is create (look first, then apply), apply, delete or verify (look only); hash is to be given back to worker_record(). Commit before sending.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_claim(bigint, integer, bigint[]) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_body(namespace_id bigint, owner_type text, owner_id bigint, kind text, name text)
RETURNS TABLE (manifest jsonb, manifest_hash text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
/* planning the view takes longer than running it */
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
	/* a constant beside each parameter cuts the view down to the branches that can answer */
	IF $2 = 'container' AND $4 = 'Service' THEN
		SELECT m.manifest, m.manifest_hash INTO manifest, manifest_hash
		FROM orchestration.manifests m
		WHERE m.namespace_id = $1 AND m.owner_type = 'container' AND m.owner_id = $3 AND m.kind = 'Service' AND m.name = $5;
	ELSIF $2 = 'container' THEN
		SELECT m.manifest, m.manifest_hash INTO manifest, manifest_hash
		FROM orchestration.manifests m
		WHERE m.namespace_id = $1 AND m.owner_type = 'container' AND m.owner_id = $3 AND m.kind <> 'Service' AND m.kind = $4 AND m.name = $5;
	ELSE
		SELECT m.manifest, m.manifest_hash INTO manifest, manifest_hash
		FROM orchestration.manifests m
		WHERE m.namespace_id = $1 AND m.owner_type <> 'container' AND m.owner_type = $2 AND m.owner_id = $3 AND m.kind = $4 AND m.name = $5;
	END IF;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	IF $4 = 'Secret' THEN
		manifest := jsonb_set(manifest, '{data}', orchestration_internal.secret_values($1, $2, $3));
	END IF;
	RETURN NEXT;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_body(bigint, text, bigint, text, text) IS 'One manifest with the real values of secrets, and its hash, which is never newer than what it stands for. For the worker only. Raises OR040 and OR041 as unseal() does.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_body(bigint, text, bigint, text, text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_next_due(cluster_id bigint)
RETURNS integer
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN (
		/* greatest() passes over NULL, which must stay NULL here */
		SELECT ceil(least(greatest(1000 * extract(epoch FROM min(d.at) - clock_timestamp()), 0), 3600000))::integer
		FROM (
			SELECT min(m.next_attempt_at) AS at FROM orchestration.managed_objects m
			WHERE m.cluster_id = $1 AND m.desired_hash IS NOT NULL AND m.applied_hash IS DISTINCT FROM m.desired_hash
				AND m.next_attempt_at > clock_timestamp()
			UNION ALL
			SELECT min(m.next_attempt_at) FROM orchestration.managed_objects m
			WHERE m.cluster_id = $1 AND m.desired_hash IS NULL AND m.next_attempt_at > clock_timestamp()
		) d
		HAVING min(d.at) IS NOT NULL
	);
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_next_due(bigint) IS 'Milliseconds until the next back-off of a cluster ends; NULL when nothing waits for time.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_next_due(bigint) TO orchestration_worker;
