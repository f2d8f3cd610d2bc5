/* why(): everything that is known of one container, and what to do about it. */

CREATE OR REPLACE FUNCTION orchestration_internal.advice(reason text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN reason IN ('ImagePullBackOff', 'ErrImagePull', 'RegistryUnavailable', 'ImageInspectError') THEN
			'Check that registry, repository and tag of the image exist and are spelled right; a private registry needs its credentials in orchestration.registries.'
		WHEN reason = 'InvalidImageName' THEN 'Correct the image reference.'
		WHEN reason = 'ErrImageNeverPull' THEN 'Set image_pull_policy to IfNotPresent, or bring the image to the node.'
		WHEN reason = 'OOMKilled' THEN 'The container needs more memory than it may have: raise memory_limit, or make the program use less.'
		WHEN reason IN ('CrashLoopBackOff', 'Restarting', 'Error') OR reason LIKE 'ExitCode:%' OR reason LIKE 'Signal:%' THEN
			'The program ends by itself: its last words are above, its log has the rest; check command, args and environment, and the liveness probe if it has one.'
		WHEN reason IN ('CreateContainerConfigError', 'CreateContainerError', 'RunContainerError', 'StartError', 'ContainerCannotRun') THEN
			'The node cannot start the container: check that the config maps, secrets and keys it refers to exist, that command is in the image, and its mounts and security context.'
		WHEN reason IN ('Unschedulable', 'SchedulingGated') THEN
			'No node takes the pod: lower cpu_request and memory_request, change node_selector or tolerations, or add nodes. It starts by itself when there is room.'
		WHEN reason IN ('Starting', 'NotReady', 'ProgressDeadlineExceeded', 'PartiallyReady') THEN
			'The program runs and a probe does not succeed: check path, port and initial_delay_seconds of its probes, and whether the program listens.'
		WHEN reason = 'Conflict' THEN
			'Something that is not ours has the name: rename the container, or remove the other object; it is looked at again within a minute.'
		WHEN reason = 'Forbidden' THEN
			'The cluster refuses: give the account in the kubeconfig the rights of docs/rbac.yaml, or ask who set the admission policy named above.'
		WHEN reason = 'QuotaExceeded' THEN 'A resource quota of the namespace in the cluster is used up: raise it, or ask for less.'
		WHEN reason = 'Invalid' THEN 'The cluster does not accept the specification: correct the field named above (overrides included). It is sent again as soon as the row changes.'
		WHEN reason = 'RenderFailed' THEN 'The row cannot be turned into a manifest: correct what is named above; SELECT * FROM orchestration.plan(...) shows the same error.'
		WHEN reason = 'FailedCreate' THEN 'The cluster cannot make pods: the message names the quota, policy or service account in the way.'
		WHEN reason IN ('FinalizerBlocked', 'StopOverdue') THEN
			'The cluster was asked and does not finish: look for finalizers (kubectl get ... -o yaml) and for a node that does not answer.'
		WHEN reason = 'NodeLost' THEN 'The node does not report any more: check it; the pod is replaced when the node comes back or is deleted.'
		WHEN reason IN ('Unreachable', 'ServerError', 'Unauthorized', 'TooManyRequests') THEN 'The cluster does not answer as it should; it is tried again by itself. See orchestration.cluster_status.'
		WHEN reason = 'NamespaceTerminating' THEN 'Somebody deletes the namespace in the cluster; it is made again when that has finished.'
		END
$$;

COMMENT ON FUNCTION orchestration_internal.advice(text) IS 'What to do about a status_reason; NULL where nothing needs to be done.';
GRANT EXECUTE ON FUNCTION orchestration_internal.advice(text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.describe_cluster(of_cluster bigint)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	cluster record;
	worker text;
BEGIN
	IF of_cluster IS NULL THEN
		RETURN 'The namespace has no cluster: nothing runs, and the status is what somebody wrote.';
	END IF;
	/* not all columns: nobody reads the credentials */
	SELECT c.name, c.status, c.status_message, c.observed_at, c.enabled, c.lease_holder, c.usage_message INTO cluster
	FROM orchestration.clusters c WHERE c.id = of_cluster;
	IF NOT FOUND THEN
		RETURN 'Cluster: how it does is for those who may read clusters.';
	END IF;
	BEGIN
		SELECT w.state INTO worker FROM orchestration_internal.worker_state() w WHERE w.database_name = current_database();
		worker := COALESCE(worker, 'absent');
	EXCEPTION
		WHEN SQLSTATE 'OR032' THEN worker := 'not preloaded';
		WHEN insufficient_privilege THEN worker := NULL;
	END;
	RETURN concat_ws(E'\n',
		format('Cluster "%s": %s%s, %s.', cluster.name, cluster.status, COALESCE(' (' || cluster.status_message || ')', ''),
			COALESCE('last heard of ' || to_char(cluster.observed_at, 'YYYY-MM-DD HH24:MI:SS TZ'), 'not heard of yet')),
		CASE WHEN worker = 'not preloaded' THEN 'No worker: add orchestration to shared_preload_libraries and restart the server.'
			WHEN worker = 'waiting' THEN 'No worker: more databases have the extension than orchestration.max_databases; raise it and restart the server.'
			WHEN worker <> 'running' THEN format('The worker of this database is %s: see orchestration.worker_status and the server log, and the setting orchestration.worker_enabled.', worker)
			WHEN NOT cluster.enabled THEN 'The cluster is disabled: UPDATE orchestration.clusters SET enabled = true.'
			WHEN cluster.status = 'standby' THEN format('%s holds the lease and writes there; to make this database the one that does: SELECT orchestration.take_over(%L).',
				COALESCE(cluster.lease_holder, 'Another database'), cluster.name)
			WHEN cluster.status IN ('unreachable', 'refused') THEN 'Nothing can be changed or seen there until this is mended; what is below may be out of date.'
			END,
		'Usage: ' || cluster.usage_message || '.');
END
$$;

COMMENT ON FUNCTION orchestration_internal.describe_cluster(bigint) IS 'How things stand between this database and a cluster, in one to three lines.';
GRANT EXECUTE ON FUNCTION orchestration_internal.describe_cluster(bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.describe_objects(of_namespace bigint, of_container bigint)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT string_agg(format('%s "%s"%s: %s%s', m.kind, m.name,
		CASE WHEN m.owner_type <> 'container' THEN format(' (%s %s)', replace(m.owner_type, '_', ' '), m.owner_id) ELSE '' END,
		CASE WHEN m.last_error_reason IS NOT NULL THEN format('%s: %s; attempt %s, again %s', m.last_error_reason, m.last_error, m.attempts,
				CASE WHEN m.next_attempt_at > clock_timestamp() THEN 'in ' || ceil(extract(epoch FROM m.next_attempt_at - clock_timestamp())) || ' s' ELSE 'at once' END)
			WHEN m.deletion_started_at IS NOT NULL THEN 'being deleted since ' || to_char(m.deletion_started_at, 'YYYY-MM-DD HH24:MI:SS TZ')
			WHEN m.desired_hash IS NULL THEN 'to be deleted'
			WHEN m.uid IS NULL THEN 'not in the cluster'
			WHEN m.applied_hash IS DISTINCT FROM m.desired_hash THEN 'to be applied again'
			ELSE 'as wanted' END,
		COALESCE('; warning: ' || m.last_warning, '')), E'\n' ORDER BY m.apply_order, m.kind, m.name)
	FROM orchestration.managed_objects m
	WHERE m.namespace_id = of_namespace
		AND (m.owner_type = 'container' AND m.owner_id = of_container
			/* of the others only what may stand in the way */
			OR m.owner_type <> 'container' AND (m.last_error_reason IS NOT NULL OR m.uid IS NULL)
				AND (m.owner_type IN ('namespace', 'registry')
					OR m.owner_type = 'volume' AND m.owner_id IN (SELECT v.volume_id FROM orchestration.container_volumes v
						WHERE v.namespace_id = of_namespace AND v.container_id = of_container)
					OR m.owner_type = 'config_map' AND m.owner_id IN (SELECT e.config_map_id FROM orchestration.environment_variables e
						WHERE e.namespace_id = of_namespace AND e.container_id = of_container)
					OR m.owner_type = 'secret' AND m.owner_id IN (SELECT e.secret_id FROM orchestration.environment_variables e
						WHERE e.namespace_id = of_namespace AND e.container_id = of_container)))
$$;

COMMENT ON FUNCTION orchestration_internal.describe_objects(bigint, bigint) IS 'One line for each object of a container, and for those it needs that are not there.';
GRANT EXECUTE ON FUNCTION orchestration_internal.describe_objects(bigint, bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.describe_pods(of_namespace bigint, of_container bigint)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT string_agg(format('Pod %s%s: %s', i.pod_name, COALESCE(' on ' || i.node_name, ''), concat_ws(', ',
		i.phase, CASE WHEN i.ready THEN 'ready' ELSE 'not ready' END,
		CASE WHEN i.terminating_at IS NOT NULL THEN 'terminating' END,
		CASE WHEN i.restart_count > 0 THEN i.restart_count || ' restarts' END,
		COALESCE(i.observed ->> 'waitingReason' || COALESCE(': ' || (i.observed ->> 'waitingMessage'), ''),
			i.observed ->> 'unscheduledReason' || COALESCE(': ' || (i.observed ->> 'unscheduledMessage'), ''),
			i.observed ->> 'reason', CASE WHEN NOT i.ready THEN i.observed ->> 'message' END),
		(SELECT string_agg(format('%s: %s, exit code %s%s', t.label, t.state ->> 'reason', t.state ->> 'exitCode',
				COALESCE(', ' || to_json(t.state ->> 'message')::text, '')), ', ')
		 FROM (VALUES ('ended', i.observed -> 'terminated'), ('last end', i.observed -> 'lastTerminated')) t (label, state)
		 WHERE t.state IS NOT NULL))), E'\n' ORDER BY i.id)
	FROM (
		SELECT x.* FROM orchestration.container_instances x
		WHERE x.namespace_id = of_namespace AND x.container_id = of_container AND x.ended_at IS NULL
		ORDER BY x.ready, x.id DESC
		LIMIT 10
	) i
$$;

COMMENT ON FUNCTION orchestration_internal.describe_pods(bigint, bigint) IS 'One line for each pod of a container, at most ten, those that are not ready first.';
GRANT EXECUTE ON FUNCTION orchestration_internal.describe_pods(bigint, bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.why(id bigint)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	container record;
BEGIN
	SELECT c.*, n.name AS namespace, n.cluster_id, n.status AS namespace_status, n.status_reason AS namespace_reason, n.status_message AS namespace_message
	INTO container
	FROM orchestration.containers c
	JOIN orchestration.namespaces n ON n.id = c.namespace_id
	WHERE c.id = $1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'container % does not exist', COALESCE($1::text, 'NULL')
			USING ERRCODE = 'OR004', HINT = 'SELECT id, name FROM orchestration.containers lists them.';
	END IF;

	RETURN concat_ws(E'\n',
		format('Container "%s" in namespace "%s" is %s since %s%s%s', container.name, container.namespace, container.status,
			to_char(container.status_changed_at, 'YYYY-MM-DD HH24:MI:SS TZ'), COALESCE(': ' || container.status_reason, ''),
			COALESCE(' (' || translate(container.status_message, E'\n', ' ') || ')', '')) || '.',
		format('Wanted: %s, %s of %s replicas ready, generation %s %s.', container.desired_state, container.ready_replicas, container.replicas, container.generation,
			CASE WHEN container.observed_generation >= container.generation THEN 'is in the cluster'
				ELSE format('is not in the cluster yet (%s is)', container.observed_generation) END),
		CASE WHEN container.status <> 'deleted' THEN orchestration_internal.describe_cluster(container.cluster_id) END,
		CASE WHEN container.cluster_id IS NOT NULL AND container.namespace_status <> 'active' THEN
			format('Namespace "%s" is %s%s.', container.namespace, container.namespace_status,
				COALESCE(': ' || concat_ws(', ', container.namespace_reason, container.namespace_message), '')) END,
		(SELECT format('This row cannot be planned: %s: %s', e.reason, e.message) FROM orchestration_internal.plan_errors e
		 WHERE e.namespace_id = container.namespace_id AND e.owner_type = 'container' AND e.owner_id = container.id),
		orchestration_internal.describe_objects(container.namespace_id, container.id),
		orchestration_internal.describe_missing(container.namespace_id, container.id),
		orchestration_internal.describe_pods(container.namespace_id, container.id),
		orchestration_internal.describe_copies(container.namespace_id, container.id),
		'What to do: ' || CASE
			WHEN container.status = container.desired_state AND container.status_reason IS NULL THEN 'nothing, all is as wanted.'
			ELSE COALESCE(orchestration_internal.advice(container.status_reason), 'nothing, unless it stays like this.') END);
END
$$;

COMMENT ON FUNCTION orchestration.why(bigint) IS 'Says in one text how a container is, what is known of its objects, pods and cluster, and what to do. Argument: container id. Raises OR004.';
GRANT EXECUTE ON FUNCTION orchestration.why(bigint) TO orchestration_user;
