/*
 * What a rotation does.  The plan is made anew from policies and catalogs
 * before each step; the process (process.c) takes the steps, each in a
 * transaction of its own.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.check_partition_policy()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	relation regclass := to_regclass(format('orchestration.%I', NEW.table_name));
	problem text;
BEGIN
	IF relation IS NULL THEN
		RAISE EXCEPTION 'table "%" does not exist in schema orchestration', NEW.table_name USING ERRCODE = 'OR004';
	END IF;
	problem := CASE
		WHEN orchestration_internal.partition_key(relation) IS NULL THEN 'The table is not partitioned by ranges of one timestamptz.'
		WHEN EXISTS (SELECT FROM pg_partitioned_table t WHERE t.partrelid = relation AND t.partdefid <> 0)
			THEN 'The table has a default partition, which forbids DETACH PARTITION CONCURRENTLY.'
		WHEN NEW.months_ahead NOT BETWEEN 3 AND 120 THEN 'months_ahead is not from 3 to 120.'
		WHEN NEW.retention_months NOT BETWEEN 1 AND 12000 THEN 'retention_months is not from 1 to 12000, nor NULL.'
		WHEN NEW.action NOT IN ('drop', 'detach', 'tablespace') THEN 'action is none of drop, detach, tablespace.'
		WHEN NEW.action = 'tablespace' AND NEW.tablespace IS NULL THEN 'action is tablespace and none is named.'
		WHEN NEW.action <> 'tablespace' AND NEW.tablespace IS NOT NULL THEN 'A tablespace is named and action is another.'
		WHEN NEW.tablespace = 'pg_global' OR NOT EXISTS (SELECT FROM pg_tablespace t WHERE t.spcname = COALESCE(NEW.tablespace, 'pg_default'))
			THEN format('Tablespace "%s" cannot be used or does not exist.', NEW.tablespace)
		WHEN NEW.grace < '0'::interval THEN 'grace is negative.'
	END;
	IF problem IS NOT NULL THEN
		RAISE EXCEPTION 'invalid partition policy of "%"', NEW.table_name USING ERRCODE = 'OR003', DETAIL = problem;
	END IF;
	IF NEW.tablespace IS NOT NULL AND NOT has_tablespace_privilege(NEW.tablespace, 'CREATE') THEN
		RAISE EXCEPTION 'permission denied for tablespace %', NEW.tablespace USING ERRCODE = '42501';
	END IF;
	RETURN NEW;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_partition_policy() IS 'Row trigger of partition_policies. Raises OR003, OR004, and 42501 for a tablespace that the caller may not use.';

CREATE OR REPLACE FUNCTION orchestration_internal.log_partitions()
RETURNS TABLE (table_name text, partition_name text, relation oid, from_time timestamptz, before_time timestamptz, is_pending boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT y.table_name, c.relname::text, m.relation, m.from_time, m.before_time, i.inhdetachpending
	FROM orchestration.partition_policies y
	CROSS JOIN LATERAL orchestration_internal.month_partitions(to_regclass(format('orchestration.%I', y.table_name))) m
	JOIN pg_inherits i ON i.inhrelid = m.relation
	JOIN pg_class c ON c.oid = m.relation;
$$;

COMMENT ON FUNCTION orchestration_internal.log_partitions() IS 'The partitions of the tables that have a policy, by the catalogs. is_pending: a DETACH CONCURRENTLY that has not ended.';
GRANT EXECUTE ON FUNCTION orchestration_internal.log_partitions() TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.default_tablespace()
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT t.spcname::text FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = current_database();
$$;

COMMENT ON FUNCTION orchestration_internal.default_tablespace() IS 'The tablespace of this database.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.is_detached(relation oid, partition_name text)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT EXISTS (
		SELECT FROM pg_class c
		WHERE c.oid = relation AND c.relname = partition_name AND c.relnamespace = 'orchestration'::regnamespace
			AND c.relkind = 'r' AND NOT c.relispartition);
$$;

COMMENT ON FUNCTION orchestration_internal.is_detached(oid, text) IS 'Whether what once was that partition is a table of its own now.';
GRANT EXECUTE ON FUNCTION orchestration_internal.is_detached(oid, text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.mark_expired_partitions()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	/* its process died after the last step */
	UPDATE orchestration.partition_actions a SET state = 'done', finished_at = clock_timestamp()
	WHERE a.action = 'detach' AND a.state IN ('running', 'failed') AND orchestration_internal.is_detached(a.relation, a.partition_name);

	WITH expired AS MATERIALIZED (
		SELECT y.table_name, c.relname::text AS partition_name, m.relation, y.action
		FROM orchestration.partition_policies y
		CROSS JOIN LATERAL orchestration_internal.month_start(now(), -y.retention_months) AS kept_from
		CROSS JOIN LATERAL orchestration_internal.month_partitions(to_regclass(format('orchestration.%I', y.table_name))) m
		JOIN pg_inherits i ON i.inhrelid = m.relation AND NOT i.inhdetachpending
		JOIN pg_class c ON c.oid = m.relation
		LEFT JOIN pg_tablespace t ON t.oid = c.reltablespace
		LEFT JOIN orchestration.partition_actions a ON a.partition_name = c.relname
		WHERE m.before_time <= kept_from AND NOT COALESCE(a.kept, false)
			AND NOT (y.action = 'tablespace' AND y.tablespace = COALESCE(t.spcname, orchestration_internal.default_tablespace()))
	), corrected AS (
		/* the policy or the clock was set right */
		DELETE FROM orchestration.partition_actions a
		WHERE a.state IN ('due', 'failed') AND a.action IN ('drop', 'detach', 'tablespace')
			AND NOT EXISTS (SELECT FROM expired e WHERE e.partition_name = a.partition_name)
			AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = a.relation AND NOT i.inhdetachpending)
	)
	INSERT INTO orchestration.partition_actions AS a (partition_name, table_name, relation, action, state, due_since)
	SELECT e.partition_name, e.table_name, e.relation, e.action, 'due', now()
	FROM expired e
	ON CONFLICT (partition_name) DO UPDATE
	SET table_name = excluded.table_name, relation = excluded.relation, action = excluded.action, state = 'due', due_since = excluded.due_since, last_error = NULL, failures = 0
	WHERE a.relation IS DISTINCT FROM excluded.relation OR a.action <> excluded.action OR a.state NOT IN ('due', 'running', 'failed')
		OR a.due_since IS NULL OR a.due_since > now();
