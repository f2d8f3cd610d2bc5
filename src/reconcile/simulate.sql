/*
 * The worker's turn played by hand: plan and send, take answers, take what a
 * watch or a list brings.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.simulate_claim(cluster_id bigint, max integer)
RETURNS TABLE (object_id bigint, action text, path text, body text, hash text)
LANGUAGE c
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_simulate_claim';

COMMENT ON FUNCTION orchestration_internal.simulate_claim(bigint, integer) IS 'Plans, and returns what the worker of a cluster would send now: action is create, apply, delete or look; hash is to be given back with the answer. Arguments: cluster, requests at most. For tests, where no worker runs.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.simulate_answers(cluster_id bigint, answers jsonb)
RETURNS void
LANGUAGE c STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_simulate_answers';

COMMENT ON FUNCTION orchestration_internal.simulate_answers(bigint, jsonb) IS 'Takes answers as the worker does. Arguments: cluster, array of {object_id, action, status (HTTP, 0: none), error, retry_after_ms, duration_ms, warning, hash, body, manifest (what was sent, to be compared with the body)}. For tests, where no worker runs. Raises 22023 for an unknown action.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.simulate_events(cluster_id bigint, kind text, events jsonb, is_list boolean)
RETURNS void
LANGUAGE c STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_simulate_events';

COMMENT ON FUNCTION orchestration_internal.simulate_events(bigint, text, jsonb, boolean) IS 'Takes what a watch brings, an array of {type (ADDED, MODIFIED, DELETED), object}, or a complete list, an array of objects, as the worker does. Arguments: cluster, kind of all objects in it, the array, whether it is a list. For tests, where no worker runs. Raises 22023 for an unknown kind.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.simulate_resync(cluster_id bigint)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	portion record;
	total bigint := 0;
BEGIN
	SELECT 1 AS next_type, 0::bigint AS next_namespace, 0::bigint AS next_id INTO portion;
	WHILE portion.next_type <> 0 LOOP
		SELECT r.* INTO portion FROM orchestration_internal.worker_resync($1, portion.next_type, portion.next_namespace, portion.next_id, 1000) r;
		total := total + portion.out_of_step;
	END LOOP;
	RETURN total;
END
$$;

COMMENT ON FUNCTION orchestration_internal.simulate_resync(bigint) IS 'All portions of worker_resync(). Argument: cluster. Returns how much was out of step. For tests, where no worker runs.';
-- for the owner alone
