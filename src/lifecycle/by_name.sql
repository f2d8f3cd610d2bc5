/*
 * The same by namespace and name, as people call things.  An id is what a program keeps: it means the container
 * that it was given for, also when another one has the name by then.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.find_container(namespace text, name text)
RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	of_namespace bigint := (SELECT n.id FROM orchestration.namespaces n WHERE n.name = namespace ORDER BY n.status = 'deleted', n.id DESC LIMIT 1);
	found_id bigint := (SELECT c.id FROM orchestration.containers c WHERE c.namespace_id = of_namespace AND c.name = find_container.name AND c.status <> 'deleted');
BEGIN
	IF found_id IS NULL THEN
		/* the last one of that name: what is refused says that it is deleted, why() says what became of it */
		found_id := (SELECT max(c.id) FROM orchestration.containers c WHERE c.namespace_id = of_namespace AND c.name = find_container.name);
	END IF;
	IF of_namespace IS NULL THEN
		RAISE EXCEPTION 'namespace % does not exist', COALESCE('"' || namespace || '"', 'NULL')
			USING ERRCODE = 'OR004', HINT = 'SELECT name FROM orchestration.namespace_list shows those that do.';
	ELSIF found_id IS NULL THEN
		RAISE EXCEPTION 'container % does not exist in namespace "%"', COALESCE('"' || name || '"', 'NULL'), namespace
			USING ERRCODE = 'OR004', HINT = format('SELECT name FROM orchestration.container_list WHERE namespace = %L shows those that do.', namespace),
				TABLE = orchestration_internal.error_about('containers', of_namespace, NULL, name);
	END IF;
	RETURN found_id;
END
$$;

