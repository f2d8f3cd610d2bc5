/*
 * What the planner knows of our tables.  The worker's statements are planned once,
 * and must be right whenever that was: what never changes is told to the planner
 * for ever, and what a table is like is looked at again when half of it has changed.
 */

/* SECURITY DEFINER: the worker owns none of the tables */
CREATE OR REPLACE FUNCTION orchestration_internal.renew_statistics()
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
/* far below half a second for a table of any size */
SET default_statistics_target = 30
AS $$
DECLARE
	stale regclass := (
		SELECT c.oid
		FROM pg_class c
		WHERE c.relkind = 'r' AND NOT c.relispartition AND c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace)
			AND pg_stat_get_mod_since_analyze(c.oid) > 100 + pg_stat_get_live_tuples(c.oid) / 2
		ORDER BY pg_stat_get_mod_since_analyze(c.oid) DESC
		LIMIT 1);
BEGIN
	IF stale IS NULL THEN
		RETURN false;
	END IF;
	/* as ANALYZE does, which would wait, or warn each time */
	EXECUTE format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE NOWAIT', stale);
	EXECUTE format('ANALYZE %s', stale);
	RETURN true;
EXCEPTION WHEN lock_not_available THEN
	RETURN false;
END
$$;

COMMENT ON FUNCTION orchestration_internal.renew_statistics() IS 'Analyzes one table of which half has changed since that was done last, false: there is none, or somebody has locked it. What autovacuum does within a minute, the worker does when it needs it. Runs with the rights of the owner of the extension, for the worker.';
GRANT EXECUTE ON FUNCTION orchestration_internal.renew_statistics() TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.tell_planner()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found record;
BEGIN
	FOR found IN
		SELECT c.oid::regclass AS name, a.attname AS attribute, k.distinct_values
		FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		/* as a part of the rows: each another, or a few rows for each */
		JOIN (VALUES ('id', -1), ('uid', -1), ('pod_uid', -1), ('pod_name', -1), ('instance_id', -1), ('container_id', -0.2), ('owner_id', -0.2)) k (name, distinct_values) ON k.name = a.attname
		WHERE c.relkind = 'r' AND NOT c.relispartition AND c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace)
			AND a.attoptions IS NULL
	LOOP
		EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET (n_distinct = %s)', found.name, found.attribute, found.distinct_values);
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.tell_planner() IS 'Tells the planner how many values columns have that rows are found by, so that statistics of a table that was small do not mislead it; what somebody has set stays.';
-- for the owner alone
