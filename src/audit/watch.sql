/*
 * "Audit log missing": a month that is gone, rows that were deleted, changed or added, seals
 * that are gone, a trigger that is off.  Catalogs are asked at every evaluation of the
 * alerts.  Rows are watched by a step that takes at most a fiftieth of a core: it
 * counts the rows of all months against their seals, and looks at row versions for
 * those that were written later (census.c); what is left of its time goes into
 * digesting one part of the log after the other.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.worker_count_rows(partition oid, month timestamptz, OUT row_count bigint, OUT wrong_seal bigint, OUT problem text, OUT later_seals bigint[])
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_worker_count_rows';

COMMENT ON FUNCTION orchestration_internal.worker_count_rows(oid, timestamptz) IS 'Counts the rows of a month against its seals: the first seal with fewer rows (missing) or more (added), and those with row versions of transactions that came later, whose digests are to be compared.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_count_rows(oid, timestamptz) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.sealed_months()
RETURNS SETOF timestamptz
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	/* by the index: a month has thousands of seals */
	WITH RECURSIVE months AS (
		SELECT min(s.from_time) AS from_time FROM orchestration.audit_seals s
		UNION ALL
		SELECT (SELECT min(s.from_time) FROM orchestration.audit_seals s WHERE s.from_time > m.from_time) FROM months m WHERE m.from_time IS NOT NULL
	)
	SELECT m.from_time FROM months m WHERE m.from_time IS NOT NULL
$$;

COMMENT ON FUNCTION orchestration_internal.sealed_months() IS 'The months that have seals, whether they are still there or not.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.audit_problems()
RETURNS TABLE (what text, subject text, detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT 'months', to_char(s.from_time AT TIME ZONE 'UTC', 'YYYY-MM'), 'No partition holds this month, and no rotation is on record that retired it.'
	FROM orchestration_internal.sealed_months() s (from_time)
	WHERE NOT EXISTS (SELECT FROM orchestration_internal.audit_months() m WHERE m.from_time = s.from_time) AND NOT orchestration_internal.audit_month_is_retired(s.from_time)
	UNION ALL
	SELECT CASE WHEN w.problem = 'chain' THEN 'seals' ELSE 'rows' END, CASE WHEN isfinite(w.from_time) THEN to_char(w.from_time AT TIME ZONE 'UTC', 'YYYY-MM') ELSE 'the chain' END, w.problem_detail
	FROM orchestration_internal.audit_watch w WHERE w.problem IS NOT NULL
	UNION ALL
	SELECT 'triggers', a.relation, format('Trigger %s is missing or disabled: what is written there is not on record.', e.trigger)
	FROM orchestration_internal.audited_tables a
	CROSS JOIN unnest('{zz_audit_insert,zz_audit_update,zz_audit_delete}'::text[]) e (trigger)
	WHERE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = to_regclass(format('orchestration.%I', a.relation)) AND t.tgname = e.trigger
		AND t.tgfoid = 'orchestration_internal.audit_changes'::regproc AND t.tgenabled IN ('O', 'A'))
	UNION ALL
	SELECT 'triggers', k.relation::regclass::text, format('Trigger %s is missing or disabled: the log can be changed.', n.trigger)
	FROM (
		SELECT 'orchestration.audit_seals'::regclass AS relation UNION ALL SELECT 'orchestration.operation_logs'::regclass UNION ALL SELECT m.partition FROM orchestration_internal.audit_months() m
	) k
	CROSS JOIN unnest('{keep_rows,keep_table}'::text[]) n (trigger)
	WHERE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = k.relation AND t.tgname = n.trigger AND t.tgfoid = 'orchestration_internal.refuse_log_change'::regproc AND t.tgenabled = 'A')
$$;

COMMENT ON FUNCTION orchestration_internal.audit_problems() IS 'What is known to be wrong with the audit trail: months, rows or seals that are not as they were sealed, triggers that are off. For the indicator audit_missing and whoever asks what it counts.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.watch_chain()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	there record;
	seen bigint := (SELECT w.compared_to FROM orchestration_internal.audit_watch w WHERE w.from_time = '-infinity');
	complaint text;
