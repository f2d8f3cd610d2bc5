/*
 * The inventory between memory and rows: what the worker reads when it begins,
 * and what it writes at the end of a turn, one statement for each table.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.worker_objects(cluster_id bigint, ids bigint[], after_id bigint, batch integer)
RETURNS TABLE (id bigint, namespace_id bigint, kind text, cluster_namespace text, name text, owner_type text, owner_id bigint, owner_generation bigint,
	desired_hash text, applied_hash text, replacing boolean, uid text, gone_uid text, resource_version text, object_generation bigint,
	applied_fingerprint text, observed_fingerprint text, observed text, attempts integer, attempted boolean, last_error_reason text,
	deleting_for bigint, applied_ago bigint, due_ago bigint, waits_for bigint, ended boolean, given_up boolean, insisted boolean)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	selected bigint[] := $2;
BEGIN
	/* each with the index that suits it, whatever the statistics say */
	IF $2 IS NULL THEN
		selected := ARRAY(SELECT m.id FROM orchestration.managed_objects m WHERE m.cluster_id = $1 AND m.id > $3 ORDER BY m.id LIMIT $4);
	END IF;
	RETURN QUERY
	SELECT m.id, m.namespace_id, m.kind, m.cluster_namespace, m.name, m.owner_type, m.owner_id, m.owner_generation,
		m.desired_hash, m.applied_hash, m.replacing, m.uid, m.gone_uid, m.resource_version, m.object_generation,
		m.applied_fingerprint, m.observed_fingerprint, m.observed::text, m.attempts, m.attempted_at IS NOT NULL, m.last_error_reason,
		orchestration_internal.microseconds_since(m.deletion_started_at), orchestration_internal.microseconds_since(m.applied_at),
		orchestration_internal.microseconds_since(m.due_since), - orchestration_internal.microseconds_since(m.next_attempt_at),
		COALESCE((m.observed -> 'complete')::boolean OR (m.observed -> 'failed')::boolean, false)
			OR (m.kind = 'Job' AND EXISTS (SELECT FROM orchestration_internal.job_runs j WHERE j.namespace_id = m.namespace_id AND j.container_id = m.owner_id AND j.finished_at IS NOT NULL)),
		m.given_up, m.insisted IS NOT NULL
	FROM orchestration.managed_objects m
	WHERE m.cluster_id = $1 AND m.id = ANY (selected)
	ORDER BY m.id;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_objects(bigint, bigint[], bigint, integer) IS 'Inventory rows of a cluster as the worker keeps them in memory: those with the given ids, or, where ids is NULL, the next ones by id. Arguments: cluster, ids, id after which to go on, rows at most. Times are microseconds ago, or ahead for waits_for.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_objects(bigint, bigint[], bigint, integer) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_instances(cluster_id bigint, after_id bigint, batch integer)
