/* Running the steps of maintenance_steps. */

CREATE OR REPLACE FUNCTION orchestration_internal.maintenance_keep(step text)
RETURNS interval
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT s.keep FROM orchestration.maintenance_steps s WHERE s.name = step $$;

COMMENT ON FUNCTION orchestration_internal.maintenance_keep(text) IS 'How long a maintenance step keeps what has ended; NULL for ever.';
GRANT EXECUTE ON FUNCTION orchestration_internal.maintenance_keep(text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.step_is_due(next_run_at timestamptz, every interval, OUT is_due boolean)
LANGUAGE sql VOLATILE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	/* further ahead than ever planned: the clock ran ahead when it was, or the step has become more frequent */
	SELECT $1 <= clock_timestamp() OR $1 > clock_timestamp() + $2
$$;

COMMENT ON FUNCTION orchestration_internal.step_is_due(timestamptz, interval) IS 'Is a step due? Arguments: its next_run_at and every. One that lies in a future in which no run can have put it is due now.';
GRANT EXECUTE ON FUNCTION orchestration_internal.step_is_due(timestamptz, interval) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.record_maintenance_step(step text, started timestamptz, outcome text, failure text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	free boolean := EXISTS (SELECT FROM orchestration.maintenance_steps s WHERE s.name = step FOR NO KEY UPDATE SKIP LOCKED);
BEGIN
	IF NOT free THEN
		INSERT INTO orchestration_internal.maintenance_held AS h (name, last_started_at, runs, last_result, last_error)
		VALUES (step, started, 1, outcome, failure)
		ON CONFLICT (name) DO UPDATE SET last_started_at = EXCLUDED.last_started_at, runs = h.runs + 1, last_result = EXCLUDED.last_result, last_error = EXCLUDED.last_error,
			updated_at = clock_timestamp();
		RETURN;
	END IF;
	DELETE FROM orchestration_internal.maintenance_held h WHERE h.name = step;
	UPDATE orchestration.maintenance_steps s
	SET last_started_at = started, last_finished_at = clock_timestamp(), last_result = outcome, last_error = failure,
		failures = CASE WHEN failure IS NULL THEN 0 ELSE s.failures + 1 END,
		/* a failure is tried again after a minute, two, four, ... but never less often than usual */
		next_run_at = started + CASE WHEN failure IS NULL THEN s.every ELSE LEAST(s.every, '1 minute'::interval * 2 ^ LEAST(s.failures, 10)) END,
		updated_at = clock_timestamp()
	WHERE s.name = step;
END
$$;

COMMENT ON FUNCTION orchestration_internal.record_maintenance_step(text, timestamptz, text, text) IS 'Records a run of a step: when it began, its result, its error. Where somebody has locked the row of the step it goes to maintenance_held.';
GRANT EXECUTE ON FUNCTION orchestration_internal.record_maintenance_step(text, timestamptz, text, text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.run_maintenance_step(step text)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
/* so that the audit trail says whose rows these are */
SET application_name = 'orchestration maintenance'
/* a step that somebody holds up fails, and the others have their turn */
SET lock_timeout = '5s'
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
	IF orchestration_internal.worker_try_lock('maintenance.' || step) THEN
		BEGIN
			EXECUTE format('SELECT orchestration_internal.%I()', 'maintain_' || step) INTO outcome;
			outcome := COALESCE(outcome, 'done');
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS failure = MESSAGE_TEXT;
			RAISE WARNING 'maintenance step "%" failed', step USING ERRCODE = SQLSTATE, DETAIL = failure;
		END;
	ELSE
		failure := 'already under way in another session';
	END IF;
	PERFORM orchestration_internal.record_maintenance_step(step, started, outcome, failure);
	RETURN COALESCE(outcome, 'failed: ' || failure);
END
$$;

COMMENT ON FUNCTION orchestration_internal.run_maintenance_step(text) IS 'Runs one step of maintenance_steps now and records what came of it; returns that in one sentence. A failure is a warning and is returned as "failed: ..."; one is to wait for a lock for more than 5 s. Raises OR004.';
GRANT EXECUTE ON FUNCTION orchestration_internal.run_maintenance_step(text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration.run_maintenance(only_due boolean DEFAULT false, OUT step text, OUT result text)
RETURNS SETOF record
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	FOR step IN
		SELECT s.name FROM orchestration.maintenance_steps s
		WHERE s.enabled AND (NOT only_due OR orchestration_internal.step_is_due(s.next_run_at, s.every))
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
#variable_conflict use_column
DECLARE
	step text;
BEGIN
	UPDATE orchestration.maintenance_steps s
	SET last_started_at = clock_timestamp(), next_run_at = clock_timestamp() + s.every
	WHERE s.name = (
		SELECT d.name FROM orchestration.maintenance_steps d
		WHERE d.enabled AND orchestration_internal.step_is_due(d.next_run_at, d.every)
		ORDER BY d.next_run_at, d.name
		LIMIT 1
		FOR NO KEY UPDATE SKIP LOCKED)
	RETURNING s.name INTO step;
	IF step IS NULL THEN
		/* whoever keeps the row of a step locked does not end the step: when it ran is kept elsewhere */
		INSERT INTO orchestration_internal.maintenance_held AS h (name, last_started_at)
		SELECT d.name, clock_timestamp() FROM orchestration.maintenance_steps d
		LEFT JOIN orchestration_internal.maintenance_held x ON x.name = d.name
		WHERE d.enabled AND orchestration_internal.step_is_due(d.next_run_at, d.every)
			AND (x.name IS NULL OR orchestration_internal.step_is_due(x.last_started_at + d.every, d.every))
		ORDER BY x.last_started_at NULLS FIRST, d.name
		LIMIT 1
		ON CONFLICT (name) DO UPDATE SET last_started_at = EXCLUDED.last_started_at, updated_at = clock_timestamp()
		RETURNING h.name INTO step;
	END IF;
	RETURN step;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_claim_maintenance() IS 'The step that has been due for longest, marked as begun, also where somebody has locked its row; NULL when none is due. For the maintenance process.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_claim_maintenance() TO orchestration_worker;
