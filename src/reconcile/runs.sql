/*
 * Runs of Jobs: what each was made of, and whether it is over.  Follows the inventory
 * by triggers, so that it holds whoever writes there.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.follow_job_run()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
	IF TG_OP = 'DELETE' THEN
		/* proven to be gone: the container is deleted, or is no Job any more */
		DELETE FROM orchestration_internal.job_runs r
		WHERE r.namespace_id = OLD.namespace_id AND r.container_id = OLD.owner_id
			AND NOT EXISTS (SELECT FROM orchestration.managed_objects m
				WHERE m.namespace_id = OLD.namespace_id AND m.owner_type = 'container' AND m.owner_id = OLD.owner_id AND m.kind = 'Job');
		RETURN NULL;
	ELSIF NEW.desired_hash IS NULL THEN
		RETURN NULL;
	END IF;
	IF TG_OP = 'INSERT' OR NEW.desired_hash IS DISTINCT FROM OLD.desired_hash THEN
		INSERT INTO orchestration_internal.job_runs AS r (namespace_id, container_id, run_hash, metadata, spec)
		SELECT j.namespace_id, j.container_id, j.run_hash, j.metadata, j.spec
		FROM orchestration_internal.rendered_runs j
		WHERE j.namespace_id = NEW.namespace_id AND j.container_id = NEW.owner_id
		ON CONFLICT (namespace_id, container_id) DO UPDATE SET
			run_hash = EXCLUDED.run_hash, metadata = EXCLUDED.metadata, spec = EXCLUDED.spec,
			uid = NULL, outcome = NULL, finished_at = NULL, updated_at = now()
		WHERE r.run_hash <> EXCLUDED.run_hash;
	END IF;
	/* an event of the Job that is to be replaced says nothing of this run */
	IF NEW.uid IS NOT NULL AND NEW.applied_hash = NEW.desired_hash THEN
		UPDATE orchestration_internal.job_runs r SET uid = NEW.uid, updated_at = now()
		WHERE r.namespace_id = NEW.namespace_id AND r.container_id = NEW.owner_id AND r.uid IS DISTINCT FROM NEW.uid AND r.finished_at IS NULL;
	END IF;
	IF NEW.uid IS NOT NULL AND (NEW.observed -> 'complete' = 'true' OR NEW.observed -> 'failed' = 'true') THEN
		UPDATE orchestration_internal.job_runs r SET outcome = NEW.observed, finished_at = clock_timestamp(), updated_at = now()
		WHERE r.namespace_id = NEW.namespace_id AND r.container_id = NEW.owner_id AND r.uid = NEW.uid AND r.finished_at IS NULL;
	END IF;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.follow_job_run() IS 'Row trigger of managed_objects, for Jobs: begins a run when another one is asked for, knows its Job by the uid, and ends it when that Job has. A run that has ended is over.';
