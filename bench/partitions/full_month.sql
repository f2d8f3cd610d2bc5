\set ON_ERROR_STOP on
\pset footer off
CALL make_first();
INSERT INTO orchestration.l1 (at, what) SELECT orchestration_internal.month_start(now(), -116) + make_interval(secs => n), 'row ' || n FROM generate_series(1, 1000000) n;
CHECKPOINT;
SELECT pg_size_pretty(sum(size_bytes)) AS size FROM orchestration.partition_status WHERE due_action IS NULL AND table_name = 'l1' AND from_time < orchestration_internal.month_start(now(), -114) \gset
SELECT clock_timestamp() AS before \gset
SELECT count(*) AS steps FROM orchestration.rotate_partitions('1 minute') \gset
SELECT round(extract(epoch FROM clock_timestamp() - :'before'::timestamptz) * 1000) AS ms,
	round(extract(epoch FROM max(finished_at) - min(started_at)) * 1000) AS drop_ms
FROM orchestration.partition_actions WHERE table_name = 'l1' AND action = 'drop' AND partition_name = 'l1_' || orchestration_internal.month_suffix(orchestration_internal.month_start(now(), -116)) \gset
\echo 1,000,000 rows (:size) and five empty months retired by rotate_partitions(): :ms ms in all, the DROP of the full one :drop_ms ms