BEGIN
	SELECT count(*) AS seals, COALESCE(max(s.number), 0) AS newest INTO there FROM orchestration.audit_seals s;
	IF there.newest < seen THEN
		complaint := format('Seals %s to %s are missing.', there.newest + 1, seen);
	ELSIF there.seals < there.newest THEN
		complaint := format('%s of %s seals are missing.', there.newest - there.seals, there.newest);
	END IF;
	INSERT INTO orchestration_internal.audit_watch AS w (from_time, counted_at, compared_to, problem, problem_detail, found_at)
	VALUES ('-infinity', clock_timestamp(), there.newest, CASE WHEN complaint IS NOT NULL THEN 'chain' END, complaint, CASE WHEN complaint IS NOT NULL THEN clock_timestamp() END)
	ON CONFLICT (from_time) DO UPDATE SET counted_at = excluded.counted_at, compared_to = GREATEST(w.compared_to, excluded.compared_to), updated_at = clock_timestamp(),
		/* what a digest found is looked at again by the digests */
		problem = CASE WHEN w.problem_seal IS NULL THEN excluded.problem ELSE w.problem END, problem_detail = CASE WHEN w.problem_seal IS NULL THEN excluded.problem_detail ELSE w.problem_detail END,
		found_at = CASE WHEN w.problem_seal IS NULL THEN COALESCE(w.found_at, excluded.found_at) ELSE w.found_at END;
END
$$;

COMMENT ON FUNCTION orchestration_internal.watch_chain() IS 'Part of maintain_audit_watch(): are there as many seals as there have been?';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.note_audit_problem(month timestamptz, problem text, seal bigint, detail text)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
	UPDATE orchestration_internal.audit_watch w
	SET problem = $2, problem_seal = $3, problem_detail = $4, found_at = CASE WHEN $2 IS NOT NULL THEN COALESCE(w.found_at, clock_timestamp()) END, updated_at = clock_timestamp()
	WHERE w.from_time = $1
$$;

COMMENT ON FUNCTION orchestration_internal.note_audit_problem(timestamptz, text, bigint, text) IS 'Notes what was found in a month, or for NULL that nothing was. For maintain_audit_watch().';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.watch_count(month timestamptz, partition regclass, until timestamptz)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	counted record;
	compared record;
	suspect bigint;
	wrong bigint;
	tries integer := 0;
	known bigint := (SELECT w.problem_seal FROM orchestration_internal.audit_watch w WHERE w.from_time = month);
BEGIN
	SELECT * INTO counted FROM orchestration_internal.worker_count_rows(partition, month);
	FOR suspect IN SELECT DISTINCT n FROM unnest(counted.later_seals || counted.wrong_seal || known) n WHERE n IS NOT NULL ORDER BY n LOOP
		/* a table that was rewritten has only new versions: the rounds of digests go through them */
		CONTINUE WHEN clock_timestamp() > until AND tries > 2 AND suspect IS DISTINCT FROM counted.wrong_seal AND suspect IS DISTINCT FROM known;
		tries := tries + 1;
		SELECT * INTO compared FROM orchestration_internal.compare_seals(month, suspect, suspect, '-infinity');
		IF compared.problem IS NOT NULL THEN
			wrong := suspect;
			PERFORM orchestration_internal.note_audit_problem(month, compared.problem, suspect, orchestration_internal.problem_in_words(compared.problem, compared.id));
			EXIT;
		END IF;
	END LOOP;
	IF wrong IS NULL THEN
		PERFORM orchestration_internal.note_audit_problem(month, NULL, NULL, NULL);
	END IF;
	UPDATE orchestration_internal.audit_watch w SET counted_at = clock_timestamp() WHERE w.from_time = month;
END
$$;

COMMENT ON FUNCTION orchestration_internal.watch_count(timestamptz, regclass, timestamptz) IS 'Part of maintain_audit_watch(): counts a month, and compares what does not fit or was written later.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.watch_digests(month timestamptz, until timestamptz)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	done bigint := (SELECT w.compared_to FROM orchestration_internal.audit_watch w WHERE w.from_time = month);
	next record;
	compared record;
	chain record;
	total bigint := 0;
BEGIN
	WHILE clock_timestamp() < until LOOP
		SELECT min(s.number) AS first, max(s.number) AS last, sum(s.row_count) AS row_count INTO next
		FROM (
			SELECT x.number, x.row_count, sum(x.row_count) OVER (ORDER BY x.number) - x.row_count AS before
			FROM (SELECT y.number, y.row_count FROM orchestration.audit_seals y WHERE y.from_time = month AND y.number > done ORDER BY y.number LIMIT 2000) x
		) s
		WHERE s.before < 10000;
		IF next.first IS NULL THEN
			UPDATE orchestration_internal.audit_watch w SET compared_to = 0, compared_at = clock_timestamp() WHERE w.from_time = month;
			RETURN total;
		END IF;
		SELECT * INTO chain FROM orchestration_internal.check_seals(NULL, next.first, next.last);
		IF chain.result = 'broken' THEN
			PERFORM orchestration_internal.note_audit_problem('-infinity', 'chain', chain.number, chain.problem);
		ELSE
			/* it was one of these that was broken, and it no longer is */
			PERFORM orchestration_internal.note_audit_problem('-infinity', NULL, NULL, NULL)
			FROM orchestration_internal.audit_watch w WHERE w.from_time = '-infinity' AND w.problem_seal BETWEEN next.first AND next.last;
		END IF;
		SELECT * INTO compared FROM orchestration_internal.compare_seals(month, next.first, next.last, '-infinity');
		IF compared.problem IS NOT NULL THEN
			PERFORM orchestration_internal.note_audit_problem(month, compared.problem, compared.seal, orchestration_internal.problem_in_words(compared.problem, compared.id));
		END IF;
		done := next.last;
		total := total + next.row_count;
		UPDATE orchestration_internal.audit_watch w SET compared_to = done, updated_at = clock_timestamp() WHERE w.from_time = month;
	END LOOP;
	RETURN total;
