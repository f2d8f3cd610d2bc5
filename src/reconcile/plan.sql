/*
 * What there should be: worker_plan() turns rows into inventory rows with a
 * desired hash.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.unplanned_owners(cluster_id bigint, of_type text, batch integer)
RETURNS TABLE (namespace_id bigint, owner_id bigint, generation bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT o.namespace_id, o.id, o.generation
	FROM orchestration_internal.owners o
	WHERE o.owner_type = $2 AND o.cluster_id = $1 AND o.generation > o.observed_generation AND o.present
		AND NOT EXISTS (
			SELECT FROM orchestration.managed_objects m
			WHERE m.namespace_id = o.namespace_id AND m.owner_type = $2 AND m.owner_id = o.id AND m.owner_generation = o.generation)
		AND NOT EXISTS (
			SELECT FROM orchestration_internal.plan_errors e
			WHERE e.namespace_id = o.namespace_id AND e.owner_type = $2 AND e.owner_id = o.id
				AND e.owner_generation = o.generation
				/* further ahead than any wait: the clock ran ahead when it was written */
				AND e.next_attempt_at > now() AND e.next_attempt_at <= now() + interval '15 minutes')
		/* has no objects and was locked a moment ago: those that are not come first */
		AND NOT EXISTS (
			SELECT FROM orchestration_internal.left_out l
			WHERE l.cluster_id = $1 AND l.subject = $2 AND l.place = o.namespace_id::text AND l.name = o.id::text
				AND l.event IS NULL AND l.updated_at BETWEEN now() - interval '2 s' AND now())
	LIMIT $3;
END
$$;

