/* What there is to measure, and one way to measure all of it. */

CREATE OR REPLACE FUNCTION orchestration_internal.known_indicators()
RETURNS TABLE (name text, unit text, source text, description text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	VALUES
		('connections_used', 'percent', 'sessions', 'Client connections, of those that are not kept for superusers.'),
		('connections', 'count', 'sessions', 'Client connections by state.'),
		('slow_queries', 'count', 'sessions', 'Statements of more than 5 seconds: those that run now and those that have ended since the last evaluation.'),
		('slowest_query', 's', 'sessions', 'How long the longest running statement has been running.'),
		('idle_in_transaction', 's', 'sessions', 'How long the most idle open transaction has been idle.'),
		('oldest_transaction', 's', 'sessions', 'Age of the oldest open transaction.'),
		('prepared_transaction', 's', 'sessions', 'Age of the oldest transaction that was prepared and neither committed nor rolled back.'),
		('oldest_snapshot', 'count', 'sessions', 'Transactions since the oldest snapshot that holds vacuum back.'),
		('lock_waits', 'count', 'locks', 'Processes that wait for a lock.'),
		('longest_lock_wait', 's', 'locks', 'How long the one that waits longest has been waiting.'),
		('disk_used', 'percent', 'storage', 'Space used on the file system of a tablespace.'),
		('disk_free', 'bytes', 'storage', 'Space free on the file system of a tablespace.'),
		('database_size', 'bytes', 'storage', 'Size of this database.'),
		('wraparound', 'percent', 'storage', 'Transaction or multixact ids used of those before wraparound.'),
		('replication_backlog', 'bytes', 'replication', 'Write-ahead log that a standby has not replayed.'),
		('replication_lag', 's', 'replication', 'Time by which a standby lags.'),
		('standby_connected', 'boolean', 'replication', '1 while a standby that was seen before is connected.'),
		('slot_active', 'boolean', 'replication', '1 while somebody reads from a replication slot.'),
		('slot_retained', 'bytes', 'replication', 'Write-ahead log that a replication slot keeps.'),
		('archiving_failing', 'boolean', 'replication', '1 while the last attempt to archive write-ahead log failed.'),
		('transactions', 'per_second', 'throughput', 'Transactions ended since the last evaluation.'),
		('rollbacks', 'percent', 'throughput', 'Of these, those that were rolled back.'),
		('transaction_time', 'ms', 'throughput', 'Mean time that sessions spent executing, for each of them.'),
		('deadlocks', 'count', 'throughput', 'Deadlocks since the last evaluation.'),
		('query_time_mean', 'ms', 'statements', 'Mean response time of statements since the last evaluation.'),
		('query_time_p95', 'ms', 'statements', 'Response time that 95 per cent of them kept below, estimated.'),
		('containers', 'count', 'containers', 'Containers by status.'),
		('containers_failed', 'count', 'containers', 'Failed containers of a namespace; of the 200 namespaces with most of them.'),
		('containers_crash_looping', 'count', 'containers', 'Containers of a namespace that crash again and again; of 200 namespaces, likewise.'),
		('containers_stuck', 'count', 'containers', 'Containers of a namespace that have been pending for more than 10 minutes; of 200 namespaces, likewise.'),
		('container_creation_success', 'percent', 'containers', 'Containers created in the last hour that came up, of those that are decided.'),
		('operations', 'per_second', 'operations', 'Statements of users in the last 15 minutes that changed something, failed or were refused.'),
		('operation_errors', 'percent', 'operations', 'Of these, those that failed.'),
		('operation_refusals', 'count', 'operations', 'Operations that were refused in the last 15 minutes.'),
		('operation_time_mean', 'ms', 'operations', 'Mean response time of the statements of users in the last 15 minutes; fewer than 20 count as 20, and those that write more than 100 rows for each hundred.'),
		('operation_time_p95', 'ms', 'operations', 'Response time that 95 per cent of them kept below.'),
		('active_users', 'count', 'operations', 'Users that did something, or were logged in, in the last hour.'),
		('user_refusals', 'count', 'operations', 'Operations of one user that were refused in the last 15 minutes, from 5 on.'),
		('user_operations', 'count', 'operations', 'Operations of one user in the last 15 minutes, from 100 on.'),
		('cpu_of_limit', 'percent', 'usage', 'CPU of a container''s busiest instance, of its limit, from 50 on.'),
		('memory_of_limit', 'percent', 'usage', 'Memory of a container''s largest instance, of its limit, from 50 on.'),
		('usage_growth', 'percent', 'usage', 'What a namespace used in the last 10 minutes, more than in the hour before, from 50 on.'),
		('cpu_used', 'millicores', 'usage', 'CPU that all containers use.'),
		('memory_used', 'bytes', 'usage', 'Memory that all containers use.'),
		('audit_gaps', 'count', 'audit', 'Rows created in the last hour that no audit row tells of.'),
		('audit_dropped', 'count', 'audit', 'Refused and failed operations of the last hour that found no room in shared memory and were only counted.'),
		('audit_unsealed', 's', 'audit', 'How old the oldest audit row of the last day is that no seal covers.'),
		('audit_missing', 'count', 'audit', 'What is wrong with the audit trail: months that are gone, months with rows that are missing, changed or added, seals that are gone, triggers that are off.'),
		('audit_check_age', 's', 'audit', 'How long ago the rows of the audit trail were last counted against their seals, all months of it.'),
		('partition_months_left', 'count', 'audit', 'Whole months after this one for which a log table has partitions.'),
		('worker_up', 'boolean', 'worker', '1 while the worker runs, if there is a cluster to serve.'),
		('worker_idle', 's', 'worker', 'How long ago the worker last went round its loop.'),
		('cluster_connected', 'boolean', 'worker', '1 while the worker is connected to a cluster and holds its lease.'),
		('objects_failing', 'count', 'worker', 'Objects of a cluster whose last attempt failed.'),
		('oldest_due_object', 's', 'worker', 'How long the oldest object of a cluster has been waiting to be applied or deleted.'),
		('rows_locked', 'count', 'worker', 'What the worker could not write for a cluster because somebody has locked the row.'),
		('oldest_locked_row', 's', 'worker', 'How long the oldest of these has been waiting.'),
		('maintenance_failures', 'count', 'worker', 'How often in a row a maintenance step failed.'),
		('encryption_key_known', 'boolean', 'keys', '1 while this server can read the key of the secrets.'),
		('clock_went_back', 's', 'worker', 'By how much the clock of the server was set back in the last 15 minutes.'),
		('alerts', 'count', 'alerts', 'Open alerts by severity.'),
		('alert_evaluation_age', 's', 'alerts', 'How long ago the rules were last evaluated.'),
		('indicator_failures', 'count', 'indicators', 'Sources of indicators that could not be read.')
$$;

COMMENT ON FUNCTION orchestration_internal.known_indicators() IS 'The indicators with their units (percent, ms, s, bytes, millicores, per_second, count, boolean), the function indicators_of_<source>() that reads them, and what they mean.';
GRANT EXECUTE ON FUNCTION orchestration_internal.known_indicators() TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_indicator(indicator text)
RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM orchestration_internal.known_indicators() d WHERE d.name = indicator) THEN
		RAISE EXCEPTION 'indicator "%" does not exist', indicator
			USING ERRCODE = 'OR003', HINT = 'SELECT name, description FROM orchestration_internal.known_indicators() lists them.';
	END IF;
	RETURN true;
