/* Clusters as the worker sees them, and the safety net. */

CREATE OR REPLACE FUNCTION orchestration_internal.worker_clusters()
RETURNS TABLE (id bigint, name text, api_server text, auth_method text, kubeconfig text, kubeconfig_context text, insecure_skip_tls_verify boolean,
	enabled boolean, max_in_flight integer, generation bigint, takeover_requested boolean, usage_interval integer, installation text, error text, engine text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	sealed bytea;
	sealed_version bigint;
BEGIN
	FOR id, name, api_server, auth_method, sealed, sealed_version, kubeconfig_context, insecure_skip_tls_verify, enabled, max_in_flight, generation, takeover_requested, usage_interval, installation, engine IN
		SELECT c.id, c.name, c.api_server, c.auth_method, c.encrypted_kubeconfig, c.sealed_version, c.kubeconfig_context, c.insecure_skip_tls_verify,
			c.enabled, c.max_in_flight, c.generation, c.takeover_requested, c.usage_interval, i.id::text, c.engine
		FROM orchestration.clusters c, orchestration.installation i
		ORDER BY c.id
	LOOP
		kubeconfig := NULL;
		error := NULL;
		BEGIN
			kubeconfig := convert_from(orchestration_internal.unseal_version(sealed, 'cluster/' || name, sealed_version), 'UTF8');
		EXCEPTION WHEN OTHERS THEN
			error := format('the %s cannot be read: %s', CASE WHEN orchestration_internal.takes_endpoint(engine) THEN 'endpoint' ELSE 'kubeconfig' END, SQLERRM);
		END;
		RETURN NEXT;
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_clusters() IS 'All clusters with what it takes to reach them, decrypted. For the worker only. A kubeconfig that cannot be decrypted is NULL and error says why.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_clusters() TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_cluster_report(cluster_id bigint, status text, message text, server_version text, lease_holder text)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	PERFORM FROM orchestration.clusters c WHERE c.id = $1 FOR NO KEY UPDATE SKIP LOCKED;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	UPDATE orchestration.clusters c
	SET status = $2, status_message = left($3, 2000), server_version = COALESCE($4, c.server_version), lease_holder = $5,
		observed_at = clock_timestamp()
	WHERE c.id = $1
		AND ((c.status, c.status_message, c.server_version, c.lease_holder)
				IS DISTINCT FROM ($2, left($3, 2000), COALESCE($4, c.server_version), $5)
			OR c.observed_at IS NULL OR c.observed_at < clock_timestamp() - interval '10 s');

	RETURN true;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_cluster_report(bigint, text, text, text, text) IS 'Writes the state of the connection to a cluster. Arguments: cluster, status as in clusters.status, message, version of the server (NULL: as before), holder of the lease. Returns whether it could be written: false while somebody has locked the row.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_cluster_report(bigint, text, text, text, text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_resync(cluster_id bigint, at_type integer, after_namespace bigint, after_id bigint, batch integer)
RETURNS TABLE (next_type integer, next_namespace bigint, next_id bigint, out_of_step integer)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
/* in the order of the indexes: a portion that is sorted reads all that is behind it */
SET enable_bitmapscan = off
SET enable_sort = off
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	types text[] := orchestration_internal.owner_types();
	portion record;
BEGIN
	IF at_type > cardinality(types) THEN
		RETURN QUERY SELECT r.* FROM orchestration_internal.resync_objects($1, after_id, batch) r;
		RETURN;
	END IF;
	SELECT count(*)::integer AS number, (array_agg(p.namespace_id ORDER BY p.namespace_id DESC, p.id DESC))[1] AS namespace_id,
		(array_agg(p.id ORDER BY p.namespace_id DESC, p.id DESC))[1] AS id,
		(count(orchestration_internal.replan_owner(types[at_type], p.id)) FILTER (WHERE p.is_missing))::integer AS missing
	INTO portion
	FROM (
		SELECT n.id AS namespace_id, o.id, n.is_wanted AND o.asks AND o.generation = o.observed_generation AND (
			/* no EXISTS: that may be made a hash of all objects, in each portion */
			SELECT true FROM orchestration.managed_objects m
			WHERE m.namespace_id = n.id AND m.owner_type = types[at_type] AND m.owner_id = o.id AND m.cluster_id = $1
				AND m.owner_generation = o.generation LIMIT 1) IS NULL AS is_missing
		/* one namespace after the other: what is before and behind this portion is not read */
		FROM (
			SELECT x.id, x.desired_state <> 'deleted' AS is_wanted FROM orchestration.namespaces x
			WHERE x.cluster_id = $1 AND x.id >= after_namespace ORDER BY x.id
		) n
		CROSS JOIN LATERAL (
			SELECT x.* FROM orchestration_internal.owner_rows x
			WHERE x.owner_type = types[at_type] AND x.namespace_id = n.id AND x.id > CASE WHEN n.id = after_namespace THEN after_id ELSE 0 END
			ORDER BY x.id
			LIMIT batch
		) o
		ORDER BY n.id, o.id
		LIMIT batch
	) p;
	IF portion.number < batch THEN
		RETURN QUERY SELECT at_type + 1, 0::bigint, 0::bigint, portion.missing;
	ELSE
		RETURN QUERY SELECT at_type, portion.namespace_id, portion.id, portion.missing;
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_resync(bigint, integer, bigint, bigint, integer) IS 'One portion of the safety net: plans rows again whose objects are missing in the inventory, lets go of objects whose row is gone. Arguments: cluster, where to go on (type as a number, namespace, id: as the last call said, 1, 0, 0 at first), rows at most. Returns where to go on (type 0: that was all) and how much was out of step.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_resync(bigint, integer, bigint, bigint, integer) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.resync_objects(cluster_id bigint, after_id bigint, batch integer)
RETURNS TABLE (next_type integer, next_namespace bigint, next_id bigint, out_of_step integer)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	portion record;
	doomed integer;
BEGIN
	SELECT count(*) AS number, max(p.id) AS last_id, array_agg(p.id) FILTER (WHERE p.is_doomed) AS ids INTO portion
	FROM (
		SELECT x.id, x.desired_hash IS NOT NULL AND (NOT EXISTS (SELECT FROM orchestration_internal.owner_rows o WHERE o.owner_type = x.owner_type AND o.id = x.owner_id AND o.present)
			OR EXISTS (SELECT FROM orchestration.namespaces n WHERE n.id = x.namespace_id AND n.cluster_id IS DISTINCT FROM $1)) AS is_doomed
		FROM orchestration.managed_objects x
		WHERE x.cluster_id = $1 AND x.id > after_id
		ORDER BY x.id
		LIMIT batch
	) p;
	/* nobody asks for these any more, in this cluster */
	UPDATE orchestration.managed_objects m
	SET desired_hash = NULL, attempts = 0, next_attempt_at = '-infinity', updated_at = now(),
		due_since = CASE WHEN m.applied_hash = m.desired_hash THEN now() ELSE m.due_since END
	WHERE m.id = ANY (ARRAY(SELECT x.id FROM orchestration.managed_objects x WHERE x.id = ANY (portion.ids) FOR NO KEY UPDATE SKIP LOCKED));
	GET DIAGNOSTICS doomed = ROW_COUNT;
	IF portion.number = batch THEN
		RETURN QUERY SELECT 1000, 0::bigint, portion.last_id, doomed;
		RETURN;
	END IF;
	DELETE FROM orchestration_internal.plan_errors e WHERE NOT orchestration_internal.owner_exists(e.owner_type, e.owner_id);
	/* those whose objects somebody had locked when they were to be let go of */
	PERFORM orchestration_internal.doom_objects(ARRAY(
		SELECT n.id FROM orchestration.namespaces n WHERE n.cluster_id = $1 AND n.status <> 'deleted' AND n.desired_state = 'deleted'));
	RETURN QUERY SELECT 0, 0::bigint, 0::bigint, doomed;
END
$$;

COMMENT ON FUNCTION orchestration_internal.resync_objects(bigint, bigint, integer) IS 'The part of worker_resync() that looks at objects. Arguments: cluster, object after which to go on, rows at most.';
GRANT EXECUTE ON FUNCTION orchestration_internal.resync_objects(bigint, bigint, integer) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.release_objects()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE orchestration.managed_objects m
	SET desired_hash = NULL, attempts = 0, updated_at = now(),
		due_since = CASE WHEN m.applied_hash = m.desired_hash THEN now() ELSE m.due_since END,
		next_attempt_at = CASE WHEN m.deletion_started_at IS NULL THEN '-infinity' ELSE m.next_attempt_at END
	FROM old_rows o
	WHERE m.namespace_id = (to_jsonb(o) ->> TG_ARGV[1])::bigint AND m.owner_type = TG_ARGV[0] AND m.owner_id = o.id
		AND m.desired_hash IS NOT NULL;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.release_objects() IS 'Statement trigger after DELETE of everything that the worker renders: the objects of the deleted rows are to go. Arguments: type of owner, column that holds the namespace. Runs with the rights of the owner of the extension, for whoever may delete the row.';

CREATE OR REPLACE FUNCTION orchestration_internal.keep_namespace_place()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM orchestration.managed_objects m WHERE m.namespace_id = OLD.id) THEN
		RETURN NEW;
	END IF;
	/* deleting everything here and making it anew there would lose what is in the volumes */
	IF NEW.name <> OLD.name OR NEW.cluster_id IS NOT NULL THEN
		RAISE EXCEPTION 'namespace "%" cannot be renamed or moved', OLD.name
			USING ERRCODE = 'OR006', DETAIL = 'A cluster holds objects of it, and Kubernetes can neither rename nor move a namespace.',
				HINT = 'Create another namespace, or set cluster_id to NULL first: that deletes what is in the cluster; claims that are to be kept are in its way.',
				TABLE = orchestration_internal.error_about('namespaces', OLD.id, OLD.id, OLD.name);
	END IF;
	UPDATE orchestration.managed_objects m
	SET desired_hash = NULL, attempts = 0, next_attempt_at = '-infinity', updated_at = now(),
		due_since = CASE WHEN m.applied_hash = m.desired_hash THEN now() ELSE m.due_since END
	WHERE m.namespace_id = OLD.id AND m.desired_hash IS NOT NULL;
	RETURN NEW;
