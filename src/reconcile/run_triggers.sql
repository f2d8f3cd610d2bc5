/* WHEN: nothing else than a Job pays for it, and a Job only for what its run is about */

CREATE OR REPLACE TRIGGER follow_job_run_insert
AFTER INSERT ON orchestration.managed_objects
FOR EACH ROW WHEN (NEW.kind = 'Job' AND NEW.owner_type = 'container')
EXECUTE FUNCTION orchestration_internal.follow_job_run();

CREATE OR REPLACE TRIGGER follow_job_run_update
AFTER UPDATE ON orchestration.managed_objects
FOR EACH ROW WHEN (NEW.kind = 'Job' AND NEW.owner_type = 'container'
	AND (OLD.desired_hash, OLD.applied_hash, OLD.uid, OLD.observed) IS DISTINCT FROM (NEW.desired_hash, NEW.applied_hash, NEW.uid, NEW.observed))
EXECUTE FUNCTION orchestration_internal.follow_job_run();

CREATE OR REPLACE TRIGGER follow_job_run_delete
AFTER DELETE ON orchestration.managed_objects
FOR EACH ROW WHEN (OLD.kind = 'Job' AND OLD.owner_type = 'container')
EXECUTE FUNCTION orchestration_internal.follow_job_run();

GRANT INSERT, UPDATE, DELETE ON orchestration_internal.job_runs TO orchestration_worker;