END
$$;

COMMENT ON FUNCTION orchestration_internal.mark_expired_partitions() IS 'First part of a rotation: notes which months are too old by their policies, and since when; forgets those that are not any more.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.partition_plan()
RETURNS TABLE (step text, table_name text, partition_name text, relation oid, month timestamptz, statement text)
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT p.step, p.table_name, p.partition_name, p.relation, p.month,
		CASE WHEN p.step = 'detach' THEN format('ALTER TABLE orchestration.%I DETACH PARTITION orchestration.%I CONCURRENTLY', p.table_name, p.partition_name) END
	FROM (
		SELECT 1 AS place, 'create' AS step, y.table_name, format('%s_%s', y.table_name, orchestration_internal.month_suffix(m.month)) AS partition_name, NULL::oid AS relation, m.month
		FROM orchestration.partition_policies y
		CROSS JOIN LATERAL (SELECT orchestration_internal.month_start(now(), n) AS month FROM generate_series(0, y.months_ahead) n) m
		WHERE NOT orchestration_internal.log_month_exists(to_regclass(format('orchestration.%I', y.table_name)), m.month)
		UNION ALL
		/* before anything else that is done to its table */
		SELECT 2, 'finalize', y.table_name, c.relname::text, c.oid, NULL
		FROM orchestration.partition_policies y
		JOIN pg_inherits i ON i.inhparent = to_regclass(format('orchestration.%I', y.table_name)) AND i.inhdetachpending
		JOIN pg_class c ON c.oid = i.inhrelid
		UNION ALL
		SELECT 3, CASE a.action WHEN 'tablespace' THEN 'move' ELSE 'detach' END, a.table_name, a.partition_name, a.relation, NULL
		FROM orchestration.partition_actions a
		JOIN orchestration.partition_policies y ON y.table_name = a.table_name
		JOIN pg_inherits i ON i.inhrelid = a.relation AND i.inhparent = to_regclass(format('orchestration.%I', y.table_name)) AND NOT i.inhdetachpending
		JOIN pg_class c ON c.oid = a.relation AND c.relname = a.partition_name
		WHERE a.state IN ('due', 'running', 'failed') AND NOT a.kept AND a.action IN ('drop', 'detach', 'tablespace')
			AND a.due_since + y.grace <= clock_timestamp()
		UNION ALL
		SELECT 4, 'drop', a.table_name, a.partition_name, a.relation, NULL
		FROM orchestration.partition_actions a
		WHERE a.action = 'drop' AND a.state IN ('running', 'detached', 'failed') AND NOT a.kept AND orchestration_internal.is_detached(a.relation, a.partition_name)
	) p
	ORDER BY p.place, p.month, p.table_name, p.partition_name;
