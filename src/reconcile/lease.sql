/*
 * One writer for each cluster.  The Lease names the holder; whoever does not
 * hold it stands by.  There is no comparison of clocks: a holder is gone when
 * its Lease has not changed for as long as it promised.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.lease_body(lease jsonb, installation uuid, holder text)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_build_object(
		'apiVersion', 'coordination.k8s.io/v1', 'kind', 'Lease',
		'metadata', jsonb_strip_nulls(jsonb_build_object('name', 'orchestration-' || installation, 'namespace', 'default',
			'resourceVersion', lease #> '{metadata,resourceVersion}',
			'labels', COALESCE(lease #> '{metadata,labels}', '{}') || jsonb_build_object(
				'app.kubernetes.io/managed-by', 'orchestration', 'orchestration.dev/installation', installation))),
		'spec', jsonb_build_object('holderIdentity', holder, 'leaseDurationSeconds', 15, 'renewTime', t.now,
			'acquireTime', CASE WHEN h.same THEN COALESCE(lease #>> '{spec,acquireTime}', t.now) ELSE t.now END,
			'leaseTransitions', COALESCE((lease #>> '{spec,leaseTransitions}')::integer, 0) + CASE WHEN h.same OR lease IS NULL THEN 0 ELSE 1 END))
	FROM (SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now) t,
		(SELECT COALESCE(lease #>> '{spec,holderIdentity}' = holder, false) AS same) h
$$;

COMMENT ON FUNCTION orchestration_internal.lease_body(jsonb, uuid, text) IS 'The Lease as the holder writes it. Arguments: the Lease as last read (NULL: there is none), installation, holder.';
GRANT EXECUTE ON FUNCTION orchestration_internal.lease_body(jsonb, uuid, text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_lease(cluster_id bigint, lease jsonb, unchanged_for interval, holder text)
RETURNS TABLE (is_holder boolean, method text, path text, body text, current_holder text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	installation uuid := (SELECT i.id FROM orchestration.installation i);
	takeover boolean := (SELECT c.takeover_requested FROM orchestration.clusters c WHERE c.id = $1);
	expired boolean := unchanged_for > COALESCE((lease #>> '{spec,leaseDurationSeconds}')::integer, 15) * interval '1 s';
BEGIN
	path := '/apis/coordination.k8s.io/v1/namespaces/default/leases';
	current_holder := NULLIF(lease #>> '{spec,holderIdentity}', '');
	is_holder := COALESCE(current_holder = holder, false);
	IF is_holder AND takeover THEN
		/* where somebody has locked the row, the next time */
		UPDATE orchestration.clusters c SET takeover_requested = false
		WHERE c.id = (SELECT x.id FROM orchestration.clusters x WHERE x.id = $1 FOR NO KEY UPDATE SKIP LOCKED);
	END IF;
	IF FOUND AND is_holder AND takeover THEN
		PERFORM orchestration_internal.ensure_month('operation_logs', clock_timestamp());
		INSERT INTO orchestration.operation_logs (source, operation, resource_type, resource_id, resource_name, changes)
		SELECT 'worker', 'take_over', 'cluster', c.id, c.name, jsonb_build_object('holder', holder) FROM orchestration.clusters c WHERE c.id = $1;
	END IF;

	IF lease IS NULL THEN
		method := 'POST';
		body := orchestration_internal.lease_body(NULL, installation, holder)::text;
	ELSIF is_holder OR current_holder IS NULL OR takeover OR COALESCE(expired, false) THEN
		method := 'PUT';
		path := path || '/orchestration-' || installation;
		body := orchestration_internal.lease_body(lease, installation, holder)::text;
	ELSE
		path := NULL;
	END IF;
	RETURN NEXT;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_lease(bigint, jsonb, interval, text) IS 'What to do about the Lease. Arguments: cluster, the Lease as last read or written (NULL: there is none), for how long it has not changed, who we are. is_holder: it names us; method NULL: somebody else holds it, stand by; otherwise send body to path, and the answer is the Lease for the next call.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_lease(bigint, jsonb, interval, text) TO orchestration_worker;

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

COMMENT ON FUNCTION orchestration.take_over(text) IS 'Makes this database the one that writes into a cluster, although another one holds the lease: after a restore or a failover, when the other must not come back. Argument: cluster name. The other stands by within seconds. Raises OR004, and 42501 without the permission.';
GRANT EXECUTE ON FUNCTION orchestration.take_over(text) TO orchestration_user;
