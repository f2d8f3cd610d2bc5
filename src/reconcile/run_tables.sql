/*
 * What the run of each Job was made of.  The pod template of a Job cannot be changed:
 * to change it is to delete the Job and run it again, which nobody asked for when a
 * label, a registry or a name that it refers to has changed.  So a run keeps what it
 * began with, and the next one begins with what there is then.
 */
CREATE TABLE orchestration_internal.job_runs (
	namespace_id bigint NOT NULL,
	container_id bigint NOT NULL,
	run_hash text NOT NULL,
	metadata jsonb NOT NULL,
	spec jsonb NOT NULL,
	uid text,
	outcome jsonb,
	finished_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	PRIMARY KEY (namespace_id, container_id)
);

COMMENT ON TABLE orchestration_internal.job_runs IS 'The present run of every container that is a Job: what it was made of, and how it ended. Written by the worker, by a trigger of managed_objects. Without a foreign key: the worker waits for nobody.';
COMMENT ON COLUMN orchestration_internal.job_runs.namespace_id IS 'Namespace of the container.';
COMMENT ON COLUMN orchestration_internal.job_runs.container_id IS 'Container that runs.';
COMMENT ON COLUMN orchestration_internal.job_runs.run_hash IS 'What asked for this run, as parts_runs computes it: another one is another run.';
COMMENT ON COLUMN orchestration_internal.job_runs.metadata IS 'Labels and annotations of the Job when the run was asked for.';
COMMENT ON COLUMN orchestration_internal.job_runs.spec IS 'Specification of the Job when the run was asked for, but for suspend.';
COMMENT ON COLUMN orchestration_internal.job_runs.uid IS 'The Job in the cluster; NULL before it is made.';
COMMENT ON COLUMN orchestration_internal.job_runs.outcome IS 'What was observed of the Job when it had ended.';
COMMENT ON COLUMN orchestration_internal.job_runs.finished_at IS 'When it was seen to be complete, or to have failed for good; the Job is not made again, whatever becomes of it in the cluster.';
COMMENT ON COLUMN orchestration_internal.job_runs.created_at IS 'When the first run of this container was asked for.';
COMMENT ON COLUMN orchestration_internal.job_runs.updated_at IS 'When the row last changed.';
