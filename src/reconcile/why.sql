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
			'Something that is not ours has the name: rename what is named above, or remove the other object; it is looked at again within a minute.'
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
		WHEN reason = 'SurplusPods' THEN
			'More pods run than are wanted: find who made or scaled them (kubectl get pods, deployments -o wide), and delete or scale what is not needed.'
		WHEN reason = 'Terminating' THEN 'Somebody deletes it in the cluster; it is made again when that has finished. A claim goes when no pod uses it any more: copy its data before.'
		WHEN reason = 'Insisted' THEN
			'Another manager of the cluster, or an admission policy, sets it otherwise: make the row say the same, or have that changed; who it is stands above.'
		WHEN reason = 'ClaimLost' THEN 'The volume behind the claim is gone from the cluster: bring it back, or restore the data from a backup.'
		WHEN reason = 'Unbound' THEN 'The cluster has no volume for the claim yet: check its storage class, size and access mode; some classes wait for a pod that uses it.'
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
		format('Cluster "%s": %s%s, %s.', cluster.name, cluster.status, COALESCE(' (' || NULLIF(cluster.status_message, '') || ')', ''),
			COALESCE('last heard of ' || to_char(cluster.observed_at, 'YYYY-MM-DD HH24:MI:SS TZ'), 'not heard of yet')),
		CASE WHEN worker = 'not preloaded' THEN 'No worker: add orchestration to shared_preload_libraries and restart the server.'
			WHEN worker = 'waiting' THEN 'No worker: more databases have the extension than orchestration.max_databases; raise it and restart the server.'
			WHEN worker <> 'running' THEN format('The worker of this database is %s: see orchestration.worker_status and the server log, and the setting orchestration.worker_enabled.', worker)
			WHEN NOT cluster.enabled THEN 'The cluster is disabled: UPDATE orchestration.clusters SET enabled = true.'
			WHEN cluster.status = 'standby' THEN format('%s holds the lease and writes there; to make this database the one that does: SELECT orchestration.take_over(%L).',
				COALESCE(cluster.lease_holder, 'Another database'), cluster.name)
			WHEN cluster.status IN ('unreachable', 'refused') THEN 'Nothing can be changed or seen there until this is mended; what is below may be out of date.'
			END,
		'Usage: ' || NULLIF(cluster.usage_message, '') || '.');
END
$$;

COMMENT ON FUNCTION orchestration_internal.describe_cluster(bigint) IS 'How things stand between this database and a cluster, in one to three lines.';
GRANT EXECUTE ON FUNCTION orchestration_internal.describe_cluster(bigint) TO orchestration_user;

/*
 * Tables beside its parts that name a container become objects that lead to it.
 */
