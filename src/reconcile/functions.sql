/* Clusters as the worker sees them, and the safety net. */

CREATE OR REPLACE FUNCTION orchestration_internal.worker_clusters()
RETURNS TABLE (id bigint, name text, api_server text, auth_method text, kubeconfig text, kubeconfig_context text, insecure_skip_tls_verify boolean,
	enabled boolean, max_in_flight integer, generation bigint, takeover_requested boolean, usage_interval integer, installation text, lease_path text, error text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	sealed bytea;
	sealed_version bigint;
BEGIN
	FOR id, name, api_server, auth_method, sealed, sealed_version, kubeconfig_context, insecure_skip_tls_verify, enabled, max_in_flight, generation, takeover_requested, usage_interval, installation IN
		SELECT c.id, c.name, c.api_server, c.auth_method, c.encrypted_kubeconfig, c.sealed_version, c.kubeconfig_context, c.insecure_skip_tls_verify,
			c.enabled, c.max_in_flight, c.generation, c.takeover_requested, c.usage_interval, i.id::text
		FROM orchestration.clusters c, orchestration.installation i
		ORDER BY c.id
	LOOP
		lease_path := '/apis/coordination.k8s.io/v1/namespaces/default/leases/orchestration-' || installation;
		kubeconfig := NULL;
		error := NULL;
		BEGIN
			kubeconfig := convert_from(orchestration_internal.unseal_version(sealed, 'cluster/' || name, sealed_version), 'UTF8');
		EXCEPTION WHEN OTHERS THEN
			error := format('the kubeconfig cannot be read: %s', SQLERRM);
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
DECLARE
	before text;
BEGIN
	SELECT c.status INTO before FROM orchestration.clusters c WHERE c.id = $1 FOR NO KEY UPDATE SKIP LOCKED;
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

	/* it is back: what failed because it was away need not wait out its turn */
	IF $2 = 'connected' AND before IS DISTINCT FROM $2 THEN
		UPDATE orchestration.managed_objects m
		SET next_attempt_at = '-infinity', attempts = 0
		WHERE m.id = ANY (ARRAY(
			SELECT x.id FROM orchestration.managed_objects x
			WHERE x.cluster_id = $1 AND x.next_attempt_at > clock_timestamp() AND x.last_error_reason IN ('Unreachable', 'ServerError', 'Unauthorized')
			FOR NO KEY UPDATE SKIP LOCKED));
	END IF;
	RETURN true;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_cluster_report(bigint, text, text, text, text) IS 'Writes the state of the connection to a cluster. Arguments: cluster, status as in clusters.status, message, version of the server (NULL: as before), holder of the lease. Returns whether it could be written: false while somebody has locked the row.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_cluster_report(bigint, text, text, text, text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_resync(cluster_id bigint)
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	doomed integer;
	replanned integer;
BEGIN
	/* nobody asks for these any more, in this cluster */
	UPDATE orchestration.managed_objects m
	SET desired_hash = NULL, attempts = 0, next_attempt_at = '-infinity', updated_at = now(),
		due_since = CASE WHEN m.applied_hash = m.desired_hash THEN now() ELSE m.due_since END
	WHERE m.id = ANY (ARRAY(
		SELECT x.id FROM orchestration.managed_objects x
		WHERE x.cluster_id = $1 AND x.desired_hash IS NOT NULL
			AND (NOT orchestration_internal.owner_exists(x.owner_type, x.owner_id)
				OR EXISTS (SELECT FROM orchestration.namespaces n WHERE n.id = x.namespace_id AND n.cluster_id IS DISTINCT FROM $1))
		FOR NO KEY UPDATE SKIP LOCKED));
	GET DIAGNOSTICS doomed = ROW_COUNT;

	/* these were planned once, and the inventory does not know it */
	SELECT count(orchestration_internal.replan_owner(o.owner_type, o.id)) INTO replanned
	FROM (
		SELECT 'namespace' AS owner_type, n.id AS namespace_id, n.id, n.generation, n.observed_generation
		FROM orchestration.namespaces n WHERE n.cluster_id = $1 AND n.desired_state = 'active' AND n.status <> 'deleted'
		UNION ALL
		SELECT 'config_map', x.namespace_id, x.id, x.generation, x.observed_generation
		FROM orchestration.config_maps x JOIN orchestration.namespaces n ON n.id = x.namespace_id WHERE n.cluster_id = $1 AND n.desired_state = 'active'
		UNION ALL
		SELECT 'secret', x.namespace_id, x.id, x.generation, x.observed_generation
		FROM orchestration.secrets x JOIN orchestration.namespaces n ON n.id = x.namespace_id WHERE n.cluster_id = $1 AND n.desired_state = 'active'
		UNION ALL
		SELECT 'registry', x.namespace_id, x.id, x.generation, x.observed_generation
		FROM orchestration.registries x JOIN orchestration.namespaces n ON n.id = x.namespace_id WHERE n.cluster_id = $1 AND n.desired_state = 'active'
		UNION ALL
		SELECT 'volume', x.namespace_id, x.id, x.generation, x.observed_generation
		FROM orchestration.volumes x JOIN orchestration.namespaces n ON n.id = x.namespace_id
		WHERE n.cluster_id = $1 AND n.desired_state = 'active' AND x.volume_type = 'PVC'
		UNION ALL
		SELECT 'container', x.namespace_id, x.id, x.generation, x.observed_generation
		FROM orchestration.containers x JOIN orchestration.namespaces n ON n.id = x.namespace_id
		WHERE n.cluster_id = $1 AND n.desired_state = 'active' AND x.desired_state <> 'deleted' AND x.status <> 'deleted'
	) o
	WHERE o.generation = o.observed_generation AND NOT EXISTS (
		SELECT FROM orchestration.managed_objects m
		WHERE m.namespace_id = o.namespace_id AND m.owner_type = o.owner_type AND m.owner_id = o.id AND m.cluster_id = $1
			AND m.owner_generation = o.generation);

	DELETE FROM orchestration_internal.plan_errors e WHERE NOT orchestration_internal.owner_exists(e.owner_type, e.owner_id);
	RETURN doomed + replanned;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_resync(bigint) IS 'The safety net: lets go of objects whose row is gone, plans rows again whose objects are missing in the inventory. Argument: cluster. Returns how many objects and rows were out of step.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_resync(bigint) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.release_objects()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM orchestration.managed_objects m
	USING old_rows o
	WHERE m.namespace_id = (to_jsonb(o) ->> TG_ARGV[1])::bigint AND m.owner_type = TG_ARGV[0] AND m.owner_id = o.id
		AND m.uid IS NULL AND m.attempted_at IS NULL;
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
	DELETE FROM orchestration.managed_objects m WHERE m.namespace_id = OLD.id AND m.uid IS NULL AND m.attempted_at IS NULL;
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
