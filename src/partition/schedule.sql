/* Where there is no worker, pg_cron runs the maintenance. */

CREATE OR REPLACE FUNCTION orchestration_internal.cron_job_name()
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT 'orchestration maintenance of ' || current_database() $$;

COMMENT ON FUNCTION orchestration_internal.cron_job_name() IS 'Name of the job that schedule_maintenance() makes.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.unschedule_maintenance()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF EXISTS (SELECT FROM pg_extension e WHERE e.extname = 'pg_cron') THEN
		EXECUTE 'SELECT count(cron.unschedule(j.jobid)) FROM cron.job j WHERE j.jobname = $1' USING orchestration_internal.cron_job_name();
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.unschedule_maintenance() IS 'Takes away the job of schedule_maintenance(), if there is one.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration.schedule_maintenance(schedule text DEFAULT '*/5 * * * *')
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	command text := 'SELECT orchestration.run_maintenance(only_due => true)';
	home text := current_setting('cron.database_name', true);
	job bigint;
BEGIN
	IF schedule IS NULL THEN
		PERFORM orchestration_internal.unschedule_maintenance();
		RETURN NULL;
	END IF;
	IF NOT EXISTS (SELECT FROM pg_extension e WHERE e.extname = 'pg_cron') THEN
		IF home IS NULL OR home = current_database() THEN
			RAISE EXCEPTION 'extension pg_cron is not installed in this database'
				USING ERRCODE = '55000', HINT = 'Add pg_cron to shared_preload_libraries, set cron.database_name, restart the server and run CREATE EXTENSION pg_cron there.';
		END IF;
		RAISE EXCEPTION 'pg_cron keeps its jobs in database "%"', home
			USING ERRCODE = '55000', HINT = format('Run there: SELECT cron.schedule_in_database(%L, %L, %L, %L);',
				orchestration_internal.cron_job_name(), schedule, command, current_database());
	END IF;
	EXECUTE 'SELECT cron.schedule_in_database($1, $2, $3, $4)' INTO job
		USING orchestration_internal.cron_job_name(), schedule, command, current_database()::text;
	RETURN job;
END
$$;

COMMENT ON FUNCTION orchestration.schedule_maintenance(text) IS 'Has pg_cron run the maintenance steps that are due, for databases without a worker; argument: how often it looks, as cron writes it; NULL ends it. Beside a worker it does no harm. Runs as whoever calls it. Returns the id of the job, NULL for none. Raises 55000 with what to do when pg_cron is not in this database.';
-- for the owner alone
