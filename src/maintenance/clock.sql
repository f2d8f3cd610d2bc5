/*
 * A clock that ran ahead and is put right leaves times behind that lie in the
 * future, and whoever waits until something is old enough waits for them.  The
 * step notices that the clock was set back and moves them to the present.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.age_seconds(at timestamptz)
RETURNS double precision
LANGUAGE sql VOLATILE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT abs(EXTRACT(epoch FROM clock_timestamp() - $1))::float8 $$;

COMMENT ON FUNCTION orchestration_internal.age_seconds(timestamptz) IS 'How far a time that should be past is from now, in seconds: one that lies ahead is as bad as one that is long gone.';
GRANT EXECUTE ON FUNCTION orchestration_internal.age_seconds(timestamptz) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.past_times()
RETURNS TABLE (relation regclass, columns name[])
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT c.oid::regclass, array_agg(a.attname ORDER BY a.attnum)
	FROM pg_class c
	JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid = 'timestamptz'::regtype AND a.attgenerated = ''
	/* what is partitioned is a log, and stays as it was written */
	WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind = 'r' AND NOT c.relispartition
		AND c.relname NOT IN ('audit_seals', 'indicator_history', 'container_usage_hourly', 'container_usage_daily', 'container_usage_pending')
		/* an end that somebody has chosen; what becomes of a pod's template */
		AND a.attname NOT IN ('expires_at', 'restart_requested_at')
		/* step_is_due() knows it */
		AND (c.relname, a.attname) <> ('maintenance_steps', 'next_run_at')
	GROUP BY c.oid
$$;

COMMENT ON FUNCTION orchestration_internal.past_times() IS 'Columns that hold times of which none can lie ahead, by table; or, where the name begins with next_, not for long. Every column of a time that is added is one of them, unless it is left out here.';
GRANT EXECUTE ON FUNCTION orchestration_internal.past_times() TO orchestration_worker;

/* SECURITY DEFINER, and without triggers: no user changes these rows, and no generation */
CREATE OR REPLACE FUNCTION orchestration_internal.worker_mend_times(OUT mended bigint, OUT held bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET session_replication_role = replica
AS $$
DECLARE
	place record;
	present timestamptz := clock_timestamp();
	ahead text;
	changed bigint;
	remaining bigint;
BEGIN
	mended := 0;
	held := 0;
	FOR place IN SELECT * FROM orchestration_internal.past_times() LOOP
		SELECT string_agg(format('x.%I > $1', c), ' OR ') INTO ahead FROM unnest(place.columns) c;
		EXECUTE format('UPDATE %s t SET %s WHERE t.ctid = ANY (ARRAY(SELECT x.ctid FROM %s x WHERE %s FOR NO KEY UPDATE SKIP LOCKED))', place.relation,
			(SELECT string_agg(format('%1$I = CASE WHEN t.%1$I > $1 THEN %2$s ELSE t.%1$I END', c, CASE WHEN c LIKE 'next\_%' THEN '''-infinity''' ELSE '$1' END), ', ') FROM unnest(place.columns) c),
			place.relation, ahead)
		USING present;
		GET DIAGNOSTICS changed = ROW_COUNT;
		EXECUTE format('SELECT count(*) FROM %s x WHERE %s', place.relation, ahead) INTO remaining USING clock_timestamp();
		mended := mended + changed;
		held := held + remaining;
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_mend_times() IS 'Moves all of past_times() that lie ahead to the present, and what is to happen at a time that lies ahead to now. Returns how many rows were changed, and how many could not be because somebody has locked them. Runs with the rights of the owner of the extension, because no role may write all tables. For maintain_clock().';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_mend_times() TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.clock_seen_at()
RETURNS timestamptz
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT GREATEST((SELECT c.seen_at FROM orchestration_internal.clock c),
		(SELECT max(s.last_started_at) FROM orchestration.maintenance_steps s),
		(SELECT max(s.last_finished_at) FROM orchestration.maintenance_steps s),
		(SELECT max(c.observed_at) FROM orchestration.clusters c),
		(SELECT max(i.sampled_at) FROM orchestration_internal.indicator_samples i))
$$;

COMMENT ON FUNCTION orchestration_internal.clock_seen_at() IS 'The latest that the clock was seen to say, by what is written all the time.';
GRANT EXECUTE ON FUNCTION orchestration_internal.clock_seen_at() TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.clock_went_back()
RETURNS double precision
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT GREATEST(0, EXTRACT(epoch FROM orchestration_internal.clock_seen_at() - clock_timestamp()),
		(SELECT EXTRACT(epoch FROM c.went_back_by) FROM orchestration_internal.clock c WHERE c.went_back_at BETWEEN clock_timestamp() - interval '15 minutes' AND clock_timestamp()))::float8
$$;

COMMENT ON FUNCTION orchestration_internal.clock_went_back() IS 'By how many seconds the clock was set back: now, or in the last 15 minutes.';
GRANT EXECUTE ON FUNCTION orchestration_internal.clock_went_back() TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.maintain_clock()
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	/* a clock that is kept right by small steps is not one that ran ahead */
	slack constant interval := '2 seconds';
	back interval := orchestration_internal.clock_seen_at() - clock_timestamp();
	unfinished boolean := COALESCE((SELECT c.mends FROM orchestration_internal.clock c), false);
	mended record;
BEGIN
	IF COALESCE(back > slack, false) OR unfinished THEN
		SELECT m.* INTO mended FROM orchestration_internal.worker_mend_times() m;
		unfinished := mended.held > 0;
	END IF;
	INSERT INTO orchestration_internal.clock AS c (seen_at) VALUES (clock_timestamp())
	ON CONFLICT (is_only) DO UPDATE SET seen_at = clock_timestamp(), updated_at = clock_timestamp();
	UPDATE orchestration_internal.clock c
	SET mends = unfinished, went_back_at = CASE WHEN back > slack THEN clock_timestamp() ELSE c.went_back_at END,
		went_back_by = CASE WHEN back > slack THEN back ELSE c.went_back_by END;
	IF mended IS NULL THEN
		RETURN 'the clock goes on';
	END IF;
	RETURN format('the clock was %s ahead: %s rows put right, %s are locked', date_trunc('second', GREATEST(back, '0')), mended.mended, mended.held);
END
$$;

COMMENT ON FUNCTION orchestration_internal.maintain_clock() IS 'Maintenance step: notices that the clock of the server was set back, and then puts right all times that lie ahead. Log entries stay as they were written.';
GRANT EXECUTE ON FUNCTION orchestration_internal.maintain_clock() TO orchestration_worker;
