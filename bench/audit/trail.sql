-- A month of the audit trail, and what it costs to look at it.
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap() \g /dev/null
CREATE SCHEMA bench;
CREATE FUNCTION bench.cpu() RETURNS double precision LANGUAGE sql VOLATILE AS $$ SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::float8 / 1e6 $$;
CREATE TABLE bench.result (number int GENERATED ALWAYS AS IDENTITY, what text, cpu_ms double precision, ms double precision, outcome text);
CREATE PROCEDURE bench.measure(what text, statement text) LANGUAGE plpgsql AS $$
DECLARE
	cpu double precision := bench.cpu();
	started timestamptz := clock_timestamp();
	outcome text;
BEGIN
	EXECUTE statement INTO outcome;
	INSERT INTO bench.result (what, cpu_ms, ms, outcome) VALUES (what, bench.cpu() - cpu, extract(epoch FROM clock_timestamp() - started) * 1000, outcome);
END
$$;
-- each batch a transaction of its own and the seal of it, as time goes by
CREATE PROCEDURE bench.fill(rows bigint, seals bigint, first bigint, last bigint) LANGUAGE plpgsql AS $$
DECLARE
	month timestamptz := orchestration_internal.month_start(now());
	until timestamptz := LEAST(now(), orchestration_internal.month_start(now(), 1));
	lineage bigint := orchestration_internal.audit_lineage();
	size bigint := rows / seals;
BEGIN
	FOR i IN first..last LOOP
		INSERT INTO orchestration.operation_logs (namespace_id, started_at, user_id, operation, resource_type, resource_id, resource_name, changes, duration_ms)
		SELECT 1 + g % 500, month + (until - month) * ((i + g / size::float8) / seals), 1 + g % 200, 'update', (ARRAY['container', 'config_map', 'volume'])[1 + g % 3], 1 + (i * size + g) * 7919 % 40000,
			'app-' || g % 1000, jsonb_build_object('before', jsonb_build_object('replicas', g), 'after', jsonb_build_object('replicas', g + 1, 'labels', jsonb_build_object('tier', 'web'))), 3.5
		FROM generate_series(1, size) g;
		COMMIT;
		PERFORM orchestration_internal.seal_month(month, orchestration_internal.month_start(month, 1), lineage, pg_snapshot_xmin(pg_current_snapshot())::text::bigint, 50000);
		COMMIT;
	END LOOP;
END
$$;
-- what bootstrap() left is of today, and would be the oldest
SELECT format('ALTER TABLE %s DISABLE TRIGGER USER; TRUNCATE %1$s; ALTER TABLE %1$s ENABLE ALWAYS TRIGGER keep_rows; ALTER TABLE %1$s ENABLE ALWAYS TRIGGER keep_table', m.partition)
FROM orchestration_internal.audit_months() m WHERE m.from_time = orchestration_internal.month_start(now()) \gexec
-- in statements of their own: a server counts what they did when they end, and autovacuum looks after it
SELECT format('CALL bench.fill(%s, %s, %s, %s)', :rows, :seals, g, g + 199) FROM generate_series(0, :seals - 200, 200) g \gexec
SELECT orchestration_internal.maintain_audit_seals() \g /dev/null
VACUUM (ANALYZE) orchestration.operation_logs;
VACUUM (ANALYZE) orchestration.audit_seals;
CALL bench.measure('who changed a container', 'SELECT count(*) FROM (SELECT started_at, db_role, operation, changes FROM orchestration.operation_logs WHERE resource_type = ''container'' AND resource_id = 4711 ORDER BY started_at DESC LIMIT 50) x');
CALL bench.measure('the same of its namespace, last 7 days', 'SELECT count(*) FROM (SELECT started_at, db_role, operation, changes FROM orchestration.operation_logs WHERE namespace_id = 17 AND resource_type = ''container'' AND resource_id = 4711 AND started_at >= now() - interval ''7 days'' AND started_at <= now() ORDER BY started_at DESC LIMIT 50) x');
CALL bench.measure('verify_audit(), last hour', 'SELECT string_agg(concat_ws('' '', result, sealed_rows), '', '') FROM orchestration.verify_audit(now() - interval ''1 hour'')');
CALL bench.measure('verify_audit(), last hour, again', 'SELECT string_agg(concat_ws('' '', result, sealed_rows), '', '') FROM orchestration.verify_audit(now() - interval ''1 hour'')');
CALL bench.measure('verify_audit()', 'SELECT string_agg(concat_ws('' '', result, sealed_rows), '', '') FROM orchestration.verify_audit()');
CALL bench.measure('counting the month', 'SELECT row_count FROM orchestration_internal.audit_months() m, orchestration_internal.worker_count_rows(m.partition, m.from_time) WHERE m.from_time = orchestration_internal.month_start(now())');
CALL bench.measure('counting the month, again', 'SELECT row_count FROM orchestration_internal.audit_months() m, orchestration_internal.worker_count_rows(m.partition, m.from_time) WHERE m.from_time = orchestration_internal.month_start(now())');
CALL bench.measure('the step audit_watch', 'SELECT orchestration_internal.maintain_audit_watch()');
CALL bench.measure('the step audit_watch, again', 'SELECT orchestration_internal.maintain_audit_watch()');
CALL bench.measure('audit_problems()', 'SELECT count(*) FROM orchestration_internal.audit_problems()');
CALL bench.measure('indicators of the audit trail', 'SELECT count(*) FROM orchestration_internal.indicators_of_audit()');
SELECT orchestration.create_namespace('maps'), orchestration.create_config_map('maps', 'large', (SELECT jsonb_object_agg('k' || g, rpad(g::text, 9000, md5(g::text))) FROM generate_series(1, 100) g)) \g /dev/null
UPDATE orchestration.config_maps SET data = jsonb_set(data, '{k7}', '"short"') WHERE name = 'large';
INSERT INTO bench.result (what, outcome) SELECT 'bytes of changes for one key of a config map of ' || octet_length(m.data::text) || ' bytes', pg_column_size(l.changes)
FROM orchestration.operation_logs l, orchestration.config_maps m WHERE m.name = 'large' AND l.resource_type = 'config_map' AND l.operation = 'update' AND l.resource_name = 'large';
INSERT INTO bench.result (what, outcome)
SELECT 'bytes a row: ' || i.relname, round(pg_relation_size(i.oid)::numeric / :rows, 1)
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = (SELECT m.partition FROM orchestration_internal.audit_months() m WHERE m.from_time = orchestration_internal.month_start(now()));
\pset border 2
SELECT what, round(cpu_ms::numeric, 1) AS "CPU ms", round(ms::numeric, 1) AS ms, outcome FROM bench.result ORDER BY number;
