/*
 * Making and changing a container: one call, one write of its row, and of its parts what
 * differs.  What a column of containers needs in functions stands here.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.check_container(replicas integer, restart_policy text, image_pull_policy text, strategy text, max_surge text, max_unavailable text, termination_grace_period integer, desired_state text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM orchestration_internal.check_range('replicas', replicas, 0, 10000);
	PERFORM orchestration_internal.check_range('termination_grace_period', termination_grace_period, 0, 86400);
	PERFORM orchestration_internal.check_choice('restart_policy', restart_policy, 'Always', 'OnFailure', 'Never');
	PERFORM orchestration_internal.check_choice('image_pull_policy', image_pull_policy, 'Always', 'IfNotPresent', 'Never');
	PERFORM orchestration_internal.check_choice('strategy', strategy, 'RollingUpdate', 'Recreate');
	PERFORM orchestration_internal.check_choice('desired_state', desired_state, 'running', 'paused', 'stopped');
	IF strategy = 'Recreate' AND num_nonnulls(max_surge, max_unavailable) > 0 THEN
		PERFORM orchestration_internal.refuse(CASE WHEN max_surge IS NULL THEN 'max_unavailable' ELSE 'max_surge' END, 'It has no meaning with the strategy Recreate.', 'Leave it out, or use the strategy RollingUpdate.');
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_container(integer, text, text, text, text, text, integer, text) IS 'Raises OR003 for plain arguments of create_container() that are out of range.';
GRANT EXECUTE ON FUNCTION orchestration_internal.check_container(integer, text, text, text, text, text, integer, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.create_container(
	namespace text, name text, image text, replicas integer DEFAULT 1, command text[] DEFAULT NULL, args text[] DEFAULT NULL,
	cpu_request text DEFAULT NULL, cpu_limit text DEFAULT NULL, memory_request text DEFAULT NULL, memory_limit text DEFAULT NULL,
	env jsonb DEFAULT NULL, ports jsonb DEFAULT NULL, volumes jsonb DEFAULT NULL,
	liveness_probe jsonb DEFAULT NULL, readiness_probe jsonb DEFAULT NULL, startup_probe jsonb DEFAULT NULL,
	restart_policy text DEFAULT 'Always', overrides jsonb DEFAULT NULL, working_dir text DEFAULT NULL, init_containers jsonb DEFAULT NULL,
	image_pull_policy text DEFAULT 'IfNotPresent', strategy text DEFAULT 'RollingUpdate', max_surge text DEFAULT NULL, max_unavailable text DEFAULT NULL,
	termination_grace_period integer DEFAULT 30, service_account text DEFAULT NULL, security_context jsonb DEFAULT NULL, pod_security_context jsonb DEFAULT NULL,
	node_selector jsonb DEFAULT NULL, tolerations jsonb DEFAULT NULL, labels jsonb DEFAULT NULL, annotations jsonb DEFAULT NULL,
	description text DEFAULT NULL, desired_state text DEFAULT 'running', autoscaled boolean DEFAULT false, schedule jsonb DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	of_namespace bigint := orchestration_internal.find_namespace(namespace);
	container_id bigint;
BEGIN
	PERFORM orchestration_internal.check_container(replicas, restart_policy, image_pull_policy, strategy, max_surge, max_unavailable, termination_grace_period, desired_state);
	INSERT INTO orchestration.containers AS c (namespace_id, name, image_id, replicas, command, args,
		cpu_request, cpu_limit, memory_request, memory_limit,
		restart_policy, overrides, working_dir, init_containers,
		image_pull_policy, strategy, max_surge, max_unavailable,
		termination_grace_period, service_account, security_context, pod_security_context,
		node_selector, tolerations, labels, annotations,
		description, desired_state, autoscaled, schedule)
	VALUES (of_namespace, name, orchestration_internal.find_image(of_namespace, image), COALESCE(replicas, 1), command, args,
		orchestration_internal.quantity_argument(cpu_request, 'cpu_request'), orchestration_internal.quantity_argument(cpu_limit, 'cpu_limit'),
		orchestration_internal.quantity_argument(memory_request, 'memory_request'), orchestration_internal.quantity_argument(memory_limit, 'memory_limit'),
		COALESCE(restart_policy, 'Always'), COALESCE(overrides, '{}'), working_dir, COALESCE(init_containers, '[]'),
		COALESCE(image_pull_policy, 'IfNotPresent'), COALESCE(strategy, 'RollingUpdate'), max_surge, max_unavailable,
		COALESCE(termination_grace_period, 30), service_account, security_context, pod_security_context,
		COALESCE(node_selector, '{}'), COALESCE(tolerations, '[]'), COALESCE(labels, '{}'), COALESCE(annotations, '{}'),
		description, COALESCE(desired_state, 'running'), COALESCE(autoscaled, false), schedule)
	ON CONFLICT (namespace_id, name) WHERE status <> 'deleted' DO NOTHING
	RETURNING c.id INTO container_id;
	IF container_id IS NULL THEN
		PERFORM orchestration_internal.refuse_existing('container', name, namespace);
	END IF;
	PERFORM orchestration_internal.set_parts(of_namespace, container_id, name, env, ports, volumes, liveness_probe, readiness_probe, startup_probe);
	/* now that all is there, not first at the end of the transaction */
	IF num_nonnulls(overrides, init_containers, security_context, pod_security_context, annotations) > 0 THEN
		SET CONSTRAINTS orchestration.zz_template_insert IMMEDIATE;
		SET CONSTRAINTS orchestration.zz_template_insert DEFERRED;
	END IF;
	RETURN container_id;
