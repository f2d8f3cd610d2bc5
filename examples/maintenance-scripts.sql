/*
 * maintenance-scripts.sql: what the platform does for itself, and how to look after it.
 *
 *   psql -f examples/maintenance-scripts.sql
 *
 * The worker runs all of it when it is due.  Where there is no worker, run this as the owner of the tables, from cron or
 * pg_cron; every statement can be run at any time, by itself, and as often as you like.
 */

-- what there is to do, when, and what came of it last
SELECT name, every, keep, next_run_at, last_finished_at, COALESCE(last_result, 'failed: ' || last_error) AS last_result FROM orchestration.maintenance_steps ORDER BY name;

-- all of it now; one that fails does not stop the others
SELECT step, result FROM orchestration.run_maintenance();

-- only what is due, as a job would
SELECT step, result FROM orchestration.run_maintenance(only_due => true);

-- one by one: the months of the log tables, what ran out, what was deleted long ago, the summary, statistics
SELECT orchestration_internal.run_maintenance_step('partitions');
SELECT orchestration_internal.run_maintenance_step('expired');
SELECT orchestration_internal.run_maintenance_step('leftovers');
SELECT orchestration_internal.run_maintenance_step('summary');
SELECT orchestration_internal.run_maintenance_step('statistics');

-- for how long what has ended is kept; NULL is for ever
UPDATE orchestration.maintenance_steps SET keep = '30 days' WHERE name = 'expired' AND keep IS DISTINCT FROM '30 days';

-- indexes that nothing used since counted_since, or that are there twice; drop one only after weeks, and after a look at the standbys
SELECT table_name, index_name, pg_size_pretty(bytes) AS size, verdict, counted_since FROM orchestration.index_report
WHERE verdict ~ '^(unused|duplicate|invalid)' ORDER BY bytes DESC;

-- tables with empty space, and what to do about each
SELECT table_name, parts, pg_size_pretty(bytes) AS size, pg_size_pretty(bloat_bytes) AS empty, dead_rows, verdict FROM orchestration.bloat_report ORDER BY bloat_bytes DESC NULLS LAST LIMIT 20;

-- how far ahead months are made, and how big the logs are
SELECT table_name, months_left, partitions, from_time, before_time, pg_size_pretty(size_bytes) AS size, failed FROM orchestration.log_table_status;

-- statements that have been running for minutes, and what they hold back
SELECT pid, usename, now() - xact_start AS transaction_age, state, left(query, 80) AS query FROM pg_stat_activity
WHERE xact_start < now() - interval '5 minutes' ORDER BY xact_start;

-- how near the transaction counter is to a forced vacuum
SELECT c.relname, age(c.relfrozenxid) AS age, round(100.0 * age(c.relfrozenxid) / current_setting('autovacuum_freeze_max_age')::bigint) AS percent FROM pg_class c
WHERE c.relnamespace = 'orchestration'::regnamespace AND c.relkind IN ('r', 'm') ORDER BY age(c.relfrozenxid) DESC LIMIT 10;

-- an index that has grown is rebuilt without stopping anybody (not inside a transaction)
-- REINDEX INDEX CONCURRENTLY orchestration.containers_labels;
