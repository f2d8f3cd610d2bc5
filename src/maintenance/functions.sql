/* Running the steps of maintenance_steps. */

CREATE OR REPLACE FUNCTION orchestration_internal.maintenance_keep(step text)
RETURNS interval
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT s.keep FROM orchestration.maintenance_steps s WHERE s.name = step $$;

COMMENT ON FUNCTION orchestration_internal.maintenance_keep(text) IS 'How long a maintenance step keeps what has ended; NULL for ever.';
GRANT EXECUTE ON FUNCTION orchestration_internal.maintenance_keep(text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.run_maintenance_step(step text)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	started timestamptz := clock_timestamp();
	outcome text;
	failure text;
BEGIN
	IF NOT EXISTS (SELECT FROM orchestration.maintenance_steps s WHERE s.name = step) THEN
		RAISE EXCEPTION 'maintenance step "%" does not exist', step
			USING ERRCODE = 'OR004', HINT = 'SELECT name FROM orchestration.maintenance_steps shows them.';
	END IF;
	IF NOT pg_try_advisory_xact_lock(hashtextextended('orchestration.maintenance.' || step, 0)) THEN
		RETURN 'already under way in another session';
	END IF;
	BEGIN
		EXECUTE format('SELECT orchestration_internal.%I()', 'maintain_' || step) INTO outcome;
		outcome := COALESCE(outcome, 'done');
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS failure = MESSAGE_TEXT;
		RAISE WARNING 'maintenance step "%" failed', step USING ERRCODE = SQLSTATE, DETAIL = failure;
	END;
	UPDATE orchestration.maintenance_steps s
	SET last_started_at = started, last_finished_at = clock_timestamp(), last_result = outcome, last_error = failure,
		failures = CASE WHEN failure IS NULL THEN 0 ELSE s.failures + 1 END,
		/* a failure is tried again after a minute, two, four, ... but never less often than usual */
		next_run_at = started + CASE WHEN failure IS NULL THEN s.every ELSE LEAST(s.every, '1 minute'::interval * 2 ^ LEAST(s.failures, 10)) END,
		updated_at = clock_timestamp()
	WHERE s.name = step;
	RETURN COALESCE(outcome, 'failed: ' || failure);
END
$$;

COMMENT ON FUNCTION orchestration_internal.run_maintenance_step(text) IS 'Runs one step of maintenance_steps now and records what came of it; returns that in one sentence. A failure is a warning and is returned as "failed: ...". Raises OR004.';
GRANT EXECUTE ON FUNCTION orchestration_internal.run_maintenance_step(text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration.run_maintenance(only_due boolean DEFAULT false, OUT step text, OUT result text)
RETURNS SETOF record
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	FOR step IN
		SELECT s.name FROM orchestration.maintenance_steps s
		WHERE s.enabled AND (NOT only_due OR s.next_run_at <= clock_timestamp())
		ORDER BY s.name
	LOOP
		result := orchestration_internal.run_maintenance_step(step);
		RETURN NEXT;
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration.run_maintenance(boolean) IS 'Runs all enabled steps of maintenance_steps, or those that are due, and returns what came of each. One that fails does not stop the others. The worker does this by itself; call it where there is none.';
GRANT EXECUTE ON FUNCTION orchestration.run_maintenance(boolean) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_claim_maintenance()
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	step text;
BEGIN
	UPDATE orchestration.maintenance_steps s
	SET last_started_at = clock_timestamp(), next_run_at = clock_timestamp() + s.every
	WHERE s.name = (
		SELECT d.name FROM orchestration.maintenance_steps d
		WHERE d.enabled AND d.next_run_at <= clock_timestamp()
		ORDER BY d.next_run_at, d.name
		LIMIT 1
		FOR UPDATE SKIP LOCKED)
	RETURNING s.name INTO step;
	RETURN step;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_claim_maintenance() IS 'The step that has been due for longest, marked as begun; NULL when none is due. For the maintenance process.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_claim_maintenance() TO orchestration_worker;
