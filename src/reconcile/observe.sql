/*
 * What the cluster says by itself: worker_observe() takes events,
 * worker_prune() what a complete list did not hold.  Only states are compared,
 * never the kinds of events; of several events for one object the last counts.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.match_events(cluster_id bigint, kind text, events jsonb)
RETURNS TABLE (namespace_id bigint, object_id bigint, owner_type text, owner_id bigint, generation bigint, outcome text, proven boolean, object jsonb)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT m.namespace_id, m.id, m.owner_type, m.owner_id, m.owner_generation,
		CASE
			WHEN m.id IS NULL THEN CASE WHEN e.deleted THEN 'ignore' ELSE 'orphan' END
			WHEN e.deleted AND m.uid = e.uid THEN 'gone'
			/* made and deleted before the answer to its making was recorded */
			WHEN e.deleted AND m.uid IS NULL THEN 'tombstone'
			WHEN e.deleted THEN 'ignore'
			WHEN m.uid = e.uid THEN CASE WHEN v.newer THEN 'seen' ELSE 'old' END
			WHEN m.uid IS NULL AND m.gone_uid IS NOT DISTINCT FROM e.uid THEN 'ignore'
			WHEN m.uid IS NULL AND v.belongs THEN 'seen'
			WHEN m.uid IS NULL OR NOT v.newer THEN 'ignore'
			WHEN v.belongs THEN 'seen'
			ELSE 'gone'
		END,
		e.object #> '{metadata,deletionTimestamp}' IS NOT NULL OR NOT e.deleted, e.object
	FROM (
		SELECT DISTINCT ON (x.value #>> '{object,metadata,namespace}', x.value #>> '{object,metadata,name}')
			x.value ->> 'type' = 'DELETED' AS deleted, (x.value -> 'object') || jsonb_build_object('kind', $2) AS object,
			x.value #>> '{object,metadata,uid}' AS uid,
			COALESCE(x.value #>> '{object,metadata,namespace}', '') AS cluster_namespace, x.value #>> '{object,metadata,name}' AS name
		FROM jsonb_array_elements($3) WITH ORDINALITY x
		ORDER BY x.value #>> '{object,metadata,namespace}', x.value #>> '{object,metadata,name}', x.ordinality DESC
	) e
	LEFT JOIN orchestration.managed_objects m
		ON m.cluster_id = $1 AND m.kind = $2 AND m.cluster_namespace = e.cluster_namespace AND m.name = e.name
	CROSS JOIN LATERAL (
		SELECT orchestration_internal.version_number(e.object #>> '{metadata,resourceVersion}') >= orchestration_internal.version_number(m.resource_version) AS newer,
			orchestration_internal.belongs_to(e.object, m.owner_type, m.owner_id) AS belongs
	) v;
END
$$;

COMMENT ON FUNCTION orchestration_internal.match_events(bigint, text, jsonb) IS 'The last event of each object beside its inventory row: outcome is seen, gone, tombstone, orphan, old or ignore; proven: an object that is to be deleted is certainly gone.';
GRANT EXECUTE ON FUNCTION orchestration_internal.match_events(bigint, text, jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.see_objects(namespace_ids bigint[], object_ids bigint[], objects jsonb[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	UPDATE orchestration.managed_objects m
	SET uid = e.uid, observed_at = clock_timestamp(),
		resource_version = e.object #>> '{metadata,resourceVersion}', object_generation = (e.object #>> '{metadata,generation}')::bigint,
		observed_fingerprint = e.fingerprint, observed = orchestration_internal.object_facts(e.object),
		/* not as we left it, or about to go: it will have to be applied again */
		applied_hash = CASE WHEN m.uid = e.uid AND NOT e.terminating AND m.applied_fingerprint = e.fingerprint THEN m.applied_hash END,
		due_since = CASE WHEN m.applied_hash = m.desired_hash THEN now() ELSE m.due_since END,
		deletion_started_at = CASE WHEN e.terminating THEN COALESCE(m.deletion_started_at, clock_timestamp()) END,
		next_attempt_at = CASE
			WHEN e.terminating AND m.deletion_started_at IS NULL THEN clock_timestamp() + interval '10 s'
			/* somebody who changes it again and again must not make us spin */
			WHEN NOT e.terminating AND m.applied_hash IS NOT NULL AND m.applied_fingerprint IS DISTINCT FROM e.fingerprint
				THEN greatest(m.next_attempt_at, m.applied_at + interval '5 s')
			ELSE m.next_attempt_at END
	FROM (
		SELECT u.namespace_id, u.id, u.object, u.object #>> '{metadata,uid}' AS uid,
			u.object #> '{metadata,deletionTimestamp}' IS NOT NULL AS terminating, orchestration_internal.object_fingerprint(u.object) AS fingerprint
		FROM unnest($1, $2, $3) u (namespace_id, id, object)
		OFFSET 0
	) e
	WHERE m.namespace_id = e.namespace_id AND m.id = e.id;
END
$$;

COMMENT ON FUNCTION orchestration_internal.see_objects(bigint[], bigint[], jsonb[]) IS 'Writes newer versions of objects into their inventory rows and notices drift. Arguments: three arrays of equal length.';
GRANT EXECUTE ON FUNCTION orchestration_internal.see_objects(bigint[], bigint[], jsonb[]) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.replan_owner(owner_type text, owner_id bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	UPDATE orchestration.managed_objects m SET owner_generation = 0
	WHERE m.id = ANY (ARRAY(SELECT x.id FROM orchestration.managed_objects x WHERE x.owner_type = $1 AND x.owner_id = $2 AND x.owner_generation <> 0 FOR NO KEY UPDATE SKIP LOCKED));
	EXECUTE format('UPDATE orchestration.%1$I t SET observed_generation = t.generation - 1 '
		'WHERE t.id = (SELECT x.id FROM orchestration.%1$I x WHERE x.id = $1 AND x.observed_generation = x.generation FOR NO KEY UPDATE SKIP LOCKED)',
		orchestration_internal.owner_table($1)) USING $2;
END
$$;

COMMENT ON FUNCTION orchestration_internal.replan_owner(text, bigint) IS 'Makes the next worker_plan() compare an owner with the inventory again; what somebody has locked is left to the next worker_resync().';
GRANT EXECUTE ON FUNCTION orchestration_internal.replan_owner(text, bigint) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.take_orphan(cluster_id bigint, object jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	label text[] := orchestration_internal.owner_of_label(object #>> '{metadata,labels,orchestration.dev/owner}');
	place text := COALESCE(object #>> '{metadata,namespace}', '');
	home bigint;
	lives boolean;
BEGIN
	lives := label IS NOT NULL AND orchestration_internal.owner_exists(label[1], label[2]::bigint)
		AND orchestration_internal.belongs_to(object, label[1], label[2]::bigint)
		AND object #> '{metadata,managedFields}' @> '[{"manager": "orchestration", "operation": "Apply"}]';
	IF NOT COALESCE(lives OR orchestration_internal.is_orphan(object), false) THEN
		RETURN;
	END IF;
	home := (SELECT n.id FROM orchestration.namespaces n
		WHERE n.cluster_id = $1 AND n.name = COALESCE(NULLIF(place, ''), object #>> '{metadata,name}')
		ORDER BY n.status = 'deleted', n.id DESC LIMIT 1);
	INSERT INTO orchestration.managed_objects (namespace_id, cluster_id, api_version, kind, cluster_namespace, name,
		owner_type, owner_id, owner_generation, apply_order, desired_hash, applied_hash,
		uid, resource_version, object_generation, observed, attempted_at, observed_at)
	/* no row says where it belonged: a number of its own keeps it apart from other namespaces' */
	VALUES (COALESCE(home, -1 - abs(hashtext(place)::bigint)), $1, orchestration_internal.kind_version(object ->> 'kind'), object ->> 'kind', place, object #>> '{metadata,name}',
		label[1], label[2]::bigint, 0,
		orchestration_internal.kind_order(object ->> 'kind'),
		/* neither due nor doomed until its owner is planned again */
		CASE WHEN lives THEN 'orphan' END, 'orphan',
		object #>> '{metadata,uid}', object #>> '{metadata,resourceVersion}', (object #>> '{metadata,generation}')::bigint,
		orchestration_internal.object_facts(object), clock_timestamp(), clock_timestamp())
	ON CONFLICT DO NOTHING;
	IF lives THEN
		PERFORM orchestration_internal.replan_owner(label[1], label[2]::bigint);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.take_orphan(bigint, jsonb) IS 'An object that carries our labels and is in no inventory row: taken in and deleted if its owner is gone from this database, otherwise left to the next plan of its owner.';
GRANT EXECUTE ON FUNCTION orchestration_internal.take_orphan(bigint, jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.observe_objects(cluster_id bigint, kind text, events jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	seen record;
	touched record;
BEGIN
	FOR seen IN
		WITH matched AS MATERIALIZED (
			SELECT e.* FROM orchestration_internal.match_events($1, $2, $3) e WHERE e.outcome <> 'ignore'
		), free AS MATERIALIZED (
			SELECT m.id
			FROM orchestration.managed_objects m
			JOIN matched e ON m.namespace_id = e.namespace_id AND m.id = e.object_id
			FOR NO KEY UPDATE OF m SKIP LOCKED
		)
		SELECT e.outcome, e.proven, array_agg(e.namespace_id) AS namespace_ids, array_agg(e.object_id) AS ids, array_agg(e.object) AS objects,
			array_agg(e.owner_type) AS owner_types, array_agg(e.owner_id) AS owner_ids, array_agg(e.generation) AS generations
		FROM (
			SELECT x.namespace_id, x.object_id, x.owner_type, x.owner_id, x.generation, x.proven, x.object,
				CASE WHEN x.object_id IS NULL OR f.id IS NOT NULL THEN x.outcome ELSE 'held' END AS outcome
			FROM matched x LEFT JOIN free f ON f.id = x.object_id
		) e
		GROUP BY e.outcome, e.proven
	LOOP
		IF seen.outcome = 'held' THEN
			/* the event as it came, as match_events() has told the last one of each object */
			PERFORM orchestration_internal.leave_out_events($1, $2, jsonb_agg(v.value ORDER BY v.ordinality))
			FROM jsonb_array_elements($3) WITH ORDINALITY v
			WHERE EXISTS (SELECT FROM unnest(seen.objects) o WHERE o #>> '{metadata,name}' = v.value #>> '{object,metadata,name}'
				AND o #>> '{metadata,namespace}' IS NOT DISTINCT FROM v.value #>> '{object,metadata,namespace}');
			CONTINUE;
		ELSIF seen.outcome = 'seen' THEN
			PERFORM orchestration_internal.see_objects(seen.namespace_ids, seen.ids, seen.objects);
		ELSIF seen.outcome = 'gone' THEN
			PERFORM orchestration_internal.lose_objects(seen.namespace_ids, seen.ids, seen.proven);
		ELSIF seen.outcome = 'orphan' THEN
			PERFORM orchestration_internal.take_orphan($1, o) FROM unnest(seen.objects) o;
			CONTINUE;
		ELSIF seen.outcome = 'tombstone' THEN
			UPDATE orchestration.managed_objects m SET gone_uid = o.object #>> '{metadata,uid}'
			FROM unnest(seen.namespace_ids, seen.ids, seen.objects) o (namespace_id, id, object)
			WHERE m.namespace_id = o.namespace_id AND m.id = o.id;
		ELSE
			UPDATE orchestration.managed_objects m SET observed_at = clock_timestamp()
			FROM unnest(seen.namespace_ids, seen.ids) o (namespace_id, id)
			WHERE m.namespace_id = o.namespace_id AND m.id = o.id;
			CONTINUE;
		END IF;
		FOR touched IN
			SELECT o.owner_type, array_agg(o.namespace_id) AS namespace_ids, array_agg(o.owner_id) AS owner_ids, array_agg(o.generation) AS generations
			FROM unnest(seen.owner_types, seen.namespace_ids, seen.owner_ids, seen.generations) o (owner_type, namespace_id, owner_id, generation)
			GROUP BY o.owner_type
		LOOP
			PERFORM orchestration_internal.refresh_owners(touched.owner_type, touched.namespace_ids, touched.owner_ids, touched.generations);
		END LOOP;
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.observe_objects(bigint, text, jsonb) IS 'Takes events of objects other than pods into the inventory and refreshes the rows that asked for them.';
GRANT EXECUTE ON FUNCTION orchestration_internal.observe_objects(bigint, text, jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_observe(cluster_id bigint, kind text, events jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF kind = 'Pod' THEN
		PERFORM orchestration_internal.observe_pods(cluster_id, events);
	ELSE
		PERFORM orchestration_internal.observe_objects(cluster_id, kind, events);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_observe(bigint, text, jsonb) IS 'Takes what a list or a watch brought. Arguments: cluster, kind of all objects in it, array of {type (ADDED, MODIFIED, DELETED), object} in order. Older versions than those known change nothing.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_observe(bigint, text, jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.rewind_versions(cluster_id bigint, kind text, objects jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	IF $2 = 'Pod' THEN
		WITH rewound AS MATERIALIZED (
			SELECT i.namespace_id, i.id, o.value #>> '{metadata,resourceVersion}' AS resource_version
			FROM orchestration.container_instances i
			JOIN jsonb_array_elements($3) o ON i.pod_uid = o.value #>> '{metadata,uid}'
			WHERE i.cluster_id = $1 AND i.ended_at IS NULL
				AND orchestration_internal.version_number(i.resource_version) > orchestration_internal.version_number(o.value #>> '{metadata,resourceVersion}')
			FOR NO KEY UPDATE OF i SKIP LOCKED
		)
		UPDATE orchestration.container_instances i SET resource_version = r.resource_version
		FROM rewound r WHERE i.namespace_id = r.namespace_id AND i.id = r.id;
		RETURN;
	END IF;
	WITH rewound AS MATERIALIZED (
		SELECT m.namespace_id, m.id, o.value #>> '{metadata,resourceVersion}' AS resource_version
		FROM orchestration.managed_objects m
		JOIN jsonb_array_elements($3) o
			ON m.uid = o.value #>> '{metadata,uid}' AND m.cluster_namespace = COALESCE(o.value #>> '{metadata,namespace}', '') AND m.name = o.value #>> '{metadata,name}'
		WHERE m.cluster_id = $1 AND m.kind = $2
			AND orchestration_internal.version_number(m.resource_version) > orchestration_internal.version_number(o.value #>> '{metadata,resourceVersion}')
		FOR NO KEY UPDATE OF m SKIP LOCKED
	)
	UPDATE orchestration.managed_objects m SET resource_version = r.resource_version
	FROM rewound r WHERE m.namespace_id = r.namespace_id AND m.id = r.id;
END
$$;

COMMENT ON FUNCTION orchestration_internal.rewind_versions(bigint, text, jsonb) IS 'Versions that are higher than those of a list go back to them, so that the list is believed: the cluster was restored from a backup, or the list came from a cache, and then the watch brings what is newer. Arguments: cluster, kind, array of objects.';
GRANT EXECUTE ON FUNCTION orchestration_internal.rewind_versions(bigint, text, jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_receive_one(cluster_id bigint, kind text, event jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	of_uid text := event #>> '{object,metadata,uid}';
BEGIN
	PERFORM orchestration_internal.worker_observe($1, $2, jsonb_build_array(event));
EXCEPTION WHEN lock_not_available THEN
	PERFORM orchestration_internal.leave_out_events($1, $2, jsonb_build_array(event));
WHEN OTHERS THEN
	IF orchestration_internal.is_passing(SQLSTATE) THEN
		RAISE;
	END IF;
	RAISE WARNING '% "%" in namespace "%" could not be stored and is left out: %', $2,
		event #>> '{object,metadata,name}', event #>> '{object,metadata,namespace}', SQLERRM;
	/* but it is there */
	UPDATE orchestration.container_instances i SET observed_at = clock_timestamp()
	WHERE i.id = ANY (ARRAY(
		SELECT x.id FROM orchestration.container_instances x
		WHERE $2 = 'Pod' AND x.cluster_id = $1 AND x.pod_uid = of_uid AND x.ended_at IS NULL FOR NO KEY UPDATE SKIP LOCKED));
	UPDATE orchestration.managed_objects m SET observed_at = clock_timestamp()
	WHERE m.id = ANY (ARRAY(
		SELECT x.id FROM orchestration.managed_objects x
		WHERE $2 <> 'Pod' AND x.cluster_id = $1 AND x.kind = $2 AND x.uid = of_uid FOR NO KEY UPDATE SKIP LOCKED));
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_receive_one(bigint, text, jsonb) IS 'worker_observe() for one event; one that cannot be stored is warned of and left out, one that somebody has locked is left to worker_take_up(). Raises what is_passing() else.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_receive_one(bigint, text, jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_receive(cluster_id bigint, kind text, received text, listed boolean)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	events jsonb := received;
BEGIN
	IF listed THEN
		PERFORM orchestration_internal.rewind_versions($1, $2, events);
		SELECT COALESCE(jsonb_agg(jsonb_build_object('type', 'ADDED', 'object', o.value)), '[]') INTO events FROM jsonb_array_elements(events) o;
	END IF;
	BEGIN
		PERFORM orchestration_internal.worker_observe($1, $2, events);
	EXCEPTION WHEN OTHERS THEN
		/* one of them is the culprit, and must not hide the others */
		PERFORM orchestration_internal.hurry();
		PERFORM orchestration_internal.worker_receive_one($1, $2, e.value) FROM jsonb_array_elements(events) e;
	END;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_receive(bigint, text, text, boolean) IS 'worker_observe() for what the network brought. Arguments: cluster, kind, an array as text, whether it is a page of a list (its elements are objects) or comes from a watch (they are {type, object}). What cannot be stored is warned of and left out. Raises what is_passing(): then the worker lists again.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_receive(bigint, text, text, boolean) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_prune(cluster_id bigint, kind text, since timestamptz)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	missing record;
	touched record;
BEGIN
	IF $2 = 'Pod' THEN
		PERFORM orchestration_internal.worker_receive($1, $2, jsonb_agg(jsonb_build_object('type', 'DELETED', 'object',
			jsonb_build_object('metadata', jsonb_build_object('uid', i.pod_uid))))::text, false)
		FROM orchestration.container_instances i
		/* a time that lies ahead was written before the clock was put right */
		WHERE i.cluster_id = $1 AND i.ended_at IS NULL AND (i.observed_at < $3 OR i.observed_at > clock_timestamp())
		HAVING count(*) > 0;
		RETURN;
	END IF;
	FOR missing IN
		WITH unseen AS MATERIALIZED (
			SELECT m.* FROM orchestration.managed_objects m
			WHERE m.cluster_id = $1 AND m.kind = $2 AND m.uid IS NOT NULL AND (m.observed_at < $3 OR m.observed_at > clock_timestamp())
		), free AS MATERIALIZED (
			SELECT m.id
			FROM orchestration.managed_objects m
			JOIN unseen u ON m.namespace_id = u.namespace_id AND m.id = u.id
			FOR UPDATE OF m SKIP LOCKED
		)
		SELECT u.owner_type, f.id IS NULL AS is_held, array_agg(u.namespace_id) AS namespace_ids, array_agg(u.id) AS ids,
			array_agg(u.owner_id) AS owner_ids, array_agg(u.owner_generation) AS generations,
			jsonb_agg(jsonb_build_object('type', 'DELETED', 'object', jsonb_build_object('metadata', jsonb_strip_nulls(jsonb_build_object(
				'uid', u.uid, 'name', u.name, 'namespace', NULLIF(u.cluster_namespace, '')))))) AS events
		FROM unseen u
		LEFT JOIN free f ON f.id = u.id
		GROUP BY u.owner_type, f.id IS NULL
	LOOP
		IF missing.is_held THEN
			PERFORM orchestration_internal.leave_out_events($1, $2, missing.events);
			CONTINUE;
		END IF;
		PERFORM orchestration_internal.lose_objects(missing.namespace_ids, missing.ids, false);
		PERFORM orchestration_internal.refresh_owners(missing.owner_type, missing.namespace_ids, missing.owner_ids, missing.generations);
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_prune(bigint, text, timestamptz) IS 'Objects that a complete list did not hold are gone. Arguments: cluster, kind, time at which the list was asked for. Must not be called after a list that broke off.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_prune(bigint, text, timestamptz) TO orchestration_worker;