END
$$;

COMMENT ON FUNCTION orchestration.create_container(text, text, text, integer, text[], text[], text, text, text, text, jsonb, jsonb, jsonb, jsonb, jsonb, jsonb, text, jsonb, text, jsonb, text, text, text, text, integer, text, jsonb, jsonb, jsonb, jsonb, jsonb, jsonb, text, text, boolean, jsonb) IS 'Makes a container and returns its id. replicas pods of it run until it is stopped or deleted, or, with restart_policy OnFailure or Never, until they have completed. image is registry/repository:tag@digest. CPU and memory are Kubernetes quantities (250m, 64Mi). env, ports, volumes, probes, init_containers, security contexts and tolerations are Kubernetes'' own JSON; env may also be {"NAME": "value"}, ports take servicePort, serviceType and nodePort beside containerPort, volumes are [{"volume": "data", "mountPath": "/data"}]. overrides is merged into the pod template. max_surge and max_unavailable are numbers or percentages; termination_grace_period is in seconds. autoscaled leaves the number of pods to somebody else in the cluster. schedule says when it runs, as in a Kubernetes CronJob: {"schedule": "30 3 * * *", "timeZone": "Europe/Berlin"}; restart_policy is then OnFailure or Never. Nothing is made when anything is refused. Raises OR001, OR002, OR003 with the place of the mistake, OR004, OR005, OR012, OR022.';
GRANT EXECUTE ON FUNCTION orchestration.create_container(text, text, text, integer, text[], text[], text, text, text, text, jsonb, jsonb, jsonb, jsonb, jsonb, jsonb, text, jsonb, text, jsonb, text, text, text, text, integer, text, jsonb, jsonb, jsonb, jsonb, jsonb, jsonb, text, text, boolean, jsonb) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.lock_living_container(container_id bigint, OUT namespace_id bigint, OUT name text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	container record := orchestration_internal.lock_container(container_id);
BEGIN
	IF container.desired_state = 'deleted' THEN
		RAISE EXCEPTION 'container "%" is being deleted', container.name
			USING ERRCODE = 'OR010', DETAIL = 'Desired state deleted may become: nothing.', HINT = 'Create a new container when its name is free again.',
				TABLE = orchestration_internal.error_about('containers', container.namespace_id, container_id, container.name);
	END IF;
	namespace_id := container.namespace_id;
	name := container.name;
END
$$;

COMMENT ON FUNCTION orchestration_internal.lock_living_container(bigint) IS 'Finds a container that is not deleted, nor about to be, and locks its row until the end of the transaction. Raises OR004, OR010, OR012.';
GRANT EXECUTE ON FUNCTION orchestration_internal.lock_living_container(bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.set_image(id bigint, image text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	container record := orchestration_internal.lock_living_container(id);
	new_image bigint := orchestration_internal.find_image(container.namespace_id, image);
BEGIN
	UPDATE orchestration.containers c
	SET image_id = new_image
	WHERE c.namespace_id = container.namespace_id AND c.id = set_image.id AND c.image_id <> new_image;
END
$$;

COMMENT ON FUNCTION orchestration.set_image(bigint, text) IS 'Changes the image of a container, whose pods are replaced by its rollout strategy; nothing happens when it has that image. Arguments: id, image as registry/repository:tag@digest. Needs update on containers. Raises 42501, OR003, OR004, OR010 when it is being deleted, OR012 when it is deleted.';
GRANT EXECUTE ON FUNCTION orchestration.set_image(bigint, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.write_container(container_id bigint, wanted record)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE orchestration.containers c
	SET image_id = wanted.image_id, replicas = wanted.replicas, command = wanted.command, args = wanted.args,
		cpu_request = wanted.cpu_request, cpu_limit = wanted.cpu_limit, memory_request = wanted.memory_request, memory_limit = wanted.memory_limit,
		restart_policy = wanted.restart_policy, overrides = wanted.overrides, working_dir = wanted.working_dir, init_containers = wanted.init_containers,
		image_pull_policy = wanted.image_pull_policy, strategy = wanted.strategy, max_surge = wanted.max_surge, max_unavailable = wanted.max_unavailable,
		termination_grace_period = wanted.termination_grace_period, service_account = wanted.service_account,
		security_context = wanted.security_context, pod_security_context = wanted.pod_security_context,
		node_selector = wanted.node_selector, tolerations = wanted.tolerations, labels = wanted.labels, annotations = wanted.annotations,
		description = wanted.description, desired_state = wanted.desired_state, autoscaled = wanted.autoscaled, schedule = wanted.schedule
	WHERE c.namespace_id = wanted.namespace_id AND c.id = container_id
		AND (c.image_id, c.replicas, c.command, c.args, c.cpu_request, c.cpu_limit, c.memory_request, c.memory_limit, c.restart_policy, c.overrides, c.working_dir,
				c.init_containers, c.image_pull_policy, c.strategy, c.max_surge, c.max_unavailable, c.termination_grace_period, c.service_account,
				c.security_context, c.pod_security_context, c.node_selector, c.tolerations, c.labels, c.annotations, c.description, c.desired_state, c.autoscaled, c.schedule)
			IS DISTINCT FROM (wanted.image_id, wanted.replicas, wanted.command, wanted.args, wanted.cpu_request, wanted.cpu_limit, wanted.memory_request,
				wanted.memory_limit, wanted.restart_policy, wanted.overrides, wanted.working_dir, wanted.init_containers, wanted.image_pull_policy,
				wanted.strategy, wanted.max_surge, wanted.max_unavailable, wanted.termination_grace_period, wanted.service_account, wanted.security_context,
				wanted.pod_security_context, wanted.node_selector, wanted.tolerations, wanted.labels, wanted.annotations, wanted.description, wanted.desired_state, wanted.autoscaled, wanted.schedule);
END
$$;

COMMENT ON FUNCTION orchestration_internal.write_container(bigint, record) IS 'Writes what differs of a row of containers, given whole.';
GRANT EXECUTE ON FUNCTION orchestration_internal.write_container(bigint, record) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.update_container(
	id bigint, image text DEFAULT NULL, replicas integer DEFAULT NULL, command text[] DEFAULT NULL, args text[] DEFAULT NULL,
	cpu_request text DEFAULT NULL, cpu_limit text DEFAULT NULL, memory_request text DEFAULT NULL, memory_limit text DEFAULT NULL,
	env jsonb DEFAULT NULL, ports jsonb DEFAULT NULL, volumes jsonb DEFAULT NULL,
	liveness_probe jsonb DEFAULT NULL, readiness_probe jsonb DEFAULT NULL, startup_probe jsonb DEFAULT NULL,
	restart_policy text DEFAULT NULL, overrides jsonb DEFAULT NULL, working_dir text DEFAULT NULL, init_containers jsonb DEFAULT NULL,
	image_pull_policy text DEFAULT NULL, strategy text DEFAULT NULL, max_surge text DEFAULT NULL, max_unavailable text DEFAULT NULL,
	termination_grace_period integer DEFAULT NULL, service_account text DEFAULT NULL, security_context jsonb DEFAULT NULL, pod_security_context jsonb DEFAULT NULL,
	node_selector jsonb DEFAULT NULL, tolerations jsonb DEFAULT NULL, labels jsonb DEFAULT NULL, annotations jsonb DEFAULT NULL,
	description text DEFAULT NULL, desired_state text DEFAULT NULL, reset text[] DEFAULT '{}', autoscaled boolean DEFAULT NULL, schedule jsonb DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	container record := orchestration_internal.lock_living_container(id);
	wanted record;
BEGIN
	PERFORM orchestration_internal.check_reset(reset, '{replicas,command,args,cpu_request,cpu_limit,memory_request,memory_limit,env,ports,volumes,liveness_probe,readiness_probe,startup_probe,restart_policy,overrides,working_dir,init_containers,image_pull_policy,strategy,max_surge,max_unavailable,termination_grace_period,service_account,security_context,pod_security_context,node_selector,tolerations,labels,annotations,description,autoscaled,schedule}');
	SELECT c.* INTO wanted FROM orchestration.containers c WHERE c.namespace_id = container.namespace_id AND c.id = update_container.id;

	wanted.replicas := orchestration_internal.updated_value('replicas', replicas, wanted.replicas, 1, reset);
	wanted.command := orchestration_internal.updated_value('command', command, wanted.command, NULL, reset);
	wanted.args := orchestration_internal.updated_value('args', args, wanted.args, NULL, reset);
	wanted.cpu_request := orchestration_internal.updated_value('cpu_request', orchestration_internal.quantity_argument(cpu_request, 'cpu_request'), wanted.cpu_request, NULL, reset);
	wanted.cpu_limit := orchestration_internal.updated_value('cpu_limit', orchestration_internal.quantity_argument(cpu_limit, 'cpu_limit'), wanted.cpu_limit, NULL, reset);
	wanted.memory_request := orchestration_internal.updated_value('memory_request', orchestration_internal.quantity_argument(memory_request, 'memory_request'), wanted.memory_request, NULL, reset);
	wanted.memory_limit := orchestration_internal.updated_value('memory_limit', orchestration_internal.quantity_argument(memory_limit, 'memory_limit'), wanted.memory_limit, NULL, reset);
	wanted.restart_policy := orchestration_internal.updated_value('restart_policy', restart_policy, wanted.restart_policy, 'Always', reset);
	wanted.overrides := orchestration_internal.updated_value('overrides', overrides, wanted.overrides, '{}', reset);
	wanted.working_dir := orchestration_internal.updated_value('working_dir', working_dir, wanted.working_dir, NULL, reset);
	wanted.init_containers := orchestration_internal.updated_value('init_containers', init_containers, wanted.init_containers, '[]', reset);
	wanted.image_pull_policy := orchestration_internal.updated_value('image_pull_policy', image_pull_policy, wanted.image_pull_policy, 'IfNotPresent', reset);
	wanted.strategy := orchestration_internal.updated_value('strategy', strategy, wanted.strategy, 'RollingUpdate', reset);
	/* the numbers of a rolling update go with it */
	wanted.max_surge := orchestration_internal.updated_value('max_surge', max_surge, CASE wanted.strategy WHEN 'RollingUpdate' THEN wanted.max_surge END, NULL, reset);
	wanted.max_unavailable := orchestration_internal.updated_value('max_unavailable', max_unavailable, CASE wanted.strategy WHEN 'RollingUpdate' THEN wanted.max_unavailable END, NULL, reset);
	wanted.termination_grace_period := orchestration_internal.updated_value('termination_grace_period', termination_grace_period, wanted.termination_grace_period, 30, reset);
	wanted.service_account := orchestration_internal.updated_value('service_account', service_account, wanted.service_account, NULL, reset);
	wanted.security_context := orchestration_internal.updated_value('security_context', security_context, wanted.security_context, NULL, reset);
	wanted.pod_security_context := orchestration_internal.updated_value('pod_security_context', pod_security_context, wanted.pod_security_context, NULL, reset);
	wanted.node_selector := orchestration_internal.updated_value('node_selector', node_selector, wanted.node_selector, '{}', reset);
	wanted.tolerations := orchestration_internal.updated_value('tolerations', tolerations, wanted.tolerations, '[]', reset);
	wanted.labels := orchestration_internal.updated_value('labels', labels, wanted.labels, '{}', reset);
	wanted.annotations := orchestration_internal.updated_value('annotations', annotations, wanted.annotations, '{}', reset);
	wanted.description := orchestration_internal.updated_value('description', description, wanted.description, NULL, reset);
	wanted.autoscaled := orchestration_internal.updated_value('autoscaled', autoscaled, wanted.autoscaled, false, reset);
	wanted.schedule := orchestration_internal.updated_value('schedule', schedule, wanted.schedule, NULL, reset);
	PERFORM orchestration_internal.check_container(wanted.replicas, wanted.restart_policy, wanted.image_pull_policy, wanted.strategy, wanted.max_surge, wanted.max_unavailable,
		wanted.termination_grace_period, desired_state);
	wanted.desired_state := COALESCE(desired_state, wanted.desired_state);
	IF image IS NOT NULL THEN
		wanted.image_id := orchestration_internal.find_image(container.namespace_id, image);
	END IF;

	PERFORM orchestration_internal.write_container(id, wanted);
	PERFORM orchestration_internal.set_parts(container.namespace_id, id, container.name,
		orchestration_internal.updated_value('env', env, NULL, '[]', reset), orchestration_internal.updated_value('ports', ports, NULL, '[]', reset),
		orchestration_internal.updated_value('volumes', volumes, NULL, '[]', reset),
		orchestration_internal.updated_value('liveness_probe', liveness_probe, NULL, NULL, reset),
		orchestration_internal.updated_value('readiness_probe', readiness_probe, NULL, NULL, reset),
		orchestration_internal.updated_value('startup_probe', startup_probe, NULL, NULL, reset),
		ARRAY(SELECT split_part(r, '_', 1) FROM unnest(reset) r WHERE r LIKE '%\_probe'));
	/* now that all is there, not first at the end of the transaction */
	SET CONSTRAINTS orchestration.zz_template_update IMMEDIATE;
	SET CONSTRAINTS orchestration.zz_template_update DEFERRED;
END
$$;

COMMENT ON FUNCTION orchestration.update_container(bigint, text, integer, text[], text[], text, text, text, text, jsonb, jsonb, jsonb, jsonb, jsonb, jsonb, text, jsonb, text, jsonb, text, text, text, text, integer, text, jsonb, jsonb, jsonb, jsonb, jsonb, jsonb, text, text, text[], boolean, jsonb) IS 'Changes a container: anything that create_container() takes but its namespace and name; pods are replaced when theirs changes. id says which, the others are as for create_container(); what is NULL stays. reset names arguments that go back to their defaults, such as ''{cpu_limit,liveness_probe}''. env, ports, volumes, labels and other collections are replaced as a whole; of what is the same already nothing is written, and whatever changes, generation rises once. Nothing is changed when anything is refused. Needs update on containers, and execute to change desired_state. Raises 42501, OR002, OR003 with the place of the mistake, OR004, OR007, OR010 when it is being deleted or desired_state cannot follow, OR012 when it is deleted, OR022.';
GRANT EXECUTE ON FUNCTION orchestration.update_container(bigint, text, integer, text[], text[], text, text, text, text, jsonb, jsonb, jsonb, jsonb, jsonb, jsonb, text, jsonb, text, jsonb, text, text, text, text, integer, text, jsonb, jsonb, jsonb, jsonb, jsonb, jsonb, text, text, text[], boolean, jsonb) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.update_container(
	namespace text, name text, image text DEFAULT NULL, replicas integer DEFAULT NULL, command text[] DEFAULT NULL, args text[] DEFAULT NULL,
	cpu_request text DEFAULT NULL, cpu_limit text DEFAULT NULL, memory_request text DEFAULT NULL, memory_limit text DEFAULT NULL,
	env jsonb DEFAULT NULL, ports jsonb DEFAULT NULL, volumes jsonb DEFAULT NULL,
	liveness_probe jsonb DEFAULT NULL, readiness_probe jsonb DEFAULT NULL, startup_probe jsonb DEFAULT NULL,
	restart_policy text DEFAULT NULL, overrides jsonb DEFAULT NULL, working_dir text DEFAULT NULL, init_containers jsonb DEFAULT NULL,
	image_pull_policy text DEFAULT NULL, strategy text DEFAULT NULL, max_surge text DEFAULT NULL, max_unavailable text DEFAULT NULL,
	termination_grace_period integer DEFAULT NULL, service_account text DEFAULT NULL, security_context jsonb DEFAULT NULL, pod_security_context jsonb DEFAULT NULL,
	node_selector jsonb DEFAULT NULL, tolerations jsonb DEFAULT NULL, labels jsonb DEFAULT NULL, annotations jsonb DEFAULT NULL,
	description text DEFAULT NULL, desired_state text DEFAULT NULL, reset text[] DEFAULT '{}', autoscaled boolean DEFAULT NULL, schedule jsonb DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM orchestration.update_container(orchestration_internal.find_container($1, $2),
		$3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37);
END
$$;

COMMENT ON FUNCTION orchestration.update_container(text, text, text, integer, text[], text[], text, text, text, text, jsonb, jsonb, jsonb, jsonb, jsonb, jsonb, text, jsonb, text, jsonb, text, text, text, text, integer, text, jsonb, jsonb, jsonb, jsonb, jsonb, jsonb, text, text, text[], boolean, jsonb) IS 'Changes a container: anything that create_container() takes but its namespace and name, which say which one. The others are as for update_container(id, ...): what is NULL stays, reset names arguments that go back to their defaults. Needs update on containers, and execute to change desired_state. Raises 42501, OR002, OR003 with the place of the mistake, OR004, OR007, OR010, OR012, OR022.';
GRANT EXECUTE ON FUNCTION orchestration.update_container(text, text, text, integer, text[], text[], text, text, text, text, jsonb, jsonb, jsonb, jsonb, jsonb, jsonb, text, jsonb, text, jsonb, text, text, text, text, integer, text, jsonb, jsonb, jsonb, jsonb, jsonb, jsonb, text, text, text[], boolean, jsonb) TO orchestration_user;
