\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE SCHEMA partman;
CREATE EXTENSION pg_partman SCHEMA partman;
CREATE SCHEMA logs;
DO $$
BEGIN
	FOR n IN 1 .. 3 LOOP
		EXECUTE format('CREATE TABLE logs.l%s (id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL, what text, PRIMARY KEY (at, id)) PARTITION BY RANGE (at)', n);
		EXECUTE format('CREATE INDEX ON logs.l%s (what, at)', n);
		PERFORM partman.create_parent('logs.l' || n, 'at', 'native', 'monthly', p_premake := 3,
			p_start_partition := (date_trunc('month', now()) - interval '116 months')::text);
		UPDATE partman.part_config SET retention = '114 months', retention_keep_table = false, infinite_time_partitions = true WHERE parent_table = 'logs.l' || n;
		EXECUTE format('INSERT INTO logs.l%s (at, what) SELECT date_trunc(''month'', now()) + make_interval(months => m), ''row'' FROM generate_series(-116, 3) m, generate_series(1, 10)', n);
	END LOOP;
END
$$;
/* three months are missing when three more are asked for */
CREATE PROCEDURE drop_last() LANGUAGE sql AS $$ UPDATE partman.part_config SET premake = premake + 3 $$;
CREATE PROCEDURE make_first() LANGUAGE sql AS $$
	SELECT partman.create_partition_time('logs.l' || n, ARRAY[date_trunc('month', now()) - interval '116 months', date_trunc('month', now()) - interval '115 months'])
	FROM generate_series(1, 3) n;
$$;