$$;

COMMENT ON FUNCTION orchestration_internal.partition_plan() IS 'What is to be done to the log tables now, in this order: create, finalize, detach or move, drop. statement: what can only be executed outside of a transaction.';
GRANT EXECUTE ON FUNCTION orchestration_internal.partition_plan() TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.record_partition_step(step text, log_table text, partition text, partition_oid oid, failure text DEFAULT NULL)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
	INSERT INTO orchestration.partition_actions AS a (partition_name, table_name, relation, action, state, started_at, finished_at, last_error, failures, created_by)
	SELECT partition, log_table, partition_oid, CASE step WHEN 'create' THEN 'create' WHEN 'move' THEN 'tablespace' WHEN 'drop' THEN 'drop' ELSE 'detach' END,
		CASE WHEN failure IS NULL THEN 'done' ELSE 'failed' END, clock_timestamp(), clock_timestamp(), failure, (failure IS NOT NULL)::integer, NULL
	ON CONFLICT (partition_name) DO UPDATE
	SET relation = COALESCE(excluded.relation, a.relation), kept = a.kept AND step <> 'create',
		action = CASE WHEN a.action IN ('create', 'attach') OR step = 'create' THEN excluded.action ELSE a.action END,
		state = CASE WHEN failure IS NOT NULL THEN 'failed' WHEN step IN ('detach', 'finalize') AND a.action = 'drop' THEN 'detached' ELSE 'done' END,
		finished_at = clock_timestamp(), last_error = failure, failures = CASE WHEN failure IS NULL THEN 0 ELSE a.failures + 1 END, updated_at = clock_timestamp();
$$;

COMMENT ON FUNCTION orchestration_internal.record_partition_step(text, text, text, oid, text) IS 'Notes in partition_actions that a step of partition_plan() was done, or why it was not.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.note_partition_step(partition text, waits text DEFAULT NULL)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
	UPDATE orchestration.partition_actions a
	SET state = 'running', started_at = CASE WHEN waits IS NULL THEN clock_timestamp() ELSE a.started_at END, last_error = waits, updated_at = clock_timestamp()
	WHERE a.partition_name = partition;
$$;

