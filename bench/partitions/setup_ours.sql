\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
DELETE FROM orchestration.partition_policies;
DO $$
BEGIN
	FOR n IN 1 .. 3 LOOP
		EXECUTE format('CREATE TABLE orchestration.l%s (id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL, what text, PRIMARY KEY (at, id)) PARTITION BY RANGE (at)', n);
		EXECUTE format('CREATE INDEX ON orchestration.l%s (what, at)', n);
		INSERT INTO orchestration.partition_policies (table_name, retention_months, grace) VALUES ('l' || n, 114, '0');
		PERFORM orchestration_internal.ensure_log_partition('l' || n, orchestration_internal.month_start(now(), m)) FROM generate_series(-116, 3) m;
		EXECUTE format('INSERT INTO orchestration.l%s (at, what) SELECT orchestration_internal.month_start(now(), m), ''row'' FROM generate_series(-116, 3) m, generate_series(1, 10)', n);
	END LOOP;
END
$$;
CREATE PROCEDURE drop_last() LANGUAGE plpgsql AS $$
BEGIN
	FOR n IN 1 .. 3 LOOP
		FOR m IN 1 .. 3 LOOP
			EXECUTE format('DROP TABLE orchestration.l%s_%s', n, orchestration_internal.month_suffix(orchestration_internal.month_start(now(), m)));
		END LOOP;
	END LOOP;
END
$$;
CREATE PROCEDURE make_first() LANGUAGE sql AS $$
	SELECT orchestration_internal.ensure_log_partition('l' || n, orchestration_internal.month_start(now(), m)) FROM generate_series(1, 3) n, generate_series(-116, -115) m;
$$;
CREATE TABLE lock_samples (mode text);
CREATE PROCEDURE sample_locks(seconds integer) LANGUAGE plpgsql AS $$
DECLARE
	until_time timestamptz := clock_timestamp() + make_interval(secs => seconds);
BEGIN
	WHILE clock_timestamp() < until_time LOOP
		INSERT INTO lock_samples
		SELECT DISTINCT l.mode FROM pg_locks l
		JOIN pg_stat_activity a USING (pid)
		WHERE a.backend_type = 'orchestration partitions' AND l.relation IN ('orchestration.l1'::regclass, 'orchestration.l2'::regclass, 'orchestration.l3'::regclass);
		COMMIT;
	END LOOP;
END
$$;
