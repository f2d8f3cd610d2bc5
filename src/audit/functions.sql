/* The audit trail: who writes it, and who cannot change it. */

CREATE OR REPLACE FUNCTION orchestration_internal.audit_lineage()
RETURNS bigint
LANGUAGE c STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_audit_lineage_sql';

COMMENT ON FUNCTION orchestration_internal.audit_lineage() IS 'A number of this database that a restored copy does not share: transaction ids are compared within one lineage alone.';
GRANT EXECUTE ON FUNCTION orchestration_internal.audit_lineage() TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.audit_transaction_id()
RETURNS bigint
LANGUAGE sql VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS $$ SELECT pg_current_xact_id()::text::bigint $$;

COMMENT ON FUNCTION orchestration_internal.audit_transaction_id() IS 'The current transaction as a number. Default of operation_logs.';
GRANT EXECUTE ON FUNCTION orchestration_internal.audit_transaction_id() TO orchestration_user, orchestration_worker;

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.audit_changes()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'orch_audit_changes';

COMMENT ON FUNCTION orchestration_internal.audit_changes() IS 'Statement trigger of every table that users write, with transition tables: a row of operation_logs for each row that changed. Arguments: kind of resource, column that names it (or an empty string), columns that hold secrets, columns (after a minus) that are bookkeeping.';

CREATE OR REPLACE FUNCTION orchestration_internal.refuse_truncate()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'table "%" cannot be truncated', (SELECT c.relname FROM pg_class c WHERE c.oid = COALESCE(pg_partition_root(TG_RELID), TG_RELID))
		USING ERRCODE = 'OR050', DETAIL = 'TRUNCATE tells nobody which rows are gone: they would be missing on record, and what they asked for would stay in the cluster.',
			HINT = 'DELETE the rows; of what is kept by months, partition_policies drops what is old.';
END
$$;

COMMENT ON FUNCTION orchestration_internal.refuse_truncate() IS 'Statement trigger of every table that refuses TRUNCATE to everybody. Raises OR050.';

CREATE OR REPLACE FUNCTION orchestration_internal.record_operation(namespace_id bigint, operation text, resource_type text, resource_id bigint, resource_name text, changes jsonb DEFAULT NULL)
RETURNS void
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_record_operation';

COMMENT ON FUNCTION orchestration_internal.record_operation(bigint, text, text, bigint, text, jsonb) IS 'Writes a row of operation_logs about what the caller does now. It is on disk when the function returns, and stays there when the transaction is rolled back or the server crashes. For functions with the rights of their owner. Raises 22004, OR051 when that cannot be.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.worker_take_notes()
RETURNS integer
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_worker_take_notes';

COMMENT ON FUNCTION orchestration_internal.worker_take_notes() IS 'Writes the refused and failed operations that wait in shared memory into operation_logs, a thousand at a time; returns how many rows. They are freed when the transaction has committed. For the worker and for maintain_audit_notes().';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_take_notes() TO orchestration_worker;

/* SECURITY DEFINER: the log is nobody's to write, and whose a role is anybody's row */
CREATE OR REPLACE FUNCTION orchestration_internal.maintain_audit_notes()
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	taken integer;
	total bigint := 0;
BEGIN
	LOOP
		taken := orchestration_internal.worker_take_notes();
		EXIT WHEN taken = 0 OR total > 100000;
		total := total + taken;
	END LOOP;
	RETURN format('%s rows written', total);
END
$$;

COMMENT ON FUNCTION orchestration_internal.maintain_audit_notes() IS 'Step of maintenance: writes the refused and failed operations that wait in shared memory, where no worker does.';
GRANT EXECUTE ON FUNCTION orchestration_internal.maintain_audit_notes() TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.audit_queue(OUT waiting bigint, OUT summed bigint)
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_audit_queue';

COMMENT ON FUNCTION orchestration_internal.audit_queue() IS 'Refused and failed operations of this database that nobody has put on record yet: those that wait as they are, and those that found no room and were added up by user, operation and SQLSTATE.';
-- for the owner alone