CREATE OR REPLACE FUNCTION orchestration_internal.container_leads(of_namespace bigint, of_container bigint)
RETURNS TABLE (owner_type text, owner_id bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	place record;
BEGIN
	FOR place IN
		SELECT r.relation, r.singular FROM orchestration_internal.resources() r
		JOIN pg_attribute a ON a.attrelid = to_regclass(format('orchestration.%I', r.relation)) AND a.attname = 'container_id'
		WHERE r.part_of IS NULL AND r.owner
	LOOP
		RETURN QUERY EXECUTE format('SELECT %L, x.id FROM orchestration.%I x WHERE x.namespace_id = $1 AND x.container_id = $2', place.singular, place.relation) USING $1, $2;
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.container_leads(bigint, bigint) IS 'Rows whose objects lead to a container. Arguments: namespace, container. Returns owner_type and owner_id as in managed_objects.';
GRANT EXECUTE ON FUNCTION orchestration_internal.container_leads(bigint, bigint) TO orchestration_user;

/*
 * What a container refers to.  For why() alone: what refers to what is otherwise
 * found in the merged pod template.
 */
CREATE OR REPLACE FUNCTION orchestration_internal.container_needs(of_namespace bigint, of_container bigint)
RETURNS TABLE (owner_type text, owner_id bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	pod jsonb := (SELECT jsonb_build_array(c.init_containers, c.overrides) FROM orchestration.containers c WHERE c.namespace_id = $1 AND c.id = $2);
	volumes bigint[] := ARRAY(
		SELECT m.volume_id FROM orchestration.container_volumes m WHERE m.namespace_id = $1 AND m.container_id = $2
		UNION
		SELECT v.id FROM orchestration.volumes v
		WHERE v.namespace_id = $1 AND (v.name = ANY (orchestration_internal.mentioned_volumes(pod -> 0, pod -> 1))
			OR to_jsonb(v.name) IN (SELECT jsonb_path_query(pod, 'lax $.**.persistentVolumeClaim.claimName'))));
BEGIN
	RETURN QUERY
	SELECT 'namespace'::text, $1
	UNION
	SELECT 'registry', r.id FROM orchestration.registries r WHERE r.namespace_id = $1
	UNION
	SELECT 'volume', v FROM unnest(volumes) v
	UNION
	SELECT 'config_map', m.id FROM orchestration.config_maps m
	WHERE m.namespace_id = $1 AND (m.id IN (SELECT e.config_map_id FROM orchestration.environment_variables e WHERE e.namespace_id = $1 AND e.container_id = $2)
		OR m.id IN (SELECT v.config_map_id FROM orchestration.volumes v WHERE v.namespace_id = $1 AND v.id = ANY (volumes))
		OR to_jsonb(m.name) IN (SELECT jsonb_path_query(pod, 'lax $.**.configMapRef.name') UNION SELECT jsonb_path_query(pod, 'lax $.**.configMapKeyRef.name')
			UNION SELECT jsonb_path_query(pod, 'lax $.**.configMap.name')))
	UNION
	SELECT 'secret', s.id FROM orchestration.secrets s
	WHERE s.namespace_id = $1 AND (s.id IN (SELECT e.secret_id FROM orchestration.environment_variables e WHERE e.namespace_id = $1 AND e.container_id = $2)
		OR s.id IN (SELECT v.secret_id FROM orchestration.volumes v WHERE v.namespace_id = $1 AND v.id = ANY (volumes))
		OR to_jsonb(s.name) IN (SELECT jsonb_path_query(pod, 'lax $.**.secretRef.name') UNION SELECT jsonb_path_query(pod, 'lax $.**.secretKeyRef.name')
			UNION SELECT jsonb_path_query(pod, 'lax $.**.secret.secretName') UNION SELECT jsonb_path_query(pod, 'lax $.**.secret.name')
			UNION SELECT jsonb_path_query(pod, 'lax $.**.imagePullSecrets[*].name')));
END
$$;

COMMENT ON FUNCTION orchestration_internal.container_needs(bigint, bigint) IS 'Rows that a container refers to, by rows or by name in init containers and overrides: those whose objects must be there for its pods. Arguments: namespace, container. Returns owner_type and owner_id as in managed_objects.';
GRANT EXECUTE ON FUNCTION orchestration_internal.container_needs(bigint, bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.object_states(of_namespace bigint, of_container bigint)
RETURNS TABLE (own boolean, kind text, name text, owner text, rank integer, reason text, state text, warning text, insisted text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT m.owner_type = 'container' OR l.owner_id IS NOT NULL, m.kind, m.name, m.owner_type || ' ' || m.owner_id, m.apply_order,
		CASE WHEN m.last_error_reason IS NOT NULL THEN m.last_error_reason
			WHEN m.deletion_started_at IS NOT NULL AND m.desired_hash IS NOT NULL AND NOT m.replacing THEN 'Terminating'
			WHEN m.observed ->> 'phase' = 'Lost' THEN 'ClaimLost'
			WHEN m.replacing THEN 'Replacing'
			WHEN m.uid IS NULL THEN 'Creating'
			WHEN m.desired_hash IS NULL THEN 'Deleting'
			WHEN m.insisted IS NOT NULL THEN 'Insisted' END,
		CASE WHEN m.last_error_reason IS NOT NULL THEN format('%s; attempt %s, again %s', concat_ws(': ', m.last_error_reason, NULLIF(m.last_error, '')), m.attempts,
				CASE WHEN m.next_attempt_at > clock_timestamp() THEN 'in ' || ceil(extract(epoch FROM m.next_attempt_at - clock_timestamp())) || ' s' ELSE 'at once' END)
			WHEN m.deletion_started_at IS NOT NULL THEN 'being deleted since ' || to_char(m.deletion_started_at, 'YYYY-MM-DD HH24:MI:SS TZ')
			WHEN m.desired_hash IS NULL THEN 'to be deleted'
			WHEN m.uid IS NULL THEN 'not in the cluster'
			WHEN m.observed ->> 'phase' = 'Lost' THEN 'lost: the volume behind it is gone'
			WHEN m.replacing THEN 'to be deleted and made anew'
			WHEN m.applied_hash IS DISTINCT FROM m.desired_hash THEN 'to be applied again'
			WHEN m.insisted IS NOT NULL THEN 'applied, and somebody insists on other values'
			ELSE 'as wanted' END,
		NULLIF(m.last_warning, ''), orchestration_internal.describe_insisted(m.insisted)
	FROM orchestration.managed_objects m
	LEFT JOIN orchestration_internal.container_leads($1, $2) l ON l.owner_type = m.owner_type AND l.owner_id = m.owner_id
	WHERE m.namespace_id = $1
		AND (m.owner_type = 'container' AND m.owner_id = $2 OR l.owner_id IS NOT NULL
			OR m.owner_type <> 'container' AND (m.owner_type, m.owner_id) IN (SELECT n.owner_type, n.owner_id FROM orchestration_internal.container_needs($1, $2) n))
	UNION ALL
	SELECT false, initcap(replace(e.owner_type, '_', ' ')), e.owner_id::text, e.owner_type || ' ' || e.owner_id, 0, e.reason,
		'cannot be planned: ' || concat_ws(': ', e.reason, NULLIF(e.message, '')), NULL, NULL
	FROM orchestration_internal.plan_errors e
	WHERE e.namespace_id = $1 AND e.owner_type <> 'container'
		AND (e.owner_type, e.owner_id) IN (SELECT n.owner_type, n.owner_id FROM orchestration_internal.container_needs($1, $2) n);
END
$$;

COMMENT ON FUNCTION orchestration_internal.object_states(bigint, bigint) IS 'The objects of a container and those that it needs, each in words, with the reason why it is not as wanted or NULL. Arguments: namespace, container.';
GRANT EXECUTE ON FUNCTION orchestration_internal.object_states(bigint, bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.describe_objects(of_namespace bigint, of_container bigint)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT string_agg(format('%s "%s"%s: %s%s%s', o.kind, o.name, CASE WHEN NOT o.own THEN format(' (%s)', replace(o.owner, '_', ' ')) ELSE '' END, o.state,
		COALESCE(' (' || o.insisted || ')', ''), COALESCE('; warning: ' || o.warning, '')), E'\n' ORDER BY o.rank, o.kind, o.name)
	FROM orchestration_internal.object_states(of_namespace, of_container) o
	/* of what it needs only what may stand in the way */
	WHERE o.own OR o.reason IS NOT NULL
$$;

COMMENT ON FUNCTION orchestration_internal.describe_objects(bigint, bigint) IS 'One line for each object of a container, and for those it needs that are not as wanted.';
GRANT EXECUTE ON FUNCTION orchestration_internal.describe_objects(bigint, bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.describe_pods(of_namespace bigint, of_container bigint)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT string_agg(format('Pod %s%s: %s', i.pod_name, COALESCE(' on ' || NULLIF(i.node_name, ''), ''), concat_ws(', ',
		i.phase, CASE WHEN i.ready THEN 'ready' ELSE 'not ready' END,
		CASE WHEN i.terminating_at IS NOT NULL THEN 'terminating' END,
		CASE WHEN i.restart_count > 0 THEN i.restart_count || ' restarts' END,
		COALESCE(NULLIF(i.observed ->> 'waitingReason', '') || COALESCE(': ' || NULLIF(i.observed ->> 'waitingMessage', ''), ''),
			NULLIF(i.observed ->> 'unscheduledReason', '') || COALESCE(': ' || NULLIF(i.observed ->> 'unscheduledMessage', ''), ''),
			NULLIF(i.observed ->> 'reason', ''), CASE WHEN NOT i.ready THEN NULLIF(i.observed ->> 'message', '') END),
		(SELECT string_agg(concat_ws(', ', t.label || ': ' || COALESCE(NULLIF(t.state ->> 'reason', ''), 'without a reason'), 'exit code ' || NULLIF(t.state ->> 'exitCode', ''),
				to_json(NULLIF(t.state ->> 'message', ''))::text), ', ')
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

CREATE OR REPLACE FUNCTION orchestration_internal.describe_wish(desired_state text, ready integer, replicas integer, wish text, generation bigint, observed_generation bigint, has_cluster boolean)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('Wanted: %s, %s%s.', desired_state,
		CASE WHEN wish IS NOT NULL THEN wish
			WHEN desired_state = 'running' THEN format('%s of %s replicas ready', ready, replicas)
			WHEN ready = 0 THEN format('none of its %s replicas runs', replicas)
			ELSE format('but %s of its %s replicas are still ready', ready, replicas) END,
		CASE WHEN NOT has_cluster THEN ''
			WHEN observed_generation >= generation THEN format(', generation %s is in the cluster', generation)
			ELSE format(', generation %s is not in the cluster yet (%s is)', generation, observed_generation) END)
$$;

COMMENT ON FUNCTION orchestration_internal.describe_wish(text, integer, integer, text, bigint, bigint, boolean) IS 'Line of why() about what is asked for. Arguments: desired_state, pods ready, replicas, what is said in place of their number (NULL: nothing), generation, observed generation, has the namespace a cluster.';
GRANT EXECUTE ON FUNCTION orchestration_internal.describe_wish(text, integer, integer, text, bigint, bigint, boolean) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.describe_namespace(name text, status text, reason text, message text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('Namespace "%s" is %s: %s.', name, status,
		COALESCE(NULLIF(concat_ws(', ', NULLIF(reason, ''), NULLIF(message, '')), ''),
			CASE status WHEN 'pending' THEN 'it is not in the cluster yet, and everything in it waits for that' ELSE 'the cluster has not said why' END))
	WHERE status <> 'active' OR reason <> ''
$$;

COMMENT ON FUNCTION orchestration_internal.describe_namespace(text, text, text, text) IS 'Line of why() about the namespace; NULL where nothing is to be said. Arguments: its name, status, status_reason and status_message.';
GRANT EXECUTE ON FUNCTION orchestration_internal.describe_namespace(text, text, text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.what_to_do(of_namespace bigint, of_container bigint)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	container record;
	cluster_status text;
	trouble record;
BEGIN
	SELECT c.status, c.desired_state, c.generation, c.observed_generation,
		CASE WHEN c.status_reason <> '' AND c.status_reason <> ALL (COALESCE(w.calm, '{}')) THEN c.status_reason END AS reason, n.cluster_id INTO container
	FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id CROSS JOIN orchestration_internal.aspect_words(of_container) w
	WHERE c.namespace_id = of_namespace AND c.id = of_container;
	SELECT CASE WHEN c.enabled THEN c.status ELSE 'disabled' END INTO cluster_status FROM orchestration.clusters c WHERE c.id = container.cluster_id;
	SELECT o.kind, o.name, o.reason, o.own INTO trouble FROM orchestration_internal.object_states(of_namespace, of_container) o
	WHERE o.reason IS NOT NULL AND container.status <> 'deleted'
	/* first what waits for somebody */
	ORDER BY orchestration_internal.advice(o.reason) IS NULL, o.own, o.rank, o.kind, o.name LIMIT 1;
	RETURN CASE
		WHEN container.status IS DISTINCT FROM container.desired_state OR container.reason IS NOT NULL THEN
			COALESCE(orchestration_internal.advice(container.reason),
				CASE WHEN trouble.reason IS NOT NULL THEN format('look after %s "%s": %s', trouble.kind, trouble.name, COALESCE(orchestration_internal.advice(trouble.reason), 'it is on its way.')) END,
				'nothing, unless it stays like this.')
		WHEN trouble.reason IS NOT NULL THEN format('it is as wanted, but %s "%s"%s is not: %s', trouble.kind, trouble.name, CASE WHEN trouble.own THEN '' ELSE ', which it uses,' END,
			COALESCE(orchestration_internal.advice(trouble.reason), 'wait, unless it stays like this.'))
		WHEN container.status = 'deleted' OR container.cluster_id IS NULL THEN 'nothing, all is as wanted.'
		WHEN cluster_status NOT IN ('connected') THEN 'look after the cluster: what is said of the container may be out of date.'
		WHEN container.observed_generation < container.generation THEN 'nothing, unless it stays like this: the last change is on its way.'
		ELSE 'nothing, all is as wanted.' END;
END
$$;

COMMENT ON FUNCTION orchestration_internal.what_to_do(bigint, bigint) IS 'Last line of why(). Arguments: namespace, container.';
GRANT EXECUTE ON FUNCTION orchestration_internal.what_to_do(bigint, bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.why(id bigint)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	container record;
	own record := orchestration_internal.aspect_words($1);
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
			to_char(container.status_changed_at, 'YYYY-MM-DD HH24:MI:SS TZ'), COALESCE(': ' || NULLIF(container.status_reason, ''), ''),
			COALESCE(' (' || NULLIF(translate(container.status_message, E'\n', ' '), '') || ')', '')) || '.',
		orchestration_internal.describe_wish(container.desired_state, container.ready_replicas, container.replicas, own.wish,
			container.generation, container.observed_generation, container.cluster_id IS NOT NULL),
		own.line,
		CASE WHEN container.status <> 'deleted' THEN orchestration_internal.describe_cluster(container.cluster_id) END,
		CASE WHEN container.cluster_id IS NOT NULL AND container.status <> 'deleted' THEN
			orchestration_internal.describe_namespace(container.namespace, container.namespace_status, container.namespace_reason, container.namespace_message) END,
		(SELECT 'This row cannot be planned: ' || concat_ws(': ', e.reason, NULLIF(e.message, '')) FROM orchestration_internal.plan_errors e
		 WHERE e.namespace_id = container.namespace_id AND e.owner_type = 'container' AND e.owner_id = container.id),
		orchestration_internal.describe_objects(container.namespace_id, container.id),
		orchestration_internal.describe_missing(container.namespace_id, container.id),
		orchestration_internal.describe_pods(container.namespace_id, container.id),
		orchestration_internal.describe_copies(container.namespace_id, container.id),
		'What to do: ' || orchestration_internal.what_to_do(container.namespace_id, container.id));
END
$$;

COMMENT ON FUNCTION orchestration.why(bigint) IS 'Says in one text how a container is, what is known of its objects and of those it needs, of its pods and its cluster, and what to do. Argument: container id. Raises OR004.';
GRANT EXECUTE ON FUNCTION orchestration.why(bigint) TO orchestration_user;
