/*
 * The rules that a release knows.  What is there is left as its owner wants it.
 * The specification's thresholds: connections 80 %, response 200 ms, errors 5 %.
 */
INSERT INTO orchestration.alert_rules (name, indicator, comparison, threshold, clear_threshold, for_duration, clear_duration, severity, description)
SELECT s.name, s.indicator, s.comparison, s.threshold, s.clear_threshold, s.for_duration::interval, s.clear_duration::interval, s.severity, s.description
FROM (VALUES
	('connections_high', 'connections_used', '>', 80, 70, '2 minutes', '5 minutes', 'warning', 'Clients use most of max_connections. Look at pg_stat_activity for those that are idle; use a pooler.'),
	('connections_exhausted', 'connections_used', '>', 95, 90, '0', '5 minutes', 'critical', 'New clients are about to be refused.'),
	('query_response_time', 'query_time_mean', '>', 200, 150, '3 minutes', '5 minutes', 'warning', 'Statements take long on average. Look at pg_stat_statements by total_exec_time, at locks and at the disk.'),
	('query_response_time_p95', 'query_time_p95', '>', 1000, 700, '5 minutes', '10 minutes', 'warning', 'One statement in twenty takes very long.'),
	('transaction_response_time', 'transaction_time', '>', 200, 150, '3 minutes', '5 minutes', 'warning', 'Transactions execute for long on average. Told without pg_stat_statements, too.'),
	('slow_queries', 'slow_queries', '>=', 5, 3, '2 minutes', '5 minutes', 'warning', 'Several statements have been running for more than 5 seconds. Look at pg_stat_activity and pg_blocking_pids().'),
	('lock_wait', 'longest_lock_wait', '>', 30, 5, '0', '2 minutes', 'warning', 'Somebody waits for a lock. pg_blocking_pids() of the waiting process names who holds it.'),
	('lock_waits', 'lock_waits', '>=', 10, 5, '1 minute', '5 minutes', 'warning', 'Many processes wait for locks.'),
	('deadlocks', 'deadlocks', '>', 0, NULL, '0', '10 minutes', 'info', 'Transactions locked each other out and one was ended. The server''s log has both statements.'),
	('idle_in_transaction', 'idle_in_transaction', '>', 600, 300, '0', '5 minutes', 'warning', 'A transaction is open and does nothing: it holds its locks and holds vacuum back.'),
	('oldest_transaction', 'oldest_transaction', '>', 3600, 1800, '0', '5 minutes', 'warning', 'A transaction has been open for an hour. It holds vacuum back.'),
	('oldest_snapshot', 'oldest_snapshot', '>', 100e6, 50e6, '5 minutes', '10 minutes', 'warning', 'Vacuum cannot clean up for long: a session, a slot, a prepared transaction or a standby holds an old snapshot.'),
	('wraparound', 'wraparound', '>', 40, 35, '0', '10 minutes', 'warning', 'Transaction ids are used up faster than autovacuum frees them. Find what holds vacuum back.'),
	('wraparound_near', 'wraparound', '>', 80, 70, '0', '10 minutes', 'critical', 'The server will soon refuse to write. Vacuum the oldest tables now.'),
	('disk_used', 'disk_used', '>', 80, 75, '2 minutes', '5 minutes', 'warning', 'A disk of the server fills up. Look at the size of the database, at slots that keep write-ahead log, and at retention.'),
	('disk_full', 'disk_used', '>', 95, 90, '0', '5 minutes', 'critical', 'A disk of the server is nearly full. Without space the server stops.'),
	('replication_broken', 'standby_connected', '<', 1, NULL, '1 minute', '1 minute', 'critical', 'A standby that was there has gone. If it was taken down for good: SELECT orchestration_internal.forget_standby(''name'').'),
	('replication_lag', 'replication_lag', '>', 30, 10, '1 minute', '2 minutes', 'warning', 'A standby lags behind: reads there are old, and a failover takes long.'),
	('replication_backlog', 'replication_backlog', '>', 1e9, 5e8, '1 minute', '2 minutes', 'warning', 'A standby has a gigabyte of write-ahead log to catch up with.'),
	('slot_inactive', 'slot_active', '<', 1, NULL, '10 minutes', '1 minute', 'warning', 'Nobody reads from a replication slot, and it keeps write-ahead log until the disk is full. Drop it if it is not needed.'),
	('slot_retained', 'slot_retained', '>', 1e10, 5e9, '5 minutes', '5 minutes', 'critical', 'A replication slot keeps more than 10 GB of write-ahead log.'),
	('archiving_failing', 'archiving_failing', '>=', 1, NULL, '5 minutes', '1 minute', 'critical', 'Write-ahead log is not archived: there is no point-in-time recovery past the last archived file. The server''s log says why.'),
	('container_creation_failing', 'container_creation_success', '<', 80, 90, '0', '5 minutes', 'warning', 'Many containers of the last hour did not come up. SELECT orchestration.why(id) says why.'),
	('containers_failed', 'containers_failed', '>', 0, NULL, '2 minutes', '2 minutes', 'warning', 'Containers of this namespace have failed. SELECT orchestration.why(id) says why.'),
	('containers_crash_looping', 'containers_crash_looping', '>', 0, NULL, '5 minutes', '5 minutes', 'warning', 'Containers of this namespace crash again and again.'),
	('containers_stuck', 'containers_stuck', '>', 0, NULL, '0', '2 minutes', 'warning', 'Containers of this namespace do not come up.'),
	('operation_errors', 'operation_errors', '>', 5, 3, '1 minute', '5 minutes', 'critical', 'Operations of users fail. SELECT * FROM orchestration.operation_logs WHERE status = ''failed'' says which and why.'),
	('operation_response_time', 'operation_time_mean', '>', 200, 150, '2 minutes', '5 minutes', 'warning', 'Operations of users take long.'),
	('user_refused', 'user_refusals', '>=', 20, 10, '0', '10 minutes', 'warning', 'A user tries again and again what is not permitted.'),
	('user_busy', 'user_operations', '>=', 1000, 500, '0', '10 minutes', 'info', 'A user does unusually much: a script that went astray, or somebody else with that user''s credentials.'),
	('cpu_near_limit', 'cpu_of_limit', '>', 90, 80, '10 minutes', '10 minutes', 'info', 'A container is throttled: it wants more CPU than its limit.'),
	('memory_near_limit', 'memory_of_limit', '>', 90, 80, '2 minutes', '5 minutes', 'warning', 'A container is about to be killed for its memory limit.'),
	('usage_growth', 'usage_growth', '>', 200, 100, '5 minutes', '10 minutes', 'warning', 'A namespace suddenly uses more than three times what it used in the hour before.'),
	('audit_gap', 'audit_gaps', '>', 0, NULL, '0', '5 minutes', 'critical', 'Something was created and is not on the record: a trigger was disabled, or rows came past it.'),
	('audit_dropped', 'audit_dropped', '>', 0, NULL, '0', '5 minutes', 'warning', 'Refused operations came faster than the worker records them, and some were only counted: SELECT * FROM orchestration.operation_logs WHERE resource_type = ''operation_log'' says whose. Is the worker there?'),
	('audit_unsealed', 'audit_unsealed', '>', 1800, 600, '0', '2 minutes', 'warning', 'Audit rows are not sealed. maintenance_steps says why audit_seals does not run; a transaction that has been open for long holds it back, too.'),
	('partitions_ending', 'partition_months_left', '<', 1, NULL, '0', '0', 'critical', 'A log table has no partition for next month. SELECT * FROM orchestration.maintenance_steps says why none was made.'),
	('worker_down', 'worker_up', '<', 1, NULL, '2 minutes', '1 minute', 'critical', 'No worker runs: nothing reaches a cluster. The server''s log says why.'),
	('worker_stuck', 'worker_idle', '>', 300, 60, '0', '1 minute', 'critical', 'The worker does not go round its loop.'),
	('cluster_disconnected', 'cluster_connected', '<', 1, NULL, '2 minutes', '1 minute', 'critical', 'The worker cannot reach a cluster, or another database holds its lease. cluster_status says why.'),
	('objects_failing', 'objects_failing', '>', 0, NULL, '10 minutes', '5 minutes', 'warning', 'The cluster refuses objects. managed_objects.last_error says why.'),
	('objects_waiting', 'oldest_due_object', '>', 900, 300, '0', '5 minutes', 'warning', 'An object has been waiting for long to be applied or deleted.'),
	('maintenance_failing', 'maintenance_failures', '>=', 3, 1, '0', '0', 'warning', 'A maintenance step fails again and again. maintenance_steps.last_error says why.'),
	('encryption_key_unknown', 'encryption_key_known', '<', 1, NULL, '0', '0', 'critical', 'This server cannot read the key of the secrets: neither secrets nor credentials of clusters can be used.'),
	('indicators_failing', 'indicator_failures', '>', 0, NULL, '5 minutes', '5 minutes', 'warning', 'Some indicators cannot be read, and their alerts neither open nor end. The server''s log says why.')
) s (name, indicator, comparison, threshold, clear_threshold, for_duration, clear_duration, severity, description)
WHERE NOT EXISTS (SELECT FROM orchestration.alert_rules r WHERE r.name = s.name);