RETURNS TABLE (id bigint, pod_uid text, resource_version text, digest text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
/* in the order of the index: a portion that is sorted reads all that is behind it */
SET enable_bitmapscan = off
SET enable_sort = off
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT i.id, i.pod_uid, i.resource_version, i.digest
	FROM orchestration.container_instances i
	WHERE i.cluster_id = $1 AND i.ended_at IS NULL AND i.id > $2
	ORDER BY i.id
	LIMIT $3;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_instances(bigint, bigint, integer) IS 'Pods of a cluster that have not ended, the next ones by id. Arguments: cluster, id after which to go on, rows at most.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_instances(bigint, bigint, integer) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.microseconds_since(at timestamptz)
RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN CASE WHEN isfinite(at) THEN (extract(epoch FROM clock_timestamp() - at) * 1000000)::bigint END;
END
$$;

COMMENT ON FUNCTION orchestration_internal.microseconds_since(timestamptz) IS 'How long ago a time was, in microseconds; negative for one that is to come, NULL for none and for infinity.';
GRANT EXECUTE ON FUNCTION orchestration_internal.microseconds_since(timestamptz) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.write_objects(changes jsonb)
RETURNS TABLE (what text, id bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	free bigint[];
BEGIN
	free := ARRAY(
		SELECT m.id
		FROM jsonb_array_elements(changes) c
		JOIN orchestration.managed_objects m ON m.namespace_id = (c.value ->> 'ns')::bigint AND m.id = (c.value ->> 'id')::bigint
		FOR NO KEY UPDATE OF m SKIP LOCKED);

	RETURN QUERY
	WITH change AS MATERIALIZED (
		SELECT (c.value ->> 'ns')::bigint AS namespace_id, (c.value ->> 'id')::bigint AS id, c.value AS state
		FROM jsonb_array_elements(changes) c
	), gone AS (
		DELETE FROM orchestration.managed_objects m
		USING change c
		WHERE m.namespace_id = c.namespace_id AND m.id = c.id AND m.id = ANY (free) AND c.state ? 'leaves' AND m.desired_hash IS NULL
		RETURNING m.id
	), written AS (
		UPDATE orchestration.managed_objects m
		SET uid = c.state ->> 'uid', gone_uid = c.state ->> 'gone', resource_version = c.state ->> 'version', object_generation = (c.state ->> 'generation')::bigint,
			applied_hash = CASE WHEN c.state ? 'hash' THEN c.state ->> 'hash' ELSE m.applied_hash END,
			applied_fingerprint = CASE WHEN c.state ? 'applied' THEN c.state ->> 'applied' ELSE m.applied_fingerprint END,
			observed_fingerprint = CASE WHEN c.state ? 'observed' THEN c.state ->> 'observed' ELSE m.observed_fingerprint END,
			observed = CASE WHEN c.state ? 'facts' THEN NULLIF(c.state -> 'facts', 'null') ELSE m.observed END,
			replacing = (c.state ->> 'replacing')::boolean, deletion_started_at = (c.state ->> 'deleting')::timestamptz,
			attempts = (c.state ->> 'attempts')::integer, next_attempt_at = (c.state ->> 'next')::timestamptz,
			attempted_at = CASE WHEN c.state ? 'attempted' THEN COALESCE(m.attempted_at, clock_timestamp()) END,
			last_error_reason = c.state ->> 'reason',
			last_error = CASE WHEN c.state ->> 'reason' IS NULL THEN NULL WHEN c.state ? 'error' THEN left(c.state ->> 'error', 2000) ELSE m.last_error END,
			last_warning = CASE WHEN c.state ? 'warning' THEN left(c.state ->> 'warning', 2000) ELSE m.last_warning END,
			insisted = CASE WHEN c.state ? 'insisted' THEN orchestration_internal.insisted_by(NULLIF(c.state -> 'insisted', 'null')) ELSE m.insisted END,
			/* the same moment, if it is one: it comes from another clock */
			due_since = CASE WHEN (c.state ->> 'due')::timestamptz > m.due_since + interval '1 s' THEN (c.state ->> 'due')::timestamptz ELSE m.due_since END, applied_at = (c.state ->> 'applied_at')::timestamptz,
			observed_at = clock_timestamp(), updated_at = now()
		FROM change c
		WHERE m.namespace_id = c.namespace_id AND m.id = c.id AND m.id = ANY (free) AND NOT (c.state ? 'leaves' AND m.desired_hash IS NULL)
		RETURNING m.id, c.state ? 'leaves' AS was_to_leave
	)
	SELECT 'kept', w.id FROM written w WHERE w.was_to_leave
	UNION ALL
	SELECT CASE WHEN m.id IS NULL THEN 'missing' ELSE 'held' END, c.id
	FROM change c
	LEFT JOIN orchestration.managed_objects m ON m.namespace_id = c.namespace_id AND m.id = c.id
	WHERE c.id <> ALL (free);
END
$$;

COMMENT ON FUNCTION orchestration_internal.write_objects(jsonb) IS 'Writes what the worker knows of objects into their inventory rows; those that leave are deleted. Argument: array of changes as inventory_write.c makes them. Returns the exceptions: held (somebody has locked the row), missing (there is no row), kept (asked for again meanwhile, and therefore written and not deleted).';
GRANT EXECUTE ON FUNCTION orchestration_internal.write_objects(jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.write_instances(cluster_id bigint, changes jsonb)
RETURNS TABLE (what text, namespace_id bigint, container_id bigint, uid text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	held text[];
BEGIN
	WITH known AS MATERIALIZED (
		SELECT p.namespace_id, p.id, p.pod_uid
		FROM jsonb_array_elements(changes) c
		/* OFFSET 0: one by one, never all pods of the cluster beside all changes */
		CROSS JOIN LATERAL (
			SELECT i.namespace_id, i.id, i.pod_uid
			FROM orchestration.container_instances i
			WHERE i.cluster_id = $1 AND i.pod_uid = c.value ->> 'uid' AND i.ended_at IS NULL
			OFFSET 0
		) p
	), free AS MATERIALIZED (
		SELECT i.id FROM orchestration.container_instances i JOIN known k ON i.namespace_id = k.namespace_id AND i.id = k.id FOR NO KEY UPDATE OF i SKIP LOCKED
	)
	SELECT array_agg(k.pod_uid) INTO held FROM known k WHERE NOT EXISTS (SELECT FROM free f WHERE f.id = k.id);
	held := COALESCE(held, '{}');

	RETURN QUERY
	WITH ended AS (
		UPDATE orchestration.container_instances i
		SET ended_at = clock_timestamp(), ready = false, ready_at = NULL, observed_at = clock_timestamp(), updated_at = now()
		FROM jsonb_array_elements(changes) c
		WHERE c.value ? 'ended' AND c.value ->> 'uid' <> ALL (held) AND i.cluster_id = $1 AND i.pod_uid = c.value ->> 'uid' AND i.ended_at IS NULL
		RETURNING i.namespace_id, i.container_id
	), seen AS (
		INSERT INTO orchestration.container_instances AS i (namespace_id, container_id, cluster_id, pod_name, pod_uid, resource_version, digest,
			template_hash, node_name, pod_ip, phase, ready, ready_at, restart_count, reason, message, observed, started_at, terminating_at, observed_at)
		SELECT o.namespace_id, o.id, $1, p.name, p.uid, p.version, p.digest, p.template, p.node, p.ip, COALESCE(p.phase, 'Unknown'),
			p.ready, CASE WHEN p.ready THEN clock_timestamp() END, p.restarts, p.reason, p.message,
			p.facts || jsonb_build_object('wasReady', p.ready), p.started, CASE WHEN p.terminating THEN clock_timestamp() END, clock_timestamp()
		FROM jsonb_to_recordset(changes) p (uid text, version text, digest text, "in" text, name text, container bigint, template text, node text, ip inet,
			phase text, ready boolean, restarts integer, reason text, message text, facts jsonb, started timestamptz, terminating boolean, ended boolean)
		/* the label alone proves nothing: the pod must be where its container is */
		JOIN orchestration.containers o ON o.id = p.container
		JOIN orchestration.namespaces n ON n.id = o.namespace_id AND n.cluster_id = $1 AND n.name = p."in"
		WHERE p.ended IS NULL AND p.uid <> ALL (held)
		ON CONFLICT (namespace_id, pod_uid) DO UPDATE SET
			resource_version = EXCLUDED.resource_version, digest = EXCLUDED.digest, template_hash = EXCLUDED.template_hash,
			node_name = EXCLUDED.node_name, pod_ip = EXCLUDED.pod_ip, phase = EXCLUDED.phase, ready = EXCLUDED.ready,
			ready_at = CASE WHEN EXCLUDED.ready THEN COALESCE(i.ready_at, EXCLUDED.ready_at) END,
			restart_count = EXCLUDED.restart_count, reason = EXCLUDED.reason, message = EXCLUDED.message,
			observed = EXCLUDED.observed || jsonb_build_object('wasReady', EXCLUDED.ready OR i.observed -> 'wasReady' = 'true'),
			started_at = EXCLUDED.started_at, terminating_at = COALESCE(i.terminating_at, EXCLUDED.terminating_at),
			observed_at = EXCLUDED.observed_at, updated_at = now()
		WHERE i.ended_at IS NULL
		RETURNING i.namespace_id, i.container_id
	)
	SELECT 'touched', t.namespace_id, t.container_id, NULL::text FROM (SELECT * FROM ended UNION SELECT * FROM seen) t
	UNION ALL
	SELECT 'held', NULL, NULL, h.uid FROM unnest(held) h (uid);
END
$$;

COMMENT ON FUNCTION orchestration_internal.write_instances(bigint, jsonb) IS 'Writes what the worker has seen of pods. Arguments: cluster, array of pods as inventory_write.c makes them. Returns the containers that they belong to (touched), and uids of those whose row somebody has locked (held).';
GRANT EXECUTE ON FUNCTION orchestration_internal.write_instances(bigint, jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.write_log(cluster_id bigint, operations jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM orchestration_internal.ensure_month('operation_logs', clock_timestamp());
	INSERT INTO orchestration.operation_logs (namespace_id, started_at, source, operation, resource_type, resource_id, resource_name, changes, status, error_message, duration_ms)
	SELECT a.namespace_id, clock_timestamp(), 'worker', a.action, a.kind, a.id, a.name,
		jsonb_strip_nulls(jsonb_build_object('cluster', $1, 'owner', a.owner, 'http_status', a.status, 'reason', a.reason)),
		CASE WHEN a.reason IS NULL THEN 'succeeded' ELSE 'failed' END, CASE WHEN a.reason IS NOT NULL THEN left(a.message, 2000) END, a.duration_ms
	FROM jsonb_to_recordset($2) a (id bigint, namespace_id bigint, kind text, name text, owner text, action text, status integer, reason text, message text, duration_ms double precision);
END
$$;

COMMENT ON FUNCTION orchestration_internal.write_log(bigint, jsonb) IS 'Puts on record what the worker did in a cluster and what came of it. Arguments: cluster, array of operations as inventory_write.c makes them.';
GRANT EXECUTE ON FUNCTION orchestration_internal.write_log(bigint, jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.write_statuses(cluster_id bigint, owners jsonb)
RETURNS TABLE (owner_type text, owner_id bigint, look_in integer)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	of_type record;
BEGIN
	FOR of_type IN
		SELECT o.type, array_agg(o.ns) AS namespace_ids, array_agg(o.id) AS ids, array_agg(o.generation) AS generations
		FROM jsonb_to_recordset(owners) o (type text, ns bigint, id bigint, generation bigint)
		GROUP BY o.type
	LOOP
		IF of_type.type = 'container' THEN
			RETURN QUERY SELECT 'container', r.container_id, r.look_in
			FROM orchestration_internal.refresh_containers(of_type.namespace_ids, of_type.ids) r;
		ELSE
			PERFORM orchestration_internal.refresh_owners(of_type.type, of_type.namespace_ids, of_type.ids, of_type.generations);
			RETURN QUERY SELECT 'namespace', n.id, 20
			FROM orchestration.namespaces n
			WHERE of_type.type = 'namespace' AND n.id = ANY (of_type.ids) AND n.desired_state = 'deleted' AND n.status <> 'deleted';
		END IF;
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.write_statuses(bigint, jsonb) IS 'Derives the status of rows anew and writes what differs. Arguments: cluster, array of {type, ns, id, generation}. Returns those that have to be looked at again though nothing happens, with the seconds until then.';
GRANT EXECUTE ON FUNCTION orchestration_internal.write_statuses(bigint, jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_write(cluster_id bigint, objects jsonb, instances jsonb, owners jsonb, operations jsonb, derives boolean)
RETURNS TABLE (what text, owner_type text, namespace_id bigint, id bigint, seconds integer, note text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	touched jsonb := COALESCE(owners, '[]');
	held text[];
BEGIN
	IF objects IS NOT NULL THEN
		RETURN QUERY SELECT w.what, NULL::text, NULL::bigint, w.id, NULL::integer, NULL::text FROM orchestration_internal.write_objects($2) w;
	END IF;
	IF instances IS NOT NULL AND NOT derives THEN
		RETURN QUERY SELECT CASE w.what WHEN 'held' THEN 'held instance' ELSE w.what END, 'container', w.namespace_id, w.container_id, NULL::integer, w.uid
		FROM orchestration_internal.write_instances($1, $3) w;
	ELSIF instances IS NOT NULL THEN
		/* at once: an array that grows by one element after the other is copied each time */
		SELECT touched || COALESCE(jsonb_agg(jsonb_build_object('type', 'container', 'ns', w.namespace_id, 'id', w.container_id)) FILTER (WHERE w.what = 'touched'), '[]'),
			array_agg(w.uid) FILTER (WHERE w.what = 'held')
		INTO touched, held
		FROM orchestration_internal.write_instances($1, $3) w;
		RETURN QUERY SELECT 'held instance', NULL::text, NULL::bigint, NULL::bigint, NULL::integer, h.uid FROM unnest(held) h (uid);
	END IF;
	IF operations IS NOT NULL THEN
		PERFORM orchestration_internal.write_log($1, $5);
	END IF;
	IF touched <> '[]' THEN
		RETURN QUERY SELECT 'look', s.owner_type, NULL::bigint, s.owner_id, s.look_in, NULL::text FROM orchestration_internal.write_statuses($1, touched) s WHERE s.look_in IS NOT NULL;
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_write(bigint, jsonb, jsonb, jsonb, jsonb, boolean) IS 'Writes what a turn of the worker has brought. Arguments: cluster; objects, instances, owners whose status may differ, and operations, each an array or NULL; whether statuses of the containers of these instances are derived, too, or else returned (what: touched). Returns the exceptions of write_objects() and write_instances() as well, and when to look at an owner again (what: look).';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_write(bigint, jsonb, jsonb, jsonb, jsonb, boolean) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_write_each(cluster_id bigint, objects jsonb, instances jsonb, owners jsonb, operations jsonb)
RETURNS TABLE (what text, owner_type text, namespace_id bigint, id bigint, seconds integer, note text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	one jsonb;
BEGIN
	PERFORM orchestration_internal.hurry();
	FOR one IN SELECT c.value FROM jsonb_array_elements($2) c LOOP
		BEGIN
			RETURN QUERY SELECT w.* FROM orchestration_internal.worker_write($1, jsonb_build_array(one), NULL, NULL, NULL, true) w;
		EXCEPTION WHEN OTHERS THEN
			IF orchestration_internal.is_passing(SQLSTATE) AND SQLSTATE <> '55P03' THEN
				RAISE;
			END IF;
			RAISE WARNING 'object % could not be recorded: %', one ->> 'id', SQLERRM;
			RETURN QUERY SELECT CASE SQLSTATE WHEN '55P03' THEN 'held' ELSE 'failed' END, NULL::text, NULL::bigint, (one ->> 'id')::bigint, NULL::integer, SQLERRM;
		END;
	END LOOP;
	FOR one IN SELECT c.value FROM jsonb_array_elements($3) c LOOP
		BEGIN
			RETURN QUERY SELECT w.* FROM orchestration_internal.worker_write($1, NULL, jsonb_build_array(one), NULL, NULL, true) w;
		EXCEPTION WHEN lock_not_available THEN
			RETURN QUERY SELECT 'held instance', NULL::text, NULL::bigint, NULL::bigint, NULL::integer, one ->> 'uid';
		WHEN OTHERS THEN
			IF orchestration_internal.is_passing(SQLSTATE) THEN
				RAISE;
			END IF;
			RAISE WARNING 'Pod "%" in namespace "%" could not be stored and is left out: %', one ->> 'name', one ->> 'in', SQLERRM;
		END;
	END LOOP;
	BEGIN
		RETURN QUERY SELECT w.* FROM orchestration_internal.worker_write($1, NULL, NULL, NULL, $5, true) w;
	EXCEPTION WHEN OTHERS THEN
		RAISE WARNING 'operations could not be put on record: %', SQLERRM;
	END;
	FOR one IN SELECT c.value FROM jsonb_array_elements($4) c LOOP
		BEGIN
			RETURN QUERY SELECT w.* FROM orchestration_internal.worker_write($1, NULL, NULL, jsonb_build_array(one), NULL, true) w;
		EXCEPTION WHEN OTHERS THEN
			RAISE WARNING 'status of % % could not be written: %', replace(one ->> 'type', '_', ' '), one ->> 'id', SQLERRM;
			RETURN QUERY SELECT 'look', one ->> 'type', NULL::bigint, (one ->> 'id')::bigint, 10, NULL::text;
		END;
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_write_each(bigint, jsonb, jsonb, jsonb, jsonb) IS 'worker_write() for each change by itself, after it failed for all: one that cannot be stored must not lose the others; it is warned of. What no row is to blame for is raised. Also returns what: failed, with the message as note.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_write_each(bigint, jsonb, jsonb, jsonb, jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.doubt_inventory()
RETURNS trigger
LANGUAGE c
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_doubt_trigger';

COMMENT ON FUNCTION orchestration_internal.doubt_inventory() IS 'Statement trigger of what the worker keeps in memory: when anybody else writes it, the worker reads it anew.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.doubt()
RETURNS void
LANGUAGE c
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_doubt_sql';

COMMENT ON FUNCTION orchestration_internal.doubt() IS 'Makes the worker read its inventory anew once this transaction has committed: a row that it keeps in memory has gone.';
-- for the owner alone