END
$$;

COMMENT ON FUNCTION orchestration_internal.keep_namespace_place() IS 'Row trigger of namespaces: refuses another name or cluster while a cluster holds objects of the namespace (OR006); a namespace that is taken off its cluster lets go of them. Runs with the rights of the owner of the extension, for whoever may change the row.';

/* SECURITY DEFINER: sees what the cluster holds of all namespaces */
CREATE OR REPLACE FUNCTION orchestration_internal.keep_cluster()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF (TG_OP = 'DELETE' OR NEW.id <> OLD.id) AND (EXISTS (SELECT FROM orchestration.managed_objects m WHERE m.cluster_id = OLD.id)
		OR EXISTS (SELECT FROM orchestration.container_instances i WHERE i.cluster_id = OLD.id)) THEN
		RAISE EXCEPTION 'cluster "%" still holds objects of this installation', OLD.name
			USING ERRCODE = 'OR006', HINT = 'SELECT orchestration.unregister_cluster(name) says what they belong to; with forget => true they are left to themselves.';
	END IF;
	IF TG_OP = 'DELETE' THEN
		DELETE FROM orchestration_internal.left_out l WHERE l.cluster_id = OLD.id;
		RETURN OLD;
	END IF;
	RETURN NEW;
END
$$;

COMMENT ON FUNCTION orchestration_internal.keep_cluster() IS 'Row trigger of clusters: one that holds objects of ours is not deleted (OR006). Instead of a foreign key, by which the worker would wait for whoever has locked the row. Runs with the rights of the owner of the extension.';

/* SECURITY DEFINER: whoever deletes pods may not write what was counted of them */
CREATE OR REPLACE FUNCTION orchestration_internal.forget_counters()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM orchestration_internal.container_usage_counters c
	USING old_rows o
	WHERE c.namespace_id = o.namespace_id AND c.instance_id = o.id;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.forget_counters() IS 'Statement trigger after DELETE of container_instances: what was counted of them goes with them. Instead of a foreign key, by which the worker would wait for whoever deletes them. Runs with the rights of the owner of the extension.';