COMMENT ON FUNCTION orchestration_internal.note_partition_step(text, text) IS 'Notes in partition_actions that a step was begun, or that somebody held it up until patience was over.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.move_partition(partition regclass, tablespace text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	index regclass;
BEGIN
	/* its locks at once: to wait for the second with the first held would hold up readers */
	EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE', partition);
	EXECUTE format('ALTER TABLE %s SET TABLESPACE %I', partition, tablespace);
	FOR index IN SELECT i.indexrelid FROM pg_index i WHERE i.indrelid = partition LOOP
		EXECUTE format('ALTER INDEX %s SET TABLESPACE %I', index, tablespace);
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.move_partition(regclass, text) IS 'Moves a partition with its indexes to a tablespace. Whoever reads that month waits while it is copied.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.take_partition_step(step text, log_table text, partition text, partition_oid oid, month timestamptz)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	parent regclass := format('orchestration.%I', log_table);
BEGIN
	CASE step
		WHEN 'create' THEN
			PERFORM orchestration_internal.ensure_log_partition(log_table, month);
			SELECT c.oid, c.relname INTO partition_oid, partition
			FROM orchestration_internal.month_partitions(parent) m
			JOIN pg_class c ON c.oid = m.relation
			WHERE m.from_time <= month AND m.before_time > month;
		WHEN 'finalize' THEN
			EXECUTE format('ALTER TABLE %s DETACH PARTITION %s FINALIZE', parent, partition_oid::regclass);
		WHEN 'move' THEN
			PERFORM orchestration_internal.move_partition(partition_oid::regclass, (SELECT y.tablespace FROM orchestration.partition_policies y WHERE y.table_name = log_table));
		WHEN 'drop' THEN
			/* by now it may be another one, or attached again */
			EXECUTE format('LOCK TABLE orchestration.%I IN ACCESS EXCLUSIVE MODE', partition);
			IF NOT orchestration_internal.is_detached(partition_oid, partition) THEN
				RAISE EXCEPTION 'table "%" is not the one that was detached', partition USING ERRCODE = '55000';
			END IF;
			EXECUTE format('DROP TABLE orchestration.%I', partition);
	END CASE;
	PERFORM orchestration_internal.record_partition_step(step, log_table, partition, partition_oid);
END
$$;

COMMENT ON FUNCTION orchestration_internal.take_partition_step(text, text, text, oid, timestamptz) IS 'Takes a step of partition_plan() but detach, and notes it. As the owner of the tables.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.start_rotation(wait_ms integer)
RETURNS text
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_start_rotation';

