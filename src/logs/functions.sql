/* Logs of containers. */

CREATE OR REPLACE FUNCTION orchestration.container_logs(id bigint, tail integer DEFAULT 100, since interval DEFAULT NULL, previous boolean DEFAULT false, pod text DEFAULT NULL)
RETURNS TABLE (pod_name text, logged_at timestamptz, line text)
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_container_logs';

COMMENT ON FUNCTION orchestration.container_logs(bigint, integer, interval, boolean, text) IS 'What the pods of a container printed, in the order of time, fetched from the cluster by the worker. tail: lines of each pod (NULL: all); since: how far back (NULL: to the beginning); previous: of the run before the last restart; pod: one of them instead of all. logged_at is NULL where the cluster gave no time. At most 4 MiB of a pod and 16 MiB in all, with a WARNING when it was more; a pod without such a log is told in a NOTICE. Needs the permission read on logs. Raises 42501, OR003 for a negative tail or since, OR004 for a container or pod that does not exist, OR021 when the cluster cannot be asked, OR032 without a worker.';
GRANT EXECUTE ON FUNCTION orchestration.container_logs(bigint, integer, interval, boolean, text) TO orchestration_user;