COMMENT ON FUNCTION orchestration_internal.unplanned_owners(bigint, text, integer) IS 'Rows of a cluster whose generation the inventory does not know yet. Arguments: cluster, type of owner, at most so many.';
GRANT EXECUTE ON FUNCTION orchestration_internal.unplanned_owners(bigint, text, integer) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.upsert_objects(of_type text, namespace_ids bigint[], owner_ids bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	taken record;
BEGIN
	WITH rendered AS MATERIALIZED (
		SELECT r.* FROM orchestration_internal.render_manifests($1, $2, $3) r
	), written AS (
		INSERT INTO orchestration.managed_objects AS m (namespace_id, cluster_id, api_version, kind, cluster_namespace, name,
			owner_type, owner_id, owner_generation, apply_order, desired_hash)
		SELECT r.namespace_id, r.cluster_id, r.api_version, r.kind, r.cluster_namespace, r.name,
			r.owner_type, r.owner_id, r.owner_generation, r.apply_order, r.manifest_hash
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
		RETURNING m.namespace_id, m.kind, m.name
	)
	SELECT r.kind, r.name, m.owner_type, m.owner_id INTO taken
	FROM rendered r
	JOIN orchestration.managed_objects m
		ON m.namespace_id = r.namespace_id AND m.kind = r.kind AND m.name = r.name AND m.cluster_id = r.cluster_id
	WHERE NOT EXISTS (SELECT FROM written w WHERE w.namespace_id = r.namespace_id AND w.kind = r.kind AND w.name = r.name)
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION '% "%" is already made for % %', taken.kind, taken.name, replace(taken.owner_type, '_', ' '), taken.owner_id
			USING ERRCODE = 'OR005', HINT = 'Rename one of the two.';
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.upsert_objects(text, bigint[], bigint[]) IS 'Renders owners of one type and writes what they ask for into the inventory. Raises OR005 when an object is already asked for by another row.';
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
	DELETE FROM orchestration.managed_objects m
	WHERE m.namespace_id = ANY (deleted) AND m.id = ANY (free) AND m.uid IS NULL AND m.attempted_at IS NULL;
	UPDATE orchestration.managed_objects m
	SET desired_hash = NULL, attempts = 0, next_attempt_at = '-infinity', updated_at = now(),
		due_since = CASE WHEN m.applied_hash = m.desired_hash THEN now() ELSE m.due_since END
	WHERE m.namespace_id = ANY (deleted) AND m.id = ANY (free) AND m.desired_hash IS NOT NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.doom_objects(bigint[]) IS 'Lets go of everything in those of the given namespaces that are to be deleted; what somebody has locked is left to the next call.';
GRANT EXECUTE ON FUNCTION orchestration_internal.doom_objects(bigint[]) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.plan_owners(of_type text, namespace_ids bigint[], owner_ids bigint[], generations bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	PERFORM orchestration_internal.upsert_objects($1, $2, $3);

	/* what these owners asked for before and ask for no more */
	UPDATE orchestration.managed_objects m
	SET desired_hash = NULL, owner_generation = o.generation, attempts = 0, last_error_reason = NULL, last_error = NULL,
		due_since = CASE WHEN m.applied_hash = m.desired_hash THEN now() ELSE m.due_since END,
		next_attempt_at = CASE WHEN m.deletion_started_at IS NULL THEN '-infinity' ELSE m.next_attempt_at END, updated_at = now()
	FROM unnest($2, $3, $4) o (namespace_id, owner_id, generation)
	WHERE m.namespace_id = o.namespace_id AND m.owner_type = $1 AND m.owner_id = o.owner_id AND m.owner_generation < o.generation;

	/* nothing was ever sent for these, so nothing can be there */
	DELETE FROM orchestration.managed_objects m
	USING unnest($2, $3) o (namespace_id, owner_id)
	WHERE m.namespace_id = o.namespace_id AND m.owner_type = $1 AND m.owner_id = o.owner_id
		AND m.desired_hash IS NULL AND m.uid IS NULL AND m.attempted_at IS NULL;

	IF of_type = 'namespace' THEN
		PERFORM orchestration_internal.doom_objects($3);
	END IF;

	DELETE FROM orchestration_internal.plan_errors e
	USING unnest($2, $3) o (namespace_id, owner_id)
	WHERE e.namespace_id = o.namespace_id AND e.owner_type = $1 AND e.owner_id = o.owner_id;

	/* who asks for nothing is done with planning, whatever else is awaited */
	PERFORM orchestration_internal.mark_observed($1, $2, $3, $4);
	PERFORM orchestration_internal.refresh_owners($1, $2, $3, $4);
END
$$;

COMMENT ON FUNCTION orchestration_internal.plan_owners(text, bigint[], bigint[], bigint[]) IS 'Brings the inventory in line with owners of one type. Arguments: type, and three arrays of equal length: namespace ids, owner ids, generations.';
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
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	PERFORM orchestration_internal.hurry();
	FOR i IN 1 .. cardinality(owner_ids) LOOP
		BEGIN
			PERFORM orchestration_internal.plan_owners($1, $2[i:i], $3[i:i], $4[i:i]);
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

CREATE OR REPLACE FUNCTION orchestration_internal.worker_plan(cluster_id bigint, batch integer)
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	of_type text;
	owners record;
	held bigint[];
	planned integer := 0;
BEGIN
	FOR of_type IN SELECT r.singular FROM orchestration_internal.resources() r WHERE r.kinds <> '{}' ORDER BY r.nth LOOP
		EXIT WHEN planned >= batch;
		SELECT count(*) AS number, array_agg(o.namespace_id) AS namespace_ids, array_agg(o.owner_id) AS ids, array_agg(o.generation) AS generations
		INTO owners
		FROM orchestration_internal.unplanned_owners($1, of_type, batch - planned) o;
		CONTINUE WHEN owners.number = 0;
		planned := planned + owners.number;
		held := orchestration_internal.held_owners(of_type, owners.namespace_ids, owners.ids);
		IF held <> '{}' THEN
			PERFORM orchestration_internal.note_plan_error(of_type, o.namespace_id, o.id, o.generation, 'Locked', 'somebody has locked what is to be written')
			FROM unnest(owners.namespace_ids, owners.ids, owners.generations) o (namespace_id, id, generation)
			WHERE o.id = ANY (held);
			SELECT array_agg(o.namespace_id) AS namespace_ids, array_agg(o.id) AS ids, array_agg(o.generation) AS generations INTO owners
			FROM unnest(owners.namespace_ids, owners.ids, owners.generations) o (namespace_id, id, generation)
			WHERE o.id <> ALL (held);
			CONTINUE WHEN owners.ids IS NULL;
		END IF;
		BEGIN
			PERFORM orchestration_internal.plan_owners(of_type, owners.namespace_ids, owners.ids, owners.generations);
		EXCEPTION WHEN OTHERS THEN
			PERFORM orchestration_internal.plan_one_by_one(of_type, owners.namespace_ids, owners.ids, owners.generations);
		END;
	END LOOP;
	RETURN planned;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_plan(bigint, integer) IS 'Compares rows that changed with the inventory and writes what objects are to exist. Arguments: cluster, owners at most. Returns how many owners it looked at: call again while that is as many as asked for.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_plan(bigint, integer) TO orchestration_worker;
