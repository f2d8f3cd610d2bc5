/*
 * What there should be: worker_plan() turns rows into inventory rows with a
 * desired hash, and hands out their manifests, each rendered once.  It walks
 * over the rows that the inventory does not know yet in portions, so that
 * however much waits, a portion costs what is in it.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.unplanned_owners(cluster_id bigint, of_type text, after_id bigint, batch integer)
RETURNS TABLE (namespace_id bigint, owner_id bigint, generation bigint, is_planned boolean)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT x.namespace_id, x.owner_id, x.generation,
		EXISTS (
			SELECT FROM orchestration.managed_objects m
			WHERE m.namespace_id = x.namespace_id AND m.owner_type = $2 AND m.owner_id = x.owner_id AND m.owner_generation = x.generation)
		OR EXISTS (
			SELECT FROM orchestration_internal.plan_errors e
			WHERE e.namespace_id = x.namespace_id AND e.owner_type = $2 AND e.owner_id = x.owner_id AND e.owner_generation = x.generation
				/* further ahead than any wait: the clock ran ahead when it was written */
				AND e.next_attempt_at > now() AND e.next_attempt_at <= now() + interval '15 minutes')
		/* has no objects and was locked a moment ago: those that are not come first */
		OR (EXISTS (
			SELECT FROM orchestration_internal.left_out l
			WHERE l.namespace_id = x.namespace_id AND l.cluster_id = $1 AND l.owner_type = $2 AND l.owner_id = x.owner_id
				AND l.updated_at BETWEEN now() - interval '2 s' AND now())
			AND NOT EXISTS (
				SELECT FROM orchestration.managed_objects m
				WHERE m.namespace_id = x.namespace_id AND m.owner_type = $2 AND m.owner_id = x.owner_id))
	FROM (
		SELECT o.namespace_id, o.id AS owner_id, o.generation
		FROM orchestration_internal.owners o
		WHERE o.owner_type = $2 AND o.cluster_id = $1 AND o.present AND o.generation > o.observed_generation AND o.id > $3
		/* as <table>_unobserved has them: by anything else each portion would read and sort all */
		ORDER BY o.id
		LIMIT $4
	) x;
END
$$;

