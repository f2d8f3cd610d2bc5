/* The audit trail: who writes it, and who cannot change it. */

CREATE OR REPLACE FUNCTION orchestration_internal.audit_lineage()
RETURNS bigint
LANGUAGE c STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_audit_lineage_sql';

COMMENT ON FUNCTION orchestration_internal.audit_lineage() IS 'A number of this database that a restored copy does not share: transaction ids are compared within one lineage alone.';

CREATE OR REPLACE FUNCTION orchestration_internal.audit_transaction_id()
RETURNS bigint
LANGUAGE sql VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS $$ SELECT pg_current_xact_id()::text::bigint $$;

COMMENT ON FUNCTION orchestration_internal.audit_transaction_id() IS 'The current transaction as a number. Default of operation_logs.';

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.audit_changes()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'orch_audit_changes';

COMMENT ON FUNCTION orchestration_internal.audit_changes() IS 'Statement trigger of every table that users write, with transition tables: a row of operation_logs for each row that changed. Arguments: kind of resource, column that names it (or an empty string), columns that hold secrets, columns (after a minus) that are bookkeeping.';

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

CREATE OR REPLACE FUNCTION orchestration_internal.record_operation(namespace_id bigint, operation text, resource_type text, resource_id bigint, resource_name text, changes jsonb DEFAULT NULL)
RETURNS void
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_record_operation';

COMMENT ON FUNCTION orchestration_internal.record_operation(bigint, text, text, bigint, text, jsonb) IS 'Writes a row of operation_logs about what the caller does now. It stays on record when the transaction is rolled back: the worker writes it then. For functions with the rights of their owner. Raises 22004.';

CREATE OR REPLACE FUNCTION orchestration_internal.worker_take_notes()
RETURNS integer
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_worker_take_notes';

COMMENT ON FUNCTION orchestration_internal.worker_take_notes() IS 'Writes the refused and failed operations that wait in shared memory into operation_logs; returns how many. For the worker, which frees them after the commit.';

CREATE OR REPLACE FUNCTION orchestration_internal.audit_queue(OUT waiting bigint, OUT dropped bigint)
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_audit_queue';

COMMENT ON FUNCTION orchestration_internal.audit_queue() IS 'Refused and failed operations of this database that the worker has not put on record yet, and those that found no room in shared memory since it last did.';