COMMENT ON FUNCTION orchestration_internal.find_container(text, text) IS 'Id of a container by namespace and name; the one that lives, where deleted ones had the same name. Raises OR004, and says where to look.';
GRANT EXECUTE ON FUNCTION orchestration_internal.find_container(text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.start_container(namespace text, name text)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$ SELECT orchestration.start_container(orchestration_internal.find_container($1, $2)) $$;

COMMENT ON FUNCTION orchestration.start_container(text, text) IS 'Starts a stopped container, tries a failed one again, or runs a completed job once more. Arguments: namespace, name. Needs execute on containers. Raises 42501, OR004, OR010 when it is running or paused, OR012 when it is deleted.';
GRANT EXECUTE ON FUNCTION orchestration.start_container(text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.pause_container(namespace text, name text)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$ SELECT orchestration.pause_container(orchestration_internal.find_container($1, $2)) $$;

COMMENT ON FUNCTION orchestration.pause_container(text, text) IS 'Removes the pods of a running container and keeps everything else, so that it resumes quickly. Arguments: namespace, name. Needs execute on containers. Raises 42501, OR004, OR010 when it is not meant to run, OR012 when it is deleted.';
GRANT EXECUTE ON FUNCTION orchestration.pause_container(text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.resume_container(namespace text, name text)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$ SELECT orchestration.resume_container(orchestration_internal.find_container($1, $2)) $$;

COMMENT ON FUNCTION orchestration.resume_container(text, text) IS 'Brings the pods of a paused container back. Arguments: namespace, name. Needs execute on containers. Raises 42501, OR004, OR010 when it is not paused, OR012 when it is deleted.';
GRANT EXECUTE ON FUNCTION orchestration.resume_container(text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.stop_container(namespace text, name text)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$ SELECT orchestration.stop_container(orchestration_internal.find_container($1, $2)) $$;

COMMENT ON FUNCTION orchestration.stop_container(text, text) IS 'Stops a running or paused container. Arguments: namespace, name. Needs execute on containers. Raises 42501, OR004, OR010 when it is stopped, OR012 when it is deleted.';
GRANT EXECUTE ON FUNCTION orchestration.stop_container(text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.restart_container(namespace text, name text)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$ SELECT orchestration.restart_container(orchestration_internal.find_container($1, $2)) $$;

COMMENT ON FUNCTION orchestration.restart_container(text, text) IS 'Replaces the pods of a running container, by its rollout strategy; what runs to completion runs again, at once. Arguments: namespace, name. Needs execute on containers. Raises 42501, OR004, OR010 when it is not meant to run, OR012 when it is deleted.';
GRANT EXECUTE ON FUNCTION orchestration.restart_container(text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.scale_container(namespace text, name text, replicas integer)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$ SELECT orchestration.scale_container(orchestration_internal.find_container($1, $2), $3) $$;

COMMENT ON FUNCTION orchestration.scale_container(text, text, integer) IS 'Sets the number of pods, for now or, when paused or stopped, for later. Arguments: namespace, name, replicas from 0 to 10000. Needs update on containers. Raises 42501, OR003 for another number, OR004, OR010 when it is being deleted or its pods are left to an autoscaler, OR012 when it is deleted.';
GRANT EXECUTE ON FUNCTION orchestration.scale_container(text, text, integer) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.set_image(namespace text, name text, image text)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$ SELECT orchestration.set_image(orchestration_internal.find_container($1, $2), $3) $$;

COMMENT ON FUNCTION orchestration.set_image(text, text, text) IS 'Changes the image of a container, whose pods are replaced by its rollout strategy; nothing happens when it has that image. Arguments: namespace, name, image as registry/repository:tag@digest. Needs update on containers. Raises 42501, OR003, OR004, OR010 when it is being deleted, OR012 when it is deleted.';
GRANT EXECUTE ON FUNCTION orchestration.set_image(text, text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.delete_container(namespace text, name text)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$ SELECT orchestration.delete_container(orchestration_internal.find_container($1, $2)) $$;

COMMENT ON FUNCTION orchestration.delete_container(text, text) IS 'Removes the container from its cluster, in any state; does nothing when that is under way. Its name is free once the cluster proves that nothing is left. Arguments: namespace, name. Needs delete on containers. Raises 42501, OR004, OR012 when it is deleted.';
GRANT EXECUTE ON FUNCTION orchestration.delete_container(text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.why(namespace text, name text)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT orchestration.why(orchestration_internal.find_container($1, $2)) $$;

COMMENT ON FUNCTION orchestration.why(text, text) IS 'Says in one text how a container is, what is known of its objects, pods and cluster, and what to do. Arguments: namespace, name; a deleted one of that name when none lives. Raises OR004.';
GRANT EXECUTE ON FUNCTION orchestration.why(text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.wait_for_container(namespace text, name text, status text, timeout interval DEFAULT '60s')
RETURNS boolean
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_wait_for_named_container';

COMMENT ON FUNCTION orchestration.wait_for_container(text, text, text, interval) IS 'Blocks until the container has the status, as wait_for_container(id, ...) does. Arguments: namespace, name, status, how long at most (NULL: without limit). True when it has, false when the timeout is over or the container was deleted meanwhile. Raises OR003, OR004, 25000.';
GRANT EXECUTE ON FUNCTION orchestration.wait_for_container(text, text, text, interval) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.container_logs(namespace text, name text, tail integer DEFAULT 100, since interval DEFAULT NULL, previous boolean DEFAULT false, pod text DEFAULT NULL)
RETURNS TABLE (pod_name text, logged_at timestamptz, line text)
LANGUAGE c VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_named_container_logs';

COMMENT ON FUNCTION orchestration.container_logs(text, text, integer, interval, boolean, text) IS 'What the pods of a container printed, in the order of time, as container_logs(id, ...) does. Arguments: namespace, name, tail: lines of each pod (NULL: all), since: how far back (NULL: to the beginning), previous: of the run before the last restart, pod: one of them instead of all. Needs read on logs. Raises 42501, OR003, OR004, OR021, OR032.';
GRANT EXECUTE ON FUNCTION orchestration.container_logs(text, text, integer, interval, boolean, text) TO orchestration_user;
