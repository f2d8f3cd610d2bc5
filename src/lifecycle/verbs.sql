/*
 * The verbs.  Each does what a plain UPDATE of one column does, after asking
 * whether the verb makes sense here; the triggers do the rest for both.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.lock_container(container_id bigint, OUT namespace_id bigint, OUT name text, OUT status text, OUT desired_state text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	SELECT c.namespace_id, c.name, c.status, c.desired_state
	INTO namespace_id, name, status, desired_state
	FROM orchestration.containers c
	WHERE c.id = container_id
	FOR NO KEY UPDATE;

	IF NOT FOUND THEN
		RAISE EXCEPTION 'container % does not exist', coalesce(container_id::text, 'NULL')
			USING ERRCODE = 'OR004', HINT = 'SELECT id, name FROM orchestration.containers shows those that do.';
	END IF;
	IF status = 'deleted' THEN
		RAISE EXCEPTION 'container "%" is deleted', name
			USING ERRCODE = 'OR012',
				DETAIL = 'A deleted container is final; its row is kept for the record.',
				HINT = 'Create a new container; the name is free again.',
				TABLE = orchestration_internal.error_about('containers', namespace_id, container_id, name);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.lock_container(bigint) IS 'Finds a container by its id and locks its row until the end of the transaction. Raises OR004 when there is none, OR012 when it is deleted.';
GRANT EXECUTE ON FUNCTION orchestration_internal.lock_container(bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.refuse_verb(namespace_id bigint, container_id bigint, container_name text, verb text, from_state text, to_state text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	desirable constant text[] := '{running,paused,stopped,deleted}';
	verb_from text;
	allowed text;
BEGIN
	SELECT pg_catalog.string_agg(t.from_status, ', ') INTO verb_from
	FROM orchestration.lifecycle_transitions() t
	WHERE t.verb = refuse_verb.verb AND t.to_status = to_state AND t.from_status = ANY (desirable);

	SELECT pg_catalog.string_agg(pg_catalog.format('%s (%s)', t.to_status, t.verb), ', ') INTO allowed
	FROM orchestration.lifecycle_transitions() t
	WHERE t.from_status = from_state AND t.to_status = ANY (desirable) AND t.verb IS NOT NULL;

	RAISE EXCEPTION 'illegal transition of container "%" from % to %', container_name, from_state, to_state
		USING ERRCODE = 'OR010',
			DETAIL = pg_catalog.format('%s() needs desired state %s; it is %s, which may become: %s.',
				verb, verb_from, from_state, coalesce(allowed, 'nothing')),
			HINT = 'SELECT * FROM orchestration.lifecycle_transitions() shows every legal step.',
			TABLE = orchestration_internal.error_about('containers', namespace_id, container_id, container_name);
END
$$;

COMMENT ON FUNCTION orchestration_internal.refuse_verb(bigint, bigint, text, text, text, text) IS 'Raises OR010: what the verb needs, what the container is, and what it may become.';
GRANT EXECUTE ON FUNCTION orchestration_internal.refuse_verb(bigint, bigint, text, text, text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.request_state(container_id bigint, verb text, to_state text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	container record := orchestration_internal.lock_container(container_id);
BEGIN
	IF NOT EXISTS (
		SELECT FROM orchestration.lifecycle_transitions() t
		WHERE t.verb = request_state.verb AND t.from_status = container.desired_state AND t.to_status = to_state)
	THEN
		PERFORM orchestration_internal.refuse_verb(container.namespace_id, container_id, container.name, verb, container.desired_state, to_state);
	END IF;

	UPDATE orchestration.containers c
	SET desired_state = to_state
	WHERE c.namespace_id = container.namespace_id AND c.id = container_id;
END
$$;

COMMENT ON FUNCTION orchestration_internal.request_state(bigint, text, text) IS 'Sets desired_state if the verb leads from the present one to the wanted one. Raises OR004, OR010, OR012.';
GRANT EXECUTE ON FUNCTION orchestration_internal.request_state(bigint, text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.start_container(id bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	container record := orchestration_internal.lock_container(id);
BEGIN
	/* it should run and does not: try again with new pods, or run the job again */
	IF container.desired_state = 'running' AND container.status IN ('failed', 'stopped') THEN
		UPDATE orchestration.containers c
		SET restart_requested_at = pg_catalog.clock_timestamp()
		WHERE c.namespace_id = container.namespace_id AND c.id = start_container.id;
	ELSE
		PERFORM orchestration_internal.request_state(id, 'start_container', 'running');
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration.start_container(bigint) IS 'Starts a stopped container, tries a failed one again, or runs a job once more that has completed or was stopped. Argument: id. Raises OR004 when there is no such container, OR010 when it is running or paused, OR012 when it is deleted.';
GRANT EXECUTE ON FUNCTION orchestration.start_container(bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.pause_container(id bigint)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$ SELECT orchestration_internal.request_state($1, 'pause_container', 'paused') $$;

COMMENT ON FUNCTION orchestration.pause_container(bigint) IS 'Removes the pods of a running container and keeps everything else, so that it resumes quickly. Argument: id. Raises OR004 when there is no such container, OR010 when it is not meant to run, OR012 when it is deleted.';
GRANT EXECUTE ON FUNCTION orchestration.pause_container(bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.resume_container(id bigint)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$ SELECT orchestration_internal.request_state($1, 'resume_container', 'running') $$;

COMMENT ON FUNCTION orchestration.resume_container(bigint) IS 'Brings the pods of a paused container back. Argument: id. Raises OR004 when there is no such container, OR010 when it is not paused, OR012 when it is deleted.';
GRANT EXECUTE ON FUNCTION orchestration.resume_container(bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.stop_container(id bigint)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$ SELECT orchestration_internal.request_state($1, 'stop_container', 'stopped') $$;

COMMENT ON FUNCTION orchestration.stop_container(bigint) IS 'Stops a running or paused container. Argument: id. Raises OR004 when there is no such container, OR010 when it is stopped, OR012 when it is deleted.';
GRANT EXECUTE ON FUNCTION orchestration.stop_container(bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.restart_container(id bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	container record := orchestration_internal.lock_container(id);
BEGIN
	IF container.desired_state <> 'running' THEN
		PERFORM orchestration_internal.refuse_verb(container.namespace_id, id, container.name, 'restart_container', container.desired_state, 'running');
	END IF;
	UPDATE orchestration.containers c
	SET restart_requested_at = pg_catalog.clock_timestamp()
	WHERE c.namespace_id = container.namespace_id AND c.id = restart_container.id;
END
$$;

COMMENT ON FUNCTION orchestration.restart_container(bigint) IS 'Replaces the pods of a running container, by its rollout strategy; what runs to completion runs again, at once. Argument: id. Raises OR004 when there is no such container, OR010 when it is not meant to run, OR012 when it is deleted.';
GRANT EXECUTE ON FUNCTION orchestration.restart_container(bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.scale_container(id bigint, replicas integer)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	container record := orchestration_internal.lock_living_container(id);
BEGIN
	IF replicas IS NULL OR replicas NOT BETWEEN 0 AND 10000 THEN
		RAISE EXCEPTION 'replicas of container "%" cannot be %', container.name, coalesce(replicas::text, 'NULL')
			USING ERRCODE = 'OR003', HINT = 'Use a number from 0 to 10000.', TABLE = orchestration_internal.error_about('containers', container.namespace_id, id, container.name);
	END IF;
	IF (SELECT c.autoscaled FROM orchestration.containers c WHERE c.namespace_id = container.namespace_id AND c.id = scale_container.id) THEN
		RAISE EXCEPTION 'replicas of container "%" are left to an autoscaler', container.name
			USING ERRCODE = 'OR010', DETAIL = 'The cluster would not be told of the number: autoscaled is true.',
				HINT = format('SELECT orchestration.update_container(%s, replicas => %s, autoscaled => false) takes them back; minimum and maximum are the autoscaler''s.', id, replicas),
				TABLE = orchestration_internal.error_about('containers', container.namespace_id, id, container.name);
	END IF;
	UPDATE orchestration.containers c
	SET replicas = scale_container.replicas
	WHERE c.namespace_id = container.namespace_id AND c.id = scale_container.id;
END
$$;

COMMENT ON FUNCTION orchestration.scale_container(bigint, integer) IS 'Sets the number of pods, for now or, when paused or stopped, for later. Arguments: id, replicas from 0 to 10000. Raises OR003 for another number, OR004 when there is no such container, OR010 when it is being deleted or its pods are left to an autoscaler, OR012 when it is deleted.';
GRANT EXECUTE ON FUNCTION orchestration.scale_container(bigint, integer) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.delete_container(id bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	container record := orchestration_internal.lock_container(id);
BEGIN
	IF container.desired_state <> 'deleted' THEN
		PERFORM orchestration_internal.request_state(id, 'delete_container', 'deleted');
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration.delete_container(bigint) IS 'Removes the container from its cluster, in any state; does nothing when that is under way. Its row stays with status deleted once the cluster proves that nothing is left; at once where there is no cluster. Argument: id. Raises OR004 when there is no such container, OR012 when it is deleted.';
GRANT EXECUTE ON FUNCTION orchestration.delete_container(bigint) TO orchestration_user;