END
$$;

COMMENT ON FUNCTION orchestration_internal.watch_digests(timestamptz, timestamptz) IS 'Part of maintain_audit_watch(): goes on digesting the rows of a month and checking its seals until a time; returns how many rows.';
-- for the owner alone

/* SECURITY DEFINER: reads the rows of all namespaces */
CREATE OR REPLACE FUNCTION orchestration_internal.maintain_audit_watch()
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
	every interval := COALESCE((SELECT s.every FROM orchestration.maintenance_steps s WHERE s.name = 'audit_watch'), '5 minutes');
	/* a fiftieth of a core, most of it for counting */
	budget interval := every / 50;
	started timestamptz := clock_timestamp();
	place record;
	counted integer := 0;
	digested bigint := 0;
BEGIN
	PERFORM orchestration_internal.watch_chain();
	INSERT INTO orchestration_internal.audit_watch (from_time)
	SELECT s.from_time FROM orchestration_internal.sealed_months() s (from_time) ON CONFLICT DO NOTHING;
	FOR place IN
		SELECT w.from_time, m.partition FROM orchestration_internal.audit_watch w JOIN orchestration_internal.audit_months() m ON m.from_time = w.from_time
		/* at every second run, and as many of them as there is time for */
		WHERE w.counted_at < started - 1.4 * every OR w.problem IS NOT NULL
		ORDER BY w.counted_at
	LOOP
		EXIT WHEN counted > 0 AND clock_timestamp() > started + 0.6 * budget;
		PERFORM orchestration_internal.watch_count(place.from_time, place.partition, started + 0.8 * budget);
		counted := counted + 1;
	END LOOP;
	FOR place IN
		SELECT w.from_time FROM orchestration_internal.audit_watch w JOIN orchestration_internal.audit_months() m ON m.from_time = w.from_time
		ORDER BY w.compared_at, w.from_time
	LOOP
		EXIT WHEN clock_timestamp() > started + budget;
		digested := digested + orchestration_internal.watch_digests(place.from_time, started + budget);
	END LOOP;
	/* what has been retired, or is gone and told of as such */
	DELETE FROM orchestration_internal.audit_watch w WHERE isfinite(w.from_time) AND NOT EXISTS (SELECT FROM orchestration_internal.audit_months() m WHERE m.from_time = w.from_time);
	RETURN format('%s months counted, %s rows digested', counted, digested);
END
$$;

COMMENT ON FUNCTION orchestration_internal.maintain_audit_watch() IS 'Step of maintenance: counts the rows of operation_logs against their seals, looks for versions that were written later, and digests them in turn, for a fiftieth of the time between two runs. What it finds is in audit_problems() and opens the alert audit_missing.';
GRANT EXECUTE ON FUNCTION orchestration_internal.maintain_audit_watch() TO orchestration_worker;

/* SECURITY DEFINER: seals are nobody's to read; asks for the permission */
CREATE OR REPLACE FUNCTION orchestration_internal.read_audit_anchor(OUT number bigint, OUT digest bytea, OUT sealed_at timestamptz)
RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	IF NOT orchestration_internal.holds_permission(0, 'audit', 'read') THEN
		PERFORM orchestration_internal.refuse_permission('read the seals of the audit trail', 'audit', 0, NULL, NULL);
	END IF;
	RETURN QUERY SELECT s.number, s.digest, s.created_at FROM orchestration.audit_seals s ORDER BY s.number DESC LIMIT 1;
END
$$;

COMMENT ON FUNCTION orchestration_internal.read_audit_anchor() IS 'What the view audit_anchor shows. Needs the permission read on audit, everywhere. Raises 42501.';
GRANT EXECUTE ON FUNCTION orchestration_internal.read_audit_anchor() TO orchestration_user;