END
$$;

COMMENT ON FUNCTION orchestration_internal.valid_indicator(text) IS 'Is there such an indicator? Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_indicator(text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.require_monitoring()
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	/* neither is changed by SECURITY DEFINER */
	caller name := COALESCE(NULLIF(current_setting('role'), 'none'), session_user);
BEGIN
	IF NOT pg_has_role(caller, 'orchestration_monitor', 'USAGE') AND NOT orchestration_internal.permits_everywhere('monitoring', 'read') THEN
		RAISE EXCEPTION 'permission denied to read indicators'
			USING ERRCODE = '42501', HINT = 'It takes the permission read on monitoring in all namespaces, or membership of orchestration_monitor.';
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.require_monitoring() IS 'Refuses whoever is no member of orchestration_monitor and may not read monitoring everywhere: 42501.';
GRANT EXECUTE ON FUNCTION orchestration_internal.require_monitoring() TO orchestration_monitor;

/* SECURITY DEFINER: sees all sessions and counts the rows of all namespaces, for callers that may do neither */
CREATE OR REPLACE FUNCTION orchestration_internal.read_indicators()
RETURNS TABLE (name text, value double precision, unit text, labels jsonb, description text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
/* whoever locks a table must not stop those who look for locks */
SET lock_timeout = '1s'
/* compiling takes longer than anything here is allowed to */
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	reader text;
	failed text[] := '{}';
BEGIN
	PERFORM orchestration_internal.require_monitoring();
	FOR reader IN SELECT d.source FROM orchestration_internal.known_indicators() d WHERE d.source <> 'indicators' GROUP BY d.source ORDER BY d.source LOOP
		BEGIN
			RETURN QUERY EXECUTE format('SELECT d.name, i.value, d.unit, i.labels, d.description
				FROM orchestration_internal.%I() i JOIN orchestration_internal.known_indicators() d ON d.name = i.name', 'indicators_of_' || reader);
		EXCEPTION WHEN OTHERS THEN
			/* unknown is not the same as well: the rules hold on to what they have */
			failed := failed || reader;
			RETURN QUERY SELECT d.name, NULL::float8, d.unit, '{}'::jsonb, d.description FROM orchestration_internal.known_indicators() d WHERE d.source = reader;
			RAISE WARNING 'the indicators of % could not be read', reader USING ERRCODE = SQLSTATE, DETAIL = SQLERRM;
		END;
	END LOOP;
	RETURN QUERY SELECT d.name, cardinality(failed)::float8, d.unit, '{}'::jsonb, d.description FROM orchestration_internal.known_indicators() d WHERE d.name = 'indicator_failures';
END
$$;

COMMENT ON FUNCTION orchestration_internal.read_indicators() IS 'Reads all indicators; see the view indicators. A source that fails gives NULL and a warning. Runs with the rights of the owner of the extension, for whoever may read monitoring everywhere. Raises 42501.';
GRANT EXECUTE ON FUNCTION orchestration_internal.read_indicators() TO orchestration_user, orchestration_monitor, orchestration_worker;
