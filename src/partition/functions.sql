/* Months of the log tables: when they begin, whether they are there, making one. */

CREATE OR REPLACE FUNCTION orchestration_internal.month_start(at timestamptz, months integer DEFAULT 0)
RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_month_start_sql';

COMMENT ON FUNCTION orchestration_internal.month_start(timestamptz, integer) IS 'When the month (in UTC) begins that is so many months after the one of a time; negative: before it. Raises 22008 where time ends.';
GRANT EXECUTE ON FUNCTION orchestration_internal.month_start(timestamptz, integer) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.month_suffix(at timestamptz)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_month_suffix_sql';

COMMENT ON FUNCTION orchestration_internal.month_suffix(timestamptz) IS 'What a partition with the month (in UTC) of a time is called by, such as 202611. Raises 22008 where time ends.';
GRANT EXECUTE ON FUNCTION orchestration_internal.month_suffix(timestamptz) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.log_month_exists(parent regclass, at timestamptz)
RETURNS boolean
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_log_month_exists_sql';

COMMENT ON FUNCTION orchestration_internal.log_month_exists(regclass, timestamptz) IS 'Whether a log table has an attached partition for a time. Raises 22008 where time ends.';
GRANT EXECUTE ON FUNCTION orchestration_internal.log_month_exists(regclass, timestamptz) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.month_partitions(parent regclass, OUT relation oid, OUT from_time timestamptz, OUT before_time timestamptz)
RETURNS SETOF record
LANGUAGE c STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_month_partitions';

COMMENT ON FUNCTION orchestration_internal.month_partitions(regclass) IS 'The partitions of a table and the times they hold: from from_time to before before_time, NULL where there is no bound. No row for what is not partitioned by ranges of one timestamptz.';
GRANT EXECUTE ON FUNCTION orchestration_internal.month_partitions(regclass) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.secure_partition(partition regclass)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	grantee text;
BEGIN
	/* without a policy of its own nobody reads it but through its parent */
	EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', partition);
	FOR grantee IN
		SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END
		FROM pg_class c, aclexplode(c.relacl) a
		WHERE c.oid = partition AND a.grantee <> c.relowner
	LOOP
		EXECUTE format('REVOKE ALL ON TABLE %s FROM %s', partition, grantee);
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.secure_partition(regclass) IS 'Leaves a table to nobody but its owner: row security without a policy, and no grants.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.partition_key(parent regclass)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT a.attname
	FROM pg_partitioned_table p
	JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
	WHERE p.partrelid = parent AND p.partstrat = 'r' AND p.partnatts = 1 AND a.atttypid = 'timestamptz'::regtype;
$$;

COMMENT ON FUNCTION orchestration_internal.partition_key(regclass) IS 'The column that a table is partitioned by; NULL when it is not partitioned by ranges of one time.';
GRANT EXECUTE ON FUNCTION orchestration_internal.partition_key(regclass) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.attach_month(parent regclass, partition text, at timestamptz)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	from_time text := to_char(orchestration_internal.month_start(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"+00" BC');
	before_time text := to_char(orchestration_internal.month_start(at, 1) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"+00" BC');
	owner text := (SELECT quote_ident(pg_get_userbyid(c.relowner)) FROM pg_class c WHERE c.oid = parent);
BEGIN
	EXECUTE format('ALTER TABLE orchestration.%I OWNER TO %s', partition, owner);
	PERFORM orchestration_internal.secure_partition(format('orchestration.%I', partition)::regclass);
	/* the constraint saves ATTACH the scan, which it would do with all its locks held */
	EXECUTE format('ALTER TABLE orchestration.%1$I ADD CONSTRAINT %2$I CHECK (%3$I IS NOT NULL AND %3$I >= %4$L AND %3$I < %5$L)',
		partition, partition || '_month', orchestration_internal.partition_key(parent), from_time, before_time);
	EXECUTE format('ALTER TABLE %s ATTACH PARTITION orchestration.%I FOR VALUES FROM (%L) TO (%L)', parent, partition, from_time, before_time);
	EXECUTE format('ALTER TABLE orchestration.%I DROP CONSTRAINT %I', partition, partition || '_month');
	/* triggers of rows came with ATTACH, that of TRUNCATE does not */
	IF parent = 'orchestration.operation_logs'::regclass THEN
		PERFORM orchestration_internal.protect_log(format('orchestration.%I', partition)::regclass);
	ELSIF NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = format('orchestration.%I', partition)::regclass AND t.tgname = 'keep_table') THEN
		EXECUTE format('CREATE TRIGGER keep_table BEFORE TRUNCATE ON orchestration.%I FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.refuse_truncate()', partition);
		EXECUTE format('ALTER TABLE orchestration.%I ENABLE ALWAYS TRIGGER keep_table', partition);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.attach_month(regclass, text, timestamptz) IS 'Attaches a table of this schema as the month of a time. Locks the parent no more than VACUUM does. Raises 23514 when a row is outside of the month.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.ensure_log_partition(parent text, at timestamptz)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $$
DECLARE
	relation regclass := format('orchestration.%I', parent);
	base text := format('%s_%s', parent, orchestration_internal.month_suffix(at));
	partition text := base;
	number integer := 1;
	tablespace text := (SELECT t.spcname FROM pg_class c JOIN pg_tablespace t ON t.oid = c.reltablespace WHERE c.oid = relation);
BEGIN
	IF orchestration_internal.log_month_exists(relation, at) THEN
		RETURN false;
	END IF;
	/* what ATTACH takes anyway; of two that make the same month one finds it made */
	EXECUTE format('LOCK TABLE ONLY %s IN SHARE UPDATE EXCLUSIVE MODE', relation);
	IF orchestration_internal.log_month_exists(relation, at) THEN
		RETURN false;
	END IF;
	/* a month that was detached and kept has the name */
	WHILE to_regclass(format('orchestration.%I', partition)) IS NOT NULL LOOP
		number := number + 1;
		partition := format('%s_%s', base, number);
	END LOOP;
	/* CREATE LIKE and ATTACH lock the parent less than PARTITION OF does */
	EXECUTE format('CREATE TABLE orchestration.%I (LIKE %s INCLUDING ALL EXCLUDING INDEXES EXCLUDING IDENTITY)', partition, relation)
		|| COALESCE(' TABLESPACE ' || quote_ident(tablespace), '');
	PERFORM orchestration_internal.attach_month(relation, partition, at);
	RETURN true;
END
$$;

COMMENT ON FUNCTION orchestration_internal.ensure_log_partition(text, timestamptz) IS 'Makes the month of a time in a log table unless it is there; true if it made one. In the caller''s transaction and with the caller''s rights: writers call ensure_month(). Raises 22008 where time ends.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.ensure_month(log_table text, at timestamptz)
RETURNS void
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_ensure_month_sql';

COMMENT ON FUNCTION orchestration_internal.ensure_month(text, timestamptz) IS 'For whoever writes rows of a time into a log table: makes the month unless it is there, in a transaction of its own where a background process can be had for it, and as the owner of the table.';
GRANT EXECUTE ON FUNCTION orchestration_internal.ensure_month(text, timestamptz) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.ensure_log_partitions()
RETURNS integer
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT count(*) FILTER (WHERE orchestration_internal.ensure_log_partition(p.table_name, orchestration_internal.month_start(now(), n)))::integer
	FROM orchestration.partition_policies p, generate_series(0, p.months_ahead) n;
$$;

COMMENT ON FUNCTION orchestration_internal.ensure_log_partitions() IS 'Makes the current and the coming months of all log tables, in the caller''s transaction; returns how many it made.';
-- for the owner alone
