/* The log tables' months.  Rotation comes with retention; here months are made. */

CREATE OR REPLACE FUNCTION orchestration.ensure_log_partition(parent text, month date)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	partition text := pg_catalog.format('%s_%s', parent, pg_catalog.to_char(month, 'YYYYMM'));
	column_name text;
BEGIN
	IF pg_catalog.to_regclass(pg_catalog.format('orchestration.%I', partition)) IS NOT NULL THEN
		RETURN false;
	END IF;

	column_name := (
		SELECT a.attname
		FROM pg_catalog.pg_partitioned_table p
		JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
		WHERE p.partrelid = pg_catalog.format('orchestration.%I', parent)::regclass);

	/* CREATE LIKE and ATTACH lock the parent less than PARTITION OF does; the CHECK saves the scan */
	EXECUTE pg_catalog.format(
		'CREATE TABLE orchestration.%1$I (LIKE orchestration.%2$I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMMENTS, '
		'CONSTRAINT %3$I CHECK (%4$I >= %5$L AND %4$I < %6$L))',
		partition, parent, partition || '_month', column_name,
		pg_catalog.format('%s 00:00:00+00', month),
		pg_catalog.format('%s 00:00:00+00', (month + interval '1 month')::date));
	/* without a policy of its own nobody reads it but through its parent */
	EXECUTE pg_catalog.format('ALTER TABLE orchestration.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', partition);
	EXECUTE pg_catalog.format(
		'ALTER TABLE orchestration.%1$I ATTACH PARTITION orchestration.%2$I FOR VALUES FROM (%3$L) TO (%4$L)',
		parent, partition,
		pg_catalog.format('%s 00:00:00+00', month),
		pg_catalog.format('%s 00:00:00+00', (month + interval '1 month')::date));
	EXECUTE pg_catalog.format('ALTER TABLE orchestration.%I DROP CONSTRAINT %I', partition, partition || '_month');
	RETURN true;
END
$$;

COMMENT ON FUNCTION orchestration.ensure_log_partition(text, date) IS 'Makes one month of a log table unless it is there; true if it made one. Arguments: name of the table, first day of the month (UTC).';

CREATE OR REPLACE FUNCTION orchestration.ensure_log_partitions(months_ahead integer DEFAULT 12)
RETURNS integer
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT count(*) FILTER (WHERE orchestration.ensure_log_partition(parent, (start + pg_catalog.make_interval(months => n))::date))::integer
	FROM pg_catalog.unnest('{container_status_history,operation_logs,container_resource_usage}'::text[]) parent,
		pg_catalog.date_trunc('month', pg_catalog.now() AT TIME ZONE 'UTC') start,
		pg_catalog.generate_series(0, months_ahead) n;
$$;

COMMENT ON FUNCTION orchestration.ensure_log_partitions(integer) IS 'Makes the current and the coming months of all log tables; returns how many it made.';

/* SECURITY DEFINER: the partitions belong to the owner of their parents, who is not the worker. */
CREATE OR REPLACE FUNCTION orchestration.maintain_partitions()
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN format('%s months made', orchestration.ensure_log_partitions());
END
$$;

COMMENT ON FUNCTION orchestration.maintain_partitions() IS 'Maintenance step: makes the coming months of the log tables.';