COMMENT ON FUNCTION orchestration_internal.start_rotation(integer) IS 'Starts the process that rotates the log tables and waits for it, so many milliseconds at most; "ended", "under way" or "not started".';
GRANT EXECUTE ON FUNCTION orchestration_internal.start_rotation(integer) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration.rotate_partitions(patience interval DEFAULT '10 seconds')
RETURNS TABLE (table_name text, partition_name text, action text, result text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	started timestamptz := clock_timestamp();
	outcome text := orchestration_internal.start_rotation(LEAST(EXTRACT(epoch FROM patience) * 1000, 2147483647)::integer);
BEGIN
	IF outcome = 'not started' THEN
		RAISE WARNING 'no background worker slot is free for the partitions of this database'
			USING ERRCODE = '53400', HINT = 'Increase max_worker_processes. Months are made all the same; nothing is retired.';
		PERFORM orchestration_internal.ensure_month(p.table_name, p.month) FROM orchestration_internal.partition_plan() p WHERE p.step = 'create';
	END IF;
	RETURN QUERY
		WITH plan AS MATERIALIZED (SELECT * FROM orchestration_internal.partition_plan())
		SELECT a.table_name, a.partition_name, a.action,
			CASE a.state WHEN 'failed' THEN 'failed: ' || a.last_error WHEN 'due' THEN format('due, not before %s', a.due_since + y.grace) ELSE a.state END
		FROM orchestration.partition_actions a
		LEFT JOIN orchestration.partition_policies y USING (table_name)
		WHERE a.updated_at >= started AND NOT EXISTS (SELECT FROM plan p WHERE p.partition_name = a.partition_name AND a.state <> 'failed')
		UNION ALL
		SELECT p.table_name, p.partition_name, p.step, CASE outcome WHEN 'under way' THEN 'under way' ELSE 'remaining' END
		FROM plan p
		WHERE NOT EXISTS (SELECT FROM orchestration.partition_actions a WHERE a.partition_name = p.partition_name AND a.state = 'failed' AND a.updated_at >= started)
		ORDER BY 1, 2;
END
$$;

COMMENT ON FUNCTION orchestration.rotate_partitions(interval) IS 'Makes the coming monthly partitions of the log tables and retires those that are too old by partition_policies. A background process does it, each step in a transaction of its own, without a lock on the log tables that a reader or writer would feel. Waits for it, at most as long as the argument says; it goes on afterwards. Returns what was done and what remains. A transaction that has used a log table holds up the retirement of its months.';
GRANT EXECUTE ON FUNCTION orchestration.rotate_partitions(interval) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.maintain_partitions()
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	done integer;
	failed text;
	remaining integer;
BEGIN
	SELECT count(*) FILTER (WHERE r.result IN ('done', 'detached')), string_agg(r.partition_name, ', ') FILTER (WHERE r.result LIKE 'failed:%'),
		count(*) FILTER (WHERE r.result IN ('remaining', 'under way', 'running'))
	INTO done, failed, remaining
	FROM orchestration.rotate_partitions() r;
	IF failed IS NOT NULL THEN
		RAISE EXCEPTION 'could not rotate %', failed USING ERRCODE = '55000', HINT = 'last_error of partition_status says why; it is tried again.';
	END IF;
	RETURN format('%s done, %s remaining', done, remaining);
END
$$;

COMMENT ON FUNCTION orchestration_internal.maintain_partitions() IS 'Maintenance step: rotate_partitions(). Raises 55000 when a step of it failed.';
GRANT EXECUTE ON FUNCTION orchestration_internal.maintain_partitions() TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.attach_partition(log_table text, at timestamptz)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	parent regclass := (SELECT to_regclass(format('orchestration.%I', p.table_name)) FROM orchestration.partition_policies p WHERE p.table_name = log_table);
	partition text := format('%s_%s', log_table, orchestration_internal.month_suffix(at));
	relation regclass := to_regclass(format('orchestration.%I', partition));
	problem text;
BEGIN
	IF parent IS NULL THEN
		RAISE EXCEPTION 'log table "%" does not exist', log_table USING ERRCODE = 'OR004', HINT = 'SELECT table_name FROM orchestration.partition_policies shows them.';
	END IF;
	IF orchestration_internal.log_month_exists(parent, at) THEN
		RAISE EXCEPTION 'log table "%" has that month already', log_table USING ERRCODE = 'OR005';
	END IF;
	IF relation IS NULL THEN
		RAISE EXCEPTION 'table "%" does not exist in schema orchestration', partition USING ERRCODE = 'OR004', HINT = 'Restore it first, with pg_restore.';
	END IF;
	BEGIN
		PERFORM orchestration_internal.attach_month(parent, partition, at);
	EXCEPTION WHEN check_violation OR datatype_mismatch OR undefined_column OR wrong_object_type OR object_not_in_prerequisite_state OR duplicate_object THEN
		GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT;
		RAISE EXCEPTION 'table "%" cannot be that month of "%"', partition, log_table USING ERRCODE = 'OR003', DETAIL = problem;
	END;
	INSERT INTO orchestration.partition_actions AS a (partition_name, table_name, relation, action, state, kept, started_at, finished_at)
	VALUES (partition, log_table, relation, 'attach', 'done', true, now(), clock_timestamp())
	ON CONFLICT (partition_name) DO UPDATE
	SET relation = excluded.relation, action = 'attach', state = 'done', kept = true, due_since = NULL, started_at = excluded.started_at, finished_at = excluded.finished_at,
		last_error = NULL, failures = 0;
	RETURN partition;
END
$$;

COMMENT ON FUNCTION orchestration_internal.attach_partition(text, timestamptz) IS 'Attaches a month of a log table that was detached, or dumped, dropped and restored: the table <log table>_<YYYYMM>, every row of which is checked. It is kept, however old, until partition_actions.kept is set to false. Returns its name. Raises OR003 when it is no such month, OR004 when table or log table does not exist, OR005 when the month is there.';
-- for the owner alone