COMMENT ON FUNCTION orchestration_internal.unplanned_owners(bigint, text, bigint, integer) IS 'Rows of a cluster that ask for something that is not in the cluster yet, by id: the next ones after the given one; is_planned tells those that the inventory knows. Arguments: cluster, type of owner, id after which to go on, rows at most.';
GRANT EXECUTE ON FUNCTION orchestration_internal.unplanned_owners(bigint, text, bigint, integer) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.upsert_objects(of_type text, namespace_ids bigint[], owner_ids bigint[])
RETURNS TABLE (object_id bigint, manifest jsonb, hash text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	outcome record;
	taken record;
BEGIN
	WITH rendered AS MATERIALIZED (
		SELECT r.* FROM orchestration_internal.render_manifests($1, $2, $3) r
	), written AS (
		INSERT INTO orchestration.managed_objects AS m (namespace_id, cluster_id, api_version, kind, cluster_namespace, name,
			owner_type, owner_id, owner_generation, apply_order, desired_hash, attempted_at)
		SELECT r.namespace_id, r.cluster_id, r.api_version, r.kind, r.cluster_namespace, r.name,
			r.owner_type, r.owner_id, r.owner_generation, r.apply_order, r.manifest_hash,
			/* from here on it may exist: the manifest is on its way to the worker */
			clock_timestamp()
		FROM rendered r
		ON CONFLICT (namespace_id, kind, name, cluster_id) DO UPDATE SET
			api_version = EXCLUDED.api_version, cluster_namespace = EXCLUDED.cluster_namespace,
			owner_type = EXCLUDED.owner_type, owner_id = EXCLUDED.owner_id,
			owner_generation = EXCLUDED.owner_generation, apply_order = EXCLUDED.apply_order,
			desired_hash = EXCLUDED.desired_hash,
			due_since = CASE WHEN m.applied_hash = m.desired_hash THEN now() ELSE m.due_since END,
			/* what was on its way out may have been changed or deleted already */
			applied_hash = CASE WHEN m.desired_hash IS NOT NULL THEN m.applied_hash END,
			/* another row's data or selector must not be inherited under the same name */
			replacing = m.replacing OR (m.uid IS NOT NULL AND m.owner_id <> EXCLUDED.owner_id
				AND NOT orchestration_internal.kind_heritable(m.kind)),
			attempts = CASE WHEN m.desired_hash IS DISTINCT FROM EXCLUDED.desired_hash THEN 0 ELSE m.attempts END,
			next_attempt_at = CASE WHEN m.desired_hash IS DISTINCT FROM EXCLUDED.desired_hash AND m.deletion_started_at IS NULL
				THEN '-infinity' ELSE m.next_attempt_at END,
			last_error_reason = CASE WHEN m.desired_hash IS NOT DISTINCT FROM EXCLUDED.desired_hash THEN m.last_error_reason END,
			last_error = CASE WHEN m.desired_hash IS NOT DISTINCT FROM EXCLUDED.desired_hash THEN m.last_error END,
			updated_at = now()
		WHERE m.desired_hash IS NULL OR (m.owner_type = EXCLUDED.owner_type AND m.owner_id = EXCLUDED.owner_id)
		RETURNING m.namespace_id, m.id, m.kind, m.name
	)
	SELECT array_agg(w.id ORDER BY w.id) FILTER (WHERE w.id IS NOT NULL) AS ids,
		array_agg(CASE WHEN r.kind <> 'Secret' THEN r.manifest END ORDER BY w.id) FILTER (WHERE w.id IS NOT NULL) AS manifests,
		array_agg(r.manifest_hash ORDER BY w.id) FILTER (WHERE w.id IS NOT NULL) AS hashes,
		array_agg(r.namespace_id) FILTER (WHERE w.id IS NULL) AS taken_namespaces,
		array_agg(r.kind) FILTER (WHERE w.id IS NULL) AS taken_kinds, array_agg(r.name) FILTER (WHERE w.id IS NULL) AS taken_names
	INTO outcome
	FROM rendered r
	LEFT JOIN written w ON w.namespace_id = r.namespace_id AND w.kind = r.kind AND w.name = r.name;
	IF outcome.taken_kinds IS NOT NULL THEN
		SELECT m.kind, m.name, m.owner_type, m.owner_id INTO taken
		FROM orchestration.managed_objects m
		WHERE m.namespace_id = outcome.taken_namespaces[1] AND m.kind = outcome.taken_kinds[1] AND m.name = outcome.taken_names[1]
		LIMIT 1;
		RAISE EXCEPTION '% "%" is already made for % %', taken.kind, taken.name, replace(taken.owner_type, '_', ' '), taken.owner_id
			USING ERRCODE = 'OR005', HINT = 'Rename one of the two.';
	END IF;
	RETURN QUERY SELECT o.id, o.manifest, o.hash FROM unnest(outcome.ids, outcome.manifests, outcome.hashes) o (id, manifest, hash);
END
$$;

COMMENT ON FUNCTION orchestration_internal.upsert_objects(text, bigint[], bigint[]) IS 'Renders owners of one type, writes what they ask for into the inventory and returns it: inventory row, manifest (secrets without their values), hash. Raises OR005 when an object is already asked for by another row.';
GRANT EXECUTE ON FUNCTION orchestration_internal.upsert_objects(text, bigint[], bigint[]) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.doom_objects(namespace_ids bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	deleted bigint[] := ARRAY(SELECT n.id FROM orchestration.namespaces n WHERE n.id = ANY ($1) AND n.desired_state = 'deleted');
	free bigint[] := ARRAY(SELECT m.id FROM orchestration.managed_objects m WHERE m.namespace_id = ANY (deleted) AND m.desired_hash IS NOT NULL FOR UPDATE SKIP LOCKED);
BEGIN
	UPDATE orchestration.managed_objects m
	SET desired_hash = NULL, attempts = 0, next_attempt_at = '-infinity', updated_at = now(),
		due_since = CASE WHEN m.applied_hash = m.desired_hash THEN now() ELSE m.due_since END
	WHERE m.namespace_id = ANY (deleted) AND m.id = ANY (free) AND m.desired_hash IS NOT NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.doom_objects(bigint[]) IS 'Lets go of everything in those of the given namespaces that are to be deleted; what somebody has locked is left to the next call.';
GRANT EXECUTE ON FUNCTION orchestration_internal.doom_objects(bigint[]) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.plan_owners(of_type text, namespace_ids bigint[], owner_ids bigint[], generations bigint[])
RETURNS TABLE (object_id bigint, manifest jsonb, hash text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	done record;
BEGIN
	RETURN QUERY SELECT u.* FROM orchestration_internal.upsert_objects($1, $2, $3) u;

	/* what these owners asked for before and ask for no more */
	UPDATE orchestration.managed_objects m
	SET desired_hash = NULL, owner_generation = o.generation, attempts = 0, last_error_reason = NULL, last_error = NULL,
		due_since = CASE WHEN m.applied_hash = m.desired_hash THEN now() ELSE m.due_since END,
		next_attempt_at = CASE WHEN m.deletion_started_at IS NULL THEN '-infinity' ELSE m.next_attempt_at END, updated_at = now()
	FROM unnest($2, $3, $4) o (namespace_id, owner_id, generation)
	WHERE m.namespace_id = o.namespace_id AND m.owner_type = $1 AND m.owner_id = o.owner_id AND m.owner_generation < o.generation;

	IF of_type = 'namespace' THEN
		PERFORM orchestration_internal.doom_objects($3);
	END IF;

	DELETE FROM orchestration_internal.plan_errors e
	USING unnest($2, $3) o (namespace_id, owner_id)
	WHERE e.namespace_id = o.namespace_id AND e.owner_type = $1 AND e.owner_id = o.owner_id;

	/* who asks for nothing is done with planning, whatever else is awaited; of the others the status is written with what becomes of their objects */
	SELECT array_agg(o.namespace_id) AS namespace_ids, array_agg(o.owner_id) AS ids, array_agg(o.generation) AS generations INTO done
	FROM unnest($2, $3, $4) o (namespace_id, owner_id, generation)
	WHERE NOT EXISTS (
		SELECT FROM orchestration.managed_objects m
		WHERE m.namespace_id = o.namespace_id AND m.owner_type = $1 AND m.owner_id = o.owner_id
			AND (m.desired_hash IS NULL OR m.applied_hash IS DISTINCT FROM m.desired_hash));
	IF done.ids IS NULL THEN
		RETURN;
	END IF;
	IF of_type = 'container' THEN
		PERFORM orchestration_internal.mark_observed($1, done.namespace_ids, done.ids, done.generations);
	END IF;
	PERFORM orchestration_internal.refresh_owners($1, done.namespace_ids, done.ids, done.generations);
END
$$;

COMMENT ON FUNCTION orchestration_internal.plan_owners(text, bigint[], bigint[], bigint[]) IS 'Brings the inventory in line with owners of one type and returns what upsert_objects() does. Arguments: type, and three arrays of equal length: namespace ids, owner ids, generations.';
GRANT EXECUTE ON FUNCTION orchestration_internal.plan_owners(text, bigint[], bigint[], bigint[]) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.note_plan_error(of_type text, namespace_id bigint, owner_id bigint, generation bigint, reason text, message text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	INSERT INTO orchestration_internal.plan_errors AS e (namespace_id, owner_type, owner_id, owner_generation, reason, message, next_attempt_at)
	VALUES ($2, $1, $3, $4, $5, left($6, 2000), clock_timestamp() + CASE $5 WHEN 'Locked' THEN interval '2 s' ELSE interval '10 s' END)
	ON CONFLICT (namespace_id, owner_type, owner_id) DO UPDATE SET
		owner_generation = EXCLUDED.owner_generation, reason = EXCLUDED.reason, message = EXCLUDED.message,
		attempts = e.attempts + 1, updated_at = now(),
		next_attempt_at = clock_timestamp() + CASE $5 WHEN 'Locked' THEN 5 ELSE least(600, 10 * 2 ^ least(e.attempts, 10)) END * interval '1 s';
END
$$;

COMMENT ON FUNCTION orchestration_internal.note_plan_error(text, bigint, bigint, bigint, text, text) IS 'Notes that an owner could not be planned. Arguments: type, namespace, id, generation, reason, message. What somebody has locked (reason Locked) is tried again within seconds, the rest less and less often.';
GRANT EXECUTE ON FUNCTION orchestration_internal.note_plan_error(text, bigint, bigint, bigint, text, text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.plan_one_by_one(of_type text, namespace_ids bigint[], owner_ids bigint[], generations bigint[])
RETURNS TABLE (object_id bigint, manifest jsonb, hash text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	PERFORM orchestration_internal.hurry();
	FOR i IN 1 .. cardinality(owner_ids) LOOP
		BEGIN
			RETURN QUERY SELECT p.* FROM orchestration_internal.plan_owners($1, $2[i:i], $3[i:i], $4[i:i]) p;
		EXCEPTION WHEN OTHERS THEN
			IF orchestration_internal.is_passing(SQLSTATE) AND SQLSTATE <> '55P03' THEN
				RAISE;
			END IF;
			PERFORM orchestration_internal.note_plan_error($1, $2[i], $3[i], $4[i],
				CASE SQLSTATE WHEN 'OR005' THEN 'Conflict' WHEN '55P03' THEN 'Locked' ELSE 'RenderFailed' END, SQLERRM);
			PERFORM orchestration_internal.refresh_owners($1, $2[i:i], $3[i:i], $4[i:i]);
		END;
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.plan_one_by_one(text, bigint[], bigint[], bigint[]) IS 'plan_owners() for each owner by itself, so that one that cannot be rendered does not stop the others; its error goes to plan_errors.';
GRANT EXECUTE ON FUNCTION orchestration_internal.plan_one_by_one(text, bigint[], bigint[], bigint[]) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.plan_batch(of_type text, namespace_ids bigint[], owner_ids bigint[], generations bigint[])
RETURNS TABLE (object_id bigint, manifest jsonb, hash text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	held bigint[] := orchestration_internal.held_owners($1, $2, $3);
	free record;
BEGIN
	IF held <> '{}' THEN
		PERFORM orchestration_internal.note_plan_error($1, o.namespace_id, o.id, o.generation, 'Locked', 'somebody has locked what is to be written')
		FROM unnest($2, $3, $4) o (namespace_id, id, generation)
		WHERE o.id = ANY (held);
	END IF;
	SELECT array_agg(o.namespace_id) AS namespace_ids, array_agg(o.id) AS ids, array_agg(o.generation) AS generations INTO free
	FROM unnest($2, $3, $4) o (namespace_id, id, generation)
	WHERE o.id <> ALL (held);
	IF free.ids IS NULL THEN
		RETURN;
	END IF;
	BEGIN
		RETURN QUERY SELECT p.* FROM orchestration_internal.plan_owners($1, free.namespace_ids, free.ids, free.generations) p;
	EXCEPTION WHEN OTHERS THEN
		RETURN QUERY SELECT p.* FROM orchestration_internal.plan_one_by_one($1, free.namespace_ids, free.ids, free.generations) p;
	END;
END
$$;

COMMENT ON FUNCTION orchestration_internal.plan_batch(text, bigint[], bigint[], bigint[]) IS 'plan_owners() for those owners whose objects nobody has locked, one by one where one of them cannot be planned. Arguments: type, and three arrays of equal length: namespace ids, owner ids, generations.';
GRANT EXECUTE ON FUNCTION orchestration_internal.plan_batch(text, bigint[], bigint[], bigint[]) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_plan(cluster_id bigint, at_type integer, after_id bigint, batch integer)
RETURNS TABLE (object_id bigint, manifest jsonb, hash text, next_type integer, next_id bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	types text[] := orchestration_internal.owner_types();
	owners record;
	planned record;
	looked_at integer := 0;
	last_number integer;
BEGIN
	next_type := greatest(at_type, 1);
	next_id := after_id;
	WHILE next_type <= cardinality(types) LOOP
		SELECT count(*)::integer AS number, array_agg(o.namespace_id) FILTER (WHERE NOT o.is_planned) AS namespace_ids,
			array_agg(o.owner_id) FILTER (WHERE NOT o.is_planned) AS ids, array_agg(o.generation) FILTER (WHERE NOT o.is_planned) AS generations,
			max(o.owner_id) AS last_id
		INTO owners
		FROM orchestration_internal.unplanned_owners($1, types[next_type], next_id, batch - looked_at) o;
		looked_at := looked_at + owners.number;
		IF owners.ids IS NOT NULL THEN
			RETURN QUERY
			SELECT p.object_id, p.manifest, p.hash, NULL::integer, NULL::bigint
			FROM orchestration_internal.plan_batch(types[next_type], owners.namespace_ids, owners.ids, owners.generations) p;
			/* what these asked for before and ask for no more */
			RETURN QUERY
			SELECT m.id, NULL::jsonb, NULL::text, NULL::integer, NULL::bigint
			FROM unnest(owners.namespace_ids, owners.ids) o (namespace_id, owner_id)
			JOIN orchestration.managed_objects m ON m.namespace_id = o.namespace_id AND m.owner_type = types[next_type] AND m.owner_id = o.owner_id
			WHERE m.desired_hash IS NULL;
		END IF;
		IF looked_at >= batch THEN
			next_id := owners.last_id;
			RETURN NEXT;
			RETURN;
		END IF;
		next_type := next_type + 1;
		next_id := 0;
	END LOOP;

	/* what rows that are gone have let go of */
	RETURN QUERY
	SELECT m.id, NULL::jsonb, NULL::text, NULL::integer, NULL::bigint
	FROM orchestration.managed_objects m
	WHERE m.cluster_id = $1 AND m.desired_hash IS NULL AND m.id > next_id
	ORDER BY m.id
	LIMIT batch;
	GET DIAGNOSTICS last_number = ROW_COUNT;
	IF last_number < batch THEN
		next_type := 0;
	ELSE
		next_id := (SELECT max(d.id) FROM (
			SELECT m.id FROM orchestration.managed_objects m
			WHERE m.cluster_id = $1 AND m.desired_hash IS NULL AND m.id > next_id
			ORDER BY m.id LIMIT batch) d);
	END IF;
	RETURN NEXT;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_plan(bigint, integer, bigint, integer) IS 'Compares rows that changed with the inventory and writes what objects are to exist. Arguments: cluster, where to go on (type as a number, id: as the last call said, 0 at first), rows at most. Returns the objects that are wanted otherwise than before, with their manifests (NULL: to go), and in a last row without object_id where to go on; type 0: that was all.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_plan(bigint, integer, bigint, integer) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_manifests(cluster_id bigint, object_ids bigint[])
RETURNS TABLE (object_id bigint, manifest jsonb, hash text, error text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	one bigint;
BEGIN
	RETURN QUERY
	SELECT m.id, CASE r.kind WHEN 'Secret' THEN jsonb_set(r.manifest, '{data}', orchestration_internal.secret_values(r.namespace_id, r.owner_type, r.owner_id)) ELSE r.manifest END,
		r.manifest_hash, NULL::text
	FROM (
		SELECT x.owner_type, array_agg(x.namespace_id) AS namespace_ids, array_agg(x.owner_id) AS owner_ids
		FROM (SELECT DISTINCT w.owner_type, w.namespace_id, w.owner_id FROM orchestration.managed_objects w WHERE w.cluster_id = $1 AND w.id = ANY ($2)) x
		GROUP BY x.owner_type
	) o
	CROSS JOIN LATERAL orchestration_internal.render_manifests(o.owner_type, o.namespace_ids, o.owner_ids) r
	JOIN orchestration.managed_objects m ON m.namespace_id = r.namespace_id AND m.kind = r.kind AND m.name = r.name AND m.cluster_id = r.cluster_id
	WHERE m.id = ANY ($2) AND m.owner_type = r.owner_type AND m.owner_id = r.owner_id;
EXCEPTION WHEN OTHERS THEN
	IF cardinality($2) = 1 THEN
		RETURN QUERY SELECT $2[1], NULL::jsonb, NULL::text, SQLERRM;
		RETURN;
	END IF;
	FOREACH one IN ARRAY $2 LOOP
		RETURN QUERY SELECT w.* FROM orchestration_internal.worker_manifests($1, ARRAY[one]) w;
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_manifests(bigint, bigint[]) IS 'Manifests of objects as they go to the cluster, with the real values of secrets. Arguments: cluster, inventory rows. Nothing for those that no row asks for any more; error says why one cannot be rendered. For the worker only.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_manifests(bigint, bigint[]) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_want(object_ids bigint[], hashes text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE orchestration.managed_objects m
	SET desired_hash = c.hash, updated_at = now(),
		due_since = CASE WHEN m.applied_hash = m.desired_hash THEN now() ELSE m.due_since END
	FROM unnest($1, $2) c (id, hash)
	WHERE m.id = c.id AND m.desired_hash IS NOT NULL
		AND m.id = ANY (ARRAY(SELECT x.id FROM orchestration.managed_objects x WHERE x.id = ANY ($1) FOR NO KEY UPDATE SKIP LOCKED));
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_want(bigint[], text[]) IS 'What is sent becomes the plan: objects whose manifest has another hash than was planned, because what it is made of has changed since. Arguments: inventory rows, hashes.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_want(bigint[], text[]) TO orchestration_worker;
