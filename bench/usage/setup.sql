-- containers, and the file and the arrays of what they used: once a minute, for as long as the rows last
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
SET orchestration.simulate_worker = on;
SELECT count(orchestration.create_namespace('ns' || n)) FROM generate_series(1, 10) n;
SELECT count(orchestration.create_container('ns' || n % 10 + 1, 'c' || n, 'nginx:1', cpu_limit => '1', memory_limit => '1Gi')) FROM generate_series(1, 23) n;
CREATE TABLE source AS
SELECT c.namespace_id, c.id AS container_id, date_trunc('hour', now()) - m * interval '1 minute' AS recorded_at,
	random() * 1000 AS cpu_millicores, (random() * 1e9)::bigint AS memory_bytes, (random() * 1e6)::bigint AS received, (random() * 1e5)::bigint AS sent, (random() * 1e8)::bigint AS disk
FROM generate_series(1, (:rows / 23)::integer + 1) m, orchestration.containers c
ORDER BY recorded_at, c.id
LIMIT :rows;
SELECT count(orchestration_internal.ensure_log_partition('container_resource_usage', m)) FROM (SELECT DISTINCT date_trunc('month', recorded_at) AS m FROM source) x;
SELECT format($$COPY (SELECT namespace_id, recorded_at, container_id, cpu_millicores, memory_bytes, received, sent, disk FROM source ORDER BY recorded_at, container_id) TO %L$$, :'work' || '/rows.copy') \gexec
-- what a client sends: texts of arrays
CREATE TABLE batch AS
SELECT n / 10000 AS id, array_agg(container_id ORDER BY n)::text AS container_ids, array_agg(recorded_at ORDER BY n)::text AS times, array_agg(cpu_millicores ORDER BY n)::text AS millicores,
	array_agg(memory_bytes ORDER BY n)::text AS memory, array_agg(received ORDER BY n)::text AS received, array_agg(sent ORDER BY n)::text AS sent, array_agg(disk ORDER BY n)::text AS disk
FROM (SELECT s.*, row_number() OVER (ORDER BY recorded_at, container_id) - 1 AS n FROM source s) s GROUP BY 1;
-- CPU time of this backend, in seconds
CREATE FUNCTION cpu() RETURNS double precision LANGUAGE sql AS $$
	SELECT sum(f::bigint) / 100.0 FROM unnest((string_to_array(regexp_replace(pg_read_file('/proc/self/stat'), '^.*\) ', ''), ' '))[12:13]) f
$$;
VACUUM ANALYZE;
