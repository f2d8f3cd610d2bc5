/* Nobody changes what is on record; redact_audit() alone takes a value out of it. */

CREATE OR REPLACE FUNCTION orchestration_internal.refuse_log_change()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	/* redact_audit() puts exactly this on record first */
	IF TG_OP = 'UPDATE' AND TG_LEVEL = 'ROW' AND pg_partition_root(TG_RELID) = 'orchestration.operation_logs'::regclass THEN
		IF orchestration_internal.is_recorded_redaction(OLD, NEW, OLD.id) THEN
			RETURN NEW;
		END IF;
	END IF;
	RAISE EXCEPTION 'table "%" is only added to', (SELECT c.relname FROM pg_class c WHERE c.oid = COALESCE(pg_partition_root(TG_RELID), TG_RELID))
		USING ERRCODE = 'OR050', DETAIL = format('%s would change what is on record.', TG_OP),
			HINT = 'Retention drops or detaches whole months: see partition_policies.';
END
$$;

COMMENT ON FUNCTION orchestration_internal.refuse_log_change() IS 'Trigger of operation_logs and audit_seals that refuses UPDATE, DELETE and TRUNCATE to everybody; what redact_audit() has put on record passes. Raises OR050.';

CREATE OR REPLACE FUNCTION orchestration_internal.protect_log(relation regclass)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = relation AND t.tgname = 'keep_rows') THEN
		EXECUTE format('CREATE TRIGGER keep_rows BEFORE UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION orchestration_internal.refuse_log_change()', relation);
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER keep_rows', relation);
	END IF;
	IF NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = relation AND t.tgname = 'keep_table') THEN
		EXECUTE format('CREATE TRIGGER keep_table BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.refuse_log_change()', relation);
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER keep_table', relation);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.protect_log(regclass) IS 'Gives a table, or a month of one, the triggers that refuse every change of its rows. A month has inherited those of rows, but not that of TRUNCATE.';
-- for the owner alone
