CREATE OR REPLACE FUNCTION orchestration_internal.worker_state(
	OUT database_name text, OUT pid integer, OUT state text, OUT started_at timestamptz, OUT next_start_at timestamptz, OUT failures integer,
	OUT last_cycle_at timestamptz, OUT cycles bigint, OUT clusters integer, OUT in_flight integer,
	OUT requests bigint, OUT applies bigint, OUT deletes bigint, OUT errors bigint, OUT watch_events bigint, OUT held_up bigint)
RETURNS SETOF record
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_worker_state';

COMMENT ON FUNCTION orchestration_internal.worker_state() IS 'The launcher''s and the workers'' state in shared memory: one row for each database, state starting, running, absent, failed or waiting (more databases than orchestration.max_databases). Raises OR032 when the library is not in shared_preload_libraries.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_state() TO orchestration_user, orchestration_worker;
