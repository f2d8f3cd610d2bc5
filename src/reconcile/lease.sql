/*
 * What the rows have to do with the Lease: which starts of this database wrote
 * it, and whether somebody asked to take it over.  What is done about it is
 * decided in lease_state.c.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.worker_lease(cluster_id bigint)
RETURNS TABLE (take_over boolean, of_cluster boolean, holder text, home text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT c.takeover_requested, s.cluster_id = c.id, s.holder, s.home
	FROM orchestration.clusters c
	LEFT JOIN (
		(SELECT x.* FROM orchestration_internal.lease_starts x WHERE x.cluster_id = $1 ORDER BY x.id DESC LIMIT 24)
		UNION ALL
		/* a cluster may have been registered by another row before */
		(SELECT x.* FROM orchestration_internal.lease_starts x WHERE x.cluster_id <> $1 ORDER BY x.id DESC LIMIT 8)) s ON true
	WHERE c.id = $1
	ORDER BY s.cluster_id = $1 DESC, s.id DESC;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_lease(bigint) IS 'What the rows know of the Lease of a cluster: whether it is to be taken over, and the starts that tried to hold one, those of this cluster first, newest first (all NULL: none did). Argument: cluster. of_cluster: it was the one of this cluster.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_lease(bigint) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_remember_start(cluster_id bigint, holder text, home text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	/* on disk before the Lease names it, here at least */
	PERFORM set_config('synchronous_commit', 'local', true);
	INSERT INTO orchestration_internal.lease_starts (cluster_id, holder, home) VALUES ($1, $2, $3);
	DELETE FROM orchestration_internal.lease_starts s
	WHERE s.cluster_id = $1
		AND s.id <= (SELECT x.id FROM orchestration_internal.lease_starts x WHERE x.cluster_id = $1 ORDER BY x.id DESC LIMIT 1 OFFSET 24);
	DELETE FROM orchestration_internal.lease_starts s
	WHERE NOT EXISTS (SELECT FROM orchestration.clusters c WHERE c.id = s.cluster_id)
		AND s.id < (SELECT max(x.id) - 100 FROM orchestration_internal.lease_starts x);
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_remember_start(bigint, text, text) IS 'Remembers that a start of the server is about to write the Lease of a cluster. Arguments: cluster, holder as the Lease names it, data directory as far as it can be told.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_remember_start(bigint, text, text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_taken_over(cluster_id bigint, holder text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	/* where somebody has locked the row, the next time */
	UPDATE orchestration.clusters c SET takeover_requested = false
	WHERE c.id = (SELECT x.id FROM orchestration.clusters x WHERE x.id = $1 AND x.takeover_requested FOR NO KEY UPDATE SKIP LOCKED);
	IF FOUND THEN
		PERFORM orchestration_internal.ensure_month('operation_logs', clock_timestamp());
		INSERT INTO orchestration.operation_logs (source, operation, resource_type, resource_id, resource_name, changes)
		SELECT 'worker', 'take_over', 'cluster', c.id, c.name, jsonb_build_object('holder', $2) FROM orchestration.clusters c WHERE c.id = $1;
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_taken_over(bigint, text) IS 'Notes that the Lease of a cluster names us as somebody asked: puts it on record, and asks no more. Arguments: cluster, holder.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_taken_over(bigint, text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration.take_over(cluster text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	of_cluster bigint := orchestration_internal.find_cluster(cluster);
BEGIN
	UPDATE orchestration.clusters c SET takeover_requested = true WHERE c.id = of_cluster;
	IF cluster IS NULL THEN
		PERFORM orchestration_internal.refuse_missing('cluster', NULL);
	ELSIF NOT FOUND THEN
		RAISE EXCEPTION 'permission denied for cluster "%"', cluster
			USING ERRCODE = '42501', HINT = 'It takes a role with {"clusters": ["update"]} that holds everywhere.',
				TABLE = orchestration_internal.error_about('clusters', 0, of_cluster, cluster);
	END IF;
	PERFORM orchestration_internal.wake_worker();
END
$$;

COMMENT ON FUNCTION orchestration.take_over(text) IS 'Makes this database the one that writes into a cluster, although another one holds the lease or held it last: after a restore, a copy, a move or an upgrade of the server. Argument: cluster name. The other stands by within seconds; this one writes when it has surely stopped, at most 15 seconds later. Raises OR004, and 42501 without the permission.';
GRANT EXECUTE ON FUNCTION orchestration.take_over(text) TO orchestration_user;
